"""One picture per question; each takes a table and returns matplotlib axes whose title states the finding."""

from __future__ import annotations

import io
import re
import textwrap
import warnings
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

import numpy as np

from influgraph import quadrants
from influgraph._plots_bots import OTHER, SUSPECT, WIDEST, block, draw_acts, spots
from influgraph._plots_labels import label_points
from influgraph._plots_niches import (
    INK,
    NAMED,
    STABLE,
    attention_between,
    draw_circles,
    draw_key,
    draw_lines,
    frame,
    places,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from influgraph.networks import Network

# Okabe & Ito: told apart by colour-blind readers too.
COLOURS = {
    "hidden influencer": "#009E73",
    "star": "#0072B2",
    "hollow celebrity": "#D55E00",
    "quiet": "#999999",
}
MARKERS = {"hidden influencer": "^", "star": "o", "hollow celebrity": "s", "quiet": "."}
LINE = 62  # letters of a title that fit above a picture with names beside it
LONGEST = 34  # letters of a name, wide ones counting twice


def _axes(ax: Axes | None, width: float, height: float) -> Axes:
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1] if ax is None else ax


def _finish(ax: Axes, title: str, *, x: str, y: str = "") -> Axes:
    ax.set_title(textwrap.fill(title, LINE), loc="left", fontsize="large", parse_math=False)
    ax.set(xlabel=x, ylabel=y)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _short(name: str) -> str:
    """Cut a name to the room it has; a wide letter, as of Chinese, takes that of two."""
    ends = list(accumulate(1 + (east_asian_width(letter) in "WF") for letter in name))
    return name if max(ends, default=0) <= LONGEST else name[: bisect_right(ends, LONGEST - 1)] + "…"


def _plain(value: float, _: float | None = None) -> str:
    """A number on an axis, without powers of ten."""
    return f"{value:,.10g}"


def _wide_range(ax: Axes) -> Axes:
    """Let both axes run from none to millions: even up to 1, then by powers of ten."""
    ax.set_xscale("symlog", linthresh=1)
    ax.set_yscale("symlog", linthresh=1)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(_plain)
    return ax


def _mark_narrow_ranges(ax: Axes) -> None:
    """Where an axis shows fewer than two powers of ten, mark twos and fives as well."""
    from matplotlib.ticker import SymmetricalLogLocator

    for axis in (ax.xaxis, ax.yaxis):
        low, high = axis.get_view_interval()
        marks = np.asarray(axis.get_majorticklocs())
        if np.count_nonzero((low <= marks) & (marks <= high)) < 2:
            axis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=1, subs=[1, 2, 5]))


def plot_popularity_against_influence(
    scores: pd.DataFrame,
    *,
    names: Mapping[str, str] | None = None,
    deed: str = "shown to move people",
    ax: Axes | None = None,
) -> Axes:
    """Show who is followed against who moves people, in four kinds of account.

    Parameters
    ----------
    scores
        followers, influence, influence_low and influence_high by account, not null together for at least one
        (the others are left out); influence_grade where known.
    names
        What to call the few accounts that are to be named, by account id; their intervals are drawn.
    deed
        What the title says of accounts whose interval shows influence (see `quadrants`).
    ax
        Where to draw; by default a new figure.

    Returns
    -------
    The axes.
    """
    import seaborn as sns

    shown = scores.dropna(subset=["followers", "influence"])
    kind = quadrants.quadrant(shown["followers"], shown).astype("object")
    shown = shown[["followers", "influence", "influence_low", "influence_high"]].astype("float64")
    named = shown.loc[shown.index.intersection(list(names or {}))]
    ax, size = _wide_range(_axes(ax, 8, 5)), float(np.clip(40_000 / max(len(shown), 1), 12, 40))
    style = {"palette": COLOURS, "hue_order": list(COLOURS), "style_order": list(COLOURS), "markers": MARKERS}
    sns.scatterplot(
        shown, x="followers", y="influence", hue=kind, style=kind, s=size, rasterized=True, ax=ax, **style
    )
    spread = [named["influence"] - named["influence_low"], named["influence_high"] - named["influence"]]
    ax.errorbar(
        named["followers"], named["influence"], np.maximum(spread, 0), fmt="none", color=INK, linewidth=0.8
    )
    ax.axvline(quadrants.popular_from(shown["followers"]), color=INK, linewidth=0.8, linestyle=":")
    sns.move_legend(
        ax, "upper center", bbox_to_anchor=(0.5, -0.12), ncols=len(COLOURS), frameon=False, title=None
    )
    _mark_narrow_ranges(ax)
    called = [_short((names or {})[str(account_id)]) for account_id in named.index]
    label_points(ax, named[["followers", "influence"]].to_numpy(), called)
    return _finish(ax, _quadrants_told(kind, deed), x="followers", y="influence (outcomes)")


