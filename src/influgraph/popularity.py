"""How many see an account: counts, which are reach and not influence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from influgraph.dataset import resolved_engagements

if TYPE_CHECKING:
    from collections.abc import Mapping

    from influgraph.dataset import Dataset


def popularity(data: Dataset) -> pd.DataFrame:
    """Counts of each account's followers, activity and engagement.

    Parameters
    ----------
    data
        Any of its tables may be empty: what then is unknown comes from what accounts state, else is null.

    Returns
    -------
    One row per account, all ``Int64``:

    - ``followers``: accounts that follow it in `follows`; without that table ``followers_stated``
    - ``following``: accounts it follows; without that table ``following_stated``
    - ``followers_stated``: as given, null where not
    - ``posts``: its rows in `posts`; without that table ``posts_stated``
    - ``engagements_received``: acts that others did to it or its posts, reposts and replies that only
      `posts` tells of included; null if the data hold no act whose receiver is known

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> follows = pd.DataFrame({"follower_id": ["ben", "cem", "dia"], "followed_id": ["ann", "ann", "eva"]})
    >>> popularity(from_tables(follows=follows)).loc[["ann", "ben", "eva"], "followers"].tolist()
    [2, 0, 1]
    """
    follows, acts = data.follows, resolved_engagements(data)
    counts = {
        "followers": _counted(data, follows["followed_id"], "followers_stated"),
        "following": _counted(data, follows["follower_id"], "following_stated"),
        "followers_stated": _stated(data, "followers_stated"),
        "posts": _counted(data, data.posts["author_id"], "posts_stated"),
        "engagements_received": _counted(data, acts["receiver_id"]),
    }
    return pd.DataFrame(counts, index=data.account_ids)


def tier(popularity_frame: pd.DataFrame, *, bounds: Mapping[str, int]) -> pd.Series:
    """Tier of each account by its followers: as stated where given, else as counted.

    Parameters
    ----------
    popularity_frame
        ``followers_stated`` and ``followers``, as `popularity` returns them.
    bounds
        The least number of followers of each tier, smallest tier first.

    Returns
    -------
    An ordered categorical over the names in `bounds`; null below the lowest bound and where the
    followers are unknown.

    Raises
    ------
    ValueError
        If the bounds are none, negative or not increasing.

    Examples
    --------
    >>> counts = pd.DataFrame({"followers_stated": [None, 20_000, 7], "followers": [300, 5, 90]})
    >>> tier(counts.astype("Int64"), bounds={"nano": 10, "micro": 10_000}).tolist()
    ['nano', 'micro', nan]
    """
    lowest = np.array(list(bounds.values()), float)
    if not len(lowest) or not lowest[0] >= 0 or not (np.diff(lowest) > 0).all():
        raise ValueError(f"bounds must be at least one, not negative and increasing, received {dict(bounds)}")
    followers = popularity_frame["followers_stated"].fillna(popularity_frame["followers"])
    place = np.searchsorted(lowest, followers.to_numpy(float, na_value=-1.0), side="right") - 1
    tiers = pd.Categorical.from_codes(place, categories=pd.Index(list(bounds)), ordered=True)
    return pd.Series(tiers, index=popularity_frame.index, name="tier")


def _counted(data: Dataset, accounts: pd.Series, stated: str = "") -> pd.Series:
    """How often each account occurs (null: nobody); where nobody does, what the accounts state."""
    if accounts.isna().all():
        return _stated(data, stated)
    counts = np.bincount(accounts.dropna().cat.codes, minlength=len(data.accounts))
    return pd.Series(counts, data.account_ids, "Int64")


def _stated(data: Dataset, column: str) -> pd.Series:
    """Counts as the accounts state them, null where they do not."""
    if column not in data.accounts:
        return pd.Series(pd.NA, data.account_ids, "Int64")
    return data.accounts[column].astype("Int64")
