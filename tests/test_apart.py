"""Worlds written apart come again by their seed, keep to the contract, and hold what they say they hold."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from influgraph import dataset

SMALL = {"accounts": 600, "authors": 40, "niches": 3, "hidden": 3, "weeks": 2, "outcomes": 900, "seed": 5}


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))


@pytest.mark.parametrize("name", ["w05_cascade", "w06_satkinds", "w09_big_views_5pc", "w11_sess_awake"])
def test_influence_is_as_large_as_asked_for(name: str) -> None:
    from benchmarks._apart_influence import make_apart_world

    world, again = (make_apart_world(name, **SMALL) for _ in range(2))
    for table, other in zip(world.tables.values(), again.tables.values(), strict=True):
        pd.testing.assert_frame_equal(table, other)
    data = dataset.from_tables(**world.tables)
    assert not data.warnings
    wanted = world.settings.caused_share * world.settings.outcomes
    assert world.truth.sum() == pytest.approx(wanted)
    assert abs((world.acts["source"] >= 0).sum() - wanted) < 5 * np.sqrt(wanted)
    assert data.engagements["kind"].isin(world.settings.kinds).sum() == len(world.acts)


def test_nobody_acts_again_where_all_act_once() -> None:
    from benchmarks._apart_influence import make_apart_world

    world = make_apart_world("w08_once_signup", **SMALL)
    assert world.acts["account"].is_unique
    assert world.truth.sum() < world.settings.caused_share * world.settings.outcomes


def test_oracle_knows_nearly_all() -> None:
    from benchmarks._apart_influence import make_apart_world
    from benchmarks._apart_oracle import apart_oracle

    world = make_apart_world("w01_plain", **SMALL | {"outcomes": 4000, "caused_share": 0.5})
    found = apart_oracle(world, rng=np.random.default_rng(1))
    assert found.corr(world.truth) > 0.9


def test_bots_do_what_they_are_planted_for() -> None:
    from benchmarks._apart_bots import make_bot_world

    world, again = (make_bot_world("p1", people=600, niches=4, days=16, posts=0.1, seed=5) for _ in range(2))
    for table, other in zip(world.tables.values(), again.tables.values(), strict=True):
        pd.testing.assert_frame_equal(table, other)
    data = dataset.from_tables(**world.tables)
    groups = world.members.groupby("group")["account_id"].agg(set)
    assert {"sqA", "podA", "farmA", "sybA", "fan", "news", "friends0"} <= set(groups.index)
    assert set(world.members["account_id"]) <= set(data.account_ids)
    of_farm = world.members[world.members["group"] == "farmA"].groupby("kind")["account_id"].agg(set)
    bought = data.follows["follower_id"].isin(of_farm["farm"]) & data.follows["followed_id"].isin(
        of_farm["customer"]
    )
    assert bought.sum() > 0.8 * 150 * 3
