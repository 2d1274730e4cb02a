"""What people would do anyway and what they are like, drawn beside the effects: neither is ever known.

A fit takes the best baseline for the true one. Its errors then make effects, or hide them, and no interval
knows. Here the sampler draws hours, traits and members anew given the effects, and the effects given them
(data augmentation, Tanner & Wong 1987): whether each outcome was had anyway is drawn, and given this all
rates are gamma distributed. What is drawn as caused says nothing for the baseline: none explains itself.
"""

import numpy as np

from influgraph.influence import _members
from influgraph.influence._arrays import Flags, Floats, Ints, sum_by
from influgraph.influence._clock import HOUR
from influgraph.influence._exposure import Exposure
from influgraph.influence._hours import Factors, Hours
from influgraph.influence._intensity import Intensity


class Nuisance:
    """A draw of everything but the effects, and how to draw the next.

    `baseline` is per outcome and waking second, over the receptiveness of who had it; `exposed` per author,
    among people as receptive as they are now. Within, outcomes are sorted by who had them: all that is known
    of an account is then at hand.
    """

    def __init__(self, exposure: Exposure, fitted: Intensity) -> None:
        state, account = fitted.state, exposure.outcomes.account
        self._exposure = exposure
        self._outcomes = _members.outcomes_by_member(account, exposure.third)
        order = self._outcomes.order
        self._account, self._tempo = account[order], exposure.tempo[order]
        hour = (state.cell % state.rate.mean.shape[1])[order]
        self._hours = Hours(exposure, self._account, hour, state.rate.mean)
        self._mass = exposure.windows.masses(fitted.kernel, accounts=len(exposure.niche))
        self._level, self._receptive = state.members.member.copy()
        self._weights = state.members.weights
        self._kinds = [_members.start_kinds()] * len(self._weights)
        self._usual = state.usual
        self._traits = [(trait, Factors()) for trait in exposure.traits]
        self._drawn = [np.ones(int(trait.max()) + 1) for trait in exposure.traits]
        self._own = fitted.baseline[order]
        self.baseline, self.exposed = fitted.baseline, fitted.exposed

    def redraw(self, authors: Ints, theta: Floats, caused: Floats, *, rng: np.random.Generator) -> None:
        """Draw everything given the effects `theta` of these authors, and what they cause at each outcome."""
        effects = np.zeros(len(self._exposure.authors))
        effects[authors] = theta
        caused = caused[self._outcomes.order]
        # Below 1 where an outcome is had anyway, and uniform there.
        uniform = rng.random(len(caused)) * (1 + caused / self._own)
        self._hours.redraw(uniform, self._usual * self._level, rng=rng)
        expected = self._hours.expected()
        self._redraw_traits(uniform < 1, expected, rng)
        own = self._usual_at_outcomes()
        self._redraw_members(effects, expected, (own, caused), rng)
        self._own = np.maximum(own * (self._level / np.maximum(self._receptive, 1e-9))[self._account], 1e-300)
        self.baseline = np.empty_like(own)
        self.baseline[self._outcomes.order] = self._own

    @property
    def receptive(self) -> Floats:
        """How receptive each account is now."""
        return np.asarray(self._receptive)

    def expose_by(self, kernel: Floats) -> None:
        """Count exposures by another kernel from now on."""
        self._mass = self._exposure.windows.masses(kernel, accounts=len(self._exposure.niche))
        self.exposed = self._mass.T @ self._receptive

    def _usual_at_outcomes(self) -> Floats:
        """Baseline intensity at each outcome at a level of one, per waking second."""
        return np.asarray(self._hours.at_outcomes() * self._usual[self._account] / (HOUR * self._tempo))

    def _redraw_traits(self, anyway: Flags, expected: Floats, rng: np.random.Generator) -> None:
        done = sum_by(self._account, anyway.astype(np.float64), len(expected))
        for number, (trait, factors) in enumerate(self._traits):
            others = self._usual / self._drawn[number][trait]
            parts = done, others * self._level * expected
            count, mean = (sum_by(trait, part, int(trait.max()) + 1)[None] for part in parts)
            self._drawn[number] = factors.draw(count, mean, rng=rng)[0]
            self._usual = others * self._drawn[number][trait]

    def _redraw_members(
        self, theta: Floats, expected: Floats, at_outcomes: tuple[Floats, Floats], rng: np.random.Generator
    ) -> None:
        """Draw members; `at_outcomes` are what is had anyway, at a level of one, and what is caused."""
        exposed = self._mass @ theta
        drawn, used = _members.draw(
            self._outcomes,
            self._weights,
            baseline=at_outcomes[0],
            caused=at_outcomes[1],
            expected=self._usual * expected,
            exposed=exposed,
            rng=rng,
        )
        self._level, self._receptive = drawn
        third = self._outcomes.third
        self._weights, self._kinds = _members.kinds_by_third(used, self._kinds, third, exposed)
        self.exposed = self._mass.T @ self._receptive
