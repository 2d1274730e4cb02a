"""What is the same for every group that may act together: where acts are, and how close they usually are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph.bots._coaction_traces import OF_ACCOUNT

if TYPE_CHECKING:
    import scipy.sparse as sp

    from influgraph.bots._coaction_traces import Acts

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

EPOCHS = 10  # periods with equally many acts each, in which members act elsewhere as often as they do
SETTLED = 100  # pairs of acts in an epoch from which on its times say as much as those of all of them


@dataclass(frozen=True)
class Closeness:
    """How many acts on the same unit are within a window of one another.

    `near`: such other acts of each act; `close` and `pairs`: such pairs, and all pairs, by layer.
    """

    near: Ints
    close: Floats
    pairs: Floats


@dataclass(frozen=True)
class Half:
    """The units with `folds` equal to `fold`, at a window of seconds, with the closeness of acts within it.

    `sizes`: layers, numbers of acts on a unit + 1, and how many units have both.
    """

    window: float
    near: Closeness
    folds: npt.NDArray[np.int8]
    fold: int
    sizes: tuple[Ints, Floats, Ints]


@dataclass(frozen=True)
class Ground:
    """What is the same for every group: where to find acts, and what people do anyway.

    `unit_start`: first act of each unit; `by_account`, `account_start`: acts sorted by account; `key`: number
    of trace and author of each unit; `by_key`, `key_start`: units sorted by it; `unseen`: posts of a key on
    which nobody acted; `home_like`: keys of posts whose author is known; `attends`: by act, whether the actor
    may attend to the author; `layer`: number of each unit's
    trace and epoch, `EPOCHS` to a trace; `vague`: units of reposts of an
    account, not of a post; `clock`: activity by hour of the week, at most 1; `alone`: by account and layer,
    posts that carry what nobody else does, which are no acts; `known`: acts and such posts; `weights`: sum of
    acts + 1 over the units of each layer, and 2 for each such post; `narrow`: chance that two acts are by one
    account.
    """

    acts: Acts
    unit_start: Ints
    total: Ints
    by_account: Ints
    account_start: Ints
    did: Ints
    key: Ints
    by_key: Ints
    key_start: Ints
    unseen: Floats
    home_like: Flags
    attends: Flags
    layer: Ints
    vague: Flags
    clock: Floats
    alone: sp.csr_array
    known: int
    weights: Floats
    narrow: float

    def acts_of(self, accounts: Ints) -> Ints:
        """Rows of the acts of these accounts, sorted."""
        return np.sort(
            self.by_account[ranges(self.account_start[accounts], self.account_start[accounts + 1])]
        )

    def acts_on(self, units: Ints) -> Ints:
        """Rows of the acts on these units, which are sorted."""
        return ranges(self.unit_start[units], self.unit_start[units + 1])


def ranges(first: Ints, last: Ints) -> Ints:
    """All numbers of several ranges, one after another."""
    size = last - first
    return np.asarray(np.arange(size.sum()) + np.repeat(first - np.cumsum(size) + size, size))


def survey(
    acts: Acts, posts: Ints, attends: Flags | None = None, alone: pd.DataFrame | None = None
) -> Ground:
    """Index the acts; `posts`: numbers of posts by account, or none; `attends`: as in `Ground`, None: all.

    `alone`: account, trace and time of posts that carry what nobody else does, None: there are none.
    """
    from influgraph.bots import _coaction_kernels as kernels

    units = acts.trace.size
    total = np.bincount(acts.unit, minlength=units)
    trace, traces = pd.factorize(acts.trace)
    trace = trace.astype(np.int64)
    keys, first, key = np.unique(
        trace * (acts.accounts + 1) + acts.author + 1, return_index=True, return_inverse=True
    )
    first_act = np.flatnonzero(np.diff(acts.unit, prepend=-1))
    layer = trace * EPOCHS + _epochs(acts, acts.time[first_act])
    beside = _count_alone(acts, pd.Index(traces), alone, int(layer.max(initial=-1)) + 1)
    did = np.bincount(acts.account, minlength=acts.accounts)
    carried = did + beside.sum(axis=1)
    hours = np.bincount(np.floor(acts.time / 3600).astype(np.int64) % 168, minlength=168) + 1.0
    sizes = np.bincount(key, minlength=keys.size)
    author = acts.author[first]
    known = author >= 0
    written = np.where(known, posts[author], 0) if posts.size else np.zeros(keys.size)
    return Ground(
        acts=acts,
        unit_start=np.append(0, np.cumsum(total)),
        total=total,
        by_account=kernels.order_by(acts.account, acts.accounts),
        account_start=np.append(0, np.cumsum(did)),
        did=did,
        key=key,
        by_key=kernels.order_by(key, keys.size),
        key_start=np.append(0, np.cumsum(sizes)),
        unseen=np.maximum(written - sizes, 0.0),
        home_like=known,
        attends=np.ones(acts.unit.size, np.bool_) if attends is None else attends,
        layer=layer,
        vague=acts.trace == OF_ACCOUNT,
        clock=np.maximum(hours / hours.max(), 0.01),
        alone=beside,
        known=acts.unit.size + int(beside.sum()),
        weights=np.bincount(layer, total + 1.0) + 2.0 * beside.sum(axis=0),
        narrow=float((carried * (carried - 1.0)).sum() / max(float(carried.sum()) ** 2, 1)),
    )


def unit_sizes(ground: Ground, folds: npt.NDArray[np.int8], fold: int) -> tuple[Ints, Floats, Ints]:
    """Layers, numbers of acts on a unit of this half + 1, and how many units have both."""
    here = folds == fold
    most = int(ground.total.max(initial=0)) + 2
    keys, count = np.unique(ground.layer[here] * most + ground.total[here] + 1, return_counts=True)
    alone = (ground.alone.sum(axis=0).astype(np.int64) + fold) // 2
    return (
        np.append(keys // most, np.arange(alone.size)),
        np.append(keys % most, np.full(alone.size, 2)).astype(np.float64),
        np.append(count, alone),
    )


def _epochs(acts: Acts, times: Floats) -> npt.NDArray[np.int64]:
    """Epoch of each moment."""
    bounds = np.quantile(acts.time, np.arange(1, EPOCHS) / EPOCHS)
    return np.asarray(np.searchsorted(bounds, times, side="right"))


def _count_alone(acts: Acts, traces: pd.Index, alone: pd.DataFrame | None, layers: int) -> sp.csr_array:
    """Posts that carry what nobody else does, by account and layer, of traces that acts have."""
    import scipy.sparse as sp

    if alone is None:
        return sp.csr_array((acts.accounts, layers))
    trace = traces.get_indexer(pd.Index(alone["trace"]))
    layer = trace * EPOCHS + _epochs(acts, alone["time"].to_numpy())
    there = (trace >= 0) & (layer < layers)
    cells = alone["account"].to_numpy()[there], layer[there]
    return sp.csr_array((np.ones(cells[0].size), cells), shape=(acts.accounts, layers))


def closeness(ground: Ground, window: float) -> Closeness:
    """Count pairs of acts on a unit, and those within the window of one another, by layer."""
    from influgraph.bots import _coaction_kernels as kernels

    near = kernels.count_near(ground.acts.unit, ground.acts.time, window)
    size = -(-int(ground.layer.max(initial=0) + 1) // EPOCHS) * EPOCHS
    close = np.bincount(ground.layer[ground.acts.unit], near, size).astype(np.float64)
    pairs = np.bincount(ground.layer, ground.total * (ground.total - 1.0), size).astype(np.float64)
    return Closeness(near, close, pairs)


def closeness_beside(ground: Ground, rows: Ints, half: Half) -> Floats:
    """By layer, how often two acts on a unit, neither of them one of these, are within the window.

    A group's own acts would else pass for what is usual, above all of a trace that few others leave.
    """
    from influgraph.bots import _coaction_kernels as kernels

    acts, every = ground.acts, half.near
    units, mine = np.unique(acts.unit[rows], return_counts=True)
    total, layer = ground.total[units], ground.layer[units]
    theirs = 2 * every.near[rows] - kernels.count_near(acts.unit[rows], acts.time[rows], half.window)
    close = every.close - np.bincount(ground.layer[acts.unit[rows]], theirs, every.close.size)
    pairs = every.pairs - np.bincount(layer, mine * (2.0 * total - mine - 1), every.pairs.size)
    close, pairs = close.reshape(-1, EPOCHS), pairs.reshape(-1, EPOCHS)
    usual = (close.sum(axis=1) + 1) / (pairs.sum(axis=1) + 1)
    return np.asarray(np.minimum((close + SETTLED * usual[:, None]) / (pairs + SETTLED), 1)).ravel()
