"""Who follows whom, posts and sees what in worlds of influence written apart (see `_apart_influence`)."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmarks._apart_settings import HOUR, ApartSettings
from influgraph.influence._arrays import Flags, Floats, Ints, row_starts

_SEEN_AFTER, _MOST_SHOWN = 2.5 * HOUR, 400
_COMEDIANS_FANS, _LATE_FOLLOWS, _REPOSTS_PER_LIKE = 0.35, 0.15, 0.25


@dataclass(frozen=True, eq=False)
class People:
    """Niche and activity of all accounts, and which of them are authors.

    `author` is the account of each. Of these, by number, the `comedian` is followed by a third of everybody,
    and the `hidden` ones, of middling fame, move most.
    """

    niche: Ints
    activity: Floats
    author: Ints
    fame: Floats
    comedian: int
    hidden: Ints

    @property
    def author_niche(self) -> Ints:
        """Niche of each author."""
        return self.niche[self.author]


@dataclass(frozen=True, eq=False)
class Posts:
    """Number of the author and time in seconds of every post, sorted by time."""

    author: Ints
    time: Floats


@dataclass(frozen=True, eq=False)
class Sightings:
    """Who comes upon which post (its number), and when."""

    account: Ints
    post: Ints
    time: Floats

    def only(self, keep: Flags | Ints) -> "Sightings":
        """Return some of them."""
        return Sightings(self.account[keep], self.post[keep], self.time[keep])


@dataclass(frozen=True, eq=False)
class Sight:
    """What is seen: `reachable` is every post before every follower, seen by `chance` of the account."""

    reachable: Sightings
    chance: Floats
    views: Sightings
    reposts: Sightings
    charm: Floats


def draw_people(s: ApartSettings, rng: np.random.Generator) -> People:
    share = 1 / np.arange(1, s.niches + 1) ** 0.7
    niche = rng.choice(s.niches, s.accounts, p=share / share.sum())
    author = np.sort(rng.choice(s.accounts, s.authors, replace=False))
    fame = np.minimum(rng.pareto(1.0, s.authors) + 1, 150.0)
    order = rng.permutation(s.authors)
    comedian, hidden = order[0], order[1 : 1 + s.hidden]
    fame[hidden] = np.quantile(fame, rng.uniform(0.35, 0.6, len(hidden)))
    fame[comedian] = 0
    return People(niche, rng.lognormal(0, 0.5, s.accounts), author, fame, int(comedian), hidden)


def draw_follows(s: ApartSettings, people: People, rng: np.random.Generator) -> pd.DataFrame:
    """`follower`, `followed`, and the `time` in seconds, -1 before the study."""
    eager = people.activity**s.activity_share
    wanted = np.maximum(1, rng.poisson(s.follows * eager * rng.lognormal(-0.2, 0.6, s.accounts)))
    anybody, drawn = people.fame / people.fame.sum(), []
    for niche in range(s.niches):
        members = np.flatnonzero(people.niche == niche)
        follower = np.repeat(members, wanted[members])
        own = rng.random(len(follower)) < s.homophily
        near = people.fame * (people.author_niche == niche)
        near = near / near.sum() if near.sum() else anybody
        chosen = np.where(own, *(rng.choice(s.authors, len(follower), p=p) for p in (near, anybody)))
        drawn.append((follower, people.author[chosen]))
        friend = np.repeat(members, rng.poisson(3.0, len(members)))
        drawn.append((friend, members[rng.integers(0, len(members), len(friend))]))
    fans = np.flatnonzero(rng.random(s.accounts) < _COMEDIANS_FANS)
    drawn.append((fans, np.full(len(fans), people.author[people.comedian])))
    ends = map(np.concatenate, zip(*drawn, strict=True))
    follows = pd.DataFrame(dict(zip(("follower", "followed"), ends, strict=True)))
    follows = follows[follows["follower"] != follows["followed"]].drop_duplicates(ignore_index=True)
    follows["time"] = -1.0
    if s.follow_times:
        late = rng.random(len(follows)) < _LATE_FOLLOWS
        follows.loc[late, "time"] = rng.uniform(0, s.end, late.sum())
    return follows


def draw_trend(s: ApartSettings, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Shocks, and with them what a unit of level buys anyway, by niche and hour."""
    hour = np.arange(s.hours)
    daily = rng.lognormal(0, 0.25, (s.niches, s.hours // 24))
    shocks = np.zeros((s.niches, s.hours))
    for niche in range(s.niches):
        for _ in range(rng.poisson(s.shocks)):
            since = hour - rng.integers(0, s.hours)
            size = s.shock_size * rng.gamma(2, 0.5)
            fading = size * np.exp(-np.maximum(since, 0) / rng.uniform(8, 24))
            shocks[niche] += np.where(since >= 0, fading, 0)
    peak = rng.normal(20, 1.0, (s.niches, 1))
    usual = (
        _rhythm(hour % 24, peak, 0.85) * np.where(_weekend(hour), 1.35, 1.0) * np.repeat(daily, 24, axis=1)
    )
    return shocks, usual / usual.mean(1, keepdims=True) * (1 + shocks)


def _weekend(hour: Ints) -> Flags:
    return np.asarray(hour // 24 % 7 >= 5)


def draw_posts(s: ApartSettings, people: People, shocks: Floats, rng: np.random.Generator) -> Posts:
    """Posts by the rhythm of the day; two hours after a shock in the niche there are more."""
    hour = np.arange(s.hours)
    daily = s.posts_per_day * rng.lognormal(-0.3, 0.8, s.authors)
    daily[people.comedian] = 1.5
    week = np.exp(rng.normal(0, 0.2, (s.authors, 1))) * _rhythm(hour % 24, 18.5, 0.8)
    week *= np.where(_weekend(hour), 0.9, 1.0)
    week /= week.mean(1, keepdims=True)
    reaction = s.reaction / max(s.shock_size, 1e-9) * rng.gamma(2, 0.5, s.authors)
    reaction[people.comedian] = 0
    lagged = np.concatenate([np.zeros((s.niches, 2)), shocks[:, :-2]], axis=1)[people.author_niche]
    count = rng.poisson((daily / 24)[:, None] * week * (1 + reaction[:, None] * lagged))
    author, at = np.nonzero(count)
    author, at = (np.repeat(some, count[author, at]) for some in (author, at))
    time = (at + rng.random(len(at))) * HOUR
    order = np.argsort(time)
    return Posts(author[order], time[order])


def draw_sight(
    s: ApartSettings, given: tuple[People, pd.DataFrame, Posts], rng: np.random.Generator
) -> Sight:
    people, follows, posts = given
    reachable = _reachable(people, follows, posts)
    usual = s.view_chance * people.activity * rng.lognormal(-0.1, 0.4, s.accounts)
    chance = np.clip(usual, 0.03, 0.95)
    views = reachable.only(rng.random(len(reachable.post)) < chance[reachable.account])
    views = replace(views, time=_come_upon(views.time, rng))
    charm = np.clip(0.04 * rng.lognormal(0, 0.8, s.authors), 0, 0.5)
    charm[people.comedian] = 0.12
    chance_repost = (charm * _REPOSTS_PER_LIKE)[posts.author]
    reposts = views.only(rng.random(len(views.post)) < chance_repost[views.post])
    reposts = replace(reposts, time=reposts.time + rng.exponential(600, len(reposts.time)))
    if s.cascade:
        views, reposts = _pass_on((views, reposts), follows, (chance, chance_repost), rng)
        views = views.only(people.author[posts.author[views.post]] != views.account)
    views = views.only(views.time < s.end)
    views = views.only(np.lexsort([views.time, views.account]))
    return Sight(reachable, chance, views, reposts, charm)


def _reachable(people: People, follows: pd.DataFrame, posts: Posts) -> Sightings:
    """Every post of an author, at its time, before everybody who followed by then."""
    number = np.full(len(people.niche), -1)
    number[people.author] = np.arange(len(people.author))
    of_author = follows.assign(author=number[follows["followed"]])
    of_author = of_author[of_author["author"] >= 0].sort_values("author")
    start = row_starts(of_author["author"].to_numpy(), len(people.author))
    post, row = _rows_of(start, posts.author)
    in_time = of_author["time"].to_numpy()[row] < posts.time[post]
    post, account = post[in_time], of_author["follower"].to_numpy()[row[in_time]]
    return Sightings(account, post, posts.time[post])


def _pass_on(
    seen: tuple[Sightings, Sightings],
    follows: pd.DataFrame,
    chances: tuple[Floats, Floats],
    rng: np.random.Generator,
) -> tuple[Sightings, Sightings]:
    """Show reposts to the followers of whoever reposts, who may repost again; the first sight counts."""
    views, reposts = ([some] for some in seen)
    of_view, of_repost = chances
    follows, wave = follows.sort_values("followed"), seen[1]
    start = row_starts(follows["followed"].to_numpy(), len(of_view))
    for generation in range(3):
        place, row = _rows_of(start, wave.account, _MOST_SHOWN)
        account = follows["follower"].to_numpy()[row]
        shown = Sightings(account, wave.post[place], wave.time[place])
        shown = shown.only(rng.random(len(account)) < of_view[account] * 0.5)
        shown = replace(shown, time=_come_upon(shown.time, rng))
        views.append(shown)
        wave = shown.only(rng.random(len(shown.post)) < of_repost[shown.post])
        wave = replace(wave, time=wave.time + 600)
        reposts += [wave] if generation < 2 else []
    every = _joined(views)
    table = pd.DataFrame({"account": every.account, "post": every.post, "time": every.time})
    first = table.sort_values("time").drop_duplicates(["account", "post"])
    return Sightings(*(first[name].to_numpy() for name in first)), _joined(reposts)


def _joined(parts: list[Sightings]) -> Sightings:
    return Sightings(
        np.concatenate([one.account for one in parts]),
        np.concatenate([one.post for one in parts]),
        np.concatenate([one.time for one in parts]),
    )


def _rhythm(hour: Ints | Floats, peak: float | Floats, depth: float) -> Floats:
    """Activity by hour of day: round its peak, and somewhat at noon."""
    evening, noon = np.cos((hour - peak) / 24 * 2 * np.pi), np.cos((hour - 12.5) / 12 * 2 * np.pi)
    return np.asarray(np.exp(depth * 1.3 * evening + 0.35 * noon))


def awake_at(time: Floats) -> Floats:
    by_hour = _rhythm(np.arange(24), 19, 0.8)
    return np.asarray((by_hour / by_hour.max())[(time // HOUR).astype(int) % 24])


def _come_upon(posted: Floats, rng: np.random.Generator) -> Floats:
    """When people who were not looking at once see what was posted then."""
    time = posted + rng.exponential(_SEEN_AFTER, len(posted))
    for _ in range(8):
        asleep = rng.random((2, len(time)))[0] > awake_at(time)
        time[asleep] += rng.exponential(_SEEN_AFTER, asleep.sum())
    return time


def _rows_of(start: Ints, group: Ints, most: int | None = None) -> tuple[Ints, Ints]:
    """Rows of each of these groups, at most so many: the place of its group, and the row."""
    count = np.minimum(np.diff(start)[group], start[-1] if most is None else most)
    place = np.repeat(np.arange(len(group)), count)
    return place, np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count) + start[group[place]]
