"""The commands: what they do, and a message a person can act on when they cannot."""

import contextlib
import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from influgraph import __version__
from influgraph.cli import main
from influgraph.report.results import STAGES
from small_world import small_tables, write_tables

LIKES = pd.DataFrame({"account_id": ["b", "c"], "target_id": ["a", "a"], "kind": "like"})
# Ctrl-C is ignored by what a shell starts in the background; here it must not be.
HEARING = """
import signal, time
from influgraph import niches
from influgraph.cli import main
from influgraph.report.results import STAGES

def slow(*words, **options):
    print("ready", flush=True)
    time.sleep(60)

signal.signal(signal.SIGINT, signal.default_int_handler)
niches.find_niches = slow
main()
"""


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def told(result: Result, code: int = 1) -> str:
    """What a failed command said, after checking that it failed as it should."""
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.stderr


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_tables({"engagements": LIKES}, tmp_path / "data")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tables(small_tables(), tmp_path_factory.mktemp("cli") / "data")


def test_help_and_version_come_without_heavy_imports() -> None:
    heavy = {"pandas", "numpy", "rich", "pydantic"}
    code = f"import sys; from influgraph import cli; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
    assert __version__ in call("--version").output
    for command in ("run", "demo", "check", "verify"):
        assert call(command, "--help").exit_code == 0
        assert command in call("--help").output


def test_the_package_can_be_run() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "influgraph", "--version"], capture_output=True, text=True, check=True
    )
    assert __version__ in done.stdout


