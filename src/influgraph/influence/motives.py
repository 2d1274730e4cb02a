"""Why people follow: real ties and shared interest, or because everybody does."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from influgraph import networks
from influgraph.dataset import Dataset
from influgraph.influence._arrays import Floats, Ints, sum_by

MOTIVES = ("reciprocity", "shared_neighbours", "shared_niche", "preferential_attachment", "chance")
FEWEST = 100
SAMPLED = 500_000
DRAWS = 60
_BURN_IN = 40
_MOST_FRIENDS = 200
_MANY_FOLLOWS = 10
_CELLS = 5_000_000
# Variance of a share's error beyond chance, as planted worlds showed it; at most this part of what can be.
_MODEL_ERROR, _MOST_ERROR = 0.02, 0.7


@dataclass(frozen=True)
class Motives:
    """Why people follow.

    `accounts` has one row per account, in dataset order: for each motive the share of the account's follows
    that it explains (0 to 1; the five add up to 1), and its 90 % interval, `_low` and `_high`; null without a
    follower, or where the data are too few, with the reason in `motives_missing`:

    - `reciprocity`: they follow back who follows them
    - `shared_neighbours`: they follow whom their friends follow (friends follow each other)
    - `shared_niche`: they follow what belongs to niches they follow anyway
    - `preferential_attachment`: they follow because everybody does
    - `chance`: none of these

    `overall` holds the shares over all follows, indexed by motive: `share, share_low, share_high`.
    """

    accounts: pd.DataFrame
    overall: pd.DataFrame


def motives(data: Dataset, niches: pd.Series, *, rng: np.random.Generator) -> Motives:
    """Tell by what each account is followed: ties, shared niche, or popularity.

    Each follow is taken for one choice among all accounts, made by one of five motives. Each motive says how
    likely it would have led to just this choice: one of those who follow the chooser; a walk to a friend and
    on to whom the friend follows; a niche as much as the chooser follows it more often than everybody, and
    there an account by its followers; any account by its followers; any account at all. The follow itself is
    left out of every count. How often everybody's choices lead into any niche is read off the niches that
    people care least for. How common the motives are is learnt over all accounts, then for each, drawn to
    what is common as far as its followers are few. What popular accounts share by chance is so not taken for
    a tie or a niche.

    Of more than half a million follows, as many are looked at, evenly over accounts and all of those who
    have few.

    Parameters
    ----------
    data
        Its follows are used.
    niches
        Niche of each account, indexed like `data.accounts`; null = none.
    rng
        Source of chance of sampling and intervals.

    Returns
    -------
    Shares per account, and over all follows.

    Notes
    -----
    Grade `estimated`. Where interests are spread over many niches, what goes to niches cannot be told wholly
    from what goes to fame: as much as can be is called fame. In planted worlds the share of niches was
    understated by 0.02 to 0.2; the intervals include an error of 0.14, and held for nine accounts in ten
    where motives were mixed, for one in two where only a fifth of all follows went to niches. A motive that
    leaves no trace in the follows (a recommendation, a friend outside the data) goes to what resembles it,
    fame above all. Where lists of follows are cut, ties back are missing, and reciprocity and shared
    neighbours are understated.

    References
    ----------
    Overgoor, Benson & Ugander (2019), Choosing to grow a graph: modeling network formation as discrete choice
    (each follow a choice, modes of choosing mixed). Jackson & Rogers (2007), Meeting strangers and friends of
    friends. Barabasi & Albert (1999), Emergence of scaling in random networks.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> pairs = [(a, b) for a in range(12) for b in range(12) if a != b]
    >>> follows = pd.DataFrame(pairs, columns=["follower_id", "followed_id"])
    >>> data = from_tables(follows=follows)
    >>> everywhere = pd.Series(0, index=data.account_ids)
    >>> why = motives(data, everywhere, rng=np.random.default_rng(7))
    >>> round(float(why.accounts[list(MOTIVES)].sum(axis=1).iloc[0]), 6)
    1.0
    """
    follows = networks.follow_network(data).weights
    followers = np.bincount(follows.indices, minlength=follows.shape[0])
    names = [name + end for name in MOTIVES for end in ("", "_low", "_high")]
    accounts = pd.DataFrame(np.nan, index=data.account_ids, columns=names)
    overall = pd.DataFrame(np.nan, index=list(MOTIVES), columns=["share", "share_low", "share_high"])
    known = (followers > 0) & (follows.nnz >= FEWEST)
    if known.any():
        pairs = np.column_stack(
            [np.repeat(np.arange(len(followers)), np.diff(follows.indptr)), follows.indices]
        )
        chosen = pairs[rng.random(len(pairs)) < _most_per_account(followers) / followers[pairs[:, 1]]]
        by_niche = _by_niche(pairs, chosen, pd.factorize(niches)[0], rng)
        likely = _likelihoods(follows, followers, by_niche, chosen)
        place = np.cumsum(known) - 1
        mixes, overall.loc[:] = _mixes(likely, place[chosen[:, 1]], followers[known], rng)
        accounts.loc[known] = mixes.reshape(known.sum(), -1)
    few = f"fewer than {FEWEST} follows in the data" if follows.nnz else "no follows are known"
    reason = np.where((followers == 0) & (follows.nnz > 0), "no follower", few)
    accounts["motives_missing"] = pd.Series(reason, accounts.index, dtype="str").mask(known)
    return Motives(accounts, overall)


def _most_per_account(followers: Ints) -> int:
    """How many follows of each account are looked at, so that they are not too many in all."""
    low, high = 1, max(int(followers.max()), 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if np.minimum(followers, middle).sum() <= SAMPLED else (low, middle - 1)
    return low


def _by_niche(pairs: Ints, chosen: Ints, niche: Ints, rng: np.random.Generator) -> Floats:
    """How likely each chosen follow is by niche: the follower's interest in it, and followers within it."""
    count, known = len(niche), niche[pairs[:, 1]] >= 0
    if not known.any():
        return np.zeros(len(chosen))
    followers, follows = (np.bincount(pairs[:, end], minlength=count) for end in (1, 0))
    inside = np.bincount(niche[pairs[known, 1]])
    usual = np.append(inside / inside.sum(), 0.0)  # the last: of those without a niche
    by_fame = _share_by_fame(pairs[known], niche, usual, rng)
    keys, first, counts = np.unique(_key(pairs, niche), return_index=True, return_counts=True)

    def interest(owner: Ints, own: Ints, seen: Ints, *, but: int) -> Floats:
        there = (seen - but + usual[own]) / (follows[owner] + 1 - but) - by_fame * usual[own]
        return np.where(own < 0, 0.0, np.maximum(there, 0.0))

    owner, own = pairs[first, 0], niche[pairs[first, 1]]
    whole = interest(owner, own, counts, but=0)
    place, there = np.searchsorted(keys, _key(chosen, niche)), niche[chosen[:, 1]]
    one = interest(chosen[:, 0], there, counts[place], but=1)
    others = sum_by(owner, whole, count)[chosen[:, 0]] - whole[place]
    among = (followers[chosen[:, 1]] - 1) / np.maximum(inside[there] - 1, 1)
    return np.asarray(one / np.maximum(one + others, 1e-12) * among)


