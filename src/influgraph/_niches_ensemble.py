"""Many runs on parts of the ties: how far they agree, and what they say of the ties left out."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from influgraph._niches_layers import Labels, Layer, Numbers, Ties, excess, rewired, split, tie_up
from influgraph.uncertainty import partition_agreement

T = TypeVar("T")
S = TypeVar("S")

LEFT_OUT = 0.1
PASSES = 3
STEP = 2**0.5
COARSEST, FINEST = 0.5, 256.0
STILL = 0.99
MOST_RUNS = 32


@dataclass(frozen=True, eq=False)
class Sample:
    """A random nine tenths of the ties of each layer, and the tenth left out."""

    kept: Sequence[Layer]
    left_out: Sequence[Layer]


@dataclass(frozen=True)
class Trial:
    """What several runs at one resolution found.

    By layer, on ties left out: `inside` is the share that lies inside of niches, `by_chance` the share that
    would by chance, `error` its standard error. `agreement` is the mean adjusted Rand index of two runs.
    """

    resolution: float
    partitions: Sequence[Labels]
    agreement: float
    inside: Numbers
    by_chance: Numbers
    error: Numbers

    @property
    def excess(self) -> Numbers:
        """Share inside of niches beyond chance, by layer."""
        return self.inside - self.by_chance

    @property
    def information(self) -> Numbers:
        """What the niches tell of a tie left out, by layer, in nats: Kullback-Leibler, 0 below chance."""
        inside, chance = (np.clip(share, 1e-12, 1 - 1e-12) for share in (self.inside, self.by_chance))
        told = inside * np.log(inside / chance) + (1 - inside) * np.log((1 - inside) / (1 - chance))
        return np.asarray(np.where(inside > chance, told, 0.0))

    def score(self, shares: Numbers) -> float:
        """Information that two runs on other ties find again."""
        return float(self.information @ shares * max(self.agreement, 0.0) ** 2)


def at_once(work: Callable[[S], T], items: Iterable[S]) -> list[T]:
    """Do the work on all items, in as many threads as there are cores; results in order."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(work, items))


def find_partition(ties: Ties, *, resolution: float, seed: int) -> Labels:
    """One run of Leiden."""
    from influgraph._niches_kernels import leiden

    given = ties.indptr, ties.indices, ties.weights, ties.strengths, ties.signs * resolution
    found: Labels = leiden(*given, seed, PASSES)
    return found


def samples(layers: Sequence[Layer], *, runs: int, rng: np.random.Generator) -> list[Sample]:
    """Samples of the ties, one for each run."""
    drawn = [[split(layer, share=LEFT_OUT, rng=rng) for layer in layers] for _ in range(runs)]
    return [Sample([kept for kept, _ in parts], [out for _, out in parts]) for parts in drawn]


class Ensemble:
    """Runs of Leiden on samples of the ties, of which each layer has its share.

    `size` counts accounts and terms, `accounts` the accounts, which come first.
    """

    def __init__(
        self, drawn: Sequence[Sample], shares: Numbers, *, size: int, accounts: int, rng: np.random.Generator
    ) -> None:
        self.drawn, self.shares, self.accounts, self.rng = drawn, shares, accounts, rng
        self.ties = at_once(lambda sample: tie_up(sample.kept, shares, size=size), drawn)

    def trial(self, resolution: float) -> Trial:
        """Run once on every sample."""
        seeds = self.rng.integers(2**62, size=len(self.ties)).tolist()
        found = at_once(
            lambda one: find_partition(one[0], resolution=resolution, seed=one[1]),
            zip(self.ties, seeds, strict=True),
        )
        told = np.array(
            [
                [excess(layer, label) for layer in sample.left_out]
                for sample, label in zip(self.drawn, found, strict=True)
            ]
        )
        inside, expected, worth = told.transpose(2, 0, 1)
        spread = np.maximum(expected * (1 - expected), 0) / np.maximum(worth, 1)
        agreement = mean_agreement([label[: self.accounts] for label in found])
        error = np.sqrt(spread.mean(axis=0) / len(found))
        return Trial(resolution, found, agreement, inside.mean(axis=0), expected.mean(axis=0), error)

    def scan(self) -> list[Trial]:
        """Trials at finer and finer resolution, until the score has fallen for good."""
        trials: list[Trial] = []
        resolution, best, fallen = COARSEST, 0.0, 0
        while resolution <= FINEST and fallen < 3:
            trials.append(self.trial(resolution))
            score = trials[-1].score(self.shares)
            fallen = fallen + 1 if score < best / 2 else 0
            best, resolution = max(best, score), resolution * STEP
        return trials


