"""Niches whose members follow what is theirs in lockstep: like accounts that are paid to, not like people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from influgraph.bots._blocks import Codes, Follows, Numbers

CORE_RATE, CORE_LIFT = 0.1, 3.0  # share of members that follow a core account; times what others let expect
FEWEST = 8  # core accounts: of fewer, too little is known of how members differ
UNEVEN = 0.25  # coefficient of variation of the shares that follow each core account, beyond chance
STRAY = 0.1  # share of members who may be none: those who follow the core least
MOST_DISPERSED = 1.1  # times the variance where all decide on each core account by the same odds
SURE = 0.05  # chance that a niche as dispersed as that seems to be less so


def in_lockstep(follows: Follows, groups: Codes) -> NDArray[np.bool_]:
    """Mark groups whose members, and whose core accounts, differ no more than by chance in who follows what.

    The core are accounts that a tenth of the members follow, three times as many as others let expect. Some
    people follow nearly all of a niche and others a little: in niches of people the number followed varies
    1.1 to 3 times as much as if all decided on each account by the same odds, in farms .6 to .8 times (a
    tenth of the members, who follow least, is left out). And some accounts of a niche are far more popular
    than others. Group 0 is none, and never marked.
    """
    size, marked = len(groups), np.zeros(int(groups.max(initial=0)) + 1, bool)
    follower = np.repeat(np.arange(size), np.diff(follows.indptr))[follows.lone]
    followed = follows.indices[follows.lone]
    received, given = (np.bincount(end, minlength=size) for end in (followed, follower))
    order = np.argsort(groups[follower], kind="stable")
    bounds = np.searchsorted(groups[follower[order]], np.arange(len(marked) + 1))
    for group in range(1, len(marked)):
        own = order[bounds[group] : bounds[group + 1]]
        if own.size:
            marked[group] = _alike(follower[own], followed[own], received, given)
    return marked


def _alike(
    follower: NDArray[np.integer], followed: Codes, received: NDArray[np.integer], given: NDArray[np.integer]
) -> bool:
    """Whether these follows, of one group, are as much alike as by the same odds."""
    members, account = np.unique(follower), np.unique(followed)
    row, column = np.searchsorted(members, follower), np.searchsorted(account, followed)
    found = np.bincount(column)
    expected = (received[account] - found + 0.5) * follower.size / max(given.sum() - follower.size, 1)
    core = (found >= CORE_RATE * members.size) & (found >= CORE_LIFT * expected)
    hits = np.bincount(row, core[column])
    kept = np.ones(members.size, bool)
    kept[np.argsort(hits, kind="stable")[: int(STRAY * members.size)]] = False
    rate: Numbers = np.bincount(column, kept[row] & core[column])[core] / kept.sum()
    usual, freedom = rate * (1 - rate), int(kept.sum()) - 1
    if core.sum() < FEWEST or freedom < 1:
        return False
    uneven = rate.var() - usual.mean() / (freedom + 1) > (UNEVEN * rate.mean()) ** 2
    few = hits[kept].var() * (freedom + 1) < MOST_DISPERSED * usual.sum() * chi2.ppf(SURE, freedom)
    return bool(few and not uneven)
