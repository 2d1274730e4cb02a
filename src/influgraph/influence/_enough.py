"""Whether outcomes and exposures can be told apart at all: what to say where they cannot."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from influgraph.influence._exposure import Scene
from influgraph.influence._words import length

FEWEST_OUTCOMES = 10


def no_such_kind(present: pd.Series, kinds: Sequence[str]) -> str:
    """Say in words that no engagement (of the kinds present) is an outcome."""
    if not kinds:
        return "no engagement that counts"
    known = ", ".join(sorted(present.astype("str").unique()))
    return f"no outcome of kind {', '.join(kinds)}; " + (
        f"kinds in the data: {known}" if known else "there are no engagements in the data"
    )


def too_little(scene: Scene, *, window: float) -> str | None:
    """Say in words why no effect can be estimated from this scene; None where it can.

    `window` is how long a broadcast can act, in seconds.
    """
    from influgraph.influence import _kernels

    outcomes, attention, posts = scene.outcomes, scene.attention, scene.broadcasts
    count = len(outcomes.account)
    if count < FEWEST_OUTCOMES:
        return f"only {count} timed outcome{'s' * (count != 1)}: too few to tell cause from chance"
    if np.ptp(outcomes.time) == 0:
        return "all outcomes happened at one time, so nothing tells what they followed"
    if window >= scene.period:
        return (
            f"the window ({length(window)}) is not shorter than the study ({length(scene.period)}): "
            "choose a shorter one"
        )
    reach = attention.exposers, attention.since, posts.start, posts.time
    pairs = _kernels.count_pairs(outcomes.account, outcomes.waking, attention.start, *reach, window)
    if not pairs.any():
        return "no outcome comes in the window after a post that its person could see"
    return None
