"""Habits in the times of acts: hours, gaps, full minutes, equal delays; and who is followed back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from influgraph.dataset import Dataset

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DAY, WEEK = 86_400, 7 * 86_400
SHORTEST = 60  # seconds; below, gaps are so dense that equal ones are no news
LONGEST = 10**8
NEARBY = 20  # seconds: how far from equal two gaps may be that tell how many are equal by chance
FEWEST_FOLLOWED = 10
FEWEST_ACCOUNTS = 20  # with a bulk to stand out from
WORDS = {
    "day_rhythm": "acts at all hours of the day alike",
    "burstiness": "acts at even gaps",
    "on_the_minute": "acts at full minutes",
    "same_gaps": "gaps between acts repeat to the second",
    "same_delays": "delays after posts repeat to the second",
}


def evidence(data: Dataset, fewest: int, q: float) -> pd.DataFrame:
    """Values of all habits by account, and in words those that stand out."""
    size = len(data.accounts)
    accounts, seconds = _timed_acts(data)
    counts = np.bincount(accounts, minlength=size)
    enough = counts >= fewest
    gap_owner, gaps = _gaps(accounts, seconds)
    values = {
        "day_rhythm": _rhythm(accounts, seconds, enough, size),
        "burstiness": np.where(enough, _burstiness(gap_owner, gaps, size), np.nan),
    }
    p_values = {name: _below_the_bulk(value) for name, value in values.items()}
    values["on_the_minute"], p_values["on_the_minute"] = _on_the_minute(accounts, seconds, enough, size)
    repeats = {"same_gaps": (gap_owner, gaps), "same_delays": _delays(data)}
    for name, (owner, spans) in repeats.items():
        values[name], p_values[name] = _repeats(owner, spans, fewest, size)
    table = pd.DataFrame({"timed_acts": counts} | values, data.account_ids).astype("Float64")
    table["timed_acts"] = table["timed_acts"].astype("Int64")
    table["followed_back"] = pd.array(_followed_back(data), "Float64")
    return table.assign(automation_evidence=_in_words(p_values, q, data.account_ids))


def _seconds(times: pd.Series) -> Floats:
    return np.asarray((times - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy(float))


def _timed_acts(data: Dataset) -> tuple[Ints, Floats]:
    """Who acted and when, posts and engagements, by account and time."""
    pairs = [(data.posts, "author_id"), (data.engagements, "account_id")]
    known = [(table[table["created_at"].notna() & table[who].notna()], who) for table, who in pairs]
    accounts = np.concatenate([table[who].cat.codes.to_numpy(np.int64) for table, who in known])
    seconds = np.concatenate([_seconds(table["created_at"]) for table, _ in known])
    order = np.lexsort((seconds, accounts))
    return accounts[order], seconds[order]


def _gaps(accounts: Ints, seconds: Floats) -> tuple[Ints, Floats]:
    same = accounts[1:] == accounts[:-1]
    return accounts[1:][same], np.diff(seconds)[same]


def _delays(data: Dataset) -> tuple[Ints, Floats]:
    """Who acted on a post, and how long after it, where both times are known."""
    made = np.full(len(data.post_ids), np.nan)
    made[data.posts["post_id"].cat.codes.to_numpy()] = _seconds(data.posts["created_at"])
    acts = data.engagements[data.engagements["post_id"].notna()]
    waited = _seconds(acts["created_at"]) - made[acts["post_id"].cat.codes.to_numpy()]
    timed = waited >= 0
    return acts["account_id"].cat.codes.to_numpy(np.int64)[timed], waited[timed]


def _rhythm(accounts: Ints, seconds: Floats, enough: npt.NDArray[np.bool_], size: int) -> Floats:
    """Length of the mean hour on the dial, without what chance adds, of those who act for a week or more."""
    angle = 2 * np.pi * (seconds % DAY) / DAY
    count = np.bincount(accounts, minlength=size)
    across, up = (np.bincount(accounts, way, size) for way in (np.cos(angle), np.sin(angle)))
    first, last = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(first, accounts, seconds)
    np.maximum.at(last, accounts, seconds)
    usable = enough & (last - first >= WEEK)
    length = np.full(size, np.nan)
    n = count[usable]
    squared = ((across[usable] ** 2 + up[usable] ** 2) / n - 1) / (n - 1)
    length[usable] = np.sqrt(np.maximum(squared, 0))
    return length


def _burstiness(owner: Ints, gaps: Floats, size: int) -> Floats:
    """(sd - mean) / (sd + mean) of the gaps of each account."""
    count = np.maximum(np.bincount(owner, minlength=size), 1)
    mean = np.bincount(owner, gaps, size) / count
    spread = np.sqrt(np.bincount(owner, (gaps - mean[owner]) ** 2, size) / count)
    total = spread + mean
    return np.asarray(np.divide(spread - mean, total, out=np.full(size, np.nan), where=total > 0))


def _below_the_bulk(values: Floats) -> Floats:
    """How unlikely values as low are, if all are as normal as the bulk around the median."""
    from scipy.special import ndtr

    known = values[~np.isnan(values)]
    if len(known) < FEWEST_ACCOUNTS:
        return np.full(len(values), np.nan)
    middle = np.median(known)
    spread = 1.4826 * np.median(np.abs(known - middle))
    if not spread > 0:
        return np.full(len(values), np.nan)
    return np.asarray(ndtr((values - middle) / spread), float)


def _on_the_minute(
    accounts: Ints, seconds: Floats, enough: npt.NDArray[np.bool_], size: int
) -> tuple[Floats, Floats]:
    """Share of acts in a minute's first second, against what is usual for the accounts of this study."""
    from scipy.special import bdtrc

    count = np.bincount(accounts, minlength=size)
    full = np.bincount(accounts, (seconds % 60 < 1), size)
    nothing = np.full(size, np.nan)
    share = np.divide(full, count, out=nothing.copy(), where=enough)
    usual = max(1 / 60, float(np.median(share[enough])) if enough.any() else 0.0)
    if usual > 0.5 and enough.sum() >= FEWEST_ACCOUNTS:
        return nothing, nothing.copy()
    p_values = np.where(
        enough, bdtrc(np.maximum(full - 1, 0), np.maximum(count, 1).astype(np.int64), usual), np.nan
    )
    return share, np.where(enough & (full == 0), 1.0, p_values)


