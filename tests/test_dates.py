"""Times that are rounded, to dates above all: found as such, and nobody makes people act less by midnight."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence import (
    _clock,
    _fewer,
    _question,
    _rounding,
    attribution,
    fallback,
    forecast,
    self_controlled,
)
from test_fewer import _search

BEGIN = pd.Timestamp("2024-01-01", tz="UTC")
DAY, HOUR, MINUTE = (_rounding.DAY // parts for parts in (1, 24, 24 * 60))
SOURCES, PEOPLE, DAYS, POSTS = 30, 800, 42, 9
MOVING, CHANCE = 6, 0.12


def _world(*, seed: int = 3, chance: float = CHANCE) -> tuple[Dataset, float]:
    """Posts and purchases by the second; the first sources cause some. Also how many are caused."""
    rng = np.random.default_rng(seed)
    follows = np.unique(rng.integers(0, [PEOPLE, SOURCES], (PEOPLE * 5, 2)), axis=0)
    posted = rng.uniform(0, DAYS, (SOURCES, POSTS))
    anyway = np.column_stack([rng.integers(0, PEOPLE, 1600), rng.uniform(0, DAYS, 1600)])
    caused = [
        (member, time + rng.exponential(10 / 24))
        for member, source in follows[follows[:, 1] < MOVING]
        for time in posted[source]
        if rng.random() < chance
    ]
    bought = np.concatenate([anyway, np.array(caused).reshape(-1, 2)])
    bought = bought[bought[:, 1] < DAYS]
    data = dataset.from_tables(
        follows=pd.DataFrame(
            {"follower_id": _names("m", follows[:, 0]), "followed_id": _names("s", follows[:, 1])}
        ),
        posts=pd.DataFrame(
            {
                "post_id": np.arange(posted.size),
                "author_id": _names("s", np.repeat(np.arange(SOURCES), POSTS)),
                "created_at": _times(posted.ravel()),
            }
        ),
        engagements=pd.DataFrame(
            {
                "account_id": _names("m", bought[:, 0].astype(int)),
                "kind": "purchase",
                "created_at": _times(bought[:, 1]),
            }
        ),
    )
    return data, float(len(bought) - len(anyway))


def _names(letter: str, numbers: np.ndarray) -> list[str]:
    return [f"{letter}{number}" for number in numbers]


def _times(days: np.ndarray) -> pd.DatetimeIndex:
    return (BEGIN + pd.to_timedelta(days, unit="D")).floor("s")


def _rounded(data: Dataset, step: str, *, zone: str = "UTC", tables: str = "posts engagements") -> Dataset:
    """The same with times cut down to steps of a zone's clock."""
    told = {}
    for name in tables.split():
        frame = getattr(data, name)
        local = frame["created_at"].dt.tz_convert(zone).dt.floor(step, ambiguous=True)
        told[name] = frame.assign(created_at=local.dt.tz_convert("UTC").astype("datetime64[us, UTC]"))
    return replace(data, **told)


def _attributed(data: Dataset) -> attribution.Attribution:
    nowhere = pd.Series(pd.NA, data.account_ids, dtype="Int64")
    rng = np.random.default_rng(1)
    return attribution.incremental_actions(data, kinds=["purchase"], niches=nowhere, rng=rng)


@pytest.fixture(scope="module")
def world() -> tuple[Dataset, float]:
    return _world()


@pytest.mark.parametrize(
    ("step", "zone", "found"),
    [
        ("s", "UTC", _rounding.SECOND),
        ("min", "UTC", MINUTE),
        ("h", "UTC", HOUR),
        ("h", "Asia/Kolkata", HOUR),
        ("D", "UTC", DAY),
        ("D", "America/Bogota", DAY),
        ("D", "America/New_York", DAY),  # the clocks change in these weeks
    ],
)
def test_how_finely_times_are_told_is_found(
    world: tuple[Dataset, float], step: str, zone: str, found: int
) -> None:
    data = _rounded(world[0], step, zone=zone)
    for table in (data.posts, data.engagements):
        assert _rounding.find_grid(table["created_at"]).step == found


