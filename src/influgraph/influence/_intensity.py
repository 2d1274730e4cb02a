"""The intensity of outcomes: what an account would do anyway, plus what earlier posts make it do.

For account u of niche g at time t, with sources c and their broadcasts p seen by u:

    level_u * rate_g(t) + sum over c: theta_c * sum over p of c, 0 < t - t_p < window: kernel_s(t - t_p)

with s the stratum of u towards c, and t - t_p in waking time; fitted by EM, which shares every outcome
between its baseline and the broadcasts before it.
"""

from dataclasses import dataclass

import numpy as np

from influgraph.influence import _baseline
from influgraph.influence._arrays import Floats, Ints, sum_by
from influgraph.influence._clock import HOUR
from influgraph.influence._exposure import Exposure

_START = 0.1
# Share of the outcomes by which the sum credited may still move.
_SETTLED, _LEAST_ITERATIONS, _MOST_ITERATIONS = 5e-5, 60, 400
_PRIOR_OUTCOMES = 0.3
_PRIOR_OUTCOMES_STRATUM = 10.0
_PRIOR_OUTCOMES_DELAY = 5.0


@dataclass(frozen=True)
class Intensity:
    """A fitted intensity.

    `baseline` is per outcome and `kernel` per cell (both per waking second), `exposed` the kernel mass each
    author's broadcasts had, `credit` the outcomes shared out to each author; `state` is the last iteration's.
    """

    baseline: Floats
    kernel: Floats
    exposed: Floats
    credit: Floats
    state: "State"


@dataclass
class State:
    """What one iteration hands to the next; `cell` is where `rate` holds each outcome's niche and hour."""

    cell: Ints
    rate: Floats
    level: Floats
    apart: Floats
    kernel: Floats
    theta: Floats


def fit_intensity(exposure: Exposure, *, start: State | None = None) -> Intensity:
    """Fit baseline, delay kernel and effects together, until what is credited in all hardly moves."""
    state, settled = start or start_state(exposure), _SETTLED * len(exposure.outcomes.account)
    credited = np.inf
    for iteration in range(_MOST_ITERATIONS):
        own, credit, by_cell = share_outcomes(exposure, state, _baseline_of_outcomes(exposure, state))
        update_kernel(exposure, state, by_cell)
        update_effects(exposure, state, credit)
        _update_baseline(exposure, state, own)
        if iteration >= _LEAST_ITERATIONS and abs(credit.sum() - credited) < settled:
            break
        credited = credit.sum()
    return Intensity(
        _baseline_of_outcomes(exposure, state), state.kernel, _exposed(exposure, state.kernel), credit, state
    )


