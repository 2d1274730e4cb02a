"""From files to Arrow tables of raw columns, and back; nothing here knows what a column means."""

import codecs
import contextlib
import csv
import io
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from influgraph._dataset_schema import EXAMPLES, TABLES, Breach, DatasetError, shown

SUFFIXES = (".parquet", ".csv", ".csv.gz")
HEADER_BYTES = 1 << 16
BLOCK_BYTES = 1 << 24


def table_files(folder: Path, name: str) -> list[Path]:
    """Return the files of a folder that hold this table; more than one is a breach."""
    return [path for suffix in SUFFIXES if (path := folder / f"{name}{suffix}").exists()]


def read_folder(folder: Path, breaches: list[Breach]) -> dict[str, pa.Table]:
    """Read every table of a folder; what cannot be read is noted and left out."""
    if not folder.is_dir():
        problem = "this is a file, not a folder" if folder.exists() else "there is no such folder"
        repair = "Name the folder that holds accounts, follows or engagements."
        raise DatasetError(str(folder), [Breach("dataset", "", 1, problem, (), repair)])
    tables = {}
    for name in TABLES:
        paths = table_files(folder, name)
        if len(paths) > 1:
            problem = f"two files for one table, {' and '.join(path.name for path in paths)}"
            breaches.append(Breach(name, "", len(paths), problem, (), "Keep one of them."))
        elif paths and (table := read_file(paths[0], breaches)) is not None:
            tables[name] = table
    return tables


def read_file(path: Path, breaches: list[Breach]) -> pa.Table | None:
    """Read one file as raw columns; an unreadable one is noted and yields None."""
    try:
        return _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    except _RaggedError as error:
        breaches.append(error.breach)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        breaches.append(unreadable(path, error))
    return None


def _read_parquet(path: Path) -> pa.Table:
    """Read a Parquet file, without the row numbers that pandas may have stored in it."""
    from pyarrow import parquet

    table = parquet.ParquetFile(path).read()
    return table.select([column for column in table.column_names if not column.startswith("__index_level_")])


def _read_csv(path: Path) -> pa.Table:
    """Read a CSV file as text, verbatim: only the empty field is null, quoted or not."""
    names, rows_follow = _csv_header(path)
    if len(names) == 1 and ";" in names[0]:
        raise pa.ArrowInvalid("semicolons between fields")
    if not rows_follow:
        return pa.table([pa.nulls(0)] * len(names), names=names)
    try:
        table = _parse_csv(path, names)
    except pa.ArrowInvalid as error:
        if ragged := _ragged_rows(path, names):
            raise _RaggedError(path, len(names), ragged) from error
        raise
    _refuse_open_quote(path, table)
    return table


def _csv_header(path: Path) -> tuple[list[str], bool]:
    """Return the column names of a CSV file, and whether any row follows them."""
    with pa.input_stream(str(path), compression="detect") as stream:
        head = stream.read(HEADER_BYTES)
    text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    rows = (row for row in csv.reader(io.StringIO(text, newline="")) if row)
    return next(rows, []), len(head) == HEADER_BYTES or next(rows, None) is not None


def _parse_csv(path: Path, names: list[str], on_ragged: Callable[[Any], str] | None = None) -> pa.Table:
    """Parse a CSV file into columns of text; in one thread, hence counting, where odd rows are handled."""
    from pyarrow import csv as arrow_csv

    convert = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    parse = arrow_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=on_ragged)
    read = arrow_csv.ReadOptions(use_threads=on_ragged is None, block_size=BLOCK_BYTES)
    return arrow_csv.read_csv(path, read, parse, convert)


class _RaggedError(ValueError):
    """Rows of a CSV file have more or fewer fields than its header."""

    def __init__(self, path: Path, width: int, rows: list[tuple[int, str]]) -> None:
        problem = f"unreadable file, {len(rows)} of its rows have not {width} fields like the header"
        examples = tuple(f"row {number}: {shown(text)}" for number, text in rows[:EXAMPLES])
        repair = "Complete them, and quote texts that contain a comma."
        self.breach = Breach(path.name, "", len(rows), problem, examples, repair)
        super().__init__(str(self.breach))


def _ragged_rows(path: Path, names: list[str]) -> list[tuple[int, str]]:
    """Return number and text of the rows that have not as many fields as the header."""
    rows: list[tuple[int, str]] = []

    def note(row: Any) -> str:  # noqa: ANN401 - pyarrow has no types
        rows.append((row.number - 1, row.text))
        return "skip"

    with contextlib.suppress(pa.ArrowInvalid):
        _parse_csv(path, names, note)
    return rows


