"""Which accounts share more of their followers than sizes and activity bring about."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Codes = NDArray[np.int32]
Numbers = NDArray[np.float64]

KINDS_OF_FOLLOWER = 128  # by how many they follow; within a kind all count as its mean
ROUNDS = 1_000
CLOSE = 1e-4
FURTHEST = 40.0  # of a logarithm of odds: as good as certain


@dataclass(frozen=True, eq=False)
class SharedPairs:
    """Pairs that share more than expected: both places, earlier one first, in order; what was tried."""

    first: Codes
    second: Codes
    shared: Codes
    expected: Numbers
    p_value: Numbers
    q_value: Numbers
    tested: int
    left_out: int


def find_shared_pairs(weights: csr_array, *, q: float, budget: int) -> SharedPairs:
    """Pairs of columns that share more rows than expected, at false-discovery rate q."""
    from influgraph._network_shared_kernels import count_shared

    rows = _within_budget(np.diff(weights.indptr), budget)
    left_out = int((np.diff(weights.indptr) > 1).sum() - rows.size)
    chosen = csr_array(weights[rows])
    audience = np.bincount(chosen.indices, minlength=weights.shape[1])
    order = np.argsort(-audience, kind="stable")[: np.count_nonzero(audience)]
    if order.size < 2:
        return _sorted(np.empty((0, 3), np.int32), np.empty((0, 2)), q, 0, left_out)
    ranked = csr_array(chosen[:, order])
    ranked.sort_indices()
    columns = ranked.T.tocsr()
    tested = order.size * (order.size - 1) // 2
    sizes, size_class = np.unique(-audience[order], return_inverse=True)
    members, chances = _chances(np.diff(ranked.indptr), -sizes, np.bincount(size_class).astype(np.float64))
    activity = np.diff(ranked.indptr).astype(np.float64)
    most = min(1.0, float((activity * (activity - 1) / 2).sum()) / tested)  # of all pairs share anybody
    found, numbers = count_shared(
        ranked.indptr.astype(np.int64),
        ranked.indices.astype(np.int32),
        columns.indptr.astype(np.int64),
        columns.indices.astype(np.int32),
        size_class.astype(np.int32),
        -sizes,
        chances,
        members,
        q * most,
    )
    found[:, :2] = np.sort(order[found[:, :2]], axis=1)
    return _sorted(found, numbers, q, tested, left_out)


def _within_budget(activity: NDArray[np.integer], budget: int) -> NDArray[np.int64]:
    """Rows with two entries or more, without the fullest: `budget` pairs of entries at most.

    Equally full rows stay or go together, so that the order of rows says nothing.
    """
    amount, count = np.unique(activity[activity > 1], return_counts=True)
    wide = amount.astype(np.float64)
    held = np.cumsum(count * wide * (wide - 1) / 2)
    most = amount[held <= budget].max(initial=0)
    return np.flatnonzero((activity > 1) & (activity <= most))


def _chances(
    activity: NDArray[np.integer], sizes: NDArray[np.integer], accounts: Numbers
) -> tuple[Numbers, Numbers]:
    """How many followers of each kind there are, and how likely one of them follows an account of each size.

    The bipartite configuration model (Saracco et al. 2015): of all that keep every degree on average, the
    one that assumes nothing else. Newton's steps on the logarithms of the odds, in turn for either side.
    """
    mean, members = _kinds(activity)
    ties = float(mean @ members)
    wanted = sizes.astype(np.float64)
    row, column = np.log(mean / np.sqrt(ties)), np.log(wanted / np.sqrt(ties))
    for _ in range(ROUNDS):
        row, _ = _step(row, column, mean, accounts)
        column, off = _step(column, row, wanted, members)
        if max(off, _step(row, column, mean, accounts)[1]) < CLOSE:
            break
    else:
        raise RuntimeError(f"the null model of shared followers did not settle within {ROUNDS} rounds")
    return members, _odds_to_chance(column, row)


def _kinds(activity: NDArray[np.integer]) -> tuple[Numbers, Numbers]:
    """Mean activity of each kind of follower, and how many they are; by logarithm where it varies much."""
    amount, count = np.unique(activity, return_counts=True)
    if len(amount) > KINDS_OF_FOLLOWER:
        place = np.log(amount) / np.log(amount[-1]) * (KINDS_OF_FOLLOWER - 1)
        kind = np.unique(place.astype(int), return_inverse=True)[1]
    else:
        kind = np.arange(len(amount))
    members = np.bincount(kind, count).astype(np.float64)
    return np.bincount(kind, count * amount) / members, members


def _odds_to_chance(one: Numbers, other: Numbers) -> Numbers:
    odds = np.exp(one)[:, None] * np.exp(other)[None]
    return np.asarray(odds / (1 + odds))


def _step(mine: Numbers, theirs: Numbers, wanted: Numbers, count: Numbers) -> tuple[Numbers, float]:
    """Take one bounded Newton step towards the wanted degrees, and say how far off they were, relatively."""
    chance = _odds_to_chance(mine, theirs)
    off = chance @ count - wanted
    slope = (chance * (1 - chance)) @ count
    step = np.clip(off / np.maximum(slope, 1e-300), -1, 1)
    return np.clip(mine - step, -FURTHEST, FURTHEST), float(np.abs(off / wanted).max())


def _sorted(found: Codes, numbers: Numbers, q: float, tested: int, left_out: int) -> SharedPairs:
    """Pairs in order, those alone whose q-value (Benjamini & Hochberg 1995) among all tested is at most q.

    A pair that shares nobody is a test too, with p-value 1: to count only those that share somebody would
    make chance look significant. Pairs that could not be chosen at any rate were not kept.
    """
    by_p = np.argsort(numbers[:, 1], kind="stable")
    rank = np.arange(1, len(by_p) + 1)
    sure = np.minimum.accumulate((numbers[by_p, 1] * tested / rank)[::-1])[::-1]
    q_value = np.empty(len(by_p))
    q_value[by_p] = np.minimum(sure, 1)
    kept = np.flatnonzero(q_value <= q)
    kept = kept[np.lexsort((found[kept, 1], found[kept, 0]))]
    (first, second, shared), (expected, p_value) = found[kept].T.copy(), numbers[kept].T.copy()
    return SharedPairs(first, second, shared, expected, p_value, q_value[kept], tested, left_out)
