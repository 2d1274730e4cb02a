"""Centrality by shortest paths: exact, or from sources drawn at random, with what is known of the error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from influgraph._centrality_arrays import audience_rows, codes_of, measure, rows, whole
from influgraph._threads import at_once, cores

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from influgraph._centrality_arrays import Codes, Numbers, Starts
    from influgraph.networks import Network

    Told = tuple[Numbers, Numbers]  # sums over sources of what each tells of an account, and of its square
    Tell = Callable[[Starts, Codes, Codes, int], Told]

PAIR_VISITS = 1_000_000_000  # what sampled measures may cost: accounts and pairs passed, over all sources
FEWEST_SOURCES = 100
BITS = 64
WIDTH = 1.645  # standard errors on either side of a 90 % interval


def betweenness(
    network: Network, *, rng: np.random.Generator, exact_up_to: int = 5_000, sources: int | None = None
) -> pd.Series:
    """How many shortest paths of attention run through each account, as one of several counted in part.

    Directed, unweighted, not normalised: from 0 (no path runs through, or nobody is tied) to
    (n - 1)(n - 2) for n accounts. In networks of more than `exact_up_to` accounts only the paths
    from some sources are followed, drawn at random without replacement from the accounts that pay attention
    to anyone, and scaled up, so that the expected value is the exact one; small values are then often 0.
    `sampled_betweenness` says how far off it may be.

    Parameters
    ----------
    network
        Its weights are not used.
    rng
        Draws the sources; unused where the result is exact.
    exact_up_to
        The number of accounts up to which all sources are followed, unless `sources` is given.
    sources
        How many sources are drawn. By default as many as pass a thousand million accounts and pairs if
        each source reaches everyone, but at least 100; with that many sources in all, all are used.

    Raises
    ------
    ValueError
        If `sources` is not a whole number of at least 1.
    ArithmeticError
        If there are more shortest paths between two accounts than a number can hold.

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
    drawn = _follow(network, _path_sums, rng=rng, exact_up_to=exact_up_to, sources=sources)
    return measure(network, "betweenness", drawn.estimate)


def sampled_betweenness(
    network: Network, *, rng: np.random.Generator, sources: int | None = None
) -> pd.DataFrame:
    """Betweenness from some sources, with how far off it may be.

    Parameters
    ----------
    network
        Its weights are not used.
    rng
        Draws the sources.
    sources
        As for `betweenness`.

    Returns
    -------
    ``betweenness``; ``betweenness_low``, ``betweenness_high``: 90 % interval of each account alone, by what
    the sources differ; ``betweenness_bound``: with a probability of 90 % the exact values of *all* accounts
    are at most this far from the estimates, whatever the network. 0 where all sources were followed. An
    account that no source tells of has an interval up to its bound.

    The bound is loose. It allows for few sources that tell of an account as much as any may: with `n` of
    `N` sources it is at least ``4.5 * log(100 * accounts) / n`` of the largest value that can be, and with a
    hundred sources many times the largest value that is. No bound for whatever network is below ``2.3 / n``
    of it: so many sources may be missed. Use the interval, unless many thousand sources are followed.

    Raises
    ------
    ValueError, ArithmeticError
        As `betweenness`.

    References
    ----------
    Brandes & Pich (2007), Centrality estimation in large networks; the bound: Bardenet & Maillard (2015),
    Concentration inequalities for sampling without replacement (theorem 3), over all accounts at once.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids)
    >>> sampled_betweenness(network, rng=np.random.default_rng(1), sources=3).loc["cem"].tolist()
    [2.0, 2.0, 2.0, 0.0]
    """
    drawn = _follow(network, _path_sums, rng=rng, exact_up_to=0, sources=sources)
    most = max(len(network.account_ids) - 2.0, 0.0)
    return drawn.with_errors("betweenness", network, most=most)


