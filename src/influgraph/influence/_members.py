"""How members differ: in what they do anyway, and in how receptive they are to posts.

Each member has a level, which multiplies the baseline, and a receptiveness, which multiplies what posts bring
about. Both are drawn from a distribution of any shape over a grid (a nonparametric mixture, Laird 1978;
Kiefer & Wolfowitz 1956), learnt apart for each third of people by how much they engage: who engages more may
be moved more, or do more anyway. Levels taken from the baseline's shares of outcomes instead explain
themselves: whoever acts because of posts passes for somebody who acts much. Without a receptiveness, so does
who is easily moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from influgraph._threads import at_once, cuts, parts
from influgraph.influence._arrays import Floats, Ints, row_starts, sum_by

_LEVELS = np.concatenate([[0.0], np.geomspace(0.05, 20, 12)])
_RECEPTIVE = np.array([0.0, 0.3, 1.0, 2.0, 4.0])
LEVELS, RECEPTIVE = (grid.ravel() for grid in np.meshgrid(_LEVELS, _RECEPTIVE, indexing="ij"))
_STEP = 1.8  # of EM for the weights, by logarithms: below 2 it still gets there, and sooner
_KIND_STEPS = 20
_PRIOR_MEMBERS = 100.0
_STEEPEST, _TILTS = 30.0, 40  # of weights over receptiveness: looked for by halves


@dataclass(frozen=True)
class Members:
    """Level and receptiveness (rows) of every member, and of who had each outcome by all their other ones.

    Because of the latter an outcome never explains itself: given the others, the intensity of a Poisson
    process whose rate is drawn by chance has the posterior means as factors (Papangelou). `weights` are of
    the classes (columns) in each third of members.
    """

    member: Floats
    apart: Floats
    weights: Floats


@dataclass(frozen=True)
class Outcomes:
    """Outcomes by member: `order[start[u]:start[u + 1]]` are those of member u, who is in `third[u]`."""

    start: npt.NDArray[np.int64]
    order: Ints
    third: Ints

    def cuts(self) -> list[tuple[int, int]]:
        """First member and end of each part of the work."""
        return cuts(self.start, parts(len(self.start) + len(self.order)))


def outcomes_by_member(account: Ints, third: Ints) -> Outcomes:
    """Sort outcomes by who had them."""
    start = row_starts(account, len(third)).astype(np.int64)
    return Outcomes(start, np.argsort(account, kind="stable"), third)


def alike(third: Ints, outcomes: int) -> Members:
    """Everybody the same, and what is believed at the start: most lie near the middle."""
    near = np.exp(-0.5 * (np.log(np.maximum(LEVELS, 0.01)) ** 2 + np.log(np.maximum(RECEPTIVE, 0.1)) ** 2))
    weights = _shares(np.tile(near, (int(third.max()) + 1, 1)))
    weights = _at_usual_receptiveness(weights, third, np.ones(len(third)))
    return Members(np.ones((2, len(third))), np.ones((2, outcomes)), weights)


def judge(
    outcomes: Outcomes,
    before: Members,
    *,
    baseline: Floats,
    caused: Floats,
    expected: Floats,
    exposed: Floats,
) -> Members:
    """One step of EM for what members are like.

    `baseline` and `caused` are intensities at each outcome at a level and a receptiveness of one, `expected`
    and `exposed` the expected numbers of every member.
    """
    from influgraph.influence import _member_kernels

    member, apart, by_member = (np.empty_like(one) for one in (before.member, before.apart, before.apart))
    judged = partial(
        _member_kernels.judge_members,
        start=outcomes.start,
        baseline=np.maximum(baseline, 1e-300)[outcomes.order],
        caused=caused[outcomes.order],
        expected=expected,
        exposed=exposed,
        levels=LEVELS.astype(np.float32),
        receptive=RECEPTIVE.astype(np.float32),
        weights=before.weights.astype(np.float32),
        third=outcomes.third,
        member=member,
        apart=by_member,
    )
    used: list[Floats] = at_once(lambda part: judged(*part), outcomes.cuts())
    for side, sorted_side in zip(apart, by_member, strict=True):
        side[outcomes.order] = sorted_side
    share = _shares(_drawn_together(np.sum(used, axis=0)))
    weights = _shares(share * (share / np.maximum(before.weights, 1e-300)) ** (_STEP - 1))
    return Members(member, apart, _at_usual_receptiveness(weights, outcomes.third, exposed))


def draw(
    outcomes: Outcomes,
    weights: Floats,
    *,
    baseline: Floats,
    caused: Floats,
    expected: Floats,
    exposed: Floats,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Draw level and receptiveness (rows) of every member, and count the members in each class by third.

    Arguments are as of `judge`, with outcomes sorted by member.
    """
    from influgraph.influence import _member_kernels

    drawn = np.empty((2, len(expected)))
    draw_some = partial(
        _member_kernels.draw_members,
        start=outcomes.start,
        baseline=np.maximum(baseline, 1e-300),
        caused=caused,
        expected=expected,
        exposed=exposed,
        levels=LEVELS.astype(np.float32),
        receptive=RECEPTIVE.astype(np.float32),
        weights=weights.astype(np.float32),
        third=outcomes.third,
        uniform=rng.random(len(expected)),
        drawn=drawn,
    )
    used: list[Floats] = at_once(lambda part: draw_some(*part), outcomes.cuts())
    return drawn, np.asarray(np.sum(used, axis=0))


