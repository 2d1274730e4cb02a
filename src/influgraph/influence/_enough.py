"""Whether outcomes and exposures can be told apart at all: what to say where they cannot."""

import numpy as np
import pandas as pd

from influgraph.influence._exposure import Scene

FEWEST_OUTCOMES = 10


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
        asked, known = (pd.Timedelta(seconds=length).ceil("s") for length in (window, scene.period))
        return f"the window ({asked}) is not shorter than the study ({known}): choose a shorter one"
    reach = attention.exposers, attention.since, posts.start, posts.time
    pairs = _kernels.count_pairs(outcomes.account, outcomes.waking, attention.start, *reach, window)
    if not pairs.any():
        return "no outcome comes in the window after a post that its person could see"
    return None
