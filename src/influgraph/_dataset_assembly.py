"""From parsed columns to frames over shared indices, and back; rows that no measure uses are set aside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from influgraph._dataset_codes import Codes, Frames, Mask, codes
from influgraph._dataset_oddities import early_times, find_oddities
from influgraph._dataset_parsing import TEXT, unify
from influgraph._dataset_schema import TABLES, Kind

Columns = list[tuple[str, str]]

STR = pd.StringDtype(na_value=np.nan)
EVENTS = ("follows", "posts", "engagements")


@dataclass(frozen=True)
class Origin:
    """What a dataset must remember of its tables to be written back as they were.

    `listed` counts the accounts that stood in the accounts table, None where there was none. `id_types` is
    the type of each id column that was not text, by (table, column). `aside` are, by table, the rows that no
    measure uses; their index says which row of the table they are.
    """

    listed: int | None = None
    id_types: Mapping[tuple[str, str], pa.DataType] = field(default_factory=dict)
    aside: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def assemble(tables: Mapping[str, pa.Table]) -> tuple[pd.DataFrame, Frames, Origin, tuple[str, ...]]:
    """Return accounts, the frames that measures use, what is to be remembered, and warnings."""
    encoded = {
        (name, column): tables[name][column].combine_chunks()
        for name, column in [*_id_columns(tables, Kind.ACCOUNT), *_id_columns(tables, Kind.POST)]
    }
    accounts, account_ids = _indexed(encoded, _id_columns(tables, Kind.ACCOUNT), "account_id")
    _, post_ids = _indexed(encoded, _id_columns(tables, Kind.POST), "post_id")
    frames = {name: _frame(name, tables[name], account_ids | post_ids) for name in EVENTS}
    listed = tables["accounts"].num_rows or None
    aside, warnings = find_oddities(frames, listed)
    used, kept = split(frames, aside)
    known = _accounts_frame(tables["accounts"], accounts)
    warnings += early_times({"accounts": known, **frames})
    return known, used, Origin(listed, _id_types(encoded), kept), warnings


def _id_columns(tables: Mapping[str, Any], kind: Kind) -> Columns:
    """Return the columns of one kind of id, in the order in which ids first appear in them."""
    return [
        (name, column)
        for name in tables
        for column in _names(tables[name])
        if TABLES[name].get(column) == kind
    ]


def _names(table: pa.Table | pd.DataFrame) -> list[str]:
    """Return the column names of a table or frame."""
    return list(table.column_names if isinstance(table, pa.Table) else table.columns)


def _id_types(encoded: Mapping[tuple[str, str], pa.DictionaryArray]) -> dict[tuple[str, str], pa.DataType]:
    """Return the types of id columns that are not text; accounts that no table lists follow the others."""
    types = {key: ids.type.value_type for key, ids in encoded.items() if len(ids.dictionary)}
    whole = {key: dtype for key, dtype in types.items() if pa.types.is_integer(dtype)}
    if len(whole) == len(types):
        whole.setdefault(("accounts", "account_id"), pa.int64())
    return whole


def _indexed(
    encoded: Mapping[tuple[str, str], pa.DictionaryArray], columns: Columns, name: str
) -> tuple[pd.Index, dict[tuple[str, str], pd.Categorical]]:
    """Give id columns one index and return them as categoricals over it."""
    texts, coded = unify([encoded[column] for column in columns])
    index = pd.Index(texts.to_pandas(types_mapper=_pandas_type), name=name)
    dtype = pd.CategoricalDtype(index)
    return index, {
        column: pd.Categorical.from_codes(values, dtype=dtype)
        for column, values in zip(columns, coded, strict=True)
    }


def _accounts_frame(table: pa.Table, account_ids: pd.Index) -> pd.DataFrame:
    """Return the accounts: those that are listed, then an all-null row for each id that occurs elsewhere."""
    labels = table.drop_columns(["account_id"])
    added = len(account_ids) - table.num_rows
    columns = {
        name: pa.concat_arrays([*labels[name].chunks, pa.nulls(added, labels[name].type)])
        for name in labels.column_names
    }
    frame = pa.table(columns).to_pandas(types_mapper=_pandas_type)
    return frame.set_axis(account_ids) if columns else pd.DataFrame(index=account_ids)


def _frame(name: str, table: pa.Table, ids: Mapping[tuple[str, str], pd.Categorical]) -> pd.DataFrame:
    """Return one table as a frame, its columns in their order."""
    labels = table.select([column for column in table.column_names if (name, column) not in ids])
    frame = labels.to_pandas(types_mapper=_pandas_type)
    columns = {column: ids.get((name, column), frame.get(column)) for column in table.column_names}
    if "kind" in columns and name == "engagements":
        columns["kind"] = _categorical(table["kind"])
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))


def _categorical(texts: pa.ChunkedArray) -> pd.Categorical:
    """Return text as a categorical with sorted categories."""
    encoded = texts.combine_chunks().dictionary_encode()
    values = encoded.indices.to_numpy(zero_copy_only=False)
    categories = pd.Index(encoded.dictionary.to_pandas(types_mapper=_pandas_type))
    found = pd.Categorical.from_codes(values, dtype=pd.CategoricalDtype(categories))
    return found.reorder_categories(categories.sort_values())


def _pandas_type(dtype: pa.DataType) -> pd.api.extensions.ExtensionDtype | None:
    """Return the pandas type that holds an Arrow type with its nulls; None leaves it to pandas."""
    if pa.types.is_string(dtype) or pa.types.is_large_string(dtype):
        return STR
    if pa.types.is_boolean(dtype):
        return pd.BooleanDtype()
    if pa.types.is_signed_integer(dtype):
        return pd.Int64Dtype()
    return None if pa.types.is_floating(dtype) or pa.types.is_timestamp(dtype) else pd.ArrowDtype(dtype)


def split(frames: Frames, aside: Mapping[str, Mask]) -> tuple[Frames, Frames]:
    """Part whole tables into what measures use and what is set aside, after putting the post ids in order."""
    frames = _renumber_posts(frames, aside["posts"])
    kept = {name: frames[name][aside[name]] for name in EVENTS if aside[name].any()}
    used = {name: frames[name][~aside[name]].reset_index(drop=True) for name in kept}
    return {**frames, **used}, kept


def whole(used: Frames, kept: Mapping[str, pd.DataFrame]) -> tuple[Frames, dict[str, Mask]]:
    """Undo `split`: put the rows set aside back in their places, and mark them."""
    frames, aside = {}, {}
    for name in EVENTS:
        rows = kept[name].index.to_numpy() if name in kept else np.empty(0, dtype=np.intp)
        size = len(used[name]) + len(rows)
        if (rows >= size).any():  # fewer rows are used than once were: no place is left between them
            rows = np.arange(len(used[name]), size)
        aside[name] = np.zeros(size, dtype=bool)
        aside[name][rows] = True
        order = np.argsort(np.concatenate([np.flatnonzero(~aside[name]), rows]))
        both = stacked([used[name], kept[name]]).iloc[order] if len(rows) else used[name]
        frames[name] = both.reset_index(drop=True)
    return frames, aside


def stacked(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put rows of one table under one another; kinds that any of them knows, all of them do."""
    if "kind" in parts[0]:
        kinds = sorted({str(kind) for part in parts for kind in part["kind"].cat.categories})
        dtype = pd.CategoricalDtype(pd.Index(kinds, dtype=STR))
        parts = [part.assign(kind=part["kind"].astype(dtype)) for part in parts]
    return pd.concat([parts[0], *(part for part in parts[1:] if len(part))], ignore_index=True)


