"""What each niche is about: words that set it apart, with the evidence, and accounts at its centre."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, diags_array

from influgraph._niche_names_words import join_words, read_speech

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from influgraph._niche_names_words import Speech
    from influgraph.dataset import Dataset
    from influgraph.networks import Network

NAMING_TERMS = 3
TERMS = 10
CENTRAL_ACCOUNTS = 5
FEWEST_SPEAKERS = 2  # a term that one member alone uses says nothing about a niche, and much about the member
LEVEL = 0.05
UNLIKE = 0.1  # how much niches count, all together, that share no word with this one
JOINS = 3  # of two, four, eight parts
EVIDENCE = ["niche", "term", "members", "share", "share_elsewhere", "hashtag_share", "q_value", "weight"]


def describe_niches(data: Dataset, niche: pd.Series | pd.DataFrame, network: Network) -> pd.DataFrame:
    """What each niche is about, by the words that set it apart and the accounts at its centre.

    Which terms count, and why, is what `naming_evidence` shows. A niche without any is named by its most
    central accounts.

    Parameters
    ----------
    data
        Bios of `accounts`, texts and hashtags of `posts`, where given.
    niche
        Niche of each account (null = none), as a Series, or as the frame ``find_niches(...).accounts``.
    network
        Attention among the same accounts, in the same order as `niche`.

    Returns
    -------
    Indexed by ``niche``: ``size``; ``name`` (its three weightiest terms, else its most central accounts;
    a niche that has the same ones as another bears its number too); ``terms`` and ``central_accounts``
    (joined by ``;``, weightiest first; central = paid most attention from inside); ``stability``
    (here the mean ``niche_confidence``, null without it; a study puts `Niches.stability` in its place).

    Raises
    ------
    ValueError
        If `niche`, `network` and `data` are not about the same accounts in the same order.

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
    given = _given(niche, network.account_ids, "network")
    members = given.dropna(subset="niche").groupby("niche")
    described = members.size().to_frame("size")
    codes = pd.Categorical(given["niche"], categories=described.index).codes
    found = naming_evidence(data, niche).groupby("niche")["term"].agg(list)
    terms = [found.get(number, []) for number in described.index]
    central = _central_accounts(network, codes, len(described))
    described["name"] = _names(described.index, terms, central)
    described["terms"] = [";".join(some) for some in terms]
    described["central_accounts"] = [";".join(some) for some in central]
    described["stability"] = members["niche_confidence"].mean() if "niche_confidence" in given else np.nan
    return described


def naming_evidence(data: Dataset, niche: pd.Series | pd.DataFrame) -> pd.DataFrame:
    """By which terms each niche is named: how many of its members use them, and how many do elsewhere.

    A term is a word, hashtag or emoji in bios and posts, in any script; words that belong together
    (syllables, signs of Han, "trail running") are one term; links, handles, mail addresses and numbers are
    none, nor is a plain word that is an account's id or handle. Only members who say anything are counted,
    and each once however often it repeats itself. The weight is that of c-TF-IDF: the share s of members who
    use the term, times log(s / typical share); typical is the mean over all niches, each counting by
    the likeness (cosine) of its words to this one's. So what everyone says weighs nothing, and the
    ordinary words of a language nothing where several niches speak it; no list of stop words is needed. Up to
    twice that, the more of its users write it as a hashtag: stop words are seldom tagged.

    Terms of one member alone are never named, nor those that chance would spread so, were each use (of a
    term, by a member) to fall to a niche in proportion to all its members say (binomial; false discovery
    rate 5 %). Where a niche is too small for any term to pass, those twice as usual as elsewhere do.

    Where this misleads: of a language that a single niche speaks, ordinary words cannot be told from topics
    but by hashtags; with one niche in all, nothing can.

    Parameters
    ----------
    data
        Bios of `accounts`, texts and hashtags of `posts`, where given.
    niche
        Niche of each account of `data`, in its order (null = none), as a Series, or as the frame that
        `find_niches` returns.

    Returns
    -------
    The ten weightiest terms at most of each niche, in order: ``niche, term, members`` (who use it), ``share``
    (of the members who say anything), ``share_elsewhere`` (of those of the other niches),
    ``hashtag_share`` (of its users here, who write it as a hashtag), ``q_value``, ``weight``.

    Raises
    ------
    ValueError
        If `niche` and `data` are not about the same accounts in the same order.

    References
    ----------
    Grootendorst (2022), BERTopic: neural topic modeling with a class-based TF-IDF procedure; Kullback &
    Leibler (1951) for the weight; Benjamini & Hochberg (1995).

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> bios = ["the #trail", "the trail", "the trail!", "the bread", "the bread", "the bread"]
    >>> data = from_tables(accounts=pd.DataFrame({"account_id": [*"abcdef"], "bio": bios}))
    >>> niche = pd.Series([0, 0, 0, 1, 1, 1], index=data.account_ids)
    >>> naming_evidence(data, niche)[["niche", "term", "members", "share", "share_elsewhere"]]
       niche   term  members  share  share_elsewhere
    0      0  trail        3    1.0              0.0
    1      1  bread        3    1.0              0.0
    """
    given = _given(niche, data.account_ids, "data")
    niches = pd.Index(given["niche"].dropna().unique()).sort_values()
    codes = pd.Categorical(given["niche"], categories=niches).codes.astype(np.int64)
    speech = read_speech(data, codes >= 0)
    for _ in range(JOINS):
        speech = join_words(speech, codes, fewest=FEWEST_SPEAKERS)
    usage = _usage(speech, codes, len(niches))
    telling = _tells(usage).sort_values(["niche", "weight", "term"], ascending=[True, False, True])
    best = telling.groupby("niche").head(TERMS).reset_index(drop=True)
    return best.assign(niche=niches[best["niche"]])[EVIDENCE]


