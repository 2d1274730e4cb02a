"""How many are in any of several lists, of which a share at random is seen."""

import numpy as np
from scipy.sparse import csr_array

from influgraph.audience._shares import HIGH, LOW, Floats

DRAWS, ROUNDS = 50, 300


def from_samples(lists: csr_array, share: float, rng: np.random.Generator) -> Floats:
    """Members of the first, first two, ... lists, and 90 % interval: a bootstrap over the members seen."""
    held = np.zeros(lists.shape[1], np.int64)
    rows = np.empty((lists.shape[0], 3))
    for place in range(lists.shape[0]):
        held[lists.indices[lists.indptr[place] : lists.indptr[place + 1]]] += 1
        seen = np.bincount(held[held > 0] - 1, minlength=place + 1).astype(np.float64)
        drawn = np.vstack([seen, rng.poisson(seen, size=(DRAWS, place + 1))])
        total = _in_any(drawn, share)
        rows[place] = total[0], *np.quantile(total[1:], [LOW, HIGH])
    rows[:, 1:] = np.column_stack([np.minimum(rows[:, 1], rows[:, 0]), np.maximum(rows[:, 2], rows[:, 0])])
    return np.maximum.accumulate(rows)


def _in_any(seen: Floats, share: float) -> Floats:
    """Members in any list, given how many are seen in 1, 2, ... of them (draws x times): by likelihood.

    Expectation-maximisation for how many are in 1, 2, ... lists, of which each one is seen by this chance.
    """
    from scipy.stats import binom

    times = np.arange(1, seen.shape[1] + 1)
    chance = np.asarray(binom.pmf(times[None, :], times[:, None], share))
    noticed = chance.sum(axis=1)
    held = np.repeat(seen.sum(axis=1, keepdims=True) / len(times), len(times), axis=1)
    for _ in range(ROUNDS):
        held *= (seen / np.maximum(held @ chance, 1e-300)) @ chance.T / noticed
    return np.asarray(held.sum(axis=1))
