"""Texts as signs between spaces, so that a term is found as whole words in any script."""

import re
import unicodedata
from collections.abc import Iterable

import numpy as np
import pandas as pd

from influgraph.audience._shares import Flags
from influgraph.dataset import Dataset

# Scripts written without spaces: each letter is a word of its own, and terms are runs of them.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
_PARTS = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+|[^\w\s]")


def spaced(text: str) -> str:
    """Words and signs of a text in one case, each between spaces."""
    return f" {' '.join(_PARTS.findall(unicodedata.normalize('NFKC', text).casefold()))} "


def written(data: Dataset) -> pd.Series:
    """Text and hashtags of each post together, as `spaced`; null where it has neither."""
    texts = pd.Series("", data.posts.index, dtype="str")
    if "text" in data.posts:
        texts += data.posts["text"].fillna("").astype("str")
    if "hashtags" in data.posts:
        tags = data.posts["hashtags"].explode().dropna().astype("str")
        texts += (" | " + tags.groupby(level=0).agg(" | ".join)).reindex(texts.index).fillna("")
    result = texts.map(spaced)
    return result.where(texts.str.strip() != "")


def uses_any(texts: pd.Series, terms: Iterable[str]) -> Flags:
    """Whether each text, as `spaced`, has one of the terms; false where it is null."""
    looked_for = {spaced(term.lstrip("#")) for term in terms} - {"  "}
    if not looked_for:
        return np.zeros(len(texts), bool)
    pattern = "|".join(re.escape(term) for term in sorted(looked_for))
    found = texts.str.contains(pattern, regex=True)
    return found.fillna(value=False).to_numpy(bool)
