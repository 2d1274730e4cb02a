"""Compiled loops of the synthetic world: who sees what when, what spreads, and what it causes.

Chance is counted, not drawn in turn: whether an account sees a post by way of an exposer is a hash of the run, the
account, the exposer and the post. So a rerun without some posts leaves everything else as it was, in any order.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
Hashes = npt.NDArray[np.uint64]

BIN = 900.0
WEEK_BINS = 672
MAX_CHANCE = 0.999999

LIKE, REPLY, REPOST = np.uint64(0x1111), np.uint64(0x2222), np.uint64(0x3333)
SEEN, DELAY, HASTE = np.uint64(1), np.uint64(2), np.uint64(3)
BUYS, BUY_DELAY, BUY_HASTE, REACTS = np.uint64(4), np.uint64(5), np.uint64(6), np.uint64(7)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)


class Stage(NamedTuple):
    """All that stays the same from rerun to rerun; accounts and posts by code, posts sorted by author, then time.

    `out_*`: whom an account follows; `in_*`: who follows it; `*_since`: from when on. `clock` holds the waking
    seconds at the start of each quarter hour of a week, and its end.
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
    made: npt.NDArray[np.bool_]
    interest: npt.NDArray[np.float32]
    sees: Floats
    reposts_others: npt.NDArray[np.bool_]
    persuasion: Floats
    susceptibility: Floats
    anyway: Floats
    clock: Floats
    rates: Floats  # like, reply, repost, how many times likelier a repost of a repost
    seen_delay: Floats  # mean seconds of the quick and of the slow ones, share of the slow
    buy_delay: Floats
    match_floor: float
    saturation: float
    saturation_seconds: float
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
def _uniform(value: np.uint64, stream: np.uint64) -> float:
    return np.float64(_mix(value + stream * _GOLDEN) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


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
    place = int(time // BIN)
    week, inside = place // WEEK_BINS, place % WEEK_BINS
    step = clock[inside + 1] - clock[inside]
    return week * clock[WEEK_BINS] + clock[inside] + step * (time / BIN - place)


@numba.njit(cache=True, nogil=True, inline="always")
def _after(clock: Floats, time: float, delay: float) -> float:
    """Return when so many waking seconds have passed since a time."""
    place = int(time // BIN)
    left = delay
    share = time / BIN - place
    inside = place % WEEK_BINS
    step = clock[inside + 1] - clock[inside]
    while left > step * (1 - share):
        left -= step * (1 - share)
        share = 0.0
        place += 1
        inside = inside + 1 if inside + 1 < WEEK_BINS else 0
        step = clock[inside + 1] - clock[inside]
    return (place + share + left / step) * BIN


@numba.njit(cache=True, nogil=True, inline="always")
def _delay(means: Floats, which: float, how_long: float) -> float:
    mean = means[1] if which < means[2] else means[0]
    return -mean * np.log(1.0 - how_long)


@numba.njit(cache=True, nogil=True, inline="always")
def _done_by(means: Floats, seconds: float) -> float:
    """Share of delays at most so many waking seconds."""
    if seconds > 40.0 * max(means[0], means[1]):
        return 1.0
    return 1.0 - (1 - means[2]) * np.exp(-seconds / means[0]) - means[2] * np.exp(-seconds / means[1])


@numba.njit(cache=True, nogil=True, inline="always")
def _attention(clock: Floats, time: float) -> float:
    """Return how attentive followers are to what appears now: people asleep see it later, or not."""
    inside = int(time // BIN) % WEEK_BINS
    return 0.7 + 0.3 * (clock[inside + 1] - clock[inside]) / BIN


@numba.njit(cache=True, nogil=True, inline="always")
def match(interest: npt.NDArray[np.float32], first: int, second: int) -> float:
    """How alike the interests of two accounts are, 0 to 1 (cosine)."""
    total = 0.0
    for k in range(interest.shape[1]):
        total += interest[first, k] * interest[second, k]
    return total


@numba.njit(cache=True, nogil=True, inline="always")
def _seen_at(stage: Stage, sighting: np.uint64, viewer: int, time: float) -> float:
    """Return when a viewer sees what appears at a time; the end of the study or later if never."""
    if _uniform(sighting, SEEN) >= stage.sees[viewer] * _attention(stage.clock, time):
        return np.inf
    delay = _delay(stage.seen_delay, _uniform(sighting, HASTE), _uniform(sighting, DELAY))
    return _after(stage.clock, time, delay)


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
        if not stage.made[p]:
            continue
        author = stage.post_author[p]
        exposer, shown, level = author, stage.post_time[p], 0
        following = size
        while True:
            chance = stage.rates[2] * stage.post_appeal[p] * (stage.rates[3] if level else 1.0)
            for i in range(stage.in_start[exposer], stage.in_start[exposer + 1]):
                v = stage.in_follower[i]
                if stage.in_since[i] > shown or done[v] == p or v == author or not stage.reposts_others[v]:
                    continue
                trait = _uniform(keys.viewer[v] ^ keys.post[p], REPOST)
                if trait >= chance or trait >= chance * match(stage.interest, v, author):
                    continue
                sighting = _mix(keys.viewer[v] ^ keys.exposer[exposer] ^ keys.post[p])
                seen = _seen_at(stage, sighting, v, shown)
                seen += 30.0 + 570.0 * _uniform(sighting, REACTS)
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
def _gather(
    stage: Stage, keys: Keys, reposts: Reposts, v: int, into: Sightings, only_persuasive: bool
) -> int:
    """List what an account sees in a run."""
    size = 0
    width = stage.end * 2
    for i in range(stage.out_start[v], stage.out_start[v + 1]):
        e, since = stage.out_followed[i], stage.out_since[i]
        link = keys.viewer[v] ^ keys.exposer[e]
        if stage.persuasion[e] > 0 or not only_persuasive:
            for p in range(stage.post_start[e], stage.post_start[e + 1]):
                shown = stage.post_time[p]
                if shown < since or not stage.made[p]:
                    continue
                sighting = _mix(link ^ keys.post[p])
                seen = _seen_at(stage, sighting, v, shown)
                if seen < stage.end:
                    into.key[size], into.hash[size] = e * width + seen, sighting
                    into.post[size], into.exposer[size] = p, e
                    size += 1
        for r in range(reposts.start[e], reposts.start[e + 1]):
            p, shown = reposts.post[r], reposts.time[r]
            author = stage.post_author[p]
            if shown < since or author == v or (only_persuasive and stage.persuasion[author] == 0):
                continue
            sighting = _mix(link ^ keys.post[p])
            seen = _seen_at(stage, sighting, v, shown)
            if seen < stage.end:
                into.key[size], into.hash[size] = author * width + seen, sighting
                into.post[size], into.exposer[size] = p, e
                size += 1
    return size


@numba.njit(cache=True, nogil=True, inline="always")
def _force(stage: Stage, v: int, author: int) -> float:
    """Return the chance that a first sighting of an author's post makes an account buy."""
    alike = stage.match_floor + (1 - stage.match_floor) * match(stage.interest, v, author)
    return stage.persuasion[author] * stage.susceptibility[v] * alike


@numba.njit(cache=True, nogil=True)
def _responses(stage: Stage, force: float, seen: Floats, size: int, into: Floats) -> None:
    """Fill in the chance that each sighting of one source causes a purchase, given the ones before it."""
    first = 0
    for i in range(size):
        while seen[i] - seen[first] > stage.saturation_seconds:
            first += 1
        into[i] = min(MAX_CHANCE, force * (1 - stage.saturation) ** (i - first))


@numba.njit(cache=True, nogil=True)
def _weigh(stage: Stage, force: float, seen: Floats, size: int, chance: Floats) -> tuple[float, float, float]:
    """Return expected purchases without saturation, with it, and the chance of none, within the study."""
    plain, caused, none = 0.0, 0.0, 1.0
    awake_end = awake_seconds(stage.clock, stage.end)
    _responses(stage, force, seen, size, chance)
    for i in range(size):
        in_time = _done_by(stage.buy_delay, awake_end - awake_seconds(stage.clock, seen[i]))
        plain += min(MAX_CHANCE, force) * in_time
        caused += chance[i] * in_time
        none *= 1 - chance[i] * in_time
    return plain, caused, none


@numba.njit(cache=True, nogil=True)
def effects(stage: Stage, keys: Keys, reposts: Reposts, once_only: bool) -> tuple[Floats, Floats, Floats]:
    """Return the purchases each account causes in a run: directly, with reposts; and sums over all accounts.

    The sums are what would be caused without saturation, and with it, if nobody stopped after one purchase.
    Everything is expected given who sees what, so that no chance of buying is left in it.
    """
    direct, total, sums = np.zeros(stage.sees.size), np.zeros(stage.sees.size), np.zeros(2)
    most = most_sightings(stage, reposts)
    into = room(most)
    seen, again, chance = np.empty(most), np.empty(most), np.empty(most)
    authors, none_of, none_again = np.empty(most, np.int64), np.empty(most), np.empty(most)
    for v in range(stage.sees.size):
        size = _gather(stage, keys, reposts, v, into, True) if stage.sees[v] > 0 else 0
        order = np.argsort(into.key[:size], kind="mergesort")
        at, groups, none = 0, 0, np.exp(-stage.anyway[v])
        while at < size:
            author = stage.post_author[into.post[order[at]]]
            n, m = 0, 0
            while at < size and stage.post_author[into.post[order[at]]] == author:
                seen[n] = into.key[order[at]] - author * stage.end * 2
                if into.exposer[order[at]] != author:
                    again[m] = seen[n]
                    m += 1
                n += 1
                at += 1
            force = _force(stage, v, author)
            plain, caused, none_of[groups] = _weigh(stage, force, seen, n, chance)
            _, caused_again, none_again[groups] = _weigh(stage, force, again, m, chance)
            sums[0] += plain
            sums[1] += caused
            none *= none_of[groups]
            authors[groups] = author
            groups += 1
            if not once_only:
                total[author] += caused
                direct[author] += caused - caused_again
        if once_only:
            for g in range(groups):
                none_else = none / none_of[g]
                total[authors[g]] += none_else * (1 - none_of[g])
                direct[authors[g]] += none_else * (none_again[g] - none_of[g])
    return direct, total, sums


class Acts(NamedTuple):
    """What viewers did: account, kind (0 like, 1 reply, 2 purchase), post, second, and whether by a repost."""

    account: Ints
    kind: Ints
    post: Ints
    time: Floats
    spread: Ints


@numba.njit(cache=True, nogil=True)
def act(stage: Stage, keys: Keys, reposts: Reposts) -> tuple[Acts, npt.NDArray[np.int64]]:
    """Return likes and replies (once per sighting, to be made unique), caused purchases, and views per post."""
    most = most_sightings(stage, reposts)
    into = room(most)
    seen, chance = np.empty(most), np.empty(most)
    views = np.zeros(stage.post_time.size, np.int64)
    what = np.empty((4, 1024), np.int64)
    when = np.empty(1024)
    done = 0
    for v in range(stage.sees.size):
        size = _gather(stage, keys, reposts, v, into, False) if stage.sees[v] > 0 else 0
        order = np.argsort(into.key[:size], kind="mergesort")
        at = 0
        while at < size:
            first = at
            author = stage.post_author[into.post[order[at]]]
            while at < size and stage.post_author[into.post[order[at]]] == author:
                seen[at - first] = into.key[order[at]] - author * stage.end * 2
                at += 1
            _responses(stage, _force(stage, v, author), seen, at - first, chance)
            alike = match(stage.interest, v, author)
            for i in range(at - first):
                s = order[first + i]
                p = into.post[s]
                views[p] += 1
                if done + 3 > when.size:
                    what, when = _grown_rows(what), _grown(when)
                trait = keys.viewer[v] ^ keys.post[p]
                likely = stage.post_appeal[p] * alike
                for kind in range(3):
                    time = seen[i] + 5.0 + 295.0 * _uniform(into.hash[s], REACTS)
                    if kind == 0:
                        happens = _uniform(trait, LIKE) < stage.rates[0] * likely
                    elif kind == 1:
                        happens = _uniform(trait, REPLY) < stage.rates[1] * likely
                    else:
                        happens = _uniform(into.hash[s], BUYS) < chance[i]
                        if happens:
                            time = _bought_at(stage, into.hash[s], seen[i])
                    if happens and time < stage.end:
                        what[0, done], what[1, done], what[2, done] = v, kind, p
                        what[3, done] = into.exposer[s] != author
                        when[done] = time
                        done += 1
    return Acts(what[0, :done], what[1, :done], what[2, :done], when[:done], what[3, :done]), views


@numba.njit(cache=True, nogil=True)
def _bought_at(stage: Stage, sighting: np.uint64, seen: float) -> float:
    delay = _delay(stage.buy_delay, _uniform(sighting, BUY_HASTE), _uniform(sighting, BUY_DELAY))
    return _after(stage.clock, seen, delay)


@numba.njit(cache=True, nogil=True)
def _grown_rows(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    larger = np.empty((values.shape[0], values.shape[1] * 2), np.int64)
    larger[:, : values.shape[1]] = values
    return larger


@numba.njit(cache=True, nogil=True)
def sightings(
    stage: Stage, keys: Keys, reposts: Reposts, count: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32], Floats, Floats]:
    """List all sightings of a run: viewer, post, exposer, second, chance that it causes a purchase."""
    most = most_sightings(stage, reposts)
    into = room(most)
    seen, chance = np.empty(most), np.empty(most)
    viewer, post, exposer = np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count, np.int32)
    time, response = np.empty(count), np.empty(count)
    done = 0
    for v in range(stage.sees.size):
        size = _gather(stage, keys, reposts, v, into, False) if stage.sees[v] > 0 else 0
        order = np.argsort(into.key[:size], kind="mergesort")
        at = 0
        while at < size:
            first = at
            author = stage.post_author[into.post[order[at]]]
            while at < size and stage.post_author[into.post[order[at]]] == author:
                seen[at - first] = into.key[order[at]] - author * stage.end * 2
                at += 1
            _responses(stage, _force(stage, v, author), seen, at - first, chance)
            for i in range(at - first):
                s = order[first + i]
                viewer[done], post[done], exposer[done] = v, into.post[s], into.exposer[s]
                time[done], response[done] = seen[i], chance[i]
                done += 1
    return viewer, post, exposer, time, response
