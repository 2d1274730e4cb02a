"""SybilRank on 110,000 accounts, 10,000 of them sybils, with 30,000 attack ties; beside scipy by hand.

A benign region of circles, a sybil region tied by preference, random ties between them. Both walks give the
same trust; `python -m benchmarks.sybils` prints the area under the curve.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from benchmarks._measure import compare

BENIGN, SYBILS, SEEDS = 100_000, 10_000, 200


def graph() -> tuple[csr_array, NDArray[np.int64]]:
    """Ties, and trusted accounts."""
    rng = np.random.default_rng(4)
    one = rng.integers(0, BENIGN, 1_500_000)
    near = rng.random(len(one)) < 0.7
    other = np.where(
        near, one // 250 * 250 + rng.integers(0, 250, len(one)), rng.integers(0, BENIGN, len(one))
    )
    sybil = (
        BENIGN + rng.integers(0, SYBILS, 120_000),
        BENIGN + (SYBILS * rng.random(120_000) ** 2).astype(int),
    )
    attack = rng.integers(0, BENIGN, 30_000), BENIGN + rng.integers(0, SYBILS, 30_000)
    rows, columns = (np.concatenate(part) for part in zip((one, other), sybil, attack, strict=True))
    apart = rows != columns
    ties = csr_array((np.ones(apart.sum()), (rows[apart], columns[apart])), shape=(BENIGN + SYBILS,) * 2)
    ties = (ties + ties.T).tocsr()
    ties.data[:] = 1.0
    return ties, rng.choice(BENIGN, SEEDS, replace=False)


def ours() -> Callable[[], object]:
    """The walk of `trust`."""
    from influgraph.bots._sybils_regions import landed, usual_steps

    ties, seeds = graph()
    return lambda: landed(ties, seeds, usual_steps(ties.shape[0]))


def scipy() -> Callable[[], object]:
    """The walk as one writes it by hand."""
    ties, seeds = graph()

    def walk() -> NDArray[np.float64]:
        degree = np.asarray(ties.sum(axis=1)).ravel()
        chance = np.zeros(len(degree))
        chance[seeds] = 1 / len(seeds)
        for _ in range(int(np.ceil(np.log2(len(degree))))):
            chance = ties.T @ (chance / np.maximum(degree, 1))
        return chance / np.maximum(degree, 1)

    return walk


def run() -> list[dict[str, object]]:
    """Compare with scipy by hand."""
    return compare("SybilRank, 110,000 accounts", ours, scipy=scipy)


def area() -> float:
    """Area under the curve: the chance that a sybil is trusted less than another account."""
    from scipy.stats import rankdata

    rank = rankdata(np.asarray(ours()()))
    return float(1 - (rank[BENIGN:].sum() - SYBILS * (SYBILS + 1) / 2) / (BENIGN * SYBILS))


if __name__ == "__main__":
    print(f"area under the curve {area():.4f}")