def _refuse_open_quote(path: Path, table: pa.Table) -> None:
    """Raise if the last field runs on to the end of the file for want of a closing quote."""
    last = table.column(table.num_columns - 1)[-1].as_py() if table.num_rows else None
    if last and "\n" in last:
        with pa.input_stream(str(path), compression="detect") as stream:
            closed = stream.read().rstrip(b"\r\n").endswith(b'"')
        if not closed:
            raise pa.ArrowInvalid(f"the quote opened in row {table.num_rows} is never closed")


KNOWN_FAILURES = {
    "permission denied": ("it may not be read", "Give yourself the right to read it."),
    "utf8": ("its text is not UTF-8", "Save it again as UTF-8."),
    "utf-8": ("its text is not UTF-8", "Save it again as UTF-8."),
    "truncated compressed": ("its gzip data are cut short", "Copy or download it again."),
    "zlib inflate failed": (
        "its gzip data are damaged or none",
        "Compress it again, or name it as what it is.",
    ),
    "semicolons between": (
        "its fields seem to be separated by semicolons",
        (
            'Save it with commas (in pandas: read_csv(file, sep=";", dtype=str, keep_default_na=False)'
            ".to_csv(file, index=False))."
        ),
    ),
    "straddling": ("a quote is never closed, or a row is too long", "Double the quotes inside of quotes."),
}


def unreadable(path: Path, error: Exception) -> Breach:
    """Say in plain words why a file could not be read, and what to do."""
    text = str(error).partition("\n")[0]
    kind = "Parquet file" if path.suffix == ".parquet" else "text table"
    told = f"not a sound {kind} ({shown(text)})", "Write it again, or name it as what it is."
    if path.is_dir():
        told = "it is a folder", "Put one file in its place."
    for sign, known in KNOWN_FAILURES.items():
        if sign in text.lower():
            told = known
    reason, repair = told
    return Breach(path.name, "", 1, f"unreadable file, {reason}", (), repair)


def table_of_frame(name: str, frame: pd.DataFrame, breaches: list[Breach]) -> pa.Table:
    """Turn a pandas frame into raw columns; a column that mixes types is noted."""
    if frame.index.name in TABLES[name] and frame.index.name not in frame.columns:
        frame = frame.reset_index()
    names, columns = [], []
    for column, values in frame.items():
        try:
            columns.append(pa.array(values, from_pandas=True))
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            problem = f"values of mixed or unknown type ({shown(str(error))})"
            breaches.append(
                Breach(name, str(column), 1, problem, (), "Give the column one type, text at best.")
            )
            continue
        names.append(str(column))
    return pa.table(columns, names=names)


def write_folder(tables: Mapping[str, pa.Table], folder: Path) -> None:
    """Write tables as the Parquet files of a folder: all of them, or nothing at all."""
    _refuse_foreign(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as scratch:
        new = Path(scratch) / "new"
        new.mkdir()
        for name, table in tables.items():
            write_table(table, new / f"{name}.parquet")
        _swap(new, folder, [folder] if folder.exists() else [], Path(scratch))


def write_into_folder(name: str, table: pa.Table, folder: Path) -> None:
    """Write one table into a folder, in the place of any file that holds it, or leave all as it was."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as scratch:
        new = Path(scratch) / f"{name}.parquet"
        write_table(table, new)
        folder.mkdir(exist_ok=True)
        _swap(new, folder / new.name, table_files(folder, name), Path(scratch))


def _swap(new: Path, place: Path, old: list[Path], scratch: Path) -> None:
    """Put a finished file or folder in its place; if that is interrupted, the old ones are put back."""
    moved = {path: scratch / f"old.{path.name}" for path in old}
    try:
        for path, away in moved.items():
            path.rename(away)
        new.rename(place)
    except BaseException:
        for path, away in moved.items():
            if away.exists() and new.exists():
                away.rename(path)
        raise


def write_table(table: pa.Table, path: Path) -> None:
    """Write one Parquet file of plain types: the same bytes for the same table."""
    from pyarrow import parquet

    parquet.write_table(table, path, compression="zstd", store_schema=False)


def _refuse_foreign(folder: Path) -> None:
    """Raise if a folder holds anything but tables, which writing a dataset there would destroy."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FileExistsError(f"{folder} is a file; name a new folder for the dataset")
    own = {f"{name}{suffix}" for name in TABLES for suffix in SUFFIXES}
    foreign = sorted({path.name for path in folder.iterdir()} - own)
    if foreign:
        some = ", ".join(map(repr, foreign[:5]))
        raise FileExistsError(f"{folder} holds other things ({some}); name a new folder for the dataset")
