"""What an estimate is made of, and where it lies: among the audience, and by the subject of posts."""

import numpy as np
import pandas as pd
from scipy import stats

from influgraph.influence import _baseline, _chain, _exposure, _intensity
from influgraph.influence._arrays import Floats, Ints, sum_by
from influgraph.influence._effects import Effects
from influgraph.influence._exposure import Exposure, Scene
from influgraph.influence._intensity import Intensity

PARTS = ["outcomes_after", "had_anyway", "due_to_others", "shrinkage", "through_reposts"]
# Iterations by which topics share outcomes out, and outcomes that draw each topic to what is usual.
_STEPS, _TOPICAL = 30, 10.0


def explain(exposure: Exposure, fitted: Intensity, effects: Effects) -> pd.DataFrame:
    """Contributions that add up to each author's influence.

    `outcomes_after` counts the outcomes of those who could have seen a post of the author in the window
    before; less `had_anyway` and `due_to_others` they are the author's share. `shrinkage` is what the prior
    adds (or takes), `through_reposts` what was seen through others: influence = outcomes_after - had_anyway -
    due_to_others + shrinkage - through_reposts.
    """
    start, outcome, added, place = _chain.by_author(exposure, fitted.kernel, effects.authors)
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
    mass, direct = (part[effects.authors] for part in _mass_by_label(exposure, fitted, label=label))
    _, outcome, added, place = _chain.by_author(exposure, fitted.kernel, effects.authors)
    own = effects.rate[place] * added
    intensity = fitted.baseline + sum_by(outcome, own, len(fitted.baseline))
    cell = place * mass.shape[1] + label[exposure.outcomes.account[outcome]]
    credit = sum_by(cell, own / intensity[outcome], mass.size).reshape(mass.shape)
    return _divided(effects, credit, mass, direct, whole=effects.rate * direct.sum(axis=1))


def by_topic(
    scene: Scene, exposure: Exposure, fitted: Intensity, effects: Effects, *, topic: Ints, window: float
) -> pd.DataFrame:
    """Influence of each author through posts of each topic: columns as of `by_label`.

    `topic` numbers the topic of every row of posts, and, as its last, of posts that are not listed. Before
    it is drawn to the author's whole rate, a rate is drawn to what posts of the topic do for everybody;
    posts of all topics compete for the same outcomes (EM).
    """
    count, estimated = int(topic.max()) + 1, exposure.authors[effects.authors]
    source = scene.broadcasts.author.astype(np.int64) * count + topic[scene.broadcasts.post]
    parts = _exposure.expose(scene, window=window, source=source)
    author, number = np.divmod(parts.authors, count)
    known = np.isin(author, estimated)
    cell = np.searchsorted(estimated, author[known]) * count + number[known]

    def lay_out(values: Floats) -> Floats:
        return sum_by(cell, values[known], len(estimated) * count).reshape(-1, count)

    direct, mass = map(lay_out, parts.windows.exposure(fitted.receptive, fitted.kernel))
    topical, rate = np.ones(count), np.zeros(len(author))
    for _ in range(_STEPS):
        rate[known] = (effects.rate[:, None] * topical).ravel()[cell]
        credit = lay_out(_intensity.share_credit(parts, rate, fitted.kernel, fitted.baseline)[1])
        expected = (effects.rate[:, None] * mass).sum(axis=0)
        topical = (_TOPICAL + credit.sum(axis=0)) / (_TOPICAL + expected)
    whole = effects.rate * direct.sum(axis=1)
    return _divided(effects, credit, mass * topical, direct * topical, whole=whole)


def _divided(effects: Effects, credit: Floats, mass: Floats, direct: Floats, whole: Floats) -> pd.DataFrame:
    """Influence of each author in each part (authors x parts): by credit over what its whole rate expects.

    The parts of an author add up to the `whole`.
    """
    rate = effects.rate
    expected = rate[:, None] * mass
    scale = np.divide(credit.sum(axis=1), expected.sum(axis=1), out=np.ones(len(rate)), where=rate > 0)
    shape = min(_baseline.prior_strength(credit.ravel(), (scale[:, None] * expected).ravel()), 1e4)
    factor = (shape + credit) / (shape + scale[:, None] * expected)
    mean = factor * rate[:, None] * direct
    parted = mean.sum(axis=1)
    mean *= np.divide(whole, parted, out=np.ones(len(rate)), where=parted > 0)[:, None]
    author, number = np.nonzero(direct)
    spread = stats.gamma(shape + credit[author, number])
    usual = mean[author, number] / spread.mean()
    low, high = effects.low(), effects.high()
    below, above = (np.divide(end, rate, out=np.ones(len(rate)), where=rate > 0) for end in (low, high))
    frame = pd.DataFrame({"author": author, "label": number, "mean": mean[author, number]})
    return frame.assign(
        low=np.minimum(usual * spread.ppf(0.05) * below[author], frame["mean"]),
        high=np.maximum(usual * spread.ppf(0.95) * above[author], frame["mean"]),
    )


def _mass_by_label(exposure: Exposure, fitted: Intensity, *, label: Ints) -> tuple[Floats, Floats]:
    """Exposure of the people of each label to each author (authors x labels): in all, and to own posts."""
    people = [fitted.receptive * (label == number) for number in range(int(label.max()) + 1)]
    both = [exposure.windows.exposure(weight, fitted.kernel) for weight in people]
    direct, whole = (np.column_stack(side) for side in zip(*both, strict=True))
    return whole, direct
