"""Compiled loops of the influence family: plain arrays in, plain arrays out.

A *broadcast* is one appearance of a post before an exposer's followers: the author's own post, a repost by
somebody else, or one observed view. Broadcasts are sorted by exposer, then time; `broadcast_start` and
`follow_start` are row pointers. Times are seconds; a follow of unknown date has time minus infinity.
"""

import numba
import numpy as np
import numpy.typing as npt

from influgraph.influence._arrays import Floats, Ints

# Sign, exponent and the first bit behind the point of a float32: two bins to an octave.
_BIN_SHIFT, _BINS = 22, 512
_LEAST_INTENSITY = np.float32(1e-30)


@numba.njit(cache=True, nogil=True)
def first_at_least(values: Floats, low: int, high: int, wanted: float) -> int:
    while low < high:
        middle = (low + high) // 2
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@numba.njit(cache=True, nogil=True)
def count_pairs(
    outcome_account: Ints,
    outcome_time: Floats,
    follow_start: Ints,
    followed: Ints,
    follow_time: Floats,
    broadcast_start: Ints,
    broadcast_time: Floats,
    window: float,
) -> npt.NDArray[np.int64]:
    """How many broadcasts could have caused each outcome."""
    counts = np.zeros(outcome_account.size, np.int64)
    for i in range(outcome_account.size):
        account, time = outcome_account[i], outcome_time[i]
        for f in range(follow_start[account], follow_start[account + 1]):
            exposer = followed[f]
            start, end = broadcast_start[exposer], broadcast_start[exposer + 1]
            first = first_at_least(broadcast_time, start, end, max(time - window, follow_time[f]))
            counts[i] += first_at_least(broadcast_time, first, end, time) - first
    return counts


@numba.njit(cache=True, nogil=True)
def list_pairs(
    outcome_account: Ints,
    outcome_time: Floats,
    follow_start: Ints,
    followed: Ints,
    follow_time: Floats,
    broadcast_start: Ints,
    broadcast_time: Floats,
    window: float,
    pair_start: Ints,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """The broadcast and the delay in seconds of every pair that `count_pairs` counts."""
    broadcast = np.empty(pair_start[-1], np.int32)
    delay = np.empty(pair_start[-1], np.float32)
    for i in range(outcome_account.size):
        account, time = outcome_account[i], outcome_time[i]
        at = pair_start[i]
        for f in range(follow_start[account], follow_start[account + 1]):
            exposer = followed[f]
            start, end = broadcast_start[exposer], broadcast_start[exposer + 1]
            first = first_at_least(broadcast_time, start, end, max(time - window, follow_time[f]))
            for b in range(first, end):
                if broadcast_time[b] >= time:
                    break
                broadcast[at] = b
                delay[at] = time - broadcast_time[b]
                at += 1
    return broadcast, delay


@numba.njit(cache=True, nogil=True)
def label_pairs(
    pair_start: Ints,
    broadcast: Ints,
    delay: npt.NDArray[np.float32],
    outcome_account: Ints,
    author: Ints,
    broadcast_niche: Ints,
    mode: Ints,
    modes: int,
    stratum: Ints,
    delay_edges: Floats,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int16]]:
    """Outcome, author and cell of every pair; strata are numbered as those of windows."""
    size, bins = broadcast.size, delay_edges.size - 1
    outcomes, authors, cells = np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.int16)
    for i in range(outcome_account.size):
        for p in range(pair_start[i], pair_start[i + 1]):
            b, j = broadcast[p], bins - 1
            while j > 0 and delay[p] < delay_edges[j]:
                j -= 1
            outcomes[p], authors[p] = i, author[b]
            cells[p] = (modes * stratum[outcome_account[i], broadcast_niche[b]] + mode[b]) * bins + j
    return outcomes, authors, cells


@numba.njit(cache=True, nogil=True)
def count_exposures(
    follow_start: Ints, followed: Ints, follow_time: Floats, broadcast_start: Ints, broadcast_time: Floats
) -> npt.NDArray[np.int64]:
    """How many followers each broadcast reached."""
    reached = np.zeros(broadcast_time.size, np.int64)
    for account in range(follow_start.size - 1):
        for f in range(follow_start[account], follow_start[account + 1]):
            start, end = broadcast_start[followed[f]], broadcast_start[followed[f] + 1]
            for b in range(first_at_least(broadcast_time, start, end, follow_time[f]), end):
                reached[b] += 1
    return reached