def _quadrants_told(kind: pd.Series, deed: str) -> str:
    counts = kind.value_counts().reindex(list(COLOURS), fill_value=0)
    hidden, hollow, star = counts["hidden influencer"], counts["hollow celebrity"], counts["star"]
    if not hidden + star:
        return f"No account is {deed}, however many follow it"
    most = f"{hollow:,} of the {hollow + star:,} most followed are not"
    if not star:
        most = f"none of the {hollow:,} most followed is"
    if not hidden:
        return f"{star:,} of the {hollow + star:,} most followed {_are(star)} {deed}, and nobody else"
    accounts = "account" if hidden == 1 else "accounts"
    return f"{hidden:,} less followed {accounts} {_are(hidden)} {deed}; {most}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def plot_influence_intervals(
    scores: pd.DataFrame, *, names: Mapping[str, str] | None = None, count: int = 20, ax: Axes | None = None
) -> Axes:
    """Show the accounts of most influence, and how sure that is.

    Parameters
    ----------
    scores
        influence, influence_low, influence_high, rank and rank_high by account.
    names
        What to call accounts, by account id; by default their ids.
    count
        How many accounts are shown.
    ax
        Where to draw; by default a new figure.

    Returns
    -------
    The axes.
    """
    first = scores.dropna(subset="influence").sort_values("rank", kind="stable").head(count)
    ax = _axes(ax, 8, 0.8 + 0.26 * max(len(first), 1))
    middle, low, high = (
        first[name].astype("float64") for name in ("influence", "influence_low", "influence_high")
    )
    places = np.arange(len(first))
    ax.errorbar(
        middle, places, xerr=np.maximum([middle - low, high - middle], 0), fmt="o", color=COLOURS["star"]
    )
    ax.axvline(0, color=INK, linewidth=0.8)
    labels = [(names or {}).get(account_id, account_id) for account_id in first.index]
    ax.set_yticks(places, [_short(label) for label in labels], parse_math=False)
    ax.invert_yaxis()
    lowest = first["rank_high"].iloc[0] if len(first) else 1
    title = "The account of most influence is told apart from all others"
    if lowest > 1:
        title = f"The account of most influence could rank anywhere from 1 to {lowest:,}"
    ax.xaxis.set_major_formatter(_plain)
    return _finish(ax, title, x="influence (outcomes), with 90 % interval")


def plot_niche_map(
    niches: pd.DataFrame,
    niche: pd.Series,
    network: Network,
    *,
    names: Mapping[Hashable, str] | None = None,
    count: int = 60,
    ax: Axes | None = None,
) -> Axes:
    """Show niches as circles, near where they pay one another more attention than chance would bring about.

    Parameters
    ----------
    niches
        size, name and stability by niche, the largest first, as from `niche_names.describe_niches`.
    niche
        Niche of each account (null = none), in the order of the network.
    network
        Attention among the accounts.
    names
        What to call niches, by number; by default their names. The 25 largest are named.
    count
        How many niches are shown, the largest first.
    ax
        Where to draw; by default a new figure.

    Returns
    -------
    The axes.
    """
    shown, between = niches.head(count), attention_between(niche, network, niches.index)
    ax = _axes(ax, 8, map_height(len(shown)))
    size, seen = shown["size"].to_numpy(np.float64), between[: len(shown), : len(shown)]
    radius = np.sqrt(size / max(size.sum(), 1))
    points = places(seen, radius)
    draw_lines(ax, points, seen)
    draw_circles(ax, points, radius, shown)
    draw_key(ax, shown, [_short((names or {}).get(number, name)) for number, name in shown["name"].items()])
    ax.set(aspect="equal", anchor="W", xticks=[], yticks=[], **frame(points, radius))
    ax.spines[:].set_visible(False)
    _finish(ax, _niches_told(niches, between), x="")
    ax.set_xlabel(
        "near: more attention than by chance; else position has no scale", loc="left", fontsize="small"
    )
    return ax


def map_height(count: int) -> float:
    """Return the height in inches at which the map of so many niches can be read.

    Parameters
    ----------
    count
        How many niches there are.

    Returns
    -------
    Inches, at 8 inches of width.
    """
    return 4.2 + 0.06 * min(count, NAMED)


