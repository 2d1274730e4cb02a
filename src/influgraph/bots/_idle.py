"""Followers who do nothing: nobody follows them, and they never post nor act."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import betabinom, false_discovery_control

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from influgraph.bots._blocks import Numbers
    from influgraph.dataset import Dataset

    Flags = NDArray[np.bool_]

FEWEST = 20  # followers an account must have for the share of idle ones to be judged
ORDINARY = 0.98  # of accounts: what is usual is learnt from those whose share is not among the largest
LEAST_SPREAD = 0.01  # correlation of any two followers of an account: audiences differ at least so much


def idle_accounts(data: Dataset) -> Flags | None:
    """Accounts without followers that never posted nor acted; None where no act is known."""
    if data.posts.empty or data.engagements.empty:
        return None
    busy: NDArray[Any] = np.zeros(len(data.account_ids), bool)
    for column in (data.follows["followed_id"], data.posts["author_id"], data.engagements["account_id"]):
        busy[column.cat.codes] = True
    return ~busy


def idle_excess(idle: Numbers, count: Numbers, *, q: float) -> Numbers:
    """Idle followers beyond what is usual, of accounts where these stand out; 0 elsewhere.

    How many of an account's `count` followers are `idle` follows a beta-binomial law, fitted by moments to
    accounts of 20 followers and more, without the fiftieth of largest shares; accounts stand out at a chance
    of false discoveries of `q`.
    """
    judged = np.flatnonzero(count >= FEWEST)
    excess = np.zeros(len(count))
    if judged.size < FEWEST:
        return excess
    share = idle[judged] / count[judged]
    ordinary = share[share <= np.quantile(share, ORDINARY)]
    usual = (ordinary.sum() + 0.5) / (ordinary.size + 1)
    spread = max(ordinary.var() / (usual * (1 - usual)), LEAST_SPREAD)
    strength = max(1 / spread - 1, 1e-9)
    p_values = betabinom.sf(idle[judged] - 1, count[judged], usual * strength, (1 - usual) * strength)
    stands_out = false_discovery_control(p_values) <= q
    excess[judged[stands_out]] = np.maximum(idle - usual * count, 0)[judged[stands_out]]
    return excess
