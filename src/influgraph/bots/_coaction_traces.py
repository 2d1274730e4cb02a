"""Who acted on which object when: reposts, replies, links, hashtags, texts alike, and named objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph.dataset import resolved_engagements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from influgraph.dataset import Dataset

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float64]
Signatures = npt.NDArray[np.uint64]

POST_TRACES = {"repost": ("repost", "quote"), "reply": ("reply", "comment"), "like": ("like",)}
TRACES = ("repost", "reply", "text", "link", "hashtags", "object")
NOT_SPREAD = ("view", "click", "purchase", "like")  # kinds that do not spread the object they name
OF_ACCOUNT = "repost of account"  # trace of reposts that name whom they repost, and no post
LEAST_TEXT = 20  # characters: shorter texts are alike by chance
DAY = 86400.0  # seconds
SOON = 60.0  # seconds: what follows sooner was not prompted by what others did
# Shares of shingles in common from which on two texts count as one: always, and where all are of one day.
ALIKE, ALIKE_AT_ONCE = 0.75, 0.5
ACTS = {
    "account": "int64",
    "trace": "str",
    "object": "str",
    "author": "int64",
    "since": "float64",
    "time": "float64",
}


@dataclass(frozen=True)
class Acts:
    """Acts sorted by unit, then time; the first of each account on each unit.

    `account`, `unit`, `time` in seconds by act; `trace`, `object`, `author` (code, -1: nobody) and `since`
    (when it appeared, by which delays are measured: its first act where unknown) by unit; `accounts`: how
    many
    there are.
    """

    account: Ints
    unit: Ints
    time: Floats
    trace: npt.NDArray[np.object_]
    object: npt.NDArray[np.object_]
    author: Ints
    since: Floats
    accounts: int


def gather_acts(data: Dataset, traces: Sequence[str]) -> pd.DataFrame:
    """One row per act: account, trace, object, its author, when it appeared, second (null: unknown).

    The object is null where a post carries what nobody else does, once for each trace.
    """
    parts = [*_acts_on_posts(data, traces), *_named_objects(data, traces), *_contents(data, traces)]
    acts = pd.concat(
        [part for part in parts if len(part)] or [pd.DataFrame(columns=list(ACTS))], ignore_index=True
    )
    return acts.astype(ACTS)


def sort_acts(acts: pd.DataFrame, accounts: int) -> Acts:
    """Sort acts that have a time into units."""
    names = pd.MultiIndex.from_arrays([acts["trace"], acts["object"]])
    item, _ = pd.factorize(names)
    first = np.unique(item, return_index=True)[1]
    items = acts.iloc[first]
    lasting = ~items["trace"].isin(list(POST_TRACES)).to_numpy()
    return form_acts(
        acts["account"].to_numpy(),
        item,
        acts["time"].to_numpy(),
        accounts=accounts,
        lasting=lasting,
        items=items.reset_index(drop=True),
    )


def form_acts(
    account: Ints,
    item: Ints,
    time: Floats,
    *,
    accounts: int,
    lasting: npt.NDArray[np.bool_],
    items: pd.DataFrame,
) -> Acts:
    """Sort acts on items, rows of `items`, into units."""
    from influgraph.bots import _coaction_kernels as kernels

    order = _by_item_and_time(item, time)
    item, account, time = item[order], account[order], time[order]
    unit, kept = kernels.form_units(item, account, time, lasting, accounts)
    begins = np.flatnonzero(np.diff(unit, prepend=-1))
    of = items.iloc[item[begins]]
    since = of["since"].to_numpy(dtype=np.float64)
    late = np.isnan(since) | (since > time[begins])
    return Acts(
        account=account[kept].astype(np.int64),
        unit=unit[kept],
        time=time[kept],
        trace=of["trace"].to_numpy(dtype=object),
        object=of["object"].to_numpy(dtype=object),
        author=of["author"].to_numpy(dtype=np.int64),
        since=np.where(late, time[begins], since),
        accounts=accounts,
    )


def unprompted(acts: Acts, follower: Ints, followed: Ints) -> Acts:
    """Leave out acts on what an account that the actor follows had acted on, `SOON` before or earlier."""
    from influgraph.bots import _coaction_kernels as kernels

    if not follower.size:
        return acts
    order = np.argsort(follower, kind="stable")
    start = np.append(0, np.cumsum(np.bincount(follower, minlength=acts.accounts)))
    prompted = kernels.mark_prompted(
        acts.unit, acts.account, acts.time, start, followed[order].astype(np.int64), acts.accounts, SOON
    )
    kept = ~prompted
    units, unit = np.unique(acts.unit[kept], return_inverse=True)
    return Acts(
        account=acts.account[kept],
        unit=unit,
        time=acts.time[kept],
        trace=acts.trace[units],
        object=acts.object[units],
        author=acts.author[units],
        since=acts.since[units],
        accounts=acts.accounts,
    )


def by_followers(acts: Acts, follower: Ints, followed: Ints) -> npt.NDArray[np.bool_]:
    """Whether each act is on what somebody posted whom the actor follows."""
    account, author = acts.account, acts.author[acts.unit]
    asked = np.zeros(acts.accounts, np.bool_)
    asked[account] = True
    known = np.unique((follower.astype(np.int64) * acts.accounts + followed)[asked[follower]])
    return np.isin(account * acts.accounts + author, known) & (author >= 0)


def _by_item_and_time(item: Ints, time: Floats) -> Ints:
    """Order of acts by item, then time; in one sort where both fit into one number."""
    if not item.size:
        return np.empty(0, np.int64)
    span = np.floor((time - time.min()) * 8)
    if span.max() >= 2.0**62 / (float(item.max()) + 2):
        return np.lexsort((time, item))
    width = int(span.max()) + 1
    return np.argsort(item.astype(np.int64) * width + span.astype(np.int64), kind="stable")


def _seconds(times: pd.Series) -> Floats:
    moments = times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
    return np.where(np.isnat(moments), np.nan, moments.astype(np.int64) / 1e6)


def _acts_on_posts(data: Dataset, traces: Sequence[str]) -> Iterator[pd.DataFrame]:
    """Acts on posts; where a repost names no post, the object is the account that was reposted."""
    acts = resolved_engagements(data)
    posts = data.posts
    size = len(data.post_ids)
    author, since = np.full(size + 1, -1, np.int64), np.full(size + 1, np.nan)
    row = posts["post_id"].cat.codes.to_numpy()
    author[row], since[row] = posts["author_id"].cat.codes.to_numpy(), _seconds(posts["created_at"])
    for trace in POST_TRACES:
        if trace not in traces:
            continue
        rows = acts[acts["kind"].isin(POST_TRACES[trace])]
        post, receiver = (rows[column].cat.codes.to_numpy() for column in ("post_id", "receiver_id"))
        known = (post >= 0) | ((receiver >= 0) & (trace == "repost"))
        label = rows["post_id"].astype("str").where(post >= 0, rows["receiver_id"].astype("str"))
        yield pd.DataFrame(
            {
                "account": rows["account_id"].cat.codes.astype("int64"),
                "trace": np.where(post >= 0, trace, OF_ACCOUNT),
                "object": label,
                "author": np.where(post >= 0, np.where(author[post] < 0, receiver, author[post]), receiver),
                "since": since[post],
                "time": _seconds(rows["created_at"]),
            }
        )[known]


def _named_objects(data: Dataset, traces: Sequence[str]) -> Iterator[pd.DataFrame]:
    """Acts that name an object and are not on a post."""
    acts = data.engagements
    if "object" not in traces or "object" not in acts:
        return
    on_post = (
        acts["kind"].isin([kind for kinds in POST_TRACES.values() for kind in kinds])
        & acts["post_id"].notna()
    )
    rows = acts[acts["object"].notna() & ~on_post & ~acts["kind"].isin(NOT_SPREAD)]
    yield _own_acts(rows["account_id"], "object", rows["object"].astype("str"), rows["created_at"])


def _own_acts(account: pd.Series, trace: str, label: pd.Series, time: pd.Series) -> pd.DataFrame:
    columns = {"account": account.cat.codes.astype("int64"), "trace": trace, "object": label, "author": -1}
    return pd.DataFrame({**columns, "since": np.nan, "time": _seconds(time)})


def _contents(data: Dataset, traces: Sequence[str]) -> Iterator[pd.DataFrame]:
    """What people's own posts carry; of each post only the most telling trace that another account shares.

    A text alike or a link, whichever more accounts carry on the same day (of a few words some texts are
    alike by chance, and popular links are old), tells more than a sequence of hashtags; a post is one act.
    What no other account carries says how often people share nothing.
    """
    posts = data.posts
    if "repost_of" in posts:
        posts = posts[posts["repost_of"].isna()]
    carried = [
        _carried(posts, trace, labels) if trace in traces and column in posts else _no_acts()
        for trace, column, labels in (
            ("text", "text", _texts),
            ("link", "links", _links),
            ("hashtags", "hashtags", _hashtags),
        )
    ]
    text, link, hashtags = (acts[acts["object"].notna()] for acts in carried)
    by_link = (_company(link).reindex(text.index, fill_value=0) > _company(text)).to_numpy()
    text, link = text[~by_link], link[~link.index.isin(text.index[~by_link])]
    told = text.index.union(link.index)
    for acts in (text, link, hashtags[~hashtags.index.isin(told)]):
        yield acts[_shared(acts)]
    told = told.union(hashtags.index)
    for acts in carried:
        yield acts[acts["object"].isna() & ~acts.index.isin(told)]


def _carried(posts: pd.DataFrame, trace: str, labels: Callable[[pd.DataFrame], pd.Series]) -> pd.DataFrame:
    """Acts by row of the post; null is the object of a post that carries nothing another account does."""
    found = labels(posts)
    rows = posts.loc[found.index]
    label = pd.Series(found.to_numpy(), rows.index, dtype="str")
    acts = _own_acts(rows["author_id"], trace, label, rows["created_at"]).set_axis(rows.index)
    shared = _shared(acts)
    alone = acts[~shared & ~acts.index.isin(acts.index[shared])]
    alone = alone[~alone.index.duplicated()]
    return pd.concat([acts[shared], alone.assign(object=pd.Series(None, alone.index, dtype="str"))])


def _no_acts() -> pd.DataFrame:
    return pd.DataFrame(columns=list(ACTS)).astype(ACTS)


def _shared(acts: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether another account acts on the same object."""
    return np.asarray(acts.groupby("object")["account"].transform("nunique") > 1, dtype=np.bool_)


