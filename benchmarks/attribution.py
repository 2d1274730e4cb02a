"""Attribution of 10,000, 100,000 and 1,000,000 outcomes, each with some ten posts in the window before.

No peer fits this model: beside it stands its expectation step, forty of which are a fit, in plain numpy.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks._measure import cost

if TYPE_CHECKING:
    from influgraph.dataset import Dataset
    from influgraph.influence._exposure import Exposure, Scene

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
SMALL, MIDDLE, LARGE = 10_000, 100_000, 1_000_000
DAYS, NICHES, FOLLOWS, POSTS = 56, 12, 19, 8
START = pd.Timestamp("2026-01-05", tz="UTC")
WINDOW = 3 * 86400.0


def small() -> Callable[[], object]:
    """Exposure, fit and sampled effects of ten thousand outcomes."""
    return _fit(SMALL)


def middle() -> Callable[[], object]:
    """The same of a hundred thousand."""
    return _fit(MIDDLE)


def large() -> Callable[[], object]:
    """The same of a million."""
    return _fit(LARGE)


def whole() -> Callable[[], object]:
    """From the tables of a million outcomes to every account's row."""
    from influgraph.influence.attribution import incremental_actions

    data, niches = draw(LARGE)
    return lambda: incremental_actions(data, kinds=["purchase"], niches=niches, rng=np.random.default_rng(7))


def step() -> Callable[[], object]:
    """One expectation step over the pairs of a million outcomes."""
    from influgraph.influence import _intensity

    exposure = _exposed(LARGE)
    state, baseline = _intensity.start_state(exposure), np.full(LARGE, 1e-7)
    return lambda: _intensity.share_outcomes(exposure, state, baseline)


def step_numpy() -> Callable[[], object]:
    """The same by `bincount`."""
    from influgraph.influence import _intensity

    exposure = _exposed(LARGE)
    state, baseline = _intensity.start_state(exposure), np.full(LARGE, 1e-7)

    def share() -> tuple[npt.NDArray[np.generic], ...]:
        outcome, author, cell = exposure.pair_outcome, exposure.pair_author, exposure.pair_cell
        added = state.theta[author] * state.kernel[cell]
        intensity = baseline + np.bincount(outcome, added, minlength=LARGE)
        share = added / intensity[outcome]
        return baseline / intensity, np.bincount(author, share), np.bincount(cell, share)

    return share


def run() -> list[dict[str, object]]:
    """Growth, the whole way from the tables, and the step beside numpy."""
    first = f"{SMALL:,} outcomes, first, compiling"
    rows = [{"what": first, "pairs": _pairs(SMALL), "seconds": _first(), "MB": np.nan}]
    for name, case, size in (
        (f"{SMALL:,} outcomes", small, SMALL),
        (f"{MIDDLE:,} outcomes", middle, MIDDLE),
        (f"{LARGE:,} outcomes", large, LARGE),
        (f"{LARGE:,} outcomes, from the tables", whole, LARGE),
        ("one expectation step", step, LARGE),
        ("one expectation step, numpy", step_numpy, LARGE),
    ):
        seconds, peak = cost(case)
        rows.append({"what": name, "pairs": _pairs(size), "seconds": seconds, "MB": peak})
    return rows


