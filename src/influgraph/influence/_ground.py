"""What a test of an account stands on: how often its followers act anyway, and how unevenly."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence._arrays import Floats, Ints, sum_by

WEEK = 7 * 86400.0
# Weight of what everybody shows (outcomes; expected pairs of them; blocks) beside the account's own people.
_RATE_STRENGTH, _PEOPLE_STRENGTH, _BLOCKS_STRENGTH = 1.0, 20.0, 4.0
_FEWEST_BLOCKS = 4


@dataclass(frozen=True)
class Ground:
    """What was measured of one account before its test.

    `people` follow it; it makes `posts` a week; they have `anyway` outcomes per person and week, posts or
    not. Between people, the variance over m expected outcomes is m + `uneven` * m**2; between neighbouring
    blocks of weeks it is `overdispersion` times the mean, and `autocorrelation` that of successive blocks
    (both null where there are fewer than four). `weeks` is the length of the study.
    """

    people: float
    posts: float
    anyway: float
    uneven: float
    overdispersion: float
    autocorrelation: float
    weeks: float


def find_ground(data: Dataset, acts: pd.DataFrame, account_id: str, *, block: int) -> Ground | str:
    """Measure it from the acts that count, in blocks of weeks, or say in words what is not known."""
    period, code = dataset.study_period(data), int(np.flatnonzero(data.account_ids == account_id)[0])
    if period is None or acts.empty:
        return "no timed outcome of people's own is known; acts done to an account are counted, not tested"
    weeks = ((period[1] - period[0]).total_seconds() + 1) / WEEK
    if weeks < 1:
        return "the study is shorter than a week, so what people do in a week is not known"
    posts = data.posts[data.posts["repost_of"].isna()] if "repost_of" in data.posts else data.posts
    made = int((posts["author_id"].cat.codes == code).sum())
    people, followers, everybody = _people(data, code)
    if not made or not people:
        return f"it has no {'follower' if made else 'post'}, so nobody would be shown anything"
    actor = acts["account_id"].cat.codes.to_numpy()
    number = ((acts["created_at"] - period[0]) // pd.Timedelta(weeks=block)).to_numpy(np.int64)
    by_person = np.bincount(actor, minlength=len(data.account_ids)).astype(np.float64)
    by_block = [_by_block(number[group[actor]], int(weeks // block)) for group in (followers, everybody)]
    usual = by_person[everybody].mean() / weeks
    outcomes = by_person[followers].sum()
    anyway = (outcomes + _RATE_STRENGTH) / (followers.sum() * weeks + _RATE_STRENGTH / max(usual, 1e-12))
    uneven = _uneven(by_person[followers], by_person[everybody])
    return Ground(people, made / weeks, anyway, uneven, *_between_blocks(*by_block), weeks)


def _people(data: Dataset, code: int) -> tuple[float, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """How many follow the account, and who does (of all accounts); who follows anybody."""
    count = len(data.account_ids)
    everybody, followers = np.ones(count, bool), np.zeros(count, bool)
    if data.follows.empty:
        stated = data.accounts.get("followers_stated", pd.Series(0, data.account_ids))
        return float(stated.astype("float64").fillna(0).iloc[code]), everybody, everybody
    follower = data.follows["follower_id"].cat.codes.to_numpy()
    followers[follower[data.follows["followed_id"].cat.codes == code]] = True
    everybody = np.bincount(follower, minlength=count) > 0
    return float(followers.sum()), followers, everybody


def _by_block(number: Ints, blocks: int) -> Floats:
    whole = number[number < blocks]
    return sum_by(whole, np.ones(len(whole)), blocks)


def _uneven(own: Floats, everybody: Floats) -> float:
    """Variance between people of what they do, over its mean squared, beyond chance; own drawn to usual."""

    def pairs(counts: Floats) -> tuple[float, float]:
        total = counts.sum()
        return float((counts * (counts - 1)).sum()), float(total * (total - 1) / max(len(counts), 1))

    (seen, expected), (all_seen, all_expected) = pairs(own), pairs(everybody)
    usual = all_seen / all_expected if all_expected > 0 else 1.0
    ratio = (seen + _PEOPLE_STRENGTH * usual) / (expected + _PEOPLE_STRENGTH)
    return max(ratio - 1, 0.0)


def _between_blocks(own: Floats, everybody: Floats) -> tuple[float, float]:
    """Variance between neighbouring blocks over the mean, own drawn to usual; own autocorrelation."""
    if len(own) < _FEWEST_BLOCKS:
        return np.nan, np.nan
    jumps, mean, spread = float((np.diff(own) ** 2).mean() / 2), own.mean(), own.var(ddof=1)
    shocks = ((np.diff(everybody) ** 2).mean() / 2 - everybody.mean()) / max(everybody.mean(), 1e-12) ** 2
    usual = 1 + max(shocks, 0.0) * mean
    weight = len(own) - 1
    found = (weight * jumps / mean if mean else weight) + _BLOCKS_STRENGTH * usual
    return max(found / (weight + _BLOCKS_STRENGTH), 1.0), 1 - jumps / spread if spread else 0.0
