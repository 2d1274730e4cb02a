"""How unlikely a block is where accounts follow by degrees and niches, and tastes are shared beyond these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from influgraph.bots._blocks import Block, Codes, Fans, Marks, Numbers

SETS = 60  # of columns like those of a block, by which shared tastes are measured
SAMPLE = 5_000  # rows whose expectations stand for those of all
MOST_HITS = 24
LEAST_DISPERSION = 0.01  # of the likeness of tastes that no measure excludes: lifts of one in ten
NEIGHBOURS = 12  # columns on either side, by organic followers, from which one is drawn


@dataclass(frozen=True)
class Chance:
    """How unlikely: `log_p` against degrees, niches and shared tastes; `log_p_plain` without shared tastes.

    At least `hits` of the columns are followed by `found` rows, where `expected` were.
    """

    log_p: float
    log_p_plain: float
    hits: int
    found: float
    expected: float


def chance_of(fans: Fans, block: Block, avoided: Codes, *, rng: np.random.Generator) -> Chance:
    """Bound the chance that any set of as many columns is followed so much together.

    The count of rows that follow at least `h` of the columns is compared with its expectation, by Chernoff's
    bound of a negative binomial law and a union bound over all sets of columns and all `h`. The dispersion
    is that of the same count in sets of columns of the same niches and about as many organic followers:
    tastes that niches do not tell are seen in these as well. `avoided` columns are drawn for no set.
    """
    most = block.columns.size if block.columns.size <= 8 else min(block.columns.size, MOST_HITS)
    every = np.arange(fans.rows.size, dtype=np.int32)
    found, expected = _numbers(fans, block.columns, every, most, _marks(fans, block, taken=False))
    bias, dispersion = _shared_tastes(fans, block, avoided, most, rng)
    tries = _log_sets(fans.columns.size, block.columns.size) + np.log(most - 1)
    hits = np.arange(2, most + 1)
    plain = _log_p(found, expected, np.full(most + 1, LEAST_DISPERSION), hits) + tries
    robust = _log_p(found, expected * bias, dispersion, hits) + tries
    best = int(hits[robust.argmin()])
    return Chance(
        min(float(robust.min()), 0.0),
        min(float(plain.min()), 0.0),
        best,
        float(found[best]),
        float(expected[best]),
    )


def _marks(fans: Fans, block: Block, *, taken: bool) -> tuple[Marks, Marks]:
    """The rows and columns whose follows count for no degree: those of the block where it is taken out."""
    member, paid = np.zeros(fans.rows.size, np.uint8), np.zeros(fans.columns.size, np.uint8)
    if taken:
        member[block.rows[block.odds > 0]] = 1
        paid[block.columns] = 1
    return member, paid


def _numbers(
    fans: Fans, columns: Codes, rows: Codes, most: int, left_out: tuple[Marks, Marks]
) -> tuple[Numbers, Numbers]:
    """How many rows follow at least 0, 1, ... of the columns, and how many are expected to, from a sample."""
    from influgraph.bots import _blocks_kernels as kernels

    hits = np.zeros(fans.rows.size, np.int32)
    found = kernels.hit_numbers(columns, fans.column_indptr, fans.column_rows, hits)[: most + 1]
    expected = kernels.expected_numbers(
        rows, fans.indptr, fans.indices, fans.row_group, fans.column_group, fans.share, columns, most,
        *left_out,
    )  # fmt: skip
    return found, expected * fans.rows.size / rows.size


def _log_p(found: Numbers, expected: Numbers, dispersion: Numbers, hits: NDArray[np.integer]) -> Numbers:
    from influgraph.bots import _blocks_kernels as kernels

    return np.array([-kernels.excess(found[h], expected[h], dispersion[h]) for h in hits])


def _log_sets(columns: int, chosen: int) -> float:
    """Logarithm of how many sets of columns there are."""
    return float(gammaln(columns + 1) - gammaln(chosen + 1) - gammaln(columns - chosen + 1))


def _shared_tastes(
    fans: Fans, block: Block, avoided: Codes, most: int, rng: np.random.Generator
) -> tuple[Numbers, Numbers]:
    """By how much sets of like columns exceed expectation, and its dispersion, for every count of hits.

    What members of the block gave to it, they cannot have given to other columns.
    """
    order = np.argsort(np.diff(fans.indptr), kind="stable")
    rows = np.sort(order[:: max(1, fans.rows.size // SAMPLE)]).astype(np.int32)
    like = _like_columns(fans, block, avoided)
    if like is None:
        return np.ones(most + 1), np.full(most + 1, LEAST_DISPERSION)
    left_out = _marks(fans, block, taken=True)
    found, expected = np.zeros((SETS, most + 1)), np.zeros((SETS, most + 1))
    for one in range(SETS):
        columns = _draw_set(like, rng)
        numbers = _numbers(fans, columns, rows, min(most, columns.size), left_out)
        found[one], expected[one] = _padded(numbers, most)
    return _bias_and_dispersion(found, expected)


def _padded(numbers: tuple[Numbers, Numbers], most: int) -> NDArray[np.float64]:
    """Zero for more hits than a set has columns."""
    return np.stack([np.pad(one, (0, most + 1 - one.size)) for one in numbers])


def _like_columns(fans: Fans, block: Block, avoided: Codes) -> list[Codes] | None:
    """For each column of a block those of its niche that are about as popular; None where all are too few."""
    free = np.ones(fans.columns.size, bool)
    free[block.columns] = False
    free[avoided] = False
    like = []
    for column, organic in zip(block.columns, block.organic, strict=True):
        same = np.flatnonzero(free & (fans.column_group == fans.column_group[column]))
        if same.size < NEIGHBOURS:
            same = np.flatnonzero(free)
        if same.size == 0:
            return None
        near = np.argsort(np.abs(np.log1p(fans.followers[same]) - np.log1p(organic)), kind="stable")
        like.append(same[near[: 2 * NEIGHBOURS]].astype(np.int32))
    return like


def _draw_set(like: list[Codes], rng: np.random.Generator) -> Codes:
    """One of the like columns for each, none twice where there are others."""
    taken: set[int] = set()
    for candidates in like:
        left = [column for column in candidates.tolist() if column not in taken]
        if left:
            taken.add(left[int(rng.integers(len(left)))])
    return np.array(sorted(taken), np.int32)


def _bias_and_dispersion(found: Numbers, expected: Numbers) -> tuple[Numbers, Numbers]:
    """Robust where counts are large; by moments, without the extreme tenth, where they are small."""
    most = found.shape[1]
    bias, dispersion = np.ones(most), np.full(most, LEAST_DISPERSION)
    for hits in range(2, most):
        f, e = found[:, hits], np.maximum(expected[:, hits], 1e-9)
        if np.median(e) >= 5:
            lift = np.log((f + 0.5) / (e + 0.5))
            middle = np.median(lift)
            spread = (1.4826 * np.median(np.abs(lift - middle))) ** 2 - np.mean(1 / (e + 0.5))
            bias[hits] = max(float(np.exp(middle)), 1.0)
        else:
            kept = np.argsort(f - e, kind="stable")[: -SETS // 10]
            f, e = f[kept], e[kept]
            bias[hits] = max(float(f.sum() + 0.5) / float(e.sum() + 0.5), 1.0)
            e = e * bias[hits]
            spread = float(((f - e) ** 2 - e).sum() / (e**2).sum()) if e.sum() >= 5 else 0.0
        dispersion[hits] = max(float(spread), dispersion[hits - 1], LEAST_DISPERSION)
    return bias, dispersion
