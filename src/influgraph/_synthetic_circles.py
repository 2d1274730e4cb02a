"""People who act together in a synthetic world: engagement pods, and, benign, fan clubs and newsrooms."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from influgraph._synthetic_bots import Acts, expand, join_acts, make_acts, until
from influgraph._synthetic_follows import ORGANISED, Follows, add_follows
from influgraph._synthetic_people import People
from influgraph._synthetic_posts import Posts
from influgraph._synthetic_rhythm import DAY, HOUR, Rhythm, draw_times
from influgraph._synthetic_settings import WorldSettings
from influgraph._synthetic_shares import after_waking

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
POD_FOLLOWS, FAN_FOLLOWS, NEWSROOM_FOLLOWS = 0.5, 0.15, 1.0  # chance that one member follows another
ANSWERS, REPOSTS = 0.4, 0.5  # share of replies among the acts of pods, and of reposts among those of fans
FAN_MINUTES = 10.0  # mean waking minutes between a post of a star and what a fan does about it
SECONDS_APART = 20  # that a scheduler takes to publish an item under all accounts of a newsroom
PASSED_ON = 0.5  # share of a newsroom's first account's posts that its other accounts repost


@dataclass(frozen=True)
class Circles:
    """Account codes of every pod, fan club and newsroom, and of the star of each fan club."""

    pods: tuple[Ints, ...] = ()
    fan_clubs: tuple[Ints, ...] = ()
    stars: tuple[int, ...] = ()
    newsrooms: tuple[Ints, ...] = ()


def draw_circles(
    settings: WorldSettings,
    people: People,
    follows: Follows,
    posts: Posts,
    serves: dict[int, Ints],
    rng: np.random.Generator,
) -> Circles:
    """Draw who is in which circle; nobody is in two, or is served by bots."""
    by_fame = people.sources[np.argsort(-people.fame[people.sources], kind="stable")]
    served = np.concatenate([by_fame[:0], *serves.values()])
    harmless = by_fame[(people.persuasion[by_fame] == 0) & ~np.isin(by_fame, served)]
    stars = rng.permutation(harmless[: max(settings.fan_clubs, by_fame.size // 20)])[: settings.fan_clubs]
    clubs = _fan_clubs(settings, people, follows, stars, rng)
    free = rng.permutation(np.setdiff1d(by_fame[by_fame.size // 10 :], np.append(stars, served)))
    free = free[np.argsort(people.persuasion[free] > 0, kind="stable")]
    newsrooms = [free[k :: settings.newsrooms][: settings.newsroom_size] for k in range(settings.newsrooms)]
    posted = np.bincount(posts.author, minlength=people.niche.size)
    rest = np.setdiff1d(free, np.concatenate([free[:0], *newsrooms]))
    rest = rng.permutation(np.append(rest, people.occasional[posted[people.occasional] > 0]))
    ends = np.cumsum(settings.pod_list, dtype=np.int64)
    return Circles(
        pods=tuple(np.sort(pod) for pod in np.split(rest, ends)[:-1]),
        fan_clubs=clubs,
        stars=tuple(int(star) for star in stars),
        newsrooms=tuple(room[np.argsort(-posted[room], kind="stable")] for room in newsrooms),
    )


def _fan_clubs(
    settings: WorldSettings, people: People, follows: Follows, stars: Ints, rng: np.random.Generator
) -> tuple[Ints, ...]:
    """Draw fans among those who follow a star since before the study and do not post themselves."""
    free = people.bot_cluster < 0
    free[people.sources] = free[people.occasional] = False
    clubs = []
    for star in stars:
        genuine = follows.follower[(follows.followed == star) & np.isneginf(follows.since)]
        fans = rng.permutation(genuine[free[genuine]])[: settings.fan_club_size]
        free[fans] = False
        clubs.append(np.sort(fans))
    return tuple(clubs)


def add_circle_follows(follows: Follows, circles: Circles, rng: np.random.Generator) -> Follows:
    """Let members of a circle follow one another, some or all, since before the study."""
    for groups, chance in (
        (circles.pods, POD_FOLLOWS),
        (circles.fan_clubs, FAN_FOLLOWS),
        (circles.newsrooms, NEWSROOM_FOLLOWS),
    ):
        for group in groups:
            follower, followed = (part.ravel() for part in np.meshgrid(group, group))
            wanted = rng.random(follower.size) < chance
            since = np.full(int(wanted.sum()), -np.inf)
            follows = add_follows(follows, follower[wanted], followed[wanted], since, motive=ORGANISED)
    return follows


def publish_by_schedule(
    settings: WorldSettings, posts: Posts, circles: Circles, rhythm: Rhythm, rng: np.random.Generator
) -> Posts:
    """Turn the posts of newsrooms into common items at full hours, seconds apart."""
    time, item = posts.time.copy(), posts.item.copy()
    for room in circles.newsrooms:
        start = np.searchsorted(posts.author, room)
        count = np.searchsorted(posts.author, room, side="right") - start
        moments = draw_times(rhythm.posting, 3 * int(count.max(initial=0)), settings.days, rng)
        slots = rng.permutation(np.unique(moments // HOUR)) * HOUR
        before = int(item.max(initial=-1)) + 1
        for first, size in zip(start, np.minimum(count, slots.size), strict=True):
            item[first : first + size] = before + np.arange(size)
            time[first : first + size] = slots[:size] + rng.integers(0, SECONDS_APART, size)
    published = item >= 0
    order = np.lexsort((time, posts.author))
    topic = np.where(published, rng.integers(0, settings.niches, item.max(initial=0) + 1)[item], posts.topic)
    return Posts(
        posts.author,
        time[order],
        (posts.reacting & ~published)[order],
        topic[order],
        posts.appeal[order],
        item[order],
    )


def sell_nothing(people: People, circles: Circles) -> People:
    """Let newsrooms persuade nobody, so that what they pass on causes nothing."""
    persuasion = people.persuasion.copy()
    for room in circles.newsrooms:
        persuasion[room] = 0
    return replace(people, persuasion=persuasion)


def draw_pod_acts(
    settings: WorldSettings, posts: Posts, circles: Circles, clock: Floats, rng: np.random.Generator
) -> Acts:
    """Draw what members of pods like and answer of one another's: people who would act anyway, but less."""
    parts = []
    for pod in circles.pods:
        post, member = _pairs(posts, pod, pod)
        does = (rng.random(post.size) < settings.pod_chance) & (posts.author[post] != member)
        post, member = post[does], member[does]
        waited = rng.exponential(settings.pod_minutes * 60, post.size)
        kind = np.where(rng.random(post.size) < ANSWERS, "reply", "like")
        parts.append(make_acts(member, kind, post, after_waking(clock, posts.time[post] + 20, waited)))
    return until(join_acts(parts), settings.days * DAY)


