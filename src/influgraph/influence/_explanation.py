"""What an estimate is made of, and where among the audience it lies."""

import numpy as np
import pandas as pd
from scipy import stats

from influgraph.influence import _baseline, _effects
from influgraph.influence._arrays import Floats, Ints, sum_by
from influgraph.influence._effects import Effects
from influgraph.influence._exposure import Exposure
from influgraph.influence._intensity import Intensity

PARTS = ["outcomes_after", "had_anyway", "due_to_others", "shrinkage", "through_reposts"]


def explain(exposure: Exposure, fitted: Intensity, effects: Effects) -> pd.DataFrame:
    """Contributions that add up to each author's influence.

    `outcomes_after` counts the outcomes of those who could have seen a post of the author in the window
    before; less `had_anyway` and `due_to_others` they are the author's share. `shrinkage` is what the prior
    adds (or takes), `through_reposts` what was seen through others: influence = outcomes_after - had_anyway -
    due_to_others + shrinkage - through_reposts.
    """
    start, outcome, added, place = _effects.by_author(exposure, fitted.kernel, effects.authors)
    count, rate = len(effects.authors), effects.rate
    own = rate[place] * added
    intensity = fitted.baseline + sum_by(outcome, own, len(fitted.baseline))
    after = np.diff(start).astype(np.float64)
    share, anyway = (
        sum_by(place, part / intensity[outcome], count) for part in (own, fitted.baseline[outcome])
    )
    total = rate * fitted.exposed[effects.authors]
    direct = rate * fitted.direct[effects.authors]
    columns = [after, anyway, after - anyway - share, total - share, total - direct]
    return pd.DataFrame(dict(zip(PARTS, columns, strict=True)))


def by_label(exposure: Exposure, fitted: Intensity, effects: Effects, *, label: Ints) -> pd.DataFrame:
    """Influence of each author on the people of each label: columns author, label (numbers), mean, low, high.

    `label` numbers every account's niche, or whatever else divides all accounts. The rate within a label is
    the author's whole rate times a factor drawn to 1 (gamma-Poisson), as far as the outcomes credited within
    labels scatter more than by chance.
    """
    mass, direct = _mass_by_label(exposure, fitted, label=label)
    _, outcome, added, place = _effects.by_author(exposure, fitted.kernel, effects.authors)
    rate, labels = effects.rate, mass.shape[1]
    own = rate[place] * added
    intensity = fitted.baseline + sum_by(outcome, own, len(fitted.baseline))
    cell = place * labels + label[exposure.outcomes.account[outcome]]
    credit = sum_by(cell, own / intensity[outcome], mass[effects.authors].size).reshape(-1, labels)
    expected = rate[:, None] * mass[effects.authors]
    scale = np.divide(credit.sum(axis=1), expected.sum(axis=1), out=np.ones(len(rate)), where=rate > 0)
    shape = min(_baseline.prior_strength(credit.ravel(), (scale[:, None] * expected).ravel()), 1e4)
    factor = (shape + credit) / (shape + scale[:, None] * expected)
    mean = factor * rate[:, None] * direct[effects.authors]
    whole = rate * direct[effects.authors].sum(axis=1)
    mean *= np.divide(whole, mean.sum(axis=1), out=np.ones(len(rate)), where=mean.sum(axis=1) > 0)[:, None]
    author, number = np.nonzero(direct[effects.authors])
    spread = stats.gamma(shape + credit[author, number])
    usual = mean[author, number] / spread.mean()
    low, high = effects.quantile(0.05), effects.high()
    below, above = (np.divide(end, rate, out=np.ones(len(rate)), where=rate > 0) for end in (low, high))
    frame = pd.DataFrame({"author": author, "label": number, "mean": mean[author, number]})
    return frame.assign(
        low=np.minimum(usual * spread.ppf(0.05) * below[author], frame["mean"]),
        high=np.maximum(usual * spread.ppf(0.95) * above[author], frame["mean"]),
    )


def _mass_by_label(exposure: Exposure, fitted: Intensity, *, label: Ints) -> tuple[Floats, Floats]:
    """Exposure of the people of each label to each author (authors x labels): in all, and to own posts."""
    people = [fitted.receptive * (label == number) for number in range(int(label.max()) + 1)]
    both = [exposure.windows.by_author(weight) for weight in people]
    direct, whole = (np.column_stack([part[side] @ fitted.kernel for part in both]) for side in (0, 1))
    return whole, direct
