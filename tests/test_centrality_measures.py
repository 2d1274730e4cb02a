"""More of centrality, against networkx, igraph and plain matrices on two hundred random networks."""

from collections.abc import Callable
from fractions import Fraction

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from influgraph import centrality
from influgraph.networks import Network, network_from_pairs
from test_centrality import FIVE, larger, two_hubs

Numbers = NDArray[np.float64]


def zoo(seed: int) -> Network:
    """Return from no to forty accounts: weighted or not, in pieces, with many who attend to nobody."""
    rng = np.random.default_rng([77, seed])
    size = int(rng.integers(2, 41)) if seed > 1 else seed
    pairs = int(rng.integers(0, 6 * size)) if size else 0
    active = max(size * int(rng.integers(1, 4)) // 3, 1)
    sources, targets = rng.integers(0, active, pairs), rng.integers(0, max(size, 1), pairs)
    weights = rng.exponential(size=pairs) * 10.0 ** rng.integers(-3, 4) if seed % 2 else None
    ids = pd.Index([f"id{code}" for code in rng.permutation(size)], dtype=str)
    return network_from_pairs(sources, targets, account_ids=ids, weights=weights)


ZOO = [zoo(seed) for seed in range(200)]


def relabelled(network: Network, seed: int = 1) -> Network:
    """Return the same network with its accounts in another order."""
    order = np.random.default_rng(seed).permutation(len(network.account_ids))
    place, pairs = np.argsort(order), network.weights.tocoo()
    ids = network.account_ids[order]
    return network_from_pairs(place[pairs.row], place[pairs.col], account_ids=ids, weights=pairs.data)


def scaled(network: Network, factor: float) -> Network:
    """Return the network with all weights multiplied."""
    return Network(network.account_ids, network.weights * factor)


def restart_solution(network: Network, restart: Numbers, damping: float) -> Numbers:
    """PageRank by solving its equations: dangling accounts start anew too."""
    weights = network.weights.toarray()
    paid = weights.sum(axis=1, keepdims=True)
    moves = np.where(paid > 0, weights / np.where(paid > 0, paid, 1), restart)
    whole = damping * moves.T + (1 - damping) * restart[:, None]
    size = len(restart)
    return np.linalg.solve(np.eye(size) - whole + np.ones((size, size)), np.ones(size))


@pytest.mark.parametrize("damping", [0.0, 0.5, 0.85, 0.99])
def test_personalised_pagerank_solves_its_equations(damping: float) -> None:
    for number, network in enumerate(filter(lambda network: len(network.account_ids), ZOO[::12])):
        size = len(network.account_ids)
        wanted = np.random.default_rng(number).permutation(size)[: 1 + number % 20]
        found = centrality.personalised_pagerank(network, network.account_ids[wanted], damping=damping)
        assert found.columns.tolist() == network.account_ids[wanted].tolist()
        for code, seed in zip(wanted, found, strict=True):
            expected = restart_solution(network, np.eye(size)[code], damping)
            assert np.abs(found[seed] - expected).sum() < 1e-7
            assert ((found[seed] == 0) == (np.abs(expected) < 1e-14)).all()


def test_personalised_pagerank_against_networkx() -> None:
    for network in filter(lambda network: network.weights.nnz, ZOO[:60]):
        seed = network.account_ids[0]
        expected = nx.pagerank(network.to_networkx(), personalization={seed: 1}, tol=1e-12, max_iter=1000)
        found = centrality.personalised_pagerank(network, [seed], tolerance=1e-10)[seed]
        assert found.to_dict() == pytest.approx(expected, abs=1e-8)


def test_topic_pagerank_is_the_mean_of_its_seeds_where_nobody_is_dangling() -> None:
    network = network_from_pairs([0, 1, 2, 3, 4, 0], [1, 2, 3, 4, 0, 2], account_ids=FIVE)
    topic = pd.Series(["run", "run", None, "cook", "run"], FIVE)
    found = centrality.topic_pagerank(network, topic)
    alone = centrality.personalised_pagerank(network, FIVE)
    assert found.columns.tolist() == ["cook", "run"]
    np.testing.assert_allclose(found["cook"], alone["dia"], atol=1e-7)
    np.testing.assert_allclose(found["run"], alone[["ann", "ben", "eva"]].mean(axis=1), atol=1e-7)


def test_topic_pagerank_solves_its_equations() -> None:
    for network in filter(lambda network: len(network.account_ids), ZOO[::5]):
        size = len(network.account_ids)
        topic = pd.Series(np.arange(size) % 11, network.account_ids)
        found = centrality.topic_pagerank(network, topic)
        for name in found:
            restart = (topic == name).to_numpy(float)
            expected = restart_solution(network, restart / restart.sum(), 0.85)
            assert np.abs(found[name] - expected).sum() < 1e-7


def test_leaderrank_is_the_walk_with_a_ground() -> None:
    for network in filter(lambda network: len(network.account_ids), ZOO):
        size = len(network.account_ids)
        moves = np.ones((size + 1, size + 1))
        moves[:-1, :-1] = network.weights.toarray() > 0
        moves[-1, -1] = 0
        moves /= moves.sum(axis=1, keepdims=True)
        equations = np.eye(size + 1) - moves.T + np.ones((size + 1, size + 1))
        steady = np.linalg.solve(equations, np.ones(size + 1)) * size
        np.testing.assert_allclose(centrality.leaderrank(network), steady[:-1] + steady[-1] / size, atol=1e-8)


def test_katz_solves_its_equations_and_its_default_always_converges() -> None:
    for network in ZOO:
        weights = network.weights.toarray()
        size = len(weights)
        largest = np.abs(np.linalg.eigvals(weights)).max(initial=0.0) if size else 0.0
        found = centrality.katz(network)
        assert (found >= 1).all()
        for share in (0.2, 0.8):
            attenuation = share / (largest or 1.0)
            expected = np.linalg.solve(np.eye(size) - attenuation * weights.T, np.ones(size))
            np.testing.assert_allclose(centrality.katz(network, attenuation=attenuation), expected, rtol=1e-7)


def test_hits_are_singular_vectors_as_networkx_has_them() -> None:
    checked = 0
    for network in filter(lambda network: network.weights.nnz, ZOO):
        try:
            found = centrality.hits(network)
        except ArithmeticError:
            continue
        weights = network.weights.toarray()
        singular = np.linalg.svd(weights)[1]
        again = weights.T @ (weights @ found["authority"].to_numpy())
        np.testing.assert_allclose(again / again.sum(), found["authority"], atol=1e-8)
        np.testing.assert_allclose(found.sum(), 1.0)
        if len(singular) > 1 and singular[1] < 0.9 * singular[0]:
            hubs, authorities = nx.hits(network.to_networkx(), tol=1e-12)
            assert found["hub"].to_dict() == pytest.approx(hubs, abs=1e-6)
            assert found["authority"].to_dict() == pytest.approx(authorities, abs=1e-6)
            checked += 1
    assert checked > 80


def test_eigenvector_is_the_dominant_one_as_networkx_has_it() -> None:
    checked = 0
    for network in filter(lambda network: network.weights.nnz, ZOO):
        weights = network.weights.toarray()
        values = np.sort(np.abs(np.linalg.eigvals(weights)))
        acyclic = nx.is_directed_acyclic_graph(network.to_networkx())
        if acyclic:
            with pytest.raises(ValueError, match="runs in a circle"):
                centrality.eigenvector(network)
            continue
        try:
            found = centrality.eigenvector(network)
        except ArithmeticError:
            continue
        np.testing.assert_allclose(weights.T @ found, values[-1] * found, atol=1e-6 * values[-1])
        assert found.sum() == pytest.approx(1)
        if len(weights) > 3 and nx.is_strongly_connected(network.to_networkx()):
            expected = nx.eigenvector_centrality_numpy(network.to_networkx(), weight="weight")
            named = found / np.linalg.norm(found)
            assert named.to_dict() == pytest.approx(expected, abs=1e-6)
            checked += 1
    assert checked > 8


def test_what_does_not_settle_raises() -> None:
    # Two circles of two, the one attending to the other: the same growth twice, in a chain.
    chained = network_from_pairs([0, 1, 1, 2, 3], [1, 0, 2, 3, 2], account_ids=FIVE)
    with pytest.raises(ArithmeticError, match="eigenvector did not converge"):
        centrality.eigenvector(chained)
    circle = network_from_pairs([0, 1, 2], [1, 2, 0], account_ids=FIVE[:3])
    with pytest.raises(ArithmeticError, match="katz did not converge"):
        centrality.katz(circle, attenuation=1.0)
    with pytest.raises(ArithmeticError, match="katz did not converge"):
        centrality.katz(circle, attenuation=3.0)


def test_local_clustering_against_networkx() -> None:
    for network in ZOO:
        simple = nx.Graph(network.to_networkx())
        expected = nx.clustering(simple)
        found = centrality.local_clustering(network)
        few = np.array([simple.degree(one) < 2 for one in network.account_ids], bool)
        assert (found.isna() == few).all()
        assert found.fillna(0.0).to_dict() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("radius", [1, 2, 3])
def test_collective_influence_by_definition(radius: int) -> None:
    for network in ZOO[::3]:
        simple = nx.Graph(network.to_networkx())
        found = centrality.collective_influence(network, radius=radius)
        for one in network.account_ids:
            steps = nx.single_source_shortest_path_length(simple, one, cutoff=radius)
            rim = sum(simple.degree(other) - 1 for other, step in steps.items() if step == radius)
            assert found[one] == max(simple.degree(one) - 1, 0) * rim


def elected_by_definition(network: Network, wanted: int) -> list[str]:
    """Elect in fractions, recounting all votes each time."""
    weights = network.weights.toarray()
    loss = Fraction(len(weights), max(int(network.weights.nnz), 1))
    ability, order = [Fraction(1)] * len(weights), list[int]()
    for _ in range(min(wanted, len(weights))):
        votes = [sum(ability[one] for one in np.flatnonzero(weights[:, to])) for to in range(len(weights))]
        votes = [Fraction(-1) if to in order else vote for to, vote in enumerate(votes)]
        winner = votes.index(max(votes))
        if votes[winner] <= 0:
            break
        order.append(winner)
        ability[winner] = Fraction(0)
        for one in np.flatnonzero(weights[:, winner]):
            ability[one] = max(ability[one] - loss, Fraction(0))
    return network.account_ids[order].tolist()


def test_voterank_by_definition_and_as_networkx() -> None:
    same = 0
    for network in ZOO:
        found = centrality.voterank(network, elected=6).dropna().sort_values().index.tolist()
        assert found == elected_by_definition(network, 6)
        graph = network.to_networkx().reverse()  # there an account votes for those who point to it
        same += found == (nx.voterank(graph, 6) if len(graph) else [])
    assert same > 0.9 * len(ZOO)  # there rounding may part those who tie


def test_participation_and_z_against_loops() -> None:
    for number, network in enumerate(ZOO):
        weights, size = network.weights.toarray(), len(network.account_ids)
        drawn = np.random.default_rng(number).integers(-1, 4, size)
        niche = pd.Series(drawn, network.account_ids, dtype="Int64").where(drawn >= 0)
        shares, own = [], np.full(size, np.nan)
        for account in range(size):
            from_each = np.array([weights[drawn == one, account].sum() for one in range(4)])
            whole = from_each.sum()
            shares.append(1 - ((from_each / whole) ** 2).sum() if whole else np.nan)
            own[account] = from_each[drawn[account]] if drawn[account] >= 0 else np.nan
        found = centrality.participation_coefficient(network, niche)
        np.testing.assert_allclose(found, np.array(shares, float), atol=1e-12)
        z = np.full(size, np.nan)
        for one in range(4):
            members = drawn == one
            if members.any() and own[members].std() > 1e-9 * own[members].mean():
                z[members] = (own[members] - own[members].mean()) / own[members].std()
        np.testing.assert_allclose(centrality.within_niche_z(network, niche), z, atol=1e-8)


def test_closeness_of_some_is_that_of_all() -> None:
    network = larger(300, 900)
    exact = centrality.harmonic_closeness(network, rng=np.random.default_rng(1))
    wanted = network.account_ids[np.random.default_rng(2).permutation(300)[:150]]
    pd.testing.assert_series_equal(centrality.harmonic_closeness_of(network, wanted), exact[wanted])
    expected = np.array(network.to_igraph().harmonic_centrality(mode="in", normalized=False))
    np.testing.assert_allclose(exact, expected, atol=1e-9)


LAWFUL: dict[str, Callable[[Network], pd.Series]] = {
    "pagerank": centrality.pagerank,
    "eigenvector": centrality.eigenvector,
    "authority": lambda network: centrality.hits(network)["authority"],
    "hub": lambda network: centrality.hits(network)["hub"],
    "katz": centrality.katz,
    "leaderrank": centrality.leaderrank,
    "local_clustering": centrality.local_clustering,
    "harmonic_closeness": lambda network: centrality.harmonic_closeness(
        network, rng=np.random.default_rng(1), exact_up_to=10**6
    ),
}


@pytest.mark.parametrize("name", LAWFUL)
def test_laws_of_relabelling_and_of_scaling_weights(name: str) -> None:
    checked = 0
    for network in ZOO[2:120:2]:
        try:
            expected = LAWFUL[name](network)
        except (ArithmeticError, ValueError):
            continue
        for other in (relabelled(network), scaled(network, 1e-6), scaled(network, 1e6)):
            found = LAWFUL[name](other)
            assert found.fillna(-1).to_dict() == pytest.approx(expected.fillna(-1).to_dict(), abs=1e-7)
        checked += 1
    assert checked > 25


@pytest.mark.parametrize("measure", [centrality.sampled_betweenness, centrality.sampled_harmonic_closeness])
def test_intervals_and_bounds_hold_the_exact_values(measure: Callable[..., pd.DataFrame]) -> None:
    network = larger(150, 700)
    name = measure.__name__.removeprefix("sampled_")
    exact = measure(network, rng=np.random.default_rng(0), sources=10**6)
    assert (exact[f"{name}_bound"] == 0).all()
    held, within, seen = [], 0, 0
    for seed in range(60):
        found = measure(network, rng=np.random.default_rng([3, seed]), sources=60)
        assert (found[f"{name}_low"] <= found[name]).all()
        assert (found[name] <= found[f"{name}_high"]).all()
        error = (found[name] - exact[name]).abs()
        held.append((error <= found[f"{name}_bound"]).all())
        inside = exact[name].between(found[f"{name}_low"], found[f"{name}_high"])
        often = exact[name] > exact[name].median()
        within, seen = within + inside[often].sum(), seen + often.sum()
    assert np.mean(held) >= 0.9
    assert 0.87 <= within / seen <= 0.97


def test_results_do_not_depend_on_how_many_cores_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    from influgraph import _centrality_paths, _centrality_spread, _threads

    rng = np.random.default_rng(8)
    pairs = rng.zipf(1.4, (2, 60_000)) % 4_000
    weights = rng.exponential(size=60_000)
    network = network_from_pairs(*pairs, account_ids=pd.RangeIndex(4_000).astype(str), weights=weights)
    monkeypatch.setattr(_centrality_spread, "FEW_PAIRS", 0)
    results = []
    for number in (1, 2, 3):
        monkeypatch.setattr(_threads, "cores", lambda number=number: number)
        monkeypatch.setattr(_centrality_paths, "cores", lambda number=number: number)
        chance = np.random.default_rng(1)
        found = [
            centrality.pagerank(network),
            centrality.katz(network),
            centrality.hits(network),
            centrality.personalised_pagerank(network, network.account_ids[:9]),
            centrality.sampled_betweenness(network, rng=chance, sources=40),
            centrality.sampled_harmonic_closeness(network, rng=chance, sources=200),
            centrality.collective_influence(network),
        ]
        results.append(pd.concat(found, axis=1).to_numpy().tobytes())
    assert len(set(results)) == 1


def test_too_many_paths_to_count_raise() -> None:
    steps = np.arange(0, 2_400, 2)  # 2 ways at each of 1,200 steps: 2^1200 shortest paths
    sources = np.concatenate([steps, steps, steps + 1, steps + 1])
    targets = np.concatenate([steps + 2, steps + 3, steps + 2, steps + 3])
    network = network_from_pairs(sources, targets, account_ids=pd.RangeIndex(2_403).astype(str))
    with np.errstate(over="ignore"), pytest.raises(ArithmeticError, match="more shortest paths"):
        centrality.betweenness(network, rng=np.random.default_rng(1))


def test_nobody_one_and_isolated_accounts() -> None:
    niche = pd.Series(0, FIVE[:1], dtype="Int64")
    one = network_from_pairs([], [], account_ids=FIVE[:1])
    assert centrality.within_niche_z(one, niche).isna().all()
    assert centrality.participation_coefficient(one, niche).isna().all()
    assert centrality.personalised_pagerank(one, ["ann"])["ann"].tolist() == [1.0]
    assert centrality.leaderrank(one).tolist() == [1.0]
    assert centrality.voterank(one).isna().all()
    nobody = network_from_pairs([], [], account_ids=FIVE[:0])
    for measure in (centrality.eigenvector, centrality.hits, centrality.katz, centrality.voterank):
        assert len(measure(nobody)) == 0
    alone = network_from_pairs([], [], account_ids=FIVE)
    for measure in (centrality.eigenvector, centrality.hits):
        with pytest.raises(ValueError, match="must have attention between accounts"):
            measure(alone)
    assert (centrality.katz(alone) == 1).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda n: centrality.personalised_pagerank(n, ["zoe"]), r"seeds must be accounts.*\['zoe'\]"),
        (lambda n: centrality.personalised_pagerank(n, []), "seeds must be one or more different"),
        (lambda n: centrality.personalised_pagerank(n, ["ann", "ann"]), "different accounts"),
        (lambda n: centrality.personalised_pagerank(n, ["ann"], damping=1.0), "damping must lie in"),
        (lambda n: centrality.personalised_pagerank(n, ["ann"], damping=np.nan), "damping must lie in"),
        (lambda n: centrality.topic_pagerank(n, pd.Series(0, FIVE[::-1])), "topic must be about"),
        (lambda n: centrality.topic_pagerank(n, pd.Series(None, FIVE)), "at least one label"),
        (lambda n: centrality.within_niche_z(n, pd.Series(0, ["ann"])), "niche must be about"),
        (lambda n: centrality.katz(n, attenuation=-1.0), "attenuation must be above 0"),
        (lambda n: centrality.katz(n, attenuation=np.nan), "attenuation must be above 0"),
        (lambda n: centrality.hits(n, tolerance=0), "tolerance must be positive"),
        (
            lambda n: centrality.collective_influence(n, radius=0),
            "radius must be a whole number of at least 1",
        ),
        (lambda n: centrality.voterank(n, elected=0), "elected must be a whole number of at least 1"),
        (lambda n: centrality.harmonic_closeness_of(n, ["zoe"]), "accounts must be accounts of"),
        (
            lambda n: centrality.sampled_betweenness(n, rng=np.random.default_rng(1), sources=0),
            "sources must be a whole number of at least 1",
        ),
        (lambda n: centrality.compare(n, {}, rng=np.random.default_rng(1), kept=1.0), "kept lie above 0"),
    ],
)
def test_refusals(call: Callable[[Network], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(two_hubs())


def test_comparison_by_hand_and_its_reasons() -> None:
    rng = np.random.default_rng(5)
    pairs = np.sort(rng.integers(0, 200, (2, 2_000)), axis=0)  # from the smaller to the larger: no circle
    network = network_from_pairs(*pairs, account_ids=pd.RangeIndex(200).astype(str))
    every = centrality.every_measure(rng=rng)
    measures = {name: every[name] for name in ("in_degree", "in_strength", "pagerank", "eigenvector")}
    found = centrality.compare(network, measures, rng=rng, top=20)
    assert len(found) == 10
    same = found.loc[("in_degree", "in_strength")]
    assert same[["kendall", "kendall_low", "overlap", "overlap_high"]].tolist() == pytest.approx([1] * 4)
    steady = found.loc[("in_degree", "in_degree")]
    assert 0.5 < steady["kendall_low"] <= steady["kendall"] <= steady["kendall_high"] < 1
    expected = centrality.in_degree(network).corr(centrality.pagerank(network), method="kendall")
    assert found.loc[("in_degree", "pagerank"), "kendall"] == pytest.approx(expected)
    low, value, high = found.loc[("in_degree", "pagerank"), ["overlap_low", "overlap", "overlap_high"]]
    assert low <= value <= high
    without = found.loc[("pagerank", "eigenvector")]
    assert pd.isna(without["kendall"])
    assert "runs in a circle" in without["missing"]
    assert (found["seconds"] >= 0).all()
    assert len(every) == 14


@pytest.mark.parametrize("weights", [None, np.random.default_rng(6).exponential(size=100_049)])
def test_personalised_pagerank_in_single_precision_keeps_its_tolerance(weights: Numbers | None) -> None:
    """Also where one account is attended to by 100,000, whose shares single precision would not sum."""
    size = 100_000
    crowd = np.arange(1, size)
    pairs = np.concatenate([crowd, np.zeros(50, int)]), np.concatenate([np.zeros_like(crowd), crowd[:50]])
    network = network_from_pairs(*pairs, account_ids=pd.RangeIndex(size), weights=weights)
    rough = centrality.personalised_pagerank(network, range(40, 57), tolerance=1e-6)
    close = centrality.personalised_pagerank(network, range(40, 57), tolerance=1e-9)
    off = (rough - close).abs().sum()
    assert 0 < off.max() < 1e-6
