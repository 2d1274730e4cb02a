"""The clock of a synthetic world: hours of the week, waking time, shocks, and what is bought anyway."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from influgraph._synthetic_people import People
from influgraph._synthetic_settings import WorldSettings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]

BIN = 900.0  # seconds: rates of posts and purchases are constant for a quarter of an hour
HOUR = 3600.0
DAY = 86_400.0
WEEK_BINS = 672


@dataclass(frozen=True)
class Rhythm:
    """Profiles over the quarter hours of a week, and the hours of a week for `waking`, each of mean 1."""

    posting: Floats
    buying: Floats
    waking: Floats


@dataclass(frozen=True)
class Shocks:
    """When something happened, in which niche (-1: everywhere), how strongly, and its decay in seconds."""

    start: Floats
    niche: Ints
    lift: Floats
    decay: Floats


@dataclass(frozen=True)
class Baseline:
    """What members buy anyway, per second: propensity x (grid[0] + interest . grid[1:]) by quarter hour."""

    propensity: Floats
    interest: Floats
    grid: Floats

    def rate(self, member_codes: Ints, times: Floats) -> Floats:
        """Purchases per second of these members at these seconds since the start."""
        bins = np.clip((np.asarray(times) // BIN).astype(np.int64), 0, self.grid.shape[1] - 1)
        codes = np.asarray(member_codes)
        shocked = np.einsum("ij,ji->i", self.interest[codes], self.grid[1:, bins])
        rate: Floats = self.propensity[codes] * (self.grid[0, bins] + shocked)
        return rate

    def expected(self) -> Floats:
        """Purchases of every account in the whole study."""
        mass = self.grid.sum(axis=1) * BIN
        expected: Floats = self.propensity * (mass[0] + self.interest @ mass[1:])
        return expected


def _profile(peak: float, weekend: float, night: float) -> Floats:
    hour = (np.arange(WEEK_BINS) + 0.5) / 4 % 24
    day = np.arange(WEEK_BINS) // 96

    def hump(centre: float, width: float) -> Floats:
        apart = np.abs(hour - centre)
        return np.asarray(np.exp(-0.5 * (np.minimum(apart, 24 - apart) / width) ** 2))

    profile = (night + 0.6 * hump(12.5, 3.0) + 1.4 * hump(peak, 2.2)) * np.where(day >= 5, weekend, 1.0)
    return np.asarray(profile / profile.mean())


def draw_rhythm(settings: WorldSettings) -> Rhythm:
    """Posts peak at 20:00, purchases at 20:45, both more so at weekends; people sleep at night."""

    def mixed(profile: Floats, strength: float) -> Floats:
        return np.asarray(1 - strength + strength * profile)

    hour = np.arange(168) % 24 + 0.5
    awake = 0.02 + 1 / (1 + np.exp(-2 * (hour - 6.5))) - 1 / (1 + np.exp(-2 * (hour - 23.5)))
    return Rhythm(
        posting=mixed(_profile(20.0, 1.15, 0.08), settings.rhythm),
        buying=mixed(_profile(20.75, 1.25, 0.06), settings.rhythm),
        waking=mixed(awake / awake.mean(), settings.awake),
    )


def draw_times(profile: Floats, count: int, days: int, rng: np.random.Generator) -> Floats:
    """Seconds since the start, following a weekly profile."""
    bins = np.resize(profile, days * 96)
    return _draw_from_bins(np.cumsum(bins), count, rng)


def _draw_from_bins(cumulative: Floats, count: int, rng: np.random.Generator) -> Floats:
    place = np.searchsorted(cumulative, rng.random(count) * cumulative[-1], side="right")
    times: Floats = (np.minimum(place, cumulative.size - 1) + rng.random(count)) * BIN
    return times


def draw_shocks(settings: WorldSettings, niche_share: Floats, rng: np.random.Generator) -> Shocks:
    """Shocks start at any time but the first and last day; bigger niches have more of them."""
    count = settings.shocks
    everywhere = rng.random(count) < settings.shock_everywhere
    niche = rng.choice(niche_share.size, size=count, p=niche_share)
    return Shocks(
        start=np.sort(rng.uniform(1, settings.days - 1, count)) * DAY,
        niche=np.where(everywhere, -1, niche),
        lift=settings.shock_lift * rng.gamma(6, 1 / 6, count),
        decay=settings.shock_hours * 3600 * rng.uniform(0.5, 1.5, count),
    )


def shock_grid(shocks: Shocks, niches: int, days: int) -> Floats:
    """Lift added by quarter hour: the first row everywhere, then one row per niche."""
    grid = np.zeros((niches + 1, days * 96))
    middle = (np.arange(days * 96) + 0.5) * BIN
    for start, niche, lift, decay in zip(shocks.start, shocks.niche, shocks.lift, shocks.decay, strict=True):
        since = np.maximum(middle - start, 0)
        grid[niche + 1] += np.where(middle >= start, lift * np.exp(-since / decay), 0)
    return grid


def draw_baseline(
    settings: WorldSettings, rhythm: Rhythm, shocks: Shocks, people: People, rng: np.random.Generator
) -> tuple[Baseline, Floats]:
    """What members buy anyway, and the niches' pull towards the product."""
    niches, interest = settings.niches, people.interest
    grid = shock_grid(shocks, niches, settings.days)
    grid[0] += 1
    grid *= np.resize(rhythm.buying, settings.days * 96)
    pull = rng.permutation(np.linspace(-1.5, 1.5, niches)) if niches > 1 else np.zeros(1)
    logarithm = settings.propensity_spread * rng.standard_normal(len(interest))
    logarithm += settings.homophily * (interest @ pull)
    raw = Baseline(np.exp(logarithm) * (people.bot_cluster < 0), interest, grid)
    wanted = settings.purchases_per_member * (1 - settings.caused_share) * people.members.size
    return Baseline(raw.propensity * (wanted / raw.expected().sum()), interest, grid), pull


def draw_anyway(baseline: Baseline, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """The member and second of every purchase made anyway."""
    mass = baseline.grid.sum(axis=1) * BIN
    weight = np.hstack([np.full((len(baseline.interest), 1), mass[0]), baseline.interest * mass[1:]])
    counts = rng.poisson(baseline.propensity[:, None] * weight)
    members, times = [], []
    for row, count in enumerate(counts.T):
        members.append(np.repeat(np.arange(count.size), count))
        cumulative = np.cumsum(baseline.grid[row])
        times.append(_draw_from_bins(cumulative, int(count.sum()), rng))
    return np.concatenate(members), np.concatenate(times)
