"""Networks: by hand, against a plain dictionary, there and back, and what is refused."""

from collections import Counter
from typing import Any

import igraph
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from influgraph.dataset import Dataset, from_tables
from influgraph.networks import (
    Network,
    engagement_network,
    follow_network,
    from_igraph,
    from_networkx,
    network_from_pairs,
)

FIVE = pd.Index(["ann", "ben", "cem", "dia", "eva"])
PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.sampled_from([0.0, 0.5, 1.0, 7.0])))


def equal(one: Network, other: Network) -> bool:
    """Say whether ids, order, direction and weights are the same."""
    same_ids = one.account_ids.tolist() == other.account_ids.tolist()
    return same_ids and np.array_equal(one.weights.toarray(), other.weights.toarray())


def zoo() -> list[Network]:
    """Some tiny networks with everything that breaks converters: isolated accounts, nobody, odd ids."""
    odd = pd.Index(["007", "NA", "=CMD()", "line\nbreak", "🎉"])
    return [
        network_from_pairs([], [], account_ids=pd.Index([], dtype=str)),
        network_from_pairs([], [], account_ids=FIVE[:1]),
        network_from_pairs([], [], account_ids=FIVE),
        network_from_pairs([1, 2], [0, 0], account_ids=FIVE),
        network_from_pairs([0, 1, 3], [1, 0, 4], account_ids=odd, weights=[0.25, 3, 1e-9]),
    ]


def acts() -> Dataset:
    """Return acts of two kinds, ten days apart, one without a time and one towards nobody."""
    return from_tables(
        accounts=pd.DataFrame({"account_id": FIVE}),
        engagements=pd.DataFrame(
            {
                "account_id": ["ben", "ben", "cem", "cem", "dia", "eva"],
                "target_id": ["ann", "ann", "ann", "ben", "ann", None],
                "kind": ["like", "reply", "like", "like", "like", "purchase"],
                "created_at": ["2024-01-01", "2024-01-11", "2024-01-11", None, "2023-12-22", "2024-01-11"],
                "weight": [1.0, 2.0, 1.0, 1.0, 8.0, 1.0],
            }
        ),
    )


