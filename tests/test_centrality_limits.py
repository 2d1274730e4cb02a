"""Measures at the edges of what numbers can hold: tiny and huge weights, dampings near 1, transients."""

import numpy as np
import pandas as pd
import pytest

from influgraph import centrality
from influgraph.networks import Network, network_from_pairs

PAIRS = ([0, 1, 2, 3, 3], [1, 2, 0, 0, 1])
WEIGHTS = np.array([1, 2, 3, 1, 2.0])


def weighed(factor: float) -> Network:
    return network_from_pairs(*PAIRS, account_ids=pd.Index(list("abcd")), weights=WEIGHTS * factor)


@pytest.mark.parametrize("factor", [1e-220, 1e-110, 1e-45, 1e50, 1e200])
def test_what_is_free_of_scale_does_not_change_with_the_unit_of_weights(factor: float) -> None:
    plain, scaled = weighed(1.0), weighed(factor)
    niche = pd.Series([0, 0, 1, 1], plain.account_ids)
    for found, wanted in [
        (measure(scaled), measure(plain))
        for measure in (
            centrality.pagerank,
            lambda n: centrality.personalised_pagerank(n, ["a"], tolerance=1e-6),
            lambda n: centrality.personalised_pagerank(n, ["a"]),
            lambda n: centrality.topic_pagerank(n, niche),
            centrality.hits,
            centrality.eigenvector,
            lambda n: centrality.participation_coefficient(n, niche),
            lambda n: centrality.within_niche_z(n, niche),
        )
    ]:
        np.testing.assert_allclose(found.to_numpy(float), wanted.to_numpy(float), rtol=1e-5, atol=1e-6)


def test_weights_of_very_different_sizes_do_not_leave_single_precision_behind() -> None:
    """Engagements that a half-life of a day leaves over from half a year ago."""
    pairs = [0, 1, 2, 3], [1, 0, 3, 2]
    network = network_from_pairs(*pairs, account_ids=pd.Index(list("abcd")), weights=[1, 1, 1e-45, 1e-60])
    assert centrality.pagerank(network).tolist() == pytest.approx([0.25] * 4)
    found = centrality.personalised_pagerank(network, ["c"], tolerance=1e-6)["c"]
    assert found.tolist() == pytest.approx([0, 0, 1 / 1.85, 0.85 / 1.85], abs=1e-6)


@pytest.mark.parametrize("damping", [0.99, 0.999, 0.9999])
def test_a_damping_near_one_takes_longer_and_settles(damping: float) -> None:
    ids = pd.RangeIndex(6)
    network = network_from_pairs(range(6), [1, 2, 3, 4, 5, 0], account_ids=ids)
    found = centrality.personalised_pagerank(network, [0], damping=damping, tolerance=1e-4)[0]
    exact = damping ** np.arange(6)
    np.testing.assert_allclose(found, exact / exact.sum(), atol=1e-4)
    assert centrality.pagerank(network, damping=damping).tolist() == pytest.approx([1 / 6] * 6)


def test_a_damping_too_near_one_is_given_up_with_what_is_left() -> None:
    star = network_from_pairs([0, 1, 2, 3], [1, 0, 0, 0], account_ids=pd.RangeIndex(4))
    with pytest.raises(ArithmeticError, match=r"in 100,000 steps, .* is left: .*damping too near 1"):
        centrality.pagerank(star, damping=1 - 1e-9)


@pytest.mark.parametrize("tolerance", [np.inf, 100, 1, 0, -1, np.nan])
def test_a_tolerance_that_tells_nothing_is_refused(tolerance: float) -> None:
    with pytest.raises(ValueError, match="tolerance must be positive and below 1"):
        centrality.pagerank(weighed(1.0), tolerance=tolerance)
    with pytest.raises(ValueError, match=r"^tolerance must be positive and below 1"):
        centrality.katz(weighed(1.0), tolerance=tolerance)


def test_katz_does_not_take_a_part_that_dies_out_for_the_whole() -> None:
    network = network_from_pairs(
        [0, 2, 3], [1, 3, 2], account_ids=pd.Index(list("abcd")), weights=[1e15, 1.2, 1.2]
    )
    with pytest.raises(ArithmeticError, match="katz did not converge"):
        centrality.katz(network, attenuation=0.9)
    assert centrality.katz(network, attenuation=0.5)["b"] == pytest.approx(1 + 5e14)


def test_accounts_outside_of_the_largest_part_have_exactly_nothing() -> None:
    pairs = [0, 1, 1, 2, 2, 0, 3, 4], [1, 0, 2, 1, 0, 2, 4, 3]
    network = network_from_pairs(*pairs, account_ids=pd.Index(list("abcde")))
    assert centrality.eigenvector(network).tolist() == pytest.approx([1 / 3] * 3 + [0, 0], abs=0)
    assert centrality.hits(network)["authority"].tolist()[3:] == [0, 0]


def test_whole_numbers_are_asked_for_and_sources_that_are_given_are_drawn() -> None:
    network, rng = weighed(1.0), np.random.default_rng(1)
    for call in (
        lambda: centrality.collective_influence(network, radius=1.5),  # type: ignore[arg-type]
        lambda: centrality.voterank(network, elected=2.5),  # type: ignore[arg-type]
        lambda: centrality.betweenness(network, rng=rng, sources=1.5),  # type: ignore[arg-type]
    ):
        with pytest.raises(ValueError, match="must be a whole number of at least 1"):
            call()
    one = {tuple(centrality.betweenness(network, rng=rng, sources=1)) for _ in range(30)}
    assert len(one) > 1
