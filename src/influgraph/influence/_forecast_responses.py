"""Who responded to whom, when: what a forecast is made of and judged by, cut at any moment."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence import _rounding
from influgraph.influence._arrays import Flags, Floats, Ints

_EPOCH = pd.Timestamp(0, tz="UTC")


@dataclass(frozen=True)
class Responses:
    """Responses to accounts, by time, with all else a forecast may use; times in seconds since 1970.

    A response is `engager`'s outcome at `time`: an act done to `account`, or an outcome of the engager's own
    within the window after a post of `account` at `since` that it could see. `outcome_account` and
    `outcome_time` list every outcome once, by time: the clock by which responses age. `first_seen` is when
    each account first posted or took part in an act, infinite where it has not; `followed_at` of an unknown
    time is minus infinity. `kinds` are those of the outcomes; `own` tells outcomes of people's own from acts
    done to accounts. `now` is the moment before which all of this was known.
    """

    account: Ints
    engager: Ints
    time: Floats
    since: Floats
    outcome_account: Ints
    outcome_time: Floats
    author: Ints
    posted_at: Floats
    follower: Ints
    followed: Ints
    followed_at: Floats
    first_seen: Floats
    kinds: tuple[str, ...]
    own: bool
    now: float

    def before(self, moment: float) -> "Responses":
        """Return what was known just before a moment; nothing later is in it."""
        acted, had = (np.searchsorted(times, moment) for times in (self.time, self.outcome_time))
        posted, followed = self.posted_at < moment, self.followed_at < moment
        return Responses(
            account=self.account[:acted],
            engager=self.engager[:acted],
            time=self.time[:acted],
            since=self.since[:acted],
            outcome_account=self.outcome_account[:had],
            outcome_time=self.outcome_time[:had],
            author=self.author[posted],
            posted_at=self.posted_at[posted],
            follower=self.follower[followed],
            followed=self.followed[followed],
            followed_at=self.followed_at[followed],
            first_seen=np.where(self.first_seen < moment, self.first_seen, np.inf),
            kinds=self.kinds,
            own=self.own,
            now=moment,
        )

    def engagers_between(self, start: float, end: float) -> Floats:
        """How many different accounts responded to each account, to what it did from `start` on."""
        new = (self.time >= start) & (self.time < end) & (self.since >= start)
        count = len(self.first_seen)
        pairs = np.unique(self.account[new].astype(np.int64) * count + self.engager[new])
        return np.bincount(pairs // count, minlength=count).astype(np.float64)

    def seen(self) -> Flags:
        """Accounts that have posted or taken part in an act."""
        return np.isfinite(self.first_seen)


def find_responses(data: Dataset, *, kinds: Sequence[str], window: str) -> Responses | str:
    """Bring outcomes and those they may be owed to together, or say in words why that is impossible."""
    acts = dataset.resolved_engagements(data)
    outcomes = acts[acts["kind"].isin(list(kinds))]
    if outcomes.empty:
        return f"no outcome of kind {', '.join(kinds)} occurs" if kinds else "no engagement counts as outcome"
    own = outcomes["receiver_id"].notna().mean() < 0.5
    if own:
        data = _rounding.unrounded(data, kinds=kinds)
        acts = dataset.resolved_engagements(data)
        outcomes = acts[acts["kind"].isin(list(kinds))]
    outcomes = outcomes[outcomes["receiver_id"].isna() == own].dropna(subset="created_at")
    if outcomes.empty:
        return "the outcomes have no times"
    outcomes = outcomes.sort_values("created_at", kind="stable")
    account, time = _codes(outcomes["account_id"]), _seconds(outcomes["created_at"])
    length = pd.Timedelta(window).total_seconds()
    listed = _exposed(data, acts, account, time, length) if own else None
    if own and listed is None:
        return "who could see which post before an outcome is not known (posts with times, follows or views)"
    receiver, place, since = listed or (_codes(outcomes["receiver_id"]), np.arange(len(time)), time)
    posts = data.posts.dropna(subset="created_at")
    return Responses(
        account=receiver,
        engager=account[place],
        time=time[place],
        since=since,
        outcome_account=account,
        outcome_time=time,
        author=_codes(posts["author_id"]),
        posted_at=_seconds(posts["created_at"]),
        follower=_codes(data.follows["follower_id"]),
        followed=_codes(data.follows["followed_id"]),
        followed_at=_since(data),
        first_seen=_first_seen(data, acts, own=own),
        kinds=tuple(kind for kind in kinds if (outcomes["kind"] == kind).any()),
        own=own,
        # One second more, so that the last timestamp lies before it.
        now=max(
            _seconds(times).max()
            for times in (acts["created_at"].dropna(), posts["created_at"])
            if len(times)
        )
        + 1,
    )


def _codes(ids: pd.Series) -> Ints:
    return ids.cat.codes.to_numpy().astype(np.int64)


def _seconds(times: pd.Series) -> Floats:
    return np.asarray((times - _EPOCH) / pd.Timedelta(seconds=1), dtype=np.float64)


def _since(data: Dataset) -> Floats:
    return np.nan_to_num(_seconds(data.follows["followed_at"]), nan=-np.inf)


def _first_seen(data: Dataset, acts: pd.DataFrame, *, own: bool) -> Floats:
    """When each account first posted or was viewed; where acts are done to accounts, also when it acted."""
    first = np.full(len(data.account_ids), np.inf)
    views = acts[acts["kind"] == "view"]
    parties = [(data.posts, "author_id"), (views, "receiver_id")]
    if not own:
        parties += [(acts, "account_id"), (acts, "receiver_id")]
    for table, column in parties:
        rows = table.dropna(subset=[column, "created_at"])
        np.minimum.at(first, _codes(rows[column]), _seconds(rows["created_at"]))
    return first


def _exposed(
    data: Dataset, acts: pd.DataFrame, account: Ints, time: Floats, window: float
) -> tuple[Ints, Ints, Floats] | None:
    """Author, place of the outcome and time of the last post, of each outcome and author seen before it."""
    views = acts[(acts["kind"] == "view") & acts["receiver_id"].notna() & acts["created_at"].notna()]
    posts = data.posts.dropna(subset="created_at")
    if len(views):
        viewer, author = _codes(views["account_id"]), _codes(views["receiver_id"])
        return _within(account, time, viewer, author, _seconds(views["created_at"]), window)
    if posts.empty or data.follows.empty:
        return None
    return _after_posts(data, posts, account, time, window)


def _within(
    account: Ints, time: Floats, viewer: Ints, author: Ints, viewed: Floats, window: float
) -> tuple[Ints, Ints, Floats]:
    """Pairs of an outcome and an author whom the account viewed in the window before it."""
    moments, size = np.unique(time), len(np.unique(time)) + 1
    order = np.lexsort((time, account))
    keys = (account * size + np.searchsorted(moments, time))[order]
    first, end = (np.searchsorted(moments, times, side="right") for times in (viewed, viewed + window))
    view, place = _ranges(*(np.searchsorted(keys, viewer * size + rank) for rank in (first, end)))
    pairs = pd.DataFrame({"author": author[view], "place": order[place], "viewed": viewed[view]})
    last = pairs.groupby(["place", "author"], as_index=False)["viewed"].max()
    return last["author"].to_numpy(), last["place"].to_numpy(), last["viewed"].to_numpy()


def _after_posts(
    data: Dataset, posts: pd.DataFrame, account: Ints, time: Floats, window: float
) -> tuple[Ints, Ints, Floats]:
    """Pairs of an outcome and a followed author who posted in the window before it, after the follow."""
    order = np.argsort(_codes(data.follows["follower_id"]), kind="stable")
    follower, followed = (_codes(data.follows[name])[order] for name in ("follower_id", "followed_id"))
    since = _since(data)[order]
    place, follow = _ranges(*(np.searchsorted(follower, account, side=side) for side in ("left", "right")))
    author, posted = _codes(posts["author_id"]), _seconds(posts["created_at"])
    order = np.lexsort((posted, author))
    author, posted = author[order], posted[order]
    moments, size = np.unique(posted), len(np.unique(posted)) + 1
    keys = author * size + np.searchsorted(moments, posted)
    asked = followed[follow] * size + np.searchsorted(moments, time[place])
    last = np.searchsorted(keys, asked) - 1
    late = posted[last] >= np.maximum(time[place] - window, since[follow])
    seen = (last >= 0) & (author[last] == followed[follow]) & late
    return followed[follow][seen], place[seen], posted[last][seen]


def _ranges(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Row numbers, each as often as its range is long, and the places in the ranges."""
    length = high - low
    row = np.repeat(np.arange(len(low)), length)
    return row, np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length) + low[row]
