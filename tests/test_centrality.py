"""Centrality: by hand, by law, and against networkx and igraph on a zoo of a hundred networks."""

from collections.abc import Callable
from functools import partial

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from influgraph import _centrality_paths, centrality
from influgraph.networks import Network, network_from_pairs

FIVE = pd.Index(["ann", "ben", "cem", "dia", "eva"])
Measure = Callable[[Network], pd.Series]
EXACT = partial(centrality.betweenness, rng=np.random.default_rng(0))
MEASURES: dict[str, Measure] = {
    "in_degree": centrality.in_degree,
    "out_degree": centrality.out_degree,
    "in_strength": centrality.in_strength,
    "out_strength": centrality.out_strength,
    "pagerank": centrality.pagerank,
    "core_number": centrality.core_number,
    "in_core_number": centrality.in_core_number,
    "out_core_number": centrality.out_core_number,
    "betweenness": EXACT,
    "harmonic_closeness": partial(centrality.harmonic_closeness, rng=np.random.default_rng(0)),
    "katz": partial(centrality.katz, attenuation=0.001),
    "leaderrank": centrality.leaderrank,
    "collective_influence": centrality.collective_influence,
}


def random_network(seed: int) -> Network:
    """Return from no to thirty accounts, from no to many pairs, weighted or not, often in pieces."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(0, 31)) if seed > 2 else seed
    pairs = int(rng.integers(0, 4 * size + 1)) if size else 0
    sources, targets = rng.integers(0, max(size * 3 // 4, 1), (2, pairs))
    weights = rng.exponential(size=pairs) if seed % 2 else None
    ids = pd.Index([f"id{code}" for code in rng.permutation(size)], dtype=str)
    return network_from_pairs(sources, targets, account_ids=ids, weights=weights)


ZOO = [random_network(seed) for seed in range(100)]


def two_hubs() -> Network:
    """Return ben and cem attending to ann, cem to ben, dia to cem; eva alone."""
    return network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=FIVE, weights=[5, 1, 1, 2])


def larger(size: int = 60, pairs: int = 240) -> Network:
    """Return a network with paths long enough for betweenness to spread."""
    rng = np.random.default_rng(9)
    return network_from_pairs(*rng.integers(0, size, (2, pairs)), account_ids=pd.RangeIndex(size).astype(str))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("in_degree", [2, 1, 1, 0, 0]),
        ("out_degree", [0, 1, 2, 1, 0]),
        ("in_strength", [6.0, 1.0, 2.0, 0.0, 0.0]),
        ("out_strength", [0.0, 5.0, 2.0, 2.0, 0.0]),
        ("core_number", [2, 2, 2, 1, 0]),
        ("betweenness", [0.0, 0.0, 2.0, 0.0, 0.0]),
    ],
)
def test_by_hand(name: str, expected: list[float]) -> None:
    assert MEASURES[name](two_hubs()).tolist() == expected


def test_pagerank_by_hand() -> None:
    # Two accounts, one attends to the other: b starts at (1 - d) / 2, and ann and ben both start anew.
    network = network_from_pairs([1], [0], account_ids=FIVE[:2])
    ann, ben = centrality.pagerank(network, damping=0.5)
    assert (ann, ben) == pytest.approx((0.6, 0.4))


@pytest.mark.parametrize("name", MEASURES)
def test_a_named_series_in_dataset_order(name: str) -> None:
    for network in ZOO:
        measured = MEASURES[name](network)
        assert measured.name == name
        assert measured.index.equals(network.account_ids)
        assert measured.notna().all()


def katz_by_solving(network: Network) -> dict[str, float]:
    """Return what networkx does, which fails on one account."""
    size = len(network.account_ids)
    values = np.linalg.solve(np.eye(size) - 0.001 * network.weights.toarray().T, np.ones(size))
    return dict(zip(network.account_ids, values.tolist(), strict=True))


def test_zoo_against_networkx() -> None:
    for network in ZOO:
        graph = network.to_networkx()
        simple = nx.Graph(graph)
        reference = {
            "in_degree": dict(graph.in_degree()),
            "out_degree": dict(graph.out_degree()),
            "in_strength": dict(graph.in_degree(weight="weight")),
            "out_strength": dict(graph.out_degree(weight="weight")),
            "pagerank": nx.pagerank(graph, tol=1e-12, max_iter=500),
            "core_number": nx.core_number(simple),
            "betweenness": nx.betweenness_centrality(graph, normalized=False),
            "harmonic_closeness": nx.harmonic_centrality(graph),
            "katz": katz_by_solving(network),
        }
        for name, expected in reference.items():
            found = MEASURES[name](network)
            assert found.to_dict() == pytest.approx(expected, abs=1e-9), name


def test_zoo_against_igraph() -> None:
    for network in ZOO:
        graph = network.to_igraph()
        if graph.vcount():
            ranks = graph.pagerank(weights="weight")
            np.testing.assert_allclose(centrality.pagerank(network), ranks, atol=1e-9)
        for mode in ("in", "out"):
            found = MEASURES[f"{mode}_core_number"](network)
            assert found.tolist() == graph.coreness(mode=mode)
        coreness = graph.as_undirected(mode="collapse").coreness()
        assert centrality.core_number(network).tolist() == coreness
        np.testing.assert_allclose(EXACT(network), graph.betweenness(), atol=1e-9)


def test_a_large_core_number_against_igraph() -> None:
    rng = np.random.default_rng(4)
    sources, targets = rng.zipf(1.4, (2, 40_000)) % 3_000
    network = network_from_pairs(sources, targets, account_ids=pd.RangeIndex(3_000).astype(str))
    expected = network.to_igraph().as_undirected(mode="collapse").coreness()
    assert centrality.core_number(network).tolist() == expected
    assert max(expected) > 20


@pytest.mark.parametrize("name", MEASURES)
def test_matrices_with_long_indices_are_measured_too(name: str) -> None:
    short = larger()
    matrix = short.weights
    long = (matrix.data, matrix.indices.astype(np.int64), matrix.indptr.astype(np.int64))
    network = Network(short.account_ids, csr_array(long, shape=matrix.shape))
    assert network.weights.indices.dtype == np.int64
    pd.testing.assert_series_equal(MEASURES[name](network), MEASURES[name](short))


@pytest.mark.parametrize("name", MEASURES)
def test_law_relabelling_moves_values_along(name: str) -> None:
    for network in ZOO[3:40]:
        pairs = network.weights.tocoo()
        order = np.random.default_rng(1).permutation(len(network.account_ids))
        place = np.argsort(order)
        moved = network_from_pairs(
            place[pairs.row], place[pairs.col], account_ids=network.account_ids[order], weights=pairs.data
        )
        expected = MEASURES[name](network).to_dict()
        assert MEASURES[name](moved).to_dict() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", MEASURES)
def test_law_isolated_accounts_change_nothing_among_the_others(name: str) -> None:
    for network in ZOO[3:40]:
        pairs, ids = network.weights.tocoo(), network.account_ids
        more = network_from_pairs(
            pairs.row, pairs.col, account_ids=ids.append(pd.Index(["x", "y"])), weights=pairs.data
        )
        found, expected = MEASURES[name](more), MEASURES[name](network)
        among = found[ids]
        if name in {"pagerank", "leaderrank"}:  # they share the time with newcomers, in the same proportions
            among, expected = among / among.sum(), expected / expected.sum()
        np.testing.assert_allclose(among, expected, atol=1e-9)
        alone = {"pagerank": found.min(), "leaderrank": found.min(), "katz": 1.0}.get(name, 0.0)
        assert (found[["x", "y"]] == alone).all()


def test_pagerank_sums_to_one_and_reaches_everyone() -> None:
    for network in filter(lambda network: len(network.account_ids), ZOO):
        rank = centrality.pagerank(network)
        assert rank.sum() == pytest.approx(1)
        assert (rank > 0).all()
    assert centrality.pagerank(two_hubs(), damping=0.0).tolist() == [0.2] * 5


def test_pagerank_does_not_return_what_has_not_converged() -> None:
    with pytest.raises(ArithmeticError, match=r"did not converge .* the tolerance is too small"):
        centrality.pagerank(larger(3_000, 20_000), damping=0.85, tolerance=1e-300)


@pytest.mark.parametrize("options", [{"damping": 1.0}, {"damping": -0.1}])
def test_pagerank_refuses(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="damping must lie in"):
        centrality.pagerank(two_hubs(), **options)


def test_sampled_betweenness_is_unbiased() -> None:
    network, rng = larger(), np.random.default_rng(5)
    exact = EXACT(network)
    draws = np.array([centrality.betweenness(network, rng=rng, exact_up_to=0, sources=6) for _ in range(400)])
    error = draws.std(axis=0) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - exact) <= 4.5 * error + 1e-9).all()
    assert draws.std(axis=0).max() > 0


def test_sampled_betweenness_is_deterministic_and_exact_with_all_sources() -> None:
    network = larger()
    once, again, other = (
        centrality.betweenness(network, rng=np.random.default_rng(seed), exact_up_to=0, sources=6)
        for seed in (1, 1, 2)
    )
    pd.testing.assert_series_equal(once, again)
    assert (once != other).any()
    everyone = centrality.betweenness(network, rng=np.random.default_rng(1), exact_up_to=0, sources=60)
    np.testing.assert_allclose(everyone, EXACT(network))


def test_the_number_of_sources_follows_the_stated_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []

    class Recorder:
        def choice(self, starts: np.ndarray, wanted: int, *, replace: bool) -> np.ndarray:
            drawn.append((wanted, replace))
            return starts[:wanted]

    network = larger(size=300, pairs=1_500)
    cost = 301 + network.weights.nnz
    for visits, expected in [(10 * cost, 100), (150 * cost, 150)]:
        monkeypatch.setattr(_centrality_paths, "PAIR_VISITS", visits)
        centrality.betweenness(network, rng=Recorder(), exact_up_to=299)  # type: ignore[arg-type]
        assert drawn.pop() == (expected, False)
    centrality.betweenness(network, rng=Recorder(), exact_up_to=300)  # type: ignore[arg-type]
    assert not drawn


def test_betweenness_refuses_no_sources() -> None:
    with pytest.raises(ValueError, match="sources must be a whole number of at least 1, received 0"):
        centrality.betweenness(two_hubs(), rng=np.random.default_rng(1), sources=0)
