"""Which accounts belong together by their attention, how surely, and what each niche is about."""

from __future__ import annotations

import re
import unicodedata
from array import array
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, triu

from influgraph._chance import lent_to_igraph
from influgraph.uncertainty import partition_agreement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from influgraph.dataset import Dataset
    from influgraph.networks import Network

NAMING_TERMS = 3
TERMS = 10
CENTRAL_ACCOUNTS = 5
FEWEST_SPEAKERS = 2  # a term that one member alone uses says nothing about a niche, and much about the member


def find_niches(
    network: Network, *, resolution: float = 1.0, runs: int = 8, smallest: int = 3, rng: np.random.Generator
) -> pd.DataFrame:
    """Niches: accounts that pay more attention to one another than their activity alone would bring about.

    Direction is given up: the tie of two accounts is the attention paid one way plus the other. Leiden
    (modularity) runs several times; returned is the run that agrees best with the others on average
    (adjusted Rand index). Neither the order of accounts nor that of pairs changes the result.

    Parameters
    ----------
    network
        Attention, weighted or not.
    resolution
        Above 1 the niches become smaller and more, below 1 larger and fewer.
    runs
        How many runs are compared; with a single one there is no confidence.
    smallest
        Niches with fewer members are dissolved: their accounts have none.
    rng
        Draws a seed for each run.

    Returns
    -------
    One row per account: ``niche`` (Int64; 0 is the largest, ties go to the id that sorts first; null =
    none, as for isolated accounts) and ``niche_confidence`` from 0 to 1: of the accounts that share
    a niche with this one here or in another run, the share that do in both; mean over the
    other runs. Null without a niche.

    Raises
    ------
    ValueError
        If `resolution` is not positive, or `runs` or `smallest` is below 1.

    References
    ----------
    Traag, Waltman & van Eck (2019), From Louvain to Leiden: guaranteeing well-connected communities.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> network = network_from_pairs([1, 2, 1], [0, 0, 2], account_ids=ids)
    >>> find_niches(network, rng=np.random.default_rng(1))
         niche  niche_confidence
    ann      0               1.0
    ben      0               1.0
    cem      0               1.0
    dia   <NA>               NaN
    eva   <NA>               NaN
    """
    if not (resolution > 0 and runs >= 1 and smallest >= 1):
        received = f"{resolution}, {runs} and {smallest}"
        raise ValueError(f"resolution must be positive, runs and smallest at least 1, received {received}")
    ties = network.weights + network.weights.T
    by_id = network.account_ids.astype(str).argsort()
    tied = by_id[np.diff(ties.indptr)[by_id] > 0]
    niche = np.full(len(by_id), -1)
    confidence = np.full(len(by_id), np.nan)
    if len(tied):
        partitions = _leiden_runs(ties[tied][:, tied], resolution, runs, rng)
        chosen = partitions.pop(_most_typical(partitions))
        niche[tied] = _number_by_size(chosen, smallest)
        confidence[tied] = _shared_company(chosen, partitions)
    confidence[niche < 0] = np.nan
    numbers = pd.arrays.IntegerArray(niche, niche < 0)
    return pd.DataFrame({"niche": numbers, "niche_confidence": confidence}, index=network.account_ids)


