"""From raw columns, text or typed, to columns of one type per kind; what cannot be read is noted as a breach."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from influgraph._dataset_schema import (
    ALWAYS,
    IDS,
    REQUIRED,
    SHOWN,
    TABLES,
    UNIQUE,
    Breach,
    Kind,
    nearest,
    shown,
)

Mask = npt.NDArray[np.bool_]

TIME = pa.timestamp("us", tz="UTC")
ISO_TIME = (
    r"^\d{4}-\d{2}-\d{2}"
    r"([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?( ?(Z|z|[+-]\d{2}(:?\d{2})?))?)?$"
)
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
MILLISECONDS = 1e11
TRUTHS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class _Fault:
    """The rows of a column that share one fault."""

    rows: Mask
    problem: str
    repair: str


_Parsed = tuple[pa.Array, list[_Fault]]


def parse_table(name: str, raw: pa.Table, breaches: list[Breach]) -> pa.Table:
    """Parse every column of a table and append those that are always there; ids become dictionaries."""
    if not raw.column_names:
        raw = pa.table({column: pa.nulls(0) for column in REQUIRED[name]})
    columns = {}
    breaches.extend(_misnamed(name, raw))
    for column in dict.fromkeys([*raw.column_names, *ALWAYS[name]]):
        if raw.column_names.count(column) > 1:
            continue
        kind = TABLES[name].get(column, Kind.LABEL)
        plain = _plain(raw[column]) if column in raw.column_names else pa.nulls(raw.num_rows)
        columns[column], faults = _PARSERS[kind](plain)
        if column in REQUIRED[name]:
            faults = [*faults, *_missing(plain)]
        if UNIQUE.get(name) == column:
            faults = [*faults, *_repeated(columns[column])]
        breaches.extend(_breaches(name, column, plain, faults))
    if "weight" in columns:
        columns["weight"] = columns["weight"].fill_null(1.0)
    return pa.table(columns)


def _misnamed(name: str, raw: pa.Table) -> Iterator[Breach]:
    """Note required columns that are not there, and columns that are there twice."""
    present = raw.column_names
    for column in REQUIRED[name]:
        if column not in present:
            near = nearest(column, present)
            columns = ", ".join(shown(other) for other in present[:8])
            repair = (
                f"Rename {near!r} to {column!r}." if near else f"Add it; the columns present are {columns}."
            )
            yield Breach(name, column, 1, "missing required column", (), repair)
    for column in sorted({column for column in present if present.count(column) > 1}):
        yield Breach(
            name, column, present.count(column), "two columns of this name", (), "Rename or drop one."
        )


def _breaches(name: str, column: str, raw: pa.Array, faults: list[_Fault]) -> Iterator[Breach]:
    """Turn the faults of a column into breaches with their first examples."""
    for fault in faults:
        rows = np.flatnonzero(fault.rows)
        if len(rows):
            values = [raw[int(row)].as_py() for row in rows[:SHOWN]]
            examples = tuple(f"row {row + 1} {shown(v)}" for row, v in zip(rows[:SHOWN], values, strict=True))
            count = len(rows)
            problem = f"{count} {'value' if count == 1 else 'values'} {fault.problem}"
            yield Breach(name, column, count, problem, examples, fault.repair)


def _missing(raw: pa.Array) -> list[_Fault]:
    """Note the empty fields of a required column."""
    return [_Fault(_mask(raw.is_null()), "missing", "Fill it in, or drop the row.")]


def _repeated(ids: pa.DictionaryArray) -> list[_Fault]:
    """Note the rows whose id stood in an earlier row."""
    if len(ids.dictionary) + ids.null_count == len(ids):
        return []
    codes = pd.Series(ids.indices.to_numpy(zero_copy_only=False))
    repeated = codes.duplicated() & codes.notna()
    return [_Fault(repeated.to_numpy(), "already used in an earlier row", "Keep one row per id.")]


def _mask(flags: pa.Array) -> Mask:
    """Return an Arrow array of flags as numpy, null as false."""
    return np.asarray(pc.fill_null(flags, fill_value=False).to_numpy(zero_copy_only=False), dtype=bool)


def _plain(values: pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece, without dictionaries (unused entries, own order) and with one sort of null."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), None, values)
    if _is_text(values.type):
        values = values.cast(pa.large_string())
    return values.combine_chunks()


def _is_text(dtype: pa.DataType) -> bool:
    """Tell whether a type holds text."""
    return any(
        test(dtype) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    )


def _refused(values: pa.Array, dtype: pa.DataType, problem: str, repair: str) -> _Parsed:
    """Return an all-null column and the fault that all its values share."""
    return pa.nulls(len(values), dtype), [_Fault(~_mask(values.is_null()), problem, repair)]


def _parse_ids(raw: pa.Array) -> _Parsed:
    """Encode ids of text or whole numbers as a dictionary in order of first appearance."""
    if pa.types.is_null(raw.type) or raw.null_count == len(raw):
        raw = raw.cast(pa.string()) if pa.types.is_null(raw.type) else pa.nulls(len(raw), pa.string())
    elif not (_is_text(raw.type) or pa.types.is_integer(raw.type)):
        repair = "Write ids as text or whole numbers (in pandas: astype('Int64') or astype('str'))."
        empty, faults = _refused(raw, pa.string(), f"of type {raw.type}, which is none for ids", repair)
        return empty.dictionary_encode(), faults
    return raw.dictionary_encode(), []


def _parse_text(raw: pa.Array) -> _Parsed:
    """Return text, numbers written as such."""
    try:
        return raw.cast(pa.large_string()), []
    except pa.ArrowException:
        return _refused(raw, pa.large_string(), f"of type {raw.type}, which is no text", "Write it as text.")


def _parse_label(raw: pa.Array) -> _Parsed:
    """Keep a column of the reader's own."""
    return raw, []


