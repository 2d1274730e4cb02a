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
AMPLE = 1e15  # shares and weights up to here, and from its inverse on, leave room in single precision
LARGEST = 1e300
FEWEST_SPANNED = 3  # steps by which it is told how fast a rest shrinks
POWERS = 8
SLOWEST = 0.9999  # share of a change that may be left after a step and still be told from none


class Spread:
    """The steps of one network; in a network of many pairs in four parts, however many cores there are.

    Not `scaled`, the largest weight counts 1.
    """

    def __init__(self, network: Network, *, weighted: bool = True, scaled: bool = True) -> None:
        self.starts, self.codes = rows(network)
        self.weights, self.scale = np.empty(0), 1.0
        data = network.weights.data
        if weighted and data.size:
            most = float(data.max())
            self.scale = most if scaled else 1.0
            if data.min() < most:
                self.weights = data / most
        self.parts = PARTS if self.codes.size > FEW_PAIRS else 1
        self._cuts = cuts(self.starts, self.parts)
        self._parts = np.empty((len(self._cuts), 0))

    def paid_by_each(self) -> Numbers:
        """How much attention each account pays, in units of the largest weight."""
        if not self.weights.size:
            return np.diff(self.starts).astype(float)
        return self._taken(np.ones(len(self.starts) - 1))

    def fits_single(self, share: Numbers) -> bool:
        """Whether shares and weights are far from where single precision ends."""
        return bool(share.max(initial=0) < AMPLE and self.weights.min(initial=1) > 1 / AMPLE)

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
        return self._taken(offered) * self.scale

    def _taken(self, offered: Numbers) -> Numbers:
        """The same before scale."""
        from influgraph._centrality_walk_kernels import take

        taken = np.empty(len(offered))
        at_once(lambda cut: take(self.starts, self.codes, self.weights, offered, taken, *cut), self._cuts)
        return taken


def add_up(step: Callable[[Numbers], Numbers], start: Numbers, *, tolerance: float, name: str) -> Numbers:
    """Sum of a vector and all that comes of it step by step, but for what is within the tolerance."""
    total, rest = start.copy(), start
    lefts = [float(start.sum())]
    for _ in range(MOST_STEPS):
        with np.errstate(over="ignore", invalid="ignore"):
            rest = step(rest)
            total += rest
            left = float(rest.sum())
        if left == 0:
            return total
        if not left < LARGEST:
            break
        rate = _rate(left, lefts)
        if rate < 1 and _to_come(left, rate) <= tolerance * total.sum():
            return total
        lefts.append(left)
    raise ArithmeticError(f"{name} did not converge: what each step adds does not shrink fast enough")


def _rate(left: float, lefts: list[float]) -> float:
    """How fast it shrinks at least, over some steps: fewer tell of a part that dies out, or a circle."""
    if len(lefts) < 2 * FEWEST_SPANNED:
        return math.inf
    spans = range(FEWEST_SPANNED, 2 * FEWEST_SPANNED + 1)
    return float(max((left / lefts[-span]) ** (1 / span) for span in spans))


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
        if _to_come(change, change / before) <= tolerance:
            moved[moved < tolerance / len(moved)] = 0.0  # as little is not told from nothing
            return np.asarray(moved / moved.sum())
        value, before = moved, change
    raise ArithmeticError(f"{name} did not converge to {tolerance}: it still changes by {before}")


def most_growth(spread: Spread, start: Numbers) -> float:
    """Least upper bound of the largest eigenvalue that powers of the network tell; 1 where it has none."""
    bound, value = math.inf, start
    for power in range(1, POWERS + 1):
        value = spread.received(value)
        most = value.max(initial=0.0)
        if most == 0:
            break
        bound = min(bound, most ** (1 / power))
    return bound if bound < math.inf else 1.0


def _to_come(change: float, rate: float) -> float:
    """Sum of all later changes, if each is as this share of the one before, or half of it."""
    rate = min(max(rate, 0.5), SLOWEST)
    return change * rate / (1 - rate)
