"""Accounts that act together: planted squads found, fans and crowds left alone, and bad input told.

The worlds here are drawn by a plain generator of their own, not by `synthetic`: niches of readers who repost
after log-normal delays by day, a fan club that reposts a star within minutes, and a squad.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from influgraph.bots import _coaction_candidates as finding
from influgraph.bots import _coaction_ground as surveying
from influgraph.bots import _coaction_kernels as kernels
from influgraph.bots import _coaction_traces as tracing
from influgraph.bots._coaction_test import Verdict
from influgraph.bots.coordination import CoordinatedClusters, find_coordinated_clusters
from influgraph.dataset import Dataset, from_tables

DAY = 86_400
READERS, AUTHORS, POSTS, NICHES = 400, 24, 600, 4
FANS, SQUAD, RAIDS = 15, 12, 24
START = 1_700_000_000


def _plain(rng: np.random.Generator) -> tuple[pd.DataFrame, list[tuple[str, int, float]]]:
    """Posts, and what readers and fans repost: readers of their niche, fans nearly all of the star's."""
    author = rng.integers(0, AUTHORS, POSTS)
    made = np.sort(rng.uniform(0, 40 * DAY, POSTS))
    posts = pd.DataFrame({"post_id": range(POSTS), "author_id": [f"author{a}" for a in author]})
    acts = []
    for post in range(POSTS):
        niche = author[post] % NICHES
        readers = rng.integers(0, READERS // NICHES, rng.poisson(rng.lognormal(1, 1))) * NICHES + niche
        delays = rng.lognormal(8.5, 1.3, readers.size)
        acts += [(f"reader{r}", post, made[post] + d) for r, d in zip(readers, delays, strict=True)]
        fans = np.flatnonzero(rng.random(FANS) < 0.8 * (author[post] == 0))
        acts += [(f"fan{f}", post, made[post] + 20 + rng.gamma(2, 120)) for f in fans]
    return posts.assign(created_at=np.floor(made).astype(int) + START), acts


def _world(*, seed: int, spread: float | None, turnout: float = 0.8) -> Dataset:
    """The plain world, with a squad that raids posts of two authors within so many seconds, or none."""
    rng = np.random.default_rng(seed)
    posts, acts = _plain(rng)
    if spread is not None:
        theirs = posts[posts["author_id"].isin(["author3", "author9"])]
        for post, made in rng.permutation(theirs[["post_id", "created_at"]].to_numpy())[:RAIDS]:
            start = made - START + rng.uniform(300, 4 * 3600)
            who = np.flatnonzero(rng.random(SQUAD) < turnout)
            acts += [(f"squad{b}", int(post), start + rng.uniform(0, spread)) for b in who]
    done = pd.DataFrame(acts, columns=["account_id", "post_id", "created_at"])
    done["created_at"] = np.floor(done["created_at"]).astype(int) + START
    return from_tables(posts=posts, engagements=done.assign(kind="repost"))


def _suspects(found: CoordinatedClusters, p_value: float = 0.005) -> set[str]:
    names = found.clusters.index[found.clusters["p_value"] <= p_value]
    return set(found.members.loc[found.members["bot_cluster"].isin(names), "account_id"])


@pytest.mark.parametrize(
    ("spread", "turnout", "window"), [(40, 0.8, "60s"), (50, 0.4, "60s"), (240, 0.7, "5min")]
)
def test_squads_are_found_and_nobody_else(spread: float, turnout: float, window: str) -> None:
    found = find_coordinated_clusters(
        _world(seed=41, spread=spread, turnout=turnout), windows=[window], rng=np.random.default_rng(1)
    )
    suspects = _suspects(found)
    assert suspects == {f"squad{b}" for b in range(SQUAD)}
    first = found.clusters.iloc[0]
    assert set(first["beneficiaries"]) == {"author3", "author9"}
    assert found.members["membership"].between(0, 1).all()
    assert set(found.joint_acts["kind"]) == {"repost"}
    ties = found.ties[found.ties["account_id"].str.startswith("squad")]
    assert (ties["joint"] > 5 * ties["expected"]).mean() > 0.9
    assert found.sweep["chosen"].sum() == len(found.clusters)


@pytest.mark.parametrize(("seed", "windows"), [(42, ["5min"]), (43, ["60s", "30min", "12h"])])
def test_readers_and_fans_are_not_suspected(seed: int, windows: list[str]) -> None:
    found = find_coordinated_clusters(
        _world(seed=seed, spread=None), windows=windows, rng=np.random.default_rng(seed)
    )
    assert _suspects(found, 0.02) == set()
    assert found.missing is None


@pytest.mark.parametrize(("every", "mutual"), [(3600, True), (1800, False)])
def test_newsroom_is_explained(every: int, *, mutual: bool) -> None:
    """Eight accounts, of each two of whom one or both follow the other, repost at full or half hours."""
    rng = np.random.default_rng(5)
    posts, acts = _plain(rng)
    desks = [f"desk{n}" for n in range(8)]
    for post in rng.permutation(POSTS)[:40]:
        hour = (posts["created_at"][post] // every + 1) * every - START
        acts += [(desk, int(post), hour + rng.integers(0, 20)) for desk in desks]
    done = pd.DataFrame(acts, columns=["account_id", "post_id", "created_at"])
    done["created_at"] = np.floor(done["created_at"]).astype(int) + START
    follows = pd.DataFrame(
        [(a, b) for a in desks for b in desks if a < b or (mutual and a > b)],
        columns=["follower_id", "followed_id"],
    )
    data = from_tables(posts=posts, engagements=done.assign(kind="repost"), follows=follows)
    found = find_coordinated_clusters(data, windows=["60s"], rng=rng)
    assert found.clusters["p_value"].tolist() == [1.0]
    assert "newsroom" in found.clusters["explained"].iloc[0]


def _circle(*, leaders: int, wait: float) -> Dataset:
    """Ten accounts that repost, so many seconds later, most of what the first few of them post."""
    rng = np.random.default_rng(8)
    posts, acts = _plain(rng)
    author = [f"one{n % leaders}" for n in range(40)]
    made = np.sort(rng.uniform(0, 40 * DAY, 40))
    own = pd.DataFrame({"post_id": range(POSTS, POSTS + 40), "author_id": author})
    posts = pd.concat([posts, own.assign(created_at=np.floor(made).astype(int) + START)])
    for post in range(40):
        who = [f"one{n}" for n in range(10) if rng.random() < 0.8 and f"one{n}" != author[post]]
        acts += [(one, POSTS + post, made[post] + wait * rng.uniform(0.5, 1.5)) for one in who]
    done = pd.DataFrame(acts, columns=["account_id", "post_id", "created_at"])
    done["created_at"] = np.floor(done["created_at"]).astype(int) + START
    return from_tables(posts=posts, engagements=done.assign(kind="repost"))


@pytest.mark.parametrize(
    ("leaders", "wait", "innocent"), [(2, 30, False), (2, 300, False), (10, 300, True), (10, 30, False)]
)
def test_a_circle_gives_back_and_takes_its_time(leaders: int, wait: float, *, innocent: bool) -> None:
    found = find_coordinated_clusters(
        _circle(leaders=leaders, wait=wait), windows=["5min"], rng=np.random.default_rng(1)
    )
    assert _suspects(found, 0.02) == (set() if innocent else {f"one{n}" for n in range(10)})
    assert found.clusters["explained"].notna().sum() == innocent


def test_a_trace_that_hardly_anybody_else_leaves_is_not_usual_because_they_leave_it() -> None:
    """Twelve accounts write sequences of tags within minutes; forty others do so, hours apart."""
    rng = np.random.default_rng(3)
    acts = []
    for raid in range(16):
        start = rng.uniform(0, 40 * DAY)
        who = np.flatnonzero(rng.random(12) < 0.7)
        acts += [(f"squad{n}", f"topic;call{raid}", start + rng.uniform(0, 250)) for n in who]
    for _ in range(300):
        acts.append((f"one{rng.integers(40)}", f"topic;sub{rng.integers(30)}", rng.uniform(0, 40 * DAY)))
    posts = pd.DataFrame(acts, columns=["author_id", "hashtags", "created_at"]).assign(
        post_id=range(len(acts))
    )
    posts["created_at"] = np.floor(posts["created_at"]).astype(int) + START
    posts["hashtags"] = posts["hashtags"].str.split(";")
    accounts = pd.DataFrame({"account_id": posts["author_id"].unique()})
    found = find_coordinated_clusters(from_tables(accounts=accounts, posts=posts), rng=rng)
    assert _suspects(found, 1e-6) == {f"squad{n}" for n in range(12)}


def test_evidence_on_a_slow_squad_adds_up() -> None:
    """Half of fifteen accounts share each of forty links within six hours, beside what everybody shares."""
    rng = np.random.default_rng(6)
    acts = []
    for raid in range(40):
        start = rng.uniform(0, 40 * DAY)
        who = np.flatnonzero(rng.random(15) < 0.5)
        acts += [(f"squad{n}", f"site/{raid}", start + rng.uniform(0, 6 * 3600)) for n in who]
    made, fame = rng.uniform(0, 40 * DAY, 400), rng.pareto(1.2, 400) + 0.2
    people = [f"one{n}" for n in rng.integers(300, size=4000)] + [f"squad{n % 15}" for n in range(150)]
    for one, link in zip(people, rng.choice(400, len(people), p=fame / fame.sum()), strict=True):
        acts.append((one, f"news/{link}", made[link] + rng.exponential(DAY / 2)))
    done = pd.DataFrame(acts, columns=["account_id", "object", "created_at"]).assign(kind="share")
    done["created_at"] = np.floor(done["created_at"]).astype(int) + START
    found = find_coordinated_clusters(from_tables(engagements=done), windows=["12h"], rng=rng)
    suspects = _suspects(found, 1e-4)
    assert suspects <= {f"squad{n}" for n in range(15)}
    assert len(suspects) >= 12


def test_closeness_beside_a_group_by_hand() -> None:
    """On one object two members and two others act in the same minute, another one an hour later."""
    account, second = np.array([0, 1, 2, 3, 4]), np.array([0.0, 10, 20, 30, 3600])
    items = pd.DataFrame({"trace": "link", "object": [0], "author": -1, "since": np.nan})
    acts = tracing.form_acts(
        account, np.zeros(5, int), second, accounts=5, lasting=np.zeros(1, bool), items=items
    )
    ground = surveying.survey(acts, np.empty(0, np.int64))
    every = surveying.closeness(ground, 60.0)
    assert (every.close.sum(), every.pairs.sum()) == (12, 20)  # ordered pairs, as below
    folds = np.zeros(1, np.int8)
    half = surveying.Half(60.0, every, folds, 0, surveying.unit_sizes(ground, folds, 0))
    beside = surveying.closeness_beside(ground, np.array([0, 1]), half)
    assert beside[ground.layer[0]] == pytest.approx((2 + 100 * 3 / 7) / (6 + 100))  # usual: 3 / 7


def test_texts_alike_count_in_any_script() -> None:
    texts = [
        "Buy the new phone now, only today!",
        "Buy the new phone now - only today",
        "купите новый телефон сегодня же",
    ]
    posts = pd.DataFrame(
        {
            "post_id": range(4),
            "author_id": list("abcd"),
            "created_at": range(4),
            "text": [*texts, texts[2] + "!!"],
        }
    )
    acts = tracing.gather_acts(from_tables(posts=posts, follows=_pair()), ["text"])
    assert acts["object"].nunique() == 2
    assert sorted(acts.groupby("object")["account"].nunique()) == [2, 2]


def test_texts_written_anew_are_alike_if_all_are_of_one_day() -> None:
    text = "we all {} how the new {} drink tastes after a {} run"
    seasons = ("love", "winter", "hard"), ("adore", "summertime", "hard"), ("adore", "winter", "leisurely")
    texts = [text.format(*words) for words in seasons]
    for apart, groups in ((1, {("a", "b", "c")}), (3 * DAY, set())):
        posts = pd.DataFrame({"post_id": range(3), "author_id": list("abc"), "text": texts})
        data = from_tables(posts=posts.assign(created_at=np.arange(3) * apart), follows=_pair())
        acts = tracing.gather_acts(data, ["text"])
        alike = acts.groupby("object")["account"]
        assert {tuple(sorted(data.account_ids[some])) for _, some in alike} == groups


def test_of_a_post_counts_what_most_carry_on_the_same_day() -> None:
    texts = ["The best shoes ship free today", "The finest shoes, no fees", "Shoes at a low price, click"]
    squad = [(f"s{n}", n, texts[n], ["https://shop.example/1"]) for n in range(3)]
    twin = ("x", 40 * DAY, texts[0], [])  # alike by chance
    copies = [(f"c{n}", n, "A copied text of many words", [f"https://c.example/{n // 2}"]) for n in range(4)]
    columns = ["author_id", "created_at", "text", "links"]
    posts = pd.DataFrame([*squad, twin, *copies], columns=columns).assign(post_id=range(8))
    acts = tracing.gather_acts(from_tables(posts=posts, follows=_pair()), ["text", "link"])
    assert acts.groupby("trace")["account"].nunique().to_dict() == {"link": 3, "text": 4}
    assert len(acts) == 7


def test_company_by_hand() -> None:
    unit, time = np.array([0, 0, 0, 1, 1, 2]), np.array([0.0, 5.0, 100.0, 0.0, 10.0, 0.0])
    assert kernels.count_company(unit, time, 10.0, np.ones(6)) == pytest.approx(2 / 3 + 1)
    weight = np.array([1, 1, 1, 0.5, 0.5, 1])
    assert kernels.count_company(unit, time, 10.0, weight) == pytest.approx(2 / 3 + 1 / 2)
    assert kernels.count_near(unit, time, 10.0).tolist() == [1, 1, 0, 1, 1, 0]


def test_an_account_acts_once_on_a_post_and_daily_on_a_link() -> None:
    item, account = np.zeros(4, np.int64), np.array([0, 0, 1, 0])
    time = np.array([0.0, 1.0, 2.0, 2.0 * DAY])
    for lasting, first in ((True, [1, 0, 1, 1]), (False, [1, 0, 1, 0])):
        _, marked = kernels.form_units(item, account, time, np.array([lasting]), 2)
        assert marked.tolist() == first


def _pair() -> pd.DataFrame:
    return pd.DataFrame({"follower_id": ["a"], "followed_id": ["b"]})


def _engaged(**columns: object) -> Dataset:
    return from_tables(engagements=pd.DataFrame({"kind": "share", **columns}))


MANY = [f"a{n % 30}" for n in range(600)]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: from_tables(follows=_pair()), "names an object"),
        (lambda: _engaged(account_id=MANY, object="x"), "has a time"),
        (
            lambda: _engaged(account_id=["a"] * 9, object=list("abcabcabc"), created_at=range(9)),
            "1 accounts act",
        ),
        (
            lambda: _engaged(account_id=MANY, object=[str(n // 30) for n in range(600)], created_at=7),
            "same time",
        ),
    ],
)
def test_too_little_is_said(make: Callable[[], Dataset], reason: str) -> None:
    found = find_coordinated_clusters(make(), rng=np.random.default_rng(1))
    assert reason in str(found.missing)
    assert found.clusters.empty
    assert found.ties.empty


def test_reposts_of_politicians_have_no_times(shared_data: Path) -> None:
    path = shared_data / "timme_purep" / "retweet_list.tsv.gz"
    names = ["account_id", "target_id", "weight"]
    acts = pd.read_csv(path, sep="\t", names=names, header=0, dtype={"account_id": str, "target_id": str})
    found = find_coordinated_clusters(
        from_tables(engagements=acts.assign(kind="repost")), rng=np.random.default_rng(1)
    )
    assert found.missing == "coordination: no act on a shared object has a time"


def test_those_who_come_for_one_event_are_not_a_group() -> None:
    """Two hundred accounts are there for two hours of a week, and share what everybody shares then."""
    rng = np.random.default_rng(9)
    week = [(f"reader{n}", rng.integers(400), rng.uniform(0, 7 * DAY)) for n in rng.integers(0, 500, 3000)]
    event = 3 * DAY + rng.uniform(0, 7200, 2000)
    came = [
        (f"guest{n}", rng.integers(400, 430), t)
        for n, t in zip(rng.integers(0, 200, 2000), event, strict=True)
    ]
    acts = pd.DataFrame(week + came, columns=["account_id", "object", "created_at"])
    data = _engaged(
        **acts.assign(object="o" + acts["object"].astype(str), created_at=acts["created_at"] // 1 + START)
    )
    found = find_coordinated_clusters(data, windows=["60s", "30min", "3h"], rng=rng)
    assert found.missing is None
    assert not (found.clusters["p_value"] <= 0.05).any()


@pytest.mark.parametrize(
    "columns",
    [
        {"account_id": MANY, "object": "x", "created_at": range(600)},
        {
            "account_id": MANY,
            "object": [f"o{n % 77}" for n in range(600)],
            "created_at": pd.to_datetime(range(-6000, 0, 10), unit="s"),
        },
        {
            "account_id": ["busy"] * 1_000_000 + MANY,
            "object": ["x"] * 1_000_000 + [f"o{n % 91}" for n in range(600)],
            "created_at": [n // 500 for n in range(1_000_600)],
        },
    ],
    ids=["one object", "before 1970", "one busy account"],
)
def test_odd_data_yield_nothing(columns: dict[str, object]) -> None:
    found = find_coordinated_clusters(_engaged(**columns), windows=["60s"], rng=np.random.default_rng(1))
    assert not (found.clusters["p_value"] <= 0.05).any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"traces": ["dance"]}, "traces must be among"),
        ({"windows": ["soon"]}, "windows must be durations"),
        ({"windows": ["-60s"]}, "positive"),
        ({"least": 2}, "least must be 3"),
    ],
)
def test_refusals(options: dict[str, list[str]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        find_coordinated_clusters(from_tables(follows=_pair()), **options, rng=np.random.default_rng(1))  # type: ignore[arg-type]


def test_candidates_of_all_halves_make_a_cluster_by_hand() -> None:
    def candidate(members: list[int], half: int, excess: float, p_value: float) -> finding.Candidate:
        return finding.Candidate(np.array(members), "60s", half, excess, Verdict(9.0, 1.0, p_value))

    squad = [
        candidate([1, 2, 3, 4], 0, 9.0, 0.01),
        candidate([1, 2, 3, 4, 5], 3, 8.0, 0.002),
        candidate([1, 2, 3], 3, 7.0, 1e-9),  # of the same half the first stands out more
    ]
    looser = candidate([1, 2, 3, *range(20, 40)], 1, 20.0, 0.2)
    alone = candidate([50, 51, 52, 53], 2, 5.0, 1e-6)
    found = finding.merge([*squad, looser, alone], halves=8)
    p_values = {tuple(one.members[:4].tolist()): one.verdict.p_value for one in found}
    assert p_values == {
        (1, 2, 3, 4): pytest.approx(4 * 0.01),  # the second lowest of eight
        (1, 2, 3, 20): 1.0,
        (50, 51, 52, 53): 1.0,  # found once
    }
    (twice,) = finding.merge([squad[0], candidate([1, 2, 3, 4], 1, 1.0, 0.5)], halves=2)
    assert twice.verdict.p_value == pytest.approx(2 * 0.01)


def test_what_is_no_part_of_a_cluster_that_counts_is_judged_by_itself() -> None:
    squads = [np.arange(4 * n, 4 * n + 4) for n in range(3)]
    found = finding._apart([
        finding.Candidate(members, "60s", 0, 5.0, Verdict(9.0, 1.0, p_value))
        for members, p_value in zip([*squads, np.arange(12)], [1e-12, 1e-5, 1e-4, 1e-8], strict=True)
    ])  # fmt: skip
    counting = [one.members.tolist() for one in found if one.verdict.p_value < 1]
    assert counting == [squad.tolist() for squad in squads]  # not all of them as one


def test_p_values_of_clusters_are_not_smaller_than_uniform_where_halves_agree_or_not() -> None:
    rng = np.random.default_rng(3)
    for alike in (0.0, 0.9):
        p_values = []
        for _ in range(400):
            common, own = rng.standard_normal(), rng.standard_normal(8)
            drawn = norm.sf(np.sqrt(alike) * common + np.sqrt(1 - alike) * own)
            candidates = [
                finding.Candidate(np.arange(5), "60s", half, 3.0, Verdict(9.0, 1.0, float(p_value)))
                for half, p_value in enumerate(drawn)
            ]
            p_values += [one.verdict.p_value for one in finding.merge(candidates, halves=8)]
        for level in (0.01, 0.05, 0.2):
            assert np.mean(np.array(p_values) <= level) <= level + 2 * np.sqrt(level / 400)
