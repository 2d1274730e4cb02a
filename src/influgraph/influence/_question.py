"""What is asked of the data, checked: outcomes of people's own, and whether anything can be told of them."""

from collections.abc import Sequence

import pandas as pd

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence import _enough, _exposure, _rounding
from influgraph.influence._exposure import Scene


def checked_window(data: Dataset, kinds: Sequence[str], niches: pd.Series, window: str) -> float:
    """Window in seconds, or what is wrong with the arguments."""
    if isinstance(kinds, str):
        raise ValueError(f"kinds: must be a list such as ['purchase'], received {kinds!r}")  # noqa: TRY004 - one kind of error
    if not niches.index.equals(data.account_ids):
        raise ValueError("niches: must be indexed by the dataset's accounts, in their order")
    wrong = f"window: must be a duration above zero such as '3D', received {window!r}"
    try:
        seconds = pd.Timedelta(window).total_seconds()
    except ValueError:
        raise ValueError(wrong) from None
    if not seconds > 0:
        raise ValueError(wrong)
    return seconds


def own_acts(data: Dataset, kinds: Sequence[str]) -> pd.DataFrame:
    """Engagements of these kinds that are done to nobody."""
    acts = dataset.resolved_engagements(data)
    return acts[acts["kind"].isin(list(kinds)) & acts["receiver_id"].isna()]


def own_outcomes(data: Dataset, kinds: Sequence[str], niches: pd.Series, *, window: float) -> Scene | str:
    """Outcomes of people's own and exposure, or why nothing can be tested, in words."""
    data = _rounding.unrounded(data, kinds=kinds)
    acts = dataset.resolved_engagements(data)
    present, acts = acts["kind"], acts[acts["kind"].isin(list(kinds))]
    if acts.empty:
        return _enough.no_such_kind(present, kinds)
    if acts["receiver_id"].notna().mean() >= 0.5:
        return "outcomes are acts done to the account: they are counted, so nothing is there to test"
    acts = acts[acts["receiver_id"].isna()]
    scene = _exposure.find_scene(data, acts, niche=_exposure.number_niches(niches))
    return scene if isinstance(scene, str) else _enough.too_little(scene, window=window) or scene
