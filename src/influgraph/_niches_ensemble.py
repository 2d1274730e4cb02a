"""Many runs on parts of the ties: how far they agree, and what they say of the ties left out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from influgraph._niches_layers import Labels, Layer, Numbers, Ties, evening, excess, rewired, split, tie_up
from influgraph._threads import at_once

LEFT_OUT = 0.1
PASSES = 2
COARSEST, FINEST = -2, 16  # steps from resolution 1, of which two double it
STILL = 0.99
TABLED = 8, 20_000  # cells per account, and in all, up to which a table is quicker than sorting
MOST_RUNS = 16
HOPEFUL, NEAR, NEARER = 0.5, 0.7, 0.85
FEWEST_TO_LEAVE_ONE_OUT = 3


@dataclass(frozen=True, eq=False)
class Sample:
    """A random nine tenths of the ties of each layer, and the tenth left out."""

    kept: Sequence[Layer]
    left_out: Sequence[Layer]


@dataclass(frozen=True)
class Trial:
    """What runs at one resolution found, one run on each sample.

    `alike` is the adjusted Rand index of each two runs. By run and layer, on ties left out: `inside` is the
    share that lies inside of niches, `by_chance` the share that would by chance, `worth` how many ties tell.
    """

    resolution: float
    partitions: Sequence[Labels]
    alike: Numbers
    inside: Numbers
    by_chance: Numbers
    worth: Numbers

    def among(self, runs: NDArray[np.int64]) -> "Trial":
        """These runs alone."""
        partitions = [self.partitions[run] for run in runs.tolist()]
        tables = self.inside[runs], self.by_chance[runs], self.worth[runs]
        return Trial(self.resolution, partitions, self.alike[np.ix_(runs, runs)], *tables)

    def left_out(self, shares: Numbers, count: int) -> Numbers:
        """Scores of the first so many runs, with one after the other left out."""
        runs = np.arange(count)
        return np.array([self.among(np.delete(runs, run)).score(shares) for run in runs])

    @property
    def agreement(self) -> float:
        """Mean adjusted Rand index of two runs; 0 where none tells anybody apart."""
        if all(label.max(initial=0) == 0 for label in self.partitions):
            return 0.0
        return float(self.alike[np.triu_indices(len(self.alike), 1)].mean())

    @property
    def chance(self) -> Numbers:
        """Share inside of niches by chance, by layer."""
        return np.asarray(self.by_chance.mean(axis=0))

    @property
    def excess(self) -> Numbers:
        """Share inside of niches beyond chance, by layer."""
        return np.asarray(self.inside.mean(axis=0) - self.chance)

    @property
    def error(self) -> Numbers:
        """Standard error of the excess, by layer."""
        spread = np.maximum(self.by_chance * (1 - self.by_chance), 0) / np.maximum(self.worth, 1)
        return np.asarray(np.sqrt(spread.mean(axis=0) / len(self.partitions)))

    @property
    def information(self) -> Numbers:
        """What the niches tell of a tie left out, by layer, in nats: Kullback-Leibler, 0 below chance."""
        shares = self.inside.mean(axis=0), self.chance
        inside, chance = (np.clip(share, 1e-12, 1 - 1e-12) for share in shares)
        told = inside * np.log(inside / chance) + (1 - inside) * np.log((1 - inside) / (1 - chance))
        return np.asarray(np.where(inside > chance, told, 0.0))

    def score(self, shares: Numbers) -> float:
        """Information that two runs on other ties find again."""
        return float(self.information @ shares * max(self.agreement, 0.0) ** 2)


def simplest(trials: Sequence[Trial], shares: Numbers) -> Trial:
    """The coarsest of the trials with most runs whose score cannot be told from the best.

    It is behind by no more than a standard error, of the best or of the difference, whichever is less.
    """
    most = max(len(trial.partitions) for trial in trials)
    settled = [trial for trial in trials if len(trial.partitions) == most]
    best = max(settled, key=lambda trial: trial.score(shares))
    error = _error(best.left_out(shares, most))
    return next(
        trial
        for trial in settled
        if best.score(shares) - trial.score(shares) <= min(error, _error_between(trial, best, shares))
    )


def undecided(trials: Mapping[int, Trial], shares: Numbers) -> set[int]:
    """Places of the best trial and of those that may be it and have found something else.

    They may be it within a 99 % interval of the difference. The error of the best alone would not do: a few
    runs that agree by luck show none.
    """
    first = max(trials, key=lambda place: trials[place].score(shares))
    best = trials[first]
    return {first} | {
        place
        for place, trial in trials.items()
        if best.score(shares) - trial.score(shares)
        <= _widest(trial, best) * _error_between(trial, best, shares)
        and agreement(trial.partitions[0], best.partitions[0]) < STILL
    }


def _in_common(one: Trial, other: Trial) -> int:
    return min(len(one.partitions), len(other.partitions))


def _widest(one: Trial, other: Trial) -> float:
    """Standard errors on either side in a 99 % interval of a difference in the runs they have in common."""
    return float(stdtrit(max(_in_common(one, other) - 1, 1), 0.995))


def _error_between(one: Trial, other: Trial, shares: Numbers) -> float:
    """Standard error of the difference of two scores."""
    count = _in_common(one, other)
    return _error(one.left_out(shares, count) - other.left_out(shares, count))


def _error(left_out: Numbers) -> float:
    """Standard error of what becomes this with one run after the other left out (jackknife)."""
    runs = len(left_out)
    return float(np.sqrt((runs - 1) * np.var(left_out))) if runs >= FEWEST_TO_LEAVE_ONE_OUT else 0.0


def find_partition(ties: Ties, *, resolution: float, seed: int) -> Labels:
    """One run of Leiden."""
    from influgraph._niches_kernels import leiden

    given = ties.indptr, ties.indices, ties.weights, ties.strengths, ties.signs * resolution
    found: Labels = leiden(*given, seed, PASSES)
    return found


def sample(layers: Sequence[Layer], rng: np.random.Generator) -> Sample:
    """Draw the ties to be kept; of those left out, one account's count as much as another's."""
    parts = split(layers, share=LEFT_OUT, rng=rng)
    evened = [out.weighed(even) for (_, out), even in zip(parts, map(evening, layers), strict=True)]
    return Sample([kept for kept, _ in parts], evened)


class Ensemble:
    """Runs of Leiden on samples of the ties, of which each layer has its share.

    `size` counts accounts and terms, `accounts` the accounts, which come first.
    """

    def __init__(
        self, layers: Sequence[Layer], shares: Numbers, *, size: int, accounts: int, rng: np.random.Generator
    ) -> None:
        self.layers, self.shares, self.accounts, self.rng = layers, shares, accounts, rng
        self.size, self.drawn, self.ties = size, list[Sample](), list[Ties]()

    def trial(self, resolution: float, *, runs: int, before: Trial | None = None) -> Trial:
        """Run once on each of the first samples; what the trial before has found is not looked for again."""
        self._draw(runs)
        known = [] if before is None else list(before.partitions)
        ties = self.ties[len(known) : runs]
        seeds = self.rng.integers(2**62, size=len(ties)).tolist()
        found = known + at_once(
            lambda one: find_partition(one[0], resolution=resolution, seed=one[1]),
            zip(ties, seeds, strict=True),
        )
        told = np.array(
            [
                [excess(layer, label) for layer in drawn.left_out]
                for drawn, label in zip(self.drawn, found, strict=False)
            ]
        )
        alike = likeness([label[: self.accounts] for label in found])
        return Trial(resolution, found, alike, *told.transpose(2, 0, 1))

    def _draw(self, runs: int) -> None:
        """Have at least so many samples."""
        fresh = [sample(self.layers, self.rng) for _ in range(runs - len(self.drawn))]
        self.drawn += fresh
        self.ties += at_once(lambda one: tie_up(one.kept, self.shares, size=self.size), fresh)

    def look(self, places: Sequence[int] = tuple(range(COARSEST, FINEST + 1, 2))) -> dict[int, Trial]:
        """Trials of two runs, each at twice the resolution of the last, until the score has fallen for good.

        By place on the scale, on which two steps double the resolution.
        """
        trials: dict[int, Trial] = {}
        best, fallen = 0.0, 0
        for place in places:
            trials[place] = self.trial(_resolution(place), runs=2)
            score = trials[place].score(self.shares)
            fallen = fallen + 1 if score < best / 2 else 0
            best = max(best, score)
            if fallen == 2:
                break
        return trials

    def scan(self, runs: int, before: Mapping[int, Trial] | None = None) -> list[Trial]:
        """Look; try with more runs, and in half the steps, where the score is not far from the best.

        Where an earlier look was hopeless, it is not looked again.
        As long as several that differ may be the best, each of these gets more runs.
        """
        trials = self.look(sorted(self._near(before, HOPEFUL))) if before else self.look()
        near = self._near(trials, NEAR)
        self._run(trials, near, runs)
        nearer = self._near({place: trials[place] for place in near}, NEARER)
        candidates = nearer | {
            place + step for place in nearer for step in (-1, 1) if place + step >= COARSEST
        }
        open_yet = candidates
        for count in (runs, 2 * runs, 3 * runs):
            self._run(trials, open_yet, count)
            # Of all, as one may have been left behind by a lead that did not last.
            open_yet = undecided({place: trials[place] for place in candidates}, self.shares)
            if len(open_yet) == 1:
                break
        return [trials[place] for place in sorted(trials)]

    def _near(self, trials: Mapping[int, Trial], share: float) -> set[int]:
        """Places where the score is at least that share of the best."""
        scores = {place: trial.score(self.shares) for place, trial in trials.items()}
        return {place for place, score in scores.items() if score >= share * max(scores.values())}

    def _run(self, trials: dict[int, Trial], places: Iterable[int], runs: int) -> None:
        """Bring the trials at these places to so many runs."""
        for place in sorted(places):
            trials[place] = self.trial(_resolution(place), runs=runs, before=trials.get(place))


def _resolution(place: int) -> float:
    return float(2 ** (place / 2))


def likeness(partitions: Sequence[Labels]) -> Numbers:
    """Adjusted Rand index of each two partitions."""
    alike = np.eye(len(partitions))
    for one, other in combinations(range(len(partitions)), 2):
        alike[one, other] = alike[other, one] = agreement(partitions[one], partitions[other])
    return alike


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
    random = [rewired(layer, size=size, rng=rng) for layer in layers]
    return Ensemble(random, shares, size=size, accounts=size, rng=rng).trial(resolution, runs=runs)


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
        if len(found) > runs and agreement(last, label) >= STILL:
            break
    runs_made = [*found, *before]
    votes = np.mean([_in_terms_of(label, other) == label for other in runs_made], axis=0)
    return label, np.asarray(votes), runs_made


def _vote(partitions: Sequence[Labels]) -> Labels:
    """Niche of most votes, in the terms of the partition that agrees best with all."""
    alike = likeness(partitions)
    typical = partitions[int(alike.sum(axis=0).argmax())]
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


def agreement(one: Labels, other: Labels) -> float:
    """Adjusted Rand index, as `uncertainty.partition_agreement`, of labels that are numbers from 0 up."""
    sizes, others, cells = np.bincount(one), np.bincount(other), _shared(one, other)[1]
    in_one, in_other, together = (float(counts @ (counts - 1)) for counts in (sizes, others, cells))
    by_chance, most = in_one * in_other / max(len(one) * (len(one) - 1), 1), (in_one + in_other) / 2
    return 1.0 if most == by_chance else (together - by_chance) / (most - by_chance)


def _shared(one: Labels, other: Labels) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of niches, one of each partition, that share accounts, coded as one number, and how many."""
    width = int(other.max(initial=0)) + 1
    code, cells = one.astype(np.int64) * width + other, (int(one.max(initial=0)) + 1) * width
    if cells > max(TABLED[0] * len(one), TABLED[1]):
        return np.unique(code, return_counts=True)
    shared = np.bincount(code, minlength=cells)
    cell = np.flatnonzero(shared)
    return cell, shared[cell]


def overlaps(one: Labels, other: Labels) -> tuple[Labels, NDArray[np.float64]]:
    """For each niche of one partition the niche of the other it is most alike, and their Jaccard index."""
    count, width = int(one.max()) + 1, int(other.max()) + 1
    cell, shared = _shared(one, other)
    here, there = cell // width, cell % width
    sizes, others = np.bincount(one, minlength=count), np.bincount(other, minlength=width)
    jaccard = shared / (sizes[here] + others[there] - shared)
    order = np.lexsort((-there, jaccard))
    alike, most = np.zeros(count, np.int32), np.zeros(count)
    alike[here[order]], most[here[order]] = there[order], jaccard[order]
    return alike, most
