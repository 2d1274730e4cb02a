"""What is read from a folder or from frames: ids, times, lists, numbers, and their order."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from influgraph.dataset import Dataset, from_tables, read_dataset, study_period

Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Write files, text or Arrow tables by name, into a folder and return it."""

    def write(**tables: str | pa.Table) -> Path:
        for name, content in tables.items():
            if isinstance(content, str):
                (tmp_path / f"{name}.csv").write_bytes(content.encode())
            else:
                parquet.write_table(content, tmp_path / f"{name}.parquet")
        return tmp_path

    return write


def times(data: Dataset) -> list[str | None]:
    moments = data.engagements["created_at"]
    assert moments.dtype == "datetime64[us, UTC]"
    return [None if pd.isna(moment) else moment.isoformat() for moment in moments]


# --- shape -----------------------------------------------------------------------------------------------


def test_every_id_column_is_over_the_one_account_index(folder: Folder) -> None:
    data = read_dataset(
        folder(
            accounts="account_id\nann\n",
            follows="follower_id,followed_id\nbob,ann\n",
            posts="post_id,author_id\np,ann\n",
            engagements="account_id,kind,target_id,post_id\ncyd,like,bob,p\n",
        )
    )
    assert list(data.account_ids) == ["ann", "bob", "cyd"]
    assert data.account_ids.name == "account_id"
    for ids in (
        data.follows["follower_id"],
        data.follows["followed_id"],
        data.posts["author_id"],
        data.engagements["account_id"],
        data.engagements["target_id"],
    ):
        assert ids.cat.categories is data.accounts.index
    assert list(data.post_ids) == ["p"]
    assert data.engagements["post_id"].cat.categories is data.post_ids


def test_columns_are_there_even_where_the_tables_are_not(folder: Folder) -> None:
    data = read_dataset(folder(accounts="account_id\nann\n"))
    assert list(data.follows) == ["follower_id", "followed_id", "followed_at"]
    assert list(data.posts) == ["post_id", "author_id", "created_at"]
    assert {"account_id", "target_id", "kind", "post_id", "created_at", "weight"} == set(data.engagements)
    assert len(data.follows) == len(data.posts) == len(data.engagements) == 0
    assert data.follows["follower_id"].cat.categories is data.account_ids
    assert data.posts["created_at"].dtype == "datetime64[us, UTC]"
    assert data.engagements["weight"].dtype == "float64"
    assert study_period(data) is None


@pytest.mark.parametrize(
    "empty", ["", "\n", "follower_id,followed_id", "follower_id,followed_id\n", "\ufeff"]
)
def test_an_empty_table_is_an_empty_frame(folder: Folder, empty: str) -> None:
    data = read_dataset(folder(accounts="account_id\nann\n", follows=empty))
    assert len(data.follows) == 0
    assert list(data.account_ids) == ["ann"]


def test_empty_parquet_tables_are_empty_frames(folder: Folder) -> None:
    typed = pa.table({"follower_id": pa.array([], pa.int64()), "followed_id": pa.array([], pa.int64())})
    data = read_dataset(folder(accounts="account_id\nann\n", follows=typed, posts=pa.table({})))
    assert len(data.follows) == len(data.posts) == 0


def test_engagements_alone_are_a_dataset(folder: Folder) -> None:
    data = read_dataset(folder(engagements="account_id,kind,target_id\nbob,like,ann\ncyd,purchase,\n"))
    assert list(data.account_ids) == ["bob", "cyd", "ann"]
    assert data.engagements["target_id"].isna().tolist() == [False, True]


def test_foreign_files_and_the_truth_are_left_alone(folder: Folder) -> None:
    path = folder(accounts="account_id\nann\n")
    (path / "truth").mkdir()
    (path / "truth" / "follows.csv").write_text("follower_id,followed_id\nx,y\n")
    (path / "notes.csv").write_text("\x00 not, a\ntable")
    (path / "study.toml").write_text("not toml either [")
    assert list(read_dataset(path).account_ids) == ["ann"]


def test_gzipped_csv_reads_like_csv(tmp_path: Path) -> None:
    (tmp_path / "follows.csv.gz").write_bytes(gzip.compress(b"follower_id,followed_id\n007,NA\n"))
    assert list(read_dataset(tmp_path).account_ids) == ["007", "NA"]


