"""Candidates: groups found on one half of the objects, with the verdict of the other half."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph.bots import _coaction_search as search
from influgraph.bots import _coaction_test as test

Ints = npt.NDArray[np.integer[Any]]
Folds = npt.NDArray[np.int8]

PROMISING = (
    2.0  # standard deviations of joint acts above what needs no explanation, where a candidate was found
)
FEW = 60  # draws of what a candidate would do by chance where it was found
SAME = 0.5  # share of the smaller of two candidates in both from which on they are one


@dataclass(frozen=True)
class Candidate:
    """A group found on one half: by how much it stood out there, and the verdict on the other half."""

    members: Ints
    window: str
    fold: int
    excess: float
    verdict: test.Verdict


def find_candidates(
    ground: test.Ground, folds: Folds, lengths: dict[str, float], *, least: int, rng: np.random.Generator
) -> tuple[list[Candidate], pd.DataFrame]:
    """Groups that stand out in one half, with the verdict on the other one; and a row per window."""
    found, rows = [], {}
    for window, seconds in lengths.items():
        near = test.closeness(ground, seconds)
        here, tested, pairs = [], 0, 0
        for fold in (0, 1):
            part = np.flatnonzero(folds[ground.acts.unit] == fold)
            met, did = search.count_met(ground.acts, seconds, part)
            ties = search.find_ties(ground.acts, seconds, part, met=met, did=did)
            tested, pairs = tested + ties.tested, pairs + ties.one.size
            for group in search.find_groups(ties, ground.acts.accounts, least=least):
                one = _try(ground, group, window, test.Half(seconds, near, folds, fold), rng)
                here += [] if one is None else [one]
        found += here
        rows[window] = {"pairs": tested, "ties": pairs, **_sweep_row(here)}
    return found, pd.DataFrame.from_dict(rows, orient="index").rename_axis("window")


def _try(
    ground: test.Ground, group: Ints, window: str, half: test.Half, rng: np.random.Generator
) -> Candidate | None:
    """Judge a group where it was found, and where it stands out there, on the other half."""
    found = test.judge(ground, group, half, runs=FEW, rng=rng)
    if found.excess < PROMISING:
        return None
    verdict = test.judge(ground, group, replace(half, fold=1 - half.fold), rng=rng)
    return Candidate(group, window, half.fold, found.excess, verdict)


def _sweep_row(candidates: list[Candidate]) -> dict[str, object]:
    accounts = [one.members for one in candidates]
    return {
        "candidates": len(candidates),
        "accounts": np.unique(np.concatenate(accounts)).size if accounts else 0,
        "joint": sum(one.verdict.joint for one in candidates),
        "expected": sum(one.verdict.expected for one in candidates),
        "clusters": sum(one.verdict.p_value <= 0.05 for one in candidates),
    }


def merge(candidates: list[Candidate]) -> list[Candidate]:
    """Of candidates that are one keep that which stood out most where it was found, with a p-value for all.

    Within a half the choice looks at that half alone, so its verdict stands; over both halves the lower of
    two p-values counts twice.
    """
    kept: list[Candidate] = []
    for one in sorted(candidates, key=lambda candidate: -candidate.excess):
        at = next((place for place, other in enumerate(kept) if _overlap(one, other) >= SAME), None)
        if at is None:
            kept.append(one)
        elif kept[at].fold in {0, 1} and kept[at].fold != one.fold:
            low, high = sorted((kept[at].verdict, one.verdict), key=lambda verdict: verdict.p_value)
            both = test.Verdict(
                low.joint + high.joint, low.expected + high.expected, min(1.0, 2 * low.p_value)
            )
            kept[at] = replace(kept[at], verdict=both, fold=2)
    return kept


def _overlap(one: Candidate, other: Candidate) -> float:
    shared = np.intersect1d(one.members, other.members, assume_unique=True).size
    return float(shared / min(one.members.size, other.members.size))
