"""Influence from what remains: by hand, on worlds stripped of follows, posts and times, and on bad input."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from influgraph import dataset, networks, niches, popularity, synthetic
from influgraph.dataset import Dataset
from influgraph.influence import _inferred, fallback
from influgraph.influence.attribution import Attribution
from influgraph.synthetic import World, WorldSettings

DAYS = pd.date_range("2026-01-05", periods=28, freq="D", tz="UTC")
PEOPLE = [f"m{number}" for number in range(60)]


def _rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def _estimate(data: Dataset, found: pd.Series | None = None, **changes: object) -> Attribution:
    found = pd.Series(pd.NA, index=data.account_ids, dtype="Int64") if found is None else found
    options = {"kinds": ["purchase"], "niches": found, "rng": _rng(), **changes}
    return fallback.fallback_influence(data, **options)


# --- what is filled in ------------------------------------------------------------------------------------


def test_posts_that_are_named_are_made_when_first_engaged_with() -> None:
    times = pd.to_datetime(["2026-01-05 12:00", "2026-01-05 10:00", "2026-01-07 09:00", None], utc=True)
    acts = pd.DataFrame(
        {
            "account_id": list("bcbd"),
            "target_id": "a",
            "kind": "like",
            "post_id": list("ppqr"),
            "created_at": times,
        }
    )
    whole, said = _inferred.complete(dataset.from_tables(engagements=acts))
    made = whole.posts.set_index("post_id")
    assert made["author_id"].tolist() == ["a"] * 3
    assert made.loc["p", "created_at"] == times[1]
    assert made.loc["q", "created_at"] == times[2]
    assert pd.isna(made.loc["r", "created_at"])
    assert sorted(whole.follows["follower_id"]) == list("bcd")
    assert said == (_inferred.NO_POSTS, _inferred.NO_FOLLOWS)


def test_a_post_begins_when_engagement_comes_after_silence() -> None:
    hours = [0, 1, 6.5, 13, 40]
    acts = pd.DataFrame({"account_id": "b", "target_id": "a", "kind": "like"}, index=range(5))
    acts["created_at"] = DAYS[0] + pd.to_timedelta(hours, unit="h")
    whole, _ = _inferred.complete(dataset.from_tables(engagements=acts))
    begun = (whole.posts["created_at"] - DAYS[0]) / pd.Timedelta(hours=1)
    assert begun.tolist() == [0, 13, 40]


def test_what_there_is_stays_as_it_is() -> None:
    posts = pd.DataFrame({"post_id": ["p", "q"], "author_id": "a"})
    acts = pd.DataFrame(
        {"account_id": list("bc"), "kind": "like", "post_id": "q", "created_at": DAYS[[2, 1]]}
    )
    follows = pd.DataFrame({"follower_id": ["d"], "followed_id": "a"})
    data = dataset.from_tables(follows=follows, posts=posts, engagements=acts)
    whole, said = _inferred.complete(data)
    assert said == (_inferred.NO_POST_TIMES,)
    assert whole.account_ids.equals(data.account_ids)
    assert len(whole.follows) == 1
    assert whole.posts["created_at"].tolist() == [pd.NaT, DAYS[1]]
    again, nothing = _inferred.complete(whole)
    assert again is whole
    assert nothing == ()


# --- people compared --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def untimed() -> Dataset:
    """1,000 people: followers of s0 buy four times as much, those of s1 half as much, others alike."""
    rng = _rng()
    follows = rng.random((1000, 30)) < 0.2
    level = 0.5 * np.where(follows[:, 0], 4, 1) * np.where(follows[:, 1], 0.5, 1)
    bought = rng.poisson(level)
    person, source = np.nonzero(follows)
    names = np.array([f"m{number}" for number in range(1000)])
    made = np.repeat([f"s{number}" for number in range(30)], rng.integers(1, 9, 30))
    return dataset.from_tables(
        follows=pd.DataFrame(
            {"follower_id": names[person], "followed_id": np.char.add("s", source.astype(str))}
        ),
        posts=pd.DataFrame({"post_id": range(len(made)), "author_id": made}),
        engagements=pd.DataFrame({"account_id": names.repeat(bought), "kind": "purchase"}),
    )


def test_followers_who_do_more_than_people_alike_are_credited(untimed: Dataset) -> None:
    found = _estimate(untimed)
    accounts = found.accounts.dropna(subset="influence")
    crowd = (untimed.follows["followed_id"] == "s0").sum()
    extra = 1.5 * crowd * (0.8 + 0.2 * 0.5)
    assert accounts["influence"].idxmax() == "s0"
    assert accounts.loc["s0", "influence_low"] > 0
    assert accounts.loc["s0", "influence_low"] < extra < 1.2 * accounts.loc["s0", "influence_high"]
    others = accounts.drop(index="s0")
    assert (others["influence_low"] == 0).all()
    assert accounts.loc["s1", "influence"] < 0.05 * accounts.loc["s0", "influence"]
    made = (untimed.posts["author_id"] == "s0").sum()
    rate = 1000 * accounts.loc["s0", "influence"] / (crowd * made)
    assert accounts.loc["s0", "influence_rate"] == pytest.approx(rate)
    assert (accounts["influence_grade"] == "estimated").all()
    assert accounts["influence_total"].isna().all()
    assert (accounts["influence"] >= accounts["influence_low"]).all()
    assert (accounts["influence"] <= accounts["influence_high"]).all()
    assert found.draws.shape[0] == len(accounts)
    np.testing.assert_allclose(found.draws.mean(axis=1), accounts["influence"])
    assert found.outcomes == len(untimed.engagements)
    assert set(found.accounts["influence_missing"].dropna()) == {"no post"}


def test_without_posts_following_is_the_exposure(untimed: Dataset) -> None:
    follows = untimed.follows[["follower_id", "followed_id"]]
    data = dataset.from_tables(follows=follows, engagements=untimed.engagements[["account_id", "kind"]])
    accounts = _estimate(data).accounts
    assert accounts["influence"].idxmax() == "s0"
    assert accounts["influence_rate"].isna().all()
    assert fallback.basis(data, kinds=["purchase"]) == (
        fallback.NO_TIMES,
        fallback.NO_POSTS,
        fallback.COMPARED,
    )
    assert set(accounts["influence_missing"].dropna()) == {"no follower"}


def test_the_reason_is_the_one_that_holds() -> None:
    """Outcomes with times, but no post whose time is known: it is the posts that are missing."""
    timed = dataset.from_tables(follows=FOLLOWS, engagements=_bought(ANY_TIME))
    assert fallback.basis(timed, kinds=["purchase"]) == (fallback.NO_POSTS, fallback.COMPARED)
    untimed_posts = POSTS.drop(columns="created_at")
    timed = dataset.from_tables(follows=FOLLOWS, posts=untimed_posts, engagements=_bought(ANY_TIME))
    assert fallback.basis(timed, kinds=["purchase"]) == (fallback.NO_POST_TIMES, fallback.COMPARED)
    whole = dataset.from_tables(follows=FOLLOWS, posts=POSTS, engagements=_bought(ANY_TIME))
    assert fallback.basis(whole, kinds=["purchase"]) == ()


def test_the_same_chance_gives_the_same_estimates(untimed: Dataset) -> None:
    one, other = (_estimate(untimed) for _ in range(2))
    pd.testing.assert_frame_equal(one.accounts, other.accounts)
    assert (one.draws == other.draws).all()


# --- worlds whose truth is known --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> World:
    settings = WorldSettings(accounts=4000, reruns=4, caused_share=0.2, purchases_per_member=2.5)
    return synthetic.make_world(settings, rng=_rng(301))


def _stripped(data: Dataset, *, follows: bool, posts: bool, times: bool) -> Dataset:
    acts = dataset.resolved_engagements(data)[["account_id", "receiver_id", "kind", "post_id", "created_at"]]
    tables = {
        "follows": data.follows[["follower_id", "followed_id"]] if follows else None,
        "posts": data.posts[["post_id", "author_id", "created_at"]] if posts else None,
        "engagements": acts.rename(columns={"receiver_id": "target_id"}),
    }
    for name, table in tables.items():
        if table is not None:
            kept = table if times else table.drop(columns="created_at", errors="ignore")
            tables[name] = _inferred._plain(kept)
    if not posts:
        tables["engagements"] = tables["engagements"].drop(columns="post_id")
    return dataset.from_tables(accounts=pd.DataFrame({"account_id": data.account_ids}), **tables)


def _figures(world: World, estimate: pd.Series) -> tuple[float, float]:
    """Spearman with the true effect, and the share of the best 20's effect that the first 20 hold."""
    truth = world.sources.set_index("account_id")["influence"]
    estimate = estimate.reindex(truth.index).fillna(0).astype("float64")
    held = truth[estimate.nlargest(20).index].sum() / truth.nlargest(20).sum()
    return float(stats.spearmanr(truth, estimate)[0]), float(held)


