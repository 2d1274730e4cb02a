"""Response beyond popularity: recovery of what was planted, calibration, and the edges."""

import numpy as np
import pandas as pd
import pytest

from influgraph import dataset, popularity, synthetic
from influgraph.influence import _expected, expectation

NAMES = ["beyond_popularity", "beyond_popularity_low", "beyond_popularity_high"]


def _planted(
    seed: int, count: int = 3000, *, shape: float = 3.0, level: float = 0.02, niches: int = 12
) -> tuple[pd.DataFrame, pd.Series, np.ndarray]:
    """Engagements that grow with followers and posts, times a gamma talent."""
    rng = np.random.default_rng(seed)
    followers = (rng.pareto(1.2, count) * 20).astype(int) + 1
    posts, niche = rng.poisson(8, count) + 1, rng.integers(0, niches, count)
    talent = rng.gamma(shape, 1 / shape, count)
    received = rng.poisson(talent * level * followers**0.8 * posts**0.9 * np.exp(niche / 10))
    counts = pd.DataFrame({"followers": followers, "posts": posts, "engagements_received": received})
    return counts, pd.Series(niche, dtype="Int64"), talent


def _held(ratio: pd.DataFrame, talent: np.ndarray) -> pd.Series:
    return ratio["beyond_popularity_low"].le(talent) & ratio["beyond_popularity_high"].ge(talent)


def test_talent_is_found_and_intervals_cover_it() -> None:
    counts, niche, talent = _planted(1)
    ratio = expectation.beyond_popularity(counts, niche)
    assert 0.86 < _held(ratio, talent).mean() < 0.94
    assert ratio["beyond_popularity"].corr(pd.Series(talent), method="spearman") > 0.6
    assert ratio["beyond_popularity"].mean() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("shape", [0.7, 3.0, 10.0])
