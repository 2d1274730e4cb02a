"""People of the worlds of bots written apart: whom they follow, what they post and when (`_apart_bots`)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from influgraph.influence._arrays import Floats, Ints

DAY = 86400
BEGIN = 1_740_960_000  # 2025-03-03, a Monday
_SYLLABLES = ("ka", "lo", "mi", "ren", "tu", "sa", "vel", "no", "pri")
_MORE_SYLLABLES = ("da", "gor", "fe", "lin", "os", "ba", "ti", "ur", "che")
_HAND_MADE = ("farm", "squad", "sybil")  # accounts made for it, where pods are of people


@dataclass(frozen=True, kw_only=True)
class Ground:
    """How the people of a world are drawn, and what of them is listed."""

    seed: int
    people: int = 3500
    niches: int = 9
    days: int = 28
    follows: int = 14
    posts: float = 1.3
    outcomes: bool = False
    follows_listed: bool = True
    follow_times: bool = True
    profiles: bool = True


class Post(NamedTuple):
    """A post; `appeal` is how many react to it."""

    number: int
    author: int
    time: float
    text: str | None
    hashtags: str
    links: str
    repost_of: int | None
    appeal: float


class Act(NamedTuple):
    """An engagement."""

    account: int
    target: int | None
    post: int | None
    kind: str
    time: float


class ApartPeople:
    """A world in the making: accounts by number, follows, posts, acts, and who belongs to which group.

    `truth` lists account, group and kind; `used` are people who belong to one already.
    """

    def __init__(self, ground: Ground) -> None:
        self.ground, self.rng = ground, np.random.default_rng(ground.seed)
        self.end = BEGIN + ground.days * DAY
        self.traits: dict[str, np.ndarray] = {}
        self.kind: list[str] = []
        # A set beside the dictionary: its order of iteration is that of the worlds as first drawn.
        self.follows: set[tuple[int, int]] = set()
        self.followed_at: dict[tuple[int, int], float] = {}
        self.posts: list[Post] = []
        self.acts: list[Act] = []
        self.truth: list[tuple[int, str, str]] = []
        self.used: set[int] = set()
        self.verified: set[int] = set()
        share = self.rng.dirichlet(np.linspace(3, 0.7, ground.niches) * 2)
        niche = self.rng.choice(ground.niches, ground.people, p=share)
        self.people = self.add(ground.people, niche=niche)
        self.fame = self.traits["fame"]
        self._follow_each_other()
        self._write_news()
        self._find_words()
        self.post_as_usual(self.people)

    def add(self, size: int, **given: Ints | Floats) -> Ints:
        """New accounts, with traits as given or else as people have them."""
        rng = self.rng
        zone = rng.choice([0, 1, 6], size, p=[0.5, 0.3, 0.2])
        laws: dict[str, Callable[[], Ints | Floats]] = {
            "niche": lambda: rng.integers(0, self.ground.niches, size),
            "fame": lambda: np.minimum(rng.pareto(1.3, size), 22) + 0.15,
            "activity": lambda: np.minimum(rng.lognormal(0, 1.05, size), 12),
            "reactive": lambda: rng.lognormal(0, 1.0, size),
            "peak": lambda: (rng.normal(18.5, 3, size) + zone) % 24,
            "created": lambda: BEGIN - rng.beta(1.1, 1.6, size) * 8 * 365 * DAY - 20 * DAY,
        }
        for trait, draw in laws.items():
            values = given[trait] if trait in given else draw()
            self.traits[trait] = np.append(self.traits.get(trait, values[:0]), values)
        self.kind += ["person"] * size
        return np.arange(len(self.kind) - size, len(self.kind))

    def name(self, accounts: Iterable[int], group: str, kind: str) -> None:
        """Note to which group, of which kind, these belong."""
        for account in map(int, accounts):
            self.truth.append((account, group, kind))
            if kind in _HAND_MADE and self.kind[account] == "person":
                self.kind[account] = kind

    def follow(self, follower: int, followed: int, time: float | None = None) -> None:
        """Let one follow another, at some time since both are there."""
        pair = (int(follower), int(followed))
        if pair[0] == pair[1] or pair in self.follows:
            return
        self.follows.add(pair)
        if time is None:
            created = self.traits["created"]
            since = min(max(created[pair[0]], created[pair[1]]), self.end - DAY)
            time = since + (self.end - since) * self.rng.beta(0.9, 1.1)
        self.followed_at[pair] = float(time)

    def post(
        self,
        author: int,
        time: float,
        text: str | None = None,
        *,
        hashtags: Iterable[str] = (),
        links: Iterable[str] = (),
        repost_of: int | None = None,
        appeal: float | None = None,
    ) -> int | None:
        """Post; outside the study it is not seen, and has no number."""
        if time >= self.end or time < BEGIN:
            return None
        appeal = self.rng.lognormal(0, 1.1) if appeal is None else appeal
        told = ";".join(hashtags), ";".join(links), repost_of, appeal
        self.posts.append(Post(len(self.posts), int(author), float(time), text, *told))
        return len(self.posts) - 1

    def act(self, account: int, post: Post, kind: str, time: float) -> None:
        """Engage with a post."""
        self.acts.append(Act(int(account), post.author, post.number, kind, time))

    def originals(self) -> list[Post]:
        """Posts that repost nothing."""
        return [post for post in self.posts if post.repost_of is None]

    def of_niche(self, niche: int) -> Ints:
        """People of a niche."""
        return np.flatnonzero(self.traits["niche"][: len(self.people)] == niche)

    def times(self, account: int, count: int) -> Floats:
        """Moments when somebody posts: near the usual hour, less at weekends, some in one session."""
        rng, found, peak = self.rng, np.empty(0), self.traits["peak"][account]
        while len(found) < count:
            time = BEGIN + rng.random(3 * count + 4) * self.ground.days * DAY
            weekday = np.where((time - BEGIN) // DAY % 7 >= 5, 0.8, 1)
            likely = (0.04 + _near(time, peak)) * weekday
            found = np.append(found, time[rng.random(len(time)) < likely / 1.05])
        found = found[:count]
        for n in range(1, count):
            if rng.random() < 0.3:
                found[n] = min(found[n - 1] + rng.exponential(500) + 5, self.end - 1)
        return np.sort(found)

    def react(
        self, accounts: Ints, time: Floats | float, median: float = 4500, spread: float = 1.6
    ) -> Floats:
        """When these react to what is posted then: late, and mostly when they are awake."""
        rng, count = self.rng, len(accounts)
        when = np.full(count, time) + np.exp(rng.normal(np.log(median), spread, count)) + 3
        peak = self.traits["peak"][accounts]
        for _ in range(3):
            awake = rng.random(count) < 0.08 + _near(when, peak)
            when = np.where(awake, when, when + rng.uniform(1.5, 6, count) * 3600)
        return when

    def text(self, niche: int) -> str:
        """Words of the niche and words of all, the first ones most."""
        rng = self.rng
        own, common = rng.integers(3, 9), rng.integers(3, 8)
        words = [self.words[niche][n] for n in rng.choice(120, own, p=_zipf(120))]
        words += [self.common[n] for n in rng.choice(300, common, p=_zipf(300))]
        rng.shuffle(words)
        return " ".join(words)

    def article(self, niche: int, time: float) -> list[str]:
        """News that people link then, if there are any; one more niche is for all."""
        age = time - self.news[niche]
        weight = np.where(age > 0, self.news_appeal[niche] * np.exp(-np.maximum(age, 0) / (14 * 3600)), 0)
        if weight.sum() <= 1e-9:
            return []
        return [f"https://news{niche}.example/{self.rng.choice(len(age), p=weight / weight.sum())}"]

    def post_as_usual(self, accounts: Ints, scale: float = 1.0) -> None:
        """Posts of people: the more, the more active and the more famous they are."""
        rng, niches, fame = self.rng, self.ground.niches, self.traits["fame"]
        for account in accounts:
            usual = scale * self.ground.posts * self.traits["activity"][account]
            count = min(rng.poisson(usual * min(1 + fame[account] * 0.25, 5)), 150)
            own = self.traits["niche"][account]
            for time in self.times(account, count) if count else ():
                niche, tags = int(own if rng.random() < 0.75 else rng.integers(niches)), set()
                if rng.random() < 0.45:
                    some = rng.choice(40, rng.integers(1, 4), p=_zipf(40))
                    tags = {self.tags[niche][n] for n in some}
                if rng.random() < 0.08:
                    tags.add(self.trends[rng.choice(25, p=_zipf(25))])
                links = []
                if rng.random() < 0.22:
                    links = self.article(niche if rng.random() < 0.75 else niches, time)
                self.post(account, time, self.text(niche), hashtags=sorted(tags), links=links)

    def _follow_each_other(self) -> None:
        rng, size, niche = self.rng, len(self.people), self.traits["niche"]
        fame = self.fame
        near = [self.of_niche(n) for n in range(self.ground.niches)]
        chance = [fame[some] / fame[some].sum() for some in near]
        wanted = np.clip(rng.lognormal(np.log(self.ground.follows), 0.9, size).astype(int), 1, 400)
        chosen: list[list[int]] = [[] for _ in range(size)]
        for account in rng.permutation(size):
            lot, own = rng.random(wanted[account]), niche[account]
            inside, famous = (lot < 0.62).sum(), ((lot >= 0.62) & (lot < 0.84)).sum()
            found = list(rng.choice(near[own], inside, p=chance[own]))
            found += list(rng.choice(size, famous, p=fame / fame.sum()))
            for _ in range(len(lot) - inside - famous):
                theirs = chosen[found[rng.integers(len(found))]] if found else []
                if theirs:
                    found.append(theirs[rng.integers(len(theirs))])
            chosen[account] += [one for one in found if one != account]
        for account in range(size):
            for one in chosen[account]:
                self.follow(account, one)
                if rng.random() < 0.28 / (1 + fame[one] / 4):
                    self.follow(one, account)

    def _write_news(self) -> None:
        self.news, self.news_appeal = [], []
        for niche in range(self.ground.niches + 1):
            count = self.ground.days * (9 if niche < self.ground.niches else 14)
            self.news.append(np.sort(self.rng.uniform(BEGIN - DAY, self.end, count)))
            self.news_appeal.append(self.rng.pareto(1.1, count) + 0.2)

    def _find_words(self) -> None:
        def words(count: int) -> list[str]:
            return [
                "".join(rng.choice(_SYLLABLES + _MORE_SYLLABLES, rng.integers(2, 4))) for _ in range(count)
            ]

        rng, niches = self.rng, range(self.ground.niches)
        self.common, self.words = words(300), [words(120) for _ in niches]
        self.tags = [[f"{word}{niche}" for word in words(40)] for niche in niches]
        self.trends = words(25)


def choose(world: ApartPeople, niche: int, which: np.ndarray, size: int) -> Ints:
    """Choose people of a niche, of these, who belong to no group yet."""
    near = world.of_niche(niche)
    free = np.setdiff1d(near[which[near]], list(world.used))
    chosen = world.rng.choice(free, min(size, len(free)), replace=False)
    world.used |= set(chosen.tolist())
    return chosen


def befriend(world: ApartPeople, some: Ints, share: float) -> None:
    """Let each follow this share of the others."""
    for one in some:
        for other in some:
            if one != other and world.rng.random() < share:
                world.follow(one, other)


def _near(time: Floats, peak: float | Floats) -> Floats:
    """How near the time of day is to the usual hour, at most 1."""
    hour = (time - BEGIN) / 3600 % 24
    return np.asarray(np.exp(1.7 * (np.cos((hour - peak) / 24 * 2 * np.pi) - 1)))


def _zipf(count: int) -> Floats:
    weight = 1 / np.arange(1, count + 1) ** 1.05
    return np.asarray(weight / weight.sum())
