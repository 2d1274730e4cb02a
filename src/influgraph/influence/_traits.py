"""Classes of accounts that may do more or less than others whoever they follow.

Who follows much also sees more posts, and may buy more: left to itself, this likeness is taken for influence.
A baseline free in these classes leaves to influence only what posts add beyond it.
"""

import numpy as np

from influgraph.dataset import Dataset
from influgraph.influence._arrays import Floats, Ints

CLASSES = 10


def find_traits(data: Dataset, *, niche: Ints, received: Floats) -> tuple[Ints, ...]:
    """Classifications of all accounts, numbered from 0.

    By how many they follow, how many posts reach them (`received`), both, and follows and niche. How much
    they engage is none of them: that is how posts act, and a baseline free in it swallows what they do. It is
    weighed with how receptive they are (`_members`).
    """
    follows = _quantile_class(np.bincount(data.follows["follower_id"].cat.codes, minlength=len(niche)))
    reached = _quantile_class(received)
    by_both, by_niche = follows * (CLASSES + 1) + reached, niche * (CLASSES + 1) + follows
    return tuple(
        np.unique(numbers, return_inverse=True)[1] for numbers in (follows, reached, by_both, by_niche)
    )


def _quantile_class(values: Floats | Ints) -> Ints:
    """Class 0 for zero, else 1 to `CLASSES` by quantiles of the rest."""
    some = values[values > 0]
    if not some.size:
        return np.zeros(len(values), np.int64)
    edges = np.quantile(some, np.linspace(0, 1, CLASSES + 1)[1:-1])
    return np.where(values > 0, 1 + np.searchsorted(edges, values, side="right"), 0)
