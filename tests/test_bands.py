"""Bands that cannot be told apart, and ranks where many have no effect: by hand, by law, on planted truth."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from influgraph.uncertainty import band, rank_intervals

DRAWS = arrays(np.int64, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(-2, 6))
LEVEL = 0.1
ENOUGH = 20


def _by_hand(estimate: pd.Series, draws: np.ndarray, level: float) -> list[int]:
    """Bands by the words of the docstring, one comparison at a time."""
    order = sorted(range(len(estimate)), key=lambda who: (-estimate.iloc[who], -draws[who].mean(), who))
    bands, first, number = [0] * len(order), 0, 1
    for place, who in enumerate(order):
        left = [np.mean(draws[other] >= draws[order[first]]) for other in order[place:]]
        below = all(np.mean(left[: depth + 1]) <= level + 1e-9 for depth in range(len(left)))
        if place > first and below and estimate.iloc[who] < estimate.iloc[order[place - 1]]:
            first, number = place, number + 1
        bands[who] = number
    return bands


def test_five_accounts() -> None:
    estimate = pd.Series([9.0, 8.0, 3.0, 2.0, 0.0], index=["ann", "ben", "cem", "dia", "eva"])
    draws = np.array([[9, 9, 8, 9], [8, 8, 9, 8], [3, 2, 3, 4], [2, 3, 2, 1], [0, 0, 0, 0]])
    assert band(estimate, draws).to_dict() == {"ann": 1, "ben": 1, "cem": 2, "dia": 2, "eva": 3}
    assert band(estimate, draws, level=0.2).to_dict() == {"ann": 1, "ben": 1, "cem": 2, "dia": 2, "eva": 3}
    assert band(estimate, draws, level=0.26)["ben"] == 2  # it beats ann in one draw of four


def test_what_nothing_is_known_of_draws_a_band_out_unless_others_are_sure() -> None:
    known = np.array([[9] * 10, [5] * 10, [3] * 10])
    unknown = np.array([[0] * 5 + [10] * 5])
    alone = band(pd.Series([9.0, 5.0, 3.0]), known)
    assert alone.tolist() == [1, 2, 3]
    late = band(pd.Series([9.0, 8.0, 5.0, 3.0]), np.vstack([known[:1], unknown, known[1:]]))
    assert late.tolist() == [1, 1, 2, 3]
    among = np.vstack([known[:2], np.repeat(known[2:], 4, axis=0), unknown])
    assert band(pd.Series([9.0, 5.0, 3.0, 3.0, 3.0, 3.0, 2.0]), among)[1] == 2  # one in twelve is wrong


@given(DRAWS, st.sampled_from([0.05, 0.1, 0.3]))
@settings(max_examples=150, deadline=None)
def test_bands_are_those_counted_one_by_one(draws: np.ndarray, level: float) -> None:
    estimate = pd.Series(np.round(draws.mean(axis=1)))
    assert band(estimate, draws, level=level).tolist() == _by_hand(estimate, draws, level)


@given(DRAWS, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_bands_rise_with_rank_and_other_names_change_nothing(draws: np.ndarray, chance: object) -> None:
    estimate = pd.Series(draws.mean(axis=1))
    found = band(estimate, draws)
    in_order = found.loc[estimate.sort_values(ascending=False, kind="stable").index]
    assert in_order.iloc[0] == 1
    assert set(in_order.diff().dropna()) <= {0, 1}
    assert found.groupby(estimate).nunique().eq(1).all()
    draws = draws + np.arange(len(draws))[:, None] / 997  # who of two equals comes first may matter
    estimate = pd.Series(draws.mean(axis=1))
    found = band(estimate, draws)
    moved = chance.sample(range(len(estimate)), len(estimate))  # type: ignore[attr-defined]
    again = band(estimate.iloc[moved], draws[moved])
    assert again.sort_index().equals(found)
    assert band(estimate * 2, draws * 2).equals(found)


def test_null_where_there_is_no_estimate() -> None:
    estimate = pd.Series([None, 1.0, 5.0], index=["ann", "ben", "ben"], dtype="Float64")
    found = band(estimate, np.array([[np.nan] * 2, [1, 1], [5, 5]]))
    assert found.index.equals(estimate.index)
    assert (found.name, found.dtype) == ("band", pd.Int64Dtype())
    assert found.tolist() == [pd.NA, 2, 1]
    assert band(pd.Series([], dtype=float), np.zeros((0, 3))).empty
    assert band(pd.Series([np.nan]), np.zeros((1, 3))).isna().all()


def test_equal_draws_are_one_band() -> None:
    assert set(band(pd.Series([0.3, 0.2, 0.1]), np.zeros((3, 50)))) == {1}


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1, np.nan])
def test_bad_levels_are_refused(level: float) -> None:
    with pytest.raises(ValueError, match="level must lie above 0 and below 1, received"):
        band(pd.Series([1.0]), np.zeros((1, 2)), level=level)


def test_bad_draws_are_refused() -> None:
    with pytest.raises(ValueError, match="draws must be 2 accounts x at least 1 draw, received"):
        band(pd.Series([1.0, 2.0]), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="received null in draw 1"):
        band(pd.Series([1.0, 2.0]), np.array([[0.0, np.nan], [0.0, 0.0]]))


def _counted(rng: np.random.Generator, accounts: int = 300) -> tuple[np.ndarray, pd.Series, np.ndarray]:
    """Rates of a gamma law, counts of very unequal exposure, and draws from what they leave open."""
    exposed, shape = rng.lognormal(2, 1, accounts), 2.0
    truth = rng.gamma(shape, 1 / shape, accounts)
    seen = rng.poisson(truth * exposed)
    draws = rng.gamma((shape + seen)[:, None], 1 / (shape + exposed)[:, None], (accounts, 200))
    return truth, pd.Series((shape + seen) / (shape + exposed)), draws


def _misplaced(truth: np.ndarray, estimate: pd.Series, draws: np.ndarray) -> tuple[float, float, int]:
    """Share of wrong placements against each band's first: in the next band, and in all below."""
    found, order = band(estimate, draws).to_numpy(), np.argsort(-estimate.to_numpy(), kind="stable")
    truth, found = truth[order], found[order]
    next_one, below = [], []
    for number in range(1, found.max()):
        wrong = truth >= truth[np.argmax(found == number)]
        next_one += wrong[found == number + 1].tolist()
        below += wrong[found > number].tolist()
    return float(np.mean(next_one)), float(np.mean(below)), int(found.max())


