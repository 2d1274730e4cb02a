"""Links and hashtags that people share, and posts carry, in a synthetic world."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from influgraph import _synthetic_words as words
from influgraph._synthetic_bots import Acts, join_acts, make_acts, until
from influgraph._synthetic_people import People
from influgraph._synthetic_posts import Posts
from influgraph._synthetic_rhythm import DAY, HOUR, WEEK_BINS, Rhythm, draw_times
from influgraph._synthetic_settings import WorldSettings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
LINKS_PER_DAY, LINK_TAIL = 0.7, 1.1  # of each niche: links published; Pareto exponent of how much they spread
SHARED_AFTER = 5 * HOUR  # mean waking seconds between the publication of a link and a share of it
HASHTAGS = 0.15  # share of hashtags among what people share


@dataclass(frozen=True)
class Links:
    """What there is to share: one row per link, by niche; `weight` is how much it spreads."""

    name: npt.NDArray[np.object_]
    niche: Ints
    time: Floats
    weight: Floats


def draw_links(settings: WorldSettings, rhythm: Rhythm, rng: np.random.Generator) -> Links:
    """Draw the links that are published in each niche during the study."""
    each = max(5, round(LINKS_PER_DAY * settings.days))
    niche = np.repeat(np.arange(settings.niches), each)
    name = [f"https://{words.TOPICS[n]}.example/{k + 1}" for n in range(settings.niches) for k in range(each)]
    return Links(
        name=np.array(name, object),
        niche=niche,
        time=np.floor(draw_times(rhythm.posting, niche.size, settings.days, rng)),
        weight=rng.random(niche.size) ** (-1 / LINK_TAIL),
    )


def draw_shares(
    settings: WorldSettings, people: People, links: Links, clock: Floats, rng: np.random.Generator
) -> Acts:
    """Draw what people share of their own accord: what spreads in a niche of theirs, soon after it came out.

    Shares are acts towards nobody, so nobody sees them, and they cause nothing.
    """
    sharing = np.repeat(people.members, rng.poisson(settings.shares_per_member, people.members.size))
    niche = _niche_for(people.interest, sharing, rng)
    tags = rng.random(sharing.size) < HASHTAGS
    link = _link_for(links, niche, rng)
    late = after_waking(clock, links.time[link], rng.exponential(SHARED_AFTER, link.size))
    own = rng.geometric(0.3, sharing.size) % 10
    tag_names = np.array([[f"#{word}" for word in words.NICHES[topic]] for topic in words.TOPICS], object)
    waking = np.repeat(np.diff(clock), WEEK_BINS // 168)
    any_time = draw_times(waking, sharing.size, settings.days, rng)
    shared = np.where(tags, tag_names[niche, own], links.name[link])
    acts = make_acts(
        sharing, "share", np.full(sharing.size, -1), np.where(tags, any_time, late), shared=shared
    )
    return until(join_acts([acts]), settings.days * DAY)


def links_of_posts(
    settings: WorldSettings, posts: Posts, links: Links, newsrooms: tuple[Ints, ...], rng: np.random.Generator
) -> npt.NDArray[np.object_]:
    """Draw the link that each post carries, "" for none: one of its topic that is out, or of its item."""
    link = _link_for(links, posts.topic, rng)
    carries = (rng.random(link.size) < settings.linked_share) & (links.time[link] <= posts.time)
    names = np.where(carries, links.name[link], "").astype(object)
    for number, room in enumerate(newsrooms):
        rows = np.flatnonzero(np.isin(posts.author, room) & (posts.item >= 0))
        names[rows] = [f"https://{words.organisation(number)}.example/{k + 1}" for k in posts.item[rows]]
    return names


def after_waking(clock: Floats, time: Floats, waking: Floats) -> Floats:
    """Return when so many waking seconds have passed since these times."""
    hours = np.arange(clock.size) * HOUR
    week, inside = np.divmod(time, 7 * DAY)
    later, rest = np.divmod(np.interp(inside, hours, clock) + waking, clock[-1])
    return np.asarray((week + later) * 7 * DAY + np.interp(rest, clock, hours))


def _niche_for(interest: Floats, accounts: Ints, rng: np.random.Generator) -> Ints:
    reach = np.cumsum(interest[accounts], axis=1)
    wanted = rng.random(accounts.size) * reach[:, -1]
    return np.asarray(np.minimum((reach <= wanted[:, None]).sum(axis=1), reach.shape[1] - 1))


def _link_for(links: Links, niche: Ints, rng: np.random.Generator) -> Ints:
    """Draw a link of each niche by how much it spreads."""
    cumulative = np.concatenate([[0], np.cumsum(links.weight)])
    first = np.searchsorted(links.niche, niche)
    last = np.searchsorted(links.niche, niche, side="right")
    low, high = cumulative[first], cumulative[last]
    place = np.searchsorted(cumulative, low + rng.random(niche.size) * (high - low), side="right") - 1
    return np.asarray(np.clip(place, first, last - 1))
