"""Engagement pods: rings stand out; friends, fans, newsrooms and busy accounts do not."""

from collections.abc import Iterable
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from influgraph.bots import _pods_null as null
from influgraph.bots import _pods_ties as ties
from influgraph.bots.clusters import BotClusters, discoveries
from influgraph.bots.pods import find_pods
from influgraph.dataset import Dataset, from_tables

START = pd.Timestamp("2024-01-01", tz="UTC")
PEOPLE = 300


class Town:
    """Posters with friends and favourites; development seeds are below 100."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        posts = self.rng.poisson(self.rng.lognormal(2.4, 0.7, PEOPLE)) + 1
        self.author = np.repeat(np.arange(PEOPLE), posts)
        self.hour = self.rng.uniform(0, 60 * 24, len(self.author))
        self.follows: set[tuple[int, int]] = set()
        self.acts: dict[tuple[int, int], float] = {}
        fame = self.rng.pareto(1.3, PEOPLE) + 1
        for one in range(PEOPLE):
            favourites = self.rng.choice(PEOPLE, 12, p=fame / fame.sum())
            self.engage([(one, int(other)) for other in favourites if other != one], 0.02, 5)

    def engage(
        self, pairs: Iterable[tuple[int, int]], rate: float, hours: float, *, follow: bool = True
    ) -> None:
        """Let the first of each pair act on posts of the second."""
        for one, other in pairs:
            if follow:
                self.follows.add((one, other))
            for post in np.flatnonzero(self.author == other):
                if self.rng.random() < rate:
                    self.acts.setdefault((one, int(post)), self.hour[post] + self.rng.exponential(hours))

    def friends(self, circles: int, rate: float) -> None:
        """Add circles of nine who follow one another."""
        for _ in range(circles):
            circle = self.rng.choice(PEOPLE, 9, replace=False)
            self.engage(list(permutations(circle.tolist(), 2)), rate, 5)

    def ring(self, members: Iterable[int], rate: float, *, follow: bool = False, hours: float = 0.3) -> None:
        """Add a pod."""
        self.engage(permutations(members, 2), rate, hours, follow=follow)

    def data(self, *, times: bool = True, follows: bool = True) -> Dataset:
        """Return the tables."""
        ids = np.array([f"u{number}" for number in range(PEOPLE)])
        who, post = np.array(list(self.acts)).T
        posts = pd.DataFrame(
            {"post_id": [f"p{k}" for k in range(len(self.author))], "author_id": ids[self.author]}
        )
        likes = pd.DataFrame(
            {"account_id": ids[who], "post_id": posts["post_id"].to_numpy()[post], "kind": "like"}
        )
        if times:
            posts["created_at"] = (START + pd.to_timedelta(self.hour, unit="h")).floor("s")
            hours = np.array(list(self.acts.values()))
            likes["created_at"] = (START + pd.to_timedelta(hours, unit="h")).floor("s")
        pairs = pd.DataFrame([(ids[a], ids[b]) for a, b in sorted(self.follows)])
        pairs.columns = ["follower_id", "followed_id"]
        accounts = pd.DataFrame({"account_id": ids})
        return from_tables(
            accounts=accounts, posts=posts, engagements=likes, follows=pairs if follows else None
        )


def _found(data: Dataset, niches: pd.Series | None = None, **options: object) -> BotClusters:
    return discoveries([find_pods(data, niches, rng=np.random.default_rng(7), **options)])


def _members(found: BotClusters) -> list[set[str]]:
    names = found.members.groupby("bot_cluster")["account_id"]
    return sorted((set(group) for _, group in names), key=len)


def _ids(numbers: Iterable[int]) -> set[str]:
    return {f"u{number}" for number in numbers}


@pytest.mark.parametrize("follow", [False, True])
@pytest.mark.parametrize("known", ["all", "no times", "no follows"])
def test_rings_are_found_whole(known: str, *, follow: bool) -> None:
    town = Town(1)
    town.friends(20, 0.08)
    town.ring(range(10, 17), 0.7, follow=follow)
    town.ring(range(30, 55), 0.35, follow=follow)
    data = town.data(times=known != "no times", follows=known != "no follows")
    niches = pd.Series(np.arange(PEOPLE) % 4, data.account_ids)
    found = _found(data, None if known == "all" else niches)
    small, large = _members(found)
    assert len(small & _ids(range(10, 17))) >= 6
    assert small <= _ids(range(10, 17))
    assert len(large & _ids(range(30, 55))) >= 22
    assert len(large - _ids(range(30, 55))) <= 1
    assert found.members["membership"].between(0, 1).all()
    assert set(found.clusters["beneficiaries"]) == {()}
    assert ("times are unknown" in found.clusters["evidence"].iloc[0]) == (known == "no times")


def test_acts_inside_are_told() -> None:
    town = Town(2)
    town.ring(range(10, 18), 0.8)
    data = town.data()
    acts = _found(data).joint_acts
    authors = data.posts.set_index(data.posts["post_id"].astype(str))["author_id"]
    assert set(acts["account_id"]) == set(authors[acts["object"]]) == _ids(range(10, 18))
    assert (acts["account_id"].to_numpy() != authors[acts["object"]].astype(str).to_numpy()).all()
    inside = [act for act in town.acts if act[0] in range(10, 18) and town.author[act[1]] in range(10, 18)]
    assert len(acts) == len(inside)


@pytest.mark.parametrize("rate", [0.08, 0.2])
def test_circles_of_friends_are_none(rate: float) -> None:
    for seed in range(3, 6):
        town = Town(seed)
        town.friends(25, rate)
        assert not len(_found(town.data()).clusters)


def test_p_values_are_not_small_without_rings() -> None:
    p_values = []
    for seed in range(10, 16):
        town = Town(seed)
        town.friends(25, 0.2)
        p_values += find_pods(town.data(), None, rng=town.rng, smallest=3).clusters["p_value"].to_list()
    assert sum(p <= 0.1 for p in p_values) <= 2


def test_fans_and_newsrooms_are_none() -> None:
    town = Town(6)
    town.engage([(fan, 0) for fan in range(20, 60)], 0.9, 0.1)
    town.engage([(0, fan) for fan in range(20, 60)], 0.05, 1)
    office = range(100, 108)
    town.engage([(one, 100) for one in office if one != 100], 0.7, 0.02)
    town.follows |= set(permutations(office, 2))
    assert not len(_found(town.data()).clusters)


def test_those_who_like_everything_are_none() -> None:
    town = Town(8)
    for one in range(40, 60):
        town.engage([(one, other) for other in range(PEOPLE) if other != one], 0.5, 3)
    assert not len(_found(town.data()).clusters)


def test_order_of_rows_is_nothing() -> None:
    town = Town(9)
    town.ring(range(10, 20), 0.6)
    data = town.data()
    mixed = from_tables(
        accounts=data.accounts.reset_index().sample(frac=1, random_state=1),
        posts=data.posts.sample(frac=1, random_state=2),
        engagements=data.engagements.drop(columns="target_id").sample(frac=1, random_state=3),
        follows=data.follows.sample(frac=1, random_state=4),
    )
    assert _members(_found(mixed)) == _members(_found(data)) == [_ids(range(10, 20))]


def test_ties_by_hand() -> None:
    """Ann and Ben like 3 of 3 and 0 of 2 posts of one another, Cem and Dia all 4 of one another's 2 each."""
    posts = [("a1", "ann"), ("a2", "ann"), ("b1", "ben"), ("b2", "ben"), ("b3", "ben")]
    posts += [("c1", "cem"), ("c2", "cem"), ("d1", "dia"), ("d2", "dia")]
    likes = [
        ("ann", "b1"),
        ("ann", "b2"),
        ("ann", "b3"),
        ("cem", "d1"),
        ("cem", "d2"),
        ("dia", "c1"),
        ("dia", "c2"),
    ]
    data = from_tables(
        posts=pd.DataFrame(posts, columns=["post_id", "author_id"]),
        engagements=pd.DataFrame(likes, columns=["account_id", "post_id"]).assign(kind="like"),
    )
    acts = ties.acts_on_posts(data, None, pd.Timedelta("1D"))
    every = ties.ties(ties.ordered_pairs(data, acts), acts.posts_by, 0.3)
    score = {
        (data.account_ids[a], data.account_ids[b]): s
        for a, b, s in zip(every.one, every.other, every.score, strict=True)
    }
    assert score["cem", "dia"] == pytest.approx(min(2 * np.log(3), 2) * 2)
    assert score["ann", "ben"] == pytest.approx(2 * np.log(0.7 / 0.9))
    assert every.relation.tolist() == [0, 0]


