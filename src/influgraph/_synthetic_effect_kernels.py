"""Compiled loops of the synthetic world: what those who see a post do, and would not have done without it."""

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from influgraph._synthetic_kernels import (
    BUY_DELAY,
    BUYS,
    LIKE,
    MAX_CHANCE,
    REACTS,
    REPLY,
    Floats,
    Ints,
    Keys,
    Reposts,
    Sightings,
    Stage,
    after,
    awake_seconds,
    done_by,
    draw_delay,
    gather,
    match,
    most_sightings,
    room,
    uniform,
)


@numba.njit(cache=True, nogil=True, inline="always")
def _openness(stage: Stage, v: int, author: int) -> float:
    """Return how open an account is to what an author shows: susceptibility x match."""
    alike = match(stage.interest, v, author)
    return float(stage.susceptibility[v] * (stage.match_floor + (1 - stage.match_floor) * alike))


@numba.njit(cache=True, nogil=True)
def _fill_freshness(freshness: Floats, memory: float, seen: Floats, size: int, into: Floats) -> None:
    """Fill in what the sightings of the same source before each one leave of its effect."""
    first, last = 0, freshness.size - 1
    for i in range(size):
        while seen[i] - seen[first] > memory:
            first += 1
        into[i] = freshness[min(i - first, last)]


@numba.njit(cache=True, nogil=True)
def _fill_in_time(
    clock: Floats, buy_delay: Floats, end: float, settled: float, seen: Floats, size: int, into: Floats
) -> None:
    """Fill in the share of purchases caused by each sighting that are made before the end."""
    awake_end = awake_seconds(clock, end)
    for i in range(size):
        into[i] = 1.0
        if seen[i] > settled:
            into[i] = done_by(buy_delay, awake_end - awake_seconds(clock, seen[i]))


@numba.njit(cache=True, nogil=True)
def _weigh(force: float, fresh: Floats, in_time: Floats, size: int) -> tuple[float, float, float]:
    """Return expected purchases without saturation, with it, and the chance of none."""
    plain, caused, none = 0.0, 0.0, 1.0
    for i in range(size):
        chance = min(MAX_CHANCE, force * fresh[i]) * in_time[i]
        plain += min(MAX_CHANCE, force) * in_time[i]
        caused += chance
        none *= 1 - chance
    return plain, caused, none


@numba.njit(cache=True, nogil=True)
def effects(stage: Stage, keys: Keys, reposts: Reposts, once_only: int) -> tuple[Floats, Floats, Floats]:
    """Return the purchases each account causes in a run: directly, with reposts; and sums over all accounts.

    The sums are what would be caused without saturation, and with it, if nobody stopped after one purchase.
    Everything is expected given who sees what, so that no chance of buying is left in it.
    """
    direct, total, sums = np.zeros(stage.sees.size), np.zeros(stage.sees.size), np.zeros(2)
    most = most_sightings(stage, reposts)
    into = room(most)
    seen, again, fresh, in_time = np.empty(most), np.empty(most), np.empty(most), np.empty(most)
    authors, none_of, none_again = np.empty(most, np.int64), np.empty(most), np.empty(most)
    for v in range(stage.sees.size):
        size = gather(stage, keys, reposts, v, into, 1) if stage.sees[v] > 0 else 0
        order = np.argsort(into.key[:size], kind="mergesort")
        at, groups, none = 0, 0, np.exp(-stage.anyway[v])
        while at < size:
            first, at = at, _fill_seen(stage, into, order, at, seen)
            author = stage.post_author[into.post[order[first]]]
            n, m = at - first, 0
            for i in range(n):
                if into.exposer[order[first + i]] != author:
                    again[m] = seen[i]
                    m += 1
            force = stage.persuasion[author] * _openness(stage, v, author)
            _fill_freshness(stage.freshness, stage.saturation_seconds, seen, n, fresh)
            _fill_in_time(stage.clock, stage.buy_delay, stage.end, stage.settled, seen, n, in_time)
            plain, caused, none_of[groups] = _weigh(force, fresh, in_time, n)
            _fill_freshness(stage.freshness, stage.saturation_seconds, again, m, fresh)
            _fill_in_time(stage.clock, stage.buy_delay, stage.end, stage.settled, again, m, in_time)
            _, caused_again, none_again[groups] = _weigh(force, fresh, in_time, m)
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
    """Account, kind (0 like, 1 reply, 2 purchase), post, exposer and second of acts, and when it was seen."""

    account: Ints
    kind: Ints
    post: Ints
    exposer: Ints
    time: Floats
    seen: Floats