@pytest.mark.parametrize(
    ("kept", "rank", "share"),
    [
        ({"follows": False, "posts": True, "times": True}, 0.3, 0.6),
        ({"follows": True, "posts": False, "times": True}, 0.3, 0.6),
        ({"follows": True, "posts": True, "times": False}, 0.2, 0.3),
        ({"follows": False, "posts": False, "times": False}, 0.15, 0.3),
    ],
    ids=lambda value: (
        ", ".join(f"no {n}" for n, k in value.items() if not k) if isinstance(value, dict) else ""
    ),
)
def test_what_remains_beats_followers(world: World, kept: dict[str, bool], rank: float, share: float) -> None:
    data = _stripped(world.data, **kept)
    network = networks.follow_network(data) if kept["follows"] else networks.engagement_network(data)
    found = niches.find_niches(network, rng=_rng()).accounts["niche"]
    accounts = _estimate(data, found).accounts
    ours, theirs = (
        _figures(world, values)
        for values in (accounts["influence"], popularity.popularity(world.data)["followers"])
    )
    assert ours[0] > max(rank, theirs[0])
    assert ours[1] > max(share, theirs[1])
    truth = world.sources.set_index("account_id")["influence"].reindex(accounts.index)
    estimated = accounts["influence"].notna() & truth.notna()
    covered = accounts["influence_low"].le(truth) & accounts["influence_high"].ge(truth)
    assert covered[estimated].mean() > (0.5 if kept["times"] else 0.75)
    assert set(accounts.loc[estimated, "influence_grade"]) == {"estimated"}
    assert len(fallback.basis(data, kinds=["purchase"])) >= 1
    assert (
        world.sources.set_index("account_id")["is_comedian"].idxmax()
        in accounts.index[~(accounts["influence_low"] > 0)]
    )


