"""Vectors that attention carries on: one step on all cores, and what many steps come to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from influgraph._centrality_arrays import rows
from influgraph._threads import at_once, cuts

if TYPE_CHECKING:
    from collections.abc import Callable

    from influgraph._centrality_arrays import Numbers, Payments
    from influgraph.networks import Network

FEW_PAIRS = 200_000  # not worth a second thread
PARTS = 4
MOST_STEPS = 10_000
SLOWEST = 0.9999  # share of a change that may be left after a step and still be told from none


class Spread:
    """The steps of one network; in a network of many pairs in four parts, however many cores there are."""

    def __init__(self, network: Network, *, weighted: bool = True) -> None:
        self.starts, self.codes = rows(network)
        self.weights, self.scale = np.empty(0), 1.0
        data = network.weights.data
        if weighted and data.size and data.min() < data.max():
            self.weights = data
        elif weighted and data.size:
            self.scale = float(data[0])
        self.parts = PARTS if self.codes.size > FEW_PAIRS else 1
        self._cuts = cuts(self.starts, self.parts)
        self._parts = np.empty((len(self._cuts), 0))

    def paid_by_each(self) -> Numbers:
        """How much attention each account pays; in units of the weight where all weigh the same."""
        if not self.weights.size:
            return np.diff(self.starts).astype(float)
        return self.taken(np.ones(len(self.starts) - 1))

    def received_in_parts(self, paid: Payments) -> Payments:
        """Parts x accounts: what each account receives, before scale, in arrays that the next step reuses."""
        from influgraph._centrality_walk_kernels import give

        if self._parts.dtype != paid.dtype or self._parts.shape[1] != len(paid):
            self._parts = np.empty((len(self._cuts), len(paid)), paid.dtype)

        def one(part: int) -> None:
            give(self.starts, self.codes, self.weights, paid, self._parts[part], *self._cuts[part])

        at_once(one, range(len(self._cuts)))
        return self._parts

    def received(self, paid: Numbers) -> Numbers:
        """What each account receives from those who attend to it."""
        return np.asarray(self.received_in_parts(paid).sum(axis=0) * self.scale)

    def taken(self, offered: Numbers) -> Numbers:
        """What each account takes from those that it attends to."""
        from influgraph._centrality_walk_kernels import take

        taken = np.empty(len(offered))
        at_once(lambda cut: take(self.starts, self.codes, self.weights, offered, taken, *cut), self._cuts)
        taken *= self.scale
        return taken


def add_up(step: Callable[[Numbers], Numbers], start: Numbers, *, tolerance: float, name: str) -> Numbers:
    """Sum of a vector and all that comes of it step by step, but for what is within the tolerance."""
    total, rest, before = start.copy(), start, math.inf
    if not rest.any():
        return total
    for _ in range(MOST_STEPS):
        with np.errstate(over="ignore", invalid="ignore"):
            rest = step(rest)
            total += rest
            left = float(rest.sum())
        if not math.isfinite(left):
            break
        if _to_come(left, before) <= tolerance * (total.sum() if left < 1e300 else 0.0):
            return total
        before = left
    raise ArithmeticError(f"{name} did not converge: what each step adds does not shrink fast enough")


def dominant(
    step: Callable[[Numbers], Numbers], start: Numbers, *, tolerance: float, name: str, shift: float = 0.0
) -> Numbers:
    """Return the vector that steps from `start` end in, in sum 1; a share of `shift` stays where it is."""
    if not start.any():
        return start
    value, before = start / start.sum(), math.inf
    for _ in range(MOST_STEPS):
        moved = step(value)
        moved /= moved.sum()
        if shift:
            moved = (moved + shift * value) / (1 + shift)
        change = float(np.abs(moved - value).sum())
        if _to_come(change, before) <= tolerance:
            return moved
        value, before = moved, change
    raise ArithmeticError(f"{name} did not converge to {tolerance}: it still changes by {before}")


def _to_come(change: float, before: float) -> float:
    """Sum of all later changes, if they shrink as this one did."""
    if change == 0:
        return 0.0
    rate = min(change / before, SLOWEST) if change < before else SLOWEST
    return change * max(rate, 0.5) / (1 - max(rate, 0.5))