def test_run_says_the_finding_and_where_the_report_is(data: Path, tmp_path: Path) -> None:
    result = call("run", data, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == f"Report: {tmp_path / 'out' / 'report.html'}"
    assert result.stdout.startswith("Influence cannot be set against popularity here")


def test_run_says_each_finished_step_with_its_seconds_where_there_is_no_terminal(
    data: Path, tmp_path: Path
) -> None:
    lines = call("run", data, "--out", tmp_path / "out").stderr.splitlines()
    assert [line.partition(":")[0] for line in lines] == list(STAGES)
    assert all(re.fullmatch(r".+: \d+\.\d s", line) for line in lines)


def test_run_tells_what_check_warns_of(tmp_path: Path) -> None:
    data = write_tables({"engagements": LIKES.assign(crated_at="2024-01-01")}, tmp_path / "data")
    warning = "warning: engagements: column 'crated_at' is not read; is created_at meant?"
    assert warning in call("check", data).stdout
    result = call("run", data, "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert warning in result.stderr


def test_run_then_verify(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert call("run", data, "--out", out).exit_code == 0
    assert "Every file is as the study left it" in call("verify", out, "--data", data).stdout
    (out / "scores.csv").write_text("x")
    assert "scores.csv was changed" in told(call("verify", out))
    (data / "engagements.csv").write_text("x")
    assert "engagements.csv was changed" in told(call("verify", out, "--data", data))


def test_settings_come_from_the_option_else_from_the_dataset(data: Path, tmp_path: Path) -> None:
    (data / "study.toml").write_text("seed = 21\n")
    (tmp_path / "other.toml").write_text("seed = 22\n")
    assert call("run", data, "--out", tmp_path / "one").exit_code == 0
    assert call("run", data, "--out", tmp_path / "two", "--settings", tmp_path / "other.toml").exit_code == 0
    seeds = [json.loads((tmp_path / name / "manifest.json").read_text())["seed"] for name in ("one", "two")]
    assert seeds == [21, 22]


def test_check_sums_up_a_sound_dataset(world: Path) -> None:
    result = call("check", world)
    assert result.exit_code == 0
    for line in ("accounts: 180", "posts: 360", "period: 2024-01-01", "No breach of the contract."):
        assert line in result.stdout


def test_check_tells_every_breach_at_once(tmp_path: Path) -> None:
    tables = {
        "accounts": pd.DataFrame({"account_id": ["a", "a"]}),
        "follows": pd.DataFrame({"follower_id": ["a"], "followed": ["b"]}),
    }
    said = told(call("check", write_tables(tables, tmp_path / "data")))
    assert "accounts, column account_id" in said
    assert "followed_id" in said


def test_check_warns_of_oddities(tmp_path: Path) -> None:
    follows = pd.DataFrame({"follower_id": ["a", "a"], "followed_id": ["a", "b"]})
    assert (
        "warning: follows: self-follow"
        in call("check", write_tables({"follows": follows}, tmp_path / "d")).stdout
    )


def test_demo_writes_a_world_that_can_be_studied_and_refuses_a_folder_in_use(tmp_path: Path) -> None:
    first = call("demo", tmp_path / "demo", "--seed", "3", "--accounts", "600")
    assert first.exit_code == 0, first.output
    assert "  accounts: 600" in first.stdout
    assert "  caused:" in first.stdout
    names = {path.name for path in (tmp_path / "demo").iterdir()}
    assert {"study.toml", "truth", "follows.parquet"} <= names
    assert call("check", tmp_path / "demo").exit_code == 0
    assert "there already" in told(call("demo", tmp_path / "demo", "--accounts", "600"))


EDGES = ("--table", "engagements", "--columns", "account_id,target_id,created_at,kind", "--map", "RT=repost")


@pytest.fixture
def edges(tmp_path: Path) -> Path:
    path = tmp_path / "activity.txt"
    path.write_text("ann bob 1341100972 RT\ncyd bob 1341101181 MT\n")
    return path


def test_import_edgelist_adds_a_table_that_can_be_studied(edges: Path, tmp_path: Path) -> None:
    result = call("import", "edgelist", edges, edges, *EDGES, "MT=mention", "--out", tmp_path / "data")
    assert result.exit_code == 0, result.output
    assert "engagements: 4 rows" in result.stdout
    table = pd.read_parquet(tmp_path / "data" / "engagements.parquet")
    assert table["kind"].tolist() == ["repost", "mention"] * 2
    assert call("run", tmp_path / "data", "--out", tmp_path / "out").exit_code == 0


def test_import_edgelist_replaces_only_when_asked(edges: Path, tmp_path: Path) -> None:
    words = ("import", "edgelist", edges, *EDGES, "--out", tmp_path / "data")
    assert call(*words).exit_code == 0
    assert "--replace, --append" in told(call(*words))
    assert "2 rows" in call(*words, "--replace").stdout
    assert "4 rows" in call(*words, "--append").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--table", "friends", "--columns", "a,b"), "table must be one of"),
        (("--table", "follows", "--columns", "follower_id,followed"), "did you mean 'followed_id'"),
        ((*EDGES, "--map", "MT"), "--map must be of the form OLD=NEW, received 'MT'"),
    ],
)
def test_import_edgelist_says_wrong_usage(
    edges: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    assert said in told(call("import", "edgelist", edges, *words, "--out", tmp_path / "data"), code=2)


def test_import_edgelist_says_what_is_wrong_with_the_file(edges: Path, tmp_path: Path) -> None:
    words = ("--table", "follows", "--columns", "follower_id,followed_id", "--out", tmp_path / "data")
    assert "have not 2 fields" in told(call("import", "edgelist", edges, *words))
    assert "none.txt" in told(call("import", "edgelist", tmp_path / "none.txt", *words))
    assert not (tmp_path / "data").exists()


# --- bad input -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_missing_folder_is_said(command: str, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "out") if command == "run" else ()
    said = told(call(command, tmp_path / "nowhere", *out))
    assert "nowhere" in said
    assert "no such folder" in said
    assert not (tmp_path / "out").exists()


def test_verify_of_what_is_no_results_folder_is_said(tmp_path: Path) -> None:
    assert "holds no manifest.json" in told(call("verify", tmp_path))
    assert "holds no manifest.json" in told(call("verify", tmp_path / "nowhere"))


def test_an_unknown_setting_names_the_nearest_one(data: Path, tmp_path: Path) -> None:
    (data / "study.toml").write_text("[outcome]\nwindw = '3d'\nkinds = 4\n")
    said = told(call("run", data, "--out", tmp_path / "out"))
    assert "unknown setting outcome.windw: the nearest known one is outcome.window" in said
    assert "outcome.kinds: should be a list" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["run", "check"])
def test_outcomes_of_no_kind_in_the_data_stop_a_study(command: str, tmp_path: Path) -> None:
    data = write_tables(small_tables(), tmp_path / "data")
    (data / "study.toml").write_text('[outcome]\nkinds = ["purchse", "donation"]\n')
    out = ("--out", tmp_path / "out") if command == "run" else ()
    absent, there = "- outcome.kinds: {} does not occur in the data{}", " Kinds there: 'like', 'purchase'"
    assert told(call(command, data, *out)).splitlines() == [
        f"{data / 'study.toml'} has 2 faults:",
        absent.format("'purchse'", "; is 'purchase' meant?") + there,
        absent.format("'donation'", ".") + there,
    ]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ('[bots]\ntrusted = ["nobody"]\n', "bots.trusted: no accounts of the data: 'nobody'"),
        (
            '[[trials]]\naccount_id = "nobody"\narm = "treated"\npeople = 9\nposts = 1\noutcomes = 2\n',
            "a trial without a control arm",
        ),
    ],
)
def test_settings_that_do_not_fit_the_data_stop_a_study_at_once(
    command: str, settings: str, fault: str, data: Path, tmp_path: Path
) -> None:
    (data / "study.toml").write_text(settings)
    out = ("--out", tmp_path / "out") if command == "run" else ()
    assert fault in told(call(command, data, *out))
    assert not (tmp_path / "out").exists()


