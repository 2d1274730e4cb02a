"""Worlds by another hand than `synthetic`, so that no attribution can lean on how those are drawn.

Every follower sees every post at once, delays run by the clock and not by waking hours, nothing is reposted,
and sources neither follow nor buy. The expected effect of an account is then a sum of intensities: exact.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence._arrays import Floats, Ints, row_starts, sum_by

BEGIN = pd.Timestamp("2024-01-01", tz="UTC")
_WEEK, _HOUR = 168, 3600.0
_OTHER_INTEREST, _NO_INTEREST, _STRAY = 0.5, 0.1, 0.04
_LIKES_PER_VIEW, _LIKE_HOURS, _REACTION_HOURS = 0.003, 2.0, 6.0


@dataclass(frozen=True, kw_only=True)
class PlainSettings:
    """How a plain world is drawn; names as in `synthetic.WorldSettings`.

    `follows` and `purchases` are means, of follows before repeats are dropped (three in ten are).
    `homophily` is half the logarithm by which those who follow more than usual buy more anyway is multiplied;
    `unrest` the coefficient of variation of what a niche buys from day to day.
    """

    members: int = 20_000
    sources: int = 400
    niches: int = 12
    days: int = 56
    follows: int = 250_000
    purchases: int = 26_000
    caused_share: float = 0.2
    shocks: int = 15
    shock_lift: float = 5.0
    homophily: float = 1.0
    reacting_share: float = 0.15
    fame_tail: float = 1.3
    persuasion_spread: float = 1.3
    zero_share: float = 0.3
    delay_hours: float = 10.0
    unrest: float = 0.25

    @property
    def hours(self) -> int:
        """Length of the study."""
        return 24 * self.days


@dataclass(frozen=True, eq=False)
class Follows:
    """Who follows whom, by number of member and source, and how far posts of the source act on the member."""

    member: Ints
    source: Ints
    affinity: Floats


@dataclass(frozen=True, eq=False)
class Posts:
    """Posts sorted by source and time; `time` in hours, `start` the rows of each source."""

    source: Ints
    time: Floats
    start: Ints


@dataclass(frozen=True, eq=False)
class PlainWorld:
    """A dataset, the truth about it, and what an oracle may be given.

    `truth` is the expected effect of every source, by account; `comedian` the most followed, who has none.
    `rate` (niches x hours) is what one unit of `level` buys anyway per hour, `niche` and `level` every
    member's. Member number i is account m{i}, source number i is account s{i}.
    """

    data: Dataset
    truth: pd.Series
    comedian: str
    follows: Follows
    posts: Posts
    niche: Ints
    level: Floats
    rate: Floats
    settings: PlainSettings

    def baseline_rate(self, member: Ints, hours: Floats) -> Floats:
        """Purchases per hour that these members make anyway at these hours since the start."""
        hour = np.minimum(hours.astype(np.int64), self.settings.hours - 1)
        return np.asarray(self.level[member] * self.rate[self.niche[member], hour])

    def exposed(self) -> Floats:
        """Like-minded follower-posts of every source whose effect would fall inside the study."""
        return _exposed(self.settings, self.follows, self.posts)


def make_plain_world(settings: PlainSettings, *, rng: np.random.Generator) -> PlainWorld:
    """Draw a plain world: the same state of `rng` gives the same world."""
    share = np.arange(1, settings.niches + 1.0) ** -0.6
    niche, source_niche = (
        rng.choice(settings.niches, count, p=share / share.sum())
        for count in (settings.members, settings.sources)
    )
    rhythm = _rhythm(settings)
    shocks = _draw_shocks(settings, rng)
    posts = _draw_posts(settings, shocks, (source_niche, rhythm), rng)
    follows = _draw_follows(settings, niche, source_niche, rng)
    number = np.bincount(follows.source, minlength=settings.sources)
    comedian = int(number.argmax())
    effect = _draw_effects(settings, number, (follows, posts), rng)
    truth, caused = _let_act(settings, effect, (follows, posts), rng)
    level = _draw_levels(settings, follows.member, rng)
    rate = _anyway_rate(settings, rhythm * _unrest(settings, shocks, rng), sum_by(niche, level, len(share)))
    acts = [
        caused,
        _draw_anyway(rate, niche, level, rng),
        _draw_likes(settings, (follows, posts), comedian, rng),
    ]
    return PlainWorld(
        data=_tables(settings, follows, posts, acts),
        truth=pd.Series(truth, _names("s", np.arange(settings.sources))),
        comedian=f"s{comedian}",
        follows=follows,
        posts=posts,
        niche=niche,
        level=level,
        rate=rate,
        settings=settings,
    )


def _rhythm(settings: PlainSettings) -> Floats:
    """Activity by hour of the study, mean about 1: evenings above all, noon, weekends."""
    hour, day = np.arange(_WEEK) % 24, np.arange(_WEEK) // 24
    week = 0.15 + np.exp(-0.5 * ((hour - 20) / 3) ** 2) + 0.4 * np.exp(-0.5 * ((hour - 12) / 2.5) ** 2)
    week *= np.where(day >= 5, 1.25, 1.0)
    return np.asarray(np.resize(week / week.mean(), settings.hours))


def _draw_shocks(settings: PlainSettings, rng: np.random.Generator) -> pd.DataFrame:
    """Hour, niche (-1: all of them), lift at the start and hours of decay of every shock."""
    count = settings.shocks
    niche = rng.integers(settings.niches, size=count)
    return pd.DataFrame(
        {
            "hour": rng.integers(24, settings.hours - 48, size=count),
            "niche": np.where(rng.random(count) < 0.25, -1, niche),
            "lift": settings.shock_lift * rng.gamma(4, 0.25, count),
            "hours": rng.gamma(4, 4.0, count),
        }
    )


def _unrest(settings: PlainSettings, shocks: pd.DataFrame, rng: np.random.Generator) -> Floats:
    """Factor of what each niche buys anyway by hour: its days differ, and shocks strike."""
    shape = 1 / settings.unrest**2
    daily = rng.gamma(shape, 1 / shape, (settings.niches, settings.days))
    lifted = np.ones((settings.niches, settings.hours))
    since = np.arange(settings.hours) - shocks[["hour"]].to_numpy()
    decay = np.exp(-np.maximum(since, 0) / shocks[["hours"]].to_numpy())
    lift = np.where(since >= 0, shocks[["lift"]].to_numpy() * decay, 0)
    for niche, added in zip(shocks["niche"], lift, strict=True):
        lifted[slice(None) if niche < 0 else niche] += added
    return np.asarray(np.repeat(daily, 24, axis=1) * lifted)


def _draw_posts(
    settings: PlainSettings,
    shocks: pd.DataFrame,
    where_and_when: tuple[Ints, Floats],
    rng: np.random.Generator,
) -> Posts:
    """Posts by the rhythm of the week; some react to a shock of the source's niche instead."""
    niche, rhythm = where_and_when
    mean = rng.lognormal(np.log(0.6), 0.7, settings.sources) * settings.days
    source = np.repeat(np.arange(settings.sources), rng.poisson(mean))
    passed = np.append(0, rhythm.cumsum() / rhythm.sum())
    time = np.interp(rng.random(len(source)), passed, np.arange(settings.hours + 1.0))
    for post in np.flatnonzero(rng.random(len(source)) < settings.reacting_share * bool(len(shocks))):
        near = shocks["hour"][shocks["niche"].isin([niche[source[post]], -1])]
        time[post] = rng.choice(near if len(near) else shocks["hour"]) + rng.exponential(_REACTION_HOURS)
    inside = time < settings.hours
    order = np.lexsort([time[inside], source[inside]])
    source, time = source[inside][order], time[inside][order]
    return Posts(source, time, row_starts(source, settings.sources))


