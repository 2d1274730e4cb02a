"""Measures of centrality on 200,000 accounts and 5 million pairs, each beside the best peers.

`python -m benchmarks cores pagerank centralities --markdown` prints the table; `python -m
benchmarks._centrality_growth` prints how ours grow, up to a million accounts and 20 million pairs, with what
the first call costs.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from benchmarks._data import MILLIONS, SIZE, follows
from benchmarks._measure import compare
from benchmarks.building import igraph as igraph_graph
from benchmarks.building import networkit as networkit_graph
from benchmarks.building import ours as ours_network

DAMPING, SEEDS, PEER_SEEDS = 0.85, 100, 4
SOURCES, CLOSENESS_SOURCES, PEER_CLOSENESS = 10, 128, 4
ATTENUATION = 1e-4
Case = Callable[[], object]


def restarts() -> Case:
    """PageRank of 100 seeds, to 1e-6."""
    from influgraph.centrality import personalised_pagerank

    network = ours_network()()
    return lambda: personalised_pagerank(network, network.account_ids[:SEEDS], tolerance=1e-6)


def restarts_scipy() -> Case:
    """PageRank of 4 seeds by hand, one after the other, to 1e-6 of the exact values."""
    sources, targets = follows()
    received = csr_array((np.ones(len(sources)), (targets, sources)), shape=(SIZE, SIZE))
    paid = np.bincount(sources, minlength=SIZE)
    share = np.divide(DAMPING, paid, out=np.zeros(SIZE), where=paid > 0)

    def one(seed: int) -> NDArray[np.float64]:
        rank, change = np.zeros(SIZE), 1.0
        rank[seed] = 1.0
        while change * DAMPING / (1 - DAMPING) >= 1e-6:
            moved = received @ (rank * share)
            moved[seed] += 1 - moved.sum()
            change = np.abs(moved - rank).sum()
            rank = moved
        return rank

    return lambda: [one(seed) for seed in range(PEER_SEEDS)]


def closeness() -> Case:
    """Exact harmonic closeness of 128 accounts."""
    from influgraph.centrality import harmonic_closeness_of

    network = ours_network()()
    return lambda: harmonic_closeness_of(network, network.account_ids[:CLOSENESS_SOURCES])


def closeness_igraph() -> Case:
    """Exact harmonic closeness of 4 accounts."""
    graph = igraph_graph()()
    return lambda: graph.harmonic_centrality(vertices=range(PEER_CLOSENESS), mode="in")


def paths() -> Case:
    """Betweenness from 10 sources."""
    from influgraph.centrality import betweenness

    network = ours_network()()
    return lambda: betweenness(network, rng=np.random.default_rng(1), sources=SOURCES)


def paths_igraph() -> Case:
    """Betweenness from 10 sources."""
    graph = igraph_graph()()
    return lambda: graph.betweenness(sources=range(SOURCES))


def hubs() -> Case:
    """Hubs and authorities to 1e-8."""
    from influgraph.centrality import hits

    network = ours_network()()
    return lambda: hits(network, tolerance=1e-8)


def hubs_scipy() -> Case:
    """The first singular vectors to 1e-8, as scikit-network and networkx find them."""
    from scipy.sparse.linalg import svds

    sources, targets = follows()
    matrix = csr_array((np.ones(len(sources)), (sources, targets)), shape=(SIZE, SIZE))
    return lambda: svds(matrix, k=1, tol=1e-8)


def hubs_igraph() -> Case:
    """Hubs and authorities."""
    graph = igraph_graph()()
    return graph.authority_score


def eigenvector() -> Case:
    """Eigenvector to 1e-6."""
    from influgraph.centrality import eigenvector as measure

    network = ours_network()()
    return lambda: measure(network, tolerance=1e-6)


def eigenvector_networkit() -> Case:
    """Eigenvector to 1e-6, on all cores."""
    import networkit as nk

    graph = networkit_graph()()
    return lambda: nk.centrality.EigenvectorCentrality(graph, 1e-6).run().scores()


def walks() -> Case:
    """Katz to 1e-8."""
    from influgraph.centrality import katz

    network = ours_network()()
    return lambda: katz(network, attenuation=ATTENUATION, tolerance=1e-8)


def walks_networkit() -> Case:
    """Katz to 1e-8, on all cores."""
    import networkit as nk

    graph = networkit_graph()()
    return lambda: nk.centrality.KatzCentrality(graph, ATTENUATION, 1.0, 1e-8).run().scores()


def run() -> list[dict[str, object]]:
    """Compare with the fastest peers; a peer that is followed for fewer seeds is counted up."""
    rows = [
        *_counted_up(compare("PageRank of 100 seeds", restarts, scipy=restarts_scipy), SEEDS / PEER_SEEDS),
        *_counted_up(
            compare("harmonic closeness of 128 accounts", closeness, igraph=closeness_igraph),
            CLOSENESS_SOURCES / PEER_CLOSENESS,
        ),
        *compare("betweenness, 10 sources", paths, igraph=paths_igraph),
        *compare("HITS", hubs, scipy=hubs_scipy, igraph=hubs_igraph),
        *compare("eigenvector", eigenvector, networkit=eigenvector_networkit),
        *compare("Katz", walks, networkit=walks_networkit),
    ]
    return [row | {"name": f"{row['name']}, {MILLIONS} pairs"} for row in rows]


def _counted_up(rows: list[dict[str, object]], times: float) -> list[dict[str, object]]:
    """Seconds of the peer for as many seeds as ours."""
    return [row | {name: float(str(row[name])) * times for name in ("peer_seconds", "ratio")} for row in rows]