def _numbers(raw: pa.Array) -> tuple[pa.Array, Mask]:
    """Return a column as 64-bit floats, null where it is none, and which rows are not numbers."""
    if _is_text(raw.type):
        fits = pc.match_substring_regex(raw, NUMBER)
        values = pc.if_else(fits, raw, None).cast(pa.float64())
    elif pa.types.is_integer(raw.type) or pa.types.is_floating(raw.type) or pa.types.is_decimal(raw.type):
        values = raw.cast(pa.float64(), safe=False)
    else:
        values = pa.nulls(len(raw), pa.float64())
    values = pc.if_else(pc.is_finite(values), values, None)
    return values, _mask(pc.and_not(values.is_null(), raw.is_null()))


def _parse_number(raw: pa.Array) -> _Parsed:
    """Return numbers; infinite ones are none."""
    values, bad = _numbers(raw)
    return values, [_Fault(bad, "not a number", "Write it as 12 or 12.5, or leave it empty.")]


def _parse_amount(raw: pa.Array) -> _Parsed:
    """Return numbers from 0 up."""
    values, faults = _parse_number(raw)
    negative = _mask(pc.less(values, 0))
    return values, [*faults, _Fault(negative, "negative", "Give 0 or more, or leave it empty if unknown.")]


def _parse_count(raw: pa.Array) -> _Parsed:
    """Return whole numbers from 0 up."""
    values, faults = _parse_amount(raw)
    broken = _mask(pc.not_equal(values, pc.floor(values)))
    counts = pc.if_else(pa.array(broken), None, values).cast(pa.int64(), safe=False)
    return counts, [*faults, _Fault(broken, "not a whole number", "Give a whole number, or leave it empty.")]


def _parse_flag(raw: pa.Array) -> _Parsed:
    """Return flags, written as true and false or 1 and 0."""
    if pa.types.is_boolean(raw.type):
        return raw, []
    words = pc.utf8_lower(_parse_text(raw)[0])
    known = pc.is_in(words, pa.array(["true", "1"], words.type))
    bad = pc.and_not(pc.invert(known), pc.is_in(words, pa.array(["false", "0"], words.type)))
    flags = pc.if_else(pc.or_(words.is_null(), bad), None, known)
    faulty = _mask(pc.and_(bad, words.is_valid()))
    return flags, [_Fault(faulty, "neither true nor false", "Write true, false, 1 or 0, or leave it empty.")]


