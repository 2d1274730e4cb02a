"""Compiled loops of this family: plain arrays in, plain arrays out."""

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Starts = NDArray[np.int64]

# One compiled form for every caller, whether its arrays are read-only or not.
_CODES = types.Array(types.int32, 1, "C", readonly=True)
_STARTS = types.Array(types.int64, 1, "C", readonly=True)


@njit(types.int64[::1](_STARTS, _CODES, _STARTS, _CODES), cache=True, nogil=True)
def ties_inside(list_starts: Starts, members: Codes, starts: Starts, followed: Codes) -> Starts:
    """For each member of each list: how many others of the list it follows, and is followed by."""
    ties = np.zeros(members.size, np.int64)
    place = np.full(starts.size - 1, -1, np.int64)
    for row in range(list_starts.size - 1):
        first, end = list_starts[row], list_starts[row + 1]
        for entry in range(first, end):
            place[members[entry]] = entry
        for entry in range(first, end):
            member = members[entry]
            for tie in range(starts[member], starts[member + 1]):
                other = place[followed[tie]]
                if other >= first:
                    ties[entry] += 1
                    ties[other] += 1
    return ties
