"""Automated or not: by hand, by law, on what no model knows, and on labelled accounts."""

import json
from importlib import resources
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from scipy.special import expit, logit

from influgraph.bots import _automation_profile as profile
from influgraph.bots import automation as judge
from influgraph.bots.automation import automation, automation_evidence, explain_automation
from influgraph.dataset import Dataset, from_tables
from influgraph.synthetic import WorldSettings, make_world

READ = "2024-06-01"
PEOPLE = {"followers_stated": [420, 150], "following_stated": [390, 300], "posts_stated": [900, 80]}
FAKES = {"followers_stated": [18, 30], "following_stated": [2100, 900], "posts_stated": [4, 12]}


def _accounts(*, created_at: object = None, **columns: list[object]) -> Dataset:
    table = pd.DataFrame({"account_id": range(len(next(iter(columns.values())))), **columns})
    return from_tables(accounts=table if created_at is None else table.assign(created_at=created_at))


def _both(**more: object) -> Dataset:
    return _accounts(**{name: PEOPLE[name] + FAKES[name] for name in PEOPLE}, **more)


def test_people_and_bought_followers_by_hand() -> None:
    judged = automation(_both())
    assert list(judged) == ["automation", "automation_low", "automation_high", "automation_missing"]
    assert judged.index.tolist() == ["0", "1", "2", "3"]
    assert (judged["automation"][:2] < 0.1).all()
    assert (judged["automation"][2:] > 0.5).all()
    assert judged["automation_missing"].isna().all()


def test_the_sum_by_hand() -> None:
    card = profile.shipped_model().cards[-1]
    assert card.signs == ("follows_more", "follows_few", "posts_few")
    signs = np.array([np.log(2101 / 19), 0, np.log(20 / 5)])
    odds = logit(0.2) + card.constant[0] + card.weights[0] @ (signs - card.usual)
    assert automation(_both(), base_rate=0.2)["automation"].iloc[2] == pytest.approx(expit(odds))


def test_parts_add_up_and_depend_on_what_is_known() -> None:
    data = _both(created_at="2023-06-01", bio=["coffee", "tea", None, "sale"])
    parts, judged = explain_automation(data, observed_at=READ), automation(data, observed_at=READ)
    known = judged["automation"].notna()
    odds = parts[known].sum(axis=1).to_numpy(float)
    assert known.sum() >= 3
    assert expit(odds) == pytest.approx(judged["automation"][known].to_numpy(float))
    assert parts["no_bio"].iloc[2] > 0 > parts["no_bio"].iloc[0]
    assert (explain_automation(data)[["age"]].dropna() == 0).all(axis=None)  # no study period, so no age
    assert (explain_automation(_both())[["age", "no_bio"]].dropna() == 0).all(axis=None)


def test_a_bio_that_hardly_anybody_has_tells_nothing() -> None:
    silent = _both(bio=[None, None, None, "sale"])
    pd.testing.assert_frame_equal(automation(silent), automation(_both()))


def test_an_account_made_later_has_no_age() -> None:
    later = automation(_both(created_at="2025-01-01"), observed_at=READ)
    pd.testing.assert_frame_equal(later, automation(_both()))


def test_too_little_or_too_strange() -> None:
    data = _accounts(
        followers_stated=[3, None, 10**9, 100],
        following_stated=[40, 10, 10**8, 100],
        posts_stated=[0, 10, 10**9, 100],
    )
    reasons = automation(data)["automation_missing"].tolist()
    assert reasons[:3] == [judge.TOO_LITTLE, judge.NO_COUNTS, judge.UNLIKE]
    assert automation(data)["automation"].isna().tolist() == [True, True, True, False]
    assert explain_automation(data).isna().all(axis=1).tolist() == [True, True, True, False]


def test_whom_only_one_source_knows_is_not_judged() -> None:
    broadcaster = _accounts(followers_stated=[80], following_stated=[0], posts_stated=[5000])
    assert automation(broadcaster)["automation_missing"].tolist() == [judge.DISAGREE]


