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
SCALES, POWERS = (8.0, 32.0, 128.0), (0.75, 1.25, 2.0)
RIDGE, _STEPS = 30.0, 50
_JUDGED = 3
_ALL, _EVERY = 5_000, 10

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
        recent = (1 + 32 * self._share(known.posted_at)) ** -1.25
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
    """An earlier forecast that has come to pass: what was known at `start`, what came until `end`."""

    past: Past
    seen: Flags
    future: Floats
    start: float
    end: float


def predict(known: Responses, *, ahead: int, first: int) -> dict[str, Floats]:
    """Forecast which accounts the next `ahead` outcomes respond to, by past engagement and by ours.

    All settings are those that would have served best at earlier moments, judged by what came until `now`.
    """
    past, splits = Past(known), earlier_splits(known, ahead=ahead)
    plain = past.sum_responses(np.ones(len(known.time)), different=False)
    fading = _best([partial(fade, half_life=length) for length in HALF_LIVES], splits, first=first)
    memories = [partial(remember, scale=0.0, power=1.0, different=different) for different in (False, True)]
    for scale, power, different in product(SCALES, POWERS, (True, False)):
        memories.append(partial(remember, scale=scale, power=power, different=different))
    memory = _best(memories, splits, first=first)
    return {
        "past engagement": plain,
        "past engagement, fading": fading(past),
        "our forecast": _scaled(_forecaster(memory, splits, first=first), past, splits),
    }


def fade(past: Past, *, half_life: float) -> Floats:
    """Past responses, half forgotten in so many seconds."""
    # Infinite `now` and no response: an empty sum.
    return past.sum_responses(np.exp2((past.known.time - past.known.now) / half_life), different=False)


def remember(past: Past, *, scale: float, power: float, different: bool) -> Floats:
    """Past responses, each counting (1 + scale x age) ^ -power."""
    return past.sum_responses((1 + scale * past.age) ** -power, different=different)


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
            splits.append(Split(Past(past), past.seen(), future, start, end))
    return splits


def _best(predictors: Sequence[Predictor], splits: Sequence[Split], *, first: int) -> Predictor:
    """Return the predictor that did best at earlier moments, the first of equals."""
    found = [
        np.mean([_quality(predictor(split.past), split, first=first) for split in splits] or [0.0])
        for predictor in predictors
    ]
    return predictors[int(np.argmax(np.round(found, 9)))]


def _quality(forecast: Floats, split: Split, *, first: int) -> float:
    """Mean of the three measures over the accounts seen by then."""
    table = measures.tabulate(forecast[split.seen], split.future[split.seen])
    return float(np.nan_to_num(measures.quality(table, first=min(first, int(split.seen.sum())))).mean())


def _forecaster(memory: Predictor, splits: Sequence[Split], *, first: int) -> Predictor:
    """Memory alone, or corrected by what else is known of accounts where that has done better."""
    gains = []
    for split in splits[:_JUDGED]:
        before = [earlier for earlier in splits if earlier.end <= split.start]
        if before:
            corrected = _regression(memory, before)(split.past)
            gains.append(
                _quality(corrected, split, first=first) - _quality(memory(split.past), split, first=first)
            )
    return _regression(memory, splits) if gains and np.mean(gains) > 0 else memory


def _scaled(forecaster: Predictor, past: Past, splits: Sequence[Split]) -> Floats:
    """Forecast numbers of engagers, that added up to those who came at earlier moments."""
    foretold = sum(forecaster(split.past)[split.seen].sum() for split in splits)
    came = sum(split.future[split.seen].sum() for split in splits)
    forecast = forecaster(past)
    return forecast * (came / foretold) if foretold else forecast


def _regression(memory: Predictor, splits: Sequence[Split]) -> Predictor:
    """Poisson regression, on logarithms, of who came on what was known; drawn to the mean by a ridge."""
    rows = [_sampled(memory, split) for split in splits]
    columns, future, weight = (np.concatenate(part) for part in zip(*rows, strict=True))
    spread = np.sqrt(np.average(columns**2, axis=0, weights=weight))
    spread[spread == 0] = 1
    columns = np.column_stack([columns / spread, np.ones(len(columns))])
    slopes = _poisson_slopes(columns, future, weight, ridge=np.append(np.full(len(spread), RIDGE), 0))
    slopes = slopes[:-1] / spread
    return lambda past: np.exp(np.clip(_columns(memory, past, past.known.seen()) @ slopes, -30, 30))


def _poisson_slopes(columns: Floats, future: Floats, weight: Floats, *, ridge: Floats) -> Floats:
    """Newton's method, no step longer than 1 in any slope."""
    slopes = np.zeros(columns.shape[1])
    for _ in range(_STEPS):
        rate = weight * np.exp(np.clip(columns @ slopes, -30, 30))
        uphill = columns.T @ (weight * future - rate) - ridge * slopes
        step = np.linalg.solve((columns * rate[:, None]).T @ columns + np.diag(ridge), uphill)
        slopes += step / max(1, np.abs(step).max())
        if np.abs(step).max() < 1e-8:
            break
    return slopes


def _columns(memory: Predictor, past: Past, seen: Flags) -> Floats:
    """Logarithms of all that may tell, centred over the accounts seen."""
    columns = np.log(0.5 + np.column_stack([memory(past), past.covariates]))
    return np.asarray(columns - columns[seen].mean(axis=0))


def _sampled(memory: Predictor, split: Split) -> tuple[Floats, Floats, Floats]:
    """Columns, futures (mean 1), weights; of many accounts, the first by memory and a tenth of the rest."""
    seen = np.flatnonzero(split.seen)
    order = seen[np.argsort(-memory(split.past)[seen], kind="stable")]
    kept = np.concatenate([order[:_ALL], order[_ALL::_EVERY]])
    weight = np.where(np.arange(len(kept)) < _ALL, 1.0, _EVERY)
    columns = _columns(memory, split.past, split.seen)[kept]
    return columns, split.future[kept] / split.future[seen].mean(), weight
