"""`report`: the results folder is whole or not there, the same each time, and gives nobody away."""

import csv
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from influgraph.dataset import from_tables
from influgraph.influence.forecast import UNFADED
from influgraph.report import evidence, manifest, niches_section, page, results, suspects
from influgraph.report.manifest import ResultsError, find_differences
from influgraph.report.privacy import Labels
from influgraph.report.store import DiskStore
from influgraph.report.words import counted, doubt, finding, headline, number, outcome_words
from influgraph.settings import Privacy
from influgraph.study import STEPS, Study
from small_world import small_tables, write_tables

FILES = sorted([*results.OUTPUTS, "manifest.json"])
SETTINGS = "seed = 11\n[niches]\nresolution = 1.0\n"  # chance alone brings people together here
LIKES = pd.DataFrame({"account_id": ["b", "c"], "target_id": ["a", "a"], "kind": "like"})


def quiet(_: str) -> None:
    """Watch nothing."""


def run(data: Path, out: Path) -> Study:
    return results.run_folder(data, out, watch=quiet)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file's bytes; of the manifest all but the durations."""
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    described = json.loads(found.pop("manifest.json"))
    described.pop("durations")
    return found | {"manifest.json": json.dumps(described).encode()}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_tables(small_tables(), tmp_path_factory.mktemp("report") / "data")
    (folder / "study.toml").write_text(SETTINGS)
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three accounts: quick to study where the figures do not matter."""
    return write_tables({"engagements": LIKES}, tmp_path_factory.mktemp("tiny") / "data")


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "results"
    run(data, out)
    return out


@pytest.fixture(scope="module")
def html(whole: Path) -> str:
    return (whole / "report.html").read_text(encoding="utf-8")


# --- the store -----------------------------------------------------------------------------------------


def test_a_finished_step_comes_back_as_it_was(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"n": pd.array([1, None], "Int64"), "x": [0.1, np.nan], "s": pd.array(["=a", None], "str")},
        index=pd.Index(["007", "NA"], name="account_id"),
    )
    series = pd.Series([0.25], index=pd.Index(pd.to_timedelta(["1h"]), name="delay"), name="kernel")
    result = {
        "frame": frame,
        "pair": (series, None),
        "draws": np.eye(2),
        "words": "é",
        "count": 3,
        "share": 1 / 3,
    }
    with DiskStore(tmp_path / "kept", "k", watch=quiet) as store:
        store.run("step", lambda: result)
        kept = store.run("step", lambda: pytest.fail("done again"))
    pd.testing.assert_frame_equal(kept["frame"], frame)
    pd.testing.assert_series_equal(kept["pair"][0], series)
    assert kept["pair"][1] is None
    np.testing.assert_array_equal(kept["draws"], np.eye(2))
    assert (kept["words"], kept["count"], kept["share"]) == ("é", 3, 1 / 3)
    assert store.durations["step"] >= 0


def test_what_could_run_code_when_read_is_not_kept(tmp_path: Path) -> None:
    store = DiskStore(tmp_path / "kept", "k", watch=quiet)
    with pytest.raises(TypeError, match="a step may hold"), store:
        store.run("step", lambda: {"function": print})
    assert not (tmp_path / "kept").exists()


def test_steps_of_another_input_are_thrown_away(tmp_path: Path) -> None:
    for key, answer in (("a", 1), ("b", 2), ("a", 3)):
        with DiskStore(tmp_path / "kept", key, watch=quiet) as store:
            assert store.run("step", lambda answer=answer: answer) == answer


def test_a_step_that_was_cut_short_is_done_again(tmp_path: Path) -> None:
    with DiskStore(tmp_path / "kept", "a", watch=quiet) as store:
        store.run("first", lambda: 1)
    (tmp_path / "kept" / "a" / "second.partial").mkdir()
    with DiskStore(tmp_path / "kept", "a", watch=quiet) as store:
        assert store.run("second", lambda: 2) == 2
        assert store.run("first", lambda: 9) == 1


# --- the folder ----------------------------------------------------------------------------------------


def test_a_study_is_its_files_and_nothing_else(whole: Path) -> None:
    assert sorted(path.name for path in whole.iterdir()) == FILES


def test_the_tables_say_the_same_in_every_format(whole: Path) -> None:
    columns = pd.read_csv(
        whole / "scores.csv", dtype={"account_id": str}, keep_default_na=False, na_values=[""]
    )
    parquet = pd.read_parquet(whole / "scores.parquet")
    assert list(columns) == list(parquet)
    assert columns.columns[0] == "account_id"
    assert columns["account_id"].tolist() == parquet["account_id"].tolist()
    for name in ("followers", "influence", "rank_high", "niche"):
        np.testing.assert_array_equal(*(table[name].to_numpy("float64") for table in (columns, parquet)))
    header = (whole / "bot_members.csv").read_text()
    assert header == "bot_cluster,account_id,membership\n"


def test_the_same_input_gives_the_same_bytes(data: Path, whole: Path, tmp_path: Path) -> None:
    run(data, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(whole)


def test_an_older_study_is_replaced(tiny: Path, tmp_path: Path) -> None:
    run(tiny, tmp_path / "out")
    first = contents(tmp_path / "out")
    (tmp_path / "out" / "scores.csv").write_text("edited")
    run(tiny, tmp_path / "out")
    assert contents(tmp_path / "out") == first


def test_the_manifest_names_every_input_and_output_by_its_hash(data: Path, whole: Path) -> None:
    described = json.loads((whole / "manifest.json").read_text())
    for part, folder in (("inputs", data), ("outputs", whole)):
        for name, digest in described[part].items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert sorted(described["inputs"]) == sorted(path.name for path in data.iterdir())
    assert sorted(described["outputs"]) == sorted(results.OUTPUTS)
    assert described["seed"] == described["settings"]["seed"] == 11
    assert described["base_rates"] == {"automation": 0.1, "bot_cluster": None}
    assert set(described["durations"]) == set(results.STAGES)
    assert {"influgraph", "python", "numpy", "pandas", "igraph"} <= set(described["versions"])


def test_truth_is_neither_read_nor_hashed(whole: Path, tmp_path: Path) -> None:
    folder = write_tables(small_tables(), tmp_path / "data")
    (folder / "study.toml").write_text(SETTINGS)
    (folder / "truth").mkdir()
    (folder / "truth" / "sources.csv").write_bytes(b"\xff\xfe not a table")
    run(folder, tmp_path / "out")
    assert contents(tmp_path / "out") == contents(whole)


@pytest.mark.parametrize("names", [["notes.txt"], ["scores.csv"], ["report.html", "manifest.json"]])
def test_a_folder_with_files_of_others_is_refused_and_left_alone(
    tiny: Path, tmp_path: Path, names: list[str]
) -> None:
    for name in names:
        (tmp_path / name).write_text("mine")
    with pytest.raises(ResultsError, match=names[0]):
        run(tiny, tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys(names, "mine")


def test_the_dataset_itself_is_no_results_folder(tiny: Path) -> None:
    with pytest.raises(ResultsError, match="not a study's"):
        run(tiny, tiny)


def test_files_that_an_older_version_left_go(tiny: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(tiny, out)
    before = contents(out)
    described = json.loads((out / "manifest.json").read_text())
    described["outputs"]["old.csv"] = "0"
    (out / "manifest.json").write_text(json.dumps(described))
    (out / "old.csv").write_text("old")
    run(tiny, out)
    assert contents(out) == before


@pytest.mark.parametrize("older", [False, True])
def test_a_failure_leaves_nothing_half_written(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, older: bool
) -> None:
    out = tmp_path / "out"
    if older:
        run(tiny, out)
    before = contents(out) if older else {}

    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(page, "render", full)
    with pytest.raises(OSError, match="No space"):
        run(tiny, out)
    names = {path.name for path in out.iterdir()}
    assert names - {".steps"} == set(before)
    assert not list(out.rglob("*.partial"))
    monkeypatch.undo()
    run(tiny, out)
    assert sorted(path.name for path in out.iterdir()) == FILES


KILLED = """
import os, signal, sys
import influgraph.influence.placebo, influgraph.plots, seaborn, igraph, statsmodels.api
from pathlib import Path
from influgraph.report import page, results, store

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def study():
    results.run_folder(Path(sys.argv[1]), Path(sys.argv[2]), watch=lambda stage: None)

