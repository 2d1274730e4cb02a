"""Compiled loops over members and the outcomes of each: plain arrays in, plain arrays out.

A class has a level and a receptiveness, and a weight in each third of members; those of one level stand side
by side, with the same kinds of receptiveness each. `start[u]` to `start[u + 1]` are the outcomes of member u;
`baseline` and `caused` are their intensities at a level and a receptiveness of one, `expected` and `exposed`
their expected numbers.
"""

import numba
import numpy as np
import numpy.typing as npt

from influgraph.influence._arrays import Floats, Ints

Singles = npt.NDArray[np.float32]  # twice as many at a time; means are wanted to three digits
_TINY = np.float32(1e-25)
_FAST = {"reassoc", "contract", "nsz"}
# Divisions are as in numpy: those that look out for zero are done one at a time.


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def judge_members(
    first: int,
    last: int,
    start: Ints,
    baseline: Floats,
    caused: Floats,
    expected: Floats,
    exposed: Floats,
    levels: Singles,
    receptive: Singles,
    weights: Singles,
    third: Ints,
    member: Floats,
    apart: Floats,
) -> Floats:
    """Posterior means of what members `first` to `last` are like, and how much each class is used.

    `member` (2 x members) receives the means given all outcomes of the member, `apart` (2 x outcomes) those
    given all others.
    """
    used, chance, toll = np.zeros(weights.shape), np.empty_like(levels), np.empty_like(levels)
    for u in range(first, last):
        own, owed = (start[u], start[u + 1]), (expected[u], exposed[u])
        _weigh_classes(own, owed, baseline, caused, levels, receptive, weights[third[u]], toll, chance)
        level = receives = np.float32(0.0)
        for k in range(levels.size):
            used[third[u], k] += chance[k]
            level += chance[k] * levels[k]
            receives += chance[k] * receptive[k]
        member[0, u], member[1, u] = level, receives
        for i in range(start[u], start[u + 1]):
            scale = 1.0 / (baseline[i] + caused[i])
            anyway, moved = np.float32(baseline[i] * scale), np.float32(caused[i] * scale)
            whole = level = receives = np.float32(0.0)
            for k in range(levels.size):
                part = chance[k] / (levels[k] * anyway + receptive[k] * moved + np.float32(1e-12))
                whole += part
                level += part * levels[k]
                receives += part * receptive[k]
            apart[0, i], apart[1, i] = level / whole, receives / whole
    return used


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def draw_members(
    first: int,
    last: int,
    start: Ints,
    baseline: Floats,
    caused: Floats,
    expected: Floats,
    exposed: Floats,
    levels: Singles,
    receptive: Singles,
    weights: Singles,
    third: Ints,
    uniform: Floats,
    drawn: Floats,
) -> Floats:
    """Draw what members `first` to `last` are like (`drawn`, 2 x members); how much each class is used."""
    used, chance, toll = np.zeros(weights.shape), np.empty_like(levels), np.empty_like(levels)
    for u in range(first, last):
        own, owed = (start[u], start[u + 1]), (expected[u], exposed[u])
        _weigh_classes(own, owed, baseline, caused, levels, receptive, weights[third[u]], toll, chance)
        wanted, chosen = uniform[u], levels.size - 1
        for k in range(levels.size):
            used[third[u], k] += chance[k]
        for k in range(levels.size):
            wanted -= chance[k]
            if wanted <= 0:
                chosen = k
                break
        drawn[0, u], drawn[1, u] = levels[chosen], receptive[chosen]
    return used


@numba.njit(cache=True, nogil=True, error_model="numpy")
def log_likelihood(
    first: int,
    last: int,
    start: Ints,
    baseline: Floats,
    caused: Floats,
    expected: Floats,
    exposed: Floats,
    classes: Floats,
    log_weights: Floats,
    third: Ints,
) -> float:
    """Log likelihood of the outcomes of members `first` to `last`, whose class may be any of the classes."""
    levels, receptive = classes
    total, log = 0.0, np.empty(levels.size)
    for u in range(first, last):
        for k in range(levels.size):
            log[k] = log_weights[third[u], k] - levels[k] * expected[u] - receptive[k] * exposed[u]
            for i in range(start[u], start[u + 1]):
                log[k] += np.log(max(levels[k] * baseline[i] + receptive[k] * caused[i], 1e-300))
        best = log.max()
        total += best + np.log(np.exp(log - best).sum())
    return total


