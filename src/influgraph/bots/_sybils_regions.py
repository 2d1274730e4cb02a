"""Where trust walks to over mutual ties, and regions that it hardly enters."""

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
    """Account codes of a region, and its conductance: its ties to others over all of its ties."""

    members: Ints
    conductance: float


def mutual_ties(network: Network) -> csr_array:
    """Ones where two accounts follow each other."""
    both: csr_array = network.weights.multiply(network.weights.T).tocsr()
    both.data[:] = 1.0
    return both


def degrees(ties: csr_array) -> Floats:
    """How many ties each account has."""
    return np.diff(ties.indptr).astype(np.float64)


def landed(ties: csr_array, seeds: Ints, steps: int) -> Floats:
    """Chance to land on each account after a walk from a random seed, over its ties; times all ties.

    So 1 is where a walk without end would leave every account. Accounts without ties get nan.
    """
    ties_of = degrees(ties)
    share = np.divide(1.0, ties_of, out=np.zeros(len(ties_of)), where=ties_of > 0)
    chance: Floats = np.zeros(len(ties_of))
    chance[seeds] = 1 / len(seeds)
    for _ in range(steps):
        chance = ties @ (chance * share)
    return np.where(ties_of > 0, chance * share * ties_of.sum(), np.nan)


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
    low, high = np.minimum(rank[pairs.row], rank[pairs.col]), np.maximum(rank[pairs.row], rank[pairs.col])
    size = len(order) + 2
    cut = np.cumsum(np.bincount(low + 1, minlength=size) - np.bincount(high + 1, minlength=size))[
        : len(order)
    ]
    inside = np.cumsum(degrees(ties)[order])
    volume = np.concatenate([[0], inside[:-1]])
    conductance = cut / 2 / np.maximum(np.minimum(volume, inside[-1] - volume), 1)
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
    ends = rng.permutation(np.repeat(np.arange(ties.shape[0]), np.diff(ties.indptr)))
    one, other = ends[: len(ends) // 2], ends[len(ends) // 2 : len(ends) // 2 * 2]
    apart = one != other
    both = np.concatenate([one[apart], other[apart]]), np.concatenate([other[apart], one[apart]])
    drawn = csr_array((np.ones(len(both[0])), both), shape=ties.shape)
    drawn.data[:] = 1.0
    return drawn
