"""Accounts that act on the same objects at the same time, more than each would on its own.

Who reposts, answers, links, tags or writes the same within a window is paired; pairs that do so repeatedly
form candidates. Objects are split into halves at random, several times over: candidates are found on one
half and tested on the other, so the p-value is not flattered by the search. The null hypothesis keeps what
is innocent: how often each member attends to each author, how popular each object is among others and when,
how quickly members react elsewhere (a fan club is quick every time), the hours of the week, and how narrow
their interests are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph.bots import _coaction_candidates as finding
from influgraph.bots import _coaction_ground as surveying
from influgraph.bots import _coaction_members as people
from influgraph.bots import _coaction_search as search
from influgraph.bots import _coaction_traces as tracing
from influgraph.bots.clusters import CLUSTERS, JOINT_ACTS, MEMBERS, BotClusters, no_clusters, q_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from influgraph.dataset import Dataset

__all__ = ["TRACES", "WINDOWS", "CoordinatedClusters", "find_coordinated_clusters"]

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float64]

TRACES = tracing.TRACES
WINDOWS = ("60s", "5min", "30min", "3h", "12h")
FOLLOWERS_ACT = 0.5  # share of acts on posts by followers, from which on only these count as attending
STANDS_OUT = 0.1  # the p-value up to which a candidate needs an explanation
TIES = {
    "account_id": "str", "other_id": "str", "window": "str", "joint": "int64", "expected": "float64",
    "p_value": "float64", "q_value": "float64", "objects": "object", "first": "datetime64[us, UTC]",
    "last": "datetime64[us, UTC]",
}  # fmt: skip
SWEEP = {
    "pairs": "int64", "ties": "int64", "candidates": "int64", "accounts": "int64", "joint": "float64",
    "expected": "float64", "clusters": "int64", "chosen": "int64", "why": "str",
}  # fmt: skip
EXTRA = {
    "window": "str", "joint": "Float64", "expected": "Float64", "clock": "Float64",
    "mutual_follows": "Float64", "own_objects": "Float64", "own_returned": "Float64",
    "reaction_seconds": "Float64", "follow_author": "Float64", "explained": "object",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class CoordinatedClusters(BotClusters):
    """Bot clusters, with the pairs they are made of and what each window showed.

    Attributes
    ----------
    ties
        Pairs of members with two joint acts or more: `account_id`, `other_id`; the cluster's `window`;
        `joint`,
        on how many objects; `expected` by chance; `p_value` and `q_value` over all pairs with a joint act;
        `objects`, a tuple of at most ten; `first` and `last`, when.
    sweep
        Indexed by window: `pairs` with a joint act in a half, both halves added up (mean over splits);
        `ties`, those with two or more; `candidates` that were promising where they were found, and the
        `accounts` in them; their `joint` acts in the other half and those `expected`; `clusters`, those of
        them with p at most .05 there; `chosen`, for how many clusters in the end; `why`.
    """

    ties: pd.DataFrame = field(kw_only=True)
    sweep: pd.DataFrame = field(kw_only=True)


def find_coordinated_clusters(
    data: Dataset,
    *,
    traces: Sequence[str] = TRACES,
    windows: Sequence[str] = WINDOWS,
    least: int = 4,
    rng: np.random.Generator,
) -> CoordinatedClusters:
    """Groups that act on the same objects within a window more than members would each on their own.

    Parameters
    ----------
    data
        Reposts, replies, posts with text, links or hashtags, or engagements that name an object; with times.
    traces
        What counts as acting on the same object: "repost", "reply" (the same post), "text" (alike, in any
        script), "link", "hashtags" (the same sequence of two or more), "object" (of engagements), "like"
        (only where asked for: fans and pods like the same). Of a post only its most telling trace counts: of
        text and link what more accounts carry on the same day, else hashtags.
    windows
        Durations within which acts are joint, all tried; for each cluster that one is used at which it stands
        out most in the half of the objects where it was found.
    least
        Accounts that make a cluster, 3 at least.
    rng
        Splits the objects, and draws what members would do each on their own.

    Returns
    -------
    `BotClusters` with `ties` and `sweep`. `clusters` has besides: `window`; `joint` acts on objects that did
    not serve to find the cluster, counted as the notes say, and those `expected`; `clock`, 0 to 1, how much
    joint acts fall on the same minute of the hour, half hour or quarter; `mutual_follows`, share of pairs;
    `own_objects`, share of joint acts on members' posts; `own_returned`, share of these whose author does the
    same for the actor; `reaction_seconds` after the post, median; `follow_author`, share of joint acts by
    followers of the author; `explained`, the innocent explanation that holds, null where none does or none is
    needed (p above .1). A cluster that is explained has the p-value 1. Every candidate is in the table,
    whatever its p-value: `discoveries` picks. `missing` says where data are too few.

    Raises
    ------
    ValueError
        If `traces` names none or an unknown one, a window is no positive duration, or `least` is below 3.

    Notes
    -----
    Joint acts are counted as company: on each object how many of the other members are near an act on
    average, divided by the root of others' acts on it + 1, summed over objects: what nobody else touches
    tells most. A quarter more than expected needs no explanation (twice as many where reposts name an account
    and no post), and the appeal of each object, or elsewhere of all of an epoch, varies by a gamma law, so
    p-values err on the side of accounts. Members act elsewhere in each of ten epochs as often as they do, at
    moments as near one another as those of others' acts of that epoch or as theirs on different objects, so
    that those who come for one event are not taken for a group. Objects are split four times, from 200,000
    acts on once; a cluster's p-value is the one that a quarter of the halves reach, over their share (of
    eight halves the second lowest, times four; of two the lower, twice), so that no single split decides. Of
    clusters of which one is mostly part of another all but the likeliest get the p-value 1. Acts on what
    somebody whom the actor follows had acted on a minute before or earlier are left out: friends prompt
    friends. Each act is paired with the 256 that follow at most, and 20 million pairs are held at most (16
    bytes each), whatever the data. A squad that reacts to each post after the same delay is told from
    attentive fans only by what else it does.

    References
    ----------
    Pacheco et al. (2021), Uncovering Coordinated Networks on Social Media, ICWSM. Luceri et al. (2024),
    Unmasking the Web of Deceit, WWW. Amarasingham et al. (2012), Conditional modeling and the jitter method
    of spike resampling, J. Neurophysiol. 107. Broder (1997), On the resemblance and containment of documents.

    Examples
    --------
    Five accounts repost each of twenty posts within seconds of one another, each time after another delay.

    >>> from influgraph.dataset import from_tables
    >>> rng = np.random.default_rng(7)
    >>> number = np.arange(400)
    >>> posts = pd.DataFrame({"post_id": number, "author_id": "star", "created_at": number * 10000})
    >>> start = np.arange(20) * 130000 + rng.integers(60, 9000, 20)
    >>> squad = pd.DataFrame([(f"bot{i}", 13 * k, start[k] + i) for k in range(20) for i in range(5)])
    >>> order = enumerate(rng.permutation(400))
    >>> people = pd.DataFrame([(f"fan{i % 60}", post, post * 10000 + 40 * i) for i, post in order])
    >>> acts = pd.concat([squad, people]).set_axis(["account_id", "post_id", "created_at"], axis=1)
    >>> found = find_coordinated_clusters(
    ...     from_tables(posts=posts, engagements=acts.assign(kind="repost")), windows=["60s"], rng=rng
    ... )
    >>> sorted(found.members["account_id"]), bool(found.clusters["p_value"].max() < 0.001)
    (['bot0', 'bot1', 'bot2', 'bot3', 'bot4'], True)
    """
    lengths = _checked(traces, windows, least)
    gathered = tracing.gather_acts(data, traces)
    named = gathered["object"].notna()
    if not named.any():
        missing = _overlooked(data) if gathered.empty else None
        return _result(no_clusters(*filter(None, [missing])), _frame(TIES), _frame(SWEEP))
    missing = _missing(gathered[named], least)
    if missing:
        return _result(no_clusters(missing), _frame(TIES), _frame(SWEEP))
    acts = gathered[np.isfinite(gathered["time"])]
    shared = acts["object"].notna()
    sorted_acts = tracing.sort_acts(acts[shared], len(data.accounts))
    follower, followed = (data.follows[side].cat.codes.to_numpy() for side in ("follower_id", "followed_id"))
    own = tracing.unprompted(sorted_acts, follower, followed)
    attends = _attends(own, follower, followed)
    ground = surveying.survey(own, _posts_by_account(data), attends, acts[~shared])
    return _find(data, ground, lengths, least, rng)


def _attends(acts: tracing.Acts, follower: Ints, followed: Ints) -> npt.NDArray[np.bool_] | None:
    """Acts on posts by followers, who attend to the author; None where acts are mostly not theirs."""
    theirs = tracing.by_followers(acts, follower, followed)
    authored = acts.author[acts.unit] >= 0
    return theirs if theirs.sum() >= FOLLOWERS_ACT * max(authored.sum(), 1) else None


def _checked(traces: Sequence[str], windows: Sequence[str], least: int) -> dict[str, float]:
    """Seconds by window."""
    known = (*TRACES, "like")
    if isinstance(traces, str) or not traces or not set(traces) <= set(known):
        raise ValueError(f"traces must be among {', '.join(known)}, received {traces!r}")
    if least < 3:
        raise ValueError(f"least must be 3 or more, received {least!r}")
    if isinstance(windows, str) or not windows:
        raise ValueError(f'windows must be durations, as ["60s", "3h"], received {windows!r}')
    try:
        lengths = {window: pd.Timedelta(window).total_seconds() for window in windows}
    except ValueError as error:
        raise ValueError(f"windows must be durations such as 60s or 3h, received {windows!r}") from error
    if not all(seconds > 0 for seconds in lengths.values()):
        raise ValueError(f"windows must be positive durations, received {windows!r}")
    return dict(sorted(lengths.items(), key=lambda item: item[1]))


def _overlooked(data: Dataset) -> str:
    """Say why nothing that there is can be compared."""
    acts, posts = data.engagements, data.posts
    named = acts.loc[acts["object"].notna(), "kind"] if "object" in acts else acts["kind"].head(0)
    kinds = sorted(set(named) & set(tracing.NOT_SPREAD))
    reasons = []
    if kinds:
        reasons.append(
            f"objects of acts of kind {' or '.join(kinds)} are not compared, as customers and fans come to "
            "the same at the same time"
        )
    if (acts["kind"].eq("like") & acts["post_id"].notna()).any():
        reasons.append("likes of the same posts are not compared, as fans like the same")
    if "hashtags" in posts and posts["hashtags"].notna().any():
        reasons.append("single hashtags are not compared, as everybody may use the same")
    return f"coordination: {'; '.join(reasons) or 'no act names an object that others could share'}"


def _missing(acts: pd.DataFrame, least: int) -> str | None:
    """Say why nothing can be looked for."""
    timed = acts[np.isfinite(acts["time"])]
    if timed.empty:
        return "coordination: no act on a shared object has a time"
    busy = int((timed.groupby("account").size() > 1).sum())
    if busy < least:
        return f"coordination: {busy} accounts act more than once, fewer than the {least} of a cluster"
    if timed["time"].min() == timed["time"].max() and len(timed) > 1:
        return "coordination: all acts have the same time"
    return None


def _find(
    data: Dataset,
    ground: surveying.Ground,
    lengths: dict[str, float],
    least: int,
    rng: np.random.Generator,
) -> CoordinatedClusters:
    """Search both halves at every window, test on the other half, and describe what is left."""
    splits = finding.split(ground.total.size, ground.acts.unit.size, rng=rng)
    candidates, sweep = finding.find_candidates(ground, splits, lengths, least=least, rng=rng)
    merged = finding.merge(candidates, halves=2 * len(splits))
    groups = [people.settle_members(ground, one.members, lengths[one.window], least=least) for one in merged]
    kept = [number for number, group in enumerate(groups) if group.members.size >= least]
    clusters, members, joint_acts = _tables(
        data, ground, [merged[number] for number in kept], [groups[number] for number in kept]
    )
    ties = [
        _tie_table(
            data, ground, groups[number], one.window, lengths[one.window], int(sweep["pairs"][one.window])
        )
        for number, one in enumerate(merged)
        if number in kept
    ]
    return _result(
        BotClusters(clusters, members, joint_acts),
        pd.concat([_frame(TIES), *ties], ignore_index=True).astype(TIES),
        _explain_sweep(sweep, clusters),
    )


def _posts_by_account(data: Dataset) -> Ints:
    return np.bincount(data.posts["author_id"].cat.codes, minlength=len(data.accounts))


def _tables(
    data: Dataset, ground: surveying.Ground, candidates: list[finding.Candidate], groups: list[people.Group]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Clusters, members and joint acts, numbered by p-value, then size."""
    ids = data.account_ids
    order = sorted(
        range(len(groups)), key=lambda n: (candidates[n].verdict.p_value, -groups[n].members.size, n)
    )
    rows, members, joint_acts = {}, [_frame(MEMBERS)], [_frame(JOINT_ACTS)]
    for number, place in enumerate(order, 1):
        name, group = f"coordination-{number}", groups[place]
        rows[name] = _describe(data, ground, candidates[place], group)
        members.append(
            pd.DataFrame(
                {"bot_cluster": name, "account_id": ids[group.members], "membership": group.membership}
            )
        )
        joint_acts.append(_act_table(ground, group, ids).assign(bot_cluster=name))
    columns = {**CLUSTERS, **EXTRA}
    clusters = (
        pd.DataFrame.from_dict(rows, orient="index", columns=list(columns)) if rows else _frame(columns)
    )
    clusters = clusters.set_axis(pd.Index(clusters.index, dtype="str", name="bot_cluster")).astype(columns)
    clusters["q_value"] = q_values(clusters["p_value"])
    return (
        clusters,
        pd.concat(members, ignore_index=True).astype(MEMBERS),
        pd.concat(joint_acts, ignore_index=True)[list(JOINT_ACTS)].astype(JOINT_ACTS),
    )


