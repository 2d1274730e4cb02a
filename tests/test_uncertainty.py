"""Rank intervals and the agreement of partitions: by hand, by law, by reference, and their coverage."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import adjusted_rand_score

from influgraph import uncertainty
from influgraph.uncertainty import partition_agreement, rank_intervals

VALUES = arrays(np.int64, st.tuples(st.integers(1, 8), st.integers(1, 30)), elements=st.integers(-3, 3))
LABELS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=30)


@given(VALUES)
@settings(max_examples=80, deadline=None)
def test_ranks_and_quantiles_are_those_of_pandas(draws: np.ndarray) -> None:
    estimate = pd.Series(draws.mean(axis=1))
    found = rank_intervals(estimate, draws)
    rank = estimate.rank(method="min", ascending=False)
    smallest, largest = (pd.DataFrame(draws).rank(method=end, ascending=False) for end in ("min", "max"))
    assert (found["rank"] == rank).all()
    low = smallest.quantile(0.05, axis=1, interpolation="lower")
    high = largest.quantile(0.95, axis=1, interpolation="higher")
    assert (found["rank_low"] == np.minimum(rank, low)).all()
    assert (found["rank_high"] == np.maximum(rank, high)).all()


def test_the_interval_is_widened_to_the_rank_itself() -> None:
    draws = np.array([[2, 2], [3, 0], [0, 3]])
    found = rank_intervals(pd.Series([2.0, 1.5, 1.5]), draws)  # the first is never first in a draw
    assert found.loc[0].tolist() == [1, 1, 2]
    found = rank_intervals(pd.Series([1.0, 1.5, 1.5]), draws)
    assert found.loc[0].tolist() == [3, 2, 3]


def test_accounts_without_estimate_take_no_rank() -> None:
    estimate = pd.Series(
        [None, 1.0, 2.0, None, 3.0], index=["ann", "ben", "ben", "dia", "eva"], dtype="Float64"
    )
    draws = np.array([[np.nan] * 2, [1, 1], [2, 2], [9, 9], [3, 3]], float)
    found = rank_intervals(estimate, draws)
    assert found.index.equals(estimate.index)
    assert set(found.dtypes) == {pd.Int64Dtype()}
    assert found["rank"].tolist() == found["rank_low"].tolist() == [pd.NA, 3, 2, pd.NA, 1]


def test_nobody_with_an_estimate() -> None:
    assert rank_intervals(pd.Series([np.nan]), np.zeros((1, 3)))["rank"].isna().all()
    assert rank_intervals(pd.Series([], dtype=float), np.zeros((0, 3))).empty


def test_blocks_of_accounts_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = np.random.default_rng(1).normal(size=(50, 40))
    estimate = pd.Series(draws.mean(axis=1))
    whole = rank_intervals(estimate, draws)
    monkeypatch.setattr(uncertainty, "ACCOUNTS_AT_ONCE", 7)
    pd.testing.assert_frame_equal(rank_intervals(estimate, draws), whole)


def test_the_interval_covers_the_true_rank_of_most_accounts() -> None:
    rng = np.random.default_rng(2)
    covered = []
    for _ in range(20):
        truth = rng.normal(size=200)
        estimate = truth + rng.normal(0, 0.3, 200)
        posterior = estimate[:, None] / 1.09 + rng.normal(0, 0.3 / np.sqrt(1.09), (200, 300))
        found = rank_intervals(pd.Series(estimate), posterior)
        rank = pd.Series(truth).rank(ascending=False)
        covered.append(rank.between(found["rank_low"], found["rank_high"]).mean())
    assert 0.87 < np.mean(covered) < 0.95


@pytest.mark.parametrize(
    ("draws", "message"),
    [
        (np.zeros((3, 2)), "draws must be 2 accounts x at least 1 draw, received .3, 2."),
        (np.zeros((2, 0)), "at least 1 draw"),
        (np.zeros(2), "at least 1 draw"),
        (np.array([[0.0, np.nan], [0.0, 0.0]]), "received null in draw 1"),
    ],
)
def test_bad_draws_are_refused(draws: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rank_intervals(pd.Series([1.0, 2.0]), draws)


@given(LABELS)
@settings(max_examples=80, deadline=None)
def test_agreement_is_the_adjusted_rand_index(labels: list[tuple[int, int]]) -> None:
    first, second = zip(*labels, strict=True)
    assert partition_agreement(first, second) == pytest.approx(adjusted_rand_score(first, second))


def test_agreement_leaves_out_accounts_without_label() -> None:
    first = pd.Series([0, 0, 1, 1, None], dtype="Int64")
    second = pd.Series([5, 5, 6, 6, 6], dtype="Int64")
    assert partition_agreement(first, second) == 1.0
    with pytest.raises(ValueError, match="equally long, received 5 and 4"):
        partition_agreement(first, second[:4])
