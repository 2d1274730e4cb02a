"""What is planted in worlds of bots written apart: farms, squads, pods and sybils (`_apart_bots`)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks._apart_people import BEGIN, DAY, ApartPeople, Post, befriend, choose
from influgraph.influence._arrays import Floats, Ints

_LAGS = {"corepost": 55.0, "colink": 240.0, "cohashtag": 300.0, "slow": 8 * 3600.0}
_DRIP_DAYS = {"naive": 1.5, "camo": 7.0, "copy": 10.0}


@dataclass(frozen=True, kw_only=True)
class Farm:
    """Accounts that each follow this share of the customers, all within some days.

    Naive ones are new and follow hardly anybody else; others follow the famous (`camo`), or copy somebody.
    """

    group: str
    size: int
    customers: int = 3
    style: str = "naive"
    share: float = 0.95
    days: float | None = None

    def plant(self, world: ApartPeople) -> None:
        """Make the accounts, and let them follow."""
        rng, size, people = world.rng, self.size, len(world.people)
        middling = np.argsort(-world.fame)[int(0.01 * people) : int(0.15 * people)]
        served = rng.choice(middling, self.customers, replace=False)
        created = {  # all are drawn, whichever is used
            "naive": BEGIN - rng.uniform(0, 20, size) * DAY - 5 * DAY,
            "camo": BEGIN - rng.uniform(0, 200, size) * DAY - 30 * DAY,
            "copy": BEGIN - rng.beta(1.1, 1.6, size) * 6 * 365 * DAY - 30 * DAY,
        }[self.style]
        activity = rng.lognormal(-2.5, 0.6, size)
        bots = world.add(size, created=created, fame=np.zeros(size), activity=activity)
        world.name(bots, self.group, "farm")
        followed: dict[int, list[int]] = {}
        for follower, one in world.follows:
            followed.setdefault(follower, []).append(one)
        begun = BEGIN + rng.uniform(3, world.ground.days - 12, self.customers) * DAY
        for bot in bots:
            for customer, start in zip(served, begun, strict=True):
                if rng.random() < self.share:
                    span = (self.days or _DRIP_DAYS[self.style]) * DAY
                    world.follow(bot, customer, start + rng.random() * span)
            self._follow_besides(world, bot, followed)
        world.post_as_usual(bots, 0.0 if self.style == "naive" else 0.4)
        world.name(served, self.group, "customer")

    def _follow_besides(self, world: ApartPeople, bot: int, followed: dict[int, list[int]]) -> None:
        rng, fame = world.rng, world.fame
        if self.style == "naive":
            for one in rng.choice(len(fame), rng.poisson(3)):
                world.follow(bot, one)
        elif self.style == "camo":
            since = max(world.traits["created"][bot], BEGIN - 150 * DAY)
            for one in rng.choice(len(fame), rng.integers(8, 36), p=fame / fame.sum()):
                world.follow(bot, one, since + rng.random() * 100 * DAY)
        else:
            for one in followed.get(int(rng.choice(world.people)), []):
                if rng.random() < 0.8:
                    world.follow(bot, one)


@dataclass(frozen=True, kw_only=True)
class Squad:
    """Accounts of one niche of which a part acts together, so many times, within `lag` seconds.

    They repost (`corepost`: a client's posts, for a share `own` those of two leaders, or else others'), use a
    tag (`cohashtag`), or link a site (`colink`, `slow`); a share `popular` of links is news for all.
    """

    group: str
    size: int
    mode: str
    events: int
    part: float = 0.75
    lag: float | None = None
    popular: float = 0.3
    own: float = 0.5
    client: int | None = None

    def plant(self, world: ApartPeople) -> Ints:
        """Make the accounts, and let them act."""
        rng = world.rng
        squad, niche = _squad_accounts(world, self.group, self.size)
        others = [post for post in world.originals() if world.kind[post.author] == "person"]
        others = [post for post in others if world.traits["niche"][post.author] == niche]
        leaders = rng.choice(squad, 2, replace=False)
        moments = np.sort(BEGIN + rng.random(self.events) * (world.ground.days - 1.5) * DAY + 7 * 3600)
        for event, moment in enumerate(moments):
            time = moment - (moment - BEGIN) % DAY + (7 + 15 * rng.random()) * 3600
            who = squad[rng.random(self.size) < self.part]
            if len(who) < 2:
                continue
            after = np.sort(rng.random(len(who))) * (self.lag or _LAGS[self.mode]) + 2
            rng.shuffle(after)
            if self.mode == "corepost":
                self._repost(world, (who, after), (leaders[event % 2], others), (niche, time))
            else:
                self._post(world, (who, after), event, (niche, time))
        return squad

    def _repost(
        self,
        world: ApartPeople,
        acting: tuple[Ints, Floats],
        whose: tuple[int, Sequence[Post]],
        where_and_when: tuple[int, float],
    ) -> None:
        """Repost what a client or leader posts then, or else somebody else's post."""
        rng, (leader, others), (niche, time) = world.rng, whose, where_and_when
        if self.client is not None or rng.random() < self.own:
            author = leader if self.client is None else self.client
            number = world.post(author, time, world.text(niche))
        else:
            chosen = others[int(rng.integers(len(others)))]
            number, time = chosen.number, chosen.time + rng.uniform(300, 7200)
        if number is not None:
            for bot, delay in zip(*acting, strict=True):
                world.post(bot, time + delay, repost_of=number)

    def _post(
        self,
        world: ApartPeople,
        acting: tuple[Ints, Floats],
        event: int,
        where_and_when: tuple[int, float],
    ) -> None:
        """Use the same tags, or link the same."""
        rng, (niche, time) = world.rng, where_and_when
        tags, links = [], []
        if self.mode == "cohashtag":
            tags = [world.tags[niche][rng.integers(40)], f"act{self.group}{event // 3}"]
        elif rng.random() < self.popular:
            links = world.article(niche, time)
        else:
            links = [f"https://{self.group}.example/{event}"]
        for bot, delay in zip(*acting, strict=True):
            world.post(bot, time + delay, world.text(niche), hashtags=tags, links=links)


