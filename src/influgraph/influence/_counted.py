"""Outcomes that are done to an account, like a repost of its post: counted, as none can be had without it."""

import numpy as np
import pandas as pd
from scipy import stats

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence import _result
from influgraph.influence._arrays import Flags, Floats, sum_by
from influgraph.influence._result import Attribution


def counted(data: Dataset, acts: pd.DataFrame, *, rng: np.random.Generator) -> Attribution:
    """Outcomes done to the account: counted, with the uncertainty of who happened to act."""
    receiver, weight = acts["receiver_id"].cat.codes.to_numpy(), acts["weight"].to_numpy(np.float64)
    count = len(data.account_ids)
    received = sum_by(receiver, weight, count)
    by_actor = pd.Series(weight).groupby([receiver, acts["account_id"].cat.codes.to_numpy()]).sum()
    variance = sum_by(by_actor.index.get_level_values(0).to_numpy(), by_actor.to_numpy() ** 2, count)
    estimated = _was_heard(data)
    mean, spread = received[estimated], _dispersion(received, variance)[estimated]
    shape = mean / spread + 0.5
    low, high = (spread * stats.gamma.ppf(level, shape) for level in (0.05, 0.95))
    draws = spread[:, None] * rng.gamma(shape[:, None], size=(len(shape), _result.DRAWS))
    numbers = np.column_stack(
        [np.where(mean > 0, np.minimum(low, mean), 0), mean, np.maximum(high, mean), mean]
    )
    reason = np.full(count, "no post, or nobody to see it", dtype=object)
    accounts = _result.frame_estimates(data, numbers, estimated, grade="observed", missing=reason)
    kernel = pd.Series(dtype=np.float64, name="kernel")
    whole, credited = float(weight.sum()), float(mean.sum())
    return Attribution(
        accounts,
        **_result.undivided(),
        draws=draws,
        kernel=kernel,
        outcomes=whole,
        reached=credited,
        credited=credited,
        pause=0.0,
    )


def _dispersion(received: Floats, variance: Floats) -> Floats:
    """Variance over mean: actors may act more than once. Drawn to the pooled ratio by ten outcomes."""
    pooled = max(variance.sum() / max(received.sum(), 1e-12), 1e-12)
    return np.asarray((variance + 10 * pooled) / (received + 10))


def _was_heard(data: Dataset) -> Flags:
    """Has a post and a follower, as far as the tables can tell: being engaged with proves both."""
    count = len(data.account_ids)
    engaged = np.zeros(count, bool)
    engaged[dataset.resolved_engagements(data)["receiver_id"].dropna().cat.codes] = True
    posted, followed = engaged.copy(), engaged.copy()
    posted[data.posts["author_id"].cat.codes] = True
    followed[data.follows["followed_id"].cat.codes] = True
    return np.asarray(posted & followed)
