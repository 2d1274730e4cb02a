"""Groups that look like bots and are none, in worlds of bots written apart (see `_apart_bots`)."""

import numpy as np

from benchmarks._apart_people import BEGIN, DAY, ApartPeople, befriend, choose


def add_fan_club(world: ApartPeople, group: str, size: int) -> None:
    """People who like and repost most of what a star posts, within minutes."""
    rng = world.rng
    star = int(rng.choice(np.argsort(-world.fame)[:25]))
    niche = world.traits["niche"][star]
    fans = choose(world, niche, np.arange(len(world.fame)) != star, size)
    world.name(fans, group, "fanclub")
    eager = np.clip(rng.normal(0.7, 0.15, len(fans)), 0.2, 0.97)
    for fan in fans:
        world.follow(fan, star)
        for other in rng.choice(fans, 3):
            world.follow(fan, other)
    for posted in world.times(star, 24):
        number = world.post(star, posted, world.text(niche), hashtags=[f"{group}star"])
        if number is None:
            continue
        some, post = fans[rng.random(len(fans)) < eager], world.posts[number]
        for fan, time in zip(some, world.react(some, posted, 420, 1.1), strict=True):
            if time < world.end:
                world.act(fan, post, "like", time)
                if rng.random() < 0.5:
                    world.post(fan, time + rng.exponential(30), repost_of=number)
                if rng.random() < 0.25:
                    world.act(fan, post, "comment", time + rng.exponential(90))


def add_newsroom(world: ApartPeople, group: str, desks: int) -> None:
    """Verified desks of one house that link its articles each half hour."""
    rng, fame = world.rng, world.fame
    niche = int(rng.integers(world.ground.niches))
    known = {"niche": np.full(desks, niche), "fame": rng.pareto(1.3, desks) + 3, "activity": np.ones(desks)}
    staff = world.add(desks, **known, created=BEGIN - rng.uniform(4, 8, desks) * 365 * DAY)
    world.name(staff, group, "newsroom")
    world.verified |= set(staff.tolist())
    for desk in staff:
        for reader in rng.choice(world.people, rng.integers(40, 250)):
            world.follow(reader, desk)
        for one in rng.choice(len(fame), 8, p=fame / fame.sum()):
            world.follow(desk, one)
        for other in staff:
            if rng.random() < 0.5:
                world.follow(desk, other)
    for day in range(world.ground.days):
        for slot in range(10):
            time = BEGIN + day * DAY + (7 + slot * 15 / 10) * 3600
            time -= (time - BEGIN) % 1800
            link, same = [f"https://{group}-daily.example/{day}/{slot}"], world.text(niche)
            for desk in staff[rng.random(desks) < 0.45]:
                moment = time + rng.integers(0, 40)
                world.post(desk, moment, same if rng.random() < 0.4 else world.text(niche), links=link)


def add_friends(world: ApartPeople, group: str, size: int) -> None:
    """People who know one another, and like posts of some much more than of others."""
    rng, rate = world.rng, 0.3
    niche = int(rng.integers(world.ground.niches))
    friends = choose(world, niche, world.fame < np.quantile(world.fame, 0.85), size)
    world.name(friends, group, "friends")
    befriend(world, friends, 0.9)
    liking = np.clip(rng.beta(1.5, 1.5 / rate * (1 - rate) + 0.01, (size, size)), 0, 0.9)
    place = {one: number for number, one in enumerate(friends.tolist())}
    for post in [post for post in world.originals() if post.author in place]:
        likely = rng.random(size) < liking[place[post.author]]
        some = friends[likely & (friends != post.author)]
        for friend, time in zip(some, world.react(some, post.time), strict=True):
            if time < world.end:
                world.act(friend, post, "like" if rng.random() < 0.75 else "comment", time)


def add_viral_post(world: ApartPeople, group: str, size: int = 400) -> None:
    """A post that people of all niches repost within hours."""
    rng = world.rng
    author = int(rng.choice(np.argsort(-world.fame)[:400]))
    time = BEGIN + rng.uniform(3, world.ground.days - 3) * DAY
    number = world.post(author, time, world.text(world.traits["niche"][author]), appeal=1)
    some = rng.choice(world.people, size, replace=False)
    for one, when in zip(some, time + rng.gamma(2, 2.0 * 3600, size), strict=True):
        world.post(one, when, repost_of=number)
    world.name(some, group, "viral")


def add_event(world: ApartPeople, group: str, size: int = 350) -> None:
    """A match that people of all niches post about, most just after a goal."""
    rng = world.rng
    time = BEGIN + int(rng.integers(5, world.ground.days - 3)) * DAY + 19 * 3600
    some = rng.choice(world.people, size, replace=False)
    world.name(some, group, "event")
    goals = time + np.sort(rng.uniform(600, 7000, 4))
    for one in some:
        for _ in range(rng.integers(1, 5)):
            anyhow = rng.random() < 0.5
            when = time + rng.random() * 7200 if anyhow else rng.choice(goals) + rng.exponential(120)
            text = world.text(world.traits["niche"][one])
            tags = [f"{group}match", *([f"{group}goal"] if rng.random() < 0.3 else [])]
            links = [f"https://live.example/{group}"] if rng.random() < 0.2 else []
            world.post(one, when, text, hashtags=tags, links=links)
