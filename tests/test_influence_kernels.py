"""Compiled passes of the attribution beside the plain numpy that says what they mean."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from influgraph import dataset
from influgraph.influence import (
    _doubt,
    _effects,
    _exposure,
    _intensity,
    _kernels,
    _members,
    _question,
    _trust,
)
from influgraph.synthetic import WorldSettings, make_world
from small_world import small_tables

OUTCOMES, AUTHORS, CELLS, PAIRS = 50, 7, 6, 400
WINDOW = 72 * 3600.0


@pytest.fixture(params=range(3))
def pairs(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcomes in order, as they come; some authors meet an outcome more than once."""
    rng = np.random.default_rng(request.param)
    outcome = np.sort(rng.integers(0, OUTCOMES, PAIRS)).astype(np.int32)
    return outcome, rng.integers(1, AUTHORS, PAIRS).astype(np.int32), rng.integers(0, CELLS, PAIRS)


def test_credit_is_shared_as_by_bincount(pairs: tuple[np.ndarray, ...]) -> None:
    outcome, author, cell = pairs
    rng = np.random.default_rng(5)
    theta, kernel, baseline = rng.random(AUTHORS), rng.random(CELLS), rng.random(OUTCOMES)
    added = theta[author] * kernel[cell]
    intensity = baseline + np.bincount(outcome, added, OUTCOMES)
    share = added / intensity[outcome]
    ours = _kernels.share_credit(*pairs, 0, theta, kernel, baseline)
    for found, wanted in zip(
        ours, (intensity, np.bincount(author, share, AUTHORS), np.bincount(cell, share, CELLS)), strict=True
    ):
        np.testing.assert_allclose(found, wanted)
    assert (baseline / ours[0]).sum() + ours[1].sum() == pytest.approx(OUTCOMES), (
        "every outcome is shared out"
    )


