"""What besides its ties speaks for one hand behind a region: compared with as large groups elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from influgraph.dataset import resolved_engagements

if TYPE_CHECKING:
    from collections.abc import Callable

    from scipy.sparse import csr_array

    from influgraph.dataset import Dataset

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]

STEPS = 4  # of the walks that gather a group around an account
AT_ONCE = 50  # groups that are gathered together
LEAST_IDLE = 0.2  # share of a region from which on it counts as idle
LEAST_KNOWN = 0.5  # share of accounts for which a fact must be known


def measures(data: Dataset) -> dict[str, Callable[[Ints], float]]:
    """By what is told of it: numbers of a group that are greater the more one hand seems behind it.

    That few outside follow them back is none of these: regions are chosen for it.
    """
    found: dict[str, Callable[[Ints], float]] = {}
    made = _seconds(data.accounts["created_at"]) if "created_at" in data.accounts else np.empty(0)
    if len(made) and np.mean(~np.isnan(made)) >= LEAST_KNOWN:
        found["were made within a short time"] = lambda group: -_shortest(made[group])
    idle = _idle(data)
    if idle is not None:
        found["tend to be idle (no act, no post)"] = lambda group: _idle_share(idle[group])
    since = _seconds(data.follows["followed_at"])
    if len(since) and np.mean(~np.isnan(since)) >= LEAST_KNOWN:
        found["followed one another within a short time"] = _tied_at_once(data, since)
    return found


def _seconds(times: pd.Series) -> Floats:
    """Seconds since 1970, nan where unknown."""
    since = (times - pd.Timestamp(0, tz="UTC")) / pd.Timedelta("1s")
    return np.asarray(since.to_numpy(np.float64, na_value=np.nan))


def _shortest(moments: Floats) -> float:
    """Logarithm of the shortest time, in seconds, that holds half of these; long where few are known."""
    known = np.sort(moments[~np.isnan(moments)])
    half = max(len(moments) // 2, 2)
    if len(known) < half:
        return np.inf
    return float(np.log1p((known[half - 1 :] - known[: len(known) - half + 1]).min()))


def _idle_share(idle: Floats) -> float:
    """Share of these, 0 below a fifth: a few idle ones may be a farm's that hides in a community."""
    share = float(idle.mean())
    return share if share >= LEAST_IDLE else 0.0


def _idle(data: Dataset) -> Floats | None:
    """1 for accounts that neither post nor do anything to anybody, None where nobody is known to."""
    if not len(data.posts) and not len(data.engagements):
        return None
    idle = np.ones(len(data.account_ids))
    idle[data.posts["author_id"].cat.codes] = 0
    idle[resolved_engagements(data)["account_id"].cat.codes] = 0
    return idle


def _tied_at_once(data: Dataset, since: Floats) -> Callable[[Ints], float]:
    one, other = (data.follows[side].cat.codes.to_numpy() for side in ("follower_id", "followed_id"))

    def measured(group: Ints) -> float:
        inside = np.zeros(len(data.account_ids), bool)
        inside[group] = True
        return -_shortest(since[inside[one] & inside[other]])

    return measured


def chance_among(usual: Floats, value: float, *, apart: float) -> float:
    """How likely so great a value is, where groups of which so many could stand `apart` have the usual ones.

    The share of groups that have as much, or by Student's law, whichever is more: of groups that overlap, a
    thousand say little more than the few that could stand apart.
    """
    known = usual[np.isfinite(usual)]
    share = float((1 + (usual >= value).sum()) / (1 + len(usual)))
    if not np.isfinite(value) or len(known) < 2 or not (spread := float(known.std(ddof=1))):
        return share
    error = spread * np.sqrt(1 + 1 / apart)
    return max(share, float(stats.t.sf((value - known.mean()) / error, max(apart - 1, 1))))


def like_groups(ties: csr_array, apart: Ints, size: int, count: int, rng: np.random.Generator) -> list[Ints]:
    """Gather as many groups of this size, each of the accounts that short walks from one account reach most.

    So each is about as close-knit as the network without the accounts `apart` has it around there.
    """
    ties_of = np.asarray(ties.sum(axis=1)).ravel()
    others = np.flatnonzero((ties_of > 0) & ~np.isin(np.arange(len(ties_of)), apart))
    if len(others) < 3 * size:
        return []
    near = ties[others][:, others]
    paid, had = (np.maximum(np.asarray(near.sum(axis=axis)).ravel(), 1)[:, None] for axis in (0, 1))
    groups: list[Ints] = []
    while len(groups) < count:
        starts = rng.choice(len(others), min(AT_ONCE, count - len(groups)))
        chance = np.zeros((len(others), len(starts)))
        chance[starts, np.arange(len(starts))] = 1
        for _ in range(STEPS):
            chance = (chance + near @ (chance / paid)) / 2
        reached = np.argsort(-chance / had, axis=0, kind="stable")[:size]
        groups += [others[column] for column in reached.T]
    return groups
