"""What is refused, all at once, in words that say what, where and how to repair it."""

import gzip
import pickle
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from influgraph import _dataset_files
from influgraph.dataset import Breach, DatasetError, from_tables, read_dataset

GOOD = "account_id\nann\nbob\n"


def refused(folder: Path, **files: str | bytes) -> DatasetError:
    """Write files, `__` standing for a dot, and return the error of reading them."""
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / name.replace("__", ".")).write_bytes(data)
    with pytest.raises(DatasetError) as caught:
        read_dataset(folder)
    return caught.value


def only(error: DatasetError) -> Breach:
    """Return the one breach of an error, after checking that its line says it all."""
    (breach,) = error.breaches
    assert str(breach) in str(error)
    assert breach.repair in str(breach)
    assert all(example in str(breach) for example in breach.examples)
    assert len(str(error).splitlines()) == 2
    return breach


def test_all_breaches_are_told_at_once(tmp_path: Path) -> None:
    error = refused(
        tmp_path,
        accounts__csv="account_id,followers_stated\nann,many\nann,3\n",
        follows__csv="follower,followed_id\na,b\n",
        posts__parquet=b"PAR1 but nothing more",
        engagements__csv="account_id,kind,created_at,weight\na,like,yesterday,-1\n,like,1e12,heavy\n",
    )
    found = [(breach.table, breach.column, breach.count) for breach in error.breaches]
    assert sorted(found) == [
        ("accounts", "account_id", 1),
        ("accounts", "followers_stated", 1),
        ("engagements", "account_id", 1),
        ("engagements", "created_at", 1),
        ("engagements", "created_at", 1),
        ("engagements", "weight", 1),
        ("engagements", "weight", 1),
        ("follows", "follower_id", 1),
        ("posts.parquet", "", 1),
    ]
    assert str(error).startswith(f"{tmp_path} cannot be used")
    assert len(str(error).splitlines()) == 1 + len(found)


# --- columns and ids -------------------------------------------------------------------------------------


def test_a_missing_column_names_the_one_that_was_meant(tmp_path: Path) -> None:
    breach = only(refused(tmp_path, follows__csv="Follower_ID,followed_id\na,b\n"))
    assert (breach.table, breach.column, breach.problem) == (
        "follows",
        "follower_id",
        "missing required column",
    )
    assert breach.repair == "Rename 'Follower_ID'."


def test_a_missing_column_without_a_like_lists_what_is_there(tmp_path: Path) -> None:
    first, second = refused(tmp_path, follows__csv="src\tdst\n1\t2\n").breaches
    assert (first.column, second.column) == ("follower_id", "followed_id")
    assert r"'src\tdst'" in first.repair


def test_a_column_that_is_there_twice(tmp_path: Path) -> None:
    breach = only(refused(tmp_path, accounts__csv="account_id,name,name\na,b,c\n"))
    assert (breach.column, breach.problem) == ("name", "2 columns of this name")


@pytest.mark.parametrize("table", ["accounts", "posts"])
def test_a_repeated_id_names_its_rows(tmp_path: Path, table: str) -> None:
    files = {
        "accounts": "account_id\n007\n7\n007\n007\n",
        "posts": "post_id,author_id\n007,a\n7,a\n007,b\n007,c\n",
    }
    (tmp_path / "engagements.csv").write_text("account_id,kind\na,buy\n")
    breach = only(refused(tmp_path, **{f"{table}__csv": files[table]}))
    assert breach.count == 2
    assert breach.examples == ("row 3: '007'", "row 4: '007'")
    assert "already used" in breach.problem


