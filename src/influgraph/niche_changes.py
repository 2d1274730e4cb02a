"""Niches over time: which continue, grow, shrink, merge, split, are born or die, and which are not seen."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas._typing import Scalar

COLUMNS = ["window", "account_id", "niche"]
LEVEL = 0.05
FEWEST_SEEN = 2  # of one member nothing can be told about a niche
CHANGED = 0.1
EVENTS = ["window_before", "window_after", "niche_before", "niche_after", "event", "members_shared"]
EVENTS += ["share_before", "share_after", "size_before", "size_after", "p_value"]
LINEAGES = ["window", "niche", "lineage", "size"]


def niche_changes(memberships: pd.DataFrame, *, least: float = 0.3) -> pd.DataFrame:
    """What became of each niche from one window to the next, by the accounts that are seen in both.

    An account is seen in a window where it has a row, with a niche or without (null). Two niches are linked
    where one has at least `least` of the other's members who are seen in both windows, if chance would
    seldom bring about as many (hypergeometric, 5 %) or they share as many as they do not. A niche is
    `split` where it is linked to several later ones, those are `merged` that are linked to several earlier
    ones (which prevails where both hold); alone with one another they are `continued`, or `grown`
    or `shrunk` where they differ by more than a tenth in members seen in both windows: newcomers and
    silence tell nothing. Without a link a niche `died` or is `born`; but `not seen` or `first seen` where
    fewer than `least` of its members, or fewer than two, are seen in the other window: it may be there.

    Parameters
    ----------
    memberships
        One row per window and account: ``window`` (numbers, times or text that sorts), ``account_id``,
        ``niche``. Windows without rows are passed over.
    least
        Above 0, at most 1.

    Returns
    -------
    One row per link and per niche without any: ``window_before, window_after, niche_before, niche_after``
    (null where there is none), ``event, members_shared``; ``share_before, share_after``: of the members of
    the earlier and of the later niche who are seen in both windows, those who are in the other, null where
    too few are; ``size_before, size_after`` (all members) and ``p_value``.

    Raises
    ------
    ValueError
        If `memberships` lacks a column, a window or an account, or has an account twice in a window;
        if `least` is out of range.

    References
    ----------
    Greene, Doyle & Cunningham (2010), Tracking the evolution of communities in dynamic social networks.

    Examples
    --------
    >>> rows = [(1, id, "run") for id in "abcd"] + [(1, id, "bake") for id in "efg"]
    >>> rows += [(2, id, 0) for id in "ab"] + [(2, id, 1) for id in "cd"] + [(2, id, 2) for id in "efg"]
    >>> table = pd.DataFrame(rows, columns=["window", "account_id", "niche"])
    >>> niche_changes(table)[["niche_before", "niche_after", "event", "share_before"]]
      niche_before  niche_after      event  share_before
    0          run            0      split           0.5
    1          run            1      split           0.5
    2         bake            2  continued           1.0
    """
    windows = _windows(memberships, least)
    steps = [_events(before, after, least) for before, after in pairwise(windows)]
    return pd.concat(steps, ignore_index=True) if steps else pd.DataFrame(columns=EVENTS)


def niche_lineages(memberships: pd.DataFrame, *, least: float = 0.3) -> pd.DataFrame:
    """Which niches of different windows are one and the same: a number that stays, whatever they are called.

    Of the links that `niche_changes` describes, those are chosen, each niche in one at most, whose members
    overlap most in sum (Jaccard, of members seen in both windows): of niches that merge and of
    parts of one that splits, the one that overlaps most goes on. A niche that is not seen in a window
    begins anew after it.

    Parameters
    ----------
    memberships
        As for `niche_changes`.
    least
        As for `niche_changes`.

    Returns
    -------
    One row per window and niche, the largest first: ``window, niche, lineage`` (from 0, in order of first
    appearance), ``size``.

    Raises
    ------
    ValueError
        As `niche_changes`.

    References
    ----------
    Greene, Doyle & Cunningham (2010), Tracking the evolution of communities in dynamic social networks.

    Examples
    --------
    >>> rows = [(1, id, "run") for id in "abcd"] + [(1, id, "bake") for id in "efg"]
    >>> rows += [(2, id, 0) for id in "abc"] + [(2, id, 1) for id in "efg"]
    >>> table = pd.DataFrame(rows, columns=["window", "account_id", "niche"])
    >>> niche_lineages(table)
       window niche  lineage  size
    0       1   run        0     4
    1       1  bake        1     3
    2       2     0        0     3
    3       2     1        1     3
    """
    windows = _windows(memberships, least)
    rows: list[pd.DataFrame] = []
    count = 0
    for number, window in enumerate(windows):
        lineage = np.full(len(window.niches), -1)
        if number:
            lineage = np.append(rows[-1]["lineage"], -1)[_heirs(windows[number - 1], window, least)]
        new = lineage < 0
        lineage[new] = count + np.arange(new.sum())
        count += int(new.sum())
        rows.append(pd.DataFrame({"niche": window.niches, "lineage": lineage, "size": window.sizes}))
        rows[-1].insert(0, "window", window.label)
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=LINEAGES)


@dataclass(frozen=True)
class _Window:
    """Accounts seen (`niche`: a number by account, -1 = none), and the niches, the largest first."""

    label: Scalar
    niche: pd.Series
    niches: pd.Index
    sizes: NDArray[np.int64]


def _windows(memberships: pd.DataFrame, least: float) -> list[_Window]:
    """The windows in order; the numbers of niches do not depend on what they are called."""
    if not 0 < least <= 1:
        raise ValueError(f"least must be above 0 and at most 1, received {least}")
    missing = [column for column in COLUMNS if column not in memberships]
    if missing:
        raise ValueError(
            f"memberships must have the columns {', '.join(COLUMNS)}; missing: {', '.join(missing)}"
        )
    table = memberships[COLUMNS].astype({"account_id": str})
    if memberships[COLUMNS[:2]].isna().to_numpy().any():
        raise ValueError("memberships must name a window and an account in every row")
    if table.duplicated(COLUMNS[:2]).any():
        twice = table[table.duplicated(COLUMNS[:2])].iloc[0]
        raise ValueError(
            f"memberships must have an account once per window; {twice['account_id']} is in "
            f"{twice['window']} more than once: keep one niche of each"
        )
    return [_window(label, rows) for label, rows in table.groupby("window", observed=True)]


def _window(label: Scalar, rows: pd.DataFrame) -> _Window:
    niches = rows.astype({"niche": object}).groupby("niche")["account_id"].agg(["size", "min"])
    niches = niches.sort_values(["size", "min"], ascending=[False, True])
    codes = pd.Categorical(rows["niche"].astype(object), categories=niches.index).codes
    niche = pd.Series(codes.astype(np.int64), index=pd.Index(rows["account_id"]))
    return _Window(label, niche, niches.index, niches["size"].to_numpy(np.int64))


def _seen_in_both(before: _Window, after: _Window) -> pd.DataFrame:
    return pd.concat([before.niche, after.niche], axis=1, join="inner", keys=["one", "other"])


def _seen(niche: pd.Series, window: _Window, least: float) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Of each niche: how many members are seen in both windows; whether enough to tell."""
    seen = np.bincount(niche[niche >= 0], minlength=len(window.niches))
    return seen, seen >= np.maximum(FEWEST_SEEN, least * window.sizes)


