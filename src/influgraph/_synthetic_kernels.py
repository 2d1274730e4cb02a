"""Compiled loops of the synthetic world: who sees what when, what spreads, and what it causes.

Chance is counted, not drawn in turn: whether an account sees a post by way of an exposer is a hash of the
run, the account, the exposer and the post. So a rerun without some posts leaves everything else as it was,
in any order.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
Hashes = npt.NDArray[np.uint64]

HOUR = 3600.0
WEEK_HOURS = 168
MAX_CHANCE = 0.999999

LIKE, REPLY, REPOST = np.uint64(0x1111), np.uint64(0x2222), np.uint64(0x3333)
DELAY, REACTS, BUYS, BUY_DELAY = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_UNIT = 1.0 / 9007199254740992.0


class Stage(NamedTuple):
    """All that stays the same from rerun to rerun.

    Accounts and posts are codes, posts sorted by author, then time. `out_*`: whom an account follows;
    `in_*`: who follows it; `*_since`: from when on. `clock` holds the waking seconds at the start of each
    hour of a week, and its end; `attention` how much of followers' attention what appears in that hour
    gets, of mean 1 over posts (`post_attention`; 0: the post is not made). `rates` are of likes, replies
    and reposts, and how many times likelier a repost of a repost is; `seen_delay` and `buy_delay` hold the
    mean seconds of quick and of slow ones, and the share of the slow.
    """

    out_start: Ints
    out_followed: Ints
    out_since: Floats
    in_start: Ints
    in_follower: Ints
    in_since: Floats
    post_start: Ints
    post_author: Ints
    post_time: Floats
    post_appeal: Floats
    post_attention: Floats
    interest: npt.NDArray[np.float32]
    sees: Floats
    reposts_others: npt.NDArray[np.bool_]
    persuasion: Floats
    susceptibility: Floats
    anyway: Floats
    clock: Floats
    attention: Floats
    rates: Floats
    seen_delay: Floats
    buy_delay: Floats
    match_floor: float
    freshness: Floats  # effect of a sighting after 0, 1, 2, ... others of the same source
    saturation_seconds: float
    settled: float  # what is seen before has no effect after the end, but for 2e-9 of it
    end: float


class Keys(NamedTuple):
    """One run's hash of every account as viewer, as exposer, and of every post."""

    viewer: Hashes
    exposer: Hashes
    post: Hashes


class Reposts(NamedTuple):
    """Who spread which post when, how far from its author; sorted by account, then time."""

    start: Ints
    post: Ints
    time: Floats
    depth: Ints


@numba.njit(cache=True, nogil=True, inline="always")
def _mix(value: np.uint64) -> np.uint64:
    value ^= value >> np.uint64(30)
    value *= _MIX1
    value ^= value >> np.uint64(27)
    value *= _MIX2
    return value ^ (value >> np.uint64(31))


@numba.njit(cache=True, nogil=True, inline="always")
def uniform(value: np.uint64, stream: np.uint64) -> float:
    return np.float64(_mix(value + stream * _GOLDEN) >> np.uint64(11)) * _UNIT


@numba.njit(cache=True, nogil=True)
def hashes(seed: np.uint64, size: int) -> Hashes:
    """Return one hash per code of a run."""
    result = np.empty(size, np.uint64)
    start = _mix(seed + _GOLDEN)
    for i in range(size):
        result[i] = _mix(start + np.uint64(i + 1) * _GOLDEN)
    return result


@numba.njit(cache=True, nogil=True, inline="always")
def awake_seconds(clock: Floats, time: float) -> float:
    """Waking seconds from the start until a time."""
    hour = int(time / HOUR)
    week = hour // WEEK_HOURS
    inside = hour - week * WEEK_HOURS
    step = clock[inside + 1] - clock[inside]
    return float(week * clock[WEEK_HOURS] + clock[inside] + step * (time / HOUR - hour))


@numba.njit(cache=True, nogil=True, inline="always")
def after(clock: Floats, time: float, delay: float) -> float:
    """Return when so many waking seconds have passed since a time."""
    hour = int(time / HOUR)
    inside = hour % WEEK_HOURS
    step = clock[inside + 1] - clock[inside]
    left = delay + step * (time / HOUR - hour)
    while left > step:
        left -= step
        hour += 1
        inside = inside + 1 if inside + 1 < WEEK_HOURS else 0
        step = clock[inside + 1] - clock[inside]
    return float((hour + left / step) * HOUR)


@numba.njit(cache=True, nogil=True, inline="always")
def draw_delay(means: Floats, chance: float) -> float:
    """Return a delay from the quick or the slow ones, as one uniform number says."""
    if chance < means[2]:
        return float(-means[1] * np.log(1.0 - chance / means[2]))
    return float(-means[0] * np.log(1.0 - (chance - means[2]) / (1.0 - means[2])))


@numba.njit(cache=True, nogil=True, inline="always")
def done_by(means: Floats, seconds: float) -> float:
    """Share of delays at most so many waking seconds."""
    return float(1.0 - (1 - means[2]) * np.exp(-seconds / means[0]) - means[2] * np.exp(-seconds / means[1]))


@numba.njit(cache=True, nogil=True, inline="always")
def match(interest: npt.NDArray[np.float32], first: int, second: int) -> float:
    """How alike the interests of two accounts are, 0 to 1 (cosine)."""
    total = 0.0
    for k in range(interest.shape[1]):
        total += interest[first, k] * interest[second, k]
    return total


