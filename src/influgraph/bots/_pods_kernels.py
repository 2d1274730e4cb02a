"""Compiled loops below `pods`: plain arrays in, plain arrays out."""

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WIDEST = 300  # accounts that are looked at around one seed
ROUNDS = 8


@numba.njit(cache=True, nogil=True)
def _fill(chosen: Ints, place: Ints, start: Ints, other: Ints, score: Floats, lack: Floats) -> Floats:
    """Scores between all pairs of some accounts; a pair without a score lacks what it should have done."""
    size = chosen.size
    table = np.zeros((size, size))
    for a in range(size):
        place[chosen[a]] = a
        for b in range(size):
            if a != b:
                table[a, b] = -lack[chosen[a]] - lack[chosen[b]]
    for a in range(size):
        for edge in range(start[chosen[a]], start[chosen[a] + 1]):
            b = place[other[edge]]
            if b >= 0:
                table[a, b] = score[edge]
    for a in range(size):
        place[chosen[a]] = -1
    return table


@numba.njit(cache=True, nogil=True)
def _peel(table: Floats) -> npt.NDArray[np.bool_]:
    """Take away the account that adds least until each that is left adds something."""
    size = table.shape[0]
    left = np.ones(size, np.bool_)
    adds = np.array([table[a].sum() for a in range(size)])
    while True:
        worst = -1
        for a in range(size):
            if left[a] and (worst < 0 or adds[a] < adds[worst]):
                worst = a
        if worst < 0 or adds[worst] > 0:
            return left
        left[worst] = False
        adds -= table[worst]


@numba.njit(cache=True, nogil=True)
def _around(group: Ints, place: Ints, start: Ints, other: Ints, score: Floats, least: int) -> Ints:
    """The group, then the accounts with `least` good ties to it, those with most first."""
    ties = place  # all -1 at rest
    seen = [np.int64(0) for _ in range(0)]
    for member in group:
        ties[member] = -2
    for member in group:
        for edge in range(start[member], start[member + 1]):
            one = other[edge]
            if score[edge] > 0 and ties[one] != -2:
                if ties[one] < 0:
                    ties[one] = 0
                    seen.append(one)
                ties[one] += 1
    near = np.array([one for one in seen if ties[one] >= least], np.int64)
    count = np.array([ties[one] for one in near], np.int64)
    for one in seen:
        ties[one] = -1
    for member in group:
        ties[member] = -1
    order = np.argsort(-count, kind="mergesort")[: max(WIDEST - group.size, 0)]
    return np.concatenate((group, near[order]))


@numba.njit(cache=True, nogil=True)
def _grow(
    seed: int, place: Ints, start: Ints, other: Ints, score: Floats, lack: Floats
) -> tuple[Ints, float]:
    """The group of the largest sum of scores that is reached from a seed, and that sum."""
    group, total = np.array([seed], np.int64), 0.0
    for _ in range(ROUNDS):
        chosen = _around(group, place, start, other, score, max(1, group.size // 3))
        table = _fill(chosen, place, start, other, score, lack)
        kept = np.flatnonzero(_peel(table))
        sum_of_kept = 0.0
        for a in kept:
            for b in kept:
                sum_of_kept += table[a, b] / 2
        if sum_of_kept <= total:
            break
        group, total = chosen[kept], sum_of_kept
    return group, total


@numba.njit(cache=True, nogil=True)
def densest_groups(
    start: Ints, other: Ints, score: Floats, lack: Floats, seeds: Ints
) -> tuple[Ints, Ints, Floats]:
    """Find groups whose pairs score most in sum, one after the other: members, where each begins, sums.

    `start`, `other`, `score` are symmetric rows of scored pairs (`score` is changed: a pair counts for one
    group only), `lack` what an account takes off for each other member that it has no score with.
    """
    place = np.full(start.size - 1, -1, np.int64)
    used = np.zeros(start.size - 1, np.bool_)
    members, begins, sums = [np.int64(0) for _ in range(0)], [0], [0.0 for _ in range(0)]
    for seed in seeds:
        if used[seed]:
            continue
        group, total = _grow(seed, place, start, other, score, lack)
        if group.size < 2:
            continue
        for member in group:
            used[member] = True
            members.append(member)
            place[member] = 1
        for member in group:
            for edge in range(start[member], start[member + 1]):
                if place[other[edge]] == 1:
                    score[edge] = min(score[edge], 0.0)
        for member in group:
            place[member] = -1
        begins.append(len(members))
        sums.append(total)
    return np.array(members, np.int64), np.array(begins, np.int64), np.array(sums, np.float64)