def _leiden_runs(
    ties: csr_array, resolution: float, runs: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Label of every account, in each run."""
    import igraph

    pairs = triu(ties).tocoo()
    graph = igraph.Graph(n=ties.shape[0], edges=np.column_stack(pairs.coords))
    options = {"objective_function": "modularity", "weights": pairs.data.tolist(), "resolution": resolution}
    partitions = []
    for _ in range(runs):
        with lent_to_igraph(rng):
            partitions.append(np.array(graph.community_leiden(**options).membership))
    return partitions


def _most_typical(partitions: list[NDArray[np.int64]]) -> int:
    """Position of the partition that agrees best with the others on average; the first of equals."""
    agreement = np.zeros((len(partitions), len(partitions)))
    for one in range(len(partitions)):
        for other in range(one):
            agreement[one, other] = partition_agreement(partitions[one], partitions[other])
    return int((agreement + agreement.T).sum(axis=0).argmax())


def _number_by_size(labels: NDArray[np.int64], smallest: int) -> NDArray[np.int64]:
    """Labels anew: 0 = the largest, ties by first account, -1 = too small."""
    _, first, members, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    number = np.empty(len(sizes), np.int64)
    number[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    return np.where(sizes >= smallest, number, -1)[members]


def _shared_company(chosen: NDArray[np.int64], others: list[NDArray[np.int64]]) -> NDArray[np.float64]:
    """Of the accounts in company with this one in `chosen` or in another partition: those in both."""
    size_here = np.bincount(chosen)[chosen] - 1
    shares = np.zeros(len(chosen))
    for other in others:
        size_there = np.bincount(other)[other] - 1
        _, cell, counts = np.unique(
            chosen * (other.max() + 1) + other, return_inverse=True, return_counts=True
        )
        both = counts[cell] - 1
        either = size_here + size_there - both
        shares += np.divide(both, either, out=np.zeros(len(chosen)), where=either > 0)
    return shares / len(others) if others else np.full(len(chosen), np.nan)


def describe_niches(data: Dataset, niche: pd.Series | pd.DataFrame, network: Network) -> pd.DataFrame:
    """What each niche is about, by the words that set it apart and the accounts at its centre.

    A term is a word or hashtag in bios and posts, in any script, without links, handles and numbers. It
    counts once per member who uses it: its weight in a niche is the share s of members who do, times
    log(s / mean share over the niches), so that words everyone uses weigh nothing.

    Parameters
    ----------
    data
        Bios of `accounts`, texts and hashtags of `posts`, where given.
    niche
        Niche of each account (null = none), as a Series, or as the frame that `find_niches` returns.
    network
        Attention among the same accounts, in the same order as `niche`.

    Returns
    -------
    Indexed by ``niche``: ``size``; ``name`` (its three weightiest terms, else its most central accounts);
    ``terms`` and ``central_accounts`` (joined by ``;``, weightiest first; central = paid most
    attention from inside); ``stability`` (mean ``niche_confidence``, null without it).

    Raises
    ------
    ValueError
        If `niche` and `network` are not about the same accounts.

    References
    ----------
    Grootendorst (2022), BERTopic, for terms weighed by class; Kullback & Leibler (1951) for the weight.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> from influgraph.networks import follow_network
    >>> follows = pd.DataFrame({"follower_id": ["ben", "cem", "eva"], "followed_id": ["ann", "ann", "dia"]})
    >>> data = from_tables(follows=follows)
    >>> niche = pd.Series([0, 0, 1, 0, 1], index=["ben", "cem", "eva", "ann", "dia"])
    >>> describe_niches(data, niche, follow_network(data))["name"].tolist()
    ['around ann', 'around dia']
    """
    given = pd.DataFrame(niche).set_axis(["niche", "niche_confidence"][: np.ndim(niche)], axis=1)
    if not given.index.equals(network.account_ids):
        raise ValueError("niche and network must be about the same accounts in the same order")
    members = given.dropna(subset="niche").groupby("niche")
    described = members.size().to_frame("size")
    codes = pd.Categorical(given["niche"], categories=described.index).codes
    terms = _weightiest_terms(data, codes, len(described))
    central = _central_accounts(network, codes, len(described))
    described["name"] = _names(described.index, terms, central)
    described["terms"] = [";".join(some) for some in terms]
    described["central_accounts"] = [";".join(some) for some in central]
    described["stability"] = members["niche_confidence"].mean() if "niche_confidence" in given else np.nan
    return described


def _weightiest_terms(data: Dataset, codes: NDArray[np.int_], count: int) -> list[list[str]]:
    """Terms of each niche that set it apart, weightiest first."""
    members = np.flatnonzero(codes >= 0)
    speakers, terms = _speakers(data, codes >= 0)
    belongs = csr_array((np.ones(len(members)), (codes[members], members)), shape=(count, len(codes)))
    used = (belongs @ speakers).tocoo()
    share = used.data / np.bincount(codes[members], minlength=count)[used.row]
    typical = np.bincount(used.col, share, minlength=len(terms)) / max(count, 1)
    weight = share * np.log(share / typical[used.col])
    table = pd.DataFrame({"niche": used.row, "term": terms[used.col], "weight": weight})
    telling = table[(used.data >= FEWEST_SPEAKERS) & (weight > 1e-9)]
    return _best_by_niche(telling, "term", TERMS, count)


def _central_accounts(network: Network, codes: NDArray[np.int_], count: int) -> list[list[str]]:
    """Members of each niche to whom its other members pay most attention."""
    pairs = network.weights.tocoo()
    inside = (codes[pairs.row] == codes[pairs.col]) & (codes[pairs.row] >= 0)
    paid = np.bincount(pairs.col[inside], pairs.data[inside], minlength=len(codes))
    table = pd.DataFrame({"niche": codes, "account": network.account_ids.astype(str), "weight": paid})
    return _best_by_niche(table[paid > 0], "account", CENTRAL_ACCOUNTS, count)


def _best_by_niche(table: pd.DataFrame, column: str, most: int, count: int) -> list[list[str]]:
    """The entries of highest weight in each niche, ties in alphabetical order."""
    ordered = table.sort_values(["niche", "weight", column], ascending=[True, False, True])
    best = ordered.groupby("niche").head(most).groupby("niche")[column].agg(list)
    return [best.get(number, []) for number in range(count)]


def _names(niches: pd.Index, terms: list[list[str]], central: list[list[str]]) -> list[str]:
    """One name per niche; a name that another niche has too is told apart by its niche's number."""
    names = [
        " · ".join(words[:NAMING_TERMS]) or f"around {', '.join(people[:2])}"
        if words or people
        else "unnamed"
        for words, people in zip(terms, central, strict=True)
    ]
    taken = pd.Series(names).duplicated(keep=False)
    return [
        f"{name} ({niche})" if twice else name
        for name, niche, twice in zip(names, niches, taken, strict=True)
    ]


def _speakers(data: Dataset, wanted: NDArray[np.bool_]) -> tuple[csr_array, NDArray[np.object_]]:
    """Which of the wanted accounts use which term (accounts x terms, of ones), and the terms."""
    texts = _texts(data)
    texts = texts[wanted[texts["account"]]]
    number: dict[str, int] = {}
    speakers, spoken = array("q"), array("q")
    for account, text in zip(texts["account"], texts["text"], strict=True):
        for word in dict.fromkeys(_words(text)):
            speakers.append(account)
            spoken.append(number.setdefault(word, len(number)))
    uses = csr_array((np.ones(len(spoken)), (speakers, spoken)), shape=(len(wanted), len(number)))
    uses.sum_duplicates()
    uses.data[:] = 1.0
    return uses, np.array(list(number), object)


def _texts(data: Dataset) -> pd.DataFrame:
    """Every bio, text and hashtag: ``account`` (code) and ``text``."""
    author = data.posts["author_id"].cat.codes.astype(np.int64)
    texts = [pd.Series("", author.index[:0])]
    if "text" in data.posts:
        texts.append(data.posts["text"])
    if "hashtags" in data.posts:
        texts.append(data.posts["hashtags"].explode())
    written = pd.concat([text.dropna().astype(str) for text in texts])
    found = pd.DataFrame({"account": author.loc[written.index], "text": written})
    if "bio" in data.accounts:
        bios = pd.DataFrame({"account": np.arange(len(data.accounts)), "text": data.accounts["bio"].array})
        found = pd.concat([found, bios.dropna()])
    return found[found["account"] >= 0]


@cache
def _word_pattern() -> re.Pattern[str]:
    """A link or handle, or (the group) a word: letters of any script with their marks, joiners and digits."""
    # Marks beyond U+FFFF, of scripts hardly in use, would make the search fifteen times slower.
    marks = (chr(code) for code in range(0x10000) if unicodedata.category(chr(code))[0] == "M")
    return re.compile(rf"https?://\S+|www\.\S+|@\S+|([\w{''.join(marks)}\u200c\u200d]+)")


def _words(text: str) -> list[str]:
    """Words of at least two signs, folded to one case; no numbers."""
    found = (word.casefold() for word in _word_pattern().findall(text))
    return [word for word in found if len(word) > 1 and not word.isdigit()]