@numba.njit(cache=True, nogil=True, inline="always")
def _is_seen(stage: Stage, sighting: np.uint64, viewer: int, attention: float) -> bool:
    return bool(np.float64(sighting >> np.uint64(11)) * _UNIT < stage.sees[viewer] * attention)


@numba.njit(cache=True, nogil=True, inline="always")
def _seen_at(stage: Stage, sighting: np.uint64, time: float) -> float:
    return after(stage.clock, time, draw_delay(stage.seen_delay, uniform(sighting, DELAY)))


@numba.njit(cache=True, nogil=True, inline="always")
def _attention(stage: Stage, time: float) -> float:
    return float(stage.attention[int(time / HOUR) % WEEK_HOURS])


@numba.njit(cache=True, nogil=True)
def _grown_ints(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    larger = np.empty(values.size * 2, np.int64)
    larger[: values.size] = values
    return larger


@numba.njit(cache=True, nogil=True)
def _grown(values: Floats) -> Floats:
    larger = np.empty(values.size * 2)
    larger[: values.size] = values
    return larger


@numba.njit(cache=True, nogil=True)
def spread(
    stage: Stage, keys: Keys
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats, npt.NDArray[np.int64]]:
    """Account, post, second and depth (1: from the author) of every repost of a run."""
    account, post, depth = np.empty(1024, np.int64), np.empty(1024, np.int64), np.empty(1024, np.int64)
    time = np.empty(1024)
    size = 0
    done = np.full(stage.sees.size, -1, np.int64)
    for p in range(stage.post_time.size):
        if stage.post_attention[p] == 0:
            continue
        author = stage.post_author[p]
        exposer, shown, level, attention = author, stage.post_time[p], 0, stage.post_attention[p]
        following = size
        while True:
            chance = stage.rates[2] * stage.post_appeal[p] * (stage.rates[3] if level else 1.0)
            for i in range(stage.in_start[exposer], stage.in_start[exposer + 1]):
                v = stage.in_follower[i]
                if stage.in_since[i] > shown or done[v] == p or v == author or not stage.reposts_others[v]:
                    continue
                trait = uniform(keys.viewer[v] ^ keys.post[p], REPOST)
                if trait >= chance or trait >= chance * match(stage.interest, v, author):
                    continue
                sighting = _mix(keys.viewer[v] ^ keys.exposer[exposer] ^ keys.post[p])
                if not _is_seen(stage, sighting, v, attention):
                    continue
                seen = _seen_at(stage, sighting, shown) + 30.0 + 570.0 * uniform(sighting, REACTS)
                if seen >= stage.end:
                    continue
                done[v] = p
                if size == account.size:
                    account, post, depth = _grown_ints(account), _grown_ints(post), _grown_ints(depth)
                    time = _grown(time)
                account[size], post[size], time[size], depth[size] = v, p, np.floor(seen), level + 1
                size += 1
            if following == size:
                break
            exposer, shown, level = account[following], time[following], depth[following]
            attention = _attention(stage, shown)
            following += 1
    return account[:size], post[:size], time[:size], depth[:size]


@numba.njit(cache=True, nogil=True)
def most_sightings(stage: Stage, reposts: Reposts) -> int:
    """Return the most broadcasts that any account could see."""
    most = 1
    for v in range(stage.sees.size):
        total = 0
        for i in range(stage.out_start[v], stage.out_start[v + 1]):
            e = stage.out_followed[i]
            total += stage.post_start[e + 1] - stage.post_start[e] + reposts.start[e + 1] - reposts.start[e]
        most = max(most, total)
    return most


class Sightings(NamedTuple):
    """Room for what one account sees: a key that sorts by author, then time; the hash, post and exposer."""

    key: Floats
    hash: Hashes
    post: Ints
    exposer: Ints


@numba.njit(cache=True, nogil=True)
def room(size: int) -> Sightings:
    """Make room for so many sightings."""
    return Sightings(
        np.empty(size), np.empty(size, np.uint64), np.empty(size, np.int64), np.empty(size, np.int64)
    )


@numba.njit(cache=True, nogil=True)
def gather(stage: Stage, keys: Keys, reposts: Reposts, v: int, into: Sightings, only_persuasive: int) -> int:
    """List what an account sees in a run."""
    size = 0
    width = stage.end * 2
    for i in range(stage.out_start[v], stage.out_start[v + 1]):
        e, since = stage.out_followed[i], stage.out_since[i]
        link = keys.viewer[v] ^ keys.exposer[e]
        if stage.persuasion[e] > 0 or not only_persuasive:
            for p in range(stage.post_start[e], stage.post_start[e + 1]):
                sighting = _mix(link ^ keys.post[p])
                if _is_seen(stage, sighting, v, stage.post_attention[p]) and stage.post_time[p] >= since:
                    seen = _seen_at(stage, sighting, stage.post_time[p])
                    if seen < stage.end:
                        into.key[size], into.hash[size] = e * width + seen, sighting
                        into.post[size], into.exposer[size] = p, e
                        size += 1
        for r in range(reposts.start[e], reposts.start[e + 1]):
            p = reposts.post[r]
            author = stage.post_author[p]
            if reposts.time[r] < since or author == v or (only_persuasive and stage.persuasion[author] == 0):
                continue
            sighting = _mix(link ^ keys.post[p])
            if _is_seen(stage, sighting, v, _attention(stage, reposts.time[r])):
                seen = _seen_at(stage, sighting, reposts.time[r])
                if seen < stage.end:
                    into.key[size], into.hash[size] = author * width + seen, sighting
                    into.post[size], into.exposer[size] = p, e
                    size += 1
    return size
