"""What every measure of centrality needs: rows of a network as plain arrays, and a named Series back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from influgraph.networks import Network

    Codes = NDArray[np.int32]
    Starts = NDArray[np.int64]
    Numbers = NDArray[np.float64]
    Payments = NDArray[Any]  # of single or double precision


TINY = float(np.finfo(float).tiny)


def measure(network: Network, name: str, values: NDArray[Any]) -> pd.Series:
    """One number per account."""
    return pd.Series(values, index=network.account_ids, name=name)


def rows(network: Network) -> tuple[Starts, Codes]:
    """Where the accounts that each account attends to begin, and their codes."""
    weights = network.weights
    return weights.indptr.astype(np.int64), weights.indices.astype(np.int32, copy=False)


def audience_rows(network: Network) -> tuple[Starts, Codes]:
    """The same for those who attend to each account."""
    from influgraph._centrality_kernels import reversed_rows

    return reversed_rows(*rows(network))


def neighbours(network: Network) -> tuple[Starts, Codes]:
    """The same for everybody that an account is tied to, in either direction, once."""
    from influgraph._centrality_kernels import merge_directions

    return merge_directions(*rows(network), *audience_rows(network))


def inverse(values: Numbers) -> Numbers:
    """One over each value, and 0 for 0 and for what is so small that it has none."""
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > TINY)


def whole(value: object, *, least: int) -> bool:
    """Whether it is a whole number of at least so much."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= least)


def codes_of(network: Network, ids: Iterable[object], *, called: str) -> NDArray[np.int64]:
    """Codes of accounts that are there, each named once."""
    wanted: pd.Index = pd.Index(np.array([*ids, None], object)[:-1])
    codes = network.account_ids.get_indexer(wanted)
    if not len(wanted) or not wanted.is_unique:
        raise ValueError(f"{called} must be one or more different accounts, received {wanted.tolist()[:5]}")
    if (codes < 0).any():
        unknown = wanted[codes < 0].tolist()
        raise ValueError(f"{called} must be accounts of the network, received {unknown[:5]}")
    return np.asarray(codes, np.int64)


def labels_of(network: Network, labels: pd.Series, *, called: str) -> tuple[NDArray[np.int64], pd.Index]:
    """Which label each account has, as a number (-1: none), and the labels in order."""
    if not labels.index.equals(network.account_ids):
        raise ValueError(f"{called} must be about the accounts of the network in the same order")
    numbers, names = pd.factorize(labels, sort=True)
    return np.asarray(numbers, np.int64), pd.Index(names)
