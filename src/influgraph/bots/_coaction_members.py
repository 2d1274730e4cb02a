"""What a group did together, who took part how often, and whether that has an innocent explanation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph.bots._coaction_ground import Ground, ranges

if TYPE_CHECKING:
    from influgraph.dataset import Dataset

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float64]

TOGETHER = 3  # members whose acts on an object within the window make a joint act
ROUNDS = 4  # of asking anew who belongs, once it is known what was done together
CLOCKED, OPEN, INWARD, RETURNED, SUDDEN = 0.8, 0.5, 0.5, 0.5, 60.0  # see `explain`
ROUNDED = 0.5  # resultant length of everybody's acts from which on their times are rounded
PARTS = (1, 2, 4)  # of an hour by which a newsroom may publish


@dataclass(frozen=True)
class Group:
    """Accounts, how surely each belongs, rows of their joint acts, and the number of each row's joint act."""

    members: Ints
    membership: Floats
    rows: Ints
    raid: Ints


def settle_members(ground: Ground, members: Ints, window: float, *, least: int) -> Group:
    """Say who belongs to a group, by how often each took part in what it did together.

    A member takes part in a joint act with one chance, common to all, anybody else with the chance that one
    of the others' acts near is theirs; the prior odds are the group's size to the number who were near.
    """
    surely: Floats = np.ones(members.size)
    rows, raid = _raids(ground, members, window)
    for _ in range(ROUNDS):
        if not rows.size:
            break
        accounts, belongs = _belonging(ground, members, rows, raid)
        kept = belongs > 0.5
        if kept.sum() < least:
            break
        same = np.array_equal(accounts[kept], members)
        members, surely = accounts[kept], belongs[kept]
        rows, raid = _raids(ground, members, window)
        if same:
            break
    inside = np.isin(ground.acts.account[rows], members)
    return Group(members, surely, rows[inside], raid[inside])


def _raids(ground: Ground, members: Ints, window: float) -> tuple[Ints, Ints]:
    """Rows of acts, by anybody, in joint acts of members, and the number of the joint act."""
    acts = ground.acts
    own = ground.acts_of(members)
    chain = (
        np.cumsum(
            (np.diff(acts.unit[own], prepend=-1) != 0) | (np.diff(acts.time[own], prepend=0.0) > window)
        )
        - 1
    )
    first = np.flatnonzero(np.diff(chain, prepend=-1))
    count = np.bincount(chain, minlength=first.size)
    last = first + count - 1
    big = count >= TOGETHER
    begin, end = own[first[big]], own[last[big]] + 1
    return ranges(begin, end), np.repeat(np.arange(begin.size), end - begin)


def _belonging(ground: Ground, members: Ints, rows: Ints, raid: Ints) -> tuple[Ints, Floats]:
    """Accounts near joint acts, and the probability that each belongs."""
    raids = int(raid[-1]) + 1
    accounts, times = np.unique(ground.acts.account[rows], return_counts=True)
    inside = np.isin(accounts, members)
    turnout = np.clip((times[inside].mean() + 0.5) / (raids + 1), 0.02, 0.98)
    beside = times[~inside].sum() / raids
    usual = np.clip(
        (beside + 0.5) * (ground.did[accounts] + 1.0) / (ground.did.sum() + 1.0) * 10, 1e-6, 0.5 * turnout
    )
    odds = times * np.log(turnout / usual) + (raids - times) * np.log((1 - turnout) / (1 - usual))
    odds += np.log(max(inside.sum(), 1) / max((~inside).sum() + 1, 1))
    odds = np.where(times < 2, -30.0, odds)
    return accounts, 1 / (1 + np.exp(-np.clip(odds, -30, 30)))


