"""Newcomers, colleagues, the public of an event and newsrooms are not suspected; whom they resemble is."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest

from influgraph.bots import _casefile_explanations as explanations
from influgraph.bots import casefile
from influgraph.bots._casefile_facts import Measured
from influgraph.bots.clusters import JOINT_ACTS, MEMBERS, BotClusters
from influgraph.bots.coordination import find_coordinated_clusters
from influgraph.bots.followers import authentic_share
from influgraph.dataset import Dataset, from_tables

START, DAY = 1_700_000_000, 86_400
PEOPLE, GROUP = 600, 20
IDS = [f"one{n}" for n in range(GROUP)]


@dataclass
class Town:
    """People who follow at random, and stars above all; a group is added to it."""

    rng: np.random.Generator
    made: dict[str, int] = field(default_factory=dict)
    follows: list[tuple[str, str, int]] = field(default_factory=list)
    posts: list[tuple[str, str, int]] = field(default_factory=list)
    acts: list[tuple[str, str, str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """People, whom they follow, and what they like of the stars."""
        rng = self.rng
        chance = np.r_[np.full(6, 0.08), np.full(PEOPLE - 6, 0.52 / (PEOPLE - 6))]
        for one in range(PEOPLE):
            self.made[f"p{one}"] = START - int(rng.integers(1, 2000)) * DAY
            for other in np.unique(rng.choice(PEOPLE, 12, p=chance)):
                self.follows.append((f"p{one}", f"p{other}", START + int(rng.integers(0, 60 * DAY))))
        for star in range(6):
            for n in range(20):
                self.posts.append((f"p{star}-{n}", f"p{star}", START + (3 * n + star) * DAY))
        fans = [(one, other) for one, other, _ in self.follows if other in {f"p{n}" for n in range(6)}]
        for one, star in fans:
            for n in rng.choice(20, 2):
                self.act(one, f"{star}-{n}", int(rng.exponential(DAY / 4)))

    def act(self, account: str, post: str, later: int, kind: str = "like") -> None:
        """Act on a post so many seconds later."""
        moment = next(when for name, _, when in self.posts if name == post)
        self.acts.append((account, post, kind, moment + later))

    def tell_dates_alone(self) -> None:
        """Put posts and acts at midnight."""
        self.posts = [(name, author, when // DAY * DAY) for name, author, when in self.posts]
        self.acts = [(one, post, kind, when // DAY * DAY) for one, post, kind, when in self.acts]

    def data(self) -> Dataset:
        """All of it as tables."""
        follows = pd.DataFrame(self.follows, columns=["follower_id", "followed_id", "followed_at"])
        return from_tables(
            accounts=pd.DataFrame({"account_id": [*self.made], "created_at": [*self.made.values()]}),
            follows=follows.drop_duplicates(["follower_id", "followed_id"]),
            posts=pd.DataFrame(self.posts, columns=["post_id", "author_id", "created_at"]),
            engagements=pd.DataFrame(self.acts, columns=["account_id", "post_id", "kind", "created_at"]),
        )

    def follow_all(self, one: str) -> None:
        """Let one of the group follow all others of it."""
        self.follows += [(one, other, START) for other in IDS if other != one]

    def follow_from_outside(self, share: float, each: int = 1) -> None:
        """Let people follow so many of the group."""
        for one in IDS[: round(share * GROUP)]:
            for other in self.rng.choice(PEOPLE, each, replace=False):
                self.follows.append((f"p{other}", one, START + 5 * DAY))


@pytest.fixture
def town() -> Town:
    return Town(np.random.default_rng(31))


def found(kind: str, joint: pd.DataFrame, served: tuple[str, ...] = ()) -> BotClusters:
    """The group as if it had been found."""
    row = {"kind": kind, "size": GROUP, "p_value": 0.001, "q_value": 0.01}
    row |= {"beneficiaries": served, "evidence": "a finding"}
    clusters = pd.DataFrame([row], index=pd.Index(["c"], name="bot_cluster"))
    members = pd.DataFrame({"bot_cluster": "c", "account_id": IDS, "membership": 1.0}).astype(MEMBERS)
    return BotClusters(clusters, members, joint.assign(bot_cluster="c")[list(JOINT_ACTS)].astype(JOINT_ACTS))


def state(data: Dataset, cluster: BotClusters) -> tuple[str, str]:
    case = casefile.case_files(data, cluster, rng=np.random.default_rng(5)).cases.loc["c"]
    return str(case["state"]), str(case["why"])


def follows_of(data: Dataset, served: tuple[str, ...]) -> pd.DataFrame:
    theirs = data.follows[data.follows["follower_id"].isin(IDS) & data.follows["followed_id"].isin(served)]
    return theirs.assign(kind="follow").set_axis(["account_id", "object", "created_at", "kind"], axis=1)


def joined(town: Town, stars: tuple[str, ...], wait: int, likes: float) -> Dataset:
    """The group joins within two days, follows these after so many seconds, and likes what they post."""
    for one in IDS:
        town.made[one] = START + int(town.rng.integers(0, 2 * DAY))
        town.follows += [(one, star, town.made[one] + wait + n) for n, star in enumerate(stars)]
        for post, author, _ in [*town.posts]:
            if author in stars and town.rng.random() < likes:
                town.act(one, post, 3600)
    return town.data()


STARS, OTHERS = ("p0", "p1", "p2", "p3"), ("p100", "p101", "p102", "p103")


@pytest.mark.parametrize(
    ("whom", "wait", "likes", "known", "expected"),
    [
        (STARS, 300, 0.1, 0.7, casefile.TOO_LITTLE),
        (OTHERS, 300, 0.1, 0.7, casefile.TOO_LITTLE),
        (STARS, 20 * DAY, 0.1, 0.7, casefile.SUSPECTED),
        (STARS, 300, 0.0, 0.7, casefile.SUSPECTED),
        (STARS, 300, 0.1, 0.0, casefile.SUSPECTED),
    ],
)
def test_newcomers_follow_when_they_join_respond_and_are_known(
    town: Town, whom: tuple[str, ...], wait: int, likes: float, known: float, expected: str
) -> None:
    for author in OTHERS:
        town.posts += [(f"{author}-{n}", author, START + n * DAY) for n in range(20)]
    town.follow_from_outside(known)
    data = joined(town, whom, wait, likes)
    group = found("purchased_followers", follows_of(data, whom), whom)
    assert state(data, group)[0] == expected


def test_an_open_case_lowers_the_lower_end_of_the_authentic_share_alone(town: Town) -> None:
    town.follow_from_outside(0.7)
    data = joined(town, STARS, 300, 0.1)
    group = found("purchased_followers", follows_of(data, STARS), STARS)
    nobody = BotClusters(group.clusters[:0], group.members[:0], group.joint_acts[:0])
    without = authentic_share(data, nobody)
    shares = authentic_share(data, nobody, open_cases=group)
    high = ["authentic_share", "authentic_share_high"]
    assert shares[high].equals(without[high])
    low = shares["authentic_share_low"]
    followers = data.follows["followed_id"].value_counts()
    assert float(low["p0"]) == pytest.approx(1 - GROUP / followers["p0"], abs=0.1)
    assert low.drop(list(STARS)).equals(without["authentic_share_low"].drop(list(STARS)))


@pytest.mark.parametrize(("known", "expected"), [(0.95, casefile.TOO_LITTLE), (0.8, casefile.SUSPECTED)])
def test_a_region_may_be_of_colleagues_where_nearly_all_are_known(
    town: Town, known: float, expected: str
) -> None:
    for one in IDS:
        town.made[one] = START
        town.follow_all(one)
    town.follow_from_outside(known)
    data = town.data()
    joint = follows_of(data, tuple(IDS))
    assert state(data, found("sybil", joint))[0] == expected


@pytest.mark.parametrize(
    ("evenings", "known", "expected"),
    [(4, 1.0, casefile.TOO_LITTLE), (20, 1.0, casefile.SUSPECTED), (4, 0.0, casefile.SUSPECTED)],
)
def test_joint_acts_on_few_evenings_by_people_may_be_the_public_of_an_event(
    town: Town, evenings: int, known: float, expected: str
) -> None:
    moments = [START + (3 * (n % evenings)) * (DAY + 977) + (n // evenings) * 1200 for n in range(20)]
    town.posts += [(f"goal{n}", "p50", when) for n, when in enumerate(moments)]
    for one in IDS:
        town.made[one] = START - 100 * DAY
        town.follows += [(one, f"p{n}", START) for n in town.rng.choice(PEOPLE, 20, replace=False)]
        for n in range(20):
            town.act(one, f"goal{n}", int(town.rng.integers(10, 90)), "repost")
    town.follow_from_outside(known, 30)
    data = town.data()
    joint = data.engagements[data.engagements["kind"].eq("repost")].assign(object=lambda one: one["post_id"])
    assert state(data, found("coordination", joint, ("p50",)))[0] == expected


@pytest.mark.parametrize(
    ("authors", "beside", "expected"),
    [(1, 20, casefile.TOO_LITTLE), (4, 20, casefile.SUSPECTED), (1, 0, casefile.SUSPECTED)],
)
def test_without_follows_those_who_act_on_one_account_and_much_else_may_be_fans(
    town: Town, authors: int, beside: int, expected: str
) -> None:
    for one in IDS:
        for n in range(12):
            town.act(one, f"p{n % authors}-{n}", int(town.rng.integers(3 * 3600)), "repost")
        for n in town.rng.choice(120, beside):
            town.act(one, f"p{n // 20}-{n % 20}", int(town.rng.integers(DAY)), "comment")
    posts, acts = town.data().posts, town.data().engagements
    data = from_tables(posts=posts, engagements=acts)
    joint = data.engagements[data.engagements["kind"].eq("repost")].assign(object=lambda one: one["post_id"])
    assert state(data, found("coordination", joint))[0] == expected


@pytest.mark.parametrize(
    ("seconds", "known", "expected"),
    [(10, 1.0, casefile.TOO_LITTLE), (3600, 1.0, casefile.SUSPECTED), (10, 0.0, casefile.SUSPECTED)],
)
def test_outlets_that_share_links_by_the_clock_and_are_followed_may_be_publishers(
    town: Town, seconds: int, known: float, expected: str
) -> None:
    joint = _links_of_outlets(town, seconds, known)
    assert state(town.data(), found("coordination", joint))[0] == expected


@pytest.mark.parametrize(("known", "expected"), [(1.0, casefile.TOO_LITTLE), (0.0, casefile.SUSPECTED)])
def test_where_times_are_dates_the_clock_says_nothing(town: Town, known: float, expected: str) -> None:
    joint = _links_of_outlets(town, 3600, known)
    joint["created_at"] = joint["created_at"].dt.floor("D")
    town.tell_dates_alone()
    assert state(town.data(), found("coordination", joint))[0] == expected


def _links_of_outlets(town: Town, seconds: int, known: float) -> pd.DataFrame:
    """Thirty links that all share within so many seconds of the hour; outlets follow not one another."""
    town.follow_from_outside(known, 30)
    rows = []
    for one in IDS:
        town.made[one] = START - 100 * DAY
        town.follows += [(one, f"p{n}", START) for n in town.rng.choice(PEOPLE, 20, replace=False)]
        for n in range(30):
            when = (START // 3600 + 29 * n) * 3600 + int(town.rng.integers(seconds))
            rows.append((one, f"wire/{n}", "link", pd.Timestamp(when, unit="s", tz="UTC")))
            town.posts.append((f"{one}-{n}", one, when))
    return pd.DataFrame(rows, columns=["account_id", "object", "kind", "created_at"])


@pytest.mark.parametrize(
    ("clock", "dates", "expected"),
    [
        (True, False, casefile.CLEARED),
        (False, False, casefile.SUSPECTED),
        (False, True, casefile.SUSPECTED),
    ],
)
def test_a_ring_that_publishes_by_the_clock_is_a_newsroom(
    town: Town, expected: str, *, clock: bool, dates: bool
) -> None:
    for one in IDS:
        town.made[one] = START
        town.follow_all(one)
        for n in range(15):
            hour = (START // 3600 + 24 * n) * 3600
            town.posts.append((f"{one}-{n}", one, hour if clock else hour + int(town.rng.integers(3600))))
    for one in IDS:
        for other in IDS:
            for n in range(15):
                if one != other and town.rng.random() < 0.5:
                    town.act(one, f"{other}-{n}", int(town.rng.integers(1, 120)))
    town.follow_from_outside(1.0, 30)
    if dates:
        town.tell_dates_alone()
    data = town.data()
    acts = data.engagements[data.engagements["account_id"].isin(IDS)]
    assert state(data, found("pod", acts.assign(object=lambda one: one["post_id"])))[0] == expected


@pytest.mark.parametrize("strangers", [True, False])
def test_strangers_that_repost_whom_they_do_not_follow_after_a_fixed_time_are_found(
    town: Town, *, strangers: bool
) -> None:
    """Followers who always take as long pass for attentive fans; strangers have no such excuse."""
    for one in IDS[:8]:
        town.made[one] = START - 500 * DAY
        town.follows += [(one, f"p{n}", START) for n in town.rng.choice(PEOPLE, 20, replace=False)]
        if not strangers:
            town.follows += [(one, star, START) for star in STARS]
        for star in STARS:
            for n in range(12):
                if town.rng.random() < 0.7:
                    town.act(one, f"{star}-{n}", 300 + int(town.rng.integers(60)), "repost")
    fans = [act for act in town.acts if act[2] == "like"]
    town.acts += [(one, post, "repost", when) for one, post, _, when in fans]
    town.follows = [row for row in town.follows if not strangers or row[1] not in STARS or row[0] not in IDS]
    suspects = find_coordinated_clusters(town.data(), rng=np.random.default_rng(7))
    clusters = suspects.clusters[suspects.clusters["p_value"] <= 0.01]
    members = set(suspects.members.loc[suspects.members["bot_cluster"].isin(clusters.index), "account_id"])
    assert members == (set(IDS[:8]) if strangers else set())


def test_objects_that_nobody_else_names_need_not_have_been_met_by_chance(town: Town) -> None:
    """A squad that alone shares links, forty of them, is as strange as one that shares among others."""
    rows = []
    for n in range(40):
        begin = START + (n + 1) * DAY + int(town.rng.integers(8 * 3600))
        rows += [
            (one, f"shop/{n}", "share", begin + int(town.rng.integers(2400)))
            for one in IDS
            if town.rng.random() < 0.7
        ]
    links = pd.DataFrame(rows, columns=["account_id", "object", "kind", "created_at"])
    town.acts = [(one, post, "repost", when) for one, post, _, when in town.acts]
    for one in IDS:
        town.made[one] = START - 500 * DAY
    people = town.data()
    tables = {"accounts": people.accounts.reset_index(), "follows": people.follows, "posts": people.posts}
    acts = people.engagements.drop(columns="object", errors="ignore")
    links["created_at"] = pd.to_datetime(links["created_at"], unit="s", utc=True)
    data = from_tables(**tables, engagements=pd.concat([acts.astype({"account_id": "str"}), links]))
    suspects = find_coordinated_clusters(data, rng=np.random.default_rng(7))
    stands_out = suspects.clusters.index[suspects.clusters["p_value"] <= 0.001]
    members = suspects.members.loc[suspects.members["bot_cluster"].isin(stands_out), "account_id"]
    assert set(members) == set(IDS)


@dataclass(frozen=True)
class Silent:
    """Facts about a group of which nobody responds, where this share of others does."""

    usual: float

    def responds(self, _: np.ndarray, __: np.ndarray) -> Measured:
        """Nobody of the group."""
        return Measured(0.0, self.usual)


@pytest.mark.parametrize(("usual", "speaks"), [(0.028, "unknown"), (0.2, "against"), (0.0, "for")])
def test_that_nobody_responded_tells_nothing_where_few_others_do(usual: float, speaks: str) -> None:
    row = explanations._loyal(Silent(usual), np.arange(45), np.arange(3))
    assert row.speaks == speaks


@pytest.mark.parametrize(("followed", "expected"), [("for", "too little data"), ("against", "suspected")])
def test_those_with_lives_of_their_own_who_need_not_have_responded_may_be_fans(
    followed: str, expected: str
) -> None:
    measured = {"responded": "unknown", "beside": "for", "outside": followed}
    rows = [explanations.Tested("fan club", *one[:1], 0, 0, 0, one[1], "cheap") for one in measured.items()]
    told = [(explanations.MUTUAL, "against"), (explanations.CLOCK, "against")]
    rows += [explanations.Tested("organisation", what, 0, 0, 0, speaks, "cheap") for what, speaks in told]
    assert casefile._state({"kind": "purchased_followers"}, rows)["state"] == expected
    assert casefile._state({"kind": "coordination"}, rows)["state"] == "suspected"
