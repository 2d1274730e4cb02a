"""How well a forecast did: order, hits among the first, share of what the best drew; resampled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from influgraph.influence._arrays import Floats, Ints, sum_by

NAMES = ("order", "hits", "share")
DRAWS = 200


@dataclass(frozen=True)
class Table:
    """Accounts by forecast and future: `cell` of each account, and the place of each cell in both orders.

    Places count different values from the highest down, `value` is the future of each place.
    """

    cell: Ints
    forecast: Ints
    future: Ints
    value: Floats


def tabulate(forecast: Floats, future: Floats) -> Table:
    """Lay accounts out by what was forecast and what came."""
    _, foretold = np.unique(-forecast, return_inverse=True)
    values, came = np.unique(-future, return_inverse=True)
    cells, cell = np.unique(foretold * len(values) + came, return_inverse=True)
    return Table(cell, cells // len(values), cells % len(values), -values)


def quality(table: Table, *, first: int, weights: Floats | None = None) -> Floats:
    """Spearman's correlation; hits among the first (0-1); share of what the best drew, that the first drew.

    Ties count as if broken at random, in expectation. `weights` counts accounts more or less than once.
    """
    weights = np.ones(len(table.cell)) if weights is None else weights
    count = sum_by(table.cell, weights, len(table.forecast))
    foretold = sum_by(table.forecast, count, int(table.forecast.max()) + 1)
    came = sum_by(table.future, count, len(table.value))
    order = _correlation(table, count, _middle_ranks(foretold), _middle_ranks(came))
    named, best = _first(foretold, first)[table.forecast], _first(came, first)[table.future]
    drawn = count * table.value[table.future]
    most = (drawn * best).sum()
    share = (drawn * named).sum() / most if most > 0 else np.nan
    return np.array([order, (count * named * best).sum() / first, share])


def by_chance(table: Table, *, first: int) -> Floats:
    """What names drawn from a hat would reach."""
    future = table.value[table.future[table.cell]]
    part = first / len(future)
    best = np.sort(future)[-first:].sum()
    return np.array([0.0, part, part * future.sum() / best if best else np.nan])


def resample(
    judged: Sequence[Mapping[str, Table]], seen: Sequence[Ints], *, first: int, rng: np.random.Generator
) -> Mapping[str, Floats]:
    """Quality of each forecast, averaged over origins: draws x measures.

    Both are resampled: accounts, each with the same weight at all origins, and origins.
    """
    accounts = 1 + max(int(places.max()) for places in seen)
    drawn = {name: np.empty((DRAWS, len(NAMES))) for name in judged[0]}
    for draw in range(DRAWS):
        weights = rng.poisson(1.0, accounts).astype(np.float64)
        origins = np.bincount(rng.integers(len(judged), size=len(judged)), minlength=len(judged))
        for name, draws in drawn.items():
            each = [
                times * quality(judged[origin][name], first=first, weights=weights[seen[origin]])
                for origin, times in enumerate(origins)
                if times
            ]
            draws[draw] = np.sum(each, axis=0) / len(judged)
    return drawn


def _middle_ranks(sizes: Floats) -> Floats:
    return np.cumsum(sizes) - sizes / 2


def _correlation(table: Table, count: Floats, forecast: Floats, future: Floats) -> float:
    """Correlation of middle ranks, 0 where one of them is the same for all."""
    middle = count.sum() / 2
    x, y = forecast[table.forecast] - middle, future[table.future] - middle
    spread = (count * x**2).sum() * (count * y**2).sum()
    return float((count * x * y).sum() / np.sqrt(spread)) if spread > 0 else 0.0


def _first(sizes: Floats, first: int) -> Floats:
    """Which part of the accounts at each place is among the first."""
    before = np.cumsum(sizes) - sizes
    return np.clip((first - before) / np.maximum(sizes, 1e-12), 0, 1)
