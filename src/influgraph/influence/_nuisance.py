"""What people would do anyway and what they are like, drawn beside the effects: neither is ever known.

A fit takes the best baseline for the true one. Its errors then make effects, or hide them, and no interval
knows. Here the sampler draws hours, traits and members anew given the effects, and the effects given them
(data augmentation, Tanner & Wong 1987): whether each outcome was had anyway is drawn, and given this all
rates are gamma distributed. What is drawn as caused says nothing for the baseline: none explains itself.
"""

import numpy as np

from influgraph.influence import _baseline, _members
from influgraph.influence._arrays import Flags, Floats, Ints, sum_by
from influgraph.influence._clock import HOUR
from influgraph.influence._exposure import Exposure
from influgraph.influence._intensity import Intensity, at_risk, expected_outcomes

_LEARNING_RATE = 0.2
# Most hours and classes are ordinary: believed until they say otherwise.
_ORDINARY = np.array([0.02, 0.03, 0.05, 0.1, 0.8])


class Nuisance:
    """A draw of everything but the effects, and how to draw the next.

    `baseline` is per outcome and waking second, over the receptiveness of who had it; `exposed` per author,
    among people as receptive as they are now.
    """

    def __init__(self, exposure: Exposure, fitted: Intensity) -> None:
        state = fitted.state
        niches, hours = state.rate.mean.shape
        self._exposure, self._cell = exposure, state.cell
        self._mass = exposure.windows.masses(fitted.kernel, accounts=len(exposure.niche))
        self._outcomes = _members.outcomes_by_member(exposure.outcomes.account, accounts=len(exposure.niche))
        self._level, self._receptive = state.members.member.copy()
        self._weights, self._kinds = state.members.weights, _members.start_kinds()
        self._usual, self._traits = state.usual, [np.ones(int(trait.max()) + 1) for trait in exposure.traits]
        self._trait_priors = [_ORDINARY.copy() for _ in exposure.traits]
        self._periods = _baseline.periods(hours)
        self._period_priors = [_ORDINARY.copy() for _ in self._periods]
        self._factors = [np.ones((niches if by_niche else 1, hours)) for _, by_niche in self._periods]
        self._niche_rate = state.rate.mean.mean(axis=1, keepdims=True)
        self._rate = state.rate.mean
        self.baseline, self.exposed = fitted.baseline, fitted.exposed

    def redraw(self, authors: Ints, theta: Floats, caused: Floats, *, rng: np.random.Generator) -> None:
        """Draw everything given the effects `theta` of these authors, and what they cause at each outcome."""
        effects = np.zeros(len(self._exposure.authors))
        effects[authors] = theta
        anyway = rng.random(len(caused)) * (self.baseline + caused) < self.baseline
        self._redraw_hours(anyway, rng)
        expected = expected_outcomes(self._exposure, self._rate)
        self._redraw_traits(anyway, expected, rng)
        self._redraw_members(effects, caused, expected, rng)
        account = self._exposure.outcomes.account
        own = self._usual_at_outcomes() * (self._level / np.maximum(self._receptive, 1e-9))[account]
        self.baseline = np.maximum(own, 1e-300)

    def _usual_at_outcomes(self) -> Floats:
        """Baseline intensity at each outcome at a level of one, per waking second."""
        usual = self._usual[self._exposure.outcomes.account]
        return np.asarray(self._rate.ravel()[self._cell] * usual / (HOUR * self._exposure.tempo))

    def _redraw_hours(self, anyway: Flags, rng: np.random.Generator) -> None:
        shape = self._rate.shape
        counts = np.bincount(self._cell[anyway], minlength=self._rate.size).reshape(shape).astype(np.float64)
        risk = at_risk(self._exposure, self._usual * self._level, hours=shape[1])
        expected = risk * self._niche_rate * np.prod(np.broadcast_arrays(*self._factors), axis=0)
        level = rng.gamma(counts.sum(axis=1) + 1) / (expected.sum(axis=1) + 1)
        self._niche_rate, expected = self._niche_rate * level[:, None], expected * level[:, None]
        for number, (period, by_niche) in enumerate(self._periods):
            expected /= self._factors[number]
            count, mean = (
                _baseline.sum_periods(values, period, by_niche=by_niche) for values in (counts, expected)
            )
            drawn = self._draw_factor(count, mean, self._period_priors, number, rng)
            self._factors[number] = drawn[:, period]
            expected *= self._factors[number]
        self._rate = self._niche_rate * np.prod(np.broadcast_arrays(*self._factors), axis=0)

    def _redraw_traits(self, anyway: Flags, expected: Floats, rng: np.random.Generator) -> None:
        account = self._exposure.outcomes.account
        done = np.bincount(account[anyway], minlength=len(expected)).astype(np.float64)
        for number, trait in enumerate(self._exposure.traits):
            others = self._usual / self._traits[number][trait]
            parts = done, others * self._level * expected
            count, mean = (sum_by(trait, part, int(trait.max()) + 1)[None] for part in parts)
            self._traits[number] = self._draw_factor(count, mean, self._trait_priors, number, rng)[0]
            self._usual = others * self._traits[number][trait]

    @staticmethod
    def _draw_factor(
        count: Floats, expected: Floats, priors: list[Floats], number: int, rng: np.random.Generator
    ) -> Floats:
        factor, used = _baseline.draw_factor(count, expected, priors[number], rng=rng)
        priors[number] = (1 - _LEARNING_RATE) * priors[number] + _LEARNING_RATE * used
        return factor

    def _redraw_members(
        self, theta: Floats, caused: Floats, expected: Floats, rng: np.random.Generator
    ) -> None:
        drawn, used = _members.draw(
            self._outcomes,
            self._weights,
            baseline=self._usual_at_outcomes(),
            caused=caused,
            expected=self._usual * expected,
            exposed=self._mass @ theta,
            rng=rng,
        )
        self._level, self._receptive = drawn
        self._weights, self._kinds = _members.two_kinds(used, self._kinds)
        self.exposed = self._mass.T @ self._receptive
