"""How sure: rank intervals, bands that cannot be told apart, and the agreement of partitions."""

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
    account's rank taken alone: in each draw all accounts are ranked anew, those that tie hold all ranks of
    their tie (who has no effect is at no place among those without), and the 5 % quantile of the smallest,
    95 % of the largest are rounded outwards to ranks that occurred, and on to the rank itself where it lies
    beyond. Needs 8 bytes per estimated account and draw beside the draws themselves.

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
    simultaneous ones). Al Mohamad, van Zwet, Solari & Goeman (2021), Simultaneous confidence intervals for
    ranks using the partitioning principle (ranks of ties as sets).

    Examples
    --------
    >>> estimate = pd.Series([5.0, 3.0, None, 3.0, 0.0], index=["ann", "ben", "cem", "dia", "eva"])
    >>> draws = np.array([[5, 6, 2], [3, 2, 4], [0, 0, 0], [3, 3, 3], [0, -1, 1]])
    >>> rank_intervals(estimate, draws)
         rank  rank_low  rank_high
    ann     1         1          3
    ben     2         1          3
    cem  <NA>      <NA>       <NA>
    dia     2         2          3
    eva     4         4          4
    """
    known, drawn = _known_draws(estimate, draws)
    rank = _ranks(estimate.to_numpy(float, na_value=np.nan)[known])[0]
    ends = np.empty((2, draws.shape[1], known.sum()), np.int32)
    for number in range(draws.shape[1]):
        ends[:, number] = _ranks(drawn[:, number])
    low, high = _quantile(ends[0], 0.05), _quantile(ends[1], 0.95)
    columns = {"rank": rank, "rank_low": np.minimum(rank, low), "rank_high": np.maximum(rank, high)}
    return _for_all(pd.DataFrame(columns, dtype="Int64"), known, estimate.index)


def band(estimate: pd.Series, draws: NDArray[np.floating], *, level: float = 0.1) -> pd.Series:
    """Groups of accounts that cannot be told apart from the first of their band.

    Band 1 begins with the highest estimate and ends where those that follow can be said to lie below its
    first; there band 2 begins, and so on. How likely an account does not lie below the first is read off the
    draws that they share. The cut is made at the earliest account from which on, however far one reads, the
    mean of these chances stays within `level`: so at most this share of the accounts that stand below
    a band are expected to be placed wrongly against its first (posterior expected false-discovery rate). An
    account that nothing is known of so draws a band out, unless enough others beside it are sure. Accounts
    of equal estimate share a band. A call for 100,000 accounts and 200 draws takes about a second.

    Parameters
    ----------
    estimate
        One number per account.
    draws
        Accounts x draws from the joint posterior of what is estimated, rows as in `estimate`. Draws about
        estimates that were not drawn to their mean (of a bootstrap, say) overstate whoever comes first.
    level
        Share of wrong placements that is accepted, above 0 and below 1.

    Returns
    -------
    ``band``, ``Int64``, indexed like `estimate`: 1, 2, ... by falling estimate, null where that is null.

    Raises
    ------
    ValueError
        If `level` is out of range, or `draws` has another number of rows, no columns, or nulls where there
        is an estimate.

    References
    ----------
    Comparisons with the first: Mogstad, Romano, Shaikh & Wilhelm (2024), as `rank_intervals`, who bound the
    chance of any error; here their share, by Newton, Noueiry, Sarkar & Ahlquist (2004), Detecting
    differential gene expression with a semiparametric hierarchical mixture method, and Mueller, Parmigiani &
    Rice (2006), FDR and Bayesian multiple comparisons rules. Benjamini & Hochberg's rule would need p-values
    that are uniform where two accounts tie; chances drawn towards a shared prior are not.

    Examples
    --------
    >>> estimate = pd.Series([5.0, 4.5, None, 1.0, 0.5], index=["ann", "ben", "cem", "dia", "eva"])
    >>> draws = np.array([[5, 6, 4], [4, 5, 5], [0, 0, 0], [1, 1, 1], [0, 1, 0]])
    >>> band(estimate, draws).tolist()
    [1, 1, <NA>, 2, 2]
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie above 0 and below 1, received {level}")
    known, drawn = _known_draws(estimate, draws)
    values = estimate.to_numpy(float, na_value=np.nan)[known]
    order = np.lexsort((-drawn.mean(axis=1), -values))
    places = np.empty(len(order), np.int64)
    places[order] = _numbered(_band_starts(values[order], drawn[order], level), len(order))
    return _for_all(pd.DataFrame({"band": places}, dtype="Int64"), known, estimate.index)["band"]


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


