"""Compiled loops below `networks`: plain arrays in, plain arrays out."""

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Floats = NDArray[np.float64]
Starts = NDArray[np.int64]

# One compiled form for every caller: pandas hands out arrays that are read-only.
_CODES = types.Array(types.int32, 1, "C", readonly=True)
_FLOATS = types.Array(types.float64, 1, "C", readonly=True)


@njit(nogil=True)
def _run_starts(keys: Codes, others: Codes, size: int) -> Starts:
    """Where each key's run begins once the pairs are sorted by key; pairs of equals are left out."""
    starts = np.zeros(size + 1, np.int64)
    for pair in range(keys.size):
        if keys[pair] != others[pair]:
            starts[keys[pair] + 1] += 1
    for key in range(size):
        starts[key + 1] += starts[key]
    return starts


@njit(nogil=True)
def _group_by_target(
    sources: Codes, targets: Codes, amounts: Floats, starts: Starts, grouped: Codes
) -> Floats:
    """Fill `grouped` with the sources in runs of equal target, in input order; return their amounts."""
    grouped_amounts = np.empty(amounts.size, np.float64)
    free = starts[:-1].copy()
    for pair in range(sources.size):
        target = targets[pair]
        if sources[pair] != target:
            grouped[free[target]] = sources[pair]
            if amounts.size:
                grouped_amounts[free[target]] = amounts[pair]
            free[target] += 1
    return grouped_amounts


@njit(nogil=True)
def _close_gaps(columns: Codes, sums: Floats, starts: Starts, ends: Starts) -> Starts:
    """Move the rows together in place, leave out sums of zero, and say where each row begins."""
    filled = 0
    indptr = np.zeros(starts.size, np.int64)
    for row in range(ends.size):
        for place in range(starts[row], ends[row]):
            if sums[place] > 0:
                columns[filled] = columns[place]
                sums[filled] = sums[place]
                filled += 1
        indptr[row + 1] = filled
    return indptr


@njit(
    types.int64[::1](_CODES, _CODES, _FLOATS, types.int64, types.int32[::1], types.float64[::1]),
    cache=True,
    nogil=True,
)
def sort_pairs(
    sources: Codes, targets: Codes, amounts: Floats, size: int, columns: Codes, sums: Floats
) -> Starts:
    """Sort pairs into rows by two counting sorts: by target, then, keeping that order, by source.

    Walking the targets in order fills every row in order, so a repeated pair comes right after its
    first and is merged on the spot: amounts are summed, without amounts every pair counts 1.
    `columns` and `sums` have a place for each pair and are filled from the front; returned is
    where each row begins.
    """
    target_starts = _run_starts(targets, sources, size)
    # Without amounts the sums are written last, so their memory serves as the scratch space till then.
    grouped = np.empty(sources.size, np.int32) if amounts.size else sums.view(np.int32)
    grouped_amounts = _group_by_target(sources, targets, amounts, target_starts, grouped)
    starts = _run_starts(sources, targets, size)
    ends = starts[:-1].copy()
    for target in range(size):
        for place in range(target_starts[target], target_starts[target + 1]):
            source = grouped[place]
            last = ends[source] - 1
            repeated = last >= starts[source] and columns[last] == target
            if not repeated:
                last += 1
                columns[last] = target
                ends[source] = last + 1
            if amounts.size:
                sums[last] = grouped_amounts[place] + (sums[last] if repeated else 0.0)
    if not amounts.size:
        sums[:] = 1.0
    return _close_gaps(columns, sums, starts, ends)
