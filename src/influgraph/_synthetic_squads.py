"""Squads of bots that act together in a synthetic world: quickly, slowly, or some of them each time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from influgraph import _synthetic_words as words
from influgraph._synthetic_bots import Acts, join_acts, make_acts, until
from influgraph._synthetic_people import People
from influgraph._synthetic_posts import Posts
from influgraph._synthetic_rhythm import DAY, HOUR
from influgraph._synthetic_settings import WorldSettings
from influgraph._synthetic_shares import Links

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
TURNOUT, WITHIN = 0.8, 55.0  # of a squad that does not rotate; seconds of a quick joint act
POPULAR = 20  # posts and links are popular that are among the first of so many parts


@dataclass(frozen=True)
class _Target:
    """Something to act on together: a post, or what is shared, and from when on it is there."""

    post: int
    shared: str
    time: float


def draw_squads(
    settings: WorldSettings,
    people: People,
    posts: Posts,
    serves: dict[int, Ints],
    scene: tuple[Ints, Links],
    rng: np.random.Generator,
) -> tuple[Acts, Acts]:
    """Draw the joint acts of squads, then what their bots do on their own.

    `scene` holds how often people reposted each post, and the links. Bots have no followers, so nobody sees
    what they repost or share, and it causes nothing.
    """
    joint, cover = [], []
    for squad in range(settings.squads):
        bots = np.flatnonzero(people.bot_cluster == settings.farms + squad)
        style = settings.squad_styles[squad % len(settings.squad_styles)]
        within = settings.squad_hours * HOUR if style == "slow" else WITHIN
        turnout = settings.squad_turnout if style == "rotating" else TURNOUT
        for target in _targets(settings, posts, serves[settings.farms + squad], scene, rng):
            who = bots[rng.random(bots.size) < turnout]
            time = target.time + rng.uniform(60, 1800) + rng.uniform(0, within, who.size)
            kind = "share" if target.shared else "repost"
            joint.append(make_acts(who, kind, np.full(who.size, target.post), time, shared=target.shared))
        cover += _cover(settings, posts, bots, scene[1], rng)
    end = settings.days * DAY
    return until(join_acts(joint), end), until(join_acts(cover), end)


def _targets(
    settings: WorldSettings,
    posts: Posts,
    served: Ints,
    scene: tuple[Ints, Links],
    rng: np.random.Generator,
) -> list[_Target]:
    """Draw what one squad acts on: posts of whom it serves, popular posts, links and hashtags."""
    reposted, links = scene
    shares = int(rng.binomial(settings.squad_raids, settings.squad_links))
    raids = settings.squad_raids - shares
    early = np.flatnonzero(posts.time < settings.days * DAY - HOUR)
    known = early[np.argsort(-reposted[early], kind="stable")][: early.size // POPULAR]
    popular = rng.permutation(known)[: rng.binomial(raids, settings.squad_popular)]
    own = early[np.isin(posts.author[early], served) & ~np.isin(early, popular)]
    chosen = np.concatenate([popular, rng.permutation(own)[: raids - popular.size]])
    found = [_Target(int(post), "", float(posts.time[post])) for post in chosen]
    return found + [_shared(settings, links, rng) for _ in range(shares)]


def _shared(settings: WorldSettings, links: Links, rng: np.random.Generator) -> _Target:
    """Draw a link that spreads anyway, a hashtag, or a link of the squad's own."""
    moment = float(rng.uniform(0, settings.days * DAY - HOUR))
    if rng.random() < settings.squad_popular:
        known = np.argsort(-links.weight, kind="stable")[: max(1, links.weight.size // POPULAR)]
        link = rng.choice(known)
        return _Target(-1, str(links.name[link]), float(links.time[link]))
    if rng.random() < 0.3:
        topic = words.TOPICS[rng.integers(settings.niches)]
        return _Target(-1, f"#{rng.choice(words.NICHES[topic])}", moment)
    return _Target(-1, f"https://offer.example/{rng.integers(10**6)}", moment)


def _cover(
    settings: WorldSettings, posts: Posts, bots: Ints, links: Links, rng: np.random.Generator
) -> list[Acts]:
    """Draw reposts and shares by each bot on its own."""
    if not posts.time.size:
        return []
    shares = np.repeat(bots, rng.poisson(settings.squad_cover * settings.squad_links, bots.size))
    reposts = np.repeat(bots, rng.poisson(settings.squad_cover * (1 - settings.squad_links), bots.size))
    post = rng.integers(0, posts.time.size, reposts.size)
    link = rng.choice(links.weight.size, shares.size, p=links.weight / links.weight.sum())
    time = posts.time[post] + rng.uniform(60, HOUR, post.size)
    late = links.time[link] + rng.exponential(5 * HOUR, link.size)
    return [
        make_acts(reposts, "repost", post, time),
        make_acts(shares, "share", np.full(shares.size, -1), late, shared=links.name[link]),
    ]
