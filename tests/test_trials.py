"""Trials: likelihood by hand, coverage, what a code can say, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from influgraph.dataset import DatasetError
from influgraph.influence import trials

IDS = pd.Index(["ann", "ben", "cem", "dia", "eva"])
GRID = np.linspace(-0.02, 0.04, 241)


def _rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def _arms(treated: float, control: float, **columns: object) -> pd.DataFrame:
    """500 people shown 8 posts, and 500 shown none."""
    rows = {"account_id": "ben", "arm": ["treated", "control"], "people": 500, "posts": [8, 0]}
    return pd.DataFrame({**rows, "outcomes": [treated, control], **columns})


def _ben(table: pd.DataFrame, rates: np.ndarray) -> np.ndarray:
    likelihood = trials.trial_likelihood(table, IDS, rates)
    assert (np.delete(likelihood, 1, axis=0) == 0).all(), "where there is no trial it says nothing"
    assert likelihood.max() == 0
    return likelihood[1]


@pytest.mark.parametrize("counts", [(40, 12), (3, 0), (0, 0), (0, 4), (2000, 1500)])
def test_two_arms_by_hand(counts: tuple[int, int]) -> None:
    """The rate of the controls integrated out, with a prior flat in its square root."""
    rates = np.linspace(0, 1, 7) * 4 * (sum(counts) + 4) / 4000

    def likelihood(rate: float) -> float:
        def joint(root: float) -> float:
            treated = stats.poisson.pmf(counts[0], 500 * root**2 + 4000 * rate)
            return float(treated * stats.poisson.pmf(counts[1], 500 * root**2))

        middle = [np.sqrt(count / 500) for count in (counts[1], sum(counts) / 2)]
        top = max(middle) + 0.4
        return float(integrate.quad(joint, 0, top, points=middle, limit=400)[0])

    wanted = np.log([max(likelihood(rate), 1e-300) for rate in rates])
    shown = wanted > wanted.max() - 200
    found = _ben(_arms(*counts), rates)
    np.testing.assert_allclose(found[shown], (wanted - wanted.max())[shown], atol=0.02)


def test_no_outcome_anywhere_excludes_large_effects_only() -> None:
    found = _ben(_arms(0, 0), np.array([0, 1e-5, 1e-2]))
    assert found[0] == 0
    assert found[1] == pytest.approx(-0.04, abs=0.01)
    assert found[2] == pytest.approx(-40, abs=0.1)


def test_negative_rates_are_weighed_too() -> None:
    found = _ben(_arms(10, 40), np.array([-0.02, -0.0075, 0.0]))
    assert found[1] == 0
    assert found[0] < -3
    assert found[2] < -5
    impossible = _ben(_arms(0, 0), np.array([-1.0, 0.0]))
    assert impossible[0] < -100


def test_each_account_may_have_rates_of_its_own() -> None:
    rates = np.tile([0.0, 0.005, 0.01], (5, 1)) * np.arange(1, 6)[:, None]
    found = trials.trial_likelihood(_arms(40, 12), IDS, rates)
    np.testing.assert_allclose(found[1], _ben(_arms(40, 12), rates[1]))
    with pytest.raises(
        ValueError, match=r"rates: one row, or one for each of the 5 accounts, received \(4, 3"
    ):
        trials.trial_likelihood(_arms(40, 12), IDS, rates[:4])


def _draw(mean: float, spread: float, rng: np.random.Generator) -> int:
    return int(rng.poisson(mean) if spread == 1 else rng.negative_binomial(mean / (spread - 1), 1 / spread))


def _interval(log_likelihood: np.ndarray) -> tuple[float, float]:
    """90 % of the likelihood over the grid of rates."""
    below = np.exp(log_likelihood).cumsum()
    low, high = np.searchsorted(below / below[-1], [0.05, 0.95])
    return float(GRID[low]), float(GRID[high])


def _holds(table: pd.DataFrame, rate: float) -> bool:
    low, high = _interval(_ben(table, GRID))
    return low <= rate <= high


@pytest.mark.parametrize(
    ("people", "anyway", "rate", "spread"),
    [(500, 0.04, 0.005, 1.0), (60, 0.03, 0.004, 1.0), (500, 0.1, 0.008, 2.5), (500, 0.04, 0.0, 1.0)],
)
def test_intervals_cover_the_rate(people: int, anyway: float, rate: float, spread: float) -> None:
    rng, inside = _rng(), []
    for _ in range(160):
        counts = [_draw(people * mean, spread, rng) for mean in (anyway + 8 * rate, anyway)]
        inside.append(_holds(_arms(*counts, overdispersion=spread).assign(people=people), rate))
    assert 0.84 < np.mean(inside) < 0.98


def _switchback(rng: np.random.Generator, *, pairs: int = 6, rate: float = 0.002) -> pd.DataFrame:
    """Weeks in pairs, shaken by shocks from week to week: 300 people, 5 posts in a week on."""
    tables = []
    for pair in range(pairs):
        means = [300 * (0.1 + 5 * rate), 300 * 0.1]
        counts = [_draw(mean, 3.0, rng) for mean in means]
        tables.append(_arms(*counts).assign(people=300, posts=[5, 0], trial=f"pair {pair}"))
    return pd.concat(tables, ignore_index=True)


def test_rows_that_scatter_more_than_chance_are_believed_less() -> None:
    rng, learnt, naive = _rng(), [], []
    for _ in range(50):
        table = _switchback(rng)
        learnt.append(_holds(table, 0.002))
        naive.append(_holds(table.assign(overdispersion=1.0), 0.002))
    assert np.mean(learnt) > 0.82
    assert np.mean(naive) < 0.8


def test_a_trial_settles_what_a_coin_cannot() -> None:
    rates = np.linspace(0, 0.03, 61)
    few, many = (_ben(_arms(20 * n, 10 * n).assign(people=500 * n), rates) for n in (1, 10))
    assert (many <= few + 1e-9)[rates != 0.0025].sum() > 50
    assert few[0] > -2.5
    assert many[0] < -10


def test_trials_of_one_account_add_up() -> None:
    rates = np.linspace(0, 0.03, 31)
    one, other = _arms(30, 20, trial="spring"), _arms(15, 9, trial="autumn")
    both = _ben(pd.concat([one, other]), rates)
    added = _ben(one, rates) + _ben(other, rates)
    np.testing.assert_allclose(both, added - added.max(), atol=1e-9)


def test_a_code_counts_what_carries_it_and_discounts_what_would_have() -> None:
    rates = np.linspace(0, 0.05, 201)
    arms = {"account_id": "ben", "arm": ["code", "control"], "people": 500, "posts": [8, 0]}

    def best(coded: int, control: int, **columns: object) -> float:
        table = pd.DataFrame({**arms, "outcomes": [coded, control], **columns})
        return float(rates[np.argmax(_ben(table, rates))])

    assert best(36, 0) == pytest.approx(36 / (4000 * 0.3), rel=0.25)
    assert best(36, 0, redemption=0.9) == pytest.approx(36 / (4000 * 0.9), rel=0.15)
    assert best(36, 360, anyway=0.1) == 0
    table = pd.DataFrame({**arms, "outcomes": [36, 0]})
    uncertain = np.diff(_interval(_ben(table, GRID)))
    certain = np.diff(_interval(_ben(_arms(36, 0, posts=[2.4, 0]), GRID)))
    assert uncertain > 1.4 * certain, "how many use the code is not known"


def test_all_that_is_wrong_is_told_at_once() -> None:
    table = pd.DataFrame(
        {
            "account_id": ["nobody", "ann", "ann", "ben", "cem", "dia", "dia"],
            "arm": ["treated", "shown", "control", "treated", "control", "treated", "control"],
            "people": [5, -3, 10, 10, 10, 10, 10],
            "posts": [2, 2, 4, 0, 0, 3, None],
            "outcomes": [1, 1, -2, "many", 1, 1, 1],
            "weeks": [1, 1, 0, 1, 1, 1, 1],
            "overdispersion": [1, 0.5, 1, 1, 1, "much", 1],
            "redemption": [2, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3],
            "anyway": [-1, 0, 0, 0, 0, 0, 0],
        }
    )
    with pytest.raises(DatasetError) as caught:
        trials.trial_likelihood(table, IDS, np.array([0.0, 1.0]))
    found = [(breach.column, breach.count, breach.problem.split(" ")[0]) for breach in caught.value.breaches]
    assert sorted(found) == [
        ("account_id", 1, "no"),
        ("anyway", 1, "must"),
        ("arm", 1, "a"),
        ("arm", 1, "no"),
        ("arm", 2, "a"),
        ("outcomes", 2, "must"),
        ("overdispersion", 2, "must"),
        ("people", 1, "must"),
        ("posts", 1, "must"),
        ("posts", 1, "must"),
        ("redemption", 1, "must"),
        ("weeks", 1, "must"),
    ]
    assert "row 4: 'many'" in str(caught.value)
    with pytest.raises(DatasetError) as caught:
        trials.check_trials(pd.DataFrame({"account_id": ["ann"]}), IDS)
    assert [breach.column for breach in caught.value.breaches] == ["arm", "people", "posts", "outcomes"]


def test_nothing_tried_says_nothing() -> None:
    nothing = pd.DataFrame({name: [] for name in ("account_id", "arm", "people", "posts", "outcomes")})
    assert (trials.trial_likelihood(nothing, IDS, np.array([0.0, 0.1])) == 0).all()


def test_more_outcomes_than_people_are_refused_where_nobody_has_two() -> None:
    table = _arms(501, 9)
    assert len(trials.check_trials(table, IDS)) == 2
    with pytest.raises(DatasetError, match="more outcomes than people") as caught:
        trials.check_trials(table, IDS, once=True)
    assert caught.value.breaches[0].examples == ("row 1: 501",), "a plain number"


def test_effects_by_trial_are_the_differences_per_exposure() -> None:
    """40 against 12 in 500 people: 28 more by 4,000 exposures."""
    found = trials.trial_effects(pd.concat([_arms(40, 12), _arms(12, 40).assign(account_id="ann")]), IDS)
    assert found.index.tolist() == ["ann", "ben"]
    assert found["effect"].tolist() == pytest.approx([-6.73, 7], abs=0.1)
    low, high = _interval(_ben(_arms(40, 12), GRID))
    assert found.loc["ben", ["effect_low", "effect_high"]].tolist() == pytest.approx(
        [1000 * low, 1000 * high], abs=0.3
    )
    assert trials.trial_effects(_arms(1, 1).head(0), IDS).empty