def _draw_follows(
    settings: PlainSettings, niche: Ints, source_niche: Ints, rng: np.random.Generator
) -> Follows:
    """A third of the follows for fame alone, the others for fame within the niche."""
    fame = rng.pareto(settings.fame_tail, settings.sources) + 0.2
    eager = rng.lognormal(0, 0.7, settings.members)
    wanted = rng.poisson(eager / eager.sum() * settings.follows)
    drawn = []
    for group in range(settings.niches):
        member = np.repeat(np.flatnonzero(niche == group), wanted[niche == group])
        near = fame * np.where(source_niche == group, 1.0, _STRAY)
        chance = 0.35 * fame / fame.sum() + 0.65 * near / near.sum()
        drawn.append(np.column_stack([member, rng.choice(settings.sources, len(member), p=chance)]))
    member, source = np.unique(np.concatenate(drawn), axis=0).T
    other = rng.integers(settings.niches, size=settings.members)[member]
    affinity = np.where(other == source_niche[source], _OTHER_INTEREST, _NO_INTEREST)
    return Follows(member, source, np.where(niche[member] == source_niche[source], 1.0, affinity))


def _draw_effects(
    settings: PlainSettings, followers: Ints, acting: tuple[Follows, Posts], rng: np.random.Generator
) -> Floats:
    """Purchases per post and like-minded follower: none of the comedian and most of the famous."""
    effect = rng.lognormal(0, settings.persuasion_spread, settings.sources)
    effect[rng.random(settings.sources) < settings.zero_share] = 0
    famous = np.argsort(-followers)[: settings.sources // 20]
    effect[famous[rng.random(len(famous)) < 0.6]] = 0
    effect[followers.argmax()] = 0
    caused = effect @ _exposed(settings, *acting)
    return np.asarray(effect * settings.caused_share * settings.purchases / caused)


def _exposed(settings: PlainSettings, follows: Follows, posts: Posts) -> Floats:
    reached = sum_by(follows.source, follows.affinity, settings.sources)
    return reached * sum_by(posts.source, _acting_mass(settings, posts), settings.sources)


def _acting_mass(settings: PlainSettings, posts: Posts) -> Floats:
    return np.asarray(1 - np.exp(-(settings.hours - posts.time) / settings.delay_hours))


def _let_act(
    settings: PlainSettings, effect: Floats, acting: tuple[Follows, Posts], rng: np.random.Generator
) -> tuple[Floats, pd.DataFrame]:
    """Expected purchases due to each source, and the purchases that happened."""
    follows, posts = acting
    follow, post = _views(follows, posts)
    mass = _acting_mass(settings, posts)[post]
    mean = effect[follows.source[follow]] * follows.affinity[follow] * mass
    bought = np.repeat(np.arange(len(mean)), rng.poisson(mean))
    waited = -settings.delay_hours * np.log1p(-rng.random(len(bought)) * mass[bought])
    truth = sum_by(follows.source[follow], mean, settings.sources)
    return truth, _acts(follows.member[follow[bought]], posts.time[post[bought]] + waited)


def _views(follows: Follows, posts: Posts) -> tuple[Ints, Ints]:
    """Every follow with every post of the followed."""
    count = np.diff(posts.start)[follows.source]
    follow = np.repeat(np.arange(len(count)), count)
    inside = np.arange(len(follow)) - np.repeat(count.cumsum() - count, count)
    return follow, posts.start[follows.source[follow]] + inside


def _acts(member: Ints, hours: Floats, post: Ints | None = None) -> pd.DataFrame:
    """Purchases, or likes of posts."""
    frame = pd.DataFrame({"member": member, "hours": hours})
    return frame.assign(kind="purchase" if post is None else "like", post=-1 if post is None else post)


def _draw_levels(settings: PlainSettings, follower: Ints, rng: np.random.Generator) -> Floats:
    """How much members buy anyway: by themselves, and more if they follow more than usual."""
    follows = np.bincount(follower, minlength=settings.members)
    more = settings.homophily / 2 * (follows > np.median(follows))
    return np.asarray(rng.lognormal(0, 0.8, settings.members) * np.exp(more))


def _anyway_rate(settings: PlainSettings, trend: Floats, level: Floats) -> Floats:
    """Purchases anyway per unit of level (niches x hours), given the summed level of each niche."""
    wanted = settings.purchases * (1 - settings.caused_share)
    return np.asarray(trend * wanted / (level @ trend.sum(axis=1)))


def _draw_anyway(rate: Floats, niche: Ints, level: Floats, rng: np.random.Generator) -> pd.DataFrame:
    member, hour = [], []
    for group, by_hour in enumerate(rate):
        people = np.flatnonzero(niche == group)
        count = rng.poisson(by_hour * level[people].sum())
        member.append(rng.choice(people, count.sum(), p=level[people] / level[people].sum()))
        hour.append(np.repeat(np.arange(len(count)), count))
    hours = np.concatenate(hour)
    return _acts(np.concatenate(member), hours + rng.random(len(hours)))


def _draw_likes(
    settings: PlainSettings, acting: tuple[Follows, Posts], comedian: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Likes by how entertaining a source is, which has nothing to do with what it moves."""
    charm = rng.lognormal(0, 0.6, settings.sources)
    charm[comedian] = charm.max()
    follows, posts = acting
    follow, post = _views(follows, posts)
    liked = rng.random(len(follow)) < _LIKES_PER_VIEW * charm[follows.source[follow]]
    follow, post = follow[liked], post[liked]
    hours = posts.time[post] + rng.exponential(_LIKE_HOURS, len(post))
    likes = _acts(follows.member[follow], hours, post)
    return likes[likes["hours"] < settings.hours]


def _names(letter: str, numbers: Ints) -> pd.Index:
    return pd.Index(letter + pd.Series(numbers).astype(str))


def _tables(settings: PlainSettings, follows: Follows, posts: Posts, acts: list[pd.DataFrame]) -> Dataset:
    done = pd.concat(acts, ignore_index=True).sort_values("hours", kind="stable", ignore_index=True)
    people = _names("m", np.arange(settings.members))
    of_post = _names("p", done["post"].to_numpy())
    return dataset.from_tables(
        accounts=pd.DataFrame({"account_id": _names("s", np.arange(settings.sources)).append(people)}),
        follows=pd.DataFrame(
            {"follower_id": _names("m", follows.member), "followed_id": _names("s", follows.source)}
        ),
        posts=pd.DataFrame(
            {
                "post_id": _names("p", np.arange(len(posts.time))),
                "author_id": _names("s", posts.source),
                "created_at": _stamps(posts.time),
            }
        ),
        engagements=pd.DataFrame(
            {
                "account_id": _names("m", done["member"].to_numpy()),
                "kind": done["kind"],
                "post_id": of_post.where(done["post"] >= 0),
                "created_at": _stamps(done["hours"].to_numpy()),
            }
        ),
    )


def _stamps(hours: Floats) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(BEGIN + pd.to_timedelta(np.floor(hours * _HOUR), unit="s"))
