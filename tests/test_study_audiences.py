"""Audiences, brand fit, niches over time and standing inside niches, as a study and its page show them."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from influgraph import _study_audiences, _study_niches, study
from influgraph.dataset import Dataset, from_tables
from influgraph.report import audiences, page, results
from influgraph.report.privacy import Labels
from influgraph.settings import Brief, Privacy, Settings, parse_settings
from small_world import write_tables

LIKES = pd.DataFrame({"account_id": ["b", "c"], "target_id": ["a", "a"], "kind": "like"})
FOLLOWS = pd.DataFrame({"follower_id": [*"bcd"], "followed_id": [*"aab"]})
BRIEF = '[brief]\nterms = ["bread", "knitting"]\n'
KNOWN = "account_id", "audience", "by", "group", "count", "size"


def two_circles() -> dict[str, pd.DataFrame]:
    """Bakers b0-b29 and runners r0-r29, each following and liking their own; b0 is followed most."""
    rng = np.random.default_rng(5)
    ids = [f"{letter}{number}" for letter in "br" for number in range(30)]
    pairs = {
        (letter, one, int(other))
        for letter in "br"
        for one in range(30)
        for other in rng.choice(30, 8, replace=False)
        if one != other
    }
    pairs |= {("b", one, 0) for one in range(1, 30)}
    follower, followed = ([f"{pair[0]}{pair[side]}" for pair in sorted(pairs)] for side in (1, 2))
    posts = pd.DataFrame({"post_id": range(240), "author_id": [ids[number % 60] for number in range(240)]})
    posts["created_at"] = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(np.arange(240) * 6, unit="h")
    baker = posts["author_id"].str.startswith("b")
    posts["text"] = np.where(baker, "bread and flour", "run the trail")
    acts = posts.loc[posts.index.repeat(4), ["post_id", "author_id", "created_at"]].reset_index(drop=True)
    acts["account_id"] = acts["author_id"].str[0] + pd.Series(rng.integers(0, 30, len(acts))).astype(str)
    acts["created_at"] += pd.Timedelta("1h")
    acts = acts[acts["account_id"] != acts["author_id"]].drop(columns="author_id").assign(kind="like")
    follows = pd.DataFrame({"follower_id": follower, "followed_id": followed})
    return {"follows": follows, "posts": posts, "engagements": acts}


def studied(settings: Settings | None = None, **tables: pd.DataFrame) -> study.Study:
    return study.run_study(from_tables(**tables), settings or Settings(), store=study.MemoryStore())


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return two_circles()


@pytest.fixture(scope="module")
def data(tables: dict[str, pd.DataFrame]) -> Dataset:
    return from_tables(**tables)


@pytest.fixture(scope="module")
def done(tables: dict[str, pd.DataFrame]) -> study.Study:
    return studied(parse_settings(BRIEF), **tables)


def labels_of(data: Dataset, done: study.Study, *, pseudonyms: bool = True) -> Labels:
    return Labels(data, done.scores["followers"], Privacy(pseudonyms=pseudonyms), key=b"key")


# --- the study -----------------------------------------------------------------------------------------


def test_an_audience_is_told_by_niche_as_counted_by_hand(
    done: study.Study, tables: dict[str, pd.DataFrame]
) -> None:
    niche = done.scores["niche"]
    followers = tables["follows"].loc[tables["follows"]["followed_id"] == "b0", "follower_id"]
    told = done.audience[done.audience["account_id"].eq("b0") & done.audience["audience"].eq("followers")]
    own = told[told["group"] == str(niche["b0"])].squeeze()
    assert own["by"] == "niche"
    assert own["count"] == niche[followers].eq(niche["b0"]).sum() >= 20
    assert own["size"] == len(followers)


def test_the_largest_reach_as_many_as_follow_any_of_them(
    done: study.Study, tables: dict[str, pd.DataFrame]
) -> None:
    reached = done.audience_reach
    assert len(reached) == _study_audiences.LOOKED_AT
    assert reached["account_id"][0] == "b0"
    first = tables["follows"][tables["follows"]["followed_id"].isin(reached["account_id"][:3])]
    assert reached["cumulative_reach"][2] == first["follower_id"].nunique()


def test_who_is_looked_at_are_the_largest_and_the_most_influential() -> None:
    ids = pd.Index([*"abcd"])
    counts = pd.DataFrame(
        {"followers": [5, 9, 0, None], "engagements_received": [0, 1, 0, 0]}, index=ids, dtype="Int64"
    )
    influence = pd.Series([0.0, None, 3.0, -1.0], ids, dtype="Float64")
    assert _study_audiences.looked_at(counts, influence) == (["b", "a"], ["b", "a", "c"])


def test_ranks_inside_niches_are_those_of_the_scores(done: study.Study) -> None:
    inside, scores = done.in_niches, done.scores
    assert inside.index.equals(scores.index)
    expected = scores["influence"].groupby(scores["niche"]).rank(ascending=False, method="min")
    known = scores["influence"].notna() & scores["niche"].notna()
    assert known.any()
    assert inside.loc[known, "niche_rank"].tolist() == expected[known].tolist()
    assert inside.loc[~known, "niche_rank"].isna().all()
    assert inside["participation"].max() < 0.2, "circles that do not mix"


def test_circles_that_stay_the_same_go_on(done: study.Study) -> None:
    changes = done.niche_changes
    assert changes["event"].tolist() == ["continued", "continued"]
    assert changes["mostly_before"].equals(changes["mostly_after"])
    assert sorted(changes["mostly_before"]) == [0, 1]


def test_a_circle_that_parts_is_split(data: Dataset) -> None:
    late = pd.Timestamp("2024-02-01", tz="UTC")
    number = data.accounts.index.str[1:].astype(int)
    old = pd.Series(np.where(data.accounts.index.str.startswith("b"), 0, 1), data.accounts.index)
    new = old.where((old == 0) | (number < 15), 2)
    window = {"account_id": data.accounts.index, "window": "1", "niche": old.to_numpy()}
    after = {"account_id": data.accounts.index, "window": str(late), "niche": new.to_numpy()}
    every = pd.concat([pd.DataFrame(window), pd.DataFrame(after)], ignore_index=True)
    changes = _study_niches.niche_changes.niche_changes(every)
    named = _study_niches._named(changes, every, old)
    assert named["mostly_before"].tolist() == [0, 1, 1]
    assert named["event"].tolist() == ["continued", "split", "split"]


def test_the_brief_is_judged_and_what_it_lacks_is_said(done: study.Study) -> None:
    fit = done.brand_fit
    assert fit.loc["b0", "on_target_share"] > 0.7
    assert fit.loc["b0", "account_fit"] > fit.loc["r0", "account_fit"]
    assert done.brief_matches.set_index("asked")["found"].to_dict() == {"bread": True, "knitting": False}


def test_small_groups_are_as_small_as_the_settings_say(tables: dict[str, pd.DataFrame]) -> None:
    told = studied(Settings(privacy=Privacy(min_cell=25)), follows=tables["follows"]).audience
    assert not told.loc[~told["pooled"], "count"].lt(25).any()


@pytest.mark.parametrize(
    ("tables", "why"),
    [
        ({"accounts": pd.DataFrame({"account_id": ["a"]})}, "there are no niches"),
        ({"engagements": LIKES}, "there are no niches"),
        ({"follows": FOLLOWS}, "there are no niches"),
    ],
)
def test_too_little_is_said_and_every_table_keeps_its_columns(
    tables: dict[str, pd.DataFrame], why: str
) -> None:
    found = studied(parse_settings(BRIEF), **tables)
    assert any(why in sentence for sentence in found.missing if "over time" in sentence)
    assert list(found.niche_changes) == _study_niches.CHANGES
    assert found.brand_fit["audience_fit_missing"].notna().all()
    assert set(KNOWN) <= set(found.audience)
    assert list(found.audience_reach)[:2] == ["account_id", "reach"]
    assert list(found.audience_overlap)[:3] == ["account_id", "other_id", "shared"]


def test_niches_over_time_need_times_and_enough_in_every_part(
    tables: dict[str, pd.DataFrame], done: study.Study
) -> None:
    found = {
        "accounts": done.scores[["niche"]],
        "scan": pd.DataFrame({"resolution": [1.0], "chosen": [True]}),
    }
    rng = np.random.default_rng(1)
    silent = from_tables(follows=tables["follows"])
    assert _study_niches.over_time(silent, found, runs=2, rng=rng)[1] == "there are no times"
    early = from_tables(**{name: table.head(100) for name, table in tables.items()})
    assert "too little happened" in str(_study_niches.over_time(early, found, runs=2, rng=rng)[1])


@pytest.mark.parametrize(
    "table",
    [
        *(name for name in results.TABLES if name.startswith("audience")),
        *("in_niches", "niche_changes", "planned_tests", "validation", *results.OF_BRIEF),
    ],
)
def test_every_column_is_documented(done: study.Study, table: str) -> None:
    text = (Path(__file__).parents[1] / "docs" / "data.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith(f"| `{table}.csv`"))
    known = set(re.findall(r"\w+", row)) | {"account_id", "other_id", "by", "group", "kind", "trait"}
    columns = {re.sub("_(low|high)$", "", name) for name in getattr(done, table)}
    assert {name for name in columns if not name.endswith("_missing")} <= known


# --- the page ------------------------------------------------------------------------------------------


def test_a_row_says_who_listens_in_words(data: Dataset, done: study.Study) -> None:
    labels = labels_of(data, done, pseudonyms=False)
    names = page.niche_names(done.niches, labels)
    told = audiences.who_listens(done, data, labels, names=names, min_cell=10)
    first = told["rows"][0]
    assert first["account"] == "b0"
    assert first["size"] == "29"
    assert re.fullmatch(r".*(bread|flour).*: \d+% \[\d+% to \d+%\]", first["common"])
    assert first["common"].endswith(first["own"])
    assert re.fullmatch(r"\d+ with b\d+", first["shared"])
    assert "all but fewer than 10 with b0" in {row["shared"] for row in told["rows"]}
    assert told["together"].startswith("The 10 largest accounts have ")
    assert len(told["rows"]) == audiences.ROWS


def test_few_are_not_told_nor_is_what_they_leave(data: Dataset, done: study.Study) -> None:
    labels = labels_of(data, done)
    told = audiences.who_listens(done, data, labels, names={0: "x", 1: "y"}, min_cell=40)["rows"][0]
    assert told["shared"] == "fewer than 40 with anybody"
    assert told["only"] == told["returning"] == "-"
    assert audiences._part(3, 100, 10) == "fewer than 10"
    assert audiences._part(95, 100, 10) == "all but fewer than 10"
    assert audiences._part(50, 100, 10) == "50%"


def test_a_private_name_is_no_driver(data: Dataset, done: study.Study) -> None:
    rows = {"account_id": "b0", "kind": "topic", "trait": ["b1", "<b>bread"], "told": True}
    ends = dict.fromkeys(("ratio", "ratio_low", "ratio_high"), 2.0)
    found = replace(done, audience_drivers=pd.DataFrame({**rows, **ends}))
    told = audiences.who_listens(found, data, labels_of(data, done), names={0: "", 1: ""}, min_cell=10)
    sentence = told["driven"][0][1]
    assert "<b>bread" in sentence, "escaped by the page"
    assert "b1" not in sentence


def test_nearest_names_that_are_private_are_not_shown(data: Dataset, done: study.Study) -> None:
    asked = {"part": "term", "asked": "knitting", "found": False, "nearest": "b1, bread"}
    found = replace(done, brief_matches=pd.DataFrame([asked]))
    said = audiences.brief_fit(found, labels_of(data, done))["sentences"]
    assert said[-1] == "The term “knitting” of the brief is not in the data; nearest to it: bread."


def test_a_brief_that_matches_nothing_is_a_sentence_and_no_picture(tables: dict[str, pd.DataFrame]) -> None:
    nothing = studied(Settings(brief=Brief(terms=("knitting",))), follows=tables["follows"])
    told = audiences.brief_fit(nothing, labels_of(from_tables(follows=tables["follows"]), nothing))
    assert told["picture"] == ""
    assert (
        told["sentences"][0]
        == "It cannot be told who is on target: no term or niche of the brief is in the data."
    )


def test_what_became_of_niches_is_counted_once_each(done: study.Study) -> None:
    niches = {"niche_before": [0, 1, 1, None], "niche_after": [0, 1, 2, 3], "window_after": "w"}
    events = pd.DataFrame({**niches, "event": ["continued", "split", "split", "born"]})
    said = audiences.niches_over_time(replace(done, niche_changes=events))
    assert said == "Niches from the first half of the period to the second: 1 went on, 1 split, 1 new."
    assert audiences.niches_over_time(replace(done, niche_changes=events.head(0))) == ""


def test_the_folder_has_the_fit_with_a_brief_alone(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    kept = {name: tables[name] for name in ("follows", "posts")}
    folder, out = write_tables(kept, tmp_path / "data"), tmp_path / "out"
    (folder / "study.toml").write_text(BRIEF)
    results.run_folder(folder, out, watch=lambda _: None)
    html = (out / "report.html").read_text(encoding="utf-8")
    for words in ("Who listens", "Whom the brief fits", "of them off target", "brand_fit.csv"):
        assert words in html
    assert not re.search(r"\bb\d+\b", re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL))
    assert len(pd.read_csv(out / "brand_fit.csv")) == len(pd.read_csv(out / "in_niches.csv")) == 60
    (folder / "study.toml").unlink()
    results.run_folder(folder, out, watch=lambda _: None)
    assert not (out / "brand_fit.csv").exists()
    assert "Whom the brief fits" not in (out / "report.html").read_text(encoding="utf-8")