def explain(ground: Ground, data: Dataset, group: Group) -> dict[str, object]:
    """Numbers that speak for an innocent explanation of what a group did, and one that holds, if any.

    A newsroom: joint acts at the same minute of the hour, half hour or quarter (resultant length `CLOCKED` or
    more; where everybody's acts keep to the clock, times are rounded and tell nothing) by accounts of which
    in half or more of the pairs one follows the other. A circle of acquaintances: half or more of what
    members act on is their own, not within a minute of the post, and either half or more of these acts are
    between members of whom each acts on the other's posts, or half of the pairs follow one another. Where all
    serve one or two leaders that give nothing back, neither holds.
    """
    acts = ground.acts
    begins = np.unique(group.raid, return_index=True)[1]
    moments, units = acts.time[group.rows[begins]], acts.unit[group.rows[begins]]
    delay = acts.time[group.rows] - acts.since[acts.unit[group.rows]]
    account, author = acts.account[group.rows], acts.author[acts.unit[group.rows]]
    own = np.isin(author, group.members)
    clocked = _clocked(moments)
    mutual, linked = _followed_pairs(data, group.members)
    inward = float(np.isin(acts.author[units], group.members).mean()) if units.size else np.nan
    returned = _returned(account[own], author[own], acts.accounts)
    sudden, why = _median(delay[own]) <= SUDDEN, None
    rounded = resultant_length(acts.time) >= ROUNDED
    if clocked >= CLOCKED and linked >= OPEN and not rounded:
        why = "accounts that follow one another publish by the clock, as a newsroom does"
    elif inward >= INWARD and not sudden and (returned >= RETURNED or mutual >= OPEN):
        why = "members act on one another's posts, as circles of acquaintances and pods do"
    return {
        "clock": clocked,
        "mutual_follows": mutual,
        "own_objects": inward,
        "own_returned": returned,
        "reaction_seconds": _median(delay),
        "follow_author": _follow_share(data, author, account),
        "explained": why,
    }


def _median(delay: Floats) -> float:
    """Median of what is known; null without."""
    return float(np.nanmedian(delay)) if np.isfinite(delay).any() else np.nan


def _returned(account: Ints, author: Ints, accounts: int) -> float:
    """Share of acts on a post by an account whose own posts its author acts on; null without acts."""
    others = account != author
    one, other = account.astype(np.int64), author.astype(np.int64)
    given, back = one * accounts + other, other * accounts + one
    return float(np.isin(given, back)[others].mean()) if others.any() else np.nan


def _clocked(moments: Floats) -> float:
    """Resultant length of minutes of the hour, half hour or quarter, 0 where it may be chance.

    Rayleigh's test, 1 in 1,000.
    """
    if moments.size < 3:
        return 0.0
    length = resultant_length(moments)
    return length if moments.size * length**2 > np.log(1000 * len(PARTS)) else 0.0


def resultant_length(seconds: Floats) -> float:
    """How far seconds keep to one minute of the hour, half hour or quarter: 0 to any, 1 to the same."""
    turns = 2j * np.pi * np.outer(PARTS, seconds) / 3600
    return float(np.abs(np.exp(turns).mean(axis=1)).max())


def _follow_keys(data: Dataset, follower: Ints, followed: Ints) -> npt.NDArray[np.bool_]:
    """Whether each of these accounts follows the other one."""
    size = len(data.accounts)
    one, other = (data.follows[side].cat.codes.to_numpy() for side in ("follower_id", "followed_id"))
    asked = np.zeros(size, np.bool_)
    asked[follower] = True
    mine = asked[one]
    known = one[mine].astype(np.int64) * size + other[mine]
    return np.isin(follower.astype(np.int64) * size + followed, known)


def _followed_pairs(data: Dataset, members: Ints) -> tuple[float, float]:
    """Share of the pairs of members that follow one another, and where one does; null without follows."""
    if not len(data.follows) or members.size > 2000:
        return np.nan, np.nan
    one, other = (members[side] for side in np.triu_indices(members.size, 1))
    there, back = _follow_keys(data, one, other), _follow_keys(data, other, one)
    return float((there & back).mean()), float((there | back).mean())


def _follow_share(data: Dataset, author: Ints, account: Ints) -> float:
    """Share of joint acts on a known account's posts by its followers; null without."""
    known = author >= 0
    if not len(data.follows) or not known.any():
        return np.nan
    return float(_follow_keys(data, account[known], author[known]).mean())


def beneficiaries(ground: Ground, group: Group, ids: pd.Index) -> tuple[str, ...]:
    """Authors of a tenth or more of what a group acted on together, most often first, but for members."""
    begins = np.unique(group.raid, return_index=True)[1]
    authors = ground.acts.author[ground.acts.unit[group.rows[begins]]]
    counts = pd.Series(authors[(authors >= 0) & ~np.isin(authors, group.members)]).value_counts()
    return tuple(ids[counts.index[counts >= max(2, 0.1 * begins.size)].to_numpy(dtype=np.int64)])
