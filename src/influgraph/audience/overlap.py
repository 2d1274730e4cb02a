"""How many hear it from more than one account: audiences that are shared, and what each account adds."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from influgraph.audience import _unions
from influgraph.audience._lists import (
    Cut,
    audience_of,
    longer_than,
    places_of,
    read_cut,
    sizes_under,
    sums,
)
from influgraph.audience._shares import HIGH, LOW, Flags, Floats, Ints, ratio
from influgraph.dataset import Dataset

MOST_PAIRS = 50_000_000


def overlap(
    data: Dataset,
    accounts: Iterable[str],
    *,
    audience: str = "followers",
    cut: str = "complete",
    rng: np.random.Generator,
) -> pd.DataFrame:
    """How much of their audiences each two accounts share.

    From whole lists it is counted. Where they are so many that this would take long, the same members, drawn
    at random, are looked at in all lists. Where each list was cut at random, a member of both is seen in both
    with the square of the share that stays, and the count is divided by that.

    Parameters
    ----------
    data
        Its follows, or its acts.
    accounts
        At least two account ids.
    audience
        `followers`, or `engagers`: who did more than view.
    cut
        How lists of followers were cut. Of a prefix, the members listed stand for all. Of the latest, who was
        cut off may be shared or not: only ends are given, unless both lists are whole.
    rng
        Draws the members looked at, where not all are.

    Returns
    -------
    One row per pair: `account_id`, `other_id`; `shared`: members of both; `jaccard`: of all members of
    either; `overlap_coefficient`: of the smaller audience; each with `_low` and `_high`, a 90 % interval,
    whose ends meet where it was counted. Null without a member in either.

    Raises
    ------
    ValueError
        If an account or the cut is unknown, or fewer than two are named.

    References
    ----------
    Jaccard (1912); coordinated sampling of sets: Cohen & Kaplan (2007), Summarizing data using bottom-k
    sketches, here with a threshold in place of k, so that estimates stay unbiased and simple.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> follows = pd.DataFrame({"follower_id": list("cdefg") + list("efg"), "followed_id": list("aaaaabbb")})
    >>> found = overlap(from_tables(follows=follows), ["a", "b"], rng=np.random.default_rng(7))
    >>> found[["shared", "jaccard", "overlap_coefficient"]].to_numpy().tolist()
    [[3.0, 0.6, 1.0]]
    """
    places = places_of(data, accounts)
    if len(places) < 2:
        raise ValueError(f"accounts must be two or more account ids, received {len(places)}")
    scheme = read_cut(cut) if audience == "followers" else Cut("complete")
    lists = audience_of(data, audience)[places]
    seen = sums(lists)
    sizes = _sizes(data, seen, places, scheme)
    lists, looked_at = _sampled(lists, rng)
    both = (lists @ lists.T).toarray()
    one, other = np.triu_indices(len(places), 1)
    stays = {"random": scheme.amount**2, "prefix": _listed(data)}.get(scheme.kind, 1.0) * looked_at
    shared = _beyond(both[one, other], stays)
    if scheme.kind == "latest":
        cut_off = longer_than(seen, scheme)
        shared = _ends(shared, sizes[one], sizes[other], cut_off[one] | cut_off[other])
    names = data.account_ids[places]
    found = pd.DataFrame({"account_id": names.take(one), "other_id": names.take(other)})
    return found.join(_measured(shared, sizes[one], sizes[other]))


def reach(
    data: Dataset,
    accounts: Iterable[str],
    *,
    audience: str = "followers",
    greedy: bool = False,
    cut: str = "complete",
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Whom a set of accounts reaches, each member of their audiences counted once, and what each one adds.

    Where lists were cut at random, in how many lists members are is inferred from in how many they are seen.

    Parameters
    ----------
    data
        Its follows, or its acts.
    accounts
        Account ids, in the order in which they are taken.
    audience
        `followers`, or `engagers`: who did more than view.
    greedy
        Take next whoever adds most members seen (the first of equals), instead of the given order.
    cut
        How lists of followers were cut. Of lists cut in an order, only the lower end is known.
    rng
        Draws the samples that the interval is made of, where lists were cut at random.

    Returns
    -------
    One row per account, in the order taken: `account_id`; `reach`: its own audience; `unique_reach`: members
    seen in no other list; `marginal_reach`: what it adds to those before it; `cumulative_reach` with `_low`
    and `_high`: members of all so far, 90 % interval whose ends meet where they were counted. Null where cut
    lists leave it unknown.

    Raises
    ------
    ValueError
        If an account or the cut is unknown, or none is named.

    References
    ----------
    Greedy cover: Nemhauser, Wolsey & Fisher (1978), An analysis of approximations for maximizing submodular
    set functions. Members in lists cut at random: Laird (1978), Nonparametric maximum likelihood estimation
    of a mixing distribution.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> follows = {"follower_id": list("cdefgefgh"), "followed_id": list("aaaaabbbb")}
    >>> found = reach(from_tables(follows=pd.DataFrame(follows)), ["b", "a"], rng=np.random.default_rng(7))
    >>> found[["reach", "unique_reach", "marginal_reach", "cumulative_reach"]].astype(int).to_numpy().tolist()
    [[4, 1, 4, 4], [5, 2, 2, 6]]
    """
    places = places_of(data, accounts)
    if not len(places):
        raise ValueError("accounts must name at least one account, received none")
    scheme = read_cut(cut) if audience == "followers" else Cut("complete")
    lists = audience_of(data, audience)[places]
    order = _greedy_order(lists) if greedy else np.arange(len(places))
    lists, places = lists[order], places[order]
    seen = sums(lists)
    once = np.bincount(lists.indices, minlength=lists.shape[1]) == 1
    found = pd.DataFrame({"account_id": data.account_ids[places]})
    found["reach"] = sizes_under(data, _over_all(data, seen, places), scheme)[places]
    found["unique_reach"] = np.where(longer_than(seen, scheme).any(), np.nan, lists @ once.astype(np.float64))
    total = _cumulative(lists, scheme, longer_than(seen, scheme), rng)
    found["marginal_reach"] = np.diff(total[:, 0], prepend=0.0)
    found[["cumulative_reach", "cumulative_reach_low", "cumulative_reach_high"]] = total
    return found