def draw_fan_acts(
    settings: WorldSettings, posts: Posts, circles: Circles, clock: Floats, rng: np.random.Generator
) -> Acts:
    """Draw what fans like and repost of their star, who persuades nobody: it causes no purchase."""
    parts = []
    for star, fans in zip(circles.stars, circles.fan_clubs, strict=True):
        post, member = _pairs(posts, np.array([star]), fans)
        does = rng.random(post.size) < settings.fan_devotion
        post, member = post[does], member[does]
        waited = rng.exponential(FAN_MINUTES * 60, post.size)
        kind = np.where(rng.random(post.size) < REPOSTS, "repost", "like")
        parts.append(make_acts(member, kind, post, after_waking(clock, posts.time[post] + 20, waited)))
    return until(join_acts(parts), settings.days * DAY)


def draw_newsroom_acts(
    settings: WorldSettings, posts: Posts, circles: Circles, rng: np.random.Generator
) -> Acts:
    """Draw what accounts of a newsroom repost of its first account, a minute later, by schedule."""
    parts = []
    for room in circles.newsrooms:
        post, member = _pairs(posts, room[:1], room[1:])
        chosen = np.unique(post)
        does = np.isin(post, chosen[rng.random(chosen.size) < PASSED_ON])
        post, member = post[does], member[does]
        time = posts.time[post] + 60 + rng.uniform(0, SECONDS_APART, post.size)
        parts.append(make_acts(member, "repost", post, time))
    return until(join_acts(parts), settings.days * DAY)


def _pairs(posts: Posts, authors: Ints, members: Ints) -> tuple[Ints, Ints]:
    """Every post of these authors with every member."""
    rows = expand(
        np.searchsorted(posts.author, authors), np.searchsorted(posts.author, authors, side="right")
    )
    return np.repeat(rows, members.size), np.tile(members, rows.size)
