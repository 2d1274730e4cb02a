"""Eight runs of Leiden: ours in threads, those of igraph one after the other."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_mutual_info_score

from benchmarks import _niche_cases
from benchmarks._measure import _memory, _start_afresh
from benchmarks._niche_scores import plain_graph
from influgraph import _niches_ensemble as ensemble
from influgraph._niches_layers import Scene, tie_up
from influgraph.niches import find_niches

RUNS = 8
CASES = {"LFR": _niche_cases.lfr, "large": _niche_cases.large_planted}


def table() -> pd.DataFrame:
    """One row per network and way, each in a process of its own."""
    rows = [
        {"case": case, "way": way, "load before": os.getloadavg()[0], **_apart(case, way)}
        for way, case in [*product(("ours", "igraph"), CASES), ("find_niches", "large")]
    ]
    table = pd.DataFrame(rows)
    igraph = table[table["way"] == "igraph"].set_index("case")["s"]
    table["igraph / this"] = table["case"].map(igraph) / table["s"]
    first = _apart("small", "ours", NUMBA_CACHE_DIR=tempfile.mkdtemp())["s"]
    warm = _apart("small", "ours")["s"]
    calls = {"ours, first call ever (compiles)": first, "ours, first call of a process": warm}
    small = [{"case": "1,000 accounts", "way": way, "s": seconds} for way, seconds in calls.items()]
    return pd.concat([table, pd.DataFrame(small)])


def _apart(case: str, way: str, **environment: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks._niche_speed", case, way]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | environment
    )
    print(case, way, done.stdout, end="", file=sys.stderr)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def ours(case: _niche_cases.Case) -> Callable[[], list[np.ndarray]]:
    """Runs on all ties, in as many threads as there are cores."""
    scene = Scene.of(case.layers, None)
    assert scene is not None
    ties = tie_up(scene.layers, np.ones(1), size=scene.size)

    def run() -> list[np.ndarray]:
        found = ensemble.at_once(
            lambda seed: ensemble.find_partition(ties, resolution=1.0, seed=seed), range(RUNS)
        )
        placed = np.empty((RUNS, len(case.truth)), np.int64)
        placed[:] = np.arange(len(case.truth)) + scene.size
        placed[:, scene.place] = found
        return list(placed)

    return run


def igraph_in_turn(case: _niche_cases.Case) -> Callable[[], list[np.ndarray]]:
    """Runs at the defaults of igraph."""
    graph = plain_graph(list(case.layers.values()))

    def once(seed: int) -> np.ndarray:
        random.seed(seed)
        return np.array(graph.community_leiden("modularity").membership)

    return lambda: [once(seed) for seed in range(RUNS)]


def whole(case: _niche_cases.Case) -> Callable[[], list[np.ndarray]]:
    """All of `find_niches`."""

    def run() -> list[np.ndarray]:
        found = find_niches(case.layers, rng=np.random.default_rng(1))
        return [found.accounts["niche"].fillna(-1).to_numpy(np.int64)]

    return run


WAYS = {"ours": ours, "igraph": igraph_in_turn, "find_niches": whole}


def measure(name: str, way: str) -> dict[str, float]:
    """Seconds and megabytes of one call, loaded and compiled before on a small network; modularity."""
    small = _niche_cases.large_planted(1_000, 20_000, niches=5)
    if name == "small":
        start = time.perf_counter()
        WAYS[way](small)()
        return {"s": time.perf_counter() - start}
    WAYS[way](small)()
    case = CASES[name]()
    call = WAYS[way](case)
    _start_afresh()
    before, busy, start = _memory("VmRSS"), time.process_time(), time.perf_counter()
    found = call()
    costs = {
        "s": time.perf_counter() - start,
        "processor s": time.process_time() - busy,
        "MB": _memory("VmHWM") - before,
    }
    graph = plain_graph(list(case.layers.values()))
    numbered = [np.unique(label, return_inverse=True)[1] for label in found]
    quality = float(np.mean([graph.modularity(label) for label in numbered]))
    truth = pd.factorize(case.truth)[0]
    alike = float(adjusted_mutual_info_score(truth, numbered[0]))
    return {**costs, "modularity": quality, "niches": numbered[0].max() + 1.0, "AMI": alike}


if __name__ == "__main__":
    print(json.dumps(measure(*sys.argv[1:])))
