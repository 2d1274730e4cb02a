"""Compiled loop behind the permutation test: plain arrays in, plain arrays out."""

import numba
import numpy as np

from influgraph.influence._arrays import Floats, Ints
from influgraph.influence._kernels import first_at_least


@numba.njit(cache=True, nogil=True)
def score_authors(
    outcome_account: Ints,
    outcome_time: Floats,
    weight: Floats,
    follow_start: Ints,
    followed: Ints,
    follow_time: Floats,
    broadcast_start: Ints,
    broadcast_time: Floats,
    author: Ints,
    author_niche: Ints,
    authors: int,
    stratum: Ints,
    edges: Floats,
    kernel: Floats,
) -> Floats:
    """Kernel of every broadcast in the window before an outcome, times the outcome's weight, by author."""
    bins = edges.size - 1
    score = np.zeros(authors)
    for i in range(outcome_account.size):
        account, time = outcome_account[i], outcome_time[i]
        for f in range(follow_start[account], follow_start[account + 1]):
            first, end = broadcast_start[followed[f]], broadcast_start[followed[f] + 1]
            b = first_at_least(broadcast_time, first, end, time) - 1
            least, j = max(time - edges[bins], follow_time[f]), 0
            while b >= first and broadcast_time[b] >= least:
                # Back in time, the bin of delays only grows.
                while j < bins - 1 and time - broadcast_time[b] >= edges[j + 1]:
                    j += 1
                score[author[b]] += weight[i] * kernel[stratum[account, author_niche[b]] * bins + j]
                b -= 1
    return score
