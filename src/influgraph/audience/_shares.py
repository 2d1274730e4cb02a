"""Shares of counts, and how sure they are."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.bool_]

LOW, HIGH = 0.05, 0.95
WIDTH = 1.6448536269514722  # standard errors from the middle of a normal to either
_MIN_LISTS = 10


def jeffreys(counts: Floats, sizes: Floats) -> tuple[Floats, Floats]:
    """Ends of the 90 % interval of a share: Jeffreys, which reaches 0 for none and 1 for all; NaN of none.

    Brown, Cai & DasGupta (2001), Interval estimation for a binomial proportion.
    """
    return beta_interval(counts, sizes, (0.5, 0.5), to_ends=True)


def beta_interval(
    counts: Floats, sizes: Floats, prior: tuple[float, float], *, to_ends: bool = False
) -> tuple[Floats, Floats]:
    """Ends of the 90 % interval of a share under a beta prior; NaN of none."""
    from scipy.special import betaincinv

    rest = np.maximum(sizes - counts, 0.0)
    low, high = (betaincinv(counts + prior[0], rest + prior[1], level) for level in (LOW, HIGH))
    if to_ends:
        low, high = np.where(counts > 0, low, 0.0), np.where(rest > 0, high, 1.0)
    known = sizes > 0
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def fit_beta(counts: Floats, sizes: Floats) -> tuple[float, float]:
    """Beta of which the shares of many lists were drawn, by likelihood; Jeffreys' where lists are too few."""
    from scipy import optimize, special

    used = sizes > 0
    counts, rest = counts[used], (sizes - counts)[used]
    if len(counts) < _MIN_LISTS:
        return 0.5, 0.5

    def misfit(logs: Floats) -> float:
        first, second = np.exp(logs)
        return -float((special.betaln(counts + first, rest + second) - special.betaln(first, second)).sum())

    found = optimize.minimize(misfit, np.zeros(2), bounds=[(-4.0, 7.0)] * 2, method="L-BFGS-B")
    first, second = np.exp(found.x)
    return float(first), float(second)


def ratio(part: Floats | Ints, whole: Floats | Ints) -> Floats:
    """Part over whole; NaN of nothing."""
    result: Floats = np.full(np.shape(part), np.nan)
    return np.divide(part, whole, out=result, where=np.asarray(whole) > 0)


def first_reason(reasons: Mapping[str, Flags], index: pd.Index) -> pd.Series:
    """First reason that applies to each row; null where none does."""
    found = np.select(list(reasons.values()), list(reasons), "")
    return pd.Series(found, index, dtype="str").mask(found == "")
