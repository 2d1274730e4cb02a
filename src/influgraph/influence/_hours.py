"""When people do anyway what they do: by the hours of their niche, and of the niches of whom they follow.

Who follows accounts of another niche sees their posts, and does more when something happens there. Were all
to go by the hours of their own niche alone, those posts would be taken to bring this about.
"""

from functools import reduce
from itertools import chain
from typing import Any

import numpy as np
from scipy import sparse

from influgraph._threads import at_once, cuts, parts, slices
from influgraph.influence import _baseline
from influgraph.influence._arrays import Floats, Ints
from influgraph.influence._clock import HOUR
from influgraph.influence._exposure import Exposure

_LEARNING_RATE = 0.2
# Most hours and classes are ordinary: believed until they say otherwise.
_ORDINARY = np.array([0.02, 0.03, 0.05, 0.1, 0.8])
# How much of what people do goes by the niches of whom they follow: where the draws start.
_BY_FOLLOWS = 0.3


class Factors:
    """Draws of factors about 1, and what is learnt meanwhile of how far they stray from it."""

    def __init__(self) -> None:
        self._weights = _ORDINARY.copy()

    def draw(self, count: Floats, expected: Floats, *, rng: np.random.Generator) -> Floats:
        """Draw a factor for every count beside its expected count."""
        factor, used = _baseline.draw_factor(count, expected, self._weights, rng=rng)
        self._weights = (1 - _LEARNING_RATE) * self._weights + _LEARNING_RATE * used
        return factor


class Hours:
    """A draw of the rate of every niche and hour, of how far people go by which niche, and how to draw both.

    Outcomes are given by `actor` and `hour`; all is fastest where those of an account stand side by side.
    Accounts x niches are sparse: `_own` is 1 in the account's niche, `_followed` the share of its follows.
    """

    def __init__(self, exposure: Exposure, actor: Ints, hour: Ints, rate: Floats) -> None:
        accounts, niches = exposure.interests.shape
        own = sparse.csr_array((np.ones(accounts), (np.arange(accounts), exposure.niche)), (accounts, niches))
        both = sparse.csr_array(own + exposure.interests)
        self._start, self._niche = both.indptr.astype(np.int64), both.indices
        self._own = (np.repeat(exposure.niche, np.diff(both.indptr)) == self._niche).astype(np.float64)
        self._followed = np.maximum(both.data - self._own, 0)
        self._rows = cuts(self._start, parts(len(self._niche)))
        self._passed = np.minimum(exposure.risk_end / HOUR, rate.shape[1])
        self._actor, self._hour, self._rate = actor, hour, rate
        self._niche_rate = rate.mean(axis=1, keepdims=True)
        periods = _baseline.periods(rate.shape[1], lasting=True)
        self._periods = [(period, by_niche, Factors()) for period, by_niche in periods]
        self._drawn = [np.ones((niches if by_niche else 1, rate.shape[1])) for _, by_niche in periods]
        self._go_by(_BY_FOLLOWS)
        self._mix()

    def at_outcomes(self) -> Floats:
        """Rate at each outcome, per hour, at a level of one."""
        return self._mixed

    def expected(self) -> Floats:
        """Outcomes that each account is expected to have anyway at a level of one, until its risk ends."""
        from influgraph.influence import _hours_kernels

        cumulative = np.pad(self._rate.T.cumsum(axis=0), ((1, 1), (0, 0)))
        cumulative[-1] = cumulative[-2]
        known: tuple[Any, ...] = self._start, self._niche, self._share, self._passed, cumulative
        return np.concatenate(at_once(lambda rows: _hours_kernels.expect_outcomes(*rows, *known), self._rows))

    def redraw(self, uniform: Floats, level: Floats, *, rng: np.random.Generator) -> None:
        """Draw all anew given which outcomes were had anyway, and the levels of accounts.

        Those had anyway have a uniform number below 1, all others one above.
        """
        counts, followed = self._draw_niches(uniform)
        risks = self._at_risk(level)
        had = np.array([counts.sum() - followed, followed])
        own, by_follows = rng.gamma(had + 1) / ((risks * self._rate).sum(axis=(1, 2)) + 1)
        self._go_by(by_follows / (own + by_follows))
        self._redraw_rate(counts, (1 - self._by_follows) * risks[0] + self._by_follows * risks[1], rng)
        self._mix()

    def _go_by(self, by_follows: float) -> None:
        """Go so far by the niches of whom one follows."""
        self._by_follows = by_follows
        self._share = (1 - by_follows) * self._own + by_follows * self._followed

    def _at_risk(self, level: Floats) -> Floats:
        """Summed levels of accounts at risk, by own niche and by whom they follow (2 x niches x hours)."""
        from influgraph.influence import _hours_kernels

        hours = self._rate.shape[1]
        last_hour = np.minimum(self._passed.astype(np.int64), hours - 1)
        shares = self._start, self._niche, self._own, self._followed
        known: tuple[Any, ...] = *shares, last_hour, level, hours, len(self._rate)

        def leave(rows: tuple[int, int]) -> Floats:
            leaving: Floats = _hours_kernels.sum_leaving(*rows, *known)
            return leaving

        leaving = np.sum(at_once(leave, self._rows), axis=0)
        return np.ascontiguousarray(leaving[:, ::-1].cumsum(axis=1)[:, ::-1].transpose(0, 2, 1))

    def _mix(self) -> None:
        """Mix the rates of niches at each outcome."""
        from influgraph.influence import _hours_kernels

        known: tuple[Any, ...] = self._start, self._niche, self._share, np.ascontiguousarray(self._rate.T)

        def mix(part: slice) -> Floats:
            rates: Floats = _hours_kernels.mix_rates(self._actor[part], self._hour[part], *known)
            return rates

        self._mixed = np.concatenate(at_once(mix, slices(len(self._hour))))

    def _draw_niches(self, uniform: Floats) -> tuple[Floats, int]:
        """Outcomes had anyway by niche and hour they go by, and how many of them go by follows."""
        from influgraph.influence import _hours_kernels

        by_hour, followed = np.ascontiguousarray(self._rate.T), self._by_follows * self._followed
        known = self._start, self._niche, self._share, by_hour, followed

        def count(part: slice) -> tuple[Floats, int]:
            rows = [side[part] for side in (self._actor, self._hour, uniform, self._mixed)]
            found: tuple[Floats, int] = _hours_kernels.count_niches(*chain(rows, known))
            return found

        counts, by_follows = zip(*at_once(count, slices(len(uniform))), strict=True)
        return np.ascontiguousarray(np.sum(counts, axis=0).T), sum(by_follows)

    def _strayed(self) -> Floats:
        """Product of all factors, niches x hours."""
        return reduce(np.multiply, self._drawn)

    def _redraw_rate(self, counts: Floats, risk: Floats, rng: np.random.Generator) -> None:
        expected = risk * self._niche_rate * self._strayed()
        level = rng.gamma(counts.sum(axis=1) + 1) / (expected.sum(axis=1) + 1)
        self._niche_rate, expected = self._niche_rate * level[:, None], expected * level[:, None]
        for number, (period, by_niche, factors) in enumerate(self._periods):
            expected /= self._drawn[number]
            count, mean = (
                _baseline.sum_periods(values, period, by_niche=by_niche) for values in (counts, expected)
            )
            self._drawn[number] = factors.draw(count, mean, rng=rng)[:, period]
            expected *= self._drawn[number]
        self._rate = self._niche_rate * self._strayed()
