"""PageRank with many places to start anew from, a line of the cache of them at a time.

Up to its sum a column is ``y = e + damping * M y``, where `e` is where the reader starts and `M` moves on
along attention: who reaches an account that attends to nobody starts anew too. What is left after some steps
looks alike whatever the start; as much of it as can be is taken from one solution that all share.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import coo_array, csr_array

from influgraph._centrality_arrays import inverse, rows
from influgraph._centrality_spread import Spread
from influgraph._threads import at_once, cuts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from influgraph._centrality_arrays import Numbers
    from influgraph.networks import Network

    Entries = tuple[NDArray[np.int64], NDArray[np.int64], Numbers]  # account, column, share
    Lines = NDArray[Any]

MIXING_STEPS = 12
FIRST_STEPS, FEW_PAIRS = 3, 1 / 64  # by the list, while they pay along this share of all pairs or less
BITS = 64
MOST_STEPS = 100_000
SINGLE_FROM, SINGLE_UP_TO = 1e-6, 0.9  # tolerance and damping at which single precision is enough


def steps_allowed(damping: float, tolerance: float) -> int:
    """Steps after which what each has left of the last, at most the damping, is below the tolerance.

    Twice as many, for rounding, and never more than can be waited for.
    """
    if damping == 0:
        return 2
    needed = 2 + 2 * math.log(tolerance * (1 - damping) / 8) / math.log(damping)
    return math.ceil(min(needed, MOST_STEPS))


def not_converged(steps: int, left: float) -> ArithmeticError:
    """Say that rounding, or a damping near 1, has kept values from settling."""
    return ArithmeticError(
        f"pagerank did not converge in {steps:,} steps, {left:.3g} is left: "
        "the tolerance is too small, or the damping too near 1"
    )


class _Turned:
    """Attention by who receives it, accounts that attend to many first: their numbers stay in the cache."""

    def __init__(self, network: Network, damping: float, tolerance: float) -> None:
        spread = Spread(network)
        share = inverse(spread.paid_by_each()) * damping
        self.order = np.argsort(-np.diff(spread.starts), kind="stable")
        self.place = np.empty(len(self.order), np.int32)
        self.place[self.order] = np.arange(len(self.order), dtype=np.int32)
        turned = network.weights.T.tocsr()[self.order]
        self.starts, self.codes = turned.indptr.astype(np.int64), self.place[turned.indices]
        self.weights = turned.data / spread.scale if spread.weights.size else spread.weights
        self.own_share, self.share = share / spread.scale, share[self.order]  # as in the network; in order
        self.within, self.steps = tolerance * (1 - damping), steps_allowed(damping, tolerance)
        single = tolerance >= SINGLE_FROM and damping <= SINGLE_UP_TO and spread.fits_single(share)
        self.precision = np.dtype(np.float32 if single else np.float64)
        self._cuts = cuts(self.starts, spread.parts)
        common, solved = _common(spread, share, within=self.within / 4, steps=self.steps)
        self.common, self.solved = common[self.order], solved[self.order]

    @property
    def width(self) -> int:
        """How many columns make a line."""
        from influgraph._centrality_line_kernels import LINE_BYTES

        return LINE_BYTES // self.precision.itemsize

    def lines(self, values: csr_array) -> Lines:
        """Accounts in order x columns, from columns x accounts."""
        found = np.zeros((len(self.place), self.width), self.precision)
        entries = values.tocoo()
        found[self.place[entries.col], entries.row] = entries.data
        return found

    def carry_on(self, paid: Lines, rest: Lines) -> tuple[Numbers, Numbers]:
        """Put what becomes of payments into `rest`; return its sums, and sums of sizes."""
        from influgraph._centrality_line_kernels import take_lines

        sums = np.empty((len(self._cuts), 2, self.width))

        def one(part: int) -> None:
            (total, sizes), (first, end) = sums[part], self._cuts[part]
            take_lines(self.starts, self.codes, self.weights, paid, rest, total, sizes, first, end)

        at_once(one, range(len(self._cuts)))
        total, sizes = sums.sum(axis=0)
        return total, sizes

    def settle(
        self, rest: Lines, total: Lines, paid: Lines, left: Numbers, sizes: Numbers
    ) -> tuple[Numbers, Numbers]:
        """Add the rest to the total, its common part solved; return that part, and the size of all else."""
        from influgraph._centrality_line_kernels import settle_lines, sizes_without

        tried = np.empty((len(self._cuts), self.width))
        parts = list(zip(tried, self._cuts, strict=True))
        at_once(lambda part: sizes_without(rest, self.common, left, part[0], *part[1]), parts)
        without = tried.sum(axis=0)
        shared = without < 0.5 * sizes
        amount = np.where(shared, left, 0.0)
        vectors = (self.share, self.common, self.solved, amount)
        at_once(lambda cut: settle_lines(rest, total, paid, *vectors, *cut), self._cuts)
        return amount, np.where(shared, without, sizes)


def _common(spread: Spread, share: Numbers, *, within: float, steps: int) -> tuple[Numbers, Numbers]:
    """Return what attention comes to after some steps, and the solution with it as start.

    After some steps more what is left of it is a multiple of it, and a little: the multiple has been solved.
    """

    def step(rest: Numbers) -> Numbers:
        return np.asarray(spread.received_in_parts(rest * share).sum(axis=0))

    common = np.full(len(share), 1 / max(len(share), 1))
    for _ in range(MIXING_STEPS):
        moved = step(common)
        if not moved.any():
            break
        common = moved / moved.sum()
    total, rest = np.zeros_like(common), common
    for _ in range(steps):
        total += rest
        rest = step(rest)
        left = rest.sum()
        if np.abs(rest - left * common).sum() <= within * (1 - left):
            return common, total / (1 - left)
    raise not_converged(steps, left)


def restarted(
    network: Network, entries: Entries, columns: int, *, damping: float, tolerance: float
) -> Numbers:
    """Accounts x columns; the entries of a column say at which accounts the reader starts anew."""
    from influgraph._centrality_line_kernels import finish_lines

    turned, size = _Turned(network, damping, tolerance), len(network.account_ids)
    found = np.empty((size, columns))
    account, column, share = entries
    for first in range(0, columns, turned.width):
        if first % BITS == 0:
            seen = _reached(network, account, column - first)
        own = (column >= first) & (column < first + turned.width)
        start = coo_array(
            (share[own], (column[own] - first, account[own])), shape=(turned.width, size)
        ).tocsr()
        total = _solve_lines(turned, *_first_steps(network, turned, start))
        finish_lines(total, turned.place, seen, first % BITS, found, first)
    return found


def _first_steps(network: Network, turned: _Turned, start: csr_array) -> tuple[Lines, Lines]:
    """Return the rest and the total after a few steps, of which each concerns few accounts."""
    pays, total = np.diff(network.weights.indptr), csr_array(start.shape)
    for _ in range(FIRST_STEPS):
        if pays[start.indices].sum() > FEW_PAIRS * network.weights.nnz:
            break
        total = total + start
        start = (start * turned.own_share) @ network.weights
    return turned.lines(start), turned.lines(total)


def _solve_lines(turned: _Turned, rest: Lines, total: Lines) -> Lines:
    paid, summed = np.empty_like(rest), total.sum(axis=0, dtype=float)
    left, sizes = np.tile(rest.sum(axis=0, dtype=float), (2, 1))
    for _ in range(turned.steps):
        amount, beyond = turned.settle(rest, total, paid, left, sizes)
        summed += left + amount * (turned.solved.sum() - 1)
        if (beyond <= turned.within / 2 * summed).all():
            return total
        left, sizes = turned.carry_on(paid, rest)
    raise not_converged(turned.steps, float(np.max(beyond / summed)))


def _reached(network: Network, account: NDArray[np.int64], column: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Of each account in its bits from which of the first 64 columns attention leads to it."""
    from influgraph._centrality_path_kernels import go_on

    starts, codes = rows(network)
    own = (column >= 0) & (column < BITS)
    front = np.zeros(len(starts) - 1, np.uint64)
    np.bitwise_or.at(front, account[own], np.uint64(1) << column[own].astype(np.uint64))
    seen, ahead = front.copy(), np.zeros_like(front)
    while go_on(starts, codes, front, seen, ahead):
        pass
    return seen
