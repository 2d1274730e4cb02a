"""How members differ: in what they do anyway, and in how receptive they are to posts.

Each member has a level, which multiplies the baseline, and a receptiveness, which multiplies what posts bring
about. Both are drawn from one distribution of any shape over a grid (a nonparametric mixture, Laird 1978;
Kiefer & Wolfowitz 1956), learnt from all. Levels taken from the baseline's shares of outcomes instead explain
themselves: whoever acts because of posts passes for somebody who acts much. Without a receptiveness, so does
who is easily moved.
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from influgraph._threads import at_once, cuts, parts
from influgraph.influence._arrays import Floats, Ints, row_starts

_LEVELS = np.concatenate([[0.0], np.geomspace(0.05, 20, 13)])
_RECEPTIVE = np.array([0.0, 0.3, 1.0, 2.0, 4.0])
LEVELS, RECEPTIVE = (grid.ravel() for grid in np.meshgrid(_LEVELS, _RECEPTIVE, indexing="ij"))
_STEP = 1.8  # of EM for the weights, by logarithms: below 2 it still gets there, and sooner
_KIND_STEPS = 20


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

    def cuts(self) -> list[tuple[int, int]]:
        """First member and end of each part of the work."""
        return cuts(self.start, parts(len(self.start) + len(self.order)))


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
        member=member,
        apart=by_member,
    )
    used: list[Floats] = at_once(lambda part: judged(*part), outcomes.cuts())
    for side, sorted_side in zip(apart, by_member, strict=True):
        side[outcomes.order] = sorted_side
    share = np.sum(used, axis=0) / len(expected)
    weights = share * (share / np.maximum(before.weights, 1e-300)) ** (_STEP - 1)
    return Members(member, apart, weights / weights.sum())


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
    """Draw level and receptiveness (rows) of every member, and the share of members in each class.

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
        uniform=rng.random(len(expected)),
        drawn=drawn,
    )
    used: list[Floats] = at_once(lambda part: draw_some(*part), outcomes.cuts())
    return drawn, np.asarray(np.sum(used, axis=0) / len(expected))


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


def two_kinds(used: Floats, kinds: Kinds) -> tuple[Floats, Kinds]:
    """Weights of classes as nearest to how much each is used (Kullback-Leibler), with two kinds of people.

    Within a kind, level and receptiveness go their own ways (latent classes, Hofmann 1999). Free weights
    find people who act only after posts wherever chance makes some.
    """
    table = used.reshape(len(_LEVELS), len(_RECEPTIVE))
    for _ in range(_KIND_STEPS):
        missed = table / np.maximum((kinds.level * kinds.share) @ kinds.receptive, 1e-300)
        level = kinds.level * kinds.share * (missed @ kinds.receptive.T)
        receptive = kinds.receptive * kinds.share[:, None] * (kinds.level.T @ missed)
        share = level.sum(axis=0)
        level = level / np.maximum(share, 1e-300)
        receptive = receptive / np.maximum(receptive.sum(axis=1, keepdims=True), 1e-300)
        kinds = Kinds(share / share.sum(), level, receptive)
    return ((kinds.level * kinds.share) @ kinds.receptive).ravel(), kinds
