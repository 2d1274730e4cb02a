"""People go by the hours of their niche, and by those of whom they follow: how far is learnt."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence import _exposure, attribution
from influgraph.influence._hours import Hours
from influgraph.influence._hours_kernels import draw_strengths

NICHES, PEOPLE, SOURCES, DAYS = 3, 600, 60, 28
HOURS = DAYS * 24


def _interests(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Niche of everybody, and shares of what they follow: mostly their own niche, and one other."""
    niche = rng.integers(NICHES, size=PEOPLE)
    other = (niche + rng.integers(1, NICHES, PEOPLE)) % NICHES
    return niche, 0.6 * np.eye(NICHES)[niche] + 0.4 * np.eye(NICHES)[other]


def _shocks(rng: np.random.Generator) -> np.ndarray:
    """Rate of every niche and hour: each has ten hours after some of the days at twenty times the usual."""
    rate = np.ones((NICHES, HOURS))
    for row in rate:
        for start in rng.choice(HOURS - 40, 6, replace=False) + 10:
            row[start : start + 10] += 20
    return rate / rate.mean()


def _drawn(rng: np.random.Generator, *, by_follows: float) -> tuple[Hours, np.ndarray]:
    """What is drawn of the hours of people who go by follows so far, and the rates planted."""
    (niche, shares), rate = _interests(rng), _shocks(rng)
    mixed = (1 - by_follows) * np.eye(NICHES)[niche] + by_follows * shares
    account, hour = np.nonzero(rng.poisson(0.02 * mixed @ rate))
    exposure = SimpleNamespace(
        niche=niche,
        interests=sparse.csr_array(shares),
        risk_end=np.full(PEOPLE, HOURS * 3600.0),
    )
    hours = Hours(exposure, account, hour, np.full((NICHES, HOURS), 0.02))
    for _ in range(100):
        hours.redraw(rng.random(len(account)), np.ones(PEOPLE), rng=rng)
    assert hours.at_outcomes().shape == account.shape
    assert hours.expected().sum() == pytest.approx(len(account), rel=0.05)
    return hours, 0.02 * rate


@pytest.mark.parametrize("planted", [0.0, 0.5, 1.0])
def test_how_far_people_go_by_whom_they_follow_is_learnt(planted: float) -> None:
    hours, rate = _drawn(np.random.default_rng(3), by_follows=planted)
    assert hours._by_follows == pytest.approx(planted, abs=0.12)
    assert np.corrcoef(hours._rate.ravel(), rate.ravel())[0, 1] > 0.9


def test_rates_and_expected_outcomes_by_hand() -> None:
    hours, _ = _drawn(np.random.default_rng(4), by_follows=0.5)
    mixed = sparse.csr_array((hours._share, hours._niche, hours._start), (PEOPLE, NICHES)).toarray()
    wanted = (mixed[hours._actor] * hours._rate[:, hours._hour].T).sum(axis=1)
    assert np.allclose(mixed.sum(axis=1), 1)
    assert np.allclose(hours.at_outcomes(), wanted)
    assert np.allclose(hours.expected(), mixed @ hours._rate.sum(axis=1))


def _news_world(rng: np.random.Generator) -> tuple[Dataset, pd.Series]:
    """Half of the posts come when something happens in their niche, which moves people as posts do not."""
    niche, shares = _interests(rng)
    rate = _shocks(rng)
    source_niche = np.arange(SOURCES) % NICHES
    picks = [rng.choice(SOURCES, 10, replace=False, p=3 * row[source_niche] / SOURCES) for row in shares]
    followed = np.array([np.bincount(source_niche[one], minlength=NICHES) for one in picks]) / 10
    account, hour = np.nonzero(rng.poisson(0.008 * followed @ rate))
    author = np.repeat(np.arange(SOURCES), 12)
    usual = np.where(rng.random(len(author)) < 0.5, 1, rate[source_niche[author]].T)
    chance = (usual / usual.sum(axis=0)).cumsum(axis=0)
    posted = (chance < rng.random(len(author))).sum(axis=0)

    def times(hours: np.ndarray) -> pd.DatetimeIndex:
        seconds = (np.asarray(hours) * 3600 + rng.integers(3600, size=len(hours))).astype(int)
        return pd.Timestamp("2026-01-05", tz="UTC") + pd.to_timedelta(seconds, unit="s")

    sources, people = np.array([f"s{n}" for n in range(SOURCES)]), np.array([f"p{n}" for n in range(PEOPLE)])
    data = dataset.from_tables(
        follows=pd.DataFrame(
            {"follower_id": np.repeat(people, 10), "followed_id": sources[np.concatenate(picks)]}
        ),
        posts=pd.DataFrame(
            {
                "post_id": np.arange(len(author)).astype(str),
                "author_id": sources[author],
                "created_at": times(posted),
            }
        ),
        engagements=pd.DataFrame(
            {"account_id": people[account], "kind": "purchase", "created_at": times(hour)}
        ),
    )
    found = pd.Series(np.append(niche, source_niche), np.append(people, sources))
    return data, found.reindex(data.account_ids).astype("Int64")


def test_news_of_a_niche_that_people_follow_is_less_taken_for_influence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data, found = _news_world(np.random.default_rng(7))

    def credited() -> float:
        rng = np.random.default_rng(7)
        result = attribution.incremental_actions(data, kinds=["purchase"], niches=found, rng=rng)
        return result.credited / result.outcomes

    right, find = credited(), _exposure.find_strata

    def own_niche_alone(data: Dataset, niche: np.ndarray) -> _exposure.Strata:
        return replace(find(data, niche), interests=sparse.csr_array(np.eye(niche.max() + 1)[niche]))

    monkeypatch.setattr(_exposure, "find_strata", own_niche_alone)
    wrong = credited()
    assert wrong > 0.1
    assert right < wrong / 2


def test_strengths_are_drawn_by_the_negative_binomial_law() -> None:
    rng, strengths, size = np.random.default_rng(8), np.array([2.0, 10.0, 300.0]), 40_000
    weights = np.array([0.2, 0.3, 0.5])
    count, expected = np.repeat([0.0, 3.0, 40.0], size), np.repeat([0.5, 9.0, 12.0], size)
    drawn, used = draw_strengths(count, expected, weights, strengths, rng.random(3 * size))
    wanted = np.array(
        [
            weights * stats.nbinom.pmf(number, strengths, strengths / (strengths + mean))
            for number, mean in zip(count[::size], expected[::size], strict=True)
        ]
    )
    wanted /= wanted.sum(axis=1, keepdims=True)
    found = np.array([[(part == one).mean() for one in strengths] for part in drawn.reshape(3, size)])
    assert np.allclose(found, wanted, atol=0.01)
    assert np.allclose(used, wanted.mean(axis=0))
