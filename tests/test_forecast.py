"""Forecasts: by hand, against references, blind to the future, and what they say where data are too few."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from influgraph import centrality, dataset, networks, popularity
from influgraph.dataset import Dataset
from influgraph.influence import _forecast_measures as measures
from influgraph.influence import _forecast_model as model
from influgraph.influence import _words, forecast
from influgraph.influence._forecast_responses import Responses, find_responses
from small_world import small_tables

START = pd.Timestamp("2024-01-01", tz="UTC")
PREDICTORS = {
    "followers": lambda past: popularity.popularity(past)["followers"],
    "PageRank": lambda past: centrality.pagerank(networks.engagement_network(past)),
}


def _rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def _days(days: object) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(START + pd.to_timedelta(days, unit="D"))


def _reposts(*, acts: int = 3000, accounts: int = 80, seed: int = 1) -> Dataset:
    """Reposts of accounts by fame, which moves from some to others over the time."""
    rng = _rng(seed)
    place = np.arange(acts) / acts
    fame = 1 / (1 + np.arange(accounts)) ** 1.2
    receiver = np.where(
        rng.random(acts) < place,
        accounts - 1 - rng.choice(accounts, acts, p=fame / fame.sum()),
        rng.choice(accounts, acts, p=fame / fame.sum()),
    )
    rows = {
        "account_id": [f"person-{number}" for number in rng.integers(0, 500, acts)],
        "target_id": [f"source-{number}" for number in receiver],
        "kind": "repost",
        "created_at": _days(np.sort(rng.uniform(0, 30, acts))),
    }
    return dataset.from_tables(engagements=pd.DataFrame(rows))


def _small(**changed: pd.DataFrame) -> Dataset:
    return dataset.from_tables(**{**small_tables(), **changed})


def _found(data: Dataset, *kinds: str, window: str = "3D") -> Responses:
    found = find_responses(data, kinds=kinds, window=window)
    assert isinstance(found, Responses), found
    return found


def test_who_responded_to_whom_by_hand() -> None:
    data = dataset.from_tables(
        follows=pd.DataFrame(
            {
                "follower_id": ["ben", "ben", "cem", "dia"],
                "followed_id": ["ann", "eva", "ann", "ann"],
                "followed_at": [None, None, None, START + pd.Timedelta("3D")],
            }
        ),
        posts=pd.DataFrame(
            {"post_id": list("pqr"), "author_id": ["ann", "eva", "ann"], "created_at": _days([1, 2, 9])}
        ),
        engagements=pd.DataFrame(
            {
                "account_id": ["ben", "cem", "dia", "cem"],
                "kind": "purchase",
                "created_at": _days([3, 4.5, 4, 9.5]),
            }
        ),
    )
    found, ids = _found(data, "purchase"), data.account_ids
    pairs = sorted(zip(ids[found.account], ids[found.engager], strict=True))
    # Dia followed after the post, and Cem's first purchase came more than three days after it.
    assert pairs == [("ann", "ben"), ("ann", "cem"), ("eva", "ben")]
    cut = START.timestamp() + 86400
    everything, later = (found.engagers_between(START.timestamp() + s, np.inf) for s in (0, 4 * 86400))
    assert everything[ids.get_indexer(["ann", "eva"])].tolist() == [2, 1]
    assert later[ids.get_indexer(["ann", "eva"])].tolist() == [1, 0]
    assert found.before(cut).seen().sum() == 0
    assert ids[found.before(cut + 1).seen()].tolist() == ["ann"]


def _brute(data: Dataset, window: str) -> list[tuple[str, str, pd.Timestamp, pd.Timestamp]]:
    """Every purchase, each followed author with a post in the window before it, and that post."""
    acts = dataset.resolved_engagements(data).query("kind == 'purchase'")
    pairs = []
    for act in acts.itertuples():
        for follow in data.follows[data.follows["follower_id"] == act.account_id].itertuples():
            times = data.posts.loc[data.posts["author_id"] == follow.followed_id, "created_at"]
            times = times[(times < act.created_at) & (times >= act.created_at - pd.Timedelta(window))]
            if len(times):
                pairs.append((follow.followed_id, act.account_id, act.created_at, times.max()))
    return sorted(pairs)


def _listed(data: Dataset, found: Responses) -> list[tuple[str, str, pd.Timestamp, pd.Timestamp]]:
    ids = data.account_ids
    times = (pd.to_datetime(np.round(seconds), unit="s", utc=True) for seconds in (found.time, found.since))
    return sorted(zip(ids[found.account], ids[found.engager], *times, strict=True))


def test_responses_after_posts_are_those_of_brute_force() -> None:
    data = _small()
    assert _listed(data, _found(data, "purchase", window="1D")) == _brute(data, "1D")


def test_where_views_are_listed_they_are_the_exposures() -> None:
    tables = small_tables()
    follows, posts = tables["follows"], tables["posts"]
    seen = follows.merge(posts, left_on="followed_id", right_on="author_id")
    views = pd.DataFrame(
        {
            "account_id": seen["follower_id"],
            "kind": "view",
            "post_id": seen["post_id"],
            "created_at": seen["created_at"],
        }
    )
    everyone_looks = _small(engagements=pd.concat([tables["engagements"], views]))
    found = _found(everyone_looks, "purchase", window="1D")
    assert _listed(everyone_looks, found) == _brute(_small(), "1D")
    blind = _small(engagements=pd.concat([tables["engagements"], views.head(1)]))
    assert len(_found(blind, "purchase", window="1D").time) < 5


def test_age_counts_outcomes_not_hours() -> None:
    slow, burst = ([1, 2, 3, 4], [1, 100, 100.1, 100.2])
    scores = []
    for days in (slow, burst):
        acts = {"account_id": list("abcd"), "target_id": list("xyyx"), "kind": "repost"}
        data = dataset.from_tables(engagements=pd.DataFrame(acts | {"created_at": _days(days)}))
        past = model.Past(_found(data, "repost"))
        scores.append(model.remember(past, forget=lambda age: 1 / (1 + 4 * age), different=True))
    np.testing.assert_array_equal(*scores)
    ages = np.array([1, 3 / 4, 2 / 4, 1 / 4])
    wanted = [(1 / (1 + 4 * ages))[[0, 3]].sum(), (1 / (1 + 4 * ages))[[1, 2]].sum()]
    np.testing.assert_allclose(scores[0][data.account_ids.get_indexer(["x", "y"])], wanted)


def test_an_engager_may_count_once_by_the_last_response() -> None:
    acts = {"account_id": list("aab"), "target_id": "x", "kind": "repost", "created_at": _days([1, 2, 3])}
    past = model.Past(_found(dataset.from_tables(engagements=pd.DataFrame(acts)), "repost"))
    ages = np.array([1, 2 / 3, 1 / 3])
    once = model.remember(past, forget=partial(model.by_power, scale=1.0, power=2.0), different=True)
    every = model.remember(past, forget=partial(model.by_power, scale=1.0, power=2.0), different=False)
    assert once.max() == pytest.approx(((1 + ages) ** -2.0)[1:].sum())
    assert every.max() == pytest.approx(((1 + ages) ** -2.0).sum())
    faded = model.fade(past, half_life=86400.0)
    assert faded.max() == pytest.approx(2.0**0 + 2.0**-1 + 2.0**-2, rel=1e-4)


def test_measures_are_those_of_scipy_and_of_counting() -> None:
    rng = _rng()
    forecast_, future = rng.random(300), rng.poisson(rng.gamma(0.3, 20, 300)).astype(float)
    future += rng.random(300) / 1e6
    order, hits, share = measures.quality(measures.tabulate(forecast_, future), first=30)
    named, best = np.argsort(-forecast_)[:30], np.argsort(-future)[:30]
    assert order == pytest.approx(stats.spearmanr(forecast_, future)[0])
    assert hits == pytest.approx(len(set(named) & set(best)) / 30)
    assert share == pytest.approx(future[named].sum() / future[best].sum())
    tied = np.round(future, -1)
    assert measures.quality(measures.tabulate(forecast_, tied), first=30)[0] == pytest.approx(
        stats.spearmanr(forecast_, tied)[0]
    )


def test_ties_count_as_if_broken_at_random() -> None:
    future = np.array([9.0, 5.0, 5.0, 1.0, 0.0])
    nothing_known = measures.quality(measures.tabulate(np.zeros(5), future), first=2)
    np.testing.assert_allclose(nothing_known, [0, 2 / 5, (2 / 5 * 20) / 14])
    np.testing.assert_allclose(
        measures.by_chance(measures.tabulate(np.zeros(5), future), first=2), nothing_known
    )


@pytest.mark.parametrize("first", [1, 3, 10])
def test_a_weight_is_a_repeated_account(first: int) -> None:
    rng = _rng(first)
    forecast_, future = rng.integers(0, 6, 40).astype(float), rng.integers(0, 5, 40).astype(float)
    weights = rng.poisson(1.0, 40)
    repeated = measures.tabulate(np.repeat(forecast_, weights), np.repeat(future, weights))
    weighted = measures.quality(measures.tabulate(forecast_, future), first=first, weights=weights * 1.0)
    np.testing.assert_allclose(weighted, measures.quality(repeated, first=first), atol=1e-12)


def _with_another_future(data: Dataset, moment: pd.Timestamp, *, seed: int) -> Dataset:
    """The same until a moment; after it everybody does something else, to others, at other times."""
    rng = _rng(seed)
    acts, posts = data.engagements.copy(), data.posts.copy()
    for frame, columns in ((acts, ("account_id", "target_id")), (posts, ("author_id",))):
        late = np.flatnonzero(frame["created_at"] >= moment)
        for column in (*columns, "created_at"):
            frame.loc[late, column] = frame[column].to_numpy()[rng.choice(late, len(late))]
    tables = {"accounts": pd.DataFrame({"account_id": data.account_ids}), "follows": data.follows}
    return dataset.from_tables(**tables, posts=posts, engagements=acts)


@pytest.fixture(params=["repost", "purchase"])
def watched(request: pytest.FixtureRequest) -> tuple[Dataset, str, pd.Timestamp]:
    kind = request.param
    data = _reposts() if kind == "repost" else _small()
    times = dataset.resolved_engagements(data).query("kind == @kind")["created_at"].sort_values()
    return data, kind, times.iloc[int(len(times) * 0.7)]


def _forecasts(data: Dataset, kind: str, moment: pd.Timestamp) -> dict[str, bytes]:
    known = _found(data, kind).before(moment.timestamp())
    forecasts = model.predict(known, ahead=50, first=10)
    forecasts |= forecast._measured(data, moment.timestamp(), PREDICTORS)
    return {name: values.tobytes() for name, values in forecasts.items()}


def test_what_comes_later_changes_no_byte(watched: tuple[Dataset, str, pd.Timestamp]) -> None:
    data, kind, moment = watched
    other = _with_another_future(data, moment, seed=3)
    first, second = (_found(d, kind).engagers_between(moment.timestamp(), np.inf) for d in (data, other))
    assert not np.array_equal(first, second)
    assert _forecasts(data, kind, moment) == _forecasts(other, kind, moment)


def _leak_by_responses(whole: dict[str, Responses], monkeypatch: pytest.MonkeyPatch) -> None:
    honest = model.predict
    monkeypatch.setattr(model, "predict", lambda _, **options: honest(whole["now"], **options))


def _leak_by_training(_: dict[str, Responses], monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Responses.before
    monkeypatch.setattr(Responses, "before", lambda known, moment: honest(known, moment + 5e5))


def _leak_by_predictor(whole: dict[str, Responses], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PREDICTORS, "leaky", lambda _: pd.Series(whole["now"].engagers_between(0, np.inf)))
    monkeypatch.setattr(forecast, "_measured", lambda *_: {"leaky": PREDICTORS["leaky"](None).to_numpy()})


@pytest.mark.parametrize("leak", [_leak_by_responses, _leak_by_training, _leak_by_predictor])
def test_a_leak_would_be_caught(
    watched: tuple[Dataset, str, pd.Timestamp],
    leak: Callable[[dict[str, Responses], pytest.MonkeyPatch], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data, kind, moment = watched
    whole: dict[str, Responses] = {}
    leak(whole, monkeypatch)
    made = []
    for version in (data, _with_another_future(data, moment, seed=3)):
        whole["now"] = _found(version, kind)
        made.append(_forecasts(version, kind, moment))
    assert made[0] != made[1]


def test_cutting_the_data_is_cutting_the_responses(watched: tuple[Dataset, str, pd.Timestamp]) -> None:
    data, kind, moment = watched
    cut = data.between(START, moment)
    by_data = forecast.next_engagers(cut, kinds=[kind], ahead=50)
    known = _found(data, kind).before(moment.timestamp())
    by_responses = model.predict(known, ahead=50, first=forecast._first(int(known.seen().sum())))
    wanted = np.where(known.seen(), by_responses["our forecast"], np.nan)
    np.testing.assert_array_equal(by_data.to_numpy(), wanted)
    assert by_data.name == "next_engagers"


def test_recent_engagement_wins_where_fame_moves() -> None:
    rows = forecast.walk_forward(_reposts(), kinds=["repost"], predictors=PREDICTORS, rng=_rng())
    found = rows.set_index(["check", "subject"])["estimate"]
    for check in ("forecast: order", "forecast: hits", "forecast: share"):
        assert found[check, "our forecast"] > found[check, "past engagement"]
    assert len(rows) == 1 + 3 * (len(PREDICTORS) - 1 + 3 + 1 + 1)


def test_where_nothing_moves_age_seldom_counts() -> None:
    told_apart = 0
    for seed in range(5):
        acts = _reposts(seed=seed).engagements
        shuffled = acts.assign(created_at=_rng(seed + 50).permutation(acts["created_at"]))
        known = _found(dataset.from_tables(engagements=shuffled), "repost")
        found = model.predict(known, ahead=500, first=8)
        ours, plain = found["our forecast"], found["past engagement"]
        told_apart += not np.allclose(ours / ours.sum(), plain / plain.sum())
    assert told_apart <= 1


def test_a_forecast_adds_up_to_those_who_come() -> None:
    data, count = _reposts(), 3000
    for part in (0.6, 0.8):
        moment = data.engagements["created_at"].iloc[int(count * part)]
        past = data.between(START, moment)
        expected = forecast.next_engagers(past, kinds=["repost"], ahead=count // 5)
        end = data.engagements["created_at"].iloc[int(count * (part + 0.2)) - 1]
        came = _found(data, "repost").engagers_between(moment.timestamp(), end.timestamp())
        known = expected.notna().to_numpy()
        assert expected[known].sum() == pytest.approx(came[known].sum(), rel=0.1)


def test_earlier_splits_are_as_long_beside_their_past_and_end_by_now() -> None:
    known = _found(_reposts(), "repost").before((START + pd.Timedelta("20D")).timestamp())
    count = len(known.outcome_time)
    splits = model.earlier_splits(known, ahead=count // 2)
    assert len(splits) == len(model.ENDS)
    for split, part in zip(splits, model.ENDS, strict=True):
        assert len(split.past.known.outcome_time) == pytest.approx(count * part * 2 / 3, abs=1)
        assert split.past.known.now < known.now
        assert 0 < split.future.sum() <= count * part / 3 + 1
    assert model.earlier_splits(known.before(START.timestamp() + 5000), ahead=5) == []


def test_a_regression_finds_planted_slopes() -> None:
    rng = _rng()
    columns = np.column_stack([rng.normal(size=(4000, 2)), np.ones(4000)])
    future = rng.poisson(np.exp(columns @ [0.8, -0.5, 0.3])).astype(float)
    slopes = model._poisson_slopes(columns, future, ridge=np.array([1.0, 1.0, 0.0]))
    np.testing.assert_allclose(slopes, [0.8, -0.5, 0.3], atol=0.05)
    far = model._poisson_slopes(columns, future, ridge=np.array([1e6, 1e6, 0.0]))
    np.testing.assert_allclose(far, [0, 0, np.log(future.mean())], atol=0.01)


def test_forecasts_of_own_outcomes_look_beyond_the_past_responses() -> None:
    known = _found(_small(), "purchase")
    past, splits = model.Past(known), model.earlier_splits(known, ahead=60)
    plain = partial(model.remember, forget=np.ones_like, different=False)
    corrected, seen = model._corrected(plain, splits)(past), known.seen()
    tied = pd.Series(corrected[seen]).groupby(plain(past)[seen]).nunique()
    assert tied.sum() > len(tied)
    everything = model.predict(known, ahead=60, first=3)["our forecast"]
    assert len(np.unique(everything[seen])) == tied.sum()


def test_rows_are_those_of_the_contract() -> None:
    rows = forecast.walk_forward(_small(), kinds=["purchase"], predictors=PREDICTORS, rng=_rng())
    assert rows.columns.tolist() == ["check", "subject", "estimate", "low", "high", "baseline", "verdict"]
    known = rows.dropna(subset="low")
    assert len(known) >= 15
    assert (known["low"] <= known["estimate"]).all()
    assert (known["estimate"] <= known["high"]).all()
    assert rows["verdict"].str.len().gt(20).all()
    assert "in whose audience will most people have a purchase within 3 days" in rows.loc[0, "verdict"]
    again = forecast.walk_forward(_small(), kinds=["purchase"], predictors=PREDICTORS, rng=_rng())
    pd.testing.assert_frame_equal(rows, again)


def test_where_no_fading_served_better_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> pd.Series:
        rows = forecast.walk_forward(_reposts(), kinds=["repost"], predictors={}, rng=_rng())
        return rows[rows["subject"] == model.FADING]["verdict"].str.endswith(forecast.UNFADED)

    assert not said().any()
    monkeypatch.setattr(model, "HALF_LIVES", (1e15,))
    assert said().tolist() == [True] * 3


def test_what_is_not_known_is_said() -> None:
    rows = forecast.walk_forward(_reposts(), kinds=["repost"], predictors=PREDICTORS, rng=_rng())
    followers = rows[rows["subject"] == "followers"]
    assert followers["estimate"].isna().all()
    assert (followers["verdict"] == "not known in these data").all()


def _acts(**columns: object) -> Dataset:
    return dataset.from_tables(
        engagements=pd.DataFrame({"account_id": [f"a{n}" for n in range(60)], "kind": "repost", **columns})
    )


TARGETS = [f"t{n % 25}" for n in range(60)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_acts(target_id=TARGETS), "the outcomes have no times"),
        (_acts(target_id=TARGETS, kind="like", created_at=range(60)), "no outcome of kind repost occurs"),
        (_acts(target_id=TARGETS, created_at=5), "too few moments"),
        (_acts(target_id=TARGETS, created_at=[7, *[None] * 59]), "too few moments"),
        (_acts(created_at=range(60)), "who could see which post"),
        (_acts(target_id="t1", created_at=range(60)), "respond"),
    ],
    ids=["no times", "no such kind", "one second", "one outcome", "no exposure", "one account"],
)
def test_too_little_is_one_row_that_says_why(data: Dataset, reason: str) -> None:
    rows = forecast.walk_forward(data, kinds=["repost"], predictors=PREDICTORS, rng=_rng())
    assert len(rows) == 1
    assert rows["estimate"].isna().all()
    assert rows["verdict"].item().startswith("not tested: ")
    assert reason in rows["verdict"].item()
    expected = forecast.next_engagers(data, kinds=["repost"], ahead=5)
    assert expected.index.equals(data.account_ids)
    assert reason == "respond" or expected.isna().all()


def test_what_is_asked_names_the_outcomes_studied() -> None:
    rows = forecast.walk_forward(_small(), kinds=["like", "purchase"], predictors={}, rng=_rng())
    assert "who will draw a like from most different accounts" in rows.loc[0, "verdict"]
    late = small_tables()["posts"].assign(created_at=START + pd.Timedelta("900D"))
    rows = forecast.walk_forward(_small(posts=late), kinds=["purchase"], predictors={}, rng=_rng())
    assert "fewer than 10 responses to anybody are known" in rows["verdict"].item()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3 * 86400, "3 days"),
        (86400, "1 day"),
        (36 * 3600, "1.5 days"),
        (3600, "1 hour"),
        (90, "1.5 minutes"),
        (0.5, "0.5 seconds"),
        (900 * 86400, "900 days"),
    ],
)
def test_durations_are_said_in_words(seconds: float, words: str) -> None:
    assert _words.length(seconds) == words


def test_what_is_said_of_the_best_of_the_others_is_plain() -> None:
    rows = [
        forecast._against(check, "followers", 0.5, 0.3, np.array([0.1, 0.3]), first=20)
        for check in measures.NAMES
    ]
    said = [row[-1] for row in rows]
    assert said[1].startswith(
        "of the 20 accounts that our forecast names, 50% were among the 20 who drew most"
    )
    assert said[1].endswith("the best of the others, 30%: ours is ahead (difference +20 points [+11 to +29])")
    assert "names drew 50% of what the best 20 drew" in said[2]
    unsure = forecast._against("hits", "followers", 0.3, 0.3, np.array([-0.1, 0.1]), first=20)[-1]
    assert "which is better cannot be told" in unsure


def test_bad_input_is_refused() -> None:
    data = _small()
    with pytest.raises(ValueError, match="window: must be a duration above zero"):
        forecast.walk_forward(data, kinds=["purchase"], predictors={}, window="0s", rng=_rng())
    with pytest.raises(ValueError, match="origins: must be at least 2, received 1"):
        forecast.walk_forward(data, kinds=["purchase"], predictors={}, origins=1, rng=_rng())
    with pytest.raises(ValueError, match="ahead: must be at least 1 outcome, received 0"):
        forecast.next_engagers(data, kinds=["purchase"], ahead=0)
    with pytest.raises(ValueError, match="'odd' must return one number per account"):
        forecast.walk_forward(
            data, kinds=["purchase"], predictors={"odd": lambda _: pd.Series([1.0])}, rng=_rng()
        )


def test_higgs_is_foretold_better_than_by_any_baseline(shared_data: Path) -> None:
    """The first 60 % of the events, by time, against the rest; baselines as stated in METHODS, 1.3."""
    names = ["account_id", "target_id", "created_at", "kind"]
    acts = pd.read_csv(shared_data / "higgs_twitter" / "higgs-activity_time.txt.gz", sep=" ", names=names)
    acts[["account_id", "target_id"]] = acts[["account_id", "target_id"]].astype(str)
    cut = int(len(acts) * 0.6)
    before, after = acts.iloc[:cut], acts.iloc[cut:].query("kind == 'RT'")
    seen = pd.unique(before[["account_id", "target_id"]].to_numpy().T.ravel())
    came = after.drop_duplicates(["account_id", "target_id"])["target_id"].value_counts()
    came = came.reindex(seen, fill_value=0)
    reposts = before.query("kind == 'RT'")
    age = before["created_at"].iloc[-1] - reposts["created_at"]
    past = dataset.from_tables(engagements=before)
    scores = {
        "plain": reposts["target_id"].value_counts(),
        "fading": np.exp(-age / 21_600).groupby(reposts["target_id"]).sum(),
        "ours": forecast.next_engagers(past, kinds=["RT"], ahead=round(len(reposts) * 4 / 6)),
    }
    first = {name: score.reindex(seen).fillna(0).nlargest(100).index for name, score in scores.items()}
    best = came.nlargest(100)
    hits = {name: len(best.index.intersection(named)) for name, named in first.items()}
    share = {name: came[named].sum() / best.sum() for name, named in first.items()}
    assert len(seen) == 180_988
    assert (hits["plain"], hits["fading"]) == (33, 40)
    assert (round(share["plain"], 2), round(share["fading"], 2)) == (0.51, 0.63)
    assert hits["ours"] > 40
    assert share["ours"] > 0.63
