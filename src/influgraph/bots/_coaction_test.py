"""Whether a group acts together more than its members would each on their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph.bots._coaction_traces import OF_ACCOUNT

if TYPE_CHECKING:
    from influgraph.bots._coaction_traces import Acts

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

RUNS, WORK = (
    400,
    2e7,
)  # draws of a group's joint acts; less where runs x units x members would be more than WORK
TOLERANCE = 1.25  # times as many joint acts as expected that need no explanation: the model is not the world
APPEAL = 2.0  # shape of the gamma law of how much more appealing an object is than others' acts on it show
VAGUE = 2.0  # the same where objects are accounts: who reposts one within hours need not repost the same post
POWERS = (
    0.0,
    0.25,
    0.5,
    0.75,
    1.0,
)  # of others' acts on a post, to which those of members may be proportional
PRIOR = 5.0  # others' acts on an object from which on their times say as much as those of members elsewhere
FAINT = 1000  # pairs of acts beside members' that say nothing yet of how narrow their company is
SPARE = 1.0  # joint acts beyond those expected elsewhere that need none either
ENOUGH = 2 * SPARE  # joint acts: fewer are not judged
HOME = 3  # acts of members on an account's posts from which on it counts as one that they attend to
EPOCHS = 10  # periods with equally many acts each, in which members act elsewhere as often as they do
SETTLED = 100  # pairs of acts in an epoch from which on its times say as much as those of all of them
MOST_UNITS = 4000  # of accounts attended to that are drawn: those with the most acts


@dataclass(frozen=True)
class Verdict:
    """Joint acts of a group, those expected of members each on their own, and the p-value."""

    joint: float
    expected: float
    p_value: float
    tolerance: float = TOLERANCE

    @property
    def excess(self) -> float:
        """By how many standard deviations of a count there are more joint acts than need no explanation."""
        bound = self.tolerance * self.expected
        return float((self.joint - bound) / np.sqrt(1 + bound))


@dataclass(frozen=True)
class Half:
    """The units with `folds` equal to `fold`, at a window of seconds, with its `closeness` by layer.

    `sizes`: layers, numbers of acts on a unit + 1, and how many units have both.
    """

    window: float
    near: Floats
    folds: npt.NDArray[np.int8]
    fold: int
    sizes: tuple[Ints, Floats, Ints]


@dataclass(frozen=True)
class Ground:
    """What is the same for every group: where to find acts, and what people do anyway.

    `unit_start`: first act of each unit; `by_account`, `account_start`: acts sorted by account; `key`: number
    of trace and author of each unit; `by_key`, `key_start`: units sorted by it; `unseen`: posts of a key on
    which nobody acted; `home_like`: keys of posts whose author is known; `layer`: number of each unit's
    trace and epoch, `EPOCHS` to a trace; `vague`: units of reposts of an
    account, not of a post; `clock`: activity by hour of the week, at most 1; `weights`: sum of acts + 1 over
    the units of each layer; `narrow`: chance that two acts are by one account.
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
    layer: Ints
    vague: Flags
    clock: Floats
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


def survey(acts: Acts, posts: Ints) -> Ground:
    """Index the acts; `posts`: numbers of posts by account, or none."""
    from influgraph.bots import _coaction_kernels as kernels

    units = acts.trace.size
    total = np.bincount(acts.unit, minlength=units)
    trace = pd.factorize(acts.trace)[0].astype(np.int64)
    keys, first, key = np.unique(
        trace * (acts.accounts + 1) + acts.author + 1, return_index=True, return_inverse=True
    )
    layer = trace * EPOCHS + _epochs(acts)
    did = np.bincount(acts.account, minlength=acts.accounts)
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
        layer=layer,
        vague=acts.trace == OF_ACCOUNT,
        clock=np.maximum(hours / hours.max(), 0.01),
        weights=np.bincount(layer, total + 1.0).astype(np.float64),
        narrow=float((did * (did - 1.0)).sum() / max(float(did.sum()) ** 2, 1)),
    )


def unit_sizes(ground: Ground, folds: npt.NDArray[np.int8], fold: int) -> tuple[Ints, Floats, Ints]:
    """Layers, numbers of acts on a unit of this half + 1, and how many units have both."""
    here = folds == fold
    most = int(ground.total.max(initial=0)) + 2
    keys, count = np.unique(ground.layer[here] * most + ground.total[here] + 1, return_counts=True)
    return keys // most, (keys % most).astype(np.float64), count


def _epochs(acts: Acts) -> npt.NDArray[np.int64]:
    """Epoch of each unit: that of its first act."""
    bounds = np.quantile(acts.time, np.arange(1, EPOCHS) / EPOCHS)
    first = np.flatnonzero(np.diff(acts.unit, prepend=-1))
    return np.asarray(np.searchsorted(bounds, acts.time[first], side="right"))