def term_uses(data: Dataset) -> csr_array:
    """Who uses which term: the layer of topics that `niches.find_niches` takes.

    Terms are those of `naming_evidence`, word by word.

    Parameters
    ----------
    data
        Bios of `accounts`, texts and hashtags of `posts`, where given.

    Returns
    -------
    Accounts x terms: 1.0 where the account uses the term; accounts in dataset order, terms in alphabetical
    order.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> bios = ["#trail runner", "baker", "trail"]
    >>> term_uses(from_tables(accounts=pd.DataFrame({"account_id": [*"abc"], "bio": bios}))).toarray()
    array([[0., 1., 1.],
           [1., 0., 0.],
           [0., 0., 1.]])
    """
    accounts = len(data.account_ids)
    speech = read_speech(data, np.ones(accounts, bool))
    terms = np.flatnonzero(speech.nameable)
    place = np.full(len(speech.written), -1)
    place[terms[speech.written[terms].argsort()]] = np.arange(len(terms))
    said = speech.nameable[speech.term]
    pairs = speech.account[said], place[speech.term[said]]
    uses = csr_array((np.ones(said.sum()), pairs), shape=(accounts, len(terms)))
    uses.sum_duplicates()
    uses.data[:] = 1.0
    return uses


def _given(niche: pd.Series | pd.DataFrame, account_ids: pd.Index, whose: str) -> pd.DataFrame:
    """Niche of each account, and its confidence where that is known."""
    if isinstance(niche, pd.Series):
        niche = niche.to_frame("niche")
    if not isinstance(niche, pd.DataFrame) or not {"niche"} <= set(niche) <= {"niche", "niche_confidence"}:
        raise ValueError("niche must be a Series, or the frame `find_niches(...).accounts`")
    if not niche.index.equals(account_ids):
        raise ValueError(f"niche and {whose} must be about the same accounts in the same order")
    return niche


def _usage(speech: Speech, codes: NDArray[np.int64], count: int) -> pd.DataFrame:
    """How many members of each niche use each term (one row for both), and what that tells."""
    use, uses = pd.factorize(speech.account * len(speech.written) + speech.term)
    account, term = np.divmod(uses, len(speech.written))
    users = pd.DataFrame({"niche": codes[account], "code": term})
    users["tagged"] = np.bincount(use, speech.tagged, minlength=len(uses)) > 0
    usage = users.groupby(["niche", "code"]).agg(members=("tagged", "size"), taggers=("tagged", "sum"))
    usage = usage.reset_index()
    speakers = np.bincount(codes[np.unique(speech.account)], minlength=count)
    usage["speakers"] = speakers[usage["niche"]]
    usage["share"] = usage["members"] / usage["speakers"]
    elsewhere = usage.groupby("code")["members"].transform("sum") - usage["members"]
    usage["share_elsewhere"] = elsewhere / (speakers.sum() - usage["speakers"])
    usage["hashtag_share"] = usage["taggers"] / usage["members"]
    divergence = usage["share"] * np.log(usage["share"] / _typical(usage, (count, len(speech.written))))
    # Rounded, as the order of rows must not decide between equals.
    usage["weight"] = (divergence * (1 + np.sqrt(usage["hashtag_share"]))).round(9)
    return usage.assign(term=speech.written[usage["code"]], nameable=speech.nameable[usage["code"]])


def _typical(usage: pd.DataFrame, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Mean share over the niches, each counting by its likeness to the one of the row."""
    shares = csr_array((usage["share"], (usage["niche"], usage["code"])), shape=shape)
    lengths = np.sqrt((shares**2).sum(axis=1))
    unit = diags_array(1 / np.where(lengths, lengths, 1.0)) @ shares
    likeness = (unit @ unit.T).toarray() + UNLIKE / max(len(lengths), 1)
    likeness /= likeness.sum(axis=1, keepdims=True)
    rows = usage.groupby("niche")["code"]
    typical = [(likeness[niche] @ shares)[codes] for niche, codes in rows]
    return np.concatenate([np.empty(0), *typical])


def _tells(usage: pd.DataFrame) -> pd.DataFrame:
    """Entries that may name their niche, with ``q_value``: beyond chance, or plain where that is untold."""
    from scipy.special import betainc
    from scipy.stats import false_discovery_control

    spoken = usage.groupby("niche")["members"].transform("sum") / usage["members"].sum()
    used = usage.groupby("code")["members"].transform("sum")
    # As if each use fell to a niche in proportion to all that its members say: a binomial tail.
    chance = betainc(usage["members"], used - usage["members"] + 1, spoken)
    shown = usage["nameable"] & (usage["members"] >= FEWEST_SPEAKERS)
    told = usage[shown].assign(q_value=false_discovery_control(chance[shown]))
    least = spoken[shown] ** told["speakers"] * len(told)
    plain = (least > LEVEL) & (told["share"] >= 2 * told["share_elsewhere"])
    return told[(told["weight"] > 0) & ((told["q_value"] <= LEVEL) | plain)]


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
    """One name per niche; what two niches would be named by alike is told apart by the niche's number."""
    names, alike = [], []
    for words, people in zip(terms, central, strict=True):
        around = f"around {', '.join(people[:2])}" if people else "unnamed"
        names.append(" · ".join(words[:NAMING_TERMS]) or around)
        alike.append(frozenset(words[:NAMING_TERMS]) or around)
    taken = pd.Series(alike, dtype=object).duplicated(keep=False)
    return [
        f"{name} ({niche})" if twice else name
        for name, niche, twice in zip(names, niches, taken, strict=True)
    ]
