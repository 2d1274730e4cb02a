"""Influence beyond popularity: the response an account gets against what accounts like it get."""

import numpy as np
import pandas as pd

from influgraph.influence import _expected

_MIN_ACCOUNTS = 20


def beyond_popularity(
    popularity: pd.DataFrame, niche: pd.Series, *, age: pd.Series | None = None, cut: bool = False
) -> pd.DataFrame:
    """Ratio of engagements received to those expected for an account's followers, posts, niche and age.

    Engagements are regressed on followers (log, as a line that may bend), posts, age (logs) and niche by a
    negative binomial model. Its gamma heterogeneity is then the prior of every account's ratio, so that small
    accounts are drawn towards 1 as far as their data are few, and nobody is left out for being small. Of
    more than 20,000 accounts, the model is fitted on that many, evenly spaced, and applied to all.

    Parameters
    ----------
    popularity
        Frame with `followers`, `posts` and `engagements_received`, one row per account; with
        `followers_stated` where lists are cut.
    niche
        Niche of each account, same index; null = none. Niches under 30 accounts are taken together.
    age
        Days from the account's creation to the start of the study, same index, below 0 if it came later;
        null: unknown, taken as the mean, and as a class of its own where 30 or more are unknown.
    cut
        Whether the lists of followers end before their end, so that counting them says how the list was cut:
        then accounts are compared by the followers they state, and the others not at all. Lists that are a
        random sample are not cut in this sense: of every account the same share is missing.

    Returns
    -------
    beyond_popularity, beyond_popularity_low, beyond_popularity_high, above 0; 1 = as expected; 90 %
    interval, with what is not known about the expectation. Null for accounts of unknown followers, for
    accounts without a post where posts are listed, and for everybody where fewer than 20 accounts or no
    engagement can be compared; `beyond_popularity_missing` says which, null where there is a ratio.

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
    if cut:
        popularity = popularity.assign(followers=popularity["followers_stated"])
    result = pd.DataFrame(np.nan, index=popularity.index, columns=names)
    missing = _missing(popularity, cut=cut)
    compared = missing.isna()
    if compared.any():
        received = popularity.loc[compared, "engagements_received"].to_numpy(np.float64)
        ages = None if age is None else age[compared]
        known = _expected.covariates(popularity[compared], niche[compared], age=ages)
        usual = _expected.usual_counts(received, known)
        result.loc[compared] = usual.ratio(received)
    result["beyond_popularity_missing"] = missing
    return result


def _missing(popularity: pd.DataFrame, *, cut: bool) -> pd.Series:
    """Why an account is not compared; null where it is."""
    received, posts = popularity["engagements_received"], popularity["posts"].fillna(0)
    reason = pd.Series(None, popularity.index, dtype="str")
    reason[posts.eq(0) & bool(posts.gt(0).any())] = "no post"
    unknown = "lists of followers are cut, and it states no number" if cut else "its followers are unknown"
    reason[popularity["followers"].isna()] = unknown
    reason[received.isna()] = "no engagement whose receiver is known"
    compared = reason.isna()
    if compared.sum() < _MIN_ACCOUNTS:
        return reason.fillna(f"fewer than {_MIN_ACCOUNTS} accounts can be compared")
    return reason if received[compared].gt(0).any() else reason.fillna("nobody received an engagement")
