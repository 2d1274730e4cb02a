"""The Gibbs sampler: a draw of all effects given all else, and of all else given them, again and again.

Accounts whose posts reach the same people at the same time compete for the same outcomes; drawn one after the
other, each given all others, their rates take this into account, where separate estimates would each claim
the whole.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from influgraph.influence import _intensity, _trust
from influgraph.influence._arrays import Floats, Ints
from influgraph.influence._exposure import Exposure
from influgraph.influence._intensity import Intensity
from influgraph.influence._nuisance import Nuisance

# Zero, and rates from a fiftieth to a hundred times the pooled rate.
GRID = np.concatenate([[0.0], np.geomspace(0.02, 100, 61)])
# The least share of the outcomes about whose rate rates go: a fit may find nothing where draws find much. In
# doubt draws stay with the fit, as they wander up there where nobody moves anybody.
_LEAST_CREDITED, _LEAST_IN_DOUBT = 0.03, 0.001
_LARGEST_SCALE = 3.0  # of the usual one
_LEAST_LIKELY = 1e-6
# How far delays go by the draw at hand, and steps of EM by each draw.
_DELAY_RATE, _DELAY_STEPS = 0.3, 4


class Chain:
    """A draw of everything, and how to draw the next.

    `rates` are what an author's effect per exposure may be, `current` each one's place among them, `known`
    what `evidence` says of them. `fitted` is what exposures are counted by: the fit, with delays as learnt
    since. `start`, `outcome`, `added` and `place` are of `by_author`, `anyway` is the chance of each outcome
    that it was had anyway; `information` and `trust` are of `_trust`. Only beside a trial a likelihood counts
    by its trust: a baseline that is wrong by a little leaves estimates where they are, and is for intervals.
    """

    def __init__(
        self,
        exposure: Exposure,
        fitted: Intensity,
        *,
        evidence: Callable[[Floats], Floats] | None,
        rng: np.random.Generator,
    ) -> None:
        self._exposure, self._evidence, self._rng = exposure, evidence, rng
        self.authors = np.flatnonzero(fitted.exposed > 0)
        exposed = fitted.exposed[self.authors]
        self.rates = _rates_about(fitted, exposed)
        self.current = _nearest(self.rates, fitted.credit[self.authors] / exposed)
        self.theta, self._scale = self.rates[self.current], np.ones(len(exposed))
        self._nuisance, self._direct = Nuisance(exposure, fitted), fitted.direct
        self._seen: Floats | None = None
        self._expose_by(fitted)
        self._toll = self.exposed
        self._sum_intensity(self.caused_by(self.theta))
        self.weigh()

    @property
    def exposed(self) -> Floats:
        """Exposure to each author: a rate of one brings about so many outcomes."""
        return self.fitted.exposed[self.authors]

    def _expose_by(self, fitted: Intensity) -> None:
        """Count exposures by the kernel of this fit."""
        self.fitted = fitted
        pairs = by_author(self._exposure, fitted.kernel, self.authors)
        self.start, self.outcome, self.added, self.place = pairs
        self.known = np.ones((len(self.authors), len(self.rates)))
        if self._evidence is not None:
            # Trials know effects by exposure of the first fit.
            unit = np.ones_like(fitted.direct)
            np.divide(fitted.direct, self._direct, out=unit, where=self._direct > 0)
            self.known = self._evidence(self.rates * unit[:, None])[self.authors]
        self.tried = (self.known < 1).any(axis=1)
        # Where trials and all else exclude each other, what was randomised decides.
        self.least = np.where(self.tried, _LEAST_LIKELY, 0.0)

    def _sum_intensity(self, caused: Floats) -> None:
        whole = self._nuisance.baseline + caused
        self._intensity, self.anyway = whole.astype(np.float32), self._nuisance.baseline / whole

    def caused_by(self, theta: Floats) -> Floats:
        """What posts bring about at each outcome at these effects."""
        from influgraph.influence import _kernels

        outcomes = len(self._exposure.outcomes.account)
        return np.asarray(_kernels.sum_caused(self.start, self.outcome, self.added, theta, outcomes))

    def weigh(self) -> None:
        """Find how far each author's likelihood is to be believed, by the draw at hand."""
        odds = self.added / self._intensity[self.outcome].astype(np.float64)
        found = _trust.find_trust(self._exposure, odds, self.outcome, self.place, self.exposed)
        self.information, self.trust = found

    def redraw(self) -> None:
        """Draw what people would do anyway, and what they are like, given the effects."""
        caused = self.caused_by(self.theta)
        self._nuisance.redraw(self.authors, self.theta, caused, rng=self._rng)
        self._sum_intensity(caused)
        self._scale = _scales(self.exposed, self._nuisance.exposed[self.authors])
        self._toll = self._scale * self._nuisance.exposed[self.authors]

    def sweep(self, prior: Floats, likelihood: Floats) -> None:
        """Draw each author's effect under its prior (authors x rates), given all others'.

        `likelihood` receives every author's relative likelihood of every rate.
        """
        from influgraph.influence import _kernels

        pairs = self.start, self.outcome, self.added
        weight = np.where(self.tried, self.trust, 1.0)
        known = self._toll, self._scale, weight, self.rates, prior, self.least
        uniform, drawn = self._rng.random(len(self.authors)), (self._intensity, self.theta, self.current)
        _kernels.sample_rates(*pairs, *known, uniform, *drawn, likelihood)

    def learn_delays(self) -> None:
        """Learn the kernel from what the effects at hand bring about (stochastic approximation EM); redraw.

        A fit's delays are those of one set of effects, which chance had a part in; these are of all draws.
        """
        exposure, effects = self._exposure, np.zeros(len(self._exposure.authors))
        effects[self.authors] = self.theta
        _, seconds = exposure.windows.by_author(self._nuisance.receptive)
        kernel, exposed = self.fitted.kernel, effects @ seconds
        known = {"usual": seconds.sum(axis=0), "assumed": self.fitted.assumed}
        for _ in range(_DELAY_STEPS):
            _, _, credit = _intensity.share_credit(exposure, effects, kernel, self._nuisance.baseline)
            seen = np.stack([credit, exposed])
            self._seen = seen if self._seen is None else self._seen + _DELAY_RATE * (seen - self._seen)
            kernel = _intensity.next_kernel(exposure, kernel, *self._seen, **known)
        self._nuisance.expose_by(kernel)
        direct, exposed = exposure.windows.exposure(self.fitted.receptive, kernel)
        self._expose_by(replace(self.fitted, kernel=kernel, exposed=exposed, direct=direct))
        self.redraw()