@dataclass(frozen=True)
class ServeClients:
    """Two squads that repost each what one client outside posts; the second one follows its client."""

    def plant(self, world: ApartPeople) -> None:
        """Choose the clients, and make the squads."""
        clients = world.rng.choice(np.argsort(-world.fame)[50:400], 2, replace=False)
        for group, client in zip(("sqE_client", "sqF_client_followed"), clients, strict=True):
            squad = Squad(group=group, size=20, mode="corepost", events=25, client=int(client)).plant(world)
        for bot in squad:
            world.follow(bot, client)


@dataclass(frozen=True, kw_only=True)
class Pod:
    """People of middling fame in one niche who like a share `rate` of one another's posts."""

    group: str
    size: int
    rate: float = 0.75
    median: float = 1800

    def plant(self, world: ApartPeople) -> None:
        """Choose the people, and let them like."""
        rng, fame = world.rng, world.fame
        niche = int(rng.integers(world.ground.niches))
        known = (fame > np.quantile(fame, 0.4)) & (fame < np.quantile(fame, 0.97))
        pod = choose(world, niche, known, self.size)
        world.name(pod, self.group, "pod")
        befriend(world, pod, 0.8)
        theirs = {one: [post for post in world.originals() if post.author == one] for one in map(int, pod)}
        for one, posts in theirs.items():
            while len(posts) < 6:
                if world.post(one, world.times(one, 1)[0], world.text(niche)) is not None:
                    posts.append(world.posts[-1])
            for post in posts:
                fellows = pod[(pod != one) & (rng.random(len(pod)) < self.rate)]
                when = world.react(fellows, post.time, self.median, 0.9)
                for fellow, time in zip(fellows, when, strict=True):
                    if time < world.end:
                        world.act(fellow, post, "like", time)
                        if rng.random() < 0.5:
                            world.act(fellow, post, "comment", time + rng.exponential(40) + 3)


@dataclass(frozen=True, kw_only=True)
class Sybils:
    """Accounts tied among themselves, of which people follow a share `attack`."""

    group: str
    size: int
    degree: float = 14
    attack: float = 0.08

    def plant(self, world: ApartPeople) -> None:
        """Make the accounts, and let them follow and like."""
        rng, fame, size = world.rng, world.fame, self.size
        created, few = BEGIN - rng.uniform(20, 300, size) * DAY, np.full(size, 0.1)
        sybils = world.add(size, created=created, fame=few, activity=rng.lognormal(-0.6, 0.7, size))
        world.name(sybils, self.group, "sybil")
        for one in sybils:
            for other in rng.choice(sybils, max(1, rng.poisson(self.degree / 2))):
                world.follow(one, other)
                if rng.random() < 0.8:
                    world.follow(other, one)
            for other in rng.choice(len(fame), rng.poisson(6), p=fame / fame.sum()):
                world.follow(one, other)
            if rng.random() < self.attack:
                world.follow(rng.choice(world.people), one)
        world.post_as_usual(sybils, 0.6)
        for post in [post for post in world.posts if sybils[0] <= post.author <= sybils[-1]]:
            for one in rng.choice(sybils, rng.poisson(1.5)):
                time = post.time + rng.exponential(20000)
                if one != post.author and time < world.end:
                    world.act(one, post, "like", time)


def _squad_accounts(world: ApartPeople, group: str, size: int) -> tuple[Ints, int]:
    """Accounts that follow and post as others of their niche do, and the niche."""
    rng, fame = world.rng, world.fame
    niche = int(rng.integers(world.ground.niches))
    known = {"niche": np.full(size, niche), "fame": rng.pareto(2, size) * 0.3}
    squad = world.add(size, **known, activity=rng.lognormal(0.2, 0.7, size))
    world.name(squad, group, "squad")
    near = world.of_niche(niche)
    for bot in squad:
        for one in rng.choice(near, rng.integers(8, 30), p=fame[near] / fame[near].sum()):
            world.follow(bot, one)
        for one in rng.choice(len(fame), rng.integers(2, 12), p=fame / fame.sum()):
            world.follow(bot, one)
        for one in rng.choice(world.people, rng.poisson(5)):
            world.follow(one, bot)
    world.post_as_usual(squad)
    return squad, niche
