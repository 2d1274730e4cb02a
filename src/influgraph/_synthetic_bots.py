"""Farms of purchased followers and squads that repost together, in a synthetic world."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from influgraph._synthetic_follows import PURCHASED, Follows
from influgraph._synthetic_people import People
from influgraph._synthetic_posts import Posts
from influgraph._synthetic_rhythm import DAY
from influgraph._synthetic_settings import WorldSettings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
BUYERS, CAMOUFLAGE = 3, 12  # of a farm: accounts that paid for it, and famous ones each bot follows besides
BENEFICIARIES, RAIDS = 2, 25  # of a squad: accounts it pushes, and posts of theirs that it reposts together
COVER = 5  # mean reposts of other posts by each bot of a squad


@dataclass(frozen=True)
class Squads:
    """Reposts by bots: account, post (row of `Posts`), second."""

    account: Ints
    post: Ints
    time: Floats


def add_bot_follows(
    settings: WorldSettings, people: People, follows: Follows, rng: np.random.Generator
) -> tuple[Follows, dict[int, Ints]]:
    """Add what bots follow, and return whom each bot cluster serves."""
    serves: dict[int, Ints] = {}
    rows: list[tuple[Ints, Ints, Floats]] = []
    middling = _middling(people)
    for cluster in range(settings.farms + settings.squads):
        bots = np.flatnonzero(people.bot_cluster == cluster)
        farm = cluster < settings.farms
        serves[cluster] = np.sort(rng.choice(middling, BUYERS if farm else BENEFICIARIES, replace=False))
        burst = rng.uniform(0.1, 0.9) * settings.days * DAY
        rows += [_bought(bots, account, burst, rng) for account in serves[cluster]]
        rows.append(_camouflage(settings, people, bots, serves[cluster], rng))
    if not rows:
        return follows, serves
    follower, followed, since = (np.concatenate(part) for part in zip(*rows, strict=True))
    motive = np.full(follower.size, PURCHASED, np.int8)
    follower, followed = np.append(follows.follower, follower), np.append(follows.followed, followed)
    motive, since = np.append(follows.motive, motive), np.append(follows.since, since)
    order = np.lexsort((followed, follower))
    return Follows(follower[order], followed[order], motive[order], since[order]), serves


def _middling(people: People) -> Ints:
    """Return sources that are neither famous nor unknown."""
    by_fame = people.sources[np.argsort(-people.fame[people.sources], kind="stable")]
    return np.asarray(by_fame[by_fame.size // 10 : by_fame.size // 2])


def _bought(bots: Ints, account: int, burst: float, rng: np.random.Generator) -> tuple[Ints, Ints, Floats]:
    since = np.floor(burst + rng.exponential(2 * 3600, bots.size))
    return bots, np.full(bots.size, account), since


def _camouflage(
    settings: WorldSettings, people: People, bots: Ints, served: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints, Floats]:
    chance = people.fame[people.sources] / people.fame[people.sources].sum()
    count = min(rng.poisson(CAMOUFLAGE, bots.size).max(), people.sources.size // 2)
    hidden = np.concatenate([rng.choice(people.sources, count, replace=False, p=chance) for _ in bots])
    followers = np.repeat(bots, count)
    keep = (rng.random(hidden.size) < CAMOUFLAGE / count) & ~np.isin(hidden, served)
    since = np.floor(rng.uniform(0, settings.days * DAY, hidden.size))
    since[rng.random(hidden.size) < 0.5] = -np.inf
    return followers[keep], hidden[keep], since[keep]


def draw_squads(
    settings: WorldSettings, people: People, posts: Posts, serves: dict[int, Ints], rng: np.random.Generator
) -> Squads:
    """Draw the reposts of squads: the same posts within a minute, repeatedly, and a few others as cover."""
    nothing = np.empty(0, np.int64)
    rows = [(nothing, nothing, np.empty(0))]
    early = np.flatnonzero(posts.time < settings.days * DAY - 3600)
    for cluster in range(settings.farms, settings.farms + settings.squads):
        bots = np.flatnonzero(people.bot_cluster == cluster)
        theirs = early[np.isin(posts.author[early], serves[cluster])]
        for post in rng.permutation(theirs)[:RAIDS]:
            taking_part = bots[rng.random(bots.size) < 0.8]
            start = posts.time[post] + rng.uniform(60, 1800)
            rows.append(
                (taking_part, np.full(taking_part.size, post), start + rng.uniform(0, 55, taking_part.size))
            )
        cover = np.repeat(bots, rng.poisson(COVER, bots.size) * (early.size > 0))
        covered = rng.choice(early, cover.size)
        rows.append((cover, covered, posts.time[covered] + rng.uniform(60, 3600, cover.size)))
    return Squads(*(np.concatenate(part) for part in zip(*rows, strict=True)))