def test_pairs_are_summed_by_author_and_outcome(pairs: tuple[np.ndarray, ...]) -> None:
    outcome, author, cell = pairs
    kernel = np.random.default_rng(5).random(CELLS)
    key, position = np.unique(author.astype(int) * OUTCOMES + outcome, return_inverse=True)
    start, found, added = _kernels.sum_by_author(*pairs, kernel, AUTHORS)
    np.testing.assert_array_equal(found, key % OUTCOMES)
    np.testing.assert_array_equal(np.repeat(np.arange(AUTHORS), np.diff(start)), key // OUTCOMES)
    np.testing.assert_allclose(added, np.bincount(position, kernel[cell]), rtol=1e-6)


def test_levels_explain_what_pairs_of_outcomes_share() -> None:
    rng = np.random.default_rng(5)
    outcome, place, odds = np.tile(np.arange(OUTCOMES), 2), np.repeat([0, 1], OUTCOMES), rng.random(100)
    cell, wanted = rng.integers(0, 4, OUTCOMES), np.zeros(2)
    for i in range(100):
        for j in range(100):
            if i != j and place[i] == place[j] and cell[outcome[i]] == cell[outcome[j]]:
                size = (cell == cell[outcome[i]]).sum()
                wanted[place[i]] += odds[i] * odds[j] / (size - 1 + 20)
    found = _trust._explained(cell, 20.0, odds, outcome, place, 2)
    np.testing.assert_allclose(found, wanted)


def test_doubt_widens_intervals_and_leaves_estimates(monkeypatch: pytest.MonkeyPatch) -> None:
    data = dataset.from_tables(**small_tables())
    niche = pd.Series(0, data.account_ids, dtype="Int64")
    scene = _question.own_outcomes(data, ["purchase"], niche, window=WINDOW)
    assert not isinstance(scene, str)
    exposure = _exposure.expose(scene, window=WINDOW)
    fitted = _intensity.fit_intensity(exposure)

    def sampled(trust: float) -> _effects.Effects:
        monkeypatch.setattr(
            _trust, "find_trust", lambda *given: (np.ones(len(given[-1])), trust + 0 * given[-1])
        )
        return _effects.sample_effects(exposure, fitted, sweeps=40, rng=np.random.default_rng(3))

    sure, unsure = sampled(1.0), sampled(0.3)
    np.testing.assert_array_equal(sure.mean(), unsure.mean())
    np.testing.assert_array_equal(sure.draws, unsure.draws)
    told = sure.low() > 0
    assert told.any()
    assert (unsure.low() < sure.low())[told].all()
    assert (unsure.high() > sure.high())[told].all()


def test_odds_of_a_bin_are_less_than_half_apart() -> None:
    odds = np.exp(np.random.default_rng(5).uniform(np.log(1e-18), np.log(1e30), 20_000)).astype(np.float32)
    number, total = _kernels._sum_in_bins(odds)
    fraction, octave = np.frexp(odds)
    bins = 2 * octave + (fraction >= 0.75)
    _, inverse = np.unique(bins, return_inverse=True)
    np.testing.assert_array_equal(number[number > 0], np.bincount(inverse))
    np.testing.assert_allclose(total[number > 0], np.bincount(inverse, odds))


def test_members_are_judged_as_by_the_formula() -> None:
    rng, accounts = np.random.default_rng(6), 5
    account = rng.integers(0, accounts - 1, 12)
    baseline, caused, expected, exposed = (rng.uniform(0.1, 2, size) for size in (12, 12, accounts, accounts))
    third = np.array([0, 1, 1, 0, 1])
    before, outcomes = _members.alike(third, 12), _members.outcomes_by_member(account, third)
    weights = rng.dirichlet(np.ones(len(_members.LEVELS)), 2)
    weights[:, 0] = 1e-9
    before = replace(before, weights=weights)
    found = _members.judge(
        outcomes, before, baseline=baseline, caused=caused, expected=expected, exposed=exposed
    )
    density = _members.LEVELS[:, None] * baseline + _members.RECEPTIVE[:, None] * caused
    toll = np.exp(-_members.LEVELS[:, None] * expected - _members.RECEPTIVE[:, None] * exposed)
    chance = before.weights[third].T * toll
    for u in range(accounts):
        chance[:, u] *= density[:, account == u].prod(axis=1)
    chance /= chance.sum(axis=0)
    np.testing.assert_allclose(found.member[0], _members.LEVELS @ chance, rtol=1e-5)
    used = np.stack([chance[:, third == one].sum(axis=1) for one in range(2)])
    pooled = used.sum(axis=0) / used.sum()
    longer = _members._shares(used + _members._PRIOR_MEMBERS * pooled) ** _members._STEP * before.weights ** (
        1 - _members._STEP
    )
    wanted = _members._at_usual_receptiveness(_members._shares(longer), third, exposed)
    np.testing.assert_allclose(found.weights, wanted, rtol=1e-3, atol=1e-9)
    for i, u in enumerate(account):
        rest = (
            before.weights[third[u]]
            * toll[:, u]
            * np.delete(density, i, axis=1)[:, np.delete(account, i) == u].prod(axis=1)
        )
        wanted = _members.RECEPTIVE @ rest / rest.sum()
        np.testing.assert_allclose(found.apart[1, i], wanted, rtol=1e-5)


def test_people_are_as_receptive_as_usual_in_the_mean() -> None:
    rng = np.random.default_rng(3)
    weights = rng.dirichlet(np.ones(len(_members.LEVELS)), 2)
    tilted = _members._at_usual_receptiveness(weights, np.array([0, 1, 0]), np.array([10.0, 10.0, 20.0]))
    assert np.array([0.75, 0.25]) @ tilted @ _members.RECEPTIVE == pytest.approx(1, rel=1e-6)
    # One tilt for both thirds, so that who was more receptive stays so.
    ratio = np.log(tilted / weights)
    slopes = [np.polyfit(_members.RECEPTIVE, one, 1)[0] for one in ratio]
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-6)


def test_many_outcomes_of_a_member_stay_within_range() -> None:
    outcomes = _members.outcomes_by_member(np.zeros(5000, int), np.zeros(1, int))
    found = _members.judge(
        outcomes,
        _members.alike(np.zeros(1, int), 5000),
        baseline=np.full(5000, 1e-7),
        caused=np.full(5000, 1e-12),
        expected=np.array([1000.0]),
        exposed=np.array([0.01]),
    )
    assert found.member[0] == pytest.approx(5, rel=0.3)
    assert np.isfinite(found.apart).all()


