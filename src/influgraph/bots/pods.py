"""Engagement pods: rings of people who engage with one another's posts by arrangement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from influgraph.bots import _pods_null as null
from influgraph.bots import _pods_ties as ties
from influgraph.bots._greatest import chances
from influgraph.bots.clusters import CLUSTERS, JOINT_ACTS, MEMBERS, BotClusters, no_clusters
from influgraph.dataset import resolved_engagements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from influgraph.dataset import Dataset

DRAWS = 99  # how often ties are dealt out
LEAST_SPREAD = 1.0  # of greatest sums by chance: a quarter of what one pair can add
SET_ASIDE = 0.05  # what is less likely by chance does not count as chance when the others are judged


def find_pods(
    data: Dataset,
    niches: pd.Series | None,
    *,
    rng: np.random.Generator,
    kinds: Sequence[str] | None = None,
    within: str = "1D",
    chance: float = 0.3,
    smallest: int = 5,
) -> BotClusters:
    """Find groups of people who engage with one another's posts far more than acquaintances do.

    What is measured: for each two accounts that post, the log odds that each engages with a share
    `chance` of the other's posts, rather than with the share that is usual for it: both ways in sum, each
    from -2 to 2, and nothing above 0 where only one acts, so that the fans of a star do not score. Usual
    is what the account does, or the author gets, where nothing comes back; between accounts that follow
    each other at least what a quarter of such pairs exceed; at least a tenth. Where times are known,
    quick acts add to it, slow ones take away. The score of a group is the sum over all its pairs, those
    that do not engage taking away: dense all-to-all rings score, stars and loose circles do not.

    How likely it is: ties are dealt out anew, each with its score to a pair with the same follows between
    them and of the same two niches, in proportion to how much both give and receive; the same search is
    made, and the greatest score of all is noted. So activity, niche x niche density, follows and how
    unequally ordinary pairs engage are all kept, and the choice of the best of many groups is paid for.
    Groups that stand out are set aside, and the others judged once more without them (Zhang, Assuncao &
    Kulldorff 2010).

    What it cannot tell: a circle of friends in which everybody engages with a third of everything that
    everybody posts is a pod by this measure; its case file says who follows whom.

    Parameters
    ----------
    data
        Posts and engagements that name them; follows and times where known.
    niches
        Niche of each account, by id, or None.
    rng
        Source of all chance.
    kinds
        Which acts count; by default likes, comments, replies, reposts, quotes, shares.
    within
        How soon after a post an act counts, a duration.
    chance
        The share of posts that members of a pod are taken to engage with, above 0 and below 1.
    smallest
        Least number of members, at least 3.

    Returns
    -------
    Clusters of kind pod: people who stand out, with no beneficiary but themselves. `membership` is the share
    of the other members with whom the account has a good tie; `joint_acts` are the acts inside. `missing`
    says so where no act names a post.

    Raises
    ------
    ValueError
        If an option is out of range, or `niches` lacks accounts.

    References
    ----------
    Weerasinghe et al. (2020), The pod people, WWW. Kulldorff (1997), A spatial scan statistic,
    Communications in Statistics 26. Abrams, Kulldorff & Kleinman (2010), Gumbel based p-value
    approximations for spatial scan statistics, International Journal of Health Geographics 9. Zhang,
    Assuncao & Kulldorff (2010), Spatial scan statistics adjusted for multiple clusters, Journal of
    Probability and Statistics.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> ring, fans = [f"ring{n}" for n in range(6)], [f"fan{n}" for n in range(60)]
    >>> authors = [*ring, "star", *fans]
    >>> posts = [(f"{author}-{n}", author) for author in authors for n in range(5)]
    >>> likes = [(one, post) for post, author in posts if author in ring for one in ring if one != author]
    >>> likes += [(fan, f"star-{n}") for fan in fans for n in range(5)]
    >>> data = from_tables(
    ...     posts=pd.DataFrame(posts, columns=["post_id", "author_id"]),
    ...     engagements=pd.DataFrame(likes, columns=["account_id", "post_id"]).assign(kind="like"),
    ... )
    >>> found = find_pods(data, None, rng=np.random.default_rng(7))
    >>> sorted(found.members["account_id"])
    ['ring0', 'ring1', 'ring2', 'ring3', 'ring4', 'ring5']
    """
    longest = _checked(data, niches, within, chance, smallest)
    acts = ties.acts_on_posts(data, kinds, longest)
    if not len(acts.account):
        return no_clusters(f"{_why_none(data, kinds)}, so nobody's answers can be counted")
    pairs = ties.ordered_pairs(data, acts)
    every = ties.ties(pairs, acts.posts_by, chance)
    groups, sums = _groups(every)
    large = [group for group in groups if len(group) >= smallest]
    if not large:
        return no_clusters()
    sums = sums[[len(group) >= smallest for group in groups]]
    search = _Search(acts, pairs, every, kinds, longest)
    p_values = _p_values(search, large, sums, _niche_codes(data, niches), rng=rng)
    return _told(data, search, large, p_values)


def _why_none(data: Dataset, kinds: Sequence[str] | None) -> str:
    """Say why no act is one on a post of another account."""
    acts = resolved_engagements(data)
    acts = acts[acts["kind"].isin(ties.KINDS if kinds is None else kinds)]
    on_post, known = acts["post_id"].notna(), acts["receiver_id"].notna()
    if on_post.any() and not (on_post & known).any():
        return "nobody is known to have made the posts that acts name"
    if (known & ~on_post).any():
        return "acts name accounts, but no act names a post of another account"
    return "no act names a post of another account"


@dataclass(frozen=True, eq=False)
class _Search:
    """What was searched, and how."""

    acts: ties.Acts
    pairs: ties.Pairs
    ties: ties.Ties
    kinds: Sequence[str] | None
    within: pd.Timedelta


def _checked(
    data: Dataset, niches: pd.Series | None, within: str, chance: float, smallest: int
) -> pd.Timedelta:
    """Return the duration, or refuse what is out of range."""
    longest = pd.Timedelta(within)
    if not longest > pd.Timedelta(0):
        raise ValueError(f"within must be a positive duration such as '1D', received {within!r}")
    if not 0 < chance < 1:
        raise ValueError(f"chance must be above 0 and below 1, received {chance!r}")
    if smallest < 3:
        raise ValueError(f"smallest must be at least 3, received {smallest!r}")
    if niches is not None and not data.account_ids.isin(niches.index).all():
        raise ValueError("niches must have a row for every account, null where it has none")
    return longest


def _groups(every: ties.Ties) -> tuple[list[ties.Ints], ties.Floats]:
    """Groups of accounts whose ties score most, and their sums."""
    few, who = ties.renumbered(every)
    rows = null.rows(few.one, few.other, few.score, len(who))
    groups, sums = null.dense_groups(rows, few.lack)
    return [np.sort(who[group]) for group in groups], sums


def _p_values(
    search: _Search,
    groups: list[ties.Ints],
    sums: ties.Floats,
    niche: ties.Ints,
    *,
    rng: np.random.Generator,
) -> ties.Floats:
    """How likely each group is by chance; what stands out is set aside, and the others are judged anew."""
    p_values, open_ = np.ones(len(groups)), np.ones(len(groups), bool)
    aside = np.zeros(len(search.ties.score), bool)
    activity = _activity(search.acts, groups[:0])
    while open_.any():
        left = search.ties.rows(~aside)
        elsewhere = null.Elsewhere(left, search.pairs, activity, niche)
        greatest = np.array([_greatest(elsewhere, left, rng) for _ in range(DRAWS)])
        p_values[open_] = chances(sums[open_], greatest, least_spread=LEAST_SPREAD)
        out = open_ & (p_values <= SET_ASIDE)
        if not out.any():
            break
        open_ &= ~out
        for place in np.flatnonzero(out):
            aside |= np.isin(search.ties.one, groups[place]) & np.isin(search.ties.other, groups[place])
        activity = _activity(search.acts, [groups[place] for place in np.flatnonzero(~open_)])
    return p_values


def _activity(acts: ties.Acts, groups: list[ties.Ints]) -> ties.Floats:
    """What posting accounts give and receive but inside these groups, plus 1; 0 for those without posts."""
    outside = np.ones(len(acts.account), bool)
    for group in groups:
        outside &= ~(np.isin(acts.account, group) & np.isin(acts.author, group))
    size = len(acts.posts_by)
    given, received = (np.bincount(side[outside], minlength=size) for side in (acts.account, acts.author))
    return np.asarray((1.0 + given + received) * (acts.posts_by > 0))


def _niche_codes(data: Dataset, niches: pd.Series | None) -> ties.Ints:
    if niches is None:
        return np.zeros(len(data.account_ids), np.int64)
    codes, names = pd.factorize(niches.reindex(data.account_ids))
    return np.where(codes < 0, len(names), codes).astype(np.int64)


def _greatest(elsewhere: null.Elsewhere, left: ties.Ties, rng: np.random.Generator) -> float:
    """The greatest sum of any group once these ties are dealt out."""
    one, other = elsewhere.draw(rng)
    return float(_groups(replace(left, one=one, other=other))[1].max(initial=0.0))


def _told(data: Dataset, search: _Search, groups: list[ties.Ints], p_values: ties.Floats) -> BotClusters:
    """Tables of these groups."""
    names = [f"pod-{number}" for number in range(1, len(groups) + 1)]
    clusters = pd.DataFrame(
        {
            "kind": "pod",
            "size": [len(group) for group in groups],
            "p_value": p_values,
            "q_value": pd.NA,
            "beneficiaries": [() for _ in groups],
            "evidence": [_sentence(search, group) for group in groups],
        },
        index=pd.Index(names, dtype="str", name="bot_cluster"),
    )
    members = pd.concat(
        [_members(data, search.ties, name, group) for name, group in zip(names, groups, strict=True)],
        ignore_index=True,
    )
    inside = _acts_inside(data, search, names, groups)
    return BotClusters(clusters.astype(CLUSTERS), members.astype(MEMBERS), inside.astype(JOINT_ACTS))


def _members(data: Dataset, every: ties.Ties, name: str, group: ties.Ints) -> pd.DataFrame:
    """Members, and the share of the others that each has a good tie with."""
    within = np.isin(every.one, group) & np.isin(every.other, group) & (every.score > 0)
    ends = np.concatenate([every.one[within], every.other[within]])
    good = np.bincount(ends, minlength=len(every.lack))[group]
    return pd.DataFrame(
        {
            "bot_cluster": name,
            "account_id": data.account_ids[group].astype(str),
            "membership": good / (len(group) - 1),
        }
    )


def _acts_inside(data: Dataset, search: _Search, names: list[str], groups: list[ties.Ints]) -> pd.DataFrame:
    """All acts of these kinds of members on one another's posts, however late."""
    acts = resolved_engagements(data)
    acts = acts[acts["kind"].isin(ties.KINDS if search.kinds is None else search.kinds)]
    acts = acts[acts["post_id"].notna()]
    giver, receiver = (acts[side].cat.codes.to_numpy() for side in ("account_id", "receiver_id"))
    parts = []
    for name, group in zip(names, groups, strict=True):
        part = acts[np.isin(giver, group) & np.isin(receiver, group)]
        part = part.assign(bot_cluster=name, object=part["post_id"]).sort_values("created_at", kind="stable")
        parts.append(part[list(JOINT_ACTS)])
    return pd.concat(parts, ignore_index=True).astype({"account_id": "str", "object": "str", "kind": "str"})


