"""What bots follow in a synthetic world, and what farms of purchased followers like."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from influgraph._synthetic_follows import PURCHASED, Follows, add_follows
from influgraph._synthetic_people import People
from influgraph._synthetic_posts import Posts
from influgraph._synthetic_rhythm import DAY
from influgraph._synthetic_settings import WorldSettings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
BUYERS, BENEFICIARIES = 3, 2  # accounts that paid for a farm, and accounts that a squad pushes
LIKED_AFTER = 6 * 3600.0  # mean seconds between a post and a like of it by a bot


@dataclass(frozen=True)
class Acts:
    """What is done besides what sightings make people do; none of it causes a purchase.

    By account code: `kind`; the post (row of `Posts`, -1: none); the second; the link or hashtag that is
    shared, "" for none.
    """

    account: Ints
    kind: npt.NDArray[np.str_]
    post: Ints
    time: Floats
    shared: npt.NDArray[np.object_]


def make_acts(account: Ints, kind: Any, post: Ints, time: Floats, *, shared: Any = "") -> Acts:  # noqa: ANN401 (one for all, or one for each)
    """Put acts together; a kind or what is shared may be the same for all."""
    size = account.size
    kinds = np.broadcast_to(np.asarray(kind, "U8"), size)
    return Acts(account, kinds, post, np.floor(time), np.broadcast_to(np.asarray(shared, object), size))


def join_acts(parts: list[Acts]) -> Acts:
    """Put acts behind one another."""
    nothing = make_acts(np.empty(0, np.int64), "like", np.empty(0, np.int64), np.empty(0))
    names = [field.name for field in fields(Acts)]
    return Acts(*(np.concatenate([getattr(part, name) for part in [nothing, *parts]]) for name in names))


def until(acts: Acts, end: float) -> Acts:
    """Keep what is done before the study ends."""
    kept = acts.time < end
    return Acts(*(getattr(acts, field.name)[kept] for field in fields(Acts)))


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
        slow = settings.farm_drip_days * DAY if farm else 0.0
        rows += [
            (bots, np.full(bots.size, account), _bought(settings, bots.size, burst, slow, rng))
            for account in serves[cluster]
        ]
        rows.append(_camouflage(settings, people, bots, serves[cluster], rng))
    if not rows:
        return follows, serves
    follower, followed, since = (np.concatenate(part) for part in zip(*rows, strict=True))
    return add_follows(follows, follower, followed, since, motive=PURCHASED), serves


def _middling(people: People) -> Ints:
    """Return sources that are neither famous nor unknown."""
    by_fame = people.sources[np.argsort(-people.fame[people.sources], kind="stable")]
    return np.asarray(by_fame[by_fame.size // 10 : by_fame.size // 2])


def _bought(
    settings: WorldSettings, size: int, burst: float, slow: float, rng: np.random.Generator
) -> Floats:
    """Return when bought follows came in: hours after a burst, or over so many seconds around it."""
    since = burst + rng.exponential(2 * 3600, size)
    if slow:
        since = np.clip(since + slow * (np.arange(size) / size - 0.5), 0, settings.days * DAY - 1)
    return np.floor(since)


def _camouflage(
    settings: WorldSettings, people: People, bots: Ints, served: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints, Floats]:
    chance = people.fame[people.sources] / people.fame[people.sources].sum()
    count = min(rng.poisson(settings.camouflage, bots.size).max(), people.sources.size // 2)
    if not count:
        return bots[:0], bots[:0], np.empty(0)
    hidden = np.concatenate([rng.choice(people.sources, count, replace=False, p=chance) for _ in bots])
    followers = np.repeat(bots, count)
    keep = (rng.random(hidden.size) < settings.camouflage / count) & ~np.isin(hidden, served)
    since = np.floor(rng.uniform(0, settings.days * DAY, hidden.size))
    since[rng.random(hidden.size) < 0.5] = -np.inf
    return followers[keep], hidden[keep], since[keep]


def copy_people(
    settings: WorldSettings,
    people: People,
    follows: Follows,
    serves: dict[int, Ints],
    rng: np.random.Generator,
) -> Follows:
    """Let bots of farms follow what one of the people follows, in place of some of the famous."""
    strength = settings.farm_adaptive
    if not (strength and settings.farms):
        return follows
    bots = np.flatnonzero((people.bot_cluster >= 0) & (people.bot_cluster < settings.farms))
    paid = np.zeros(follows.follower.size, bool)
    for cluster in range(settings.farms):
        theirs = people.bot_cluster[follows.follower] == cluster
        paid |= theirs & np.isin(follows.followed, serves[cluster])
    famous = np.isin(follows.follower, bots) & ~paid
    kept = ~famous | (rng.random(famous.size) >= strength)
    left = Follows(*(getattr(follows, field.name)[kept] for field in fields(Follows)))
    model = rng.choice(people.members, bots.size)
    first = np.searchsorted(follows.follower, model)
    last = np.searchsorted(follows.follower, model, side="right")
    row = expand(first, last)
    follower = np.repeat(bots, last - first)
    copied = rng.random(row.size) < strength
    since = np.floor(rng.uniform(0, settings.days * DAY, row.size))
    since[rng.random(row.size) < 0.5] = -np.inf
    return add_follows(left, follower[copied], follows.followed[row[copied]], since[copied], motive=PURCHASED)


def expand(first: Ints, last: Ints) -> Ints:
    """Return the numbers of all ranges, from each first on and before each last, one after another."""
    size = last - first
    return np.asarray(np.arange(size.sum()) + np.repeat(first - np.cumsum(size) + size, size))


def draw_farm_likes(
    settings: WorldSettings,
    people: People,
    follows: Follows,
    posts: Posts,
    serves: dict[int, Ints],
    rng: np.random.Generator,
) -> Acts:
    """Draw the likes by which bots of farms make bought follows look alive."""
    parts = []
    for cluster in range(settings.farms if settings.farm_likes else 0):
        theirs = people.bot_cluster[follows.follower] == cluster
        rows = np.flatnonzero(theirs & np.isin(follows.followed, serves[cluster]))
        first = np.searchsorted(posts.author, follows.followed[rows])
        last = np.searchsorted(posts.author, follows.followed[rows], side="right")
        post, row = expand(first, last), np.repeat(rows, last - first)
        liked = (posts.time[post] >= follows.since[row]) & (rng.random(post.size) < settings.farm_likes)
        post, row = post[liked], row[liked]
        time = posts.time[post] + rng.exponential(LIKED_AFTER, post.size)
        parts.append(make_acts(follows.follower[row], "like", post, time))
    return until(join_acts(parts), settings.days * DAY)