def _niches_told(niches: pd.DataFrame, between: NDArray[np.float64]) -> str:
    if not len(niches):
        return "There are no niches"
    stable = int((niches["stability"] >= STABLE).sum())
    inside = np.trace(between) / between.sum() if between.sum() else 0.0
    return (
        f"{len(niches):,} {'niche' if len(niches) == 1 else 'niches'}, {stable:,} of them stable; "
        f"{_percent(inside)} of the attention of members stays inside their own"
    )


def plot_brand_fit(
    fit: pd.DataFrame, *, names: Mapping[str, str] | None = None, count: int = 12, ax: Axes | None = None
) -> Axes:
    """Show how many followers of the most followed accounts a brief is meant for, and how many not.

    Parameters
    ----------
    fit
        As from `audience.brand_fit.brand_fit`.
    names
        What to call accounts, by account id; by default their ids.
    count
        How many accounts are shown, the most followed first.
    ax
        Where to draw; by default a new figure.

    Returns
    -------
    The axes.
    """
    known = fit.dropna(subset=["followers", "on_target_followers"])
    first = known.sort_values("followers", ascending=False, kind="stable").head(count)
    ax = _axes(ax, 8, 1.2 + 0.3 * max(len(first), 1))
    places, on = np.arange(len(first)), first["on_target_followers"]
    off = first["followers"] - on
    error = [on - first["on_target_followers_low"], first["on_target_followers_high"] - on]
    ax.barh(places, on, color=COLOURS["star"], label="on target")
    bars = ax.barh(places, off, left=on, color="#E0C29B", hatch="//", edgecolor="white", label="off target")
    ax.errorbar(on, places, xerr=np.maximum(error, 0), fmt="none", color=INK, linewidth=1, capsize=2)
    shares = [f" {_percent(share)} on target" for share in first["on_target_share"]]
    ax.bar_label(bars, shares, fontsize="small", color=INK, padding=3)
    labels = [(names or {}).get(account_id, account_id) for account_id in first.index]
    ax.set_yticks(places, [_short(label) for label in labels], parse_math=False)
    ax.invert_yaxis()
    ax.xaxis.set_major_formatter(_plain)
    if len(first):
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, frameon=False)
    return _finish(ax, _fit_told(fit, first, labels), x="followers, with 90 % interval of those on target")


def _percent(share: float) -> str:
    """A share as whole per cent, or how little it is."""
    return f"{100 * share:.0f} %" if not 0 < share < 0.01 else "below 1 %"


def _fit_told(fit: pd.DataFrame, first: pd.DataFrame, labels: list[str]) -> str:
    if not len(first):
        reasons = fit["audience_fit_missing"].dropna()
        why = reasons.value_counts().index[0] if len(reasons) else "there are no accounts"
        return f"Nothing is known of who is on target: {why}"
    largest = first.iloc[0]
    followers = f"{largest['followers']:,.0f} {largest['audience']}"
    return f"{_short(labels[0])}: {followers}, {_percent(largest['off_target_share'])} off target"


def as_svg(draw: Callable[[Axes], object], *, height: float, name: str) -> str:
    """Draw a picture for a page: one svg element, the same text for the same picture.

    Parameters
    ----------
    draw
        Draws on the axes it is given.
    height
        Height in inches, at 8 inches of width.
    name
        A name that no other picture of the page has; the ids in the picture begin with it.

    Returns
    -------
    The element, without prologue, date and outside address.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figure, buffer = Figure(figsize=(8, height), layout="constrained"), io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+", UserWarning)
        draw(figure.subplots())
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(buffer, format="svg", dpi=140, metadata=nothing)
    svg = buffer.getvalue()
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\1{name}-", svg[svg.index("<svg") :])
    return re.sub(r' (?:xmlns(?::\w+)?|width|height)="[^"]*"', "", svg, count=4)


def plot_joint_acts(joint_acts: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Show when members of one cluster acted: columns of marks are acts at the same time.

    Parameters
    ----------
    joint_acts
        account_id, object and created_at of each act, as in `BotClusters`; acts without time are left out.
    ax
        Where to draw; by default a new figure.

    Returns
    -------
    The axes; the seven commonest objects have colours of their own, the others are grey.
    """
    acts = joint_acts.dropna(subset="created_at").sort_values("created_at", kind="stable")
    ax = _axes(ax, 8, 4)
    draw_acts(ax, acts)
    who, things = acts["account_id"].nunique(), acts["object"].nunique()
    title = f"{who:,} members acted {len(acts):,} times on {things:,} objects"
    if not len(acts):
        title = "No joint act has a time"
    else:
        common = acts[acts.groupby("object")["account_id"].transform("nunique") > 1]
        times = (common if len(common) else acts).groupby("object")["created_at"]
        title += f"; half of those on an object within {_span(times.agg(_half_within).median())}"
        ax.tick_params(axis="x", rotation=25)
    ax.set_yticks([])
    return _finish(ax, title, x="time (UTC); colour: object", y="members, one to a row")


