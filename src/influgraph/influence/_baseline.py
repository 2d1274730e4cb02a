"""What people would have done anyway: niche x time, and how active each account is."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from influgraph.influence._arrays import Floats, Ints, sum_by
from influgraph.influence._clock import HOUR, HOURS_PER_WEEK

HOURS_PER_DAY, HOURS_PER_BLOCK = 24, 3
_STRENGTHS = np.array([2.0, 10.0, 50.0, 300.0, 1e4])
_STEPS = 15  # of EM


def prior_strength(count: Floats, expected: Floats) -> float:
    """Moment estimate of the gamma prior's shape: infinite where counts vary no more than by chance."""
    excess = float(((count - expected) ** 2 - count).sum())
    return float((expected**2).sum()) / excess if excess > 0 else np.inf


class Uncertain(NamedTuple):
    """Factors or rates that are known by a posterior: its mean, and its geometric mean, which is less.

    Expected counts take the mean. At an outcome the geometric mean stands (variational Bayes, Cemgil 2009):
    the mean is partly made of the very outcome, so that every cell of few outcomes would explain its own.
    """

    mean: Floats
    typical: Floats


def shrunken_factor(count: Floats, expected: Floats) -> Uncertain:
    """Ratios of counts to expected counts, drawn to 1 as far as the data ask.

    The prior is a mixture of gamma distributions about 1, from tight to wide, weighted by EM: most hours
    are ordinary and drawn to 1, while the few of a shock keep their height.
    """
    from influgraph.influence import _hours_kernels

    found = _hours_kernels.shrink(count.ravel(), expected.ravel(), _STRENGTHS, _STEPS)
    return Uncertain(*(values.reshape(count.shape) for values in found))


def draw_factor(
    count: Floats, expected: Floats, weights: Floats, *, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw such factors, given weights of the prior's strengths; and the shares in which these are used."""
    from influgraph.influence import _hours_kernels

    known, uniform = (count.ravel(), expected.ravel()), rng.random(count.size)
    chosen, used = _hours_kernels.draw_strengths(*known, weights, _STRENGTHS, uniform)
    strength = chosen.reshape(count.shape)
    return rng.gamma(count + strength) / (expected + strength), used


def expected_until(end: Floats, niche: Ints, rate: Floats) -> Floats:
    """Expected outcomes until these seconds of the study, each at the rate of a niche."""
    hours = rate.shape[1]
    passed = np.minimum(end / HOUR, hours)
    cumulative = np.pad(rate.cumsum(axis=1), ((0, 0), (1, 0)))
    whole = np.floor(passed).astype(np.int64)
    at, after = (cumulative[niche, np.minimum(whole + step, hours)] for step in (0, 1))
    return np.asarray(at + (passed - whole) * (after - at))


def niche_hour_rate(counts: Floats, members: Floats) -> Uncertain:
    """Outcomes per unit of member level in each niche and hour (niches x hours).

    A product of the niche's level, the hour of the day, the day and the hour of the week, and what is left by
    day, block of hours and hour, of everybody and (but for single hours) of the niche: each drawn to 1 as far
    as the counts ask. Finer steps by niche would swallow the outcomes that a large source causes. `members`
    is niches x hours.
    """
    level = counts.sum(axis=1, keepdims=True) / np.maximum(members.sum(axis=1, keepdims=True), 1e-12)
    rate = np.repeat(level, counts.shape[1], axis=1)
    typical = np.ones_like(rate)
    for period, by_niche in periods(counts.shape[1]):
        factor = _period_factor(counts, members * rate, period, by_niche=by_niche)
        rate = rate * factor.mean
        typical = typical * factor.typical / factor.mean
    total = (members * rate).sum(axis=1, keepdims=True)
    rate = rate * counts.sum(axis=1, keepdims=True) / np.maximum(total, 1e-12)
    return Uncertain(rate, rate * typical)


def periods(count: int, *, lasting: bool = False) -> list[tuple[Ints, bool]]:
    """What the rate of so many hours is a product over: the period each lies in, and whether by niche.

    With `lasting` also halves and quarters of days, for shocks that last longer than a block. The fits do
    without: the likelihood given totals would then take much of what posts do for such shocks.
    """
    hours = np.arange(count)
    day, block = hours // HOURS_PER_DAY, hours // HOURS_PER_BLOCK
    half, quarter = hours // (HOURS_PER_DAY // 2), hours // (HOURS_PER_DAY // 4)
    found: list[tuple[Ints, bool]] = [
        (hours % HOURS_PER_DAY, False), (day % 7, False), (hours % HOURS_PER_WEEK, False),
        (day, False), (day, True), (block, False), (hours, False), (block, True),
    ]  # fmt: skip
    return found + [(half, False), (half, True), (quarter, False), (quarter, True)] * lasting


def _period_factor(counts: Floats, expected: Floats, period: Ints, *, by_niche: bool) -> Uncertain:
    pooled = [sum_periods(values, period, by_niche=by_niche) for values in (counts, expected)]
    return Uncertain(*(values[:, period] for values in shrunken_factor(*pooled)))


def sum_periods(values: Floats, period: Ints, *, by_niche: bool) -> Floats:
    """Sums over the hours of each period, of each niche (rows) or of all (one row)."""
    from influgraph.influence import _hours_kernels

    sums: Floats = _hours_kernels.sum_periods(values, period, by_niche)
    return sums


def trait_factor(own: Floats, expected: Floats, traits: Sequence[Ints]) -> Floats:
    """How much more than their niche accounts of each class do, drawn to 1: one factor per account.

    `own` and `expected` are the baseline outcomes of each account, counted and at level 1.
    """
    factor = np.ones(len(own))
    for trait in traits:
        size = int(trait.max()) + 1
        count, mean = sum_by(trait, own, size), sum_by(trait, factor * expected, size)
        factor *= shrunken_factor(count[None], mean[None]).mean[0][trait]
    return factor
