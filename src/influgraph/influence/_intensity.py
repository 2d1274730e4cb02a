"""The intensity of outcomes: what an account would do anyway, plus what earlier posts make it do.

For account u of niche g at time t, with sources c and their broadcasts p seen by u:

    level_u * rate_g(t)
    + receptive_u * sum over c: theta_c * sum over p of c, 0 < t - t_p < window: kernel_s(t - t_p)

with s the stratum of u towards c, and t - t_p in waking time; fitted by EM, which shares every outcome
between its baseline and the broadcasts before it. What is uncertain counts at outcomes with less than its
mean (variational Bayes): see `_baseline.Uncertain` and `update_effects`.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from influgraph._threads import at_once, parts, slices
from influgraph.influence import _baseline, _members
from influgraph.influence._arrays import Floats, Ints, sum_by
from influgraph.influence._baseline import Uncertain
from influgraph.influence._clock import HOUR
from influgraph.influence._exposure import Exposure
from influgraph.influence._members import Members

_START = 0.1
# Share of the outcomes by which the sum credited may still move.
_SETTLED, _MOST_ITERATIONS = 5e-5, 250
# Effects count with their mean until so little of the kernel moves, for so many iterations; then so far with
# their geometric mean, for so many at least.
_KERNEL_SETTLED, _MEAN_FIRST, _PRUNED_AFTER, GEOMETRIC = 5e-3, (40, 120), 30, 0.5
_MEMBERS_EVERY = 5
# Steps of EM are this much longer, by logarithms: below 2 they still get there (Salakhutdinov & Roweis 2003).
_STEP, _KERNEL_STEP = 1.6, 1.8
_PRIOR_OUTCOMES = 0.3
_ASSUMED_DAYPART = 20.0  # outcomes, at least, by which delays of a part of the day are drawn to the day's
_PRIOR_OUTCOMES_STRATUM = 10.0
ASSUMED_DELAYS = 5.0
# In nine worlds whose sum is found pruning leaves .64 and more, in seven of little to go by 0 to .40. Where
# nobody moves anybody it leaves 0 to .43, mostly of next to nothing.
LEFT_BY_PRUNING = 0.5
# Share of the outcomes that is hardly any influence, pruned or not.
HARDLY_ANY = 0.05


@dataclass(frozen=True)
class Intensity:
    """A fitted intensity.

    `baseline` is per outcome, over the receptiveness of who had it, and `kernel` per cell (both per waking
    second); `exposed` and `direct` are the kernel mass that each author's broadcasts, and own posts, had
    among people as receptive as they are; `credit` the outcomes shared out to each author, `unpruned` to all
    of them before what chance can make was pruned. Delays are drawn to what is usual by `assumed` outcomes.
    `state` is the last iteration's.
    """

    baseline: Floats
    kernel: Floats
    exposed: Floats
    direct: Floats
    credit: Floats
    unpruned: float
    assumed: float
    state: "State"

    @property
    def receptive(self) -> Floats:
        """How receptive each account is."""
        return self.state.receptive

    @property
    def in_doubt(self) -> bool:
        """Whether pruning takes more than half of what was credited, and that was not next to nothing."""
        much = self.unpruned > HARDLY_ANY * len(self.baseline)
        return much and float(self.credit.sum()) < LEFT_BY_PRUNING * self.unpruned


@dataclass
class State:
    """What one iteration hands to the next.

    `cell` is where `rate` holds each outcome's niche and hour, `usual` how much accounts of each one's
    traits do; `seconds` (authors x cells) counts the seconds of exposure, of who is receptive for more.
    """

    cell: Ints
    rate: Uncertain
    usual: Floats
    members: Members
    seconds: Floats
    kernel: Floats
    theta: Floats

    @property
    def level(self) -> Floats:
        """How much more than its niche each account does anyway."""
        return np.asarray(self.usual * self.members.member[0])

    @property
    def receptive(self) -> Floats:
        """How receptive each account is."""
        return np.asarray(self.members.member[1])


def fit_intensity(
    exposure: Exposure,
    *,
    geometric: float = GEOMETRIC,
    assumed: float = ASSUMED_DELAYS,
    most: int = _MOST_ITERATIONS,
) -> Intensity:
    """Fit baseline, members, delay kernel and effects together, until what is credited hardly moves.

    At `geometric` 0 effects are means, and nothing that chance made is pruned. Delays are drawn by `assumed`
    outcomes to what is usual. They are learnt before pruning: what outlives it follows its post sooner. No
    more than `most` iterations are made.
    """
    state, settled = start_state(exposure), _SETTLED * len(exposure.outcomes.account)
    outcomes = _members.outcomes_by_member(exposure.outcomes.account, exposure.third)
    credited, unpruned, learning, learnt_at = np.inf, 0.0, True, 0
    for iteration in range(most):
        baseline = _baseline_of_outcomes(exposure, state)
        own, credit, by_cell = share_outcomes(exposure, state, baseline)
        if iteration % _MEMBERS_EVERY == 0:
            _judge_members(exposure, state, outcomes, caused=baseline * (1 / own - 1))
        if learning:
            moved = update_kernel(exposure, state, by_cell, assumed=assumed)
            unpruned, learnt_at = float(credit.sum()), iteration
            learning = iteration < _MEAN_FIRST[0 if moved < _KERNEL_SETTLED else 1]
        update_effects(state, credit, geometric=0 if learning else geometric)
        _update_baseline(exposure, state, own)
        if iteration >= learnt_at + _PRUNED_AFTER and abs(credit.sum() - credited) < settled:
            break
        credited = credit.sum()
    direct, exposed = exposure.windows.exposure(state.receptive, state.kernel)
    return Intensity(
        _baseline_of_outcomes(exposure, state),
        state.kernel,
        exposed,
        direct,
        credit,
        unpruned,
        assumed,
        state,
    )


def log_likelihood(exposure: Exposure, *, iterations: int) -> float:
    """Log likelihood of the outcomes, per second, after so many iterations of a fit without pruning."""
    state = fit_intensity(exposure, geometric=0, most=iterations).state
    own = _usual_at_outcomes(exposure, state)
    caused = share_credit(exposure, state.theta, state.kernel, own)[0] - own
    given = _members.log_likelihood(
        _members.outcomes_by_member(exposure.outcomes.account, exposure.third),
        state.members.weights,
        baseline=own,
        caused=caused,
        expected=state.usual * expected_outcomes(exposure, state.rate.mean),
        exposed=exposure.windows.by_account(state.theta, state.kernel, accounts=len(exposure.niche)),
    )
    return given + float(np.log(exposure.tempo).sum())


def start_state(exposure: Exposure) -> State:
    """Equal effects that explain a tenth of the outcomes, a flat baseline, and everybody alike."""
    accounts, outcomes = len(exposure.niche), len(exposure.outcomes.account)
    actors = np.count_nonzero(np.bincount(exposure.outcomes.account))
    hours = max(int(np.ceil(exposure.period / HOUR)), 1)
    by_mode = np.repeat(exposure.sights, 2 * exposure.dayparts)
    level = np.tile(by_mode, exposure.strata // len(by_mode))
    kernel = np.outer(level, _assumed_delay(exposure.widths)).ravel()
    _, seconds = exposure.windows.by_author(np.ones(accounts))
    exposed = seconds @ kernel
    theta = np.where(exposed > 0, _START * outcomes / max(exposed.sum(), 1e-12), 0)
    rate = np.full((exposure.niche.max() + 1, hours), outcomes / (actors * hours))
    hour = np.minimum((exposure.outcomes.time // HOUR).astype(np.int64), hours - 1)
    cell = exposure.niche[exposure.outcomes.account] * hours + hour
    everybody = _members.alike(exposure.third, outcomes)
    return State(cell, Uncertain(rate, rate), np.ones(accounts), everybody, seconds, kernel, theta)


def _baseline_of_outcomes(exposure: Exposure, state: State) -> Floats:
    """Baseline intensity at each outcome, per waking second, over the receptiveness of who had it."""
    level, receptive = state.members.apart
    own = _usual_at_outcomes(exposure, state) * level / np.maximum(receptive, 1e-9)
    return np.asarray(np.maximum(own, 1e-300))


def _usual_at_outcomes(exposure: Exposure, state: State) -> Floats:
    """Baseline intensity at each outcome at a level of one, per waking second."""
    per_hour = state.rate.typical.ravel()[state.cell] * state.usual[exposure.outcomes.account]
    return np.asarray(per_hour / (HOUR * exposure.tempo))


def _judge_members(exposure: Exposure, state: State, outcomes: _members.Outcomes, *, caused: Floats) -> None:
    """What members are like, by all that happened and all they were exposed to."""
    accounts, windows = len(exposure.niche), exposure.windows
    state.members = _members.judge(
        outcomes,
        state.members,
        baseline=_usual_at_outcomes(exposure, state),
        caused=caused,
        expected=state.usual * expected_outcomes(exposure, state.rate.mean),
        exposed=windows.by_account(state.theta, state.kernel, accounts=accounts),
    )
    _, state.seconds = windows.by_author(state.receptive)


def share_outcomes(exposure: Exposure, state: State, baseline: Floats) -> tuple[Floats, Floats, Floats]:
    """Expectation step: the baseline's share of each outcome, and outcomes credited by author and cell."""
    intensity, by_author, by_cell = share_credit(exposure, state.theta, state.kernel, baseline)
    return baseline / intensity, by_author, by_cell


