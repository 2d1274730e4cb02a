"""The forecast: how past responses age, learnt from earlier forecasts that have come to pass.

Age is counted in outcomes, not hours: on this clock a burst lasts as long as a quiet spell of as many
outcomes, and what was fresh before a burst is old after it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product

import numpy as np
import pandas as pd

from influgraph.influence import _forecast_measures as measures
from influgraph.influence._arrays import Flags, Floats, Ints, sum_by
from influgraph.influence._forecast_responses import Responses

# An earlier forecast is judged at each of these shares of the past.
ENDS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
FEWEST = 10
HALF_LIVES = tuple(
    pd.Timedelta(length).total_seconds()
    for length in ("1h", "3h", "6h", "12h", "1D", "3D", "7D", "28D", "84D", "365D")
)
SCALES, POWERS, HALVINGS = (8.0, 32.0, 128.0), (0.75, 1.25, 2.0), (2.0, 4.0, 8.0, 16.0, 32.0)
PLAIN, FADING = "past engagement", "past engagement, fading"
RIDGE, CLEARLY = 30.0, 0.01
_STEPS = 50

Predictor = Callable[["Past"], Floats]


class Past:
    """What was known at a moment, as numbers per account."""

    def __init__(self, known: Responses) -> None:
        self.known, self.count = known, len(known.first_seen)

    @cached_property
    def age(self) -> Floats:
        """Age of each response as a share of all outcomes so far."""
        return self._share(self.known.time)

    @cached_property
    def last(self) -> Ints:
        """The last response of each engager to each account."""
        pairs = self.known.account * self.count + self.known.engager
        _, place = np.unique(pairs[::-1], return_index=True)
        return np.asarray(len(pairs) - 1 - place)

    def sum_responses(self, weights: Floats, *, different: bool) -> Floats:
        """Sum weights of responses by account; `different` counts each engager's last one alone."""
        places = self.last if different else slice(None)
        return sum_by(self.known.account[places], weights[places], self.count)

    @cached_property
    def covariates(self) -> Floats:
        """What else may tell: engagers, followers, posts, recent posts, acts of followers and of engagers."""
        known = self.known
        active = np.bincount(known.outcome_account, minlength=self.count).astype(np.float64)
        recent = by_power(self._share(known.posted_at), scale=32.0, power=1.25)
        columns = [
            self.sum_responses(np.ones(len(known.time)), different=True),
            sum_by(known.followed, np.ones(len(known.followed)), self.count),
            sum_by(known.author, np.ones(len(recent)), self.count),
            sum_by(known.author, recent, self.count),
            sum_by(known.followed, active[known.follower], self.count),
            self.sum_responses(np.log1p(active[known.engager]), different=True),
        ]
        return np.column_stack(columns)

    def _share(self, times: Floats) -> Floats:
        outcomes = self.known.outcome_time
        return 1 - np.searchsorted(outcomes, times) / max(len(outcomes), 1)


@dataclass(frozen=True)
class Split:
    """An earlier forecast that has come to pass: what was known, of whom, and how many then engaged."""

    past: Past
    seen: Flags
    future: Floats


def predict(known: Responses, *, ahead: int, first: int) -> dict[str, Floats]:
    """Forecast which accounts the next `ahead` outcomes respond to, by past engagement and by ours.

    All settings are those that would have served best at earlier moments, judged by what came until `now`.
    """
    past, splits = Past(known), earlier_splits(known, ahead=ahead)
    plain = partial(remember, forget=np.ones_like, different=False)
    fading = [partial(fade, half_life=length) for length in HALF_LIVES]
    forgetting = [partial(by_power, scale=scale, power=power) for scale, power in product(SCALES, POWERS)]
    forgetting += [partial(by_halves, times=times) for times in HALVINGS]
    memories = [
        partial(remember, forget=forget, different=different)
        for forget, different in product(forgetting, (True, False))
    ]
    memory = _best(plain, memories, splits, first=first, within=CLEARLY)
    ours = _corrected(memory, splits) if known.own and splits else memory
    return {
        PLAIN: plain(past),
        FADING: _best(plain, fading, splits, first=first)(past),
        "our forecast": _scaled(ours, past, splits),
    }


def fade(past: Past, *, half_life: float) -> Floats:
    """Past responses, half forgotten in so many seconds."""
    return past.sum_responses(np.exp2((past.known.time - past.known.now) / half_life), different=False)


def remember(past: Past, *, forget: Callable[[Floats], Floats], different: bool) -> Floats:
    """Past responses, each counting what is left of it at its age."""
    return past.sum_responses(forget(past.age), different=different)


def by_power(age: Floats, *, scale: float, power: float) -> Floats:
    """What is left: little is forgotten late."""
    return np.asarray((1 + scale * age) ** -power)


