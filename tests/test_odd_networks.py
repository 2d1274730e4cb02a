"""Networks and words that hold no niches: the command says so of real files, and does not stop."""

from itertools import permutations
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from influgraph.cli import main
from small_world import small_tables, write_tables

STAR = [(f"leaf-{number}", "hub") for number in range(40)]
CLIQUE = list(permutations([f"member-{number}" for number in range(20)], 2))
PAIR = [("ann", "ben")]
ISOLATED = 10_000


def _run(tables: dict[str, pd.DataFrame], folder: Path, settings: str = "") -> tuple[str, pd.DataFrame]:
    data = write_tables(tables, folder / "data")
    (data / "study.toml").write_text(settings)
    result = CliRunner().invoke(main, ["run", str(data), "--out", str(folder / "out")])
    assert result.exit_code == 0, result.output
    return (folder / "out" / "report.html").read_text(), pd.read_csv(folder / "out" / "scores.csv")


@pytest.mark.parametrize("pairs", [STAR, CLIQUE, PAIR], ids=["star", "clique", "two accounts"])
def test_a_network_without_niches_is_said_to_have_none(pairs: list[tuple[str, str]], tmp_path: Path) -> None:
    follows = pd.DataFrame(pairs, columns=["follower_id", "followed_id"])
    said, scores = _run({"follows": follows}, tmp_path)
    assert "no niches:" in said.lower()
    assert scores["niche"].isna().all()


def test_accounts_that_nobody_follows_have_no_niche(tmp_path: Path) -> None:
    accounts = pd.DataFrame({"account_id": [f"alone-{number}" for number in range(ISOLATED)]})
    said, scores = _run({"accounts": accounts}, tmp_path)
    assert "nobody pays attention" in said.lower()
    assert len(scores) == ISOLATED
    assert scores["niche"].isna().all()


def test_stop_words_alone_and_a_brief_that_matches_nothing_are_borne(tmp_path: Path) -> None:
    tables = {name: table for name, table in small_tables().items() if name != "engagements"}
    tables["posts"] = tables["posts"].assign(text="the and of to in it is")
    said, scores = _run(tables, tmp_path, '[brief]\nterms = ["knitting"]\n')
    assert len(scores) == len(tables["accounts"])
    assert "The term “knitting” of the brief is not in the data" in said