def share_credit(
    exposure: Exposure, theta: Floats, kernel: Floats, baseline: Floats
) -> tuple[Floats, Floats, Floats]:
    """Intensity of each outcome, and the outcomes credited to each author and to each cell."""
    from influgraph.influence import _kernels

    pairs = exposure.pair_outcome, exposure.pair_author, exposure.pair_cell

    def share(part: slice) -> tuple[Floats, Floats, Floats]:
        ends = np.array([part.start, part.stop], exposure.pair_outcome.dtype)
        own = slice(*np.searchsorted(exposure.pair_outcome, ends))
        outcome, author, cell = (side[own] for side in pairs)
        shared: tuple[Floats, Floats, Floats] = _kernels.share_credit(
            outcome, author, cell, part.start, theta, kernel, baseline[part]
        )
        return shared

    cut = slices(len(baseline), parts(len(exposure.pair_outcome)))
    intensity, by_author, by_cell = zip(*at_once(share, cut), strict=True)
    return np.concatenate(intensity), np.sum(by_author, axis=0), np.sum(by_cell, axis=0)


def update_kernel(
    exposure: Exposure, state: State, by_cell: Floats, *, assumed: float = ASSUMED_DELAYS
) -> float:
    """Learn the kernel from the outcomes credited to each cell, in longer steps; the share that moves."""
    exposed, usual, before = state.theta @ state.seconds, state.seconds.sum(axis=0), state.kernel
    state.kernel = next_kernel(exposure, before, by_cell, exposed, usual=usual, assumed=assumed)
    return float(usual @ np.abs(state.kernel - before) / max(usual @ before, 1e-12))