def _company(acts: pd.DataFrame) -> pd.Series:
    """How many accounts carry the same on the same day, by row of the post; of several objects the most."""
    day = acts["time"] // DAY
    accounts = acts.groupby([acts["object"], day], dropna=False)["account"].transform("nunique")
    return accounts.groupby(level=0).max()


def _links(posts: pd.DataFrame) -> pd.Series:
    """Every link of each post, by row of the post."""
    return _lists(posts["links"]).explode().dropna().astype("str")


def _hashtags(posts: pd.DataFrame) -> pd.Series:
    """The sequence of hashtags of each post that has two or more: one alone may be everybody's."""
    tags = _lists(posts["hashtags"])
    tags = tags[tags.map(len) > 1]
    return tags.map(lambda words: " ".join(f"#{word}" for word in words)).astype("str")


def _lists(column: pd.Series) -> pd.Series:
    """Lists of text by row, null where there is none left out."""
    column = column.dropna()
    return pd.Series([list(items) for items in column], column.index, dtype=object)


def _texts(posts: pd.DataFrame) -> pd.Series:
    """The first of the texts alike for each post that says enough, links and mentions left out.

    Texts that share less count as alike too if all that do are of one day: who writes one text anew each time
    does it at once, while apps and habits write much the same on any day.
    """
    texts = posts["text"].dropna().astype("str")
    plain = texts.str.replace(r"https?://\S+|@\w+", " ", regex=True).str.casefold()
    plain = plain.str.replace(r"[\W_]+", " ", regex=True).str.strip()
    plain = plain[plain.str.len() >= LEAST_TEXT]
    if plain.empty:
        return plain
    code, distinct = pd.factorize(plain)
    signature = _sign([str(text) for text in distinct])
    group, wide = (_groups_alike(signature, alike)[code] for alike in (ALIKE, ALIKE_AT_ONCE))
    times = pd.Series(_seconds(posts.loc[plain.index, "created_at"])).groupby(wide)
    at_once = times.transform("max") - times.transform("min") <= DAY
    first = np.unique(code, return_index=True)[1]
    shown = texts.loc[plain.index].str.slice(0, 80).to_numpy()
    return pd.Series(shown[first[np.where(at_once, wide, group)]], plain.index, dtype="str")


def _sign(texts: list[str]) -> Signatures:
    """MinHash signatures of texts."""
    from influgraph.bots import _coaction_text_kernels as kernels

    symbols = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    start = np.append(0, np.cumsum([len(text) for text in texts]))
    return np.asarray(kernels.sign_texts(symbols, start))


def _groups_alike(signature: Signatures, alike: float) -> Ints:
    """The first text of the group of each, where texts of a group share most shingles with one another."""
    from influgraph.bots import _coaction_text_kernels as kernels

    parent = np.arange(len(signature))
    for band in range(kernels.HASHES // kernels.BAND):
        keys = kernels.band_keys(signature, band)
        kernels.join_alike(signature, np.argsort(keys, kind="stable"), keys, parent, alike)
    return kernels.settle(parent)
