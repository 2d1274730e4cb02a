"""The likelihood given each member's total: when, not how much, people act tells what posts do.

Every member has a level of their own, whatever its size: given the total, outcomes fall at times in
proportion to rate_g(t) + sum over c: theta_c * kernel(t - t_p), and the level divides out. Fitted by EM, the
level of a member being their outcomes over their expected number at level 1.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from influgraph.influence._arrays import Floats, sum_by
from influgraph.influence._clock import HOUR
from influgraph.influence._exposure import Exposure
from influgraph.influence._intensity import Intensity, expected_outcomes, share_credit

_SETTLED, _MOST_ITERATIONS = 1e-4, 150
_PRIOR_OUTCOMES = 0.3
_BLOCK = 3 * HOUR
# Half the quantile of chi squared with one degree of freedom that leaves a tenth above.
DROP = 1.353
STEPS = np.concatenate([[0.0], np.geomspace(0.02, 20, 120)])


@dataclass(frozen=True)
class Conditional:
    """A fit given totals: `rate` per outcome and waking second, `expected` per account at level 1.

    `theta` and `credit` are per author, `added` sums the kernel of the posts before each outcome, all authors
    together, times `theta`; `mass` (accounts x authors) is the kernel mass of exposure.
    """

    rate: Floats
    expected: Floats
    theta: Floats
    credit: Floats
    added: Floats
    mass: sparse.csr_array


def exposure_mass(exposure: Exposure, kernel: Floats) -> sparse.csr_array:
    """Kernel mass that every account with an outcome was exposed to by each author (accounts x authors)."""
    accounts = len(exposure.niche)
    acted = np.bincount(exposure.outcomes.account, minlength=accounts) > 0
    mass = sparse.diags_array(acted.astype(np.float64)) @ exposure.windows.masses(kernel, accounts=accounts)
    mass.eliminate_zeros()
    return sparse.csr_array(mass)


def fit_conditional(exposure: Exposure, fitted: Intensity, mass: sparse.csr_array) -> Conditional:
    """Fit effects given totals; delays, and the rate of niches and hours, are those of `fitted`.

    A rate learnt given totals takes a third to nine tenths of what posts do.
    """
    done = sum_by(exposure.outcomes.account, np.ones(len(fitted.baseline)), len(exposure.niche))
    exposed, table, credited = np.asarray(mass.sum(axis=0)), fitted.state.rate.mean, np.inf
    theta = np.where(exposed > 0, 0.1 * done.sum() / max(exposed.sum(), 1e-12), 0.0)
    rate = table.ravel()[fitted.state.cell] / (HOUR * exposure.tempo)
    expected = expected_outcomes(exposure, table)
    for _ in range(_MOST_ITERATIONS):
        level = done / np.maximum(expected + mass @ theta, 1e-12)
        intensity, credit, _ = share_credit(exposure, theta, fitted.kernel, np.maximum(rate, 1e-300))
        if abs(credit.sum() - credited) < _SETTLED * len(rate):
            break
        credited, at_risk = credit.sum(), mass.T @ level
        drawn = _PRIOR_OUTCOMES / max(credited / max(at_risk.sum(), 1e-12), 1e-12)
        theta = np.where(exposed > 0, (credit + _PRIOR_OUTCOMES) / (at_risk + drawn), 0)
    return Conditional(rate, expected, theta, credit, intensity - rate, mass)


def profile_share(exposure: Exposure, found: Conditional) -> Floats:
    """Share of outcomes credited to posts: estimate and the ends of the 90 % profile interval.

    All effects are scaled together. What a level of each niche and block of hours would explain counts as
    no information, because the rate is learnt from the same outcomes.
    """
    done = sum_by(exposure.outcomes.account, np.ones(len(found.rate)), len(exposure.niche))
    by_member = found.mass @ found.theta

    def log_likelihood(scale: float) -> float:
        given = done * np.log(np.maximum(found.expected + scale * by_member, 1e-300))
        whole = np.log(np.maximum(found.rate + scale * found.added, 1e-300))
        return float(whole.sum() - given[done > 0].sum())

    scales = np.append(STEPS, 1.0)
    value = np.array([log_likelihood(scale) for scale in scales])
    kept = scales[value >= value.max() - DROP / information_left(exposure, found)]
    best = scales[value.argmax()]
    return np.array([_share(found, scale) for scale in (best, kept.min(), kept.max())])


def _share(found: Conditional, scale: float) -> float:
    return float((scale * found.added / np.maximum(found.rate + scale * found.added, 1e-300)).mean())


def information_left(exposure: Exposure, found: Conditional) -> float:
    """Part of the information on timing that is left within niches and blocks of hours."""
    block = (exposure.outcomes.time // _BLOCK).astype(np.int64)
    niche = exposure.niche[exposure.outcomes.account]
    cell = np.unique(block * (niche.max() + 1) + niche, return_inverse=True)[1]
    odds = found.added / (found.rate + found.added)
    odds = odds - odds.mean()
    count = np.bincount(cell)
    explained = ((sum_by(cell, odds, len(count)) ** 2 - sum_by(cell, odds**2, len(count))) / count).sum()
    return float(np.clip(1 - explained / max((odds**2).sum(), 1e-300), 0.1, 1))