def test_few_times_or_one_moment_are_no_rule() -> None:
    midnights = pd.Series(pd.date_range(BEGIN, periods=60, freq="D"))
    assert _rounding.find_grid(midnights).step == DAY
    assert _rounding.find_grid(midnights.head(29)).step == _rounding.SECOND
    assert _rounding.find_grid(midnights.head(4).repeat(100)).step == _rounding.SECOND
    unlike = midnights + pd.to_timedelta(np.where(np.arange(60) % 5, 0, 12_345), unit="s")
    assert _rounding.find_grid(unlike).step == _rounding.SECOND
    assert _rounding.find_grid(pd.Series(pd.NaT, range(50), dtype="datetime64[us, UTC]")).step < MINUTE


def test_times_to_the_second_stay_as_they_are(world: tuple[Dataset, float]) -> None:
    assert _rounding.unrounded(world[0], kinds=["purchase"]) is world[0]
    assert _rounding.unrounded(_rounded(world[0], "D", tables="posts"), kinds=["purchase"]).posts.equals(
        _rounded(world[0], "D", tables="posts").posts
    )


@pytest.mark.parametrize("zone", ["UTC", "America/Bogota", "America/New_York"])
def test_outcomes_are_spread_over_their_day_and_posts_come_first(
    world: tuple[Dataset, float], zone: str
) -> None:
    told = _rounded(world[0], "D", zone=zone)
    data = _rounding.unrounded(told, kinds=["purchase"])
    first = _rounding.find_grid(told.engagements["created_at"]).first
    start = (data.posts["created_at"].astype("int64") - first) % DAY
    assert (start == 0).all()
    moved = data.engagements["created_at"] - told.engagements["created_at"]
    assert moved.between(pd.Timedelta("-1h"), pd.Timedelta("1D")).all()
    assert (data.engagements["created_at"].astype("int64") - first).mod(DAY).mean() == pytest.approx(
        DAY / 2, rel=0.02
    )


def test_posts_of_another_zone_keep_their_date(world: tuple[Dataset, float]) -> None:
    there = _rounded(world[0], "D", tables="engagements")
    told = _rounded(world[0], "D", tables="posts").posts
    five = told.assign(created_at=told["created_at"] + pd.Timedelta("5h"))
    data = _rounding.unrounded(replace(there, posts=five), kinds=["purchase"])
    assert data.posts["created_at"].equals(told["created_at"])


def test_followers_of_the_day_of_a_post_see_it(world: tuple[Dataset, float]) -> None:
    noon = world[0].follows.assign(followed_at=BEGIN + pd.Timedelta("12h"))
    data = _rounding.unrounded(_rounded(replace(world[0], follows=noon), "D"), kinds=["purchase"])
    assert (data.follows["followed_at"] == BEGIN).all()


def test_dates_make_estimates_and_nobody_is_said_to_make_people_act_less(
    world: tuple[Dataset, float],
) -> None:
    data, caused = world
    found = _attributed(_rounded(data, "D"))
    told = found.accounts.dropna(subset="influence")
    assert set(told["influence_grade"]) == {"estimated"}
    assert set(told["suppression_missing"]) == {"times are dates"}
    assert told["suppression_q"].isna().all()
    assert (told["influence"] >= 0).all()
    assert (told["had_anyway"] <= found.outcomes).all()
    assert 0.4 * caused < told["influence"].sum() < 1.4 * caused


@pytest.mark.parametrize("tables", ["posts", "engagements"])
def test_dates_of_one_table_are_enough_to_be_an_estimate(world: tuple[Dataset, float], tables: str) -> None:
    told = _attributed(_rounded(world[0], "D", tables=tables)).accounts.dropna(subset="influence")
    assert set(told["influence_grade"]) == {"estimated"}
    assert set(told["suppression_missing"]) == {"times are dates"}


