"""Plain edge lists: one line per follow, engagement, post or account, its fields in a fixed order."""

import codecs
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from influgraph import _dataset_files as files
from influgraph import _dataset_parsing as parsing
from influgraph._dataset_schema import EXAMPLES, TABLES, Breach, DatasetError, Kind, nearest, shown

SKIPPED = ("-", "_")
WORDS = (Kind.TEXT, Kind.LABEL)


@dataclass(frozen=True)
class Layout:
    """What the fields of each line are.

    Attributes
    ----------
    table
        The table they go to: accounts, follows, posts or engagements.
    columns
        Its columns, in the order of the fields; `-` skips a field. In accounts own labels are free.
    sep
        What stands between two fields, `tab` for a tabulator; default: white space. Quotes have no meaning.
    header
        Whether the first line is a header. By default it is one if it names the columns, or has a word where
        all other lines have a number.
    renamed
        New words for old ones in columns of words: `{"RT": "repost"}`.
    constants
        Columns that are the same in each row: `{"kind": "like"}`.

    Raises
    ------
    ValueError
        If the table or a column is not known, or a column is given twice.
    """

    table: str
    columns: tuple[str, ...]
    sep: str | None = None
    header: bool | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no dataset has."""
        if self.table not in TABLES:
            raise ValueError(f"table must be one of {', '.join(TABLES)}; received {self.table!r}")
        if self.sep == "":
            raise ValueError("sep must be at least one character; received none")
        kept = [column for column in (*self.columns, *self.constants) if column not in SKIPPED]
        for column in kept:
            if kept.count(column) > 1:
                raise ValueError(f"columns must differ; received {column!r} twice")
            if column not in TABLES[self.table] and self.table != "accounts":
                near = nearest(column, list(TABLES[self.table]), kept)
                known = f"did you mean {near!r}?" if near else f"known are {', '.join(TABLES[self.table])}"
                raise ValueError(f"columns of {self.table} do not include {column!r}; {known}")


def read_edgelist(path: str | Path, layout: Layout) -> pd.DataFrame:
    r"""Read a file of lines, plain or compressed, as a frame of text that `dataset.from_tables` takes.

    Lines that are empty or begin with `#` are no rows. Empty fields are null.

    Raises
    ------
    DatasetError
        If the file is not UTF-8, its compressed data are damaged, or its lines have not as many fields as
        `layout` has columns.
    FileNotFoundError
        If there is no such file.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> layout = Layout("engagements", ("account_id", "target_id", "-", "kind"), renamed={"RT": "repost"})
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "acts.txt")
    ...     _ = path.write_text("# who whom when what\nann bob 1341100972 RT\ncyd bob 1341101181 MT")
    ...     read_edgelist(path, layout)
      account_id target_id    kind
    0        ann       bob  repost
    1        cyd       bob      MT
    """
    table = _fields(Path(path), layout)
    table = table.slice(int(_has_header(table, layout)))
    frame: pd.DataFrame = table.to_pandas(types_mapper={parsing.TEXT: pd.StringDtype(na_value=np.nan)}.get)
    for column in frame:
        if layout.renamed and TABLES[layout.table].get(str(column), Kind.LABEL) in WORDS:
            frame[column] = frame[column].replace(dict(layout.renamed))
    return frame.assign(**layout.constants)


def import_edgelist(
    paths: Iterable[str | Path],
    folder: str | Path,
    layout: Layout,
    *,
    existing: Literal["refuse", "replace", "append"] = "refuse",
) -> int:
    r"""Add a table to a dataset folder from files of lines, all of it or nothing; return its number of rows.

    The folder is made if it is not there. The table is checked like any table of a dataset before it takes
    the place of another one; it is written as Parquet.

    Raises
    ------
    FileExistsError
        If the table is there already and `existing` is "refuse".
    DatasetError
        If a file cannot be read, or the table would break the contract.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> layout = Layout("follows", ("follower_id", "followed_id", "-"))
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "friends.tsv")
    ...     _ = path.write_text("src dst count\n1 2 1\n2 1 1\n3 1 1")
    ...     import_edgelist([path], Path(folder, "data"), layout)
    3
    """
    folder, paths = Path(folder), list(paths)
    there = files.table_files(folder, layout.table)
    if there and existing == "refuse":
        raise FileExistsError(f"{there[0]} is there already; ask for it to be replaced or appended to")
    frames = pd.concat([read_edgelist(path, layout) for path in paths], ignore_index=True)
    breaches: list[Breach] = []
    parts = [files.table_of_frame(layout.table, frames, breaches)]
    if existing == "append":
        parts = [*(table for path in there if (table := files.read_file(path, breaches)) is not None), *parts]
    table = _joined(layout.table, parts, breaches)
    if breaches:
        raise DatasetError(f"{folder} with {', '.join(map(str, paths))}", breaches)
    files.write_into_folder(layout.table, table, folder)
    return int(table.num_rows)


def _joined(name: str, parts: list[pa.Table], breaches: list[Breach]) -> pa.Table:
    """Return raw tables as one, checked, in the types of the contract; ids of different types become text."""
    parsed = [_decoded(parsing.parse_table(name, part, breaches)) for part in parts]
    if breaches or len(parsed) == 1:
        return parsed[0]
    columns = dict.fromkeys(column for part in parsed for column in part.column_names)
    joined = pa.table({column: _stacked([_column(part, column) for part in parsed]) for column in columns})
    return _decoded(parsing.parse_table(name, joined, breaches))


def _decoded(table: pa.Table) -> pa.Table:
    """Return a parsed table with its ids written out."""
    types = [dtype.value_type if pa.types.is_dictionary(dtype) else dtype for dtype in table.schema.types]
    return table.cast(pa.schema(zip(table.column_names, types, strict=True)))


def _column(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Return a column of a table, null where it has none of this name."""
    return table[name] if name in table.column_names else pa.chunked_array([pa.nulls(table.num_rows)])


