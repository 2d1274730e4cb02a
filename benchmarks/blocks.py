"""Purchased followers as dense blocks: F1, seconds and memory by size, and power in sparse random follows.

Run `python -m benchmarks.blocks [s m l] [power]`. Blocks are planted in heavy-tailed follows with as much
camouflage as follows; power is the share of blocks found, beside a likelihood-ratio test that knows the
block's size.
"""

import resource
import sys
import time

import numpy as np
import pandas as pd
from scipy.special import gammaln

from influgraph.bots.clusters import discoveries
from influgraph.bots.followers import find_purchased_followers
from influgraph.dataset import Dataset, from_tables

SIZES = {
    "s": (20_000, 5_000, 200_000),
    "m": (100_000, 20_000, 1_000_000),
    "l": (1_000_000, 100_000, 10_000_000),
}
BLOCKS = ((400, 40, 0.5), (1000, 30, 0.3), (150, 15, 0.8))
GRID = [
    (rows, columns, density) for rows in (15, 30, 60) for columns in (5, 15) for density in (0.2, 0.4, 0.8)
]
REPEATS = 3


def _drawn(mass: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    return np.searchsorted(mass, rng.random(count) * mass[-1])


def planted(size: str, rng: np.random.Generator) -> tuple[Dataset, set[str]]:
    """Heavy-tailed follows with three blocks, and who is in one."""
    followers, followed, count = SIZES[size]
    fame = np.cumsum((np.arange(followed) + 20.0) ** -0.8)
    activity = np.cumsum((np.arange(followers) + 20.0) ** -0.6)
    rows = [rng.permutation(followers)[_drawn(activity, count, rng)]]
    columns = [_drawn(fame, count, rng)]
    free_rows = rng.permutation(followers)
    free_columns = rng.permutation(np.arange(followed // 10, followed))
    bots = []
    for height, width, density in BLOCKS:
        members, free_rows = np.split(free_rows, [height])
        served, free_columns = np.split(free_columns, [width])
        row, column = np.nonzero(rng.random((height, width)) < density)
        rows += [members[row], rng.choice(members, row.size)]
        columns += [served[column], _drawn(fame, row.size, rng)]
        bots.append(members)
    pairs = pd.DataFrame({"follower_id": np.concatenate(rows), "followed_id": np.concatenate(columns)})
    pairs = pairs.drop_duplicates()
    pairs = pd.DataFrame(
        {
            "follower_id": "f" + pairs["follower_id"].astype(str),
            "followed_id": "t" + pairs["followed_id"].astype(str),
        }
    )
    return from_tables(follows=pairs), {f"f{code}" for code in np.concatenate(bots)}


def _suspects(data: Dataset) -> set[str]:
    niches = pd.Series(None, index=data.account_ids, dtype="Int64")
    found = discoveries([find_purchased_followers(data, niches, rng=np.random.default_rng(1))])
    return set(found.members["account_id"])


def sizes(names: list[str]) -> pd.DataFrame:
    """F1 of accounts, CPU seconds and peak memory, warm."""
    lines = []
    for name in names:
        data, bots = planted(name, np.random.default_rng(471))
        _suspects(data)
        start = time.process_time()
        found = _suspects(data)
        spent = time.process_time() - start
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        f1 = 2 * len(found & bots) / (len(found) + len(bots))
        lines.append((name, len(data.follows), f1, spent, memory))
    return pd.DataFrame(lines, columns=["size", "follows", "F1", "CPU seconds", "peak MB"])


def power() -> pd.DataFrame:
    """Share of planted blocks found, beside that of a test that knows their size."""
    lines = []
    for rows, columns, density in GRID:
        seen = [_one(rows, columns, density, seed) for seed in range(472, 472 + REPEATS)]
        ours, oracle = np.mean(seen, axis=0)
        lines.append((rows, columns, density, ours, oracle))
    return pd.DataFrame(lines, columns=["rows", "columns", "density", "found", "oracle"])


def _one(rows: int, columns: int, density: float, seed: int) -> tuple[bool, bool]:
    """Whether most of a block is found among 3,000 accounts, and whether the oracle would tell it."""
    rng = np.random.default_rng(seed)
    size, count = 3_000, 40_000
    fame = np.cumsum((np.arange(size) + 20.0) ** -0.8)
    background = np.stack([rng.integers(0, size, count), _drawn(fame, count, rng)], axis=1)
    members = rng.choice(size, rows, replace=False)
    served = rng.choice(np.arange(size // 10, size), columns, replace=False)
    row, column = np.nonzero(rng.random((rows, columns)) < density)
    every = np.unique(np.concatenate([background, np.stack([members[row], served[column]], axis=1)]), axis=0)
    shape = ["r" + pd.Series(every[:, 0]).astype(str), "c" + pd.Series(every[:, 1]).astype(str)]
    found = _suspects(
        from_tables(follows=pd.DataFrame(dict(zip(("follower_id", "followed_id"), shape, strict=True))))
    )
    ours = len(found & {f"r{code}" for code in members}) >= rows / 2
    return ours, _oracle(every, members, served, size)


def _oracle(every: np.ndarray, members: np.ndarray, served: np.ndarray, size: int) -> bool:
    """Poisson likelihood ratio of the true block by degrees, bounded over all blocks of its size, at 5 %."""
    inside = np.isin(every[:, 0], members) & np.isin(every[:, 1], served)
    degrees = [np.bincount(every[~inside, end], minlength=size) for end in (0, 1)]
    expected = degrees[0][members].sum() * degrees[1][served].sum() / (~inside).sum()
    found = int(inside.sum())
    ratio = found * np.log(max(found, 1) / expected) - found + expected if found > expected else 0.0
    tries = sum(
        gammaln(size + 1) - gammaln(part.size + 1) - gammaln(size - part.size + 1)
        for part in (members, served)
    )
    return bool(ratio > tries - np.log(0.05))


if __name__ == "__main__":
    asked = sys.argv[1:] or ["s", "m"]
    print(sizes([name for name in asked if name in SIZES]).round(3).to_string(index=False))
    if "power" in asked:
        print(power().round(2).to_string(index=False))