def _describe(
    data: Dataset, ground: surveying.Ground, candidate: finding.Candidate, group: people.Group
) -> dict[str, object]:
    """One row of the clusters."""
    verdict = candidate.verdict
    facts = people.explain(ground, data, group)
    if verdict.p_value > STANDS_OUT:
        facts["explained"] = None
    raids = np.unique(group.raid).size
    traces = pd.Series(ground.acts.trace[ground.acts.unit[group.rows]]).replace("reply", "reply or comment")
    told = ", ".join(f"{trace} {count}" for trace, count in traces.value_counts().items())
    evidence = (
        f"{group.members.size} accounts acted {raids} times on the same objects within {candidate.window} of "
        f"one another ({told}); on objects that "
        f"did not serve to find them an act had {verdict.joint:.3g} times another of them near (an object "
        f"counts the less, the more others acted on it), where {verdict.expected:.3g} is expected of "
        "accounts that act each on their own"
    )
    return {
        "kind": "coordination",
        "size": group.members.size,
        "p_value": verdict.p_value if facts["explained"] is None else 1.0,
        "beneficiaries": people.beneficiaries(ground, group, data.account_ids),
        "evidence": evidence + (f"; explained: {facts['explained']}" if facts["explained"] else ""),
        "window": candidate.window,
        "joint": verdict.joint,
        "expected": verdict.expected,
        **facts,
    }