def harmonic_closeness(
    network: Network, *, rng: np.random.Generator, exact_up_to: int = 20_000, sources: int | None = None
) -> pd.Series:
    """How near an account is to everybody's attention: the sum of one over the distance from each other one.

    Distance is the least number of steps of attention that lead to it; from where none do, nothing is added.
    So it is at most the number of other accounts, reached when all attend to it. Weights are not used. In
    networks of more than `exact_up_to` accounts distances from some sources are scaled up as in betweenness,
    so that the expected value is the exact one.

    Parameters
    ----------
    network
        Its weights are not used.
    rng
        Draws the sources; unused where the result is exact.
    exact_up_to
        The number of accounts up to which all sources are followed, unless `sources` is given.
    sources
        How many sources are drawn; by default as for `betweenness`.

    Raises
    ------
    ValueError
        If `sources` is not a whole number of at least 1.

    References
    ----------
    Marchiori & Latora (2000), Harmony in the small-world; Boldi & Vigna (2014), Axioms for centrality;
    Eppstein & Wang (2004), Fast approximation of centrality. Sources 64 at a time: Then and others (2014),
    The more the merrier: efficient multi-source graph traversal.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids)
    >>> harmonic_closeness(network, rng=np.random.default_rng(1)).tolist()
    [2.5, 1.5, 1.0, 0.0, 0.0]
    """
    drawn = _follow(network, _near_sums, rng=rng, exact_up_to=exact_up_to, sources=sources)
    return measure(network, "harmonic_closeness", drawn.estimate)


def sampled_harmonic_closeness(
    network: Network, *, rng: np.random.Generator, sources: int | None = None
) -> pd.DataFrame:
    """Harmonic closeness from some sources, with how far off it may be.

    Parameters
    ----------
    network
        Its weights are not used.
    rng
        Draws the sources.
    sources
        As for `betweenness`.

    Returns
    -------
    ``harmonic_closeness``, ``harmonic_closeness_low``, ``harmonic_closeness_high``,
    ``harmonic_closeness_bound``, as in `sampled_betweenness`.

    Raises
    ------
    ValueError
        If `sources` is not a whole number of at least 1.

    References
    ----------
    Eppstein & Wang (2004), Fast approximation of centrality; the bound as in `sampled_betweenness`.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids)
    >>> sampled_harmonic_closeness(network, rng=np.random.default_rng(1), sources=3).loc["ann"].tolist()
    [2.5, 2.5, 2.5, 0.0]
    """
    drawn = _follow(network, _near_sums, rng=rng, exact_up_to=0, sources=sources)
    return drawn.with_errors("harmonic_closeness", network, most=1.0)


def harmonic_closeness_of(network: Network, accounts: Sequence[object]) -> pd.Series:
    """Exact `harmonic_closeness` of some accounts of a large network, 64 of them at a time.

    Parameters
    ----------
    network
        Its weights are not used.
    accounts
        Ids of different accounts.

    Returns
    -------
    ``harmonic_closeness``, indexed by these accounts in their order.

    Raises
    ------
    ValueError
        If an account is unknown or named twice.

    References
    ----------
    As `harmonic_closeness`.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 2, 3], [0, 0, 1, 2], account_ids=ids)
    >>> harmonic_closeness_of(network, ["cem", "ann"]).tolist()
    [1.0, 2.5]
    """
    from influgraph._centrality_path_kernels import near_accounts

    codes = codes_of(network, accounts, called="accounts").astype(np.int32)
    starts, audience = audience_rows(network)
    batches = [codes[first : first + BITS] for first in range(0, len(codes), BITS)]
    near = at_once(lambda batch: near_accounts(starts, audience, batch), batches)
    return pd.Series(np.concatenate(near), network.account_ids[codes], name="harmonic_closeness")


