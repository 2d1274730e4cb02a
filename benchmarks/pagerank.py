"""PageRank of all accounts, to a change below 1e-10."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from benchmarks._data import MILLIONS, SIZE, follows
from benchmarks._measure import compare
from benchmarks.building import igraph as igraph_graph
from benchmarks.building import networkit as networkit_graph
from benchmarks.building import ours as ours_network

DAMPING, TOLERANCE = 0.85, 1e-10


def ours() -> Callable[[], object]:
    """From a network to a Series."""
    from influgraph.centrality import pagerank

    network = ours_network()()
    return lambda: pagerank(network, damping=DAMPING, tolerance=TOLERANCE)


def scipy() -> Callable[[], object]:
    """The same iteration as one writes it by hand, on a matrix that was transposed before."""
    sources, targets = follows()
    received = csr_array((np.ones(len(sources)), (targets, sources)), shape=(SIZE, SIZE))
    paid = np.bincount(sources, minlength=SIZE)
    share = np.divide(1.0, paid, out=np.zeros(SIZE), where=paid > 0)

    def iterate() -> NDArray[np.float64]:
        rank, change = np.full(SIZE, 1 / SIZE), 1.0
        while change >= TOLERANCE:
            lost = rank[paid == 0].sum()
            moved = DAMPING * (received @ (rank * share)) + (1 - DAMPING + DAMPING * lost) / SIZE
            change = np.abs(moved - rank).sum()
            rank = moved
        return rank

    return iterate


def igraph() -> Callable[[], object]:
    """PRPACK, which always solves to 1e-12 or so."""
    graph = igraph_graph()()
    return lambda: graph.pagerank(damping=DAMPING)


def networkit() -> Callable[[], object]:
    """With dangling accounts as here, on all cores."""
    import networkit as nk

    graph = networkit_graph()()
    spread = nk.centrality.SinkHandling.DistributeSinks

    def rank() -> list[float]:
        measure = nk.centrality.PageRank(graph, DAMPING, TOLERANCE, False, spread)  # noqa: FBT003 - its signature
        measure.norm = nk.centrality.Norm.L1_NORM
        return measure.run().scores()

    return rank


def run() -> list[dict[str, object]]:
    """Compare with scipy by hand, networkit and igraph."""
    return compare(f"PageRank, {MILLIONS} pairs", ours, scipy=scipy, networkit=networkit, igraph=igraph)
