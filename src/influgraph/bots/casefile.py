"""A case file for each bot cluster: what its members did together, and whether it may be innocent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from influgraph.bots._casefile_explanations import CLOCK, MUTUAL, Tested, tested
from influgraph.bots._casefile_facts import Facts, places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from influgraph.bots.clusters import BotClusters
    from influgraph.dataset import Dataset

SUSPECTED, CLEARED, TOO_LITTLE = "suspected", "cleared", "too little data"
EXPLANATIONS = ("bot_cluster", *Tested._fields)
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


@dataclass(frozen=True, eq=False)
class CaseFiles:
    """Case files of bot clusters.

    Attributes
    ----------
    cases
        Indexed by `bot_cluster`: `kind`; `size`; `state` ("suspected"; "cleared": an innocent explanation
        accounts for it; "too little data": one may, or none could be tested); `why`, in words; `evidence`,
        the finding; `acts` done together, on how many `objects`, from `first` to `last`, null without times;
        `p_value`, `q_value`; `beneficiaries`; `note`, empty, for whoever reviews it.
    explanations
        One row per cluster and thing measured for an innocent `explanation`: what was `measured`, its
        `value` and what is `usual` among others, null where unknown; the `bound` from which on it `speaks`
        for, else against; unknown where a value is, or may be chance; `cost`: cheap or dear to fake.
    """

    cases: pd.DataFrame
    explanations: pd.DataFrame


def case_files(data: Dataset, found: BotClusters, *, rng: np.random.Generator) -> CaseFiles:
    """Lay out the evidence on each cluster, and test the innocent explanations for it.

    Tested are a fan club (those who know whom they promote, have lives of their own and are known to
    others), an organisation that publishes together (its members follow each other, say so, and are followed
    from outside), an event (others did the same at the same moments) and a scheduler (acts keep to a minute
    of the hour, half hour or quarter); of a pod friends (who follow one another, are followed from outside,
    and engage with some much more than with others) and a newsroom (who do the former by the clock). These
    clear a cluster, but for event and scheduler: the searches had allowed for crowds before a cluster stood
    out, and bots use schedulers too. So does what the search itself found (column `explained` of its
    clusters), as of acquaintances, who act on one another's posts.

    Data are too few to suspect anybody where something innocent looks the same: newcomers who followed the
    same when they joined, respond to these as others do, and are followed by people outside;
    colleagues made together, nearly all of whom are followed from outside; the public of an event, whose
    joint acts fall on few occasions, who do much else and are followed as others are; publishers, who act by
    the clock, or whose times are too coarse to tell, and are followed from outside; friends whose posts are
    too few to tell whether they prefer some; a newsroom, and fans of one account who do much else, where who
    follows whom is not known. All but these last two take what a bot cluster cannot have cheaply: a following
    among people outside.

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
        measured = tested(facts, cluster, joint, group)
        rows += [(name, *row) for row in measured]
        cases.append({**_told(cluster, joint), **_state(cluster, measured)})
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


def _state(cluster: dict[Any, Any], measured: Sequence[Tested]) -> dict[str, str]:
    """The state, and why."""
    found = cluster.get("explained")
    if isinstance(found, str) and found:
        return {"state": CLEARED, "why": found}
    speaks = pd.DataFrame(measured, columns=list(Tested._fields))
    # On whose posts they act is known of everybody, and tests nothing by itself.
    if speaks.loc[speaks["explanation"].ne("fans"), "speaks"].eq("unknown").all():
        return {"state": TOO_LITTLE, "why": _UNTESTED}
    said = speaks.drop_duplicates("measured").set_index("measured")["speaks"]
    if said[MUTUAL] == "unknown" and said[CLOCK] == "for":
        return {"state": TOO_LITTLE, "why": _NEWSROOM}
    whole = speaks["speaks"].eq("for").groupby(speaks["explanation"], sort=False).all()
    for state, reasons in ((CLEARED, _CLEARED), (TOO_LITTLE, _DOUBTED)):
        for explanation, why in reasons.items():
            if whole.get(explanation, False):
                return {"state": state, "why": why}
    followers = cluster.get("kind") == "purchased_followers"
    for explanation, (pattern, why) in (_PERHAPS | (_OF_FOLLOWERS if followers else {})).items():
        if list(speaks.loc[speaks["explanation"].eq(explanation), "speaks"]) == pattern:
            return {"state": TOO_LITTLE, "why": why}
    return {"state": SUSPECTED, "why": _unexplained(speaks)}


def _unexplained(speaks: pd.DataFrame) -> str:
    """What speaks most plainly against each explanation that could hold."""
    could = speaks["explanation"].isin([*_CLEARED, *_DOUBTED])
    against = speaks[speaks["speaks"].eq("against") & could].drop_duplicates("explanation")
    told = [
        f"{row['explanation']}: {row['measured']} {row['value']:.2g}, needed {row['bound']:.2g}"
        for row in against.to_dict("records")
    ]
    return "; ".join(["no innocent explanation holds", *told])


_UNTESTED = "neither follows nor profiles nor times are known, so no innocent explanation can be tested"
_NEWSROOM = "acts keep to the clock, as those of newsrooms and bots do, and who follows whom is not known"
_CLEARED = {
    "organisation": "an organisation explains it: members follow one another, share a name, and are followed",
    "fan club": "a fan club explains it: members follow whom they promote, do much else, and are followed",
    "friends": "friends explain it: members follow one another, are followed, and engage more with some than "
    "others",
    "newsroom": "a newsroom explains it: members follow one another, publish by the clock, and are followed",
}
_DOUBTED = {
    "newcomers": "newcomers may explain it: they followed when they joined, respond to whom they follow as "
    "others do, and are followed",
    "colleagues": "colleagues may explain it: nearly all members are followed by people outside",
    "publishers": "publishers may explain it: members act by the clock, as newsrooms do, and are followed by "
    "people outside",
    "fans": "fans may explain it: joint acts are on posts of one account, members do much else, and who "
    "follows whom is not known",
    "public": "the public of an event may explain it: joint acts fall on few occasions, members do much "
    "else, and are followed",
}
# Where all that is known speaks for it, but not what would tell most.
_PERHAPS_FRIENDS = (
    "friends may explain it: members follow one another and are followed, and their posts are too few to "
    "tell whether they engage more with some than others"
)
_PERHAPS_PUBLISHERS = (
    "publishers may explain it: members are followed by people outside, and times are too coarse to tell "
    "whether they act by the clock, as newsrooms do"
)
_PERHAPS_CLUB = (
    "fans may explain it: members do much else and are followed by people outside, and others respond too "
    "seldom to tell whether members would"
)
_PERHAPS = {
    "friends": (["for", "unknown", "for"], _PERHAPS_FRIENDS),
    "publishers": (["unknown", "for"], _PERHAPS_PUBLISHERS),
}
_OF_FOLLOWERS = {"fan club": (["unknown", "for", "for"], _PERHAPS_CLUB)}
