"""How much each account's posts do per exposure: sampled together, under a prior learnt from all.

A Gibbs sampler over a grid of rates. Accounts whose posts reach the same people at the same time compete
for the same outcomes; drawn one after the other, each given all others, their rates take this into
account, where separate estimates would each claim the whole.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from influgraph.influence import _point
from influgraph.influence._arrays import Flags, Floats, Ints, row_starts, sum_by
from influgraph.influence._exposure import Exposure
from influgraph.influence._intensity import Intensity
from influgraph.influence._nuisance import Nuisance

SWEEPS = 200
# A sweep visits every author and outcome: from this many on there are fewer, down to the least.
_MANY, _FEWEST_SWEEPS = 5_000_000, 100
# Zero, and rates from a fiftieth to a hundred times the pooled rate.
_GRID = np.concatenate([[0.0], np.geomspace(0.02, 100, 61)])
# Outcomes that a rate beyond the grid may let expect.
_COUNTS = np.concatenate([[0.0], np.geomspace(0.1, 1e4, 80)])
# Pseudo-accounts of no effect: one for so many authors, within these bounds.
_AUTHORS_PER_NULL, _NULLS = 20, (3.0, 10.0)
# Outcomes credited by the fit below which an author counts as pruned; the share of these is where the prior
# of no effect starts, within bounds. Where nearly all are, a start at a half lets many rise at once and hold.
PRUNED, _ZERO_AT_START = 0.1, (0.5, 0.98)
# Sweeps from one draw of what people would do anyway to the next, where authors and outcomes meet often.
_REDRAWN_EVERY = 4
_LEARNING_RATE = 0.2
_LEARNT_EACH_SWEEP = 5
_LEAST_LIKELY = 1e-6
# Blocks of three hours, and how strongly their level in a niche is drawn to that of everybody.
_BLOCK, _NICHE_STRENGTH = 3 * 3600.0, 20.0
_LEAST = 0.1
_BASELINE_ERROR, _LEAST_TRUST = 0.03, 0.03
_LARGEST_SCALE = 3.0  # of the usual one
# The least share of the outcomes about whose rate rates go: a fit may find nothing where draws find much. In
# doubt draws stay with the fit, as they wander up there where nobody moves anybody.
_LEAST_CREDITED, _LEAST_IN_DOUBT = 0.03, 0.001
# Relative likelihood from which on a rate is not excluded (one-sided 5 %).
_NOT_EXCLUDED = float(np.exp(-(1.645**2) / 2))


@dataclass(frozen=True)
class Effects:
    """Posterior of the rate (outcomes per unit of exposure) of every exposed author.

    `probability` (authors x rates) is marginal, `likelihood` relative to the best rate; the columns of
    `draws` (authors x draws) are joint. `information` is the share of each author's information that the
    baseline leaves, `trust` (0-1) how far its likelihood is believed. `rate` is the one number for each (see
    `_point`): its product with the exposure to own posts has the order of influence. `baseline` is per
    outcome, as the fit's: at mean rates, it has the share of each outcome that posterior draws give it.
    `possible` are rates beyond the grid that the author's own outcomes do not exclude, 0 where there are
    none (where hardly anything is credited the grid is narrow), and what `_doubt` adds; no lower end is above
    `least`.
    """

    authors: Ints
    rates: Floats
    probability: Floats
    likelihood: Floats
    draws: Floats
    information: Floats
    trust: Floats
    rate: Floats
    baseline: Floats
    possible: Floats | float = 0.0
    least: Floats | float = np.inf

    def mean(self) -> Floats:
        """Posterior mean rate of every author."""
        return np.asarray(self.probability @ self.rates)

    def quantile(self, level: float) -> Floats:
        """Rate with this much probability below it, spread evenly within each step of the grid."""
        cumulative = self.probability.cumsum(axis=1)
        step = np.minimum((cumulative < level).sum(axis=1), len(self.rates) - 1)
        row = np.arange(len(step))
        edges = _edges(self.rates)
        past = (cumulative[row, step] - level) / np.maximum(self.probability[row, step], 1e-300)
        spread = edges[step + 1] - np.clip(past, 0, 1) * (edges[step + 1] - edges[step])
        return np.where(step == 0, 0.0, spread)

    def low(self) -> Floats:
        """Lower end of the 90 % interval."""
        return np.asarray(np.minimum(self.quantile(0.05), self.least))

    def high(self) -> Floats:
        """Upper end of the 90 % interval.

        The posterior's, or the largest rate that the author's own outcomes do not exclude (one-sided 5 %)
        where that is higher: the posterior alone, drawn to what is usual, misses many of the large effects.
        """
        allowed = np.where(self.likelihood >= _NOT_EXCLUDED, self.rates, 0).max(axis=1)
        own = np.maximum(np.maximum(self.quantile(0.95), self.mean()), allowed)
        return np.asarray(np.maximum(own, self.possible))


def sample_effects(
    exposure: Exposure,
    fitted: Intensity,
    *,
    sweeps: int = SWEEPS,
    groups: Ints | None = None,
    evidence: Callable[[Floats], Floats] | None = None,
    rng: np.random.Generator,
) -> Effects:
    """Sample all rates given the delay kernel, together with what people would do anyway (`_nuisance`).

    Rates are per exposure of the fit, so that the product of both is what was drawn.

    The prior is zero, or a mixture of exponentials: any shape that falls with the rate, and smooth, so
    that intervals do not collapse onto single points. A few pseudo-accounts of rate zero keep it from
    claiming influence where the data cannot tell (adaptive shrinkage, Stephens 2017). It is learnt from
    all authors, or from each of the `groups` they are numbered by. `evidence` gives, for rates, what else is
    known of each author's: relative likelihoods (authors of the exposure x rates). Where authors and outcomes
    meet more than five million times, fewer than `sweeps` are kept, at least a hundred of them.
    """
    from influgraph.influence import _kernels

    authors = np.flatnonzero(fitted.exposed > 0)
    group = np.zeros(len(authors), np.int64) if groups is None else groups[authors]
    start, outcome, added, place = by_author(exposure, fitted.kernel, authors)
    exposed, baseline = fitted.exposed[authors], fitted.baseline
    rates = _rates_about(fitted, exposed)
    current = _nearest(rates, fitted.credit[authors] / exposed)
    theta, scale, toll = rates[current], np.ones(len(authors)), exposed
    caused = _kernels.sum_caused(start, outcome, added, theta, len(baseline))
    odds = added / (baseline + caused)[outcome]
    left, weight = _trust(exposure, odds, outcome, place, exposed)
    intensity = (baseline + caused).astype(np.float32)
    known = np.ones((len(authors), len(rates))) if evidence is None else evidence(rates)[authors]
    # Where trials and all else exclude each other, what was randomised decides.
    least = np.where((known < 1).any(axis=1), _LEAST_LIKELY, 0.0)
    idle = float(np.mean(fitted.credit[authors] < PRUNED))
    learnt, nuisance = _Prior(rates, group, zero=idle), Nuisance(exposure, fitted)
    likelihood, own = np.empty((len(authors), len(rates))), np.empty(len(baseline))
    probability, believed, anyway = np.zeros_like(likelihood), np.zeros_like(likelihood), np.zeros_like(own)
    sweeps, every = _affordable(sweeps, len(outcome)), _REDRAWN_EVERY if len(outcome) > _MANY else 1
    draws = np.empty((len(authors), sweeps))
    for sweep in range(-(sweeps // 2), sweeps):
        if sweep % every == 0:
            caused = _kernels.sum_caused(start, outcome, added, theta, len(baseline))
            nuisance.redraw(authors, theta, caused, rng=rng)
            whole = nuisance.baseline + caused
            own, intensity = nuisance.baseline / whole, whole.astype(np.float32)
            scale = _scales(exposed, nuisance.exposed[authors])
            toll = scale * nuisance.exposed[authors]
        prior = learnt.of_authors() * known
        given = start, outcome, added, toll, scale, weight, rates, prior, least
        _kernels.sample_rates(*given, rng.random(len(authors)), intensity, theta, current, likelihood)
        learnt.learn(likelihood * known, steps=_LEARNT_EACH_SWEEP if sweep < 0 else 1)
        if sweep >= 0:
            posterior = likelihood * prior
            probability += posterior / posterior.sum(axis=1, keepdims=True)
            believed += learnt.of_authors()
            anyway += own
            draws[:, sweep] = rates[current]
    prior, probability = believed / sweeps, probability / sweeps
    likelihood = _marginal_likelihood(probability, prior)
    caused = _kernels.sum_caused(start, outcome, added, probability @ rates, len(baseline))
    baseline = np.where(caused > 0, _baseline_by_share(anyway / sweeps, caused), baseline)
    found = Effects(authors, rates, probability, likelihood, draws, left, weight, exposed, baseline)
    found = replace(found, possible=_beyond_grid(found, (start, outcome, added, exposed), baseline + caused))
    return replace(found, rate=_point_rates(found, fitted.direct[authors], prior, tried=least > 0))


def _beyond_grid(
    found: Effects, pairs: tuple[Ints, Ints, npt.NDArray[np.float32], Floats], whole: Floats
) -> Floats:
    """Greatest rates not excluded, where not even the greatest of the grid is; else zero."""
    from influgraph.influence import _kernels

    limits = _COUNTS, whole, found.mean(), _NOT_EXCLUDED
    greatest = _kernels.greatest_allowed(*pairs, found.trust, *limits)
    return np.where(found.likelihood[:, -1] >= _NOT_EXCLUDED, greatest, 0.0)


def _rates_about(fitted: Intensity, exposed: Floats) -> Floats:
    """Rates about the pooled rate of the fit, or of a share of the outcomes where it credits less."""
    least = _LEAST_IN_DOUBT if fitted.in_doubt else _LEAST_CREDITED
    credited = max(fitted.credit.sum(), least * len(fitted.baseline))
    return np.asarray(_GRID * credited / max(exposed.sum(), 1e-12))


def _scales(fitted: Floats, now: Floats) -> Floats:
    """How much an effect is of its rate, which is per exposure of the fit, among people as they are now.

    Bounded: an author whose few followers all pass for unmoved would need an effect beyond all bounds. They
    would then pass for it ever after, next those who hear of the same authors, and in the end everybody.
    """
    usual = fitted.sum() / max(now.sum(), 1e-12)
    return np.asarray(np.minimum(fitted / np.maximum(now, 1e-12), _LARGEST_SCALE * usual))


def _baseline_by_share(anyway: Floats, caused: Floats) -> Floats:
    """Baseline of each outcome at which this share of it was had anyway, beside what is caused."""
    share = np.clip(anyway, 1e-9, 1 - 1e-9)
    return np.asarray(caused * share / (1 - share))


def _marginal_likelihood(probability: Floats, prior: Floats) -> Floats:
    """Relative likelihood over all sweeps: what was seen in one hangs on what was drawn in it."""
    likelihood = np.divide(probability, prior, out=np.zeros_like(prior), where=prior > 0)
    return np.asarray(likelihood / likelihood.max(axis=1, keepdims=True))


def _point_rates(found: Effects, exposed: Floats, prior: Floats, *, tried: Flags) -> Floats:
    """Rate of every author whose product with `exposed` (to own posts) has the best order."""
    rate, some = found.mean(), exposed > 0
    full = _point.at_face_value(found.probability, prior, found.trust, tried)
    order = _point.typical(full, exposed[:, None] * found.rates)
    low, high = found.quantile(0.05), found.high()
    sizes = [(values * exposed)[some] for values in (rate, low, high)]
    rate[some] = _point.point_estimates(sizes[0], order[some], *sizes[1:]) / exposed[some]
    return rate


def _affordable(sweeps: int, visits: int) -> int:
    return min(sweeps, max(_FEWEST_SWEEPS, sweeps * _MANY // max(visits, 1)))


def _trust(
    exposure: Exposure, odds: Floats, outcome: Ints, place: Ints, exposed: Floats
) -> tuple[Floats, Floats]:
    """Information left to each author, and how far its likelihood is to be believed (both 0-1).

    The baseline is learnt, and never right. A post that half of everybody may see stands and falls with the
    baseline of its hours; one that few see is told apart from it by all the others. So, first, the part of an
    author's exposure that a free level per block of hours would explain, of everybody and (shrunken) of each
    niche, carries no information. Second, a baseline that is wrong by a share e shifts an estimate of
    standard error s outcomes by e s**2: this systematic error is added to the random one.
    """
    count = len(exposed)
    information = np.maximum(sum_by(place, odds**2, count), 1e-200)
    block = (exposure.outcomes.time // _BLOCK).astype(np.int64)
    niche = exposure.niche[exposure.outcomes.account]
    in_niche = block * (niche.max() + 1) + niche
    explained = _explained(block, 0, odds, outcome, place, count)
    explained += _explained(in_niche, _NICHE_STRENGTH, odds, outcome, place, count)
    left = np.clip(1 - explained / information, _LEAST, 1)
    variance = exposed**2 / (left * information)
    return left, np.maximum(left / (1 + _BASELINE_ERROR**2 * variance), _LEAST_TRUST)


def _explained(cell: Ints, strength: float, odds: Floats, outcome: Ints, place: Ints, count: int) -> Floats:
    """Information that a level per cell takes, from pairs of outcomes: each alone explains itself."""
    from influgraph.influence import _kernels

    divisor = np.maximum(np.bincount(cell) - 1 + strength, 1)
    return _kernels.explained_squares(row_starts(place, count), outcome, odds, cell, divisor)


class _Prior:
    """The prior of rates: components, and how much each weighs among the authors of each group."""

    def __init__(self, rates: Floats, group: Ints, *, zero: float) -> None:
        self._components, self._group = _prior_components(rates), group
        count = len(self._components)
        zero = float(np.clip(zero, *_ZERO_AT_START))
        self._weights = np.full((group.max(initial=0) + 1, count), (1 - zero) / (count - 1))
        self._weights[:, 0] = zero
        self._nulls = float(np.clip(len(group) / _AUTHORS_PER_NULL, *_NULLS))

    def of_authors(self) -> Floats:
        """Probability of every rate (authors x rates)."""
        return np.asarray((self._weights @ self._components)[self._group])

    def learn(self, likelihood: Floats, *, steps: int) -> None:
        """Damped steps of EM for the weights."""
        marginal = likelihood @ self._components.T
        for _ in range(steps):
            share = marginal * self._weights[self._group]
            share /= share.sum(axis=1, keepdims=True)
            fresh = np.stack([share[self._group == one].sum(axis=0) for one in range(len(self._weights))])
            fresh[:, 0] += self._nulls
            fresh /= fresh.sum(axis=1, keepdims=True)
            self._weights = (1 - _LEARNING_RATE) * self._weights + _LEARNING_RATE * fresh


def _prior_components(rates: Floats) -> Floats:
    """Probabilities of the grid's rates under each component (components x rates); the first is zero."""
    means, edges = rates[1:][::6], _edges(rates)[1:]
    edges[-1] = np.inf
    exponential = -np.diff(np.exp(-edges / means[:, None]), axis=1)
    return np.vstack([np.eye(1, len(rates)), np.pad(exponential, ((0, 0), (1, 0)))])