def _act_table(ground: surveying.Ground, group: people.Group, ids: pd.Index) -> pd.DataFrame:
    """Joint acts, by object, then time."""
    acts, unit = ground.acts, ground.acts.unit[group.rows]
    return pd.DataFrame(
        {
            "account_id": ids[acts.account[group.rows]],
            "kind": acts.trace[unit],
            "object": acts.object[unit],
            "created_at": _moments(acts.time[group.rows]),
        }
    )


def _tie_table(
    data: Dataset, ground: surveying.Ground, group: people.Group, window: str, seconds: float, tested: int
) -> pd.DataFrame:
    """Pairs of members, most joint acts first; `tested` pairs of anybody have a joint act."""
    acts, ids = ground.acts, data.account_ids
    own = ground.acts_of(group.members)
    beside = ground.acts_on(np.unique(acts.unit[own]))
    met, _ = search.count_met(acts, seconds, beside)
    did = ground.did + ground.alone.sum(axis=1)
    ties = search.find_ties(acts, seconds, own, met=met * beside.size / ground.known, did=did)
    if not ties.one.size:
        return _frame(TIES)
    joint = pd.DataFrame(
        {"pair": ties.pair, "object": acts.object[acts.unit[ties.row]], "time": acts.time[ties.row]}
    )
    by_pair = joint.groupby("pair")
    table = pd.DataFrame(
        {
            "account_id": ids[ties.one],
            "other_id": ids[ties.other],
            "window": window,
            "joint": ties.joint,
            "expected": ties.expected,
            "p_value": ties.p_value,
            "q_value": _q_values_among(ties.p_value, tested),
            "objects": [tuple(names[:10]) for _, names in by_pair["object"]],
            "first": _moments(by_pair["time"].min().to_numpy()),
            "last": _moments(by_pair["time"].max().to_numpy()),
        }
    )
    return table.sort_values("joint", ascending=False, kind="stable").astype(TIES)


