"""Delays between a post and what it brings about, whatever pruning leaves and draws start from."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence import _conditional, _doubt, _effects, _exposure, _intensity, _question
from influgraph.influence._exposure import Exposure
from influgraph.influence._intensity import Intensity
from influgraph.synthetic import WorldSettings, make_world
from small_world import small_tables

HOUR, WINDOW = 3600.0, 72 * 3600.0
DEMO = Path(__file__).parents[1] / "data" / "demo"


def _exposed(data: Dataset, niche: pd.Series) -> Exposure:
    scene = _question.own_outcomes(data, ["purchase"], niche, window=WINDOW)
    assert not isinstance(scene, str)
    return _exposure.expose(scene, window=WINDOW)


@cache
def _demo() -> tuple[Exposure, Intensity]:
    """The bundled demo with its true niches, fitted."""
    data = dataset.read_dataset(DEMO)
    members = pd.read_csv(DEMO / "truth" / "members.csv", dtype={"account_id": str})
    niche = members.set_index("account_id")["niche"].reindex(data.account_ids.astype(str)).astype("Int64")
    exposure = _exposed(data, niche.set_axis(data.account_ids))
    return exposure, _doubt.fit(exposure)


def _soon(exposure: Exposure, kernel: np.ndarray, *, hours: float = 4.0) -> float:
    """Share of an effect within the first hours after the post."""
    mass = (kernel.reshape(exposure.strata, -1) * exposure.widths).sum(axis=0)
    share = np.append(0, mass.cumsum() / mass.sum())
    return float(np.interp(hours * HOUR, np.append(0, exposure.widths.cumsum()), share))


def _truly_soon() -> float:
    """Share of the demo's delays from post to purchase within four hours, of those within the window."""
    made, rng = WorldSettings(), np.random.default_rng(1)
    quick, slow = (rng.exponential(size=100_000) for _ in range(2))
    late = rng.random(100_000)
    until_seen = made.seen_hours * np.where(late < 0.4, 2.125 * quick, 0.25 * quick)
    slowly = rng.random(100_000) < made.slow_share
    waited = until_seen + np.where(slowly, made.slow_hours * slow, made.quick_hours * slow)
    return float((waited < 4).sum() / (waited < WINDOW / HOUR).sum())


def test_delays_are_learnt_before_pruning_takes_the_slow_ones() -> None:
    exposure, fitted = _demo()
    # .87 of an effect within four hours by what outlives pruning.
    assert _truly_soon() - 0.1 < _soon(exposure, fitted.kernel) < 0.75
    assert not fitted.in_doubt


def test_draws_learn_delays_from_all_effects() -> None:
    exposure, fitted = _demo()
    drawn = _effects.sample_effects(exposure, fitted, rng=np.random.default_rng(3)).fitted
    fit, ours = (abs(_soon(exposure, kernel) - _truly_soon()) for kernel in (fitted.kernel, drawn.kernel))
    assert ours < fit
    np.testing.assert_allclose(drawn.exposed.sum(), fitted.exposed.sum(), rtol=0.05)


def test_draws_leave_delays_that_are_wrong() -> None:
    data = dataset.from_tables(**small_tables())
    exposure = _exposed(data, pd.Series(0, data.account_ids, dtype="Int64"))
    fitted = _intensity.fit_intensity(exposure)
    kernel = fitted.kernel.reshape(exposure.strata, -1)[:, ::-1].ravel().copy()
    direct, exposed = exposure.windows.exposure(fitted.receptive, kernel)
    wrong = replace(fitted, kernel=kernel, direct=direct, exposed=exposed)
    right = _effects.sample_effects(exposure, wrong, rng=np.random.default_rng(3)).fitted
    truth = 1 - np.exp(-16 / 8)  # of delays that are exponential with a mean of eight hours
    assert _soon(exposure, wrong.kernel, hours=16) < truth / 2
    assert _soon(exposure, right.kernel, hours=16) == pytest.approx(truth, abs=0.1)


def test_each_member_its_own_control_finds_most_of_what_is_caused() -> None:
    exposure, fitted = _demo()
    mass = _conditional.exposure_mass(exposure, fitted.kernel)
    found = _conditional.fit_conditional(exposure, fitted, mass)
    caused = pd.read_csv(DEMO / "truth" / "sources.csv")["influence_total"].sum() / len(fitted.baseline)
    assert 0.6 * caused < _conditional.profile_share(exposure, found)[0] < 1.3 * caused


def test_each_member_its_own_control_finds_nothing_where_nothing_is_caused() -> None:
    settings = WorldSettings(accounts=2000, caused_share=0.0, reruns=2)
    world = make_world(settings, rng=np.random.default_rng(5))
    niche = world.members.set_index("account_id")["niche"].reindex(world.data.account_ids)
    exposure = _exposed(world.data, niche.astype("Int64"))
    fitted = _intensity.fit_intensity(exposure)
    mass = _conditional.exposure_mass(exposure, fitted.kernel)
    found = _conditional.fit_conditional(exposure, fitted, mass)
    assert _conditional.profile_share(exposure, found)[0] < 0.03
