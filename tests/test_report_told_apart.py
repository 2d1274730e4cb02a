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
    lows, highs = [8.0, 0, -9, None, None, None], [12.0, 9, 20, None, None, None]
    accounts = found.accounts.assign(
        influence=[10.0, 5, -4, None, None, None], influence_low=lows, influence_high=highs
    )
    draws = np.array([[10.0], [5], [-4]]) + np.zeros(200)
    kernel = pd.Series([1.0])
    found = replace(found, accounts=accounts, draws=draws, kernel=kernel, outcomes=100.0, reached=60.0)
    whole = _study_comparison.comparison_rows(found, np.zeros(3))
    assert [row[1:3] for row in whole] == [["all accounts", pytest.approx(0.11)]]
    accounts.loc["c", "influence_high"] = -1.0
    assert [row[1:3] for row in _study_comparison.comparison_rows(found, np.zeros(3))] == [
        ["all accounts", pytest.approx(0.11)],
        ["all other accounts", pytest.approx(0.15)],
        ["accounts shown to reduce outcomes", pytest.approx(-0.04)],
    ]


@pytest.mark.parametrize(
    ("credited", "low_ends", "reached", "low", "high"),
    [
        (20.0, 0.0, 100.0, 0.2 - 1.645 * 0.045 * 0.8, 0.2 + 1.645 * 0.045 * 0.8),
        (20.0, 18.0, 100.0, 0.18, 0.2 + 1.645 * 0.045 * 0.8),  # Its accounts' own low ends are 18.
        (2.0, 0.0, 10.0, 0.02 - 1.645 * 0.045 * 0.08, 0.02 + 1.645 * 0.045 * 0.08),
        (1.0, 0.0, 100.0, 0.0, 0.01 + 1.645 * 0.045 * 0.99),
    ],
)
def test_the_interval_of_the_share_credited_allows_for_an_error_of_the_baseline(
    credited: float, low_ends: float, reached: float, low: float, high: float
) -> None:
    data = from_tables(accounts=pd.DataFrame({"account_id": IDS}))
    nowhere = pd.Series(pd.NA, index=data.account_ids, dtype="Int64")
    found = incremental_actions(data, kinds=["purchase"], niches=nowhere, rng=np.random.default_rng(1))
    accounts = found.accounts.assign(influence_high=99.0)
    accounts.loc["a", ["influence", "influence_low"]] = credited, low_ends
    found = replace(found, accounts=accounts, outcomes=100.0, reached=reached, kernel=pd.Series([1.0]))
    row = _study_comparison.comparison_rows(replace(found, draws=np.full((1, 200), credited)), np.zeros(1))[0]
    assert row[2:5] == [pytest.approx(credited / 100), pytest.approx(low), pytest.approx(high)]


def test_the_share_credited_says_what_its_interval_leaves_out(done: Study) -> None:
    said = "as large as in planted worlds</small>"
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
