"""Compiled loops below walks along attention: vectors times matrices, part by part.

Weights are an array with one number per pair, or an empty one where all pairs count 1.
"""

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Starts = NDArray[np.int64]
Numbers = NDArray[np.float64]

WIDTH = 8  # numbers of a block's row: one line of a processor's cache

_CODES = types.Array(types.int32, 1, "C", readonly=True)
_STARTS = types.Array(types.int64, 1, "C", readonly=True)
_NUMBERS = types.Array(types.float64, 1, "C", readonly=True)
_INT, _VECTOR, _BLOCK = types.int64, types.float64[::1], types.float64[:, ::1]


@njit(types.void(_STARTS, _CODES, _NUMBERS, _NUMBERS, _VECTOR, _INT, _INT), cache=True, nogil=True)
def give(
    starts: Starts, codes: Codes, weights: Numbers, paid: Numbers, received: Numbers, first: int, end: int
) -> None:
    """Fill `received` with what the rows from `first` to `end` pay each column."""
    received[:] = 0.0
    for row in range(first, end):
        amount = paid[row]
        if amount == 0.0:
            continue
        if weights.size:
            for pair in range(starts[row], starts[row + 1]):
                received[np.uint64(codes[pair])] += amount * weights[pair]
        else:
            for pair in range(starts[row], starts[row + 1]):
                received[np.uint64(codes[pair])] += amount


@njit(types.void(_STARTS, _CODES, _NUMBERS, _NUMBERS, _VECTOR, _INT, _INT), cache=True, nogil=True)
def take(
    starts: Starts, codes: Codes, weights: Numbers, offered: Numbers, taken: Numbers, first: int, end: int
) -> None:
    """Fill these rows of `taken` with what they take of each column."""
    for row in range(first, end):
        amount = 0.0
        if weights.size:
            for pair in range(starts[row], starts[row + 1]):
                amount += offered[np.uint64(codes[pair])] * weights[pair]
        else:
            for pair in range(starts[row], starts[row + 1]):
                amount += offered[np.uint64(codes[pair])]
        taken[row] = amount


@njit(types.float64(_BLOCK, _NUMBERS, _VECTOR, _VECTOR), cache=True, nogil=True)
def settle(parts: NDArray[np.float64], share: Numbers, rank: Numbers, paid: Numbers) -> float:
    """One step of PageRank, from what was received in parts: new ranks and payments; returns the change."""
    size, total = rank.size, 0.0
    for account in range(size):
        moved = parts[0, account]
        for part in range(1, parts.shape[0]):
            moved += parts[part, account]
        parts[0, account] = moved
        total += moved
    anew, change = (1.0 - total) / size, 0.0  # those who start anew
    for account in range(size):
        moved = parts[0, account] + anew
        change += abs(moved - rank[account])
        rank[account] = moved
        paid[account] = moved * share[account]
    return change


@njit(types.void(_STARTS, _CODES, _NUMBERS, _NUMBERS, _VECTOR, _INT, _INT), cache=True, nogil=True)
def take_block(
    starts: Starts, codes: Codes, weights: Numbers, offered: Numbers, taken: Numbers, first: int, end: int
) -> None:
    """As `take`, of eight vectors at once that lie side by side."""
    one = np.uint64(1)
    for row in range(first, end):
        a, b, c, d, e, f, g, h = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for pair in range(starts[row], starts[row + 1]):
            at = np.uint64(codes[pair]) << np.uint64(3)
            weight = weights[pair] if weights.size else 1.0
            a += offered[at] * weight
            b += offered[at + one] * weight
            c += offered[at + np.uint64(2)] * weight
            d += offered[at + np.uint64(3)] * weight
            e += offered[at + np.uint64(4)] * weight
            f += offered[at + np.uint64(5)] * weight
            g += offered[at + np.uint64(6)] * weight
            h += offered[at + np.uint64(7)] * weight
        at_row = row * 8
        taken[at_row], taken[at_row + 1], taken[at_row + 2], taken[at_row + 3] = a, b, c, d
        taken[at_row + 4], taken[at_row + 5], taken[at_row + 6], taken[at_row + 7] = e, f, g, h


@njit(types.void(_BLOCK, _NUMBERS, _VECTOR, _VECTOR), cache=True, nogil=True)
def measure_block(rest: NDArray[np.float64], common: Numbers, left: Numbers, tried: Numbers) -> None:
    """Of each vector how much is left in sum of sizes: as it is, and without as much of `common`."""
    total = np.zeros(WIDTH)
    left[:] = 0.0
    tried[:] = 0.0
    for account in range(rest.shape[0]):
        for k in range(WIDTH):
            total[k] += rest[account, k]
            left[k] += abs(rest[account, k])
    for account in range(rest.shape[0]):
        for k in range(WIDTH):
            tried[k] += abs(rest[account, k] - total[k] * common[account])


@njit(types.void(_BLOCK, _BLOCK, _BLOCK, _NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS), cache=True, nogil=True)
def settle_block(
    rest: NDArray[np.float64],
    total: NDArray[np.float64],
    paid: NDArray[np.float64],
    share: Numbers,
    common: Numbers,
    solved: Numbers,
    amount: Numbers,
) -> None:
    """Take `amount` of the common vector out of the rest, add its solution and the rest to the total."""
    for account in range(rest.shape[0]):
        for k in range(WIDTH):
            value = rest[account, k] - amount[k] * common[account]
            total[account, k] += value + amount[k] * solved[account]
            paid[account, k] = value * share[account]