def next_kernel(
    exposure: Exposure, before: Floats, credit: Floats, exposed: Floats, *, usual: Floats, assumed: float
) -> Floats:
    """The kernel after a longer step of EM, given what is credited by the one before: see `learnt_kernel`."""
    fresh = learnt_kernel(exposure, before, credit, exposed, usual=usual, assumed=assumed)
    longer = fresh * (fresh / np.maximum(before, 1e-300)) ** (_KERNEL_STEP - 1)
    return np.asarray(longer * float(usual @ fresh) / max(float(usual @ longer), 1e-12))


def learnt_kernel(
    exposure: Exposure, kernel: Floats, credit: Floats, exposed: Floats, *, usual: Floats, assumed: float
) -> Floats:
    """Shape over delays, level of each stratum and of reposts, scaled so that the mean exposure counts one.

    `credit` and `exposed` are outcomes credited to each cell and seconds of exposure, by effect; `usual` are
    seconds by which the mean is taken. All are drawn, by a few outcomes (the shape by `assumed`), to what is
    assumed at the start: even levels, an exponential shape. How much each class of sight counts is known.
    """
    strata, bins, widths = exposure.strata, len(exposure.widths), exposure.widths
    level = (kernel.reshape(strata, bins) * widths).sum(axis=1)
    modes = -1, len(exposure.sights), exposure.dayparts, 2
    credit, exposed = (part.reshape(*modes, bins) for part in (credit, exposed))
    delay = _learnt_delay(
        credit.sum(axis=(0, 1, 3)),
        np.einsum("ksdm,ksdmb->db", level.reshape(modes), exposed),
        widths,
        assumed=assumed,
    )
    had = credit.sum(axis=(1, 2, 4))
    awaited = np.einsum("s,ksdmb,db->km", exposure.sights, exposed, delay)
    stratum = _drawn_level(had.sum(axis=1), awaited @ level[:2])
    own_or_repost = _drawn_level(had.sum(axis=0), stratum @ awaited)
    level = np.einsum("k,s,m->ksm", stratum, exposure.sights, own_or_repost)[:, :, None]
    shape = level[..., None] * delay[:, None]
    mass = np.einsum(
        "ksdmb,ksdmb->", usual.reshape(shape.shape), np.broadcast_to(delay[:, None], shape.shape)
    )
    return np.asarray((shape * mass / max(usual @ shape.ravel(), 1e-12)).ravel())


