"""A case file for each bot cluster: what its members did together, and whether it may be innocent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from influgraph.bots._casefile_facts import Facts, Measured, places

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from influgraph.bots.clusters import BotClusters
    from influgraph.dataset import Dataset

SUSPECTED, CLEARED, TOO_LITTLE = "suspected", "cleared", "too little data"
EXPLANATIONS = ("bot_cluster", "explanation", "measured", "value", "usual", "speaks", "cost")
CASES = {
    "kind": "str",
    "size": "Int64",
    "state": "str",
    "why": "str",
    "evidence": "str",
    "acts": "Int64",
    "objects": "Int64",
    "first": "datetime64[us, UTC]",
    "last": "datetime64[us, UTC]",
    "p_value": "Float64",
    "q_value": "Float64",
    "beneficiaries": "object",
    "note": "str",
}
MOST, HALF = 0.8, 0.5
CROWD = pd.Timedelta("1h")
UNEVEN = 0.2  # variation of shares by pair, to their mean, from which on friends rather than a pod engage
PEOPLE_LIKE = 0.5  # of the usual following from outside, from which on members count as known to others


@dataclass(frozen=True, eq=False)
class CaseFiles:
    """Case files of bot clusters.

    Attributes
    ----------
    cases
        Indexed by `bot_cluster`: `kind`; `size`; `state` ("suspected"; "cleared": an innocent explanation
        accounts for it; "too little data": none could be tested); `why`, in words; `evidence`, the finding;
        `acts` done together, on how many `objects`, from `first` to `last`, null without times; `p_value`,
        `q_value`; `beneficiaries`; `note`, empty, for whoever reviews it.
    explanations
        One row per cluster and thing measured for an innocent `explanation`: what was `measured`, its
        `value` and what is `usual` among others, null where unknown; how it `speaks`: for, against or
        unknown; `cost`, whether it is cheap or dear to fake.
    """

    cases: pd.DataFrame
    explanations: pd.DataFrame


def case_files(data: Dataset, found: BotClusters, *, rng: np.random.Generator) -> CaseFiles:
    """Lay out the evidence on each cluster, and test the innocent explanations for it.

    Tested are a fan club (those who know whom they promote, have lives of their own and are known to
    others), an organisation that publishes together (its members follow each other, say so, and are followed
    from outside), an event (others did the same at the same moments) and a scheduler (acts keep to a minute
    of the hour, half hour or quarter); of coordination also acquaintances (each acts on the others' posts),
    as the search measured it. A cluster is cleared by the first two, which take what a bot cluster cannot
    have cheaply: a following among people outside; and by what the search itself found (column `explained`
    of its clusters). A pod is cleared as friends whose members follow one another, are followed from
    outside, and engage with some much more than with others. A scheduler and an event are recorded and clear
    nobody: the searches had allowed for crowds before a cluster stood out, and bots use schedulers too; but
    where acts keep to the clock and follows are unknown, it may be a newsroom, and data are too few.

    Parameters
    ----------
    data
        The dataset the clusters were found in.
    found
        Clusters that stand out, their members and what they did together.
    rng
        Draws the accounts that say what is usual.

    Returns
    -------
    Cases in the order of `found`, and what was measured for each.

    Notes
    -----
    Grade `estimated`. A state is a reading of data by stated bounds, and no verdict on a person.

    Examples
    --------
    >>> from influgraph.bots.clusters import no_clusters
    >>> from influgraph.dataset import from_tables
    >>> data = from_tables(follows=pd.DataFrame({"follower_id": ["ann"], "followed_id": ["bob"]}))
    >>> case_files(data, no_clusters(), rng=np.random.default_rng(7)).cases.empty
    True
    """
    facts = Facts(data, places(data, found.members["account_id"]), rng=rng)
    acts = {str(name): some for name, some in found.joint_acts.groupby("bot_cluster", sort=False)}
    members = {
        str(name): some for name, some in found.members.groupby("bot_cluster", sort=False)["account_id"]
    }
    cases, rows = [], []
    for name, cluster in found.clusters.to_dict("index").items():
        joint = acts.get(str(name), found.joint_acts.iloc[:0])
        group = np.unique(places(data, members[str(name)]))
        tested = _tested(facts, cluster, joint, group)
        rows += [(name, *row) for row in tested]
        cases.append({**_told(cluster, joint), **_state(cluster, tested)})
    index = pd.Index(found.clusters.index, dtype="str", name="bot_cluster")
    table = pd.DataFrame(cases, index=index, columns=list(CASES))
    moments = {name: pd.to_datetime(table[name], utc=True) for name in ("first", "last")}
    table = table.assign(**moments).astype(CASES)
    return CaseFiles(table, pd.DataFrame(rows, columns=list(EXPLANATIONS)))


def _told(cluster: dict[Any, Any], joint: pd.DataFrame) -> dict[str, Any]:
    """What was done together, and when."""
    same = {
        name: cluster[name] for name in ("kind", "size", "evidence", "p_value", "q_value", "beneficiaries")
    }
    times = joint["created_at"]
    span = {"first": times.min(), "last": times.max()}
    return {**same, **span, "acts": len(joint), "objects": joint["object"].nunique(), "note": ""}


def _tested(
    facts: Facts, cluster: dict[Any, Any], joint: pd.DataFrame, group: NDArray[np.int64]
) -> list[tuple[Any, ...]]:
    """Each thing measured: explanation, what, value, usual, speaks, cost."""
    if cluster["kind"] == "pod":
        return _friends(facts, joint, group)
    served = places(facts.data, pd.Series(cluster["beneficiaries"], dtype="str"))
    outside, crowd = facts.outside_followers(group), facts.crowd(joint, group, CROWD)
    own, clock = facts.elsewhere(group, len(joint)), facts.by_the_clock(joint["created_at"])
    mutual, (word, which) = facts.mutual_follows(group), facts.shared_word(group)
    inward = _acquaintances(cluster) if cluster["kind"] == "coordination" else []
    if cluster["kind"] == "purchased_followers":
        loyal = facts.responds(group, served)
        enough = HALF * loyal.usual
        what = "share of members that responded to those they follow"
    else:
        loyal, enough = facts.follows_before(joint), MOST
        what = "share of joint acts by followers of the author"
    named = f"share of members with the word {which!r} in their profiles" if which else _NO_WORD
    known = "against" if outside.value == 0 else _speaks_usual(outside)
    return [
        ("fan club", what, *_pair(loyal), _speaks(loyal.value, enough), "cheap"),
        ("fan club", _BESIDE, *_pair(own), _speaks_usual(own), "cheap"),
        ("fan club", _OUTSIDE, *_pair(outside), known, "dear"),
        ("organisation", _MUTUAL, *_pair(mutual), _speaks(mutual.value, HALF), "cheap"),
        ("organisation", named, *_pair(word), _speaks(word.value - word.usual, HALF), "cheap"),
        ("organisation", _OUTSIDE, *_pair(outside), known, "dear"),
        ("event", _CROWD, *_pair(crowd), _speaks(crowd.value, HALF), "dear"),
        ("scheduler", _CLOCK, *_pair(clock), _speaks(clock.value, MOST), "cheap"),
        *inward,
    ]


def _acquaintances(cluster: dict[Any, Any]) -> list[tuple[Any, ...]]:
    """What the search measured of how far members act on one another's posts."""
    values = ((what, cluster.get(name, np.nan)) for name, what in _INWARD.items())
    known = ((what, np.nan if pd.isna(value) else float(value)) for what, value in values)
    return [("acquaintances", what, value, np.nan, _speaks(value, HALF), "cheap") for what, value in known]


def _friends(facts: Facts, joint: pd.DataFrame, group: NDArray[np.int64]) -> list[tuple[Any, ...]]:
    mutual, outside = facts.mutual_follows(group), facts.outside_followers(group)
    uneven = facts.unevenness(joint, group)
    return [
        ("friends", _MUTUAL, *_pair(mutual), _speaks(mutual.value, HALF), "cheap"),
        ("friends", _UNEVEN, *_pair(uneven), _speaks(uneven.value, UNEVEN), "cheap"),
        ("friends", _OUTSIDE, *_pair(outside), _speaks_usual(outside), "dear"),
    ]


_OUTSIDE = "followers from outside, median member"
_UNEVEN = "how far the shares of posts that members answer differ by pair"
_MUTUAL = "share of pairs of members that follow each other"
_BESIDE = "acts and follows beside, median member"
_CROWD = "share of others among those who did the same within an hour"
_INWARD = {
    "own_objects": "share of joint acts on members' posts",
    "own_returned": "share of acts on members' posts that the author returns",
}
_CLOCK = "how far acts keep to a minute of the hour, half hour or quarter"
_NO_WORD = "share of members with a common word in their profiles"


def _pair(measured: Measured) -> tuple[float, float]:
    return measured.value, measured.usual


def _speaks(value: float, enough: float) -> str:
    """Whether a value is enough to speak for an explanation."""
    if np.isnan(value) or np.isnan(enough):
        return "unknown"
    return "for" if value >= enough else "against"


def _speaks_usual(measured: Measured) -> str:
    """Whether a value is at least half of what is usual."""
    return _speaks(measured.value, PEOPLE_LIKE * measured.usual)


def _state(cluster: dict[Any, Any], tested: Iterable[tuple[Any, ...]]) -> dict[str, str]:
    """The state, and why."""
    found = cluster.get("explained")
    if isinstance(found, str) and found:
        return {"state": CLEARED, "why": found}
    speaks = pd.DataFrame(tested, columns=list(EXPLANATIONS[1:]))
    if speaks["speaks"].eq("unknown").all():
        return {"state": TOO_LITTLE, "why": _UNTESTED}
    if cluster["kind"] == "pod":
        friends = speaks["speaks"].eq("for").all()
        return {"state": CLEARED, "why": _FRIENDS} if friends else {"state": SUSPECTED, "why": _POD}
    said = speaks.set_index("measured")["speaks"]
    if said[_MUTUAL] == "unknown" and said[_CLOCK] == "for":
        return {"state": TOO_LITTLE, "why": _NEWSROOM}
    for explanation, why in _CLEARED.items():
        if speaks.loc[speaks["explanation"] == explanation, "speaks"].eq("for").all():
            return {"state": CLEARED, "why": why}
    against = speaks[speaks["speaks"].eq("against") & speaks["explanation"].isin(list(_CLEARED))]
    told = [
        f"{row['explanation']}: {row['measured']} {row['value']:.2g}, usual {row['usual']:.2g}"
        for row in against.drop_duplicates("explanation").to_dict("records")
    ]
    return {"state": SUSPECTED, "why": "; ".join(["no innocent explanation holds", *told])}


_UNTESTED = "neither follows nor profiles nor times are known, so no innocent explanation can be tested"
_NEWSROOM = "acts keep to the clock, as those of newsrooms and bots do, and who follows whom is not known"
_FRIENDS = (
    "friends explain it: members follow one another, are followed, and engage more with some than others"
)
_POD = "friends who follow one another do not engage so evenly with all that each of them posts"
_CLEARED = {
    "organisation": "an organisation explains it: members follow one another, share a name, and are followed",
    "fan club": "a fan club explains it: members follow whom they promote, do much else, and are followed",
}
