"""Compiled loop behind the search for effects below zero: plain arrays in, plain arrays out."""

import numba
import numpy as np
import numpy.typing as npt

from influgraph.influence._arrays import Flags, Floats, Ints


@numba.njit(cache=True, nogil=True)
def _until(cumulative: Floats, hour: float) -> float:
    whole = min(int(hour), cumulative.size - 2)
    value: float = cumulative[whole] + (hour - whole) * (cumulative[whole + 1] - cumulative[whole])
    return value


@numba.njit(cache=True, nogil=True)
def exposed_share(
    wanted: Flags,
    follow_start: Ints,
    followed: Ints,
    follow_time: Floats,
    broadcast_start: Ints,
    broadcast_time: Floats,
    begin: Floats,
    end: Floats,
    author: Ints,
    authors: int,
    niche: Ints,
    cumulative: Floats,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """Expected outcomes that fall into the windows after each author's broadcasts: row starts, authors, sums.

    Windows last from `begin` to `end` (hours of the study) and count once where those of one author overlap.
    `cumulative` (niches x hours) is the share of outcomes expected before each hour. Only rows of `wanted`
    accounts are filled.
    """
    start = np.zeros(wanted.size + 1, np.int64)
    places, sums = [np.int64(0) for _ in range(0)], [0.0 for _ in range(0)]
    total, counted, touched = np.zeros(authors), np.zeros(authors), np.zeros(authors, np.int64)
    for account in range(wanted.size):
        found, row = 0, cumulative[niche[account]]
        first_row = follow_start[account] if wanted[account] else follow_start[account + 1]
        for f in range(first_row, follow_start[account + 1]):
            for b in range(broadcast_start[followed[f]], broadcast_start[followed[f] + 1]):
                place = author[b]
                low = max(begin[b], counted[place])
                if broadcast_time[b] < follow_time[f] or end[b] <= low:
                    continue
                if counted[place] == 0:
                    touched[found] = place
                    found += 1
                total[place] += _until(row, end[b]) - _until(row, low)
                counted[place] = end[b]
        for place in np.sort(touched[:found]):
            places.append(place)
            sums.append(total[place])
            total[place] = counted[place] = 0
        start[account + 1] = len(places)
    return start, np.array(places), np.array(sums)
