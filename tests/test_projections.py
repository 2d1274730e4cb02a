"""Shared audiences: by counting, under chance that keeps activity, and with planted circles."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy.stats import poisson

from influgraph import _projections_kernels, projections
from influgraph.dataset import from_tables
from influgraph.networks import Network, network_from_pairs


def chance_network(seed: int, *, planted: int = 0) -> Network:
    """Return 1,500 followers of 200 accounts, unequally active and famous; a circle may like ten accounts."""
    rng = np.random.default_rng(seed)
    active, fame = rng.pareto(1.5, 1_500) + 0.2, rng.pareto(1.2, 200) + 0.2
    odds = np.outer(active, fame) / 40
    follows = rng.random(odds.shape) < odds / (1 + odds)
    follows[0] = True  # one who follows everybody
    follows[:, 0] = True  # one whom everybody follows
    follows[100 : 100 + planted, 10:20] |= rng.random((planted, 10)) < 0.9
    follower, followed = np.nonzero(follows)
    ids = pd.RangeIndex(1_700).astype(str)
    return network_from_pairs(follower + 200, followed, account_ids=ids)


def test_the_tail_is_that_of_scipy() -> None:
    for shared, expected in [(1, 0.01), (5, 1.0), (50, 20.0), (900, 700.0), (40, 1e-4)]:
        assert _projections_kernels.tail(shared, expected) == pytest.approx(poisson.sf(shared - 1, expected))


def test_chance_that_keeps_activity_ties_hardly_anybody() -> None:
    found = [len(projections.co_audience_links(chance_network(seed))) for seed in range(100, 104)]
    assert np.mean(np.array(found) > 0) <= 0.25


def test_a_planted_circle_is_found_whole_and_counted_right() -> None:
    network = chance_network(7, planted=150)
    links = projections.co_audience_links(network)
    circle = {str(code) for code in range(10, 20)}
    inside = links["account_id"].isin(circle) & links["other_id"].isin(circle)
    assert inside.sum() >= 40
    assert (~inside).mean() <= 0.1
    audience = network.weights.toarray()[:, :200]
    together = audience.T @ audience
    for row in links.head(20).itertuples():
        assert row.shared == together[int(row.account_id), int(row.other_id)]
    assert links["q_value"].is_monotonic_increasing
    tied = projections.links_network(links, account_ids=network.account_ids)
    assert tied.weights.nnz == 2 * len(links)


def test_false_discoveries_are_controlled_as_by_all_p_values() -> None:
    network = chance_network(8, planted=150)
    few, many = (projections.co_audience_links(network, level=level) for level in (0.01, 0.5))
    again = many[many["q_value"] <= 0.01].reset_index(drop=True)
    pd.testing.assert_frame_equal(few[["account_id", "other_id"]], again[["account_id", "other_id"]])


def test_acts_on_the_same_posts() -> None:
    rng = np.random.default_rng(3)
    account, post = rng.integers(0, 60, 1_500), rng.integers(0, 300, 1_500)
    squad = np.repeat(["s1", "s2", "s3"], 40)
    acts = pd.DataFrame(
        {
            "account_id": [*(f"a{code}" for code in account), *squad],
            "post_id": [*(f"p{code}" for code in post), *(f"p{code}" for code in [*range(40)] * 3)],
            "kind": "repost",
        }
    )
    posts = pd.DataFrame({"post_id": [f"p{code}" for code in range(300)], "author_id": "star"})
    data = from_tables(posts=posts, engagements=acts)
    links = projections.co_engagement_links(data)
    assert {"s1", "s2", "s3"} == {*links["account_id"], *links["other_id"]}
    assert (links["shared"] == 40).all()
    assert projections.co_engagement_links(data, kinds=["like"]).empty


@pytest.mark.parametrize("options", [{"level": 0.0}, {"fewest": 0}, {"busiest": 0}])
def test_refusals(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="level must lie above 0"):
        projections.co_audience_links(chance_network(1), **options)


def test_nobody_and_nothing() -> None:
    nobody = network_from_pairs([], [], account_ids=pd.Index([], dtype=str))
    assert projections.co_audience_links(nobody).columns.tolist() == list(projections.COLUMNS)


def test_an_account_of_a_million_followers_costs_memory_by_pairs_only() -> None:
    crowd = np.arange(1_000, 1_001_000)
    circle, some = np.tile(crowd[:20], 10), np.random.default_rng(9).choice(crowd, 20_000)
    sources = np.concatenate([crowd, circle, some])
    targets = np.concatenate([0 * crowd, np.repeat(np.arange(1, 11), 20), 11 + np.arange(20_000) % 989])
    network = network_from_pairs(sources, targets, account_ids=pd.RangeIndex(1_001_000))
    tracemalloc.start()
    try:
        links = projections.co_audience_links(network)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 400e6  # a matrix of pairs of followers would take terabytes
    assert len(links) == 45  # the ten with one audience
    assert links["account_id"].between(1, 10).all()
