"""Blocks planted in follows as they are in life, and a test of each that knows where it lies.

The oracle is told the rows and columns of the block, and weighs its follows by a Poisson likelihood ratio
against what degrees expect. It must hold in the same graph what is asked of the search: at most one false
alarm in twenty. So its ratio has to pass Bonferroni's bound over all blocks of this size, which makes it
conservative, and, since degrees alone do not explain life, the strangest block of this size that a greedy
search finds in the graph before anything is planted, a lower bound on the strangest there is.
"""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.special import gammaln

from influgraph.dataset import Dataset, from_tables

SHARED = Path(__file__).parents[2] / "shared" / "data"
FILES = {
    "Slashdot": ("soc_slashdot0902/soc-Slashdot0902.txt.gz", r"\s+"),
    "Twitch, German": ("musae_twitch/DE_edges.csv.gz", ","),
    "controversy, Ukraine": (
        "controversy_networks/follow_networks/ukraine_followers_network_part_largest_CC.txt.gz",
        ",",
    ),
    "Higgs, prefix": ("higgs_twitter/higgs-social_network.first355075.edgelist.gz", r"\s+"),
}
MUTUAL = ("Twitch, German",)  # the file tells each friendship once
STARTS, TURNS = 40, 6  # of the search for the strangest natural block
COMMON = 20  # followers from which an account may have bought some

Pairs = np.ndarray


def graphs() -> Iterator[tuple[str, "Graph"]]:
    """Every graph that is beside the project."""
    for name, (file, separator) in FILES.items():
        if (SHARED / file).exists():
            pairs = _read(SHARED / file, separator)
            if name in MUTUAL:
                pairs = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
            yield name, Graph(pairs)


def _read(file: Path, separator: str) -> Pairs:
    """Read different pairs, as codes from 0 on, none of an account with itself."""
    options = {"sep": separator, "usecols": [0, 1], "header": None, "comment": "#"}
    table = pd.read_csv(file, skiprows=1 if "musae" in str(file) else 0, **options)
    every, _ = pd.factorize(table.to_numpy().ravel())
    pairs = np.unique(every.reshape(-1, 2), axis=0)
    return pairs[pairs[:, 0] != pairs[:, 1]]


class Graph:
    """Follows by code, with the degrees that are expected to explain them."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs
        self.size = int(pairs.max()) + 1
        self._strangest: dict[tuple[int, int], float] = {}

    @cached_property
    def degrees(self) -> tuple[np.ndarray, np.ndarray]:
        """How many each one follows, and is followed by."""
        given, received = (np.bincount(end, minlength=self.size) for end in self.pairs.T)
        return given, received

    @cached_property
    def matrix(self) -> csr_array:
        """Who follows whom."""
        ends = (self.pairs[:, 0], self.pairs[:, 1])
        return csr_array((np.ones(len(self.pairs)), ends), (self.size, self.size))

    @cached_property
    def _reversed(self) -> csr_array:
        return self.matrix.T.tocsr()

    def planted(
        self, shape: tuple[int, int], density: float, *, rng: np.random.Generator
    ) -> tuple[Pairs, np.ndarray, np.ndarray]:
        """Follows with a block of new accounts: all pairs, its rows, its columns.

        Each row copies all follows of an account as camouflage, and nobody follows it.
        """
        rows, columns = shape
        given, received = self.degrees
        copied = rng.choice(np.flatnonzero(given > 0), rows, replace=False)
        members = np.arange(self.size, self.size + rows)
        common = received >= min(COMMON, np.sort(received)[-4 * columns])
        served = rng.choice(np.flatnonzero(common), columns, replace=False)
        row, column = np.nonzero(rng.random(shape) < density)
        who, whom = self.matrix[copied].nonzero()
        bought, hidden = ((members[one], other) for one, other in ((row, served[column]), (who, whom)))
        parts = [self.pairs, np.stack(bought, axis=1), np.stack(hidden, axis=1)]
        return np.unique(np.concatenate(parts), axis=0), members, served

    def told_by_oracle(self, every: Pairs, members: np.ndarray, served: np.ndarray) -> bool:
        """Whether a test that knows the block tells it from degrees and from what there is besides."""
        size = int(every.max()) + 1
        inside = np.isin(every[:, 0], members) & np.isin(every[:, 1], served)
        given, received = (np.bincount(end[~inside], minlength=size) for end in every.T)
        expected = given[members].sum() * received[served].sum() / (~inside).sum()
        shape = (members.size, served.size)
        ratio = _ratio(float(inside.sum()), float(expected))
        return ratio > max(_log_blocks(size, shape) - np.log(0.05), self.strangest(shape))

    def strangest(self, shape: tuple[int, int]) -> float:
        """Greatest ratio of any block of this size that is found where nothing is planted."""
        if shape not in self._strangest:
            rng = np.random.default_rng(7)
            common = np.flatnonzero(self.degrees[1] >= min(shape[0], self.degrees[1].max()))
            starts = rng.choice(common, min(STARTS, common.size), replace=False)
            self._strangest[shape] = max(self._climbed(int(start), shape) for start in starts)
        return self._strangest[shape]

    def _climbed(self, start: int, shape: tuple[int, int]) -> float:
        """Go back and forth between the rows and columns that exceed expectation most."""
        columns, best, total = np.array([start]), 0.0, len(self.pairs)
        given, received = self.degrees
        for turn in range(TURNS):
            rows = _most(self._reversed, columns, given * received[columns].sum() / total, shape[0])
            columns = _most(self.matrix, rows, received * given[rows].sum() / total, shape[1])
            if turn > 0:
                found = float(self.matrix[rows][:, columns].sum())
                best = max(best, _ratio(found, given[rows].sum() * received[columns].sum() / total))
        return best

    def rewired(self, *, rng: np.random.Generator) -> Pairs:
        """Draw the same degrees anew, but for pairs that come twice."""
        pairs = np.stack([self.pairs[:, 0], rng.permutation(self.pairs[:, 1])], axis=1)
        pairs = np.unique(pairs, axis=0)
        return pairs[pairs[:, 0] != pairs[:, 1]]


def dataset_of(pairs: Pairs) -> Dataset:
    """Follows as a dataset, accounts by their codes."""
    names = np.char.mod("%d", np.arange(int(pairs.max()) + 1))
    ends = {name: names[end] for name, end in zip(("follower_id", "followed_id"), pairs.T, strict=True)}
    return from_tables(follows=pd.DataFrame(ends))


def _most(follows: csr_array, chosen: np.ndarray, expected: np.ndarray, count: int) -> np.ndarray:
    """Find those that the chosen are tied to most beyond expectation."""
    excess = follows[chosen].sum(axis=0) - expected
    return np.argpartition(-excess, count)[:count]


def _ratio(found: float, expected: float) -> float:
    if found <= expected:
        return 0.0
    return found * np.log(found / max(expected, 1e-9)) - found + expected


def _log_blocks(size: int, shape: tuple[int, int]) -> float:
    """Logarithm of how many blocks of this size there are."""
    return float(sum(gammaln(size + 1) - gammaln(part + 1) - gammaln(size - part + 1) for part in shape))
