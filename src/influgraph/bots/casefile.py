"""Case files: what accounts did together, and which innocent explanations account for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from influgraph.bots._casefile_facts import Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from influgraph.bots._casefile_facts import Ints
    from influgraph.bots.clusters import BotClusters
    from influgraph.dataset import Dataset

MOST = 0.8  # share that stands for nearly all
SELDOM = 0.05  # share of other profiles that may use the word of an organisation
COMPANY = 5.0  # acts of others for each joint act at which a burst explains it
CASES = {
    "kind": "str",
    "state": "str",
    "explanation": "str",
    "size": "Int64",
    "acts": "Int64",
    "objects": "Int64",
    "first": "datetime64[us, UTC]",
    "last": "datetime64[us, UTC]",
    "p_value": "Float64",
    "sentence": "str",
    "review": "str",
}
EXPLANATIONS = {
    "bot_cluster": "str",
    "explanation": "str",
    "measured": "str",
    "value": "Float64",
    "usual": "Float64",
    "speaks": "str",
}


@dataclass(frozen=True, eq=False)
class CaseFiles:
    """What a reviewer needs to know of each cluster.

    Attributes
    ----------
    cases
        Indexed by `bot_cluster`: `kind`; `state` (suspected, cleared, too little data); `explanation`, the
        one that clears it, else empty; `size`; `acts` and `objects`, how many joint acts on how many things;
        `first`, `last`, when; `p_value`; `sentence`; `review`, empty, for the reader to fill.
    explanations
        One row for each cluster, explanation and measurement: what was `measured`, its `value`, what is
        `usual` among other accounts, and whether it `speaks` for or against, or is not known.
    """

    cases: pd.DataFrame
    explanations: pd.DataFrame


@dataclass(frozen=True)
class _Measured:
    """One measurement, and whether it speaks for the explanation."""

    explanation: str
    measured: str
    value: float
    usual: float
    good: bool


def case_files(data: Dataset, found: BotClusters, *, rng: np.random.Generator) -> CaseFiles:
    """Write a case file for each cluster, and say which are explained innocently.

    A cluster is cleared only where every measurement of one explanation speaks for it:

    - fan club: what it acts on comes from accounts that nearly all members follow, and members have lives of
      their own: outsiders follow them back, about as usual. Follows of the star cost nothing; being followed
      back by strangers does, though it can be bought too.
    - organisation: members follow one another, nearly all profiles share a word that hardly another has, and
      what they act on is their own. Profiles and follows are cheap to fake, but whoever does so declares the
      group openly, and serves nobody but itself.
    - burst: others acted on the same things within the same hours, at least five for each joint act, and
      members have lives of their own.
    - friends (of pods): nearly all follow one another, and what they do is no quicker than what others do.

    Acts on full minutes speak for a scheduler; that tells how it is done, not why, and clears nobody.

    Parameters
    ----------
    data
        The dataset in which the clusters were found.
    found
        Clusters of any kind; usually discoveries only.
    rng
        Draws the other accounts, as many as members, that show what is usual.

    Returns
    -------
    The case files, in the order of the clusters. State "too little data" is where not one explanation could
    be measured.

    Examples
    --------
    >>> from influgraph.bots.clusters import no_clusters
    >>> from influgraph.dataset import from_tables
    >>> data = from_tables(follows=pd.DataFrame({"follower_id": ["ann"], "followed_id": ["ben"]}))
    >>> len(case_files(data, no_clusters(), rng=np.random.default_rng(7)).cases)
    0
    """
    facts = Facts(data)
    cases, rows = {}, []
    for name, cluster in found.clusters.iterrows():
        ids = found.members.loc[found.members["bot_cluster"] == name, "account_id"]
        members = data.account_ids.get_indexer(pd.Index(ids))
        joint = found.joint_acts[found.joint_acts["bot_cluster"] == name]
        measured = _measured(facts, str(cluster["kind"]), members, joint, rng)
        cases[name] = _case(cluster, joint, measured)
        rows += [_row(str(name), one) for one in measured]
    index = pd.Index(list(cases), dtype="str", name="bot_cluster")
    table = pd.DataFrame(list(cases.values()), index=index, columns=list(CASES))
    return CaseFiles(table.astype(CASES), pd.DataFrame(rows, columns=list(EXPLANATIONS)).astype(EXPLANATIONS))


def _measured(
    facts: Facts, kind: str, members: Ints, joint: pd.DataFrame, rng: np.random.Generator
) -> list[_Measured]:
    """All measurements of all explanations that could be for this kind."""
    others = np.setdiff1d(np.arange(facts.size), members)
    like = rng.choice(others, min(len(members), len(others)), replace=False)
    authors = facts.authors(joint["object"])
    found = [*_organisation(facts, members, like, joint), *_scheduler(facts, joint)]
    if kind == "pod":
        return [*_friends(facts, members, like, joint), *found]
    lives = _lives(facts, members, others)
    if kind == "coordination":
        found += [*_fans(facts, members, like, authors, len(joint)), *lives("fan club")]
        company = facts.company(members, joint)
        text = "acts of others on the same things within an hour, for each joint act"
        found += [_Measured("burst", text, company, np.nan, company >= COMPANY), *lives("burst")]
    else:
        found += lives("fan club")
        found.append(
            _Measured("fan club", "joint acts on posts of whom they follow", 0.0, np.nan, good=False)
        )
    return found


def _lives(facts: Facts, members: Ints, others: Ints) -> Callable[[str], list[_Measured]]:
    """Whether others follow members back: one measurement, for whatever explanation."""
    value, usual = facts.returned(members), facts.anybody(others)
    text = "members whom somebody outside follows back"
    return lambda name: [_Measured(name, text, value, usual, value >= max(0.5 * usual, 0.3))]


def _fans(facts: Facts, members: Ints, like: Ints, authors: pd.Series, acts: int) -> list[_Measured]:
    """Whether they act on posts of one account that nearly all of them follow."""
    stars = facts.data.account_ids.get_indexer(authors.index[:1])
    share = float(authors.iloc[:1].sum() / max(acts, 1)) if len(authors) else np.nan
    value, usual = facts.follow(members, stars), facts.follow(like, stars)
    return [
        _Measured("fan club", "joint acts on posts of one account", share, np.nan, share >= MOST),
        _Measured("fan club", "members who follow that account", value, usual, value >= MOST),
    ]


def _organisation(facts: Facts, members: Ints, like: Ints, joint: pd.DataFrame) -> list[_Measured]:
    """Whether they say that they are one, follow one another, and spread what is their own."""
    pairs, usual_pairs = facts.one_another(members), facts.one_another(like)
    word, usual_word, which = facts.shared_word(members)
    authors = joint["object"].map(facts.author)
    theirs = authors.isin(facts.data.account_ids[members])
    if which:
        theirs |= joint["object"].str.lower().str.contains(which, regex=False).fillna(value=False)
    own = theirs.mean() if len(joint) else np.nan
    declared = word >= MOST and usual_word <= SELDOM
    return [
        _Measured("organisation", "pairs that follow each other", pairs, usual_pairs, pairs >= MOST),
        _Measured("organisation", f"profiles with the word {which!r}", word, usual_word, declared),
        _Measured(
            "organisation",
            "joint acts on what members posted, or that bears that word",
            float(own),
            np.nan,
            own >= MOST,
        ),
    ]


def _scheduler(facts: Facts, joint: pd.DataFrame) -> list[_Measured]:
    """Whether they act in the first minutes of hours."""
    shares = [
        float((times.dropna().dt.minute < 2).mean())
        for times in (joint["created_at"], facts.acts["created_at"])
    ]
    good = shares[0] >= 0.5
    return [_Measured("scheduler", "acts in the first two minutes of an hour", shares[0], shares[1], good)]


def _friends(facts: Facts, members: Ints, like: Ints, joint: pd.DataFrame) -> list[_Measured]:
    """Whether all follow one another, and take their time."""
    pairs, usual = facts.one_another(members), facts.one_another(like)
    made = facts.data.posts.set_index(facts.data.posts["post_id"].astype("str"))["created_at"]
    posted = made[~made.index.duplicated()]
    acts = facts.acts[facts.acts["post_id"].notna() & facts.acts["kind"].isin(joint["kind"])]
    quick = _hours(joint["created_at"], posted.reindex(joint["object"]))
    ordinary = _hours(acts["created_at"], posted.reindex(acts["post_id"].astype("str")))
    return [
        _Measured("friends", "pairs that follow each other", pairs, usual, pairs >= MOST),
        _Measured("friends", "hours until half of the acts", quick, ordinary, quick >= 0.8 * ordinary),
    ]


def _hours(done: pd.Series, posted: pd.Series) -> float:
    """Hours from post to act, half of the times less."""
    waited = pd.to_timedelta(done.reset_index(drop=True) - posted.reset_index(drop=True))
    return float(waited.dt.total_seconds().median() / 3600)


def _row(name: str, one: _Measured) -> dict[str, object]:
    speaks = "not known" if np.isnan(one.value) else "for" if one.good else "against"
    row = {"bot_cluster": name, "explanation": one.explanation, "measured": one.measured}
    return {**row, "value": _known(one.value), "usual": _known(one.usual), "speaks": speaks}


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _clears(measured: Iterable[_Measured]) -> str:
    """The first explanation all of whose measurements speak for it, "" where none is."""
    by_name: dict[str, list[bool]] = {}
    for one in measured:
        by_name.setdefault(one.explanation, []).append(bool(one.good))
    return next((name for name, good in by_name.items() if name != "scheduler" and all(good)), "")


def _case(cluster: pd.Series, joint: pd.DataFrame, measured: list[_Measured]) -> dict[str, object]:
    clears = _clears(measured)
    telling = [one.value for one in measured if one.explanation != "scheduler" and one.measured[0] != "j"]
    state = "cleared" if clears else "too little data" if np.isnan(telling).all() else "suspected"
    verdict = {
        "cleared": f"Cleared: this looks like {_article(clears)}.",
        "suspected": "Suspected: no innocent explanation that was tested accounts for it.",
        "too little data": "Too little is known of these accounts to test innocent explanations.",
    }[state]
    times = joint["created_at"]
    return {
        "kind": cluster["kind"],
        "state": state,
        "explanation": clears,
        "size": cluster["size"],
        "acts": len(joint),
        "objects": joint["object"].nunique(),
        "first": times.min(),
        "last": times.max(),
        "p_value": cluster["p_value"],
        "sentence": f"{cluster['evidence']}. {_chance(cluster['p_value'])} {verdict}",
        "review": "",
    }


def _chance(p_value: float) -> str:
    if pd.isna(p_value):
        return "How likely this is by chance is not known."
    if p_value < 1e-6:
        return "By chance this happens less than once in a million."
    return (
        f"By chance this happens about {p_value:.2g} of the time."
        if p_value > 0.01
        else (f"By chance this happens about once in {1 / p_value:,.0f}.")
    )


def _article(name: str) -> str:
    return {"friends": "a circle of friends", "burst": "one of many reactions to an event"}.get(
        name, f"{'an' if name[:1] in {*'aeiou'} else 'a'} {name}"
    )
