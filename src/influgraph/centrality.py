"""Where accounts stand in a network of attention: one named Series per measure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from influgraph.networks import Network

PAIR_VISITS = 1_000_000_000  # what sampled betweenness may cost: accounts and pairs passed, over all sources
FEWEST_SOURCES = 100


def in_degree(network: Network) -> pd.Series:
    """How many accounts pay attention to each account.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids, weights=[5, 1, 1, 2])
    >>> in_degree(network).tolist()
    [2, 1, 1, 0, 0]
    """
    counts = np.bincount(network.weights.indices, minlength=len(network.account_ids))
    return _measure(network, "in_degree", counts)


def out_degree(network: Network) -> pd.Series:
    """How many accounts each account pays attention to.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids, weights=[5, 1, 1, 2])
    >>> out_degree(network).tolist()
    [0, 1, 2, 1, 0]
    """
    return _measure(network, "out_degree", np.diff(network.weights.indptr).astype(np.int64))


def in_strength(network: Network) -> pd.Series:
    """How much attention each account receives: the sum of the weights towards it.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids, weights=[5, 1, 1, 2])
    >>> in_strength(network).tolist()
    [6.0, 1.0, 2.0, 0.0, 0.0]
    """
    return _measure(network, "in_strength", network.weights.sum(axis=0))


def out_strength(network: Network) -> pd.Series:
    """How much attention each account pays: the sum of the weights from it.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids, weights=[5, 1, 1, 2])
    >>> out_strength(network).tolist()
    [0.0, 5.0, 2.0, 2.0, 0.0]
    """
    return _measure(network, "out_strength", network.weights.sum(axis=1))


def pagerank(network: Network, *, damping: float = 0.85, tolerance: float = 1e-10) -> pd.Series:
    """Share of time that a reader who follows attention, now and then starting anew, spends on each account.

    With probability `damping` the reader moves on to an account that the present one pays attention to,
    in proportion to the weights, otherwise (and always from an account that pays none) to any
    account at random. All values are positive and sum to 1.

    Parameters
    ----------
    network
        Weighted or not.
    damping
        At least 0 and below 1.
    tolerance
        The iteration stops when the values change by less than this in sum; what is then missing to the
        exact values is at most ``damping / (1 - damping)`` times as much.

    Raises
    ------
    ValueError
        If an option is out of range.
    ArithmeticError
        If rounding keeps the change above the tolerance, that is if the tolerance is too small.

    References
    ----------
    Brin & Page (1998), The anatomy of a large-scale hypertextual web search engine.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids, weights=[5, 1, 1, 2])
    >>> pagerank(network).round(3).tolist()
    [0.37, 0.2, 0.207, 0.112, 0.112]
    """
    if not 0 <= damping < 1 or not tolerance > 0:
        raise ValueError(
            f"damping must lie in [0, 1) and tolerance be positive, received {damping} and {tolerance}"
        )
    size = len(network.account_ids)
    share = _inverse(np.asarray(network.weights.sum(axis=1), float)) * damping
    followed = network.weights.T
    rank: NDArray[np.float64] = np.full(size, 1 / max(size, 1))
    # Each step shrinks the change, at first at most 2, by the damping or more.
    for _ in range(2 + (math.ceil(math.log(tolerance / 2, damping)) if damping else 0)):
        moved = np.asarray(followed @ (rank * share))
        moved += (1 - moved.sum()) / max(size, 1)  # those who start anew
        change = np.abs(moved - rank).sum()
        rank = moved
        if change < tolerance:
            return _measure(network, "pagerank", rank)
    raise ArithmeticError(
        f"pagerank did not converge: tolerance {tolerance} is too small, still changes {change}"
    )


def core_number(network: Network) -> pd.Series:
    """The largest k for which an account belongs to the k-core, whoever pays attention to whom.

    The k-core is the largest part of the network in which everyone is connected, in either direction, to
    at least k others of that part. Weights are not used. Isolated accounts have 0.

    References
    ----------
    Seidman (1983), Network structure and minimum degree; Batagelj & Zaversnik (2003), An O(m) algorithm
    for cores decomposition of networks; Kitsak et al. (2010), Identification of influential spreaders.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids, weights=[5, 1, 1, 2])
    >>> core_number(network).tolist()
    [2, 2, 2, 1, 0]
    """
    from influgraph._centrality_kernels import core_numbers, merge_directions

    paid, received = _rows(network.weights), _rows(network.weights.T.tocsr())
    neighbours = merge_directions(*paid, *received)
    return _measure(network, "core_number", core_numbers(*neighbours))


def betweenness(
    network: Network, *, rng: np.random.Generator, exact_up_to: int = 5_000, sources: int | None = None
) -> pd.Series:
    """How many shortest paths of attention run through each account, as one of several counted in part.

    Directed, unweighted, not normalised. In networks of more than `exact_up_to` accounts only the paths
    from some sources are followed, drawn at random without replacement from the accounts that pay attention
    to anyone, and scaled up, so that the expected value is the exact one; small values are then often 0.

    Parameters
    ----------
    network
        Its weights are not used.
    rng
        Draws the sources; unused where the result is exact.
    exact_up_to
        The number of accounts up to which all sources are followed.
    sources
        How many sources are drawn. By default as many as pass a thousand million accounts and pairs if
        each source reaches everyone, but at least 100; with that many sources in all, all are used.

    Raises
    ------
    ValueError
        If `sources` is below 1.

    References
    ----------
    Freeman (1977), A set of measures of centrality based on betweenness; Brandes (2001), A faster algorithm
    for betweenness centrality; Brandes & Pich (2007), Centrality estimation in large networks.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids, weights=[5, 1, 1, 2])
    >>> betweenness(network, rng=np.random.default_rng(1)).tolist()
    [0.0, 0.0, 2.0, 0.0, 0.0]
    """
    import igraph

    if sources is not None and sources < 1:
        raise ValueError(f"sources must be at least 1, received {sources}")
    size, pairs = len(network.account_ids), network.weights.tocoo()
    starts = np.flatnonzero(np.diff(network.weights.indptr))
    wanted = sources or max(PAIR_VISITS // (size + pairs.nnz + 1), FEWEST_SOURCES)
    if size <= exact_up_to or wanted >= len(starts):
        wanted = len(starts)
    graph = igraph.Graph(n=size, edges=np.column_stack(pairs.coords), directed=True)
    followed = rng.choice(starts, wanted, replace=False) if wanted < len(starts) else starts
    counted = np.array(graph.betweenness(sources=followed.tolist()), float)
    return _measure(network, "betweenness", counted * (len(starts) / max(wanted, 1)))


def _measure(network: Network, name: str, values: NDArray[Any]) -> pd.Series:
    return pd.Series(values, index=network.account_ids, name=name)


def _rows(weights: csr_array) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Where each row begins, and the codes in it."""
    return weights.indptr.astype(np.int64), weights.indices.astype(np.int32, copy=False)


def _inverse(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """One over each value, and 0 for 0."""
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)