def test_pairs_by_hand() -> None:
    network = network_from_pairs([3, 1, 1, 2, 1], [0, 2, 0, 2, 0], account_ids=FIVE)
    assert network.weights.toarray().tolist() == [
        [0, 0, 0, 0, 0],
        [1, 0, 1, 0, 0],
        [0, 0, 0, 0, 0],
        [1, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]


@given(PAIRS, st.sampled_from([np.int8, np.int64, np.uint16]))
@settings(max_examples=60, deadline=None)
def test_pairs_are_what_a_dictionary_counts(pairs: list[tuple[int, int, float]], dtype: type) -> None:
    sources, targets, amounts = (np.array([pair[part] for pair in pairs]) for part in range(3))
    sources, targets = sources.astype(dtype), targets.astype(dtype)
    summed: Counter[tuple[int, int]] = Counter()
    for source, target, amount in pairs:
        summed[source, target] += amount  # type: ignore[assignment]
    expected = {pair: amount for pair, amount in summed.items() if amount and pair[0] != pair[1]}
    ids = pd.Index(list("abcdefg"))
    weighted = network_from_pairs(sources, targets, account_ids=ids, weights=amounts).weights
    assert dict(weighted.todok().items()) == expected
    plain = network_from_pairs(sources, targets, account_ids=ids).weights
    assert dict(plain.todok().items()) == {pair: 1.0 for pair in summed if pair[0] != pair[1]}
    for matrix in (weighted, plain):
        rebuilt = csr_array((matrix.data, matrix.indices, matrix.indptr), shape=matrix.shape)
        assert rebuilt.has_canonical_format
        assert (matrix.indices.dtype, matrix.indptr.dtype, matrix.dtype) == (np.int32, np.int32, np.float64)


def test_many_random_pairs_equal_scipy() -> None:
    rng = np.random.default_rng(3)
    sources, targets = rng.zipf(1.5, (2, 50_000)) % 2_000
    amounts = rng.random(50_000)
    expected = csr_array((amounts, (sources, targets)), shape=(2_000, 2_000))
    expected.setdiag(0)
    network = network_from_pairs(sources, targets, account_ids=pd.RangeIndex(2_000), weights=amounts)
    assert abs(network.weights - expected).max() < 1e-9
    shuffled = rng.permutation(50_000)
    plain = network_from_pairs(sources, targets, account_ids=pd.RangeIndex(2_000)).weights
    again = network_from_pairs(sources[shuffled], targets[shuffled], account_ids=pd.RangeIndex(2_000)).weights
    assert (plain != again).nnz == 0


def test_input_is_left_alone_and_may_be_a_read_only_view() -> None:
    table = np.array([[1, 0], [2, 0], [2, 0]])
    amounts = np.array([1.0, 2.0, 3.0])
    table.flags.writeable = amounts.flags.writeable = False
    network = network_from_pairs(table[:, 0], table[:, 1], account_ids=FIVE, weights=amounts)
    assert network.weights[[1, 2], [0, 0]].tolist() == [1.0, 5.0]
    assert table.tolist() == [[1, 0], [2, 0], [2, 0]]


@pytest.mark.parametrize(
    ("sources", "targets", "weights", "message"),
    [
        ([0, 5], [1, 1], None, "source_codes must lie from 0 to 4 .* received 0 to 5"),
        ([0, 1], [1, -1], None, "target_codes must lie from 0 to 4 .* received -1 to 1"),
        ([0.0, 1.0], [1, 2], None, "source_codes must be one row of whole numbers, received float64"),
        ([[0, 1]], [1, 2], None, "source_codes must be one row"),
        ([0, 1], [1], None, "equally long, received .2, 1."),
        ([0, 1], [1, 2], [1.0], "equally long, received .2, 2, 1."),
        ([0, 1], [1, 2], [1.0, np.nan], "weights .* at least 0, received .nan."),
        ([0, 1], [1, 2], [-3.0, 1.0], "weights .* at least 0, received .-3.0."),
        ([0, 1], [1, 2], [np.inf, 1.0], "weights .* at least 0, received .inf."),
    ],
)
def test_bad_pairs_are_refused(
    sources: ArrayLike, targets: ArrayLike, weights: ArrayLike | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        network_from_pairs(sources, targets, account_ids=FIVE, weights=weights)


@pytest.mark.parametrize(
    ("ids", "matrix", "message"),
    [
        (["a", "a"], csr_array((2, 2)), "unique"),
        (["a", "b"], csr_array((3, 3)), "shape"),
        (["a", "b"], csr_array((2, 2), dtype=np.int64), "float64"),
        (["a", "b"], csr_array(np.eye(2)), "empty diagonal"),
        (["a", "b"], csr_array([[0.0, -1.0], [0.0, 0.0]]), "positive"),
        (["a", "b"], csr_array(([1.0, 1.0], [1, 1], [0, 2, 2]), shape=(2, 2)), "no duplicates"),
    ],
)
def test_a_network_refuses_what_would_corrupt_measures(
    ids: list[str], matrix: csr_array, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Network(pd.Index(ids), matrix)


def test_follow_network_by_hand() -> None:
    follows = pd.DataFrame(
        {
            "follower_id": ["ben", "cem", "cem", "ben", "dia"],
            "followed_id": ["ann", "ann", "ben", "ann", "dia"],
        }
    )
    network = follow_network(from_tables(accounts=pd.DataFrame({"account_id": FIVE}), follows=follows))
    assert network.account_ids.tolist() == FIVE.tolist()
    assert dict(network.weights.todok().items()) == {(1, 0): 1.0, (2, 0): 1.0, (2, 1): 1.0}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {(1, 0): 3.0, (2, 0): 1.0, (2, 1): 1.0, (3, 0): 8.0}),
        ({"kinds": ["reply"]}, {(1, 0): 2.0}),
        ({"kinds": ["quote"]}, {}),
        ({"weights": {"like": 0.5}}, {(1, 0): 2.5, (2, 0): 0.5, (2, 1): 0.5, (3, 0): 4.0}),
        (
            {"kinds": ["like"], "weights": {"like": 2, "reply": 9}},
            {(1, 0): 2, (2, 0): 2, (2, 1): 2, (3, 0): 16},
        ),
        ({"half_life": "10D"}, {(1, 0): 2.5, (2, 0): 1.0, (2, 1): 1.0, (3, 0): 2.0}),
    ],
)
def test_engagement_network_by_hand(options: dict[str, Any], expected: dict[tuple[int, int], float]) -> None:
    assert dict(engagement_network(acts(), **options).weights.todok().items()) == expected


def test_engagement_network_counts_reposts_that_only_posts_tell_of() -> None:
    posts = pd.DataFrame(
        {"post_id": ["p", "q"], "author_id": ["ann", "ben"], "text": ["x", None], "repost_of": [None, "p"]}
    )
    network = engagement_network(from_tables(accounts=pd.DataFrame({"account_id": FIVE}), posts=posts))
    assert dict(network.weights.todok().items()) == {(1, 0): 1.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kinds": ["repsot"]}, "kinds must be among .*repost.*; received repsot"),
        ({"weights": {"liek": 2.0}}, "weights must be among .*; received liek"),
        ({"weights": {"like": -1.0}}, "at least 0"),
        ({"half_life": "-3D"}, "half_life must be a positive duration"),
        ({"half_life": "NaT"}, "half_life must be a positive duration"),
    ],
)
def test_engagement_network_refuses(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        engagement_network(acts(), **options)


def test_there_and_back_keeps_ids_direction_weights_and_isolated_accounts() -> None:
    for network in zoo():
        assert equal(from_networkx(network.to_networkx()), network)
        assert equal(from_igraph(network.to_igraph()), network)


def test_edges_of_other_graphs() -> None:
    parallel = nx.MultiDiGraph([("b", "a", {"weight": 2}), ("b", "a", {}), ("a", "a", {})])
    assert from_networkx(parallel).weights.toarray().tolist() == [[0, 3], [0, 0]]
    assert from_networkx(nx.Graph([(1, 2)])).weights.toarray().tolist() == [[0, 1], [1, 0]]
    assert from_networkx(nx.DiGraph([((0, 1), (2, 3))])).account_ids.tolist() == [(0, 1), (2, 3)]
    undirected = igraph.Graph([(0, 1), (0, 1), (2, 2)])
    assert from_igraph(undirected).weights.toarray().tolist() == [[0, 2, 0], [2, 0, 0], [0, 0, 0]]
    with pytest.raises(ValueError, match="at least 0"):
        from_networkx(nx.DiGraph([("a", "b", {"weight": -1})]))
