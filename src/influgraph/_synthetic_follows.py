"""Who follows whom in a synthetic world, and why."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from influgraph._synthetic_people import People
from influgraph._synthetic_settings import WorldSettings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]

FAME, INTEREST, ACQUAINTANCE, PURCHASED, ORGANISED = range(5)
MOTIVES = ("fame", "interest", "acquaintance", "bots", "pods, fan clubs and newsrooms")
ROUNDS = 6  # of drawing again what was drawn twice


@dataclass(frozen=True)
class Follows:
    """One row per follow, sorted by follower, then followed; `since` is minus infinity before the study."""

    follower: Ints
    followed: Ints
    motive: Ints
    since: Floats


def draw_follows(settings: WorldSettings, people: People, rng: np.random.Generator) -> Follows:
    """Draw the follows of people by their three motives; a pair keeps the first motive drawn for it."""
    weight = np.array([settings.fame_follows, settings.interest_follows, settings.acquaintance_follows])
    mean = settings.follows_per_account * weight / weight.sum()
    pairs = np.empty(0, np.int64)
    motives = np.empty(0, np.int8)
    for motive in (ACQUAINTANCE, INTEREST, FAME):
        if mean[motive] > 0:
            new = _DRAW[motive](settings, people, float(mean[motive]), pairs, rng)
            pairs = np.concatenate([pairs, new])
            motives = np.concatenate([motives, np.full(new.size, motive, np.int8)])
    order = np.argsort(pairs, kind="stable")
    since = np.full(order.size, -np.inf)
    late = rng.random(order.size) < settings.followed_during
    since[late] = np.floor(rng.uniform(0, settings.days * 86_400, int(late.sum())))
    follower, followed = np.divmod(pairs[order], settings.accounts)
    return Follows(follower, followed, motives[order], since)


def add_follows(follows: Follows, follower: Ints, followed: Ints, since: Floats, *, motive: int) -> Follows:
    """Add follows for a motive; what is there already, and following oneself, is left out."""
    size = int(max(follows.follower.max(initial=0), follows.followed.max(initial=0))) + 1
    size = max(size, int(max(follower.max(initial=0), followed.max(initial=0))) + 1)
    new, at = np.unique(follower * size + followed, return_index=True)
    fresh = (follower[at] != followed[at]) & ~_among(new, follows.follower * size + follows.followed)
    at = at[fresh]
    follower, followed = np.append(follows.follower, follower[at]), np.append(follows.followed, followed[at])
    motives = np.append(follows.motive, np.full(at.size, motive, np.int8))
    since = np.append(follows.since, since[at])
    order = np.lexsort((followed, follower))
    return Follows(follower[order], followed[order], motives[order], since[order])


def _draw_by_fame(
    settings: WorldSettings, people: People, mean: float, taken: Ints, rng: np.random.Generator
) -> Ints:
    cumulative = np.cumsum(people.fame[people.sources])

    def one_each(followers: Ints) -> Ints:
        place = np.searchsorted(cumulative, rng.random(followers.size) * cumulative[-1], side="right")
        return np.asarray(people.sources[np.minimum(place, people.sources.size - 1)])

    return _distinct(_wishes(mean, people, rng), one_each, taken, settings.accounts)


def _draw_by_interest(
    settings: WorldSettings, people: People, mean: float, taken: Ints, rng: np.random.Generator
) -> Ints:
    sources = people.sources[np.argsort(people.niche[people.sources], kind="stable")]
    first = np.searchsorted(people.niche[sources], np.arange(settings.niches + 1))
    cumulative = np.concatenate([[0], np.cumsum(people.standing[sources])])
    reach = np.cumsum(people.interest * (np.diff(first) > 0), axis=1)

    def one_each(followers: Ints) -> Ints:
        niche = _niche_of_interest(reach[followers], rng)
        low, high = cumulative[first[niche]], cumulative[first[niche + 1]]
        place = np.searchsorted(cumulative, low + rng.random(followers.size) * (high - low), side="right")
        return np.asarray(sources[np.clip(place - 1, first[niche], first[niche + 1] - 1)])

    return _distinct(_wishes(mean, people, rng), one_each, taken, settings.accounts)


def _draw_acquaintances(
    settings: WorldSettings, people: People, mean: float, taken: Ints, rng: np.random.Generator
) -> Ints:
    """Draw ties to members of an interest who live near, on a ring that all niches share."""
    place = rng.random(settings.accounts)
    pool = people.members[np.lexsort((place[people.members], people.niche[people.members]))]
    first = np.searchsorted(people.niche[pool], np.arange(settings.niches + 1))
    size = np.diff(first)
    reach = np.cumsum(people.interest * (size > 0), axis=1)

    def one_each(followers: Ints) -> Ints:
        niche = _niche_of_interest(reach[followers], rng)
        apart = rng.geometric(1 / (1 + mean), followers.size) * rng.choice([-1, 1], followers.size)
        home = np.floor(place[followers] * size[niche]).astype(np.int64)
        return np.asarray(pool[first[niche] + (home + apart) % size[niche]])

    sociable = rng.lognormal(-0.32, 0.8, people.members.size)  # of mean 1
    asking = np.repeat(people.members, rng.poisson(mean / (1 + settings.mutual) * sociable))
    asked = _distinct(asking, one_each, taken, settings.accounts)
    follower, followed = np.divmod(asked, settings.accounts)
    back = (followed * settings.accounts + follower)[rng.random(asked.size) < settings.mutual]
    return np.unique(np.concatenate([asked, back]))


def _wishes(mean: float, people: People, rng: np.random.Generator) -> Ints:
    """Return every member as often as it wants to follow: unequal, of this mean, at most half the sources."""
    wanted = rng.poisson(mean * rng.gamma(3, 1 / 3, people.members.size))
    return np.repeat(people.members, np.minimum(wanted, people.sources.size // 2))


def _niche_of_interest(reach: Floats, rng: np.random.Generator) -> Ints:
    """Draw a niche for each row of cumulative interest."""
    wanted = rng.random(len(reach)) * reach[:, -1]
    return np.asarray(np.minimum((reach <= wanted[:, None]).sum(axis=1), reach.shape[1] - 1))


def _distinct(
    followers: Ints, one_each: Callable[[Ints], Ints], taken: Ints, accounts: int
) -> npt.NDArray[np.int64]:
    """Draw whom each follows, anew where that is taken or itself; pair = follower x accounts + followed."""
    known = np.sort(taken)
    found = np.empty(0, np.int64)
    for _ in range(ROUNDS):
        followed = one_each(followers)
        pairs = followers * accounts + followed
        new, at = np.unique(pairs, return_index=True)
        fresh = (followers[at] != followed[at]) & ~_among(new, known)
        found = np.concatenate([found, new[fresh]])
        known = np.sort(np.concatenate([known, new[fresh]]))
        followers = np.delete(followers, at[fresh])
        if not followers.size:
            break
    return found


def _among(values: Ints, known: Ints) -> npt.NDArray[np.bool_]:
    """Tell which values are in a sorted array."""
    if not known.size:
        return np.zeros(values.size, bool)
    place = np.minimum(np.searchsorted(known, values), known.size - 1)
    return np.asarray(known[place] == values)


_DRAW = {FAME: _draw_by_fame, INTEREST: _draw_by_interest, ACQUAINTANCE: _draw_acquaintances}
