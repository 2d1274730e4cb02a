"""When people do anyway what they do: by the hours of their niche, and of the niches of whom they follow.

Who follows accounts of another niche sees their posts, and does more when something happens there. Were all
to go by the hours of their own niche alone, those posts would be taken to bring this about.
"""

import numpy as np
from scipy import sparse

from influgraph._threads import at_once, slices
from influgraph.influence import _baseline
from influgraph.influence._arrays import Flags, Floats, Ints, sum_by
from influgraph.influence._exposure import Exposure
from influgraph.influence._intensity import expected_until, level_until

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

    Accounts x niches are sparse: `_own` is 1 in the account's niche, `_followed` the share of its follows.
    """

    def __init__(self, exposure: Exposure, hour: Ints, rate: Floats) -> None:
        accounts, niches = exposure.interests.shape
        own = sparse.csr_array((np.ones(accounts), (np.arange(accounts), exposure.niche)), (accounts, niches))
        both = sparse.csr_array(own + exposure.interests)
        self._start, self._niche = both.indptr, both.indices
        self._account = np.repeat(np.arange(accounts), np.diff(both.indptr))
        self._own = (exposure.niche[self._account] == self._niche).astype(np.float64)
        self._followed = np.maximum(both.data - self._own, 0)
        self._end, self._hour = exposure.risk_end[self._account], hour
        self._actor, self._by_follows, self._rate = exposure.outcomes.account, _BY_FOLLOWS, rate
        self._niche_rate = rate.mean(axis=1, keepdims=True)
        periods = _baseline.periods(rate.shape[1], lasting=True)
        self._periods = [(period, by_niche, Factors()) for period, by_niche in periods]
        self._drawn = [np.ones((niches if by_niche else 1, rate.shape[1])) for _, by_niche in periods]

    def at_outcomes(self) -> Floats:
        """Rate at each outcome, per hour, at a level of one."""
        from influgraph.influence import _hours_kernels

        known = self._start, self._niche, self._shares(), np.ascontiguousarray(self._rate.T)

        def mix(part: slice) -> Floats:
            rates: Floats = _hours_kernels.mix_rates(self._actor[part], self._hour[part], *known)
            return rates

        return np.concatenate(at_once(mix, slices(len(self._hour))))

    def expected(self) -> Floats:
        """Outcomes that each account is expected to have anyway at a level of one, until its risk ends."""
        by_niche = self._shares() * expected_until(self._end, self._niche, self._rate)
        return np.asarray(np.add.reduceat(by_niche, self._start[:-1]), np.float64)

    def redraw(self, anyway: Flags, level: Floats, *, rng: np.random.Generator) -> None:
        """Draw all anew given which outcomes were had anyway, and the levels of accounts."""
        counts, followed = self._draw_niches(anyway, rng)
        shape = self._rate.shape
        risks = [
            level_until(self._end, self._niche, level[self._account] * share, shape=shape)
            for share in (self._own, self._followed)
        ]
        had = np.array([anyway.sum() - followed, followed])
        own, by_follows = rng.gamma(had + 1) / (np.array([(risk * self._rate).sum() for risk in risks]) + 1)
        self._by_follows = by_follows / (own + by_follows)
        risk = (1 - self._by_follows) * risks[0] + self._by_follows * risks[1]
        self._redraw_rate(counts, risk, rng)

    def _shares(self) -> Floats:
        return np.asarray((1 - self._by_follows) * self._own + self._by_follows * self._followed)

    def _draw_niches(self, anyway: Flags, rng: np.random.Generator) -> tuple[Floats, int]:
        """Outcomes had anyway by niche and hour they go by, and how many of them go by follows."""
        from influgraph.influence import _hours_kernels

        actor, hour, share = self._actor[anyway], self._hour[anyway], self._shares()
        known, size = (self._start, self._niche, share, np.ascontiguousarray(self._rate.T)), len(actor)
        uniform = rng.random(size)

        def choose(part: slice) -> Ints:
            places: Ints = _hours_kernels.draw_niches(actor[part], hour[part], *known, uniform[part])
            return places

        chosen = np.concatenate(at_once(choose, slices(size)))
        by_follows = rng.random(size) * share[chosen] < self._by_follows * self._followed[chosen]
        niches, hours = self._rate.shape
        counts = sum_by(self._niche[chosen] * hours + hour, np.ones(size), niches * hours)
        return counts.reshape(niches, hours), int(np.count_nonzero(by_follows))

    def _redraw_rate(self, counts: Floats, risk: Floats, rng: np.random.Generator) -> None:
        expected = risk * self._niche_rate * np.prod(np.broadcast_arrays(*self._drawn), axis=0)
        level = rng.gamma(counts.sum(axis=1) + 1) / (expected.sum(axis=1) + 1)
        self._niche_rate, expected = self._niche_rate * level[:, None], expected * level[:, None]
        for number, (period, by_niche, factors) in enumerate(self._periods):
            expected /= self._drawn[number]
            count, mean = (
                _baseline.sum_periods(values, period, by_niche=by_niche) for values in (counts, expected)
            )
            self._drawn[number] = factors.draw(count, mean, rng=rng)[:, period]
            expected *= self._drawn[number]
        self._rate = self._niche_rate * np.prod(np.broadcast_arrays(*self._drawn), axis=0)
