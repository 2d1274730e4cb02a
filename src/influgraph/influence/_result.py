"""What an attribution finds, and the table that all its forms fill."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence import _clock, _effects, _exposure, _trial_evidence, _words
from influgraph.influence._arrays import Flags, Floats, sum_by
from influgraph.influence._clock import Clock

DRAWS = _effects.SWEEPS
INTERVAL = ["influence_low", "influence", "influence_high"]
LABELS = ("niche", "market", "platform")


@dataclass(frozen=True)
class Attribution:
    """Influence of every account, and what the model learnt on the way.

    `accounts` has one row per account, in dataset order:

    - `influence`, `influence_low`, `influence_high`: outcomes in the studied period that would not have
      happened without the account's posts, through direct exposure; 90 % interval. Below zero only where
      people are shown to act less after its posts.
    - `influence_total`: the same, with what follows through reposts.
    - `influence_grade`: `observed` where outcomes are acts done to the account itself, `causal under
      assumptions` where they can be had without it, `estimated` where times or follows are incomplete, or
      times are dates.
    - `influence_rate`: influence per 1,000 exposures (follower x post made after the follow).
    - `influence_missing`: why there is no estimate, in words; null where there is one.
    - `influence_information`: share of what the account's exposures could tell that is left once the baseline
      has taken its part, 0-1; near 0 its posts come when everything else does, and the prior decides.
    - `suppression_q`: share of false alarms among accounts as suspect as this one, or more, of making people
      act less (0-1); below zero its influence needs less than 5 % here. Null, with the reason in
      `suppression_missing`, where the data cannot tell.
    - `outcomes_after`, `had_anyway`, `due_to_others`, `shrinkage`, `through_reposts`: what the estimate is
      made of. Outcomes of those who may have seen a post before, less those had anyway, less those due to
      others, plus what the prior adds, less what came through reposts, is `influence`. Null where outcomes
      are counted; where they come in sessions, these are taken to be as long as those brought about.

    `by_niche` has a row for each estimated account and niche it reaches: `account_id`, `niche` (of the people
    moved), `influence`, `influence_low`, `influence_high`; its influence sums to the account's. `by_market`
    and `by_platform` do the same by what `accounts` say of the people moved, and have no rows where they do
    not; `by_topic` does by the topic of the posts that moved them. `by_trial` sets what trials say beside
    what was seen without them, for each account that has both: `effect` and `seen` with `_low` and `_high`,
    outcomes per 1,000 exposures. `draws` holds
    random draws of the influence of the estimated accounts (rows: `accounts` without nulls, in order).
    `kernel` gives the learnt share of effects by delay, in waking time or by the clock on the wall.
    `outcomes` counts the outcomes studied, `reached` those with a post before them that may have brought
    them, `credited` the part that is credited to posts. `pause` is how long after an act, in seconds, the
    same account's next one counts to the same session; 0 where acts do not make others likelier.
    """

    accounts: pd.DataFrame
    by_niche: pd.DataFrame
    by_market: pd.DataFrame
    by_platform: pd.DataFrame
    by_topic: pd.DataFrame
    by_trial: pd.DataFrame
    draws: Floats
    kernel: pd.Series
    outcomes: float
    reached: float
    credited: float
    pause: float

    @property
    def sessions(self) -> tuple[str, ...]:
        """How acts count that make others of the same account likelier, in words; none if none do."""
        words = (
            f"Within {_words.length(self.pause)} of an act its account does the same again much oftener than "
            "usual, whoever posts. Such acts count as one session, and a post is credited with all acts of "
            "the sessions that it brings about."
        )
        return (words,) if self.pause else ()


def nothing(data: Dataset, reason: str, *, outcomes: int = 0) -> Attribution:
    """Nobody is estimated, for a reason in words."""
    missing = np.full(len(data.account_ids), reason, dtype=object)
    accounts = frame_estimates(
        data, np.empty((0, 4)), np.zeros(len(missing), bool), grade=None, missing=missing
    )
    kernel = pd.Series(dtype=np.float64, name="kernel")
    draws = np.empty((0, DRAWS))
    return Attribution(
        accounts,
        **undivided(),
        draws=draws,
        kernel=kernel,
        outcomes=float(outcomes),
        reached=0.0,
        credited=0.0,
        pause=0.0,
    )


def undivided() -> dict[str, pd.DataFrame]:
    """Influence by each label of the people moved, and by trial, where none is known."""
    labels = *LABELS, "topic"
    by_label = {f"by_{label}": pd.DataFrame(columns=["account_id", label, *INTERVAL]) for label in labels}
    return {**by_label, "by_trial": pd.DataFrame(columns=["account_id", *_trial_evidence.COLUMNS])}


def frame_estimates(
    data: Dataset, numbers: Floats, estimated: Flags, *, grade: str | None, missing: npt.NDArray[Any]
) -> pd.DataFrame:
    """Columns low, mean, high, total of the estimated accounts, laid out over all accounts."""
    whole = np.full((len(data.account_ids), 4), np.nan)
    whole[estimated] = numbers
    frame = pd.DataFrame(whole, index=data.account_ids, columns=[*INTERVAL, "influence_total"])
    frame = frame[["influence", "influence_low", "influence_high", "influence_total"]]
    frame["influence_grade"] = pd.Series(grade, frame.index, dtype="str").where(estimated)
    exposures = count_exposures(data)
    frame["influence_rate"] = 1000 * frame["influence"] / np.where(exposures > 0, exposures, np.nan)
    frame["influence_missing"] = pd.Series(missing, frame.index, dtype="str").mask(estimated)
    return frame


def count_exposures(data: Dataset) -> Floats:
    """Followers x posts made after the follow, per author."""
    from influgraph.influence import _kernels

    start, clock = find_clock(data)
    follows = _exposure.follow_attention(data, start, clock)
    posts = _exposure.post_broadcasts(data, start, clock)
    reached = _kernels.count_exposures(
        follows.start, follows.exposers, follows.since, posts.start, posts.time
    )
    return sum_by(posts.author[posts.direct], reached[posts.direct], len(data.account_ids))


def find_clock(data: Dataset) -> tuple[pd.Timestamp, Clock]:
    """When the study starts, and its waking time."""
    start = (dataset.study_period(data) or (pd.Timestamp(0, tz="UTC"),))[0]
    return start, _clock.find_clock(data, start)
