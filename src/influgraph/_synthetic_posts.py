"""When who posts what in a synthetic world."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from influgraph._synthetic_people import People
from influgraph._synthetic_rhythm import DAY, Rhythm, Shocks, draw_times
from influgraph._synthetic_settings import WorldSettings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
REACTION = 3 * 3600.0  # mean seconds between a shock and a post about it


@dataclass(frozen=True)
class Posts:
    """One row per post, by author, then time in seconds; `appeal` is how entertaining it is.

    `item` is the number of what a newsroom published under several accounts, -1 for other posts.
    """

    author: Ints
    time: Floats
    reacting: npt.NDArray[np.bool_]
    topic: Ints
    appeal: Floats
    item: Ints


def draw_posts(
    settings: WorldSettings, people: People, rhythm: Rhythm, shocks: Shocks, rng: np.random.Generator
) -> Posts:
    """Draw every post by the hours of the week, and move some to the hours after a shock in their niche."""
    counts = rng.poisson(people.post_mean)
    counts[people.comedian] = max(counts[people.comedian], 1)
    author = np.repeat(np.arange(settings.accounts), counts)
    time = draw_times(rhythm.posting, author.size, settings.days, rng)
    moved = _reactions(settings, people.niche[author], shocks, rng)
    time = np.floor(np.where(np.isnan(moved), time, moved))
    order = np.lexsort((time, author))
    offtopic = rng.random(author.size) < settings.offtopic_share
    elsewhere = rng.integers(1, max(settings.niches, 2), author.size)
    topic = (people.niche[author] + offtopic * elsewhere) % settings.niches
    appeal = people.entertainment[author] * np.exp(0.5 * rng.standard_normal(author.size) - 0.125)
    item = np.full(author.size, -1)
    return Posts(author[order], time[order], ~np.isnan(moved)[order], topic[order], appeal[order], item)


def _reactions(settings: WorldSettings, niche: Ints, shocks: Shocks, rng: np.random.Generator) -> Floats:
    """Return when a post reacts to a shock that its author heard of, NaN if it reacts to none."""
    moved = np.full(niche.size, np.nan)
    heard = (shocks.niche[:, None] < 0) | (shocks.niche[:, None] == np.arange(settings.niches))
    able = heard.any(axis=0)[niche] if shocks.start.size else np.zeros(niche.size, bool)
    if not able.any():
        return moved
    wanted = min(1.0, settings.reacting_share * niche.size / able.sum())
    reacts = np.flatnonzero(able & (rng.random(niche.size) < wanted))
    reach = np.cumsum(heard * shocks.lift[:, None], axis=0)[:, niche[reacts]]
    which = (reach <= rng.random(reacts.size) * reach[-1]).sum(axis=0)
    after = shocks.start[which] + rng.exponential(REACTION, reacts.size)
    moved[reacts] = np.minimum(after, settings.days * DAY - 1)
    return moved
