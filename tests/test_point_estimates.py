"""One number for each account: its order, its sum, its interval."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from influgraph.influence import _point

NUMBERS = st.lists(st.tuples(*[st.floats(0.001, 1000)] * 2), min_size=1, max_size=30)


@settings(deadline=None)
@given(NUMBERS)
def test_sizes_keep_their_sum_and_the_order(pairs: list[tuple[float, float]]) -> None:
    mean, order = np.array(pairs).T
    point = _point.point_estimates(mean, order, np.zeros(len(mean)), np.full(len(mean), np.inf))
    assert point.sum() == pytest.approx(mean.sum())
    assert (np.diff(point[np.argsort(order, kind="stable")]) >= -1e-9 * point.max()).all()


@settings(deadline=None)
@given(NUMBERS)
def test_nobody_leaves_its_own_interval(pairs: list[tuple[float, float]]) -> None:
    mean, order = np.array(pairs).T
    point = _point.point_estimates(mean, order, mean * 0.9, mean * 1.1)
    assert ((point >= mean * 0.9) & (point <= mean * 1.1)).all()


def test_where_the_order_is_that_of_the_means_they_stay_near() -> None:
    mean = np.array([1.0, 2.0, 4.0])
    assert _point.point_estimates(mean, mean, 0 * mean, mean + 9) == pytest.approx(mean)
    assert _point.point_estimates(mean, 0 * mean, 0 * mean, mean + 9) is mean


def test_what_is_sure_stands_before_what_may_be_anything() -> None:
    sizes = np.array([[0.0, 5.0, 50.0]] * 2)
    probability = np.array([[0.0, 1.0, 0.0], [0.88, 0.0, 0.12]])
    assert np.diff((probability * sizes).sum(axis=1)) > 0
    sure, unsure = _point.typical(probability, sizes)
    assert sure == pytest.approx(5)
    assert unsure < 1
