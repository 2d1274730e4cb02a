"""From files to Arrow tables of raw columns, and back: nothing here knows what a column means."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from influgraph._dataset_schema import TABLES, Breach, DatasetError, shown

SUFFIXES = (".parquet", ".csv", ".csv.gz")


def table_files(folder: Path, name: str) -> list[Path]:
    """Return the files of a folder that hold this table; more than one is a breach."""
    return [path for suffix in SUFFIXES if (path := folder / f"{name}{suffix}").exists()]


def read_folder(folder: Path, breaches: list[Breach]) -> dict[str, pa.Table]:
    """Read every table found in a folder, noting what cannot be read."""
    if not folder.is_dir():
        problem = "is a file, not a folder" if folder.exists() else "there is no such folder"
        repair = "Name the folder that holds accounts, follows or engagements."
        raise DatasetError(shown(str(folder)), [Breach("dataset", "", 1, problem, (), repair)])
    tables = {}
    for name in TABLES:
        files = table_files(folder, name)
        if len(files) > 1:
            names = " and ".join(path.name for path in files)
            breaches.append(
                Breach(name, "", len(files), f"two files for one table: {names}", (), "Keep one of them.")
            )
        elif files:
            tables[name] = _read_file(files[0], breaches)
    return tables


def _read_file(path: Path, breaches: list[Breach]) -> pa.Table:
    """Read one file as raw columns; an unreadable one is noted and yields a table without columns."""
    try:
        return _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason, repair = _explain(path, error)
        breaches.append(Breach(path.name, "", 1, f"unreadable file: {reason}", (), repair))
        return pa.table({})


def _read_parquet(path: Path) -> pa.Table:
    """Read a Parquet file, without the index that pandas may have stored in it."""
    from pyarrow import parquet

    table = parquet.ParquetFile(path).read()
    return table.select([column for column in table.column_names if not column.startswith("__index_level_")])


def _read_csv(path: Path) -> pa.Table:
    """Read a CSV file as text, verbatim: only the empty field is null, and quoting changes nothing."""
    from pyarrow import csv

    if not _has_content(path):
        return pa.table({})
    parse = csv.ParseOptions(newlines_in_values=True)
    with csv.open_csv(path, parse_options=parse) as reader:
        names = reader.schema.names
    convert = csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    return csv.read_csv(path, parse_options=parse, convert_options=convert)


def _has_content(path: Path) -> bool:
    """Tell whether anything but white space stands in a file."""
    with pa.input_stream(str(path), compression="detect") as stream:
        return bool(stream.read(4096).strip())


def _explain(path: Path, error: Exception) -> tuple[str, str]:
    """Say in plain words why a file could not be read, and what to do."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if path.is_dir():
        return "it is a folder", "Put one file there."
    if isinstance(error, UnicodeDecodeError) or "invalid UTF8" in text:
        return "its text is not UTF-8", "Save it again as UTF-8."
    if "Truncated compressed stream" in text:
        return "the gzip file is cut short", "Copy or download it again."
    if "zlib inflate failed" in text:
        return "it is not a sound gzip file", "Compress it again, or name it .csv if it is not compressed."
    if path.suffix == ".parquet":
        return (
            f"not a sound Parquet file ({shown(text)})",
            "Write it again as Parquet, or name it .csv if it is text.",
        )
    return f"not a CSV table ({shown(text)})", "Give every row as many comma-separated fields as the header."


def write_folder(tables: Mapping[str, pa.Table], folder: Path) -> None:
    """Write tables as the Parquet files of a folder: all of them, or nothing at all."""
    _refuse_foreign(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        scratch.chmod(0o777 & ~_umask())
        for name, table in tables.items():
            write_table(table, scratch / f"{name}.parquet")
        _replace_folder(scratch, folder)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


def write_table(table: pa.Table, path: Path) -> None:
    """Write one Parquet file: plain types, the same bytes for the same table."""
    from pyarrow import parquet

    parquet.write_table(table, path, compression="zstd", store_schema=False)


def _refuse_foreign(folder: Path) -> None:
    """Raise if a folder holds anything that is not a table, which replacing it would destroy."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FileExistsError(f"{folder} is a file; name a folder for the dataset")
    own = {f"{name}{suffix}" for name in TABLES for suffix in SUFFIXES}
    foreign = sorted(path.name for path in folder.iterdir() if path.name not in own)
    if foreign:
        some = ", ".join(map(shown, foreign[:SHOWN_FILES]))
        raise FileExistsError(f"{folder} holds other things ({some}); name a new folder for the dataset")


SHOWN_FILES = 5


def _replace_folder(scratch: Path, folder: Path) -> None:
    """Put a finished folder in the place of another one, which stays whole until then."""
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
        folder.rename(old / "old")
        try:
            scratch.rename(folder)
        except BaseException:
            (old / "old").rename(folder)
            raise
        finally:
            shutil.rmtree(old, ignore_errors=True)
    else:
        scratch.rename(folder)


def _umask() -> int:
    """Return the process's file mode mask, which temporary folders ignore."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def frame_to_table(name: str, frame: Any, breaches: list[Breach]) -> pa.Table:
    """Turn a pandas frame into raw columns; a column of mixed types is noted as a breach."""
    if frame.index.name in TABLES[name] and frame.index.name not in frame.columns:
        frame = frame.reset_index()
    columns = {}
    for column in frame.columns:
        try:
            values = pa.array(frame[column], from_pandas=True)
        except (pa.ArrowException, TypeError, ValueError) as error:
            problem = f"values of mixed or unknown type ({shown(str(error))})"
            breaches.append(
                Breach(name, str(column), 1, problem, (), "Give the column one type, text at best.")
            )
            values = pa.nulls(len(frame))
        columns[str(column)] = values
    return pa.table(columns)
