"""Purchased followers as dense blocks: F1, seconds and memory by size, and power in follows as in life.

Run `python -m benchmarks.blocks [s m l] [power]`. For the first, blocks are planted in heavy-tailed follows
with as much camouflage as follows. Power is the share of blocks of new accounts found in public graphs,
beside that of a likelihood-ratio test that knows them (see `_planted`).
"""

import resource
import sys
import time

import numpy as np
import pandas as pd

from benchmarks._planted import Graph, dataset_of, graphs
from influgraph.bots.clusters import BotClusters, discoveries
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


def _candidates(pairs: np.ndarray) -> BotClusters:
    return _search(dataset_of(pairs))


def _search(data: Dataset) -> BotClusters:
    niches = pd.Series(None, index=data.account_ids, dtype="Int64")
    return find_purchased_followers(data, niches, rng=np.random.default_rng(1))


def _suspects(data: Dataset) -> set[str]:
    return set(discoveries([_search(data)]).members["account_id"])


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
    """Share of planted blocks found in each graph, beside that of a test that knows them."""
    lines = []
    for name, graph in graphs():
        for rows, columns, density in GRID:
            seen = [_one(graph, (rows, columns), density, seed) for seed in range(472, 472 + REPEATS)]
            ours, oracle = np.mean(seen, axis=0)
            lines.append((name, rows, columns, density, ours, oracle))
            print(*lines[-1], file=sys.stderr, flush=True)
    return pd.DataFrame(lines, columns=["graph", "rows", "columns", "density", "found", "oracle"])


def _one(graph: Graph, shape: tuple[int, int], density: float, seed: int) -> tuple[bool, bool]:
    """Whether most of a block of new accounts is found, and whether the oracle would tell it."""
    every, members, served = graph.planted(shape, density, rng=np.random.default_rng(seed))
    found = _suspects(dataset_of(every))
    return len(found & set(members.astype(str))) >= shape[0] / 2, graph.told_by_oracle(every, members, served)


def unplanted() -> pd.DataFrame:
    """What is found where nothing is planted, and p-values where degrees are all that there is."""
    lines = []
    for name, graph in graphs():
        alone = _candidates(graph.pairs)
        rngs = [np.random.default_rng(seed) for seed in range(482, 482 + REPEATS)]
        p_values = pd.concat([_candidates(graph.rewired(rng=rng)).clusters["p_value"] for rng in rngs])
        sizes = discoveries([alone]).clusters["size"]
        lines.append((name, len(graph.pairs), len(sizes), sizes.sum(), len(p_values), p_values.min()))
    columns = ["graph", "follows", "clusters", "accounts", "candidates by chance", "least p"]
    return pd.DataFrame(lines, columns=columns)


if __name__ == "__main__":
    asked = sys.argv[1:] or ["s", "m"]
    if wanted := [name for name in asked if name in SIZES]:
        print(sizes(wanted).round(3).to_string(index=False))
    if "power" in asked:
        print(unplanted().to_string(index=False))
        found = power()
        print(found.round(2).to_string(index=False))
        shares = found.groupby("graph", sort=False)[["found", "oracle"]].mean()
        print(shares.assign(ratio=shares["found"] / shares["oracle"]).round(3).to_string())