def test_the_upper_end_allows_for_followers_who_only_watch(world: World) -> None:
    data = _stripped(world.data, follows=False, posts=True, times=True)
    stated = world.data.accounts["followers_stated"]
    telling = dataset.from_tables(
        accounts=pd.DataFrame({"account_id": data.account_ids, "followers_stated": stated.to_numpy()}),
        posts=_inferred._plain(data.posts),
        engagements=_inferred._plain(data.engagements),
    )
    silent, told = (_estimate(given).accounts.dropna(subset="influence") for given in (data, telling))
    pd.testing.assert_series_equal(silent["influence"], told["influence"])
    ratio = told["influence_high"] / silent["influence_high"]
    engaged = _inferred.complete(data)[0].follows["followed_id"].value_counts()
    wanted = (stated / engaged.reindex(stated.index)).clip(lower=1).reindex(ratio.index).astype("float64")
    sound = silent["influence_high"] > 0
    np.testing.assert_allclose(ratio[sound], wanted[sound])
    assert ratio[sound].median() > 1.5


# --- bad input --------------------------------------------------------------------------------------------

FOLLOWS = pd.DataFrame({"follower_id": np.repeat(PEOPLE, 2), "followed_id": np.tile(["a", "b"], 60)})
POSTS = pd.DataFrame(
    {"post_id": range(28), "author_id": ["a", "b"] * 14, "created_at": DAYS + pd.Timedelta("9h")}
)


