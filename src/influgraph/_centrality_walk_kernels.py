"""Compiled loops below walks along attention: vectors times matrices, part by part.

Weights are an array with one number per pair, or an empty one where all pairs count 1.
"""

from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Starts = NDArray[np.int64]
Numbers = NDArray[np.float64]
Payments = NDArray[Any]  # of single or double precision

_CODES = types.Array(types.int32, 1, "C", readonly=True)
_STARTS = types.Array(types.int64, 1, "C", readonly=True)
_NUMBERS = types.Array(types.float64, 1, "C", readonly=True)
_INT, _VECTOR = types.int64, types.float64[::1]
_PRECISIONS = (types.float32, types.float64)


@njit(
    [
        types.void(_STARTS, _CODES, _NUMBERS, types.Array(kind, 1, "C", readonly=True), kind[::1], _INT, _INT)
        for kind in _PRECISIONS
    ],
    cache=True,
    nogil=True,
)
def give(
    starts: Starts, codes: Codes, weights: Numbers, paid: Payments, received: Payments, first: int, end: int
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


@njit(
    [types.float64(kind[:, ::1], _NUMBERS, _VECTOR, kind[::1]) for kind in _PRECISIONS],
    cache=True,
    nogil=True,
)
def settle(parts: Payments, share: Numbers, rank: Numbers, paid: Payments) -> float:
    """One step of PageRank, from what was received in parts: new ranks and payments; returns the change."""
    size, total = rank.size, 0.0
    for account in range(size):
        moved = np.float64(parts[0, account])
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
