"""One-mode projections: accounts tied because they share an audience, or acts on the same posts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from influgraph.dataset import resolved_engagements
from influgraph.networks import Network, network_from_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from influgraph.dataset import Dataset

    Numbers = NDArray[np.float64]

COLUMNS = ("account_id", "other_id", "shared", "expected", "p_value", "q_value")
EXACT_SIZES = 100
STEP = 1.01  # sizes above are told apart by one in a hundred
MOST_ROUNDS = 1_000


def co_audience_links(
    network: Network, *, level: float = 0.05, fewest: int = 3, busiest: int = 5_000
) -> pd.DataFrame:
    """Pairs of accounts that share more of their audience than their and its activity would bring about.

    Chance is the most random network in which every account has its mean number of followers and every
    follower its mean number of follows (bipartite configuration model), so that a star, or somebody who
    follows thousands, ties nobody. The probability of as many shared followers is bounded from above by that
    of a Poisson number, and false discoveries are controlled over all pairs (Benjamini & Hochberg). Memory
    grows with accounts, pairs of attention and links found; never with pairs of accounts.

    Parameters
    ----------
    network
        Who attends to whom; weights are not used. On an engagement network: who shares engagers.
    level
        Share of false discoveries that is accepted, above 0 and below 1.
    fewest
        Accounts with fewer followers are left out: little can be shown of them.
    busiest
        Followers who follow more are left out: they tell of everyone, and cost most.

    Returns
    -------
    One row per link, the most certain first: ``account_id``, ``other_id`` (in dataset order), ``shared``:
    followers of both, ``expected``: by chance, ``p_value``, ``q_value``.

    Raises
    ------
    ValueError
        If an option is out of range.

    References
    ----------
    Saracco and others (2017), Inferring monopartite projections of bipartite networks: an entropy-based
    approach; Hoeffding (1956), On the distribution of the number of successes in independent trials;
    Benjamini & Hochberg (1995), Controlling the false discovery rate.

    Examples
    --------
    >>> followers, followed = np.divmod(np.arange(40), 2)
    >>> pairs = np.concatenate([followers, [38, 39]]), np.concatenate([followed + 40, [42, 43]])
    >>> network = network_from_pairs(*pairs, account_ids=pd.RangeIndex(90).astype(str))
    >>> co_audience_links(network, busiest=50)["shared"].tolist()
    []
    """
    return _links(network.weights, network.account_ids, level=level, fewest=fewest, busiest=busiest)


def co_engagement_links(
    data: Dataset,
    *,
    kinds: Sequence[str] | None = None,
    level: float = 0.05,
    fewest: int = 3,
    busiest: int = 5_000,
) -> pd.DataFrame:
    """Pairs of accounts that act on the same posts more often than their activity would bring about.

    As `co_audience_links`, with the posts that an account acted on in place of its followers: an account
    counts once per post. Acts on no post are left out.

    Parameters
    ----------
    data
        Its engagements and posts are used.
    kinds
        Which kinds of act count; by default all but views.
    level
        Share of false discoveries that is accepted.
    fewest
        Accounts that acted on fewer posts are left out.
    busiest
        Posts that more accounts acted on are left out.

    Returns
    -------
    As `co_audience_links`; ``shared`` counts posts.

    Raises
    ------
    ValueError
        If an option is out of range.

    References
    ----------
    As `co_audience_links`.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> posts = pd.DataFrame({"post_id": ["p", "q"], "author_id": "ann"})
    >>> acts = pd.DataFrame({"account_id": ["ben", "cem"], "post_id": "p", "kind": "like"})
    >>> co_engagement_links(from_tables(posts=posts, engagements=acts)).empty
    True
    """
    acts = resolved_engagements(data)
    wanted = acts["kind"].isin(kinds) if kinds is not None else acts["kind"] != "view"
    acts = acts[wanted & acts["post_id"].notna()]
    post, names = pd.factorize(acts["post_id"])
    ends = (post, acts["account_id"].cat.codes.to_numpy())
    matrix = csr_array((np.ones(len(acts)), ends), shape=(len(names), len(data.account_ids)))
    matrix.sum_duplicates()
    return _links(matrix, data.account_ids, level=level, fewest=fewest, busiest=busiest)


def links_network(links: pd.DataFrame, *, account_ids: pd.Index) -> Network:
    """Build the network of links, both ways; a tie weighs what is shared beyond what is expected.

    Examples
    --------
    >>> links = pd.DataFrame({"account_id": ["ann"], "other_id": ["ben"], "shared": [9], "expected": [2.5]})
    >>> links_network(links, account_ids=pd.Index(["ann", "ben"])).weights.toarray()
    array([[0. , 6.5],
           [6.5, 0. ]])
    """
    one, other = (account_ids.get_indexer(pd.Index(links[end])) for end in ("account_id", "other_id"))
    beyond = (links["shared"] - links["expected"]).to_numpy(float)
    ends = np.concatenate([one, other]), np.concatenate([other, one])
    return network_from_pairs(*ends, account_ids=account_ids, weights=np.concatenate([beyond, beyond]))


def _links(
    attention: csr_array, account_ids: pd.Index, *, level: float, fewest: int, busiest: int
) -> pd.DataFrame:
    """Links between columns of a matrix by the rows that they share."""
    from influgraph._projections_kernels import BINS, PER_DECADE, shared_links, tail

    if not 0 < level < 1 or fewest < 1 or busiest < 1:
        raise ValueError(
            f"level must lie above 0 and below 1, fewest and busiest be at least 1, received {level}, "
            f"{fewest} and {busiest}"
        )
    kept = csr_array(attention[np.diff(attention.indptr) <= busiest])
    chosen = np.flatnonzero(np.bincount(kept.indices, minlength=kept.shape[1]) >= fewest)
    rows = csr_array(kept[:, chosen])
    rows.sort_indices()
    tests = len(chosen) * (len(chosen) - 1) / 2
    if tests == 0:
        return _frame(account_ids, np.zeros((3, 0), np.int32), np.empty(0), np.empty(0), np.empty(0))
    columns = rows.T.tocsr()
    kind, expected = _by_chance(rows)
    members = columns.indptr.astype(np.int64), columns.indices.astype(np.int32)
    groups = rows.indptr.astype(np.int64), rows.indices.astype(np.int32)
    counts, nothing = np.zeros(BINS, np.int64), np.empty(0, np.int32)
    shared_links(members, groups, kind, expected, BINS, counts, nothing, nothing, nothing)
    found_by_bin = counts[::-1].cumsum()[::-1]
    # The least p-value of a bin: where even that is too large for as many discoveries, there are none.
    least = 10.0 ** (-(np.arange(BINS) + 1.0) / PER_DECADE)
    least[-1] = 0.0
    may_be = np.flatnonzero((counts > 0) & (least <= level * found_by_bin / tests))
    last = int(may_be[0]) if len(may_be) else BINS
    room = int(found_by_bin[last]) if last < BINS else 0
    pairs = np.empty((3, room), np.int32)
    shared_links(members, groups, kind, expected, last, counts, pairs[0], pairs[1], pairs[2])
    chance = expected[kind[pairs[0]], kind[pairs[1]]]
    p_value = np.array([tail(*one) for one in zip(pairs[2].tolist(), chance.tolist(), strict=True)])
    order = np.argsort(p_value, kind="stable")
    adjusted = p_value[order] * tests / np.arange(1, room + 1)
    q_value = np.minimum.accumulate(adjusted[::-1])[::-1]
    sure = order[q_value <= level]
    pairs[:2] = chosen[pairs[:2]]
    return _frame(account_ids, pairs[:, sure], chance[sure], p_value[sure], q_value[: len(sure)])


def _frame(
    account_ids: pd.Index, pairs: NDArray[np.int32], expected: Numbers, p_value: Numbers, q_value: Numbers
) -> pd.DataFrame:
    values = (account_ids[pairs[0]], account_ids[pairs[1]], pairs[2], expected, p_value, q_value)
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))


def _by_chance(rows: csr_array) -> tuple[NDArray[np.int32], Numbers]:
    """Class of each column by its size, and how many rows columns of two classes should share."""
    active, _, of_active = _classes(np.diff(rows.indptr))
    followed, kind, of_followed = _classes(np.bincount(rows.indices, minlength=rows.shape[1]))
    # Who follows all, or is followed by all, would need a factor without end.
    active, followed = np.minimum(active, rows.shape[1] - 0.5), np.minimum(followed, rows.shape[0] - 0.5)
    together = _probabilities(active, of_active, followed, of_followed)
    return kind, np.einsum("ai,aj->ij", together * of_active[:, None], together)


def _classes(sizes: NDArray[np.integer]) -> tuple[Numbers, NDArray[np.int32], Numbers]:
    """Mean size of each class, class of each one, and how many are in each."""
    large = np.log(np.maximum(sizes, EXACT_SIZES) / EXACT_SIZES) / np.log(STEP)
    label = np.where(sizes < EXACT_SIZES, sizes, EXACT_SIZES + large.astype(np.int64))
    _, kind, count = np.unique(label, return_inverse=True, return_counts=True)
    return np.bincount(kind, sizes) / count, kind.astype(np.int32), count.astype(float)


def _probabilities(active: Numbers, of_active: Numbers, followed: Numbers, of_followed: Numbers) -> Numbers:
    """Classes x classes: probability of attention in the bipartite configuration model."""
    total = max(float(active @ of_active), 1.0)
    one, other = active / np.sqrt(total), followed / np.sqrt(total)
    for _ in range(MOST_ROUNDS):
        before = one
        one = active / ((other / (1 + np.outer(one, other))) @ of_followed)
        other = followed / (of_active @ (one[:, None] / (1 + np.outer(one, other))))
        if np.allclose(one, before, rtol=1e-6, atol=0.0):
            break
    product = np.outer(one, other)
    return np.asarray(product / (1 + product))
