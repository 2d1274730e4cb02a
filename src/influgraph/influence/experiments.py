"""Plans of tests that settle a doubt: how long until an effect of a given size would show."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, stats

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence import trials
from influgraph.influence._arrays import Floats
from influgraph.influence._ground import WEEK, Ground, find_ground

UNITS = ("per 1,000 exposures", "outcomes in all")
_NUMBERS = (
    "effect", "posts", "weeks", "people", "detectable", "power", "anyway", "overdispersion",
    "autocorrelation",
)  # fmt: skip
COLUMNS = ["account_id", "design", *_NUMBERS, "assumes", "grade", "verdict"]
_FEWEST_PAIRS = 3
_SMALLEST, _LARGEST = 1e-9, 1e3


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a test is to achieve, and what is assumed of it.

    Attributes
    ----------
    power, level
        Chance to show the effect if it is there, and to show one that is not (one-sided).
    held_out
        Share of followers that a holdout does not show the posts.
    window
        How long after a post it can act, a pandas duration.
    redemption, anyway
        Assumed: share of caused outcomes that carry the promo code, and share of those had anyway, within
        the window of a post, that carry it too.
    longest
        Weeks beyond which a test is no answer.
    """

    power: float = 0.8
    level: float = 0.05
    held_out: float = 0.5
    window: str = "3D"
    redemption: float = trials.REDEMPTION
    anyway: float = trials.ANYWAY
    longest: int = 52

    def __post_init__(self) -> None:
        """Refuse what cannot be tested."""
        shares = ("power", "level", "held_out", "redemption")
        allowed = {
            **{name: ("above 0 and below 1", 0 < getattr(self, name) < 1) for name in shares},
            "anyway": ("from 0 to below 1", 0 <= self.anyway < 1),
            "window": ("a duration above zero such as '3D'", self.seconds > 0),
            "longest": ("at least 1 week", self.longest >= 1),
        }
        faults = [
            f"{name}: must be {wanted}, received {getattr(self, name)!r}"
            for name, (wanted, holds) in allowed.items()
            if not holds
        ]
        if faults:
            raise ValueError("; ".join(faults))

    @property
    def seconds(self) -> float:
        """The window in seconds."""
        return float(pd.Timedelta(self.window).total_seconds())

    @property
    def block(self) -> int:
        """Weeks that are on or off together, so that a post can act within its own block."""
        return 1 + int(self.seconds // WEEK)


def plan_test(
    data: Dataset,
    effects: pd.Series,
    *,
    kinds: Sequence[str],
    unit: str = UNITS[0],
    trial: Trial | None = None,
) -> pd.DataFrame:
    """How many posts and weeks it takes until an effect of an account would show, by three designs.

    `holdout`: a random part of the followers is not shown the posts. `switchback`: weeks are paired, and a
    coin says in which of the two the account posts. `code`: posts carry a promo code, and outcomes with it
    are counted. How many outcomes the followers have anyway, how unequal they are, and how much their weeks
    vary beyond chance and from one to the next, is measured from the data. The first two designs then rest
    on chance alone; the third on the share of outcomes that carry the code, which is assumed.

    Parameters
    ----------
    data
        The dataset.
    effects
        The effect that is to show, by id of the doubtful accounts.
    kinds
        Kinds of engagement that count as outcome. Acts done to somebody are left out: they are counted, and
        need no test.
    unit
        `per 1,000 exposures` (one post shown to one follower), or `outcomes in all`, over the studied period.
    trial
        Power, level and what else is fixed; by default power 0.8 at one-sided 5 %.

    Returns
    -------
    One row per account and design: the `effect` asked for, per 1,000 exposures; the `weeks` and `posts` it
    takes and the `people` watched; the `power` then, and the effect `detectable` then with the power asked
    for, in the unit of `effect`. Where it cannot be shown in the longest time, `weeks` and `posts` are null,
    and `power` and `detectable` those of the longest time. `anyway` is measured per person and week;
    `overdispersion` is the variance of the test's counts over their mean (of an arm, of a block of weeks),
    as `trials` takes it; `autocorrelation` that of successive blocks. `assumes`, `grade` and `verdict` are
    words. All numbers are null where nothing can be planned; `verdict` says why.

    Raises
    ------
    ValueError
        If an account is unknown, an effect not above 0 or the unit another.

    References
    ----------
    Bojinov, Simchi-Levi & Zhao (2023), Design and analysis of switchback experiments. Lewis & Rao (2015),
    The unfavorable economics of measuring the returns to advertising.

    Examples
    --------
    >>> weeks = pd.date_range("2026-01-05", periods=8, freq="7D", tz="UTC")
    >>> posts = pd.DataFrame({"post_id": range(8), "author_id": "ann", "created_at": weeks})
    >>> follows = pd.DataFrame({"follower_id": list("bcde"), "followed_id": "ann"})
    >>> bought = {"account_id": list("bbcd"), "kind": "purchase", "created_at": weeks[[0, 2, 4, 6]]}
    >>> data = dataset.from_tables(follows=follows, posts=posts, engagements=pd.DataFrame(bought))
    >>> plan = plan_test(data, pd.Series({"ann": 250.0}), kinds=["purchase"])
    >>> plan.set_index("design")["weeks"].to_dict()
    {'holdout': 21, 'switchback': 26, 'code': 9}
    """
    trial = trial or Trial()
    _check(data, effects, unit)
    acts = dataset.resolved_engagements(data)
    acts = acts[acts["kind"].isin(list(kinds)) & acts["receiver_id"].isna() & acts["created_at"].notna()]
    rows = []
    for account_id, effect in effects.items():
        ground = find_ground(data, acts, str(account_id), block=trial.block)
        for name, design in _DESIGNS.items():
            found = (
                _nothing(ground) if isinstance(ground, str) else _planned(design, effect, unit, ground, trial)
            )
            rows.append({"account_id": str(account_id), "design": name, "grade": design.grade, **found})
    frame = pd.DataFrame(rows, columns=COLUMNS)
    whole = dict.fromkeys(("posts", "weeks", "people"), "Int64")
    return frame.astype({**dict.fromkeys(_NUMBERS, "float64"), **whole})


def _check(data: Dataset, effects: pd.Series, unit: str) -> None:
    unknown = [repr(name) for name in effects.index if str(name) not in data.account_ids]
    if unknown:
        raise ValueError(f"effects: must be indexed by ids of accounts, received {', '.join(unknown[:5])}")
    if not (effects > 0).all():
        raise ValueError(f"effects: must be above 0, received {effects[~(effects > 0)].tolist()[:5]}")
    if unit not in UNITS:
        raise ValueError(f"unit: must be one of {', '.join(UNITS)}, received {unit!r}")


@dataclass(frozen=True)
class _Design:
    """A way to test: its power by weeks, share of weeks with posts, spread of its counts, and words."""

    power: Callable[[float, Floats, Ground, Trial], Floats]
    posting: float
    spread: Callable[[float, Ground], float]
    assumes: Callable[[Trial], str]
    grade: str


def _holdout_power(effect: float, weeks: Floats, ground: Ground, trial: Trial) -> Floats:
    """Root deviance of the counts expected in both arms, beside that needed."""
    shown, held = ground.people * (1 - trial.held_out), ground.people * trial.held_out
    anyway = ground.anyway * weeks
    treated, control = shown * (anyway + effect * ground.posts * weeks), held * anyway
    pooled = (treated + control) / ground.people
    deviance = 2 * (
        treated * np.log(treated / (shown * pooled)) + control * np.log(control / (held * pooled))
    )
    needed, deviance = stats.norm.ppf(1 - trial.level), np.maximum(deviance, 0)
    return np.asarray(stats.norm.cdf(np.sqrt(deviance / (1 + ground.uneven * anyway)) - needed))


def _switchback_power(effect: float, weeks: Floats, ground: Ground, trial: Trial) -> Floats:
    """One-sided paired t-test of the differences between the two blocks of each pair."""
    pairs = weeks // (2 * trial.block)
    mean = ground.people * ground.anyway * trial.block
    gain = effect * ground.people * ground.posts * trial.block
    freedom = np.maximum(pairs - 1, 1)
    shift = gain * np.sqrt(pairs / (2 * ground.overdispersion * mean + gain))
    power = stats.nct.sf(stats.t.ppf(1 - trial.level, freedom), freedom, shift)
    return np.where(pairs >= _FEWEST_PAIRS, power, 0.0)


def _code_power(effect: float, weeks: Floats, ground: Ground, trial: Trial) -> Floats:
    """Exact Poisson test of the outcomes that carry the code."""
    soon = min(1.0, ground.posts * trial.seconds / WEEK)
    anyway = trial.anyway * ground.people * ground.anyway * soon * weeks
    caused = trial.redemption * effect * ground.people * ground.posts * weeks
    most = stats.poisson.isf(trial.level, anyway)
    return np.asarray(stats.poisson.sf(most, anyway + caused))


_DESIGNS = {
    "holdout": _Design(
        power=_holdout_power,
        posting=1.0,
        spread=lambda weeks, ground: 1 + ground.uneven * ground.anyway * weeks,
        assumes=lambda trial: (
            f"posts can be hidden from {trial.held_out:.0%} of the followers, drawn at random, who do not "
            "come across them elsewhere; people act each for themselves"
        ),
        grade="estimated",
    ),
    "switchback": _Design(
        power=_switchback_power,
        posting=0.5,
        spread=lambda _, ground: ground.overdispersion,
        assumes=lambda trial: (
            f"a coin orders the {trial.block} + {trial.block} weeks of each pair, all posts of weeks on are "
            f"made at least {trial.window} before these end, and nothing else is timed by the coin"
        ),
        grade="estimated",
    ),
    "code": _Design(
        power=_code_power,
        posting=1.0,
        spread=lambda *_: 1.0,
        assumes=lambda trial: (
            f"{trial.redemption:.0%} of what posts cause carries the code, and {trial.anyway:.0%} of what "
            f"would have been done anyway within {trial.window} of a post: neither is measured"
        ),
        grade="assumed",
    ),
}


def _nothing(reason: str) -> dict[str, Any]:
    return {"verdict": f"nothing can be planned: {reason}", "grade": None}


def _planned(design: _Design, effect: float, unit: str, ground: Ground, trial: Trial) -> dict[str, Any]:
    """Row of one design: the first length from which on its power suffices, else what the longest shows."""
    if design.power is _switchback_power and np.isnan(ground.overdispersion):
        return _nothing("the study has fewer than four blocks of weeks, so how much they vary is not known")
    per_exposure = effect / (1000 if unit == UNITS[0] else ground.people * ground.posts * ground.weeks)
    weeks = np.arange(1.0, trial.longest + 1)
    power = design.power(per_exposure, weeks, ground, trial)
    # The power of counts climbs by steps and falls a little between them.
    lasting = np.flatnonzero(np.minimum.accumulate(power[::-1])[::-1] >= trial.power)
    shown = len(lasting) > 0
    needed = weeks[lasting[0]] if shown else weeks[-1]
    detectable = 1000 * _detectable(design, needed, ground, trial)
    return {
        "effect": 1000 * per_exposure,
        "weeks": needed if shown else np.nan,
        "posts": np.ceil(needed * ground.posts * design.posting) if shown else np.nan,
        "people": ground.people,
        "detectable": detectable,
        "power": power[int(needed) - 1],
        "anyway": ground.anyway,
        "overdispersion": design.spread(needed, ground),
        "autocorrelation": ground.autocorrelation,
        "assumes": design.assumes(trial),
        "verdict": _verdict(needed, 1000 * per_exposure, detectable, trial, shown=shown),
    }


def _detectable(design: _Design, weeks: float, ground: Ground, trial: Trial) -> float:
    """Smallest effect per exposure that has the power asked for after these weeks; null where none has."""

    def lacking(log_effect: float) -> float:
        power = design.power(np.exp(log_effect), np.array([weeks]), ground, trial)
        return float(power[0]) - trial.power

    low, high = np.log(_SMALLEST), np.log(_LARGEST)
    return float(np.exp(optimize.brentq(lacking, low, high))) if lacking(low) < 0 < lacking(high) else np.nan


def _verdict(weeks: float, effect: float, detectable: float, trial: Trial, *, shown: bool) -> str:
    asked = f"{effect:.3g} outcomes per 1,000 exposures"
    if shown:
        return f"after {weeks:.0f} weeks an effect of {asked} shows with a chance of {trial.power:.0%}"
    more = f"by then {detectable:.3g} would" if detectable > 0 else "the test has too few pairs of weeks"
    return f"an effect of {asked} cannot be shown within {trial.longest} weeks: {more}"
