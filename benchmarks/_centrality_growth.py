"""How measures grow with pairs, and what a first call costs: `python -m benchmarks._centrality_growth`."""

import subprocess
import sys
import time

import numpy as np
import pandas as pd

from benchmarks._data import follows
from benchmarks._measure import _memory, _start_afresh
from influgraph import centrality
from influgraph.networks import network_from_pairs

SIZES = ((8_000, 200_000), (40_000, 1_000_000), (200_000, 5_000_000), (1_000_000, 20_000_000))
MEASURES = {
    "PageRank": centrality.pagerank,
    "core number": centrality.core_number,
    "harmonic, 128 accounts": lambda network: centrality.harmonic_closeness_of(
        network, network.account_ids[:128]
    ),
    "betweenness, 10 sources": lambda network: centrality.betweenness(
        network, rng=np.random.default_rng(1), sources=10
    ),
}


def one_size(accounts: int, pairs: int) -> None:
    """Print a row per measure: seconds of the first and a warm call, megabytes beyond the input."""
    ends = follows(accounts, pairs)
    ids = pd.RangeIndex(accounts)
    network = network_from_pairs(*ends, account_ids=ids)
    steps = {"build": lambda _: network_from_pairs(*ends, account_ids=ids), **MEASURES}
    for name, measure in steps.items():
        start = time.perf_counter()
        measure(network)
        first = time.perf_counter() - start
        _start_afresh()
        before, start = _memory("VmRSS"), time.perf_counter()
        measure(network)
        seconds = time.perf_counter() - start
        print(
            f"| {pairs:,} | {name} | {first:.3g} | {seconds:.3g} | {_memory('VmHWM') - before:.3g} |",
            flush=True,
        )


def main() -> None:
    """Measure each size in a process of its own."""
    if len(sys.argv) == 3:
        one_size(int(sys.argv[1]), int(sys.argv[2]))
        return
    print("| pairs | what | first, s | warm, s | MB |\n| --- | --- | --- | --- | --- |", flush=True)
    for size in SIZES:
        subprocess.run([sys.executable, "-m", "benchmarks._centrality_growth", *map(str, size)], check=True)


if __name__ == "__main__":
    main()
