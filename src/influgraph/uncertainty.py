"""How sure: rank intervals and the agreement of partitions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ACCOUNTS_AT_ONCE = 10_000


def rank_intervals(estimate: pd.Series, draws: NDArray[np.floating]) -> pd.DataFrame:
    """Each account's rank by `estimate`, and the range its rank has over draws of what is estimated.

    Rank 1 is the highest; ties take the smallest rank. The range is the 90 % interval of each
    account's rank taken alone: in each draw all accounts are ranked anew, and the 5 % and
    95 % quantiles are rounded outwards to ranks that occurred, and on to the rank itself where it lies
    beyond. Needs 4 bytes per estimated account and draw beside the draws themselves.

    Parameters
    ----------
    estimate
        One number per account; an account without one (null) is not ranked and takes no rank from others.
    draws
        Accounts x draws: what the estimates could as well have been, rows as in `estimate`.

    Returns
    -------
    Indexed like `estimate`, all ``Int64`` and null where the estimate is: ``rank, rank_low, rank_high``.

    Raises
    ------
    ValueError
        If `draws` has another number of rows, no columns, or nulls where there is an estimate.

    References
    ----------
    Mogstad, Romano, Shaikh & Wilhelm (2024), Inference for ranks with applications to mobility across
    neighbourhoods and academic achievement across countries (who hold such marginal intervals against
    simultaneous ones).

    Examples
    --------
    >>> estimate = pd.Series([5.0, 3.0, None, 3.0, 0.0], index=["ann", "ben", "cem", "dia", "eva"])
    >>> draws = np.array([[5, 6, 2], [3, 2, 4], [0, 0, 0], [3, 3, 3], [0, -1, 1]])
    >>> rank_intervals(estimate, draws)
         rank  rank_low  rank_high
    ann     1         1          3
    ben     2         1          3
    cem  <NA>      <NA>       <NA>
    dia     2         2          2
    eva     4         4          4
    """
    known = estimate.notna().to_numpy()
    if draws.ndim != 2 or draws.shape[0] != len(estimate) or draws.shape[1] == 0:
        raise ValueError(f"draws must be {len(estimate)} accounts x at least 1 draw, received {draws.shape}")
    rank = _descending_rank(estimate.to_numpy(float, na_value=np.nan)[known])
    drawn = np.empty((draws.shape[1], known.sum()), np.int32)
    for number in range(draws.shape[1]):
        values = draws[known, number]
        if np.isnan(values).any():
            raise ValueError(
                f"draws must have a value wherever there is an estimate, received null in draw {number}"
            )
        drawn[number] = _descending_rank(values)
    low, high = _outer_quantiles(drawn)
    columns = {"rank": rank, "rank_low": np.minimum(rank, low), "rank_high": np.maximum(rank, high)}
    ranks = pd.DataFrame(columns, index=estimate.index[known], dtype="Int64")
    return ranks.set_axis(np.flatnonzero(known)).reindex(range(len(known))).set_axis(estimate.index)


def partition_agreement(first: ArrayLike, second: ArrayLike) -> float:
    """Adjusted Rand index of two partitions of the same accounts: 1 = the same, 0 = as alike as by chance.

    Accounts without a label (null) in either are left out; partitions of fewer than two accounts agree.

    Raises
    ------
    ValueError
        If the lengths differ.

    References
    ----------
    Hubert & Arabie (1985), Comparing partitions.

    Examples
    --------
    >>> round(partition_agreement(["a", "a", "b", "b", "b"], [1, 1, 2, 2, 3]), 3)
    0.545
    """
    one, other = (pd.factorize(np.asarray(labels))[0].astype(np.int64) for labels in (first, second))
    if len(one) != len(other):
        raise ValueError(f"first and second must be equally long, received {len(one)} and {len(other)}")
    both = (one >= 0) & (other >= 0)
    one, other = one[both], other[both]
    _, shared = np.unique(one * (other.max(initial=0) + 1) + other, return_counts=True)
    together, in_one, in_other = (_pairs(counts) for counts in (shared, np.bincount(one), np.bincount(other)))
    by_chance = in_one * in_other / max(_pairs(np.array([len(one)])), 1.0)
    most = (in_one + in_other) / 2
    return 1.0 if most == by_chance else float((together - by_chance) / (most - by_chance))


def _pairs(sizes: NDArray[np.int64]) -> float:
    """How many pairs of accounts share a part of one of these sizes."""
    return float((sizes.astype(float) * (sizes - 1) / 2).sum())


def _descending_rank(values: NDArray[np.floating]) -> NDArray[np.int32]:
    """1 = the highest; ties take the smallest rank."""
    order = np.argsort(-values)
    ordered = values[order]
    places = np.arange(1, len(values) + 1, dtype=np.int32)
    places[1:][ordered[1:] == ordered[:-1]] = 0
    ranks = np.empty_like(places)
    ranks[order] = np.maximum.accumulate(places)
    return ranks


def _outer_quantiles(ranks: NDArray[np.int32]) -> NDArray[np.int32]:
    """5 % and 95 % quantiles over the rows, rounded outwards; a few accounts at once, to copy little."""
    last = len(ranks) - 1
    bounds = np.empty((2, ranks.shape[1]), np.int32)
    for start in range(0, ranks.shape[1], ACCOUNTS_AT_ONCE):
        block = slice(start, start + ACCOUNTS_AT_ONCE)
        in_order = np.sort(ranks[:, block].T, axis=1)
        bounds[:, block] = in_order[:, [math.floor(0.05 * last), math.ceil(0.95 * last)]].T
    return bounds
