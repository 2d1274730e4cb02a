"""One number for each account: an order that suits all accounts, at sizes that add up."""

import numpy as np

from influgraph.influence._arrays import Floats

# Outcomes below which one effect is hardly told from another: where the logarithm turns into a line.
LEAST_TOLD = 0.3
_STRICT = 0.1


def point_estimates(mean: Floats, order: Floats, low: Floats, high: Floats) -> Floats:
    """Effects that rise with `order`, at the size that posterior means of that order have, within intervals.

    Posterior means rank ill: of two accounts without a sign of influence the one with more exposure has the
    larger mean, for nothing is known of either but that it may yet have moved somebody. What serves the mean
    of squared errors does not serve the order (Laird & Louis 1989; Shen & Louis 1998). So the order is
    that of the mean logarithm (`typical`), and the sizes are the isotonic regression of the means on it
    (Barlow & Brunk 1972), which keeps their sum but for what intervals cut off; a tenth is `order` itself, so
    that none tie.
    """
    from scipy import optimize

    if not len(mean) or order.sum() <= 0:
        return mean
    place = np.argsort(order, kind="stable")
    rising = np.empty(len(mean))
    rising[place] = optimize.isotonic_regression(mean[place]).x
    blended = (1 - _STRICT) * rising + _STRICT * order * (mean.sum() / order.sum())
    return np.asarray(np.clip(blended, low, np.maximum(high, low)))


def typical(probability: Floats, sizes: Floats) -> Floats:
    """Effect at the mean logarithm of effects (authors x sizes), counted from `LEAST_TOLD` outcomes on."""
    mean_log = (probability * np.log1p(sizes / LEAST_TOLD)).sum(axis=1)
    return np.asarray(LEAST_TOLD * np.expm1(mean_log))
