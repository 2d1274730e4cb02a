"""Growth anomalies: planted bursts, growth that posts explain, organic worlds, refusals. Seeds below 5000."""

import numpy as np
import pandas as pd

from influgraph.bots.growth import growth_anomalies
from influgraph.dataset import Dataset, from_tables
from influgraph.synthetic import WorldSettings, make_world

DAY, START = 86_400, 1_700_000_000


def _steady(rng: np.random.Generator, *, accounts: int = 20, each: int = 80) -> pd.DataFrame:
    """New followers evenly over 40 days."""
    return pd.DataFrame(
        {
            "followed_id": np.repeat([f"a{i}" for i in range(accounts)], each),
            "followed_at": START + rng.integers(0, 40 * DAY, accounts * each),
        }
    )


def _burst(rng: np.random.Generator, account: str, day: int, count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"followed_id": account, "followed_at": START + day * DAY + rng.integers(0, DAY // 4, count)}
    )


def _data(*follows: pd.DataFrame, posts: pd.DataFrame | None = None) -> Dataset:
    every = pd.concat(follows, ignore_index=True)
    return from_tables(follows=every.assign(follower_id="f" + every.index.astype(str)), posts=posts)


def test_a_planted_burst_is_found_where_it_is() -> None:
    rng = np.random.default_rng(451)
    found = growth_anomalies(_data(_steady(rng), _burst(rng, "a3", 20, 40)), rng=rng)
    assert found.index[found["growth_q"] < 0.05].tolist() == ["a3"]
    one = found.loc["a3"]
    assert 40 <= one["burst_followers"] <= 48
    assert one["burst_expected"] < 10
    planted = pd.Timestamp(START + 20 * DAY, unit="s", tz="UTC")
    assert abs(one["burst_start"] - planted) < pd.Timedelta("12h")
    assert one["burst_start"] < one["burst_end"] < planted + pd.Timedelta("2D")


def test_followers_that_come_in_for_a_week_are_one_burst() -> None:
    rng = np.random.default_rng(457)
    bought = {"followed_id": "a3", "followed_at": START + 10 * DAY + rng.integers(0, 10 * DAY, 200)}
    one = growth_anomalies(_data(_steady(rng), pd.DataFrame(bought)), rng=rng).loc["a3"]
    assert one["growth_q"] < 0.05
    assert one["burst_followers"] - one["burst_expected"] > 0.8 * 200


def test_a_day_on_which_all_grow_is_a_trend() -> None:
    rng = np.random.default_rng(452)
    rise = [_burst(rng, f"a{i}", 20, 30) for i in range(20)]
    found = growth_anomalies(_data(_steady(rng), *rise), rng=rng)
    assert (found["growth_q"].dropna() >= 0.05).all()


def test_growth_that_follows_each_post_is_explained() -> None:
    rng = np.random.default_rng(453)
    days = [5, 12, 20, 27, 34]
    fans = [_burst(rng, "a3", day, 15) for day in days]
    posts = pd.DataFrame({"post_id": [f"p{day}" for day in days], "author_id": "a3"})
    posts["created_at"] = [START + day * DAY for day in days]
    ends = pd.DataFrame({"post_id": ["x", "y"], "author_id": "a0", "created_at": [START, START + 40 * DAY]})
    without = growth_anomalies(_data(_steady(rng), *fans), rng=rng)
    explained = growth_anomalies(_data(_steady(rng), *fans, posts=pd.concat([posts, ends])), rng=rng)
    assert without.loc["a3", "growth_p"] < 0.05
    assert explained.loc["a3", "growth_p"] > without.loc["a3", "growth_p"]
    assert explained.loc["a3", "growth_q"] > 0.05


def test_steady_growth_has_no_small_p_values() -> None:
    rng = np.random.default_rng(454)
    found = growth_anomalies(_data(_steady(rng, accounts=60, each=60)), rng=rng)
    p_values = found.loc[found["growth_missing"].isna(), "growth_p"].to_numpy(float)
    assert p_values.size == 60
    assert (p_values < 0.05).mean() < 0.15
    assert (p_values < 0.5).mean() > 0.3


def test_what_farms_bring_stands_out_in_a_world_and_nothing_else() -> None:
    settings = WorldSettings(accounts=1000, reruns=2, farm_sizes=(60,), squads=0, pods=0, days=28)
    world = make_world(settings, rng=np.random.default_rng(455))
    found = growth_anomalies(world.data, rng=np.random.default_rng(1))
    bots = set(world.bots["account_id"])
    bought = world.data.follows[world.data.follows["follower_id"].isin(bots)]["followed_id"].value_counts()
    served = set(bought.index[bought == 60])
    strange = set(found.index[found["growth_q"] < 0.05])
    assert served <= strange
    assert len(strange - served) <= 1


def test_too_little_is_said() -> None:
    untimed = pd.DataFrame({"follower_id": ["ann", "bob"], "followed_id": "cyd"})
    found = growth_anomalies(from_tables(follows=untimed), rng=np.random.default_rng(1))
    assert found["growth_missing"].str.contains("no times").all()
    assert found.drop(columns="growth_missing").isna().all(axis=None)
    nobody = from_tables(accounts=pd.DataFrame({"account_id": ["ann"]}))
    assert "no follows" in growth_anomalies(nobody, rng=np.random.default_rng(1)).loc["ann", "growth_missing"]
    rng = np.random.default_rng(456)
    few = growth_anomalies(_data(_steady(rng), _burst(rng, "few", 3, 5)), rng=rng).loc["few"]
    assert few["new_followers"] == 5
    assert "fewer than" in few["growth_missing"]
    assert pd.isna(few["growth_p"])


def test_all_at_one_second_is_too_little() -> None:
    follows = pd.DataFrame({"followed_id": "star", "followed_at": [START] * 50})
    found = growth_anomalies(_data(follows), rng=np.random.default_rng(1))
    assert found["growth_p"].isna().all()
    assert found.loc["star", "growth_missing"]
