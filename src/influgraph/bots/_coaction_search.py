"""Pairs that act together more often than chance, and the tight groups that they form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from influgraph.bots._coaction_traces import Acts

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float64]

REACH = 256  # later acts that each act is paired with at most
MOST_PAIRS = 20_000_000  # held in memory at once, 16 bytes each
SLOTS = 1 << 24  # of the table that counts pairs before they are held, a byte each
SHARE = 0.3  # of the smaller neighbourhood that both ends of a tie have in common
LEVELS = (1.0, 1e-3, 1e-6, 1e-9)  # of strictness, at which groups that are one at a looser level may part
CORE = 3  # ties that each account of a group has inside it at least


@dataclass(frozen=True)
class Ties:
    """Pairs of accounts with two joint acts or more: codes, joint acts, how many chance explains, p-value.

    `pair`, `row`: every joint act, as the tie's place and the row of the earlier act; `tested`: pairs with a
    joint act.
    """

    one: Ints
    other: Ints
    joint: Ints
    expected: Floats
    p_value: Floats
    pair: Ints
    row: Ints
    tested: int


def find_ties(acts: Acts, window: float, rows: Ints, *, met: Floats, did: Ints | Floats) -> Ties:
    """Count on how many units each pair acted within the window, and how likely that is by chance.

    By chance each of the other acts near an account's acts is anybody's, by how much they act: a popular
    object has many acts near, and tells little. `met` are the acts near those of each account, per act of
    anybody; `did` each one's acts.
    """
    from influgraph.bots import _coaction_kernels as kernels

    unit, account, time = acts.unit[rows], acts.account[rows], acts.time[rows]
    counts = kernels.sketch_pairs(unit, account, time, window, REACH, _slots(rows.size))
    least = 2
    tested, held, full = kernels.weigh_slots(counts, least)
    room = MOST_PAIRS if full else min(held, MOST_PAIRS)
    pairs, place, found = kernels.gather_pairs(unit, account, time, window, REACH, counts, least, room)
    while found > MOST_PAIRS and least < 255:
        least *= 2
        pairs, place, found = kernels.gather_pairs(
            unit, account, time, window, REACH, counts, min(least, 255), MOST_PAIRS
        )
    order = np.argsort(pairs, kind="stable")
    pairs, place = pairs[order], place[order]
    begins = np.append(0, np.flatnonzero(pairs[1:] != pairs[:-1]) + 1)[: pairs.size]
    joint = np.diff(begins, append=pairs.size)
    twice = joint > 1
    kept = np.repeat(twice, joint)
    keys = pairs[begins[twice]]
    one, other = keys >> 32, keys & kernels.LOW
    expected = np.sqrt(met[one] * did[other] * met[other] * did[one])
    return Ties(
        one=one,
        other=other,
        joint=joint[twice],
        expected=expected,
        p_value=_poisson_tail(joint[twice], expected),
        pair=np.repeat(np.arange(one.size), joint[twice]),
        row=rows[place[kept]],
        tested=tested,
    )


def _slots(acts: int) -> int:
    """Slots for the pairs of so many acts, a power of two."""
    return int(min(SLOTS, max(1 << 16, 1 << (16 * acts).bit_length())))


def count_met(acts: Acts, window: float, rows: Ints) -> tuple[Floats, Ints]:
    """By account, the other acts near its acts among these rows, per row; and its acts there."""
    from influgraph.bots import _coaction_kernels as kernels

    near = kernels.count_near(acts.unit[rows], acts.time[rows], window)
    account = acts.account[rows]
    met = np.bincount(account, weights=near, minlength=acts.accounts) / max(rows.size, 1)
    return met, np.bincount(account, minlength=acts.accounts)


def _poisson_tail(count: Ints, mean: Floats) -> Floats:
    from scipy.special import gammainc

    return np.asarray(gammainc(count, np.maximum(mean, 1e-300)))


def find_groups(ties: Ties, accounts: int, *, least: int) -> list[Ints]:
    """Groups at every level of strictness, each once."""
    found: dict[bytes, Ints] = {}
    for level in LEVELS:
        for group in _groups(ties, accounts, least, level):
            found.setdefault(group.tobytes(), group)
    return list(found.values())


def _groups(ties: Ties, accounts: int, least: int, level: float) -> list[Ints]:
    """Groups of accounts tied to one another, each sorted, largest first.

    Of the ties those count that chance makes for one account in two at most, at the first level; among these
    those whose ends have ties to the same others, so that single links merge nothing.
    """
    import scipy.sparse as sp
    from scipy.sparse.csgraph import connected_components

    from influgraph.bots import _coaction_kernels as kernels

    strong = ties.p_value <= level * min(0.5 * accounts / max(ties.tested, 1), 0.05)
    ends = (
        np.concatenate([ties.one[strong], ties.other[strong]]),
        np.concatenate([ties.other[strong], ties.one[strong]]),
    )
    inside, codes = np.unique(ends[0], return_inverse=True)
    others = np.searchsorted(inside, ends[1])
    size = inside.size
    if not size:
        return []
    graph = sp.csr_matrix((np.ones(codes.size, np.int8), (codes, others)), shape=(size, size))
    graph.sort_indices()
    kept = kernels.keep_shared(graph.indptr.astype(np.int64), graph.indices, SHARE)
    graph.data = kept.astype(np.int8)
    graph.eliminate_zeros()
    core = kernels.prune_to_core(graph.indptr.astype(np.int64), graph.indices, min(CORE, least - 1))
    graph = graph[core][:, core]
    count, label = connected_components(graph, directed=False)
    order = np.argsort(label, kind="stable")
    groups = np.split(inside[core][order], np.cumsum(np.bincount(label, minlength=count))[:-1])
    return sorted(
        (np.sort(group) for group in groups if group.size >= least), key=lambda group: (-group.size, group[0])
    )
