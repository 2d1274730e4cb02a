"""Outcomes that nothing can be learnt from: the whole study says so, and no account gets a zero for it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from influgraph.cli import main
from influgraph.dataset import from_tables
from influgraph.settings import parse_settings
from influgraph.study import MemoryStore, run_study
from small_world import small_tables, write_tables

REASONS = {
    "before any post": "no outcome comes in the window after a post",
    "one outcome": "only 1 timed outcome: too few",
    "all at one second": "all outcomes happened at one time",
    "posts by accounts nobody follows": "no outcome comes in the window after a post",
    "a window longer than the study": "the window (400 days) is not shorter than the study",
}
SETTINGS = {"a window longer than the study": '[outcome]\nwindow = "400d"\n'}


def _tables(flaw: str) -> dict[str, pd.DataFrame]:
    tables = small_tables()
    acts, posts = tables["engagements"].query("kind == 'purchase'"), tables["posts"]
    start = posts["created_at"].min()
    if flaw == "before any post":
        acts = acts.assign(created_at=start - pd.to_timedelta(np.arange(len(acts)) + 1, unit="h"))
    elif flaw == "one outcome":
        acts = acts.head(1)
    elif flaw == "all at one second":
        acts = acts.assign(created_at=start + pd.Timedelta("5D"))
    elif flaw == "posts by accounts nobody follows":
        posts = posts.assign(author_id=tables["accounts"]["account_id"].iloc[-1])
    return tables | {"engagements": acts, "posts": posts}


@pytest.mark.parametrize("flaw", REASONS)
def test_a_study_says_why_nothing_can_be_told(flaw: str, tmp_path: Path) -> None:
    data = write_tables(_tables(flaw), tmp_path / "data")
    (data / "study.toml").write_text(SETTINGS.get(flaw, ""))
    result = CliRunner().invoke(main, ["run", str(data), "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert REASONS[flaw] in result.output
    scores = pd.read_csv(tmp_path / "out" / "scores.csv")
    assert scores["influence"].isna().all()
    assert scores["influence_missing"].str.startswith(REASONS[flaw]).all()


def test_a_study_of_a_kind_that_does_not_occur_is_null_with_the_reason() -> None:
    data = from_tables(**_tables("a kind that does not occur"))
    asked = parse_settings('[outcome]\nkinds = ["donation"]\n')
    scores = run_study(data, asked, store=MemoryStore()).scores
    assert scores["influence"].isna().all()
    assert scores["influence_missing"].eq("no outcome of kind donation; kinds in the data: purchase").all()
