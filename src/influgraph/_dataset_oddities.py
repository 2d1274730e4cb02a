"""Rows that stay on disk but that no measure uses, and what else is odd enough to tell."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from influgraph._dataset_codes import Frames, Mask, codes, post_authors
from influgraph._dataset_schema import EXAMPLES, TABLES, Breach, Kind, nearest, shown

NETWORKS_SINCE = pd.Timestamp("2000-01-01", tz="UTC")
# How much earlier than its post an act must be to be odd, and the share of acts that may be there again.
_ZONE, _AGAIN = np.timedelta64(1, "h"), 0.01
# A time is a stray that lies so long, and so many times the spread of nine in ten, beyond these.
_DECADES, _SPREADS, _FEWEST = pd.Timedelta(days=20 * 365), 10, 20


def find_oddities(frames: Frames, listed: int | None) -> tuple[dict[str, Mask], tuple[str, ...]]:
    """Return the rows of each table that no measure uses, and a line for each oddity found."""
    own, repeated = _odd_follows(frames["follows"])
    unlisted = codes(frames["posts"]["author_id"]) >= (np.iinfo(np.intp).max if listed is None else listed)
    towards_self, contradicted, lost = _odd_engagements(frames["engagements"], frames["posts"][~unlisted])
    found = {
        "follows: self-follows, ignored": own,
        "follows: repeats of a follow, used once, from its earliest time on": repeated,
        "posts: by authors that are not in accounts, ignored": unlisted,
        "engagements: self-engagements, ignored": towards_self,
        "engagements: target_id is not the post's author, target_id used": contradicted,
        "engagements: on unknown posts and without target_id, so received by nobody": lost,
    }
    aside = {"follows": own | repeated, "posts": unlisted, "engagements": towards_self}
    counted = [f"{oddity}: {rows.sum()}" for oddity, rows in found.items() if rows.any()]
    return aside, tuple(counted + _misspelt(frames) + _odd_times(frames["engagements"], frames["posts"]))


def _misspelt(frames: Frames) -> list[str]:
    """Columns that nothing reads, where one of nearly that name is read and not there, or empty."""
    lines = []
    for name, frame in frames.items():
        strange = [str(column) for column in frame if column not in TABLES[name]]
        for column in TABLES[name]:
            meant = nearest(column, strange, TABLES[name], alike=0.8)
            if meant and (column not in frame or frame[column].isna().all()):
                lines.append(f"{name}: column {shown(meant)} is not read; is {column} meant?")
    return lines


def _odd_times(engagements: pd.DataFrame, posts: pd.DataFrame) -> list[str]:
    """Acts more than an hour before the post they are on, and acts that are there again, to the second."""
    posted = np.full(len(posts["post_id"].cat.categories) + 1, np.datetime64("NaT"), "datetime64[us]")
    posted[codes(posts["post_id"])] = posts["created_at"].to_numpy(dtype="datetime64[us]")
    acted = engagements["created_at"].to_numpy(dtype="datetime64[us]")
    # Where a date is all that is told of an act, it may have come after the post of that day.
    timed = acted != acted.astype("datetime64[D]")
    before = int((timed & (posted[codes(engagements["post_id"])] - acted > _ZONE)).sum())
    known = {column: codes(engagements[column]) for column in ("account_id", "target_id", "post_id")}
    named = [column for column in ("kind", "object") if column in engagements]
    known |= {column: pd.factorize(engagements[column])[0] for column in named}
    again = int(pd.DataFrame(known | {"at": acted})[~np.isnat(acted)].duplicated().sum())
    lines = []
    if before:
        lines.append(f"engagements: before the post they are on, used; are all times of one zone?: {before}")
    if again > _AGAIN * len(acted):
        lines.append(f"engagements: there again with the same time, used; are they listed twice?: {again}")
    return lines


def early_times(frames: Frames) -> tuple[str, ...]:
    """Return a line for each column with times before social networks, as an unknown one written as 0."""
    lines = []
    for name, frame in frames.items():
        times = [column for column, kind in TABLES[name].items() if kind == Kind.TIME and column in frame]
        for column in times:
            early = frame.loc[frame[column] < NETWORKS_SINCE, column]
            if len(early):
                told = f"such as {early.iloc[0]:%Y-%m-%d %H:%M:%S}, used; leave it empty where unknown"
                lines.append(f"{name}: {column} before the year 2000, {told}: {len(early)}")
    return tuple(lines)


def stray_times(tables: Mapping[str, pa.Table]) -> list[Breach]:
    """Breaches of posts and engagements whose times lie decades from nearly all others.

    A study lasts from the first to the last time, so that one of the year 2099 makes it last till then.
    """
    given = {name: tables[name]["created_at"] for name in ("posts", "engagements") if tables[name].num_rows}
    times: dict[str, pd.Series] = {name: column.to_pandas().dropna() for name, column in given.items()}
    if sum(map(len, times.values())) < _FEWEST:
        return []
    every = pd.concat(times.values())
    ends = len(every) // 20, len(every) - 1 - len(every) // 20
    stamps = np.partition(every.to_numpy(dtype="datetime64[us]"), ends)
    first, last = (pd.Timestamp(stamps[end], tz="UTC") for end in ends)
    reach = max(_SPREADS * (last - first), _DECADES)
    strays = {
        name: column[(column < first - reach) | (column > last + reach)] for name, column in times.items()
    }
    problem = f"times decades from nearly all others, which lie between {first:%Y-%m-%d} and {last:%Y-%m-%d}"
    repair = "Mend them, or leave them empty where they are not known."
    return [
        Breach(name, "created_at", len(odd), problem, _named(odd), repair)
        for name, odd in strays.items()
        if len(odd)
    ]


def _named(odd: pd.Series) -> tuple[str, ...]:
    first = odd.iloc[:EXAMPLES]
    rows = first.index.to_numpy() + 1
    return tuple(f"row {row}: {time:%Y-%m-%d %H:%M:%S}" for row, time in zip(rows, first, strict=True))


def _odd_follows(follows: pd.DataFrame) -> tuple[Mask, Mask]:
    """Mark self-follows, and the repeats of a follow: its earliest row counts, a null time before all."""
    follower, followed = codes(follows["follower_id"]), codes(follows["followed_id"])
    own, repeated = follower == followed, np.zeros(len(follows), dtype=bool)
    pairs = follower * len(follows["follower_id"].cat.categories) + followed
    ordered = np.sort(pairs)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if len(twice):
        rows = np.flatnonzero(pd.Series(pairs).isin(twice) & ~own)
        times = follows["followed_at"].to_numpy(dtype="datetime64[us]").astype(np.int64)
        rows = rows[np.lexsort((times[rows], pairs[rows]))]
        repeated[rows[1:]] = pairs[rows[1:]] == pairs[rows[:-1]]
    return own, repeated


def _odd_engagements(engagements: pd.DataFrame, posts: pd.DataFrame) -> tuple[Mask, Mask, Mask]:
    """Mark acts towards oneself, targets other than the post's author, and acts on posts of nobody known."""
    target, author = codes(engagements["target_id"]), post_authors(posts, engagements["post_id"])
    own = codes(engagements["account_id"]) == np.where(target >= 0, target, author)
    contradicted = (target >= 0) & (author >= 0) & (target != author)
    lost = (codes(engagements["post_id"]) >= 0) & (author < 0) & (target < 0)
    return own, contradicted, lost
