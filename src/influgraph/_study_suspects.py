"""Bot clusters in a study: who is suspected, on what evidence, and the dataset without what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from influgraph.bots import casefile, coordination, followers, growth, pods, sybils
from influgraph.bots.clusters import CLUSTERS, BotClusters, discoveries, only

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from influgraph.dataset import Dataset
    from influgraph.settings import Bots

POD = "pod"
SEARCHES = ("coordination", "purchased_followers", POD, "sybil")  # kinds of clusters, as they are looked for
SUSPECTED, TOO_LITTLE = casefile.SUSPECTED, casefile.TOO_LITTLE
ASSUMED = (
    "Nobody is known to be trustworthy: sybils were looked for far from {:,} popular accounts, who are "
    "assumed to be people; name trusted accounts, or say which are verified, for firmer ground."
)


def found_clusters(
    data: Dataset, niche: pd.Series, settings: Bots, *, rngs: Callable[[str], np.random.Generator]
) -> dict[str, Any]:
    """Clusters of all kinds that stand out together, a case file for each, and who of them is suspected."""
    trusted = settings.trusted or None
    together = coordination.find_coordinated_clusters(data, rng=rngs("coordination"))
    searches = [
        together,
        followers.find_purchased_followers(data, niche, rng=rngs("purchased followers")),
        pods.find_pods(data, niche, rng=rngs("pods")),
    ]
    grown = growth.growth_anomalies(data, rng=rngs("growth"))
    assumed = assumed_people(data, niche, searches, growth=grown, settings=settings)
    searches += [sybils.find_sybils(data, trusted=trusted, assumed=assumed, rng=rngs("sybils"))]
    found = with_explained(discoveries(searches, q=settings.q), searches)
    files = casefile.case_files(data, found, rng=rngs("case files"))
    states = files.cases["state"]
    suspected, doubted = (only(found, states.index[states == one]) for one in (SUSPECTED, TOO_LITTLE))
    return {
        "clusters": _joined(suspected.clusters, "beneficiaries")[list(CLUSTERS)],
        "members": suspected.members,
        "joint_acts": found.joint_acts,
        "cases": _joined(files.cases, "beneficiaries"),
        "explanations": files.explanations,
        "ties": _joined(together.ties, "objects"),
        "windows": together.sweep,
        "shares": followers.authentic_share(data, suspected, growth=grown, q=settings.q, open_cases=doubted),
        "growth": grown,
        "not_searched": tuple(
            (kind, one.missing) for kind, one in zip(SEARCHES, searches, strict=True) if one.missing
        ),
        "missing": (
            *(f"{one.missing[0].upper()}{one.missing[1:]}." for one in searches if one.missing),
            *([ASSUMED.format(len(assumed))] if assumed and not searches[-1].missing else []),
        ),
    }


def assumed_people(
    data: Dataset,
    niche: pd.Series,
    searches: Sequence[BotClusters],
    *,
    growth: pd.DataFrame,
    settings: Bots,
) -> list[str]:
    """Popular accounts from which trust may start where nobody is known to be trustworthy, else none.

    Members and beneficiaries of what other searches found are none of them, nor is whose growth has a burst.
    """
    verified = data.accounts.get("verified", pd.Series(dtype="boolean"))
    if settings.trusted or verified.fillna(value=False).any():
        return []
    found = discoveries(searches, q=settings.q)
    served = {one for some in found.clusters["beneficiaries"] for one in some}
    grown = growth.index[growth["growth_q"].le(settings.q).fillna(value=False)]
    return sybils.popular_seeds(data, niche, suspects={*found.members["account_id"], *served, *grown})


def with_explained(found: BotClusters, searches: Sequence[BotClusters]) -> BotClusters:
    """Add the candidates that a search itself explained: they are cleared, and their case is told."""
    every = [one for one in searches if "explained" in one.clusters]
    explained = [only(one, one.clusters.index[one.clusters["explained"].notna()]) for one in every]
    parts = [found, *(one for one in explained if len(one.clusters))]
    return BotClusters(
        pd.concat([one.clusters for one in parts]),
        pd.concat([one.members for one in parts], ignore_index=True),
        pd.concat([one.joint_acts for one in parts], ignore_index=True),
        found.missing,
    )


def _joined(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """A table with a column of tuples as texts joined by semicolons, as files hold them."""
    return table.assign(**{column: pd.Series([";".join(some) for some in table[column]], table.index, "str")})


def people(data: Dataset, found: dict[str, Any]) -> Dataset:
    """The dataset without the acts and follows of suspects, and without what pods did to one another."""
    kinds, members = found["clusters"]["kind"], found["members"]
    in_pod = members["bot_cluster"].map(kinds) == POD
    circles = [list(some["account_id"]) for _, some in members[in_pod].groupby("bot_cluster", sort=False)]
    suspects = members.loc[~in_pod, "account_id"].unique()
    return data.without_acts(suspects, circles=circles) if len(members) else data


def cluster_of_each(found: dict[str, Any]) -> pd.Series:
    """The cluster of each suspected account: of several, the one of lowest q, then of largest membership."""
    members, q = found["members"], found["clusters"]["q_value"]
    ordered = members.assign(q=members["bot_cluster"].map(q)).sort_values(
        ["q", "membership"], ascending=[True, False], kind="stable"
    )
    first: pd.Series = ordered.drop_duplicates("account_id").set_index("account_id")["bot_cluster"]
    return first