def test_a_kind_that_does_not_occur_beside_one_that_does_is_a_warning(data: Path, tmp_path: Path) -> None:
    (data / "study.toml").write_text('[outcome]\nkinds = ["like", "purchase"]\n')
    warning = "warning: outcome.kinds: 'purchase' does not occur in the data. Kinds there: 'like'\n"
    assert warning in call("check", data).stdout
    assert warning in call("run", data, "--out", tmp_path / "out").stderr


def test_without_engagements_no_kind_is_missed(tmp_path: Path) -> None:
    follows = pd.DataFrame({"follower_id": ["a"], "followed_id": ["b"]})
    data = write_tables({"follows": follows}, tmp_path / "data")
    (data / "study.toml").write_text('[outcome]\nkinds = ["purchase"]\n')
    assert call("check", data).exit_code == 0


def test_settings_that_cannot_be_read_are_said(data: Path, tmp_path: Path) -> None:
    said = told(call("run", data, "--out", tmp_path / "out", "--settings", tmp_path / "none.toml"))
    assert "none.toml" in said
    (tmp_path / "latin.toml").write_bytes(b"# \xe9\n")
    assert "not UTF-8" in told(
        call("run", data, "--out", tmp_path / "out", "--settings", tmp_path / "latin.toml")
    )


