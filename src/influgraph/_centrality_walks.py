"""Centrality by walks along attention: PageRank and its kin, hubs and authorities, eigenvectors, Katz."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from influgraph._centrality_arrays import codes_of, inverse, labels_of, measure
from influgraph._centrality_restarts import not_converged, restarted, steps_allowed
from influgraph._centrality_spread import Spread, add_up, dominant, most_growth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from influgraph.networks import Network

ROUGHLY = 1e-6  # change down to which single precision, half as much to carry about, is enough


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
        Positive and below 1. The iteration stops when the values change by less than this in sum; what is
        then missing to the exact values is at most ``damping / (1 - damping)`` times as much, 5.7 times by
        default (in `personalised_pagerank` and `topic_pagerank` the tolerance bounds what is missing).

    Raises
    ------
    ValueError
        If an option is out of range.
    ArithmeticError
        If rounding keeps the change above the tolerance, that is if the tolerance is too small, or if the
        damping is so near 1 that a hundred thousand steps do not do.

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
    from influgraph._centrality_walk_kernels import settle

    _refuse_damping(damping, tolerance)
    size, change = len(network.account_ids), math.inf
    if not size:
        return measure(network, "pagerank", np.empty(0))
    spread = Spread(network)
    share = inverse(spread.paid_by_each()) * damping
    rank = np.full(size, 1 / size)
    rough = [(np.float32, max(tolerance, ROUGHLY))] if spread.fits_single(share) else []
    steps = steps_allowed(damping, tolerance)
    for precision, enough in [*rough, (np.float64, tolerance)]:
        paid = (rank * share).astype(precision)
        for _ in range(steps):
            change = settle(spread.received_in_parts(paid), share, rank, paid)
            if change < enough:
                break
    if change < tolerance:
        return measure(network, "pagerank", rank)
    raise not_converged(steps, change)


def personalised_pagerank(
    network: Network, seeds: Sequence[object], *, damping: float = 0.85, tolerance: float = 1e-8
) -> pd.DataFrame:
    """PageRank of a reader who always starts anew at one account: what is near to it along attention.

    As `pagerank`, but the reader starts anew at the seed, and goes there too from an account that pays
    attention to nobody. Seeds are followed eight to a pass over the network, sixteen in single precision
    where a tolerance of 1e-6 or more leaves room for it.

    Parameters
    ----------
    network
        Weighted or not.
    seeds
        Ids of different accounts.
    damping
        At least 0 and below 1.
    tolerance
        How far off the values of a seed may be, in sum.

    Returns
    -------
    Accounts x seeds; each column sums to 1, and is 0 for accounts that attention from the seed never reaches.

    Raises
    ------
    ValueError
        If a seed is unknown or named twice, or an option is out of range.
    ArithmeticError
        If the tolerance is too small, or the damping so near 1 that a hundred thousand steps do not do.

    References
    ----------
    Page, Brin, Motwani & Winograd (1999), The PageRank citation ranking.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids, weights=[5, 1, 1, 2])
    >>> personalised_pagerank(network, ["cem", "eva"], damping=0.5).round(3)["cem"].tolist()
    [0.231, 0.154, 0.615, 0.0, 0.0]
    """
    _refuse_damping(damping, tolerance)
    codes = codes_of(network, seeds, called="seeds")
    entries = (codes, np.arange(len(codes)), np.ones(len(codes)))
    found = restarted(network, entries, len(codes), damping=damping, tolerance=tolerance)
    return pd.DataFrame(found, network.account_ids, network.account_ids[codes])


def topic_pagerank(
    network: Network, topic: pd.Series, *, damping: float = 0.85, tolerance: float = 1e-8
) -> pd.DataFrame:
    """PageRank of readers of each topic, who start anew at any account of that topic.

    Parameters
    ----------
    network
        Weighted or not.
    topic
        One label per account, in the order of the network, a niche for instance; null = of no topic.
    damping
        At least 0 and below 1.
    tolerance
        How far off the values of a topic may be, in sum.

    Returns
    -------
    Accounts x topics, in order; each column sums to 1.

    Raises
    ------
    ValueError
        If labels are about other accounts or all null, or an option is out of range.
    ArithmeticError
        If the tolerance is too small, or the damping so near 1 that a hundred thousand steps do not do.

    References
    ----------
    Haveliwala (2003), Topic-sensitive PageRank: a context-sensitive ranking algorithm for web search.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids, weights=[5, 1, 1, 2])
    >>> topic = pd.Series(["run", "run", "run", "cook", "cook"], ids)
    >>> topic_pagerank(network, topic).round(2).loc["ann"].tolist()
    [0.17, 0.52]
    """
    _refuse_damping(damping, tolerance)
    number, names = labels_of(network, topic, called="topic")
    if not len(names):
        raise ValueError("topic must have at least one label, received none but null")
    placed = np.flatnonzero(number >= 0)
    members = np.bincount(number[placed])
    entries = (placed, number[placed], 1 / members[number[placed]])
    found = restarted(network, entries, len(names), damping=damping, tolerance=tolerance)
    return pd.DataFrame(found, network.account_ids, names)


def leaderrank(network: Network, *, tolerance: float = 1e-10) -> pd.Series:
    """PageRank without a damping to choose: a reader may from each account also go to a common ground.

    The ground, tied to everyone both ways, stands beside the accounts as one more of them, so that who
    attends to few starts anew more often. Mean 1 over all accounts; weights are not used.

    Parameters
    ----------
    network
        Weighted or not.
    tolerance
        How far off the values may be, in sum and as a share of their sum.

    Raises
    ------
    ValueError
        If the tolerance is not positive.
    ArithmeticError
        If the values do not settle.

    References
    ----------
    Lue, Zhang, Yeung & Zhou (2011), Leaders in social networks, the Delicious case.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids)
    >>> leaderrank(network).round(3).tolist()
    [1.327, 1.02, 1.02, 0.816, 0.816]
    """
    _refuse_tolerance(tolerance)
    size = len(network.account_ids)
    if not size:
        return measure(network, "leaderrank", np.empty(0))
    spread = Spread(network, weighted=False)
    share = 1 / (np.diff(network.weights.indptr) + 1.0)
    passed = add_up(
        lambda rest: spread.received(rest * share), np.ones(size), tolerance=tolerance, name="leaderrank"
    )
    ground = size / (size + passed.sum())
    return measure(network, "leaderrank", (passed + 1) * ground)


def hits(network: Network, *, tolerance: float = 1e-10) -> pd.DataFrame:
    """Hubs and authorities: a good hub attends to good authorities, whom good hubs attend to.

    Where several parts of the network hold the same attention exactly, each has its share of both.

    Parameters
    ----------
    network
        Weighted or not.
    tolerance
        How far off the values may be, in sum.

    Returns
    -------
    ``hub`` and ``authority``, each at least 0 and in sum 1.

    Raises
    ------
    ValueError
        If nobody attends to anybody (empty for no accounts), or the tolerance is not positive.
    ArithmeticError
        If the values do not settle, where two parts hold nearly the same attention.

    References
    ----------
    Kleinberg (1999), Authoritative sources in a hyperlinked environment.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids)
    >>> hits(network).round(3)["authority"].tolist()
    [0.618, 0.382, 0.0, 0.0, 0.0]
    """
    _refuse_tolerance(tolerance)
    _refuse_isolated(network, "hubs and authorities")
    spread = Spread(network, scaled=False)
    authority = dominant(
        lambda value: spread.received(spread.taken(value)),
        spread.received(np.ones(len(network.account_ids))),
        tolerance=tolerance,
        name="hits",
    )
    hub = spread.taken(authority)
    return pd.DataFrame({"hub": hub / hub.sum(), "authority": authority}, network.account_ids)


def eigenvector(network: Network, *, tolerance: float = 1e-10) -> pd.Series:
    """Attention received from accounts that receive much themselves, without end: in sum 1.

    The dominant eigenvector of attention. Only where attention runs in circles has it a value above 0, and in
    what such circles attend to: accounts outside of the largest such part have 0 (as has whatever is below
    the tolerance over the number of accounts), which makes it a poor
    measure of networks in pieces; `katz` and `pagerank` are not so.

    Parameters
    ----------
    network
        Weighted or not.
    tolerance
        How far off the values may be, in sum.

    Raises
    ------
    ValueError
        If attention nowhere runs in a circle, or the tolerance is not positive.
    ArithmeticError
        If the values do not settle, where two parts hold nearly the same attention.

    References
    ----------
    Bonacich (1972), Factoring and weighting approaches to status scores and clique identification.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([0, 1, 1, 2, 3], [1, 0, 2, 0, 0], account_ids=ids)
    >>> eigenvector(network).round(3).tolist()
    [0.43, 0.325, 0.245, 0.0, 0.0]
    """
    _refuse_tolerance(tolerance)
    _refuse_isolated(network, "an eigenvector")
    if network.weights.nnz and not _runs_in_a_circle(network):
        raise ValueError("network must have attention that runs in a circle; see katz or pagerank")
    spread = Spread(network, scaled=False)
    start = np.ones(len(network.account_ids))
    value = dominant(spread.received, start, tolerance=tolerance, name="eigenvector", shift=0.2)
    return measure(network, "eigenvector", value)


def _runs_in_a_circle(network: Network) -> bool:
    """Whether attention does: asked of one tie of each account, which mostly tells, before of all."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    weights, size = network.weights, len(network.account_ids)
    paying = np.flatnonzero(np.diff(weights.indptr))
    one_each = weights.indices[weights.indptr[paying]]
    some = csr_array((np.ones(paying.size), (paying, one_each)), shape=(size, size))
    return any(connected_components(ties, connection="strong")[0] < size for ties in (some, weights))


