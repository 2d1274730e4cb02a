"""The section on niches: a map, a table, and what they rest on, in words."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from influgraph import plots
from influgraph._study_networks import attention_network
from influgraph.dataset import Dataset
from influgraph.report.privacy import Labels, printable
from influgraph.report.words import counted, interval, number
from influgraph.study import Study

ROWS = 25
CENTRAL = 3
NAMING_ACCOUNTS = 1
NAMING_TERMS = 3
NONE = ("No niches", "Nobody pays attention")


def niches_section(
    study: Study, data: Dataset, labels: Labels, *, names: Mapping[Hashable, str]
) -> dict[str, Any]:
    """Lay out niches for readers.

    Parameters
    ----------
    study
        A finished study.
    data
        The dataset it was made from.
    labels
        The name under which each account is shown.
    names
        From `niche_names`.

    Returns
    -------
    `rows`, one per niche, and how many are `left` out; `basis`, sentences on what the niches rest on, or why
    there are none; `picture`, the map, empty without niches.
    """
    found = study.niches
    if found.empty:
        why = next((reason for reason in study.missing if reason.startswith(NONE)), "No niches were found.")
        return {"rows": [], "left": 0, "basis": [why], "picture": ""}
    return {
        "rows": _rows(study, labels, names),
        "left": max(len(found) - ROWS, 0),
        "basis": [_resolution(study.niche_scan), _layers(study.niche_layers)],
        "picture": plots.as_svg(
            lambda ax: plots.plot_niche_map(
                found, study.scores["niche"], attention_network(data), names=names, ax=ax
            ),
            height=plots.map_height(len(found)),
            name="niches",
        ),
    }


def niche_names(niches: pd.DataFrame, labels: Labels) -> dict[Hashable, str]:
    """Name niches for readers: by their terms, else by their central accounts as these may be shown.

    Parameters
    ----------
    niches
        terms and central_accounts by niche, joined by semicolons.
    labels
        The name under which each account is shown; terms that are somebody's private name are left out.

    Returns
    -------
    A name by niche.
    """
    names: dict[Hashable, str] = {}
    for niche, row in niches.iterrows():
        central = [labels[account_id] for account_id in labels.split(row["central_accounts"])]
        words = ", ".join(public_terms(row["terms"], labels)[:NAMING_TERMS])
        names[niche] = words or "around " + ", ".join(central[:NAMING_ACCOUNTS])
    return names


def public_terms(terms: str, labels: Labels) -> list[str]:
    """List a niche's terms without those that name a person who is not public.

    Parameters
    ----------
    terms
        Joined by semicolons.
    labels
        Knows the private names.

    Returns
    -------
    The terms that may be shown.
    """
    return [printable(term) for term in terms.split(";") if term and not labels.is_private(term)]


def _rows(study: Study, labels: Labels, names: Mapping[Hashable, str]) -> list[dict[str, str]]:
    parts = study.scores.groupby("niche")["subniche"].nunique()
    leaders = _leaders(study.scores)
    return [
        {
            "niche": str(niche),
            "name": names[niche],
            "size": number(row["size"]),
            "stability": number(row["stability"]),
            "parts": number(parts.get(niche)),
            **_led(leaders.get(niche), labels),
            "terms": ", ".join(public_terms(row["terms"], labels)) or "-",
            "central": ", ".join(labels[one] for one in labels.split(row["central_accounts"])[:CENTRAL]),
        }
        for niche, row in study.niches.head(ROWS).to_dict("index").items()
    ]


def _leaders(scores: pd.DataFrame) -> dict[Hashable, dict[Any, Any]]:
    """The account of most influence in each niche that has one whose interval lies above zero."""
    moving = scores[scores["influence_low"].gt(0).fillna(value=False)].sort_values("rank", kind="stable")
    first = moving.dropna(subset="niche").drop_duplicates("niche")
    return first.rename_axis("account_id").reset_index().set_index("niche").to_dict("index")


def _led(leader: Mapping[Any, Any] | None, labels: Labels) -> dict[str, str]:
    if leader is None:
        return {"leader": "-", "influence": "-"}
    return {"leader": labels[str(leader["account_id"])], "influence": interval(leader, "influence")}


def _resolution(scan: pd.DataFrame) -> str:
    """Say how fine the niches are, and why."""
    chosen = scan[scan["chosen"].astype("bool")].iloc[0]
    agreement = f"two runs on different parts of the ties agree to {number(chosen['agreement'])} (1: wholly)"
    if len(scan) == 1:
        return f"The resolution, {number(chosen['resolution'])}, was set; {agreement}."
    return (
        f"Of {counted(len(scan), 'resolution')} tried, {number(chosen['resolution'])} gives niches that tell "
        f"most of ties they were not made from and are found again: {agreement}."
    )


def _layers(layers: pd.DataFrame) -> str:
    """Say what each kind of attention had to say."""
    heard = layers[layers["share"] > 0]
    if not (layers["excess"] > 2 * layers["error"]).any():
        return (
            "No layer's ties left out lie inside of niches more often than by chance: take them as a sketch."
        )
    said = ", ".join(f"{layer} {share:.0%}" for layer, share in heard["share"].items())
    silent = layers.index[layers["share"] == 0]
    none = f"; {' and '.join(silent)} had none, as it tells nothing of niches" if len(silent) else ""
    return f"Of the say in them, by how far each tells ties left out: {said}{none}."
