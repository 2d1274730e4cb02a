"""Worlds of influence whose laws were written apart from the project's own code, from its documents alone.

Followers see a share of what is posted, hours later and when they are awake; fame, receptiveness, shocks,
delays and rhythms follow other laws than in `synthetic` and `_plain_world`; six authors in ten move nobody.
Chance is drawn in a fixed order, so that a seed gives the very world that is judged in `docs/validation.md`.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._apart_settings import HOUR, WORLDS, ApartSettings
from benchmarks._apart_sight import (
    People,
    Posts,
    Sight,
    Sightings,
    awake_at,
    draw_follows,
    draw_people,
    draw_posts,
    draw_sight,
    draw_trend,
)
from influgraph.influence._arrays import Floats, Ints, sum_by

BEGIN = pd.Timestamp("2024-03-04")  # a Monday
OTHER_NICHE = 0.4  # what a sighting moves where member and author differ in niche
_QUICK = 0.6  # share of the quicker of two delays
_MOST_EFFECT = 0.12  # of all that is caused, by one author
_REDRAWN = 15  # times, to know what is caused where nobody acts again


@dataclass(frozen=True, eq=False)
class Wish:
    """What moves people: `trend` (niches x hours) times `level` anyway per hour, `effect` of each author.

    `receptive` is how far each account can be moved, `weight` how far by each view.
    """

    trend: Floats
    level: Floats
    receptive: Floats
    weight: Floats
    effect: Floats


@dataclass(frozen=True, eq=False)
class ApartWorld:
    """The four tables, the truth about them, and what an oracle may be given.

    `truth` is the expected effect of every author who posted and is followed. Of `acts`, `time` is seconds
    since the start, `source` the number of the author whose post brought it about (-1: nobody's).
    """

    tables: dict[str, pd.DataFrame]
    truth: pd.Series
    account_ids: np.ndarray
    people: People
    posts: Posts
    sight: Sight
    wish: Wish
    acts: pd.DataFrame
    settings: ApartSettings


def make_apart_world(name: str, **changes: Any) -> ApartWorld:  # noqa: ANN401 (settings are of many types)
    """Draw the world of this name, with other settings (a seed, say) where they are given."""
    s = ApartSettings(**WORLDS[name] | changes)
    rng = np.random.default_rng(s.seed)
    people = draw_people(s, rng)
    follows = draw_follows(s, people, rng)
    shocks, trend = draw_trend(s, rng)
    posts = draw_posts(s, people, shocks, rng)
    sight = draw_sight(s, (people, follows, posts), rng)
    wish, truth = _draw_wish(s, (people, posts, sight.views), trend, rng)
    acts = _let_act(s, (people, posts, sight.views), wish, rng)
    if s.once:
        truth = _truth_of_first_acts(s, (people, posts, sight.views), wish, rng)
        acts = acts.sort_values("time").drop_duplicates("account")
    acts = _with_sessions(s, acts, rng).sort_values("time", ignore_index=True)
    ids = np.array([f"u{code:06d}{n}" for n, code in enumerate(rng.integers(10**6, size=s.accounts))])
    tables = _tables(s, ids, (people, follows, posts), (sight, acts), rng)
    heard = np.isin(people.author, follows["followed"]) & np.isin(np.arange(s.authors), posts.author)
    effects = pd.Series(truth, ids[people.author])[heard]
    return ApartWorld(tables, effects, ids, people, posts, sight, wish, acts, s)


def delays(s: ApartSettings, size: int, rng: np.random.Generator) -> Floats:
    """Seconds from sighting to act, of people who are always awake."""
    if len(s.delay_hours) == 1:
        return rng.exponential(s.delay_hours[0] * HOUR, size)
    quick = rng.random(size) < _QUICK
    return np.where(quick, *(rng.exponential(mean * HOUR, size) for mean in s.delay_hours))


def still_to_come(s: ApartSettings, since: Floats) -> Floats:
    """Chance that such a delay is longer than these seconds."""
    hours = np.maximum(since, 0) / HOUR
    parts = [np.exp(-hours / mean) for mean in s.delay_hours]
    return np.asarray(parts[0] if len(parts) == 1 else _QUICK * parts[0] + (1 - _QUICK) * parts[1])


def put_off(time: Floats, rng: np.random.Generator) -> Floats:
    """Move acts that would fall into hours of sleep to later ones."""
    time, asleep = time.copy(), rng.random(len(time)) > awake_at(time)
    for _ in range(8):
        time[asleep] += rng.exponential(2 * HOUR, asleep.sum())
        asleep &= rng.random(len(time)) > awake_at(time)
    return time


def like_minded(people: People, account: Ints, author: Ints) -> Floats:
    """How far a sighting moves for the niches of the two."""
    return np.where(people.niche[account] == people.author_niche[author], 1.0, OTHER_NICHE)


def earlier_sightings(account: Ints, author: Ints, time: Floats) -> Ints:
    """How many sightings of the same author each account has had before."""
    order = np.lexsort([time, author, account])
    who, whom, place = account[order], author[order], np.arange(len(order))
    first = np.append(True, (who[1:] != who[:-1]) | (whom[1:] != whom[:-1]))
    before = np.empty(len(order), np.int64)
    before[order] = place - np.maximum.accumulate(np.where(first, place, 0))
    return before


def _draw_wish(
    s: ApartSettings,
    given: tuple[People, Posts, Sightings],
    trend: Floats,
    rng: np.random.Generator,
) -> tuple[Wish, Floats]:
    """What moves people, and the expected effect of each author."""
    people, posts, views = given
    level, receptive = _draw_levels(s, people, trend, rng)
    author = posts.author[views.post]
    weight = receptive[views.account] * like_minded(people, views.account, author)
    if s.saturation:
        earlier = earlier_sightings(views.account, author, views.time)
        weight = weight * (1 / (1 + s.saturation * earlier))
    effect = np.where(rng.random(s.authors) < s.zero_share, 0, rng.lognormal(0, s.effect_spread, s.authors))
    effect[people.comedian] = 0
    effect[people.hidden] = rng.uniform(5, 12, len(people.hidden))
    within = 1 - still_to_come(s, s.end - views.time)

    def caused(effect: Floats) -> Floats:
        return sum_by(author, weight * effect[author] * within, s.authors)

    truth = caused(effect)
    for _ in range(20):
        most = _MOST_EFFECT * truth.sum()
        if not (truth > most).any():
            break
        effect = np.where(truth > most, effect * (0.9 * most / np.maximum(truth, most)), effect)
        truth = caused(effect)
    scale = s.outcomes * s.caused_share / truth.sum()
    return Wish(trend, level, receptive, weight, effect * scale), truth * scale


def _draw_levels(
    s: ApartSettings, people: People, trend: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """How much each account does anyway, and how far it can be moved."""
    niche_level, buys = rng.lognormal(0, 0.5, s.niches), rng.random(s.accounts) < s.buyers
    own = rng.gamma(s.level_shape, 1 / s.level_shape, s.accounts)
    if s.buyers < 1:
        own = rng.gamma(2.0, 0.5, s.accounts)
    level = own * niche_level[people.niche] * people.activity**s.activity_share * np.where(buys, 1, 0.02)
    total = (level * (trend.mean(1) * s.hours)[people.niche]).sum()
    level *= s.outcomes * (1 - s.caused_share) / (1 + s.sessions) / total
    return level, rng.gamma(2, 0.5, s.accounts) * np.where(buys, 1, 0.15)


def _let_act(
    s: ApartSettings, given: tuple[People, Posts, Sightings], wish: Wish, rng: np.random.Generator
) -> pd.DataFrame:
    """What people do anyway, then what views bring about: `account`, `time`, `source`."""
    people, posts, views = given
    count = rng.poisson(wish.level * (wish.trend.mean(1) * s.hours)[people.niche])
    anyway = np.repeat(np.arange(s.accounts), count)
    when = np.empty(len(anyway))
    for niche, trend in enumerate(wish.trend):
        theirs = people.niche[anyway] == niche
        hour = np.searchsorted(np.cumsum(trend) / trend.sum(), rng.random(theirs.sum()))
        when[theirs] = (hour + rng.random(theirs.sum())) * HOUR
    author = posts.author[views.post]
    view = np.repeat(np.arange(len(author)), rng.poisson(wish.weight * wish.effect[author]))
    time = views.time[view] + delays(s, len(view), rng)
    time = put_off(time, rng) if s.waking else time
    view, time = view[time < s.end], time[time < s.end]
    return pd.DataFrame(
        {
            "account": np.append(anyway, views.account[view]),
            "time": np.append(when, time),
            "source": np.append(np.full(len(anyway), -1), author[view]),
        }
    )


def _truth_of_first_acts(
    s: ApartSettings, given: tuple[People, Posts, Sightings], wish: Wish, rng: np.random.Generator
) -> Floats:
    """Acts of people who would not act at all but for one author, in the mean of several draws."""
    caused = np.zeros(s.authors)
    for _ in range(_REDRAWN):
        acts = _let_act(s, given, wish, rng)
        source = acts.groupby("account")["source"].agg(["min", "max"])
        alone = source.loc[(source["min"] == source["max"]) & (source["min"] >= 0), "min"]
        caused += np.bincount(alone, minlength=s.authors)
    return caused / _REDRAWN


def _with_sessions(s: ApartSettings, acts: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Let some do again, minutes later, what they did anyway."""
    if not s.sessions:
        return acts
    again = acts[acts["source"] < 0].sample(frac=s.sessions, random_state=1)
    again = again.assign(time=again["time"] + rng.exponential(1200, len(again)))
    return pd.concat([acts, again[again["time"] < s.end]])


def _tables(
    s: ApartSettings,
    ids: np.ndarray,
    scene: tuple[People, pd.DataFrame, Posts],
    done: tuple[Sight, pd.DataFrame],
    rng: np.random.Generator,
) -> dict[str, pd.DataFrame]:
    people, follow, post = scene
    follows = pd.DataFrame({"follower_id": ids[follow["follower"]], "followed_id": ids[follow["followed"]]})
    if s.follow_times:
        time = follow["time"].to_numpy()
        follows["followed_at"] = pd.Series(_stamps(s, np.maximum(time, 0))).where(time >= 0)
    post_ids = np.array([f"p{number}" for number in range(len(post.time))])
    posts = pd.DataFrame({"post_id": post_ids, "author_id": ids[people.author[post.author]]})
    posts["created_at"] = _stamps(s, post.time)
    if s.topics:
        niches = people.author_niche[post.author]
        posts["hashtags"] = [f"tag{n}x{rng.integers(6)}" if rng.random() < 0.8 else "fun" for n in niches]
    return {
        "accounts": pd.DataFrame({"account_id": ids, "name": [f"name {n}" for n in range(s.accounts)]}),
        "follows": follows,
        "posts": posts,
        "engagements": _engagements(s, ids, post_ids, (post, *done), rng),
    }


def _engagements(
    s: ApartSettings,
    ids: np.ndarray,
    post_ids: np.ndarray,
    done: tuple[Posts, Sight, pd.DataFrame],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Likes and comments some time after views, reposts, views where they are listed, and outcomes."""
    posts, sight, acts = done
    charm = sight.charm[posts.author[sight.views.post]]
    liked, commented = rng.random(len(charm)) < charm, rng.random(len(charm)) < charm * 0.1

    def told(kind: str, seen: Sightings) -> pd.DataFrame:
        who, which = ids[seen.account], post_ids[seen.post]
        return pd.DataFrame({"account_id": who, "kind": kind, "post_id": which, "time": seen.time})

    parts = []
    for kind, some in (("like", liked), ("comment", commented)):
        seen = sight.views.only(some)
        parts.append(told(kind, replace(seen, time=seen.time + rng.exponential(120, some.sum()))))
    parts += [told("repost", sight.reposts), *([told("view", sight.views)] if s.views else [])]
    outcomes = pd.DataFrame({"account_id": ids[acts["account"]], "post_id": None, "time": acts["time"]})
    kinds = np.asarray(s.kinds)[rng.integers(0, len(s.kinds), len(acts))]
    every = pd.concat([*parts, outcomes.assign(kind=kinds)])
    every = every[every["time"] < s.end].sort_values("time")
    return every.drop(columns="time").assign(created_at=_stamps(s, every["time"].to_numpy()))


def _stamps(s: ApartSettings, time: Floats) -> np.ndarray:
    """Moments as texts, to the second or minute."""
    time = time // 60 * 60 if s.by_minute else np.floor(time)
    told = BEGIN + pd.to_timedelta(time, unit="s")
    return np.asarray(told.strftime("%Y-%m-%dT%H:%MZ" if s.by_minute else "%Y-%m-%dT%H:%M:%SZ"))
