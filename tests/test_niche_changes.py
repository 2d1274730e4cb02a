"""Niches over time: every event by hand, chance, silence, names and order without effect, refusals."""

import numpy as np
import pandas as pd
import pytest

from influgraph.niche_changes import EVENTS, niche_changes, niche_lineages


def table(*windows: dict[str, range | list[int]]) -> pd.DataFrame:
    """Return memberships from the accounts of each niche, window by window; "-" are those without."""
    rows = [
        (number, f"id{account:04}", None if niche == "-" else niche)
        for number, window in enumerate(windows)
        for niche, accounts in window.items()
        for account in accounts
    ]
    return pd.DataFrame(rows, columns=["window", "account_id", "niche"])


def events(memberships: pd.DataFrame) -> set[tuple[str | None, str | None, str]]:
    found = niche_changes(memberships).astype({"niche_before": object, "niche_after": object})
    pairs = found[["niche_before", "niche_after"]]
    pairs = pairs.where(pairs.notna(), None)
    return set(zip(pairs["niche_before"], pairs["niche_after"], found["event"], strict=True))


REST = range(900, 940)  # another niche, that stays


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": range(20)}, {"b": range(20)}, {("a", "b", "continued")}),
        ({"a": range(20), "-": range(20, 30)}, {"b": range(30)}, {("a", "b", "grown")}),
        ({"a": range(30)}, {"b": range(20), "-": range(20, 30)}, {("a", "b", "shrunk")}),
        ({"a": range(30)}, {"b": range(18), "c": range(18, 30)}, {("a", "b", "split"), ("a", "c", "split")}),
        (
            {"a": range(18), "b": range(18, 30)},
            {"c": range(30)},
            {("a", "c", "merged"), ("b", "c", "merged")},
        ),
        ({"-": range(20)}, {"b": range(20)}, {(None, "b", "born")}),
        ({"a": range(20)}, {"-": range(20)}, {("a", None, "died")}),
        ({"a": range(20)}, {}, {("a", None, "not seen")}),
        ({}, {"b": range(20)}, {(None, "b", "first seen")}),
        ({"a": range(20)}, {"-": range(5)}, {("a", None, "not seen")}),
        ({"a": range(20)}, {"-": range(6)}, {("a", None, "died")}),
        # Newcomers and silence are neither growth nor decline.
        ({"a": range(20)}, {"b": range(10, 60)}, {("a", "b", "continued")}),
    ],
)
def test_what_became_of_a_niche(
    before: dict[str, range], after: dict[str, range], expected: set[tuple[str | None, str | None, str]]
) -> None:
    found = events(table(before | {"rest": REST}, after | {"still": REST}))
    assert found == expected | {("rest", "still", "continued")}


def test_shares_by_hand() -> None:
    # Of ten in a, two are silent later; of the eight seen, six go to b and two to none. Of the nine in b, one
    # is new; six of eight came from a.
    before = {"a": range(10), "-": [20, 21], "rest": REST}
    after = {"b": [0, 1, 2, 3, 4, 5, 20, 21, 50], "-": [6, 7], "still": REST}
    row = niche_changes(table(before, after)).query("niche_before == 'a'").squeeze()
    assert row[["event", "members_shared", "share_before", "share_after"]].tolist() == [
        "continued",
        6,
        0.75,
        0.75,
    ]
    assert row[["size_before", "size_after"]].tolist() == [10, 9]
    assert row["p_value"] < 1e-4


def test_five_accounts() -> None:
    found = events(table({"a": [0, 1, 2], "b": [3, 4]}, {"b": [0, 1, 2], "a": [3, 4]}))
    assert found == {("a", "b", "continued"), ("b", "a", "continued")}
    assert events(table({"a": range(5)}, {"b": range(5)})) == {("a", "b", "continued")}


def test_chance_overlaps_are_no_links() -> None:
    draw = np.random.default_rng(4)
    ids = [f"id{number}" for number in range(120)]
    rows = [
        (window, one, number)
        for window in (0, 1)
        for one, number in zip(ids, draw.integers(0, 3, 120), strict=True)
    ]
    found = niche_changes(pd.DataFrame(rows, columns=["window", "account_id", "niche"]))
    assert set(found["event"]) == {"died", "born"}