def _rates_about(fitted: Intensity, exposed: Floats) -> Floats:
    """Rates about the pooled rate of the fit, or of a share of the outcomes where it credits less."""
    least = _LEAST_IN_DOUBT if fitted.in_doubt else _LEAST_CREDITED
    credited = max(fitted.credit.sum(), least * len(fitted.baseline))
    return np.asarray(GRID * credited / max(exposed.sum(), 1e-12))


def _scales(fitted: Floats, now: Floats) -> Floats:
    """How much an effect is of its rate, which is per exposure of the fit, among people as they are now.

    Bounded: an author whose few followers all pass for unmoved would need an effect beyond all bounds. They
    would then pass for it ever after, next those who hear of the same authors, and in the end everybody.
    """
    usual = fitted.sum() / max(now.sum(), 1e-12)
    return np.asarray(np.minimum(fitted / np.maximum(now, 1e-12), _LARGEST_SCALE * usual))


def _nearest(rates: Floats, wanted: Floats) -> Ints:
    """Positions in the grid of the rates next below."""
    return np.clip(np.searchsorted(rates, wanted, side="right") - 1, 0, len(rates) - 1)


def by_author(
    exposure: Exposure, kernel: Floats, authors: Ints
) -> tuple[Ints, Ints, npt.NDArray[np.float32], Ints]:
    """Sum the pairs of one author before one outcome, sorted by author.

    Row pointers of `authors`, outcomes, kernel sums (per waking second), and the place of each in `authors`.
    """
    from influgraph.influence import _kernels

    pairs = exposure.pair_outcome, exposure.pair_author, exposure.pair_cell
    start, outcome, added = _kernels.sum_by_author(*pairs, kernel, len(exposure.authors))
    # Who is never exposed has no pairs, so that the rows of the others lie side by side.
    start = np.append(start[authors], start[-1])
    return start, outcome, added, np.repeat(np.arange(len(authors), dtype=np.int32), np.diff(start))