@numba.njit(cache=True, nogil=True)
def fit_kinds(
    table: Floats, share: Floats, level: Floats, receptive: Floats, steps: int
) -> tuple[Floats, Floats, Floats]:
    """Steps of EM for how much classes are used (levels x receptiveness), as a mixture of independent kinds.

    `share` of each kind, and of its members by `level` (levels x kinds) and `receptive` (kinds x
    receptiveness), after so many steps from these.
    """
    kinds = share.size
    for _ in range(steps):
        more_level, more_receptive = np.zeros(level.shape), np.zeros(receptive.shape)
        own = np.empty(kinds)
        for i in range(level.shape[0]):
            for j in range(receptive.shape[1]):
                mixed = 0.0
                for k in range(kinds):
                    own[k] = level[i, k] * share[k] * receptive[k, j]
                    mixed += own[k]
                missed = table[i, j] / max(mixed, 1e-300)
                for k in range(kinds):
                    more_level[i, k] += own[k] * missed
                    more_receptive[k, j] += own[k] * missed
        share = more_level.sum(axis=0)
        level = more_level / np.maximum(share, 1e-300)
        for k in range(kinds):
            more_receptive[k] /= max(more_receptive[k].sum(), 1e-300)
        share, receptive = share / max(share.sum(), 1e-300), more_receptive
    return share, level, receptive


@numba.njit(cache=True, nogil=True)
def usual_tilt(
    mass: Floats, receptive: Floats, part: Floats, bounds: tuple[float, float], halvings: int
) -> float:
    """Tilt (per unit of `receptive`) at which the mean receptiveness is one, looked for by halves.

    `mass` is thirds x receptiveness; thirds count by their `part`.
    """
    low, high = bounds
    tilt = 0.0
    for _ in range(halvings):
        tilt = (low + high) / 2
        mean = 0.0
        for third in range(part.size):
            whole = received = 0.0
            for j in range(receptive.size):
                shift = receptive[-1] if tilt > 0 else receptive[0]
                own = mass[third, j] * np.exp(tilt * (receptive[j] - shift))
                whole += own
                received += own * receptive[j]
            mean += part[third] * received / max(whole, 1e-300)
        low, high = (tilt, high) if mean < 1 else (low, tilt)
    return tilt


# Inlined: a helper from the cache is not optimised as one compiled beside its caller, and rounds otherwise.
@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST, inline="always")
def _weigh_classes(
    own: tuple[int, int],
    owed: tuple[float, float],
    baseline: Floats,
    caused: Floats,
    levels: Singles,
    receptive: Singles,
    weights: Singles,
    toll: Singles,
    chance: Singles,
) -> None:
    """Write to `chance` how probable each class is of a member with these `own` outcomes."""
    # The toll of what is expected is paid outcome by outcome, so that products stay within range.
    share = 1.0 / max(own[1] - own[0], 1)
    expected, exposed = np.float32(owed[0] * share), np.float32(owed[1] * share)
    kinds = 1
    while kinds < levels.size and levels[kinds] == levels[0]:
        kinds += 1
    for first in range(0, weights.size, kinds):
        toll[first : first + kinds] = np.exp(-levels[first] * expected)
    for kind in range(kinds):
        paid = np.exp(-receptive[kind] * exposed)
        for k in range(kind, weights.size, kinds):
            toll[k] *= paid
    for k in range(weights.size):
        chance[k] = weights[k] if own[1] > own[0] else weights[k] * toll[k]
    for i in range(own[0], own[1]):
        scale = 1.0 / (baseline[i] + caused[i])
        anyway, moved = np.float32(baseline[i] * scale), np.float32(caused[i] * scale)
        whole = np.float32(0.0)
        for k in range(weights.size):
            chance[k] *= (levels[k] * anyway + receptive[k] * moved) * toll[k]
            whole += chance[k]
        if whole < _TINY or whole > np.float32(1.0) / _TINY:
            chance /= max(whole, np.float32(1e-37))
    chance /= max(chance.sum(), np.float32(1e-37))