def _learnt_delay(credit: Floats, exposed: Floats, widths: Floats, *, assumed: float) -> Floats:
    """Density over delays of each part of the day (parts x bins), drawn to that of the whole day.

    That is drawn, by `assumed` outcomes, to what is usual. `exposed` are seconds, by effect and level.
    """
    usual = _assumed_delay(widths)
    whole = usual * _drawn_ratio(credit.sum(axis=0), exposed.sum(axis=0) * usual, assumed * usual * widths)
    whole /= (whole * widths).sum()
    if len(credit) == 1:
        return whole[None]
    prior, rows = max(_ASSUMED_DAYPART, assumed) * whole * widths, zip(credit, exposed * whole, strict=True)
    delay = whole * np.array([_drawn_ratio(had, due, prior) for had, due in rows])
    return np.asarray(delay / (delay * widths).sum(axis=1, keepdims=True))


def _drawn_level(count: Floats, expected: Floats) -> Floats:
    return _drawn_ratio(count, expected, np.full(len(count), _PRIOR_OUTCOMES_STRATUM))


def _assumed_delay(widths: Floats) -> Floats:
    """Density over delay bins of an exponential with a sixth of the window as mean."""
    middle = widths.cumsum() - widths / 2
    density = np.exp(-middle / (widths.sum() / 6))
    return np.asarray(density / (density * widths).sum())


def _drawn_ratio(count: Floats, expected: Floats, prior: Floats) -> Floats:
    """Counts over expected counts (up to scale), drawn to their mean ratio by prior counts."""
    expected = expected * count.sum() / max(expected.sum(), 1e-12)
    return np.asarray((count + prior) / np.maximum(expected + prior, 1e-12))


def update_effects(state: State, credit: Floats, *, geometric: float = 0.0) -> None:
    """Outcomes credited to each author per exposure, barely drawn to the pooled rate; in longer steps.

    An author's own few outcomes make its effect, as those of an hour make its rate. With means alone,
    authors of no effect are credited with chance; with geometric means alone, as for the baseline, effects
    of many authors of few outcomes each are pruned to nothing, and whole worlds with them.
    """
    shape, rate = effect_law(state, credit)
    theta = shape / rate * (np.exp(special.digamma(shape)) / shape) ** geometric
    longer = np.divide(theta, state.theta, out=np.ones_like(theta), where=state.theta > 0) ** (_STEP - 1)
    state.theta = np.where(state.seconds @ state.kernel > 0, theta * longer, 0)


def effect_law(state: State, credit: Floats) -> tuple[Floats, Floats]:
    """Shape and rate of the gamma law of each author's effect, given the outcomes that are credited to it."""
    exposed = state.seconds @ state.kernel
    pooled = max(credit.sum() / max(exposed.sum(), 1e-12), 1e-12)
    return credit + _PRIOR_OUTCOMES, exposed + _PRIOR_OUTCOMES / pooled


def _update_baseline(exposure: Exposure, state: State, own: Floats) -> None:
    niches, hours = state.rate.mean.shape
    counts = sum_by(state.cell, own, niches * hours).reshape(niches, hours)
    state.rate = _baseline.niche_hour_rate(counts, at_risk(exposure, state.level, hours=hours))
    expected = expected_outcomes(exposure, state.rate.mean)
    # At the niche's mean level: what members of one kind have in common is not their own.
    mean = sum_by(exposure.niche, state.level * expected, niches) / np.maximum(
        sum_by(exposure.niche, state.usual * expected, niches), 1e-12
    )
    done = sum_by(exposure.outcomes.account, own, len(exposure.niche))
    state.usual = _baseline.trait_factor(done, mean[exposure.niche] * expected, exposure.traits)


def expected_outcomes(exposure: Exposure, rate: Floats) -> Floats:
    """Expected outcomes of each account at the rate of its niche, until its risk ends."""
    return _baseline.expected_until(exposure.risk_end, exposure.niche, rate)


def at_risk(exposure: Exposure, level: Floats, *, hours: int) -> Floats:
    """Summed levels of the accounts still at risk, niches x hours."""
    return level_until(exposure.risk_end, exposure.niche, level, shape=(int(exposure.niche.max()) + 1, hours))


def level_until(end: Floats, niche: Ints, level: Floats, *, shape: tuple[int, int]) -> Floats:
    """Summed levels, niches x hours, each in a niche and until these seconds of the study."""
    niches, hours = shape
    last = np.minimum((end / HOUR).astype(np.int64), hours - 1)
    leaving = sum_by(niche * hours + last, level, niches * hours)
    return leaving.reshape(niches, hours)[:, ::-1].cumsum(axis=1)[:, ::-1]
