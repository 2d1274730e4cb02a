"""Where data are too few to tell influence from chance: intervals that know it.

Where many authors have few outcomes each, two accounts of the same data hold by themselves: that hardly
anybody moves anybody, which is what pruning leaves, and that many move a few each. No chain of draws goes
from one to the other. The estimate stays the former, as the latter is credited where nobody moves anybody
too; intervals and draws are of both.
"""

from dataclasses import replace

import numpy as np
from scipy import special

from influgraph.influence import _intensity
from influgraph.influence._arrays import Flags, Floats
from influgraph.influence._effects import PRUNED, Effects
from influgraph.influence._exposure import Exposure
from influgraph.influence._intensity import Intensity

# Outcomes by which delays are then drawn to what is usual. Of few outcomes and many authors some always stand
# close together: in one world .88 of what took a day was put within half an hour, and 173 of 659 outcomes
# were credited (368 with these).
ASSUMED_DELAYS = 150.0


def fit(exposure: Exposure) -> Intensity:
    """Fit the intensity; where little outlives pruning once more, with delays near what is usual."""
    fitted = _intensity.fit_intensity(exposure)
    return _intensity.fit_intensity(exposure, assumed=ASSUMED_DELAYS) if fitted.in_doubt else fitted


def with_both_ends(
    exposure: Exposure, fitted: Intensity, effects: Effects, *, tried: Flags, rng: np.random.Generator
) -> Effects:
    """Let intervals reach from what is left by pruning to what is credited without.

    Each has a third of the draws. Not those of authors that were `tried` (by author of the exposure): of them
    trials tell.
    """
    if not fitted.in_doubt:
        return effects
    unpruned = _intensity.fit_intensity(exposure, geometric=0, assumed=ASSUMED_DELAYS)
    untried = ~tried[effects.authors]
    authors, draws = effects.authors[untried], effects.draws.copy()
    least, possible = np.full(len(untried), np.inf), effects.possible + np.zeros(len(untried))
    for third, fit_ in enumerate((unpruned, fitted)):
        shape, rate = _intensity.effect_law(fit_.state, fit_.credit)
        # Rates are per exposure of their fit: what is the same is their product with it.
        rate *= _exposed(effects.fitted) / np.maximum(_exposed(fit_), 1e-300)
        shape, rate = shape[authors], rate[authors]
        size = len(authors), draws[:, third::3].shape[1]
        draws[untried, third::3] = rng.gamma(shape[:, None], size=size) / rate[:, None]
        if fit_ is fitted:
            left = fitted.credit[authors] >= PRUNED
            least[untried] = np.where(left, special.gammaincinv(shape, 0.05) / rate, 0.0)
        possible[untried] = np.maximum(possible[untried], special.gammaincinv(shape, 0.95) / rate)
    return replace(effects, draws=draws, least=least, possible=possible)


def _exposed(fit: Intensity) -> Floats:
    """Exposure to own posts, by which rates of a fit become influence; to any where there are none."""
    return np.where(fit.direct > 0, fit.direct, fit.exposed)
