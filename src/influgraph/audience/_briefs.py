"""What a brand's brief asks for, found in the data."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol

import numpy as np
import pandas as pd

from influgraph.audience._labels import groups_by
from influgraph.audience._shares import Flags, Floats
from influgraph.audience._texts import spaced, uses_any, written
from influgraph.dataset import Dataset

MOST_KNOWN = 5_000
_EXAMPLES = 3


class Brief(Protocol):
    """What a brand looks for, as `settings.Brief`."""

    @property
    def terms(self) -> Sequence[str]:
        """Words and hashtags."""

    @property
    def niches(self) -> Sequence[str]:
        """Names of niches, or their numbers as text."""

    @property
    def markets(self) -> Sequence[str]:
        """Markets, as accounts state them."""


@dataclass(frozen=True)
class Texts:
    """What accounts write: texts of posts and bios, as `spaced`, and the place of who wrote each."""

    text: pd.Series
    author: pd.Series

    def count(self, wanted: Flags, accounts: int) -> Floats:
        """How many of these texts each account wrote."""
        return np.bincount(self.author[wanted], minlength=accounts).astype(np.float64)


def texts_of(data: Dataset) -> Texts:
    """Every post and bio with words in it."""
    texts, authors = [written(data)], [data.posts["author_id"].cat.codes.astype("int64")]
    if "bio" in data.accounts:
        bios = data.accounts["bio"].reset_index(drop=True).dropna().astype("str").map(spaced)
        texts.append(bios)
        authors.append(pd.Series(bios.index, bios.index))
    text, author = (pd.concat(some, ignore_index=True) for some in (texts, authors))
    kept = text.notna() & (author >= 0)
    return Texts(text[kept], author[kept])


def described(niches: pd.DataFrame) -> pd.DataFrame:
    """Name and terms of each niche as text, empty where it has none."""
    return niches.reindex(columns=["name", "terms"]).fillna("").astype("str")


def niches_named(niches: pd.DataFrame, asked: Sequence[str]) -> Flags:
    """Whether each niche is asked for, by its name or its number."""
    wanted = {spaced(name) for name in asked}
    names, numbers = described(niches)["name"].map(spaced), niches.index.astype("str").map(spaced)
    return np.asarray(names.isin(wanted).to_numpy() | numbers.isin(wanted), dtype=bool)


def niches_about(niches: pd.DataFrame, terms: Sequence[str]) -> Flags:
    """Whether each niche has one of the terms in its name or among its own."""
    own = described(niches)
    return uses_any((own["name"] + " | " + own["terms"].str.replace(";", " | ")).map(spaced), terms)


def in_niches(data: Dataset, niche: pd.Series | pd.DataFrame, wanted: pd.Index) -> Floats:
    """Share of each account's membership that lies in wanted niches; NaN where it is in none at all."""
    groups, names = groups_by("niche", data, niche)
    some = 1 - np.asarray(groups[:, [len(names)]].todense()).ravel()
    return np.where(some > 0, groups @ np.append(names.isin(wanted), False).astype(np.float64), np.nan)


def in_markets(data: Dataset, markets: Sequence[str]) -> Floats:
    """1.0 in one of these markets, 0.0 in another, NaN where it is unknown."""
    if "market" not in data.accounts:
        return np.full(len(data.account_ids), np.nan)
    given = data.accounts["market"].astype("str").map(spaced, na_action="ignore")
    fits = given.isin({spaced(market) for market in markets})
    return np.where(given.isna(), np.nan, fits.to_numpy(np.float64))


def matches(data: Dataset, brief: Brief, niches: pd.DataFrame, texts: Texts) -> pd.DataFrame:
    """Whether each thing asked for is found, and where not, what is known that is nearest to it."""
    rows = []
    for term in brief.terms:
        found = uses_any(texts.text, [term]).any() or niches_about(niches, [term]).any()
        rows.append(("term", term, found))
    rows += [("niche", name, niches_named(niches, [name]).any()) for name in brief.niches]
    rows += [("market", name, (in_markets(data, [name]) == 1).any()) for name in brief.markets]
    table = pd.DataFrame(rows, columns=["part", "asked", "found"]).astype({"found": bool})
    nearest = [
        None if found else _nearest(asked, _known(data, niches, part))
        for part, asked, found in table.itertuples(index=False)
    ]
    return table.assign(nearest=pd.Series(nearest, dtype="str"))


def _known(data: Dataset, niches: pd.DataFrame, part: str) -> list[str]:
    """What could have been asked for, the commonest first."""
    names = list(described(niches)["name"])
    if part == "niche":
        return names
    if part == "market":
        given = data.accounts["market"] if "market" in data.accounts else pd.Series([], dtype="str")
        return list(given.value_counts().index)
    own = [term for some in described(niches)["terms"] for term in some.split(";") if term]
    tags = data.posts["hashtags"].explode() if "hashtags" in data.posts else pd.Series([], dtype="str")
    return list(dict.fromkeys([*own, *tags.dropna().astype("str").value_counts().index[:MOST_KNOWN]]))


def _nearest(asked: str, known: list[str]) -> str | None:
    """Names like the one asked for, else the commonest; None where nothing is known."""
    folded = {name.casefold(): name for name in known if name}
    close = get_close_matches(asked.casefold(), folded, n=_EXAMPLES, cutoff=0.6)
    return ", ".join(folded[name] for name in close or list(folded)[:_EXAMPLES]) or None
