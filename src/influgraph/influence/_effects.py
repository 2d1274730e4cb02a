"""How much each account's posts do per exposure: sampled together, under a prior learnt from all.

A Gibbs sampler over a grid of rates. Accounts whose posts reach the same people at the same time compete
for the same outcomes; drawn one after the other, each given all others, their rates take this into
account, where separate estimates would each claim the whole.
"""

from dataclasses import dataclass

import numpy as np

from influgraph.influence._arrays import Floats, Ints, row_starts, sum_by
from influgraph.influence._exposure import Exposure
from influgraph.influence._intensity import Intensity

SWEEPS, WARM_UP = 200, 50
# Zero, and rates from a fiftieth to a hundred times the pooled rate.
_GRID = np.concatenate([[0.0], np.geomspace(0.02, 100, 40)])
_NULL_PENALTY = 3.0
_LEARNING_RATE = 0.1


@dataclass(frozen=True)
class Effects:
    """Posterior of the rate (outcomes per unit of exposure) of every exposed author.

    `probability` (authors x rates) is marginal; the columns of `draws` (authors x draws) are joint.
    """

    authors: Ints
    rates: Floats
    probability: Floats
    draws: Floats

    def mean(self) -> Floats:
        """Posterior mean rate of every author."""
        return np.asarray(self.probability @ self.rates)

    def quantile(self, level: float) -> Floats:
        """Smallest rate with at least this much probability at or below it."""
        below = (self.probability.cumsum(axis=1) < level).sum(axis=1)
        return np.asarray(self.rates[np.minimum(below, len(self.rates) - 1)])


def sample_effects(exposure: Exposure, fitted: Intensity, *, rng: np.random.Generator) -> Effects:
    """Sample all rates given the baseline and the delay kernel.

    The prior is zero, or a mixture of exponentials: any shape that falls with the rate, and smooth, so
    that intervals do not collapse onto single points. A few pseudo-accounts of rate zero keep it from
    claiming influence where the data cannot tell (adaptive shrinkage, Stephens 2017).
    """
    from influgraph.influence import _kernels

    authors = np.flatnonzero(fitted.exposed > 0)
    exposed = fitted.exposed[authors]
    author, outcome, added = _per_author_and_outcome(exposure, fitted.kernel)
    place = np.searchsorted(authors, author)
    start = row_starts(place, len(authors))
    rates = _GRID * max(fitted.credit.sum(), 1e-3 * len(fitted.baseline)) / max(exposed.sum(), 1e-12)
    current = _nearest(rates, fitted.credit[authors] / exposed)
    intensity = fitted.baseline + sum_by(outcome, rates[current][place] * added, len(fitted.baseline))
    components = _prior_components(rates)
    weights = np.full(len(components), 0.5 / (len(components) - 1))
    weights[0] = 0.5
    likelihood, probability = np.empty((len(authors), len(rates))), np.zeros((len(authors), len(rates)))
    draws = np.empty((len(authors), SWEEPS))
    for sweep in range(-WARM_UP, SWEEPS):
        prior = weights @ components
        _kernels.sample_rates(
            start,
            outcome,
            added,
            exposed,
            rates,
            prior,
            rng.random(len(authors)),
            intensity,
            current,
            likelihood,
        )
        weights = _learn_prior(weights, likelihood @ components.T)
        if sweep >= 0:
            probability += likelihood * prior / (likelihood @ prior)[:, None]
            draws[:, sweep] = rates[current]
    return Effects(authors, rates, probability / SWEEPS, draws)


def _learn_prior(weights: Floats, marginal: Floats) -> Floats:
    """One damped EM step for the weights of the prior's components."""
    share = marginal * weights
    fresh = (share / share.sum(axis=1, keepdims=True)).sum(axis=0)
    fresh[0] += _NULL_PENALTY
    return np.asarray((1 - _LEARNING_RATE) * weights + _LEARNING_RATE * fresh / fresh.sum())


def _prior_components(rates: Floats) -> Floats:
    """Probabilities of the grid's rates under each component (components x rates); the first is zero."""
    means = rates[1:][::4]
    edges = np.concatenate([[0], np.sqrt(rates[1:-1] * rates[2:]), [np.inf]])
    exponential = -np.diff(np.exp(-edges / means[:, None]), axis=1)
    return np.vstack([np.eye(1, len(rates)), np.pad(exponential, ((0, 0), (1, 0)))])


def _nearest(rates: Floats, wanted: Floats) -> Ints:
    """Positions in the grid of the rates next below."""
    return np.clip(np.searchsorted(rates, wanted, side="right") - 1, 0, len(rates) - 1)


def _per_author_and_outcome(exposure: Exposure, kernel: Floats) -> tuple[Ints, Ints, Floats]:
    """Sum the pairs of one author before one outcome: authors (sorted), outcomes, kernel sums (1/s)."""
    outcomes = max(len(exposure.outcomes.account), 1)
    key = exposure.pair_author.astype(np.int64) * outcomes + exposure.pair_outcome
    unique, position = np.unique(key, return_inverse=True)
    added = sum_by(position, kernel[exposure.pair_bin], len(unique))
    return unique // outcomes, unique % outcomes, added
