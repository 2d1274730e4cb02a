"""From raw columns, text or typed, to one type per kind of column; what cannot be read is a breach."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from influgraph._dataset_schema import (
    ALWAYS,
    EXAMPLES,
    REQUIRED,
    TABLES,
    UNIQUE,
    Breach,
    Kind,
    nearest,
    shown,
)

Mask = npt.NDArray[np.bool_]

TEXT = pa.large_string()
ITEMS = pa.list_(pa.string())
TIME = pa.timestamp("us", tz="UTC")
ISO_TIME = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?)?$"
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
LATEST_SECOND = 1e11


@dataclass(frozen=True)
class _Fault:
    """The rows of a column that share one fault."""

    rows: Mask
    problem: str
    repair: str


_Parsed = tuple[pa.Array, list[_Fault]]


def parse_table(name: str, raw: pa.Table, breaches: list[Breach]) -> pa.Table:
    """Parse every column of a table and append those that every frame has; ids become dictionaries."""
    if not raw.column_names:
        raw = pa.table({column: pa.nulls(0) for column in REQUIRED[name]})
    breaches.extend(_misnamed(name, raw.column_names))
    columns = {}
    for column in dict.fromkeys([*raw.column_names, *ALWAYS[name]]):
        present = raw.column_names.count(column)
        plain = _plain(raw[column]) if present == 1 else pa.nulls(raw.num_rows)
        columns[column], faults = _PARSERS[TABLES[name].get(column, Kind.LABEL)](plain)
        if column in REQUIRED[name]:
            faults.append(_Fault(_flags(plain.is_null()), "missing", "Fill it in or drop the row."))
        if column == UNIQUE.get(name):
            faults.append(_repeated(columns[column]))
        if present < 2:
            breaches.extend(_breaches(name, column, plain, faults))
    if "weight" in ALWAYS[name]:
        columns["weight"] = pc.fill_null(columns["weight"], 1.0)
    return pa.table(columns)


def _misnamed(name: str, present: list[str]) -> Iterator[Breach]:
    """Note required columns that are not there, and columns that are there twice."""
    for column in REQUIRED[name]:
        if column not in present:
            near = nearest(column, present, TABLES[name])
            columns = ", ".join(shown(other) for other in present[:8])
            repair = f"Rename {shown(near)}." if near else f"Add it; the columns there are {columns}."
            yield Breach(name, column, 1, "missing required column", (), repair)
    for column in dict.fromkeys(present):
        if (count := present.count(column)) > 1:
            yield Breach(
                name, column, count, f"{count} columns of this name", (), "Rename or drop all but one."
            )


def _breaches(name: str, column: str, raw: pa.Array, faults: list[_Fault]) -> Iterator[Breach]:
    """Turn the faults of a column into breaches with their first examples."""
    for fault in faults:
        if count := int(fault.rows.sum()):
            rows = np.flatnonzero(fault.rows)[:EXAMPLES]
            values = [raw[int(row)] for row in rows]
            examples = tuple(
                f"row {row + 1}" + (f": {shown(value.as_py())}" if value.is_valid else "")
                for row, value in zip(rows, values, strict=True)
            )
            problem = f"{count} {'value' if count == 1 else 'values'} {fault.problem}"
            yield Breach(name, column, count, problem, examples, fault.repair)


def _repeated(ids: pa.DictionaryArray) -> _Fault:
    """Note the rows whose id stood in an earlier row."""
    codes = pd.Series(pc.fill_null(ids.indices, -1).to_numpy())
    repeated = codes.duplicated() & (codes >= 0)
    return _Fault(repeated.to_numpy(), "already used in an earlier row", "Keep one row per id.")


def _plain(values: pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece, without dictionaries, their unused entries and their order."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), None, values)
    return _decoded(values) if any(test(values.type) for test in _TEXT_LIKE) else values.combine_chunks()


_TEXT_LIKE = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_binary)


def _decoded(texts: pa.ChunkedArray) -> pa.Array:
    """Return text in its one type, or as bytes where it is not UTF-8, which every parser of text refuses."""
    try:
        values = texts.cast(TEXT).combine_chunks()
        values.validate(full=True)
    except pa.ArrowInvalid:
        return texts.cast(pa.large_binary()).combine_chunks()
    return values


def _flags(flags: pa.Array) -> Mask:
    """Return an Arrow array of flags as numpy, null as false."""
    return np.asarray(pc.fill_null(flags, fill_value=False).to_numpy(zero_copy_only=False), dtype=bool)


def _refused(values: pa.Array, dtype: pa.DataType, repair: str) -> _Parsed:
    """Return an all-null column and the fault that its type is none for its kind."""
    what = "not UTF-8 text" if values.type == pa.large_binary() else f"of the unreadable type {values.type}"
    fault = _Fault(_flags(values.is_valid()), what, repair)
    return pa.nulls(len(values), dtype), [fault]


def _parse_ids(raw: pa.Array) -> _Parsed:
    """Encode ids, of text or whole numbers, in order of first appearance."""
    if pa.types.is_integer(raw.type) and not raw.null_count:  # twice as fast as Arrow's own encoding
        codes, found = pd.factorize(raw.to_numpy())
        return pa.DictionaryArray.from_arrays(codes.astype(np.int32), found), []
    if raw.type == TEXT or pa.types.is_integer(raw.type):
        return raw.dictionary_encode(), []
    repair = "Write ids as text or whole numbers (in pandas: astype('Int64') or astype('str'))."
    none, faults = _refused(raw, TEXT, repair)
    return none.dictionary_encode(), faults


def _parse_text(raw: pa.Array) -> _Parsed:
    """Return text; numbers as they are written."""
    try:
        return raw.cast(TEXT), []
    except pa.ArrowException:
        return _refused(raw, TEXT, "Write it as text.")


def _parse_label(raw: pa.Array) -> _Parsed:
    """Return a column of the reader's own as it is."""
    return raw, []


