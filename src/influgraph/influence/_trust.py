"""How far what an author's posts seem to do is to be believed: the baseline is learnt, and never right."""

import numpy as np

from influgraph.influence._arrays import Floats, Ints, row_starts, sum_by
from influgraph.influence._exposure import Exposure

# Blocks of three hours, and how strongly their level in a niche is drawn to that of everybody.
_BLOCK, _NICHE_STRENGTH = 3 * 3600.0, 20.0
_LEAST = 0.1
_BASELINE_ERROR, _LEAST_TRUST = 0.03, 0.03


def find_trust(
    exposure: Exposure, odds: Floats, outcome: Ints, place: Ints, exposed: Floats
) -> tuple[Floats, Floats]:
    """Information left to each author, and how far its likelihood is to be believed (both 0-1).

    A post that half of everybody may see stands and falls with the baseline of its hours; one that few see is
    told apart from it by all the others. So, first, the part of an author's exposure that a free level per
    block of hours would explain, of everybody and (shrunken) of each niche, carries no information. Second, a
    baseline that is wrong by a share e shifts an estimate of standard error s outcomes by e s**2: this
    systematic error is added to the random one.
    """
    count = len(exposed)
    information = np.maximum(sum_by(place, odds**2, count), 1e-200)
    block = (exposure.outcomes.time // _BLOCK).astype(np.int64)
    niche = exposure.niche[exposure.outcomes.account]
    in_niche = block * (niche.max() + 1) + niche
    explained = _explained(block, 0, odds, outcome, place, count)
    explained += _explained(in_niche, _NICHE_STRENGTH, odds, outcome, place, count)
    left = np.clip(1 - explained / information, _LEAST, 1)
    variance = exposed**2 / (left * information)
    return left, np.maximum(left / (1 + _BASELINE_ERROR**2 * variance), _LEAST_TRUST)


def _explained(cell: Ints, strength: float, odds: Floats, outcome: Ints, place: Ints, count: int) -> Floats:
    """Information that a level per cell takes, from pairs of outcomes: each alone explains itself."""
    from influgraph.influence import _kernels

    divisor = np.maximum(np.bincount(cell) - 1 + strength, 1)
    return _kernels.explained_squares(row_starts(place, count), outcome, odds, cell, divisor)