def _overlaps(before: _Window, after: _Window, least: float) -> pd.DataFrame:
    """Every two niches that are linked: how many members they share, of how many."""
    from scipy.stats import hypergeom

    both = _seen_in_both(before, after)
    (seen_before, told_before), (seen_after, told_after) = (
        _seen(both["one"], before, least),
        _seen(both["other"], after, least),
    )
    found = both[(both >= 0).all(axis=1)].value_counts(sort=False).rename("members_shared").reset_index()
    one, other, shared = found["one"], found["other"], found["members_shared"]
    found = found.assign(seen_before=seen_before[one], seen_after=seen_after[other])
    found["share_before"] = (shared / found["seen_before"]).where(told_before[one])
    found["share_after"] = (shared / found["seen_after"]).where(told_after[other])
    found["jaccard"] = shared / (found["seen_before"] + found["seen_after"] - shared)
    found = found[(found[["share_before", "share_after"]] >= least).any(axis=1)].copy()
    sizes = len(both), found["seen_before"], found["seen_after"]
    found["p_value"] = hypergeom.sf(found["members_shared"] - 1, *sizes)
    # Where all are in one niche chance would bring about as much, and yet it is the same one.
    return found[(found["p_value"] <= LEVEL) | (found["jaccard"] >= 1 / 2)]


def _events(before: _Window, after: _Window, least: float) -> pd.DataFrame:
    """All rows of `niche_changes` for two successive windows."""
    links, both = _overlaps(before, after, least), _seen_in_both(before, after)
    _, told_before = _seen(both["one"], before, least)
    _, told_after = _seen(both["other"], after, least)
    lone = _lone("one", links, told_before, "died", "not seen")
    fresh = _lone("other", links, told_after, "born", "first seen")
    rows = pd.concat([links.assign(event=_names(links)), lone, fresh], ignore_index=True)
    rows = rows.fillna({"one": -1, "other": -1, "members_shared": 0})
    rows = rows.astype({"one": int, "other": int, "members_shared": int})
    rows = rows.sort_values(["one", "other"], key=lambda codes: codes.mask(codes < 0, len(both)))
    rows = rows.assign(window_before=before.label, window_after=after.label)
    for code, side, window in (("one", "before", before), ("other", "after", after)):
        rows[f"niche_{side}"] = rows[code].map(dict(enumerate(window.niches))).convert_dtypes()
        rows[f"size_{side}"] = rows[code].map(dict(enumerate(window.sizes))).astype("Int64")
    return rows[EVENTS]


def _names(links: pd.DataFrame) -> NDArray[np.str_]:
    """What has become of the earlier niche of each link."""
    successors = links.groupby("one")["other"].transform("size")
    predecessors = links.groupby("other")["one"].transform("size")
    grown = links["seen_after"] > (1 + CHANGED) * links["seen_before"]
    shrunk = links["seen_before"] > (1 + CHANGED) * links["seen_after"]
    cases = [predecessors > 1, successors > 1, grown, shrunk]
    return np.select(cases, ["merged", "split", "grown", "shrunk"], "continued")


def _lone(side: str, links: pd.DataFrame, told: NDArray[np.bool_], known: str, unknown: str) -> pd.DataFrame:
    """Niches without any link, by what is known of them."""
    alone = np.setdiff1d(np.arange(len(told)), links[side])
    return pd.DataFrame({side: alone, "event": np.where(told[alone], known, unknown)})


def _heirs(before: _Window, after: _Window, least: float) -> NDArray[np.int64]:
    """For each later niche the earlier one that it continues, -1 where none."""
    from scipy.optimize import linear_sum_assignment

    links = _overlaps(before, after, least)
    overlap = np.zeros((len(before.niches), len(after.niches)))
    overlap[links["one"], links["other"]] = links["jaccard"]
    one, other = linear_sum_assignment(overlap, maximize=True)
    heirs = np.full(len(after.niches), -1)
    heirs[other] = np.where(overlap[one, other] > 0, one, -1)
    return heirs
