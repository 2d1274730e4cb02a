"""Building a network from pairs of integers in random order."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix, csr_array

from benchmarks._data import MILLIONS, SIZE, follows
from benchmarks._measure import compare

IDS = pd.RangeIndex(SIZE)


def ours() -> Callable[[], object]:
    """Sorted rows, duplicates merged, no self-loops."""
    from influgraph.networks import network_from_pairs

    sources, targets = follows()
    return lambda: network_from_pairs(sources, targets, account_ids=IDS)


def ours_weighted() -> Callable[[], object]:
    """The same with weights, which are summed."""
    from influgraph.networks import network_from_pairs

    sources, targets = follows()
    weights = np.linspace(0.5, 1.5, len(sources))
    return lambda: network_from_pairs(sources, targets, account_ids=IDS, weights=weights)


def scipy() -> Callable[[], object]:
    """The same matrix; self-loops would stay."""
    sources, targets = follows()

    def build() -> csr_array:
        matrix = csr_array((np.ones(len(sources)), (sources, targets)), shape=(SIZE, SIZE))
        matrix.sum_duplicates()
        return matrix

    return build


def igraph() -> Callable[[], object]:
    """Its fastest door: one array of pairs; duplicates and self-loops would stay."""
    from igraph import Graph

    edges = np.column_stack(follows())
    return lambda: Graph(n=SIZE, edges=edges, directed=True)


def networkit() -> Callable[[], object]:
    """Its fastest door: a scipy matrix of pairs; duplicates and self-loops would stay."""
    import networkit as nk

    sources, targets = follows()
    ones = np.ones(len(sources))
    return lambda: nk.GraphFromCoo(
        coo_matrix((ones, (sources, targets)), shape=(SIZE, SIZE)), n=SIZE, directed=True, weighted=False
    )


def run() -> list[dict[str, object]]:
    """Compare with scipy, networkit and igraph."""
    plain = compare(f"network from {MILLIONS} pairs", ours, scipy=scipy, networkit=networkit, igraph=igraph)
    return plain + compare(f"network from {MILLIONS} weighted pairs", ours_weighted, scipy=scipy)
