"""Scenes in which no exposure can have acted, made from the real one."""

from dataclasses import replace

import numpy as np

from influgraph.influence._arrays import Flags, Floats, Ints, row_starts
from influgraph.influence._clock import HOUR, HOURS_PER_WEEK
from influgraph.influence._exposure import Attention, Broadcasts, Scene

_WEEK = 7 * 86400.0
_TRIES = 10


def moved_posts(scene: Scene) -> dict[str, Scene]:
    """Posts at times at which they cannot have acted; whoever follows is taken to have followed always."""
    since = np.full_like(scene.attention.since, -np.inf)
    scene = replace(scene, attention=replace(scene.attention, since=since))
    backwards = replace(scene.outcomes, waking=scene.waking_period - scene.outcomes.waking)
    later, earlier = (_moved(scene.broadcasts, shift) for shift in (_WEEK, -_WEEK))
    reflected = _moved(scene.broadcasts, scene.waking_period, sign=-1.0)
    return {
        "lead exposures": replace(scene, outcomes=backwards, broadcasts=reflected),
        "posts a week later": replace(scene, broadcasts=later),
        "posts a week earlier": replace(scene, broadcasts=earlier),
    }


def _moved(broadcasts: Broadcasts, shift: float, *, sign: float = 1.0) -> Broadcasts:
    """Every broadcast at `shift + sign * time`; a week is as long awake as by the clock."""
    time = np.where(np.isfinite(broadcasts.time), shift + sign * broadcasts.time, np.inf)
    exposer = np.repeat(np.arange(len(broadcasts.start) - 1), np.diff(broadcasts.start))
    order = np.lexsort((time, exposer))
    return broadcasts.ordered(order, broadcasts.start, time[order])


def shuffled_times(scene: Scene, *, rng: np.random.Generator) -> Scene:
    """Every outcome at the time of another one of the same niche and hour of the week.

    The outcomes of a cell pass their times round, so that none keeps its own; one alone in its cell joins
    the others of its hour.
    """
    outcomes = scene.outcomes
    hour = (outcomes.time // HOUR).astype(np.int64) % HOURS_PER_WEEK
    niche = scene.strata.niche[outcomes.account]
    cell = niche * HOURS_PER_WEEK + hour
    alone = np.bincount(cell)[cell] == 1
    cell = np.where(alone, (niche.max() + 1) * HOURS_PER_WEEK + hour, cell)
    order = np.lexsort((rng.random(len(cell)), cell))
    place = np.arange(len(cell))
    first = np.searchsorted(cell[order], cell[order], side="left")
    last = np.searchsorted(cell[order], cell[order], side="right") - 1
    source = np.empty_like(order)
    source[order] = order[np.where(place == last, first, place + 1)]
    moved = replace(outcomes, time=outcomes.time[source], waking=outcomes.waking[source])
    return replace(scene, outcomes=moved, tempo=scene.tempo[source])


def by_follows(scene: Scene) -> bool:
    """Whether exposure comes from follows, not from listed views (then everyone is their own exposer)."""
    attention = scene.attention
    return not np.array_equal(attention.exposers, np.arange(len(attention.start) - 1))


def non_followers(scene: Scene, *, rng: np.random.Generator) -> Scene:
    """Every follower replaced by somebody of the same niche, following as many, who does not follow.

    Follows for which nobody is found in ten tries are left out.
    """
    accounts, attention = len(scene.strata.niche), scene.attention
    member = _members(attention)
    followed, wanted = attention.exposers.astype(np.int64), np.arange(len(member))
    known = np.sort(member * accounts + followed)
    alike = scene.strata.niche * (scene.traits[0].max() + 1) + scene.traits[0]
    order = np.argsort(alike, kind="stable")
    start = row_starts(alike, int(alike.max()) + 1)
    stand_in = np.full(len(member), -1)
    for _ in range(_TRIES):
        own = alike[member[wanted]]
        drawn = order[start[own] + (rng.random(len(own)) * np.diff(start)[own]).astype(np.int64)]
        fits = ~_among(known, drawn * accounts + followed[wanted]) & (drawn != followed[wanted])
        stand_in[wanted[fits]] = drawn[fits]
        wanted = wanted[~fits]
    found = stand_in >= 0
    return replace(
        scene, attention=_attention(stand_in[found], followed[found], attention.since[found], accounts)
    )


def reversed_follows(scene: Scene) -> Scene:
    """The followed see what their followers post, where they do not follow back."""
    accounts, attention = len(scene.strata.niche), scene.attention
    member, followed = _members(attention), attention.exposers.astype(np.int64)
    one_way = ~_among(np.sort(member * accounts + followed), followed * accounts + member)
    return replace(
        scene,
        attention=_attention(followed[one_way], member[one_way], attention.since[one_way], accounts),
    )


def received(scene: Scene) -> float:
    """How many broadcasts reach how many members."""
    posts = np.diff(scene.broadcasts.start)
    return float(posts[scene.attention.exposers].sum())


def _members(attention: Attention) -> Ints:
    return np.repeat(np.arange(len(attention.start) - 1), np.diff(attention.start))


def _among(known: Ints, pairs: Ints) -> Flags:
    """Whether each pair is one of the sorted known ones."""
    place = np.minimum(np.searchsorted(known, pairs), max(len(known) - 1, 0))
    return np.asarray(known[place] == pairs) if len(known) else np.zeros(len(pairs), bool)


def _attention(member: Ints, exposers: Ints, since: Floats, accounts: int) -> Attention:
    order = np.argsort(member, kind="stable")
    return Attention(row_starts(member, accounts), exposers[order], since[order])