def log_likelihood(
    outcomes: Outcomes,
    weights: Floats,
    *,
    baseline: Floats,
    caused: Floats,
    expected: Floats,
    exposed: Floats,
) -> float:
    """Log likelihood of all outcomes, members being of any class; arguments are as of `judge`."""
    from influgraph.influence import _member_kernels

    summed = partial(
        _member_kernels.log_likelihood,
        start=outcomes.start,
        baseline=baseline[outcomes.order],
        caused=caused[outcomes.order],
        expected=expected,
        exposed=exposed,
        classes=np.stack([LEVELS, RECEPTIVE]),
        log_weights=np.log(np.maximum(weights, 1e-300)),
        third=outcomes.third,
    )
    by_part: list[float] = at_once(lambda part: summed(*part), outcomes.cuts())
    return float(sum(by_part))


class Kinds(NamedTuple):
    """Kinds of people: how many are of each, and their levels (levels x kinds) and receptiveness."""

    share: Floats
    level: Floats
    receptive: Floats


def start_kinds() -> Kinds:
    """Those who hardly ever do anything, and all others."""
    level, receptive = np.linspace(0, 1, len(_LEVELS)), np.arange(len(_RECEPTIVE))
    levels = np.column_stack([np.exp(-3 * level), np.exp(3 * level)])
    moved = np.vstack([np.exp(-receptive), np.ones(len(receptive))])
    return Kinds(np.array([0.3, 0.7]), levels / levels.sum(axis=0), moved / moved.sum(axis=1, keepdims=True))


def _two_kinds(used: Floats, kinds: Kinds) -> tuple[Floats, Kinds]:
    """Weights of classes as nearest to how much each is used (Kullback-Leibler), with two kinds of people.

    Within a kind, level and receptiveness go their own ways (latent classes, Hofmann 1999). Free weights
    find people who act only after posts wherever chance makes some.
    """
    from influgraph.influence import _member_kernels

    table = used.reshape(len(_LEVELS), len(_RECEPTIVE))
    kinds = Kinds(*_member_kernels.fit_kinds(table, *kinds, _KIND_STEPS))
    return ((kinds.level * kinds.share) @ kinds.receptive).ravel(), kinds


def kinds_by_third(
    used: Floats, kinds: Sequence[Kinds], third: Ints, exposed: Floats
) -> tuple[Floats, list[Kinds]]:
    """Weights of classes in each third, of two kinds of people each, and the kinds."""
    each = [_two_kinds(*one) for one in zip(_drawn_together(used), kinds, strict=True)]
    weights = np.stack([weights for weights, _ in each])
    return _at_usual_receptiveness(weights, third, exposed), [one for _, one in each]


def _at_usual_receptiveness(weights: Floats, third: Ints, exposed: Floats) -> Floats:
    """Weights tilted (exponentially, as gamma distributions are scaled) to a mean receptiveness of one.

    The mean is over members, by how many outcomes posts should bring about in each (`exposed`). Half the
    effects on people twice as receptive are the same: left free, the scale wanders off the grid. Where less
    than one outcome should be brought about there is no scale to hold.
    """
    from influgraph.influence import _member_kernels

    part = sum_by(third, exposed, len(weights))
    if part.sum() < 1:
        return weights
    mass = weights.reshape(len(weights), len(_LEVELS), -1).sum(axis=1)
    bounds = -_STEEPEST, _STEEPEST
    tilt = _member_kernels.usual_tilt(mass, _RECEPTIVE, part / part.sum(), bounds, _TILTS)
    return _shares(weights * np.exp(tilt * (RECEPTIVE - _RECEPTIVE[-1] * (tilt > 0))))


def _drawn_together(used: Floats) -> Floats:
    """How much classes are used in each third, with some members more that are as those of all thirds.

    A distribution of each third's own finds influence by chance where a third has hundreds of members.
    """
    return np.asarray(used + _PRIOR_MEMBERS * used.sum(axis=0) / used.sum())


def _shares(used: Floats) -> Floats:
    return np.asarray(used / np.maximum(used.sum(axis=1, keepdims=True), 1e-300))