@pytest.mark.parametrize(
    ("table", "text", "column"),
    [
        ("accounts", "account_id,name\n,x\n", "account_id"),
        ("follows", "follower_id,followed_id\n,b\n", "follower_id"),
        ("follows", "follower_id,followed_id\na,\n", "followed_id"),
        ("posts", "post_id,author_id\n,b\n", "post_id"),
        ("posts", 'post_id,author_id\np,""\n', "author_id"),
        ("engagements", "account_id,kind\n,like\n", "account_id"),
        ("engagements", "account_id,kind\na,\n", "kind"),
    ],
)
def test_a_required_value_that_is_missing(tmp_path: Path, table: str, text: str, column: str) -> None:
    breach = only(refused(tmp_path, **{f"{table}__csv": text}))
    assert (breach.table, breach.column) == (table, column)
    assert breach.problem == "1 value missing"
    assert breach.examples == ("row 1",)


def test_fractional_ids_are_refused_with_the_repair(tmp_path: Path) -> None:
    engagements = pd.DataFrame({"account_id": [1, 2], "kind": "like", "target_id": [2, None]})
    with pytest.raises(DatasetError) as caught:
        from_tables(engagements=engagements)
    breach = only(caught.value)
    assert breach.examples == ("row 1: 2.0",)
    assert "astype('Int64')" in breach.repair
    parquet.write_table(pa.table({"account_id": [1.5]}), tmp_path / "accounts.parquet")
    assert only(refused(tmp_path)).column == "account_id"


def test_frames_that_mix_types_are_refused() -> None:
    with pytest.raises(DatasetError, match="mixed or unknown type"):
        from_tables(accounts=pd.DataFrame({"account_id": [1, "a"]}))


def test_text_that_is_no_text_is_refused(tmp_path: Path) -> None:
    table = pa.table(
        {"account_id": ["a"], "name": [{"first": "A"}], "created_at": [{"y": 1}], "verified": [["x"]]}
    )
    parquet.write_table(table, tmp_path / "accounts.parquet")
    columns = [breach.column for breach in refused(tmp_path).breaches]
    assert columns == ["name", "created_at", "verified"]


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    parquet.write_table(
        pa.table({"account_id": pa.array([b"\xff\xfe"], pa.binary())}), tmp_path / "accounts.parquet"
    )
    assert "not UTF-8 text" in only(refused(tmp_path)).problem


def test_parquet_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    broken = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff\xfe"], pa.binary()).buffers())
    parquet.write_table(pa.table({"account_id": ["a"], "name": broken}), tmp_path / "accounts.parquet")
    assert "UTF-8" in only(refused(tmp_path)).problem


# --- values ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["1341100972000", "-1341100972000", "1.4e12", "100000000001"])
def test_milliseconds_are_refused_as_such(tmp_path: Path, value: str) -> None:
    breach = only(refused(tmp_path, engagements__csv=f"account_id,kind,created_at\na,b,5\na,b,{value}\n"))
    assert "milliseconds" in breach.problem
    assert breach.examples == (f"row 2: {value!r}",)
    assert breach.repair == "Divide milliseconds by 1000."


def test_milliseconds_are_refused_in_parquet_too(tmp_path: Path) -> None:
    table = pa.table({"account_id": ["a"], "kind": ["b"], "created_at": [1341100972000]})
    parquet.write_table(table, tmp_path / "engagements.parquet")
    assert "milliseconds" in only(refused(tmp_path)).problem


@pytest.mark.parametrize("value", ["-5", "-0.5", "-99999999999"])
def test_negative_seconds_are_refused(tmp_path: Path, value: str) -> None:
    text = f"account_id,kind,created_at\na,b,1969-01-01\na,b,{value}\n"
    breach = only(refused(tmp_path, engagements__csv=text))
    assert breach.problem == "1 value negative, so before 1970"
    assert breach.examples == (f"row 2: {value!r}",)


NO_TIMES = [
    "now",
    "today",
    "NaT",
    "nan",
    "inf",
    "yesterday",
    "2012-07",
    "2012-7-1",
    "01/07/2012",
    "2012-13-01",
]
NO_TIMES += ["2012-02-30", "2012-07-01T25:00", "2012-07-01T00:00:00+25:00", "Wed Oct 10 20:19:24 +0000 2018"]
NO_TIMES += ["0x10", "1_000", " 5", "2012-W27"]


