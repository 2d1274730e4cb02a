"""What is written reads back the same, whole or not at all."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from influgraph import _dataset_files
from influgraph.dataset import Dataset, from_tables, read_dataset, write_dataset

FRAMES = ("accounts", "follows", "posts", "engagements")


def assert_same(left: Dataset, right: Dataset) -> None:
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(left, name), getattr(right, name))
    assert list(left.post_ids) == list(right.post_ids)
    assert left.warnings == right.warnings


def small(name: str = "bob") -> Dataset:
    return from_tables(follows=pd.DataFrame({"follower_id": ["ann"], "followed_id": [name]}))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- round trip ------------------------------------------------------------------------------------------

HOSTILE = [
    "007",
    "7",
    "NA",
    "nan",
    "",
    " ",
    "😀",
    "=CMD()",
    "a;b",
    '"',
    "two\nlines",
    "\r",
    "\x00",
    "\u202e",
    "é",
    "é",
]
TEXTS = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
NUMBERS = st.integers(0, 9) | st.integers(-(2**63), 2**63 - 1)
MOMENTS = st.none() | st.integers(0, 10**10)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, pd.DataFrame]:
    """Draw tables with hostile ids, text or whole numbers column by column, and every oddity there is."""
    size = draw(st.integers(1, 6))

    def column(values: st.SearchStrategy[object], rows: int = size) -> list[object]:
        return draw(st.lists(values, min_size=rows, max_size=rows))

    def ids(*, null: bool = False) -> pd.Series:
        kind, dtype = draw(st.sampled_from([(TEXTS, "str"), (NUMBERS, "Int64")]))
        return pd.Series(column(st.none() | kind if null else kind), dtype=dtype)

    drawn = {
        "accounts": pd.DataFrame({"account_id": ids(), "bio": column(st.none() | TEXTS)}),
        "follows": pd.DataFrame({"followed_id": ids(), "follower_id": ids(), "followed_at": column(MOMENTS)}),
        "posts": pd.DataFrame(
            {
                "post_id": ids(),
                "author_id": ids(),
                "repost_of": ids(null=True),
                "reply_to": ids(null=True),
                "hashtags": column(st.none() | st.lists(TEXTS, max_size=2)),
                "created_at": column(MOMENTS),
                "impressions": pd.Series(column(st.none() | st.integers(0, 9)), dtype="Int64"),
            }
        ),
        "engagements": pd.DataFrame(
            {
                "account_id": ids(),
                "target_id": ids(null=True),
                "post_id": ids(null=True),
                "kind": column(st.sampled_from(["repost", "reply", "like"])),
                "weight": pd.Series(column(st.none() | st.floats(0, 9)), dtype="float64"),
            }
        ),
    }
    for name, key in (("accounts", "account_id"), ("posts", "post_id")):
        drawn[name] = drawn[name].drop_duplicates(key, ignore_index=True)
    given_ones = draw(st.sets(st.sampled_from(FRAMES), min_size=1))
    return {name: drawn[name] for name in FRAMES if name in given_ones | {"engagements"}}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables())
@example({"follows": pd.DataFrame({"follower_id": HOSTILE[:-1], "followed_id": HOSTILE[1:]})})
def test_reading_gives_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, drawn: dict[str, pd.DataFrame]
) -> None:
    data = from_tables(**drawn)
    folder = tmp_path_factory.mktemp("hostile") / "data"
    write_dataset(data, folder)
    again = read_dataset(folder)
    assert_same(again, data)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    write_dataset(again, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    for name, frame in drawn.items():
        disk = parquet.read_table(folder / f"{name}.parquet")
        assert disk.num_rows == len(frame)
        for column in frame.columns[frame.columns.str.endswith("_id")]:
            values = frame[column]
            whole = values.dtype == "Int64" and values.notna().any()
            assert disk[column].type == (pa.int64() if whole else pa.string())
            assert disk[column].to_pylist() == [None if pd.isna(value) else value for value in values]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_dataset_order_is_that_of_the_columns_put_under_one_another(drawn: dict[str, pd.DataFrame]) -> None:
    mine = {
        "accounts": ["account_id"],
        "follows": ["followed_id", "follower_id"],
        "posts": ["author_id"],
        "engagements": ["account_id", "target_id"],
    }
    columns = [drawn[name][column].dropna() for name in drawn for column in mine[name]]
    expected = pd.unique(pd.Series([str(value) for column in columns for value in column], dtype=object))
    assert list(from_tables(**drawn).account_ids) == list(expected)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables(), st.data())
def test_without_leaves_no_trace(drawn: dict[str, pd.DataFrame], choice: st.DataObject) -> None:
    data = from_tables(**drawn)
    gone = choice.draw(st.sets(st.sampled_from(list(data.account_ids))))
    rest = data.without(gone)
    assert list(rest.account_ids) == [account for account in data.account_ids if account not in gone]
    dead = set(data.posts["post_id"][data.posts["author_id"].isin(gone)])
    assert not dead & set(rest.post_ids)
    twice = rest.without([])
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(twice, name), getattr(rest, name))


def test_ids_are_written_in_the_type_they_came_in(tmp_path: Path) -> None:
    follows = pd.DataFrame({"follower_id": ["007", "8"], "followed_id": [8, 9]})
    posts = pd.DataFrame({"post_id": pd.array([1, 2], "int32"), "author_id": pd.Categorical(["8", "9"])})
    write_dataset(from_tables(follows=follows, posts=posts), tmp_path / "d")
    stored = {
        (name, field.name): field.type
        for name in ("accounts", "follows", "posts")
        for field in parquet.read_schema(tmp_path / "d" / f"{name}.parquet")
    }
    assert stored["follows", "follower_id"] == stored["posts", "author_id"] == pa.string()
    assert stored["follows", "followed_id"] == pa.int64()
    assert stored["posts", "post_id"] == pa.int32()
    assert stored["accounts", "account_id"] == pa.string()


def test_accounts_that_no_table_lists_are_written_like_the_other_ids(tmp_path: Path) -> None:
    write_dataset(from_tables(follows=pd.DataFrame({"follower_id": [7], "followed_id": [8]})), tmp_path / "d")
    assert parquet.read_schema(tmp_path / "d" / "accounts.parquet").field("account_id").type == pa.int64()


def test_whole_number_ids_that_are_none_any_more_are_written_as_text(tmp_path: Path) -> None:
    data = from_tables(accounts=pd.DataFrame({"account_id": [7, 8]}))
    renamed = Dataset(
        data.accounts.set_axis(pd.Index(["007", "8"], name="account_id", dtype="str")),
        data.follows,
        data.posts,
        data.engagements,
        _origin=data._origin,
    )
    write_dataset(renamed, tmp_path / "d")
    assert list(read_dataset(tmp_path / "d").account_ids) == ["007", "8"]


def test_own_labels_survive(tmp_path: Path) -> None:
    labels = pd.DataFrame(
        {
            "account_id": ["a", "b"],
            "party": pd.Categorical(["R", None]),
            "age": [7, 8],
            "score": [0.5, None],
            "seen": pd.to_datetime(["2020-01-01", None], utc=True),
            "born": pd.array([None, pd.Timestamp("2000-01-01").date()], pd.ArrowDtype(pa.date32())),
            "tags": [["x"], None],
        }
    )
    data = from_tables(accounts=labels)
    write_dataset(data, tmp_path / "d")
    assert_same(read_dataset(tmp_path / "d"), data)


def test_a_part_reads_back_as_it_was_where_no_accounts_table_was(tmp_path: Path) -> None:
    follows = pd.DataFrame(
        {"follower_id": ["c", "a", "b"], "followed_id": ["a", "b", "d"], "followed_at": "2019-07-01"}
    )
    data = from_tables(follows=follows).without(["a"]).between(0, "2020-01-01")
    write_dataset(data, tmp_path / "d")
    assert_same(read_dataset(tmp_path / "d"), data)
    assert list(data.account_ids) == ["c", "b", "d"]


# --- all or nothing --------------------------------------------------------------------------------------


def test_tables_are_replaced_and_none_is_left_over(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "posts.csv").write_text("post_id,author_id\np,a\n")
    write_dataset(small(), folder)
    assert names(folder) == ["accounts.parquet", "follows.parquet"]
    assert names(tmp_path) == ["data"]


def test_parent_folders_are_made(tmp_path: Path) -> None:
    write_dataset(small(), tmp_path / "some" / "where")
    assert names(tmp_path / "some") == ["where"]


@pytest.mark.parametrize("foreign", ["study.toml", "truth", "accounts.xlsx"])
def test_a_folder_with_other_things_is_refused(tmp_path: Path, foreign: str) -> None:
    (tmp_path / foreign).write_text("mine")
    with pytest.raises(FileExistsError, match=f"holds other things .*{foreign}"):
        write_dataset(small(), tmp_path)
    assert names(tmp_path) == [foreign]


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    with pytest.raises(FileExistsError, match="is a file"):
        write_dataset(small(), tmp_path / "data")


FULL_DISK = """
import resource, sys
import numpy as np, pandas as pd
from influgraph.dataset import from_tables, write_dataset
ids = [f"{n:x}" for n in np.random.default_rng(7).integers(0, 2**60, 50_000)]
data = from_tables(follows=pd.DataFrame({"follower_id": ids, "followed_id": ids[::-1]}))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write_dataset(data, sys.argv[1])
except OSError as error:
    print("refused", error)
"""


@pytest.mark.parametrize("before", [False, True], ids=["new folder", "over an old one"])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, *, before: bool) -> None:
    folder = tmp_path / "data"
    if before:
        write_dataset(small(), folder)
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, folder], check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith("refused")
    assert names(tmp_path) == (["data"] if before else [])
    if before:
        assert_same(read_dataset(folder), small())


@pytest.mark.parametrize("interrupted", [_dataset_files.write_table, Path.rename], ids=["write", "rename"])
@pytest.mark.parametrize("at", [1, 2])
def test_an_interrupt_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupted: object, at: int
) -> None:
    folder = tmp_path / "data"
    write_dataset(small("cyd"), folder)
    calls = []

    def interrupt(*args: object) -> object:
        calls.append(args)
        if len(calls) == at:
            raise KeyboardInterrupt
        return interrupted(*args)

    owner = Path if interrupted is Path.rename else _dataset_files
    with monkeypatch.context() as patch:
        patch.setattr(owner, interrupted.__name__, interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_dataset(small("bob"), folder)
    assert names(tmp_path) == ["data"]
    assert_same(read_dataset(folder), small("cyd"))
