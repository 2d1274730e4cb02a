"""How members differ: in what they do anyway, and in how receptive they are to posts.

Each member has a level, which multiplies the baseline, and a receptiveness, which multiplies what posts bring
about. Where members act often, both are drawn from one distribution of any shape over a grid (a nonparametric
mixture, Laird 1978; Kiefer & Wolfowitz 1956), learnt from all (`judge`). Without a receptiveness, whoever
acts much because of posts passes for somebody who acts much; with levels fitted from shares of outcomes,
whatever the fit starts from explains itself (in a world with 25 purchases a person, 55 % of them caused,
.5 to 1.09 of the truth by the start alone).

Where they act seldom, their own acts tell little of either, and the mixture takes likeness of followers for
influence: levels by shares (`judge_by_shares`) came nearer to the truth in worlds with one or two outcomes
each, and everybody is as receptive (docs/validation.md compares both).
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from influgraph._threads import at_once, cuts
from influgraph.influence import _baseline
from influgraph.influence._arrays import Floats, Ints, row_starts, sum_by

_LEVELS = np.concatenate([[0.0], np.geomspace(0.05, 20, 13)])
_RECEPTIVE = np.array([0.0, 0.3, 1.0, 2.0, 4.0])
LEVELS, RECEPTIVE = (grid.ravel() for grid in np.meshgrid(_LEVELS, _RECEPTIVE, indexing="ij"))
_STEP = 1.8  # of EM for the weights, by logarithms: below 2 it still gets there, and sooner
_PARTS = 16  # of the work, however many cores there are
# Numbers of outcomes at which levels by shares are calibrated, and outcomes that draw each to 1.
_KNOTS = np.array([0, 1, 2, 3, 4, 6, 9, 15, 30], dtype=np.float64)
_PSEUDO_COUNT = 5.0


@dataclass(frozen=True)
class Members:
    """Level and receptiveness (rows) of every member, and of who had each outcome by all their other ones.

    Because of the latter an outcome never explains itself: given the others, the intensity of a Poisson
    process whose rate is drawn by chance has the posterior means as factors (Papangelou).
    """

    member: Floats
    apart: Floats
    weights: Floats


@dataclass(frozen=True)
class Outcomes:
    """Outcomes by member: `order[start[u]:start[u + 1]]` are those of member u."""

    start: npt.NDArray[np.int64]
    order: Ints


def outcomes_by_member(account: Ints, *, accounts: int) -> Outcomes:
    """Sort outcomes by who had them."""
    return Outcomes(row_starts(account, accounts).astype(np.int64), np.argsort(account, kind="stable"))


def alike(accounts: int, outcomes: int) -> Members:
    """Everybody the same, and what is believed at the start: most lie near the middle."""
    near = np.exp(-0.5 * (np.log(np.maximum(LEVELS, 0.01)) ** 2 + np.log(np.maximum(RECEPTIVE, 0.1)) ** 2))
    return Members(np.ones((2, accounts)), np.ones((2, outcomes)), near / near.sum())


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

    member, apart = np.empty_like(before.member), np.empty_like(before.apart)
    judged = partial(
        _member_kernels.judge_members,
        start=outcomes.start,
        order=outcomes.order,
        baseline=np.maximum(baseline, 1e-300),
        caused=caused,
        expected=expected,
        exposed=exposed,
        levels=LEVELS.astype(np.float32),
        receptive=RECEPTIVE.astype(np.float32),
        weights=before.weights.astype(np.float32),
        member=member,
        apart=apart,
    )
    used: list[Floats] = at_once(lambda part: judged(*part), cuts(outcomes.start, _PARTS))
    share = np.sum(used, axis=0) / len(expected)
    weights = share * (share / np.maximum(before.weights, 1e-300)) ** (_STEP - 1)
    return Members(member, apart, weights / weights.sum())


def judge_by_shares(account: Ints, before: Members, *, own: Floats, expected: Floats) -> Members:
    """Levels from the baseline's share `own` of each outcome: over the whole study, and apart from each.

    `account` had the outcomes, `expected` is every member's number at level 1. A gamma prior fitted by
    moments is calibrated by the number of other outcomes, because levels need not be gamma-distributed
    (Robbins 1956).
    """
    done = sum_by(account, own, len(expected))
    others = np.maximum(done[account] - own, 0)
    strength = min(_baseline.prior_strength(done, expected), 1e6)
    level = (strength + done) / (strength + expected)
    apart = (strength + others) / (strength + expected[account])
    seen, predicted = _at_knots(others, own), _at_knots(done, level * expected)
    calibration = (seen + _PSEUDO_COUNT) / (predicted + _PSEUDO_COUNT)
    member, others_say = np.ones_like(before.member), np.ones_like(before.apart)
    member[0] = level * np.interp(done, _KNOTS, calibration)
    others_say[0] = apart * np.interp(others, _KNOTS, calibration)
    return Members(member, others_say, before.weights)


def _at_knots(position: npt.NDArray[Any], weight: Floats) -> Floats:
    """Sums of weights at the knots, each shared linearly between its two neighbours."""
    place = np.clip(np.searchsorted(_KNOTS, position, side="right") - 1, 0, len(_KNOTS) - 2)
    past = np.clip((position - _KNOTS[place]) / (_KNOTS[place + 1] - _KNOTS[place]), 0, 1)
    near, far = (
        np.bincount(place + step, weight * part, minlength=len(_KNOTS))
        for step, part in ((0, 1 - past), (1, past))
    )
    return np.asarray(near + far)