@pytest.mark.parametrize("value", NO_TIMES)
def test_what_is_no_time_is_refused(tmp_path: Path, value: str) -> None:
    breach = only(refused(tmp_path, engagements__csv=f"account_id,kind,created_at\na,b,{value}\na,b,\n"))
    assert breach.problem == "1 value not a time"
    assert breach.examples == (f"row 1: {value!r}",)


@pytest.mark.parametrize(
    ("table", "column", "value", "problem"),
    [
        ("accounts", "followers_stated", "many", "not a number"),
        ("accounts", "followers_stated", "1,200", "not a number"),
        ("accounts", "followers_stated", "-1", "negative"),
        ("accounts", "posts_stated", "1.5", "not a whole number"),
        ("accounts", "posts_stated", "1e300", "not a whole number"),
        ("accounts", "verified", "perhaps", "neither true nor false"),
        ("accounts", "price", "$5", "not a number"),
        ("accounts", "price", "-5", "negative"),
        ("engagements", "weight", "NaN", "not a number"),
        ("engagements", "weight", "inf", "not a number"),
        ("engagements", "weight", "-0.5", "negative"),
        ("engagements", "sentiment", "good", "not a number"),
        ("engagements", "value", "1e999", "not a number"),
    ],
)
def test_unreadable_values(tmp_path: Path, table: str, column: str, value: str, problem: str) -> None:
    required = {"accounts": "account_id", "engagements": "account_id,kind"}[table]
    given = {"accounts": "a", "engagements": "a,b"}[table]
    text = f'{required},{column}\n{given},"{value}"\n'
    breach = only(refused(tmp_path, **{f"{table}__csv": text}))
    assert (breach.column, breach.problem) == (column, f"1 value {problem}")
    assert breach.examples == (f"row 1: {value!r}",)


def test_infinite_numbers_in_parquet_are_refused_and_not_a_number_is_null(tmp_path: Path) -> None:
    table = pa.table({"account_id": ["a", "b"], "price": [float("inf"), float("nan")]})
    parquet.write_table(table, tmp_path / "accounts.parquet")
    assert only(refused(tmp_path)).examples == ("row 1: inf",)


def test_examples_are_few_escaped_and_short(tmp_path: Path) -> None:
    rows = "".join(f'a,b,"{value}"\n' for value in ["\x1b[31m", "\u202e", "x" * 500, "y", "z"])
    breach = only(refused(tmp_path, engagements__csv="account_id,kind,created_at\n" + rows))
    assert breach.count == 5
    assert len(breach.examples) == 3
    assert breach.examples[0] == r"row 1: '\x1b[31m'"
    assert breach.examples[1] == r"row 2: '\u202e'"
    assert len(breach.examples[2]) < 100
    assert str(breach).isprintable()


# --- files -----------------------------------------------------------------------------------------------


def test_two_files_for_one_table(tmp_path: Path) -> None:
    breach = only(refused(tmp_path, accounts__csv=GOOD, accounts__csv__gz=gzip.compress(GOOD.encode())))
    assert breach.problem == "two files for one table, accounts.csv and accounts.csv.gz"


@pytest.mark.parametrize("keep", [5, 20, -9, -4, -1])
def test_a_gzip_cut_short(tmp_path: Path, keep: int) -> None:
    whole = gzip.compress(GOOD.encode() + b"\n".join(str(hash(str(n))).encode() for n in range(5000)))
    breach = only(refused(tmp_path, accounts__csv__gz=whole[:keep]))
    assert (breach.table, breach.problem) == (
        "accounts.csv.gz",
        "unreadable file, its gzip data are cut short",
    )


