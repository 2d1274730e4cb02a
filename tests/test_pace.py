"""By which clock delays run: waking time where people act when they are awake, else that on the wall."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence import _clock, _exposure, _intensity, _members, _pace, _question
from influgraph.influence._exposure import Scene

HOUR, DAY, WINDOW = 3600.0, 86_400.0, 72 * 3600.0
START = pd.Timestamp("2024-01-01", tz="UTC")
SOURCES, PEOPLE, DAYS = 20, 400, 30
AWAKE = _clock.Clock(np.tile(np.repeat([0.02, 1.48], [8, 16]) / 0.993333, 7), 0.0, always=0.0)


def _by_the_wall(posted: np.ndarray, waited: np.ndarray) -> np.ndarray:
    return posted + waited


def _when_awake(posted: np.ndarray, waited: np.ndarray) -> np.ndarray:
    return AWAKE.seconds(AWAKE.waking(posted) + waited)


def _when_come_upon(posted: np.ndarray, waited: np.ndarray) -> np.ndarray:
    """Posts of the night are seen at eight, then acted on by the clock on the wall."""
    return np.maximum(posted, posted // DAY * DAY + 8 * HOUR) + waited


def _shop(acted: Callable[[np.ndarray, np.ndarray], np.ndarray], *, chance: float = 0.15) -> Dataset:
    """People who sleep till eight; some buy three hours after a post, made at any hour, by some clock."""
    rng = np.random.default_rng(5)
    follows = pd.DataFrame(
        [(person, source) for person in range(PEOPLE) for source in rng.choice(SOURCES, 4, replace=False)],
        columns=["follower_id", "followed_id"],
    )
    posts = pd.DataFrame({"author_id": rng.integers(0, SOURCES, 300), "at": rng.uniform(0, DAYS * DAY, 300)})
    seen = posts.merge(follows, left_on="author_id", right_on="followed_id")
    bought = seen[(rng.random(len(seen)) < chance) & (seen["author_id"] < SOURCES // 2)]
    later = acted(bought["at"].to_numpy(), rng.exponential(3 * HOUR, len(bought)))
    awake = rng.integers(0, DAYS, 7200) * DAY + rng.uniform(8, 24, 7200) * HOUR
    acts = pd.DataFrame(
        {
            "account_id": np.append(bought["follower_id"], rng.integers(0, PEOPLE, 7200)),
            "at": np.append(later, awake),
            "kind": np.append(np.repeat("purchase", len(later) + 1200), np.repeat("like", 6000)),
        }
    ).query("at < @DAYS * @DAY")
    return dataset.from_tables(
        follows=_named(follows, ["follower_id", "followed_id"]),
        posts=_stamped(posts).assign(author_id="s" + posts["author_id"].astype(str), post_id=_numbers(posts)),
        engagements=_stamped(acts).assign(account_id="p" + acts["account_id"].astype(str)),
    )


def _named(follows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    letters = dict(zip(columns, "ps", strict=True))
    return pd.DataFrame({name: letters[name] + follows[name].astype(str) for name in columns})


def _numbers(posts: pd.DataFrame) -> list[str]:
    return [f"post-{number}" for number in range(len(posts))]


def _stamped(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(created_at=START + pd.to_timedelta(table["at"].round(), unit="s")).drop(columns="at")


def _scene(data: Dataset) -> Scene:
    niche = pd.Series(0, data.account_ids, dtype="Int64")
    scene = _question.own_outcomes(data, ["purchase"], niche, window=WINDOW)
    assert not isinstance(scene, str)
    return scene


@pytest.mark.parametrize(("acted", "always"), [(_by_the_wall, (1.0,)), (_when_awake, (0.3,))])
def test_the_clock_is_the_one_people_go_by(
    acted: Callable[[np.ndarray, np.ndarray], np.ndarray], always: tuple[float, ...]
) -> None:
    assert _pace.by_best_clock(_scene(_shop(acted)), window=WINDOW).clock.always in always


def test_posts_of_the_night_have_delays_of_their_own_where_they_are_come_upon_later() -> None:
    scene = _scene(_shop(_when_come_upon))
    assert _pace.by_best_clock(scene, window=WINDOW).dayparts == 8
    wall = _pace.by_daypart(_pace.by_clock(scene, scene.clock.that_never_stops(1.0)), 8)
    fitted = _intensity.fit_intensity(_exposure.expose(wall, window=WINDOW))
    mass = (fitted.kernel.reshape(-1, 8, 2, 8) * np.diff(_exposure.DELAY_EDGES) * WINDOW).sum(axis=(0, 2))
    within_four_hours = np.sort(mass[:, :4].sum(axis=1) / mass.sum(axis=1))
    assert within_four_hours[1] < 0.25, "two of eight parts are of the night"
    assert within_four_hours[2] > 0.6


def test_many_authors_share_delays_of_fewer_parts_of_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = _scene(_shop(_by_the_wall))
    assert _pace.dayparts_of(scene) == 8
    monkeypatch.setattr(_pace, "_MOST_CELLS", SOURCES * scene.strata.count * 2 * 8 * 3)
    assert _pace.dayparts_of(scene) == 3
    apart = _pace.by_daypart(scene, 3)
    assert np.bincount(apart.broadcasts.daypart).min() > 50
    assert apart.mode.max() < apart.modes == 6
    monkeypatch.setattr(_pace, "_MOST_WINDOWS", len(scene.attention.exposers))
    assert _pace.dayparts_of(scene) == 1
    best = _pace.by_best_clock(_scene(_shop(_when_come_upon)), window=WINDOW)
    assert best.dayparts == 1


def test_where_nothing_tells_the_clock_is_the_usual_one() -> None:
    scene = _scene(_shop(_by_the_wall, chance=0.0))
    assert _pace.by_best_clock(scene, window=WINDOW) is scene


def test_seconds_are_what_waking_time_was_reckoned_from() -> None:
    times = np.array([0.0, 5.5 * HOUR, 20 * HOUR, 8 * DAY + 3.25 * HOUR, np.inf, -np.inf, -2 * DAY])
    for clock in (AWAKE.that_never_stops(0.3), _clock.Clock(AWAKE.rhythm, 4.5 * DAY, always=0.6)):
        np.testing.assert_allclose(clock.seconds(clock.waking(times)), times, atol=1e-6)


def test_a_scene_by_another_clock_is_as_if_reckoned_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _shop(_when_awake)
    wall = _scene(data).clock.that_never_stops(1.0)
    found = _pace.by_clock(_scene(data), wall)
    np.testing.assert_allclose(found.outcomes.waking, found.outcomes.time)
    np.testing.assert_allclose(found.tempo, 1)
    assert found.waking_period == pytest.approx(found.period)
    monkeypatch.setattr(_clock, "find_clock", lambda *_: wall)
    direct = _scene(data)
    np.testing.assert_allclose(found.broadcasts.time, direct.broadcasts.time, atol=1e-6)


def test_of_many_outcomes_some_accounts_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = _scene(_shop(_by_the_wall))
    monkeypatch.setattr(_pace, "_ENOUGH", len(scene.outcomes.account) // 2)
    some = _pace._some(scene)
    assert some.mean() == pytest.approx(0.5, abs=0.01)
    thinner = _pace._only_acts_of(scene, some)
    assert set(thinner.outcomes.account) <= set(np.flatnonzero(some))
    assert len(thinner.tempo) == len(thinner.outcomes.time)
    best = _pace.by_best_clock(scene, window=WINDOW)
    assert best.clock.always > 0.3 or best.dayparts > 1


def test_log_likelihood_by_hand() -> None:
    outcomes = _members.outcomes_by_member(np.array([0, 0, 1]), np.zeros(3, np.int64))
    weights = np.zeros((1, len(_members.LEVELS)))
    weights[0, [7, 20]] = 0.25, 0.75
    own, caused = np.array([0.2, 0.5, 0.1]), np.array([0.3, 0.0, 0.4])
    expected, exposed = np.array([1.0, 2.0, 0.5]), np.array([0.5, 1.5, 0.2])
    found = _members.log_likelihood(
        outcomes, weights, baseline=own, caused=caused, expected=expected, exposed=exposed
    )
    likelihood = 1.0
    for member, acts in enumerate(([0, 1], [2], [])):
        parts = []
        for kind, weight in ((7, 0.25), (20, 0.75)):
            level, receptive = _members.LEVELS[kind], _members.RECEPTIVE[kind]
            rates = level * own[acts] + receptive * caused[acts]
            parts.append(
                weight * rates.prod() * np.exp(-level * expected[member] - receptive * exposed[member])
            )
        likelihood *= sum(parts)
    assert found == pytest.approx(np.log(likelihood))


def test_a_likelier_shape_of_delays_has_a_higher_likelihood() -> None:
    exposure = _exposure.expose(_scene(_shop(_when_awake)), window=WINDOW)
    few, many = (_intensity.log_likelihood(exposure, iterations=count) for count in (1, 40))
    assert many > few
