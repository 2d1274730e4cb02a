"""Dense blocks of follows: rows that follow the same columns more than degrees and niches explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.int32]
    Starts = NDArray[np.int64]
    Numbers = NDArray[np.float64]
    Marks = NDArray[np.uint8]

LEAST_RATE = 0.1  # of a block's rows that follow a column of it
LEAST_FOLLOWED = 2.5  # of a block's rows, weighed, that follow a column of it: two may be chance
WIDEST = 5_000  # follows of an account beyond which it tells nothing of pairs
PARTNERS = 3  # of each column that are tried
SPREAD = 0.2  # of the logarithm of organic lifts, until it is measured
UNSEEN_STEPS, SETTLED = 100, 1e-3  # of EM, at most; share by which the number of members still moves
MOST_UNSEEN = 4.0  # times as many members as are seen
ROUNDS = 12  # of going back and forth between rows and columns
MOST_LEFT_OUT = 0.2  # of follows, those to accounts that are too small for a block, for the sake of speed
LEAST_COLUMNS = 10  # of a niche
BALANCING = 4  # rounds of scaling to rows and columns
DRAWN = 10.0  # follows of a niche at which its shares count as much as those of all rows


@dataclass(frozen=True, eq=False)
class Fans:
    """Who follows whom, as a sparse 0-1 matrix by row and by column, with what degrees and groups expect.

    `rows` and `columns` are codes of accounts; row i, of group g, is expected to follow column j, of group
    h, at the rate `degree of i in h` x `share[j, g]`, where for h = 0, no group, the degree is that in all;
    `pairs[g, h, k]` counts, over rows of g, pairs of follows to h and k. So column j is expected to have
    `usual[j]` followers. `friends[j]` follow it besides, where only acquaintances tell how popular it is.
    """

    rows: Codes
    columns: Codes
    indptr: Starts
    indices: Codes
    row_group: Codes
    column_group: Codes
    column_indptr: Starts
    column_rows: Codes
    places: Starts
    share: Numbers
    pairs: Numbers
    usual: Numbers
    friends: NDArray[np.int64]

    @property
    def followers(self) -> Starts:
        """How many rows follow each column."""
        return np.diff(self.column_indptr)


@dataclass(frozen=True, eq=False)
class Follows:
    """Every follow once, by follower, then followed; `lone`: it is not one of acquaintances."""

    indptr: Starts
    indices: Codes
    lone: NDArray[np.bool_]

    def among(self, follower: Codes, followed: Codes) -> NDArray[np.bool_]:
        """Mark the follows that are among these pairs."""
        from influgraph.bots import _blocks_kernels as kernels

        indptr, indices = _by_follower(follower, followed, len(self.indptr) - 1)
        return kernels.common(self.indptr, self.indices, indptr, indices).view(bool)


def _by_follower(follower: Codes, followed: Codes, size: int) -> tuple[Starts, Codes]:
    from influgraph._network_kernels import sort_pairs

    scratch, indices = np.empty(len(follower), np.int32), np.empty(len(follower), np.int32)
    indptr = sort_pairs(follower, followed, size, indices, scratch)
    return indptr, indices[: indptr[-1]]


def find_lone_follows(follower: Codes, followed: Codes, size: int) -> Follows:
    """Tell the follows of acquaintances from others, for `size` accounts.

    Those of acquaintances are returned, or their two ends share returned ties with others more than chance
    would have it.
    """
    from influgraph.bots import _blocks_kernels as kernels

    indptr, indices = _by_follower(follower, followed, size)
    back_indptr, back, _ = kernels.transpose(indptr, indices, size)
    mutual = kernels.common(indptr, indices, back_indptr, back)
    lone = mutual == 0
    if mutual.any():
        lone &= kernels.among_friends(indptr, indices, mutual) == 0
    return Follows(indptr, indices, lone)


def fans_among(
    follows: Follows, chosen: NDArray[np.bool_], groups: Codes, credible: NDArray[np.bool_], *, least: int
) -> Fans | None:
    """The chosen follows; None where they are by fewer than `least` accounts, or to fewer than two.

    What is usual is learnt from the `credible` accounts: what a niche likes from all their lone follows, how
    much each column is followed from the chosen ones. Where these are fewer than one a column, from all that
    are lone, and where nearly everybody follows back, from acquaintances too.
    """
    from influgraph.bots import _blocks_kernels as kernels

    size = len(groups)
    received = np.bincount(follows.indices[chosen], minlength=size)
    big = received >= least
    rest = received[~big].sum()
    columns, new_column = _numbered(big if rest < MOST_LEFT_OUT * received.sum() else received >= 1)
    useful = chosen & (new_column[follows.indices] >= 0)
    made = np.concatenate([[0], np.cumsum(useful)])
    rows, new_row = _numbered(np.diff(made[follows.indptr]) >= 1)
    if columns.size < 2 or rows.size < least:
        return None
    pairs = kernels.keep_some(
        follows.indptr, follows.indices, chosen.view(np.uint8), new_column, new_row, rows.size
    )
    column_group = _without_small(groups[columns])
    honest, new_row = _numbered(credible)
    learnt = kernels.keep_some(
        follows.indptr, follows.indices, follows.lone.view(np.uint8), new_column, new_row, honest.size
    )
    taste = _tastes(learnt, groups[honest], column_group, int(groups.max()) + 1)
    chosen = chosen & np.repeat(credible, np.diff(follows.indptr))
    total = np.bincount(follows.indices[chosen], minlength=size)[columns]
    friends = np.zeros(columns.size, np.int64)
    if total.sum() < columns.size:
        total = np.bincount(learnt[1], minlength=columns.size)
    if total.sum() < columns.size:
        returned = ~follows.lone & np.repeat(credible, np.diff(follows.indptr))
        friends = np.bincount(follows.indices[returned], minlength=size)[columns]
    expected = _expectations(pairs, groups[rows], column_group, taste, total + friends)
    return Fans(rows, columns, pairs[0], pairs[1], groups[rows], column_group, *expected, friends)


def _numbered(kept: NDArray[np.bool_]) -> tuple[Codes, Codes]:
    """Codes that are kept, and the new number of each code, -1 where it is not."""
    codes = np.flatnonzero(kept).astype(np.int32)
    new = np.full(kept.size, -1, np.int32)
    new[codes] = np.arange(codes.size)
    return codes, new


def _without_small(column_group: Codes) -> Codes:
    """Put columns whose group has few of them into none: a handful of accounts is no niche to follow."""
    return np.where(np.bincount(column_group)[column_group] >= LEAST_COLUMNS, column_group, 0).astype(
        np.int32
    )


def _tastes(follows: tuple[Starts, Codes], row_group: Codes, column_group: Codes, groups: int) -> Numbers:
    """How much each column is to each group, beside what it is to all.

    Group 0 is that of accounts without a niche: they are no niche, and expected to follow like all.
    """
    from influgraph.bots import _blocks_kernels as kernels

    if groups == 1:
        return np.ones((column_group.size, 1))
    received, between, _ = kernels.group_counts(*follows, row_group, column_group, groups)
    whole = (received.sum(axis=1) + 0.5) / (between.sum(axis=0)[column_group] + 1.0)
    taste = (received / whole[:, None] + DRAWN) / (between.T[column_group] + DRAWN)
    taste[:, 0] = 1
    return np.asarray(taste)


def _expectations(
    follows: tuple[Starts, Codes],
    row_group: Codes,
    column_group: Codes,
    taste: Numbers,
    total: NDArray[np.integer],
) -> tuple[Starts, Codes, Starts, Numbers, Numbers, Numbers]:
    """Transpose, and fit what degrees and groups expect where columns are followed like `total`."""
    from influgraph.bots import _blocks_kernels as kernels

    received, between, pairs = kernels.group_counts(*follows, row_group, column_group, taste.shape[1])
    usual = (total + 0.5) * (received.sum() / (total + 0.5).sum())
    share = _balanced(taste, usual, between, column_group)
    column_indptr, column_rows, places = kernels.transpose(*follows, column_group.size)
    usual = (share * between.T[column_group]).sum(axis=1)
    return column_indptr, column_rows, places, share, pairs, usual


def _balanced(taste: Numbers, usual: Numbers, between: Numbers, column_group: Codes) -> Numbers:
    """Scale tastes so that columns are expected to have their usual followers, and rows their follows."""
    share, grouped = taste * usual[:, None], column_group > 0
    for _ in range(BALANCING):
        sums = np.stack([np.bincount(column_group, one, minlength=len(between)) for one in share.T], axis=1)
        share[grouped] /= np.maximum(sums, 1e-12)[column_group[grouped]]
        expected = (share * between.T[column_group]).sum(axis=1)
        share *= (usual / np.maximum(expected, 1e-12))[:, None]
    return share


@dataclass(frozen=True, eq=False)
class Block:
    """Rows that may follow columns as one: codes in `Fans`; log-odds of rows, rate of each column."""

    columns: Codes
    rates: Numbers
    rows: Codes
    odds: Numbers
    organic: Numbers  # of each column, followers that are not of the block

    @property
    def membership(self) -> Numbers:
        """Posterior chance that each row belongs."""
        return 1 / (1 + np.exp(-np.clip(self.odds, -500, 500)))


def seeds(fans: Fans, least: int) -> list[tuple[int, int]]:
    """Pairs of columns that share most rows beyond expectation, the strangest first."""
    from influgraph.bots import _blocks_kernels as kernels

    partner, score = kernels.screen_pairs(
        fans.indptr, fans.indices, fans.column_indptr, fans.column_rows, fans.places, fans.column_group,
        fans.share, fans.pairs, least, SPREAD**2, PARTNERS, WIDEST,
    )  # fmt: skip
    first = np.repeat(np.arange(fans.columns.size), PARTNERS)
    order = np.argsort(-score.ravel(), kind="stable")
    order = order[score.ravel()[order] > np.log(fans.columns.size)]
    return list(zip(first[order].tolist(), partner.ravel()[order].tolist(), strict=True))


def grow(fans: Fans, seed: tuple[int, int], least: int) -> Block | None:
    """Widen two columns to the likeliest block around them; None where it has fewer rows than `least`."""
    from influgraph.bots import _blocks_kernels as kernels

    columns = np.array(seed, np.int32)
    hits = np.zeros(fans.rows.size, np.int32)
    touched = kernels.count_hits(columns, fans.column_indptr, fans.column_rows, hits)
    rows = touched[hits[touched] == 2]
    weight, block, before = np.ones(rows.size), None, -1.0
    for turn in range(ROUNDS):
        if weight.sum() < least:
            return None
        block = regrown(fans, rows, weight, strict=turn > 2)
        if block is None:
            return None
        rows, weight = block.rows, block.membership
        rows, weight = rows[weight > 0.01], weight[weight > 0.01]
        if abs(weight.sum() - before) < 0.01 and turn > 2:
            break
        before = float(weight.sum())
    return block if block is not None and (block.odds > 0).sum() >= least else None


def regrown(
    fans: Fans, rows: Codes, weight: Numbers, *, strict: bool = True, paid: Codes | None = None
) -> Block | None:
    """Choose the columns that these rows follow as one, and weigh all rows by them; None without columns.

    Where it is known which columns are `paid`, following these says nothing of how many others are followed.
    """
    found = _choose_columns(fans, rows, weight, strict=strict, paid=paid)
    if found is None:
        return None
    columns, rates, organic = found
    rates, size, _ = with_unseen(rates, float(weight.sum()))
    return _weigh_rows(fans, columns, organic, rates, size)


def with_unseen(rates: Numbers, size: float) -> tuple[Numbers, float, Numbers]:
    """Rates of columns, and members, once those who follow fewer than two of the columns count too.

    Last, how many follow each column and no other. Each member follows each column or not, on its own: from
    those who follow two or more the others are inferred (capture and recapture, by EM), up to so many times
    as are seen.
    """
    seen, whole, alone = rates * size, size, np.zeros(len(rates))
    for _ in range(UNSEEN_STEPS):
        rates = np.clip((seen + alone) / whole, 1e-4, 1 - 1e-4)
        none = np.prod(1 - rates)
        one = none * rates / (1 - rates)
        before, whole = whole, min(size / max(1 - none - one.sum(), 1e-9), MOST_UNSEEN * size)
        alone = whole * one
        if abs(whole - before) <= SETTLED * whole:
            break
    return rates, whole, alone


def _choose_columns(
    fans: Fans, rows: Codes, weight: Numbers, *, strict: bool, paid: Codes | None
) -> tuple[Codes, Numbers, Numbers] | None:
    """Columns that these rows follow far beyond what they follow others; how often; their other followers."""
    from influgraph.bots import _blocks_kernels as kernels

    free = np.zeros(fans.columns.size, np.uint8)
    if paid is not None:
        free[paid] = 1
    found, expected = kernels.weigh_columns(
        rows, weight, fans.indptr, fans.indices, fans.row_group, fans.column_group, fans.share, free
    )
    organic = np.maximum(fans.followers - found, 0.0)
    expected = expected * _rest(fans, organic)
    lift = np.log((found + 0.5) / (expected + 0.5))
    plain = expected > 2
    middle, spread = 0.0, SPREAD
    if plain.sum() >= 10:
        middle = float(np.median(lift[plain]))
        spread = max(SPREAD, float(1.4826 * np.median(np.abs(lift[plain] - middle))))
    usual = expected * np.exp(max(middle, 0.0))
    rate = found / weight.sum()
    suspicious = np.flatnonzero((rate >= LEAST_RATE) & (found >= LEAST_FOLLOWED) & (found > 1.5 * usual))
    score = np.array([kernels.excess(found[j], usual[j], spread**2) for j in suspicious])
    chosen = suspicious[score > (np.log(fans.columns.size) + 2 if strict else 3.0)].astype(np.int32)
    if chosen.size < 2:
        return None
    rates = np.clip((found[chosen] + 0.5) / (weight.sum() + 1), 0.0, 1 - 1e-4)
    return chosen, rates, organic[chosen]


def _rest(fans: Fans, organic: Numbers, columns: Codes | slice = slice(None)) -> Numbers:
    """Share of the usual followers that are there besides a block."""
    return np.minimum((organic + fans.friends[columns] + 0.5) / (fans.usual[columns] + 1), 1.0)


def _weigh_rows(fans: Fans, columns: Codes, organic: Numbers, rates: Numbers, size: float) -> Block:
    """Score every row that follows two of the columns."""
    from influgraph.bots import _blocks_kernels as kernels

    hits = np.zeros(fans.rows.size, np.int32)
    touched = kernels.count_hits(columns, fans.column_indptr, fans.column_rows, hits)
    rows = np.sort(touched[hits[touched] >= 2])
    slot = np.full(fans.columns.size, -1, np.int32)
    slot[columns] = np.arange(columns.size)
    rest = _rest(fans, organic, columns)
    ratio = kernels.weigh_rows(
        rows, fans.indptr, fans.indices, fans.row_group, fans.column_group, fans.share,
        columns, slot, rates, rest,
    )  # fmt: skip
    prior = min(size / fans.rows.size, 0.5)
    return Block(columns, rates, rows, ratio + np.log(prior / (1 - prior)), organic)
