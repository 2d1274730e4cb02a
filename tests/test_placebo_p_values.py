"""The permutation test: uniform where nobody has influence, small where somebody has."""

import numpy as np
import pandas as pd
from scipy import stats

from influgraph import dataset
from influgraph.influence import _exposure, _shuffle_test
from influgraph.influence._exposure import Scene

WINDOW, DAYS, PEOPLE, SOURCES, NICHES = 3 * 86400.0, 28, 200, 20, 4
START = pd.Timestamp("2024-01-01", tz="UTC")


def _scene(seed: int, *, caused: float = 0.0, niches_known: bool = True) -> Scene:
    """Niches in which shocks move members to act and sources to post; of each post a share of followers."""
    rng = np.random.default_rng(seed)
    niche = np.arange(SOURCES + PEOPLE) % NICHES
    shock = rng.uniform(4, DAYS - 4, NICHES) * 24
    people = np.arange(SOURCES, SOURCES + PEOPLE)
    follows = np.concatenate(
        [[(person, source) for source in _some(rng, niche, niche[person])] for person in people]
    )
    author = np.repeat(np.arange(SOURCES), 10)
    posted = _hours(rng, niche[author], shock)
    active = rng.lognormal(0, 0.8, PEOPLE)
    buyer = rng.choice(people, 600, p=active / active.sum())
    bought = _hours(rng, niche[buyer], shock)
    moved = [
        (follower, hour + rng.exponential(4))
        for one, hour in zip(author, posted, strict=True)
        for follower in follows[follows[:, 1] == one, 0]
        if one % 2 and rng.random() < caused
    ]
    if moved:
        buyer, bought = (
            np.concatenate(pair) for pair in zip((buyer, bought), zip(*moved, strict=True), strict=True)
        )
    ids = np.arange(SOURCES + PEOPLE).astype(str)
    times = [START + pd.to_timedelta(hours, unit="h").floor("s") for hours in (posted, bought)]
    data = dataset.from_tables(
        accounts=pd.DataFrame({"account_id": ids}),
        follows=pd.DataFrame({"follower_id": ids[follows[:, 0]], "followed_id": ids[follows[:, 1]]}),
        posts=pd.DataFrame(
            {"post_id": np.arange(len(author)), "author_id": ids[author], "created_at": times[0]}
        ),
        engagements=pd.DataFrame(
            {"account_id": ids[buyer.astype(int)], "kind": "purchase", "created_at": times[1]}
        ),
    )
    scene = _exposure.find_scene(
        data, data.engagements, niche=niche if niches_known else np.zeros_like(niche)
    )
    assert isinstance(scene, Scene)
    return scene


def _some(rng: np.random.Generator, niche: np.ndarray, own: int) -> np.ndarray:
    """Five sources, mostly of one's own niche."""
    weight = np.where(niche[:SOURCES] == own, 6.0, 1.0)
    return rng.choice(SOURCES, 5, replace=False, p=weight / weight.sum())


def _hours(rng: np.random.Generator, niche: np.ndarray, shock: np.ndarray) -> np.ndarray:
    """Hours of acts, more in the evening, a fifth of them at the shock of the niche."""
    anyway = 24 * rng.integers(0, DAYS, len(niche)) + rng.normal(19, 3, len(niche)).clip(0, 23.9)
    return np.where(rng.random(len(niche)) < 0.2, shock[niche] + rng.exponential(10, len(niche)), anyway)


def _p_values(count: int, **changes: object) -> np.ndarray:
    found = [
        _shuffle_test.p_value(_scene(seed, **changes), window=WINDOW, rng=np.random.default_rng(seed))
        for seed in range(count)
    ]
    return np.array(found)


def test_p_values_are_uniform_where_nobody_has_influence() -> None:
    found = _p_values(80)
    assert stats.kstest(found - 0.005, "uniform").pvalue > 0.05
    assert (found <= 0.05).mean() < 0.12
    assert found.min() >= 0.01


def test_shocks_of_niches_that_are_not_known_are_taken_for_influence() -> None:
    found = _p_values(20, niches_known=False)
    assert stats.kstest(found - 0.005, "uniform").pvalue < 1e-3


def test_p_values_are_small_where_posts_move_people() -> None:
    assert (_p_values(20, caused=0.06) <= 0.05).mean() >= 0.8


def test_many_who_move_a_few_each_are_told_from_chance_too() -> None:
    found = {"some by much": [], "by either": []}
    for seed in range(30):
        scores = _heavy_tailed_scores(np.random.default_rng(seed))
        above = np.maximum(_shuffle_test._standardized(scores), 0)
        statistics = (above**2).sum(axis=1), _shuffle_test._strangeness(scores)
        for chances, statistic in zip(found.values(), statistics, strict=True):
            chances.append((statistic >= statistic[0]).mean() <= 0.05)
    assert np.mean(found["some by much"]) < 0.4
    assert np.mean(found["by either"]) > 0.55


def _heavy_tailed_scores(rng: np.random.Generator) -> np.ndarray:
    """Of 300 authors, at a hundred times: two outcomes each of very unlike weight, at the first one 2.6."""
    scores = []
    for usual in [2.6] + 99 * [2.0]:
        author = np.repeat(np.arange(300), rng.poisson(usual, 300))
        scores.append(np.bincount(author, rng.lognormal(0, 1.5, len(author)), 300))
    return np.array(scores)


def test_where_nobody_saw_a_post_nothing_is_told_from_chance() -> None:
    scene = _scene(1)
    scene.broadcasts.time[:] = np.inf
    assert _shuffle_test.p_value(scene, window=WINDOW, rng=np.random.default_rng(1)) == 1


def test_scores_by_hand() -> None:
    scene = _scene(2)
    posts, attention, outcomes = scene.broadcasts, scene.attention, scene.outcomes
    kernel = _shuffle_test._assumed_kernel(scene, WINDOW)
    weight = np.arange(1.0, len(outcomes.time) + 1)
    authors = np.unique(posts.author)
    found = _shuffle_test._score(scene, outcomes, weight, authors, kernel, WINDOW)
    wanted = dict.fromkeys(authors.tolist(), 0.0)
    bins = len(_exposure.DELAY_EDGES) - 1
    for account, time, heavy in zip(outcomes.account, outcomes.waking, weight, strict=True):
        for source in attention.exposers[attention.start[account] : attention.start[account + 1]]:
            for place in range(posts.start[source], posts.start[source + 1]):
                delay = (time - posts.time[place]) / WINDOW
                if 0 < delay <= 1:
                    bin_ = np.searchsorted(_exposure.DELAY_EDGES, delay, side="right") - 1
                    stratum = scene.strata.table[account, scene.strata.niche[posts.author[place]]]
                    wanted[posts.author[place]] += heavy * kernel[stratum * bins + min(bin_, bins - 1)]
    assert np.allclose(found, list(wanted.values()))