@pytest.mark.parametrize(
    "tables",
    [
        {"engagements": LIKES, "follows": pd.DataFrame({"follower_id": [], "followed_id": []})},
        {"engagements": LIKES},
        {"accounts": pd.DataFrame({"account_id": ["only"]})},
    ],
    ids=["empty follows", "engagements only", "one account"],
)
def test_little_data_is_studied_and_what_is_missing_is_said(
    tables: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    result = call("run", write_tables(tables, tmp_path / "data"), "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "There are no follows" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_hostile_ids_are_studied(tmp_path: Path) -> None:
    ids = ["=CMD()", "two\nlines", "\N{GRINNING FACE}", "<b>", "$x_{$"]
    follows = pd.DataFrame({"follower_id": ids, "followed_id": [*ids[1:], ids[0]]})
    (tmp_path / "data").mkdir()
    follows.to_parquet(tmp_path / "data" / "follows.parquet")
    (tmp_path / "data" / "study.toml").write_text("[privacy]\npseudonyms = false\n")
    assert call("run", tmp_path / "data", "--out", tmp_path / "out").exit_code == 0
    assert pd.read_parquet(tmp_path / "out" / "scores.parquet")["account_id"].tolist() == [
        ids[0],
        *ids[1:],
    ]


def test_a_folder_with_files_of_others_is_refused(data: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.docx").write_text("x")
    said = told(call("run", data, "--out", tmp_path / "mine"))
    assert "thesis.docx" in said
    assert "another folder" in said
    assert "is a file" in told(call("run", data, "--out", tmp_path / "mine" / "thesis.docx"), code=2)


@pytest.mark.parametrize(
    "words", [["run"], ["run", "x"], ["fly"], ["demo", "d", "--accounts", "two"], ["check"]]
)
def test_wrong_usage_ends_with_2(words: list[str]) -> None:
    assert "Usage:" in told(call(*words), code=2)


def test_a_world_too_small_is_wrong_usage(tmp_path: Path) -> None:
    assert "accounts" in told(call("demo", tmp_path / "demo", "--accounts", "1"), code=2)


def small_files_only() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


def test_a_full_disk_is_said_and_leaves_finished_steps_only(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = [sys.executable, "-m", "influgraph", "run", str(world), "--out", str(out)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, preexec_fn=small_files_only)
    assert done.returncode == 1, done.stderr
    assert "File too large" in done.stderr
    assert "what was finished is kept" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in out.iterdir()] == [".steps"]
    assert not list(out.rglob("*.partial"))
    assert call("run", world, "--out", out).exit_code == 0


def test_ctrl_c_ends_with_130_and_keeps_what_was_finished(tmp_path: Path) -> None:
    data = write_tables({"engagements": LIKES}, tmp_path / "data")
    words = [sys.executable, "-c", HEARING, "run", str(data), "--out", str(tmp_path / "out")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(timeout=30) == 130
    assert said.endswith("\nStopped. Finished steps are kept: the same command goes on from there.\n")
    kept = {path.name for path in (tmp_path / "out" / ".steps").glob("*/*")}
    assert kept == {"popularity", "centrality"}
    assert call("run", data, "--out", tmp_path / "out").exit_code == 0


def test_progress_names_the_steps_on_a_terminal(tmp_path: Path) -> None:
    data = write_tables({"engagements": LIKES.assign(crated_at="2024-01-01")}, tmp_path / "data")
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "influgraph", "run", str(data), "--out", str(tmp_path / "out")]
    shown = b""
    with subprocess.Popen(words, stderr=theirs, stdout=subprocess.DEVNULL) as process:
        os.close(theirs)
        with contextlib.suppress(OSError):  # Linux ends a closed terminal so
            while part := os.read(ours, 65536):
                shown += part
    os.close(ours)
    assert process.returncode == 0
    assert b"read the tables" in shown
    assert b"left" in shown
    assert b"warning: engagements: column 'crated_at' is not read" in shown


def test_too_little_memory_is_said(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def starve(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("influgraph.popularity.popularity", starve)
    assert "not enough memory" in told(call("run", data, "--out", tmp_path / "out"))


def test_what_is_not_expected_shows_its_traceback(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("a bug of ours")

    monkeypatch.setattr("influgraph.popularity.popularity", broken)
    assert isinstance(call("run", data, "--out", tmp_path / "out").exception, ValueError)


def test_check_reads_the_settings_too(tmp_path: Path) -> None:
    data = write_tables(small_tables(), tmp_path / "settings")
    (data / "study.toml").write_text('seeed = 3\n[outcome]\nwindow = "3 potatoes"\n', encoding="utf-8")
    said = told(call("check", data))
    assert "seeed" in said
    assert "3 potatoes" in said