def _parse_items(raw: pa.Array) -> _Parsed:
    """Return lists of texts; in text they are separated by semicolons, and empty pieces are none."""
    dtype = pa.list_(pa.string())
    if pa.types.is_null(raw.type):
        return raw.cast(dtype), []
    if _is_text(raw.type):
        pieces = pc.split_pattern(pc.utf8_trim_whitespace(raw), ";")
        return pieces.cast(dtype), []
    try:
        return raw.cast(dtype), []
    except pa.ArrowException:
        return _refused(raw, dtype, f"of type {raw.type}, which is no list of texts", "Write lists of texts.")


def _parse_time(raw: pa.Array) -> _Parsed:
    """Return times in UTC, from dates, timestamps, ISO 8601 texts or unix seconds."""
    kind = raw.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        try:
            return raw.cast(pa.timestamp("us", tz=getattr(kind, "tz", None)), safe=False).cast(TIME), []
        except pa.ArrowException:
            return _refused(raw, TIME, "outside the years that can be told", "Leave it empty if unknown.")
    numbers, other = _numbers(raw)
    late = _mask(pc.greater(pc.abs(numbers), MILLISECONDS))
    seconds = numbers.to_numpy(zero_copy_only=False)
    known = ~late & np.isfinite(seconds)
    micros = np.where(known, seconds, 0) * 1e6
    times = pd.Series(np.rint(micros).astype("int64").astype("datetime64[us]")).where(known)
    if _is_text(kind):
        written = pc.if_else(pc.and_(pa.array(other), pc.match_substring_regex(raw, ISO_TIME)), raw, None)
        parsed = pd.to_datetime(pd.Series(written.to_pandas()), format="ISO8601", utc=True, errors="coerce")
        times = times.where(~other, parsed.dt.tz_localize(None).dt.as_unit("us"))
    values = pa.array(times, pa.timestamp("us"), from_pandas=True).cast(TIME)
    unread = other & _mask(values.is_null())
    return values, [
        _Fault(late, "too large for seconds: these are milliseconds", "Divide them by 1000."),
        _Fault(
            unread, "not a time", "Write ISO 8601 (2024-05-01T12:30:00Z) or unix seconds, or leave it empty."
        ),
    ]


_PARSERS: dict[Kind, Callable[[pa.Array], _Parsed]] = {
    Kind.ACCOUNT: _parse_ids,
    Kind.POST: _parse_ids,
    Kind.TEXT: _parse_text,
    Kind.TIME: _parse_time,
    Kind.COUNT: _parse_count,
    Kind.AMOUNT: _parse_amount,
    Kind.NUMBER: _parse_number,
    Kind.FLAG: _parse_flag,
    Kind.ITEMS: _parse_items,
    Kind.LABEL: _parse_label,
}


def unify(columns: list[pa.DictionaryArray]) -> tuple[pa.Array, list[npt.NDArray[np.int32]]]:
    """Give encoded id columns one dictionary in order of first appearance, as text, and codes into it (-1 null)."""
    filled = [column for column in columns if len(column.dictionary)]
    if not all(pa.types.is_integer(column.type.value_type) for column in filled):
        columns = [
            pa.DictionaryArray.from_arrays(column.indices, column.dictionary.cast(pa.large_string()))
            for column in columns
        ]
    else:
        columns = [
            pa.DictionaryArray.from_arrays(
                column.indices,
                column.dictionary.cast(pa.int64()) if len(column.dictionary) else pa.array([], pa.int64()),
            )
            for column in columns
        ]
    unified = pa.chunked_array(columns).unify_dictionaries()
    values = unified.chunk(0).dictionary.cast(pa.large_string())
    return values, [chunk.indices.fill_null(-1).to_numpy() for chunk in unified.chunks]


def is_id(name: str, column: str) -> bool:
    """Tell whether a column of a table holds ids."""
    return TABLES[name].get(column) in IDS