def mean_agreement(partitions: Sequence[Labels]) -> float:
    """Mean adjusted Rand index of two of the partitions; 0 where none tells anybody apart."""
    if all(label.max(initial=0) == 0 for label in partitions):
        return 0.0
    pairs = [partition_agreement(one, other) for one, other in combinations(partitions, 2)]
    return float(np.mean(pairs)) if pairs else float("nan")


def chance_excess(
    layers: Sequence[Layer],
    shares: Numbers,
    *,
    resolution: float,
    size: int,
    runs: int,
    rng: np.random.Generator,
) -> Trial:
    """The same trial on ties that are rewired at random."""
    drawn = samples([rewired(layer, size=size, rng=rng) for layer in layers], runs=runs, rng=rng)
    return Ensemble(drawn, shares, size=size, accounts=size, rng=rng).trial(resolution)


def consensus(
    ties: Ties, before: Sequence[Labels], *, resolution: float, runs: int, rng: np.random.Generator
) -> tuple[Labels, NDArray[np.float64], list[Labels]]:
    """Add runs on all ties until their consensus stands still: labels, share of votes for them, and runs."""
    found: list[Labels] = []
    label = before[0]
    while len(found) < MOST_RUNS:
        seeds = rng.integers(2**62, size=runs).tolist()
        found += at_once(lambda seed: find_partition(ties, resolution=resolution, seed=seed), seeds)
        last, label = label, _vote(found)
        if len(found) > runs and partition_agreement(last, label) >= STILL:
            break
    runs_made = [*found, *before]
    votes = np.mean([_in_terms_of(label, other) == label for other in runs_made], axis=0)
    return label, np.asarray(votes), runs_made


def _vote(partitions: Sequence[Labels]) -> Labels:
    """Niche of most votes, in the terms of the partition that agrees best with all."""
    count = len(partitions)
    likeness = np.eye(count)
    for one, other in combinations(range(count), 2):
        likeness[one, other] = likeness[other, one] = partition_agreement(partitions[one], partitions[other])
    typical = partitions[int(likeness.sum(axis=0).argmax())]
    named = np.stack([_in_terms_of(typical, label) for label in partitions])
    kept = (named == typical).mean(axis=0)
    label = typical.copy()
    for place in np.flatnonzero(kept <= 0.5):
        names, counts = np.unique(named[:, place], return_counts=True)
        label[place] = names[counts.argmax()]
    return label


def _in_terms_of(label: Labels, other: Labels) -> Labels:
    """The other partition, each of its niches under the name of the one it has most in common with."""
    alike, _ = overlaps(other, label)
    return alike[other]


def overlaps(one: Labels, other: Labels) -> tuple[Labels, NDArray[np.float64]]:
    """For each niche of one partition the niche of the other it is most alike, and their Jaccard index."""
    count, width = int(one.max()) + 1, int(other.max()) + 1
    cell, shared = np.unique(one.astype(np.int64) * width + other, return_counts=True)
    here, there = cell // width, cell % width
    sizes, others = np.bincount(one, minlength=count), np.bincount(other, minlength=width)
    jaccard = shared / (sizes[here] + others[there] - shared)
    order = np.lexsort((-there, jaccard))
    alike, most = np.zeros(count, np.int32), np.zeros(count)
    alike[here[order]], most[here[order]] = there[order], jaccard[order]
    return alike, most