def _renumber_posts(frames: Frames, odd_posts: Mask) -> Frames:
    """Number post ids by the row of their post, then those set aside, then those only referred to."""
    columns = _id_columns(frames, Kind.POST)
    own, old = codes(frames["posts"]["post_id"]), frames["posts"]["post_id"].cat.categories
    seen = [codes(frames[name][column]) for name, column in columns]
    order = pd.unique(np.concatenate([own[~odd_posts], own[odd_posts], *seen]))
    order = order[order >= 0]
    if len(order) == len(old) and (order == np.arange(len(order))).all():
        return frames
    return _recoded(frames, columns, order)


def renumber_accounts(frames: Frames, order: Codes) -> Frames:
    """Number accounts by their place in `order`, which holds the present code of each one that stays."""
    return _recoded(frames, _id_columns(frames, Kind.ACCOUNT), order)


def _recoded(frames: Frames, columns: Columns, order: Codes) -> Frames:
    """Return the frames with these columns over the index of the codes in `order`; others become null."""
    old = frames[columns[0][0]][columns[0][1]].cat.categories
    lookup = np.full(len(old) + 1, -1, dtype=np.intp)
    lookup[order] = np.arange(len(order))
    dtype = pd.CategoricalDtype(old.take(order))
    new: dict[str, dict[str, pd.Categorical]] = {name: {} for name in frames}
    for name, column in columns:
        new[name][column] = pd.Categorical.from_codes(lookup[codes(frames[name][column])], dtype=dtype)
    return {name: frame.assign(**new[name]) for name, frame in frames.items()}


def disassemble(accounts: pd.DataFrame, used: Frames, origin: Origin) -> dict[str, pa.Table]:
    """Return the tables to write, empty ones left out: every row in its place, ids in their input type."""
    frames = {"accounts": accounts.iloc[: origin.listed].reset_index(), **whole(used, origin.aside)[0]}
    tables = {}
    for name, frame in frames.items():
        if len(frame):
            types = {column: origin.id_types.get((name, str(column))) for column in frame}
            tables[name] = pa.table({column: _stored(frame[column], types[column]) for column in frame})
    return tables


def _stored(values: pd.Series, id_type: pa.DataType | None) -> pa.Array:
    """Return a column as it is written."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        texts = pa.array(values.cat.categories, TEXT)
        column = texts.take(pa.array(codes(values), mask=values.isna().to_numpy()))
    else:
        column = pa.array(values, from_pandas=True)
    return column if id_type is None else _typed(column.cast(TEXT), id_type)


def _typed(texts: pa.Array, dtype: pa.DataType) -> pa.Array:
    """Return ids in the type they came in, or as text where one of them does not fit it any more."""
    try:
        numbers = texts.cast(dtype)
    except pa.ArrowInvalid:
        return texts
    return numbers if numbers.cast(TEXT).equals(texts) else texts