def _stacked(parts: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Put columns under one another, as text where their types differ."""
    types = {part.type for part in parts if not pa.types.is_null(part.type)}
    common = types.pop() if len(types) == 1 else parsing.TEXT
    return pa.chunked_array([chunk for part in parts for chunk in part.cast(common).chunks], common)


def _fields(path: Path, layout: Layout) -> pa.Table:
    """Return the fields of each line that is a row, by column."""
    lines = _lines(path)
    sep = "\t" if layout.sep in ("tab", "\\t") else layout.sep
    if sep is None:
        split = pc.ascii_split_whitespace(pc.ascii_trim_whitespace(lines))
    else:
        split = pc.split_pattern(pc.ascii_rtrim(lines, "\r"), sep)
    width = len(layout.columns)
    _refuse_ragged(path, lines, np.asarray(pc.list_value_length(split)) != width, width)
    flat, starts = split.flatten(), np.arange(len(lines)) * width
    fields = {
        name: flat.take(pa.array(starts + at))
        for at, name in enumerate(layout.columns)
        if name not in SKIPPED
    }
    return pa.table({name: pc.if_else(pc.equal(texts, ""), None, texts) for name, texts in fields.items()})


def _lines(path: Path) -> pa.Array:
    """Return the lines of a file that are neither empty nor comments."""
    try:
        with pa.input_stream(str(path), compression="detect") as stream:
            text = stream.read().removeprefix(codecs.BOM_UTF8)
        lines = pc.split_pattern(pa.array([text], pa.large_binary()).cast(parsing.TEXT), "\n").flatten()
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(str(path), [files.unreadable(path, error)]) from error
    blank = pc.equal(pc.ascii_trim_whitespace(lines), "")
    return lines.filter(pc.invert(pc.or_(blank, pc.starts_with(lines, "#"))))


def _refuse_ragged(path: Path, lines: pa.Array, ragged: parsing.Mask, width: int) -> None:
    """Raise if lines have more or fewer fields than there are columns."""
    if count := int(ragged.sum()):
        rows = np.flatnonzero(ragged)[:EXAMPLES]
        examples = tuple(f"line {row + 1}: {shown(lines[int(row)].as_py())}" for row in rows)
        problem = f"{count} of {len(lines)} lines, comments not counted, have not {width} fields"
        repair = (
            "Name one column for each field, - for those to skip, and the separator if it is not white space."
        )
        raise DatasetError(str(path), [Breach(path.name, "", count, problem, examples, repair)])


def _has_header(table: pa.Table, layout: Layout) -> bool:
    """Tell whether the first line is a header."""
    if layout.header is not None or table.num_rows == 0:
        return bool(layout.header)
    first = table.slice(0, 1).to_pylist()[0]
    if all(word and word.casefold() == name for name, word in first.items()):
        return True
    numeric = [pc.match_substring_regex(texts, parsing.NUMBER).combine_chunks() for texts in table.columns]
    return table.num_rows > 1 and any(not flags[0].as_py() and pc.all(flags[1:]).as_py() for flags in numeric)