@numba.njit(cache=True, nogil=True)
def share_credit(
    pair_outcome: Ints,
    pair_author: Ints,
    pair_cell: Ints,
    first: int,
    theta: Floats,
    kernel: Floats,
    baseline: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Intensity of each outcome from `first` on, and the outcomes credited by author and by cell."""
    intensity = baseline.copy()
    for p in range(pair_outcome.size):
        intensity[pair_outcome[p] - first] += theta[pair_author[p]] * kernel[pair_cell[p]]
    by_author, by_cell = np.zeros(theta.size), np.zeros(kernel.size)
    for p in range(pair_outcome.size):
        author, cell = pair_author[p], pair_cell[p]
        share = theta[author] * kernel[cell] / intensity[pair_outcome[p] - first]
        by_author[author] += share
        by_cell[cell] += share
    return intensity, by_author, by_cell


@numba.njit(cache=True, nogil=True)
def sum_by_author(
    pair_outcome: Ints, pair_author: Ints, pair_cell: Ints, kernel: Floats, authors: int
) -> tuple[Ints, Ints, npt.NDArray[np.float32]]:
    """Row pointers of authors, their outcomes, and the summed kernel of all pairs of both.

    The pairs of one author stand in the order of outcomes: a counting sort keeps it, and brings those of one
    outcome together.
    """
    start = np.zeros(authors + 1, np.int64)
    for author in pair_author:
        start[author + 1] += 1
    start = start.cumsum()
    free = start[:-1].copy()
    outcome, added = np.empty(pair_author.size, pair_outcome.dtype), np.empty(pair_author.size, np.float32)
    for p in range(pair_author.size):
        at, author = free[pair_author[p]], pair_author[p]
        value = kernel[pair_cell[p]]
        if at > start[author] and outcome[at - 1] == pair_outcome[p]:
            added[at - 1] += value
        else:
            outcome[at], added[at] = pair_outcome[p], value
            free[author] += 1
    end = 0
    for author in range(authors):
        first, count = start[author], free[author] - start[author]
        start[author] = end
        for i in range(count):
            outcome[end + i], added[end + i] = outcome[first + i], added[first + i]
        end += count
    start[authors] = end
    return start, outcome[:end].copy(), added[:end].copy()


@numba.njit(cache=True, nogil=True)
def explained_squares(start: Ints, outcome: Ints, odds: Floats, cell: Ints, divisor: Floats) -> Floats:
    """Of each author: over cells, the sum of products of the odds of two outcomes of the cell, divided."""
    sums, squares = np.zeros(divisor.size), np.zeros(divisor.size)
    explained = np.zeros(start.size - 1)
    for author in range(start.size - 1):
        for i in range(start[author], start[author + 1]):
            sums[cell[outcome[i]]] += odds[i]
            squares[cell[outcome[i]]] += odds[i] ** 2
        for i in range(start[author], start[author + 1]):
            c = cell[outcome[i]]
            explained[author] += (sums[c] ** 2 - squares[c]) / divisor[c]
            sums[c] = squares[c] = 0
    return explained


@numba.njit(cache=True, nogil=True)
def _relative_likelihood(
    number: Floats,
    total: Floats,
    low: int,
    high: int,
    exposed: float,
    rates: Floats,
    start: int,
    result: Floats,
) -> None:
    """Likelihood of the rates, relative to the best, of outcomes binned by odds.

    The log likelihood is concave, so it is followed from `start` both ways until it no longer matters.
    """
    result[:] = -np.inf
    best = 0.0
    result[0] = 0.0
    for direction in (1, -1):
        g = start if direction == 1 else start - 1
        while 0 < g < rates.size:
            value = -rates[g] * exposed
            for j in range(low, high + 1):
                if number[j] > 0:
                    value += number[j] * np.log1p(rates[g] * total[j] / number[j])
            result[g] = value
            best = max(best, value)
            if value < best - 15:
                break
            g += direction
    for g in range(rates.size):
        result[g] = np.exp(result[g] - best)


@numba.njit(cache=True, nogil=True)
def _sum_in_bins(odds: npt.NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Number and sum of the odds in each bin; those of even and odd places apart, so that neither waits."""
    number, total, bits = np.zeros((2, _BINS)), np.zeros((2, _BINS)), odds.view(np.int32)
    for i in range(odds.size):
        j = bits[i] >> _BIN_SHIFT
        number[i & 1, j] += 1
        total[i & 1, j] += odds[i]
    return number[0] + number[1], total[0] + total[1]


@numba.njit(cache=True, nogil=True)
def sample_rates(
    pair_start: Ints,
    outcome: Ints,
    added: npt.NDArray[np.float32],
    exposed: Floats,
    scale: Floats,
    weight: Floats,
    rates: Floats,
    prior: Floats,
    least: Floats,
    uniform: Floats,
    intensity: npt.NDArray[np.float32],
    theta: Floats,
    current: Ints,
    likelihood: Floats,
) -> None:
    """One Gibbs sweep over authors: draw each one's rate from the grid, given all other rates.

    An author of a rate has the effect `theta`, `scale` times the rate, and `exposed` outcomes are expected at
    a rate of one. `prior` has a row for each author; no likelihood is taken to be below `least`. `intensity`
    (per outcome), `theta` and `current` (place of each author's rate in the grid) are brought up to date in
    place; `likelihood` receives every author's relative likelihood of every rate, raised to the power
    `weight` (0-1). The odds that a unit of rate adds to the outcomes are summed in bins of a factor 1.5 at
    most: one division per pair and sweep. Single precision is half as much memory to wait for.
    """
    held = np.empty(np.diff(pair_start).max() if exposed.size else 0, np.float32)
    for author in range(exposed.size):
        first, last = pair_start[author], pair_start[author + 1]
        own, odds = np.float32(theta[author]), held[: last - first]
        for i in range(first, last):
            others = max(intensity[outcome[i]] - own * added[i], _LEAST_INTENSITY)
            odds[i - first] = added[i] / others
        number, total = _sum_in_bins(odds)
        found = np.flatnonzero(number)
        low, high = (found[0], found[-1]) if found.size else (0, -1)
        row = likelihood[author]
        number *= weight[author]
        total *= weight[author] * scale[author]
        toll = exposed[author] * weight[author]
        _relative_likelihood(number, total, low, high, toll, rates, max(current[author], 1), row)
        for g in range(rates.size):
            row[g] = max(row[g], least[author])
        belief = prior[author]
        wanted = uniform[author] * (row * belief).sum()
        chosen = rates.size - 1
        for g in range(rates.size):
            wanted -= row[g] * belief[g]
            if wanted <= 0:
                chosen = g
                break
        theta[author] = rates[chosen] * scale[author]
        change = np.float32(theta[author]) - own
        current[author] = chosen
        if change != 0:
            for i in range(first, last):
                intensity[outcome[i]] += change * added[i]


@numba.njit(cache=True, nogil=True)
def greatest_allowed(
    pair_start: Ints,
    outcome: Ints,
    added: npt.NDArray[np.float32],
    exposed: Floats,
    weight: Floats,
    expected: Floats,
    intensity: Floats,
    theta: Floats,
    least: float,
) -> Floats:
    """By author, the greatest rate whose relative likelihood is at least so much, given all other rates.

    Looked for among the rates that let `expected` outcomes expect, increasing from 0; the rest is as in
    `sample_rates`.
    """
    greatest, row = np.zeros(exposed.size), np.empty(expected.size)
    for author in range(exposed.size):
        first, last = pair_start[author], pair_start[author + 1]
        odds = np.empty(last - first, np.float32)
        for i in range(first, last):
            others = max(intensity[outcome[i]] - theta[author] * added[i], _LEAST_INTENSITY)
            odds[i - first] = added[i] / others
        number, total = _sum_in_bins(odds)
        found = np.flatnonzero(number)
        low, high = (found[0], found[-1]) if found.size else (0, -1)
        rates = expected / exposed[author]
        number *= weight[author]
        total *= weight[author]
        _relative_likelihood(number, total, low, high, exposed[author] * weight[author], rates, 1, row)
        for g in range(rates.size):
            if row[g] >= least:
                greatest[author] = rates[g]
    return greatest


@numba.njit(cache=True, nogil=True)
def sum_caused(
    start: Ints, outcome: Ints, added: npt.NDArray[np.float32], rate: Floats, outcomes: int
) -> Floats:
    """Summed kernels before each outcome, times the rates of their authors."""
    caused = np.zeros(outcomes)
    for author in range(rate.size):
        for i in range(start[author], start[author + 1]):
            caused[outcome[i]] += rate[author] * added[i]
    return caused
