"""Followers who never do what is studied: known by the law of counts, and then they change nothing."""

import numpy as np
import pandas as pd
import pytest

from influgraph.dataset import Dataset, from_tables
from influgraph.influence._inert import idle_by_chance
from influgraph.influence.attribution import incremental_actions
from influgraph.synthetic import WorldSettings, make_world

START = pd.Timestamp("2026-01-05", tz="UTC")


def counts_of(rates: np.ndarray, seed: int) -> np.ndarray:
    """Counts of accounts with these rates."""
    return np.random.default_rng(seed).poisson(rates)


@pytest.mark.parametrize("mean", [1.5, 20.0])
@pytest.mark.parametrize("law", ["gamma", "lognormal"])
def test_zeros_by_chance_are_told_from_the_counts_above_zero(law: str, mean: float) -> None:
    rng = np.random.default_rng(5395)
    rates = rng.gamma(1.0, size=4000) if law == "gamma" else rng.lognormal(-0.32, 0.8, 4000)
    counts = counts_of(mean * rates, 5396)
    told = idle_by_chance(counts[counts > 0])
    assert told >= 0.6 * (counts == 0).sum() - 5
    assert told <= 2 * (counts == 0).sum() + 20


@pytest.mark.parametrize("counts", [np.ones(500, np.int64), np.arange(1, 20)])
def test_nothing_is_told_from_single_or_few_outcomes(counts: np.ndarray) -> None:
    assert np.isinf(idle_by_chance(counts))


def world(idle: int) -> Dataset:
    """Buyers who buy more after the posts of one of two accounts, and followers of it that never buy."""
    rng = np.random.default_rng(5397)
    buyers = [f"m{number}" for number in range(300)]
    follows = pd.MultiIndex.from_product([buyers, ["ann", "bob"]], names=["follower_id", "followed_id"])
    bots = pd.DataFrame({"follower_id": [f"b{number}" for number in range(idle)], "followed_id": "ann"})
    hours = {who: np.sort(rng.choice(np.arange(24, 1300, 12), 40, replace=False)) for who in ("ann", "bob")}
    posts = pd.DataFrame([(who, hour) for who, some in hours.items() for hour in some], columns=["a", "h"])
    own = [(who, hour) for who in buyers for hour in rng.uniform(0, 1344, rng.poisson(10))]
    moved = [
        (who, hour + rng.exponential(2)) for hour in hours["ann"] for who in buyers if rng.random() < 0.04
    ]
    acts = pd.DataFrame(own + moved, columns=["account_id", "h"])
    return from_tables(
        follows=pd.concat([follows.to_frame(index=False), bots]),
        posts=pd.DataFrame(
            {
                "post_id": "p" + posts.index.astype(str),
                "author_id": posts["a"],
                "created_at": START + pd.to_timedelta(posts["h"], unit="h"),
            }
        ),
        engagements=pd.DataFrame(
            {
                "account_id": acts["account_id"],
                "kind": "purchase",
                "created_at": START + pd.to_timedelta(acts["h"].mul(3600).round(), unit="s"),
            }
        ),
    )


def influence(data: Dataset) -> float:
    """Influence of the account that moves people, in the median of five draws.

    Everybody follows both accounts here, so that hours in which all buy more explain the same: one draw in
    eight is of that explanation, and credits nothing.
    """
    niches = pd.Series(0, index=data.account_ids, dtype="Int64")
    drawn = [
        incremental_actions(data, kinds=["purchase"], niches=niches, rng=np.random.default_rng(seed))
        for seed in range(1, 6)
    ]
    return float(np.median([one.accounts.loc["ann", "influence"] for one in drawn]))


def test_followers_who_never_buy_take_no_influence_away() -> None:
    before, after = influence(world(0)), influence(world(300))
    assert before > 100
    assert after == pytest.approx(before, rel=0.05)


def test_nobody_is_chosen_by_outcomes_where_many_idle_by_chance() -> None:
    settings = WorldSettings(accounts=400, days=28, reruns=2, caused_share=0.0)
    drawn = make_world(settings, rng=np.random.default_rng(1))
    niches = drawn.members.set_index("account_id")["niche"].reindex(drawn.data.account_ids).astype("Int64")
    found = incremental_actions(drawn.data, kinds=["purchase"], niches=niches, rng=np.random.default_rng(1))
    assert found.credited < 0.03 * found.outcomes
    assert not found.accounts["influence_low"].gt(0).any()


def test_a_source_put_among_accounts_that_never_act_goes_with_its_audience() -> None:
    settings = WorldSettings(accounts=1500, purchases_per_member=15.0, caused_share=0.4, reruns=2)
    made = make_world(settings, rng=np.random.default_rng(5399))
    data, people = made.data, made.members.set_index("account_id")["niche"]
    niches = people.reindex(data.account_ids).astype("Int64")
    source = made.sources.set_index("account_id")["influence"].nlargest(6).index[-1]
    buyers = data.engagements.loc[data.engagements["kind"] == "purchase", "account_id"].unique()
    crowd = data.account_ids.difference(pd.Index(buyers))[:60]
    crowded = niches.mask(niches.index.isin([source, *crowd]), niches.max() + 1)
    before, after = (
        incremental_actions(data, kinds=["purchase"], niches=some, rng=np.random.default_rng(1)).accounts.loc[
            source, "influence"
        ]
        for some in (niches, crowded)
    )
    assert after == pytest.approx(before, rel=0.1)
