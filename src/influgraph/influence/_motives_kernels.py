"""Compiled loops below `motives`: plain arrays in, plain arrays out."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from influgraph.influence._arrays import Floats, Ints


@njit(cache=True, nogil=True)
def _holds(columns: Ints, low: int, high: int, wanted: int) -> bool:
    """Whether a sorted stretch of columns holds the wanted one."""
    end = high
    while low < high:
        middle = (low + high) // 2
        if columns[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low < end and columns[low] == wanted


@njit(cache=True, nogil=True)
def describe_follows(
    start: Ints, columns: Ints, friend_start: Ints, friends: Ints, pairs: Ints, most: int
) -> tuple[NDArray[np.bool_], Floats]:
    """For each follow: is it returned, and how likely a walk from the follower leads to the followed.

    The walk goes to one of the follower's friends (at most so many are looked at, evenly spaced), and on to
    one of those whom the friend follows.
    """
    returned, walked = np.zeros(len(pairs), np.bool_), np.zeros(len(pairs))
    for pair in range(len(pairs)):
        one, other = pairs[pair]
        returned[pair] = _holds(columns, start[other], start[other + 1], one)
        first, last = friend_start[one], friend_start[one + 1]
        step = max(1, (last - first) // most)
        seen = 0
        for place in range(first, last, step):
            friend = friends[place]
            if friend == other:
                continue
            seen += 1
            others = start[friend + 1] - start[friend] - 1  # but for the follower
            if others > 0 and _holds(columns, start[friend], start[friend + 1], other):
                walked[pair] += 1.0 / others
        if seen > 0:
            walked[pair] /= seen
    return returned, walked


@njit(cache=True, nogil=True)
def count_motives(likely: Floats, followed: Ints, mix: Floats, uniform: Floats) -> Floats:
    """Draw a motive for each follow, and count them by whom is followed."""
    counted = np.zeros(mix.shape)
    for pair in range(len(followed)):
        account = followed[pair]
        total = 0.0
        for motive in range(mix.shape[1]):
            total += likely[pair, motive] * mix[account, motive]
        left, motive = uniform[pair] * total, 0
        while motive < mix.shape[1] - 1:
            left -= likely[pair, motive] * mix[account, motive]
            if left < 0:
                break
            motive += 1
        counted[account, motive] += 1
    return counted
