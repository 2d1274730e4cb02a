"""Compiled loops over the windows after broadcasts: plain arrays in, plain arrays out (see `_kernels`)."""

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from influgraph.influence._arrays import Floats, Ints
from influgraph.influence._kernels import first_at_least


@numba.njit(cache=True, nogil=True)
def list_windows(
    follow_start: Ints,
    followed: Ints,
    follow_time: Floats,
    risk_end: Floats,
    broadcast_start: Ints,
    broadcast_time: Floats,
    broadcast_niche: Ints,
    group: Ints,
    groups: int,
    mode: Ints,
    modes: int,
    stratum: Ints,
    study_end: float,
    window: float,
) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints, Floats]:
    """Windows after broadcasts by account and group: whole ones counted, those cut short one by one.

    Account, group, stratum and number of the whole ones; account, group, stratum and seconds of the others.
    `stratum` is accounts x niches; windows have `modes` times that, and the mode of the broadcast more.
    """
    room = max(follow_start[-1] - follow_start[0], 1)
    keys, kinds = np.empty((3, room), np.int32), np.empty(room, np.int16)
    cut, cut_kinds, length = np.empty((2, room), np.int32), np.empty(room, np.int16), np.empty(room)
    number = cuts = 0
    room = groups * (modes // 2)  # groups are of own posts or of reposts, and of all sights
    count, kind, seen = np.zeros(room, np.int32), np.empty(room, np.int16), np.empty(room, np.int32)
    for account in range(follow_start.size - 1):
        end_of_risk = min(risk_end[account], study_end)
        distinct = 0
        for f in range(follow_start[account], follow_start[account + 1]):
            start, end = broadcast_start[followed[f]], broadcast_start[followed[f] + 1]
            for b in range(first_at_least(broadcast_time, start, end, follow_time[f]), end):
                if broadcast_time[b] >= end_of_risk:
                    break
                g = group[b] + groups * (mode[b] // 2)
                of = modes * stratum[account, broadcast_niche[b]] + mode[b]
                if broadcast_time[b] + window <= end_of_risk:
                    if count[g] == 0:
                        seen[distinct], kind[g] = g, of
                        distinct += 1
                    count[g] += 1
                    continue
                if cuts == length.size:
                    cut, cut_kinds, length = _roomy(cut), _room(cut_kinds), _room(length)
                cut[0, cuts], cut[1, cuts], cut_kinds[cuts] = account, group[b], of
                length[cuts] = end_of_risk - broadcast_time[b]
                cuts += 1
        while number + distinct > kinds.size:
            keys, kinds = _roomy(keys), _room(kinds)
        for g in seen[:distinct]:
            keys[0, number], keys[1, number], keys[2, number] = account, g % groups, count[g]
            kinds[number] = kind[g]
            number += 1
            count[g] = 0
    keys, cut = keys[:, :number].copy(), cut[:, :cuts].copy()
    counted = keys[0], keys[1], kinds[:number].copy(), keys[2]
    return *counted, cut[0], cut[1], cut_kinds[:cuts].copy(), length[:cuts].copy()


@numba.njit(cache=True, nogil=True)
def _room(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same with twice the room."""
    more = np.empty(2 * values.size, values.dtype)
    more[: values.size] = values
    return more


@numba.njit(cache=True, nogil=True)
def _roomy(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same with twice the room in every row."""
    more = np.empty((rows.shape[0], 2 * rows.shape[1]), rows.dtype)
    more[:, : rows.shape[1]] = rows
    return more


@numba.njit(cache=True, nogil=True)
def weigh_windows(
    account: Ints,
    group: Ints,
    stratum: Ints,
    count: Ints,
    cut_account: Ints,
    cut_group: Ints,
    cut_stratum: Ints,
    length: Floats,
    weight: Floats,
    groups: int,
    strata: int,
    edges: Floats,
) -> tuple[Floats, Floats]:
    """Weighted windows: whole ones (groups x strata), and those cut short, by the bin they end in.

    Of the latter (groups x strata x bins x 2) also the seconds within that bin.
    """
    whole, ended = np.zeros((groups, strata)), np.zeros((groups, strata, edges.size - 1, 2))
    for i in range(account.size):
        whole[group[i], stratum[i]] += weight[account[i]] * count[i]
    for i in range(cut_account.size):
        j, of = _bin_of(length[i], edges), weight[cut_account[i]]
        ended[cut_group[i], cut_stratum[i], j, 0] += of
        ended[cut_group[i], cut_stratum[i], j, 1] += of * (length[i] - edges[j])
    return whole, ended


@numba.njit(cache=True, nogil=True)
def window_masses(stratum: Ints, length: Floats, kernel: Floats, cumulative: Floats, edges: Floats) -> Floats:
    """Kernel mass of windows of these lengths; `cumulative` is that before each bin, by stratum and bin."""
    bins, masses = edges.size - 1, np.empty(length.size)
    for i in range(length.size):
        j = _bin_of(length[i], edges)
        at = stratum[i] * bins + j
        masses[i] = cumulative[at] + kernel[at] * (length[i] - edges[j])
    return masses


@numba.njit(cache=True, nogil=True)
def _bin_of(length: float, edges: Floats) -> int:
    """Bin of delays that a window of this length ends in: most are long."""
    j = edges.size - 2
    while j > 0 and edges[j] >= length:
        j -= 1
    return j


@numba.njit(cache=True, nogil=True)
def expect_effects(
    account: Ints, group: Ints, kind: Ints, times: Ints, mass: Floats, theta: Floats, accounts: int
) -> Floats:
    """What windows of the mass of their kind, so many times, bring about by account; `theta` is by group."""
    expected = np.zeros(accounts)
    for i in range(account.size):
        expected[account[i]] += theta[group[i]] * mass[kind[i]] * times[i]
    return expected
