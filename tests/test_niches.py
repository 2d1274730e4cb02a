"""Niches: planted ones recovered, odd networks survived, chance and order without effect."""

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from influgraph.dataset import from_tables
from influgraph.networks import Network, follow_network, network_from_pairs
from influgraph.niches import _number_by_size, _shared_company, find_niches
from influgraph.synthetic import WorldSettings, make_world
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


def pairs(size: int, ties: list[tuple[int, int]]) -> Network:
    sources, targets = zip(*ties, strict=True) if ties else ((), ())
    return network_from_pairs(sources, targets, account_ids=pd.RangeIndex(size).astype(str))


def test_planted_niches_are_found_numbered_by_size_and_sure() -> None:
    network, truth = planted()
    found = find_niches(network, rng=rng())
    assert found.index.equals(network.account_ids)
    assert found["niche"].dtype == "Int64"
    assert found["niche"].isna().sum() == 5
    assert partition_agreement(found["niche"], np.where(truth < 0, None, truth)) > 0.95
    sizes = found["niche"].value_counts()
    assert sizes.index.tolist() == [0, 1, 2]
    assert found["niche_confidence"].between(0.9, 1).sum() == 120


def test_blurred_niches_are_less_sure() -> None:
    noise = network_from_pairs(*rng(8).integers(0, 150, (2, 600)), account_ids=pd.RangeIndex(150).astype(str))
    sure = find_niches(planted()[0], rng=rng())["niche_confidence"].mean()
    unsure = find_niches(noise, rng=rng())["niche_confidence"]
    assert unsure.between(0, 1).all()
    assert unsure.mean() < 0.7 < sure


def test_equal_seeds_and_any_order_of_accounts_give_the_same_niches() -> None:
    network, _ = planted((30, 30, 30))
    found = find_niches(network, rng=rng())
    pd.testing.assert_frame_equal(find_niches(network, rng=rng()), found)
    order = rng(2).permutation(len(network.account_ids))
    ties = network.weights.tocoo()
    place = np.argsort(order)
    moved = network_from_pairs(
        place[ties.row], place[ties.col], account_ids=network.account_ids[order], weights=ties.data
    )
    again = find_niches(moved, rng=rng())
    pd.testing.assert_frame_equal(again.loc[found.index], found)


def test_direction_does_not_matter_and_weight_does() -> None:
    square = [(0, 1), (1, 2), (2, 3), (3, 0)]
    one = find_niches(pairs(4, square), rng=rng(), smallest=1)
    other = find_niches(pairs(4, [(b, a) for a, b in square]), rng=rng(), smallest=1)
    pd.testing.assert_frame_equal(one, other)
    for weights, together in (([9, 1, 9, 1], ["ab", "cd"]), ([1, 9, 1, 9], ["ad", "bc"])):
        heavy = network_from_pairs(
            *zip(*square, strict=True), account_ids=pd.Index(list("abcd")), weights=weights
        )
        niche = find_niches(heavy, rng=rng(), smallest=1)["niche"]
        assert sorted("".join(members) for members in niche.groupby(niche).groups.values()) == together


def test_global_chance_is_left_alone() -> None:
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - the global state under test
    python, numpy = random.getstate(), str(np.random.get_state(legacy=False))  # noqa: NPY002
    find_niches(planted()[0], rng=rng())
    assert random.getstate() == python
    assert str(np.random.get_state(legacy=False)) == numpy  # noqa: NPY002


@pytest.mark.parametrize(
    ("network", "sizes"),
    [
        (pairs(0, []), []),
        (pairs(1, []), []),
        (pairs(10_000, []), []),
        (pairs(2, [(0, 1)]), []),
        (pairs(6, [(a, b) for a in range(6) for b in range(6)]), [6]),
        (pairs(9, [(leaf, 0) for leaf in range(1, 9)]), [9]),
        (pairs(10, [(0, 1), (1, 2), (2, 0), (5, 6), (6, 7), (7, 5), (7, 8)]), [4, 3]),
    ],
    ids=["nobody", "one", "isolated", "two", "clique", "star", "pieces"],
)
def test_odd_networks(network: Network, sizes: list[int]) -> None:
    found = find_niches(network, rng=rng())
    assert found["niche"].value_counts().tolist() == sizes
    assert (found["niche"].isna() == found["niche_confidence"].isna()).all()
    assert found["niche_confidence"].dropna().eq(1).all()


def test_small_niches_are_dissolved() -> None:
    network = pairs(8, [(0, 1), (1, 2), (2, 0), (5, 6)])
    assert find_niches(network, rng=rng(), smallest=2)["niche"].value_counts().tolist() == [3, 2]
    assert find_niches(network, rng=rng(), smallest=4)["niche"].isna().all()


def test_resolution_makes_more_niches() -> None:
    network, _ = planted()
    many, few = (find_niches(network, rng=rng(), resolution=size)["niche"].nunique() for size in (4.0, 0.1))
    assert few < 3 < many


def test_one_run_has_no_confidence() -> None:
    found = find_niches(planted()[0], rng=rng(), runs=1)
    assert found["niche"].notna().sum() == 120
    assert found["niche_confidence"].isna().all()


@pytest.mark.parametrize("options", [{"resolution": 0.0}, {"runs": 0}, {"smallest": 0}])
def test_bad_options_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="resolution must be positive, runs and smallest at least 1"):
        find_niches(pairs(2, [(0, 1)]), rng=rng(), **options)


def test_confidence_by_hand() -> None:
    # ann is with ben and cem here, with ben and dia there: of her three companions one is in both.
    chosen, other = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 0, 1])
    expected = np.array([1 / 3, 1 / 3, 0, 0, 0])
    np.testing.assert_allclose(_shared_company(chosen, [other]), expected)
    np.testing.assert_allclose(_shared_company(chosen, [other, chosen]), (expected + 1) / 2)


def test_numbers_by_hand() -> None:
    labels = np.array([7, 5, 5, 7, 3, 5, 2, 2])
    assert _number_by_size(labels, 2).tolist() == [1, 0, 0, 1, -1, 0, 2, 2]


def test_the_niches_of_a_planted_world_are_found() -> None:
    world = make_world(WorldSettings(accounts=1_200, reruns=2), rng=rng())
    network = follow_network(world.data)
    found = find_niches(network, rng=rng())
    truth = world.members.set_index("account_id")["niche"].reindex(world.data.account_ids)
    agreement = partition_agreement(found["niche"].astype(object).where(found["niche"].notna(), None), truth)
    assert agreement > 0.75


def test_parties_are_found_among_politicians(shared_data: Path) -> None:
    folder = shared_data / "timme_purep"
    follows = pd.read_csv(folder / "friend_list.tsv.gz", sep="\t", dtype=str, usecols=["src", "dst"])
    party = pd.read_csv(folder / "party_labels.tsv.gz", sep="\t", dtype=str, index_col="node")["party"]
    follows.columns = ["follower_id", "followed_id"]
    niche = find_niches(follow_network(from_tables(follows=follows)), rng=rng())["niche"]
    members = pd.crosstab(niche, party)
    # Two niches of one party each; a small third one, of both, is no mistake of either.
    assert set(members.loc[[0, 1]].idxmax(axis=1)) == {"D", "R"}
    assert members.loc[[0, 1]].max(axis=1).sum() / members.loc[[0, 1]].to_numpy().sum() > 0.95
