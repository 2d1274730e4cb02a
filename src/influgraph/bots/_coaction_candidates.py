"""Candidates: groups found on one half of the objects and judged on the other, over several splits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph.bots import _coaction_ground as surveying
from influgraph.bots import _coaction_search as search
from influgraph.bots import _coaction_test as test

Ints = npt.NDArray[np.integer[Any]]
Folds = npt.NDArray[np.int8]

SPLITS = 4  # of the objects into halves
MANY = 200_000  # acts from which on there is one split: halves are large, and time is dear
PROMISING = (
    2.0  # standard deviations of joint acts above what needs no explanation, where a candidate was found
)
FEW = 60  # draws of what a candidate would do by chance where it was found
SAME = 0.5  # share of the accounts of two candidates that are in both, from which on they are one
PART = 0.5  # share of the smaller of two clusters that is in the other, from which on they tell the same
HALVES = 1 / 4  # share of the halves that have to speak for a cluster


@dataclass(frozen=True)
class Candidate:
    """A group found on one half: by how much it stood out there, and the verdict on the other half."""

    members: Ints
    window: str
    half: int
    excess: float
    verdict: test.Verdict


def split(objects: int, acts: int, *, rng: np.random.Generator) -> list[Folds]:
    """Halves of the objects, several times over where acts are not many."""
    halves = np.arange(objects) % 2
    return [rng.permutation(halves).astype(np.int8) for _ in range(1 if acts >= MANY else SPLITS)]


def find_candidates(
    ground: surveying.Ground,
    splits: list[Folds],
    lengths: dict[str, float],
    *,
    least: int,
    rng: np.random.Generator,
) -> tuple[list[Candidate], pd.DataFrame]:
    """Groups that stand out in a half, with the verdict on the other one; and a row per window."""
    sides = [
        [(folds, fold, surveying.unit_sizes(ground, folds, fold)) for fold in (0, 1)] for folds in splits
    ]
    found, rows = [], {}
    for window, seconds in lengths.items():
        near = surveying.closeness(ground, seconds)
        here, tested, pairs = [], 0, 0
        for number, sides_here in enumerate(sides):
            one, other = (surveying.Half(seconds, near, *side) for side in sides_here)
            for half, pair in ((2 * number, (one, other)), (2 * number + 1, (other, one))):
                ties = _ties(ground, pair[0])
                tested, pairs = tested + ties.tested, pairs + ties.one.size
                groups = search.find_groups(ties, ground.acts.accounts, least=least)
                tried = (_try(ground, group, window, half, pair, rng) for group in groups)
                here += [candidate for candidate in tried if candidate is not None]
        found += here
        rows[window] = {
            "pairs": tested // len(splits),
            "ties": pairs // len(splits),
            **_sweep_row(here),
        }
    return found, pd.DataFrame.from_dict(rows, orient="index").rename_axis("window")


def _ties(ground: surveying.Ground, half: surveying.Half) -> search.Ties:
    part = np.flatnonzero(half.folds[ground.acts.unit] == half.fold)
    met, did = search.count_met(ground.acts, half.window, part)
    beside = ground.alone.sum(axis=1) / 2
    met *= part.size / max(part.size + beside.sum(), 1)
    return search.find_ties(ground.acts, half.window, part, met=met, did=did + beside)


def _try(
    ground: surveying.Ground,
    group: Ints,
    window: str,
    half: int,
    pair: tuple[surveying.Half, surveying.Half],
    rng: np.random.Generator,
) -> Candidate | None:
    """Judge a group where it was found, and where it stands out there, on the other half."""
    found = test.judge(ground, group, pair[0], runs=FEW, rng=rng)
    if found.excess < PROMISING:
        return None
    return Candidate(group, window, half, found.excess, test.judge(ground, group, pair[1], rng=rng))


def _sweep_row(candidates: list[Candidate]) -> dict[str, object]:
    accounts = [one.members for one in candidates]
    return {
        "candidates": len(candidates),
        "accounts": np.unique(np.concatenate(accounts)).size if accounts else 0,
        "joint": sum(one.verdict.joint for one in candidates),
        "expected": sum(one.verdict.expected for one in candidates),
        "clusters": sum(one.verdict.p_value <= 0.05 for one in candidates),
    }


def merge(candidates: list[Candidate], *, halves: int) -> list[Candidate]:
    """Of candidates that are one keep that which stood out most where it was found, with a p-value for all.

    Within a half the choice looks at that half alone, so its verdict stands. Of two clusters of which one is
    mostly part of the other only that with the lower p-value can be significant.
    """
    clusters: list[list[Candidate]] = []
    for one in sorted(_distinct(candidates), key=lambda candidate: -candidate.excess):
        alike = (group for group in clusters if _shared(one, group[0]) >= SAME and not _has(group, one.half))
        if (group := next(alike, None)) is None:
            clusters.append([one])
        else:
            group.append(one)
    return _apart([_whole(group, halves) for group in clusters])


def _distinct(candidates: list[Candidate]) -> list[Candidate]:
    """Of candidates of one half that are one, that which stands out most."""
    kept: list[Candidate] = []
    for one in sorted(candidates, key=lambda candidate: -candidate.excess):
        if not any(one.half == other.half and _shared(one, other) >= SAME for other in kept):
            kept.append(one)
    return kept


def _has(group: list[Candidate], half: int) -> bool:
    return any(one.half == half for one in group)


def _whole(group: list[Candidate], halves: int) -> Candidate:
    """The first of a group, with the p-value of all: what a quarter of the halves reach, over their share.

    A half that did not find the group counts one. Of false clusters, however halves depend on one another
    and candidates are matched, at most as many have a p-value up to t as t times the candidates of a half,
    on average: each takes so many candidates with a p-value up to t times that share (Markov; Meinshausen,
    Meier & Buehlmann 2009 for a fixed quantile).
    """
    needed = int(np.ceil(HALVES * halves - 1e-9))
    reached = sorted([one.verdict.p_value for one in group] + [1.0] * (halves - len(group)))[needed - 1]
    verdict = replace(group[0].verdict, p_value=min(1.0, reached * halves / needed))
    return replace(group[0], verdict=verdict)


def _apart(clusters: list[Candidate]) -> list[Candidate]:
    """Let a cluster that is mostly part of a likelier one that counts, or the other way round, not count."""
    counting: list[Candidate] = []
    nested: list[Candidate] = []
    for one in sorted(clusters, key=lambda cluster: (cluster.verdict.p_value, -cluster.excess)):
        if any(_shared(one, other, of_smaller=True) >= PART for other in counting):
            nested.append(replace(one, verdict=replace(one.verdict, p_value=1.0)))
        else:
            counting.append(one)
    return counting + nested


def _shared(one: Candidate, other: Candidate, *, of_smaller: bool = False) -> float:
    """Share of all accounts of two candidates, or of the smaller one's, that are in both."""
    sizes = one.members.size, other.members.size
    both = np.intersect1d(one.members, other.members, assume_unique=True).size
    return float(both / (min(sizes) if of_smaller else sum(sizes) - both))
