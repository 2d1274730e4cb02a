"""PageRank with many places to start anew from, eight at a time.

Up to its sum a column is ``y = e + damping * M y``, where `e` is where the reader starts and `M` moves on
along attention: who reaches an account that attends to nobody starts anew too. What is left after some steps
looks alike whatever the start; as much of it as can be is taken from one solution that all share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from influgraph._centrality_arrays import inverse, rows
from influgraph._centrality_spread import MOST_STEPS, PARTS, Spread, add_up
from influgraph._threads import at_once, cuts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from influgraph._centrality_arrays import Numbers
    from influgraph.networks import Network

    Entries = tuple[NDArray[np.int64], NDArray[np.int64], Numbers]  # account, column, share

WIDTH = 8
MIXING_STEPS = 12


class _Turned:
    """Attention by who receives it, accounts that attend to many first: their numbers stay in the cache."""

    def __init__(self, network: Network, damping: float) -> None:
        spread = Spread(network)
        share = inverse(spread.paid_by_each()) * damping
        self.order = np.argsort(-np.diff(spread.starts), kind="stable")
        place = np.empty(len(self.order), np.int32)
        place[self.order] = np.arange(len(self.order), dtype=np.int32)
        pairs = network.weights.tocoo()
        ends = (place[pairs.col], place[pairs.row])
        turned = csr_array((pairs.data, ends), shape=pairs.shape)
        turned.sort_indices()
        self.starts, self.codes = turned.indptr.astype(np.int64), turned.indices
        self.weights = turned.data if spread.weights.size else spread.weights
        self.share, self.place = share[self.order], place
        self._cuts = cuts(self.starts, PARTS)
        self.common, self.solved = self._solve(spread, share)

    def _solve(self, spread: Spread, share: Numbers) -> tuple[Numbers, Numbers]:
        """Return what attention comes to after some steps, and the solution with it as start."""

        def step(rest: Numbers) -> Numbers:
            return np.asarray(spread.received_in_parts(rest * share).sum(axis=0))

        common = np.ones(len(share))
        for _ in range(MIXING_STEPS):
            moved = step(common)
            if not moved.any():
                break
            common = moved / moved.sum()
        common /= common.sum()
        solved = add_up(step, common, tolerance=1e-15, name="pagerank")
        return common[self.order], solved[self.order]

    def moved(self, paid: Numbers, moved: Numbers) -> None:
        """Carry eight vectors on."""
        from influgraph._centrality_walk_kernels import take_block

        at_once(
            lambda cut: take_block(self.starts, self.codes, self.weights, paid.ravel(), moved.ravel(), *cut),
            self._cuts,
        )


def restarted(
    network: Network, entries: Entries, columns: int, *, damping: float, tolerance: float
) -> Numbers:
    """Accounts x columns; the entries of a column say at which accounts the reader starts anew."""
    turned, size = _Turned(network, damping), len(network.account_ids)
    found = np.empty((size, columns))
    account, column, share = entries
    for first in range(0, columns, WIDTH):
        width = min(WIDTH, columns - first)
        own = (column >= first) & (column < first + width)
        start = np.zeros((size, WIDTH))
        start[turned.place[account[own]], column[own] - first] = share[own]
        block = _solve_block(turned, start, within=tolerance * (1 - damping) / 2)
        found[:, first : first + width] = block[turned.place, :width]
    _clear_unreached(network, entries, found)
    found /= found.sum(axis=0)
    return found


def _solve_block(turned: _Turned, start: Numbers, *, within: float) -> Numbers:
    from influgraph._centrality_walk_kernels import measure_block, settle_block

    rest, total, paid = start, np.zeros_like(start), np.empty_like(start)
    left, tried = np.empty(WIDTH), np.empty(WIDTH)
    for _ in range(MOST_STEPS):
        measure_block(rest, turned.common, left, tried)
        amount = np.where(tried < 0.5 * left, rest.sum(axis=0), 0.0)
        settle_block(rest, total, paid, turned.share, turned.common, turned.solved, amount)
        if np.where(amount, tried, left).max() <= within:
            return total
        turned.moved(paid, rest)
    raise ArithmeticError("pagerank did not converge: the tolerance is too small")


def _clear_unreached(network: Network, entries: Entries, found: Numbers) -> None:
    """Exactly nothing where attention never leads, and never less than nothing."""
    from influgraph._centrality_path_kernels import go_on

    starts, codes = rows(network)
    account, column, _ = entries
    for first in range(0, found.shape[1], 64):
        own = (column >= first) & (column < first + 64)
        front = np.zeros(len(found), np.uint64)
        np.bitwise_or.at(front, account[own], np.uint64(1) << (column[own] - first).astype(np.uint64))
        seen, ahead = front.copy(), np.zeros_like(front)
        while go_on(starts, codes, front, seen, ahead):
            pass
        for place in range(first, min(first + 64, found.shape[1])):
            reached = (seen >> np.uint64(place - first)) & np.uint64(1)
            found[:, place] = np.where(reached == 1, np.maximum(found[:, place], 0.0), 0.0)
