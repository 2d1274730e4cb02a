"""Who was exposed to whose posts, and which exposures came shortly before which outcome."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence._arrays import Flags, Floats, Ints, row_starts, sum_by

# Delay bins as shares of the window: finer where reactions are fast (half an hour to 72 h at "3d").
DELAY_EDGES = np.array([0, 1 / 144, 1 / 72, 1 / 36, 1 / 18, 1 / 9, 2 / 9, 4 / 9, 1])


@dataclass(frozen=True)
class Attention:
    """Who is reached by whom: rows are accounts, `exposers` those whose broadcasts they may see."""

    start: Ints
    exposers: Ints
    since: Floats


@dataclass(frozen=True)
class Broadcasts:
    """Appearances of posts before followers, sorted by exposer and time (seconds of the study)."""

    start: Ints
    time: Floats
    author: Ints
    direct: Flags


@dataclass(frozen=True)
class Outcomes:
    """Timed outcomes of accounts, in the order of the dataset."""

    account: Ints
    time: Floats


@dataclass(frozen=True)
class Exposure:
    """Pairs of outcome and earlier broadcast, and how long everybody was exposed.

    `seconds` and `seconds_total` (authors x delay bins) count follower-seconds at risk after own posts,
    and after these and reposts together; `exposures` counts followers x own posts.
    """

    outcomes: Outcomes
    pair_outcome: Ints
    pair_author: Ints
    pair_bin: Ints
    seconds: Floats
    seconds_total: Floats
    exposures: Floats
    widths: Floats
    risk_end: Floats
    period: float


def seconds_since(times: pd.Series, start: pd.Timestamp) -> Floats:
    """Seconds from the start of the study; a null time becomes NaN."""
    return np.asarray((times - start) / pd.Timedelta(seconds=1), dtype=np.float64)


def follow_attention(data: Dataset, start: pd.Timestamp) -> Attention:
    """Every follower sees what the followed post from the day of the follow on."""
    follower = data.follows["follower_id"].cat.codes.to_numpy()
    order = np.argsort(follower, kind="stable")
    since = np.nan_to_num(seconds_since(data.follows["followed_at"], start), nan=-np.inf)
    followed = data.follows["followed_id"].cat.codes.to_numpy()
    return Attention(row_starts(follower, len(data.account_ids)), followed[order], since[order])


def post_broadcasts(data: Dataset, start: pd.Timestamp) -> Broadcasts:
    """Own posts, which reach the author's followers, and reposts, which reach the reposter's.

    A post without a time comes last of all: it counts as seen by every follower, and precedes nothing.
    """
    posts, acts = data.posts, dataset.resolved_engagements(data)
    if "repost_of" in posts:
        posts = posts[posts["repost_of"].isna()]
    acts = acts[(acts["kind"] == "repost") & acts["post_id"].notna() & acts["receiver_id"].notna()]
    author = posts["author_id"].cat.codes.to_numpy()
    times = [seconds_since(times, start) for times in (posts["created_at"], acts["created_at"])]
    return _sorted_broadcasts(
        exposer=np.concatenate([author, acts["account_id"].cat.codes.to_numpy()]),
        author=np.concatenate([author, acts["receiver_id"].cat.codes.to_numpy()]),
        time=np.nan_to_num(np.concatenate(times), nan=np.inf),
        direct=np.repeat([True, False], [len(author), len(acts)]),
        accounts=len(data.account_ids),
    )


def observed_views(data: Dataset, start: pd.Timestamp) -> tuple[Attention, Broadcasts] | None:
    """Listed views: every account is then its own exposer. None where there are none."""
    acts = dataset.resolved_engagements(data)
    views = acts[(acts["kind"] == "view") & acts["created_at"].notna() & acts["receiver_id"].notna()]
    if views.empty:
        return None
    count = len(data.account_ids)
    viewer, author = (
        views[name].cat.codes.to_numpy().astype(np.int64) for name in ("account_id", "receiver_id")
    )
    follows = data.follows[["follower_id", "followed_id"]].apply(lambda ids: ids.cat.codes.astype(np.int64))
    known = follows["follower_id"].to_numpy() * count + follows["followed_id"].to_numpy()
    direct = np.isin(viewer * count + author, known) if len(known) else np.ones(len(viewer), bool)
    everyone = np.arange(count)
    themselves = Attention(np.arange(count + 1), everyone, np.full(count, -np.inf))
    time = seconds_since(views["created_at"], start)
    return themselves, _sorted_broadcasts(viewer, author, time, direct, count)


def _sorted_broadcasts(exposer: Ints, author: Ints, time: Floats, direct: Flags, accounts: int) -> Broadcasts:
    order = np.lexsort((time, exposer))
    return Broadcasts(row_starts(exposer, accounts), time[order], author[order], direct[order])


def risk_ends(outcomes: Outcomes, accounts: int, period: float) -> Floats:
    """When each account stops being at risk: at its outcome where nobody has two, else never."""
    ends = np.full(accounts, np.inf)
    if len(outcomes.account) > 1 and np.bincount(outcomes.account).max() == 1:
        ends[outcomes.account] = outcomes.time
    return np.where(ends < period, ends, np.inf)


def expose(
    outcomes: Outcomes, attention: Attention, broadcasts: Broadcasts, *, window: float, period: float
) -> Exposure:
    """Pair every outcome with the broadcasts of the window before it, and count the time at risk."""
    from influgraph.influence import _kernels

    accounts = len(attention.start) - 1
    risk_end = risk_ends(outcomes, accounts, period)
    follows = (attention.start, attention.exposers, attention.since)
    posts = (broadcasts.start, broadcasts.time)
    counts = _kernels.count_pairs(outcomes.account, outcomes.time, *follows, *posts, window)
    pair_start = np.concatenate([[0], np.cumsum(counts)])
    pair, delay = _kernels.list_pairs(outcomes.account, outcomes.time, *follows, *posts, window, pair_start)
    edges = DELAY_EDGES * window
    reached, seconds = _kernels.exposed_seconds(*follows, risk_end, *posts, period, edges)
    direct = broadcasts.direct
    return Exposure(
        outcomes=outcomes,
        pair_outcome=np.repeat(np.arange(len(counts), dtype=np.int32), counts),
        pair_author=broadcasts.author[pair].astype(np.int32),
        pair_bin=np.clip(np.searchsorted(edges, delay, side="right") - 1, 0, len(edges) - 2).astype(np.int8),
        seconds=_sum_columns(broadcasts.author[direct], seconds[direct], accounts),
        seconds_total=_sum_columns(broadcasts.author, seconds, accounts),
        exposures=sum_by(broadcasts.author[direct], reached[direct], accounts),
        widths=np.diff(edges),
        risk_end=np.minimum(risk_end, period),
        period=period,
    )


def compete(real: Exposure, impossible: Exposure) -> Exposure:
    """Both exposures for the same outcomes; the impossible ones belong to a second set of authors."""
    authors = len(real.seconds)

    def both(name: str, shift: int = 0) -> npt.NDArray[Any]:
        return np.concatenate([getattr(real, name), getattr(impossible, name) + shift])

    return replace(
        real,
        pair_outcome=both("pair_outcome"),
        pair_author=both("pair_author", authors),
        pair_bin=both("pair_bin"),
        seconds=both("seconds"),
        seconds_total=both("seconds_total"),
        exposures=both("exposures"),
    )


def _sum_columns(groups: Ints, values: Floats, count: int) -> Floats:
    return np.column_stack([sum_by(groups, column, count) for column in values.T])
