"""How finely times are told, and what to make of those that are rounded to minutes, hours or days.

Within a step nobody knows what came first. A post therefore counts from the start of its step on, and
outcomes are spread evenly over theirs: whatever a post brought about lies after it, and what people would
have done anyway is as frequent before as after. Times that are told to the second stay as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph import dataset
from influgraph.dataset import Dataset

DATES = "times are dates"
SECOND, DAY = 1_000_000, 86_400_000_000
_HOUR = DAY // 24
_STEPS = (DAY, _HOUR, _HOUR // 60)
# With fewer times a common remainder may be chance; one sale at one moment says nothing of how it is told.
_FEWEST_ROWS, _FEWEST_TIMES = 30, 5
_LOOKED_AT = 10_000  # times, about, from first to last: of a million, as many tell as all
_NEARLY_ALL = 0.9
# Part of a step from one outcome to the next: no run of them, of a niche or a day, lies on one side of it.
_GOLDEN = (5**0.5 - 1) / 2

Moments = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """Times are told in steps, `step` microseconds long, the first of which starts at `first`."""

    step: int = SECOND
    first: int = 0

    def starts(self, times: pd.Series) -> pd.Series:
        """Start of the step of each time; null stays null.

        Times that are rounded as much by another zone's clock go to the nearest start.
        """
        own = find_grid(times)
        moved = _moments(times) + (self.step // 2 if own.step >= self.step else 0)
        return _times(moved - (moved - self.first) % self.step, times)

    def spread(self, times: pd.Series) -> pd.Series:
        """Times in rising order spread evenly over their steps."""
        start = _moments(self.starts(times))
        part = (np.arange(1, len(start) + 1) * _GOLDEN) % 1
        return _times(start + (part * self.step).astype(np.int64), times)


def find_grid(times: pd.Series) -> Grid:
    """The longest of day, hour and minute to which nearly all times are rounded; else seconds.

    Rounded times leave equal remainders, which need not be zero: midnight of other zones falls on other
    hours, and on two of them where clocks change.
    """
    known = _moments(times.dropna())
    known = known[:: max(len(known) // _LOOKED_AT, 1)]
    if len(known) < _FEWEST_ROWS or len(np.unique(known)) < _FEWEST_TIMES:
        return Grid()
    for step in _STEPS:
        rest, count = np.unique(known % step, return_counts=True)
        first, most = int(rest[count.argmax()]), int(count.max())
        if step == DAY:
            first, most = _two_clocks(rest, count)
        if most >= _NEARLY_ALL * len(known):
            return Grid(step, first)
    return Grid()


def _two_clocks(rest: Moments, count: Moments) -> tuple[int, int]:
    """The commonest remainder of a day, or pair of them an hour apart (the earlier one), and its number."""
    later = np.searchsorted(rest, rest + _HOUR).clip(max=len(rest) - 1)
    both = count + np.where(rest[later] == rest + _HOUR, count[later], 0)
    return int(rest[both.argmax()]), int(both.max())


def are_dates(data: Dataset, *, kinds: Sequence[str]) -> bool:
    """Whether outcomes (acts of these kinds), or posts and reposts, else views, are told to the day only."""
    acts = dataset.resolved_engagements(data)
    told = [acts.loc[acts["kind"].isin(list(kinds)), "created_at"]]
    views = acts.loc[acts["kind"] == "view", "created_at"]
    reposts = acts.loc[acts["kind"] == "repost", "created_at"]
    told += [views] if views.notna().any() else [data.posts["created_at"], reposts]
    return any(find_grid(times).step == DAY for times in told)


def unrounded(data: Dataset, *, kinds: Sequence[str]) -> Dataset:
    """The same with outcomes (engagements of these kinds) spread over the steps in which they are told.

    All else moves to the start of its step. The same dataset where outcomes are told to the second.
    """
    acts = data.engagements
    own = acts["kind"].isin(list(kinds))
    outcomes = acts.loc[own & acts["created_at"].notna(), ["created_at", "account_id"]]
    grid = find_grid(outcomes["created_at"])
    if grid.step == SECOND:
        return data
    outcomes = outcomes.sort_values(["created_at", "account_id"], kind="stable")
    moved = acts["created_at"].copy()
    for _, rows in acts[~own].groupby("kind", observed=True):
        moved[rows.index] = grid.starts(rows["created_at"])
    moved[outcomes.index] = grid.spread(outcomes["created_at"])
    return replace(
        data,
        follows=data.follows.assign(followed_at=grid.starts(data.follows["followed_at"])),
        posts=data.posts.assign(created_at=grid.starts(data.posts["created_at"])),
        engagements=acts.assign(created_at=moved),
    )


def _moments(times: pd.Series) -> Moments:
    """Microseconds since 1970; those of null mean nothing."""
    return np.asarray(times.astype("datetime64[us, UTC]").astype("int64"), dtype=np.int64)


def _times(moments: Moments, like: pd.Series) -> pd.Series:
    """Moments as times, null where `like` is."""
    told = pd.Series(pd.to_datetime(moments, unit="us", utc=True), like.index).astype("datetime64[us, UTC]")
    return told.where(like.notna())
