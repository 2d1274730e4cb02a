"""Compiled loops over members and the outcomes of each: plain arrays in, plain arrays out.

A class has a level, a receptiveness and a weight. `order[start[u]:start[u + 1]]` are the outcomes of member
u; `baseline` and `caused` are their intensities at a level and a receptiveness of one, `expected` and
`exposed` their expected numbers.
"""

import numba
import numpy as np
import numpy.typing as npt

from influgraph.influence._arrays import Floats, Ints

Singles = npt.NDArray[np.float32]  # twice as many at a time; means are wanted to three digits
_TINY = np.float32(1e-25)
_FAST = {"reassoc", "contract", "nsz"}


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def judge_members(
    first: int,
    last: int,
    start: Ints,
    order: Ints,
    baseline: Floats,
    caused: Floats,
    expected: Floats,
    exposed: Floats,
    levels: Singles,
    receptive: Singles,
    weights: Singles,
    member: Floats,
    apart: Floats,
) -> Floats:
    """Posterior means of what members `first` to `last` are like, and how much each class is used.

    `member` (2 x members) receives the means given all outcomes of the member, `apart` (2 x outcomes) those
    given all others.
    """
    used, chance = np.zeros(weights.size), np.empty(weights.size, np.float32)
    for u in range(first, last):
        own = order[start[u] : start[u + 1]]
        _weigh_classes(own, baseline, caused, expected[u], exposed[u], levels, receptive, weights, chance)
        level = receives = np.float32(0.0)
        for k in range(weights.size):
            used[k] += chance[k]
            level += chance[k] * levels[k]
            receives += chance[k] * receptive[k]
        member[0, u], member[1, u] = level, receives
        for i in own:
            scale = 1.0 / (baseline[i] + caused[i])
            anyway, moved = np.float32(baseline[i] * scale), np.float32(caused[i] * scale)
            whole = level = receives = np.float32(0.0)
            for k in range(weights.size):
                part = chance[k] / (levels[k] * anyway + receptive[k] * moved + np.float32(1e-12))
                whole += part
                level += part * levels[k]
                receives += part * receptive[k]
            apart[0, i], apart[1, i] = level / whole, receives / whole
    return used


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def draw_members(
    first: int,
    last: int,
    start: Ints,
    order: Ints,
    baseline: Floats,
    caused: Floats,
    expected: Floats,
    exposed: Floats,
    levels: Singles,
    receptive: Singles,
    weights: Singles,
    uniform: Floats,
    drawn: Floats,
) -> Floats:
    """Draw what members `first` to `last` are like (`drawn`, 2 x members); how much each class is used."""
    used, chance = np.zeros(weights.size), np.empty(weights.size, np.float32)
    for u in range(first, last):
        own = order[start[u] : start[u + 1]]
        _weigh_classes(own, baseline, caused, expected[u], exposed[u], levels, receptive, weights, chance)
        wanted, chosen = uniform[u], weights.size - 1
        for k in range(weights.size):
            used[k] += chance[k]
            wanted -= chance[k]
            if wanted <= 0:
                chosen = k
                wanted = np.inf
        drawn[0, u], drawn[1, u] = levels[chosen], receptive[chosen]
    return used


# Inlined: a helper from the cache is not optimised as one compiled beside its caller, and rounds otherwise.
@numba.njit(cache=True, nogil=True, fastmath=_FAST, inline="always")
def _weigh_classes(
    own: Ints,
    baseline: Floats,
    caused: Floats,
    expected: float,
    exposed: float,
    levels: Singles,
    receptive: Singles,
    weights: Singles,
    chance: Singles,
) -> None:
    """Write to `chance` how probable each class is of a member with these `own` outcomes."""
    # The toll of what is expected is paid outcome by outcome, so that products stay within range.
    share = 1.0 / max(len(own), 1)
    toll = np.exp(-(levels * np.float32(expected * share) + receptive * np.float32(exposed * share)))
    for k in range(weights.size):
        chance[k] = weights[k] if len(own) else weights[k] * toll[k]
    for i in own:
        scale = 1.0 / (baseline[i] + caused[i])
        anyway, moved = np.float32(baseline[i] * scale), np.float32(caused[i] * scale)
        for k in range(weights.size):
            chance[k] *= (levels[k] * anyway + receptive[k] * moved) * toll[k]
        whole = chance.sum()
        if whole < _TINY or whole > np.float32(1.0) / _TINY:
            chance /= max(whole, np.float32(1e-37))
    chance /= max(chance.sum(), np.float32(1e-37))
