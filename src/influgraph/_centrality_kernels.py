"""Compiled loops below `centrality`, about who is tied to whom: plain arrays in, plain arrays out."""

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Starts = NDArray[np.int64]
Numbers = NDArray[np.float64]

# One compiled form for every caller, whether its arrays are read-only or not.
_CODES = types.Array(types.int32, 1, "C", readonly=True)
_STARTS = types.Array(types.int64, 1, "C", readonly=True)
_ROWS = types.Tuple((types.int64[::1], types.int32[::1]))  # type: ignore[no-untyped-call]


@njit(_ROWS(_STARTS, _CODES), cache=True, nogil=True)
def reversed_rows(starts: Starts, codes: Codes) -> tuple[Starts, Codes]:
    """Rows of the transposed matrix, each in order."""
    turned = np.zeros(starts.size, np.int64)
    for code in codes:
        turned[code + 1] += 1
    for row in range(1, turned.size):
        turned[row] += turned[row - 1]
    free = turned[:-1].copy()
    sources = np.empty(codes.size, np.int32)
    for row in range(starts.size - 1):
        for pair in range(starts[row], starts[row + 1]):
            sources[free[codes[pair]]] = row
            free[codes[pair]] += 1
    return turned, sources


@njit(_ROWS(_STARTS, _CODES, _STARTS, _CODES), cache=True, nogil=True)
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


@njit(types.int64[::1](_STARTS, _STARTS, _CODES), cache=True, nogil=True)
def core_numbers(ties: Starts, starts: Starts, losers: Codes) -> Starts:
    """Core numbers by Batagelj and Zaversnik: peel the least tied account, again and again.

    `losers` are the accounts that lose a tie when the account of their row is peeled. `order` stays sorted by
    remaining ties: an account that loses one swaps places with the first account of its block, which then
    begins one later.
    """
    degree = ties.copy()
    if degree.size == 0:
        return degree
    order, place, block = _sort_by_degree(degree)
    for step in range(order.size):
        peeled = order[step]
        for link in range(starts[peeled], starts[peeled + 1]):
            account = losers[link]
            if degree[account] > degree[peeled]:
                first = block[degree[account]]
                swapped = order[first]
                order[first], order[place[account]] = account, swapped
                place[swapped], place[account] = place[account], first
                block[degree[account]] += 1
                degree[account] -= 1
    return degree


@njit(types.int64[::1](_STARTS, _CODES), cache=True, nogil=True)
def count_triangles(starts: Starts, neighbours: Codes) -> Starts:
    """Triangles at each account: each is found once, from its least tied corner."""
    size = starts.size - 1
    triangles = np.zeros(size, np.int64)
    if size == 0:
        return triangles
    _, place, _ = _sort_by_degree(starts[1:] - starts[:-1])
    ahead, ends = np.empty(neighbours.size, np.int32), starts[:-1].copy()
    for account in range(size):
        for link in range(starts[account], starts[account + 1]):
            if place[neighbours[link]] > place[account]:
                ahead[ends[account]] = neighbours[link]
                ends[account] += 1
    marked = np.full(size, -1, np.int32)
    for account in range(size):
        for link in range(starts[account], ends[account]):
            marked[ahead[link]] = account
        for link in range(starts[account], ends[account]):
            other = ahead[link]
            for further in range(starts[other], ends[other]):
                if marked[ahead[further]] == account:
                    triangles[account] += 1
                    triangles[other] += 1
                    triangles[ahead[further]] += 1
    return triangles


@njit(
    types.void(_STARTS, _CODES, types.int64, types.int64, types.int64, types.float64[::1]),
    cache=True,
    nogil=True,
)
def collect_influence(
    starts: Starts, neighbours: Codes, radius: int, first: int, end: int, influence: Numbers
) -> None:
    """Collective influence of the accounts from `first` to `end`."""
    size = starts.size - 1
    seen, ball = np.full(size, -1, np.int32), np.empty(size, np.int32)
    for account in range(first, end):
        seen[account] = account
        ball[0] = account
        begin, filled = 0, 1
        for _ in range(radius):
            last = filled
            for place in range(begin, last):
                for link in range(starts[ball[place]], starts[ball[place] + 1]):
                    other = neighbours[link]
                    if seen[other] != account:
                        seen[other] = account
                        ball[filled] = other
                        filled += 1
            begin = last
        rim = 0
        for place in range(begin, filled):
            rim += starts[ball[place] + 1] - starts[ball[place]] - 1
        influence[account] = max(starts[account + 1] - starts[account] - 1, 0) * float(rim)


@njit(types.int32[::1](_STARTS, _CODES, _STARTS, _CODES, types.int64), cache=True, nogil=True)
def elect(out_starts: Starts, out_codes: Codes, in_starts: Starts, in_codes: Codes, wanted: int) -> Codes:
    """Elect one account after the other; those who attend to it lose part of their vote.

    Counted in whole numbers, so that ties are ties: a vote is as many as there are pairs, and what its
    voter loses each time, one over the mean degree of a vote, as many as there are accounts.
    """
    size, vote = out_starts.size - 1, out_codes.size
    ability, votes = np.full(size, vote), (in_starts[1:] - in_starts[:-1]) * vote
    elected = np.empty(wanted, np.int32)
    for turn in range(wanted):
        winner = votes.argmax()
        if votes[winner] <= 0:
            return elected[:turn]
        elected[turn] = winner
        votes[winner] = np.iinfo(np.int64).min // 2
        for link in range(in_starts[winner] - 1, in_starts[winner + 1]):
            voter = winner if link < in_starts[winner] else in_codes[link]
            lost = ability[voter] if voter == winner else min(size, ability[voter])
            if lost == 0:
                continue
            ability[voter] -= lost
            for choice in range(out_starts[voter], out_starts[voter + 1]):
                votes[out_codes[choice]] -= lost
    return elected
