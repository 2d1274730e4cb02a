"""Where each account is drawn: niches as discs, their most attended accounts in the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from influgraph.networks import Network

GOLDEN = np.pi * (3 - np.sqrt(5))


def niche_layout(network: Network, niche: pd.Series) -> pd.DataFrame:
    """Place accounts in a disc per niche, the largest niche in the middle; who has no niche around all.

    Inside of a disc the most attended are in the middle, all equally dense. The same network and niches give
    the same places, and the work grows with accounts alone: a start that a program like Gephi can refine.

    Parameters
    ----------
    network
        Who attends to whom.
    niche
        Niche by account, in the order of the network; null = none.

    Returns
    -------
    ``x``, ``y`` by account; neighbours in a disc are about one apart.

    Raises
    ------
    ValueError
        If niches are about other accounts.

    References
    ----------
    Vogel (1979), A better way to construct the sunflower head.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> network = network_from_pairs([1], [0], account_ids=pd.Index(["ann", "ben"]))
    >>> niche_layout(network, pd.Series([0, 0], network.account_ids)).loc["ann"].round(1).tolist()
    [0.4, 0.0]
    """
    if not niche.index.equals(network.account_ids):
        raise ValueError("niche must be about the accounts of the network in the same order")
    number, _ = pd.factorize(niche, sort=True)
    received = np.asarray(network.weights.sum(axis=0), float)
    sizes = np.bincount(number[number >= 0])
    order = np.argsort(-sizes, kind="stable")
    centre, edge = np.zeros((len(sizes), 2)), 0.0
    if len(sizes):
        step = 2.2 * np.sqrt(sizes.max()) * 0.6
        centre[order] = _sunflower(len(sizes), step) - _sunflower(1, step)
        edge = float((np.hypot(*centre.T) + np.sqrt(sizes)).max())
    places = np.empty((len(number), 2))
    for label, size in enumerate(sizes):
        members = np.flatnonzero(number == label)
        inward = members[np.argsort(-received[members], kind="stable")]
        places[inward] = centre[label] + _sunflower(size, 0.6)
    outside = np.flatnonzero(number < 0)
    turn = 2 * np.pi * np.arange(len(outside)) / max(len(outside), 1)
    radius = max(edge * 1.2, len(outside) / (2 * np.pi))
    places[outside] = radius * np.column_stack([np.cos(turn), np.sin(turn)])
    return pd.DataFrame(places, network.account_ids, pd.Index(["x", "y"]))


def _sunflower(count: int, step: float) -> NDArray[np.float64]:
    """So many places, equally dense in a disc, from the middle outwards."""
    number = np.arange(count)
    radius = step * np.sqrt(number + 0.5)
    return np.column_stack([radius * np.cos(number * GOLDEN), radius * np.sin(number * GOLDEN)])