def _first() -> float:
    """Seconds of the smallest fit where nothing has been compiled before."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.attribution"]
        environment = os.environ | {"NUMBA_CACHE_DIR": folder}
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return float(done.stdout)


def _pairs(outcomes: int) -> int:
    return len(_exposed(outcomes).pair_outcome)


def _fit(outcomes: int) -> Callable[[], object]:
    from influgraph.influence import _effects, _exposure, _intensity, _pace

    scene = _scene(outcomes)

    def fit() -> object:
        exposure = _exposure.expose(_pace.by_best_clock(scene, window=WINDOW), window=WINDOW)
        fitted = _intensity.fit_intensity(exposure)
        return _effects.sample_effects(exposure, fitted, rng=np.random.default_rng(7))

    return fit


def _exposed(outcomes: int) -> "Exposure":
    from influgraph.influence import _exposure

    return _exposure.expose(_scene(outcomes), window=WINDOW)


def _scene(outcomes: int) -> "Scene":
    from influgraph import dataset
    from influgraph.influence import _exposure

    data, niches = draw(outcomes)
    acts = dataset.resolved_engagements(data)
    scene = _exposure.find_scene(
        data, acts[acts["kind"] == "purchase"], niche=_exposure.number_niches(niches)
    )
    assert not isinstance(scene, str)
    return scene


def draw(outcomes: int, *, seed: int = 7) -> "tuple[Dataset, pd.Series]":
    """A fifth as many accounts as outcomes, followers by niche and fame, one outcome in seven caused."""
    from influgraph import dataset

    rng = np.random.default_rng(seed)
    accounts, authors = outcomes // 5, int(2 * outcomes**0.5)
    niche = rng.integers(0, NICHES, accounts)
    follower, followed = _follows(niche, authors, rng)
    author = np.repeat(np.arange(authors), rng.poisson(POSTS, authors) + 1)
    posted = _times(len(author), rng)
    reposter, reposted = rng.integers(0, accounts, accounts), rng.integers(0, len(author), accounts)
    caused = outcomes // 7
    buyer, bought = _caused(follower, followed, author, posted, caused, rng)
    acts = {
        "account_id": np.concatenate([reposter, buyer, rng.integers(0, accounts, outcomes - caused)]),
        "kind": np.repeat(["repost", "purchase"], [accounts, outcomes]),
        "created_at": np.concatenate([
            posted[reposted] + rng.exponential(36000, accounts), bought, _times(outcomes - caused, rng)
        ]),
        "post_id": np.concatenate([reposted, np.full(outcomes, -1)]),
    }  # fmt: skip
    engagements = pd.DataFrame(acts).sort_values("created_at", ignore_index=True)
    engagements["created_at"] = _stamps(engagements["created_at"])
    engagements["post_id"] = engagements["post_id"].astype("Int64").mask(engagements["post_id"] < 0)
    data = dataset.from_tables(
        accounts=pd.DataFrame({"account_id": np.arange(accounts)}),
        follows=pd.DataFrame({"follower_id": follower, "followed_id": followed}),
        posts=pd.DataFrame(
            {"post_id": np.arange(len(author)), "author_id": author, "created_at": _stamps(posted)}
        ),
        engagements=engagements,
    )
    return data, pd.Series(niche, index=data.account_ids)


def _follows(niche: Ints, authors: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Everybody follows authors, more of the own niche and of the famous, and five others."""
    accounts = len(niche)
    fame = np.cumsum((rng.permutation(authors) + 10.0) ** -0.9)
    chosen = np.searchsorted(fame, rng.random((2, accounts * FOLLOWS)) * fame[-1])
    follower = np.repeat(np.arange(accounts), FOLLOWS)
    near = niche[chosen[0]] == niche[follower]
    followed = np.where(near | (rng.random(len(near)) < 0.5), *chosen)
    other = rng.integers(0, accounts, (2, accounts * 5))
    key = np.concatenate([follower, other[0]]) * accounts + np.concatenate([followed, other[1]])
    follower, followed = np.divmod(np.unique(key), accounts)
    return follower[follower != followed], followed[follower != followed]


def _times(count: int, rng: np.random.Generator) -> Floats:
    """Seconds of the study, four in five by day."""
    hour = np.where(rng.random(count) < 0.8, rng.uniform(9, 23, count), rng.uniform(0, 24, count))
    return np.asarray(3600 * (24 * rng.integers(0, DAYS, count) + hour), dtype=np.float64)


def _stamps(seconds: Floats | pd.Series) -> pd.DatetimeIndex:
    return START + pd.to_timedelta(np.minimum(seconds, DAYS * 86400).astype(np.int64), unit="s")


def _caused(
    follower: Ints, followed: Ints, author: Ints, posted: Floats, count: int, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    """Outcomes of followers, some hours after a post of one of the persuasive tenth of authors."""
    persuasive = np.flatnonzero(followed % 10 == 0)
    persuasive = persuasive[followed[persuasive] <= author[-1]]
    seen = persuasive[rng.integers(0, len(persuasive), count)]
    first = np.searchsorted(author, followed[seen])
    last = np.searchsorted(author, followed[seen], side="right")
    post = first + (rng.random(count) * (last - first)).astype(np.int64)
    return follower[seen], posted[post] + rng.exponential(8 * 3600, count)


if __name__ == "__main__":
    begun_with = small()
    begun = time.perf_counter()
    begun_with()
    print(time.perf_counter() - begun)
