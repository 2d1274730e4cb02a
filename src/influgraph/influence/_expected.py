"""What accounts like it get: a negative binomial regression on followers, posts, niche and age."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from influgraph.influence._arrays import Floats

SMALLEST_NICHE = 30
_MAX_FITTED = 20_000
_MOST_ERROR = 4.0
# Few accounts cannot tell how much they scatter; that they do not at all is the least likely.
_LIKELY_SHAPE, _SHAPE_SPREAD = 2.0, 1.5
_KNOTS = (0.05, 0.35, 0.65, 0.95)


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


def covariates(popularity: pd.DataFrame, niche: pd.Series, *, age: pd.Series | None = None) -> pd.DataFrame:
    """Logs of followers (with bends), posts and age, and niche, standardised; without what does not vary."""
    followers = np.log1p(popularity["followers"].to_numpy(np.float64))
    posts = np.log1p(popularity["posts"].fillna(0).to_numpy(np.float64))
    large = niche.map(niche.value_counts()).ge(SMALLEST_NICHE).fillna(value=False)
    niches = pd.get_dummies(niche.where(large), dtype=np.float64, drop_first=True)
    counts = pd.DataFrame({"followers": followers, "posts": posts}, niche.index)
    columns = counts.join([_bends(counts["followers"]), niches.add_prefix("niche "), *_ages(age)])
    columns = columns.loc[:, np.ptp(columns.to_numpy(), axis=0) > 1e-9]
    values = columns.to_numpy()
    return pd.DataFrame((values - values.mean(axis=0)) / values.std(axis=0), columns.index, columns.columns)


def _ages(age: pd.Series | None) -> list[pd.DataFrame]:
    """Columns of age in days (log; the mean where it is unknown), and of its being unknown to many."""
    if age is None or age.isna().all():
        return []
    known, unknown = age.astype("float64").clip(lower=0).transform(np.log1p), age.isna()
    columns = {"age": known.fillna(known.mean())}
    if unknown.sum() >= SMALLEST_NICHE:
        columns["age unknown"] = unknown.astype("float64")
    return [pd.DataFrame(columns)]


def _bends(values: pd.Series) -> pd.DataFrame:
    """Columns that let a line bend at four quantiles, and go straight on at both ends (Stone & Koo 1985)."""
    knots = np.quantile(values, _KNOTS)
    if len(np.unique(knots)) < len(knots):
        return pd.DataFrame({"bend": values**2})
    last, end = knots[-2:]
    above = {knot: np.maximum(values - knot, 0) ** 3 for knot in knots}
    bends = {
        f"bend {place}": above[knot]
        - above[last] * (end - knot) / (end - last)
        + above[end] * (last - knot) / (end - last)
        for place, knot in enumerate(knots[:-2])
    }
    return pd.DataFrame(bends)


def usual_counts(received: Floats, known: pd.DataFrame) -> Usual:
    """Fit what is usual by what is known of the accounts."""
    from scipy import optimize

    def misfit(log_shape: float) -> float:
        surprise = ((log_shape - np.log(_LIKELY_SHAPE)) / _SHAPE_SPREAD) ** 2 / 2
        return float(surprise - _log_likelihood(received[fitted], expected[fitted], np.exp(log_shape)))

    columns = np.column_stack([np.ones(len(known)), known.to_numpy()])
    fitted = np.argsort(columns.sum(axis=1), kind="stable")[:: len(received) // _MAX_FITTED + 1]
    shape, coefficients = 1.0, np.zeros(0)
    for _ in range(4):
        coefficients, errors = _fit(received[fitted], columns[fitted], shape, coefficients)
        expected = np.exp(np.clip(columns @ coefficients, -20, 30))
        shape = float(np.exp(optimize.minimize_scalar(misfit, bounds=(-5, 8), method="bounded").x))
    error = np.nan_to_num(np.einsum("ij,jk,ik->i", columns, errors, columns), nan=_MOST_ERROR)
    return Usual(expected, np.clip(error, 0, _MOST_ERROR), shape, coefficients[1:])


def rising_counts(received: Floats, known: pd.DataFrame) -> Usual:
    """As `usual_counts`, but more followers never make less usual: log-linear in them, or not at all."""
    line = known.drop(columns=[name for name in known if str(name).startswith("bend")])
    usual = usual_counts(received, line)
    falls = usual.effects[line.columns == "followers"].sum() < 0
    return usual_counts(received, line.drop(columns="followers")) if falls else usual


def _fit(received: Floats, columns: Floats, shape: float, start: Floats) -> tuple[Floats, Floats]:
    """Coefficients and their covariance."""
    import statsmodels.api as sm

    model = sm.GLM(received, columns, family=sm.families.NegativeBinomial(alpha=1 / shape))
    with warnings.catch_warnings():
        # Few accounts may leave covariates collinear: the pseudo-inverse then takes the shortest solution.
        warnings.simplefilter("ignore")
        fit = model.fit(start_params=start if len(start) else None)
        return np.asarray(fit.params, dtype=np.float64), np.asarray(fit.cov_params(), dtype=np.float64)


def _log_likelihood(received: Floats, expected: Floats, shape: float) -> float:
    from scipy import special

    counts = special.gammaln(received + shape) - special.gammaln(shape)
    odds = shape * np.log(shape / (shape + expected)) + received * np.log(expected / (shape + expected))
    return float((counts + odds).sum())
