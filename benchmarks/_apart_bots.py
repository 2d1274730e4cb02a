"""Worlds of bots whose laws were written apart from the project's own code, from its documents alone.

People (`_apart_people`) follow fame, their niche and friends of friends; they post in sessions about words,
tags and news of the niche, and react when awake. Among them are innocent groups, and in worlds p1 to p8
farms, squads, pods and sybils (`_apart_groups`). Chance is drawn in a fixed order, so that a seed gives the
very world that is judged in `docs/bots.md`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import _apart_innocents as innocents
from benchmarks._apart_groups import Farm, Pod, ServeClients, Squad, Sybils
from benchmarks._apart_people import Act, ApartPeople, Ground, Post
from influgraph.influence._arrays import Floats, Ints

_SILENT = ("farm", "sybil")  # who does not react to what others post
_KINDS = ("like", "comment", "repost", "reply")


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Sizes of innocent groups, how many posts and events stir everybody, and what is planted."""

    fans: int = 40
    desks: int = 8
    friends: Sequence[int] = (10,)
    viral: int = 1
    events: int = 1
    planted: Sequence[Farm | Squad | ServeClients | Pod | Sybils] = ()


@dataclass(frozen=True, eq=False)
class BotWorld:
    """The tables of a world, and `account_id`, `group` and `kind` of everybody in a group."""

    tables: dict[str, pd.DataFrame]
    members: pd.DataFrame


NOBODY = Cast(fans=0, desks=0, friends=(), viral=0, events=0)
BARE: dict[str, Any] = {"follow_times": False, "profiles": False}
WORLDS: dict[str, tuple[Ground, Cast]] = {
    "p1": (
        Ground(seed=101),
        Cast(
            planted=(
                Farm(group="farmA", size=150),
                Farm(group="farmB", size=300, customers=5, style="camo", share=0.9),
                Farm(group="farmC", size=200, customers=4, style="copy", share=0.9),
                Squad(group="sqA", size=20, mode="corepost", events=25),
                Squad(group="sqB", size=30, mode="colink", events=20),
                Squad(group="sqC", size=25, mode="slow", events=36, part=0.45),
                Pod(group="podA", size=8),
                Pod(group="podB", size=18, rate=0.6),
                Sybils(group="sybA", size=150),
            )
        ),
    ),
    "p2": (
        Ground(seed=202, niches=7, **BARE),
        Cast(
            fans=50,
            desks=10,
            friends=(12,),
            planted=(
                Farm(group="farmA", size=120, customers=2),
                Farm(group="farmB", size=400, customers=6, style="camo", share=0.7),
                Farm(group="farmC", size=150, customers=6, style="copy", share=0.85),
                Squad(group="sqA", size=12, mode="corepost", events=20),
                Squad(group="sqB", size=40, mode="cohashtag", events=24, part=0.6),
                Squad(group="sqC", size=40, mode="slow", events=45, part=0.35, popular=0.6),
                Pod(group="podA", size=6, rate=0.85),
                Pod(group="podB", size=25, rate=0.5),
                Sybils(group="sybA", size=200, degree=16, attack=0.1),
            ),
        ),
    ),
    "p3": (
        Ground(seed=303, people=4000, niches=11, profiles=False),
        Cast(
            fans=30,
            desks=6,
            friends=(9, 14),
            viral=2,
            events=0,
            planted=(
                Sybils(group="sybA", size=300, degree=20, attack=0.06),
                Sybils(group="sybB", size=100, degree=12, attack=0.15),
                Pod(group="podA", size=10, rate=0.8),
                Pod(group="podB", size=14, rate=0.5, median=7200),
                Pod(group="podC", size=30, rate=0.4, median=5400),
                Pod(group="podD", size=7, rate=0.7, median=10000),
                Farm(group="farmA", size=100, customers=1, style="camo"),
            ),
        ),
    ),
    "p4": (
        Ground(seed=404, niches=8, outcomes=True),
        Cast(
            fans=45,
            events=2,
            planted=(
                Squad(group="sqA", size=15, mode="slow", events=40, part=0.5, lag=12 * 3600),
                Squad(group="sqB", size=50, mode="slow", events=50, part=0.3, lag=6 * 3600, popular=0.5),
                Squad(group="sqC", size=10, mode="corepost", events=18, part=0.8),
                Squad(group="sqD", size=60, mode="colink", events=15, part=0.4, lag=600),
                Squad(group="sqE", size=30, mode="cohashtag", events=20, part=0.7),
                Farm(group="farmA", size=250, customers=4, style="camo"),
            ),
        ),
    ),
    "p5": (
        Ground(seed=505, people=4000, niches=10, follow_times=False),
        Cast(
            friends=(8,),
            planted=(
                Farm(group="farmA", size=2000, customers=8, style="camo", share=0.6),
                Farm(group="farmB", size=600, customers=5, style="copy", share=0.8),
                Farm(group="farmC", size=100, style="copy"),
                Farm(group="farmD", size=100, customers=5),
            ),
        ),
    ),
    "p6": (
        Ground(seed=606, people=3000, niches=8, follows_listed=False, profiles=False),
        Cast(
            fans=35,
            planted=(
                Squad(group="sqA", size=20, mode="corepost", events=30, part=0.6),
                Squad(group="sqB", size=35, mode="slow", events=40, part=0.4),
                Squad(group="sqC", size=15, mode="colink", events=25, part=0.7),
                Pod(group="podA", size=8, rate=0.8),
                Pod(group="podB", size=16, rate=0.6),
            ),
        ),
    ),
    "p7": (
        Ground(seed=707, people=4500, niches=12, posts=1.8),
        Cast(
            fans=60,
            desks=12,
            friends=(15,),
            viral=2,
            events=2,
            planted=(
                Squad(group="sqA", size=10, mode="corepost", events=12, part=0.8),
                Squad(group="sqB", size=25, mode="colink", events=10, part=0.7, lag=60),
                Squad(group="sqC", size=20, mode="cohashtag", events=15, part=0.6, lag=60),
                Squad(group="sqD", size=30, mode="slow", events=30, part=0.5, lag=18 * 3600),
                Pod(group="podA", size=12, rate=0.7),
                Pod(group="podB", size=6, rate=0.6),
                Farm(group="farmA", size=500, customers=5, style="camo", share=0.5, days=20),
                Farm(group="farmB", size=120, style="copy", share=0.9, days=20),
                Sybils(group="sybA", size=120, degree=10, attack=0.1),
            ),
        ),
    ),
    "p8": (
        Ground(seed=808, people=3200, niches=8),
        Cast(
            planted=(
                Squad(group="sqA0", size=20, mode="corepost", events=25, own=0),
                Squad(group="sqB0.15", size=20, mode="corepost", events=25, own=0.15),
                Squad(group="sqC0.35", size=20, mode="corepost", events=25, own=0.35),
                Squad(group="sqD1.0", size=20, mode="corepost", events=25, own=1),
                ServeClients(),
                Pod(group="podA", size=10, rate=0.7),
            )
        ),
    ),
    "o1": (Ground(seed=11), Cast()),
    "o2": (Ground(seed=12, niches=6, **BARE), Cast()),
    "o3": (
        Ground(seed=13, people=3000, niches=14),
        Cast(fans=60, desks=12, friends=(8, 12, 15), viral=2, events=2),
    ),
    "o4": (Ground(seed=14), NOBODY),
    "o5": (
        Ground(seed=15, people=3000, niches=5, profiles=False),
        Cast(fans=25, desks=0, friends=(12,), viral=2, events=0),
    ),
    "o6": (Ground(seed=16, people=4000, follow_times=False, follows=22, posts=1.8), NOBODY),
}


