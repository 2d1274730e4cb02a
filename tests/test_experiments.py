"""Planned tests: by hand, by law, and their power as it comes about in simulated experiments."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from influgraph import dataset, synthetic
from influgraph.dataset import Dataset
from influgraph.influence import experiments
from influgraph.influence.experiments import Trial
from influgraph.synthetic import WorldSettings

WEEKS, NEEDED = 52, stats.norm.ppf(0.95)
START = pd.Timestamp("2026-01-05", tz="UTC")


def _rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def _data(counts: np.ndarray, *, posts: int = 52, rng: np.random.Generator) -> Dataset:
    """Followers of `star` with these outcomes per week (people x weeks), and posts of `star` all the time."""
    person, week = np.repeat(np.argwhere(counts > 0), counts[counts > 0], axis=0).T
    time = START + pd.to_timedelta(7 * 86400 * (week + rng.uniform(0.02, 0.98, len(week))), unit="s")
    names = np.array([f"p{i}" for i in range(len(counts))])
    made = pd.date_range(START, START + pd.Timedelta(weeks=counts.shape[1]), periods=posts)
    return dataset.from_tables(
        follows=pd.DataFrame({"follower_id": names, "followed_id": "star"}),
        posts=pd.DataFrame({"post_id": range(posts), "author_id": "star", "created_at": made}),
        engagements=pd.DataFrame({"account_id": names[person], "kind": "purchase", "created_at": time}),
    )


def _plan(data: Dataset, effect: float = 10.0, account: str = "star", **changes: object) -> pd.DataFrame:
    plan = experiments.plan_test(
        data, pd.Series({account: effect}), kinds=["purchase"], trial=Trial(**changes)
    )
    return plan.set_index("design")


@pytest.fixture(scope="module")
def even() -> Dataset:
    """400 people with 0.05 purchases a week each, all by chance; 52 posts in a year."""
    return _data(_rng().poisson(0.05, (400, WEEKS)), rng=_rng())


def test_what_is_measured_is_what_was_put_in(even: Dataset) -> None:
    plan = _plan(even)
    np.testing.assert_allclose(plan["anyway"], 0.05, rtol=0.06)
    assert (plan["people"] == 400).all()
    assert plan.loc["switchback", "overdispersion"] == pytest.approx(1, abs=0.4)
    assert plan.loc["holdout", "overdispersion"] < 1.2
    assert abs(plan.loc["switchback", "autocorrelation"]) < 0.35


def test_posts_and_weeks_by_hand(even: Dataset) -> None:
    """Root deviance of 200 people shown and 200 held out, 10 outcomes per 1,000 exposures, a post a week."""
    plan = _plan(even)
    weeks, rate, excess = plan.loc["holdout", ["weeks", "anyway", "overdispersion"]]

    def power(weeks: int) -> float:
        treated, control = 200 * weeks * (rate + 0.01), 200 * weeks * rate
        pooled = (treated + control) / 2
        deviance = 2 * (treated * np.log(treated / pooled) + control * np.log(control / pooled))
        spread = 1 + (excess - 1) * weeks / plan.loc["holdout", "weeks"]
        return float(stats.norm.cdf(np.sqrt(deviance / spread) - NEEDED))

    assert plan.loc["holdout", "power"] == pytest.approx(power(weeks))
    assert power(weeks) >= 0.8 > power(weeks - 1)
    assert plan.loc["holdout", "posts"] == weeks, "a post a week"
    assert plan.loc["switchback", "posts"] == plan.loc["switchback", "weeks"] / 2


def _split(counts: np.ndarray, rng: np.random.Generator, runs: int) -> np.ndarray:
    """Sums over a random half of the people, and over the others (2 x runs)."""
    half = np.argsort(rng.random((runs, len(counts))), axis=1) < len(counts) // 2
    return np.stack([half @ counts, ~half @ counts])


def _root_deviance(treated: np.ndarray, control: np.ndarray, spread: float) -> np.ndarray:
    def part(count: np.ndarray) -> np.ndarray:
        return count * np.log(np.maximum(count, 1e-12) * 2 / np.maximum(treated + control, 1))

    deviance = 2 * np.maximum(part(treated) + part(control), 0) / spread
    return np.sign(treated - control) * np.sqrt(deviance)


def _holdouts(counts: np.ndarray, row: pd.Series, caused: float, *, runs: int = 1500) -> tuple[float, float]:
    """How often simulated holdouts show the effect, and one that is not there."""
    rng, weeks = _rng(), int(row["weeks"])
    first = rng.integers(0, counts.shape[1] - weeks + 1, 30)
    kept, shown = np.concatenate(
        [_split(counts[:, week : week + weeks].sum(axis=1), rng, runs // 30) for week in first], axis=1
    )
    with_effect = shown + rng.poisson(caused * weeks * len(counts) / 2, len(shown))
    found = [
        _root_deviance(treated, kept, row["overdispersion"]) > NEEDED for treated in (with_effect, shown)
    ]
    return float(found[0].mean()), float(found[1].mean())


def _switchbacks(
    counts: np.ndarray, row: pd.Series, caused: float, *, runs: int = 1500
) -> tuple[float, float]:
    rng, pairs, weekly = _rng(), int(row["weeks"]) // 2, counts.sum(axis=0)
    first = rng.integers(0, len(weekly) - 2 * pairs + 1, runs)
    weeks = weekly[first[:, None] + np.arange(2 * pairs)].reshape(runs, pairs, 2)
    nothing = (weeks[..., 0] - weeks[..., 1]) * rng.choice([-1, 1], (runs, pairs))
    gained = nothing + rng.poisson(caused * len(counts), (runs, pairs))
    shown = [
        stats.ttest_1samp(differences, 0, axis=1, alternative="greater").pvalue < 0.05
        for differences in (gained, nothing + rng.normal(0, 1e-6, nothing.shape))
    ]
    return float(shown[0].mean()), float(shown[1].mean())


@pytest.mark.parametrize(("uneven", "effect"), [(0.0, 15.0), (0.7, 25.0)])
def test_the_power_claimed_comes_about(uneven: float, effect: float) -> None:
    rng, realised = _rng(3), []
    for _ in range(8):
        level = rng.gamma(1 / uneven, uneven, 400) if uneven else np.ones(400)
        before, during = (rng.poisson(0.08 * level[:, None], (400, weeks)) for weeks in (WEEKS, 600))
        plan = _plan(_data(before, rng=rng), effect)
        for design, simulate in (("holdout", _holdouts), ("switchback", _switchbacks)):
            row = plan.loc[design]
            assert 4 < row["weeks"] <= WEEKS
            caused = row["detectable"] / 1000 * 52 / WEEKS
            realised.append((design, *simulate(during, row, caused, runs=600)))
    table = pd.DataFrame(realised, columns=["design", "power", "size"]).groupby("design").mean()
    assert table["power"].between(0.75, 0.85).all()
    assert (table["size"] < 0.07).all()


def test_the_power_claimed_comes_about_in_a_world_with_shocks_and_rhythm() -> None:
    settings = WorldSettings(
        accounts=1500, days=364, caused_share=0.0, purchases_per_member=12, posts_per_day=0.3, shocks=60,
        reruns=2, farms=0, squads=0, like_rate=0.0, reply_rate=0.0, repost_rate=0.0,
    )  # fmt: skip
    data = synthetic.make_world(settings, rng=_rng(11)).data
    bought = data.engagements[data.engagements["kind"] == "purchase"]
    week = ((bought["created_at"] - dataset.study_period(data)[0]) // pd.Timedelta(weeks=1)).to_numpy()
    counts = np.zeros((len(data.account_ids), 53), int)
    np.add.at(counts, (bought["account_id"].cat.codes, week), 1)
    followers, posts = data.follows["followed_id"].value_counts(), data.posts["author_id"].value_counts()
    regular = [name for name in followers.index if posts.get(name, 0) > 20]
    realised = []
    for account in regular[1:40:4]:
        crowd = data.follows.loc[data.follows["followed_id"] == account, "follower_id"].cat.codes
        own = counts[crowd.to_numpy(), :WEEKS]
        for design, simulate in (("holdout", _holdouts), ("switchback", _switchbacks)):
            row = _plan(data, 50.0, account, longest=40).loc[design]
            if pd.notna(row["weeks"]):
                per_week = row["detectable"] / 1000 * posts[account] / WEEKS
                realised.append((design, *simulate(own, row, per_week)))
    table = pd.DataFrame(realised, columns=["design", "power", "size"]).groupby("design")
    assert table.size().min() >= 4
    assert table["power"].mean().between(0.75, 0.85).all()
    assert table["size"].mean().max() < 0.07


def test_common_shocks_cost_the_switchback_weeks_and_spare_the_holdout() -> None:
    rng = _rng(5)
    shocks = rng.gamma(4, 1 / 4, WEEKS)
    calm, shaken = (rng.poisson(0.1 * np.outer(np.ones(400), factor)) for factor in (np.ones(WEEKS), shocks))
    before, after = (_plan(_data(counts, rng=rng), 15.0, longest=400) for counts in (calm, shaken))
    assert after.loc["switchback", "weeks"] > 2 * before.loc["switchback", "weeks"]
    assert after.loc["holdout", "weeks"] < 1.5 * before.loc["holdout", "weeks"]


def test_slow_waves_cost_the_switchback_little() -> None:
    rng = _rng(6)
    wave = 1 + 0.6 * np.sin(np.arange(WEEKS) / 8)
    row = _plan(_data(rng.poisson(0.1 * np.outer(np.ones(400), wave)), rng=rng), 25.0).loc["switchback"]
    flat = _plan(_data(rng.poisson(0.1, (400, WEEKS)), rng=rng), 25.0).loc["switchback"]
    assert row["autocorrelation"] > 0.5
    assert row["weeks"] <= 1.6 * flat["weeks"]


def test_more_power_or_a_smaller_effect_takes_longer_and_more_people_take_less(even: Dataset) -> None:
    weeks = _plan(even, 20.0)["weeks"]
    assert (_plan(even, 10.0)["weeks"] > weeks).all()
    assert (_plan(even, 20.0, power=0.95)["weeks"] > weeks).all()
    assert (_plan(even, 20.0, level=0.01)["weeks"] > weeks).all()
    assert _plan(even, 20.0, held_out=0.2).loc["holdout", "weeks"] > weeks["holdout"]
    assert _plan(even, 20.0, redemption=0.1).loc["code", "weeks"] > weeks["code"]


def test_an_effect_too_small_cannot_be_shown_within_a_year(even: Dataset) -> None:
    plan = _plan(even, 0.05)
    assert plan["weeks"].isna().all()
    assert plan["posts"].isna().all()
    assert (plan["power"] < 0.8).all()
    assert (plan["detectable"] > 0.05).all()
    assert plan["verdict"].str.contains("cannot be shown within 52 weeks").all()
    again = _plan(even, plan.loc["holdout", "detectable"] * 1.001).loc["holdout"]
    assert again["weeks"] == 52


def test_outcomes_in_all_are_those_of_the_studied_period(even: Dataset) -> None:
    in_all = experiments.plan_test(
        even, pd.Series({"star": 208.0}), kinds=["purchase"], unit="outcomes in all"
    )
    np.testing.assert_allclose(in_all["effect"], 1000 * 208 / (400 * 52))
    assert in_all["weeks"].tolist() == _plan(even, 10.0)["weeks"].tolist()


def test_a_code_is_assumed_and_says_so(even: Dataset) -> None:
    plan = _plan(even, redemption=0.25)
    assert plan["grade"].tolist() == ["estimated", "estimated", "assumed"]
    assert "25% of what posts cause carries the code" in plan.loc["code", "assumes"]


def test_what_cannot_be_planned_is_null_with_its_reason() -> None:
    day = pd.date_range("2026-01-05", periods=29, freq="D", tz="UTC")
    posts = pd.DataFrame({"post_id": range(29), "author_id": ["a"] * 20 + ["b"] * 9, "created_at": day})
    follows = pd.DataFrame({"follower_id": list("cde"), "followed_id": "a"})
    bought = pd.DataFrame({"account_id": list("ccd"), "kind": "purchase", "created_at": day[[2, 9, 20]]})
    data = dataset.from_tables(follows=follows, posts=posts, engagements=bought)
    effects = pd.Series({"a": 400.0, "b": 400.0, "c": 400.0})
    plan = experiments.plan_test(data, effects, kinds=["purchase"]).set_index(["account_id", "design"])
    assert plan.loc["a", "weeks"].notna().any()
    assert "no follower" in plan.loc[("b", "holdout"), "verdict"]
    assert "no post" in plan.loc[("c", "code"), "verdict"]
    assert plan.loc[["b", "c"], list(experiments._NUMBERS)].isna().all(axis=None)
    short = _plan(data.between(day[0], day[12]), 400.0, "a")
    assert "fewer than four blocks" in short.loc["switchback", "verdict"]
    assert pd.notna(short.loc["holdout", "power"])
    shorter = _plan(data.between(day[0], day[4]), 400.0, "a")
    assert shorter["verdict"].str.contains("shorter than a week").all()
    done_to = bought.assign(target_id="a", kind="repost")
    counted = dataset.from_tables(follows=follows, posts=posts, engagements=done_to)
    found = experiments.plan_test(counted, effects[:1], kinds=["repost"])
    assert found["verdict"].str.contains("acts done to an account are counted").all()


def test_what_makes_no_sense_is_refused(even: Dataset) -> None:
    with pytest.raises(ValueError, match="effects: must be indexed by ids of accounts, received 'nobody'"):
        _plan(even, account="nobody")
    with pytest.raises(ValueError, match=r"effects: must be above 0, received \[-1.0\]"):
        _plan(even, -1.0)
    with pytest.raises(ValueError, match="unit: must be one of per 1,000 exposures, outcomes in all"):
        experiments.plan_test(even, pd.Series({"star": 1.0}), kinds=["purchase"], unit="each")
    with pytest.raises(ValueError, match=r"power: .*; level: .*; longest: must be at least 1 week"):
        Trial(power=1.0, level=0.0, longest=0)