def _explain_sweep(sweep: pd.DataFrame, clusters: pd.DataFrame) -> pd.DataFrame:
    """Say for each window for how many clusters it was chosen, and why or why not."""
    chosen = clusters["window"].value_counts().reindex(sweep.index, fill_value=0)
    why = [
        "stands out most where found"
        if count
        else "another window stands out more"
        if candidates
        else "no candidate"
        for count, candidates in zip(chosen, sweep["candidates"], strict=True)
    ]
    return sweep.assign(chosen=chosen, why=why).astype(SWEEP)


def _moments(seconds: npt.NDArray[np.float64]) -> pd.DatetimeIndex:
    micros = np.round(seconds * 1e6).astype(np.int64)
    return pd.DatetimeIndex(micros.astype("datetime64[us]")).tz_localize("UTC")


def _q_values_among(p_values: Floats, tested: int) -> Floats:
    """Q-values where so many were tested, and the others' p-values are higher."""
    order = np.argsort(p_values)
    steps = p_values[order] * max(tested, p_values.size) / np.arange(1, p_values.size + 1)
    q_values = np.empty_like(p_values)
    q_values[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1)
    return q_values


def _frame(columns: dict[str, str]) -> pd.DataFrame:
    """A table without rows."""
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns.items()})


def _result(found: BotClusters, ties: pd.DataFrame, sweep: pd.DataFrame) -> CoordinatedClusters:
    return CoordinatedClusters(
        found.clusters, found.members, found.joint_acts, found.missing, ties=ties, sweep=sweep
    )
