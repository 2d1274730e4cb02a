"""Expertise: who is referred to by peers, apart from how many follow."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from influgraph.dataset import Dataset, resolved_engagements
from influgraph.influence import _expected
from influgraph.influence._arrays import Floats
from influgraph.influence._expected import Usual

KINDS = ("mention", "reply", "quote", "share")
DRAWS = 200
FEWEST = 3
_MIN_ACCOUNTS = 20


def expertise(
    data: Dataset,
    popularity: pd.DataFrame,
    niches: pd.Series,
    *,
    kinds: Sequence[str] = KINDS,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """How much more an account is referred to by peers than accounts with its followers, posts and niche.

    A reference is a mention, reply, quote or share that one account of the niche makes of another. It counts
    once per referrer, and

    - by how much of a peer makes it: `s / (s + t)`, where s accounts refer to the referrer and t to whom it
      refers to: half among equals, at most 1, and next to nothing from those whom nobody refers to, however
      many they are;
    - by how one-sided it is: of what two accounts say to each other, only what one says more than the other;
      so an exchange, or a ring that mentions itself, counts nothing.

    What this comes to is then compared with what is usual for the account's followers, posts and niche
    (negative binomial regression), and drawn towards 1 as far as it is little.

    Parameters
    ----------
    data
        Its acts are used.
    popularity
        `followers` and `posts`, one row per account; where lists of followers are cut, pass those that the
        accounts state as `followers`.
    niches
        Niche of each account, same index; null = none, and those without are taken together.
    kinds
        Kinds of engagement that refer to somebody.
    rng
        Source of chance of the intervals.

    Returns
    -------
    One row per account:

    - `expertise`, `expertise_low`, `expertise_high`: above 0, 1 = as usual for its popularity; 90 % interval
      over which referrers there happen to be
    - `peer_references`: referrers, each counted as above
    - `listed`, `listed_low`, `listed_high`: how much more it is put on lists (`listed_stated`) than is usual
      for its followers, posts and niche, drawn towards 1; null where that is not given
    - `expertise_missing`: why there is no expertise, in words; null where there is

    Notes
    -----
    Grade `estimated`. It says who is regarded, not who is right: an account that many peers contradict is
    referred to as well. A peer who is referred to by few in the data counts little, so that small samples
    understate everybody.

    References
    ----------
    Standing from the standing of those who refer: Kleinberg (1999), Authoritative sources in a hyperlinked
    environment. Experts by whom others turn to, against mass: Ghosh et al. (2012), Cognos: crowdsourcing
    search for topic experts in microblogs. Draws: Rubin (1981), The Bayesian bootstrap.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> acts = pd.DataFrame({"account_id": list("bcd"), "kind": "mention", "target_id": list("aab")})
    >>> data = from_tables(engagements=acts)
    >>> counts = pd.DataFrame({"followers": 9, "posts": 1}, index=data.account_ids)
    >>> nowhere = pd.Series(pd.NA, index=data.account_ids, dtype="Int64")
    >>> found = expertise(data, counts, nowhere, rng=np.random.default_rng(7))
    >>> round(float(found["peer_references"]["a"]), 2), found["expertise_missing"]["a"]
    (0.33, 'fewer than 3 peers of its niche refer to it')
    """
    acts = resolved_engagements(data)
    acts = acts[acts["kind"].isin(list(kinds)) & acts["receiver_id"].notna()]
    weights, peers = _references(acts, niches)
    counted = np.asarray(weights.sum(axis=0), dtype=np.float64)
    followed = popularity["followers"].notna().to_numpy()
    known = followed & (peers >= FEWEST) & (followed.sum() >= _MIN_ACCOUNTS)
    names = ["expertise", "expertise_low", "expertise_high"]
    result = pd.DataFrame(np.nan, index=popularity.index, columns=names)
    result["peer_references"] = counted
    if known.any():
        # In units in which a reference is worth one piece of evidence: equal weights would each be 1.
        weights.data *= weights.data.sum() / (weights.data**2).sum()
        received = np.asarray(weights.sum(axis=0), dtype=np.float64)[followed]
        columns = _expected.covariates(popularity[followed], niches[followed])
        usual, some = _expected.rising_counts(received, columns), known[followed]
        usual = replace(usual, expected=usual.expected[some], error=usual.error[some])
        result.loc[known, names] = _drawn_to_usual(weights[:, known], usual, rng)
    result[["listed", "listed_low", "listed_high"]] = _listed(data, popularity, niches)
    reasons = {
        f"no {', '.join(kinds)} in the data": np.full(len(known), acts.empty),
        f"fewer than {FEWEST} peers of its niche refer to it": peers < FEWEST,
        "its followers are unknown": ~followed,
    }
    reason = np.select(list(reasons.values()), list(reasons), "too few accounts to compare with")
    result["expertise_missing"] = pd.Series(reason, result.index, dtype="str").mask(known)
    return result


def _references(acts: pd.DataFrame, niches: pd.Series) -> tuple[csr_array, Floats]:
    """What each referrer (row) counts for whom it refers to (column), and how many peers refer to each."""
    giver, receiver = (acts[column].cat.codes.to_numpy() for column in ("account_id", "receiver_id"))
    niche = pd.factorize(niches)[0]
    inside = (niche[giver] == niche[receiver]) & (giver != receiver)
    size = len(niches)
    pairs = csr_array((np.ones(inside.sum()), (giver[inside], receiver[inside])), shape=(size, size))
    pairs.sum_duplicates()
    one_sided = (pairs - pairs.T.tocsr()).maximum(0).tocsr()
    one_sided.eliminate_zeros()
    pairs.data = 1 / pairs.data
    share = one_sided.multiply(pairs).tocsr()
    referrers = np.asarray(share.sum(axis=0), dtype=np.float64)
    theirs, ours = np.repeat(referrers, np.diff(share.indptr)), referrers[share.indices]
    share.data *= theirs / (theirs + ours)
    share.eliminate_zeros()
    return share, np.bincount(share.indices, minlength=size).astype(np.float64)


def _drawn_to_usual(weights: csr_array, usual: Usual, rng: np.random.Generator) -> Floats:
    """Mean, 5 % and 95 % of the ratio: where each referrer counts 1, the gamma-Poisson posterior."""
    drawn = rng.gamma(usual.shape, size=(weights.shape[1], DRAWS))
    drawn += weights.T @ rng.standard_exponential((weights.shape[0], DRAWS))
    drawn *= np.exp(np.sqrt(usual.error)[:, None] * rng.standard_normal(drawn.shape))
    low, high = np.quantile(drawn, [0.05, 0.95], axis=1)
    mean = usual.shape + np.asarray(weights.sum(axis=0), dtype=np.float64)
    ends = np.column_stack([mean, np.minimum(low, mean), np.maximum(high, mean)])
    return np.asarray(ends / (usual.shape + usual.expected)[:, None])


def _listed(data: Dataset, popularity: pd.DataFrame, niches: pd.Series) -> Floats:
    """Times on lists against what is usual: estimate, low, high."""
    result = np.full((len(popularity), 3), np.nan)
    if "listed_stated" not in data.accounts:
        return result
    listed = data.accounts["listed_stated"].to_numpy(np.float64, na_value=np.nan)
    compared = np.isfinite(listed) & popularity["followers"].notna().to_numpy()
    if compared.sum() < _MIN_ACCOUNTS or not listed[compared].any():
        return result
    known = _expected.covariates(popularity[compared], niches[compared])
    result[compared] = _expected.usual_counts(listed[compared], known).ratio(listed[compared])
    return result
