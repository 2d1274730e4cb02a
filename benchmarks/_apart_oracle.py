"""What can be known about a world of influence written apart: all that is planted is given but persuasion.

The oracle has the planted baseline, how far everybody can be moved, the delays, and the views where they are
listed; where they are not, which posts could be seen, by what chance.
"""

import numpy as np
import pandas as pd

from benchmarks._apart_influence import (
    ApartWorld,
    delays,
    earlier_sightings,
    like_minded,
    put_off,
    still_to_come,
)
from benchmarks._apart_settings import DAY, HOUR
from benchmarks._apart_sight import Sightings
from benchmarks.oracle import Given, learn_persuasion
from influgraph.influence._arrays import Floats, Ints, sum_by

_STEP, _LONGEST, _SAMPLES = 0.5 * HOUR, 14 * DAY, 400_000


def apart_oracle(world: ApartWorld, *, rng: np.random.Generator) -> pd.Series:
    """Expected effect of every author that counts, persuasion being all that is unknown."""
    s, people, acts = world.settings, world.people, world.acts
    seen, weight = _exposures(world)
    order = np.lexsort([seen.time, seen.account])
    seen, weight = seen.only(order), weight[order]
    author, account, moment = (
        world.posts.author[seen.post],
        acts["account"].to_numpy(),
        acts["time"].to_numpy(),
    )
    arrived = _arrived(world, rng)
    until = np.full(s.accounts, s.end)
    if s.once:
        until[account] = moment
    edges = np.arange(len(arrived)) * _STEP
    within = np.interp(np.maximum(until[seen.account] - seen.time, 0), edges, arrived)
    exposed = sum_by(author, weight * within, s.authors)
    outcome, sighting = _pairs(world, seen, account, moment)
    step = ((moment[outcome] - seen.time[sighting]) / _STEP).astype(np.int64)
    per_hour = np.diff(arrived) / (_STEP / HOUR)
    added = per_hour[np.minimum(step, len(per_hour) - 1)] * weight[sighting]
    rate = world.wish.trend[people.niche[account], (moment // HOUR).astype(np.int64)]
    baseline = world.wish.level[account] * rate * (1 + s.sessions)
    given = Given(outcome, author[sighting], added, baseline, exposed)
    effects = pd.Series(learn_persuasion(given) * exposed, world.account_ids[people.author])
    return effects.reindex(world.truth.index)


def _exposures(world: ApartWorld) -> tuple[Sightings, Floats]:
    """Views, or posts that could be seen from their time on, and how far each could move."""
    s, wish, seen = world.settings, world.wish, world.sight.reachable
    if s.views:
        return world.sight.views, wish.weight
    author, chance = world.posts.author[seen.post], world.sight.chance[seen.account]
    weight = wish.receptive[seen.account] * like_minded(world.people, seen.account, author) * chance
    earlier = earlier_sightings(seen.account, author, seen.time)
    return seen, weight / (1 + s.saturation * earlier * chance)


def _arrived(world: ApartWorld, rng: np.random.Generator) -> Floats:
    """Share of effects that have come after each half hour, from exposures as the oracle is given them."""
    s, views, edges = world.settings, world.sight.views, np.arange(0, _LONGEST + _STEP, _STEP)
    if s.views:
        return 1 - still_to_come(s, edges)
    some = rng.choice(len(views.time), _SAMPLES)
    time = views.time[some] + delays(s, _SAMPLES, rng)
    time = put_off(time, rng) if s.waking else time
    passed = time - world.posts.time[views.post[some]]
    count = np.histogram(passed, edges)[0]
    return np.append(0, np.cumsum(count / _SAMPLES))


def _pairs(world: ApartWorld, seen: Sightings, account: Ints, moment: Floats) -> tuple[Ints, Ints]:
    """Every outcome with every sighting in the week before it, in two where delays are long."""
    s = world.settings
    weeks = 2 if s.delay_hours[0] > 20 else 1
    line = seen.account * (2 * s.end) + seen.time
    first = np.searchsorted(line, account * (2 * s.end) + np.maximum(moment - weeks * 7 * DAY + HOUR, 0))
    count = np.searchsorted(line, account * (2 * s.end) + moment) - first
    outcome = np.repeat(np.arange(len(account)), count)
    return outcome, np.arange(len(outcome)) - np.repeat(np.cumsum(count) - count, count) + first[outcome]
