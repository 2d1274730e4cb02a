"""Where to draw each account: niches apart, and inside of each those together who attend to one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array

from influgraph._chance import lent_to_igraph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from influgraph.networks import Network

    Numbers = NDArray[np.float64]
    Groups = NDArray[np.int64]

DISCS = 400  # groups with a disc of their own
JOINING = 3  # times that accounts without a group look for one among their neighbours
PUSHES = 200
GAP = 1.25
ROUNDS = 60
MOST_TIES = 2_000_000  # drawn on inside of discs
UNIT = 20.0  # between two neighbours, as graph programs have it
GOLDEN = np.pi * (3 - np.sqrt(5))


def account_positions(network: Network, niche: pd.Series, *, rng: np.random.Generator) -> pd.DataFrame:
    """Place every account in the plane, in two levels.

    Each niche is a disc whose area is its size; discs that attend to one another are near (Fruchterman and
    Reingold 1991, on the network of niches), and none overlap. Inside of its disc an account is near those it
    is tied to, the best tied in the middle (the same method, on the niche alone; distances from the
    middle are evened out, so that there are neither clumps nor stragglers). Accounts without a niche are
    in the disc of most of their ties, those without any tie in a ring around all. Where nobody has a niche,
    discs are found by Leiden's method. What a picture shows is where ties are, not how strong a claim is.

    100,000 accounts with a million ties take about 10 seconds and 1 GB; of more than 2 million ties inside of
    niches a random part is used.

    Parameters
    ----------
    network
        Who attends to whom; direction does not count.
    niche
        Niche of each account (null = none), in the order of `network`. The 400 largest are used.
    rng
        Where chance comes from; the same state gives the same picture.

    Returns
    -------
    `x` and `y` by account, finite, the middle at 0; neighbours are about 20 apart.

    Raises
    ------
    ValueError
        If `niche` has another index than the network.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 3], [0, 2], account_ids=ids)
    >>> places = account_positions(network, pd.Series([0, 0, 1, 1, None], ids), rng=np.random.default_rng(7))
    >>> near, far = (np.hypot(*(places.loc["ann"] - places.loc[other])) for other in ("ben", "cem"))
    >>> bool(near < far), bool(places.notna().all(axis=None))
    (True, True)
    """
    if not niche.index.equals(network.account_ids):
        raise ValueError("niche must be indexed by the accounts of the network, in their order")
    ties = csr_array(network.weights + network.weights.T)
    with lent_to_igraph(rng):
        group = _joined(_groups(niche, ties), ties)
        size = np.bincount(group[group >= 0], minlength=0)
        radius = np.sqrt(size)
        middles = _middles(_between(ties, group, len(size)), radius)
        points = _ringed(middles, radius, (group < 0).sum())
        placed = np.empty((len(niche), 2))
        placed[group < 0] = points
        _place_inside(placed, ties, group, middles, radius, rng)
    if len(placed):
        placed -= placed.mean(axis=0)
    return pd.DataFrame(UNIT * placed, index=niche.index, columns=["x", "y"])


def _groups(niche: pd.Series, ties: csr_array) -> Groups:
    """Largest groups first, -1 for none: niches, else communities of the ties."""
    labels = niche.to_numpy(np.float64, na_value=np.nan)
    if np.isnan(labels).all() and ties.nnz:
        labels = np.asarray(_graph(ties).community_leiden("modularity", weights="weight").membership, float)
        labels[np.diff(ties.indptr) == 0] = np.nan
    known = ~np.isnan(labels)
    values, code, count = np.unique(labels[known], return_inverse=True, return_counts=True)
    rank = np.empty(len(values), np.int64)
    rank[np.argsort(-count, kind="stable")] = np.arange(len(values))
    group = np.full(len(labels), -1)
    group[known] = np.where(rank[code] < DISCS, rank[code], -1)
    return group


def _joined(group: Groups, ties: csr_array) -> Groups:
    """Let those without a group join that of most of their ties, some steps away at most."""
    count = int(group.max(initial=-1)) + 1
    for _ in range(JOINING):
        alone = np.flatnonzero((group < 0) & (np.diff(ties.indptr) > 0))
        if not (alone.size and count):
            break
        said = csr_array(ties[alone] @ _belongs(group, count))
        heard = np.diff(said.indptr) > 0
        group = group.copy()
        group[alone[heard]] = np.ravel(csr_array(said[heard]).argmax(axis=1))
    return group


def _belongs(group: Groups, count: int) -> csr_array:
    member = np.flatnonzero(group >= 0)
    return csr_array((np.ones(len(member)), (member, group[member])), shape=(len(group), count))


def _between(ties: csr_array, group: Groups, count: int) -> csr_array:
    belongs = _belongs(group, count)
    return csr_array(belongs.T @ ties @ belongs)


def _graph(ties: csr_array):  # type: ignore[no-untyped-def] # noqa: ANN202 - igraph has no types
    """Undirected graph of symmetric ties."""
    import igraph

    pairs = coo_array(ties)
    once = pairs.row < pairs.col
    graph = igraph.Graph(n=ties.shape[0], edges=np.column_stack([pairs.row[once], pairs.col[once]]))
    graph.es["weight"] = pairs.data[once]
    return graph


def _middles(between: csr_array, radius: Numbers) -> Numbers:
    """Where discs stand: by their ties, then pushed apart until none overlap."""
    if not len(radius):
        return np.empty((0, 2))
    graph = _graph(between)
    weights = np.log1p(graph.es["weight"]) if graph.ecount() else None
    found = graph.layout_fruchterman_reingold(weights=weights, niter=500)
    points = np.asarray(found.coords).reshape(-1, 2)
    points -= points.mean(axis=0)
    points *= np.sqrt((radius**2).sum()) / max(float(points.std()), 1e-9)
    least = GAP * np.add.outer(radius, radius)
    np.fill_diagonal(least, 0)
    for _ in range(PUSHES):
        apart, distance = _apart(points)
        over = np.clip(least - distance, 0, None)
        points += 0.25 * (apart / distance[..., None] * over[..., None]).sum(axis=1) - 0.004 * points
    _, distance = _apart(points)
    return np.asarray(points * max(1.0, float((least / GAP / distance).max())))


def _apart(points: Numbers) -> tuple[Numbers, Numbers]:
    apart = points[:, None] - points[None]
    return apart, np.maximum(np.hypot(apart[..., 0], apart[..., 1]), 1e-6)


def _ringed(middles: Numbers, radius: Numbers, count: int) -> Numbers:
    """Places in a ring around all discs, as evenly as the seeds of a sunflower."""
    inner = 1.1 * float((np.hypot(*middles.T) + radius).max(initial=0.0))
    turn = np.arange(count)
    distance, angle = np.sqrt(inner**2 + turn), GOLDEN * turn
    return np.column_stack([distance * np.cos(angle), distance * np.sin(angle)])


def _place_inside(
    placed: Numbers,
    ties: csr_array,
    group: Groups,
    middles: Numbers,
    radius: Numbers,
    rng: np.random.Generator,
) -> None:
    """Fill in the places of all who are in a disc."""
    pairs = coo_array(ties)
    inside = (group[pairs.row] == group[pairs.col]) & (group[pairs.row] >= 0) & (pairs.row < pairs.col)
    used = np.flatnonzero(inside)
    if used.size > MOST_TIES:
        used = np.sort(rng.choice(used, MOST_TIES, replace=False))
    order = np.argsort(group, kind="stable")
    within = np.empty(len(group), np.int64)
    first = np.searchsorted(group[order], np.arange(len(radius) + 1))
    used = used[np.argsort(group[pairs.row[used]], kind="stable")]
    begin = np.searchsorted(group[pairs.row[used]], np.arange(len(radius) + 1))
    for number in range(len(radius)):
        members = order[first[number] : first[number + 1]]
        within[members] = np.arange(len(members))
        mine = used[begin[number] : begin[number + 1]]
        edges = within[np.column_stack([pairs.row[mine], pairs.col[mine]])]
        placed[members] = middles[number] + radius[number] * _in_disc(len(members), edges)


def _in_disc(size: int, edges: NDArray[np.int64]) -> Numbers:
    """Places in a disc of radius 1, those without a tie at its edge."""
    import igraph

    graph = igraph.Graph(n=size, edges=edges)
    degree = np.asarray(graph.degree())
    tied = np.flatnonzero(degree)
    points, turn = np.empty((size, 2)), np.arange(size - tied.size)
    if tied.size:
        part = graph.induced_subgraph(tied.tolist())
        found = part.layout_fruchterman_reingold(niter=ROUNDS, grid="auto")
        drawn = np.asarray(found.coords) - np.median(found.coords, axis=0)
        points[tied] = _evened(drawn, size)
    outward = np.sqrt((tied.size + turn + 0.5) / size)
    points[degree == 0] = np.column_stack([outward * np.cos(GOLDEN * turn), outward * np.sin(GOLDEN * turn)])
    return points


def _evened(points: Numbers, size: int) -> Numbers:
    """Keep directions; let every ring hold as many as its area, by two thirds."""
    distance = np.hypot(*points.T)
    rank = np.empty(len(points))
    rank[np.argsort(distance, kind="stable")] = np.arange(len(points))
    most = np.sqrt(len(points) / size)
    even = np.sqrt((rank + 0.5) / size)
    far = max(float(np.quantile(distance, 0.98)), 1e-9)
    angle = np.arctan2(points[:, 1], points[:, 0])
    outward = 0.65 * even + 0.35 * most * np.minimum(distance / far, 1)
    return np.column_stack([outward * np.cos(angle), outward * np.sin(angle)])
