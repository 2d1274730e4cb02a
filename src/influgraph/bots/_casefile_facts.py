"""What can be measured of a cluster and of other accounts, for innocent explanations."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph.dataset import resolved_engagements
from influgraph.networks import follow_network

if TYPE_CHECKING:
    from influgraph.dataset import Dataset

Ints = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.bool_]

WORD = re.compile(r"[^\W\d_]{3,}")


class Facts:
    """A dataset, asked about groups of accounts by code; nan is what is not known."""

    def __init__(self, data: Dataset) -> None:
        """Take the tables apart once."""
        self.data, self.size = data, len(data.account_ids)
        follows = follow_network(data).weights
        self.follows, self.mutual = follows, follows.multiply(follows.T).tocsr()
        self.acts = resolved_engagements(data)
        posts = data.posts
        author = pd.Series(posts["author_id"].astype("str").to_numpy(), posts["post_id"].astype("str"))
        self.author = author[~author.index.duplicated()]
        self.words = self._words()

    def _words(self) -> list[set[str]]:
        columns = [self.data.accounts[c] for c in ("handle", "name", "bio") if c in self.data.accounts]
        if not columns:
            return []
        text = pd.concat(columns, axis=1).fillna("").astype("str").agg(" ".join, axis=1)
        return [set(WORD.findall(one.lower())) for one in text]

    def marked(self, members: Ints) -> Flags:
        """Mark these accounts."""
        inside = np.zeros(self.size, bool)
        inside[members] = True
        return inside

    def returned(self, members: Ints) -> float:
        """Share of these accounts that somebody outside follows back."""
        if not self.follows.nnz:
            return np.nan
        inside = self.marked(members).astype(np.float64)
        outside = np.diff(self.mutual.indptr) - (self.mutual > 0) @ inside
        return float((outside[members] > 0).mean())

    def anybody(self, members: Ints) -> float:
        """Share of these accounts that anybody follows back."""
        return float((np.diff(self.mutual.indptr)[members] > 0).mean()) if len(members) else np.nan

    def one_another(self, members: Ints) -> float:
        """Share of the pairs of these accounts that follow each other."""
        if not self.follows.nnz or len(members) < 2:
            return np.nan
        inside = self.marked(members).astype(np.float64)
        return float(((self.mutual > 0) @ inside)[members].sum() / (len(members) * (len(members) - 1)))

    def follow(self, members: Ints, whom: Ints) -> float:
        """Share of pairs of these accounts with those `whom` of which the first follows the second."""
        if not self.follows.nnz or not len(whom):
            return np.nan
        return float((self.follows[members][:, whom] > 0).sum() / (len(members) * len(whom)))

    def shared_word(self, members: Ints) -> tuple[float, float, str]:
        """The word most peculiar to these profiles: share of them that use it, share of others, the word."""
        if not self.words:
            return np.nan, np.nan, ""
        inside = self.marked(members)
        here = Counter(word for code in members for word in self.words[code])
        there = Counter(word for code in np.flatnonzero(~inside) for word in self.words[code] & here.keys())
        others = max(int((~inside).sum()), 1)
        peculiar = {word: count / len(members) - there[word] / others for word, count in here.items()}
        if not peculiar:
            return 0.0, 0.0, ""
        word = max(sorted(peculiar), key=lambda one: peculiar[one])
        return here[word] / len(members), there[word] / others, word

    def authors(self, objects: pd.Series) -> pd.Series:
        """Authors of those of these objects that are posts, by how often each occurs."""
        return objects.map(self.author).dropna().value_counts()

    def company(self, members: Ints, joint: pd.DataFrame) -> float:
        """Acts of others on the same objects within an hour of the first joint act, for each joint act."""
        known = joint.dropna(subset=["created_at", "object"])
        if known.empty:
            return np.nan
        first = known.groupby("object")["created_at"].min()
        acts = self.acts[~self.marked(members)[self.acts["account_id"].cat.codes]]
        thing = acts["post_id"].astype("str")
        if "object" in acts:
            thing = thing.where(acts["post_id"].notna(), acts["object"].astype("str"))
        waited = (acts["created_at"] - thing.map(first)).abs() <= pd.Timedelta("1h")
        return float(waited.sum() / len(known))
