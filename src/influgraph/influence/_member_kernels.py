"""Compiled loops over members and the outcomes of each: plain arrays in, plain arrays out."""

import numba
import numpy as np

from influgraph.influence._arrays import Floats, Ints

_TINY = 1e-60


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def judge_members(
    first: int,
    last: int,
    start: Ints,
    order: Ints,
    baseline: Floats,
    caused: Floats,
    expected: Floats,
    exposed: Floats,
    levels: Floats,
    receptive: Floats,
    weights: Floats,
    member: Floats,
    apart: Floats,
) -> Floats:
    """Posterior means of what members `first` to `last` are like, and how much each class is used.

    A class has a level, a receptiveness and a weight. `order[start[u]:start[u + 1]]` are the outcomes of
    member u; `baseline` and `caused` are their intensities at a level and a receptiveness of one, `expected`
    and `exposed` their expected numbers. `member` (2 x members) receives the means given all outcomes of
    the member, `apart` (2 x outcomes) those given all others.
    """
    classes = weights.size
    used, chance, toll = np.zeros(classes), np.empty(classes), np.empty(classes)
    for u in range(first, last):
        begin, end = start[u], start[u + 1]
        # The toll of what is expected is paid outcome by outcome, so that products stay within range.
        share = 1.0 / max(end - begin, 1)
        for k in range(classes):
            toll[k] = np.exp(-(levels[k] * expected[u] + receptive[k] * exposed[u]) * share)
            chance[k] = weights[k] if end > begin else weights[k] * toll[k]
        for i in order[begin:end]:
            scale = 1.0 / (baseline[i] + caused[i])
            own, due = baseline[i] * scale, caused[i] * scale
            for k in range(classes):
                chance[k] *= (levels[k] * own + receptive[k] * due) * toll[k]
            whole = chance.sum()
            if whole < _TINY or whole > 1 / _TINY:
                chance /= max(whole, 1e-300)
        chance /= max(chance.sum(), 1e-300)
        level = receives = 0.0
        for k in range(classes):
            used[k] += chance[k]
            level += chance[k] * levels[k]
            receives += chance[k] * receptive[k]
        member[0, u], member[1, u] = level, receives
        for i in order[begin:end]:
            scale = 1.0 / (baseline[i] + caused[i])
            own, due = baseline[i] * scale, caused[i] * scale
            whole = level = receives = 0.0
            for k in range(classes):
                part = chance[k] / (levels[k] * own + receptive[k] * due + 1e-30)
                whole += part
                level += part * levels[k]
                receives += part * receptive[k]
            apart[0, i], apart[1, i] = level / whole, receives / whole
    return used