def katz(network: Network, *, attenuation: float | None = None, tolerance: float = 1e-10) -> pd.Series:
    """All walks of attention that end at each account, each step counting `attenuation` times as much.

    Everyone has 1, and receives `attenuation` times what those who attend to it have, times the weight.

    Parameters
    ----------
    network
        Weighted or not.
    attenuation
        Above 0 and below one over the largest eigenvalue; by default .85 over the least of the first eight
        upper bounds of it, the largest row sums of powers of the network, rooted.
    tolerance
        How far off the values may be, as a share of their sum.

    Raises
    ------
    ValueError
        If `attenuation` or `tolerance` is not positive.
    ArithmeticError
        If the walks have no sum, because the attenuation is too large.

    References
    ----------
    Katz (1953), A new status index derived from sociometric analysis.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids)
    >>> katz(network, attenuation=0.5).tolist()
    [2.625, 1.75, 1.5, 1.0, 1.0]
    """
    _refuse_tolerance(tolerance)
    if attenuation is not None and not 0 < attenuation < math.inf:
        raise ValueError(f"attenuation must be above 0, received {attenuation}")
    spread, start = Spread(network), np.ones(len(network.account_ids))
    factor = attenuation or 0.85 / most_growth(spread, start)
    value = add_up(lambda rest: spread.received(rest) * factor, start, tolerance=tolerance, name="katz")
    return measure(network, "katz", value)


def _refuse_damping(damping: float, tolerance: float) -> None:
    if not 0 <= damping < 1:
        raise ValueError(f"damping must lie in [0, 1), received {damping}")
    _refuse_tolerance(tolerance)


def _refuse_tolerance(tolerance: float) -> None:
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance must be positive and below 1, received {tolerance}")


def _refuse_isolated(network: Network, what: str) -> None:
    if len(network.account_ids) and not network.weights.nnz:
        raise ValueError(f"network must have attention between accounts: without it there is not {what}")
