"""Placebo tests: passed where the model is right, failed where a flaw is put in."""

import numpy as np
import pandas as pd
import pytest

from influgraph import dataset, networks, niches, synthetic
from influgraph.dataset import Dataset
from influgraph.influence import _baseline, placebo
from influgraph.synthetic import WorldSettings


def _tests(data: Dataset, found: pd.Series) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    return placebo.placebo_tests(data, kinds=["purchase"], niches=found, rng=rng).set_index("check")


def _world(**changes: object) -> tuple[Dataset, pd.Series]:
    settings = WorldSettings(**{"accounts": 4000, "reruns": 2, **changes})
    data = synthetic.make_world(settings, rng=np.random.default_rng(5)).data
    found = niches.find_niches(networks.follow_network(data), rng=np.random.default_rng(5))["niche"]
    return data, found


def test_impossible_posts_earn_little_where_real_ones_earn_much() -> None:
    rows = _tests(*_world(caused_share=0.25))
    assert (rows["estimate"] < 0.05).all()
    assert (rows["baseline"] > 2 * rows["estimate"]).all()
    assert rows["low"].le(rows["estimate"]).all()
    assert rows["high"].ge(rows["low"]).all()
    said = np.where(rows["high"] <= placebo.TOLERATED, "passed", "doubtful")
    assert (rows["verdict"].str.split(":").str[0] == said).all()


@pytest.fixture
def echo() -> tuple[Dataset, pd.Series]:
    """Sources that post right *after* their followers bought: purchases move posts, posts move nobody."""
    data, found = _world(caused_share=0.0, shocks=0)
    bought = data.engagements[data.engagements["kind"] == "purchase"].sample(600, random_state=1)
    author = data.follows.drop_duplicates("follower_id").set_index("follower_id")["followed_id"]
    copies = pd.DataFrame(
        {
            "post_id": [f"echo{i}" for i in range(len(bought))],
            "author_id": author.reindex(bought["account_id"].astype(str)).to_numpy(),
            "created_at": (bought["created_at"] + pd.Timedelta("20min")).to_numpy(),
        }
    ).dropna()
    posts = pd.concat([data.posts[["post_id", "author_id", "created_at"]].astype({"author_id": str}), copies])
    moved = dataset.from_tables(
        accounts=pd.DataFrame({"account_id": data.account_ids}),
        follows=data.follows,
        posts=posts[posts["created_at"] <= data.posts["created_at"].max()],
        engagements=data.engagements[["account_id", "kind", "created_at"]].query("kind == 'purchase'"),
    )
    return moved, found


def test_posts_that_react_to_purchases_are_caught_by_lead_exposures(echo: tuple[Dataset, pd.Series]) -> None:
    rows = _tests(*echo)
    assert rows.loc["lead exposures", "verdict"].startswith("failed")
    assert rows.loc["lead exposures", "estimate"] > rows.loc["posts a week later", "estimate"] + 0.05


def test_a_baseline_without_time_credits_more_to_posts_a_week_off(monkeypatch: pytest.MonkeyPatch) -> None:
    world = _world(caused_share=0.0, shocks=30, reacting_share=0.3)
    right = _tests(*world)

    def flat(counts: np.ndarray, members: np.ndarray) -> np.ndarray:
        level = counts.sum(axis=1, keepdims=True) / members.sum(axis=1, keepdims=True)
        return np.repeat(level, counts.shape[1], axis=1)

    monkeypatch.setattr(_baseline, "niche_hour_rate", flat)
    wrong = _tests(*world)
    assert right["estimate"].max() < 0.05
    assert wrong["baseline"].max() > 3 * right["baseline"].max(), "the wrong model believes in influence"
    assert wrong["estimate"].max() > 2 * right["estimate"].max()
