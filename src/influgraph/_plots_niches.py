"""The map of niches: where each stands, how much attention lies between any two, and how that is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from influgraph.networks import Network

Numbers = NDArray[np.float64]

INK = "#333333"
NAMED = 25  # niches with a name beside the map
RUN_ON = "\u200e"  # left-to-right mark: an Arabic name leaves the numbers beside it where they are
PARTNERS = 2  # lines from each niche
STABLE, SHAKY = 0.75, 0.5  # Hennig (2007): such niches are found again, and such are dissolved
LOOKS = [
    ("found again (stability 0.75 or more)", {"facecolor": "#56B4E9", "edgecolor": INK}),
    ("found in part (0.5 to 0.75)", {"facecolor": "#D6EAF7", "edgecolor": INK, "linestyle": "--"}),
    ("seldom found (below 0.5)", {"facecolor": "#FFFFFF", "edgecolor": "#999999", "hatch": "////"}),
    ("stability unknown", {"facecolor": "#EEEEEE", "edgecolor": INK, "linestyle": ":"}),
]

ROUNDS = 300
APART = 1.6  # mean distance of two points in a disc that circles of area pi fill by a third
ROOM = 0.08  # half of what the number of a niche takes
GOLDEN = np.pi * (3 - np.sqrt(5))


def attention_between(niche: pd.Series, network: Network, niches: pd.Index) -> Numbers:
    """Sum up attention by niche: what row pays to column, each in the order of `niches`."""
    codes = niches.get_indexer(pd.Index(niche.astype("float64")))
    member = np.flatnonzero(codes >= 0)
    shape = len(codes), len(niches)
    belongs = csr_array((np.ones(len(member)), (member, codes[member])), shape=shape)
    return np.asarray((belongs.T @ network.weights @ belongs).toarray())


def places(between: Numbers, radius: Numbers) -> Numbers:
    """Put circles down without overlap, near where attention between them exceeds chance.

    Majorises the stress of the distances wanted (de Leeuw 1977), near ones weighing most (Kamada & Kawai
    1989), from a spiral with the first circle in its middle; then parts those that overlap.
    """
    turn = np.arange(len(radius))
    points = np.sqrt(turn)[:, None] * np.column_stack([np.cos(GOLDEN * turn), np.sin(GOLDEN * turn)])
    room = np.maximum(radius, ROOM)
    least = 1.1 * np.add.outer(room, room)
    wanted = least + APART / (1 + _beyond_chance(between) ** 2)
    weights = wanted**-2
    inverse = _inverse(weights)
    for _ in range(ROUNDS):
        points = inverse @ _pulled(points, wanted, weights)
    for _ in range(ROUNDS):
        points = _pulled(points, np.maximum(least, _distances(points)), np.ones_like(least)) / len(points)
    apart = _distances(points) + np.diag(np.diag(least))
    return np.asarray(points * (least / apart).max(initial=1.0))


def _beyond_chance(between: Numbers) -> Numbers:
    """Attention between two niches, both ways, over what their outward attention would bring by chance."""
    outward = between - np.diag(np.diag(between))
    chance = np.outer(outward.sum(axis=1), outward.sum(axis=0)) / max(outward.sum(), 1e-12)
    both, usual = outward + outward.T, chance + chance.T
    return np.asarray(np.divide(both, usual, out=np.zeros_like(both), where=usual > 0))


def _distances(points: Numbers) -> Numbers:
    return np.asarray(np.linalg.norm(points[:, None] - points[None], axis=2))


def _inverse(weights: Numbers) -> Numbers:
    """Undo `weights` in a step of majorisation; on one thread, as more would round otherwise."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        return np.asarray(np.linalg.pinv(np.diag(weights.sum(axis=1)) - weights))


def _pulled(points: Numbers, wanted: Numbers, weights: Numbers) -> Numbers:
    """Pull each point to where the others would have it: the Guttman transform, but for its scale."""
    pull = weights * wanted / np.maximum(_distances(points) + np.eye(len(points)), 1e-9)
    return np.asarray((np.diag(pull.sum(axis=1)) - pull) @ points)


def frame(points: Numbers, radius: Numbers) -> dict[str, tuple[float, float]]:
    """Limits that hold all circles, no side under half of the other, for niches in a row too."""
    if not len(points):
        return {}
    room = np.maximum(radius, ROOM)[:, None]
    low, high = (points - room).min(axis=0), (points + room).max(axis=0)
    half = np.maximum(high - low, (high - low).max() / 2) * 0.52
    middle = (low + high) / 2
    return {
        name: (float(middle[k] - half[k]), float(middle[k] + half[k]))
        for k, name in enumerate(("xlim", "ylim"))
    }


def draw_lines(ax: Axes, points: Numbers, between: Numbers) -> None:
    """Join each niche with those that it exchanges most attention with; wider is more."""
    both = between + between.T
    np.fill_diagonal(both, 0)
    partners = np.argsort(-both, axis=1, kind="stable")[:, :PARTNERS]
    pairs = {(min(one, other), max(one, other)) for one, some in enumerate(partners) for other in some}
    for one, other in sorted(pairs):
        if both[one, other]:
            width = 0.4 + 7 * both[one, other] / both.max()
            ax.plot(*points[[one, other]].T, color="#BBBBBB", linewidth=width, zorder=1)


def draw_circles(ax: Axes, points: Numbers, radius: Numbers, shown: pd.DataFrame) -> None:
    """Draw a circle for each niche, its number in it; its look tells its stability."""
    from matplotlib.patches import Circle, Patch
    from matplotlib.patheffects import AbstractPathEffect, withStroke

    halo: list[AbstractPathEffect] = [withStroke(linewidth=2.5, foreground="white")]
    stability = shown["stability"].to_numpy(np.float64, na_value=np.nan)
    looks = np.select([stability >= STABLE, stability >= SHAKY, stability < SHAKY], [0, 1, 2], 3)
    for (x, y), size, look, number in zip(points, radius, looks, shown.index, strict=True):
        ax.add_patch(Circle((x, y), size, zorder=2, **LOOKS[look][1]))
        label = ax.text(x, y, str(number), ha="center", va="center", fontsize="small", color=INK, zorder=3)
        label.set_path_effects(halo)
    legend = [Patch(label=LOOKS[look][0], **LOOKS[look][1]) for look in np.unique(looks)]
    if legend:
        ax.legend(
            handles=legend, loc="upper left", bbox_to_anchor=(0, -0.07), frameon=False, fontsize="small"
        )


def draw_key(ax: Axes, shown: pd.DataFrame, names: list[str]) -> None:
    """Name the largest niches in a column right of the map, with accounts and stability."""
    stability = shown["stability"].to_numpy(np.float64, na_value=np.nan)
    sure = ["unknown" if np.isnan(value) else f"{value:.2f}" for value in stability]
    told = zip(shown.index[:NAMED], names, shown["size"], sure, strict=False)
    lines = [
        f"{mark}{number}  {name}{mark}: {size:,}, stability {value}"
        for number, name, size, value in told
        for mark in ["" if name.isascii() else RUN_ON]
    ]
    if len(shown) > NAMED:
        lines.append(f"and {len(shown) - NAMED:,} smaller ones, numbered")
    for place, line in enumerate(lines):
        at = (1.04, 1 - (place + 0.5) / max(len(lines), NAMED // 2))
        ax.annotate(line, at, xycoords="axes fraction", va="center", fontsize="small", parse_math=False)
