"""Where trust walks to over ties, and regions that it hardly enters.

Ties are a matrix of ones: those in the row of an account are by whom it is tied. Mutual ones stand both ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from influgraph.networks import Network

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.bool_]

PARTS = 24  # prefixes of the accounts of least trust that are taken apart
ROUNDS = 10


@dataclass(frozen=True, eq=False)
class Region:
    """Account codes of a region, and its conductance: the share of its ties that are by others."""

    members: Ints
    conductance: float


def mutual_ties(network: Network) -> csr_array:
    """Ones where two accounts follow each other."""
    both: csr_array = network.weights.multiply(network.weights.T).tocsr()
    both.data[:] = 1.0
    return both


def followers(network: Network) -> csr_array:
    """Ones in the row of an account for each of its followers."""
    both: csr_array = network.weights.T.tocsr()
    both.data = np.ones(both.nnz)
    return both


def degrees(ties: csr_array) -> Floats:
    """How many ties each account has."""
    return np.diff(ties.indptr).astype(np.float64)


def ties_given(ties: csr_array) -> Floats:
    """How many ties each account gives."""
    return np.bincount(ties.indices, minlength=ties.shape[0]).astype(np.float64)


def landed(ties: csr_array, seeds: Ints, steps: int) -> Floats:
    """Chance to land on each account after a walk from a random seed, over its ties; times all ties.

    A walk goes from an account to one that it gives a tie to. So over mutual ties 1 is where a walk without
    end would leave every account. Accounts without ties get nan.
    """
    ties_of, given = degrees(ties), ties_given(ties)
    share = np.divide(1.0, given, out=np.zeros(len(given)), where=given > 0)
    chance: Floats = np.zeros(len(ties_of))
    chance[seeds] = 1 / len(seeds)
    for _ in range(steps):
        chance = ties @ (chance * share)
        chance /= max(chance.sum(), 1e-300)  # who gives no ties lets no walk go on
    return np.where(ties_of > 0, chance / np.maximum(ties_of, 1) * ties_of.sum(), np.nan)


def usual_steps(accounts: int) -> int:
    """Steps of a short walk: the binary logarithm of the number of accounts."""
    return max(1, int(np.ceil(np.log2(max(accounts, 2)))))


def regions(ties: csr_array, trust: Floats, smallest: int) -> list[Region]:
    """Regions of little trust that are barely tied to the rest: disjoint, those with fewest outer ties first.

    The accounts of least trust are cut off where fewest ties are cut, and at several other places; what hangs
    together is a region. Accounts with most ties on the other side change sides.
    """
    ties_of = degrees(ties)
    order = np.argsort(trust, kind="stable")[: int((ties_of > 0).sum())]
    found: list[Region] = []
    for length in _lengths(ties, order, smallest):
        low = np.zeros(len(ties_of), bool)
        low[order[:length]] = True
        found += [_settled(ties, ties_of, part) for part in _parts(ties, low, smallest)]
    good = [one for one in found if len(one.members) >= smallest and one.conductance < 0.5]
    return _disjoint(sorted(good, key=lambda one: (one.conductance, -len(one.members))), len(ties_of))


def _lengths(ties: csr_array, order: Ints, smallest: int) -> list[int]:
    """Numbers of least trusted accounts to cut off: a geometric row, and where fewest ties are cut."""
    if len(order) < 2 * smallest:
        return []
    rank = np.full(ties.shape[0], len(order))
    rank[order] = np.arange(len(order))
    pairs = ties.tocoo()
    low, high = rank[pairs.row], rank[pairs.col]
    entering = low < high
    low, high, size = low[entering], high[entering], len(order) + 2
    cut = np.cumsum(np.bincount(low + 1, minlength=size) - np.bincount(high + 1, minlength=size))[
        : len(order)
    ]
    inside = np.cumsum(degrees(ties)[order])
    volume = np.concatenate([[0], inside[:-1]])
    conductance = cut / np.maximum(np.minimum(volume, inside[-1] - volume), 1)
    conductance[:smallest] = np.inf
    most = int(np.searchsorted(volume, inside[-1] / 2))
    row = np.geomspace(smallest, max(most, smallest + 1), PARTS).astype(int)
    return sorted({*row.tolist(), int(np.argmin(conductance))})


def _parts(ties: csr_array, low: Flags, smallest: int) -> list[Flags]:
    """What hangs together of these accounts, where large enough."""
    from scipy.sparse.csgraph import connected_components

    chosen = np.flatnonzero(low)
    _, label = connected_components(ties[chosen][:, chosen], directed=False)
    parts = []
    for one in np.flatnonzero(np.bincount(label) >= smallest):
        part = np.zeros(len(low), bool)
        part[chosen[label == one]] = True
        parts.append(part)
    return parts


def _settled(ties: csr_array, ties_of: Floats, part: Flags) -> Region:
    """Let accounts change sides while most of their ties are on the other one; then count."""
    for _ in range(ROUNDS):
        inside = ties @ part
        better: Flags = np.where(part, 2 * inside >= ties_of, 2 * inside > ties_of) & (ties_of > 0)
        if (better == part).all():
            break
        part = better
    inner, volume = float((ties @ part)[part].sum()), float(ties_of[part].sum())
    small = 0 < volume <= ties_of.sum() / 2
    return Region(np.flatnonzero(part), (volume - inner) / volume if small else 1.0)


def _disjoint(found: list[Region], size: int) -> list[Region]:
    """Keep each region that shares no account with one before it."""
    taken, kept = np.zeros(size, bool), []
    for one in found:
        if not taken[one.members].any():
            taken[one.members] = True
            kept.append(one)
    return kept


def rewired(ties: csr_array, rng: np.random.Generator) -> csr_array:
    """Random ties that leave each account its number of them, but for the few that fall together."""
    if not _both_ways(ties):
        return _ones(
            np.repeat(np.arange(ties.shape[0]), np.diff(ties.indptr)),
            rng.permutation(ties.indices),
            ties.shape[0],
        )
    ends = rng.permutation(np.repeat(np.arange(ties.shape[0]), np.diff(ties.indptr)))
    one, other = ends[: len(ends) // 2], ends[len(ends) // 2 : len(ends) // 2 * 2]
    return _ones(np.concatenate([one, other]), np.concatenate([other, one]), ties.shape[0])


def _both_ways(ties: csr_array) -> bool:
    return bool(abs(ties - ties.T).sum() == 0)


def _ones(one: Ints, other: Ints, size: int) -> csr_array:
    """Ties of these ends, but for those of an account with itself."""
    apart = one != other
    drawn = csr_array((np.ones(int(apart.sum())), (one[apart], other[apart])), shape=(size, size))
    drawn.data[:] = 1.0
    return drawn