def test_dealt_out_ties_keep_follows_and_niches() -> None:
    town = Town(12)
    town.ring(range(10, 20), 0.6, follow=True)
    data = town.data()
    acts = ties.acts_on_posts(data, None, pd.Timedelta("1D"))
    pairs = ties.ordered_pairs(data, acts)
    every = ties.ties(pairs, acts.posts_by, 0.3)
    niche = np.arange(PEOPLE) % 5
    activity = np.ones(PEOPLE)
    one, other = null.Elsewhere(every, pairs, activity, niche).draw(np.random.default_rng(1))
    follows = set(zip(pairs.account[pairs.follows], pairs.author[pairs.follows], strict=True))
    for a, b, c, d, ways in zip(every.one, every.other, one, other, every.relation, strict=True):
        assert sorted([niche[a], niche[b]]) == sorted([niche[c], niche[d]])
        if ways:
            assert ((c, d) in follows) + ((d, c) in follows) == ways
    assert (one != every.one).mean() > 0.5


def test_bad_input_is_told() -> None:
    town = Town(13)
    data = town.data()
    rng = np.random.default_rng(1)
    for options in ({"within": "-1D"}, {"chance": 1.0}, {"smallest": 2}):
        with pytest.raises(ValueError, match=next(iter(options))):
            find_pods(data, None, rng=rng, **options)
    with pytest.raises(ValueError, match="niches"):
        find_pods(data, pd.Series([1], index=["u1"]), rng=rng)
    bare = from_tables(engagements=pd.DataFrame({"account_id": ["a"], "target_id": ["b"], "kind": ["like"]}))
    assert "no act names a post" in str(find_pods(bare, None, rng=rng).missing)
    only_purchases = find_pods(data, None, kinds=["purchase"], rng=rng)
    assert only_purchases.missing is not None


def test_strange_times_and_a_busy_account() -> None:
    """All at one second, acts before their post, and one account that acts on everything many times."""
    town = Town(14)
    town.ring(range(10, 20), 0.6)
    data = town.data()
    likes = data.engagements[["account_id", "post_id", "kind"]].astype(str)
    posts = data.posts[["post_id", "author_id"]].astype(str).assign(created_at=100)
    busy = pd.concat([posts[["post_id"]].assign(account_id="u5", kind="like")] * 3)
    at_once = pd.concat([likes, busy]).assign(created_at=100)
    found = _found(from_tables(posts=posts, engagements=at_once))
    assert _members(found) == [_ids(range(10, 20))]
    before = _found(from_tables(posts=posts, engagements=likes.assign(created_at=50)))
    assert before.missing is not None
