"""Compiled loops over hours, and over outcomes and the niches by whose hours each account may go."""

import math

import numba
import numpy as np
import numpy.typing as npt

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
def draw_niches(
    account: Ints, hour: Ints, start: Ints, niche: Ints, share: Floats, rate: Floats, uniform: Floats
) -> npt.NDArray[np.int64]:
    """Draw by which niche of its account each outcome goes: a place in `niche`. Arguments as `mix_rates`."""
    chosen = np.empty(account.size, np.int64)
    for i in range(account.size):
        first, last, now = start[account[i]], start[account[i] + 1], rate[hour[i]]
        whole = 0.0
        for k in range(first, last):
            whole += share[k] * now[niche[k]]
        wanted, k = uniform[i] * whole, first
        while k < last - 1 and wanted >= share[k] * now[niche[k]]:
            wanted -= share[k] * now[niche[k]]
            k += 1
        chosen[i] = k
    return chosen


@numba.njit(cache=True, nogil=True)
def share_strengths(count: Floats, expected: Floats, strengths: Floats, steps: int) -> Floats:
    """Probability of every strength of the prior for each count (counts x strengths), weighted by EM."""
    shares, weights = np.empty((count.size, strengths.size)), np.full(strengths.size, 1 / strengths.size)
    alone = _alone(strengths)
    likelihood = np.empty_like(shares)
    for i in range(count.size):
        _weigh_strengths(count[i], expected[i], strengths, alone, likelihood[i])
    for _ in range(steps):
        used = np.zeros(strengths.size)
        for i in range(count.size):
            whole = 0.0
            for k in range(strengths.size):
                shares[i, k] = likelihood[i, k] * weights[k]
                whole += shares[i, k]
            for k in range(strengths.size):
                shares[i, k] /= whole
                used[k] += shares[i, k]
        weights = used / count.size
    return shares


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
