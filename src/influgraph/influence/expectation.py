"""Influence beyond popularity: the response an account gets against what accounts like it get."""

import warnings

import numpy as np
import pandas as pd

from influgraph.influence._arrays import Floats

SMALLEST_NICHE = 30
_MIN_ACCOUNTS = 20
_MAX_FITTED = 20_000


def beyond_popularity(popularity: pd.DataFrame, niche: pd.Series) -> pd.DataFrame:
    """Ratio of engagements received to those expected for an account's followers, posts and niche.

    Engagements are regressed on followers (log, and its square), posts (log) and niche by a negative
    binomial model. Its gamma heterogeneity is then the prior of every account's ratio, so that small
    accounts are drawn towards 1 as far as their data are few, and nobody is left out for being small. Of
    more than 20,000 accounts, the model is fitted on that many, evenly spaced, and applied to all.

    Parameters
    ----------
    popularity
        Frame with `followers`, `posts` and `engagements_received`, one row per account.
    niche
        Niche of each account, same index; null = none. Niches under 30 accounts are taken together.

    Returns
    -------
    beyond_popularity, beyond_popularity_low, beyond_popularity_high, above 0; 1 = as expected; 90 %
    interval. Null for accounts of unknown followers, for accounts without a post where posts are listed,
    and for everybody where fewer than 20 accounts or no engagement can be compared.

    Notes
    -----
    Grade `estimated`: a description of who gets more response than usual, not a causal claim.

    References
    ----------
    Gamma-Poisson shrinkage: Clayton & Kaldor (1987), Empirical Bayes estimates of age-standardized
    relative risks.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame(
    ...     {"followers": 100, "posts": 5, "engagements_received": [10] * 29 + [80]}, index=range(30)
    ... )
    >>> ratio = beyond_popularity(counts, pd.Series(0, index=range(30)))
    >>> bool(ratio.loc[29, "beyond_popularity_low"] > 1), bool(ratio.loc[0, "beyond_popularity"] < 1)
    (True, True)
    """
    from scipy import stats

    names = ["beyond_popularity", "beyond_popularity_low", "beyond_popularity_high"]
    result = pd.DataFrame(np.nan, index=popularity.index, columns=names)
    compared = _comparable(popularity)
    received = popularity.loc[compared, "engagements_received"].to_numpy(np.float64)
    if len(received) < _MIN_ACCOUNTS or not received.any():
        return result
    expected, shape = _expected_engagements(received, _covariates(popularity[compared], niche[compared]))
    posterior = stats.gamma(shape + received, scale=1 / (shape + expected))
    result.loc[compared] = np.column_stack([posterior.mean(), posterior.ppf(0.05), posterior.ppf(0.95)])
    return result


def _comparable(popularity: pd.DataFrame) -> pd.Series:
    compared = popularity["followers"].notna() & popularity["engagements_received"].notna()
    if popularity["posts"].fillna(0).gt(0).any():
        compared &= popularity["posts"].fillna(0).gt(0)
    return compared


def _covariates(popularity: pd.DataFrame, niche: pd.Series) -> Floats:
    followers = np.log1p(popularity["followers"].to_numpy(np.float64))
    posts = np.log1p(popularity["posts"].fillna(0).to_numpy(np.float64))
    large = niche.map(niche.value_counts()).ge(SMALLEST_NICHE).fillna(value=False)
    niches = pd.get_dummies(niche.where(large), dtype=np.float64, drop_first=True).to_numpy()
    columns = np.column_stack([followers, followers**2, posts, niches])
    columns = columns[:, np.ptp(columns, axis=0) > 1e-9]
    columns = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    return np.column_stack([np.ones(len(columns)), columns])


def _expected_engagements(received: Floats, covariates: Floats) -> tuple[Floats, float]:
    """Fitted means, and the shape of the gamma that scatters accounts about them."""
    from scipy import optimize

    def misfit(log_shape: float) -> float:
        return -_log_likelihood(received[fitted], expected[fitted], np.exp(log_shape))

    fitted = np.argsort(covariates.sum(axis=1), kind="stable")[:: len(received) // _MAX_FITTED + 1]
    shape, coefficients = 1.0, None
    for _ in range(4):
        coefficients = _coefficients(received[fitted], covariates[fitted], shape, coefficients)
        expected = np.exp(np.clip(covariates @ coefficients, -20, 30))
        shape = float(np.exp(optimize.minimize_scalar(misfit, bounds=(-5, 8), method="bounded").x))
    return expected, shape


def _coefficients(received: Floats, covariates: Floats, shape: float, start: Floats | None) -> Floats:
    import statsmodels.api as sm

    model = sm.GLM(received, covariates, family=sm.families.NegativeBinomial(alpha=1 / shape))
    with warnings.catch_warnings():
        # Few accounts may leave covariates collinear: the pseudo-inverse then takes the shortest solution.
        warnings.simplefilter("ignore")
        return np.asarray(model.fit(start_params=start).params, dtype=np.float64)


def _log_likelihood(received: Floats, expected: Floats, shape: float) -> float:
    from scipy import special

    counts = special.gammaln(received + shape) - special.gammaln(shape)
    odds = shape * np.log(shape / (shape + expected)) + received * np.log(expected / (shape + expected))
    return float((counts + odds).sum())
