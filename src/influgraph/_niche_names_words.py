"""What is said, word by word: in any script, without a list of any language."""

from __future__ import annotations

import html
import re
import unicodedata
from array import array
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from influgraph.dataset import Dataset

LONGEST = 40  # signs: what is longer is no word of any language
HASH, AT = "#\uff03", "@\uff20"
# Written without spaces: Han, Thai, Lao, Burmese, Khmer sign by sign; Kana, which alternate with Han, by run.
UNSPACED = (
    "[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
    "|[\u3041-\u309f]+|[\u30a0-\u30ff]+"
    "|[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"
)
ADDRESS = (
    r"(?:[A-Za-z]{2,9}://|[Ww]{3}\.)\S+"
    rf"|[A-Za-z0-9._%+-]{{0,64}}+[{AT}]\S+"
    r"|[A-Za-z0-9-]{1,63}+(?:\.[A-Za-z0-9-]{1,63}+){0,4}\.[A-Za-z]{2,24}(?![A-Za-z0-9])(?:/\S*)?"
)
PICTURE = (
    "[\u2194\u2195\u231a-\u23ff\u2600-\u27bf\u2b1b\u2b50\u2b55"
    "\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
    "[\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
)
EMOJI = rf"[\U0001f1e6-\U0001f1ff]{{2}}|{PICTURE}(?:\u200d{PICTURE})*"


@dataclass(frozen=True)
class Speech:
    """Every word that is said, in order: by which account, in which text, which term, whether as a hashtag.

    Of each term: how it is written, whether it may be part of a longer one, and whether it may be shown.
    """

    account: NDArray[np.int64]
    text: NDArray[np.int64]
    term: NDArray[np.int64]
    tagged: NDArray[np.bool_]
    written: NDArray[np.object_]
    joinable: NDArray[np.bool_]
    nameable: NDArray[np.bool_]


def read_speech(data: Dataset, wanted: NDArray[np.bool_]) -> Speech:
    """Read the bios, texts and hashtags of the wanted accounts (a flag for each)."""
    texts = _texts(data)
    texts = texts[wanted[texts["account"]]]
    number: defaultdict[str, int] = defaultdict()
    number.default_factory = number.__len__
    said, ends = array("q"), array("q")
    for text in texts["text"]:
        said.extend(map(number.__getitem__, split_words(text)))
        ends.append(len(said))
    word, lengths = np.array(said, np.int64), np.diff(ends, prepend=0)
    tagged = np.array([one[0] in HASH for one in number], bool)
    term, written = pd.factorize(np.array([*map(_folded, number), ""], object))
    handle = pd.Index(written).isin(_handles(data))
    untagged = np.bincount(term[:-1][~tagged], minlength=len(written)) > 0
    return Speech(
        account=np.repeat(texts["account"].to_numpy(), lengths),
        text=np.repeat(np.arange(len(texts)), lengths),
        term=term[word],
        tagged=tagged[word],
        written=written,
        joinable=np.array([one[:1].isalpha() for one in written]) & ~handle,
        nameable=np.array([*map(_is_telling, written)]) & ~(handle & untagged),
    )


def split_words(text: str) -> list[str]:
    """Hashtags, emoji and words as they are written; links, handles and mail addresses are passed over."""
    sign, unspaced, words = _patterns()
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii() and sign.search(text):
        text = unspaced.sub(r" \g<0> ", text)
    return list(filter(None, words.findall(text)))


def join_words(speech: Speech, niche: NDArray[np.int64], *, fewest: int) -> Speech:
    """Make one term of two neighbours that belong together: syllables, signs of Han, "trail running".

    They do where, in some niche (`niche` by account), both are said at least twice as often as elsewhere, two
    thirds of the rarer one's uses are beside the other, and at least `fewest` accounts say them so.
    """
    plain = speech.joinable[speech.term] & ~speech.tagged
    beside = (speech.text[1:] == speech.text[:-1]) & (speech.term[1:] != speech.term[:-1])
    first = np.flatnonzero(beside & plain[1:] & plain[:-1])
    pair = speech.term[first] * len(speech.written) + speech.term[first + 1]
    telling, uses = _told_by(speech, niche)
    pairs = pd.DataFrame(
        {"pair": pair, "account": speech.account[first], "niche": niche[speech.account[first]]}
    )
    pairs["rarer"] = np.minimum(uses[first], uses[first + 1])
    told = pairs[telling[first] & telling[first + 1]].groupby(["niche", "pair"])
    found = told.agg(times=("rarer", "size"), rarer=("rarer", "first"), accounts=("account", "nunique"))
    close = found[(3 * found["times"] >= 2 * found["rarer"]) & (found["accounts"] >= fewest)]
    chosen = np.isin(pair, close.index.get_level_values("pair"))
    return _joined(speech, first[chosen])