def test_the_fit_does_not_hang_on_where_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = WorldSettings(
        accounts=1500, reruns=2, purchases_per_member=25.0, caused_share=0.6, zero_share=0.1, views=True
    )
    world = make_world(settings, rng=np.random.default_rng(2))
    acts = dataset.resolved_engagements(world.data)
    niche = world.members.set_index("account_id")["niche"].reindex(world.data.account_ids).astype("Int64")
    scene = _exposure.find_scene(
        world.data, acts[acts["kind"] == "purchase"], niche=_exposure.number_niches(niche)
    )
    assert not isinstance(scene, str)
    exposure, credited = _exposure.expose(scene, window=3 * 86400.0), []
    for start in (0.05, 0.6):
        monkeypatch.setattr(_intensity, "_START", start)
        credited.append(_intensity.fit_intensity(exposure).credit.sum())
    assert credited[0] == pytest.approx(credited[1], rel=0.05)
    assert credited[0] == pytest.approx(world.sources["influence_total"].sum(), rel=0.15)


JUDGED = """
import hashlib
import numpy as np
from influgraph.influence import _members
rng = np.random.default_rng(5)
third = np.arange(200) % 3
outcomes = _members.outcomes_by_member(rng.integers(0, 200, 1000), third)
at_outcomes = dict(baseline=rng.random(1000), caused=rng.random(1000))
of_members = dict(expected=rng.random(200), exposed=rng.random(200))
found = _members.judge(outcomes, _members.alike(third, 1000), **at_outcomes, **of_members)
print(hashlib.sha256(found.apart.tobytes() + found.weights.tobytes()).hexdigest())
"""


def test_what_is_compiled_now_gives_the_bytes_of_what_was_compiled_before(tmp_path: Path) -> None:
    def judged() -> str:
        environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
        command = [sys.executable, "-c", JUDGED]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout

    assert judged() == judged()


def test_the_greatest_rate_that_is_not_excluded_by_hand() -> None:
    """Nine outcomes, each doubled in odds by a rate of one; nobody else is at work."""
    count, exposed, least = 9, 3.0, 0.25
    rates = np.append(0.0, np.geomspace(0.01, 100, 400))
    log = count * np.log1p(rates) - rates * exposed
    expected = rates[np.exp(log - log.max()) >= least].max()
    found = _kernels.greatest_allowed(
        np.array([0, count]),
        np.arange(count, dtype=np.int32),
        np.full(count, 2.0, np.float32),
        np.array([exposed]),
        np.ones(1),
        rates * exposed,
        np.full(count, 2.0),
        np.zeros(1),
        least,
    )
    assert found[0] == pytest.approx(expected)
    assert rates[np.argmax(log)] < found[0] < 10


def test_delays_of_few_outcomes_are_drawn_to_what_is_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(WorldSettings(accounts=1000, reruns=2), rng=np.random.default_rng(3))
    acts = dataset.resolved_engagements(world.data)
    scene = _exposure.find_scene(
        world.data, acts[acts["kind"] == "purchase"], niche=np.zeros(len(world.data.account_ids), np.int64)
    )
    assert not isinstance(scene, str)
    exposure = _exposure.expose(scene, window=3 * 86400.0)
    at_once = np.zeros((exposure.strata, len(exposure.widths)))
    at_once[:, 0] = 40 / exposure.strata
    first = []
    for assumed in (_intensity.ASSUMED_DELAYS, _doubt.ASSUMED_DELAYS):
        state = _intensity.start_state(exposure)
        usual = (state.kernel.reshape(at_once.shape) * exposure.widths).sum(axis=0)
        exposed = state.theta @ state.seconds
        seen = {"credit": at_once.ravel(), "exposed": exposed, "usual": state.seconds.sum(axis=0)}
        kernel = _intensity.learnt_kernel(exposure, state.kernel, **seen, assumed=assumed)
        mass = (kernel.reshape(at_once.shape) * exposure.widths).sum(axis=0)
        first.append(mass[0] / mass.sum())
    assert first[0] > 5 * first[1] / 2 > usual[0] / usual.sum()
    monkeypatch.setattr(_intensity, "LEFT_BY_PRUNING", 2.0)
    monkeypatch.setattr(_intensity, "HARDLY_ANY", 0.0)
    again = _intensity.fit_intensity(exposure, assumed=_doubt.ASSUMED_DELAYS)
    assert np.array_equal(_doubt.fit(exposure).kernel, again.kernel)
