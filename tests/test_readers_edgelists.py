"""Plain edge lists become tables of a dataset."""

import bz2
import gzip
from pathlib import Path

import pandas as pd
import pytest

from influgraph import _dataset_files
from influgraph.dataset import DatasetError, from_tables, read_dataset, study_period
from influgraph.readers.edgelists import Layout, import_edgelist, read_edgelist

FOLLOWS = Layout("follows", ("follower_id", "followed_id"))
ACTS = Layout("engagements", ("account_id", "target_id", "created_at", "kind"), renamed={"RT": "repost"})


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Return the place of an edge list."""
    return tmp_path / "edges.txt"


def rows(path: Path, layout: Layout, text: str) -> list[list[object]]:
    """Return the rows read from text, None for null."""
    path.write_bytes(text.encode())
    frame = read_edgelist(path, layout).astype(object)
    return frame.where(frame.notna(), None).to_numpy().tolist()


# --- fields ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "1 2\n007 NA\n",
        "1\t2\r\n007\tNA\r\n",
        "  1   2  \n\n007 \t NA",
        "# a comment\n#another, with more fields\n1 2\n# between\n007 NA\n",
        "\ufeff1 2\n007 NA\n",
    ],
    ids=["blank", "tab and CRLF", "many blanks", "comments", "byte order mark"],
)
def test_white_space_separates(lines: Path, text: str) -> None:
    assert rows(lines, FOLLOWS, text) == [["1", "2"], ["007", "NA"]]


@pytest.mark.parametrize(
    ("sep", "text"),
    [(",", "a b,c\n,d\n"), ("tab", "a b\tc\n\td\n"), ("\\t", "a b\tc\n\td\n"), ("::", "a b::c\n::d\n")],
)
def test_a_separator_separates_and_the_empty_field_is_null(lines: Path, sep: str, text: str) -> None:
    layout = Layout("follows", ("follower_id", "followed_id"), sep=sep)
    assert rows(lines, layout, text) == [["a b", "c"], [None, "d"]]


def test_fields_are_skipped_renamed_and_added(lines: Path) -> None:
    layout = Layout(
        "engagements",
        ("-", "account_id", "kind", "_"),
        renamed={"RT": "repost", "7": "no"},
        constants={"target_id": "x"},
    )
    assert rows(lines, layout, "1 7 RT {}\n2 8 MT {}\n") == [["7", "repost", "x"], ["8", "MT", "x"]]


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress])
def test_compressed_files(tmp_path: Path, compress: object) -> None:
    path = tmp_path / {"gzip": "edges.gz", "bz2": "edges.bz2"}[compress.__module__]
    path.write_bytes(compress("é 2\n".encode()))
    assert read_edgelist(path, FOLLOWS).to_numpy().tolist() == [["é", "2"]]


@pytest.mark.parametrize(
    ("text", "header", "found"),
    [
        ("src dst\n1 2\n3 4\n", None, True),
        ("src dst\nann 2\nbob 4\n", None, True),
        ("Follower_ID FOLLOWED_ID\nann bob\n", None, True),
        ("follower_id followed_id\n", None, True),
        ("ann bob\nbob cyd\n", None, False),
        ("ann 2\n", None, False),
        ("src dst\nann bob\n", None, False),
        ("src dst\nann bob\n", True, True),
        ("src dst\n1 2\n", False, False),
    ],
)
def test_headers(lines: Path, text: str, header: bool | None, found: bool) -> None:  # noqa: FBT001 - parameters
    layout = Layout("follows", ("follower_id", "followed_id"), header=header)
    assert len(rows(lines, layout, text)) == text.count("\n") - found


def test_a_file_without_rows_is_an_empty_frame(lines: Path) -> None:
    for text in ("", "\n\n", "# nothing\n"):
        assert rows(lines, FOLLOWS, text) == []
        assert list(read_edgelist(lines, FOLLOWS)) == ["follower_id", "followed_id"]


def test_what_is_read_makes_a_dataset(lines: Path) -> None:
    lines.write_text("1 2\n2 3\n")
    assert list(from_tables(follows=read_edgelist(lines, FOLLOWS)).account_ids) == ["1", "2", "3"]


# --- refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "columns", "message"),
    [
        ("friends", ("a",), "table must be one of accounts, follows, posts, engagements; received 'friends'"),
        ("follows", ("folower_id", "followed_id"), "did you mean 'follower_id'"),
        ("follows", ("follower_id", "zzz"), "known are follower_id, followed_id, followed_at"),
        ("follows", ("follower_id", "follower_id"), "received 'follower_id' twice"),
    ],
)
def test_a_layout_that_no_table_has(table: str, columns: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Layout(table, columns)


def test_a_layout_without_separator() -> None:
    with pytest.raises(ValueError, match="sep must be at least one character"):
        Layout("follows", ("follower_id",), sep="")


def test_lines_of_another_length_are_named(lines: Path) -> None:
    lines.write_text("# c\n1 2\n3\n4 5 6\n")
    with pytest.raises(
        DatasetError, match=r"2 of 3 lines, .* have not 2 fields \(line 2: '3', line 3"
    ) as caught:
        read_edgelist(lines, FOLLOWS)
    assert "- for those to skip" in caught.value.breaches[0].repair


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("e.txt", "é 1\n".encode("latin-1"), "not UTF-8"),
        ("e.txt.gz", gzip.compress(b"1 2\n" * 99)[:-9], "cut short"),
        ("e.txt.gz", b"1 2\n", "damaged or none"),
    ],
    ids=["encoding", "cut gzip", "no gzip"],
)
def test_unreadable_files(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        read_edgelist(tmp_path / name, FOLLOWS)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        import_edgelist([tmp_path / "nothing.txt"], tmp_path / "data", FOLLOWS)
    assert not (tmp_path / "data").exists()


def test_a_table_that_breaks_the_contract_is_not_written(tmp_path: Path, lines: Path) -> None:
    lines.write_text("a b 1341100972000 RT\na b yesterday RT\n")
    with pytest.raises(DatasetError, match="milliseconds") as caught:
        import_edgelist([lines], tmp_path / "data", ACTS)
    assert [breach.column for breach in caught.value.breaches] == ["created_at", "created_at"]
    assert not (tmp_path / "data").exists()
    with pytest.raises(DatasetError, match="column kind: missing required column"):
        import_edgelist([lines], tmp_path / "data", Layout("engagements", ("account_id", "-", "-", "-")))


# --- into a folder ---------------------------------------------------------------------------------------


def test_tables_are_added_to_a_folder_and_other_files_stay(tmp_path: Path, lines: Path) -> None:
    folder = tmp_path / "some" / "data"
    lines.write_text("ann bob\nbob ann\nann ann\n")
    assert import_edgelist([lines, lines], folder, FOLLOWS) == 6
    (folder / "study.toml").write_text("seed = 1")
    lines.write_text("ann bob 1341100972 RT\ncyd bob 1341101181 MT\n")
    assert import_edgelist([lines], folder, ACTS) == 2
    data = read_dataset(folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "engagements.parquet",
        "follows.parquet",
        "study.toml",
    ]
    assert data.warnings[0] == "follows: self-follows, ignored: 2"
    assert data.engagements["kind"].tolist() == ["repost", "MT"]
    period = study_period(data)
    assert period is not None
    assert period[0] == pd.Timestamp(1341100972, unit="s", tz="UTC")


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".csv.gz"])
def test_a_table_is_replaced_only_when_asked(tmp_path: Path, lines: Path, suffix: str) -> None:
    lines.write_text("ann bob\n")
    old = tmp_path / f"follows{suffix}"
    old.write_bytes(b"whatever it is")
    with pytest.raises(FileExistsError, match=f"follows{suffix} is there already"):
        import_edgelist([lines], tmp_path, FOLLOWS)
    assert old.read_bytes() == b"whatever it is"
    import_edgelist([lines], tmp_path, FOLLOWS, existing="replace")
    assert list(read_dataset(tmp_path).account_ids) == ["ann", "bob"]


def test_rows_are_appended_column_by_column(tmp_path: Path, lines: Path) -> None:
    (tmp_path / "engagements.csv").write_text("account_id,kind,created_at,value\n7,buy,2020-01-01,1.5\n")
    lines.write_text("7 008 3\n")
    layout = Layout("engagements", ("account_id", "target_id", "weight"), constants={"kind": "like"})
    assert import_edgelist([lines], tmp_path, layout, existing="append") == 2
    acts = read_dataset(tmp_path).engagements
    assert acts["account_id"].tolist() == ["7", "7"]
    assert acts["target_id"].isna().tolist() == [True, False]
    assert acts["kind"].tolist() == ["buy", "like"]
    assert acts["weight"].tolist() == [1.0, 3.0]
    assert acts["value"].isna().tolist() == [False, True]
    assert acts["created_at"].isna().tolist() == [False, True]


def test_appending_joins_ids_of_different_types_as_text(tmp_path: Path, lines: Path) -> None:
    pd.DataFrame({"follower_id": [7, 8], "followed_id": ["8", "9"]}).to_parquet(tmp_path / "follows.parquet")
    lines.write_text("007 7\n")
    import_edgelist([lines], tmp_path, FOLLOWS, existing="append")
    assert list(read_dataset(tmp_path).account_ids) == ["7", "8", "007", "9"]


def test_appending_what_breaks_the_contract_together_is_refused(tmp_path: Path, lines: Path) -> None:
    (tmp_path / "accounts.csv").write_text("account_id,party\na,R\n")
    lines.write_text("b D\na R\n")
    with pytest.raises(DatasetError, match=r"already used in an earlier row \(row 3: 'a'\)"):
        import_edgelist([lines], tmp_path, Layout("accounts", ("account_id", "party")), existing="append")
    assert [path.name for path in tmp_path.glob("accounts*")] == ["accounts.csv"]


def test_appending_to_nothing_is_adding(tmp_path: Path, lines: Path) -> None:
    lines.write_text("a b\n")
    assert import_edgelist([lines], tmp_path / "data", FOLLOWS, existing="append") == 1


@pytest.mark.parametrize("at", [1, 2])
def test_an_interrupt_leaves_the_old_table(
    tmp_path: Path, lines: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "follows.csv").write_text("follower_id,followed_id\nold,er\n")
    lines.write_text("a b\n")
    calls, rename = [], Path.rename

    def interrupt(path: Path, target: Path) -> Path:
        calls.append(path)
        if len(calls) == at:
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", interrupt)
        with pytest.raises(KeyboardInterrupt):
            import_edgelist([lines], folder, FOLLOWS, existing="replace")
    assert [path.name for path in folder.iterdir()] == ["follows.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "edges.txt"]


def test_a_full_disk_leaves_the_old_table(
    tmp_path: Path, lines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines.write_text("a b\n")
    import_edgelist([lines], tmp_path / "data", FOLLOWS)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_dataset_files, "write_table", full)
    with pytest.raises(OSError, match="No space left"):
        import_edgelist([lines], tmp_path / "data", FOLLOWS, existing="replace")
    assert list(read_dataset(tmp_path / "data").account_ids) == ["a", "b"]


# --- public datasets -------------------------------------------------------------------------------------


def test_higgs_twitter_as_published(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "higgs_twitter"
    layout = Layout(ACTS.table, ACTS.columns, renamed={"RT": "repost", "MT": "mention", "RE": "reply"})
    assert import_edgelist([source / "higgs-activity_time.txt.gz"], tmp_path / "d", layout) == 563_069
    social = source / "higgs-social_network.first355075.edgelist.gz"
    assert import_edgelist([social], tmp_path / "d", FOLLOWS) == 355_075
    acts = pd.read_parquet(tmp_path / "d" / "engagements.parquet")
    assert acts["kind"].value_counts().to_dict() == {"repost": 354_930, "mention": 171_237, "reply": 36_902}
    assert pd.concat([acts["account_id"], acts["target_id"]]).nunique() == 304_691
    data = read_dataset(tmp_path / "d")
    assert len(data.follows) == 355_061
    assert pd.concat([data.follows["follower_id"], data.follows["followed_id"]]).nunique() == 76_851


def test_timme_as_published(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "timme_purep"
    follows = Layout("follows", ("follower_id", "followed_id", "-"))
    assert import_edgelist([source / "friend_list.tsv.gz"], tmp_path / "d", follows) == 59_073
    party = Layout("accounts", ("account_id", "party"))
    assert import_edgelist([source / "party_labels.tsv.gz"], tmp_path / "d", party) == 585
    columns = ("account_id", "target_id", "weight")
    for relation, kind in {
        "favorite": "like",
        "mention": "mention",
        "reply": "reply",
        "retweet": "repost",
    }.items():
        acts = Layout("engagements", columns, constants={"kind": kind})
        import_edgelist([source / f"{relation}_list.tsv.gz"], tmp_path / "d", acts, existing="append")
    data = read_dataset(tmp_path / "d")
    assert data.accounts["party"].value_counts().to_dict() == {"R": 313, "D": 270, "I": 2}
    disk = pd.read_parquet(tmp_path / "d" / "engagements.parquet")
    assert disk["kind"].value_counts().to_dict() == {
        "like": 14381,
        "mention": 27682,
        "reply": 1451,
        "repost": 19760,
    }
    assert len(data.accounts) == 585
    assert data.warnings == ("engagements: self-engagements, ignored: 1854",)
