"""Niches in a study: found and described, what became of them over time, and who stands where inside."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from influgraph import niche_changes, niche_names, niches
from influgraph._study_networks import attention_layers
from influgraph.audience import in_niches
from influgraph.dataset import resolved_engagements, study_period

if TYPE_CHECKING:
    from collections.abc import Mapping

    from influgraph.dataset import Dataset
    from influgraph.influence.attribution import Attribution
    from influgraph.networks import Network

WINDOWS = 2
DISSOLVED = 0.5  # stability up to which a niche is none that runs agree on (Hennig 2007)
FEWEST_EACH = 1.0  # timed acts and posts per account that has a niche, in every window
CHANGES = [*niche_changes.EVENTS, "mostly_before", "mostly_after"]


def described_niches(
    data: Dataset,
    network: Network,
    options: Mapping[str, Any],
    *,
    like: Mapping[str, Any] | None = None,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """The niche of each account, each niche described, and what they rest on.

    Niches `like` those found before are of the same resolution, so that no change is one of the grain alone,
    and the scan is theirs; but they need not be there.
    """
    again = like if like is not None and like["missing"] is None else None
    if again is not None:
        tested = options["resolution"] is None
        options = {**options, "resolution": chosen_resolution(again), "tested": tested}
    layers, terms = attention_layers(data), niche_names.term_uses(data)
    found = niches.find_niches(layers, terms=terms, rng=rng, **options)
    described = niche_names.describe_niches(data, found.accounts, network)
    described["stability"] = found.stability.reindex(described.index)
    return {
        "accounts": found.accounts,
        "described": described,
        "shares": found.shares,
        "scan": found.scan if again is None else again["scan"],
        "layers": found.layers,
        "missing": found.missing,
    }


def chosen_resolution(found: Mapping[str, Any]) -> float:
    """The resolution of these niches."""
    scan = found["scan"]
    return float(scan.loc[scan["chosen"].astype(bool), "resolution"].iloc[0])


def divided(
    data: Dataset, found: Mapping[str, Any], *, runs: int, rng: np.random.Generator
) -> dict[str, Any]:
    """The same with the niche inside of each niche; one that runs do not find again is not divided."""
    niche, stability = found["accounts"]["niche"], found["described"]["stability"]
    firm = niche.where(niche.isin(stability.index[stability > DISSOLVED]))
    layers, terms = attention_layers(data), niche_names.term_uses(data)
    within = niches.find_subniches(layers, firm, terms=terms, runs=runs, rng=rng)
    return {**found, "accounts": found["accounts"].join(within)}


def over_time(
    data: Dataset, found: Mapping[str, Any], *, runs: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, str | None]:
    """What became of each niche from one part of the period to the next, and why nothing is known of it.

    All parts are searched at the resolution of the whole, so that no change is one of the grain alone.
    """
    niche, nothing = found["accounts"]["niche"], pd.DataFrame(columns=CHANGES)
    period = study_period(data)
    if niche.isna().all():
        return nothing, "there are no niches"
    if period is None or period[0] == period[1]:
        return nothing, "there are no times"
    parts = _parts(data, *period)
    if min(map(_happened, parts.values())) < FEWEST_EACH * niche.notna().sum():
        return nothing, f"in one of {WINDOWS} parts of the period too little happened to find niches in"
    chosen = chosen_resolution(found)
    members = [
        _members(part, chosen, runs=runs, rng=rng).assign(window=start) for start, part in parts.items()
    ]
    every = pd.concat(members, ignore_index=True)
    return _named(niche_changes.niche_changes(every), every, niche), None


def _parts(data: Dataset, first: pd.Timestamp, last: pd.Timestamp) -> dict[str, Dataset]:
    """Equal parts of the period, by their start."""
    ends = [first + (last - first) * share for share in np.linspace(0, 1, WINDOWS + 1)[:-1].tolist()]
    ends.append(last + pd.Timedelta("1s"))
    return {start.isoformat(): data.between(start, end) for start, end in pairwise(ends)}


def _happened(part: Dataset) -> int:
    return len(resolved_engagements(part)) + len(part.posts)


def _members(part: Dataset, resolution: float, *, runs: int, rng: np.random.Generator) -> pd.DataFrame:
    """Niche of each account that gives or receives attention in a part of the period."""
    layers = attention_layers(part)
    found = niches.find_niches(
        layers, terms=niche_names.term_uses(part), resolution=resolution, runs=runs, rng=rng
    )
    seen = np.zeros(len(part.account_ids), bool)
    for layer in layers.values():
        seen[layer.weights.indices] = True
        seen |= np.diff(layer.weights.indptr) > 0
    return found.accounts.loc[seen, ["niche"]].rename_axis("account_id").reset_index()


def _named(changes: pd.DataFrame, members: pd.DataFrame, niche: pd.Series) -> pd.DataFrame:
    """Changes with the niche of the whole study that most members of each one are in."""
    whole = members.assign(mostly=members["account_id"].map(niche)).dropna(subset=["niche", "mostly"])
    counted: pd.DataFrame = whole.value_counts(["window", "niche", "mostly"]).rename("members").reset_index()
    counted = counted.sort_values(["members", "mostly"], ascending=[False, True])
    mostly = counted.drop_duplicates(["window", "niche"]).set_index(["window", "niche"])["mostly"]
    for side in ("before", "after"):
        keys = pd.MultiIndex.from_frame(changes[[f"window_{side}", f"niche_{side}"]])
        changes[f"mostly_{side}"] = mostly.reindex(keys).astype("Int64").to_numpy()
    return changes[CHANGES].astype({name: "Int64" for name in CHANGES if name.startswith("mostly")})


def topics(data: Dataset, niche: pd.Series) -> pd.Series:
    """What each post is about: the niche of whose words it uses most; null = none."""
    return in_niches.post_topics(data, niche, niche_names.naming_evidence(data, niche))


def within(
    data: Dataset, niche: pd.Series, attribution: Attribution, *, audience: str, window: str
) -> pd.DataFrame:
    """Where each account stands inside its niche: rank, spread of its audience, response on topic and off."""
    influence = attribution.accounts["influence"].dropna().astype("float64")
    rank = in_niches.rank_in_niche(influence, niche.reindex(influence.index), draws=attribution.draws)
    terms = niche_names.naming_evidence(data, niche)
    found = [
        niche.to_frame("niche"),
        rank.reindex(data.account_ids),
        in_niches.participation(data, niche, audience=audience),
        in_niches.topic_response(data, niche, terms, window=window),
    ]
    return pd.concat(found, axis=1).rename_axis("account_id")