def by_halves(age: Floats, *, times: float) -> Floats:
    """What is left: half of it, so many times over the whole past."""
    return np.asarray(np.exp2(-times * age))


def earlier_splits(known: Responses, *, ahead: int) -> list[Split]:
    """Moments of the past, latest first, whose future was as long beside their past as the one asked for."""
    outcomes = known.outcome_time
    share, splits = len(outcomes) / (len(outcomes) + ahead), []
    for part in ENDS:
        stop = int(len(outcomes) * part)
        start = float(outcomes[int(stop * share)]) if stop > FEWEST else known.now
        end = float(outcomes[stop]) if stop < len(outcomes) else known.now
        past, future = known.before(start), known.engagers_between(start, end)
        if len(past.time) >= FEWEST and future[past.seen()].sum() >= FEWEST:
            splits.append(Split(Past(past), past.seen(), future))
    return splits


def _best(
    plain: Predictor, others: Sequence[Predictor], splits: Sequence[Split], *, first: int, within: float = 0
) -> Predictor:
    """Mean of those that came near the best at earlier moments; the plain one, unless clearly beaten."""
    if not splits:
        return plain
    usual, *found = (
        np.array([_quality(predictor(split.past), split, first=first) for split in splits])
        for predictor in (plain, *others)
    )
    mean = np.array([np.round(one.mean(), 9) for one in found])
    gains = found[int(mean.argmax())] - usual
    if gains.mean() <= CLEARLY + gains.std() / np.sqrt(len(gains)):
        return plain
    best = [other for other, reached in zip(others, mean, strict=True) if reached >= mean.max() - within]
    return lambda past: np.mean([_as_counts(predictor(past), past) for predictor in best], axis=0)


def _as_counts(values: Floats, past: Past) -> Floats:
    """Scale so that they add up to the number of responses."""
    return np.asarray(values * (len(past.known.time) / max(values.sum(), 1e-300)))


def _quality(forecast: Floats, split: Split, *, first: int) -> float:
    """Mean of the three measures over the accounts seen by then; those of whom nothing came are one row."""
    busy = split.seen & ((forecast > 0) | (split.future > 0))
    quiet = split.seen.sum() - busy.sum()
    table = measures.tabulate(np.append(forecast[busy], 0), np.append(split.future[busy], 0))
    weights = np.append(np.ones(busy.sum()), quiet)
    found = measures.quality(table, first=min(first, int(split.seen.sum())), weights=weights)
    return float(np.nan_to_num(found).mean())


def _corrected(memory: Predictor, splits: Sequence[Split]) -> Predictor:
    """Half way, on logarithms, between memory and a regression on all that is known."""
    regression = _regression(memory, splits)
    return lambda past: np.sqrt((memory(past) + 0.01) * regression(past))


def _scaled(forecaster: Predictor, past: Past, splits: Sequence[Split]) -> Floats:
    """Forecast numbers of engagers, that added up to those who came at earlier moments."""
    foretold = sum(forecaster(split.past)[split.seen].sum() for split in splits)
    came = sum(split.future[split.seen].sum() for split in splits)
    forecast = forecaster(past)
    return forecast * (came / foretold) if foretold else forecast


def _regression(memory: Predictor, splits: Sequence[Split]) -> Predictor:
    """Poisson regression, on logarithms, of who came on what was known; drawn to the mean by a ridge."""
    columns = np.concatenate([_columns(memory, split.past)[split.seen] for split in splits])
    came = [split.future[split.seen] for split in splits]
    future = np.concatenate([engagers / engagers.mean() for engagers in came])
    spread = columns.std(axis=0)
    spread[spread == 0] = 1
    columns = np.column_stack([columns / spread, np.ones(len(columns))])
    slopes = _poisson_slopes(columns, future, ridge=np.append(np.full(len(spread), RIDGE), 0))
    slopes = slopes[:-1] / spread
    return lambda past: np.exp(np.clip(_columns(memory, past) @ slopes, -30, 30))


def _poisson_slopes(columns: Floats, future: Floats, *, ridge: Floats) -> Floats:
    """Newton's method, no step longer than 1 in any slope."""
    slopes = np.zeros(columns.shape[1])
    for _ in range(_STEPS):
        rate = np.exp(np.clip(columns @ slopes, -30, 30))
        uphill = columns.T @ (future - rate) - ridge * slopes
        step = np.linalg.solve((columns * rate[:, None]).T @ columns + np.diag(ridge), uphill)
        slopes += step / max(1, np.abs(step).max())
        if np.abs(step).max() < 1e-8:
            break
    return slopes


def _columns(memory: Predictor, past: Past) -> Floats:
    """Logarithms of all that may tell, centred over the accounts seen."""
    columns = np.log(0.5 + np.column_stack([memory(past), past.covariates]))
    return np.asarray(columns - columns[past.known.seen()].mean(axis=0))