def _numbers(raw: pa.Array) -> tuple[pa.Array, Mask]:
    """Return a column as 64-bit floats, and which of its values are no finite numbers."""
    if raw.type == TEXT:
        values = pc.if_else(pc.match_substring_regex(raw, NUMBER), raw, None).cast(pa.float64())
    elif any(test(raw.type) for test in (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)):
        values = raw.cast(pa.float64(), safe=False)
    else:
        values = pa.nulls(len(raw), pa.float64())
    values = pc.if_else(pc.is_finite(values), values, None)
    return values, _flags(pc.and_(values.is_null(), raw.is_valid()))


def _parse_number(raw: pa.Array) -> _Parsed:
    """Return numbers."""
    values, bad = _numbers(raw)
    return values, [_Fault(bad, "not a number", "Write it as 12 or 12.5, or leave it empty.")]


def _parse_amount(raw: pa.Array) -> _Parsed:
    """Return numbers from 0 up."""
    values, faults = _parse_number(raw)
    negative = _Fault(
        _flags(pc.less(values, 0)), "negative", "Give 0 or more, or leave it empty where unknown."
    )
    return values, [*faults, negative]


def _parse_count(raw: pa.Array) -> _Parsed:
    """Return whole numbers from 0 up."""
    values, faults = _parse_amount(raw)
    whole = pc.and_(pc.equal(values, pc.floor(values)), pc.less(values, 2.0**53))
    counts = pc.if_else(whole, values, None).cast(pa.int64())
    broken = _Fault(_flags(pc.invert(whole)), "not a whole number", "Give a whole number, or leave it empty.")
    return counts, [*faults, broken]


