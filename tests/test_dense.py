"""Worlds in which several posts are fresh at any time, and people differ in how much they do."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from influgraph.influence import _chain, _effects, attribution
from influgraph.synthetic import WorldSettings, make_world


@pytest.mark.parametrize(("name", "most"), [("nothing", 0.03), ("some, few posts", 0.2)])
def test_habits_are_not_credited_to_posts(name: str, most: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    from benchmarks import dense

    judged = dense.judged(name, 44)
    assert judged["credited"] < most
    assert judged["of these moved nobody"] <= 2
    assert judged["intervals that hold"] > 0.95


def test_many_pairs_are_redrawn_in_some_sweeps_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(WorldSettings(accounts=300, days=14, reruns=2), rng=np.random.default_rng(3))
    nowhere = pd.Series(0, world.data.account_ids, dtype="Int64")
    monkeypatch.setattr(_effects, "_MANY", 0)
    # Half of a hundred is no multiple of four: the first sweep goes by what was fitted.
    monkeypatch.setattr(_effects, "_REDRAWN_EVERY", 4)
    assert _effects._FEWEST_SWEEPS // 2 % _effects._REDRAWN_EVERY
    found = attribution.incremental_actions(
        world.data, kinds=["purchase"], niches=nowhere, rng=np.random.default_rng(4)
    )
    assert found.draws.shape[1] == _effects._FEWEST_SWEEPS
    assert np.isfinite(found.draws).all()


def test_effects_stay_within_bounds_where_all_followers_pass_for_unmoved() -> None:
    fitted, now = np.array([4.0, 2.0, 2.0]), np.array([8.0, 4.0, 0.0])
    np.testing.assert_allclose(_chain._scales(fitted, now)[:2], 0.5)
    assert _chain._scales(fitted, now)[2] == pytest.approx(_chain._LARGEST_SCALE * 8 / 12)
    assert np.isfinite(_chain._scales(fitted, np.zeros(3))).all()
