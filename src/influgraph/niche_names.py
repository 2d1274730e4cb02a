"""What each niche is about: the words that set it apart and the accounts at its centre."""

from __future__ import annotations

import re
import unicodedata
from array import array
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from influgraph.dataset import Dataset
    from influgraph.networks import Network

NAMING_TERMS = 3
TERMS = 10
CENTRAL_ACCOUNTS = 5
FEWEST_SPEAKERS = 2  # a term that one member alone uses says nothing about a niche, and much about the member


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
