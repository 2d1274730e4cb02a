"""Compiled loops below `centrality`: plain arrays in, plain arrays out."""

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Starts = NDArray[np.int64]

# One compiled form for every caller, whether its arrays are read-only or not.
_CODES = types.Array(types.int32, 1, "C", readonly=True)
_STARTS = types.Array(types.int64, 1, "C", readonly=True)
_MERGED = types.Tuple((types.int64[::1], types.int32[::1]))  # type: ignore[no-untyped-call]


@njit(
    _MERGED(_STARTS, _CODES, _STARTS, _CODES),
    cache=True,
    nogil=True,
)
def merge_directions(
    out_starts: Starts, out_codes: Codes, in_starts: Starts, in_codes: Codes
) -> tuple[Starts, Codes]:
    """Neighbours of every account in either direction, each once, in order: row starts and codes."""
    starts = np.zeros(out_starts.size, np.int64)
    neighbours = np.empty(out_codes.size + in_codes.size, np.int32)
    filled = 0
    for account in range(starts.size - 1):
        a, a_end = out_starts[account], out_starts[account + 1]
        b, b_end = in_starts[account], in_starts[account + 1]
        while a < a_end or b < b_end:
            from_out = a < a_end and (b >= b_end or out_codes[a] <= in_codes[b])
            neighbour = out_codes[a] if from_out else in_codes[b]
            a += from_out
            b += b < b_end and in_codes[b] == neighbour
            neighbours[filled] = neighbour
            filled += 1
        starts[account + 1] = filled
    return starts, neighbours[:filled]


@njit(nogil=True)
def _sort_by_degree(degree: Starts) -> tuple[Codes, Codes, Starts]:
    """Accounts by degree, each one's place in that order, and where each degree's block begins."""
    block = np.zeros(degree.max() + 2, np.int64)
    for account in range(degree.size):
        block[degree[account] + 1] += 1
    for value in range(1, block.size):
        block[value] += block[value - 1]
    order, place = np.empty(degree.size, np.int32), np.empty(degree.size, np.int32)
    free = block.copy()
    for account in range(degree.size):
        place[account] = free[degree[account]]
        order[place[account]] = account
        free[degree[account]] += 1
    return order, place, block


@njit(types.int64[::1](_STARTS, _CODES), cache=True, nogil=True)
def core_numbers(starts: Starts, neighbours: Codes) -> Starts:
    """Core numbers by Batagelj and Zaversnik: peel the least connected account, again and again.

    `order` stays sorted by remaining degree: an account that loses a neighbour swaps places with
    the first account of its degree's block, which then begins one later.
    """
    degree = starts[1:] - starts[:-1]
    if degree.size == 0:
        return degree
    order, place, block = _sort_by_degree(degree)
    for step in range(order.size):
        peeled = order[step]
        for link in range(starts[peeled], starts[peeled + 1]):
            account = neighbours[link]
            if degree[account] > degree[peeled]:
                first = block[degree[account]]
                swapped = order[first]
                order[first], order[place[account]] = account, swapped
                place[swapped], place[account] = place[account], first
                block[degree[account]] += 1
                degree[account] -= 1
    return degree
