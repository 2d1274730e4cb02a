"""Other methods at their defaults, and how alike groups found are to groups known."""

import random
from collections.abc import Callable, Sequence

import igraph
import networkit
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_matrix, csr_array, triu
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from influgraph.networks import Network

Labels = npt.NDArray[np.int64]
MANY_TIES = 500_000
DRAWS = 100


def plain_graph(layers: Sequence[Network]) -> igraph.Graph:
    """All layers in one: tied or not."""
    ties = _ties(layers)
    return igraph.Graph(n=ties.shape[0], edges=np.column_stack(ties.nonzero()))


def _ties(layers: Sequence[Network]) -> csr_array:
    attention = sum((layer.weights for layer in layers[1:]), start=layers[0].weights)
    return csr_array(triu(attention + attention.T, 1))


def peers(layers: Sequence[Network]) -> dict[str, Callable[[int], Labels]]:
    """Methods by name, each of which takes a seed; of Infomap one trial where ties are many, not ten."""
    graph, ties = plain_graph(layers), _ties(layers)
    trials = 1 if graph.ecount() > MANY_TIES else 10

    def seeded(method: Callable[[], igraph.VertexClustering]) -> Callable[[int], Labels]:
        def run(seed: int) -> Labels:
            random.seed(seed)
            return np.array(method().membership)

        return run

    def plm(seed: int) -> Labels:
        networkit.setSeed(seed, useThreadId=False)
        networkit.setNumberOfThreads(1)
        upper = coo_matrix((np.ones(ties.nnz), ties.nonzero()), shape=ties.shape)
        method = networkit.community.PLM(networkit.GraphFromCoo(upper, n=graph.vcount()))
        method.run()
        return np.array(method.getPartition().getVector())

    return {
        "igraph Leiden": seeded(lambda: graph.community_leiden("modularity")),
        "igraph Louvain": seeded(graph.community_multilevel),
        "igraph Infomap": seeded(lambda: graph.community_infomap(trials=trials)),
        "networkit PLM": plm,
    }


def scores(truth: pd.Series, found: pd.Series | Labels, *, interval: bool = False) -> dict[str, float]:
    """Agreement over accounts whose group is known and that have a niche; `all`: of all that are known.

    There, an account without a niche is one for itself. The interval (90 %) is over accounts drawn anew.
    """
    niche = pd.Series(found, truth.index)
    known = truth.notna().to_numpy()
    placed = known & niche.notna().to_numpy()
    group, label = (pd.factorize(values[placed])[0] for values in (truth, niche))
    told = niche[known].astype("float64").to_numpy()
    alone = np.where(np.isnan(told), np.nanmax(told, initial=0) + 1 + np.arange(len(told)), told)
    everyone = pd.factorize(truth[known])[0]
    ami = adjusted_mutual_info_score(group, label)
    error = 1.645 * _spread(group, label) if interval else np.nan
    return {
        "AMI": ami,
        "low": ami - error,
        "high": ami + error,
        "ARI": adjusted_rand_score(group, label),
        "AMI all": adjusted_mutual_info_score(everyone, alone),
        "ARI all": adjusted_rand_score(everyone, alone),
        "niches": niche[placed].nunique(),
        "covered": placed.sum() / known.sum(),
    }


def _spread(group: Labels, label: Labels) -> float:
    """Standard deviation of the AMI over accounts drawn anew."""
    rng = np.random.default_rng(1)
    drawn = (rng.integers(0, len(group), len(group)) for _ in range(DRAWS))
    return float(np.std([adjusted_mutual_info_score(group[some], label[some]) for some in drawn]))


def likeness(one: pd.Series, other: pd.Series) -> float:
    """AMI of two results, over the accounts that have a niche in both."""
    both = one.notna() & other.notna()
    return float(adjusted_mutual_info_score(one[both].astype(int), other[both].astype(int)))


def best_match(known: Sequence[set[int]], found: Sequence[set[int]]) -> float:
    """Mean F1 with the best match, over what is known, over what is found, and the mean of both."""
    if not known or not found:
        return 0.0
    alike = np.array([[2 * len(one & other) / (len(one) + len(other)) for other in found] for one in known])
    return float((alike.max(axis=1).mean() + alike.max(axis=0).mean()) / 2)


def omega(known: Sequence[set[int]], found: Sequence[set[int]], size: int) -> float:
    """Share of pairs that are together in as many groups of both, beyond chance (Collins & Dent 1988)."""
    one, other = (_times_together(groups, size) for groups in (known, found))
    top = int(max(one.max(), other.max())) + 1
    expected = np.bincount(one, minlength=top) @ np.bincount(other, minlength=top) / len(one) ** 2
    return float(((one == other).mean() - expected) / (1 - expected))


def _times_together(groups: Sequence[set[int]], size: int) -> Labels:
    member = np.zeros((size, max(len(groups), 1)), np.int64)
    for place, group in enumerate(groups):
        member[list(group), place] = 1
    return np.asarray((member @ member.T)[np.triu_indices(size, 1)])
