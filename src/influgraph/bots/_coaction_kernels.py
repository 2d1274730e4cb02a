"""Compiled loops below `coordination`: plain arrays in, plain arrays out.

Acts are sorted by object, then time. A pair of accounts is one number: lower code x 2^32 + higher.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Ints = npt.NDArray[np.integer[Any]]
Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

DAY = 86_400.0
LOW = np.int64(0xFFFFFFFF)
_MIX = np.uint64(0x9E3779B97F4A7C15)


@njit(nogil=True, cache=True)
def form_units(item: Ints, account: Ints, time: Floats, lasting: Flags, accounts: int) -> tuple[Longs, Flags]:
    """Number the unit of each act, and mark the first act of each account in a unit.

    A unit is an object, or of one that lasts (a link, a tag) what is done within a day of the first act.
    """
    unit, first = np.empty(item.size, np.int64), np.zeros(item.size, np.bool_)
    seen = np.full(accounts, -1, np.int64)
    current, start = np.int64(-1), 0.0
    for act in range(item.size):
        fresh = act == 0 or item[act] != item[act - 1]
        if fresh or (lasting[item[act]] and time[act] - start > DAY):
            current += 1
            start = time[act]
        unit[act] = current
        first[act] = seen[account[act]] != current
        seen[account[act]] = current
    return unit, first


@njit(nogil=True, cache=True)
def order_by(code: Ints, count: int) -> Longs:
    """Places of codes below `count` in ascending order, equal ones as they stand (counting sort)."""
    start = np.zeros(count + 1, np.int64)
    for one in code:
        start[one + 1] += 1
    start = np.cumsum(start)
    order = np.empty(code.size, np.int64)
    for place in range(code.size):
        order[start[code[place]]] = place
        start[code[place]] += 1
    return order


@njit(nogil=True, cache=True)
def count_near(unit: Ints, time: Floats, window: float) -> Longs:
    """How many other acts on the same unit lie within the window of each act, before or after."""
    near = np.zeros(unit.size, np.int64)
    low = high = 0
    for act in range(unit.size):
        while unit[low] != unit[act] or time[act] - time[low] > window:
            low += 1
        high = max(high, act)
        while high + 1 < unit.size and unit[high + 1] == unit[act] and time[high + 1] - time[act] <= window:
            high += 1
        near[act] = high - low
    return near


@njit(nogil=True, cache=True, inline="always")
def _slot(key: int, mask: int) -> int:
    return int(np.int64((np.uint64(key) * _MIX) >> np.uint64(20)) & mask)


@njit(nogil=True, cache=True, inline="always")
def _packed(one: int, other: int) -> int:
    low, high = min(one, other), max(one, other)
    return int((np.int64(low) << 32) | np.int64(high))


@njit(nogil=True, cache=True)
def sketch_pairs(
    unit: Ints, account: Ints, time: Floats, window: float, reach: int, slots: int
) -> npt.NDArray[np.uint8]:
    """Count joint acts of pairs in a table of so many slots, a power of two, where pairs may share a slot."""
    counts = np.zeros(slots, np.uint8)
    for act in range(unit.size):
        other = act + 1
        while (
            other < min(unit.size, act + reach + 1)
            and unit[other] == unit[act]
            and time[other] - time[act] <= window
        ):
            slot = _slot(_packed(account[act], account[other]), slots - 1)
            counts[slot] = min(counts[slot] + 1, 255)
            other += 1
    return counts


@njit(nogil=True, cache=True)
def weigh_slots(counts: npt.NDArray[np.uint8], least: int) -> tuple[int, int, bool]:
    """How many slots were counted, joint acts in those counted so often or more, and if one is full."""
    used, held, full = 0, 0, False
    for slot in range(counts.size):
        used += counts[slot] > 0
        held += counts[slot] if counts[slot] >= least else 0
        full |= counts[slot] == 255
    return used, held, full


@njit(nogil=True, cache=True)
def gather_pairs(
    unit: Ints,
    account: Ints,
    time: Floats,
    window: float,
    reach: int,
    counts: npt.NDArray[np.uint8],
    least: int,
    most: int,
) -> tuple[Longs, Longs, int]:
    """Pairs whose slot was counted at least so often, the row of the earlier act, and how many there were.

    At most `most` are written: where there are more, ask again with a higher `least`.
    """
    pairs, rows = np.empty(most, np.int64), np.empty(most, np.int64)
    found = 0
    for act in range(unit.size):
        other = act + 1
        while (
            other < min(unit.size, act + reach + 1)
            and unit[other] == unit[act]
            and time[other] - time[act] <= window
        ):
            key = _packed(account[act], account[other])
            if counts[_slot(key, counts.size - 1)] >= least:
                if found < most:
                    pairs[found] = key
                    rows[found] = act
                found += 1
            other += 1
    written = min(found, most)
    return pairs[:written].copy(), rows[:written].copy(), found


@njit(nogil=True, cache=True)
def keep_shared(indptr: Longs, indices: Ints, share: float) -> Flags:
    """Mark ties whose ends share this part of the smaller neighbourhood, and two others at least."""
    kept = np.zeros(indices.size, np.bool_)
    for one in range(indptr.size - 1):
        for place in range(indptr[one], indptr[one + 1]):
            other = indices[place]
            a, a_end, b, b_end = indptr[one], indptr[one + 1], indptr[other], indptr[other + 1]
            smaller = min(a_end - a, b_end - b) - 1
            common = 0
            while a < a_end and b < b_end:
                common += indices[a] == indices[b]
                step_a, step_b = indices[a] <= indices[b], indices[b] <= indices[a]
                a += step_a
                b += step_b
            kept[place] = common >= 2 and common >= share * smaller
    return kept


@njit(nogil=True, cache=True)
def prune_to_core(indptr: Longs, indices: Ints, least: int) -> Flags:
    """Mark accounts of the core in which everyone has at least so many ties."""
    degree = np.diff(indptr)
    inside = np.ones(degree.size, np.bool_)
    stack = np.empty(degree.size, np.int64)
    height = 0
    for one in range(degree.size):
        if degree[one] < least:
            inside[one] = False
            stack[height] = one
            height += 1
    while height:
        height -= 1
        one = stack[height]
        for place in range(indptr[one], indptr[one + 1]):
            other = indices[place]
            degree[other] -= 1
            if inside[other] and degree[other] < least:
                inside[other] = False
                stack[height] = other
                height += 1
    return inside


@njit(nogil=True, cache=True)
def mark_prompted(
    unit: Ints, account: Ints, time: Floats, start: Longs, followed: Ints, accounts: int, least: float
) -> Flags:
    """Mark acts on what an account that the actor follows had acted on, so many seconds before or more.

    `followed` are sorted by follower, from `start[account]` on.
    """
    prompted = np.zeros(unit.size, np.bool_)
    acted, when = np.full(accounts, -1, np.int64), np.zeros(accounts, np.float64)
    for act in range(unit.size):
        one = account[act]
        for place in range(start[one], start[one + 1]):
            other = followed[place]
            if acted[other] == unit[act] and time[act] - when[other] >= least:
                prompted[act] = True
                break
        acted[one], when[one] = unit[act], time[act]
    return prompted


@njit(nogil=True, cache=True)
def _company(time: Floats, window: float) -> float:
    """How many of the others are within the window of each, on average; of sorted times."""
    pairs, low = 0, 0
    for act in range(time.size):
        while time[act] - time[low] > window:
            low += 1
        pairs += act - low
    return 2.0 * pairs / time.size


@njit(nogil=True, cache=True)
def count_company(unit: Ints, time: Floats, window: float, weight: Floats) -> float:
    """Sum over units of how many of the other acts there are within the window of each act, on average.

    A unit counts by the `weight` of its acts.
    """
    total, first = 0.0, 0
    for act in range(1, unit.size + 1):
        if act == unit.size or unit[act] != unit[first]:
            if act - first > 1:
                total += weight[first] * _company(time[first:act], window)
            first = act
    return total


@njit(nogil=True, cache=True, inline="always")
def _uniform(seed: Any, at: Any) -> float:  # noqa: ANN401 (unsigned numbers of 64 bits)
    value = seed + at * _MIX
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.float64((value ^ (value >> np.uint64(31))) >> np.uint64(11)) / 9007199254740992.0


@njit(nogil=True, cache=True)
def draw_company(
    chance: npt.NDArray[np.float64],
    since: Floats,
    own_start: Longs,
    own_delay: Floats,
    own_share: Floats,
    delay: Floats,
    clock: Floats,
    window: float,
    boost: npt.NDArray[np.float64],
    weight: Floats,
    seed: int,
) -> Floats:
    """Draw what `count_company` would count, where members act each on their own.

    `chance[unit, member]`: expected acts; `since[unit]`: when it appeared; `own_delay`: delays of others'
    acts on the unit, from `own_start[unit]` on; `delay`: delays of members' acts; `own_share[unit]`: how
    often the
    former are drawn. A time is kept with the chance of its hour of the week in `clock`.
    `boost[run, unit]`: how much more appealing the unit is than it seems; `weight[unit]`: by which it counts.
    """
    units, members = chance.shape
    result = np.zeros(boost.shape[0], np.float64)
    times, highest = np.empty(members, np.float64), np.zeros(units, np.float64)
    for unit in range(units):
        highest[unit] = chance[unit].max()
    key, at = np.uint64(seed), np.uint64(0)
    one = np.uint64(1)
    for run in range(result.size):
        for unit in range(units):
            count, member = 0, -1
            own = own_start[unit + 1] - own_start[unit]
            most = 1.0 - np.exp(-highest[unit] * boost[run, unit])
            while most > 0.0:
                at += one
                member += 1 + (0 if most > 0.5 else int(np.log1p(-_uniform(key, at)) / np.log1p(-most)))
                if member < 0 or member >= members:
                    break
                at += one
                here = _uniform(key, at) * (1.0 if most > 0.5 else most)
                if here > 1.0 - np.exp(-chance[unit, member] * boost[run, unit]):
                    continue
                moment = since[unit]
                for _ in range(12):
                    at += one
                    mine = own == 0 or _uniform(key, at) >= own_share[unit]
                    at += one
                    if mine:
                        moment = since[unit] + delay[int(_uniform(key, at) * delay.size)]
                    else:
                        moment = since[unit] + own_delay[own_start[unit] + int(_uniform(key, at) * own)]
                    at += one
                    if _uniform(key, at) < clock[int(np.floor(moment / 3600.0)) % 168]:
                        break
                times[count] = moment
                count += 1
            if count > 1:
                result[run] += weight[unit] * _company(np.sort(times[:count]), window)
    return result