def _half_within(moments: pd.Series) -> float:
    """Seconds of the shortest time that holds half of these, two at least."""
    seconds = np.sort(moments.astype("int64").to_numpy() / 1e6)
    half = min(max(len(seconds) // 2, 2), len(seconds)) - 1
    return float((seconds[half:] - seconds[: len(seconds) - half]).min())


def _span(seconds: float) -> str:
    for unit, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} seconds"


def plot_block(
    joint_acts: pd.DataFrame, others: pd.DataFrame, *, count: int = WIDEST, ax: Axes | None = None
) -> Axes:
    """Show on which objects, or accounts, members of one cluster acted, beside as many other accounts.

    Parameters
    ----------
    joint_acts
        account_id and object of what members did, as in `BotClusters`.
    others
        account_id and object of what like accounts did; a row without object stands for one who did nothing.
    count
        How many objects are shown: those most members acted on.
    ax
        Where to draw; by default a new figure.

    Returns
    -------
    The axes: a row for each account, members above the line, a column for each object, dark where one acted.
    """
    import pandas as pd

    objects = joint_acts.drop_duplicates(["account_id", "object"])["object"].value_counts().index[:count]
    tables = [block(pd.Index(acts["account_id"].unique()), acts, objects) for acts in (joint_acts, others)]
    ax = _axes(ax, 7, 5)
    if len(objects):
        ax.imshow(np.vstack(tables), cmap="Greys", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
        ax.axhline(len(tables[0]) - 0.5, color=SUSPECT, linewidth=1.5)
    drawn = tables[0].mean(axis=0) >= 0.5 if tables[0].size else np.zeros(0, bool)
    usual = tables[1][:, drawn].mean() if drawn.any() and len(tables[1]) else 0.0
    many = f"{drawn.sum():,} objects" if drawn.sum() > 1 else "One object"
    title = f"{many} drew half of the members or more, and {_percent(usual)} of like accounts"
    if not drawn.any():
        title = "No object drew half of the members"
    ax.set(xticks=[], yticks=[len(tables[0]) / 2, len(tables[0]) + len(tables[1]) / 2])
    ax.set_yticklabels(["members", "like accounts"])
    return _finish(ax, title, x="objects, those of most members first")


def plot_cluster(members: pd.Index, network: Network, *, count: int = 400, ax: Axes | None = None) -> Axes:
    """Show where the members of one cluster stand in the network, suspects against others.

    Parameters
    ----------
    members
        Ids of the members.
    network
        Who attends to whom.
    count
        How many accounts are drawn at most: members, then those outside with most ties to them, then, where
        room is left, those with most ties of all.
    ax
        Where to draw; by default a new figure.

    Returns
    -------
    The axes; accounts that are tied together lie together, places have no other meaning.
    """
    from matplotlib.collections import LineCollection

    inside = network.account_ids.isin(members)
    ties = network.weights + network.weights.T
    beside = ties @ inside.astype(float) + 1e-9 * (ties @ np.ones(len(inside)))
    order = np.lexsort((-beside, ~inside))
    shown = np.concatenate([order[: int(inside.sum())][: count // 2], order[int(inside.sum()) :]])[:count]
    points, suspect = spots(network, shown), inside[shown]
    pairs = network.weights[shown][:, shown].tocoo()
    lines = np.stack([points[pairs.row], points[pairs.col]], axis=1)
    ax = _axes(ax, 6, 6)
    both = suspect[pairs.row] & suspect[pairs.col]
    for some, colour, clear in ((~both, OTHER, 0.08), (both, SUSPECT, 0.7)):
        ax.add_collection(LineCollection(list(lines[some]), colors=colour, linewidths=0.5, alpha=clear))
    for some, colour, marker, label in (
        (~suspect, OTHER, "o", "others"),
        (suspect, SUSPECT, "^", "suspects"),
    ):
        ax.scatter(points[some, 0], points[some, 1], s=18, c=colour, marker=marker, label=label, zorder=2)
    ax.set(xticks=[], yticks=[])
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.04), ncols=2, frameon=False)
    paid = inside.astype(float) @ network.weights
    kept = float(paid[inside].sum()) / max(float(paid.sum()), 1e-12)
    return _finish(
        ax, f"{int(inside.sum()):,} suspects pay {kept:.0%} of their attention to one another", x=""
    )