def test_no_accounts_table_and_counts_below_zero() -> None:
    follows = from_tables(follows=pd.DataFrame({"follower_id": ["a", "b"], "followed_id": ["b", "a"]}))
    judged = automation(follows)
    assert judged["automation"].isna().all()
    assert (judged["automation_missing"] == judge.NO_COUNTS).all()
    data = _both()
    broken = Dataset(
        data.accounts.assign(posts_stated=[-1, 5, 5, 5]), data.follows, data.posts, data.engagements
    )
    assert automation(broken)["automation_missing"].iloc[0] == judge.NEGATIVE
    assert len(automation(follows.without(["a", "b"]))) == 0
    assert len(automation_evidence(follows.without(["a", "b"]))) == 0


@pytest.mark.parametrize("base_rate", [0, 1, -0.1, float("nan")])
def test_refuses_base_rates_that_are_none(base_rate: float) -> None:
    with pytest.raises(ValueError, match="base_rate must be above 0 and below 1, received"):
        automation(_both(), base_rate=base_rate)


def test_refuses_other_options_out_of_range() -> None:
    with pytest.raises(ValueError, match="observed_at must be a time"):
        automation(_both(), observed_at=pd.NaT)
    with pytest.raises(ValueError, match="fewest must be at least 10"):
        automation_evidence(_both(), fewest=1)
    with pytest.raises(ValueError, match="q must be above 0"):
        automation_evidence(_both(), q=0)


@given(
    followers=st.integers(0, 10**7), following=st.integers(0, 10**5), posts=st.integers(1, 10**6),
    rate=st.floats(0.001, 0.5),
)  # fmt: skip
@settings(max_examples=12, deadline=None)
def test_laws(followers: int, following: int, posts: int, rate: float) -> None:
    data = _accounts(
        followers_stated=[followers, followers * 2 + 1],
        following_stated=[following] * 2,
        posts_stated=[posts] * 2,
    )
    judged, more = automation(data, base_rate=rate), automation(data, base_rate=rate * 1.5)
    known = judged.dropna(subset="automation")
    assert (known["automation_low"] <= known["automation"]).all()
    assert (known["automation"] <= known["automation_high"]).all()
    assert known["automation_missing"].isna().all()
    both = judged["automation"].notna() & more["automation"].notna()
    assert (more["automation"] > judged["automation"])[both].all()
    if judged["automation"].notna().all():  # who is followed by more is suspected no more
        assert judged["automation"].iloc[1] <= judged["automation"].iloc[0]


def test_the_shipped_model_is_plain_numbers_and_says_where_from() -> None:
    content = json.loads(resources.files("influgraph.bots").joinpath("automation.json").read_text("utf-8"))
    assert {"about", "sources", "cards", "support"} == set(content)
    assert all(len(card["weights"]) == len(card["sources"]) + 1 for card in content["cards"])
    assert [set(card["signs"]) for card in content["cards"]][-1] < set(profile.SIGNS)


@pytest.fixture(scope="module")
def world() -> object:
    return make_world(WorldSettings(accounts=1000, reruns=2), rng=np.random.default_rng(311))


def test_people_of_a_world_are_left_in_peace(world: object) -> None:
    judged = automation(world.data)
    machines = world.bots[world.bots["kind"] != "pod"]  # members of pods are people
    bots = judged.index.isin(machines["account_id"])
    assert (judged["automation"] > 0.5).to_numpy(bool, na_value=False)[~bots].mean() < 0.005
    assert judged["automation"].notna()[~bots].sum() > 20
    assert (judged["automation"][bots].dropna() > 0.5).all()


def _timed(who: str, seconds: np.ndarray) -> pd.DataFrame:
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.floor(seconds), unit="s")
    return pd.DataFrame({"account_id": who, "kind": "like", "created_at": times})


def _person(rng: np.random.Generator, count: int = 200) -> np.ndarray:
    """Sessions by day and rarely by night, with acts in bursts."""
    start = rng.integers(0, 28, count) * 86_400 + rng.normal(15, 3, count) * 3600
    return np.repeat(start, 2)[:count] + rng.exponential(90, count)


