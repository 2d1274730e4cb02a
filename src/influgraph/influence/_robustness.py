"""How strong an unmeasured confounder would have to be (Cinelli & Hazlett 2020).

A regression on accounts x days: outcomes on posts seen, weighed by what their authors are credited with,
beside the level of every account and the day in its niche: whatever about an account lasts cannot confound.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from influgraph.influence._arrays import Floats, Ints, sum_by
from influgraph.influence._exposure import Scene

_DAY = 86400.0
_ROUNDS = 20
_MOST_ACCOUNTS = 20_000


@dataclass(frozen=True)
class Robustness:
    """Robustness value with 90 % interval, and the strength of the day in the niche (all 0-1)."""

    value: float
    low: float
    high: float
    strength: float


def robustness(scene: Scene, theta: Floats, *, rng: np.random.Generator) -> Robustness | None:
    """Robustness value of what posts do, or None where exposure does not vary.

    `theta` is every account's effect per broadcast, 0 for most. Strength is the partial R2 that a confounder
    needs with exposure and outcome alike; that of a measured covariate is the one that biases as much as its
    two partial R2 do. Of more than 20,000 accounts as many are drawn.
    """
    accounts, days = len(scene.strata.niche), max(int(np.ceil(scene.period / _DAY)), 1)
    chosen = np.sort(rng.permutation(accounts)[:_MOST_ACCOUNTS])
    outcomes = scene.outcomes
    done = _by_day(outcomes.account, outcomes.time, np.ones(len(outcomes.time)), (accounts, days))
    outcome, seen = (part.toarray().ravel() for part in (done[chosen], _seen(scene, theta, chosen, days)))
    account = np.repeat(np.arange(len(chosen)), days)
    niche_day = scene.strata.niche[chosen][account] * days + np.tile(np.arange(days), len(chosen))
    raw = np.stack([outcome, seen])
    left = _residuals(raw, [account, niche_day])
    if not (left**2).sum(axis=1).all():
        return None
    freedom = max(len(outcome) - len(chosen) - len(np.unique(niche_day)), 1)
    signal, margin = _signal(left, freedom), 1.645 / np.sqrt(freedom)
    value, low, high = (equal_strength(max(signal + shift, 0) ** 2) for shift in (0, -margin, margin))
    return Robustness(value, low, high, _strength_of(left, _residuals(raw, [account])))


def equal_strength(squared: float) -> float:
    """Partial R2, the same with exposure and outcome, whose bias is that of Cohen's f2 (0 to 1)."""
    return float((np.sqrt(squared**2 + 4 * squared) - squared) / 2)


def _signal(both: Floats, freedom: int) -> float:
    """Partial Cohen's f of exposure: correlation over what it leaves, negative where it lowers outcomes."""
    product, squares = float(both[0] @ both[1]), (both**2).sum(axis=1)
    correlation = product / np.sqrt(squares.prod())
    return float(correlation / np.sqrt(max(1 - correlation**2, 1 / freedom)))


def _strength_of(left: Floats, without: Floats) -> float:
    """Strength of the covariate that `left` is free of and `without` is not."""
    shares = np.clip(1 - (left**2).sum(axis=1) / (without**2).sum(axis=1), 0, 1 - 1e-9)
    return equal_strength(float(shares[0] * shares[1] / (1 - shares[1])))


def _residuals(values: Floats, classifications: list[Ints]) -> Floats:
    """What is left of each row of values after a level for every class, by alternating projections."""
    left = values - values.mean(axis=1, keepdims=True)
    for _ in range(_ROUNDS if len(classifications) > 1 else 1):
        for classes in classifications:
            size = int(classes.max()) + 1
            count = np.maximum(np.bincount(classes, minlength=size), 1)
            left = np.stack([row - (sum_by(classes, row, size) / count)[classes] for row in left])
    return np.asarray(left)


def _by_day(row: Ints, time: Floats, weight: Floats, shape: tuple[int, int]) -> sparse.csr_array:
    day = np.clip((time // _DAY).astype(np.int64), 0, shape[1] - 1)
    return sparse.csr_array((weight, (row, day)), shape=shape)


def _seen(scene: Scene, theta: Floats, chosen: Ints, days: int) -> sparse.csr_array:
    """Posts of the day before followers, weighed by effect (chosen accounts x days)."""
    accounts, posts, attention = len(scene.strata.niche), scene.broadcasts, scene.attention
    known = np.isfinite(posts.time)
    exposer = np.repeat(np.arange(accounts), np.diff(posts.start))
    # Days of waking time: as long as others on average.
    time = posts.time[known] * scene.period / scene.waking_period
    shown = _by_day(exposer[known], time, theta[posts.author[known]], (accounts, days))
    before = attention.since <= 0
    member = np.repeat(np.arange(accounts), np.diff(attention.start))
    follows = sparse.csr_array(
        (np.ones(int(before.sum())), (member[before], attention.exposers[before])), shape=(accounts, accounts)
    )
    return sparse.csr_array(follows[chosen] @ shown)