@numba.njit(cache=True, nogil=True)
def act(stage: Stage, keys: Keys, reposts: Reposts) -> tuple[Acts, npt.NDArray[np.int64], Floats]:
    """Return likes and replies (once per sighting, to be made unique), caused purchases, and views per post.

    Last come two sums over sightings of authors' own followers: their number, and their delays in seconds.
    """
    into = room(most_sightings(stage, reposts))
    seen, fresh = np.empty(into.key.size), np.empty(into.key.size)
    views, sums = np.zeros(stage.post_time.size, np.int64), np.zeros(2)
    what, when = np.empty((4, 1024), np.int64), np.empty((2, 1024))
    done = 0
    for v in range(stage.sees.size):
        size = gather(stage, keys, reposts, v, into, 0) if stage.sees[v] > 0 else 0
        order = np.argsort(into.key[:size], kind="mergesort")
        at = 0
        while at < size:
            first, at = at, _fill_seen(stage, into, order, at, seen)
            author = stage.post_author[into.post[order[first]]]
            _fill_freshness(stage.freshness, stage.saturation_seconds, seen, at - first, fresh)
            alike = match(stage.interest, v, author)
            force = stage.persuasion[author] * _openness(stage, v, author)
            for i in range(at - first):
                s = order[first + i]
                p, sighting = into.post[s], into.hash[s]
                views[p] += 1
                if into.exposer[s] == author:
                    sums[0] += 1
                    sums[1] += seen[i] - stage.post_time[p]
                if done + 3 > when.shape[1]:
                    what, when = _grown_rows(what), _grown_times(when)
                trait = keys.viewer[v] ^ keys.post[p]
                likely = stage.post_appeal[p] * alike
                reacted = seen[i] + 5.0 + 295.0 * uniform(sighting, REACTS)
                for kind in range(3):
                    time = reacted
                    if kind == 0:
                        happens = uniform(trait, LIKE) < stage.rates[0] * likely
                    elif kind == 1:
                        happens = uniform(trait, REPLY) < stage.rates[1] * likely
                    else:
                        happens = uniform(sighting, BUYS) < force * fresh[i]
                        if happens:
                            delay = draw_delay(stage.buy_delay, uniform(sighting, BUY_DELAY))
                            time = after(stage.clock, seen[i], delay)
                    if happens and time < stage.end:
                        what[0, done], what[1, done] = v, kind
                        what[2, done], what[3, done] = p, into.exposer[s]
                        when[0, done], when[1, done] = time, seen[i]
                        done += 1
    what, when = what[:, :done], when[:, :done]
    return Acts(what[0], what[1], what[2], what[3], when[0], when[1]), views, sums


@numba.njit(cache=True, nogil=True)
def _fill_seen(stage: Stage, into: Sightings, order: npt.NDArray[np.int64], first: int, seen: Floats) -> int:
    """Fill in when the sightings of one source were, from a place in their order on; return their end."""
    author = stage.post_author[into.post[order[first]]]
    at = first
    while at < order.size and stage.post_author[into.post[order[at]]] == author:
        seen[at - first] = into.key[order[at]] - author * stage.end * 2
        at += 1
    return at


@numba.njit(cache=True, nogil=True)
def _grown_rows(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    larger = np.empty((values.shape[0], values.shape[1] * 2), np.int64)
    larger[:, : values.shape[1]] = values
    return larger


@numba.njit(cache=True, nogil=True)
def _grown_times(values: Floats) -> Floats:
    larger = np.empty((values.shape[0], values.shape[1] * 2))
    larger[:, : values.shape[1]] = values
    return larger


@numba.njit(cache=True, nogil=True)
def sightings(
    stage: Stage, keys: Keys, reposts: Reposts, count: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32], Floats, Floats]:
    """List all sightings of a run: viewer, post, exposer, second, openness x freshness."""
    into = room(most_sightings(stage, reposts))
    seen, fresh = np.empty(into.key.size), np.empty(into.key.size)
    viewer, post, exposer = np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count, np.int32)
    time, response = np.empty(count), np.empty(count)
    done = 0
    for v in range(stage.sees.size):
        size = gather(stage, keys, reposts, v, into, 0) if stage.sees[v] > 0 else 0
        order = np.argsort(into.key[:size], kind="mergesort")
        at = 0
        while at < size:
            first, at = at, _fill_seen(stage, into, order, at, seen)
            _fill_freshness(stage.freshness, stage.saturation_seconds, seen, at - first, fresh)
            openness = _openness(stage, v, stage.post_author[into.post[order[first]]])
            for i in range(at - first):
                s = order[first + i]
                viewer[done], post[done], exposer[done] = v, into.post[s], into.exposer[s]
                time[done], response[done] = seen[i], openness * fresh[i]
                done += 1
    return viewer, post, exposer, time, response