@pytest.mark.parametrize(("count", "niches"), [(80, 1), (500, 8), (3000, 8)])
@pytest.mark.parametrize("level", [0.02, 0.5])
def test_intervals_hold_for_few_and_many_accounts_and_counts(
    shape: float, count: int, niches: int, level: float
) -> None:
    held, large = [], []
    for seed in range(200, 200 + max(2, 1500 // count)):
        counts, niche, talent = _planted(seed, count, shape=shape, level=level, niches=niches)
        inside = _held(expectation.beyond_popularity(counts, niche), talent)
        held.append(inside.mean())
        large += inside[counts["engagements_received"] > 200].tolist()
    assert 0.86 < np.mean(held) < 0.955
    assert len(large) < 100 or np.mean(large) > 0.82  # of whom much is known, but not what is usual


def _sqrt_error(predicted: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Squared error on the scale on which counts are about equally uncertain (Anscombe 1948)."""
    return np.asarray((2 * np.sqrt(predicted + 0.375) - 2 * np.sqrt(counted + 0.375)) ** 2)


def test_half_of_the_engagements_predicts_the_other_half_best_when_shrunken() -> None:
    parts = []
    for seed in range(81, 84):
        rng = np.random.default_rng(seed)
        settings = synthetic.WorldSettings(
            accounts=2500, source_share=0.1, days=14, reruns=2, purchases_per_member=0.1, like_rate=0.01
        )
        data = synthetic.make_world(settings, rng=rng).data
        counts, acts = popularity.popularity(data), dataset.resolved_engagements(data)
        acts = acts[acts["receiver_id"].notna()]
        first = rng.random(len(acts)) < 0.5
        halves = [
            np.bincount(acts["receiver_id"].cat.codes[half], minlength=len(counts))
            for half in (first, ~first)
        ]
        used = (counts["posts"] > 0).to_numpy()
        known, other = (half[used].astype(float) for half in halves)
        nowhere = pd.Series(pd.NA, counts.index[used], dtype="Int64")
        usual = _expected.usual_counts(known, _expected.covariates(counts[used], nowhere))
        shrunken = usual.ratio(known)[:, 0] * usual.expected
        ahead = _sqrt_error(known, other) - _sqrt_error(shrunken, other)
        parts.append(pd.DataFrame({"ahead": ahead, "followers": counts["followers"][used].astype(float)}))
    judged = pd.concat(parts)
    tiers = judged.groupby(pd.qcut(judged["followers"], 4, labels=False))["ahead"].agg(["mean", "sem"])
    assert tiers["mean"][0] > 1.645 * tiers["sem"][0]  # the smallest quarter gains for sure
    assert (tiers["mean"] > -1.645 * tiers["sem"]).all()  # and none loses for sure


def test_cut_lists_are_not_taken_for_followers() -> None:
    counts, niche, talent = _planted(6)
    rng = np.random.default_rng(6)
    counts["followers_stated"] = counts["followers"].astype("Int64").mask(rng.random(len(counts)) < 0.1)
    counts["followers"] = rng.integers(0, 60, len(counts))  # what is left of the lists says nothing
    taken = expectation.beyond_popularity(counts, niche)
    right = expectation.beyond_popularity(counts, niche, cut=True)
    known = counts["followers_stated"].notna()
    assert _held(taken, talent).mean() < 0.75
    assert 0.86 < _held(right, talent)[known].mean() < 0.94
    assert right.loc[~known, NAMES].isna().all(axis=None)
    said = right.loc[~known, "beyond_popularity_missing"]
    assert (said == "lists of followers are cut, and it states no number").all()
    assert right.loc[known, "beyond_popularity_missing"].isna().all()


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
    assert ratio[NAMES].notna().all(axis=None)
    assert ratio["beyond_popularity"].mean() == pytest.approx(1, abs=0.05)


def test_nobody_is_left_out_for_being_small_but_for_unknown_followers_or_no_post() -> None:
    counts, niche, _ = _planted(4, 200)
    counts["followers"] = counts["followers"].astype("Int64")
    counts.loc[0, "followers"] = pd.NA
    counts.loc[1, "posts"] = 0
    counts.loc[2, "followers"] = 0
    ratio = expectation.beyond_popularity(counts, niche)
    assert ratio["beyond_popularity"].isna().sum() == 2
    said = ratio["beyond_popularity_missing"]
    assert said[said.notna()].to_dict() == {0: "its followers are unknown", 1: "no post"}


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
    assert np.isfinite(ratio[NAMES]).all(axis=None)
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
    assert ratio[NAMES].isna().all(axis=None)
    assert ratio["beyond_popularity_missing"].notna().all()
    assert len(ratio) == len(counts)


def _aged(seed: int, *, slope: float) -> tuple[pd.DataFrame, pd.Series, np.ndarray, pd.Series]:
    """Engagements that grow with the age of the account too."""
    counts, niche, talent = _planted(seed)
    rng = np.random.default_rng(seed + 1)
    age = pd.Series(np.round(np.exp(rng.uniform(2, 8, len(counts)))))
    counts["engagements_received"] = rng.poisson(counts["engagements_received"] * (age / 400) ** slope)
    return counts, niche, talent, age


def test_age_is_part_of_what_is_expected_where_it_is_known() -> None:
    counts, niche, talent, age = _aged(11, slope=0.5)
    blind = expectation.beyond_popularity(counts, niche)
    aware = expectation.beyond_popularity(counts, niche, age=age)
    found = [
        ratio["beyond_popularity"].corr(pd.Series(talent), method="spearman") for ratio in (blind, aware)
    ]
    assert found[1] > found[0] + 0.05
    assert 0.86 < _held(aware, talent).mean() < 0.94
    assert blind["beyond_popularity"].corr(age, method="spearman") > 0.3, "old accounts are overrated"
    assert abs(aware["beyond_popularity"].corr(age, method="spearman")) < 0.2


@pytest.mark.parametrize("unknown", [0.3, 0.003, 1.0])
def test_unknown_age_is_no_reason_to_leave_an_account_out(unknown: float) -> None:
    counts, niche, talent, age = _aged(12, slope=0.5)
    age[np.random.default_rng(5).random(len(age)) < unknown] = np.nan
    ratio = expectation.beyond_popularity(counts, niche, age=age - 30)
    assert ratio[NAMES].notna().all(axis=None)
    assert _held(ratio, talent)[age.notna()].mean() > 0.86 or unknown == 1
    known = _expected.covariates(counts, niche, age=age)
    assert ("age unknown" in known) == (unknown == 0.3)
    assert ("age" in known) == (unknown < 1)
