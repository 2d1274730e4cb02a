"""Attention described: per post, drawn to what is usual; and influence against passivity."""

import numpy as np
import pandas as pd
import pytest

from influgraph.influence import attention
from influgraph.networks import Network, network_from_pairs

IDS = pd.Index(["ann", "ben", "cem", "dia", "eva"])


def _counts(posts: object, received: object) -> pd.DataFrame:
    return pd.DataFrame({"posts": posts, "engagements_received": received}).astype("Int64")


def test_few_posts_are_drawn_to_what_is_usual_and_many_stay() -> None:
    rng = np.random.default_rng(7)
    rate = rng.gamma(4, 0.5, 400)
    posts = np.r_[np.full(200, 1), np.full(200, 100)]
    found = attention.attention_per_post(_counts(posts, rng.poisson(rate * posts)))
    raw = rng.poisson(rate * posts) / posts
    error = (found["attention_per_post"] - rate).abs()
    assert error[:200].mean() < 0.8 * np.abs(raw - rate)[:200].mean()
    assert error[200:].mean() < 0.15
    covered = found["attention_per_post_low"].le(rate) & found["attention_per_post_high"].ge(rate)
    assert 0.86 < covered.mean() < 0.94


def test_who_has_no_post_or_nothing_to_compare_is_null() -> None:
    found = attention.attention_per_post(_counts([5, 0, None], [10, 3, 2]))
    assert found["attention_per_post"].notna().tolist() == [True, False, False]
    assert attention.attention_per_post(_counts([5, 5], [0, 0])).isna().all(axis=None)
    unknown = attention.attention_per_post(_counts([None] * 3, [10, 20, 30]))
    assert unknown["attention_per_post"].is_monotonic_increasing
    assert unknown.notna().all(axis=None)


def _by_the_paper(acts: Network, posts: int) -> tuple[np.ndarray, np.ndarray]:
    """Algorithm 1 of Romero et al. in plain loops: w[i, j] is the share of i's posts that j took up."""
    size = len(acts.account_ids)
    w = acts.weights.toarray().T / posts
    edge = w > 0
    influence = passivity = np.ones(size)
    for _ in range(500):
        fresh = np.zeros(size)
        for i in range(size):
            for j in np.flatnonzero(edge[:, i]):
                fresh[i] += (1 - w[j, i]) / (1 - w[j])[edge[j]].sum() * influence[j]
        passivity = fresh / fresh.sum()
        fresh = np.zeros(size)
        for i in range(size):
            for j in np.flatnonzero(edge[i]):
                fresh[i] += w[i, j] / w[:, j].sum() * passivity[j]
        influence = fresh / fresh.sum()
    return influence, passivity


@pytest.mark.parametrize("seed", range(3))
def test_influence_and_passivity_are_those_of_the_paper(seed: int) -> None:
    rng = np.random.default_rng(seed)
    engager, author = np.nonzero((rng.random((12, 12)) < 0.35) & ~np.eye(12, dtype=bool))
    ids = pd.Index([f"a{number}" for number in range(12)])
    acts = network_from_pairs(engager, author, account_ids=ids, weights=rng.integers(1, 8, len(engager)))
    found = attention.influence_passivity(acts, posts=pd.Series(10, index=ids))
    influence, passivity = _by_the_paper(acts, 10)
    np.testing.assert_allclose(found["ip_influence"], influence, atol=1e-6)
    np.testing.assert_allclose(found["passivity"], passivity, atol=1e-6)


def test_who_moves_the_passive_counts_more_than_who_moves_the_eager() -> None:
    """Eva takes up all there is, dia only something of ann's."""
    acts = network_from_pairs([3, 4, 4, 4], [0, 0, 1, 2], account_ids=IDS, weights=[1, 9, 9, 9])
    found = attention.influence_passivity(acts, posts=pd.Series(10, index=IDS))
    assert found["ip_influence"].idxmax() == "ann"
    assert found["passivity"].idxmax() == "dia"
    np.testing.assert_allclose(found.sum(), 1)


def test_degenerate_networks_have_an_answer() -> None:
    nobody = attention.influence_passivity(
        network_from_pairs([], [], account_ids=IDS), posts=pd.Series(1, index=IDS)
    )
    assert (nobody == 0).all(axis=None)
    everything = network_from_pairs([1, 2], [0, 0], account_ids=IDS)
    found = attention.influence_passivity(everything, posts=pd.Series(pd.NA, index=IDS, dtype="Int64"))
    assert found["ip_influence"].tolist() == [1, 0, 0, 0, 0]
    with pytest.raises(ValueError, match="posts: must be indexed by the accounts of the network"):
        attention.influence_passivity(everything, posts=pd.Series(1, index=["ann"]))