def test_planted_history() -> None:
    memberships = table(
        {"a": range(40), "b": range(40, 70), "c": range(70, 90)},
        {"x": range(70), "c": range(70, 90), "-": range(90, 105)},
        {"x": range(70), "n": range(90, 105), "-": range(70, 90)},
        {"y": range(45), "z": range(45, 70), "n": range(90, 105), "-": range(70, 90)},
    )
    assert events(memberships) == {
        ("a", "x", "merged"), ("b", "x", "merged"), ("c", "c", "continued"),
        ("x", "x", "continued"), ("c", None, "died"), (None, "n", "born"),
        ("x", "y", "split"), ("x", "z", "split"), ("n", "n", "continued"),
    }  # fmt: skip
    lineages = niche_lineages(memberships).set_index(["window", "niche"])["lineage"]
    assert lineages.to_dict() == {
        (0, "a"): 0, (0, "b"): 1, (0, "c"): 2, (1, "x"): 0, (1, "c"): 2,
        (2, "x"): 0, (2, "n"): 3, (3, "y"): 0, (3, "z"): 4, (3, "n"): 3,
    }  # fmt: skip


def test_names_and_order_change_nothing() -> None:
    draw = np.random.default_rng(7)
    memberships = table(
        {"a": range(40), "b": range(40, 80)}, {"c": range(20), "d": range(20, 40), "e": range(40, 80)}
    )
    other = memberships.assign(niche=memberships["niche"].map({"a": 9, "b": 3, "c": 4, "d": 2, "e": 7}))
    other = other.iloc[draw.permutation(len(other))]
    rest = [column for column in EVENTS if not column.startswith("niche")]
    pd.testing.assert_frame_equal(niche_changes(memberships)[rest], niche_changes(other)[rest])
    here, there = niche_lineages(memberships), niche_lineages(other)
    pd.testing.assert_frame_equal(here.drop(columns="niche"), there.drop(columns="niche"))
    assert here["niche"].map({"a": 9, "b": 3, "c": 4, "d": 2, "e": 7}).tolist() == there["niche"].tolist()


def test_niches_as_found_keep_their_numbers() -> None:
    memberships = table({0: range(20), "-": range(20, 40)}, {"-": range(20), 0: range(20, 40)})
    memberships["niche"] = memberships["niche"].astype("Int64")
    found = niche_changes(memberships)
    assert found["event"].tolist() == ["died", "born"]
    assert found["niche_before"].tolist() == [0, pd.NA]


@pytest.mark.parametrize(
    ("windows", "niches"), [([], 0), ([{"a": range(9)}], 1), ([{"-": range(9)}, {"-": range(9)}], 0)]
)
def test_without_two_windows_of_niches_nothing_changes(windows: list[dict[str, range]], niches: int) -> None:
    found = niche_changes(table(*windows))
    assert found.empty
    assert found.columns.tolist() == EVENTS
    assert len(niche_lineages(table(*windows))) == niches


def test_windows_may_be_times() -> None:
    memberships = table({"a": range(9)}, {"b": range(9)})
    memberships["window"] = pd.to_datetime("2024-01-01") + pd.to_timedelta(memberships["window"] * 7, "D")
    assert niche_changes(memberships)["window_after"].tolist() == [pd.Timestamp("2024-01-08")]


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda rows: rows.drop(columns="niche"), {}, "missing: niche"),
        (lambda rows: pd.concat([rows, rows.head(1)]), {}, "id0000 is in 0 more than once"),
        (lambda rows: rows.assign(window=None), {}, "a window and an account in every row"),
        (lambda rows: rows, {"least": 0}, "least must be above 0 and at most 1, received 0"),
        (lambda rows: rows, {"least": 1.5}, "received 1.5"),
    ],
)
def test_refusals(change: object, options: dict[str, float], message: str) -> None:
    rows = change(table({"a": range(3)}, {"b": range(3)}))  # type: ignore[operator]
    for function in (niche_changes, niche_lineages):
        with pytest.raises(ValueError, match=message):
            function(rows, **options)
