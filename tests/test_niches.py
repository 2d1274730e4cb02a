"""Niches: planted ones recovered, none where there are none, chance and order without effect."""

import itertools
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from influgraph import _niches_ensemble as ensemble
from influgraph import niche_names
from influgraph._niches_kernels import leiden
from influgraph._niches_layers import Layer, excess, rewired, split, tie_up
from influgraph._niches_membership import attach, membership_shares
from influgraph.dataset import from_tables
from influgraph.networks import Network, engagement_network, follow_network, network_from_pairs
from influgraph.niches import find_niches, find_subniches
from influgraph.synthetic import World, WorldSettings, make_world
from influgraph.uncertainty import partition_agreement


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def planted(sizes: tuple[int, ...] = (60, 40, 20), isolated: int = 5) -> tuple[Network, np.ndarray]:
    """Return a network whose members attend mostly to their own niche, and the niche of each (-1: none)."""
    niche = np.repeat(np.arange(-1, len(sizes)), (isolated, *sizes))
    draw = rng(3)
    sources = np.repeat(np.arange(isolated, len(niche)), 12)
    own = draw.random(len(sources)) < 0.85
    first = np.concatenate([[isolated], isolated + np.cumsum(sizes)])
    within = draw.integers(first[niche[sources]], first[niche[sources] + 1])
    anyone = draw.integers(isolated, len(niche), len(sources))
    ids = pd.Index([f"id{code:03}" for code in draw.permutation(len(niche))])
    return network_from_pairs(sources, np.where(own, within, anyone), account_ids=ids), niche


def at_random(size: int, degree: int, seed: int) -> Network:
    """Return a network with unequal followers, as follow networks have, and no niches."""
    draw = rng(seed)
    fame = (1 + np.arange(size)) ** -0.8
    sources = draw.integers(0, size, size * degree)
    targets = draw.permutation(size)[draw.choice(size, size * degree, p=fame / fame.sum())]
    return network_from_pairs(sources, targets, account_ids=pd.Index([f"a{n:05}" for n in range(size)]))


def pairs(size: int, ties: list[tuple[int, int]]) -> Network:
    sources, targets = zip(*ties, strict=True) if ties else ((), ())
    return network_from_pairs(sources, targets, account_ids=pd.RangeIndex(size).astype(str))


def agreement(niche: pd.Series, truth: object) -> float:
    return partition_agreement(niche.astype(object).where(niche.notna(), None), truth)


def test_planted_niches_are_found_numbered_by_size_and_sure() -> None:
    network, truth = planted()
    found = find_niches(network, rng=rng())
    assert found.accounts.index.equals(network.account_ids)
    assert found.accounts["niche"].dtype == "Int64"
    assert found.accounts["niche"].isna().sum() == 5
    assert agreement(found.accounts["niche"], np.where(truth < 0, None, truth)) > 0.95
    assert found.accounts["niche"].value_counts().index.tolist() == [0, 1, 2]
    assert found.accounts["niche_confidence"].between(0.9, 1).sum() > 110
    assert found.stability.between(0.9, 1).all()
    assert found.scan["chosen"].sum() == 1
    assert found.missing is None


@pytest.mark.parametrize(("size", "degree"), [(300, 4), (1_000, 8)])
def test_where_all_is_chance_there_are_no_niches(size: int, degree: int) -> None:
    for seed in range(5):
        found = find_niches(at_random(size, degree, seed), rng=rng(seed))
        assert found.missing is not None
        assert found.missing.startswith("no niches")
        assert found.accounts.isna().all(axis=None)


def test_who_is_tied_to_anybody_alike_belongs_nowhere() -> None:
    network, truth = planted((60, 60, 60), isolated=20)
    draw, members = rng(4), np.flatnonzero(truth >= 0)
    strangers = np.repeat(np.flatnonzero(truth < 0), 30)
    ties = network.weights.tocoo()
    sources = np.concatenate([ties.row, strangers])
    targets = np.concatenate([ties.col, draw.choice(members, len(strangers))])
    found = find_niches(network_from_pairs(sources, targets, account_ids=network.account_ids), rng=rng())
    nowhere = found.accounts["niche"].isna().to_numpy()
    assert nowhere[truth < 0].mean() > 0.7
    assert nowhere[truth >= 0].mean() < 0.05