def test_own_labels_are_kept_as_they_are(folder: Folder) -> None:
    labels = pa.table(
        {"account_id": ["a", "b"], "party": ["R", None], "age": pa.array([7, None], pa.int32())}
    )
    accounts = read_dataset(folder(accounts=labels)).accounts
    assert accounts["party"].tolist()[0] == "R"
    assert accounts["party"].isna().tolist() == [False, True]
    assert accounts["age"].dtype == "Int64"
    assert accounts["age"].iloc[0] == 7


# --- order of accounts -----------------------------------------------------------------------------------


def test_dataset_order_is_accounts_then_first_appearance_column_by_column(folder: Folder) -> None:
    data = read_dataset(
        folder(
            accounts="account_id\nz\ny\n",
            follows="follower_id,followed_id\nc,a\nb,z\n",
            posts="post_id,author_id\n1,y\n2,e\n",
            engagements="account_id,kind,target_id\nd,like,g\nf,like,c\n",
        )
    )
    assert list(data.account_ids) == ["z", "y", "c", "b", "a", "e", "d", "f", "g"]


def test_columns_count_from_left_to_right_as_they_stand_in_the_file(folder: Folder) -> None:
    data = read_dataset(folder(follows="followed_id,follower_id\na,c\nz,b\n"))
    assert list(data.account_ids) == ["a", "z", "c", "b"]


def test_accounts_that_occur_elsewhere_are_added_all_null(folder: Folder) -> None:
    data = read_dataset(
        folder(
            accounts="account_id,verified,followers_stated,created_at,price,handle\nann,true,5,2020-01-01,1.5,NA\n",
            follows="follower_id,followed_id\nbob,ann\n",
        )
    )
    assert data.accounts.loc["bob"].isna().all()
    assert data.accounts.loc["ann", "handle"] == "NA"
    assert data.accounts["verified"].dtype == "boolean"
    assert data.accounts["followers_stated"].dtype == "Int64"


def test_posts_come_first_among_post_ids(folder: Folder) -> None:
    data = read_dataset(
        folder(
            accounts="account_id\nann\nbob\n",
            posts="post_id,author_id,repost_of\np,ann,x\nq,stranger,\nr,bob,p\n",
            engagements="account_id,kind,post_id\nbob,like,y\nbob,like,p\n",
        )
    )
    assert list(data.post_ids) == ["p", "r", "q", "x", "y"]
    assert data.posts["post_id"].cat.codes.tolist() == [0, 1]
    assert data.posts["repost_of"].astype(object).tolist()[1] == "p"


# --- ids -------------------------------------------------------------------------------------------------

HOSTILE = [
    "007",
    "NA",
    "null",
    "nan",
    "None",
    "😀",
    "=CMD()",
    "a,b",
    'say "hi"',
    "two\nlines",
    "tab\t",
    " padded ",
    "é",
]


def test_csv_ids_are_verbatim(folder: Folder) -> None:
    quoted = "".join('"' + account.replace('"', '""') + '"\n' for account in HOSTILE)
    assert list(read_dataset(folder(accounts="account_id\n" + quoted)).account_ids) == HOSTILE


def test_carriage_returns_inside_quotes_stay(folder: Folder) -> None:
    data = read_dataset(folder(accounts='account_id,bio\r\n"a\r\nb","x\r"\r\n'))
    assert list(data.account_ids) == ["a\r\nb"]
    assert data.accounts["bio"].iloc[0] == "x\r"


@pytest.mark.parametrize("empty", ["", '""'])
def test_only_the_empty_field_is_null(folder: Folder, empty: str) -> None:
    text = f"account_id,kind,target_id\na,like,{empty}\nb,like,NA\n"
    assert read_dataset(folder(engagements=text)).engagements["target_id"].isna().tolist() == [True, False]


