"""Purchased followers: accounts that follow the same others as one, far beyond what chance would have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from influgraph.bots._idle import idle_accounts, idle_excess
from influgraph.bots.clusters import CLUSTERS, JOINT_ACTS, MEMBERS, BotClusters, no_clusters, only

if TYPE_CHECKING:
    from collections.abc import Sequence

    from influgraph.bots._blocks import Codes, Follows, Numbers
    from influgraph.bots._blocks_evidence import Traits
    from influgraph.bots._blocks_search import Candidate
    from influgraph.bots._idle import Flags
    from influgraph.dataset import Dataset

LEAST_MEMBERSHIP = 0.5
SAME_FARM = 0.8  # of members that are in a less likely group
ROUNDING = pd.Timedelta("1ms")  # of the ends of bursts
MOST_NICHES = 60  # the largest; members of smaller ones count as having none


def find_purchased_followers(
    data: Dataset, niches: pd.Series, *, smallest: int = 10, rng: np.random.Generator
) -> BotClusters:
    """Groups of accounts that follow the same others far beyond what degrees and niches explain.

    Follows of acquaintances (returned, or between accounts that share returned ties) are left out. Blocks
    are grown from pairs of accounts that share followers beyond expectation, in three views: all follows,
    those with a time, those by accounts with few followers. What is found is taken out, and looked on. A
    block's p-value bounds the chance over all sets of as many accounts; the null keeps what each account
    gives to and receives from niches, and is as dispersed as it is in sets of accounts of the same niches
    and popularity. How much an account is followed is learnt from those who have followers themselves, or a
    farm would make its own targets usual. Few followers, creation and follows at one time are evidence of
    their own: with such, degrees and niches alone are the null, and the weaker of the two counts. A farm may
    pass for a niche, which explains all of it: so blocks are also looked for as if there were no niches, and
    count if they end sharply, as niches of people do not, and a trait speaks, where any is known. Fewer
    followers speak only beyond what tastes may bring, a chance of 0.65 of having fewer than others in the
    audience.

    Parameters
    ----------
    data
        Follows are needed; their times, and `created_at` of accounts, help.
    niches
        A niche per account, in dataset order, null for none. Where all are null degrees alone are the null,
        which every niche's core exceeds: then a trait must speak too, where any is known. A niche most of
        whose members have hardly any followers may be a farm, and counts as none.
    smallest
        Members of the smallest group that is looked for, at least 3.
    rng
        Draws the sets of accounts that measure shared tastes.

    Returns
    -------
    Kind `purchased_followers`. Members are those who follow; `membership`, a posterior of at least 0.5 from
    follows and traits; `beneficiaries`, those followed as one, who need not know of it; joint acts, follows
    of these. All candidates that were tested; `discoveries` keeps those that stand out.

    Raises
    ------
    ValueError
        If `smallest` is below 3, or `niches` has another index than the accounts.

    References
    ----------
    Hooi et al. (2016), FRAUDAR, KDD, for blocks under camouflage; Saracco et al. (2017), Inferring
    monopartite projections of bipartite networks, for expected pairs; Beutel et al. (2013), CopyCatch, for
    follows in lockstep.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> rng = np.random.default_rng(7)
    >>> people = pd.DataFrame(rng.integers(0, [400, 60], (2000, 2)), columns=["follower_id", "followed_id"])
    >>> bought = pd.MultiIndex.from_product([range(400, 430), range(5)], names=people.columns).to_frame()
    >>> follows = pd.concat([people, bought]).drop_duplicates()
    >>> follows["followed_id"] = "star" + follows["followed_id"].astype(str)
    >>> data = from_tables(follows=follows)
    >>> niches = pd.Series(None, index=data.account_ids, dtype="Int64")
    >>> found = find_purchased_followers(data, niches, rng=rng)
    >>> found.clusters["size"].tolist(), found.clusters["beneficiaries"].str.len().tolist()
    ([30], [5])
    """
    if smallest < 3:
        raise ValueError(f"smallest must be at least 3, received {smallest!r}")
    if not niches.index.equals(data.account_ids):
        raise ValueError("niches must have a value or null for every account of data, in its order")
    if data.follows.empty:
        return no_clusters("no follows are known, so purchased followers cannot be looked for")
    from influgraph.bots._blocks import find_lone_follows
    from influgraph.bots._blocks_search import find_blocks, set_scene, without_niches

    follower, followed = _codes(data)
    follows = find_lone_follows(follower, followed, len(data.account_ids))
    groups = _groups(niches)
    scene = set_scene(follows, groups, _traits(data, follows), smallest)
    found = find_blocks(scene, rng=rng)
    if found is not None and scene.groups.any():
        found += find_blocks(without_niches(scene), rng=rng) or []
    if found is None:
        return no_clusters(f"too few follows: no {smallest} accounts follow the same two others one-sidedly")
    found = [one for one in found if _members(one).size >= smallest]
    return _tables(data, _distinct(found))


def _codes(data: Dataset) -> tuple[Codes, Codes]:
    follower, followed = (
        data.follows[column].cat.codes.to_numpy().astype(np.int32)
        for column in ("follower_id", "followed_id")
    )
    return follower, followed


def _groups(niches: pd.Series) -> Codes:
    """Niches from 1 on, the largest first; 0 for none."""
    sizes = niches.value_counts()
    largest = pd.Index(sizes.index[:MOST_NICHES])
    return np.asarray(largest.get_indexer(niches) + 1, np.int32)


def _traits(data: Dataset, follows: Follows) -> Traits:
    from influgraph.bots._blocks_evidence import Traits

    follower, followed = _codes(data)
    created = data.accounts.get("created_at")
    return Traits(
        follows,
        np.bincount(followed, minlength=len(data.account_ids)),
        np.full(len(data.account_ids), np.nan) if created is None else _seconds(created),
        _since(data, follower, followed),
    )


def _since(data: Dataset, follower: Codes, followed: Codes) -> Numbers | None:
    """Seconds of every follow, by follower, then followed; None where no time is known."""
    times = data.follows["followed_at"]
    if not times.notna().any():
        return None
    order = np.argsort(follower.astype(np.int64) * len(data.account_ids) + followed, kind="stable")
    return _seconds(times)[order]


def _seconds(times: pd.Series) -> Numbers:
    known = times.notna().to_numpy()
    moments = times.dt.tz_localize(None).to_numpy("datetime64[s]").astype(np.int64)
    return np.where(known, moments, np.nan)


def _tables(data: Dataset, found: Sequence[Candidate]) -> BotClusters:
    """Candidates as tables."""
    if not found:
        return no_clusters()
    names = [f"purchased-{number}" for number in range(1, len(found) + 1)]
    rows = [_cluster_row(data, one) for one in found]
    clusters = pd.DataFrame(rows, index=pd.Index(names, dtype="str", name="bot_cluster"))
    clusters["q_value"] = false_discovery_control(clusters["p_value"])
    parts = [_member_rows(data, name, one) for name, one in zip(names, found, strict=True)]
    acts = [_joint_follows(data, name, one) for name, one in zip(names, found, strict=True)]
    return BotClusters(
        clusters[list(CLUSTERS)].astype(CLUSTERS),
        pd.concat(parts, ignore_index=True).astype(MEMBERS),
        pd.concat(acts, ignore_index=True).astype(JOINT_ACTS),
    )


def _distinct(found: Sequence[Candidate]) -> list[Candidate]:
    """The least likely first, without those whose members are mostly in a less likely one.

    That is the same farm, seen again, or by whom its members follow besides, to look like people: whoever
    else follows these may be people.
    """
    kept: list[Candidate] = []
    for one in sorted(found, key=lambda candidate: candidate.log_p):
        members = _members(one)
        if not any(np.isin(members, _members(other)).mean() >= SAME_FARM for other in kept):
            kept.append(one)
    return kept


def _members(one: Candidate) -> Codes:
    return one.rows[one.membership >= LEAST_MEMBERSHIP]


def _cluster_row(data: Dataset, one: Candidate) -> dict[str, object]:
    members = _members(one)
    served = np.setdiff1d(one.columns, members)
    chance = one.chance
    text = (
        f"of all accounts {chance.found:,.0f} follow at least {chance.hits} of the {len(one.columns)} that "
        f"this group follows, where {one.null} would have {chance.expected:,.3g}"
    )
    spoken = [f"{words} (p = {p:.2g})" for words, p in one.traits.items() if p < 0.05]
    return {
        "kind": "purchased_followers",
        "size": len(members),
        "p_value": float(np.exp(max(one.log_p, -690.0))),
        "beneficiaries": tuple(data.account_ids[served]),
        "evidence": "; ".join([text, *spoken]),
    }


def _member_rows(data: Dataset, name: str, one: Candidate) -> pd.DataFrame:
    sure = one.membership >= LEAST_MEMBERSHIP
    ids = data.account_ids[one.rows[sure]]
    return pd.DataFrame({"bot_cluster": name, "account_id": ids, "membership": one.membership[sure]})


def _joint_follows(data: Dataset, name: str, one: Candidate) -> pd.DataFrame:
    inside, served = (np.zeros(len(data.account_ids), bool) for _ in range(2))
    inside[_members(one)], served[one.columns] = True, True
    follower, followed = _codes(data)
    rows = data.follows[inside[follower] & served[followed]]
    return pd.DataFrame(
        {
            "bot_cluster": name,
            "account_id": rows["follower_id"].astype("str"),
            "kind": "follow",
            "object": rows["followed_id"].astype("str"),
            "created_at": rows["followed_at"],
        }
    )


def authentic_share(
    data: Dataset,
    found: BotClusters,
    *,
    growth: pd.DataFrame | None = None,
    q: float = 0.05,
    open_cases: BotClusters | None = None,
) -> pd.DataFrame:
    """Share of each account's followers who are not suspected, with a 90 % interval; grade: estimated.

    The count of suspects is the sum of their memberships, posteriors that hold the base rate as their prior;
    no error rates are assumed besides (Rogan & Gladen's correction would need them). The interval is that of
    a share drawn from Jeffreys' prior, widened by the doubt in memberships. Accounts that no search
    suspects count as authentic: so this is an upper bound where farms went unseen.

    Where growth has a burst that stands out, followers gained in it beyond what is usual are suspected too,
    if they are idle (nobody follows them, and they never act): a number, nobody by name, and suspects who
    followed in the burst are part of it. What an account's own posts bring is usual; but press, a giveaway
    or an event can be behind a burst, so the upper end stays what it is without, and the lower one counts
    all of the burst. Where no acts are known, who idles is not, and all of the burst counts.

    Members who follow only one of a farm's customers are seen by no search. How many they are is inferred
    from how many customers the others follow, as if each were followed or not on its own: the lower end
    counts them too, and members whole, as memberships may err together.

    One customer's farm follows nobody together, and looks like people who came for one account only to watch.
    Where more followers than is usual are idle, by far, they may be such a farm: the lower end says so.

    Parameters
    ----------
    data
        Whose follows are counted.
    found
        Suspects, as `discoveries` keeps them; members of pods are people, and count as authentic.
    growth
        As `growth_anomalies` returns it; None: bursts are not known.
    q
        The `growth_q` up to which a burst stands out.
    open_cases
        Clusters beside `found` on which data are too few to suspect anybody, as their case files say: the
        lower end counts their members too.

    Returns
    -------
    `authentic_share, authentic_share_low, authentic_share_high`, from 0 to 1, one row per account in dataset
    order; null where an account has no followers, or nothing could be looked for.

    References
    ----------
    Brown, Cai & DasGupta (2001), Interval estimation for a binomial proportion. Darroch (1958), The
    multiple-recapture census I, Biometrika 45, for those unseen.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> data = from_tables(follows=pd.DataFrame({"follower_id": ["ann", "bob"], "followed_id": "cyd"}))
    >>> authentic_share(data, no_clusters()).round(2).loc["cyd"].tolist()
    [1.0, 0.43, 1.0]
    """
    suspected = _suspicion(data, found)
    follower, followed = _codes(data)
    size = len(data.account_ids)
    count = np.bincount(followed, minlength=size).astype(float)
    bought = np.bincount(followed, suspected[follower], minlength=size)
    doubt = np.bincount(followed, (suspected * (1 - suspected))[follower], minlength=size).astype(float)
    known = (count > 0) & (found.missing is None or not found.clusters.empty)
    share = 1 - bought / np.maximum(count, 1)
    _, high = _interval(share, count, doubt)
    most = np.bincount(followed, (suspected > 0)[follower], minlength=size) + _unseen(data, found)
    low, _ = _interval(1 - np.minimum(most / np.maximum(count, 1), 1), count, doubt)
    idle = idle_accounts(data)
    if growth is not None:
        (unnamed, likely), usual = _unnamed(data, suspected, growth, q, idle)
        burst = unnamed > 0
        share = np.where(burst, 1 - (bought + likely) / np.maximum(count, 1), share)
        possible = 1 - (bought + unnamed) / np.maximum(count, 1)
        lower = _interval(possible, count, doubt + usual)[0]
        low = np.where(burst, np.minimum(low, lower), low)
        known |= burst
    if idle is not None:
        watching = np.bincount(followed, (1 - suspected[follower]) * idle[follower], minlength=size)
        excess = idle_excess(np.floor(watching), np.ceil(count - bought), q=q)
        lower = _interval(1 - (bought + excess) / np.maximum(count, 1), count, doubt)[0]
        low = np.where(excess > 0, np.minimum(low, lower), low)
    columns = {"authentic_share": share, "authentic_share_low": low, "authentic_share_high": high}
    table = pd.DataFrame(columns, index=data.account_ids)
    table = table.where(pd.Series(known, table.index), axis=0).astype("Float64")
    if open_cases is not None and len(open_cases.clusters):
        worst = authentic_share(data, _both(found, open_cases), growth=growth, q=q)
        lows = [one["authentic_share_low"] for one in (table, worst)]
        table["authentic_share_low"] = lows[0].where(lows[0] <= lows[1], lows[1])
    return table


def _both(found: BotClusters, others: BotClusters) -> BotClusters:
    clusters, members = (
        pd.concat([getattr(found, name), getattr(others, name)]) for name in ("clusters", "members")
    )
    return replace(found, clusters=clusters, members=members)


def _unnamed(
    data: Dataset, suspected: Numbers, growth: pd.DataFrame, q: float, idle: Flags | None
) -> tuple[Numbers, Numbers]:
    """Followers not suspected by name that a burst brought beyond what is usual, and that; by account.

    The former are two rows: all of them, and those who idle.
    """
    bursts = growth.reindex(data.account_ids)
    stands_out = bursts["growth_q"].le(q).fillna(value=False).to_numpy(bool)
    follower, followed = _codes(data)
    times = data.follows["followed_at"].reset_index(drop=True)
    start, end = (bursts[f"burst_{side}"].iloc[followed].reset_index(drop=True) for side in ("start", "end"))
    inside = stands_out[followed] & (times.ge(start - ROUNDING) & times.lt(end)).to_numpy(bool)
    weights = 1 - suspected, (1 - suspected) * (True if idle is None else idle)
    gained = [np.bincount(followed[inside], one[follower[inside]], minlength=len(bursts)) for one in weights]
    usual = bursts["burst_expected"].to_numpy(float, na_value=0.0)
    return np.maximum(np.array(gained) - usual, 0.0), usual


def _suspicion(data: Dataset, found: BotClusters) -> Numbers:
    """How surely each account is a suspect, by its likeliest cluster that is no pod."""
    suspected = np.zeros(len(data.account_ids))
    pods = found.clusters.index[found.clusters["kind"] == "pod"]
    members = found.members[~found.members["bot_cluster"].isin(pods)]
    places = data.account_ids.get_indexer(pd.Index(members["account_id"]))
    np.maximum.at(suspected, places[places >= 0], members["membership"].to_numpy(float)[places >= 0])
    return suspected


def _unseen(data: Dataset, found: BotClusters) -> Numbers:
    """By account, followers who are inferred to belong to farms of which they follow no other customer."""
    from influgraph.bots._blocks import with_unseen

    unseen = np.zeros(len(data.account_ids))
    follower, followed = _codes(data)
    farms = found.clusters[found.clusters["kind"] == "purchased_followers"]
    for name, customers in farms["beneficiaries"].items():
        weight = _suspicion(data, only(found, pd.Index([name])))
        served = data.account_ids.get_indexer(pd.Index(customers))
        size, served = float(weight.sum()), served[served >= 0]
        if len(served) > 1 and size > 0:
            bought = np.bincount(followed, weight[follower], minlength=len(unseen))[served]
            unseen[served] += with_unseen(bought / size, size)[2]
    return unseen


def _interval(share: Numbers, count: Numbers, doubt: Numbers) -> tuple[Numbers, Numbers]:
    """Quantiles of a beta law with as many followers as leave room for the doubt in memberships too."""
    from scipy.stats import beta

    spread = np.maximum(share * (1 - share), 0.25 / np.maximum(count, 1))
    effective = count / (1 + doubt / np.maximum(count * spread, 1e-9))
    ends = (beta.ppf(level, effective * share + 0.5, effective * (1 - share) + 0.5) for level in (0.05, 0.95))
    low, high = ends
    return np.minimum(low, share), np.maximum(high, share)
