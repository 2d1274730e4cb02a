"""Compiled loops below `networks`: plain arrays in, plain arrays out."""

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Starts = NDArray[np.int64]

# One compiled form for every caller: pandas hands out arrays that are read-only.
_CODES = types.Array(types.int32, 1, "C", readonly=True)


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
def _group_by_target(sources: Codes, targets: Codes, starts: Starts, grouped: Codes) -> None:
    """Fill `grouped` with the sources, in runs of equal target."""
    free = starts[:-1].copy()
    for pair in range(sources.size):
        target = targets[pair]
        if sources[pair] != target:
            grouped[free[target]] = sources[pair]
            free[target] += 1


@njit(nogil=True)
def _close_gaps(columns: Codes, starts: Starts, ends: Starts) -> Starts:
    """Move the rows together in place, and say where each begins."""
    filled = 0
    indptr = np.zeros(starts.size, np.int64)
    for row in range(ends.size):
        for place in range(starts[row], ends[row]):
            columns[filled] = columns[place]
            filled += 1
        indptr[row + 1] = filled
    return indptr


@njit(
    types.int64[::1](_CODES, _CODES, types.int64, types.int32[::1], types.int32[::1]), cache=True, nogil=True
)
def sort_pairs(sources: Codes, targets: Codes, size: int, columns: Codes, scratch: Codes) -> Starts:
    """Sort pairs into rows by two counting sorts: by target, then, keeping that order, by source.

    Walking the targets in order fills every row in order, so a repeated pair comes right after its
    first and is left out on the spot. `columns` and `scratch` have a place for each pair; `columns`
    is filled from the front, and returned is where each row begins.
    """
    target_starts = _run_starts(targets, sources, size)
    _group_by_target(sources, targets, target_starts, scratch)
    starts = _run_starts(sources, targets, size)
    ends = starts[:-1].copy()
    for target in range(size):
        for place in range(target_starts[target], target_starts[target + 1]):
            source = scratch[place]
            end = ends[source]
            if end == starts[source] or columns[end - 1] != target:
                columns[end] = target
                ends[source] = end + 1
    return _close_gaps(columns, starts, ends)