def test_hours_are_as_good_as_seconds(world: tuple[Dataset, float]) -> None:
    sums = [_attributed(_rounded(world[0], step)).accounts for step in ("s", "h")]
    assert set(sums[1]["influence_grade"].dropna()) == {"causal under assumptions"}
    fine, rounded = (accounts["influence"].sum() for accounts in sums)
    assert rounded == pytest.approx(fine, rel=0.2)


def test_what_is_missing_is_said(world: tuple[Dataset, float]) -> None:
    assert fallback.basis(_rounded(world[0], "D"), kinds=["purchase"]) == (fallback.DATES,)
    assert fallback.basis(world[0], kinds=["purchase"]) == ()


def test_midnight_makes_no_rhythm(world: tuple[Dataset, float]) -> None:
    data = _rounded(world[0], "D")
    clock = _clock.find_clock(data, BEGIN)
    assert clock.hourly == pytest.approx(np.ones(168))
    scene = _question.own_outcomes(data, ["purchase"], pd.Series(0, data.account_ids), window=3 * 86400.0)
    assert not isinstance(scene, str)
    assert np.ptp(scene.tempo) < 0.5


def test_those_who_go_by_the_day_count_outcomes_of_the_day_of_a_post(world: tuple[Dataset, float]) -> None:
    data = world[0]
    nowhere = pd.Series(pd.NA, data.account_ids, dtype="Int64")
    movers = _names("s", np.arange(MOVING))
    own = self_controlled.self_controlled(_rounded(data, "D"), kinds=["purchase"], niches=nowhere)
    own = own["self_controlled"].dropna()
    assert own[movers].mean() > 2 * own.drop(movers).mean()
    expected = forecast.next_engagers(_rounded(data, "D"), kinds=["purchase"], ahead=200, window="1D")
    fine = forecast.next_engagers(data, kinds=["purchase"], ahead=200, window="1D")
    assert expected.sum() > 0.7 * fine.sum()


def test_no_more_is_missing_than_was_had_at_other_times() -> None:
    """A source posts nearly always, and stops nearly all: little is left to tell how much is missing."""
    data, _ = _world(chance=0.0)
    rest, day = data.posts["author_id"] != "s0", (data.engagements["created_at"] - BEGIN) / pd.Timedelta("1D")
    posted = 1 + 3.5 * np.arange(11)
    posts = pd.DataFrame({"post_id": 1000 + np.arange(11), "author_id": "s0", "created_at": _times(posted)})
    fans = _names("m", np.arange(0, PEOPLE, 2))
    follows = data.follows[data.follows["followed_id"] != "s0"][["follower_id", "followed_id"]]
    since = day.to_numpy()[:, None] - posted
    after = ((since > 0) & (since < 3)).any(axis=1) & data.engagements["account_id"].isin(fans)
    kept = ~after | (np.arange(len(day)) % 20 == 0)
    found = _search(
        dataset.from_tables(
            follows=pd.concat([follows, pd.DataFrame({"follower_id": fans, "followed_id": "s0"})]).astype(
                "str"
            ),
            posts=pd.concat([data.posts[rest].astype({"post_id": "int64", "author_id": "str"}), posts]),
            engagements=data.engagements[kept],
        )
    )
    assert found.index[found["shown"]].tolist() == ["s0"]
    elsewhere = (kept & ~after & data.engagements["account_id"].isin(fans)).sum()
    assert 0.5 * elsewhere < -found.loc["s0", "effect"] <= -found.loc["s0", "low"] < 1.1 * elsewhere


def test_an_outcome_at_another_time_vouches_once() -> None:
    chance = sparse.csr_array([[0.5, 0.5, 0.5], [0.5, 0.0, 0.5]])
    account = np.array([0, 0, 1, 1])
    seen = sparse.csr_array([[1.0, 0, 0], [0, 0, 1], [0, 0, 0], [1, 0, 0]])
    most = _fewer._vouched_for(chance, seen, account, np.array([True, True, False]))
    assert most.tolist() == [0.5 + 1, 1 + 0.5, 0]