def test_equal_seeds_and_any_order_of_accounts_give_the_same_niches() -> None:
    network, _ = planted((30, 30, 30))
    found = find_niches(network, rng=rng())
    again = find_niches(network, rng=rng())
    pd.testing.assert_frame_equal(again.accounts, found.accounts)
    pd.testing.assert_frame_equal(again.shares, found.shares)
    order = rng(2).permutation(len(network.account_ids))
    ties, place = network.weights.tocoo(), np.argsort(order)
    moved = network_from_pairs(
        place[ties.row], place[ties.col], account_ids=network.account_ids[order], weights=ties.data
    )
    other = find_niches(moved, rng=rng())
    pd.testing.assert_frame_equal(other.accounts.loc[found.accounts.index], found.accounts)
    pd.testing.assert_series_equal(other.stability, found.stability)


def test_global_chance_is_left_alone() -> None:
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - the global state under test
    python, numpy = random.getstate(), str(np.random.get_state(legacy=False))  # noqa: NPY002
    find_niches(planted()[0], rng=rng())
    assert random.getstate() == python
    assert str(np.random.get_state(legacy=False)) == numpy  # noqa: NPY002


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (pairs(0, []), "nobody pays attention"),
        (pairs(1, []), "nobody pays attention"),
        (pairs(10_000, []), "nobody pays attention"),
        (pairs(2, [(0, 1)]), "no niches"),
        (pairs(30, list(itertools.permutations(range(30), 2))), "no niches"),
        (pairs(50, [(leaf, 0) for leaf in range(1, 50)]), "no niches"),
    ],
    ids=["nobody", "one", "isolated", "two", "clique", "star"],
)
def test_odd_networks_have_none_and_say_why(network: Network, reason: str) -> None:
    found = find_niches(network, rng=rng())
    assert reason in str(found.missing)
    assert found.accounts.isna().all(axis=None)
    assert found.accounts.index.equals(network.account_ids)
    assert found.shares.empty
    assert found.stability.empty


def test_small_niches_are_dissolved_and_a_given_resolution_is_taken() -> None:
    cliques = [*itertools.permutations(range(9), 2), *itertools.permutations(range(9, 14), 2)]
    kept = find_niches(pairs(15, cliques), rng=rng(), resolution=1.0)
    assert kept.accounts["niche"].value_counts().tolist() == [9, 5]
    large = find_niches(pairs(15, cliques), rng=rng(), resolution=1.0, smallest=6)
    assert large.accounts["niche"].value_counts().tolist() == [9]
    blurred = planted()[0]
    many, few = (
        find_niches(blurred, rng=rng(), resolution=size).accounts["niche"].nunique() for size in (4.0, 0.05)
    )
    assert few < 3 < many


def test_niches_at_a_given_resolution_may_be_put_to_the_test() -> None:
    nothing, there = at_random(500, 10, 1), planted()[0]
    given = {"resolution": 1.0, "rng": rng()}
    assert find_niches(nothing, **given).missing is None
    assert str(find_niches(nothing, tested=True, **given).missing).startswith("no niches")
    assert find_niches(there, tested=True, **given).missing is None


@pytest.mark.parametrize("options", [{"resolution": 0.0}, {"runs": 1}, {"smallest": 0}])
def test_bad_options_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="resolution must be positive, runs at least 2, smallest at least 1"):
        find_niches(pairs(2, [(0, 1)]), rng=rng(), **options)


def test_layers_about_different_accounts_are_refused() -> None:
    with pytest.raises(ValueError, match="same accounts"):
        find_niches({"one": pairs(2, [(0, 1)]), "other": pairs(3, [(0, 1)])}, rng=rng())
    with pytest.raises(ValueError, match="sparse matrix of 2 rows"):
        find_niches(pairs(2, [(0, 1)]), terms=csr_array((3, 1)), rng=rng())
    with pytest.raises(ValueError, match="at least one"):
        find_niches({}, rng=rng())


