"""Types and sums that the modules of this family share."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.bool_]


def sum_by(groups: Ints, values: Floats | Ints, count: int) -> Floats:
    """Sums of the values of each group, 0 to count - 1."""
    return np.bincount(groups, weights=values, minlength=count).astype(np.float64, copy=False)


def row_starts(rows: Ints, count: int) -> Ints:
    """Row pointers of row numbers that are sorted, or about to be."""
    return np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=count))])
