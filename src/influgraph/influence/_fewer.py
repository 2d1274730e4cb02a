"""Effects below zero: whether people act less after an account's posts than at other times.

Given how many outcomes a person has in all, each falls into the windows after an account's posts with a
chance known from when the niche acts: whatever differs between people for good divides out (self-controlled
case series, Farrington 1995). Outcomes against expected ones, summed over people, score each account; how the
scores in the middle scatter, where posts change little, says what chance does (Efron 2004). No more outcomes
are said to be missing than the same people had at other times.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse, stats

from influgraph.influence import _baseline, _chain
from influgraph.influence._arrays import Flags, Floats, Ints, sum_by
from influgraph.influence._clock import HOUR
from influgraph.influence._effects import Effects
from influgraph.influence._exposure import Exposure, Scene
from influgraph.influence._intensity import Intensity, at_risk

_LEVEL = 0.05
# Variance of the outcomes in the windows, given all those of the audience: in all, and per outcome expected.
_LEAST_INFORMATION, _LEAST_APART = 4.0, 0.1
_ROUNDS, _LEAST_KEPT = 5, 0.05
_QUARTILE, _ONE_SIDED = 0.6745, 1.645
# Share by which the timing of a niche may be wrong however many outcomes it is learnt from.
_TIMING_ERROR = 0.03
# Timing is learnt from outcomes as scattered as those it is compared with: twice the variance.
_WIDTH = _ONE_SIDED * 2**0.5
_TOO_LITTLE = "too few outcomes of its audience, or too few at other times than after its posts"
_TRIED = "trials tell"


@dataclass(frozen=True)
class Fewer:
    """Of each author: `q` that people act less after its posts, null with the reason in `missing`.

    `numbers` (authors x low, effect, high) are outcomes, below zero, where `q` is under 5 %; else null.
    """

    q: Floats
    missing: npt.NDArray[Any]
    numbers: Floats

    @property
    def shown(self) -> Flags:
        """Whose effect is shown to lie below zero."""
        return ~np.isnan(self.numbers[:, 1])

    def columns(self) -> dict[str, pd.Series]:
        """What every account is told."""
        missing = pd.Series(self.missing, dtype="str")
        return {"suppression_q": pd.Series(self.q), "suppression_missing": missing}

    def lower(self, numbers: Floats) -> Floats:
        """Put effects below zero in the place of low, mean, high; the total moves along."""
        direct = np.where(self.shown[:, None], self.numbers, numbers[:, :3])
        return np.column_stack([direct, numbers[:, 3] + direct[:, 1] - numbers[:, 1]])

    def lower_labels(self, found: pd.DataFrame) -> pd.DataFrame:
        """Divide effects below zero (columns author, mean, low, high) as the effects above it were."""
        author, columns = found["author"].to_numpy(), ["low", "mean", "high"]
        share = found["mean"] / sum_by(author, found["mean"].to_numpy(), len(self.q))[author]
        divided = share.to_numpy()[:, None] * self.numbers[author]
        chosen = np.where(self.shown[author, None], divided, found[columns])
        return found.assign(**dict(zip(columns, chosen.T, strict=True)))

    def lower_draws(self, draws: Floats, *, rng: np.random.Generator) -> Floats:
        """Draw effects below zero anew, by a normal distribution with their interval's width."""
        low, effect, high = self.numbers[self.shown].T[..., None]
        drawn = draws.copy()
        drawn[self.shown] = rng.normal(effect, (high - low) / (2 * _ONE_SIDED), drawn[self.shown].shape)
        return drawn


@dataclass(frozen=True)
class _Counts:
    """Outcomes of each author's audience, weighted by their chance to fall outside and inside the windows.

    `within` and `without` have the same mean where posts change nothing; `information` is then the variance
    of their difference by chance, `expected` the number of outcomes in the windows.
    """

    within: Floats
    without: Floats
    expected: Floats
    information: Floats

    def tell(self) -> Flags:
        """Whether there is enough to tell by, and not nearly all of it in the windows."""
        return (self.information >= _LEAST_INFORMATION) & (self.information >= _LEAST_APART * self.expected)

    def variance(self) -> Floats:
        """Variance of the difference by chance and by errors of timing."""
        return self.information * (1 + _TIMING_ERROR**2 * self.information)

    def kept(self, deviation: float = 0.0) -> Floats:
        """Part of the outcomes left after the posts, this many standard deviations from the estimate.

        The mean of `without` times the part is that of `within`; the variance of the difference is `variance`
        times the part.
        """
        without = np.maximum(self.without, 1e-12)
        middle = self.within + deviation**2 * self.variance() / (2 * without)
        half = np.sign(deviation) * np.sqrt(np.maximum(middle**2 - self.within**2, 0))
        return np.asarray(np.maximum((middle + half) / without, _LEAST_KEPT))