def test_terms_that_are_none_are_refused_or_left_out() -> None:
    network = pairs(4, [(0, 1), (2, 3)])
    for value in (np.nan, np.inf, -1.0):
        with pytest.raises(ValueError, match="finite and not negative"):
            find_niches(network, terms=csr_array(np.full((4, 1), value)), rng=rng())
    with pytest.raises(
        ValueError, match=r"sparse matrix of 4 rows, one per account, received \(4, 1\) in a ndarray"
    ):
        find_niches(network, terms=np.ones((4, 1)), rng=rng())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="topics is that of the terms"):
        find_niches({"topics": network}, terms=csr_array((4, 1)), rng=rng())
    with pytest.raises(ValueError, match="sparse matrix of 4 rows"):
        find_subniches(network, pd.Series(0, network.account_ids), terms=csr_array((3, 1)), rng=rng())
    stored = csr_array((np.zeros(4), ([0, 1, 2, 3], [0, 0, 0, 0])), shape=(4, 1))
    assert find_niches(network, terms=stored, rng=rng()).layers.index.tolist() == ["attention"]


@pytest.fixture(scope="module")
def uneven() -> World:
    """Niches of uneven sizes, and few ties inside of them."""
    settings = WorldSettings(
        accounts=2_500, reruns=2, niches=8, niche_skew=1.2, fame_follows=0.55, interest_follows=0.25
    )
    return make_world(settings, rng=rng(11))


def test_all_layers_together_find_what_follows_alone_do_not(uneven: World) -> None:
    data = uneven.data
    truth = uneven.members.set_index("account_id")["niche"].reindex(data.account_ids)
    layers = {"follow": follow_network(data), "engagement": engagement_network(data)}
    whole = find_niches(layers, terms=niche_names.term_uses(data), rng=rng())
    alone = find_niches(layers["follow"], rng=rng())
    assert whole.accounts["niche"].notna()[truth.notna()].mean() > 0.95
    assert agreement(whole.accounts["niche"], truth) > 0.9
    assert agreement(alone.accounts["niche"], truth) < 0.8
    assert set(whole.layers.index) == {"follow", "engagement", "topics"}


def test_a_layer_of_noise_gets_no_say(uneven: World) -> None:
    data = uneven.data
    follows, engagement = follow_network(data), engagement_network(data)
    ties = engagement.weights.tocoo()
    noise = network_from_pairs(ties.row, rng().permutation(ties.col), account_ids=data.account_ids)
    found = find_niches({"engagement": engagement, "follow": follows, "noise": noise}, rng=rng())
    assert found.layers.loc["noise", "share"] < 0.05
    assert found.layers.drop("noise")["share"].min() > 0.1


def test_confidence_is_how_often_one_is_right(uneven: World) -> None:
    data = uneven.data
    truth = uneven.members.set_index("account_id")["niche"].reindex(data.account_ids)
    layers = {"follow": follow_network(data), "engagement": engagement_network(data)}
    found = find_niches(layers, terms=niche_names.term_uses(data), rng=rng()).accounts[truth.notna()]
    own = truth[truth.notna()].groupby(found["niche"]).agg(lambda members: members.mode()[0])
    right = found["niche"].map(own) == truth[truth.notna()]
    sure, unsure = found["niche_confidence"] > 0.95, found["niche_confidence"] < 0.6
    assert right[sure].mean() > 0.95
    assert right[unsure].mean() < 0.9  # of some 60; below 0.6 confidence errs on the low side


