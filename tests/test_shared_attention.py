"""Shared audiences: by hand, against scipy, on ties drawn at random, on planted ones, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from scipy.sparse import csr_array

from influgraph._network_shared import SharedPairs, find_shared_pairs
from influgraph._network_shared_kernels import upper_tail
from influgraph.dataset import from_tables
from influgraph.networks import (
    Network,
    co_audience_network,
    co_engagement_network,
    network_from_pairs,
    shared_attention,
)

ALL = 1.0  # every pair is kept that shares somebody
FIVE = pd.Index(["ann", "ben", "cem", "dia", "eva"])


def network_of(follows: NDArray[np.bool_]) -> Network:
    """Network in which followers (rows) come after those they follow (columns)."""
    follower, followed = np.nonzero(follows)
    ids = pd.RangeIndex(sum(follows.shape)).astype("str")
    return network_from_pairs(follower + follows.shape[1], followed, account_ids=ids)


def drawn(rows: int, columns: int, *, seed: int) -> NDArray[np.bool_]:
    """Ties at random among followers of very different activity and accounts of very different fame."""
    rng = np.random.default_rng(seed)
    odds = np.outer(rng.pareto(1.5, rows) + 0.1, rng.pareto(1.2, columns) + 0.1) / 60
    return rng.random((rows, columns)) < odds / (1 + odds)


def test_five_accounts_by_hand() -> None:
    """Dia and eva follow ann, ben and cem; whoever follows all of them says nothing of any two."""
    network = network_from_pairs([3, 3, 3, 4, 4, 4], [0, 1, 2, 0, 1, 2], account_ids=FIVE)
    found = find_shared_pairs(network.weights, q=ALL, budget=100)
    assert list(zip(found.first, found.second, found.shared, strict=True)) == [
        (0, 1, 2),
        (0, 2, 2),
        (1, 2, 2),
    ]
    assert np.allclose(found.expected, 2, atol=1e-2)
    assert (found.p_value > 0.99).all()
    assert shared_attention(network).tested == 3
    assert shared_attention(network).pairs.empty


def test_four_followers_by_hand() -> None:
    """Of four who follow two of four accounts each, half follow any: by chance two accounts share one."""
    follows = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]], bool)
    found = find_shared_pairs(network_of(follows).weights, q=ALL, budget=100)
    assert list(zip(found.first, found.second, found.shared, strict=True)) == [(0, 1, 2), (2, 3, 2)]
    assert np.allclose(found.expected, 1)
    assert np.allclose(found.p_value, 1 / 4)  # two trials, each at one half


def test_a_pair_that_shares_much_by_hand() -> None:
    follows = np.zeros((100, 12), bool)
    follows[:8, :2] = True
    follows[np.arange(8, 100), np.arange(92) % 10 + 2] = True
    follows[np.arange(8, 100), (np.arange(92) * 3 + 1) % 10 + 2] = True
    found = shared_attention(network_of(follows))
    row = found.pairs.iloc[0]
    assert (row["account_id"], row["other_id"], row["shared"]) == ("0", "1", 8)
    weights = found.network.weights.toarray()
    assert weights[0, 1] == weights[1, 0] == row["shared"] - row["expected"]
    assert (weights == weights.T).all()


@given(st.integers(1, 60), st.data())
@tries(max_examples=60, deadline=None)
def test_tail_is_scipys(trials: int, data: st.DataObject) -> None:
    chance = data.draw(st.floats(1e-6, 0.99))
    shared = data.draw(st.integers(0, trials))
    expected = stats.binom.sf(shared - 1, trials, chance) if shared > trials * chance else 1.0
    assert upper_tail(shared, trials, chance) == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_p_values_of_equally_active_followers_are_those_of_the_hypergeometric_test() -> None:
    rng = np.random.default_rng(5)
    rows, columns, each = 600, 40, 3
    follows = np.zeros((rows, columns), bool)
    for follower in range(rows):
        follows[follower, rng.choice(columns, each, replace=False)] = True
    found = find_shared_pairs(network_of(follows).weights, q=ALL, budget=10**6)
    size = follows.sum(axis=0)
    exact = stats.hypergeom.sf(found.shared - 1, rows, size[found.first], size[found.second])
    assert len(exact) > 100
    assert np.allclose(found.expected, size[found.first] * size[found.second] / rows)
    above = found.shared >= found.expected + 1
    assert (found.p_value[above] >= exact[above]).all()  # on the safe side
    assert np.median(found.p_value[above] / exact[above]) < 1.3


def test_what_is_found_is_what_a_dense_count_finds() -> None:
    follows = drawn(400, 60, seed=8)
    found = find_shared_pairs(network_of(follows).weights, q=ALL, budget=10**8)
    told = follows[follows.sum(axis=1) > 1].astype(int)
    shared = (told.T @ told)[found.first, found.second]
    assert (found.shared == shared).all()
    degrees = told.sum(axis=0)
    assert found.tested == np.count_nonzero(degrees) * (np.count_nonzero(degrees) - 1) / 2


@pytest.mark.parametrize("seed", [101, 102, 103])
def test_nothing_is_found_in_ties_at_random(seed: int) -> None:
    """Untouched seeds. Active followers make any two alike for a hypergeometric test."""
    follows = drawn(3000, 150, seed=seed)
    network = network_of(follows)
    assert len(shared_attention(network).pairs) <= 1
    found = find_shared_pairs(network.weights, q=ALL, budget=10**8)
    for level in (0.2, 0.05, 0.01):
        assert (found.p_value <= level).sum() <= 1.1 * level * found.tested
    size, told = follows.sum(axis=0), follows.astype(int)
    naive = stats.hypergeom.sf((told.T @ told) - 1, len(follows), size[:, None], size[None])
    assert (naive[np.triu_indices(150, 1)] <= 0.05).mean() > 0.1


def test_a_planted_shared_audience_is_found() -> None:
    rng = np.random.default_rng(104)
    follows = drawn(3000, 150, seed=104)
    fans, chosen = rng.choice(3000, 60, replace=False), np.sort(np.argsort(follows.sum(axis=0))[[60, 75, 90]])
    follows[np.ix_(fans, chosen)] |= rng.random((60, 3)) < 0.8
    pairs = shared_attention(network_of(follows)).pairs[["account_id", "other_id"]].astype(int)
    one, two, three = chosen.tolist()
    assert set(pairs.itertuples(index=False, name=None)) >= {(one, two), (one, three), (two, three)}
    assert len(pairs) <= 5


def test_the_order_of_accounts_says_nothing() -> None:
    follows = drawn(500, 80, seed=6)
    follows[:30, [3, 70]] = True
    order = np.random.default_rng(1).permutation(80)
    one, other = (
        find_shared_pairs(network_of(some).weights, q=0.3, budget=2_000)
        for some in (follows, follows[:, order])
    )

    def told(pairs: SharedPairs, names: NDArray[np.int64]) -> list[tuple[int, ...]]:
        return sorted(
            (*sorted((names[a], names[b])), n)
            for a, b, n in zip(pairs.first, pairs.second, pairs.shared, strict=True)
        )

    assert told(one, np.arange(80)) == told(other, order)
    assert one.left_out == other.left_out > 0


def test_one_huge_account_and_one_who_follows_everyone() -> None:
    size = 200_000
    codes = np.arange(1, size)
    sources = np.concatenate([codes, np.full(size - 2, 1), [5, 6, 7, 5, 6, 7]])
    targets = np.concatenate([np.zeros(size - 1, int), np.arange(2, size), [8, 8, 8, 9, 9, 9]])
    ids = pd.RangeIndex(size)
    found = shared_attention(network_from_pairs(sources, targets, account_ids=ids))
    assert found.left_out == 1
    assert found.pairs[["account_id", "other_id", "shared"]].to_numpy().tolist() in ([], [[8, 9, 3]])


def test_everyone_follows_everyone() -> None:
    found = shared_attention(network_of(np.ones((50, 9), bool)), q=0.9)
    assert (found.tested, len(found.pairs)) == (36, 0)


@pytest.mark.parametrize("pairs", [[], [(0, 1)], [(0, 1), (0, 2)], [(0, 1), (1, 0)]])
def test_too_little_to_share(pairs: list[tuple[int, int]]) -> None:
    sources, targets = np.array(pairs, int).reshape(-1, 2).T
    found = shared_attention(network_from_pairs(sources, targets, account_ids=FIVE))
    assert found.pairs.empty
    assert found.network.weights.nnz == 0


def test_networks_of_a_dataset() -> None:
    fans = [f"fan {number}" for number in range(40)]
    pairs = [(fan, target) for fan in fans[:10] for target in ("ann", "ben")]
    pairs += [
        (fan, target)
        for fan in fans[10:]
        for target in (f"star {int(fan[4:]) % 7}", f"sun {int(fan[4:]) % 5}")
    ]
    follower, followed = zip(*pairs, strict=True)
    acts = pd.DataFrame({"account_id": follower, "target_id": followed, "kind": "like"})
    follows = pd.DataFrame({"follower_id": follower, "followed_id": followed})
    data = from_tables(follows=follows, engagements=pd.concat([acts, acts]))
    place = data.account_ids.get_indexer(["ann", "ben"])
    audiences = co_audience_network(data).weights
    assert audiences[place[0], place[1]] > 7
    assert (audiences != co_engagement_network(data).weights).nnz == 0
    assert co_engagement_network(data, kinds=["reply"]).weights.nnz == 0
    with pytest.raises(ValueError, match="kinds must be among"):
        co_engagement_network(data, kinds=["lke"])


@pytest.mark.parametrize(
    ("options", "message"),
    [({"q": 0.0}, "q must lie"), ({"q": 1.0}, "q must lie"), ({"budget": 0}, "budget must")],
)
def test_refusals(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        shared_attention(network_from_pairs([1], [0], account_ids=FIVE), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(20))
def test_the_null_settles_on_awkward_degrees(seed: int) -> None:
    rng = np.random.default_rng(seed)
    follows = rng.random((rng.integers(2, 40), rng.integers(2, 40))) < rng.beta(0.3, 1)
    follows[0], follows[:, 0] = True, True
    found = find_shared_pairs(csr_array(follows.astype(float)), q=ALL, budget=10**6)
    assert np.isfinite(found.p_value).all()
