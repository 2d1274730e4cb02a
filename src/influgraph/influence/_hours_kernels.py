"""Compiled loops over hours, and over outcomes and the niches by whose hours each account may go."""

import math

import numba
import numpy as np

from influgraph.influence._arrays import Floats, Ints


@numba.njit(cache=True, nogil=True)
def mix_rates(account: Ints, hour: Ints, start: Ints, niche: Ints, share: Floats, rate: Floats) -> Floats:
    """Rate (hours x niches) at each outcome's hour, of the niches of its account by their `share`.

    `niche[start[u]:start[u + 1]]` are those of account u.
    """
    mixed = np.empty(account.size)
    for i in range(account.size):
        whole, now = 0.0, rate[hour[i]]
        for k in range(start[account[i]], start[account[i] + 1]):
            whole += share[k] * now[niche[k]]
        mixed[i] = whole
    return mixed


@numba.njit(cache=True, nogil=True)
def count_niches(
    account: Ints,
    hour: Ints,
    uniform: Floats,
    mixed: Floats,
    start: Ints,
    niche: Ints,
    share: Floats,
    rate: Floats,
    followed: Floats,
) -> tuple[Floats, int]:
    """Draw by which niche of its account each outcome goes, and count these (hours x niches).

    Also how many go by what is followed, which is the part `followed` of each `share`. Outcomes whose number
    is not below one are left out. `mixed` is what `mix_rates` gives, arguments are as there.
    """
    counts, by_follows = np.zeros(rate.shape), 0
    for i in range(account.size):
        if uniform[i] >= 1:
            continue
        now, k, last = rate[hour[i]], start[account[i]], start[account[i] + 1] - 1
        wanted = uniform[i] * mixed[i]
        while k < last and wanted >= share[k] * now[niche[k]]:
            wanted -= share[k] * now[niche[k]]
            k += 1
        counts[hour[i], niche[k]] += 1
        # What is left of the number is uniform once more.
        by_follows += wanted < followed[k] * now[niche[k]]
    return counts, by_follows


@numba.njit(cache=True, nogil=True)
def expect_outcomes(
    first: int, last: int, start: Ints, niche: Ints, share: Floats, passed: Floats, cumulative: Floats
) -> Floats:
    """Expected outcomes of accounts `first` to `last` until so many hours have passed, by `share`s of niches.

    `cumulative` (hours and two more x niches) are the rates of all hours before; beyond the end as at it.
    """
    expected = np.zeros(last - first)
    for u in range(first, last):
        hour = int(passed[u])
        part = passed[u] - hour
        at, after = cumulative[hour], cumulative[hour + 1]
        for k in range(start[u], start[u + 1]):
            expected[u - first] += share[k] * (at[niche[k]] + part * (after[niche[k]] - at[niche[k]]))
    return expected


@numba.njit(cache=True, nogil=True)
def sum_leaving(
    first: int,
    last: int,
    start: Ints,
    niche: Ints,
    own: Floats,
    followed: Floats,
    last_hour: Ints,
    level: Floats,
    hours: int,
    niches: int,
) -> Floats:
    """Levels of accounts `first` to `last` by their last hour and niche: by `own`, and by what is `followed`.

    The result is 2 x hours x niches.
    """
    leaving = np.zeros((2, hours, niches))
    for u in range(first, last):
        hour = last_hour[u]
        for k in range(start[u], start[u + 1]):
            leaving[0, hour, niche[k]] += level[u] * own[k]
            leaving[1, hour, niche[k]] += level[u] * followed[k]
    return leaving


@numba.njit(cache=True, nogil=True)
def sum_periods(values: Floats, period: Ints, by_row: bool) -> Floats:  # noqa: FBT001 - compiled loops take no names
    """Sums over the columns of each period, of each row or of all (one row)."""
    sums = np.zeros((values.shape[0] if by_row else 1, period.max() + 1))
    for i in range(values.shape[0]):
        row = sums[i if by_row else 0]
        for hour in range(values.shape[1]):
            row[period[hour]] += values[i, hour]
    return sums


@numba.njit(cache=True, nogil=True)
def shrink(count: Floats, expected: Floats, strengths: Floats, steps: int) -> tuple[Floats, Floats]:
    """Mean and geometric mean of the posterior factor of each count over what is expected.

    The prior is gamma about 1, of these strengths, which are weighted by EM.
    """
    mean, typical = np.zeros(count.size), np.zeros(count.size)
    likelihood, alone = np.empty((count.size, strengths.size)), _alone(strengths)
    for i in range(count.size):
        _weigh_strengths(count[i], expected[i], strengths, alone, likelihood[i])
    weights = np.full(strengths.size, 1 / strengths.size)
    for _ in range(steps - 1):
        used = np.zeros(strengths.size)
        for i in range(count.size):
            whole = 0.0
            for k in range(strengths.size):
                whole += likelihood[i, k] * weights[k]
            for k in range(strengths.size):
                used[k] += likelihood[i, k] * weights[k] / whole
        weights = used / count.size
    for i in range(count.size):
        whole = log_mean = 0.0
        for k in range(strengths.size):
            share, shape, rate = (
                likelihood[i, k] * weights[k],
                count[i] + strengths[k],
                expected[i] + strengths[k],
            )
            whole += share
            mean[i] += share * shape / rate
            log_mean += share * (_digamma(shape) - math.log(rate))
        mean[i] /= whole
        typical[i] = math.exp(log_mean / whole)
    return mean, typical


@numba.njit(cache=True, nogil=True)
def _digamma(x: float) -> float:
    """Digamma above zero: by recurrence up to 8, and by the asymptotic series from there (Bernardo 1976)."""
    below = 0.0
    while x < 8:
        below += 1 / x
        x += 1
    square = 1 / (x * x)
    series = 1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square / 132)))
    return math.log(x) - 0.5 / x - square * series - below


@numba.njit(cache=True, nogil=True)
def draw_strengths(
    count: Floats, expected: Floats, weights: Floats, strengths: Floats, uniform: Floats
) -> tuple[Floats, Floats]:
    """Draw a strength for each count, `weights` being how probable each is; in what shares they are used."""
    drawn, used = np.empty(count.size), np.zeros(strengths.size)
    alone, chance = _alone(strengths), np.empty(strengths.size)
    for i in range(count.size):
        _weigh_strengths(count[i], expected[i], strengths, alone, chance)
        chance *= weights
        chance /= chance.sum()
        used += chance
        wanted, k = uniform[i], 0
        while k < strengths.size - 1 and wanted >= chance[k]:
            wanted -= chance[k]
            k += 1
        drawn[i] = strengths[k]
    return drawn, used / count.size


@numba.njit(cache=True, nogil=True)
def _alone(strengths: Floats) -> Floats:
    """Part of the logarithm of the negative binomial law that knows nothing of the count."""
    alone = np.empty(strengths.size)
    for k in range(strengths.size):
        alone[k] = strengths[k] * math.log(strengths[k]) - math.lgamma(strengths[k])
    return alone


@numba.njit(cache=True, nogil=True)
def _weigh_strengths(count: float, expected: float, strengths: Floats, alone: Floats, chance: Floats) -> None:
    """Relative likelihood of every strength, by the negative binomial law, scaled to at most 1."""
    mean, most = max(expected, 1e-9), -np.inf
    for k in range(strengths.size):
        own = count + strengths[k]
        chance[k] = math.lgamma(own) + alone[k] - own * math.log(mean + strengths[k])
        most = max(most, chance[k])
    for k in range(strengths.size):
        chance[k] = math.exp(chance[k] - most)