def _told_by(speech: Speech, niche: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Of each word said: does its niche say it at least twice as often as the others, and how often."""
    mine = niche[speech.account]
    total = np.bincount(mine)
    cell, cells = pd.factorize(mine * len(speech.written) + speech.term)
    uses, term = np.bincount(cell), cells % len(speech.written)
    share = uses / total[cells // len(speech.written)]
    elsewhere = (np.bincount(term, share)[term] - share) / max(np.count_nonzero(total) - 1, 1)
    return (share >= 2 * elsewhere)[cell], uses[cell]


def _joined(speech: Speech, first: NDArray[np.int64]) -> Speech:
    """Join the words at `first` with their next ones, from the left where they overlap."""
    order = np.arange(len(first))
    run = np.maximum.accumulate(np.where(np.diff(first, prepend=-2) == 1, 0, order))
    first = first[(order - run) % 2 == 0]
    size = len(speech.written)
    pairs, number = np.unique(speech.term[first] * size + speech.term[first + 1], return_inverse=True)
    new = [
        _written_together(*both) for both in zip(*speech.written[[pairs // size, pairs % size]], strict=True)
    ]
    term, kept = speech.term.copy(), np.ones(len(speech.term), bool)
    term[first] = size + number
    kept[first + 1] = False
    short = np.array([len(one) <= LONGEST for one in new], bool)
    return Speech(
        account=speech.account[kept],
        text=speech.text[kept],
        term=term[kept],
        tagged=speech.tagged[kept],
        written=np.array([*speech.written, *new], object),
        joinable=np.append(speech.joinable, short),
        nameable=np.append(speech.nameable, short),
    )


def _written_together(one: str, other: str) -> str:
    sign, _, _ = _patterns()
    apart = not (sign.match(one[-1]) and sign.match(other[0]))
    return one + " " * apart + other


def _texts(data: Dataset) -> pd.DataFrame:
    """Every bio, text and hashtag: ``account`` (code) and ``text``."""
    author = data.posts["author_id"].cat.codes.astype(np.int64)
    texts = [pd.Series("", author.index[:0])]
    if "text" in data.posts:
        texts.append(data.posts["text"])
    if "hashtags" in data.posts:
        texts.append("#" + data.posts["hashtags"].explode().dropna().astype(str))
    written = pd.concat([text.dropna().astype(str) for text in texts])
    found = pd.DataFrame({"account": author.loc[written.index], "text": written})
    if "bio" in data.accounts:
        bios = pd.DataFrame({"account": np.arange(len(data.accounts)), "text": data.accounts["bio"].array})
        found = pd.concat([found, bios.dropna()])
    return found[found["account"] >= 0]


def _handles(data: Dataset) -> list[str]:
    """Ids and handles of all accounts, as `_folded` writes words."""
    named = (
        [data.account_ids, data.accounts["handle"].dropna()]
        if "handle" in data.accounts
        else [data.account_ids]
    )
    return [_folded(str(name)) for names in named for name in names]


def _folded(word: str) -> str:
    """Write words alike that differ in case, width, tags, Arabic vowel signs or lengthening."""
    folded = unicodedata.normalize("NFKC", word.lstrip(HASH)).casefold()
    return re.sub("[\u0640\u064b-\u0652]", "", folded).strip("_")


def _is_telling(word: str) -> bool:
    """Emoji, and words of more than one sign that are no number."""
    if not any(map(str.isalnum, word)):
        return bool(word)
    return 1 < len(word) <= LONGEST and any(map(str.isalpha, word))


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """A sign of a script without spaces; what is to be set apart in texts that have it; words to be kept."""
    # Marks beyond U+FFFF, of scripts hardly in use, would make the search fifteen times slower;
    # those that make emoji of other signs belong to no word.
    codes = [*range(0x20D0), *range(0x2100, 0xFE00), *range(0xFE10, 0x10000)]
    marks = "".join(chr(code) for code in codes if unicodedata.category(chr(code))[0] == "M")
    letters = rf"[\w{marks}\u200c\u200d]"
    tag = rf"[{HASH}](?!https?:|[Ww]{{3}}\.){letters}+"
    word = rf"{letters}+(?:['\u2019-]{letters}+)*"
    return (
        re.compile(UNSPACED),
        re.compile(rf"{ADDRESS}|{tag}|{UNSPACED}"),
        re.compile(rf"{ADDRESS}|({EMOJI}|{tag}|{word})"),
    )