def _over_all(data: Dataset, values: Floats, places: Ints) -> Floats:
    whole = np.zeros(len(data.account_ids))
    whole[places] = values
    return whole


def _sizes(data: Dataset, seen: Floats, places: Ints, cut: Cut) -> Floats:
    """Size of each audience; of a prefix, as many as the accounts that are listed stand for."""
    if cut.kind == "prefix":
        return seen / _listed(data)
    return sizes_under(data, _over_all(data, seen, places), cut)[places]


def _listed(data: Dataset) -> float:
    """Share of the accounts whose follows are listed."""
    return max(data.follows["follower_id"].nunique(), 1) / max(len(data.account_ids), 1)


def _sampled(lists: csr_array, rng: np.random.Generator) -> tuple[csr_array, float]:
    """Lists of as many members, the same in all, as can be compared soon; and their share."""
    held = np.bincount(lists.indices, minlength=lists.shape[1]).astype(np.float64)
    share = min(1.0, MOST_PAIRS / max(float(held @ held), 1.0))
    if share == 1:
        return lists, share
    return lists[:, np.flatnonzero(rng.random(lists.shape[1]) < share)], share


def _beyond(seen: Floats, stays: float) -> Floats:
    """Estimate and 90 % interval of a count of which each one was seen with this chance."""
    from scipy.stats import nbinom

    if stays == 1:
        return np.column_stack([seen, seen, seen])
    low, high = (seen + nbinom.ppf(level, seen + 0.5, stays) for level in (LOW, HIGH))
    return np.column_stack([seen / stays, np.where(seen > 0, low, 0.0), high])


def _ends(shared: Floats, one: Floats, other: Floats, open_ended: Flags) -> Floats:
    """Where a list is not whole: no estimate, at least those seen, at most the smaller audience."""
    unknown = np.full(len(shared), np.nan)
    most = np.fmin(one, other)
    return np.where(open_ended[:, None], np.column_stack([unknown, shared[:, 0], most]), shared)


def _measured(shared: Floats, one: Floats, other: Floats) -> pd.DataFrame:
    """Shared audience and its shares, estimate and ends; none above the smaller audience."""
    smaller = np.minimum(one, other)
    shared = np.minimum(shared, np.where(np.isnan(smaller), np.inf, smaller)[:, None])
    jaccard = ratio(shared, (one + other)[:, None] - shared)
    coefficient = ratio(shared, np.broadcast_to(smaller[:, None], shared.shape))
    frames = []
    for name, values in (("shared", shared), ("jaccard", jaccard), ("overlap_coefficient", coefficient)):
        frames.append(pd.DataFrame(values, columns=[name, f"{name}_low", f"{name}_high"]))
    return pd.concat(frames, axis=1)


def _greedy_order(lists: csr_array) -> Ints:
    """Next whoever adds most; a gain never grows, so that only those that might lead are counted anew."""
    covered = np.zeros(lists.shape[1], bool)
    gain, order = sums(lists), []
    left = np.ones(len(gain), bool)
    while left.any():
        fresh = np.zeros(len(gain), bool)
        while not fresh[best := int(np.where(left, gain, -1.0).argmax())]:
            gain[best] = (~covered[_row(lists, best)]).sum()
            fresh[best] = True
        order.append(best)
        left[best] = False
        covered[_row(lists, best)] = True
    return np.array(order)


def _row(lists: csr_array, place: int) -> Ints:
    return lists.indices[lists.indptr[place] : lists.indptr[place + 1]]


def _cumulative(lists: csr_array, cut: Cut, longer: Flags, rng: np.random.Generator) -> Floats:
    """Members of the first, of the first two, ... lists: estimate and ends."""
    first = np.full(lists.shape[1], len(longer))
    np.minimum.at(first, lists.indices, np.repeat(np.arange(len(longer)), np.diff(lists.indptr)))
    seen = np.bincount(first, minlength=len(longer) + 1)[:-1].cumsum().astype(np.float64)
    if cut.kind == "random" and cut.amount < 1:
        return _unions.from_samples(lists, cut.amount, rng)
    unknown = np.where(np.logical_or.accumulate(longer), np.nan, seen)
    return np.column_stack([unknown, seen, unknown])
