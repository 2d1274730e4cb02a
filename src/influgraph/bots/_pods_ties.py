"""How far two accounts engage with one another's posts, beyond what both do and get otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph.dataset import resolved_engagements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from influgraph.dataset import Dataset

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.bool_]

KINDS = ("like", "comment", "reply", "repost", "quote", "share")
ORDINARY = 0.1  # engaging with a tenth of an acquaintance's posts is nothing special
CAP = 2.0  # neither way counts for more than odds of 7
QUICKEST = 3.0  # log odds, of the quickest act of thousands
STEADY = 20.0  # posts by which an account's own rate is held to what is ordinary


@dataclass(frozen=True, eq=False)
class Acts:
    """First acts of accounts on others' posts: codes of account, author and post, and hours waited."""

    account: Ints
    author: Ints
    post: Ints
    waited: Floats
    posts_by: Ints
    timed: bool


@dataclass(frozen=True, eq=False)
class Pairs:
    """Ordered pairs with acts or a follow: codes, posts engaged with, evidence of speed, whether a follow."""

    account: Ints
    author: Ints
    acts: Ints
    speed: Floats
    follows: Flags


@dataclass(frozen=True, eq=False)
class Ties:
    """Unordered pairs of posting accounts, one of which engages with the other: their scores, in log odds.

    `relation` is 2 where both follow, 1 where one does, 0 else; `lack` what an account takes off for
    another that it should engage with and does not.
    """

    one: Ints
    other: Ints
    score: Floats
    relation: Ints
    lack: Floats

    def rows(self, keep: Flags) -> Ties:
        """Return these ties of all."""
        return replace(
            self,
            one=self.one[keep],
            other=self.other[keep],
            score=self.score[keep],
            relation=self.relation[keep],
        )


def acts_on_posts(data: Dataset, kinds: Sequence[str] | None, within: pd.Timedelta) -> Acts:
    """Each account's first act on each post of others, of these kinds, within this time where known."""
    acts = resolved_engagements(data)
    acts = acts[acts["kind"].isin(KINDS if kinds is None else kinds)]
    acts = acts[acts["post_id"].notna() & acts["receiver_id"].notna()]
    post = acts["post_id"].cat.codes.to_numpy(np.int64)
    waited_hours = (_hours(acts["created_at"]) - _posted(data)[post]).round(6)
    account, author = (acts[name].cat.codes.to_numpy(np.int64) for name in ("account_id", "receiver_id"))
    keep = np.isnan(waited_hours) | ((waited_hours >= 0) & (waited_hours <= within / pd.Timedelta("1h")))
    order = np.lexsort((waited_hours, post, account))
    order = order[keep[order]]
    first = np.ones(len(order), bool)
    first[1:] = (np.diff(account[order]) != 0) | (np.diff(post[order]) != 0)
    order = order[first]
    timed = bool((~np.isnan(waited_hours[order])).any())
    made = _posts_by(data, author[order], post[order])
    return Acts(account[order], author[order], post[order], waited_hours[order], made, timed)


def _hours(times: pd.Series) -> Floats:
    """Hours since 1970, nan where unknown."""
    since = (times - pd.Timestamp(0, tz="UTC")) / pd.Timedelta("1h")
    return np.asarray(since.to_numpy(np.float64, na_value=np.nan))


def _posted(data: Dataset) -> Floats:
    """When each post was made, by its code, in hours."""
    posted = np.full(len(data.post_ids), np.nan)
    posted[data.posts["post_id"].cat.codes] = _hours(data.posts["created_at"])
    return posted


