"""How delays run: in waking time or by the clock on the wall, and by part of the day: what the data say.

What is seen is often acted on when people are next awake: delays then have one shape by a clock that nearly
stands still at night. Where they act as soon by night, that clock blurs delays, and what posts bring about is
taken for the baseline; so it is by the clock on the wall where they do not. Where people come upon posts when
awake but act at once whenever they do, neither clock has one shape: a post of the evening acts at once or the
next day. Then posts of each part of the day have delays of their own.
"""

from dataclasses import replace

import numpy as np

from influgraph.influence import _exposure, _intensity
from influgraph.influence._arrays import Flags, Floats
from influgraph.influence._clock import ALWAYS, Clock
from influgraph.influence._exposure import Scene

# Parts of the mean tempo that never stop: the clock on the wall, and what is usual.
_PACES = (1.0, ALWAYS)
# Log likelihood by which another clock than the usual one must be better, and delays by part of the day. The
# latter gain 1 to 10 in six worlds of seven where nobody is moved, 23 in one; more where they have a part.
_CLEARLY, _CLEARLY_APART = 5.0, 15.0
# Parts of the day; fewer where sums by author and cell, or windows of posts by part, would be too many: ten
# million pairs of outcome and post took three times as long, and twice the memory.
_DAYPARTS, _MOST_CELLS, _MOST_WINDOWS = 8, 5e6, 5e6
# Outcomes by which clocks are compared, those of whole accounts, and most iterations of each fit: by 40 parts
# of the day gain 6 and 4 in two worlds where they gain 59 and 51 by 150.
_ENOUGH, _ITERATIONS = 30_000, 150


def by_best_clock(scene: Scene, *, window: float) -> Scene:
    """The scene in the waking time, with the delays, by which a fit makes the outcomes likeliest."""
    some = _only_acts_of(scene, _some(scene))
    clocks = [scene.clock.that_never_stops(always) for always in _PACES]
    likelihood = np.array([_likelihood(by_clock(some, clock), window) for clock in clocks])
    best = int(np.argmax([likelihood[0], likelihood[1] + _CLEARLY]))
    if clocks[best].always != scene.clock.always:
        scene, some = by_clock(scene, clocks[best]), by_clock(some, clocks[best])
    parts = dayparts_of(scene)
    if parts == 1:
        return scene
    gained = _likelihood(by_daypart(some, parts), window) - likelihood[best]
    return by_daypart(scene, parts) if gained > _CLEARLY_APART else scene


def _likelihood(scene: Scene, window: float) -> float:
    return _intensity.log_likelihood(_exposure.expose(scene, window=window), iterations=_ITERATIONS)


def dayparts_of(scene: Scene) -> int:
    """How many parts of the day may have delays of their own, so that time and memory stay in bounds."""
    posts, strata = scene.broadcasts, scene.strata.count * scene.modes
    windows = np.minimum(np.diff(posts.start), _DAYPARTS)[scene.attention.exposers].sum()
    cells = len(np.unique(posts.author)) * strata * (len(_exposure.DELAY_EDGES) - 1)
    return int(np.clip(_MOST_CELLS // max(cells, 1), 1, _DAYPARTS)) if windows <= _MOST_WINDOWS else 1


def by_daypart(scene: Scene, parts: int) -> Scene:
    """The same scene in which posts of each of so many parts of the day have delays of their own."""
    posts, clock = scene.broadcasts, scene.clock
    seconds = clock.seconds(np.where(np.isfinite(posts.time), posts.time, 0.0))
    return replace(scene, broadcasts=replace(posts, daypart=clock.daypart(seconds, parts)), dayparts=parts)


def by_clock(scene: Scene, clock: Clock) -> Scene:
    """The same scene in the waking time of another clock."""

    def moved(waking: Floats) -> Floats:
        return clock.waking(scene.clock.seconds(waking))

    return replace(
        scene,
        outcomes=replace(scene.outcomes, waking=clock.waking(scene.outcomes.time)),
        tempo=clock.tempo(scene.outcomes.time),
        attention=replace(scene.attention, since=moved(scene.attention.since)),
        broadcasts=replace(scene.broadcasts, time=moved(scene.broadcasts.time)),
        waking_period=float(clock.waking(np.array(scene.period))),
        clock=clock,
    )


def _some(scene: Scene) -> Flags:
    """Some accounts, of about as many outcomes as are enough."""
    accounts, outcomes = len(scene.strata.niche), len(scene.outcomes.account)
    every = max(1, round(outcomes / _ENOUGH))
    return np.asarray(np.arange(accounts) % every == 0)


def _only_acts_of(scene: Scene, members: Flags) -> Scene:
    """The scene in which nobody else acts, or is exposed."""
    kept = members[scene.outcomes.account]
    acts = scene.outcomes
    outcomes = _exposure.Outcomes(acts.account[kept], acts.time[kept], acts.waking[kept], acts.acts[kept])
    return replace(_exposure.only_members(scene, members), outcomes=outcomes, tempo=scene.tempo[kept])