@dataclass(frozen=True, eq=False)
class _Followed:
    """What `used` of `count` sources told, per account."""

    sums: Numbers
    squares: Numbers
    used: int
    count: int

    @property
    def estimate(self) -> Numbers:
        """Sum over all sources."""
        return self.sums * (self.count / max(self.used, 1))

    def with_errors(self, name: str, network: Network, *, most: float) -> pd.DataFrame:
        """Estimate, interval and bound, where no source can tell more than `most` of an account."""
        used, count = max(self.used, 1), self.count
        mean = self.sums / used
        variance = np.maximum(self.squares / used - mean**2, 0.0)
        left_out = 1 - used / max(count, 1)
        rho = 1 - (used - 1) / max(count, 1) if 2 * used <= count else left_out * (1 + 1 / used)
        tail = math.log(5 * 2 * max(len(mean), 1) / 0.1)
        range_term = (7 / 3 + 3 / math.sqrt(2)) * most * tail / used
        bound = count * (np.sqrt(variance * 2 * rho * tail / used) + range_term)
        bound = np.minimum(bound, count * most) * (left_out > 0)
        estimate, shift, half = self.estimate, *self._interval(mean, variance, left_out)
        half = np.where(self.sums > 0, half, bound)
        columns = {
            name: estimate,
            f"{name}_low": np.maximum(estimate + shift - half, self.sums),
            f"{name}_high": np.minimum(estimate + shift + half, self.sums + most * (count - self.used)),
            f"{name}_bound": bound,
        }
        return pd.DataFrame(columns, network.account_ids)

    def _interval(self, mean: Numbers, variance: Numbers, left_out: float) -> tuple[Numbers, Numbers]:
        """Shift of the middle, and half the width: where few tell much, sums are skewed like rare counts.

        Who is told of by few sources may have missed those that tell much: no account is taken to vary less,
        for its mean, than all do together.
        """
        used = max(self.used, 1)
        variance = np.maximum(variance, mean * (variance.sum() / max(mean.sum(), 1e-300)))
        step = np.divide(variance, mean, out=np.zeros_like(mean), where=mean > 0) * WIDTH / 2 * left_out
        spread = np.sqrt(variance * used**2 / max(used - 1, 1) * left_out + step**2)
        scale = WIDTH * self.count / used
        return scale * step, scale * spread


def _follow(
    network: Network, tell: Tell, *, rng: np.random.Generator, exact_up_to: int, sources: int | None
) -> _Followed:
    """Follow all sources, or as many as are wanted or may be."""
    if sources is not None and not whole(sources, least=1):
        raise ValueError(f"sources must be a whole number of at least 1, received {sources}")
    starts, codes = rows(network)
    size, begin = len(network.account_ids), np.flatnonzero(np.diff(starts)).astype(np.int32)
    wanted = sources or max(PAIR_VISITS // (size + len(codes) + 1), FEWEST_SOURCES)
    some = (sources is not None or size > exact_up_to) and wanted < len(begin)
    followed = rng.choice(begin, wanted, replace=False) if some else begin
    sums, squares = tell(starts, codes, followed, size)
    return _Followed(sums, squares, len(followed), len(begin))


def _path_sums(starts: Starts, codes: Codes, sources: Codes, size: int) -> Told:
    """Shares of paths, added up in the order of the sources, however many are followed at once."""
    from influgraph._centrality_path_kernels import add_paths, follow_paths

    sums, squares, lanes = np.zeros(size), np.zeros(size), cores() if len(codes) > 50_000 else 1
    order, distance = np.empty((lanes, size), np.int32), np.full((lanes, size), -1, np.int32)
    paths, credit = np.empty((lanes, size)), np.empty((lanes, size))

    def follow(task: tuple[int, int]) -> int:
        lane, source = task
        return follow_paths(starts, codes, source, order[lane], distance[lane], paths[lane], credit[lane])

    for first in range(0, len(sources), lanes):
        reached = at_once(follow, enumerate(sources[first : first + lanes].tolist()))
        for lane, count in enumerate(reached):
            add_paths(order[lane], count, distance[lane], paths[lane], sums, squares)
    if not np.isfinite(sums).all():
        raise ArithmeticError("there are more shortest paths between two accounts than a number can hold")
    return sums, squares


def _near_sums(starts: Starts, codes: Codes, sources: Codes, size: int) -> Told:
    """Inverse distances, added up in the order of batches of 64 sources."""
    from influgraph._centrality_path_kernels import near_sources

    batches = [sources[first : first + BITS] for first in range(0, len(sources), BITS)]

    def near(batch: NDArray[np.int32]) -> Told:
        told = np.zeros(size), np.zeros(size)
        near_sources(starts, codes, np.ascontiguousarray(batch), *told)
        return told

    sums, squares = np.zeros(size), np.zeros(size)
    for first in range(0, len(batches), cores()):
        for told in at_once(near, batches[first : first + cores()]):
            sums += told[0]
            squares += told[1]
    return sums, squares