def find_fewer(
    scene: Scene, exposure: Exposure, fitted: Intensity, effects: Effects, *, tried: Flags
) -> Fewer:
    """Test every author for an effect below zero, and say how large it is where it is shown.

    Where people act less, their niche seems to act less as well: the outcomes left are weighted up by the
    effects found, and the timing of niches is learnt again, until both agree. Authors that were `tried` are
    not tested, because trials tell of them.
    """
    scene, own = _own_posts(scene), _own_share(exposure, fitted, effects)
    seen, account = _seen(scene, exposure), exposure.outcomes.account
    by_account = sparse.csr_array(
        (own, (account, np.arange(len(own)))), shape=(len(exposure.niche), len(own))
    )
    within = by_account @ seen

    def compare(kept: Floats) -> tuple[sparse.csr_array, _Counts]:
        timing = _timing(exposure, fitted, own * np.exp(-(seen @ np.log(kept))))
        chance = _chance(scene, exposure, timing)
        return chance, _count(chance, within, by_account.sum(axis=1))

    chance, counts = compare(np.ones(seen.shape[1]))
    q, spread = _false_discovery(counts, tested=counts.tell() & ~tried)
    found = q < _LEVEL
    for _ in range(_ROUNDS if found.any() else 0):
        chance, counts = compare(np.where(found, counts.kept(), 1))
    q = np.fmax(q, _false_discovery(counts, tested=np.isfinite(q))[0])
    done, width = sum_by(account, np.ones(len(own)), len(exposure.niche)), _WIDTH * spread
    ends = [_effect(chance, done, counts.kept(end * width)) for end in (-1, 0, 1)]
    shown = (q < _LEVEL) & (ends[2] < 0)
    most = _vouched_for(chance, seen, account, shown)
    numbers = np.where(shown[:, None], np.maximum(np.column_stack(ends), -most[:, None]), np.nan)
    missing = np.full(len(q), None, dtype=object)
    missing[np.isnan(q)] = _TOO_LITTLE
    missing[tried] = _TRIED
    return Fewer(q[effects.authors], missing[effects.authors], numbers[effects.authors])


def not_told(reason: str, effects: Effects) -> Fewer:
    """Of nobody is known whether people act less, for this reason."""
    count = len(effects.authors)
    missing = np.full(count, reason, dtype=object)
    return Fewer(np.full(count, np.nan), missing, np.full((count, 3), np.nan))


def _own_posts(scene: Scene) -> Scene:
    """The scene without reposts: who sees these has often just acted."""
    posts, own = scene.broadcasts, scene.broadcasts.direct
    start = np.append(0, own.cumsum())[posts.start]
    return replace(scene, broadcasts=posts.ordered(np.flatnonzero(own), start, posts.time[own]))


def _own_share(exposure: Exposure, fitted: Intensity, effects: Effects) -> Floats:
    """Share of each outcome that no post brought about."""
    _, outcome, added, place = _chain.by_author(exposure, fitted.kernel, effects.authors)
    caused = sum_by(outcome, effects.rate[place] * added, len(fitted.baseline))
    return np.asarray(fitted.baseline / (fitted.baseline + caused))


def _seen(scene: Scene, exposure: Exposure) -> sparse.csr_array:
    """Whether each outcome came within the window after a post of each author (outcomes x authors)."""
    from influgraph.influence import _kernels

    outcomes, follows, posts = scene.outcomes, scene.attention, scene.broadcasts
    reach = follows.start, follows.exposers, follows.since, posts.start, posts.time, exposure.widths.sum()
    start = np.append(0, _kernels.count_pairs(outcomes.account, outcomes.waking, *reach).cumsum())
    broadcast, _ = _kernels.list_pairs(outcomes.account, outcomes.waking, *reach, start)
    author = np.searchsorted(exposure.authors, posts.author)[broadcast]
    shape = len(outcomes.account), len(exposure.authors)
    seen = sparse.csr_array((np.ones(len(author)), author, start), shape=shape)
    seen.sum_duplicates()
    return seen.sign()


