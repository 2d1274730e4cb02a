"""Waking time: a clock that runs as fast as people are active.

What is seen late in the evening is often acted on the next morning. Measured on a clock that nearly stands
still at night, delays keep one shape all day, and daily rhythm divides out of cause and baseline alike. Where
people act by the clock on the wall, that clock blurs delays: which one fits is learnt (`_pace`).
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence import _rounding
from influgraph.influence._arrays import Floats, Ints

HOUR, HOURS_PER_WEEK = 3600.0, 168
# Part of the mean tempo that never stops, where nothing else is known: some are awake at any hour.
ALWAYS = 0.3
_MONDAY = pd.Timestamp("1970-01-05", tz="UTC")
_MARKS = np.arange(HOURS_PER_WEEK + 1) * HOUR


@dataclass(frozen=True)
class Clock:
    """A rhythm: acts by hour of the week; and the second of the week at which the study starts.

    `always` is the part of the mean tempo that never stops, 0 to 1: at 1 it is the clock on the wall.
    """

    rhythm: Floats
    offset: float
    always: float = ALWAYS

    @cached_property
    def hourly(self) -> Floats:
        """Tempo of each hour of the week (mean 1)."""
        return np.asarray(self.always + (1 - self.always) * self.rhythm / self.rhythm.mean())

    def that_never_stops(self, always: float) -> "Clock":
        """The clock of the same rhythm of which so much never stops."""
        return replace(self, always=always)

    def tempo(self, seconds: Floats) -> Floats:
        """Waking seconds per second, at seconds of the study."""
        hour = ((seconds + self.offset) // HOUR).astype(np.int64) % HOURS_PER_WEEK
        return self.hourly[hour]

    def waking(self, seconds: Floats) -> Floats:
        """Waking seconds since the start of the study; infinite stays infinite."""
        known = np.isfinite(seconds)
        passed = self._since_monday(np.where(known, seconds, 0) + self.offset)
        return np.asarray(np.where(known, passed - self._since_monday(np.array(self.offset)), seconds))

    def daypart(self, seconds: Floats, count: int) -> Ints:
        """Which of so many equal parts of the day seconds of the study fall into; parts start at night."""
        acts = self.rhythm.reshape(7, 24).sum(axis=0)
        night = int(np.argmin(acts + np.roll(acts, 1) + np.roll(acts, -1)))
        hour = ((seconds + self.offset) // HOUR).astype(np.int64) % 24
        return np.asarray((hour - night) % 24 * count // 24)

    def seconds(self, waking: Floats) -> Floats:
        """Seconds of the study at these waking seconds; infinite stays infinite."""
        known = np.isfinite(waking)
        passed = np.where(known, waking, 0) + self._since_monday(np.array(self.offset))
        weeks, rest = np.divmod(passed, _MARKS[-1])
        return np.where(
            known, weeks * _MARKS[-1] + np.interp(rest, self._passed, _MARKS) - self.offset, waking
        )

    @cached_property
    def _passed(self) -> Floats:
        """Waking seconds since Monday at each hour of the week."""
        return np.concatenate([[0], self.hourly.cumsum() * HOUR])

    def _since_monday(self, seconds: Floats) -> Floats:
        weeks, rest = np.divmod(seconds, _MARKS[-1])
        return np.asarray(weeks * _MARKS[-1] + np.interp(rest, _MARKS, self._passed))


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
    acts = np.asarray(np.bincount(hour, minlength=HOURS_PER_WEEK) + 10.0, np.float64)
    offset = (start - _MONDAY).total_seconds() % (HOURS_PER_WEEK * HOUR)
    return Clock(acts, offset)
