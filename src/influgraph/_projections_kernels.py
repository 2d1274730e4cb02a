"""Compiled loops below `projections`: plain arrays in, plain arrays out."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Starts = NDArray[np.int64]
Numbers = NDArray[np.float64]
Rows = tuple[Starts, Codes]

BINS = 4096
PER_DECADE = 12


@njit(nogil=True, cache=True)
def tail(shared: int, expected: float) -> float:
    """Probability that a Poisson number is as large, where it is above what is expected."""
    if expected <= 0.0:
        return 0.0
    first = math.exp(shared * math.log(expected) - expected - math.lgamma(shared + 1.0))
    total, term, count = 1.0, 1.0, shared
    while term > 1e-16 * total:
        count += 1
        term *= expected / count
        total += term
    return min(first * total, 1.0)


@njit(nogil=True, cache=True)
def place_of(p_value: float) -> int:
    """Number of the bin of a p-value, 0 = about 1."""
    if p_value <= 0.0:
        return BINS - 1
    return min(int(-math.log10(p_value) * PER_DECADE), BINS - 1)


@njit(nogil=True, cache=True)
def shared_links(
    members: Rows,
    groups: Rows,
    kind: Codes,
    expected: NDArray[np.float64],
    last_place: int,
    counts: Starts,
    one: Codes,
    other: Codes,
    shared: Codes,
) -> int:
    """Pairs of groups that share more members than expected; returns how many were written.

    `members` are those of each group, `groups` those of each member, in order. Pairs are counted by the bin
    of their p-value; those whose bin is at least `last_place` are written where there is room.
    """
    size, written = kind.size, 0
    together, touched = np.zeros(size, np.int32), np.empty(size, np.int32)
    for group in range(size):
        found = 0
        for place in range(members[0][group], members[0][group + 1]):
            member = members[1][place]
            for further in range(groups[0][member + 1] - 1, groups[0][member] - 1, -1):
                another = groups[1][further]
                if another <= group:
                    break
                if together[another] == 0:
                    touched[found] = another
                    found += 1
                together[another] += 1
        for place in range(found):
            another = touched[place]
            number = together[another]
            together[another] = 0
            by_chance = expected[kind[group], kind[another]]
            if number < by_chance + 1:
                continue
            where = place_of(tail(number, by_chance))
            counts[where] += 1
            if where >= last_place:
                if written < one.size:
                    one[written], other[written], shared[written] = group, another, number
                written += 1
    return written
