"""How far delays run in waking time, and how far by the clock on the wall: what the data say.

What is seen is often acted on when people are next awake: delays then have one shape by a clock that nearly
stands still at night. Where they act as soon by night, that clock blurs delays, and what posts bring about is
taken for the baseline; so it is by the clock on the wall where they do not.
"""

from dataclasses import replace

import numpy as np

from influgraph.influence import _exposure, _intensity
from influgraph.influence._arrays import Flags, Floats
from influgraph.influence._clock import ALWAYS, Clock
from influgraph.influence._exposure import Scene

# Parts of the mean tempo that never stop: the clock on the wall, one in between, and what is usual.
_PACES = (1.0, 0.6, ALWAYS)
# Log likelihood by which another clock than the usual one must be better.
_CLEARLY = 5.0
# Outcomes by which clocks are compared, those of whole accounts, and iterations of each fit.
_ENOUGH, _ITERATIONS = 30_000, 40


def by_best_clock(scene: Scene, *, window: float) -> Scene:
    """The scene in the waking time in which a fit makes the outcomes likeliest."""
    some = _only_acts_of(scene, _some(scene))
    clocks = [scene.clock.that_never_stops(always) for always in _PACES]
    likelihood = []
    for clock in clocks:
        exposure = _exposure.expose(by_clock(some, clock), window=window)
        likelihood.append(_intensity.log_likelihood(exposure, iterations=_ITERATIONS))
    likelihood[-1] += _CLEARLY
    best = clocks[int(np.argmax(likelihood))]
    return scene if best.always == scene.clock.always else by_clock(scene, best)


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
    outcomes = _exposure.Outcomes(acts.account[kept], acts.time[kept], acts.waking[kept])
    return replace(_exposure.only_members(scene, members), outcomes=outcomes, tempo=scene.tempo[kept])