def closeness(ground: Ground, window: float) -> Floats:
    """By layer, how often two acts on a unit are within the window of one another."""
    from influgraph.bots import _coaction_kernels as kernels

    near = kernels.count_near(ground.acts.unit, ground.acts.time, window)
    size = -(-int(ground.layer.max(initial=0) + 1) // EPOCHS) * EPOCHS
    close = np.bincount(ground.layer[ground.acts.unit], near, size).reshape(-1, EPOCHS)
    pairs = np.bincount(ground.layer, ground.total * (ground.total - 1.0), size).reshape(-1, EPOCHS)
    usual = (close.sum(axis=1) + 1) / (pairs.sum(axis=1) + 1)
    return np.asarray(np.minimum((close + SETTLED * usual[:, None]) / (pairs + SETTLED), 1)).ravel()


def judge(
    ground: Ground,
    members: Ints,
    half: Half,
    *,
    runs: int = RUNS,
    rng: np.random.Generator,
) -> Verdict:
    """Compare joint acts of members on the units of a fold with what they would do each on their own.

    Each member acts on an account's posts as often as it does elsewhere, on those posts that others find
    appealing, after such delays as members have elsewhere or as others have there, at hours when people act,
    or at such moments as members act at elsewhere, whichever makes more of them joint. On other objects
    joint acts are as many as their numbers in each epoch and
    the company that members keep there let expect.
    """
    from influgraph.bots import _coaction_kernels as kernels

    acts = ground.acts
    rows = ground.acts_of(members)
    unit = acts.unit[rows]
    here = half.folds[unit] == half.fold
    weight = _weights(ground, unit)
    joint = kernels.count_company(unit[here], acts.time[rows[here]], half.window, weight[here])
    if joint < ENOUGH:
        return Verdict(joint, SPARE, 1.0)
    visits = np.unique(ground.key[unit], return_counts=True)
    homes = visits[0][(visits[1] >= HOME) & ground.home_like[visits[0]]]
    at_home = np.isin(ground.key[unit], homes)
    drawn = _draw_at_home(ground, members, rows[at_home], homes, half, runs, rng)
    away = ~at_home & here
    strayed = kernels.count_company(unit[away], acts.time[rows[away]], half.window, weight[away])
    elsewhere = _expect_elsewhere(ground, rows[~at_home], half)
    apart = rng.poisson(elsewhere * rng.gamma(APPEAL, 1 / APPEAL, drawn.size))
    tolerance = VAGUE if ground.vague[unit].mean() > 0.5 else TOLERANCE
    whole = _verdict(joint, drawn + apart, tolerance)
    part = _verdict(strayed, apart.astype(np.float64), tolerance)
    low = min(whole, part, key=lambda verdict: (verdict.p_value, -verdict.excess))
    return replace(low, p_value=min(1.0, 2 * low.p_value))


def _weights(ground: Ground, unit: Ints) -> Floats:
    """By act of members, how much its unit counts: the less, the more others acted on it."""
    _, place, mine = np.unique(unit, return_inverse=True, return_counts=True)
    return _fade(ground.total[unit] - mine[place])


def _fade(others: Ints | Floats) -> Floats:
    return np.asarray((others + 1.0) ** -0.5, dtype=np.float64)


def _verdict(joint: float, drawn: Floats, tolerance: float) -> Verdict:
    return Verdict(joint, float(drawn.mean()), _tail(joint, tolerance * drawn), tolerance)


def _draw_at_home(
    ground: Ground,
    members: Ints,
    rows: Ints,
    homes: Ints,
    half: Half,
    runs: int,
    rng: np.random.Generator,
) -> Floats:
    """Draw the joint acts on posts of accounts attended to."""
    from influgraph.bots import _coaction_kernels as kernels

    acts = ground.acts
    units = np.sort(ground.by_key[ranges(ground.key_start[homes], ground.key_start[homes + 1])])
    others = ground.total[units] - np.bincount(np.searchsorted(units, acts.unit[rows]), minlength=units.size)
    pick = np.flatnonzero(half.folds[units] == half.fold)
    pick = np.sort(pick[np.argsort(-ground.total[units[pick]], kind="stable")[:MOST_UNITS]])
    if not pick.size:
        return np.zeros(runs)
    chance = _chances(ground, members, rows, homes, units, others)[pick]
    drawn_units = units[pick]
    beside = ground.acts_on(drawn_units)
    beside = beside[~np.isin(beside, rows)]
    begin = np.searchsorted(acts.unit[beside], np.append(drawn_units, drawn_units[-1] + 1))
    runs = int(np.clip(WORK / chance.size, 30, runs))
    boost = rng.gamma(APPEAL, 1 / APPEAL, (runs, pick.size))
    never, since = np.zeros(pick.size), acts.since[drawn_units]
    delay = acts.time[rows] - acts.since[acts.unit[rows]]
    ways = (
        (since, never, delay, ground.clock),
        (since, others[pick] / (others[pick] + PRIOR), delay, ground.clock),
        (never, never, acts.time[rows], np.ones(168)),
    )
    drawn = [
        kernels.draw_company(
            chance,
            appeared,
            begin.astype(np.int64),
            acts.time[beside] - acts.since[acts.unit[beside]],
            share,
            late,
            clock,
            half.window,
            boost,
            _fade(others[pick]),
            int(rng.integers(2**62)),
        )
        for appeared, share, late, clock in ways
    ]
    return np.asarray(max(drawn, key=np.mean), dtype=np.float64)


def _chances(ground: Ground, members: Ints, rows: Ints, homes: Ints, units: Ints, others: Ints) -> Floats:
    """Expected acts of each member on each unit, from all its acts but the one there, by unit and member."""
    acts = ground.acts
    local = np.searchsorted(homes, ground.key[units])
    mine = np.bincount(np.searchsorted(units, acts.unit[rows]), minlength=units.size)
    share = _shares(others, mine, local, ground.unseen[homes])
    place = np.searchsorted(units, acts.unit[rows]), np.searchsorted(members, acts.account[rows])
    done = np.zeros((units.size, members.size))
    np.add.at(done, place, 1.0)
    visits = np.zeros((homes.size, members.size))
    np.add.at(visits, (local[place[0]], place[1]), 1.0)
    attention = np.bincount(local, others, homes.size) / max(acts.unit.size, 1)
    visits += ground.did[members] * attention[:, None]
    return np.maximum(visits[local] - done, 0) * (share / np.maximum(1 - share, share))[:, None]


def _shares(others: Ints, mine: Ints, local: Ints, unseen: Floats) -> Floats:
    """Each unit's share of acts on its author's posts, by the power of others' acts that fits best."""
    best, most = np.ones(others.size), -np.inf
    for power in POWERS:
        weight = (others + 1.0) ** power
        share = weight / (np.bincount(local, weight, unseen.size) + unseen)[local]
        fit = float((mine * np.log(share)).sum())
        if fit > most:
            best, most = share, fit
    return best


def _expect_elsewhere(ground: Ground, rows: Ints, half: Half) -> float:
    """Joint acts expected elsewhere, where attention is as narrow as the company of members shows."""
    acts = ground.acts
    if not rows.size:
        return SPARE
    narrow = _narrowness(ground, rows)
    first = np.flatnonzero(np.diff(acts.unit[rows], prepend=-1))
    units, mine = acts.unit[rows[first]], np.diff(first, append=rows.size)
    layers = ground.weights.size
    by_member = np.unique(
        ground.layer[acts.unit[rows]] * acts.accounts + acts.account[rows], return_counts=True
    )
    did = np.bincount(by_member[0] // acts.accounts, by_member[1], layers)
    alone = np.bincount(by_member[0] // acts.accounts, by_member[1] ** 2.0, layers) / np.maximum(did, 1) ** 2
    scale = did * narrow / np.where(did > 0, ground.weights - did, 1.0)

    def company(layer: Ints, weight: Floats, count: Ints | float = 1.0) -> Floats:
        expected = weight * scale[layer]
        found = count * _fade(weight - 1) * expected**2 * (1 - alone[layer]) / (1 + expected)
        return np.asarray(np.bincount(layer, found, layers), dtype=np.float64)

    here = half.folds[units] == half.fold
    layer, weight = ground.layer[units[here]], ground.total[units[here]] + 1.0
    others = company(*half.sizes) - company(layer, weight) + company(layer, weight - mine[here])
    near = np.maximum(half.near[:layers], _together(acts.time[rows], half.window))
    return float(others @ near / narrow) + SPARE


def _together(times: Floats, window: float) -> float:
    """How often two acts of members, on whatever objects, are within the window of one another."""
    from influgraph.bots import _coaction_kernels as kernels

    if times.size < 2:
        return 0.0
    near = kernels.count_near(np.zeros(times.size, np.int64), np.sort(times), window).sum()
    return float(near / (times.size * (times.size - 1.0)))


def _narrowness(ground: Ground, rows: Ints) -> float:
    """How many times likelier two acts beside members' are by one account than any two acts are."""
    beside = ground.acts_on(np.unique(ground.acts.unit[rows]))
    beside = beside[~np.isin(beside, rows)]
    met = np.unique(ground.acts.account[beside], return_counts=True)[1].astype(float)
    again, pairs = (met * (met - 1)).sum(), met.sum() * (met.sum() - 1)
    usual = max(ground.narrow, 1e-12)
    return float(max((again + FAINT * usual) / (pairs + FAINT) / usual, 1.0))


def _tail(joint: float, drawn: Floats) -> float:
    """How often as many are drawn; beyond what was drawn, by the gamma law of the same mean and spread."""
    from scipy.special import gammaincc

    above = (1 + np.count_nonzero(drawn >= joint)) / (1 + drawn.size)
    if above > 10 / drawn.size:
        return float(above)
    mean, spread = drawn.mean() + 0.5, drawn.var() + 0.5
    return float(min(above, max(float(gammaincc(mean**2 / spread, joint * mean / spread)), 1e-12)))
