"""How far measures of centrality agree, with one another and with themselves, and what they cost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from influgraph import _centrality_counts as counts
from influgraph import _centrality_paths as paths
from influgraph import _centrality_walks as walks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from influgraph.networks import Network

    Measure = Callable[[Network], pd.Series]


def every_measure(*, rng: np.random.Generator) -> dict[str, Measure]:
    """Every measure of one number per account that needs a network alone, by name.

    Of `hits` the authorities; of `voterank` the places turned around, so that more is more.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> network = network_from_pairs([1, 2, 0], [0, 0, 1], account_ids=pd.Index(["ann", "ben", "cem"]))
    >>> every_measure(rng=np.random.default_rng(1))["authority"](network).round(2).tolist()
    [1.0, 0.0, 0.0]
    """
    plain: tuple[Measure, ...] = (
        counts.in_degree,
        counts.in_strength,
        walks.pagerank,
        walks.leaderrank,
        walks.eigenvector,
        walks.katz,
        counts.core_number,
        counts.in_core_number,
        counts.collective_influence,
        counts.local_clustering,
    )
    return {measure.__name__: measure for measure in plain} | {
        "authority": lambda network: walks.hits(network)["authority"],
        "betweenness": lambda network: paths.betweenness(network, rng=rng),
        "harmonic_closeness": lambda network: paths.harmonic_closeness(network, rng=rng),
        "voterank": lambda network: -counts.voterank(network).astype("Float64"),
    }


def compare(
    network: Network,
    measures: Mapping[str, Measure],
    *,
    rng: np.random.Generator,
    top: int = 100,
    kept: float = 0.9,
    draws: int = 10,
) -> pd.DataFrame:
    """Agreement of measures on a network, how steady each is, and what it costs.

    Every measure is also taken on parts of the network that keep each pair at random. The intervals hold
    nine tenths of what these parts say, and the whole; a measure beside itself is its values on the parts
    against those on the whole: how far it would be another one had other ties been seen. A measure that
    does not converge, or is not defined on the network, is null, and `missing` says why.

    Parameters
    ----------
    network
        Weighted or not.
    measures
        Measure by name, `every_measure` for instance.
    rng
        Draws the parts.
    top
        How many of the highest are compared; ties at the border go to the first in dataset order.
    kept
        Share of the pairs that a part keeps, above 0 and below 1.
    draws
        How many parts are drawn, at least 2.

    Returns
    -------
    One row per pair, index ``measure``, ``other``: ``kendall, kendall_low, kendall_high`` (tau-b over
    accounts that have both), ``overlap, overlap_low, overlap_high`` (share of the highest that are the same),
    ``seconds`` that the first took on the whole network, and ``missing``.

    Raises
    ------
    ValueError
        If an option is out of range.

    References
    ----------
    Kendall (1945), The treatment of ties in ranking problems. Parts of a network: Borgatti, Carley &
    Krackhardt (2006), On the robustness of centrality measures under conditions of imperfect data.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> pairs = np.random.default_rng(1).integers(0, 30, (2, 150))
    >>> network = network_from_pairs(*pairs, account_ids=pd.RangeIndex(30).astype(str))
    >>> measures = every_measure(rng=np.random.default_rng(1))
    >>> some = {name: measures[name] for name in ("in_degree", "pagerank")}
    >>> found = compare(network, some, rng=np.random.default_rng(1), top=10)
    >>> bool(found.loc[("in_degree", "pagerank"), "kendall"] > 0.5)
    True
    """
    if top < 1 or not 0 < kept < 1 or draws < 2:
        raise ValueError(
            f"top must be at least 1, kept lie above 0 and below 1, draws be at least 2, received {top}, "
            f"{kept} and {draws}"
        )
    whole, seconds, missing = _taken(network, measures)
    parts = [_taken(_part(network, kept, rng), measures)[0] for _ in range(draws)]
    found = []
    for place, one in enumerate(measures):
        for other in list(measures)[place:]:
            agreed = [_agreement(part[one], (whole if one == other else part)[other], top) for part in parts]
            row = {
                "measure": one,
                "other": other,
                **_summary(agreed, _agreement(whole[one], whole[other], top)),
            }
            if one == other:
                row |= {
                    name: np.median([values[n] for values in agreed]) for n, name in enumerate(AGREEMENTS)
                }
            found.append(row | {"seconds": seconds[one], "missing": missing.get(one) or missing.get(other)})
    return pd.DataFrame(found).set_index(["measure", "other"])


AGREEMENTS = ("kendall", "overlap")


def _taken(
    network: Network, measures: Mapping[str, Measure]
) -> tuple[dict[str, pd.Series], dict[str, float], dict[str, str]]:
    """Values of each measure, seconds it took, and why it has none."""
    values, seconds, missing = {}, {}, {}
    for name, measure in measures.items():
        start = time.perf_counter()
        try:
            values[name] = measure(network).astype(float)
        except (ValueError, ArithmeticError) as error:
            values[name] = pd.Series(np.nan, network.account_ids)
            missing[name] = str(error)
        seconds[name] = time.perf_counter() - start
    return values, seconds, missing


def _part(network: Network, kept: float, rng: np.random.Generator) -> Network:
    """The network with some of its pairs."""
    from influgraph.networks import Network

    pairs = network.weights.tocoo()
    some = rng.random(pairs.nnz) < kept
    weights = csr_array((pairs.data[some], (pairs.row[some], pairs.col[some])), shape=pairs.shape)
    weights.sum_duplicates()
    return Network(network.account_ids, weights)


def _agreement(one: pd.Series, other: pd.Series, top: int) -> tuple[float, float]:
    """Kendall's tau-b, and the share of the highest of one that are among those of the other."""
    from scipy.stats import kendalltau

    first, second = one.to_numpy(float, na_value=np.nan), other.to_numpy(float, na_value=np.nan)
    both = ~(np.isnan(first) | np.isnan(second))
    alike = kendalltau(first[both], second[both]).statistic if both.sum() > 1 else np.nan
    highest = [set(np.argsort(-values, kind="stable")[:top]) for values in (first, second)]
    known = min(top, np.isfinite(first).sum(), np.isfinite(second).sum())
    return float(alike), len(highest[0] & highest[1]) / known if known else np.nan


def _summary(agreed: list[tuple[float, float]], whole: tuple[float, float]) -> dict[str, float]:
    """Value, and the interval of values on parts, widened to hold it; null where a part has none."""
    columns: dict[str, float] = {}
    for place, name in enumerate(AGREEMENTS):
        parts = np.array([values[place] for values in agreed])
        low, high = np.quantile(parts, [0.05, 0.95])
        columns |= {
            name: whole[place],
            f"{name}_low": float(np.minimum(low, whole[place])),
            f"{name}_high": float(np.maximum(high, whole[place])),
        }
    return columns