def _repeats(owner: Ints, spans: Floats, fewest: int, size: int) -> tuple[Floats, Floats]:
    """Equal pairs of spans per pair expected, and how unlikely so many are.

    Where the density of spans is smooth, a pair that differs by 1 to 20 seconds is forty times as likely as
    an equal one.
    """
    from scipy.special import bdtrc

    fits = (spans >= SHORTEST) & (spans < LONGEST)
    owner, whole = owner[fits], np.floor(spans[fits]).astype(np.int64)
    keys, counts = np.unique(owner * LONGEST + whole, return_counts=True)
    who = keys // LONGEST
    equal = np.bincount(who, counts * (counts - 1) / 2, size)
    near = np.zeros(size)
    for step in range(1, NEARBY + 1):
        place = np.minimum(np.searchsorted(keys, keys + step), max(len(keys) - 1, 0))
        met = (keys[place] == keys + step) & (who[place] == who)
        near += np.bincount(who, counts * counts[place] * met, size)
    enough = np.bincount(owner, minlength=size) >= fewest
    ratio = np.where(enough, equal / np.maximum(near / (2 * NEARBY), 1), np.nan)
    p_values = bdtrc(
        np.maximum(equal - 1, 0), np.maximum(equal + near, 1).astype(np.int64), 1 / (2 * NEARBY + 1)
    )
    return ratio, np.where(enough, np.where(equal > 0, p_values, 1.0), np.nan)


def _followed_back(data: Dataset) -> Floats:
    """Share of followed accounts that follow back, among those whose own follows are known."""
    size = len(data.accounts)
    follower, followed = (
        data.follows[side].cat.codes.to_numpy(np.int64) for side in ("follower_id", "followed_id")
    )
    known = np.bincount(follower, minlength=size)[followed] > 0
    back = np.isin(followed * size + follower, follower * size + followed) & known
    asked, got = (np.bincount(follower, which, size) for which in (known, back))
    return np.asarray(np.divide(got, asked, out=np.full(size, np.nan), where=asked >= FEWEST_FOLLOWED))


def _in_words(p_values: dict[str, Floats], q: float, index: pd.Index) -> pd.Series:
    from scipy.stats import false_discovery_control

    words = np.full(len(index), None, dtype=object)
    for name, p_value in p_values.items():
        known = np.flatnonzero(~np.isnan(p_value))
        words[known] = [text or "" for text in words[known]]
        if len(known):
            _tell(words, known[false_discovery_control(p_value[known]) <= q], WORDS[name])
    return pd.Series(words, index, "str")


def _tell(words: npt.NDArray[Any], where: npt.NDArray[np.integer[Any]], text: str) -> None:
    words[where] = [f"{before}; {text}" if before else text for before in words[where]]