def _timing(exposure: Exposure, fitted: Intensity, own: Floats) -> Floats:
    """Share of each niche's outcomes expected before each hour (niches x hours and the end)."""
    state = fitted.state
    niches, hours = state.rate.mean.shape
    members = at_risk(exposure, state.level, hours=hours)
    counts = sum_by(state.cell, own, niches * hours).reshape(niches, hours)
    expected = (_baseline.niche_hour_rate(counts, members).mean * members).cumsum(axis=1)
    return np.pad(expected / np.maximum(expected[:, -1:], 1e-300), ((0, 0), (1, 0)))


def _chance(scene: Scene, exposure: Exposure, timing: Floats) -> sparse.csr_array:
    """Chance that an account's outcome falls into the windows after an author's posts (accounts x authors).

    Accounts without an outcome have empty rows.
    """
    from influgraph.influence import _fewer_kernels

    follows, posts, accounts = scene.attention, scene.broadcasts, len(exposure.niche)
    hours = np.arange(timing.shape[1], dtype=np.float64)
    waking, window = scene.clock.waking(hours * HOUR), exposure.widths.sum()
    begin, end = (np.interp(posts.time + length, waking, hours) for length in (0, window))
    wanted = np.bincount(exposure.outcomes.account, minlength=accounts) > 0
    reach = follows.start, follows.exposers, follows.since, posts.start, posts.time
    author, count = np.searchsorted(exposure.authors, posts.author), len(exposure.authors)
    start, place, chance = _fewer_kernels.exposed_share(
        wanted, *reach, begin, end, author, count, exposure.niche, timing
    )
    return sparse.csr_array((np.minimum(chance, 1), place, start), shape=(accounts, count))


def _count(chance: sparse.csr_array, within: sparse.csr_array, done: Floats) -> _Counts:
    both, expected = within.multiply(chance).sum(axis=0), chance.T @ done
    return _Counts(within.sum(axis=0) - both, expected - both, expected, expected - chance.power(2).T @ done)


def _false_discovery(counts: _Counts, *, tested: Flags) -> tuple[Floats, float]:
    """Q-value of every tested author (Benjamini-Hochberg), and the spread of scores, at least 1.

    The spread is that of the lower half of the scores, and a centre above zero is taken as zero, because some
    posts do move people.
    """
    q = np.full(len(tested), np.nan)
    if not tested.any():
        return q, 1.0
    score = (counts.within - counts.without)[tested] / np.sqrt(counts.variance()[tested])
    low, centre = np.quantile(score, [0.25, 0.5])
    spread = max(float(centre - low) / _QUARTILE, 1.0)
    q[tested] = stats.false_discovery_control(stats.norm.cdf((score - min(centre, 0)) / spread))
    return q, spread


def _vouched_for(chance: sparse.csr_array, seen: sparse.csr_array, account: Ints, shown: Flags) -> Floats:
    """How many outcomes each of the authors shown may have kept its audience from at most.

    That outcomes are missing is told by those that the same people had at other times than after its posts.
    Each of these vouches for one: with more, a few of them would stand for a time without posts much shorter
    than that with them. Where it vouches against several authors, it is divided among them.
    """
    audience = sparse.csr_array(chance[account].sign() @ sparse.diags_array(shown.astype(np.float64)))
    elsewhere = audience - audience.multiply(seen)
    against = np.maximum(elsewhere.sum(axis=1), 1)
    return np.asarray(elsewhere.T @ (1 / against))


def _effect(chance: sparse.csr_array, done: Floats, kept: Floats) -> Floats:
    """Outcomes more than without the posts of each author, given the part of them that is kept."""
    at = chance.tocoo()
    part = kept[at.col]
    more = done[at.row] * at.data * (part - 1) / (part * at.data + 1 - at.data)
    return sum_by(at.col, more, chance.shape[1])
