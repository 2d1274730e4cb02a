"""What accounts like it get: a negative binomial regression on followers, posts and niche."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from influgraph.influence._arrays import Floats

SMALLEST_NICHE = 30
_MAX_FITTED = 20_000
_MOST_ERROR = 4.0


@dataclass(frozen=True)
class Usual:
    """What is usual for each account: `expected` counts, and the error variance of their logarithm.

    Accounts scatter about it by a gamma of this `shape` and mean 1. `effects`: of the covariates.
    """

    expected: Floats
    error: Floats
    shape: float
    effects: Floats

    def ratio(self, received: Floats) -> Floats:
        """Received over expected (accounts x mean, low, high; 90 %), drawn to 1 as far as the data are few.

        The gamma-Poisson posterior, widened by how well what is usual is known.
        """
        from scipy import stats

        posterior = self.shape + received
        shape = 1 / (1 / posterior + self.error)
        mean = posterior / (self.shape + self.expected)
        ends = [stats.gamma.ppf(level, shape) / shape for level in (0.05, 0.95)]
        return np.column_stack([mean, mean * np.minimum(ends[0], 1), mean * np.maximum(ends[1], 1)])


def covariates(popularity: pd.DataFrame, niche: pd.Series) -> pd.DataFrame:
    """Followers (log, and its square), posts (log) and niche, standardised; without what does not vary."""
    followers = np.log1p(popularity["followers"].to_numpy(np.float64))
    posts = np.log1p(popularity["posts"].fillna(0).to_numpy(np.float64))
    large = niche.map(niche.value_counts()).ge(SMALLEST_NICHE).fillna(value=False)
    niches = pd.get_dummies(niche.where(large), dtype=np.float64, drop_first=True)
    counts = pd.DataFrame({"followers": followers, "squared": followers**2, "posts": posts}, niche.index)
    columns = counts.join(niches.add_prefix("niche "))
    columns = columns.loc[:, np.ptp(columns.to_numpy(), axis=0) > 1e-9]
    return (columns - columns.mean()) / columns.std(ddof=0)


def usual_counts(received: Floats, known: pd.DataFrame) -> Usual:
    """Fit what is usual by what is known of the accounts."""
    from scipy import optimize

    def misfit(log_shape: float) -> float:
        return -_log_likelihood(received[fitted], expected[fitted], np.exp(log_shape))

    columns = np.column_stack([np.ones(len(known)), known.to_numpy()])
    fitted = np.argsort(columns.sum(axis=1), kind="stable")[:: len(received) // _MAX_FITTED + 1]
    shape, coefficients = 1.0, None
    for _ in range(4):
        coefficients, errors = _fit(received[fitted], columns[fitted], shape, coefficients)
        expected = np.exp(np.clip(columns @ coefficients, -20, 30))
        shape = float(np.exp(optimize.minimize_scalar(misfit, bounds=(-5, 8), method="bounded").x))
    error = np.nan_to_num(np.einsum("ij,jk,ik->i", columns, errors, columns), nan=_MOST_ERROR)
    return Usual(expected, np.clip(error, 0, _MOST_ERROR), shape, coefficients[1:])


def rising_counts(received: Floats, known: pd.DataFrame) -> Usual:
    """As `usual_counts`, but more followers never make less usual: log-linear in them, or not at all."""
    line = known.drop(columns="squared", errors="ignore")
    usual = usual_counts(received, line)
    falls = usual.effects[line.columns == "followers"].sum() < 0
    return usual_counts(received, line.drop(columns="followers")) if falls else usual


def _fit(received: Floats, columns: Floats, shape: float, start: Floats | None) -> tuple[Floats, Floats]:
    """Coefficients and their covariance."""
    import statsmodels.api as sm

    model = sm.GLM(received, columns, family=sm.families.NegativeBinomial(alpha=1 / shape))
    with warnings.catch_warnings():
        # Few accounts may leave covariates collinear: the pseudo-inverse then takes the shortest solution.
        warnings.simplefilter("ignore")
        fit = model.fit(start_params=start)
        return np.asarray(fit.params, dtype=np.float64), np.asarray(fit.cov_params(), dtype=np.float64)


def _log_likelihood(received: Floats, expected: Floats, shape: float) -> float:
    from scipy import special

    counts = special.gammaln(received + shape) - special.gammaln(shape)
    odds = shape * np.log(shape / (shape + expected)) + received * np.log(expected / (shape + expected))
    return float((counts + odds).sum())