def test_few_of_those_said_to_be_below_a_bands_first_are_not() -> None:
    rng = np.random.default_rng(11)
    judged = np.array([_misplaced(*_counted(rng)) for _ in range(40)])
    assert judged[:, :2].mean(axis=0).max() < LEVEL
    assert judged[:, 2].mean() > 4  # and bands do tell accounts apart


def test_pure_noise_is_one_band_most_times() -> None:
    rng = np.random.default_rng(12)
    bands = []
    for _ in range(40):
        noise = rng.normal(0, 1, 100)  # the prior is learnt to be all but a point
        draws = 0.01 * noise[:, None] + rng.normal(0, 0.1, (100, 200))
        bands.append(band(pd.Series(0.01 * noise), draws).max())
    assert np.mean(np.array(bands) == 1) > 0.9


def _with_zeros(rng: np.random.Generator, accounts: int = 300) -> tuple[np.ndarray, pd.Series, np.ndarray]:
    """Effects of which six in ten are zero; draws from the posterior, with its atom at zero."""
    from scipy import stats

    exposed = rng.lognormal(2, 1.2, accounts)
    truth = np.where(rng.random(accounts) < 0.6, 0, rng.gamma(1.0, 1.0, accounts))
    noise = 0.3  # of outcomes per exposure that happen anyway
    seen = rng.poisson((truth + noise) * exposed)
    grid = np.concatenate([[0], np.linspace(0.005, 12, 1200)])
    prior = np.concatenate([[0.6], 0.4 * stats.expon.pdf(grid[1:]) * 0.01])
    chance = stats.poisson.logpmf(seen[:, None], (grid + noise) * exposed[:, None]) + np.log(prior)
    chance = np.exp(chance - chance.max(axis=1, keepdims=True))
    cumulative = (chance / chance.sum(axis=1, keepdims=True)).cumsum(axis=1)
    draws = np.stack([grid[np.searchsorted(row, rng.random(200) * row[-1])] for row in cumulative])
    return truth, pd.Series(draws.mean(axis=1)), draws


def test_rank_intervals_cover_the_true_ranks_where_most_have_no_effect() -> None:
    rng = np.random.default_rng(13)
    covered, zeros, wide = [], [], []
    for _ in range(ENOUGH):
        truth, estimate, draws = _with_zeros(rng)
        found = rank_intervals(estimate, draws)
        ranks = [pd.Series(truth).rank(method=end, ascending=False) for end in ("min", "max")]
        held = ranks[0].between(found["rank_low"], found["rank_high"])
        covered.append(held.mean())
        zeros.append((held & (ranks[1] <= found["rank_high"]))[truth == 0].mean())
        wide.append((found["rank_high"] - found["rank_low"])[truth > 3].mean())
    assert np.mean(covered) >= 0.86
    assert np.mean(zeros) >= 0.86  # who ties at zero is at any of the last places
    assert np.mean(wide) < 60  # and those who stand out have narrow ranges


def test_without_doubt_those_who_tie_share_all_ranks_of_the_tie() -> None:
    draws = np.array([[3.0] * 9, [0.0] * 9, [0.0] * 9, [0.0] * 9])
    found = rank_intervals(pd.Series([3.0, 0, 0, 0]), draws)
    assert found["rank"].tolist() == [1, 2, 2, 2]
    assert found["rank_low"].tolist() == [1, 2, 2, 2]
    assert found["rank_high"].tolist() == [1, 4, 4, 4]


def test_estimates_with_nulls_and_draws_without_say_how_to_go_on() -> None:
    estimate = pd.Series([2.0, None, 1.0])
    for measure in (band, rank_intervals):
        with pytest.raises(ValueError, match=r"pass estimate\.dropna\(\)"):
            measure(estimate, np.ones((2, 4)))
    assert band(estimate.dropna(), np.array([[3.0, 3], [1, 1]])).tolist() == [1, 2]
