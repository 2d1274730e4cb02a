"""`plots`: every picture returns axes whose title states the finding, and the same svg each time."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from influgraph import plots
from influgraph.networks import Network, network_from_pairs


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
        "1 less followed account is shown to move people; 0 of the 1 most followed are not"
    )
    assert texts(ax) == ["hollow", "star $"]
    plt.close("all")


def test_names_stand_in_the_order_of_their_points_and_near_them(scores: pd.DataFrame) -> None:
    many = pd.concat([scores.assign(influence=scores["influence"] - shift) for shift in (0.0, 0.3, 60.0)])
    many.index = pd.Index([f"id{number}" for number in range(len(many))])
    ax = plots.plot_popularity_against_influence(many, names={name: name for name in many.index})
    named = {text.get_text(): text for text in ax.texts}
    points = many.dropna(subset="influence").astype("float64")
    far = ax.transLimits.transform(ax.transScale.transform(points[["followers", "influence"]]))
    for half in (far[:, 0] < 0.5, far[:, 0] >= 0.5):
        height = pd.Series([named[name].xyann[1] for name in points.index[half]])
        order = points["influence"][half].argsort(kind="stable").to_numpy()
        assert (height.iloc[order].diff().dropna() > 0).all()
        assert height.between(0, 1).all()
    few = plots.plot_popularity_against_influence(scores, names={"id0": "a", "id2": "b"})
    for text, account in zip(few.texts, ("id2", "id0"), strict=True):
        point = scores.loc[account, ["followers", "influence"]].to_numpy(float)
        at = few.transLimits.transform(few.transScale.transform(point))
        assert text.xyann[1] == pytest.approx(np.clip(at[1], 0.025, 0.975))


def test_an_axis_of_less_than_a_power_of_ten_has_numbers_too(scores: pd.DataFrame) -> None:
    narrow = scores.assign(followers=150 + 700 * scores["followers"] / scores["followers"].max())
    ax = plots.plot_popularity_against_influence(narrow)
    low, high = ax.get_xlim()
    assert [mark for mark in ax.get_xticks() if low <= mark <= high] == [200, 500]


def test_nothing_is_named_that_was_not_asked_for(scores: pd.DataFrame) -> None:
    svg = plots.as_svg(lambda ax: plots.plot_popularity_against_influence(scores, ax=ax), height=5, name="p")
    assert "id0" not in re.sub(r'id="[^"]*"', "", svg)
    assert "<image" in svg  # dots are one picture, however many there are


def test_intervals_stand_in_the_order_of_ranks(scores: pd.DataFrame) -> None:
    ax = plots.plot_influence_intervals(scores, names={"id0": "first"}, count=3)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["first", "id2", "id3"]
    assert ax.get_title(loc="left") == "The account of most influence could rank anywhere from 1 to 3"
    plt.close("all")


@pytest.fixture
def attention() -> tuple[pd.Series, Network]:
    """Forty accounts: 30 of one niche, 10 of another, each paying one attention and one paying across."""
    ids = pd.Index([f"id{number}" for number in range(40)])
    niche = pd.Series([0] * 30 + [1] * 10, ids).astype("Int64")
    sources, targets = [*range(29), *range(31, 40), 0], [*range(1, 30), *range(30, 39), 39]
    return niche, network_from_pairs(sources, targets, account_ids=ids)


def circles(ax: Axes) -> list[Circle]:
    return [patch for patch in ax.patches if isinstance(patch, Circle)]


def test_niches_are_circles_with_a_key(niches: pd.DataFrame, attention: tuple[pd.Series, Network]) -> None:
    ax = plots.plot_niche_map(niches, *attention, names={0: "trail people"})
    large, small = (circle.radius for circle in circles(ax))
    assert large**2 / small**2 == pytest.approx(3)
    assert texts(ax) == [
        "0",
        "1",
        "0  trail people: 30, stability 0.90",
        "1  =yoga $x$: 10, stability unknown",
    ]
    assert ax.get_title(loc="left").replace("\n", " ") == (
        "2 niches, 1 of them stable; 97 % of the attention of members stays inside their own"
    )
    assert "no scale" in ax.xaxis.get_label_text()
    assert len(ax.get_lines()) == 1
    plt.close("all")


def chain(count: int) -> tuple[pd.DataFrame, pd.Series, Network]:
    """Niches in a chain, in any order of their numbers: each attends to itself and the two beside it."""
    rng = np.random.default_rng(count)
    place = rng.permutation(count)
    niche = np.repeat(np.arange(count), np.sort(rng.integers(3, 40, count))[::-1])
    ids = pd.Index([f"id{number}" for number in range(len(niche))])
    near = np.abs(place[niche][:, None] - place[niche]) <= 1
    sources, targets = np.nonzero(near & (rng.random(near.shape) < 0.2))
    sizes = pd.Series(niche).value_counts().sort_index()
    columns = {"size": sizes, "name": [f"niche at {one}" for one in place], "stability": 0.9}
    described = pd.DataFrame(columns).rename_axis("niche")
    return described, pd.Series(niche, ids), network_from_pairs(sources, targets, account_ids=ids)


@pytest.mark.parametrize("count", [5, 60])
def test_niches_lie_apart_and_near_those_they_attend_to(count: int) -> None:
    described, niche, network = chain(count)
    ax = plots.plot_niche_map(described, niche, network)
    centre = np.array([circle.center for circle in circles(ax)])
    radius = np.array([circle.radius for circle in circles(ax)])
    gap = np.linalg.norm(centre[:, None] - centre, axis=2) - np.add.outer(radius, radius)
    others = gap[np.triu_indices(count, 1)]
    order = described["name"].str.removeprefix("niche at ").astype(int).argsort().to_numpy()
    assert others.min() > 0
    assert gap[order[:-1], order[1:]].mean() < 0.5 * others.mean()
    assert len(texts(ax)) == count + min(count, 25) + (count > 25)
    plt.close("all")


@pytest.mark.parametrize(("letter", "kept"), [("a", 33), ("天", 16)])
def test_long_names_are_cut_to_the_room_they_take(letter: str, kept: int) -> None:
    described, niche, network = chain(2)
    ax = plots.plot_niche_map(described.assign(name=[letter * 40, letter * 17]), niche, network)
    lines = [text.get_text() for text in ax.texts]
    assert any(f" {letter * kept}…" in line for line in lines)
    assert any(f" {letter * 17}" in line and "…" not in line for line in lines)


def test_more_niches_than_can_be_read_are_counted_and_not_drawn() -> None:
    ax = plots.plot_niche_map(*chain(60), count=30)
    assert len(circles(ax)) == 30
    assert ax.get_title(loc="left").startswith("60 niches")
    plt.close("all")


def test_pictures_of_nothing_can_be_drawn(
    scores: pd.DataFrame, niches: pd.DataFrame, attention: tuple[pd.Series, Network]
) -> None:
    def drawn_map(table: pd.DataFrame, *, ax: Axes) -> Axes:
        return plots.plot_niche_map(table, *attention, ax=ax)

    nobody = scores.assign(influence=pd.Series(pd.NA, scores.index, dtype="Float64"))
    for table, draw in [
        (nobody, plots.plot_influence_intervals),
        (niches.head(0), drawn_map),
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


def test_the_same_map_is_the_same_svg_and_hostile_names_are_text() -> None:
    described, niche, network = chain(5)
    first, second = (
        plots.as_svg(
            lambda ax: plots.plot_niche_map(described, niche, network, names={0: "<b>$x_{$"}, ax=ax),
            height=plots.map_height(5),
            name="m",
        )
        for _ in range(2)
    )
    assert first == second
    assert "<b>" not in first
    assert "&lt;b&gt;" in first


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