def test_habits_of_a_machine_stand_out_and_of_people_do_not() -> None:
    rng = np.random.default_rng(5)
    machine = np.arange(0, 28 * 86_400, 3600) + 7.0
    acts = [_timed(f"p{number}", _person(rng)) for number in range(40)] + [_timed("machine", machine)]
    found = automation_evidence(from_tables(engagements=pd.concat(acts)))
    said = found["automation_evidence"]
    assert "all hours" in said["machine"]
    assert "even gaps" in said["machine"]
    assert "gaps between acts repeat" in said["machine"]
    assert (said.drop("machine") == "").sum() >= 38
    assert found.loc["machine", "same_gaps"] > 1000
    assert found["on_the_minute"].drop("machine").mean() == pytest.approx(1 / 60, abs=0.01)


def test_full_minutes_and_equal_delays() -> None:
    rng = np.random.default_rng(6)
    made = np.sort(rng.uniform(0, 28 * 86_400, 100)).round()
    start = pd.Timestamp("2024-01-01")
    posts = pd.DataFrame(
        {"post_id": range(100), "author_id": "a", "created_at": start + pd.to_timedelta(made, unit="s")}
    )
    late = {"machine": np.full(100, 90.0), "person": rng.exponential(4000, 100)}
    acts = [_timed(who, made + wait).assign(post_id=range(100)) for who, wait in late.items()]
    acts += [_timed("minute", np.round(_person(rng) / 60) * 60)]
    acts = pd.concat(acts).astype({"post_id": "Int64"})
    found = automation_evidence(from_tables(posts=posts, engagements=acts))
    assert found.loc["machine", "automation_evidence"] == judge.timing.WORDS["same_delays"]
    assert judge.timing.WORDS["on_the_minute"] in found.loc["minute", "automation_evidence"]
    assert found.loc["person", "automation_evidence"] == ""


def test_times_to_the_minute_say_nothing_about_minutes() -> None:
    rng = np.random.default_rng(8)
    acts = pd.concat([_timed(f"p{n}", np.round(_person(rng) / 60) * 60) for n in range(25)])
    assert automation_evidence(from_tables(engagements=acts))["on_the_minute"].isna().all()


def test_few_acts_are_too_few_and_a_million_are_not_too_many() -> None:
    few = automation_evidence(from_tables(engagements=_timed("a", np.arange(20) * 3600.0)))
    assert few["automation_evidence"].isna().all()
    same = automation_evidence(from_tables(engagements=_timed("a", np.zeros(10**6))))
    assert same.loc["a", "timed_acts"] == 10**6
    assert same.loc["a", ["day_rhythm", "burstiness", "same_gaps"]].isna().all()


def test_who_is_followed_back() -> None:
    pairs = [("a", f"b{n}") for n in range(12)] + [(f"b{n}", "a") for n in range(3)] + [("b5", "b6")]
    pairs += [(f"b{n}", "z") for n in range(12)]
    data = from_tables(follows=pd.DataFrame(pairs, columns=["follower_id", "followed_id"]))
    assert automation_evidence(data).loc["a", "followed_back"] == 3 / 12
    assert automation_evidence(data)["automation_evidence"].isna().all()


def _source(shared: Path, name: str) -> tuple[Dataset, np.ndarray]:
    raw = pd.read_csv(shared / "botometer_user_sets" / "users.csv.gz").loc[
        lambda table: table["source"] == name
    ]
    table = raw.rename(
        columns={"user_id": "account_id", **{n: f"{n}_stated" for n in ("followers", "following", "posts")}}
    )
    table = table[
        ["account_id", "followers_stated", "following_stated", "posts_stated", "account_created_at"]
    ].assign(bio=np.where(raw["description_len"] == 0, None, "words"))
    return from_tables(accounts=table.rename(columns={"account_created_at": "created_at"})), raw["label"]


def test_verified_people_are_left_in_peace_and_declared_bots_not_judged(shared_data: Path) -> None:
    judged = automation(_source(shared_data, "verified-2019")[0], observed_at="2019-06-01")
    assert (judged["automation"] > 0.5).sum() == 0
    assert judged["automation"].notna().mean() > 0.95
    declared = automation(_source(shared_data, "botwiki-2019")[0], observed_at="2019-06-01")
    assert (declared["automation_missing"] == judge.DISAGREE).mean() > 0.7
