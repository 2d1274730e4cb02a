"""Acts in sessions: found where acts make others likelier, and counted to the posts before the first."""

import re

import numpy as np
import pandas as pd
import pytest

from influgraph import dataset
from influgraph.influence import _question, _sessions
from influgraph.influence.attribution import Attribution, incremental_actions
from influgraph.influence.placebo import placebo_tests

HOUR, DAY = 3600.0, 86_400.0
PEOPLE, SOURCES, DAYS = 600, 15, 40
START = pd.Timestamp("2024-01-01", tz="UTC")


def _own_acts(rng: np.random.Generator, *, shock: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Who acts when, by much or little and mostly in the evening; a share of acts in one hour of one day."""
    activity = rng.gamma(0.7, 1 / 0.7, PEOPLE)
    account = np.repeat(np.arange(PEOPLE), rng.poisson(4 * activity))
    time = rng.integers(0, DAYS, len(account)) * DAY + (rng.normal(19, 2.5, len(account)) % 24) * HOUR
    shocked = rng.random(len(account)) < shock
    return account, np.where(shocked, 20 * DAY + 18 * HOUR + rng.random(len(account)) * HOUR, time)


def _repeated(
    rng: np.random.Generator, account: np.ndarray, time: np.ndarray, *, share: float = 0.55
) -> tuple[np.ndarray, np.ndarray]:
    """Each act brings about others of the same account, an hour later, and these again."""
    parts = [(account, time)]
    while len(parts[-1][0]):
        again = rng.poisson(share, len(parts[-1][0]))
        later = np.repeat(parts[-1][1], again)
        parts.append((np.repeat(parts[-1][0], again), later + rng.exponential(HOUR, len(later))))
    account, time = (np.concatenate(side) for side in zip(*parts, strict=True))
    return account[time < DAYS * DAY], time[time < DAYS * DAY]


def _found(account: np.ndarray, time: np.ndarray) -> _sessions.Sessions:
    order = np.argsort(time, kind="stable")
    niche = np.arange(PEOPLE) % 3
    return _sessions.find_sessions(account[order], time[order], niche=niche, period=DAYS * DAY)


def _shop(rng: np.random.Generator, *, caused: float, sessions: bool) -> tuple[dataset.Dataset, pd.Series]:
    """Followers of sources who buy, some because of posts of the first five; and who moved how many."""
    follows = pd.DataFrame(
        [(one, source) for one in range(PEOPLE) for source in rng.choice(SOURCES, 4, replace=False)],
        columns=["person", "source"],
    )
    posts = pd.DataFrame({"source": rng.integers(0, SOURCES, 400)})
    posts["at"] = rng.integers(0, DAYS, 400) * DAY + (rng.normal(19, 1.5, 400) % 24) * HOUR
    seen = posts.merge(follows, on="source")
    moved = seen[(rng.random(len(seen)) < caused) & (seen["source"] < 5)]
    acts = [_own_acts(rng), (moved["person"].to_numpy(), moved["at"] + rng.exponential(3 * HOUR, len(moved)))]
    if sessions:
        acts = [_repeated(rng, np.asarray(who), np.asarray(when)) for who, when in acts]
    counts = moved["source"].value_counts().reindex(range(SOURCES), fill_value=0)
    truth = counts * len(acts[1][0]) / max(len(moved), 1)
    account, time = (np.concatenate(side) for side in zip(*acts, strict=True))
    bought = pd.DataFrame({"account_id": account, "at": time}).query("at < @DAYS * @DAY")
    data = dataset.from_tables(
        follows=pd.DataFrame(
            {"follower_id": _names("p", follows["person"]), "followed_id": _names("s", follows["source"])}
        ),
        posts=pd.DataFrame(
            {
                "post_id": _names("post", pd.Series(posts.index)),
                "author_id": _names("s", posts["source"]),
                "created_at": _stamps(posts["at"]),
            }
        ),
        engagements=pd.DataFrame(
            {
                "account_id": _names("p", bought["account_id"]),
                "kind": "purchase",
                "created_at": _stamps(bought["at"]),
            }
        ),
    )
    return data, truth.set_axis(_names("s", pd.Series(truth.index)))


def _names(letter: str, numbers: pd.Series) -> pd.Series:
    return letter + numbers.astype(str)


def _stamps(seconds: pd.Series) -> pd.Series:
    return START + pd.to_timedelta(seconds.round(), unit="s")


def _attributed(data: dataset.Dataset) -> Attribution:
    niche = pd.Series(0, data.account_ids, dtype="Int64")
    return incremental_actions(data, kinds=["purchase"], niches=niche, rng=np.random.default_rng(7))


def test_acts_of_people_of_any_activity_rhythm_and_shock_are_sessions_of_one() -> None:
    for seed in range(5):
        found = _found(*_own_acts(np.random.default_rng(seed), shock=0.2))
        assert found.pause == 0
        assert found.begins.all()
        assert (found.acts == 1).all()


def test_acts_that_bring_about_others_stand_in_sessions() -> None:
    rng = np.random.default_rng(3)
    once = _own_acts(rng)
    account, time = _repeated(rng, *once)
    found = _found(account, time)
    assert HOUR <= found.pause <= 8 * HOUR
    assert found.acts.sum() == len(account)
    assert found.begins.sum() == len(found.acts)
    assert found.begins.sum() == pytest.approx(len(once[0]), rel=0.15)


def test_sessions_by_hand() -> None:
    minutes = np.array([0, 1, 2, 700, 701, 5000, 20_000], float)
    account = np.array([0, 1, 0, 0, 1, 0, 0])
    many = np.arange(2, 400)
    who = np.concatenate([account, np.repeat(many, 3)])
    at = np.concatenate(
        [minutes * 60, (np.repeat(many * 137 % DAYS * DAY, 3) + np.tile([0, 30, 65], len(many)))]
    )
    order = np.argsort(at, kind="stable")
    found = _sessions.find_sessions(who[order], at[order], niche=np.zeros(400, int), period=DAYS * DAY)
    first = who[order][found.begins]
    assert found.pause >= 65
    assert found.acts[first == 0].tolist() == [2, 1, 1, 1]
    assert found.acts[first == 1].tolist() == [1, 1]
    assert (found.acts[first >= 2] == 3).all()


def test_nobody_is_credited_with_sessions_that_come_anyway() -> None:
    for seed in range(3):
        data, _ = _shop(np.random.default_rng(seed), caused=0.0, sessions=True)
        found = _attributed(data)
        assert found.pause > 0
        assert found.credited < 0.05 * found.outcomes
        assert not (found.accounts["influence_low"] > 0).any()


def test_acts_in_sessions_are_credited_to_whoever_brought_these_about() -> None:
    data, truth = _shop(np.random.default_rng(4), caused=0.03, sessions=True)
    found = _attributed(data)
    assert found.outcomes == len(data.engagements)
    assert re.match(r"Within [248] hours of an act its account does the same again", found.sessions[0])
    assert found.credited == pytest.approx(truth.sum(), rel=0.25)
    accounts = found.accounts.reindex(truth.index)
    assert truth.between(accounts["influence_low"], accounts["influence_high"]).mean() >= 0.8
    assert found.draws.mean(axis=1).sum() == pytest.approx(accounts["influence"].sum(), rel=0.15)
    known = accounts.dropna(subset="outcomes_after")
    parts = known["outcomes_after"] - known["had_anyway"] - known["due_to_others"] + known["shrinkage"]
    assert (parts - known["through_reposts"]).to_numpy() == pytest.approx(known["influence"].to_numpy())
    divided = found.by_niche.groupby("account_id")["influence"].sum()
    assert divided.to_numpy() == pytest.approx(known["influence"].reindex(divided.index).to_numpy())


def test_where_acts_are_their_own_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    data, _ = _shop(np.random.default_rng(5), caused=0.02, sessions=False)
    found = _attributed(data)
    assert found.pause == 0
    assert found.sessions == ()
    monkeypatch.setattr(_sessions, "_longest_pause", lambda *_, **__: 0.0)
    pd.testing.assert_frame_equal(_attributed(data).accounts, found.accounts)


def test_tests_of_the_model_count_sessions_too() -> None:
    data, _ = _shop(np.random.default_rng(6), caused=0.0, sessions=True)
    niche = pd.Series(0, data.account_ids, dtype="Int64")
    scene = _question.own_outcomes(data, ["purchase"], niche, window=3 * DAY)
    assert not isinstance(scene, str)
    assert scene.pause > 0
    assert len(scene.outcomes.account) < 0.7 * len(data.engagements)
    rows = placebo_tests(data, kinds=["purchase"], niches=niche, rng=np.random.default_rng(1))
    assert not rows["verdict"].str.startswith("failed").any()