def test_whole_number_ids_stay_exact_beside_nulls(folder: Folder) -> None:
    large = 2**60 + 1
    table = pa.table({"account_id": [large, 7], "kind": ["like", "like"], "target_id": [None, large]})
    data = read_dataset(folder(engagements=table))
    assert list(data.account_ids) == [str(large), "7"]
    assert data.engagements["target_id"].tolist()[1] == str(large)


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["b", None, "a"], pa.string()),
        pa.array(["b", None, "a"], pa.large_string()),
        pa.array(["b", None, "a"], pa.binary()),
        pa.DictionaryArray.from_arrays(pa.array([1, None, 0]), ["a", "b", "unused"]),
    ],
    ids=["string", "large", "binary", "dictionary"],
)
def test_every_storage_of_text_ids_reads_alike(folder: Folder, column: pa.Array) -> None:
    table = pa.table({"target_id": column, "account_id": ["x", "x", "x"], "kind": ["like"] * 3})
    data = read_dataset(folder(engagements=table))
    assert list(data.account_ids) == ["b", "a", "x"]
    assert data.engagements["target_id"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("dtype", [pa.int8(), pa.int32(), pa.int64(), pa.uint32(), pa.uint64()])
def test_every_whole_number_type_reads_as_text(folder: Folder, dtype: pa.DataType) -> None:
    table = pa.table({"follower_id": pa.array([7, 8], dtype), "followed_id": pa.array([9, 7], pa.int64())})
    assert list(read_dataset(folder(follows=table)).account_ids) == ["7", "8", "9"]


def test_ids_of_different_types_meet_as_text(folder: Folder) -> None:
    follows = pa.table({"follower_id": pa.array([7, 8]), "followed_id": pa.array([8, 9], pa.int32())})
    data = read_dataset(folder(accounts="account_id\n8\n007\n", follows=follows))
    assert list(data.account_ids) == ["8", "007", "7", "9"]
    assert data.follows["followed_id"].cat.codes.tolist() == [0, 3]


def test_an_all_null_id_column_of_any_type_is_null(folder: Folder) -> None:
    nothing = pa.array([None, float("nan")], pa.float64())
    table = pa.table({"account_id": ["a", "b"], "kind": ["like", "like"], "target_id": nothing})
    assert read_dataset(folder(engagements=table)).engagements["target_id"].isna().all()


# --- times -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2012-07-01", "2012-07-01T00:00:00+00:00"),
        ("2012-07-01T02:03", "2012-07-01T02:03:00+00:00"),
        ("2012-07-01 02:03:04", "2012-07-01T02:03:04+00:00"),
        ("2012-07-01T02:03:04Z", "2012-07-01T02:03:04+00:00"),
        ("2012-07-01T02:03:04+02:00", "2012-07-01T00:03:04+00:00"),
        ("2012-07-01T02:03:04-0530", "2012-07-01T07:33:04+00:00"),
        ("2012-07-01 02:03:04.123456789+02", "2012-07-01T00:03:04.123456+00:00"),
        ("1500-01-01", "1500-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59+00:00"),
        ("1341100972", "2012-07-01T00:02:52+00:00"),
        ("1341100972.25", "2012-07-01T00:02:52.250000+00:00"),
        ("1.341100972e9", "2012-07-01T00:02:52+00:00"),
        ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59+00:00"),
        ("0", "1970-01-01T00:00:00+00:00"),
        ("", None),
    ],
)
def test_times_in_text(folder: Folder, written: str, meant: str | None) -> None:
    text = f"account_id,kind,created_at\na,buy,{written}\nb,buy,2012-07-01T00:00:00.123456789Z\n"
    assert times(read_dataset(folder(engagements=text))) == [meant, "2012-07-01T00:00:00.123456+00:00"]


