"""Suspected clusters seen: their acts in time, whom they act on, and where they stand in the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from influgraph.networks import Network

# Okabe & Ito: told apart by colour-blind readers too; what is beyond is grey.
OBJECTS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000"]
REST = "#BBBBBB"
SUSPECT, OTHER = "#D55E00", "#999999"
WIDEST = 60  # columns of a block


def draw_acts(ax: Axes, acts: pd.DataFrame) -> None:
    """A mark for each act: time across, members down by their first act, colours by object."""
    rows = pd.Series(np.arange(acts["account_id"].nunique()), acts["account_id"].unique())
    first = acts["object"].value_counts().index[: len(OBJECTS)]
    colour = acts["object"].map(dict(zip(first, OBJECTS, strict=False))).fillna(REST)
    size = float(np.clip(1500 / max(len(rows), 1), 1, 40))
    ax.scatter(acts["created_at"], rows[acts["account_id"]], s=size, c=colour, marker="|", rasterized=True)
    ax.invert_yaxis()


def block(who: pd.Index, acts: pd.DataFrame, objects: pd.Index) -> NDArray[np.float64]:
    """1 where an account (row) acted on an object (column)."""
    table = np.zeros((len(who), len(objects)))
    row, column = who.get_indexer(pd.Index(acts["account_id"])), objects.get_indexer(pd.Index(acts["object"]))
    known = (row >= 0) & (column >= 0)
    table[row[known], column[known]] = 1
    return table


def spots(network: Network, shown: NDArray[np.integer]) -> NDArray[np.float64]:
    """Places of some accounts by the two slowest waves over their ties: those tied together lie together."""
    from scipy.linalg import eigh

    ties = network.weights[shown][:, shown]
    ties = (ties + ties.T).toarray() > 0
    weights = ties + 1e-3
    np.fill_diagonal(weights, 0)
    share = 1 / np.sqrt(weights.sum(axis=1))
    _, waves = eigh(np.eye(len(shown)) - share[:, None] * weights * share[None])
    points = waves[:, 1:3] * share[:, None]
    points *= np.sign(points[np.abs(points).argmax(axis=0), np.arange(points.shape[1])])
    ranks = points.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    return np.asarray(ranks / max(len(shown) - 1, 1))
