"""Which accounts belong together by their attention, and how surely."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, triu

from influgraph._chance import lent_to_igraph
from influgraph.uncertainty import partition_agreement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from influgraph.networks import Network


def find_niches(
    network: Network, *, resolution: float = 1.0, runs: int = 8, smallest: int = 3, rng: np.random.Generator
) -> pd.DataFrame:
    """Niches: accounts that pay more attention to one another than their activity alone would bring about.

    Direction is given up: the tie of two accounts is the attention paid one way plus the other. Leiden
    (modularity) runs several times; returned is the run that agrees best with the others on average
    (adjusted Rand index). Neither the order of accounts nor that of pairs changes the result.

    Parameters
    ----------
    network
        Attention, weighted or not.
    resolution
        Above 1 the niches become smaller and more, below 1 larger and fewer.
    runs
        How many runs are compared; with a single one there is no confidence.
    smallest
        Niches with fewer members are dissolved: their accounts have none.
    rng
        Draws a seed for each run.

    Returns
    -------
    One row per account: ``niche`` (Int64; 0 is the largest, ties go to the id that sorts first; null =
    none, as for isolated accounts) and ``niche_confidence`` from 0 to 1: of the accounts that share
    a niche with this one here or in another run, the share that do in both; mean over the
    other runs. Null without a niche.

    Raises
    ------
    ValueError
        If `resolution` is not positive, or `runs` or `smallest` is below 1.

    References
    ----------
    Traag, Waltman & van Eck (2019), From Louvain to Leiden: guaranteeing well-connected communities.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 1], [0, 0, 2], account_ids=ids)
    >>> find_niches(network, rng=np.random.default_rng(1))
         niche  niche_confidence
    ann      0               1.0
    ben      0               1.0
    cem      0               1.0
    dia   <NA>               NaN
    eva   <NA>               NaN
    """
    if not (resolution > 0 and runs >= 1 and smallest >= 1):
        received = f"{resolution}, {runs} and {smallest}"
        raise ValueError(f"resolution must be positive, runs and smallest at least 1, received {received}")
    ties = network.weights + network.weights.T
    by_id = network.account_ids.astype(str).argsort()
    tied = by_id[np.diff(ties.indptr)[by_id] > 0]
    niche = np.full(len(by_id), -1)
    confidence = np.full(len(by_id), np.nan)
    if len(tied):
        partitions = _leiden_runs(ties[tied][:, tied], resolution, runs, rng)
        chosen = partitions.pop(_most_typical(partitions))
        niche[tied] = _number_by_size(chosen, smallest)
        confidence[tied] = _shared_company(chosen, partitions)
    confidence[niche < 0] = np.nan
    numbers = pd.arrays.IntegerArray(niche, niche < 0)
    return pd.DataFrame({"niche": numbers, "niche_confidence": confidence}, index=network.account_ids)


def _leiden_runs(
    ties: csr_array, resolution: float, runs: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Label of every account, in each run."""
    import igraph

    pairs = triu(ties).tocoo()
    graph = igraph.Graph(n=ties.shape[0], edges=np.column_stack(pairs.coords))
    options = {"objective_function": "modularity", "weights": pairs.data.tolist(), "resolution": resolution}
    partitions = []
    for _ in range(runs):
        with lent_to_igraph(rng):
            partitions.append(np.array(graph.community_leiden(**options).membership))
    return partitions


def _most_typical(partitions: list[NDArray[np.int64]]) -> int:
    """Position of the partition that agrees best with the others on average; the first of equals."""
    agreement = np.zeros((len(partitions), len(partitions)))
    for one in range(len(partitions)):
        for other in range(one):
            agreement[one, other] = partition_agreement(partitions[one], partitions[other])
    return int((agreement + agreement.T).sum(axis=0).argmax())


def _number_by_size(labels: NDArray[np.int64], smallest: int) -> NDArray[np.int64]:
    """Labels anew: 0 = the largest, ties by first account, -1 = too small."""
    _, first, members, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    number = np.empty(len(sizes), np.int64)
    number[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    return np.where(sizes >= smallest, number, -1)[members]


def _shared_company(chosen: NDArray[np.int64], others: list[NDArray[np.int64]]) -> NDArray[np.float64]:
    """Of the accounts in company with this one in `chosen` or in another partition: those in both."""
    size_here = np.bincount(chosen)[chosen] - 1
    shares = np.zeros(len(chosen))
    for other in others:
        size_there = np.bincount(other)[other] - 1
        _, cell, counts = np.unique(
            chosen * (other.max() + 1) + other, return_inverse=True, return_counts=True
        )
        both = counts[cell] - 1
        either = size_here + size_there - both
        shares += np.divide(both, either, out=np.zeros(len(chosen)), where=either > 0)
    return shares / len(others) if others else np.full(len(chosen), np.nan)
