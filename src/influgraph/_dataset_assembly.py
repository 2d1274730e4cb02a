"""From parsed columns to frames over shared indices, with the rows that no measure uses set aside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from influgraph._dataset_parsing import unify
from influgraph._dataset_schema import ALWAYS, IDS, TABLES, Kind

Codes = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Frames = dict[str, pd.DataFrame]

STR = pd.StringDtype(na_value=np.nan)
EVENTS = ("follows", "posts", "engagements")
ACCOUNT_COLUMNS = [
    (name, column) for name in EVENTS for column in TABLES[name] if TABLES[name][column] == Kind.ACCOUNT
]


@dataclass(frozen=True)
class Origin:
    """What a dataset must remember of its files to be written back as it was read.

    `listed` counts the accounts that stood in the accounts table (None: there was none). `id_types` holds the Arrow
    type of each id column that was not text. `aside` holds the rows kept for the disk only, indexed by the row they
    have in their table.
    """

    listed: int | None = None
    id_types: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    aside: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def codes(ids: pd.Series | pd.Categorical) -> Codes:
    """Return the integer codes of an id column, -1 for null."""
    values = ids.cat.codes if isinstance(ids, pd.Series) else ids.codes
    return np.asarray(values, dtype=np.intp)


def _columns(tables: Mapping[str, pa.Table], kind: Kind) -> list[tuple[str, str]]:
    """Return the (table, column) pairs of one kind of id, in the order in which ids first appear."""
    return [
        (name, column)
        for name in TABLES
        for column in tables[name].column_names
        if TABLES[name].get(column) == kind
    ]


def _id_index(columns: list[Any], name: str) -> tuple[pd.Index, list[pd.Categorical]]:
    """Give id columns one index and return them as categoricals over it."""
    values, coded = unify(columns)
    index = pd.Index(STR.__from_arrow__(values), name=name)
    dtype = pd.CategoricalDtype(index)
    return index, [pd.Categorical.from_codes(column, dtype=dtype) for column in coded]


def _pandas_type(dtype: pa.DataType) -> Any:
    """Return the pandas type that holds an Arrow type and its nulls."""
    if pa.types.is_string(dtype) or pa.types.is_large_string(dtype):
        return STR
    if pa.types.is_boolean(dtype):
        return pd.BooleanDtype()
    if pa.types.is_integer(dtype):
        return pd.Int64Dtype()
    if pa.types.is_floating(dtype) or pa.types.is_timestamp(dtype):
        return None
    return pd.ArrowDtype(dtype)


def assemble(tables: Mapping[str, pa.Table]) -> tuple[pd.DataFrame, Frames, Origin, tuple[str, ...]]:
    """Turn parsed tables into the accounts, the frames that measures use, what is set aside, and warnings."""
    account_columns, post_columns = _columns(tables, Kind.ACCOUNT), _columns(tables, Kind.POST)
    post_columns.sort(key=lambda pair: pair != ("posts", "post_id"))
    raw = {pair: _dictionary(tables[pair[0]], pair[1]) for pair in [*account_columns, *post_columns]}
    account_ids, by_account = _id_index([raw[pair] for pair in account_columns], "account_id")
    _, by_post = _id_index([raw[pair] for pair in post_columns], "post_id")
    ids = dict(zip([*account_columns, *post_columns], [*by_account, *by_post], strict=True))
    frames = {name: _frame(name, tables[name], ids) for name in EVENTS}
    listed = tables["accounts"].num_rows or None
    aside, warnings = _oddities(frames, listed)
    types = {
        pair: column.type.value_type
        for pair, column in raw.items()
        if pa.types.is_integer(column.type.value_type)
    }
    if listed is None and len(types) == len(raw):
        types["accounts", "account_id"] = pa.int64()
    used, kept = split(frames, aside)
    return _accounts(tables["accounts"], account_ids), used, Origin(listed, types, kept), warnings


def _dictionary(table: pa.Table, column: str) -> pa.DictionaryArray:
    """Return an encoded id column in one piece."""
    values = table[column]
    return values.combine_chunks()


def _accounts(table: pa.Table, account_ids: pd.Index) -> pd.DataFrame:
    """Return the accounts frame: the listed accounts, then all-null rows for those that occur elsewhere."""
    labels = table.drop_columns(["account_id"])
    added = len(account_ids) - table.num_rows
    padded = pa.table(
        {
            column: pa.concat_arrays([*labels[column].chunks, pa.nulls(added, labels[column].type)])
            for column in labels.column_names
        }
    )
    frame = padded.to_pandas(types_mapper=_pandas_type) if labels.column_names else pd.DataFrame()
    frame.index = account_ids if len(frame) else frame.index
    return frame if len(frame.columns) else pd.DataFrame(index=account_ids)


def _frame(name: str, table: pa.Table, ids: Mapping[tuple[str, str], pd.Categorical]) -> pd.DataFrame:
    """Return one table as a frame, its columns in the order of the file."""
    plain = [column for column in table.column_names if (name, column) not in ids]
    values = table.select(plain).to_pandas(types_mapper=_pandas_type)
    columns = {column: ids.get((name, column), values.get(column)) for column in table.column_names}
    frame = pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))
    if name == "engagements":
        frame["kind"] = frame["kind"].astype("category")
    return frame


def _oddities(frames: Frames, listed: int | None) -> tuple[dict[str, Mask], tuple[str, ...]]:
    """Return the rows of each table that no measure uses, and what to tell about them."""
    warnings: list[str] = []
    aside = {
        "follows": _odd_follows(frames["follows"], warnings),
        "posts": _odd_posts(frames["posts"], listed, warnings),
    }
    aside["engagements"] = _odd_engagements(frames, aside["posts"], warnings)
    return aside, tuple(warnings)


def _warn(warnings: list[str], table: str, count: int, what: str) -> None:
    """Add a warning if there is anything to warn of."""
    if count:
        warnings.append(f"{table}: {count} {what}")


def _odd_follows(follows: pd.DataFrame, warnings: list[str]) -> Mask:
    """Return the self-follows, and the repeats of a follow: its earliest row counts, before the study first."""
    follower, followed = codes(follows["follower_id"]), codes(follows["followed_id"])
    own = follower == followed
    _warn(warnings, "follows", int(own.sum()), "self-follows, ignored")
    pairs = follower * len(follows["follower_id"].cat.categories) + followed
    ordered = np.sort(pairs)
    if not (ordered[1:] == ordered[:-1]).any():
        return own
    times = follows["followed_at"].to_numpy(dtype="datetime64[us]").astype("int64")
    order = np.lexsort((times, pairs))
    repeat = np.zeros(len(follows), dtype=bool)
    repeat[order[1:]] = pairs[order[1:]] == pairs[order[:-1]]
    repeat &= ~own
    _warn(
        warnings, "follows", int(repeat.sum()), "repeated follows, each used once, from its earliest time on"
    )
    return own | repeat


def _odd_posts(posts: pd.DataFrame, listed: int | None, warnings: list[str]) -> Mask:
    """Return the posts by authors that an accounts table is there to list and does not."""
    unknown = codes(posts["author_id"]) >= (np.iinfo(np.intp).max if listed is None else listed)
    _warn(warnings, "posts", int(unknown.sum()), "posts by authors that are not in accounts, ignored")
    return unknown


def _odd_engagements(frames: Frames, odd_posts: Mask, warnings: list[str]) -> Mask:
    """Return the self-engagements; tell of targets that contradict the post and of posts that are unknown."""
    engagements = frames["engagements"]
    target, author = (
        codes(engagements["target_id"]),
        post_authors(frames["posts"][~odd_posts], engagements["post_id"]),
    )
    contradicted = (target >= 0) & (author >= 0) & (target != author)
    own = codes(engagements["account_id"]) == np.where(target >= 0, target, author)
    lost = (codes(engagements["post_id"]) >= 0) & (author < 0) & (target < 0)
    _warn(warnings, "engagements", int(own.sum()), "self-engagements, ignored")
    _warn(
        warnings,
        "engagements",
        int(contradicted.sum()),
        "targets that are not the post's author; the target is used",
    )
    _warn(
        warnings,
        "engagements",
        int(lost.sum()),
        "on unknown posts and without a target, so nobody receives them",
    )
    return own


def post_authors(posts: pd.DataFrame, post_ids: pd.Series) -> Codes:
    """Return the code of the account that wrote each of these posts, -1 where it is not known."""
    authors = np.full(len(posts["post_id"].cat.categories) + 1, -1, dtype=np.intp)
    authors[codes(posts["post_id"])] = codes(posts["author_id"])
    return authors[codes(post_ids)]


def split(frames: Frames, aside: Mapping[str, Mask]) -> tuple[Frames, Frames]:
    """Part whole frames into what measures use and what is set aside, after putting the post index in order."""
    frames = _reindex_posts(frames, aside["posts"])
    used = {name: frames[name][~aside[name]].reset_index(drop=True) for name in EVENTS if aside[name].any()}
    kept = {name: frames[name][aside[name]] for name in used}
    return {name: used.get(name, frames[name]) for name in EVENTS}, kept


def whole(used: Frames, kept: Mapping[str, pd.DataFrame]) -> tuple[Frames, dict[str, Mask]]:
    """Undo `split`: put the rows set aside back in their places, and say which they are."""
    frames, aside = {}, {}
    for name in EVENTS:
        rows = kept[name].index.to_numpy() if name in kept else np.empty(0, dtype=np.intp)
        aside[name] = np.zeros(len(used[name]) + len(rows), dtype=bool)
        aside[name][rows] = True
        order = np.argsort(np.concatenate([np.flatnonzero(~aside[name]), rows]))
        frames[name] = pd.concat([used[name], kept[name]]).iloc[order] if len(rows) else used[name]
        frames[name] = frames[name].reset_index(drop=True)
    return frames, aside


def _reindex_posts(frames: Frames, odd_posts: Mask) -> Frames:
    """Number posts by their row, then those set aside, then ids only referred to."""
    columns = [
        (name, column) for name in EVENTS for column in frames[name] if TABLES[name].get(column) == Kind.POST
    ]
    own = codes(frames["posts"]["post_id"])
    seen = [codes(frames[name][column]) for name, column in columns]
    order = pd.unique(np.concatenate([own[~odd_posts], own[odd_posts], *seen]))
    order = order[order >= 0]
    old = frames["posts"]["post_id"].cat.categories
    if len(order) == len(old) and (order == np.arange(len(order))).all():
        return frames
    dtype = pd.CategoricalDtype(old.take(order))
    return recode(frames, columns, positions(order, len(old)), dtype)


def positions(order: Codes, size: int) -> Codes:
    """Return the new code of each old one, -1 where it is gone (and for -1, null)."""
    lookup = np.full(size + 1, -1, dtype=np.intp)
    lookup[order] = np.arange(len(order))
    return lookup


def recode(
    frames: Frames, columns: list[tuple[str, str]], lookup: Codes, dtype: pd.CategoricalDtype
) -> Frames:
    """Return the frames with these id columns over another index."""
    frames = dict(frames)
    for name, column in columns:
        new = pd.Categorical.from_codes(lookup[codes(frames[name][column])], dtype=dtype)
        frames[name] = frames[name].assign(**{column: new})
    return frames


def disassemble(accounts: pd.DataFrame, used: Frames, origin: Origin) -> dict[str, pa.Table]:
    """Return the tables to write: all rows in their places, ids in their type, no column that says nothing."""
    frames, _ = whole(used, origin.aside)
    listed = accounts.iloc[: origin.listed].reset_index()
    frames = {"accounts": listed, **frames}
    return {
        name: pa.table(
            {
                column: _stored(name, column, frame[column], origin)
                for column in frame
                if _says(name, frame[column])
            }
        )
        for name, frame in frames.items()
        if len(frame)
    }


def _says(name: str, values: pd.Series) -> bool:
    """Tell whether a column holds more than what is taken for granted without it."""
    if values.name not in ALWAYS[name]:
        return True
    return bool((values != 1).any() if values.name == "weight" else values.notna().any())


def _stored(name: str, column: str, values: pd.Series, origin: Origin) -> pa.Array:
    """Return a column as it is written."""
    if TABLES[name].get(column) not in IDS:
        plain = values.astype(STR) if isinstance(values.dtype, pd.CategoricalDtype) else values
        return pa.array(plain, from_pandas=True)
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return _typed(
            pa.array(values, pa.large_string(), from_pandas=True), origin.id_types.get((name, column))
        )
    texts = pa.array(values.cat.categories, pa.large_string())
    at = pa.array(values.cat.codes, pa.int32(), mask=values.isna().to_numpy())
    return _typed(texts.take(at), origin.id_types.get((name, column)))


def _typed(texts: pa.Array, dtype: pa.DataType | None) -> pa.Array:
    """Return ids in their input type, or as text where one of them no longer fits it."""
    if dtype is None:
        return texts
    try:
        numbers = texts.cast(dtype)
    except pa.ArrowInvalid:
        return texts
    return numbers if numbers.cast(texts.type).equals(texts) else texts
