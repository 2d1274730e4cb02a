"""Compiled loops over outcomes and the niches by whose hours each account may go: plain arrays."""

import numba
import numpy as np
import numpy.typing as npt

from influgraph.influence._arrays import Floats, Ints


@numba.njit(cache=True, nogil=True)
def mix_rates(account: Ints, hour: Ints, start: Ints, niche: Ints, share: Floats, rate: Floats) -> Floats:
    """Rate (hours x niches) at each outcome's hour, of the niches of its account by their `share`.

    `niche[start[u]:start[u + 1]]` are those of account u.
    """
    mixed = np.empty(account.size)
    for i in range(account.size):
        whole, now = 0.0, rate[hour[i]]
        for k in range(start[account[i]], start[account[i] + 1]):
            whole += share[k] * now[niche[k]]
        mixed[i] = whole
    return mixed


@numba.njit(cache=True, nogil=True)
def draw_niches(
    account: Ints, hour: Ints, start: Ints, niche: Ints, share: Floats, rate: Floats, uniform: Floats
) -> npt.NDArray[np.int64]:
    """Draw by which niche of its account each outcome goes: a place in `niche`. Arguments as `mix_rates`."""
    chosen = np.empty(account.size, np.int64)
    for i in range(account.size):
        first, last, now = start[account[i]], start[account[i] + 1], rate[hour[i]]
        whole = 0.0
        for k in range(first, last):
            whole += share[k] * now[niche[k]]
        wanted, k = uniform[i] * whole, first
        while k < last - 1 and wanted >= share[k] * now[niche[k]]:
            wanted -= share[k] * now[niche[k]]
            k += 1
        chosen[i] = k
    return chosen
