"""Who was exposed to whose posts, and which exposures came shortly before which outcome.

Exposure is reckoned in waking seconds since the start of the study (see `_clock`).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from influgraph import dataset
from influgraph._threads import at_once, cuts, parts, slices
from influgraph.dataset import Dataset
from influgraph.influence import _clock, _sessions, _sight, _traits
from influgraph.influence._arrays import Flags, Floats, Ints, row_starts, sum_by
from influgraph.influence._clock import Clock
from influgraph.influence._windows import Windows

# Delay bins as shares of the window: finer where reactions are fast (half an hour to 72 h at "3d").
AFFINITIES = np.array([0.1, 0.3, 0.6])
FEWEST_ACT = 0.1  # of the share of all accounts that act, in a niche whose hours are its own
DELAY_EDGES = np.array([0, 1 / 144, 1 / 72, 1 / 36, 1 / 18, 1 / 9, 2 / 9, 4 / 9, 1])


@dataclass(frozen=True)
class Attention:
    """Who is reached by whom: rows are accounts, `exposers` those whose broadcasts they may see."""

    start: Ints
    exposers: Ints
    since: Floats


@dataclass(frozen=True)
class Broadcasts:
    """Appearances of posts before followers, sorted by exposer and time.

    `post` is the post's row, or -1; `sight` the class of how much of its audience saw the post; `daypart`
    the part of the day it falls into, from 0, where delays are apart for each.
    """

    start: Ints
    time: Floats
    author: Ints
    direct: Flags
    post: Ints
    sight: Ints
    daypart: Ints

    def ordered(self, order: Ints, start: Ints, time: Floats) -> "Broadcasts":
        """These rows in this order, with other row pointers and times."""
        labels = {
            name: getattr(self, name)[order] for name in ("author", "direct", "post", "sight", "daypart")
        }
        return Broadcasts(start=start, time=time, **labels)


@dataclass(frozen=True)
class Outcomes:
    """Timed outcomes of accounts: `time` in seconds of the study, `waking` in waking seconds.

    Each begins a session of so many `acts` (see `_sessions`).
    """

    account: Ints
    time: Floats
    waking: Floats
    acts: Ints


@dataclass(frozen=True)
class Strata:
    """How receptive each account may be to posts from each niche: `table` (accounts x niches) of strata.

    `niche` numbers every account's niche from 0; `count` is the number of strata. `interests` (accounts x
    niches) are the shares of an account's follows that lie in each niche: its own, where it follows nobody.
    `third` is every account's, by how much it engages.
    """

    niche: Ints
    table: Ints
    count: int
    interests: sparse.csr_array
    third: Ints


@dataclass(frozen=True)
class Scene:
    """All that bears on exposure, in waking time of `clock`, whose `tempo` is at each outcome.

    Periods are lengths in seconds; `pause` is the longest inside a session, 0 where each act is its own.

    `traits` are the classes that accounts are in (see `_traits`), `sights` how much a broadcast of each class
    of sight counts, `dayparts` the number of parts of the day that have delays of their own.
    """

    outcomes: Outcomes
    tempo: Floats
    attention: Attention
    broadcasts: Broadcasts
    sights: Floats
    strata: Strata
    traits: tuple[Ints, ...]
    period: float
    waking_period: float
    pause: float
    clock: Clock
    dayparts: int = 1

    @property
    def modes(self) -> int:
        """How many modes broadcasts may have."""
        return 2 * self.dayparts * len(self.sights)

    @property
    def mode(self) -> Ints:
        """Class of sight, in it part of the day, and in this own posts (even) and reposts (odd)."""
        posts = self.broadcasts
        return np.asarray(2 * (self.dayparts * posts.sight + posts.daypart) + ~posts.direct)


@dataclass(frozen=True)
class Exposure:
    """Pairs of outcome and earlier broadcast, and the windows in which everybody was exposed.

    The pairs of each author stand in the order of outcomes.
    `niche`, `interests` and `third` are as of `Strata`. Authors are numbered by their place in `authors`. A
    cell is a stratum of receptive accounts and a bin of delays, `stratum * bins + bin`; strata are those of
    `Strata` by mode of broadcasts; `sights` and `dayparts` are as of the scene.
    """

    outcomes: Outcomes
    tempo: Floats
    niche: Ints
    interests: sparse.csr_array
    third: Ints
    authors: Ints
    pair_outcome: Ints
    pair_author: Ints
    pair_cell: Ints
    windows: Windows
    strata: int
    sights: Floats
    dayparts: int
    widths: Floats
    risk_end: Floats
    period: float
    traits: tuple[Ints, ...]


def find_scene(data: Dataset, acts: pd.DataFrame, *, niche: Ints) -> Scene | str:
    """Bring outcomes (timed acts) and exposure together, or say in words what is not known."""
    # In the order of time, so that the order of rows has no part in chance.
    acts = acts[acts["created_at"].notna()].sort_values(["created_at", "account_id"], kind="stable")
    span = dataset.study_period(data)
    if span is None or acts.empty:
        return "the outcomes have no times"
    start, end = span
    clock = _clock.find_clock(data, start)
    views = observed_views(data, start, clock)
    if views is None and data.posts["created_at"].isna().all():
        return "posts with times are missing, so nobody's exposure is known"
    if views is None and data.follows.empty:
        return "follows (or views) are missing, so nobody's exposure is known"
    sights = _sight.ALIKE
    attention, broadcasts = views or (
        follow_attention(data, start, clock),
        post_broadcasts(data, start, clock),
    )
    if views is None:
        broadcasts, sights = _by_impressions(data, attention, broadcasts)
    account, time = acts["account_id"].cat.codes.to_numpy(), seconds_since(acts["created_at"], start)
    niche = with_their_audience(data, niche, acted=np.bincount(account, minlength=len(niche)) > 0)
    # One second more, so that the last timestamp lies inside the period.
    period = (end - start).total_seconds() + 1
    sessions = _sessions.find_sessions(account, time, niche=niche, period=period)
    account, time = account[sessions.begins], time[sessions.begins]
    return Scene(
        outcomes=Outcomes(account, time, clock.waking(time), sessions.acts),
        tempo=clock.tempo(time),
        attention=attention,
        broadcasts=broadcasts,
        sights=sights,
        strata=find_strata(data, niche),
        traits=_traits.find_traits(data, niche=niche, received=_received(attention, broadcasts)),
        period=period,
        waking_period=float(clock.waking(np.array(period))),
        pause=sessions.pause,
        clock=clock,
    )


def _by_impressions(data: Dataset, attention: Attention, broadcasts: Broadcasts) -> tuple[Broadcasts, Floats]:
    """Put every broadcast into the class of sight of its post; into one where impressions tell nothing."""
    from influgraph.influence import _kernels

    if "impressions" not in data.posts:
        return broadcasts, _sight.ALIKE
    reached = _kernels.count_exposures(
        attention.start, attention.exposers, attention.since, broadcasts.start, broadcasts.time
    )
    known, count = broadcasts.post >= 0, len(data.posts)
    audience = sum_by(broadcasts.post[known], reached[known], count)
    impressions = data.posts["impressions"].to_numpy(dtype=np.float64, na_value=np.nan)
    # A repost of a post that is not listed has none.
    sight = _sight.find_sight(np.append(impressions, np.nan), np.append(audience, 0.0))
    if sight is None:
        return broadcasts, _sight.ALIKE
    return replace(broadcasts, sight=sight[broadcasts.post]), _sight.SIGHTS


def _received(attention: Attention, broadcasts: Broadcasts) -> Floats:
    """How many broadcasts each account may see in the whole period."""
    accounts = len(attention.start) - 1
    member = np.repeat(np.arange(accounts), np.diff(attention.start))
    return sum_by(member, np.diff(broadcasts.start)[attention.exposers], accounts)


def seconds_since(times: pd.Series, start: pd.Timestamp) -> Floats:
    """Seconds from the start of the study; a null time becomes NaN."""
    return np.asarray((times - start) / pd.Timedelta(seconds=1), dtype=np.float64)


def follow_attention(data: Dataset, start: pd.Timestamp, clock: Clock) -> Attention:
    """Every follower sees what the followed post from the day of the follow on."""
    follower, followed = (data.follows[name].cat.codes.to_numpy() for name in ("follower_id", "followed_id"))
    order = np.lexsort((followed, follower))
    since = clock.waking(np.nan_to_num(seconds_since(data.follows["followed_at"], start), nan=-np.inf))
    return Attention(row_starts(follower, len(data.account_ids)), followed[order], since[order])


def post_broadcasts(data: Dataset, start: pd.Timestamp, clock: Clock) -> Broadcasts:
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
        time=clock.waking(np.nan_to_num(np.concatenate(times), nan=np.inf)),
        direct=np.repeat([True, False], [len(author), len(acts)]),
        post=np.concatenate([_rows_of(data, posts["post_id"]), _rows_of(data, acts["post_id"])]),
        accounts=len(data.account_ids),
    )


def observed_views(data: Dataset, start: pd.Timestamp, clock: Clock) -> tuple[Attention, Broadcasts] | None:
    """Listed views: every account is then its own exposer. None where there are none."""
    acts = dataset.resolved_engagements(data)
    views = acts[(acts["kind"] == "view") & acts["created_at"].notna() & acts["receiver_id"].notna()]
    if views.empty:
        return None
    count = len(data.account_ids)
    viewer, author = (_codes(views[name]) for name in ("account_id", "receiver_id"))
    known = _codes(data.follows["follower_id"]) * count + _codes(data.follows["followed_id"])
    direct = np.isin(viewer * count + author, known) if len(known) else np.ones(len(viewer), bool)
    themselves = Attention(np.arange(count + 1), np.arange(count), np.full(count, -np.inf))
    time = clock.waking(seconds_since(views["created_at"], start))
    post = _rows_of(data, views["post_id"])
    return themselves, _sorted_broadcasts(viewer, author, time, direct, post, count)


def _codes(ids: pd.Series) -> npt.NDArray[np.int64]:
    return ids.cat.codes.to_numpy().astype(np.int64)


def _rows_of(data: Dataset, post_ids: pd.Series) -> Ints:
    """Row of each post in the table of posts; -1 where it is not there."""
    return np.asarray(pd.Index(data.posts["post_id"]).get_indexer(pd.Index(post_ids)))


def _sorted_broadcasts(
    exposer: Ints, author: Ints, time: Floats, direct: Flags, post: Ints, accounts: int
) -> Broadcasts:
    order = np.lexsort((author, time, exposer))
    start, alike = row_starts(exposer, accounts), np.zeros(len(order), np.int64)
    return Broadcasts(start, time[order], author[order], direct[order], post[order], alike, alike)


def number_niches(niches: pd.Series) -> Ints:
    """Niches numbered from 0, those without a niche together as the last."""
    codes = pd.factorize(niches, use_na_sentinel=True)[0]
    return np.where(codes < 0, codes.max() + 1, codes)


def with_their_audience(data: Dataset, niche: Ints, *, acted: Flags) -> Ints:
    """Niches, but accounts of one in which hardly anybody acts are of the one whose people follow them most.

    When people of such a niche act is known from nobody but the followers of its accounts, so that it would
    explain away what these bring about: bots that crowd around a rival would make it such a niche.
    """
    people = np.bincount(niche, acted)
    living = people >= FEWEST_ACT * acted.mean() * np.bincount(niche)
    if living.all():
        return niche
    follower, followed = _codes(data.follows["follower_id"]), _codes(data.follows["followed_id"])
    heard = acted[follower] & living[niche[follower]] & ~living[niche[followed]]
    lost, place = np.unique(followed[heard], return_inverse=True)
    audience = np.zeros((len(lost), len(living)))
    np.add.at(audience, (place, niche[follower[heard]]), 1)
    moved = niche.copy()
    # Beside how many they are: else the largest niche would have all.
    moved[lost] = (audience / (people + people.mean())).argmax(axis=1)
    return moved


def find_strata(data: Dataset, niche: Ints) -> Strata:
    """Strata by affinity (share of an account's follows that lie in the niche) and by third of accounts.

    Thirds are by how often an account engages with anybody, per followed account. Whether who engages more is
    moved more, or does more anyway, the data tell (`_members`).
    """
    count, niches = len(data.account_ids), int(niche.max()) + 1
    follower, followed = _codes(data.follows["follower_id"]), _codes(data.follows["followed_id"])
    into = np.bincount(follower * niches + niche[followed], minlength=count * niches).reshape(count, niches)
    follows = into.sum(axis=1)
    affinity = np.searchsorted(AFFINITIES, into / np.maximum(follows, 1)[:, None], side="right")
    acts = dataset.resolved_engagements(data)
    acts = acts[acts["receiver_id"].notna() & (acts["kind"] != "view")]
    # Ten follows and one act more keep those of few follows from the extremes.
    busy = (np.bincount(_codes(acts["account_id"]), minlength=count) + 1) / (follows + 10)
    thirds = np.quantile(busy[follows > 0], [1 / 3, 2 / 3]) if follows.any() and len(acts) else [np.inf] * 2
    into[np.arange(count), niche] += follows == 0
    interests = sparse.csr_array(into / np.maximum(follows, 1)[:, None])
    third = np.searchsorted(thirds, busy)
    table = (affinity * 3 + third[:, None]).astype(np.int8)
    return Strata(niche, table, (len(AFFINITIES) + 1) * 3, interests, third)


def risk_ends(account: Ints, time: Floats, *, accounts: int, period: float) -> Floats:
    """When each account stops being at risk: at its outcome where an outcome is had once, else at the end."""
    ends = np.full(accounts, period)
    if had_once(account, accounts=accounts):
        ends[account] = np.minimum(time, period)
    return ends


def had_once(account: Ints, *, accounts: int) -> bool:
    """Whether an outcome is had once: nobody has two, and by chance somebody would (birthday problem)."""
    repeats_by_chance = len(account) ** 2 / (2 * accounts)
    return bool(repeats_by_chance > 5 and np.bincount(account).max() == 1)


def expose(scene: Scene, *, window: float, source: Ints | None = None) -> Exposure:
    """Pair every outcome with the broadcasts of the window before it, and count the time at risk.

    `source` numbers what each broadcast is of; without it, that is its author.
    """
    outcomes, broadcasts, strata = scene.outcomes, scene.broadcasts, scene.strata
    authors, place = np.unique(broadcasts.author if source is None else source, return_inverse=True)
    pair_outcome, pair_author, pair_cell = _list_pairs(scene, place, window=window)
    accounts = len(strata.table)
    return Exposure(
        outcomes=outcomes,
        tempo=scene.tempo,
        niche=strata.niche,
        interests=strata.interests,
        third=strata.third,
        authors=authors,
        pair_outcome=pair_outcome,
        pair_author=pair_author,
        pair_cell=pair_cell,
        windows=_list_windows(scene, place, window=window),
        strata=scene.modes * strata.count,
        sights=scene.sights,
        dayparts=scene.dayparts,
        widths=np.diff(DELAY_EDGES * window),
        risk_end=risk_ends(outcomes.account, outcomes.time, accounts=accounts, period=scene.period),
        period=scene.period,
        traits=scene.traits,
    )


def _list_pairs(scene: Scene, source: Ints, *, window: float) -> list[Ints]:
    """Outcome, source and cell of every pair of an outcome and a broadcast in the window before it."""
    from influgraph.influence import _kernels

    outcomes, broadcasts, strata = scene.outcomes, scene.broadcasts, scene.strata
    attention = scene.attention.start, scene.attention.exposers, scene.attention.since
    reach = (*attention, broadcasts.start, broadcasts.time, window)
    niche, edges = strata.niche[broadcasts.author], DELAY_EDGES * window
    labels = source, niche, scene.mode, scene.modes, strata.table, edges

    def find(part: slice) -> tuple[Ints, Ints, Ints]:
        account, time = outcomes.account[part], outcomes.waking[part]
        start = np.append(0, _kernels.count_pairs(account, time, *reach).cumsum())
        broadcast, delay = _kernels.list_pairs(account, time, *reach, start)
        outcome, author, cell = _kernels.label_pairs(start, broadcast, delay, account, *labels)
        outcome += part.start
        return outcome, author, cell

    found = at_once(find, slices(len(outcomes.account)))
    return [np.concatenate(side) for side in zip(*found, strict=True)]


def _list_windows(scene: Scene, source: Ints, *, window: float) -> Windows:
    """List the windows after broadcasts of each source, own posts apart from reposts."""
    from influgraph.influence import _window_kernels

    broadcasts, strata, start = scene.broadcasts, scene.strata, scene.attention.start
    accounts, number = len(strata.table), int(source.max(initial=-1)) + 1
    risk = risk_ends(
        scene.outcomes.account, scene.outcomes.waking, accounts=accounts, period=scene.waking_period
    )
    posts = broadcasts.start, broadcasts.time, strata.niche[broadcasts.author]
    group = source + number * broadcasts.direct
    labels = group, 2 * number, scene.mode, scene.modes

    def find(part: tuple[int, int]) -> tuple[npt.NDArray[Any], ...]:
        rows = slice(*part)
        reach = start[part[0] : part[1] + 1], scene.attention.exposers, scene.attention.since, risk[rows]
        ends = strata.table[rows], scene.waking_period, window
        given: list[Any] = [*reach, *posts, *labels, *ends]
        listed: tuple[npt.NDArray[Any], ...] = _window_kernels.list_windows(*given)
        account, group, stratum, count, cut_account, *cut = listed
        return account + np.int32(part[0]), group, stratum, count, cut_account + np.int32(part[0]), *cut

    found = at_once(find, cuts(start.astype(np.int64), parts(len(scene.attention.exposers))))
    listed: list[Any] = [np.concatenate(side) for side in zip(*found, strict=True)]
    return Windows(*[*listed, number, scene.modes * strata.count, DELAY_EDGES * window])


def only_members(scene: Scene, members: Flags) -> Scene:
    """The same scene with only these accounts exposed."""
    lengths = np.diff(scene.attention.start)
    kept = np.repeat(members, lengths)
    start = np.concatenate([[0], np.cumsum(np.where(members, lengths, 0))])
    attention = Attention(start, scene.attention.exposers[kept], scene.attention.since[kept])
    return replace(scene, attention=attention)


def compete(real: Exposure, impossible: Exposure) -> Exposure:
    """Pairs of both with the same outcomes; the impossible ones have authors and delay cells of their own."""
    authors, cells = len(real.authors), real.strata * len(real.widths)
    windows = real.windows.beside(impossible.windows)

    def both(name: str, shift: int = 0) -> npt.NDArray[Any]:
        return np.concatenate([getattr(real, name), getattr(impossible, name) + shift])

    return replace(
        real,
        authors=both("authors"),
        pair_outcome=both("pair_outcome"),
        pair_author=both("pair_author", authors),
        pair_cell=both("pair_cell", cells),
        windows=windows,
        strata=windows.strata,
    )
