"""Centrality by counting: who is tied to how many, and how these are tied among themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from influgraph._centrality_arrays import TINY, audience_rows, labels_of, measure, neighbours, rows, whole
from influgraph._threads import at_once, cuts

if TYPE_CHECKING:
    from influgraph.networks import Network

PARTS = 64


def in_degree(network: Network) -> pd.Series:
    """How many accounts pay attention to each account: a whole number, 0 for whom nobody attends to.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids, weights=[5, 1, 1, 2])
    >>> in_degree(network).tolist()
    [2, 1, 1, 0, 0]
    """
    counts = np.bincount(network.weights.indices, minlength=len(network.account_ids))
    return measure(network, "in_degree", counts)


def out_degree(network: Network) -> pd.Series:
    """How many accounts each account pays attention to: a whole number, 0 for who attends to nobody.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids, weights=[5, 1, 1, 2])
    >>> out_degree(network).tolist()
    [0, 1, 2, 1, 0]
    """
    return measure(network, "out_degree", np.diff(network.weights.indptr).astype(np.int64))


def in_strength(network: Network) -> pd.Series:
    """How much attention each account receives: the sum of the weights towards it, in their unit; 0 for none.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids, weights=[5, 1, 1, 2])
    >>> in_strength(network).tolist()
    [6.0, 1.0, 2.0, 0.0, 0.0]
    """
    return measure(network, "in_strength", network.weights.sum(axis=0))


def out_strength(network: Network) -> pd.Series:
    """How much attention each account pays: the sum of the weights from it, in their unit; 0 for none.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids, weights=[5, 1, 1, 2])
    >>> out_strength(network).tolist()
    [0.0, 5.0, 2.0, 2.0, 0.0]
    """
    return measure(network, "out_strength", network.weights.sum(axis=1))


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
    from influgraph._centrality_kernels import core_numbers

    starts, tied = neighbours(network)
    return measure(network, "core_number", core_numbers(np.diff(starts), starts, tied))


def in_core_number(network: Network) -> pd.Series:
    """The largest k for which an account belongs to a part where k others attend to each.

    Everyone in that part receives attention from at least k others of it. Weights are not used.

    References
    ----------
    Giatsidis, Thilikos & Vazirgiannis (2013), D-cores: measuring collaboration of directed graphs.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 0, 2, 3], [0, 1, 0, 2], account_ids=ids)
    >>> in_core_number(network).tolist()
    [1, 1, 0, 0, 0]
    """
    from influgraph._centrality_kernels import core_numbers

    received = in_degree(network).to_numpy(np.int64)
    return measure(network, "in_core_number", core_numbers(received, *rows(network)))


def out_core_number(network: Network) -> pd.Series:
    """The largest k for which an account belongs to a part where each attends to k others.

    Everyone in that part pays attention to at least k others of it. Weights are not used.

    References
    ----------
    As `in_core_number`.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 0, 2, 3], [0, 1, 0, 2], account_ids=ids)
    >>> out_core_number(network).tolist()
    [1, 1, 1, 1, 0]
    """
    from influgraph._centrality_kernels import core_numbers

    paid = out_degree(network).to_numpy(np.int64)
    return measure(network, "out_core_number", core_numbers(paid, *audience_rows(network)))


def local_clustering(network: Network) -> pd.Series:
    """Share of the pairs of an account's neighbours that are tied to one another, from 0 to 1.

    Neighbours are all accounts tied to it, in either direction; weights are not used. Null with fewer than
    two neighbours, where there is no pair.

    References
    ----------
    Watts & Strogatz (1998), Collective dynamics of small-world networks.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids, weights=[5, 1, 1, 2])
    >>> local_clustering(network).round(3).tolist()
    [1.0, 1.0, 0.333, nan, nan]
    """
    from influgraph._centrality_kernels import count_triangles

    starts, tied = neighbours(network)
    degree = np.diff(starts).astype(float)
    pairs = np.where(degree > 1, degree * (degree - 1) / 2, np.nan)
    return measure(network, "local_clustering", count_triangles(starts, tied) / pairs)


def collective_influence(network: Network, *, radius: int = 2) -> pd.Series:
    """Ties beyond the first of an account, times those of all accounts that are `radius` steps away.

    Who has it highest holds the network together: without it the largest part falls apart soonest. Ties
    are taken in either direction, weights are not used. The work grows with the number of ties inside of
    the balls around all accounts, at radius 2 the sum of squared degrees.

    Parameters
    ----------
    network
        Weighted or not.
    radius
        Steps from the account to the rim of its ball, at least 1.

    Raises
    ------
    ValueError
        If the radius is not a whole number of at least 1.

    References
    ----------
    Morone & Makse (2015), Influence maximization in complex networks through optimal percolation.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 3, 4], [0, 1, 2, 3], account_ids=ids)
    >>> collective_influence(network, radius=1).tolist()
    [0.0, 1.0, 2.0, 1.0, 0.0]
    """
    from influgraph._centrality_kernels import collect_influence

    if not whole(radius, least=1):
        raise ValueError(f"radius must be a whole number of at least 1, received {radius}")
    starts, tied = neighbours(network)
    found = np.zeros(len(network.account_ids))
    at_once(lambda part: collect_influence(starts, tied, radius, *part, found), cuts(starts, PARTS))
    return measure(network, "collective_influence", found)


def voterank(network: Network, *, elected: int = 100) -> pd.Series:
    """Place in an election of spreaders who share few voters: 1 = elected first; null = not elected.

    Everyone votes for all accounts that they attend to (networkx has the accounts that one points to vote:
    reverse its graph to compare). Who has the most votes is elected and votes no more,
    and those who voted for it count less from then on, each time by one over the mean number of votes cast.
    Of those with equally many votes the first in dataset order is elected. Weights are not used.

    Parameters
    ----------
    network
        Weighted or not.
    elected
        How many are elected, unless votes run out before.

    Raises
    ------
    ValueError
        If `elected` is not a whole number of at least 1.

    References
    ----------
    Zhang, Chen, Dong & Zhao (2016), Identifying a set of influential spreaders in complex networks.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 3, 3, 4], [0, 0, 0, 4, 3], account_ids=ids)
    >>> voterank(network).tolist()
    [1, <NA>, <NA>, 2, <NA>]
    """
    from influgraph._centrality_kernels import elect

    if not whole(elected, least=1):
        raise ValueError(f"elected must be a whole number of at least 1, received {elected}")
    wanted = min(elected, len(network.account_ids))
    order = elect(*rows(network), *audience_rows(network), wanted)
    place = np.zeros(len(network.account_ids), np.int64)
    place[order] = np.arange(1, len(order) + 1)
    return measure(network, "voterank", place).astype("Int64").where(place > 0)


def participation_coefficient(network: Network, niche: pd.Series) -> pd.Series:
    """How evenly the attention to an account comes from niches: 0 = all from one, towards 1 = from many.

    One less the sum of squared shares of its niches; what comes from accounts in no niche is left out. With
    n niches it is at most ``1 - 1 / n``, and an account with few who attend to it cannot have it high:
    `audience.in_niches.participation` is free of that, and has an interval. Null without attention from
    any niche.

    Parameters
    ----------
    network
        Its weights are used.
    niche
        Niche by account, in the order of the network; null = none.

    Raises
    ------
    ValueError
        If niches are about other accounts.

    References
    ----------
    Guimera & Amaral (2005), Functional cartography of complex metabolic networks.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 3, 4], [0, 0, 0, 1], account_ids=ids, weights=[1, 1, 2, 1])
    >>> participation_coefficient(network, pd.Series([0, 0, 0, 1, 1], ids)).tolist()
    [0.5, 0.0, nan, nan, nan]
    """
    from scipy.sparse import csr_array

    number, names = labels_of(network, niche, called="niche")
    placed = np.flatnonzero(number >= 0)
    shape = (len(number), len(names))
    members = csr_array((np.ones(len(placed)), (placed, number[placed])), shape=shape)
    # Squares of very small or large weights would not be numbers.
    received = (network.weights.T / max(network.weights.data.max(initial=0), TINY) @ members).tocsr()
    whole, squares = (np.asarray(part.sum(axis=1), float) for part in (received, received.power(2)))
    coefficient = np.full(len(number), np.nan)
    np.divide(squares, whole**2, out=coefficient, where=whole > 0)
    return measure(network, "participation_coefficient", 1 - coefficient)


def within_niche_z(network: Network, niche: pd.Series) -> pd.Series:
    """Attention received from the own niche, in standard deviations from the mean of that niche.

    Null in no niche, and where all members of the niche receive the same from it.

    Parameters
    ----------
    network
        Its weights are used.
    niche
        Niche by account, in the order of the network; null = none.

    Raises
    ------
    ValueError
        If niches are about other accounts.

    References
    ----------
    Guimera & Amaral (2005), Functional cartography of complex metabolic networks.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 3, 4], [0, 0, 0, 1], account_ids=ids)
    >>> within_niche_z(network, pd.Series([0, 0, 0, 1, 1], ids)).round(3).tolist()
    [1.414, -0.707, -0.707, nan, nan]
    """
    number, _ = labels_of(network, niche, called="niche")
    pairs = network.weights.tocoo()
    inside = number[pairs.row] == number[pairs.col]
    weights = pairs.data / pairs.data.max(initial=TINY)
    own = pd.Series(np.bincount(pairs.col[inside], weights[inside], len(number)))
    of_niche = own.groupby(number)
    mean, spread = of_niche.transform("mean"), of_niche.transform("std", ddof=0)
    z = (own - mean) / spread.where(spread > 1e-9 * mean)
    return measure(network, "within_niche_z", z.where(number >= 0).to_numpy(float))
