"""How much each account's posts do per exposure: sampled together, under a prior learnt from all."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from influgraph.influence import _point, _prior
from influgraph.influence._arrays import Floats, Ints
from influgraph.influence._chain import Chain
from influgraph.influence._exposure import Exposure
from influgraph.influence._intensity import Intensity

SWEEPS = 200
# A sweep visits every author and outcome: from this many on there are fewer, down to the least.
_MANY, _FEWEST_SWEEPS = 5_000_000, 100
# Outcomes that a rate beyond the grid may let expect.
_COUNTS = np.concatenate([[0.0], np.geomspace(0.1, 1e4, 80)])
# Outcomes credited by the fit below which an author counts as pruned; the share of these is where the prior
# of no effect starts.
PRUNED = 0.1
# Sweeps from one draw of what people would do anyway to the next, where authors and outcomes meet often.
_REDRAWN_EVERY = 5
# Delays are learnt so often, in the first part of the sweeps that are not kept.
_DELAYS_LEARNT, _DELAYS_LEARNT_OF_MANY, _FIRST_PART = 40, 2, 0.8
_LEARNT_EACH_SWEEP = 5
# Relative likelihood from which on a rate is not excluded (one-sided 5 %).
_NOT_EXCLUDED = float(np.exp(-(1.645**2) / 2))


@dataclass(frozen=True)
class Effects:
    """Posterior of the rate (outcomes per unit of exposure) of every exposed author.

    `probability` (authors x rates) is marginal, and the columns of `draws` (authors x draws) are joint.
    `information` is the share of each author's information that the baseline leaves, `trust` (0-1) how far
    its likelihood is believed: so far go `likelihood`, relative to the best rate, and `doubted`, the
    posterior of intervals. `rate` is the one number for each (see `_point`): its product with the exposure to
    own posts has the order of influence. `fitted` has delays as drawn, exposure by them, and a baseline: at
    mean rates, the share of each outcome that draws give it. `possible` are rates beyond the grid that the
    author's own outcomes do not exclude, 0 where there are none (where hardly anything is credited the grid
    is narrow), and what `_doubt` adds; no lower end is above `least`.
    """

    authors: Ints
    rates: Floats
    probability: Floats
    likelihood: Floats
    doubted: Floats
    draws: Floats
    information: Floats
    trust: Floats
    rate: Floats
    fitted: Intensity
    possible: Floats | float = 0.0
    least: Floats | float = np.inf

    def mean(self) -> Floats:
        """Posterior mean rate of every author."""
        return np.asarray(self.probability @ self.rates)

    def quantile(self, level: float) -> Floats:
        """Rate with this much probability below it, in doubt, spread evenly within each step of the grid."""
        cumulative = self.doubted.cumsum(axis=1)
        step = np.minimum((cumulative < level).sum(axis=1), len(self.rates) - 1)
        row = np.arange(len(step))
        edges = _prior.edges(self.rates)
        past = (cumulative[row, step] - level) / np.maximum(self.doubted[row, step], 1e-300)
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
    """Sample all rates, together with delays and with what people would do anyway (`_chain`).

    Rates are per exposure of `Effects.fitted`, so that the product of both is what was drawn.

    The prior is zero, or a mixture of exponentials: any shape that falls with the rate, and smooth, so
    that intervals do not collapse onto single points. A few pseudo-accounts of rate zero keep it from
    claiming influence where the data cannot tell (adaptive shrinkage, Stephens 2017). It is learnt from
    all authors, or from each of the `groups` they are numbered by; then delays stay those of the fit, as each
    group has its own. `evidence` gives, for rates, what else is
    known of each author's: relative likelihoods (authors of the exposure x rates). Where authors and outcomes
    meet more than five million times, fewer than `sweeps` are kept, at least a hundred of them.
    """
    chain = Chain(exposure, fitted, evidence=evidence, rng=rng)
    authors = len(chain.authors)
    group = np.zeros(authors, np.int64) if groups is None else groups[chain.authors]
    idle = float(np.mean(fitted.credit[chain.authors] < PRUNED))
    learnt = _prior.Prior(chain.rates, group, zero=idle)
    known = _draw(chain, learnt, sweeps=sweeps, delays=groups is None)
    # Beside a trial the draws have been of trust already.
    trust = np.where(chain.tried, 1.0, chain.trust)[:, None]
    likelihood = _marginal_likelihood(known.probability, known.prior) ** trust
    doubted = likelihood * known.prior
    caused = chain.caused_by(known.probability @ chain.rates)
    baseline = np.where(caused > 0, _baseline_by_share(known.anyway, caused), chain.fitted.baseline)
    found = Effects(
        chain.authors,
        chain.rates,
        known.probability,
        likelihood,
        doubted / doubted.sum(axis=1, keepdims=True),
        known.draws,
        chain.information,
        chain.trust,
        chain.exposed,
        replace(chain.fitted, baseline=baseline),
    )
    found = replace(found, possible=_beyond_grid(found, chain, baseline + caused))
    direct = chain.fitted.direct[chain.authors]
    return replace(found, rate=_point_rates(found, direct))


class _Drawn(NamedTuple):
    """Means over draws, and rates as drawn (authors x draws).

    `prior` and `probability` are of each author's rates before and after its outcomes are seen (authors x
    rates), `anyway` is the chance of each outcome that it was had anyway.
    """

    prior: Floats
    probability: Floats
    anyway: Floats
    draws: Floats


def _draw(chain: Chain, learnt: _prior.Prior, *, sweeps: int, delays: bool) -> _Drawn:
    """Draw all again and again; half as many first draws are for the chain to settle, and to learn delays."""
    rates, many = chain.rates, len(chain.outcome) > _MANY
    likelihood = np.empty((len(chain.authors), len(rates)))
    probability, believed = np.zeros_like(likelihood), np.zeros_like(likelihood)
    sweeps, anyway = _affordable(sweeps, len(chain.outcome)), np.zeros_like(chain.anyway)
    learning = _when_delays_are_learnt(sweeps // 2, many=many) if delays else set()
    draws = np.empty((len(likelihood), sweeps))
    for sweep in range(-(sweeps // 2), sweeps):
        if sweep in learning:
            chain.learn_delays()
        elif sweep % (_REDRAWN_EVERY if many else 1) == 0:
            chain.redraw()
        if learning and sweep == 0:
            chain.weigh()
        prior = learnt.of_authors() * chain.known
        chain.sweep(prior, likelihood)
        learnt.learn(likelihood * chain.known, steps=_LEARNT_EACH_SWEEP if sweep < 0 else 1)
        if sweep >= 0:
            posterior = likelihood * prior
            probability += posterior / posterior.sum(axis=1, keepdims=True)
            believed += learnt.of_authors()
            anyway += chain.anyway
            draws[:, sweep] = rates[chain.current]
    return _Drawn(believed / sweeps, probability / sweeps, anyway / sweeps, draws)


def _beyond_grid(found: Effects, chain: Chain, whole: Floats) -> Floats:
    """Greatest rates not excluded, where not even the greatest of the grid is; else zero."""
    from influgraph.influence import _kernels

    pairs = chain.start, chain.outcome, chain.added, chain.exposed
    limits = _COUNTS, whole, found.mean(), _NOT_EXCLUDED
    greatest = _kernels.greatest_allowed(*pairs, found.trust, *limits)
    return np.where(found.likelihood[:, -1] >= _NOT_EXCLUDED, greatest, 0.0)


def _baseline_by_share(anyway: Floats, caused: Floats) -> Floats:
    """Baseline of each outcome at which this share of it was had anyway, beside what is caused."""
    share = np.clip(anyway, 1e-9, 1 - 1e-9)
    return np.asarray(caused * share / (1 - share))


def _marginal_likelihood(probability: Floats, prior: Floats) -> Floats:
    """Relative likelihood over all sweeps: what was seen in one hangs on what was drawn in it."""
    likelihood = np.divide(probability, prior, out=np.zeros_like(prior), where=prior > 0)
    return np.asarray(likelihood / likelihood.max(axis=1, keepdims=True))


def _point_rates(found: Effects, exposed: Floats) -> Floats:
    """Rate of every author whose product with `exposed` (to own posts) has the best order."""
    rate, some = found.mean(), exposed > 0
    order = _point.typical(found.probability, exposed[:, None] * found.rates)
    low, high = found.quantile(0.05), found.high()
    sizes = [(values * exposed)[some] for values in (rate, low, high)]
    rate[some] = _point.point_estimates(sizes[0], order[some], *sizes[1:]) / exposed[some]
    return rate


def _affordable(sweeps: int, visits: int) -> int:
    return min(sweeps, max(_FEWEST_SWEEPS, sweeps * _MANY // max(visits, 1)))


def _when_delays_are_learnt(burn_in: int, *, many: bool) -> set[int]:
    times = _DELAYS_LEARNT_OF_MANY if many else _DELAYS_LEARNT
    return set(np.linspace(-burn_in, (_FIRST_PART - 1) * burn_in, times).astype(np.int64).tolist())
