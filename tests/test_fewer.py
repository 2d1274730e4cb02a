"""Effects below zero: by hand, by law, where they are planted and where nobody has any."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence import _effects, _exposure, _fewer, _fewer_kernels, _intensity, attribution

BEGIN = pd.Timestamp("2024-01-01", tz="UTC")
SOURCES, PEOPLE, DAYS, POSTS = 40, 1500, 42, 9
FEWER = ("s3", "s7")


def _rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def _world(*, seed: int, kept: float) -> tuple[Dataset, pd.Series]:
    """Posts and purchases at any hour; of those in the three days after posts of two sources a part is kept.

    And how many outcomes each of the two has more, below zero.
    """
    rng = _rng(seed)
    follows = np.unique(rng.integers(0, [PEOPLE, SOURCES], (PEOPLE * 6, 2)), axis=0)
    times = rng.uniform(0, DAYS, (SOURCES, POSTS))
    buyer = rng.choice(PEOPLE, PEOPLE * 4, p=rng.dirichlet(np.full(PEOPLE, 2.0)))
    bought, gone = rng.uniform(0, DAYS, len(buyer)), np.zeros((len(buyer), len(FEWER)), bool)
    for column, name in enumerate(FEWER):
        source = int(name[1:])
        since = bought[:, None] - times[source]
        after = ((since > 0) & (since < 3)).any(axis=1)
        moved = np.isin(buyer, follows[follows[:, 1] == source, 0])
        gone[:, column] = after & moved & (rng.random(len(buyer)) > kept)
    left, alone = ~gone.any(axis=1), gone[gone.sum(axis=1) == 1].sum(axis=0)
    tables = {
        "follows": pd.DataFrame(
            {"follower_id": _names("m", follows[:, 0]), "followed_id": _names("s", follows[:, 1])}
        ),
        "posts": pd.DataFrame(
            {
                "post_id": [f"p{number}" for number in range(times.size)],
                "author_id": _names("s", np.repeat(np.arange(SOURCES), POSTS)),
                "created_at": BEGIN + pd.to_timedelta(times.ravel(), unit="D"),
            }
        ),
        "engagements": pd.DataFrame(
            {
                "account_id": _names("m", buyer[left]),
                "kind": "purchase",
                "created_at": BEGIN + pd.to_timedelta(bought[left], unit="D"),
            }
        ),
    }
    return dataset.from_tables(**tables), pd.Series(-alone, FEWER)


def _names(letter: str, numbers: np.ndarray) -> list[str]:
    return [f"{letter}{number}" for number in numbers]


def _search(data: Dataset, *, tried: str | None = None) -> pd.DataFrame:
    acts = dataset.resolved_engagements(data)
    scene = _exposure.find_scene(data, acts, niche=np.zeros(len(data.account_ids), int))
    assert not isinstance(scene, str)
    exposure = _exposure.expose(scene, window=3 * 86400.0)
    fitted = _intensity.fit_intensity(exposure)
    effects = _effects.sample_effects(exposure, fitted, sweeps=40, rng=_rng())
    settled = np.asarray(data.account_ids[exposure.authors] == tried)
    found = _fewer.find_fewer(scene, exposure, fitted, effects, tried=settled)
    numbers = pd.DataFrame(found.numbers, columns=["low", "effect", "high"])
    numbers = numbers.assign(q=found.q, missing=found.missing, shown=found.shown)
    return numbers.set_axis(data.account_ids[exposure.authors[effects.authors]])


@pytest.fixture(scope="module")
def planted() -> tuple[Dataset, pd.Series]:
    return _world(seed=1, kept=0.3)


def test_those_after_whose_posts_people_act_less_are_found(planted: tuple[Dataset, pd.Series]) -> None:
    data, truth = planted
    found = _search(data)
    assert set(found.index[found["shown"]]) == set(FEWER)
    assert (found.loc[list(FEWER), "high"] < 0).all()
    assert found.loc[list(FEWER), "effect"].sum() == pytest.approx(truth.sum(), rel=0.25)
    covered = found["low"].reindex(truth.index).le(truth) & found["high"].reindex(truth.index).ge(truth)
    assert covered.all()
    assert found["missing"].isna().eq(found["q"].notna()).all()


@pytest.mark.parametrize("seed", range(2))
def test_nobody_is_found_where_posts_change_nothing(seed: int) -> None:
    data, truth = _world(seed=seed, kept=1.0)
    found = _search(data)
    assert (truth == 0).all()
    assert found["q"].notna().sum() > SOURCES / 2
    assert not found["shown"].any()


def test_trials_go_before_what_is_seen_without_them(planted: tuple[Dataset, pd.Series]) -> None:
    found = _search(planted[0], tried="s3")
    assert found.loc["s3", "missing"] == "trials tell"
    assert set(found.index[found["shown"]]) == {"s7"}


def test_too_little_is_null_with_its_reason(planted: tuple[Dataset, pd.Series]) -> None:
    data = planted[0]
    few = dataset.from_tables(
        follows=data.follows, posts=data.posts, engagements=data.engagements.sample(60, random_state=1)
    )
    found = _search(few)
    assert found[["q", "effect"]].isna().all(axis=None)
    assert found["missing"].str.startswith("too few outcomes").all()


def test_windows_count_once_and_from_the_follow_on() -> None:
    """Accounts 0 and 1 follow 4, who posts at hours 2, 4 and 20; 1 since hour 3; windows last five hours."""
    time = np.array([2.0, 4.0, 20.0])
    start, place, share = _fewer_kernels.exposed_share(
        np.array([True, True, False, False, False]),
        np.array([0, 1, 2, 3, 3, 3]),
        np.array([4, 4, 4]),
        np.array([-np.inf, 3.0, -np.inf]),
        np.array([0, 0, 0, 0, 0, 3]),
        time,
        time,
        np.minimum(time + 5, 24),
        np.zeros(3, int),
        1,
        np.array([0, 1, 0, 0, 0]),
        np.stack([np.linspace(0, 1, 25), np.append(np.zeros(21), np.arange(1, 5) / 4)]),
    )
    assert start.tolist() == [0, 1, 2, 2, 2, 2]
    assert place.tolist() == [0, 0]
    # Hours 2-9 and 20-24 of a level day; the niche of 1 acts in the last four hours only.
    np.testing.assert_allclose(share, [(7 + 4) / 24, 1.0])


def test_the_part_kept_is_the_ratio_of_both_counts_and_its_ends_are_as_far_as_asked() -> None:
    within, without, information = np.array([20.0, 0.0]), np.array([40.0, 30.0]), np.array([30.0, 20.0])
    counts = _fewer._Counts(within, without, np.array([50.0, 40.0]), information)
    assert counts.kept().tolist() == [0.5, _fewer._LEAST_KEPT]
    assert counts.variance()[0] == pytest.approx(30 + (0.03 * 30) ** 2)
    for deviation in (-2.0, 2.0):
        part = counts.kept(deviation)[0]
        assert (part - 0.5) * deviation > 0
        assert (20 - part * 40) ** 2 == pytest.approx(4 * part * counts.variance()[0])


def test_fewer_are_what_would_have_been_there() -> None:
    """Of 40 outcomes, half of them in windows, ten were lost there: 20 others and 10 of 20 are left."""
    chance = sparse.csr_array(np.array([[0.5]]))
    assert _fewer._effect(chance, np.array([30.0]), np.array([0.5]))[0] == pytest.approx(-10)
    assert _fewer._effect(chance, np.array([40.0]), np.array([1.0]))[0] == 0


def test_false_discoveries_are_held_to_their_share() -> None:
    rng, tested = _rng(), np.arange(300) < 280
    score = rng.normal(0, 2, 300)
    score[:3] = -20
    counts = _fewer._Counts(score * 3, np.zeros(300), np.full(300, 50.0), np.full(300, 9.0))
    q, spread = _fewer._false_discovery(counts, tested=tested)
    assert 1.7 < spread < 2.3, "scores that scatter twice as far are half as sure"
    assert set(np.flatnonzero(q < 0.05)) == {0, 1, 2}
    assert np.isnan(q[~tested]).all()


def test_what_is_lowered_still_adds_up() -> None:
    """Two authors of two labels; the second is shown to have thirty fewer."""
    nothing = np.full(3, np.nan)
    fewer = _fewer.Fewer(
        np.array([0.9, 0.01]), np.array([None, None]), np.stack([nothing, np.array([-50.0, -30.0, -10.0])])
    )
    numbers = np.array([[1.0, 2.0, 3.0, 4.0], [0.0, 0.5, 1.0, 0.75]])
    assert fewer.lower(numbers).tolist() == [[1, 2, 3, 4], [-50, -30, -10, -29.75]]
    labels = pd.DataFrame(
        {"author": [0, 0, 1, 1], "label": [0, 1, 0, 1], "mean": [1.5, 0.5, 0.2, 0.3], "low": 0.0, "high": 1.0}
    )
    lowered = fewer.lower_labels(labels)
    assert lowered["mean"].tolist() == [1.5, 0.5, -12, -18]
    assert lowered["low"].tolist() == [0, 0, -20, -30]
    draws = fewer.lower_draws(np.ones((2, 4000)), rng=_rng())
    assert (draws[0] == 1).all()
    assert np.quantile(draws[1], [0.05, 0.95]) == pytest.approx([-50, -10], abs=1.5)


def test_influence_lies_below_zero_where_people_act_less(planted: tuple[Dataset, pd.Series]) -> None:
    data, truth = planted
    nowhere = pd.Series(pd.NA, index=data.account_ids, dtype="Int64")
    found = attribution.incremental_actions(data, kinds=["purchase"], niches=nowhere, rng=_rng())
    accounts = found.accounts.dropna(subset="influence")
    below = accounts.index[accounts["influence_high"] < 0]
    assert set(below) == set(FEWER)
    assert (accounts.loc[below, "suppression_q"] < 0.05).all()
    assert (accounts["influence_low"] <= accounts["influence"]).all()
    assert (accounts["influence"] <= accounts["influence_high"]).all()
    assert (accounts.loc[below, "influence_rate"] < 0).all()
    made_of = accounts["outcomes_after"] - accounts["had_anyway"] - accounts["due_to_others"]
    total = made_of + accounts["shrinkage"] - accounts["through_reposts"]
    np.testing.assert_allclose(total, accounts["influence"], atol=1e-9)
    by_niche = found.by_niche.groupby("account_id")["influence"].sum()
    np.testing.assert_allclose(by_niche[truth.index], accounts.loc[truth.index, "influence"])
    drawn = pd.DataFrame(found.draws, accounts.index).loc[below].mean(axis=1)
    np.testing.assert_allclose(drawn, accounts.loc[below, "influence"], rtol=0.2)
    assert 0 <= found.credited < 0.05 * found.outcomes
