"""Figures of a judge: area under the curve, calibration error, shares of right and wrong, with intervals.

Intervals are 90 %, over accounts drawn anew within each class.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Figure = Callable[[Floats, Ints], float]
DRAWS = 500
BINS = 10


def auc(score: Floats, automated: Ints) -> float:
    """Chance that an automated account has a higher score than a person."""
    from scipy.stats import rankdata

    ones = automated == 1
    above = rankdata(score)[ones].sum() - ones.sum() * (ones.sum() + 1) / 2
    return float(above / (ones.sum() * (~ones).sum()))


def calibration_error(probability: Floats, automated: Ints) -> float:
    """Mean gap of probability and share of automated accounts, over ten bins of as many accounts each."""
    order = np.argsort(probability, kind="stable")
    gaps = probability[order] - automated[order]
    return float(sum(abs(part.sum()) for part in np.array_split(gaps, BINS)) / len(gaps))


def calibration_by_chance(probability: Floats, *, rng: np.random.Generator) -> float:
    """The calibration error that these probabilities have on average if they are exactly right."""
    drawn = [(rng.random(len(probability)) < probability).astype(int) for _ in range(DRAWS)]
    return float(np.mean([calibration_error(probability, one) for one in drawn]))


def accuracy(decided: Floats, automated: Ints) -> float:
    """Share of accounts rightly told."""
    return float((decided == automated).mean())


def false_positives(decided: Floats, automated: Ints) -> float:
    """Share of people who are taken for automated."""
    return float(decided[automated == 0].mean())


def sensitivity(decided: Floats, automated: Ints) -> float:
    """Share of automated accounts that are found."""
    return float(decided[automated == 1].mean())


def interval(
    figure: Figure, values: Floats, automated: Ints, *, rng: np.random.Generator
) -> tuple[float, ...]:
    """A figure with the ends of its interval."""
    classes = [np.flatnonzero(automated == one) for one in (0, 1)]
    drawn = []
    for _ in range(DRAWS):
        again = np.concatenate([rng.choice(one, len(one)) for one in classes])
        drawn.append(figure(values[again], automated[again]))
    return (figure(values, automated), *(float(end) for end in np.quantile(drawn, [0.05, 0.95])))


def shown(figures: tuple[float, ...]) -> str:
    """Write a figure with its interval."""
    middle, low, high = figures
    return f"{middle:.3f} [{low:.3f} to {high:.3f}]"


def exact(count: int, of: int) -> str:
    """Write a share with its exact (Clopper-Pearson) interval."""
    from scipy.stats import beta

    low = beta.ppf(0.05, count, of - count + 1) if count else 0.0
    high = beta.ppf(0.95, count + 1, of - count) if count < of else 1.0
    return f"{count / of:.4f} [{low:.4f} to {high:.4f}] of {of}"
