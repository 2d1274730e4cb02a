"""Core numbers, direction given up."""

from collections.abc import Callable

from benchmarks._data import MILLIONS
from benchmarks._measure import compare
from benchmarks.building import igraph as igraph_graph
from benchmarks.building import networkit as networkit_graph
from benchmarks.building import ours as ours_network


def ours() -> Callable[[], object]:
    """From a directed network to a Series."""
    from influgraph.centrality import core_number

    network = ours_network()()
    return lambda: core_number(network)


def networkit() -> Callable[[], object]:
    """From a directed graph, as here; on all cores."""
    import networkit as nk

    graph = networkit_graph()()

    def cores() -> list[float]:
        simple = nk.graphtools.toUndirected(graph)
        simple.removeMultiEdges()
        return nk.centrality.CoreDecomposition(simple).run().scores()

    return cores


def igraph() -> Callable[[], object]:
    """From a directed graph, as here."""
    graph = igraph_graph()()
    return lambda: graph.as_undirected(mode="collapse").coreness()


def run() -> list[dict[str, object]]:
    """Compare with networkit and igraph."""
    return compare(f"core numbers, {MILLIONS} pairs", ours, networkit=networkit, igraph=igraph)
