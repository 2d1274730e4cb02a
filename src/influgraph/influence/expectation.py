"""Influence beyond popularity: the response an account gets against what accounts like it get."""

import numpy as np
import pandas as pd

from influgraph.influence import _expected

_MIN_ACCOUNTS = 20


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
    names = ["beyond_popularity", "beyond_popularity_low", "beyond_popularity_high"]
    result = pd.DataFrame(np.nan, index=popularity.index, columns=names)
    compared = _comparable(popularity)
    received = popularity.loc[compared, "engagements_received"].to_numpy(np.float64)
    if len(received) < _MIN_ACCOUNTS or not received.any():
        return result
    usual = _expected.usual_counts(received, _expected.covariates(popularity[compared], niche[compared]))
    result.loc[compared] = usual.ratio(received)
    return result


def _comparable(popularity: pd.DataFrame) -> pd.Series:
    compared = popularity["followers"].notna() & popularity["engagements_received"].notna()
    if popularity["posts"].fillna(0).gt(0).any():
        compared &= popularity["posts"].fillna(0).gt(0)
    return compared
