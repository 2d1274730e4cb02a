"""From pairs of codes to sparse matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def checked_codes(name: str, values: ArrayLike, size: int) -> NDArray[np.int32]:
    """One code per pair as the kernel wants them, or an error that says what was wrong."""
    codes = np.asarray(values)
    if codes.ndim != 1 or (codes.size and codes.dtype.kind not in "iu"):
        raise ValueError(f"{name} must be one row of whole numbers, received {codes.dtype} {codes.shape}")
    if codes.size and not (codes.min() >= 0 and codes.max() < size):
        raise ValueError(
            f"{name} must lie from 0 to {size - 1} (one per account), received {codes.min()} to {codes.max()}"
        )
    return np.ascontiguousarray(codes, np.int32)


def checked_amounts(values: ArrayLike) -> NDArray[np.float64]:
    """One weight per pair as the kernel wants them, or an error that says what was wrong."""
    amounts = np.ascontiguousarray(values, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        usable = amounts.ndim == 1 and np.isfinite(amounts.sum())
    if not usable or (amounts.size and amounts.min() < 0):
        wrong = amounts[~(np.isfinite(amounts) & (amounts >= 0))][:3].tolist()
        raise ValueError(f"weights must be one row of finite numbers of at least 0, received {wrong}")
    return amounts


def counted_once(sources: NDArray[np.int32], targets: NDArray[np.int32], size: int) -> csr_array:
    """1.0 for each pair that occurs."""
    from influgraph._network_kernels import sort_pairs

    columns, ones = np.empty(len(sources), np.int32), np.empty(len(sources))
    indptr = sort_pairs(sources, targets, size, columns, ones.view(np.int32))  # its scratch space till later
    if indptr[-1] <= np.iinfo(np.int32).max:
        indptr = indptr.astype(np.int32)
    columns.resize(indptr[-1], refcheck=False)
    ones.resize(indptr[-1], refcheck=False)
    ones[:] = 1.0
    matrix = csr_array((ones, columns, indptr), shape=(size, size))
    matrix.has_canonical_format = True
    return matrix


def summed(
    sources: NDArray[np.int32], targets: NDArray[np.int32], amounts: NDArray[np.float64], size: int
) -> csr_array:
    """The sum of weights for each pair where there is any."""
    towards_others = np.where(sources == targets, 0.0, amounts)
    matrix = csr_array((towards_others, (sources, targets)), shape=(size, size))
    matrix.sum_duplicates()
    matrix.data[matrix.data < np.finfo(float).tiny] = 0.0  # whose inverse is infinite
    matrix.eliminate_zeros()
    return matrix
