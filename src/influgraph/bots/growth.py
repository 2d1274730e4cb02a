"""Growth anomalies: more new followers at a time than trend, posts and reposts explain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from influgraph.dataset import resolved_engagements, study_period

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from influgraph.dataset import Dataset

    Numbers = NDArray[np.float64]
    Codes = NDArray[np.intp]

BINS = 224  # of the period, at most; none is shorter than an hour
SHORTEST = 3_600.0  # seconds
FEWEST = 10  # new followers with a time, of an account
FEWEST_BINS = 14
SPANS = (1, 2, 4, 8, 16, 32, 64)  # bins of the windows that are scanned
MEMORY = 86_400.0  # seconds in which what a post or repost brings fades by e
DRAWS = 199
FIRST_DRAWS = 39  # no more are needed where `COMMON` of them are as strange (Besag & Clifford 1991)
COMMON = 4
ROUNDS = 25  # of fitting what brings followers
LEAST_DISPERSION = 0.02
TYPICAL = 1.0  # new followers' weight of the trend alone among what brings followers
COLUMNS = {
    "new_followers": "Int64",
    "burst_start": "datetime64[us, UTC]",
    "burst_end": "datetime64[us, UTC]",
    "burst_followers": "Int64",
    "burst_expected": "Float64",
    "growth_p": "Float64",
    "growth_q": "Float64",
    "growth_missing": "str",
}


def growth_anomalies(data: Dataset, *, rng: np.random.Generator) -> pd.DataFrame:
    """Find for each account the strangest burst of new followers, and how unlikely it is.

    New followers are expected by the general trend (how others grow at that time, each counted no more than
    is usual for it), lifted by the account's own posts and reposts of these, which fade within a day. How
    much each brings is fitted per account. Windows of 1 to 64 bins are scanned; the greatest likelihood ratio
    is compared with that of draws with as many new followers, as dispersed as growth is in most accounts.

    A burst is no proof of purchase: press, a mention elsewhere or an event can be behind it.

    Parameters
    ----------
    data
        Follows with `followed_at`; those in the time of posts and engagements count, where there are such.
    rng
        Draws what chance brings.

    Returns
    -------
    One row per account in dataset order: `new_followers`, those with a time in the period; `burst_start`,
    `burst_end`, `burst_followers`, and `burst_expected` without a burst; `growth_p`, the chance of a burst
    as unlikely anywhere in the period; `growth_q`, by Benjamini and Hochberg over all accounts;
    `growth_missing`, why there is no answer, and all but the first are null; null where there is one.

    References
    ----------
    Kulldorff (1997), A spatial scan statistic, Communications in Statistics; Abrams, Kulldorff & Kleinman
    (2010), Empirical/asymptotic p-values for Monte Carlo-based hypothesis testing, for p-values beyond draws.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> rng = np.random.default_rng(7)
    >>> start, day = 1_700_000_000, 86_400
    >>> usual = pd.DataFrame({"followed_id": rng.choice(["ann", "bob", "cyd"], 600)})
    >>> usual["followed_at"] = start + rng.integers(0, 40 * day, 600)
    >>> burst = pd.DataFrame({"followed_id": "cyd", "followed_at": rng.integers(0, 999, 60)})
    >>> burst["followed_at"] += start + 20 * day
    >>> follows = pd.concat([usual, burst], ignore_index=True)
    >>> follows["follower_id"] = "fan" + follows.index.astype(str)
    >>> found = growth_anomalies(from_tables(follows=follows), rng=rng)
    >>> found.index[found["growth_q"] < 0.05].tolist(), int(found.loc["cyd", "burst_followers"])
    (['cyd'], 60)
    """
    table = pd.DataFrame(index=data.account_ids, columns=list(COLUMNS)).astype(COLUMNS)
    period = _period(data)
    if period is None:
        untimed = "follows have no times, or too few in the period"
        reason = untimed if len(data.follows) else "no follows are known"
        return table.assign(growth_missing=pd.Series(reason, table.index, "str"))
    accounts = data.follows["followed_id"].cat.codes.to_numpy()
    places = _places(data.follows["followed_at"], *period[:2])
    inside = (places >= 0) & (places < period[2])
    gained = np.bincount(accounts[inside], minlength=len(table))
    table["new_followers"] = gained
    table["growth_missing"] = pd.Series(f"fewer than {FEWEST} new followers have a time", table.index, "str")
    enough = np.flatnonzero(gained >= FEWEST)
    if enough.size == 0:
        return table
    counts = _counts(accounts, places, enough, period[2])
    others = np.bincount(places[inside].astype(np.int64), minlength=period[2]) - counts.sum(axis=0)
    drive = _drive(data, enough, *period)
    found = _bursts(counts, np.asarray(others), drive, rng)
    return _filled(table, found.set_axis(table.index[enough]), *period[:2])


def _period(data: Dataset) -> tuple[float, float, int] | None:
    """Start, length of a bin in seconds, and number of bins; None where follows have too few times."""
    times, period = data.follows["followed_at"].dropna(), study_period(data)
    if period is None or times.between(*period).sum() < FEWEST:
        return None
    first, last = (moment.timestamp() for moment in period)
    width = max((last - first) / BINS, SHORTEST)
    bins = int((last - first) // width) + 1
    return (first, width, bins) if bins >= FEWEST_BINS else None


def _places(times: pd.Series, start: float, width: float) -> Numbers:
    """In which bin each moment is, as a fraction; NaN where unknown."""
    seconds = times.dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64) / 1e6
    return np.where(times.notna().to_numpy(), (seconds - start) / width, np.nan)


def _counts(accounts: NDArray[np.integer], places: Numbers, chosen: Codes, bins: int) -> Numbers:
    """How often each of the chosen accounts, by code, occurs in every bin."""
    number = np.full(max(int(accounts.max(initial=-1)), int(chosen.max())) + 2, -1, np.int64)
    number[chosen] = np.arange(chosen.size)  # the last stays -1: that of unknown accounts
    row = number[accounts]
    known = (row >= 0) & (places >= 0) & (places < bins)
    cells = row[known] * bins + places[known].astype(np.int64)
    return np.bincount(cells, minlength=chosen.size * bins).reshape(chosen.size, bins).astype(np.float64)


def _drive(data: Dataset, chosen: Codes, start: float, width: float, bins: int) -> Numbers:
    """What may bring followers: posts of each account, and reposts of these, each fading, in every bin."""
    acts = resolved_engagements(data)
    acts = acts[acts["kind"] == "repost"]
    sources = [
        (data.posts["author_id"], data.posts["created_at"]),
        (acts["receiver_id"], acts["created_at"]),
    ]
    fade = np.exp(-width / MEMORY)
    drive = np.zeros((2, chosen.size, bins))
    for kind, (accounts, times) in enumerate(sources):
        codes = data.account_ids.get_indexer(pd.Index(accounts.astype("str")))
        happened = _counts(codes, _places(times, start, width), chosen, bins)
        left = np.zeros(chosen.size)
        for at in range(bins):
            left = left * fade + happened[:, at]
            drive[kind, :, at] = left
    return drive


def _trend(counts: Numbers, others: Numbers) -> Numbers:
    """Share of new followers in each bin, where no account counts more than is usual for it.

    `others` are new followers of accounts with few of them.
    """
    gained = counts.sum(axis=1, keepdims=True)
    trend = (counts > 0).sum(axis=0) + others + 0.5
    for _ in range(3):
        usual = gained * trend / trend.sum()
        trend = np.minimum(counts, np.ceil(usual + 2 * np.sqrt(usual))).sum(axis=0) + others + 0.5
    return np.asarray(trend / trend.sum())


def _bursts(counts: Numbers, others: Numbers, drive: Numbers, rng: np.random.Generator) -> pd.DataFrame:
    """The strangest burst of each row of counts."""
    trend = _trend(counts, others)
    expected = np.stack([_expected(one, trend, drive[:, row]) for row, one in enumerate(counts)])
    dispersion = _dispersion(counts, expected)
    rows = [_strangest(one, usual, dispersion, rng) for one, usual in zip(counts, expected, strict=True)]
    return pd.DataFrame(rows, columns=["first", "last", "gained", "expected", "p"])


def _filled(table: pd.DataFrame, found: pd.DataFrame, start: float, width: float) -> pd.DataFrame:
    """The table with what was found of some accounts."""
    ends = {
        name: pd.to_datetime(start + found[end] * width, unit="s", utc=True)
        for name, end in (("burst_start", "first"), ("burst_end", "last"))
    }
    filled = pd.DataFrame(
        {
            **ends,
            "burst_followers": found["gained"],
            "burst_expected": found["expected"],
            "growth_p": found["p"],
            "growth_q": false_discovery_control(found["p"]),
        }
    ).reindex(table.index)
    reason = table["growth_missing"].mask(table.index.isin(found.index))
    return filled.assign(new_followers=table["new_followers"], growth_missing=reason)[[*COLUMNS]].astype(
        COLUMNS
    )


def _expected(counts: Numbers, trend: Numbers, drive: Numbers) -> Numbers:
    """New followers in each bin by trend, posts and reposts, by likelihood, leaning to the trend a little."""
    parts = np.vstack([trend, trend * drive])
    mass = parts.sum(axis=1)
    parts = parts[mass > 0] / mass[mass > 0, None]
    weight = np.full(len(parts), counts.sum() / len(parts))
    lean = np.zeros(len(parts))
    lean[0] = TYPICAL
    for _ in range(ROUNDS):
        mixed = np.maximum(weight @ parts, 1e-12)
        weight = weight * (parts @ (counts / mixed)) + lean
    return np.asarray(weight @ parts * counts.sum() / weight.sum())


def _dispersion(counts: Numbers, expected: Numbers) -> float:
    """Variance of growth beyond chance, relative to its square, without the strangest tenth of accounts."""
    excess = ((counts - expected) ** 2 - expected).sum(axis=1)
    scale = (expected**2).sum(axis=1)
    kept = np.argsort(excess / scale, kind="stable")[: max(1, int(0.9 * len(scale)))]
    return max(float(excess[kept].sum() / scale[kept].sum()), LEAST_DISPERSION)


def _strangest(
    counts: Numbers, expected: Numbers, dispersion: float, rng: np.random.Generator
) -> tuple[int, int, int, float, float]:
    """First and last end of the strangest window, found and expected in it, and how unlikely it is."""
    from influgraph.bots._greatest import chances

    ratio, at = _scan(counts[None], expected)
    chance = np.empty(0)
    for draws in (FIRST_DRAWS, DRAWS - FIRST_DRAWS):
        lift = rng.gamma(1 / dispersion, dispersion, (draws, counts.size)) * expected
        drawn = rng.multinomial(int(counts.sum()), lift / lift.sum(axis=1, keepdims=True))
        chance = np.append(chance, _scan(drawn, expected)[0])
        if (chance >= ratio[0]).sum() >= COMMON:
            break
    p_value = float(chances(ratio, chance, least_spread=1.0)[0])
    first, last = at[0]
    inside = expected[first:last].sum()
    found = counts[first:last].sum()
    usual = inside * (counts.sum() - found) / max(counts.sum() - inside, 1e-9)
    return int(first), int(last), int(found), float(min(usual, inside)), p_value


def _scan(counts: NDArray[np.number], expected: Numbers) -> tuple[Numbers, NDArray[np.int64]]:
    """The greatest likelihood ratio of windows with more than expected, and where they are, of each row."""
    total = expected.sum()
    sums = np.pad(np.cumsum(counts, axis=1, dtype=float), ((0, 0), (1, 0)))
    usual = np.append(0.0, np.cumsum(expected))
    best, at = np.zeros(len(counts)), np.zeros((len(counts), 2), np.int64)
    at[:, 1] = 1
    for span in [span for span in SPANS if span <= expected.size // 2]:
        inside = sums[:, span:] - sums[:, :-span]
        mean = np.maximum(usual[span:] - usual[:-span], 1e-9)
        outside = np.maximum(total - inside, 0.0)
        ratio = inside * np.log(np.maximum(inside, 1e-9) / mean)
        ratio += outside * np.log(np.maximum(outside, 1e-9) / np.maximum(total - mean, 1e-9))
        ratio = np.where(inside > mean, ratio, 0.0)
        place = ratio.argmax(axis=1)
        value = ratio[np.arange(len(ratio)), place]
        better = value > best
        best[better] = value[better]
        at[better] = np.stack([place, place + span], axis=1)[better]
    return best, at
