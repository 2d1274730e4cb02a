"""Compiled loop behind the likelihood given each member's total: plain arrays in, plain arrays out."""

import numba
import numpy as np
import numpy.typing as npt

from influgraph.influence._arrays import Flags, Floats, Ints


@numba.njit(cache=True, nogil=True)
def member_exposure(
    wanted: Flags,
    follow_start: Ints,
    followed: Ints,
    follow_time: Floats,
    risk_end: Floats,
    broadcast_start: Ints,
    broadcast_time: Floats,
    author: Ints,
    author_niche: Ints,
    authors: int,
    stratum: Ints,
    edges: Floats,
    kernel: Floats,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """Kernel mass at risk that each wanted account had from each author: row starts, authors, masses."""
    bins = edges.size - 1
    start = np.zeros(wanted.size + 1, np.int64)
    places, masses = [np.int64(0) for _ in range(0)], [0.0 for _ in range(0)]
    total = np.zeros(authors)
    for account in range(wanted.size):
        first_row = follow_start[account] if wanted[account] else follow_start[account + 1]
        for f in range(first_row, follow_start[account + 1]):
            for b in range(broadcast_start[followed[f]], broadcast_start[followed[f] + 1]):
                left = risk_end[account] - broadcast_time[b]
                if broadcast_time[b] < follow_time[f] or left <= 0:
                    continue
                cell = stratum[account, author_niche[b]] * bins
                for j in range(bins):
                    seconds = min(edges[j + 1], left) - edges[j]
                    if seconds > 0:
                        total[author[b]] += kernel[cell + j] * seconds
        for place in np.flatnonzero(total):
            places.append(place)
            masses.append(total[place])
            total[place] = 0
        start[account + 1] = len(places)
    return start, np.array(places), np.array(masses)