def make_bot_world(name: str, **changes: Any) -> BotWorld:  # noqa: ANN401 (settings are of many types)
    """Draw the world of this name, on other ground (a seed, say) where it is given."""
    ground, cast = WORLDS[name]
    world = ApartPeople(replace(ground, **changes))
    if cast.fans:
        innocents.add_fan_club(world, "fan", cast.fans)
    if cast.desks:
        innocents.add_newsroom(world, "news", cast.desks)
    for number, size in enumerate(cast.friends):
        innocents.add_friends(world, f"friends{number}", size)
    for number in range(cast.viral):
        innocents.add_viral_post(world, f"viral{number}")
    for number in range(cast.events):
        innocents.add_event(world, f"event{number}")
    for group in cast.planted:
        group.plant(world)
    _engage(world)
    if world.ground.outcomes:
        _buy(world)
    return _told(world)


def _engage(world: ApartPeople) -> None:
    """Followers react to posts, and to reposts of reposts, more to those they are friends with."""
    rng, niche = world.rng, world.traits["niche"]
    followers: list[list[int]] = [[] for _ in world.kind]
    for follower, followed in world.follows:
        if world.kind[follower] not in _SILENT:
            followers[followed].append(follower)
    wave = [(post, post.author, post.time) for post in world.originals()]
    for generation in range(3):
        again = []
        for post, via, time in wave:
            some = np.array(followers[via], int)
            if not len(some):
                continue
            friends = np.where([(via, one) in world.follows for one in some], 3, 1)
            alike = np.where(niche[some] == niche[post.author], 1.3, 0.6)
            chance = 0.022 * post.appeal * world.traits["reactive"][some] * friends * alike
            chance = np.minimum(chance * (0.4 if generation else 1), 0.7)
            some = some[rng.random(len(some)) < chance]
            some = some[some != post.author]
            if not len(some):
                continue
            when = world.react(some, time)
            kind = rng.choice(4, len(some), p=[0.70, 0.11, 0.15, 0.04])
            again += _done(world, post, some, when, kind)
        wave = again


def _done(
    world: ApartPeople, post: Post, who: Ints, when: Floats, kind: Ints
) -> list[tuple[Post, int, float]]:
    """Engage, and return reposts."""
    reposts = []
    for account, time, one in zip(who, when, kind, strict=True):
        if time >= world.end:
            continue
        if _KINDS[one] == "repost":
            world.post(account, time, repost_of=post.number)
            reposts.append((post, int(account), time))
        else:
            world.act(account, post, _KINDS[one], time)
    return reposts


