"""Rates that differ between accounts: a gamma distribution, learnt from all of them."""

import numpy as np

from influgraph.influence._arrays import Floats


def fit_gamma(counts: Floats, exposure: Floats) -> tuple[float, float]:
    """Shape and rate of the gamma of rates, given Poisson counts and how much each was exposed (above 0)."""
    from scipy import optimize, stats

    def misfit(logs: Floats) -> float:
        shape, mean = np.exp(logs)
        return -float(stats.nbinom.logpmf(counts, shape, shape / (shape + mean * exposure)).sum())

    start = np.array([0.0, np.log(max(counts.sum(), 0.5) / exposure.sum())])
    bounds = [(-6, 8), (start[1] - 6, start[1] + 6)]
    shape, mean = np.exp(optimize.minimize(misfit, start, bounds=bounds).x)
    return float(shape), float(shape / mean)
