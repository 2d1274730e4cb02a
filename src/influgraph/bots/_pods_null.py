"""The densest group of ties that chance would bring, were each tie between some other like pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from influgraph.bots._pods_ties import Pairs, Ties

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]


class Elsewhere:
    """Where ties could have been: pairs with the same follows between them, of the same two niches.

    A pair is drawn in proportion to the activity of both, given and received.
    """

    def __init__(self, ties: Ties, pairs: Pairs, activity: Floats, niche: Ints) -> None:
        """Sort the pairs in which a follow runs by relation and niches; those without are drawn as needed."""
        self._size, self._niche, self._activity = len(activity), niche, activity
        self._groups = int(niche.max(initial=-1)) + 1
        self._ties = ties
        one, other, relation = _followed_pairs(pairs, activity > 0, self._size)
        key = self._key(one, other, relation)
        order = np.argsort(key, kind="stable")
        self._one, self._other, self._keys = one[order], other[order], key[order]
        self._mass = np.cumsum(activity[self._one] * activity[self._other])
        self._by_niche = np.argsort(niche, kind="stable")
        self._niche_mass = np.cumsum(activity[self._by_niche])

    def _key(self, one: Ints, other: Ints, relation: Ints) -> Ints:
        low = np.minimum(self._niche[one], self._niche[other])
        high = np.maximum(self._niche[one], self._niche[other])
        return np.asarray((relation * self._groups + low) * self._groups + high)

    def draw(self, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """Draw a pair for each tie; those that nothing is like stay where they are."""
        ties = self._ties
        one, other = ties.one.copy(), ties.other.copy()
        key = self._key(one, other, ties.relation)
        known = np.flatnonzero(ties.relation > 0)
        low, high = (np.searchsorted(self._keys, key[known], side) for side in ("left", "right"))
        drawn = _by_mass(self._mass, low, high, rng)
        one[known], other[known] = self._one[drawn], self._other[drawn]
        free = np.flatnonzero(ties.relation == 0)
        sorted_niche = self._niche[self._by_niche]
        for ends in (one, other):
            low, high = (
                np.searchsorted(sorted_niche, self._niche[ends[free]], side) for side in ("left", "right")
            )
            ends[free] = self._by_niche[_by_mass(self._niche_mass, low, high, rng)]
        return one, other


def _followed_pairs(pairs: Pairs, active: npt.NDArray[np.bool_], size: int) -> tuple[Ints, Ints, Ints]:
    """Unordered pairs of active accounts with a follow, and how many ways it runs."""
    keep = pairs.follows & active[pairs.account] & active[pairs.author]
    low = np.minimum(pairs.account[keep], pairs.author[keep])
    high = np.maximum(pairs.account[keep], pairs.author[keep])
    keys, ways = np.unique(low * size + high, return_counts=True)
    return keys // max(size, 1), keys % max(size, 1), ways.astype(np.int64)


def _by_mass(mass: Floats, low: Ints, high: Ints, rng: np.random.Generator) -> Ints:
    """A place from `low` on and before `high` for each, in proportion to what it adds to `mass`."""
    before = np.concatenate([[0.0], mass])
    wanted = before[low] + rng.random(len(low)) * (before[high] - before[low])
    return np.asarray(np.searchsorted(mass, wanted, "right").clip(low, high - 1))


def rows(one: Ints, other: Ints, score: Floats, size: int) -> csr_array:
    """Ties as symmetric rows, the best where several fall on one pair."""
    apart = one != other
    low, high = np.minimum(one, other)[apart], np.maximum(one, other)[apart]
    order = np.lexsort((-score[apart], high, low))
    low, high, score = low[order], high[order], score[apart][order]
    first = np.ones(len(low), bool)
    first[1:] = (np.diff(low) != 0) | (np.diff(high) != 0)
    low, high, score = low[first], high[first], score[first]
    ends = np.concatenate([low, high]), np.concatenate([high, low])
    matrix = csr_array((np.concatenate([score, score]), ends), shape=(size, size))
    matrix.sort_indices()
    return matrix


def dense_groups(matrix: csr_array, lack: Floats) -> tuple[list[Ints], Floats]:
    """Groups of accounts whose ties score most, and those sums; seeds are taken by their good ties."""
    from influgraph.bots._pods_kernels import densest_groups

    good = matrix.multiply(matrix > 0).sum(axis=1)
    seeds = np.argsort(-good, kind="stable")[: int((good > 0).sum())]
    start, other = (part.astype(np.int64) for part in (matrix.indptr, matrix.indices))
    members, begins, sums = densest_groups(start, other, matrix.data.copy(), lack, seeds)
    return np.split(members, begins[1:-1]) if len(sums) else [], sums
