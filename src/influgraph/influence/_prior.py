"""The prior of rates: what authors' effects are like, learnt from all of them."""

import numpy as np

from influgraph.influence._arrays import Floats, Ints

# Pseudo-accounts of no effect: one for so many authors, within these bounds.
_AUTHORS_PER_NULL, _NULLS = 20, (3.0, 10.0)
# Where nearly all effects are pruned, a start at a half lets many rise at once and hold.
_ZERO_AT_START = 0.5, 0.98
_LEARNING_RATE = 0.2


class Prior:
    """The prior of rates: components, and how much each weighs among the authors of each group."""

    def __init__(self, rates: Floats, group: Ints, *, zero: float) -> None:
        self._components, self._group = prior_components(rates), group
        count = len(self._components)
        zero = float(np.clip(zero, *_ZERO_AT_START))
        self._weights = np.full((group.max(initial=0) + 1, count), (1 - zero) / (count - 1))
        self._weights[:, 0] = zero
        self._nulls = float(np.clip(len(group) / _AUTHORS_PER_NULL, *_NULLS))

    def of_authors(self) -> Floats:
        """Probability of every rate (authors x rates)."""
        return np.asarray((self._weights @ self._components)[self._group])

    def learn(self, likelihood: Floats, *, steps: int) -> None:
        """Damped steps of EM for the weights."""
        marginal = likelihood @ self._components.T
        for _ in range(steps):
            share = marginal * self._weights[self._group]
            share /= share.sum(axis=1, keepdims=True)
            fresh = np.stack([share[self._group == one].sum(axis=0) for one in range(len(self._weights))])
            fresh[:, 0] += self._nulls
            fresh /= fresh.sum(axis=1, keepdims=True)
            self._weights = (1 - _LEARNING_RATE) * self._weights + _LEARNING_RATE * fresh


def prior_components(rates: Floats) -> Floats:
    """Probabilities of the grid's rates under each component (components x rates); the first is zero."""
    means, ends = rates[1:][::6], edges(rates)[1:]
    ends[-1] = np.inf
    exponential = -np.diff(np.exp(-ends / means[:, None]), axis=1)
    return np.vstack([np.eye(1, len(rates)), np.pad(exponential, ((0, 0), (1, 0)))])


def edges(rates: Floats) -> Floats:
    """Ends of the steps of the grid; the step of rate zero has no width."""
    inner = np.sqrt(rates[1:-1] * rates[2:])
    return np.concatenate([[0, 0], inner, [rates[-1] ** 2 / inner[-1]]])
