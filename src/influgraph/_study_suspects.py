"""Bot clusters in a study: who is suspected, on what evidence, and the dataset without what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from influgraph.bots import casefile, coordination, followers, pods, sybils
from influgraph.bots.clusters import BotClusters, discoveries, only

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from influgraph.dataset import Dataset
    from influgraph.settings import Bots

POD = "pod"
SUSPECTED = "suspected"


def found_clusters(
    data: Dataset, niche: pd.Series, settings: Bots, *, rngs: Callable[[str], np.random.Generator]
) -> dict[str, Any]:
    """Clusters of all kinds that stand out together, a case file for each, and who of them is suspected."""
    trusted = settings.trusted or None
    searches = [
        coordination.find_coordinated_clusters(data, rng=rngs("coordination")),
        followers.find_purchased_followers(data, niche, rng=rngs("purchased followers")),
        pods.find_pods(data, niche, rng=rngs("pods")),
        sybils.find_sybils(data, trusted=trusted, rng=rngs("sybils")),
    ]
    found = with_explained(discoveries(searches, q=settings.q), searches)
    files = casefile.case_files(data, found, rng=rngs("case files"))
    suspected = only(found, files.cases.index[files.cases["state"] == SUSPECTED])
    return {
        "clusters": _joined(suspected.clusters),
        "members": suspected.members,
        "joint_acts": found.joint_acts,
        "cases": _joined(files.cases),
        "explanations": files.explanations,
        "shares": followers.authentic_share(data, suspected),
        "missing": tuple(f"{one.missing[0].upper()}{one.missing[1:]}." for one in searches if one.missing),
    }


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


def _joined(clusters: pd.DataFrame) -> pd.DataFrame:
    """Clusters with their beneficiaries in one text, as tables hold them."""
    return clusters.assign(beneficiaries=[";".join(some) for some in clusters["beneficiaries"]])


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
