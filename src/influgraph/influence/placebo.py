"""Tests that influence must fail: exposures that cannot have acted must earn nothing."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence import _effects, _exposure, _intensity
from influgraph.influence._arrays import Floats
from influgraph.influence._exposure import Broadcasts, Exposure, Scene
from influgraph.influence._intensity import State

COLUMNS = ["check", "subject", "estimate", "low", "high", "baseline", "verdict"]
TOLERATED = 0.05
SWEEPS = 60
DOUBT = "part of the timing of posts is mistaken for influence, read influence with that doubt"
_WEEK = 7 * 86400.0


def placebo_tests(
    data: Dataset, *, kinds: Sequence[str], niches: pd.Series, window: str = "3D", rng: np.random.Generator
) -> pd.DataFrame:
    """Let posts that cannot have acted compete for the outcomes, by the model that estimates influence.

    The impossible posts stand beside the real ones, in one fit. `lead exposures`: posts made *after* an
    outcome. `posts a week later`, `posts a week earlier`: every
    post moved by seven days, so that daily and weekly rhythm stay and cause and effect do not. Whatever
    these earn is what the model mistakes for influence.

    Parameters
    ----------
    data
        The dataset.
    kinds, niches, window, rng
        As in `attribution.incremental_actions`.

    Returns
    -------
    One row per test: `check`, `subject` (whose share is meant), `estimate` with 90 % interval `low`,
    `high` (share of outcomes credited to the impossible posts, 0-1), `baseline` (share credited to the
    real ones), `verdict` in words: passed where the interval ends by 5 %, doubtful where only the estimate is
    below, else failed. No rows where no outcome of people's own has times and exposures.

    References
    ----------
    Anagnostopoulos, Kumar & Mahdian (2008), Influence and correlation in social networks. Eckles &
    Bakshy (2021), Bias and high-dimensional adjustment in observational studies of peer effects.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from influgraph import dataset
    >>> acts = pd.DataFrame({"account_id": list("ab"), "kind": "repost", "target_id": list("cc")})
    >>> data = dataset.from_tables(engagements=acts)
    >>> nowhere = pd.Series(pd.NA, index=data.account_ids, dtype="Int64")
    >>> len(placebo_tests(data, kinds=["repost"], niches=nowhere, rng=np.random.default_rng(7)))
    0
    """
    acts = dataset.resolved_engagements(data)
    acts = acts[acts["kind"].isin(list(kinds)) & acts["receiver_id"].isna() & acts["created_at"].notna()]
    scene = _exposure.find_scene(data, acts, niche=_exposure.number_niches(niches))
    if isinstance(scene, str):
        return pd.DataFrame(columns=COLUMNS)
    seconds = pd.Timedelta(window).total_seconds()
    real = _exposure.expose(scene, window=seconds)
    fitted = _intensity.fit_intensity(real)
    rows = []
    for check, impossible in _impossible(scene).items():
        both = _exposure.compete(real, _exposure.expose(impossible, window=seconds))
        rows.append(_row(check, *_credited(both, fitted.state, rng=rng)))
    return pd.DataFrame(rows, columns=COLUMNS)


def _impossible(scene: Scene) -> dict[str, Scene]:
    """Scenes in which no broadcast can have acted; whoever follows is taken to have followed always."""
    since = np.full_like(scene.attention.since, -np.inf)
    scene = replace(scene, attention=replace(scene.attention, since=since))
    backwards = replace(scene.outcomes, waking=scene.waking_period - scene.outcomes.waking)
    later, earlier = (_moved(scene.broadcasts, shift) for shift in (_WEEK, -_WEEK))
    reflected = _moved(scene.broadcasts, scene.waking_period, sign=-1.0)
    return {
        "lead exposures": replace(scene, outcomes=backwards, broadcasts=reflected),
        "posts a week later": replace(scene, broadcasts=later),
        "posts a week earlier": replace(scene, broadcasts=earlier),
    }


def _moved(broadcasts: Broadcasts, shift: float, *, sign: float = 1.0) -> Broadcasts:
    """Every broadcast at `shift + sign * time`; a week is as long awake as by the clock."""
    time = np.where(np.isfinite(broadcasts.time), shift + sign * broadcasts.time, np.inf)
    exposer = np.repeat(np.arange(len(broadcasts.start) - 1), np.diff(broadcasts.start))
    order = np.lexsort((time, exposer))
    return Broadcasts(broadcasts.start, time[order], broadcasts.author[order], broadcasts.direct[order])


def _credited(exposure: Exposure, alone: State, *, rng: np.random.Generator) -> tuple[Floats, float]:
    """Share of outcomes credited to the impossible posts (estimate, low, high), and to the real ones.

    `alone` is the fit of the real posts without rivals: there these start, the others where all fits start.
    """
    real, start = len(alone.theta), _intensity.start_state(exposure)
    theta = np.concatenate([alone.theta, start.theta[real:]])
    fitted = _intensity.fit_intensity(exposure, start=replace(start, kernel=alone.kernel, theta=theta))
    groups = (np.arange(len(exposure.authors)) >= real).astype(np.int64)
    effects = _effects.sample_effects(exposure, fitted, sweeps=SWEEPS, groups=groups, rng=rng)
    share = fitted.exposed[effects.authors] / len(exposure.outcomes.account)
    impossible = effects.authors >= real
    low, high = np.quantile((share[:, None] * effects.draws)[impossible].sum(axis=0), [0.05, 0.95])
    mean = share * effects.mean()
    return np.array([mean[impossible].sum(), low, high]), float(mean[~impossible].sum())


def _row(check: str, share: Floats, real: float) -> dict[str, object]:
    estimate, low, high = share.tolist()
    verdict = "failed" if estimate > TOLERATED else "doubtful" if high > TOLERATED else "passed"
    words = f"impossible posts earn {estimate:.1%} of the outcomes, real ones {real:.1%}"
    meaning = "" if verdict == "passed" else f"; {DOUBT}"
    row = [check, "all accounts", estimate, low, high, real, f"{verdict}: {words}{meaning}"]
    return dict(zip(COLUMNS, row, strict=True))
