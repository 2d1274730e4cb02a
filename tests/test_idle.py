"""Followers who do nothing, and what they say of an audience."""

import numpy as np
import pandas as pd
import pytest

from influgraph.bots._idle import FEWEST, idle_accounts, idle_excess
from influgraph.bots.clusters import no_clusters
from influgraph.bots.followers import authentic_share
from influgraph.dataset import Dataset, from_tables


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _audiences(bought: int) -> Dataset:
    """Thirty stars with 60 active followers each, of whom the first also has `bought` idle ones."""
    rng = _rng(3)
    people = [f"person {number}" for number in range(400)]
    follows = pd.concat(
        [
            pd.DataFrame(
                {"follower_id": rng.choice(people, 60, replace=False), "followed_id": f"star {star}"}
            )
            for star in range(30)
        ]
        + [pd.DataFrame({"follower_id": [f"bot {one}" for one in range(bought)], "followed_id": "star 0"})]
    )
    posts = pd.DataFrame({"post_id": range(30), "author_id": [f"star {star}" for star in range(30)]})
    acts = pd.DataFrame({"account_id": people[40:], "kind": "like", "post_id": rng.integers(0, 30, 360)})
    return from_tables(follows=follows, posts=posts, engagements=acts)


def test_idle_are_those_whom_nobody_follows_and_who_never_act() -> None:
    data = _audiences(5)
    idle = data.account_ids[idle_accounts(data)]
    expected = {f"person {number}" for number in range(40)} | {f"bot {number}" for number in range(5)}
    assert set(idle) <= expected
    assert {f"bot {number}" for number in range(5)} <= set(idle)
    follows = pd.DataFrame({"follower_id": ["ann"], "followed_id": ["bob"]})
    assert idle_accounts(from_tables(follows=follows)) is None


def test_a_farm_of_one_customer_widens_what_is_said_of_its_audience() -> None:
    shares = authentic_share(_audiences(120), no_clusters())
    assert shares.loc["star 0", "authentic_share"] == 1
    assert shares.loc["star 0", "authentic_share_high"] == 1
    assert shares.loc["star 0", "authentic_share_low"] < 0.4
    assert (shares.loc[[f"star {star}" for star in range(1, 30)], "authentic_share_low"] > 0.9).all()


def test_usual_audiences_have_no_excess() -> None:
    rng, flagged = _rng(4), 0
    for _ in range(20):
        count = rng.integers(FEWEST, 500, 300).astype(float)
        idle = rng.binomial(count.astype(int), rng.beta(2, 18, 300)).astype(float)
        flagged += int((idle_excess(idle, count, q=0.05) > 0).any())
    assert flagged <= 4
    assert (idle_excess(np.full(FEWEST - 1, 50.0), np.full(FEWEST - 1, 50.0), q=0.05) == 0).all()


def test_excess_is_what_lies_beyond_the_usual_share() -> None:
    count, idle = np.full(100, 200.0), _rng(5).binomial(200, 0.1, 100).astype(float)
    idle[7] = 150.0
    excess = idle_excess(idle, count, q=0.05)
    assert np.flatnonzero(excess).tolist() == [7]
    assert excess[7] == pytest.approx(130, abs=3)