def _share_by_fame(pairs: Ints, niche: Ints, usual: Floats, rng: np.random.Generator) -> float:
    """Share of follows that go by fame: how often people follow into niches they care least for.

    Half of each follower's follows say which niches these are, the other half how often they are followed,
    against how often everybody follows them.
    """
    size = len(usual) - 1
    busy = np.flatnonzero(np.bincount(pairs[:, 0], minlength=len(niche)) >= _MANY_FOLLOWS)
    busy = np.sort(rng.permutation(busy)[: _CELLS // size])
    pairs = pairs[np.isin(pairs[:, 0], busy)]
    row, column = np.searchsorted(busy, pairs[:, 0]), niche[pairs[:, 1]]
    half = rng.random(len(pairs)) < 0.5
    said, asked = (
        np.bincount(row[part] * size + column[part], minlength=len(busy) * size).reshape(-1, size)
        for part in (half, ~half)
    )
    lift = said / np.maximum(said.sum(axis=1, keepdims=True), 1) / np.maximum(usual[:-1], 1e-12)
    order = np.argsort(lift + 1e-9 * rng.random(lift.shape), axis=1)
    least = np.cumsum(usual[order], axis=1) <= 0.5
    seen = np.take_along_axis(asked, order, axis=1)[least].sum()
    expected = (usual[order] * least * asked.sum(axis=1, keepdims=True)).sum()
    return float(min(seen / expected, 1.0)) if expected > 0 else 1.0


def _key(pairs: Ints, niche: Ints) -> Ints:
    """One number for each follower and niche of the followed."""
    return np.asarray(pairs[:, 0].astype(np.int64) * (int(niche.max(initial=0)) + 2) + niche[pairs[:, 1]] + 1)


def _likelihoods(follows: csr_array, followers: Ints, by_niche: Floats, chosen: Ints) -> Floats:
    """How likely each motive leads to just this follow (chosen follows x motives)."""
    from influgraph.influence import _motives_kernels

    friends = follows.multiply(follows.T.tocsr()).tocsr()
    friends.sort_indices()
    returned, walked = _motives_kernels.describe_follows(
        follows.indptr, follows.indices, friends.indptr, friends.indices, chosen, _MOST_FRIENDS
    )
    back = returned / np.maximum(followers[chosen[:, 0]], 1)
    fame = (followers[chosen[:, 1]] - 1) / max(follows.nnz - 1, 1)
    anybody = np.full(len(chosen), 1 / (len(followers) - 1))
    return np.column_stack([back, walked, by_niche, fame, anybody])


def _mixes(
    likely: Floats, followed: Ints, followers: Ints, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Mix of motives of every account (accounts x motives x 3) and over all follows, by Gibbs sampling."""
    from influgraph.influence import _motives_kernels

    looked_at = np.bincount(followed, minlength=len(followers)) > 0
    prior = np.full(len(MOTIVES), 1 / len(MOTIVES))
    mix = np.tile(prior, (len(followers), 1))
    total, squares, overall = np.zeros_like(mix), np.zeros_like(mix), []
    for sweep in range(-_BURN_IN, DRAWS):
        counted = _motives_kernels.count_motives(likely, followed, mix, rng.random(len(followed)))
        prior = _learn_prior(prior, counted[looked_at])
        strength = prior + counted
        mix = rng.standard_gamma(strength)
        mix /= np.maximum(mix.sum(axis=1, keepdims=True), 1e-300)
        if sweep >= 0:
            size = strength.sum(axis=1, keepdims=True)
            share = strength / size
            total += share
            squares += share**2 + share * (1 - share) / (size + 1)
            overall.append(followers @ mix / followers.sum())
    mean, common = total / DRAWS, np.asarray(overall)
    return _interval(mean, squares / DRAWS - mean**2), _interval(common.mean(axis=0), common.var(axis=0))


def _learn_prior(prior: Floats, counted: Floats) -> Floats:
    """One step towards the Dirichlet law of mixes under which the counts are likeliest (Minka 2000)."""
    from scipy import special

    each = (special.digamma(counted + prior) - special.digamma(prior)).sum(axis=0)
    total, size = counted.sum(axis=1), prior.sum()
    return np.asarray(
        np.maximum(prior * each / (special.digamma(total + size) - special.digamma(size)).sum(), 1e-3)
    )


def _interval(mean: Floats, variance: Floats) -> Floats:
    """Mean, 5 % and 95 % of the beta distribution of these moments, the model's own error added."""
    from scipy import stats

    spread = np.maximum(mean * (1 - mean), 1e-12)
    doubt = variance + np.minimum(_MODEL_ERROR, _MOST_ERROR * spread)
    size = np.maximum(spread / doubt - 1, 1e-6)
    ends = [stats.beta.ppf(level, mean * size, (1 - mean) * size) for level in (0.05, 0.95)]
    return np.stack([mean, np.minimum(ends[0], mean), np.maximum(ends[1], mean)], axis=-1)
