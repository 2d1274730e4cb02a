"""Pairs of people judged by people: the folds keep persons apart, and what the shipped pairs can carry."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score


@pytest.fixture(scope="module")
def peerindex() -> ModuleType:
    """Return the benchmark as a module."""
    path = Path(__file__).parents[1] / "benchmarks" / "peerindex.py"
    spec = importlib.util.spec_from_file_location("peerindex", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _drawn(module: ModuleType, count: int = 60, pairs: int = 400) -> pd.DataFrame:
    """Pairs of people whose followers say who is chosen, with noise, and nothing else does."""
    rng = np.random.default_rng(1)
    people = rng.lognormal(5, 1, (count, len(module.FEATURES)))
    first, second = rng.permuted(np.tile(np.arange(count), (pairs, 1)), axis=1)[:, :2].T
    sides = {"A": people[first], "B": people[second]}
    table = {
        f"{side}_{name}": values[:, place]
        for side, values in sides.items()
        for place, name in enumerate(module.FEATURES)
    }
    gap = np.log(people[first, 0] / people[second, 0])
    chosen = rng.random(pairs) < 1 / (1 + np.exp(-1.5 * gap))
    return pd.DataFrame({"Choice": chosen.astype(int), **table})


def test_weighted_area_is_that_of_the_reference(peerindex: ModuleType) -> None:
    rng = np.random.default_rng(2)
    score, chosen, weights = rng.integers(0, 9, 200), rng.integers(0, 2, 200), rng.integers(0, 4, (200, 3))
    areas = peerindex.auc(score.astype(float), chosen, weights.astype(float))
    for area, weight in zip(areas, weights.T, strict=True):
        assert area == pytest.approx(roc_auc_score(chosen, score, sample_weight=weight))


def test_no_person_is_in_both_parts(peerindex: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = _drawn(peerindex)
    who = peerindex.persons(pairs)
    assert len(np.unique(who)) == 60
    seen = []

    def watched(known: pd.DataFrame, chosen: np.ndarray, wanted: pd.DataFrame) -> np.ndarray:
        assert len(known) == len(chosen)
        seen.append((set(who[known.index].ravel()), set(who[wanted.index].ravel()), len(wanted)))
        return np.zeros(len(wanted))

    monkeypatch.setattr(peerindex, "_fitted", watched)
    rng = np.random.default_rng(3)
    odds = peerindex.unseen(peerindex.log_ratios(pairs), pairs["Choice"].to_numpy(), who, rng=rng)
    assert all(not known & wanted for known, wanted, _ in seen)
    assert sum(count for _, _, count in seen) == len(pairs)
    assert not np.isnan(odds).any()


def test_a_model_of_what_decides_is_no_better_than_it(peerindex: ModuleType) -> None:
    judged = peerindex.judge(_drawn(peerindex), rng=np.random.default_rng(4)).set_index("by")
    assert judged.loc["followers", "auc, low"] > 0.7
    assert judged.loc["listed", "auc, high"] < 0.65
    assert judged.loc["model, persons unseen", "ahead of followers, low"] < 0
    assert (judged["auc, low"] <= judged["auc"]).all()
    assert (judged["auc"] <= judged["auc, high"]).all()


def test_what_the_shipped_pairs_can_carry(peerindex: ModuleType, shared_data: Path) -> None:
    pairs = pd.read_csv(shared_data / "peerindex_pairs" / "pairs.csv.gz")
    assert (len(pairs), peerindex.persons(pairs).max() + 1) == (1753, 444)
    judged = peerindex.judge(pairs, rng=np.random.default_rng(7)).set_index("by")
    assert judged.loc["followers", "auc"] == pytest.approx(0.853, abs=0.0005)
    assert judged.loc["listed", "auc"] == pytest.approx(0.857, abs=0.0005)
    unseen = judged.loc["model, persons unseen"]
    assert 0.85 < unseen["auc"] < 0.875
    assert unseen["ahead of followers, low"] < 0 < unseen["ahead of followers"]  # not told from nothing
    assert judged.loc["model, persons recur", "ahead of followers, low"] > 0  # what recurring persons flatter