def start_state(exposure: Exposure) -> State:
    """Equal effects that explain a tenth of the outcomes, and a flat baseline."""
    accounts, outcomes = len(exposure.niche), len(exposure.outcomes.account)
    hours = max(int(np.ceil(exposure.period / HOUR)), 1)
    kernel = np.tile(_assumed_delay(exposure.widths), exposure.strata)
    exposed = _exposed(exposure, kernel)
    theta = np.where(exposed > 0, _START * outcomes / max(exposed.sum(), 1e-12), 0)
    rate = np.full((exposure.niche.max() + 1, hours), outcomes / (accounts * hours))
    hour = np.minimum((exposure.outcomes.time // HOUR).astype(np.int64), hours - 1)
    cell = exposure.niche[exposure.outcomes.account] * hours + hour
    return State(cell, rate, np.ones(accounts), np.ones(outcomes), kernel, theta)


def _exposed(exposure: Exposure, kernel: Floats) -> Floats:
    return np.asarray(exposure.seconds_total @ kernel)


def _baseline_of_outcomes(exposure: Exposure, state: State) -> Floats:
    """Baseline intensity at each outcome, per waking second."""
    per_hour = state.rate.ravel()[state.cell] * state.apart
    return np.maximum(per_hour / (HOUR * exposure.tempo), 1e-300)


def share_outcomes(exposure: Exposure, state: State, baseline: Floats) -> tuple[Floats, Floats, Floats]:
    """Expectation step: the baseline's share of each outcome, and outcomes credited by author and cell."""
    from influgraph.influence import _kernels

    pairs = exposure.pair_outcome, exposure.pair_author, exposure.pair_cell
    intensity, by_author, by_cell = _kernels.share_credit(*pairs, state.theta, state.kernel, baseline)
    return baseline / intensity, by_author, by_cell


def update_kernel(exposure: Exposure, state: State, by_cell: Floats) -> None:
    """Shape over delays, and level of each stratum, scaled so that the mean exposure counts one.

    Both are drawn, by a few outcomes, to what is assumed at the start: even levels, an exponential shape.
    """
    shape = exposure.strata, len(exposure.widths)
    credit = by_cell.reshape(shape)
    exposed = (state.theta @ exposure.seconds_total).reshape(shape)
    level = (state.kernel.reshape(shape) * exposure.widths).sum(axis=1)
    assumed = _assumed_delay(exposure.widths)
    prior = _PRIOR_OUTCOMES_DELAY * assumed * exposure.widths
    delay = assumed * _drawn_ratio(credit.sum(axis=0), (level @ exposed) * assumed, prior)
    delay /= (delay * exposure.widths).sum()
    level = _drawn_ratio(credit.sum(axis=1), exposed @ delay, np.full(len(level), _PRIOR_OUTCOMES_STRATUM))
    mass = exposure.seconds_total.sum(axis=0).reshape(shape) @ delay
    level *= mass.sum() / max(level @ mass, 1e-12)
    state.kernel = (level[:, None] * delay).ravel()


def _assumed_delay(widths: Floats) -> Floats:
    """Density over delay bins of an exponential with a sixth of the window as mean."""
    middle = widths.cumsum() - widths / 2
    density = np.exp(-middle / (widths.sum() / 6))
    return np.asarray(density / (density * widths).sum())


def _drawn_ratio(count: Floats, expected: Floats, prior: Floats) -> Floats:
    """Counts over expected counts (up to scale), drawn to their mean ratio by prior counts."""
    expected = expected * count.sum() / max(expected.sum(), 1e-12)
    return np.asarray((count + prior) / np.maximum(expected + prior, 1e-12))


def update_effects(exposure: Exposure, state: State, credit: Floats) -> None:
    """Outcomes credited to each author per exposure, barely drawn to the pooled rate."""
    exposed = _exposed(exposure, state.kernel)
    pooled = max(credit.sum() / max(exposed.sum(), 1e-12), 1e-12)
    theta = (credit + _PRIOR_OUTCOMES) / (exposed + _PRIOR_OUTCOMES / pooled)
    state.theta = np.where(exposed > 0, theta, 0)


def _update_baseline(exposure: Exposure, state: State, own: Floats) -> None:
    actor, accounts = exposure.outcomes.account, len(exposure.niche)
    niches, hours = state.rate.shape
    counts = sum_by(state.cell, own, niches * hours).reshape(niches, hours)
    state.rate = _baseline.niche_hour_rate(counts, _members(exposure, state))
    passed = np.minimum(exposure.risk_end / HOUR, hours)
    cumulative = np.pad(state.rate.cumsum(axis=1), ((0, 0), (1, 0)))
    whole = np.floor(passed).astype(np.int64)
    following = np.minimum(whole + 1, hours)
    at, after = cumulative[exposure.niche, whole], cumulative[exposure.niche, following]
    expected = at + (passed - whole) * (after - at)
    done = sum_by(actor, own, accounts)
    others = np.maximum(done[actor] - own, 0)
    likes = _baseline.trait_factor(done, expected, exposure.traits)
    level, apart = _baseline.member_level(done, others, likes * expected, actor)
    state.level, state.apart = likes * level, likes[actor] * apart


def _members(exposure: Exposure, state: State) -> Floats:
    """Summed levels of the accounts still at risk, niches x hours."""
    niches, hours = state.rate.shape
    last = np.minimum((exposure.risk_end / HOUR).astype(np.int64), hours - 1)
    leaving = sum_by(exposure.niche * hours + last, state.level, niches * hours)
    return leaving.reshape(niches, hours)[:, ::-1].cumsum(axis=1)[:, ::-1]
