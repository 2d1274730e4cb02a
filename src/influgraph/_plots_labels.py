"""Where names of points stand, so that none overlap and lines to them stay short."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SPACING = 0.05  # between names, as part of the height of a picture


def label_points(ax: Axes, points: Floats, names: Sequence[str]) -> None:
    """Name points (x, y): in the left half beside them, else in a column right of the picture.

    Names stand at the height of their points, or as near as others leave room.
    """
    ax.autoscale_view()
    where = (ax.transScale + ax.transLimits).transform(points)
    order = np.argsort(where[:, 1], kind="stable")
    for left in (True, False):
        side = order[(where[order, 0] < 0.5) == left]
        for place, height in zip(side, apart(where[side, 1]), strict=True):
            ax.annotate(
                names[place],
                xy=(points[place, 0], points[place, 1]),
                xytext=(where[place, 0] + 0.03 if left else 1.03, height),
                textcoords="axes fraction",
                va="center",
                fontsize="small",
                parse_math=False,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5} if left else None,
                arrowprops={"arrowstyle": "-", "color": "#BBBBBB", "linewidth": 0.6, "shrinkA": 0},
            )


def apart(heights: Floats) -> Floats:
    """Heights a line of text apart, as near as can be to those given (0 to 1, the lowest first)."""
    from scipy.optimize import isotonic_regression

    if not len(heights):
        return heights
    gap = min(SPACING, 1 / len(heights))
    steps = gap * np.arange(len(heights))
    near: Floats = isotonic_regression(heights - steps).x
    return np.clip(near, gap / 2, 1 - gap / 2 - steps[-1]) + steps
