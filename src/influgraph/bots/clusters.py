"""What every search for bot clusters returns: candidates with p-values, and which of them are discoveries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CLUSTERS = {
    "kind": "str",
    "size": "Int64",
    "p_value": "Float64",
    "q_value": "Float64",
    "beneficiaries": "object",
    "evidence": "str",
}
MEMBERS = {"bot_cluster": "str", "account_id": "str", "membership": "Float64"}
JOINT_ACTS = {
    "bot_cluster": "str",
    "account_id": "str",
    "kind": "str",
    "object": "str",
    "created_at": "datetime64[us, UTC]",
}


@dataclass(frozen=True, eq=False)
class BotClusters:
    """Groups of accounts that may act as one: every candidate that was tested, with its evidence.

    Attributes
    ----------
    clusters
        Indexed by `bot_cluster` (text): `kind` (coordination, purchased_followers, pod, sybil); `size`;
        `p_value`, how likely a group at least as tight is without coordination; `q_value`, the least rate of
        false discoveries at which it is one; `beneficiaries`, a tuple of the account ids it serves, which are
        no members; `evidence`, a sentence.
    members
        `bot_cluster`, `account_id` and `membership`, from 0 to 1: how surely the account belongs.
    joint_acts
        What members did together, one row per act: `bot_cluster`, `account_id`, `kind` (repost, follow, ...),
        `object` (a post, link, tag, text or account), `created_at`, null where unknown.
    missing
        Why nothing could be looked for, None where it could: not the same as nothing found.
    """

    clusters: pd.DataFrame
    members: pd.DataFrame
    joint_acts: pd.DataFrame
    missing: str | None = None


def no_clusters(*missing: str) -> BotClusters:
    """No candidates, and why none could be looked for, where that is so.

    Parameters
    ----------
    missing
        Reasons; none where data are sufficient and hold no candidate.

    Returns
    -------
    Empty tables with the columns of `BotClusters`.

    Examples
    --------
    >>> no_clusters("no act has a time").missing, len(no_clusters().clusters)
    ('no act has a time', 0)
    """
    index = pd.Index([], dtype="str", name="bot_cluster")
    return BotClusters(
        _empty(CLUSTERS, index), _empty(MEMBERS), _empty(JOINT_ACTS), "; ".join(missing) or None
    )


def discoveries(found: Sequence[BotClusters], *, q: float = 0.05) -> BotClusters:
    """Keep the candidates that stand out when all are judged together.

    Parameters
    ----------
    found
        Candidates of several searches, under different names.
    q
        The share of false ones among those kept that is accepted on average, above 0 and below 1.

    Returns
    -------
    The clusters with a `q_value` over all candidates of at most `q`, by q-value, then size, largest first;
    `missing` joins the reasons of searches that could not be made.

    Raises
    ------
    ValueError
        If `q` is not between 0 and 1, or a name occurs twice.

    References
    ----------
    Benjamini & Hochberg (1995), Controlling the false discovery rate, JRSS B 57.

    Examples
    --------
    >>> members = pd.DataFrame({"bot_cluster": ["a", "b"], "account_id": ["x", "y"], "membership": 1.0})
    >>> clusters = pd.DataFrame({"kind": "pod", "size": 1, "p_value": [0.001, 0.6]}, index=["a", "b"])
    >>> clusters = clusters.assign(beneficiaries=[(), ()], evidence="").rename_axis("bot_cluster")
    >>> kept = discoveries([BotClusters(clusters, members, no_clusters().joint_acts)])
    >>> kept.clusters["q_value"].tolist(), kept.members["account_id"].tolist()
    ([0.002], ['x'])
    """
    if not 0 < q < 1:
        raise ValueError(f"q must be above 0 and below 1, received {q!r}")
    tables = [no_clusters(), *found]
    clusters = pd.concat([one.clusters for one in tables]).rename_axis("bot_cluster")
    if not clusters.index.is_unique:
        raise ValueError(f"clusters must have names of their own, received {_repeated(clusters.index)}")
    clusters = clusters.assign(q_value=q_values(clusters["p_value"]))
    kept = clusters[clusters["q_value"] <= q].sort_values(
        ["q_value", "size"], ascending=[True, False], kind="stable"
    )
    reasons = [one.missing for one in found if one.missing is not None]
    members = pd.concat([one.members for one in tables], ignore_index=True).astype(MEMBERS)
    joint_acts = pd.concat([one.joint_acts for one in tables], ignore_index=True).astype(JOINT_ACTS)
    every = BotClusters(kept.astype(CLUSTERS), members, joint_acts, "; ".join(reasons) or None)
    return only(every, kept.index)


def only(found: BotClusters, names: pd.Index) -> BotClusters:
    """Keep the clusters of these names, in this order.

    Examples
    --------
    >>> len(only(no_clusters(), pd.Index([])).clusters)
    0
    """
    return replace(
        found,
        clusters=found.clusters.loc[names],
        members=found.members[found.members["bot_cluster"].isin(names)].reset_index(drop=True),
        joint_acts=found.joint_acts[found.joint_acts["bot_cluster"].isin(names)].reset_index(drop=True),
    )


def _empty(columns: Mapping[str, str], index: pd.Index | None = None) -> pd.DataFrame:
    """A table without rows."""
    return pd.DataFrame({name: pd.Series(index=index, dtype=dtype) for name, dtype in columns.items()})


def _repeated(names: pd.Index) -> list[str]:
    return sorted(set(names[names.duplicated()]))


def q_values(p_values: pd.Series) -> pd.Series:
    """Benjamini and Hochberg's q-values of p-values judged together.

    Examples
    --------
    >>> q_values(pd.Series([0.01, 0.5])).tolist()
    [0.02, 0.5]
    """
    from scipy.stats import false_discovery_control

    if p_values.empty:
        return p_values.astype("Float64")
    return pd.Series(false_discovery_control(p_values.astype("float64")), p_values.index).astype("Float64")
