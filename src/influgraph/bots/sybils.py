"""Sybils: regions that trust hardly enters, behind which there seems to be one hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from influgraph.bots import _sybils_evidence as evidence
from influgraph.bots import _sybils_regions as areas
from influgraph.bots._greatest import chances
from influgraph.bots.clusters import CLUSTERS, JOINT_ACTS, MEMBERS, BotClusters, no_clusters
from influgraph.networks import follow_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scipy.sparse import csr_array

    from influgraph.dataset import Dataset

DRAWS = 19  # rewired networks
SPEAKS = 0.2  # what is as likely among like groups is no evidence, however far apart a region lies
LEAST_SPREAD = 0.02  # of conductance by chance
SEEDS = 30  # popular accounts that are taken for people where nobody is known to be trustworthy
KNOWN_OUTSIDE = 0.5  # of the followers from other niches that the last of these has, for one of every niche
GROUPS, GROUPS_OF_MANY, MANY = 999, 199, 1_000_000  # groups elsewhere; in networks of more than so many ties
NOBODY = "nobody is known to be trustworthy: name trusted accounts, or say which are verified"


def trust(data: Dataset, *, trusted: Iterable[str] | None, steps: int | None = None) -> pd.Series:
    """How easily short walks from trusted accounts reach each account over mutual follows (SybilRank).

    Parameters
    ----------
    data
        Its follows are used; a tie is a follow both ways, as a follow that is not returned is free to make.
    trusted
        Ids of accounts known to be people; None: those that are verified.
    steps
        Length of the walks; by default the binary logarithm of the number of accounts.

    Returns
    -------
    `trust`: the chance to end a walk at the account, over its number of ties, in units of what a walk without
    end would bring; below 1 where trust hardly comes. Null for accounts without a tie. Little trust is no
    suspicion: whoever lives apart has little, and newcomers too.

    Raises
    ------
    ValueError
        If a trusted account is not in the dataset, none has a tie, or `steps` is below 1.

    References
    ----------
    Cao, Sirivianos, Yang & Pregueiro (2012), Aiding the detection of fake accounts in large scale social
    online services, NSDI.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> ties = [("ann", "ben"), ("ben", "cem"), ("cem", "ann"), ("cem", "dia"), ("dia", "eva")]
    >>> follows = pd.DataFrame([*ties, *[(b, a) for a, b in ties]], columns=["follower_id", "followed_id"])
    >>> trust(from_tables(follows=follows), trusted=["ann"], steps=2).round(2).to_dict()
    {'ann': 2.08, 'ben': 0.83, 'cem': 0.83, 'dia': 0.83, 'eva': 0.0}
    """
    if steps is not None and steps < 1:
        raise ValueError(f"steps must be at least 1, received {steps!r}")
    ties = areas.mutual_ties(follow_network(data))
    seeds = _seeds(data, ties, trusted)
    if not len(seeds):
        raise ValueError(f"trusted must name accounts that somebody follows back; {NOBODY}")
    values = areas.landed(ties, seeds, steps or areas.usual_steps(ties.shape[0]))
    return pd.Series(values, index=data.account_ids, name="trust").astype("Float64")


def popular_seeds(data: Dataset, niches: pd.Series, *, suspects: Iterable[str]) -> list[str]:
    """Accounts to take for people where nobody is known to be trustworthy: those most followed from all over.

    Counted are followers of other niches than the account's own (of all, where niches are not known), as a
    region of sybils is often a niche of its own, and whoever leads it is followed there alone. The 30 most
    followed are taken, and of every niche the one most followed, if from outside it has at least half as many
    followers as the last of the 30. Suspects are none of them, and do not count as followers.

    Parameters
    ----------
    data
        Its follows are used; accounts whom nobody follows back are left out, as trust has no way from them.
    niches
        A niche per account, in dataset order, null for none.
    suspects
        Ids of accounts that must not be taken: suspected ones, and those whose followers may be bought.

    Returns
    -------
    Ids, the most followed first; grade: assumed, as popular accounts may have been bought up unseen.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> ties = [("ann", "ben"), ("ben", "ann"), ("cem", "ann"), ("dia", "ben"), ("eva", "ben")]
    >>> data = from_tables(follows=pd.DataFrame(ties, columns=["follower_id", "followed_id"]))
    >>> none = pd.Series(None, index=data.account_ids, dtype="Int64")
    >>> popular_seeds(data, none, suspects=[])
    ['ben', 'ann']
    >>> popular_seeds(data, none, suspects=["ben"])
    ['ann']
    """
    one, other = (data.follows[side].cat.codes.to_numpy() for side in ("follower_id", "followed_id"))
    barred = data.account_ids.isin(list(suspects))
    niche = niches.astype("Float64").to_numpy(np.float64, na_value=np.nan)
    counts = ~barred[one] & (one != other) & (niche[one] != niche[other])  # null is a niche of nobody else's
    followers = np.bincount(other[counts], minlength=len(niche))
    tied = np.diff(areas.mutual_ties(follow_network(data)).indptr) > 0
    order = np.argsort(-followers, kind="stable")
    order = order[(tied & ~barred & (followers > 0))[order]]
    first = order[:SEEDS]
    enough = KNOWN_OUTSIDE * followers[first[-1:]].sum()  # of the last one, if any
    of_niche = pd.Series(order, niche[order]).groupby(level=0, sort=False).first().to_numpy()
    more = of_niche[(followers[of_niche] >= enough) & ~np.isin(of_niche, first)]
    return [str(account_id) for account_id in data.account_ids[np.concatenate([first, more])]]


def find_sybils(
    data: Dataset,
    *,
    trusted: Iterable[str] | None,
    assumed: Iterable[str] = (),
    rng: np.random.Generator,
    steps: int | None = None,
    smallest: int = 10,
) -> BotClusters:
    """Find regions of the network of follows that seem to be the accounts of one hand.

    Ties are follows both ways; and, for accounts that follow one another without being followed back, follows
    one way, of which those received count: whom an account follows is its own choice. Three things are asked
    of a region. Trust hardly enters it (see `trust`), and it holds no trusted account. It is barely tied to
    the rest: its conductance is less than the least of any region that the same search finds in networks
    rewired at random, with the same number of ties for each account. That alone is true of
    every language community and every small niche, and no reason for suspicion; so something else must set it
    apart from as large and close-knit groups elsewhere in the network: its accounts were made within a short
    time, or followed one another within a short time, or are idle more often, a fifth of them at least. Where
    fewer than three such groups could stand elsewhere, or none of this is known, nothing is reported, and
    `missing` says so.

    Where nobody is known to be trustworthy, trust may start from popular accounts that are assumed to be
    people (see `popular_seeds`); the evidence says so, and its grade is assumed, else estimated. All that is
    asked of a region stays the same. A region that holds one of them is not found.

    Parameters
    ----------
    data
        Follows; `created_at` of accounts, times of follows, posts and engagements where known.
    trusted
        Ids of accounts known to be people; None: those that are verified.
    assumed
        Ids of accounts to take for people where none of the trusted is followed back, or there are none.
    rng
        Source of all chance.
    steps
        Length of the walks; by default the binary logarithm of the number of accounts.
    smallest
        Least number of accounts in a region, at least 3.

    Returns
    -------
    Clusters of kind sybil, that share nobody: the less likely stands. `p_value` is the greater of two, that
    of the conductance, and that of what else was found, the least of its kinds times their number; times the
    number of sorts of ties. `membership` is the share of an account's ties that stay inside; beneficiaries
    are followed by half of the members and a tenth of others at most; `joint_acts` are the follows inside.

    Raises
    ------
    ValueError
        If a trusted or assumed account is not in the dataset, `steps` is below 1 or `smallest` below 3.

    References
    ----------
    Cao et al. (2012), NSDI (as in `trust`). Viswanath, Post, Gummadi & Mislove (2010), An analysis of social
    network-based Sybil defenses, SIGCOMM: they find communities, so ties alone do not tell.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> ring = pd.DataFrame({"follower_id": [f"a{n}" for n in range(30)]})
    >>> ring["followed_id"] = ring["follower_id"].to_numpy()[np.arange(1, 31) % 30]
    >>> data = from_tables(follows=ring)
    >>> find_sybils(data, trusted=None, rng=np.random.default_rng(7)).missing
    'no two accounts are known to follow each other, so trust has no way to go'
    """
    if smallest < 3 or (steps is not None and steps < 1):
        raise ValueError(f"smallest must be at least 3 and steps 1, received {smallest!r} and {steps!r}")
    network = follow_network(data)
    mutual, one_way = areas.mutual_ties(network), areas.followers(network)
    if not mutual.nnz:
        return no_clusters("no two accounts are known to follow each other, so trust has no way to go")
    seeds, known = _seeds(data, mutual, trusted), "trusted accounts"
    if not len(seeds):
        seeds, known = _seeds(data, mutual, assumed), "popular accounts, who are assumed to be people"
    if not len(seeds):
        return no_clusters(NOBODY)
    measures = evidence.measures(data)
    steps = steps or areas.usual_steps(mutual.shape[0])
    ways = [_Search(mutual, "mutual follows", seeds, steps, smallest)]
    if one_way.nnz > mutual.nnz:
        ways += [_Search(one_way, "followers", seeds, steps, smallest)]
    found = [one for search in ways for one in _searched(search, measures, rng)]
    if found and all(one.p_value is None for one in found):
        return no_clusters(
            "regions apart were found, but too little else is known to tell a community from sybils"
        )
    judged = _disjoint([one for one in found if one.p_value is not None])
    if not judged:
        return no_clusters()
    parts = [_told(data, f"sybil-{n}", one, known, len(ways)) for n, one in enumerate(judged, 1)]
    clusters, members, acts = (pd.concat([part[table] for part in parts]) for table in range(3))
    clusters = clusters.rename_axis("bot_cluster").astype(CLUSTERS)
    return BotClusters(clusters, members.reset_index(drop=True), acts.reset_index(drop=True))


@dataclass(frozen=True, eq=False)
class _Search:
    """Ties, what they are of, from where trust starts, how far it walks, and the smallest region."""

    ties: csr_array
    named: str
    seeds: areas.Ints
    steps: int
    smallest: int


@dataclass(frozen=True, eq=False)
class _Found:
    """A region of a search, how likely it is by chance (None: cannot be told), and what else is odd."""

    search: _Search
    region: areas.Region
    p_value: float | None
    apart_by: str


def _searched(
    search: _Search, measures: dict[str, Callable[[areas.Ints], float]], rng: np.random.Generator
) -> list[_Found]:
    """Regions of little trust, and how likely they are."""
    regions = _distrusted(search.ties, search)
    if not regions:
        return []
    every = np.unique(np.concatenate([one.members for one in regions]))
    told = [_chance_of_rest(search.ties, one.members, every, measures, rng) for one in regions]
    found = [_Found(search, one, *other) for one, other in zip(regions, told, strict=True)]
    if not any(one.p_value is not None and one.p_value < SPEAKS for one in found):
        return found  # draws of networks are dear, and would change nothing
    apart_p = _chance_apart(search, regions, rng)
    return [
        replace(one, p_value=None if one.p_value is None else max(float(p), one.p_value))
        for one, p in zip(found, apart_p, strict=True)
    ]


def _disjoint(found: list[_Found]) -> list[_Found]:
    """Those that share nobody with a less likely one; of equals with a larger one."""
    kept: list[_Found] = []
    for one in sorted(found, key=lambda one: (one.p_value, -len(one.region.members))):
        if not any(np.isin(one.region.members, other.region.members).any() for other in kept):
            kept.append(one)
    return kept


def _seeds(data: Dataset, ties: csr_array, trusted: Iterable[str] | None) -> areas.Ints:
    """Codes of trusted accounts that have a tie."""
    if trusted is None:
        verified = data.accounts.get("verified", pd.Series(data=False, index=data.account_ids))
        codes = np.flatnonzero(verified.fillna(value=False).to_numpy(bool))
    else:
        asked = pd.Index(list(trusted), dtype=data.account_ids.dtype)
        codes = data.account_ids.get_indexer(asked)
        if (codes < 0).any():
            unknown = ", ".join(map(repr, asked[codes < 0][:5]))
            raise ValueError(
                f"trusted and assumed must be ids of accounts of this dataset, received {unknown}"
            )
    return np.unique(codes[np.diff(ties.indptr)[codes] > 0])


def _distrusted(ties: csr_array, search: _Search) -> list[areas.Region]:
    """Regions of little trust that hold no trusted account."""
    values = areas.landed(ties, search.seeds, search.steps)
    found = areas.regions(ties, values, search.smallest)
    return [
        one
        for one in found
        if not np.isin(search.seeds, one.members).any() and np.mean(values[one.members]) < 1
    ]


def _chance_apart(search: _Search, found: list[areas.Region], rng: np.random.Generator) -> areas.Floats:
    """How likely a region as little tied to the rest is in a rewired network."""
    least = []
    for _ in range(DRAWS):
        drawn = _distrusted(areas.rewired(search.ties, rng), search)
        least.append(min((one.conductance for one in drawn), default=0.5))
    apart = np.array([-one.conductance for one in found])
    return chances(apart, -np.array(least), least_spread=LEAST_SPREAD)


def _chance_of_rest(
    ties: csr_array,
    members: areas.Ints,
    apart: areas.Ints,
    measures: dict[str, Callable[[areas.Ints], float]],
    rng: np.random.Generator,
) -> tuple[float | None, str]:
    """How likely what else is known of a region is in groups elsewhere, and what that is; None: not known."""
    count = GROUPS if ties.nnz <= MANY else GROUPS_OF_MANY
    rest = np.setdiff1d(np.flatnonzero(areas.degrees(ties)), apart).size
    groups = evidence.like_groups(ties, apart, len(members), count, rng) if measures else []
    if not groups:
        return None, ""
    told = {}
    for what, measure in measures.items():
        usual = np.array([measure(group) for group in groups])
        told[what] = evidence.chance_among(usual, measure(members), apart=rest / len(members))
    best = min(told, key=lambda what: told[what])
    return min(1.0, float(told[best]) * len(told)), best


def _told(
    data: Dataset, name: str, found: _Found, known: str, ways: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """One region as tables: cluster, members, follows inside."""
    ties, region = found.search.ties, found.region
    inside = np.zeros(len(data.account_ids), bool)
    inside[region.members] = True
    text = (
        f"{len(region.members)} accounts have {1 - region.conductance:.0%} of their {found.search.named} "
        f"among themselves, far from {known}; more than like groups, they {found.apart_by}"
    )
    p_value = min(1.0, ways * (found.p_value or 0.0))
    row = {"kind": "sybil", "size": len(region.members), "p_value": p_value, "q_value": pd.NA}
    row |= {"beneficiaries": _served(data, inside), "evidence": text}
    of_all = np.asarray(ties.sum(axis=1)).ravel()[inside]
    members = {
        "bot_cluster": name,
        "account_id": data.account_ids[inside].astype(str),
        "membership": (ties @ inside.astype(float))[inside] / of_all,
    }
    one, other = (data.follows[side].cat.codes.to_numpy() for side in ("follower_id", "followed_id"))
    follows = data.follows[inside[one] & inside[other]]
    acts = {
        "bot_cluster": name,
        "account_id": follows["follower_id"],
        "kind": "follow",
        "object": follows["followed_id"],
        "created_at": follows["followed_at"],
    }
    clusters = pd.DataFrame([row], index=[name])
    return clusters, pd.DataFrame(members).astype(MEMBERS), pd.DataFrame(acts).astype(JOINT_ACTS)


def _served(data: Dataset, inside: areas.Flags) -> tuple[str, ...]:
    """Outsiders whom at least half of these accounts follow, but at most a tenth of others."""
    one, other = (data.follows[side].cat.codes.to_numpy() for side in ("follower_id", "followed_id"))
    by, size = inside[one], len(inside)
    here, there = (np.bincount(other[part], minlength=size) for part in (by, ~by))
    served = (here >= inside.sum() / 2) & (there <= (~inside).sum() / 10) & ~inside
    return tuple(data.account_ids[served])