HALF_PAST = 1341100972_500_000
WHOLE = "2012-07-01T00:02:52+00:00"
HALF = "2012-07-01T00:02:52.500000+00:00"


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        (pa.array([1341100972], pa.int64()), WHOLE),
        (pa.array([1341100972], pa.uint32()), WHOLE),
        (pa.array([1341100972.5], pa.float64()), HALF),
        (pa.array([HALF_PAST // 10**6], pa.timestamp("s")), WHOLE),
        (pa.array([HALF_PAST // 1000], pa.timestamp("ms", "UTC")), HALF),
        (pa.array([HALF_PAST], pa.timestamp("us", "Europe/Berlin")), HALF),
        (pa.array([HALF_PAST * 1000 + 7], pa.timestamp("ns", "+05:30")), HALF),
        (pa.array([15522], pa.date32()), "2012-07-01T00:00:00+00:00"),
        (pa.array(["2012-07-01T00:02:52.5Z"]), HALF),
        (pa.array(["1341100972"]).dictionary_encode(), WHOLE),
        (pa.array([None], pa.null()), None),
        (pa.array([float("nan")]), None),
    ],
    ids=str,
)
def test_times_in_parquet(folder: Folder, column: pa.Array, meant: str) -> None:
    table = pa.table({"account_id": ["a"], "kind": ["buy"], "created_at": column})
    assert times(read_dataset(folder(engagements=table))) == [meant]


def test_study_period_is_that_of_acts_and_only_else_that_of_follows(folder: Folder) -> None:
    path = folder(follows="follower_id,followed_id,followed_at\na,b,5\nb,a,\n")
    period = study_period(read_dataset(path))
    assert period is not None
    assert [moment.timestamp() for moment in period] == [5, 5]
    folder(
        posts="post_id,author_id,created_at\np,a,7\nq,a,\n",
        engagements="account_id,kind,created_at\na,buy,9\n",
    )
    period = study_period(read_dataset(path))
    assert period is not None
    assert [moment.timestamp() for moment in period] == [7, 9]


# --- other values ----------------------------------------------------------------------------------------


def test_lists_are_separated_by_semicolons_in_csv(folder: Folder) -> None:
    posts = (
        'post_id,author_id,hashtags,links\np,a,run;trail,http://x/?a=1&b\nq,a,,"; run ;; trail;"\nr,a,;,\n'
    )
    data = read_dataset(folder(accounts="account_id\na\n", posts=posts))
    assert [None if tags is pd.NA else list(tags) for tags in data.posts["hashtags"]] == [
        ["run", "trail"],
        None,
        None,
    ]
    assert list(data.posts["links"][1]) == ["run", "trail"]
    assert data.posts["hashtags"].explode().dropna().tolist() == ["run", "trail"]


def test_lists_in_parquet_are_lists(folder: Folder) -> None:
    tags = pa.array([["a;b", "c"], [], None], pa.large_list(pa.large_string()))
    posts = pa.table({"post_id": [1, 2, 3], "author_id": [1, 1, 1], "hashtags": tags})
    data = read_dataset(folder(accounts=pa.table({"account_id": [1]}), posts=posts))
    assert [None if tags is pd.NA else list(tags) for tags in data.posts["hashtags"]] == [
        ["a;b", "c"],
        [],
        None,
    ]


def test_numbers_and_flags(folder: Folder) -> None:
    accounts = read_dataset(
        folder(accounts="account_id,followers_stated,price,verified\na,12.0,1e3,TRUE\nb,0,.5,0\nc,,,\n")
    ).accounts
    assert accounts["followers_stated"].tolist()[:2] == [12, 0]
    assert accounts["price"].tolist()[:2] == [1000.0, 0.5]
    assert accounts["verified"].tolist()[:2] == [True, False]
    assert accounts.loc["c"].isna().all()


def test_weight_is_1_where_not_given(folder: Folder) -> None:
    data = read_dataset(folder(engagements="account_id,kind,weight\na,buy,\na,buy,0\na,buy,2.5\n"))
    assert data.engagements["weight"].tolist() == [1.0, 0.0, 2.5]
    assert "sentiment" not in data.engagements


def test_kinds_are_a_sorted_categorical(folder: Folder) -> None:
    kinds = read_dataset(folder(engagements="account_id,kind\na,zap\na,buy\na,zap\n")).engagements["kind"]
    assert list(kinds) == ["zap", "buy", "zap"]
    assert list(kinds.cat.categories) == ["buy", "zap"]


# --- from frames -----------------------------------------------------------------------------------------


def test_frames_and_files_give_the_same_dataset(folder: Folder) -> None:
    follows = {"follower_id": ["a", "b"], "followed_id": ["b", "c"], "followed_at": ["2020-01-01", None]}
    read = read_dataset(folder(follows="follower_id,followed_id,followed_at\na,b,2020-01-01\nb,c,\n"))
    made = from_tables(follows=pd.DataFrame(follows))
    pd.testing.assert_frame_equal(read.follows, made.follows)
    pd.testing.assert_frame_equal(read.accounts, made.accounts)


def test_frames_may_have_their_ids_as_index_or_categoricals() -> None:
    accounts = pd.DataFrame({"handle": ["A", "B"]}, index=pd.Index(["a", "b"], name="account_id"))
    ids = pd.Categorical(["b", "a"], categories=["a", "b", "never"])
    follows = pd.DataFrame({"follower_id": ids, "followed_id": ids[::-1]})
    data = from_tables(accounts=accounts, follows=follows)
    assert list(data.account_ids) == ["a", "b"]
    again = from_tables(accounts=data.accounts, follows=data.follows)
    pd.testing.assert_frame_equal(again.accounts, data.accounts)
    pd.testing.assert_frame_equal(again.follows, data.follows)


def test_frames_are_left_as_they_were() -> None:
    follows = pd.DataFrame({"follower_id": [1, 1], "followed_id": [1, 2], "followed_at": [3, 4]})
    before = follows.copy(deep=True)
    from_tables(follows=follows)
    pd.testing.assert_frame_equal(follows, before)
