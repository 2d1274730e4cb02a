"""`plots`: every picture returns axes whose title states the finding, and the same svg each time."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from influgraph import plots


@pytest.fixture
def scores() -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "followers": [1000, 900, 10, 9, 8, 7, 6, 5, 4, 3],
            "influence": [50.0, 0.5, 20.0, 1, 1, 1, 1, 1, 1, None],
            "influence_low": [40.0, 0, 10.0, 0, 0, 0, 0, 0, 0, None],
            "influence_high": [60.0, 2, 30.0, 2, 2, 2, 2, 2, 2, None],
            "rank": [1, 9, 2, 3, 3, 3, 3, 3, 3, None],
            "rank_high": [3, 9, 4, 9, 9, 9, 9, 9, 9, None],
        },
        index=pd.Index([f"id{number}" for number in range(10)], name="account_id"),
    )
    return table.convert_dtypes()


@pytest.fixture
def niches() -> pd.DataFrame:
    columns = {"size": [30, 10], "name": ["running, trail", "=yoga $x$"], "stability": [0.9, None]}
    return pd.DataFrame(columns, index=pd.Index([0, 1], name="niche"))


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_the_quadrants_are_counted_in_the_title(scores: pd.DataFrame) -> None:
    ax = plots.plot_popularity_against_influence(scores, names={"id0": "star $", "id1": "hollow"})
    assert ax.get_title(loc="left").replace("\n", " ") == (
        "1 less followed accounts are shown to move people; 0 of the 1 most followed are not"
    )
    assert texts(ax) == ["hollow", "star $"]
    plt.close("all")


def test_nothing_is_named_that_was_not_asked_for(scores: pd.DataFrame) -> None:
    svg = plots.as_svg(lambda ax: plots.plot_popularity_against_influence(scores, ax=ax), height=5, name="p")
    assert "id0" not in re.sub(r'id="[^"]*"', "", svg)
    assert "<image" in svg  # dots are one picture, however many there are


def test_intervals_stand_in_the_order_of_ranks(scores: pd.DataFrame) -> None:
    ax = plots.plot_influence_intervals(scores, names={"id0": "first"}, count=3)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["first", "id2", "id3"]
    assert ax.get_title(loc="left") == "The account of most influence could rank anywhere from 1 to 3"
    plt.close("all")


def test_niches_show_their_size_and_stability(niches: pd.DataFrame) -> None:
    ax = plots.plot_niches(niches, names={0: "trail people"})
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0 trail people", "1 =yoga $x$"]
    assert [bar.get_width() for bar in ax.patches] == [30, 10]
    assert ax.get_title(loc="left") == "2 niches; the largest holds 75% of the accounts that have one"
    plt.close("all")


def test_pictures_of_nothing_can_be_drawn(scores: pd.DataFrame, niches: pd.DataFrame) -> None:
    nobody = scores.assign(influence=pd.Series(pd.NA, scores.index, dtype="Float64"))
    for table, draw in [
        (nobody, plots.plot_influence_intervals),
        (niches.head(0), plots.plot_niches),
    ]:
        assert plots.as_svg(lambda ax, table=table, draw=draw: draw(table, ax=ax), height=3, name="n")


@pytest.mark.parametrize("hostile", ["$x_{$", "<script>", "\N{GRINNING FACE}", r"\frac", "漢字", "&amp;"])
def test_hostile_names_are_text(scores: pd.DataFrame, hostile: str) -> None:
    svg = plots.as_svg(
        lambda ax: plots.plot_influence_intervals(scores, names={"id0": hostile}, ax=ax), height=3, name="h"
    )
    assert "<script>" not in svg
    assert svg.startswith("<svg")


def test_the_same_picture_is_the_same_svg_and_asks_nobody(scores: pd.DataFrame) -> None:
    first, second = (
        plots.as_svg(lambda ax: plots.plot_popularity_against_influence(scores, ax=ax), height=5, name="p")
        for _ in range(2)
    )
    assert first == second
    assert "http" not in first
    assert "date" not in first.lower()


def test_two_pictures_of_a_page_share_no_id(scores: pd.DataFrame) -> None:
    def ids(name: str) -> set[str]:
        drawn = plots.as_svg(lambda ax: plots.plot_influence_intervals(scores, ax=ax), height=3, name=name)
        return set(re.findall(r'\bid="([^"]*)"', drawn))

    assert ids("one")
    assert not ids("one") & ids("two")


def test_a_picture_of_very_many_accounts_stays_small() -> None:
    rng = np.random.default_rng(1)
    count = 100_000
    low = rng.exponential(1, count)
    many = pd.DataFrame(
        {"followers": rng.integers(0, 10**6, count), "influence": low + 1, "influence_low": low}
    )
    many["influence_high"] = low + 2
    svg = plots.as_svg(lambda ax: plots.plot_popularity_against_influence(many, ax=ax), height=5, name="m")
    assert len(svg) < 700_000


def test_drawing_on_given_axes_makes_no_figure(scores: pd.DataFrame) -> None:
    plt.close("all")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plots.as_svg(lambda ax: plots.plot_influence_intervals(scores, ax=ax), height=3, name="q")
    assert not plt.get_fignums()