def test_niches_inside_of_niches() -> None:
    circles, big = 8, 2  # of 15 people, four in each niche
    niche, circle = np.arange(120) // 60, np.arange(120) // 15
    draw = rng(5)
    sources = np.repeat(np.arange(120), 12)
    near = draw.random(len(sources))
    inside = circle[sources] * 15 + draw.integers(0, 15, len(sources))
    around = niche[sources] * 60 + draw.integers(0, 60, len(sources))
    targets = np.where(near < 0.5, inside, np.where(near < 0.97, around, draw.integers(0, 120, len(sources))))
    network = network_from_pairs(sources, targets, account_ids=pd.Index([f"a{n:03}" for n in range(120)]))
    within = find_subniches(network, pd.Series(niche, network.account_ids), rng=rng())
    assert within.name == "subniche"
    assert within.str.split(".").str[0].dropna().astype(int).eq(niche[within.notna()]).all()
    assert within.nunique() == circles
    assert agreement(within, circle) > 0.9
    assert find_niches(network, rng=rng(), resolution=0.5).accounts["niche"].nunique() == big


def test_shares_by_hand() -> None:
    # Six attend to two niches of three; ann, the first, pays three of her six ties to either.
    label = np.array([0, 0, 0, 1, 1, 1, 0], np.int32)
    sources = np.array([1, 2, 1, 4, 5, 4, *[6] * 6], np.int32)
    targets = np.array([2, 0, 0, 5, 3, 3, 0, 1, 2, 3, 4, 5], np.int32)
    layer = Layer(sources, targets, np.ones(12))
    found = attach([layer], np.ones(1), label, accounts=7)
    assert found.total.tolist() == [3, 3, 3, 3, 3, 3, 6]
    ann = found.account == 6
    assert found.ties[ann].tolist() == [3, 3]
    assert np.allclose(found.chance[ann], [0.5, 0.5])
    shares = membership_shares(found, names=np.array([0, 1]))
    assert shares.loc[shares["account"] == 3, ["niche", "share"]].to_numpy().tolist() == [[1, 1.0]]


def test_excess_by_hand() -> None:
    # Two of three ties lie inside; by chance (2/3 * 1/3 + 1/3 * 2/3) would.
    layer = Layer(np.array([0, 1, 2], np.int32), np.array([1, 2, 3], np.int32), np.ones(3))
    inside, chance, worth = excess(layer, np.array([0, 0, 1, 1], np.int32))
    assert (inside, worth) == (pytest.approx(2 / 3), pytest.approx(3))
    assert chance == pytest.approx(2 / 3 * 1 / 3 + 1 / 3 * 2 / 3)


def test_rewiring_keeps_what_everyone_pays_and_receives() -> None:
    ties = at_random(200, 6, 1).weights.tocoo()
    layer = Layer(ties.row.astype(np.int32), ties.col.astype(np.int32), np.ones(ties.nnz))
    other = rewired(layer, size=200, rng=rng())
    assert np.array_equal(np.bincount(other.sources), np.bincount(layer.sources))
    assert np.array_equal(np.bincount(other.targets), np.bincount(layer.targets))
    keys = other.sources.astype(np.int64) * 200 + other.targets
    assert len(np.unique(keys)) == len(keys)
    assert (other.sources != other.targets).all()
    assert (keys != layer.sources.astype(np.int64) * 200 + layer.targets).mean() > 0.5


def test_the_compiled_leiden_is_as_good_as_igraphs() -> None:
    import igraph

    for seed in range(5):
        random.seed(seed)
        graph = igraph.Graph.SBM((0.01 + 0.14 * np.eye(6)).tolist(), [30, 40, 50, 50, 60, 70])
        edges = np.array(graph.get_edgelist(), np.int32)
        both = np.concatenate([edges, edges[:, ::-1]])
        ties = tie_up([Layer(both[:, 0], both[:, 1], np.ones(len(both)))], np.ones(1), size=300)
        label = leiden(ties.indptr, ties.indices, ties.weights, ties.strengths, ties.signs, seed, 3)
        theirs = graph.community_leiden("modularity", n_iterations=3).modularity
        assert graph.modularity(label.tolist()) > theirs - 0.005


def test_every_niche_hangs_together() -> None:
    network = at_random(500, 2, 3)
    ties = network.weights.tocoo()
    layer = Layer(ties.row.astype(np.int32), ties.col.astype(np.int32), np.ones(ties.nnz))
    whole = tie_up([layer], np.ones(1), size=500)
    label = ensemble.find_partition(whole, resolution=1.0, seed=3)
    for niche in range(label.max() + 1):
        members = np.flatnonzero(label == niche)
        within = network.weights[members][:, members]
        assert connected_components(within, directed=False)[0] == 1