def _sentence(search: _Search, group: ties.Ints) -> str:
    """What members do, beside what is usual between accounts that follow one another."""
    acts, pairs = search.acts, search.pairs
    share = _share(search, group)
    mutual = pairs.follows & _returned(pairs, len(acts.posts_by))
    outside = mutual & ~(np.isin(pairs.account, group) & np.isin(pairs.author, group))
    usual, whose = pairs.follows & ~mutual, "followers"
    if outside.sum() >= 20:
        usual, whose = outside, "accounts that follow one another"
    elif not usual.any():
        usual, whose = pairs.acts > 0, "accounts that engage with one another at all"
    ordinary = pairs.acts[usual].sum() / max(acts.posts_by[pairs.author[usual]].sum(), 1)
    text = f"{len(group)} accounts engaged with {share:.0%} of one another's posts"
    return f"{text}{_quickness(acts, group)}; {whose} engage with {ordinary:.1%}"


def _share(search: _Search, group: ties.Ints) -> float:
    pairs, posts_by = search.pairs, search.acts.posts_by
    inside = np.isin(pairs.account, group) & np.isin(pairs.author, group)
    return float(pairs.acts[inside].sum() / max(posts_by[group].sum() * (len(group) - 1), 1))


def _returned(pairs: ties.Pairs, size: int) -> ties.Flags:
    key = pairs.account * size + pairs.author
    return np.isin(key, (pairs.author * size + pairs.account)[pairs.follows])


def _quickness(acts: ties.Acts, group: ties.Ints) -> str:
    if not acts.timed:
        return " (times are unknown, so how quickly is too)"
    inside = np.isin(acts.account, group) & np.isin(acts.author, group)
    quick, usual = (np.nanmedian(acts.waited[some]) for some in (inside, ~inside) if some.any())
    return f", half of these acts within {_duration(quick)} (others: {_duration(usual)})"


def _duration(hours: float) -> str:
    return f"{hours * 60:.0f} minutes" if hours < 2 else f"{hours:.0f} hours"