def _parse_flag(raw: pa.Array) -> _Parsed:
    """Return flags, written as true and false or as 1 and 0."""
    words, _ = _parse_text(raw)
    words = pc.utf8_lower(words)
    true, false = (pc.is_in(words, pa.array(texts, TEXT)) for texts in (["true", "1"], ["false", "0"]))
    known = pc.or_(true, false)
    bad = _flags(pc.and_(pc.invert(known), raw.is_valid()))
    return pc.if_else(known, true, None), [
        _Fault(bad, "neither true nor false", "Write true, false, 1 or 0.")
    ]


def _parse_items(raw: pa.Array) -> _Parsed:
    """Return lists of texts; in text they are separated by semicolons, and empty ones do not count."""
    if raw.type == TEXT:
        joined = pc.utf8_trim(pc.replace_substring_regex(raw, r"\s*;[\s;]*", ";"), "; \t\r\n")
        raw = pc.split_pattern(pc.if_else(pc.equal(joined, ""), None, joined), ";")
    try:
        return raw.cast(ITEMS), []
    except pa.ArrowException:
        return _refused(raw, ITEMS, "Write lists of texts.")


def _parse_time(raw: pa.Array) -> _Parsed:
    """Return times in UTC, from dates, timestamps, unix seconds or ISO 8601 texts."""
    if pa.types.is_timestamp(raw.type) or pa.types.is_date(raw.type):
        return _parse_timestamp(raw)
    seconds, other = _numbers(raw)
    late = _flags(pc.greater(pc.abs(seconds), LATEST_SECOND))
    micros = pc.round(pc.multiply(pc.if_else(pa.array(late), None, seconds), 1e6)).cast(pa.int64())
    times = micros.cast(pa.timestamp("us")).cast(TIME)
    if raw.type == TEXT and other.any():
        times = pc.if_else(pa.array(other), _iso_times(raw), times)
    unread, negative = other & _flags(times.is_null()), _flags(pc.less(seconds, 0)) & ~late
    return times, [
        _Fault(late, "too large for unix seconds, so in milliseconds", "Divide milliseconds by 1000."),
        _Fault(negative, "negative, so before 1970", "Count seconds from 1970 on, or leave it empty."),
        _Fault(
            unread, "not a time", "Write ISO 8601 (2024-05-01T12:30:00Z) or unix seconds, or leave it empty."
        ),
    ]


def _parse_timestamp(raw: pa.Array) -> _Parsed:
    """Return typed times in UTC; those without a zone are in it already."""
    zone = raw.type.tz if pa.types.is_timestamp(raw.type) else None
    options = pc.CastOptions(target_type=pa.timestamp("us", tz=zone), allow_time_truncate=True)
    try:
        return raw.cast(options=options).cast(TIME), []
    except pa.ArrowException:
        return _refused(raw, TIME, "Leave out times beyond the year 9999.")


def _iso_times(texts: pa.Array) -> pa.Array:
    """Return ISO 8601 texts as times, null where they are none; finer than a microsecond is cut off."""
    written = pc.if_else(pc.match_substring_regex(texts, ISO_TIME), texts, None)
    written = pc.replace_substring_regex(written, r"(\.\d{6})\d+", r"\1")
    series = pd.Series(written.to_numpy(zero_copy_only=False), dtype="str")
    times = pd.to_datetime(series, format="ISO8601", utc=True, errors="coerce").dt.as_unit("us")
    return pa.array(times, TIME, from_pandas=True)


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
    """Give encoded ids one index in order of first appearance, as text, and codes into it, -1 for null."""
    types = {column.dictionary.type for column in columns if len(column.dictionary)}
    common = pa.int64() if types and all(map(pa.types.is_signed_integer, types)) else TEXT
    shared = [
        pa.DictionaryArray.from_arrays(column.indices, column.dictionary.cast(common)) for column in columns
    ]
    chunks = pa.chunked_array(shared).unify_dictionaries().chunks
    return chunks[0].dictionary.cast(TEXT), [pc.fill_null(chunk.indices, -1).to_numpy() for chunk in chunks]