def test_parties_are_found_among_politicians(shared_data: Path) -> None:
    folder = shared_data / "timme_purep"
    follows = pd.read_csv(folder / "friend_list.tsv.gz", sep="\t", dtype=str, usecols=["src", "dst"])
    party = pd.read_csv(folder / "party_labels.tsv.gz", sep="\t", dtype=str, index_col="node")["party"]
    follows.columns = ["follower_id", "followed_id"]
    niche = find_niches(follow_network(from_tables(follows=follows)), rng=rng()).accounts["niche"]
    members = pd.crosstab(niche, party)
    assert members.max(axis=1).sum() / members.to_numpy().sum() > 0.9


@pytest.mark.parametrize(("accounts", "niches"), [(1, 1), (2, 2), (50, 4), (400, 300)])
def test_partitions_agree_as_the_adjusted_rand_index_says(accounts: int, niches: int) -> None:
    one, other = (rng(seed).integers(0, niches, accounts).astype(np.int32) for seed in (1, 2))
    mixed = np.where(rng(3).random(accounts) < 0.7, one, other)
    for labels in (other, mixed, one):
        assert ensemble.agreement(one, labels) == pytest.approx(partition_agreement(one, labels))


def test_a_pair_is_left_out_of_all_layers_and_both_ways() -> None:
    one, other = np.arange(2000, dtype=np.int32), np.arange(2000, 4000, dtype=np.int32)
    follow, like = Layer(one, other, np.ones(2000)), Layer(one[::2], other[::2], np.ones(1000))
    back = Layer(other, one, np.ones(2000))
    (_, out), (_, liked), (kept_back, out_back) = split([follow, like, back], share=0.1, rng=rng())
    assert 0.08 < len(out.weights) / 2000 < 0.12
    np.testing.assert_array_equal(out.sources, out_back.targets)
    np.testing.assert_array_equal(liked.sources, out.sources[out.sources % 2 == 0])
    assert len(kept_back.weights) + len(out_back.weights) == 2000
    assert not np.array_equal(split([follow], share=0.1, rng=rng(2))[0][1].sources, out.sources)


def test_fans_of_one_account_are_no_niche_because_they_follow_and_like_it() -> None:
    """Each follows ten of 200 accounts, those of its niche four times as often, and likes one in seven."""
    draw, people, sources, niches = rng(2), 4000, 200, 6
    niche, of = draw.integers(0, niches, people), draw.integers(0, niches, sources)
    weight = (draw.pareto(1.3, sources) + 1) * np.where(of == niche[:, None], 4, 1)
    followed = np.concatenate([draw.choice(sources, 10, replace=False, p=row / row.sum()) for row in weight])
    follower, liked = np.repeat(np.arange(people), 10), draw.random(10 * people) < 0.15
    times = 1 + draw.poisson(3, liked.sum())
    ids = pd.Index([f"a{number:05}" for number in range(people + sources)])
    layers = {
        "follow": network_from_pairs(follower, people + followed, account_ids=ids),
        "engagement": network_from_pairs(
            np.repeat(follower[liked], times), people + np.repeat(followed[liked], times), account_ids=ids
        ),
    }
    found = find_niches(layers, rng=rng())
    assert found.accounts["niche"].nunique() == niches
    known = found.accounts["niche"].iloc[:people].notna().to_numpy()
    assert known.mean() > 0.8
    assert agreement(found.accounts["niche"].iloc[:people][known], niche[known]) > 0.5


def test_it_is_said_why_nobody_has_a_niche_where_a_resolution_is_given() -> None:
    found = find_niches(at_random(300, 3, 1), resolution=1.0, smallest=301, rng=rng())
    assert found.accounts["niche"].isna().all()
    assert found.missing is not None
    assert found.missing.startswith("no niches: nobody's ties")