def _posts_by(data: Dataset, author: Ints, post: Ints) -> Ints:
    """Own posts of each account: no reposts or replies; those only known from acts count too."""
    own = pd.Series(data=True, index=data.posts.index)
    for column in ("repost_of", "reply_to"):
        if column in data.posts:
            own &= data.posts[column].isna()
    writer = data.posts["author_id"].cat.codes.to_numpy(np.int64)
    size = len(data.account_ids)
    made = np.bincount(writer[own.to_numpy() & (writer >= 0)], minlength=size)
    beside = np.ones(len(data.post_ids), bool)
    beside[data.posts["post_id"].cat.codes] = False
    strange = np.unique(author[beside[post]] * len(beside) + post[beside[post]])
    return np.asarray(made + np.bincount(strange // max(len(beside), 1), minlength=size), np.int64)


def ordered_pairs(data: Dataset, acts: Acts) -> Pairs:
    """All ordered pairs in which the second posts and the first follows it or engages with it."""
    size = len(data.account_ids)
    follower, followed = (
        data.follows[name].cat.codes.to_numpy(np.int64) for name in ("follower_id", "followed_id")
    )
    posting = acts.posts_by[followed] > 0
    follow = follower[posting] * size + followed[posting]
    acted = acts.account * size + acts.author
    keys, place = np.unique(np.concatenate([follow, acted]), return_inverse=True)
    place = place[len(follow) :]
    count = np.bincount(place, minlength=len(keys))
    speed = np.bincount(place, weights=_speed(acts.waited), minlength=len(keys)).astype(np.float64)
    follows = np.isin(keys, follow)
    return Pairs(keys // max(size, 1), keys % max(size, 1), count, speed, follows)


def _speed(waited: Floats) -> Floats:
    """Log odds of quickness of each act: density 1 / (2 sqrt(u)) at the share u of acts that are quicker."""
    known = ~np.isnan(waited)
    odds = np.zeros(len(waited))
    if known.any():
        _, place, count = np.unique(waited[known], return_inverse=True, return_counts=True)
        slowest = np.cumsum(count) / known.sum()
        quickest = slowest - count / known.sum()
        likelier = (np.sqrt(slowest) - np.sqrt(quickest.clip(0))) / (count / known.sum())
        odds[known] = np.log(likelier).clip(max=QUICKEST)[place]
    return odds


def ties(pairs: Pairs, posts_by: Ints, chance: float) -> Ties:
    """Score each pair of posting accounts of which one engages with the other at least."""
    back = _places(pairs, len(posts_by))
    known = back >= 0
    acquainted = pairs.follows & known & pairs.follows[back]
    returned = known & (pairs.acts[back] > 0)
    least = np.where(acquainted, ordinary_rate(pairs, acquainted, posts_by, chance), least_rate(chance))
    usual = np.minimum(np.maximum(_usual_rate(pairs, returned, posts_by), least), chance)
    odds = log_odds(pairs.acts, posts_by[pairs.author], usual, chance) + pairs.speed * (usual < chance)
    odds = odds.clip(-CAP, CAP)
    lack = -log_odds(np.zeros(1), posts_by, least_rate(chance), chance).clip(-CAP)
    acts = (pairs.acts > 0) & (posts_by[pairs.account] > 0)
    tied = np.flatnonzero(acts & (~returned | (pairs.account < pairs.author)))
    score = np.where(returned[tied], odds[tied] + odds[back[tied]], -lack[pairs.account[tied]])
    relation = pairs.follows[tied].astype(np.int64) + (known & pairs.follows[back])[tied]
    return Ties(pairs.account[tied], pairs.author[tied], score, relation, lack)


def log_odds(acts: Any, posts: Any, usual: Any, chance: float) -> Any:  # noqa: ANN401 (numbers or arrays)
    """Log odds that acts on these posts come at the rate `chance` rather than at the usual one."""
    left = np.maximum(posts - acts, 0)
    return acts * np.log(chance / usual) + left * np.log((1 - chance) / (1 - usual))


def _places(pairs: Pairs, size: int) -> Ints:
    """Where the pair of the same two accounts in the other order stands, -1 where it does not."""
    keys, wanted = pairs.account * size + pairs.author, pairs.author * size + pairs.account
    place = np.searchsorted(keys, wanted).clip(0, max(len(keys) - 1, 0))
    return np.where(keys[place] == wanted, place, -1)


def least_rate(chance: float) -> float:
    """The share of posts that is nothing special to engage with."""
    return min(ORDINARY, chance / 2)


def ordinary_rate(pairs: Pairs, acquainted: Flags, posts_by: Ints, chance: float) -> float:
    """The share of posts that acquaintances engage with: the upper quarter's, but at least a tenth."""
    rate = pairs.acts[acquainted] / posts_by[pairs.author[acquainted]]
    upper = float(np.quantile(rate, 0.75)) if len(rate) >= 20 else 0.0
    return float(np.clip(upper, least_rate(chance), chance * 2 / 3))


def _usual_rate(pairs: Pairs, returned: Flags, posts_by: Ints) -> Floats:
    """What the account does or the author gets, whichever is more, where nothing comes back."""
    seen = np.where(returned, 0, posts_by[pairs.author])
    done = np.minimum(pairs.acts, seen)
    rates = []
    for side in (pairs.account, pairs.author):
        had = np.bincount(side, weights=seen, minlength=len(posts_by))
        did = np.bincount(side, weights=done, minlength=len(posts_by))
        rates.append(((did + ORDINARY * STEADY) / (had + STEADY))[side])
    return np.maximum(*rates)


def renumbered(ties_: Ties) -> tuple[Ties, Ints]:
    """Renumber the accounts that have a good tie, and leave out those without: ties, and who is who."""
    good = ties_.score > 0
    who = np.unique(np.concatenate([ties_.one[good], ties_.other[good]]))
    number = np.full(len(ties_.lack), -1, np.int64)
    number[who] = np.arange(len(who))
    kept = ties_.rows((number[ties_.one] >= 0) & (number[ties_.other] >= 0))
    return replace(kept, one=number[kept.one], other=number[kept.other], lack=ties_.lack[who]), who