def _known_draws(
    estimate: pd.Series, draws: NDArray[np.floating]
) -> tuple[NDArray[np.bool_], NDArray[np.floating]]:
    """Who has an estimate, and their draws."""
    if draws.ndim == 2 and len(draws) == estimate.notna().sum() < len(estimate):
        raise ValueError(
            f"draws must have a row for each of the {len(estimate)} accounts, received {len(draws)}, one for "
            "each that has an estimate: pass estimate.dropna()"
        )
    if draws.ndim != 2 or draws.shape[0] != len(estimate) or draws.shape[1] == 0:
        raise ValueError(f"draws must be {len(estimate)} accounts x at least 1 draw, received {draws.shape}")
    known = estimate.notna().to_numpy()
    drawn = draws if known.all() else draws[known]
    empty = np.isnan(drawn).any(axis=0)
    if empty.any():
        raise ValueError(
            f"draws must have a value wherever there is an estimate, received null in draw {empty.argmax()}"
        )
    return known, drawn


def _for_all(frame: pd.DataFrame, known: NDArray[np.bool_], index: pd.Index) -> pd.DataFrame:
    """Rows of the known accounts laid out over all of them, whose ids may repeat."""
    return frame.set_axis(np.flatnonzero(known)).reindex(range(len(known))).set_axis(index)


def _ranks(values: NDArray[np.floating]) -> NDArray[np.int32]:
    """Smallest and largest rank of each value, 1 = the highest; they differ where values tie."""
    order = np.argsort(-values)
    ordered = values[order]
    starts = np.concatenate([[0], np.flatnonzero(ordered[1:] != ordered[:-1]) + 1, [len(values)]])
    ranks = np.empty((2, len(values)), np.int32)
    for end, place in zip(ranks, (starts[:-1] + 1, starts[1:]), strict=True):
        end[order] = np.repeat(place, np.diff(starts))
    return ranks


def _quantile(ranks: NDArray[np.int32], level: float) -> NDArray[np.int32]:
    """Quantile over the rows, rounded outwards; a few accounts at once, to copy little."""
    last = len(ranks) - 1
    place = math.floor(level * last) if level < 0.5 else math.ceil(level * last)
    found = np.empty(ranks.shape[1], np.int32)
    for start in range(0, ranks.shape[1], ACCOUNTS_AT_ONCE):
        block = slice(start, start + ACCOUNTS_AT_ONCE)
        found[block] = np.sort(ranks[:, block].T, axis=1)[:, place]
    return found


def _band_starts(values: NDArray[np.floating], draws: NDArray[np.floating], level: float) -> list[int]:
    """Where bands begin, of values that fall."""
    count, first, starts = len(values), 0, []
    falls = np.concatenate([[False], values[1:] < values[:-1], [True]])
    next_fall = np.minimum.accumulate(np.where(falls, np.arange(count + 1), count)[::-1])[::-1]
    highest = np.maximum.accumulate(draws.max(axis=1)[::-1])[::-1]  # of this account and all after it
    while first < count:
        starts.append(first)
        sure = max(int(np.searchsorted(-highest, -draws[first].min(), side="right")), first + 1)
        not_below = (draws[first + 1 : sure] >= draws[first]).mean(axis=1)
        told = _told_apart(not_below, level) & falls[first + 1 : sure]
        first = first + 1 + int(told.argmax()) if told.any() else int(next_fall[sure])
    return starts


def _told_apart(not_below: NDArray[np.floating], level: float) -> NDArray[np.bool_]:
    """Whether the mean of the chances from here on stays within the level, however far one reads."""
    excess = np.cumsum(np.concatenate([[0.0], not_below - level]))
    worst = np.maximum.accumulate(excess[:0:-1])[::-1]
    return np.asarray(worst <= excess[:-1] + 1e-9)


def _numbered(starts: list[int], count: int) -> NDArray[np.int64]:
    """Number of the band of each place: 1, 2, ..."""
    begins = np.zeros(count, np.int64)
    begins[starts] = 1
    return begins.cumsum()