def _buy(world: ApartPeople) -> None:
    """Purchases anyway, and some after posts of 25 who move people."""
    rng, size = world.rng, len(world.people)
    followers: dict[int, list[int]] = {}
    for follower, followed in world.follows:
        if world.kind[follower] == "person":
            followers.setdefault(followed, []).append(follower)
    movers = list(rng.choice(np.argsort(-world.fame)[5:120], 25, replace=False))
    strength, own = rng.lognormal(-4.5, 0.8, 25), rng.lognormal(0, 0.7, size)
    level = rng.lognormal(0, 0.4, world.ground.niches)[world.traits["niche"][:size]]
    count = rng.poisson(0.25 * own * level)
    for account in np.flatnonzero(count):
        for time in world.times(int(account), int(count[account])):
            world.acts.append(Act(int(account), None, None, "purchase", time))
    for post in world.originals():
        if post.author in movers:
            some = np.array(followers.get(post.author, []), int)
            some = some[rng.random(len(some)) < strength[movers.index(post.author)]]
            for account, time in zip(some, world.react(some, post.time, 4 * 3600, 1.2), strict=True):
                if time < world.end:
                    world.acts.append(Act(int(account), None, None, "purchase", time))


def _told(world: ApartPeople) -> BotWorld:
    code = np.array([f"u{100000 + place * 7}" for place in world.rng.permutation(len(world.kind))])
    tables = {
        "accounts": _accounts(world, code),
        "posts": _told_posts(world, code),
        "engagements": _told_acts(world, code),
    }
    if world.ground.follows_listed:
        tables["follows"] = _told_follows(world, code)
    members = [(code[account], group, kind) for account, group, kind in world.truth]
    return BotWorld(tables, pd.DataFrame(members, columns=["account_id", "group", "kind"], dtype="str"))


def _accounts(world: ApartPeople, code: np.ndarray) -> pd.DataFrame:
    rng, size = world.rng, len(world.kind)
    table = pd.DataFrame({"account_id": code})
    if world.ground.profiles:
        following, followers = (np.bincount(end, minlength=size) for end in np.array([*world.follows]).T)
        table["handle"] = [f"{world.common[rng.integers(300)]}{rng.integers(1, 9999)}" for _ in range(size)]
        table["created_at"] = _stamps(world.traits["created"])
        table["followers_stated"], table["following_stated"] = followers, following
        best = {*np.argsort(-followers)[: int(0.006 * size)].tolist(), *world.verified}
        table["verified"] = [account in best for account in range(size)]
        table["bio"] = [_bio(world, account) for account in range(size)]
    return table.sample(frac=1, random_state=1)


def _bio(world: ApartPeople, account: int) -> str:
    if world.rng.random() >= (0.75 if world.kind[account] == "person" else 0.4):
        return ""
    words = world.words[world.traits["niche"][account]]
    return " ".join(words[n] for n in world.rng.integers(0, 25, 3))


def _told_follows(world: ApartPeople, code: np.ndarray) -> pd.DataFrame:
    pairs = sorted(world.follows)
    table = pd.DataFrame(code[np.array(pairs)], columns=["follower_id", "followed_id"])
    if world.ground.follow_times:
        time = np.array([world.followed_at[pair] for pair in pairs])
        table["followed_at"] = _stamps(np.minimum(time, world.end - 1))
    return table.sample(frac=1, random_state=2)


def _told_posts(world: ApartPeople, code: np.ndarray) -> pd.DataFrame:
    table = pd.DataFrame(world.posts).sort_values("time")
    return pd.DataFrame(
        {
            "post_id": _post_ids(table["number"]),
            "author_id": code[table["author"]],
            "created_at": _stamps(table["time"].to_numpy()),
            **{name: table[name].to_numpy() for name in ("text", "hashtags", "links")},
            "repost_of": _post_ids(table["repost_of"]),
        }
    )


def _told_acts(world: ApartPeople, code: np.ndarray) -> pd.DataFrame:
    table = pd.DataFrame(world.acts)
    table = table[table["time"] < world.end].sort_values("time")
    known = table["target"].notna()
    target = pd.Series(code[table["target"].fillna(0).astype(int)]).where(known.to_numpy())
    return pd.DataFrame(
        {
            "account_id": code[table["account"]],
            "kind": table["kind"].to_numpy(),
            "target_id": target.to_numpy(),
            "post_id": _post_ids(table["post"]),
            "created_at": _stamps(table["time"].to_numpy()),
        }
    )


def _post_ids(numbers: pd.Series) -> list[str | None]:
    return [None if pd.isna(number) else f"p{int(number)}" for number in numbers]


def _stamps(seconds: Floats) -> pd.Index:
    return pd.to_datetime(seconds.astype("int64"), unit="s").strftime("%Y-%m-%dT%H:%M:%SZ")
