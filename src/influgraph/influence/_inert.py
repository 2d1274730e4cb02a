"""Accounts that never do what is studied, whatever they see: they say nothing of what posts bring about.

Followers who cannot act, like bought ones, would thin out the effect on everyone else: an account's rate per
exposure falls with each of them, and with it the part of every real outcome that is credited to the account.
"""

from collections.abc import Callable

import numpy as np

from influgraph.influence._arrays import Floats, Ints
from influgraph.influence._exposure import Scene, only_members

LEAST_ACTORS = 30  # below which the law of counts is not fitted
FEW = 0.02  # idle by chance per actor: above it, to leave out all idle would choose people by their outcomes
NODES = 60  # of quadrature


def without_inert(scene: Scene) -> Scene:
    """Nobody without an outcome is exposed, where most of them never act; else the scene as it is.

    How many act, but by chance did not in the period, is told by the law of the counts of those who
    did. Where they are less than half of those without outcomes, each of these more likely never
    acts than not. Where they are more than one to fifty who act, all stay: whoever is exposed would
    have acted, and posts would be credited for it (.48 of the outcomes in a small world without influence).

    References
    ----------
    Lambert (1992), Zero-inflated Poisson regression, Technometrics, for a part that never acts. Grogger &
    Carson (1991), Models for truncated counts, Journal of Applied Econometrics, for the fit without zeros.
    """
    counts = np.bincount(scene.outcomes.account, minlength=len(scene.attention.start) - 1)
    idle = (counts == 0) & (np.diff(scene.attention.start) > 0)
    by_chance = idle_by_chance(counts[counts > 0])
    if 2 * by_chance >= idle.sum() or by_chance > FEW * np.count_nonzero(counts):
        return scene
    return only_members(scene, counts > 0)


def idle_by_chance(counts: Ints) -> float:
    """How many more would have had outcomes, but had none, by the counts (at least 1) of those who had.

    By the likelier of two laws of counts above zero: Poisson's with rates that are gamma or lognormal.
    Infinite where that cannot be told: few counts, or nobody with two.
    """
    if counts.size < LEAST_ACTORS or counts.max() == 1:
        return np.inf
    values, times = np.unique(counts, return_counts=True)
    _, none = max(_fitted(law, values, times) for law in (_gamma_rates, _lognormal_rates))
    return float(counts.size * none / max(1 - none, 1e-12))


def _fitted(law: Callable[[Ints, float, float], Floats], values: Ints, times: Ints) -> tuple[float, float]:
    """Log-likelihood of counts above zero at its greatest, and the chance of a zero there."""
    from scipy.optimize import minimize

    both = np.concatenate([[0], values])

    def chances(logs: Floats) -> Floats:
        mean, spread = np.exp(np.clip(logs, -9, 9))
        return np.clip(law(both, float(mean), float(spread)), 1e-300, 1 - 1e-12)

    def unlikely(logs: Floats) -> float:
        none, *some = chances(logs)
        return -float(times @ np.log(some) - times.sum() * np.log1p(-none))

    mean = np.log(times @ values / times.sum())
    best = minimize(unlikely, [mean, 0.0], method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-3})
    return -float(best.fun), float(chances(best.x)[0])


def _gamma_rates(values: Ints, mean: float, spread: float) -> Floats:
    """Negative binomial law: `spread` is the variance of rates over the square of their mean."""
    from scipy.stats import nbinom

    return np.asarray(nbinom.pmf(values, 1 / spread, 1 / (1 + spread * mean)))


def _lognormal_rates(values: Ints, mean: float, spread: float) -> Floats:
    """Poisson-lognormal law, `spread` the standard deviation of the logarithm, by quadrature."""
    from scipy.stats import poisson

    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    rates = mean * np.exp(np.clip(spread * nodes, -30, 30))
    return np.asarray(poisson.pmf(values[:, None], rates) @ (weights / weights.sum()))
