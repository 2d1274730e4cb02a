"""Compiled passes of the attribution beside the plain numpy that says what they mean."""

import numpy as np
import pytest

from influgraph.influence import _baseline, _effects, _kernels

OUTCOMES, AUTHORS, CELLS, PAIRS = 50, 7, 6, 400


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
    ours = _kernels.share_credit(*pairs, theta, kernel, baseline)
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
    np.testing.assert_allclose(added, np.bincount(position, kernel[cell]))


def test_levels_explain_what_pairs_of_outcomes_share() -> None:
    rng = np.random.default_rng(5)
    outcome, place, odds = np.tile(np.arange(OUTCOMES), 2), np.repeat([0, 1], OUTCOMES), rng.random(100)
    cell, wanted = rng.integers(0, 4, OUTCOMES), np.zeros(2)
    for i in range(100):
        for j in range(100):
            if i != j and place[i] == place[j] and cell[outcome[i]] == cell[outcome[j]]:
                size = (cell == cell[outcome[i]]).sum()
                wanted[place[i]] += odds[i] * odds[j] / (size - 1 + 20)
    found = _effects._explained(cell, 20.0, odds, outcome, place, 2)
    np.testing.assert_allclose(found, wanted)


def test_odds_lie_in_the_bins_of_their_logarithms() -> None:
    odds = np.exp(np.random.default_rng(5).uniform(np.log(1e-18), np.log(1e30), 20_000))
    number, total = _kernels._sum_in_bins(
        odds, odds.astype(np.float32).view(np.int32), *_kernels._odds_bins(3.0)
    )
    wanted = np.clip((np.log(odds * 3.0) - np.log(1e-12)) / np.log(1.5), 0, 127).astype(int)
    np.testing.assert_array_equal(number, np.bincount(wanted, minlength=128))
    np.testing.assert_allclose(total, np.bincount(wanted, odds, 128))


def test_positions_are_spread_over_the_knots_beside_them() -> None:
    position = np.array([0.0, 0.25, 5.0, 30.0, 99.0])
    weight = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    found = dict(zip(_baseline._KNOTS.tolist(), _baseline._spread(position, weight).tolist(), strict=True))
    assert found == pytest.approx({0: 2.5, 1: 0.5, 2: 0, 3: 0, 4: 1.5, 6: 1.5, 9: 0, 15: 0, 30: 9})
