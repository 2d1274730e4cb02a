"""Waking time: a clock that runs as fast as people are active.

What is seen late in the evening is often acted on the next morning. Measured on a clock that nearly stands
still at night, delays keep one shape all day, and daily rhythm divides out of cause and baseline alike.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence import _rounding
from influgraph.influence._arrays import Floats

HOUR, HOURS_PER_WEEK = 3600.0, 168
# Part of the mean tempo that never stops: some are awake at any hour.
_ALWAYS = 0.3
_MONDAY = pd.Timestamp("1970-01-05", tz="UTC")


@dataclass(frozen=True)
class Clock:
    """Tempo of each hour of the week (mean 1), and the second of the week at which the study starts."""

    hourly: Floats
    offset: float

    def tempo(self, seconds: Floats) -> Floats:
        """Waking seconds per second, at seconds of the study."""
        hour = ((seconds + self.offset) // HOUR).astype(np.int64) % HOURS_PER_WEEK
        return self.hourly[hour]

    def waking(self, seconds: Floats) -> Floats:
        """Waking seconds since the start of the study; infinite stays infinite."""
        known = np.isfinite(seconds)
        passed = self._since_monday(np.where(known, seconds, 0) + self.offset)
        return np.asarray(np.where(known, passed - self._since_monday(np.array(self.offset)), seconds))

    def _since_monday(self, seconds: Floats) -> Floats:
        marks = np.arange(HOURS_PER_WEEK + 1) * HOUR
        weeks, rest = np.divmod(seconds, marks[-1])
        within = np.interp(rest, marks, np.concatenate([[0], self.hourly.cumsum() * HOUR]))
        return np.asarray(weeks * marks[-1] + within)


def find_clock(data: Dataset, start: pd.Timestamp) -> Clock:
    """Tempo from the hours of the week in which anybody engages with anything.

    Kinds of engagement that are told to the day only say nothing of hours.
    """
    known = dataset.resolved_engagements(data)[["kind", "created_at"]].dropna()
    told = known.groupby("kind", observed=True)["created_at"]
    dates = [kind for kind, times in told if _rounding.find_grid(times).step == _rounding.DAY]
    times = known.loc[~known["kind"].isin(dates), "created_at"]
    hour = ((times - _MONDAY) // pd.Timedelta(hours=1)).to_numpy() % HOURS_PER_WEEK
    # Ten acts more per hour keep a few acts from making a rhythm.
    acts = np.bincount(hour, minlength=HOURS_PER_WEEK) + 10.0
    offset = (start - _MONDAY).total_seconds() % (HOURS_PER_WEEK * HOUR)
    return Clock(_ALWAYS + (1 - _ALWAYS) * acts / acts.mean(), offset)