def _bought(times: pd.DatetimeIndex | list[pd.Timestamp]) -> pd.DataFrame:
    return pd.DataFrame(
        {"account_id": _rng().choice(PEOPLE, len(times)), "kind": "purchase", "created_at": times}
    )


ANY_TIME = DAYS[0] + pd.to_timedelta(_rng().integers(0, 28 * 86400, 200), unit="s")
BAD = {
    "outcomes before any post": (
        {"engagements": _bought(DAYS[0] - (ANY_TIME - DAYS[0]) - pd.Timedelta("1h"))},
        "no outcome comes in the window after a post that its person could see",
    ),
    "one outcome": ({"engagements": _bought(ANY_TIME[:1])}, "only 1 timed outcome: too few to tell"),
    "all outcomes at one second": (
        {"engagements": _bought([DAYS[9]] * 200)},
        "all outcomes happened at one time, so nothing tells what they followed",
    ),
    "posts by accounts nobody follows": (
        {"posts": POSTS.assign(author_id=["x", "y"] * 14)},
        "no outcome comes in the window after a post that its person could see",
    ),
    "a window longer than the study": (
        {"window": "400D"},
        "the window (400 days) is not shorter than the study (",
    ),
    "kinds that do not occur": (
        {"kinds": ["click"]},
        "no outcome of kind click; kinds in the data: purchase",
    ),
    "people who follow nobody": (
        {"engagements": _bought(ANY_TIME).assign(account_id="stranger")},
        "no outcome comes in the window after a post that its person could see",
    ),
}


@pytest.mark.parametrize(("changes", "reason"), BAD.values(), ids=BAD)
def test_bad_input_is_null_with_its_reason(changes: dict[str, object], reason: str) -> None:
    tables = {"follows": FOLLOWS, "posts": POSTS, "engagements": _bought(ANY_TIME)}
    options = {name: value for name, value in changes.items() if name not in tables}
    data = dataset.from_tables(**{name: changes.get(name, table) for name, table in tables.items()})
    found = _estimate(data, **options)
    assert found.accounts["influence"].isna().all()
    assert found.accounts["influence_missing"].str.contains(reason, regex=False).all()
    assert found.draws.shape[0] == 0
    assert found.credited == 0


def test_too_few_to_compare_and_nobody_to_compare_say_so() -> None:
    few = dataset.from_tables(follows=FOLLOWS, engagements=_bought(ANY_TIME[:5])[["account_id", "kind"]])
    assert "only 5 outcomes of 60 people" in _estimate(few).accounts.loc["a", "influence_missing"]
    one = dataset.from_tables(
        follows=FOLLOWS.head(1), engagements=_bought(ANY_TIME[:1])[["account_id", "kind"]]
    )
    assert "only 0 outcomes of 1 person: too few" in _estimate(one).accounts.loc["a", "influence_missing"]
    nobody = dataset.from_tables(engagements=_bought(ANY_TIME)[["account_id", "kind"]])
    assert (_estimate(nobody).accounts["influence_missing"] == fallback.NOBODY).all()
    all_alike = dataset.from_tables(follows=FOLLOWS, engagements=_bought(ANY_TIME)[["account_id", "kind"]])
    told = _estimate(all_alike).accounts.loc[["a", "b"], "influence_missing"]
    assert (told == "its followers cannot be told from everybody").all()


def test_niches_of_other_accounts_are_refused(untimed: Dataset) -> None:
    with pytest.raises(ValueError, match="niches: must be indexed by the dataset's accounts"):
        _estimate(untimed, pd.Series(0, index=["a"]))
