"""Response beyond popularity: recovery of what was planted, calibration, and the edges."""

import numpy as np
import pandas as pd
import pytest

from influgraph.influence import expectation


def _planted(seed: int, count: int = 3000) -> tuple[pd.DataFrame, pd.Series, np.ndarray]:
    """Engagements that grow with followers and posts, times a gamma talent."""
    rng = np.random.default_rng(seed)
    followers = (rng.pareto(1.2, count) * 20).astype(int) + 1
    posts, niche = rng.poisson(8, count) + 1, rng.integers(0, 12, count)
    talent = rng.gamma(3, 1 / 3, count)
    received = rng.poisson(talent * 0.02 * followers**0.8 * posts**0.9 * np.exp(niche / 10))
    counts = pd.DataFrame({"followers": followers, "posts": posts, "engagements_received": received})
    return counts, pd.Series(niche, dtype="Int64"), talent


def test_talent_is_found_and_intervals_cover_it() -> None:
    counts, niche, talent = _planted(1)
    ratio = expectation.beyond_popularity(counts, niche)
    covered = ratio["beyond_popularity_low"].le(talent) & ratio["beyond_popularity_high"].ge(talent)
    assert 0.86 < covered.mean() < 0.94
    assert ratio["beyond_popularity"].corr(pd.Series(talent), method="spearman") > 0.6
    assert ratio["beyond_popularity"].mean() == pytest.approx(1, abs=0.05)


def test_shrunken_ratios_predict_better_than_raw_ones_where_little_is_known() -> None:
    counts, niche, talent = _planted(2)
    ratio = expectation.beyond_popularity(counts, niche)["beyond_popularity"]
    small = counts["followers"] < counts["followers"].quantile(1 / 3)
    expected = 0.02 * counts["followers"] ** 0.8 * counts["posts"] ** 0.9 * np.exp(niche.astype(float) / 10)
    raw = counts["engagements_received"] / expected
    for part in (small, ~small):
        error = ((ratio - talent)[part] ** 2).mean(), ((raw - talent)[part] ** 2).mean()
        assert error[0] < error[1] * (0.5 if part is small else 1.05)


def test_many_accounts_are_fitted_on_some_and_scored_in_whole() -> None:
    counts, niche, _ = _planted(3, 45_000)
    ratio = expectation.beyond_popularity(counts, niche)
    assert ratio.notna().all(axis=None)
    assert ratio["beyond_popularity"].mean() == pytest.approx(1, abs=0.05)


def test_nobody_is_left_out_for_being_small_but_for_unknown_followers_or_no_post() -> None:
    counts, niche, _ = _planted(4, 200)
    counts["followers"] = counts["followers"].astype("Int64")
    counts.loc[0, "followers"] = pd.NA
    counts.loc[1, "posts"] = 0
    counts.loc[2, "followers"] = 0
    ratio = expectation.beyond_popularity(counts, niche)["beyond_popularity"]
    assert ratio.isna().sum() == 2
    assert ratio[[0, 1]].isna().all()


@pytest.mark.parametrize(
    "counts",
    [
        pd.DataFrame({"followers": [1] * 25, "posts": 0, "engagements_received": [0] * 24 + [1]}),
        pd.DataFrame({"followers": [0] * 25, "posts": 0, "engagements_received": 1}),
        pd.DataFrame({"followers": range(25), "posts": 1, "engagements_received": [0] * 24 + [10**6]}),
        pd.DataFrame({"followers": [10**8] * 25, "posts": 1, "engagements_received": range(25)}),
    ],
)
def test_odd_data_give_finite_ratios(counts: pd.DataFrame) -> None:
    ratio = expectation.beyond_popularity(counts, pd.Series(pd.NA, index=counts.index, dtype="Int64"))
    assert np.isfinite(ratio).all(axis=None)
    assert (ratio["beyond_popularity_low"] <= ratio["beyond_popularity"]).all()


@pytest.mark.parametrize(
    "counts",
    [
        pd.DataFrame({"followers": [5] * 19, "posts": 1, "engagements_received": 3}),
        pd.DataFrame({"followers": [5] * 30, "posts": 1, "engagements_received": 0}),
        pd.DataFrame({"followers": pd.array([None] * 30, "Int64"), "posts": 1, "engagements_received": 2}),
        pd.DataFrame({"followers": 3, "posts": 0, "engagements_received": pd.array([None] * 30, "Int64")}),
    ],
)
def test_too_little_to_compare_is_null(counts: pd.DataFrame) -> None:
    ratio = expectation.beyond_popularity(counts, pd.Series(0, index=counts.index, dtype="Int64"))
    assert ratio.isna().all(axis=None)
    assert len(ratio) == len(counts)