def _edges(rates: Floats) -> Floats:
    """Ends of the steps of the grid; the step of rate zero has no width."""
    inner = np.sqrt(rates[1:-1] * rates[2:])
    return np.concatenate([[0, 0], inner, [rates[-1] ** 2 / inner[-1]]])


def _nearest(rates: Floats, wanted: Floats) -> Ints:
    """Positions in the grid of the rates next below."""
    return np.clip(np.searchsorted(rates, wanted, side="right") - 1, 0, len(rates) - 1)


def by_author(
    exposure: Exposure, kernel: Floats, authors: Ints
) -> tuple[Ints, Ints, npt.NDArray[np.float32], Ints]:
    """Sum the pairs of one author before one outcome, sorted by author.

    Row pointers of `authors`, outcomes, kernel sums (per waking second), and the place of each in `authors`.
    """
    from influgraph.influence import _kernels

    pairs = exposure.pair_outcome, exposure.pair_author, exposure.pair_cell
    start, outcome, added = _kernels.sum_by_author(*pairs, kernel, len(exposure.authors))
    # Who is never exposed has no pairs, so that the rows of the others lie side by side.
    start = np.append(start[authors], start[-1])
    return start, outcome, added, np.repeat(np.arange(len(authors), dtype=np.int32), np.diff(start))