def killed_by(change):
    child = os.fork()
    if not child:
        change()
        study()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL

def after(step):
    plain = store.DiskStore.run
    def run(self, name, work):
        result = plain(self, name, work)
        if name == step:
            die()
        return result
    store.DiskStore.run = run

def in_a_step(step):
    plain = store._keep
    def keep(value, folder):
        if folder.name.startswith(step):
            (folder / "0.parquet").write_bytes(b"half")
            die()
        return plain(value, folder)
    store._keep = keep

def while_installing():
    plain = Path.replace
    def replace(path, target):
        if path.name == "niches.csv":
            die()
        return plain(path, target)
    Path.replace = replace

for step in results.STEPS:
    killed_by(lambda: after(step))
killed_by(lambda: setattr(page, "render", die))
killed_by(while_installing)
study()
"""


def test_a_study_that_is_killed_after_any_step_ends_with_the_same_bytes(
    data: Path, whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    subprocess.run([sys.executable, "-c", KILLED, str(data), str(out)], check=True)
    assert contents(out) == contents(whole)


# --- verify --------------------------------------------------------------------------------------------


@pytest.fixture
def copy(whole: Path, data: Path, tmp_path: Path) -> tuple[Path, Path]:
    for name, folder in (("out", whole), ("in", data)):
        (tmp_path / name).mkdir()
        for path in folder.iterdir():
            (tmp_path / name / path.name).write_bytes(path.read_bytes())
    return tmp_path / "out", tmp_path / "in"


def test_an_untouched_study_has_no_differences(copy: tuple[Path, Path]) -> None:
    assert find_differences(copy[0], data=copy[1]) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda out, _: (out / "scores.csv").write_text("x"), "scores.csv was changed"),
        (lambda out, _: (out / "report.html").unlink(), "report.html is missing"),
        (lambda _, data: (data / "posts.csv").write_text("x"), "posts.csv was changed"),
        (lambda _, data: (data / "follows.csv").unlink(), "follows.csv is missing"),
        (lambda _, data: (data / "posts.parquet").write_text("x"), "posts.parquet was not there"),
        (lambda _, data: (data / "study.toml").write_text("seed = 12"), "study.toml was changed"),
    ],
)
def test_every_difference_is_found(
    copy: tuple[Path, Path], change: Callable[[Path, Path], object], said: str
) -> None:
    change(*copy)
    (difference,) = find_differences(copy[0], data=copy[1])
    assert said in difference


def test_settings_from_elsewhere_are_not_looked_for_in_the_dataset(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("seed = 12\n")
    results.run_folder(tiny, tmp_path / "out", settings_file=tmp_path / "mine.toml", watch=quiet)
    assert find_differences(tmp_path / "out", data=tiny) == []
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["seed"] == 12


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"inputs": 1, "outputs": 2, "versions": 3}'])
def test_what_is_no_manifest_is_said(tmp_path: Path, text: str) -> None:
    with pytest.raises(ResultsError, match=r"holds no manifest\.json"):
        manifest.read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ResultsError, match="not a manifest"):
        manifest.read_manifest(tmp_path)


# --- hostile text --------------------------------------------------------------------------------------

HOSTILE = [
    "=CMD()",
    "007",
    "NA",
    'quo"te',
    "two\nlines",
    "\r",
    "\N{GRINNING FACE}",
    "<script>alert(1)</script>",
    "a;b",
]


def test_hostile_ids_come_back_verbatim_and_are_escaped_in_the_page(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    ids = pd.Series(HOSTILE)
    pd.DataFrame({"account_id": ids, "verified": True}).to_parquet(folder / "accounts.parquet")
    acts = {"account_id": ids, "target_id": np.roll(ids, 1), "kind": "like"}
    pd.DataFrame(acts).to_parquet(folder / "engagements.parquet")
    run(folder, tmp_path / "out")
    assert pd.read_parquet(tmp_path / "out" / "scores.parquet")["account_id"].tolist() == HOSTILE
    with (tmp_path / "out" / "scores.csv").open(newline="", encoding="utf-8") as file:
        assert [row["account_id"] for row in csv.DictReader(file)] == HOSTILE
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_whole_number_ids_come_back_as_numbers(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    pd.DataFrame({"account_id": [7, 8], "target_id": [8, 9], "kind": "like"}).to_parquet(
        folder / "engagements.parquet"
    )
    run(folder, tmp_path / "out")
    assert pd.read_parquet(tmp_path / "out" / "scores.parquet")["account_id"].tolist() == [7, 8, 9]


def test_free_text_that_a_spreadsheet_would_run_is_defused_but_ids_are_not(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"name": ["=1+1", "-x", "plain", None], "central_accounts": ["=CMD()", "@a", "b", "c"]}
    )
    results._write_csv(table, tmp_path / "niches.csv")
    assert (tmp_path / "niches.csv").read_text() == (
        'name,central_accounts\n"\'=1+1","=CMD()"\n"\'-x","@a"\n"plain","b"\n,"c"\n'
    )


# --- the page ------------------------------------------------------------------------------------------


class Outside(HTMLParser):
    """Collects every tag and whatever could ask another machine for something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.asked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag and its addresses."""
        self.tags.add(tag)
        addresses = [value or "" for name, value in attrs if name.endswith(("src", "href", "action", "data"))]
        self.asked += [value for value in addresses if not value.startswith(("#", "data:"))]


def test_the_page_asks_nobody_for_anything_and_runs_nothing(html: str) -> None:
    parser = Outside()
    parser.feed(html)
    assert not parser.asked
    assert not parser.tags & {"script", "link", "iframe", "object", "embed", "base"}
    assert not re.search(r"https?:|@import|url\((?!#)", html)


def test_every_picture_keeps_its_size_on_a_narrow_screen(html: str) -> None:
    assert html.count('<div class="wide"><svg') == html.count("<svg") > 0
    assert ".wide table, .wide svg { min-width: 44rem; }" in html


def test_the_page_holds_no_id_or_handle_of_a_private_account(html: str) -> None:
    assert "private-" not in html
    assert "Handle" not in html
    assert len(set(re.findall(r"account [0-9a-f]{8}", html))) > 10


def test_the_page_shows_handles_where_asked(data: Path, tmp_path: Path) -> None:
    (tmp_path / "open.toml").write_text("[privacy]\npseudonyms = false\n")
    results.run_folder(data, tmp_path / "out", settings_file=tmp_path / "open.toml", watch=quiet)
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Handle private-0" in text
    assert not re.search(r"account [0-9a-f]{8}", text)


def test_a_secret_changes_the_pseudonyms_and_nothing_else(
    data: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUGRAPH_KEY", "open sesame")
    run(data, tmp_path / "out")
    ours, others = contents(tmp_path / "out"), contents(whole)
    changed = {name for name in ours if ours[name] != others[name]}
    assert changed == {"report.html", "manifest.json"}
    assert not any(b"sesame" in content for content in ours.values())


def test_the_page_says_what_it_must(html: str, whole: Path) -> None:
    scores = pd.read_parquet(whole / "scores.parquet")
    title = re.search(r"<h1>(.*?)\.</h1>", html, re.DOTALL)
    kinds = scores["quadrant"].value_counts()
    assert title
    hollow, star, hidden = (kinds.get(kind, 0) for kind in ("hollow celebrity", "star", "hidden influencer"))
    some = f"{hollow} of the {hollow + star}" if star else f"None of the {hollow}"
    assert title[1].startswith(f"{some} most followed accounts")
    assert f"{hidden} less followed ones are; " in title[1]
    assert re.search(r"\d of \d checks? of the model|all \d checks of the model passed", title[1])
    for words in (
        "causal under assumptions",
        "90&nbsp;%",
        "lead exposures",
        "Roles are not estimated",
        "accuse",
    ):
        assert words in html
    first = scores.sort_values("rank").iloc[0]
    assert f"{number(first['influence'])} [{number(first['influence_low'])} to" in html
    assert html.count("<svg") == 3
    assert len(html) < 1_500_000


@pytest.mark.parametrize(
    "tables",
    [
        {"accounts": pd.DataFrame({"account_id": ["only"]})},
        {"follows": pd.DataFrame({"follower_id": ["a"], "followed_id": ["b"]})},
        {"engagements": LIKES},
        {"engagements": LIKES, "follows": pd.DataFrame({"follower_id": [], "followed_id": []})},
        {"accounts": pd.DataFrame({"account_id": ["a"]}), "engagements": LIKES.head(1)},
    ],
)
def test_little_data_is_a_study_too(tmp_path: Path, tables: dict[str, pd.DataFrame]) -> None:
    folder = write_tables(tables, tmp_path / "data")
    done = run(folder, tmp_path / "out")
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert finding(done)
    for sentence in done.missing:
        assert sentence[:40] in text.replace("&#39;", "'")


def test_words_for_numbers_and_outcomes() -> None:
    assert number(-1234.5) == "-1,234"
    assert number(float("nan")) == "-"
    assert outcome_words([]) == "outcomes"
    assert outcome_words(["boost\n"]) == "acts of kind “boost ”"


JUDGED = "most followed accounts that could be judged"
ALL_STARS = (
    "All of the 2 most followed accounts are shown to bring about purchases, and 2 less followed ones are"
)


def fake_study(quadrants: list[str | None], grade: str = "causal under assumptions") -> Study:
    nothing = pd.DataFrame({"check": pd.Series(dtype="str"), "verdict": pd.Series(dtype="str")})
    scores = pd.DataFrame(
        {"quadrant": pd.array(quadrants, "str"), "influence_missing": pd.array(quadrants, "str")}
    )
    scores["influence"] = pd.Series(pd.NA, scores.index, dtype="Float64")
    scores["followers"] = pd.Series(len(scores) - scores.index, dtype="Int64")
    scores["influence_grade"] = pd.array([grade if kind else None for kind in quadrants], "str")
    return Study(scores, *[nothing] * 29, ("purchase",), None, 1.0, 1.0, ())


def test_searches_that_could_not_be_made_stand_beside_what_was_found(tmp_path: Path) -> None:
    liked = pd.DataFrame({"account_id": [f"a{n % 9}" for n in range(60)], "target_id": "b", "kind": "like"})
    done = run(write_tables({"engagements": liked}, tmp_path / "data"), tmp_path / "out")
    assert [kind for kind, _ in done.not_searched] == list(suspects.SEARCHED)
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    real = text[text.index("Who is real") :]
    assert "Whether a group of accounts acts as one is not known. Not checked: accounts that" in real
    labels = Labels(from_tables(engagements=liked), pd.Series(0, list("b")), Privacy(), key=b"k")
    none = "No group of accounts is suspected of acting as one"
    why = "acts name accounts, but no act names a post of another account"
    slow = (
        " Acts on the same things were compared where they lie up to 12 hours apart: "
        "who acts together more slowly is not seen."
    )
    for reasons, said in (
        (
            done.not_searched[2:3],
            f"{none}, as far as could be checked.{slow} Not checked: {suspects.SEARCHED['pod']} ({why}).",
        ),
        ((), f"{none}.{slow}"),
    ):
        windows = pd.DataFrame(index=pd.Index(["60s", "12h"], name="window"), data={"pairs": 0})
        shown = suspects.who_is_real(
            replace(done, not_searched=reasons, coordination_windows=windows), labels
        )
        assert shown["summary"] == said


@pytest.mark.parametrize(
    ("quadrants", "grade", "said"),
    [
        ([None], "", "Influence cannot be told apart from popularity here: there is nothing to judge by"),
        (
            ["quiet", "hollow celebrity"],
            "causal under assumptions",
            "None of the 2 accounts that could be judged is shown to bring about purchases",
        ),
        (
            ["star", "hollow celebrity", "hidden influencer"],
            "causal under assumptions",
            "1 of the 2 most followed accounts is not shown to bring about purchases; 1 less followed one is",
        ),
        (
            ["hollow celebrity", "hollow celebrity", "hidden influencer"],
            "causal under assumptions",
            "None of the 2 most followed accounts is shown to bring about purchases; 1 less followed one is",
        ),
        (
            ["hollow celebrity", "hidden influencer"],
            "causal under assumptions",
            "The most followed account is not shown to bring about purchases; 1 less followed one is",
        ),
        (
            ["star", "quiet"],
            "observed",
            "The most followed account is seen to draw most purchases, and no less followed one is",
        ),
        (
            ["star", "star", "hidden influencer", "hidden influencer"],
            "causal under assumptions",
            ALL_STARS,
        ),
        (
            [None, "star", "hollow celebrity", "hidden influencer"],
            "causal under assumptions",
            f"1 of the 2 {JUDGED} is not shown to bring about purchases; 1 less followed one is",
        ),
        (
            ["star", "quiet", None],
            "observed",
            "The most followed account is seen to draw most purchases, and no less followed one is",
        ),
    ],
)
def test_the_finding_is_a_sentence_for_every_outcome(
    quadrants: list[str | None], grade: str, said: str
) -> None:
    assert finding(fake_study(quadrants, grade)) == said


def test_steps_and_stages_agree() -> None:
    assert results.STAGES[1:-1] == STEPS
    assert len(set(results.STAGES)) == len(results.STAGES)


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([], ""),
        (["not tested: too few"], ""),
        (["passed: a"], "the one check of the model passed"),
        (["passed: a", "passed: b", "not tested: c"], "all 2 checks of the model passed"),
        (["passed: a", "doubtful: b"], "1 of 2 checks of the model leaves a doubt (“check 1”)"),
        (
            ["failed: a", "doubtful: b"],
            "1 of 2 checks of the model failed (“check 0”), 1 more leaves a doubt",
        ),
        (
            ["failed: a"] * 3 + ["doubtful: b"] * 2 + ["passed: c"] * 2,
            "3 of 7 checks of the model failed (“check 0”, “check 1” and others), 2 more leave a doubt",
        ),
        (["doubtful: a"] * 3, "3 of 3 checks of the model leave a doubt (“check 0”, “check 1” and others)"),
    ],
)
def test_the_headline_carries_the_worst_verdict(verdicts: list[str], said: str) -> None:
    found = fake_study(["star", "quiet"])
    names = [f"check {number}" for number in range(len(verdicts))]
    checks = pd.DataFrame({"check": pd.array(names, "str"), "verdict": pd.array(verdicts, "str")})
    found = replace(found, validation=checks)
    assert doubt(found) == said
    assert headline(found) == (f"{finding(found)}; {said}" if said else finding(found))


def test_where_most_checks_failed_the_headline_credits_nobody() -> None:
    found = fake_study(["star", "quiet"])
    for verdicts, told in (
        (["failed: a", "failed: b", "passed: c"], False),
        (["failed: a", "passed: b"], True),
    ):
        names = [f"check {number}" for number in range(len(verdicts))]
        checks = pd.DataFrame({"check": pd.array(names, "str"), "verdict": pd.array(verdicts, "str")})
        said = headline(replace(found, validation=checks))
        assert said.startswith(finding(found)) == told
        assert said.startswith("Influence cannot be told here: 2 of 3 checks of the model failed") != told


def test_one_is_one() -> None:
    assert counted(1, "account") == "1 account"
    assert outcome_words(["purchase"], count=1) == "purchase"
    assert outcome_words(["boost"], count=1) == "act of kind “boost”"
    assert outcome_words([], count=1) == "outcome"


def test_what_an_account_is_short_of_is_asked_of_the_whole_ranking() -> None:
    parts = dict.fromkeys(evidence.PARTS, (1.0, 9.0, None, 7.0, 4.0))
    scores = pd.DataFrame(parts | {"band": 1}, index=list("abcde"))
    data = from_tables(accounts=pd.DataFrame({"account_id": list("abcde")}))
    labels = Labels(data, pd.Series(0, data.account_ids), Privacy(pseudonyms=False), key=b"k")
    shown = evidence.explanations(scores.loc[["b", "e"]], scores["influence"], labels)
    assert [(row["account"], row["short"]) for row in shown] == [("b", "-"), ("e", "3")]


def test_a_forecast_that_does_not_fade_says_so_in_its_row() -> None:
    told = {"check": "forecast: order", "subject": ["past engagement", "past engagement, fading"]}
    checks = pd.DataFrame(
        {**told, "estimate": 0.5, "low": 0.4, "high": 0.6, "verdict": ["x", f"x; {UNFADED}"]}
    )
    rows = evidence.forecast_table(replace(fake_study(["quiet"]), validation=checks))["rows"]
    assert [row["name"] for row in rows] == ["past engagement", f"past engagement, fading: {UNFADED}"]
    assert rows[0]["order"] == rows[1]["order"] == "0.50 [0.40 to 0.60]"


def test_a_plan_of_dashes_is_one_sentence() -> None:
    plans = pd.DataFrame({"account_id": list("aab"), "weeks": [None, None, None], "verdict": list("xyz")})
    found = replace(fake_study(["quiet"]), planned_tests=plans)
    assert evidence.no_test_settles(found).startswith("No test of a year would settle it for 2 accounts")
    assert evidence.no_test_settles(replace(found, planned_tests=plans.assign(weeks=[1, None, None]))) == ""
    alike = replace(found, planned_tests=plans.assign(verdict="nothing can be planned: why"))
    assert evidence.no_test_settles(alike) == "Nothing can be planned: why."


def test_markets_and_trials_are_in_the_results_where_they_are_given(tmp_path: Path) -> None:
    tables = small_tables()
    tables["accounts"]["market"] = ["north", "south"] * (len(tables["accounts"]) // 2)
    folder = write_tables(tables, tmp_path / "data")
    arm = '[[trials]]\naccount_id = "private-9"\narm = "{}"\npeople = 300\nposts = {}\noutcomes = {}\n'
    forced = "[niches]\nresolution = 1.0\n"  # chance alone brings people together here
    (folder / "study.toml").write_text(forced + arm.format("treated", 5, 290) + arm.format("control", 0, 5))
    done, out = run(folder, tmp_path / "out"), tmp_path / "out"
    parts = pd.read_csv(out / "influence_by_market.csv")
    whole = done.scores["influence"].dropna().astype("float64")
    sums = parts.groupby("account_id")["influence"].sum().reindex(whole.index).fillna(0)
    np.testing.assert_allclose(sums, whole, atol=1e-6)
    assert not (out / "influence_by_platform.csv").exists()
    trial = done.validation[done.validation["check"] == "trial"].squeeze()
    assert trial["subject"] == "private-9"
    assert trial["verdict"].startswith("in conflict: its trial (290 outcomes with posts, 5 without) says")
    html = (out / "report.html").read_text(encoding="utf-8")
    listed = "influence_by_niche.csv and influence_by_market.csv;"
    for words in ("the trial decides", listed, "What trials say", "return a follow"):
        assert words in html
    assert "private-9" not in html


# --- niches on the page --------------------------------------------------------------------------------


def niche_study(**changes: object) -> Study:
    """Two niches: `a` leads the first, nobody is shown to lead the second, which holds two parts."""
    scores = pd.DataFrame(
        {
            "niche": pd.array([0, 0, 1, 1], "Int64"),
            "subniche": pd.array([None, None, "1.0", "1.1"], "str"),
            "influence": pd.array([5.0, 9.0, 4.0, None], "Float64"),
            "influence_low": pd.array([2.0, 1.0, -1.0, None], "Float64"),
            "influence_high": pd.array([8.0, 17.0, 9.0, None], "Float64"),
            "rank": pd.array([2, 1, 3, None], "Int64"),
        },
        index=pd.Index(list("bacd"), name="account_id"),
    )
    columns = {"size": [2, 2], "terms": ["trail;a", ""], "central_accounts": ["b", "c;d"], "stability": 0.9}
    scan = pd.DataFrame({"resolution": [1.0, 2.0], "agreement": [0.9, 0.5], "chosen": [True, False]})
    layers = pd.DataFrame(
        {"share": [0.75, 0.25, 0.0], "excess": [0.5, 0.2, 0.0], "error": 0.01},
        index=pd.Index(["follow", "engagement", "topics"], name="layer"),
    )
    found = pd.DataFrame(columns, index=pd.Index([0, 1], name="niche")).assign(name="")
    told = replace(fake_study(["quiet"]), scores=scores, niches=found, niche_scan=scan, niche_layers=layers)
    return replace(told, **changes)


def section(study: Study) -> dict[str, Any]:
    follows = pd.DataFrame({"follower_id": list("bcd"), "followed_id": list("acc")})
    data = from_tables(accounts=pd.DataFrame({"account_id": list("bacd")}), follows=follows)
    labels = Labels(data, pd.Series(0, data.account_ids), Privacy(), key=b"k")
    names = niches_section.niche_names(study.niches, labels)
    return niches_section.niches_section(study, data, labels, names=names)


def test_each_niche_is_led_by_its_most_influential_member_if_anybody_is_shown_to() -> None:
    first, second = section(niche_study())["rows"]
    assert re.fullmatch(r"account [0-9a-f]{8}", first["leader"])
    assert first["influence"] == "9 [1 to 17]"
    assert (second["leader"], second["influence"]) == ("-", "-")
    assert (first["parts"], second["parts"]) == ("0", "2")
    assert (first["name"], first["terms"]) == ("trail", "trail")  # a term that names somebody is left out


def test_the_page_says_what_niches_rest_on() -> None:
    found = niche_study()
    resolution, layers = section(found)["basis"]
    assert resolution.startswith("Of 2 resolutions tried, 1 gives niches")
    assert "agree to 0.90" in resolution
    assert "follow 75%, engagement 25%; topics had none" in layers
    chosen = section(replace(found, niche_scan=found.niche_scan.head(1)))["basis"]
    assert chosen[0].startswith("The resolution, 1, was set")
    silent = replace(found, niche_layers=found.niche_layers.assign(excess=0.0))
    assert "take them as a sketch" in section(silent)["basis"][1]


def test_no_niches_is_a_sentence_on_the_page() -> None:
    none = niche_study().niches.head(0)
    why = ("There are no times.", "No niches: of ties left out, none.")
    assert section(niche_study(niches=none, missing=why)) == {
        "rows": [],
        "left": 0,
        "basis": ["No niches: of ties left out, none."],
        "picture": "",
    }
    assert section(niche_study(niches=none))["basis"] == ["No niches were found."]


def test_the_map_of_niches_is_on_the_page_and_gives_nobody_away(html: str) -> None:
    assert "<h2>Niches: who pays attention to whom</h2>" in html
    assert "position has no scale" in html
    assert "of the attention of members" in html
    assert "private-" not in html