def test_a_damaged_gzip_and_one_that_is_none(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(GOOD.encode()))
    whole[-8] ^= 1
    assert "damaged" in only(refused(tmp_path, accounts__csv__gz=bytes(whole))).problem
    assert "damaged or none" in only(refused(tmp_path, accounts__csv__gz=GOOD)).problem


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "cp1252"])
@pytest.mark.parametrize(
    "text", ["account_id,name\nann,Zoë\n", "account_id,näme\nann,x\n", "account_id\n" + "é\n" * 50000]
)
def test_another_encoding(tmp_path: Path, encoding: str, text: str) -> None:
    breach = only(refused(tmp_path, accounts__csv=text.encode(encoding)))
    assert breach.problem == "unreadable file, its text is not UTF-8"
    assert breach.repair == "Save it again as UTF-8."


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, b"", b"PAR1", b"account_id\na\n"]
)
def test_no_parquet_at_all(tmp_path: Path, content: bytes) -> None:
    breach = only(refused(tmp_path, accounts__parquet=content))
    assert "not a sound Parquet file" in breach.problem


def test_a_parquet_file_cut_short_or_damaged(tmp_path: Path) -> None:
    path = tmp_path / "accounts.parquet"
    parquet.write_table(pa.table({"account_id": [str(n) for n in range(5000)]}), path)
    whole = path.read_bytes()
    assert "Parquet" in only(refused(tmp_path, accounts__parquet=whole[: len(whole) // 2])).problem
    assert (
        "Parquet"
        in only(refused(tmp_path, accounts__parquet=whole[:100] + b"\0" * 900 + whole[1000:])).problem
    )


@pytest.mark.parametrize(
    "content", ["<html><body>not found</body></html>\n", '{"account_id": 1}\n', "Dear all,\nhello\n"]
)
def test_a_csv_that_is_no_table(tmp_path: Path, content: str) -> None:
    refused(tmp_path, accounts__csv=content)


@pytest.mark.parametrize(
    "text", ["account_id;name\nann;x\n", '"account_id";"name"\r\n"ann";"x, y"\r\nbob;1,5,6\r\n']
)
def test_semicolons_between_fields_are_told(tmp_path: Path, text: str) -> None:
    breach = only(refused(tmp_path, accounts__csv=text))
    assert breach.problem == "unreadable file, its fields seem to be separated by semicolons"
    assert "Save it with commas" in breach.repair


def test_rows_of_another_length_are_named(tmp_path: Path) -> None:
    text = "follower_id,followed_id\na,b\nc,d,e\nf,g\nh\n"
    breach = only(refused(tmp_path, follows__csv=text))
    assert breach.table == "follows.csv"
    assert (breach.count, breach.examples) == (2, ("row 2: 'c,d,e'", "row 4: 'h'"))
    assert "2 of its rows have not 2 fields" in breach.problem


def test_a_quote_that_is_never_closed(tmp_path: Path) -> None:
    breach = only(refused(tmp_path, accounts__csv='account_id,name\na,x\nb,"y\nc,z\nd,w\n'))
    assert "the quote opened in row 2 is never closed" in breach.problem


def test_a_quote_that_swallows_a_large_file(tmp_path: Path) -> None:
    text = 'account_id,name\na,"x\n' + "b,y\n" * 1_000_000
    assert "is never closed" in only(refused(tmp_path, accounts__csv=text)).problem


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(_dataset_files, "_read_csv", forbid)
    assert only(refused(tmp_path, accounts__csv=GOOD)).problem == "unreadable file, it may not be read"


def test_a_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").mkdir()
    assert only(refused(tmp_path)).problem == "unreadable file, it is a folder"


def test_no_folder_and_a_file_for_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        read_dataset(tmp_path / "nowhere")
    (tmp_path / "file").write_text(GOOD)
    with pytest.raises(DatasetError, match="a file, not a folder"):
        read_dataset(str(tmp_path / "file"))


@pytest.mark.parametrize("text", ["", "account_id\n"])
def test_nothing_to_study(tmp_path: Path, text: str) -> None:
    assert "nothing to study" in only(refused(tmp_path, accounts__csv=text)).problem
    only_posts = refused(tmp_path, posts__csv="post_id,author_id\np,a\n")
    assert "nothing to study" in only(only_posts).problem


def test_the_error_survives_pickling(tmp_path: Path) -> None:
    error = refused(tmp_path)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert str(again) == str(error)
    assert again.breaches == error.breaches
