"""What the page says of effects: of those told apart from zero, on either side of it, and of all the rest."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from influgraph import _study_comparison
from influgraph.dataset import from_tables
from influgraph.influence.attribution import incremental_actions
from influgraph.report import manifest, page, suspects
from influgraph.report.privacy import Labels
from influgraph.settings import Privacy, Settings
from influgraph.study import MemoryStore, Study, run_study
from small_world import small_tables

IDS = list("abcdef")


@pytest.fixture(scope="module")
def done() -> Study:
    return run_study(from_tables(**small_tables()), Settings(), store=MemoryStore())


def rendered(study: Study) -> str:
    data, described = from_tables(**small_tables()), manifest.study_manifest(Settings(), {})
    labels = Labels(data, study.scores["followers"], Privacy(), key=b"k")
    return page.render(study, data, labels, described=described)


def open_labels() -> Labels:
    """Every account under its own id."""
    data = from_tables(accounts=pd.DataFrame({"account_id": IDS}))
    return Labels(data, pd.Series(0, data.account_ids), Privacy(pseudonyms=False), key=b"k")


def changes(low: list[float], high: list[float]) -> pd.DataFrame:
    """Six accounts, of which the first four change places; bounds with the suspects."""
    table = pd.DataFrame(
        {
            "rank_with_suspects": pd.array([1, 2, 3, 4, 5, None], "Int64"),
            "rank_without_suspects": pd.array([2, 1, 4, 3, 5, None], "Int64"),
            "influence_low_with_suspects": pd.array(low, "Float64"),
            "influence_high_with_suspects": pd.array(high, "Float64"),
        },
        index=pd.Index(IDS, name="account_id"),
    )
    bounds = {"influence_low_without_suspects": 0.0, "influence_high_without_suspects": 9.0}
    numbers = {
        f"{name}_{how}_suspects": 1.0 for name in ("influence", "followers") for how in ("with", "without")
    }
    return table.assign(**bounds, **numbers)


def test_only_accounts_told_apart_from_zero_fall_or_rise() -> None:
    moved = changes([1, 0, -9, 0, 1, None], [9, 9, -1, 9, 9, None])
    shown = [(row["account"], row["way"]) for row in suspects._changes(moved, open_labels())["moved"]]
    assert shown == [("a", "falls"), ("c", "falls")]
    assert suspects._changes(moved, open_labels())["unmoved"] == ""
    noise = changes([0, 0, -9, 0, 1, None], [9, 9, 0, 9, 9, None])
    told = suspects._changes(noise, open_labels())
    assert told["moved"] == []
    assert told["unmoved"].startswith("Ranks of 4 accounts change, but of none of them is influence")
    nobody = noise.assign(rank_without_suspects=noise["rank_with_suspects"])
    assert suspects._changes(nobody, open_labels()) == {"moved": [], "unmoved": ""}


def test_intervals_are_trusted_less_where_something_is_missing(done: Study) -> None:
    narrow = "larger effects lie above them more often than one time in twenty"
    html = rendered(done)
    assert "the true value lies in them nine times out of ten" in html
    assert narrow not in html
    html = rendered(replace(done, scores=done.scores.assign(influence_grade="estimated")))
    assert narrow in html
    assert "nine times out of ten" not in html


def test_the_share_credited_is_divided_where_some_reduce_outcomes() -> None:
    data = from_tables(accounts=pd.DataFrame({"account_id": IDS}))
    nowhere = pd.Series(pd.NA, index=data.account_ids, dtype="Int64")
    found = incremental_actions(data, kinds=["purchase"], niches=nowhere, rng=np.random.default_rng(1))
    accounts = found.accounts.assign(influence=[10.0, 5, -4, None, None, None], influence_high=20.0)
    draws = np.array([[10.0], [5], [-4]]) + np.zeros(200)
    found = replace(found, accounts=accounts, draws=draws, kernel=pd.Series([1.0]), outcomes=100.0)
    whole = _study_comparison.comparison_rows(found, np.zeros(3))
    assert [row[1:5] for row in whole] == [["all accounts", *[pytest.approx(0.11)] * 3]]
    accounts.loc["c", "influence_high"] = -1.0
    assert [row[1:3] for row in _study_comparison.comparison_rows(found, np.zeros(3))] == [
        ["all accounts", pytest.approx(0.11)],
        ["all other accounts", pytest.approx(0.15)],
        ["accounts shown to reduce outcomes", pytest.approx(-0.04)],
    ]


def test_the_share_credited_says_what_its_interval_leaves_out(done: Study) -> None:
    said = "1.9 times it was credited</small>"
    assert said in rendered(done)
    most = done.outcomes + 1
    beyond = rendered(replace(done, scores=done.scores.assign(influence_high=most)))
    assert said not in beyond
    assert f"; a single account may have up to {most:.0f} outcomes, which it leaves out</small>" in beyond


def test_who_reduces_outcomes_is_told_whatever_the_followers(done: Study) -> None:
    assert "to reduce" not in rendered(done)
    quiet = done.scores.index[done.scores["quadrant"] == "quiet"][:2]
    hollow = done.scores.index[done.scores["quadrant"] == "hollow celebrity"][:2]
    scores, below = done.scores.copy(), [*quiet, *hollow]
    scores.loc[below, ["influence_low", "influence", "influence_high"]] = [-99.0, -77.0, -5.0]
    html = rendered(replace(done, scores=scores))
    said = "<strong>4 accounts are shown to reduce purchases: account "
    headline, table = html[: html.index("<ul")], html[html.index("<h2>Who is shown to reduce") :]
    assert said in headline
    assert " and 1 more.</strong>" in headline
    table, rest = table[: table.index("</table>")], table[table.index("</table>") :]
    assert table.count("-77 [-99 to -5]") == table.count("; shown to reduce<") == 4
    assert "-77 [-99 to -5]" not in rest[: rest.index("</table>")]
    assert "are neither hollow nor quiet" in html
    assert "of the outcomes credited to all accounts, net<small>" in html
    assert "private-" not in html
    assert "</strong> whose whole interval lies below zero" in html
