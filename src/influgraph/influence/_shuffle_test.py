"""Whether outcomes follow posts more than chance has it: a permutation test that needs no fit.

Given what happens in each niche when, and how much each account does in all, whoever is moved by nobody may
act at any of these times. Members of a niche therefore change times within an hour of the week, often, and
the real posts are compared with what they would score then (Fisher's exact test of a sharp null).
"""

import numpy as np

from influgraph.influence import _baseline
from influgraph.influence._arrays import Floats, Ints
from influgraph.influence._clock import HOUR, HOURS_PER_WEEK
from influgraph.influence._exposure import AFFINITIES, DELAY_EDGES, Outcomes, Scene

SHUFFLES = 99
_HOURS_PER_DAY = 24
_MOST_PAIRS = 1_000_000


def p_value(scene: Scene, *, window: float, rng: np.random.Generator) -> float:
    """Probability of so much by chance, if no post of the scene moves anybody: at least one in a hundred.

    Of more outcomes than have a million pairs with posts, as many are drawn. 1 where nothing can be told.
    """
    chosen = _drawn(scene, window, rng=rng)
    outcomes, cell = scene.outcomes, _cells(scene)[chosen]
    pushed, place = outcomes.account[chosen], np.argsort(cell, kind="stable")
    rate, level = _without_influence(scene)
    kernel, authors = _assumed_kernel(scene, window), np.unique(scene.broadcasts.author)
    scores = np.empty((SHUFFLES + 1, len(authors)))
    source = np.arange(len(chosen))
    for row in scores:
        at = chosen[source]
        moved = Outcomes(pushed, outcomes.time[at], outcomes.waking[at], outcomes.acts[chosen])
        row[:] = _score(scene, moved, 1 / (rate[at] * level[pushed]), authors, kernel, window)
        source[place] = np.lexsort((rng.random(len(cell)), cell))
    statistic = _strangeness(scores)
    return float((statistic >= statistic[0]).mean())


def _strangeness(scores: Floats) -> Floats:
    """How far scores are above those at other times: of some authors by much, or of all by a little.

    Few who move many stand out by themselves; of many who move a few each only the sum tells.
    """
    above = np.maximum(_standardized(scores), 0)
    ways = np.column_stack([(above**2).sum(axis=1), scores.sum(axis=1)])
    return np.asarray(_standardized(ways).max(axis=1, initial=-np.inf))


def _standardized(scores: Floats) -> Floats:
    """Distance from the mean in standard deviations, without columns that vary by no more than rounding."""
    mean, spread = scores.mean(axis=0), scores.std(axis=0)
    told = spread > 1e-9 * mean
    return np.asarray((scores - mean)[:, told] / spread[told])


def _drawn(scene: Scene, window: float, *, rng: np.random.Generator) -> Ints:
    """Numbers of the outcomes that are compared."""
    from influgraph.influence import _kernels

    outcomes, attention, posts = scene.outcomes, scene.attention, scene.broadcasts
    reach = attention.start, attention.exposers, attention.since, posts.start, posts.time
    pairs = _kernels.count_pairs(outcomes.account, outcomes.waking, *reach, window).sum()
    count = len(outcomes.account)
    return np.sort(rng.permutation(count)[: int(count * min(1, _MOST_PAIRS / max(pairs, 1)))])


def _cells(scene: Scene) -> Ints:
    """Niche and hour of the week of each outcome; of one alone in its cell, niche and hour of the day."""
    hour = (scene.outcomes.time // HOUR).astype(np.int64)
    niche = scene.strata.niche[scene.outcomes.account]
    cell = niche * HOURS_PER_WEEK + hour % HOURS_PER_WEEK
    by_day = (niche.max() + 1) * HOURS_PER_WEEK + niche * _HOURS_PER_DAY + hour % _HOURS_PER_DAY
    return np.where(np.bincount(cell)[cell] == 1, by_day, cell)


def _without_influence(scene: Scene) -> tuple[Floats, Floats]:
    """Rate per waking second at each outcome, and level of each account, were nobody moved by posts."""
    outcomes, niche = scene.outcomes, scene.strata.niche
    niches, hours = int(niche.max()) + 1, int(np.ceil(scene.period / HOUR))
    cell = niche[outcomes.account] * hours + np.minimum((outcomes.time // HOUR).astype(np.int64), hours - 1)
    counts = np.bincount(cell, minlength=niches * hours).reshape(niches, hours).astype(np.float64)
    members = np.repeat(np.bincount(niche, minlength=niches)[:, None].astype(np.float64), hours, axis=1)
    table = _baseline.niche_hour_rate(counts, members).mean
    done = np.bincount(outcomes.account, minlength=len(niche)).astype(np.float64)
    expected = table.sum(axis=1)[niche]
    likes = _baseline.trait_factor(done, expected, scene.traits)
    strength = min(_baseline.prior_strength(done, likes * expected), 1e6)
    level = likes * (strength + done) / (strength + likes * expected)
    return np.maximum(table.ravel()[cell], 1e-12) / (HOUR * scene.tempo), level


def _assumed_kernel(scene: Scene, window: float) -> Floats:
    """Effect by cell: a sixth of the window as mean delay, and in proportion to affinity."""
    edges = DELAY_EDGES * window
    delay = -np.diff(np.exp(-6 * DELAY_EDGES)) / np.diff(edges)
    affinity = np.convolve(np.concatenate([[0], AFFINITIES, [1]]), [0.5, 0.5], mode="valid")
    strata = np.repeat(affinity, scene.strata.count // len(affinity))
    return np.outer(strata, delay).ravel()


def _score(
    scene: Scene, outcomes: Outcomes, weight: Floats, authors: Ints, kernel: Floats, window: float
) -> Floats:
    """Score of each author at no effect: effect by delay over what is usual, summed over outcomes."""
    from influgraph.influence import _shuffle_kernels

    posts, attention, strata = scene.broadcasts, scene.attention, scene.strata
    return _shuffle_kernels.score_authors(
        outcomes.account,
        outcomes.waking,
        weight,
        attention.start,
        attention.exposers,
        attention.since,
        posts.start,
        posts.time,
        np.searchsorted(authors, posts.author),
        strata.niche[posts.author],
        len(authors),
        strata.table,
        DELAY_EDGES * window,
        kernel,
    )
