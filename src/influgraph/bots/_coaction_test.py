"""Whether a group acts together more than its members would each on their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from influgraph.bots._coaction_ground import Ground, Half, closeness_beside, ranges

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float64]

# Draws of a group's joint acts; less where runs x units x members would be more than WORK.
RUNS, WORK = 400, 2e7
TOLERANCE = 1.25  # times as many joint acts as expected that need no explanation: the model is not the world
# Shape of the gamma law of how much more appealing an object is, or elsewhere those of a layer are.
APPEAL = 2.0
VAGUE = 2.0  # the same where objects are accounts: who reposts one within hours need not repost the same post
# Of others' acts on a post, to which those of members may be proportional.
POWERS = (0.0, 0.25, 0.5, 0.75, 1.0)
PRIOR = 5.0  # others' acts on an object from which on their times say as much as those of members elsewhere
FAINT = 1000  # pairs of acts beside members' that say nothing yet of how narrow their company is
SPARE = 1.0  # joint acts beyond those expected elsewhere that need none either
ENOUGH = 2 * SPARE  # joint acts: fewer are not judged
HOME = 3  # acts of members on an account's posts from which on it counts as one that they attend to
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
    at_home = np.isin(ground.key[unit], homes) & ground.attends[rows]
    drawn = _draw_at_home(ground, members, rows[at_home], homes, half, runs, rng)
    away = ~at_home & here
    strayed = kernels.count_company(unit[away], acts.time[rows[away]], half.window, weight[away])
    elsewhere = _expect_elsewhere(ground, rows[~at_home], half, closeness_beside(ground, rows, half))
    apart = rng.poisson(rng.gamma(APPEAL, 1 / APPEAL, (drawn.size, elsewhere.size)) @ elsewhere)
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


def _expect_elsewhere(ground: Ground, rows: Ints, half: Half, usual: Floats) -> Floats:
    """Joint acts expected elsewhere by layer, and a spare one.

    Attention is as narrow as the company of members shows, acts as close as usual or as members' are.
    Links, texts, tags and objects that members alone leave need not be:
    whoever makes one up meets nobody there.
    """
    acts = ground.acts
    if not rows.size:
        return np.array([SPARE])
    narrow = _narrowness(ground, rows)
    first = np.flatnonzero(np.diff(acts.unit[rows], prepend=-1))
    units, mine = acts.unit[rows[first]], np.diff(first, append=rows.size)
    layers = ground.weights.size
    members, member = np.unique(acts.account[rows], return_inverse=True)
    unshared = ground.alone[members].toarray()
    by_member = unshared.copy()
    np.add.at(by_member, (member, ground.layer[acts.unit[rows]]), 1.0)
    did = by_member.sum(axis=0)
    alone = (by_member**2).sum(axis=0) / np.maximum(did, 1) ** 2
    lone = (mine == ground.total[units]) & ~ground.home_like[ground.key[units]]
    # Where most of what is known is theirs, nobody says what is usual.
    lone &= ground.known >= 2 * did.sum()
    theirs = ground.weights - did - np.bincount(ground.layer[units[lone]], minlength=layers)
    theirs -= unshared.sum(axis=0)
    scale = np.divide(did * narrow, theirs, out=np.zeros(layers), where=theirs >= 1)

    def company(layer: Ints, weight: Floats, count: Ints | float = 1.0) -> Floats:
        expected = weight * scale[layer]
        found = count * _fade(np.maximum(weight - 1, 0)) * expected**2 * (1 - alone[layer]) / (1 + expected)
        return np.asarray(np.bincount(layer, found, layers), dtype=np.float64)

    here = half.folds[units] == half.fold
    layer, weight = ground.layer[units[here]], ground.total[units[here]] + 1.0
    left = np.where(lone[here], 0.0, weight - mine[here])
    others = company(*half.sizes) - company(layer, weight) + company(layer, left)
    near = np.maximum(usual[:layers], _together(acts.time[rows], half.window))
    return np.append(others * near / narrow, SPARE)


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
