"""Does it predict? Standing still at moments of the past, who will draw most people next."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence import _forecast_measures as measures
from influgraph.influence import _forecast_model as model
from influgraph.influence._arrays import Floats, Ints
from influgraph.influence._forecast_measures import Table
from influgraph.influence._forecast_responses import Responses, find_responses
from influgraph.influence._words import length

COLUMNS = ["check", "subject", "estimate", "low", "high", "baseline", "verdict"]
OURS = "our forecast"
UNFADED = "no fading served better at earlier moments, so that it is past engagement as it is"
CAUTION = "a forecast is not influence, and popularity may win it"
EARLIEST, FEWEST_ACCOUNTS, FEWEST_ENGAGERS = 0.4, 20, 10

Predictors = Mapping[str, Callable[[Dataset], pd.Series]]


def walk_forward(
    data: Dataset,
    *,
    kinds: Sequence[str],
    predictors: Predictors,
    window: str = "3D",
    origins: int = 6,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Forecast, several times from the past alone, who draws most people next, and judge by what came.

    The first origin is where two fifths of the outcomes have happened; the outcomes after it are cut into
    equal parts, each the future of the origin before it. What is asked, for every account seen by then:
    where outcomes are done to accounts (reposts), how many different accounts will engage; where they
    are people's own (purchases), how many different followers will have an outcome within `window` after
    one of its posts to come, whether or not because of it (where views are listed: after viewing it).
    Neither is influence: both reward reach, and followers may rightly win.

    Parameters
    ----------
    data
        The dataset; outcomes without a time are left out, and of outcomes of both sorts the rarer sort.
    kinds
        Kinds of engagement that count as outcome.
    predictors
        Name and measure of what is to be compared; each is given the dataset as known at an origin and
        returns one number per account, null where unknown. Beside them stand past engagement, the same
        fading with a half-life where one served better at earlier moments, and our forecast
        (`next_engagers`).
    window
        How long after a post outcomes of people's own are looked at, a pandas duration.
    origins
        How many times a forecast is made.
    rng
        Draws accounts and origins anew for the intervals.

    Returns
    -------
    `check`, `subject`, `estimate`, `low`, `high`, `baseline`, `verdict`. First what is asked
    (`forecast`, estimate: number of origins). Then by predictor, as means over origins: `forecast: order`
    (Spearman), `forecast: hits` (part of the k named that are among the k who draw most; k is 100, of under
    1,000 accounts 20, of under 200 a tenth), `forecast: share` (what the k named draw, as part of
    what the best k draw); `baseline` is what chance would reach. Then our forecast minus the best of the
    others (`baseline`: what that reaches), on the same draws. Intervals are of 90 %, from resampling
    accounts and origins. Where there is too little to judge by, one row that says why.

    Raises
    ------
    ValueError
        If `origins` is below 2, the window is no positive duration, or a predictor has another index than
        the accounts.

    References
    ----------
    Tashman (2000), Out-of-sample tests of forecasting accuracy. Bakshy et al. (2011), Everyone's an
    influencer. Crane & Sornette (2008), Robust dynamic classes revealed by measuring the response
    function of a social system (responses fade by a power of their age).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from influgraph import dataset
    >>> acts = pd.DataFrame({"account_id": list("ab"), "kind": "repost", "target_id": list("cc")})
    >>> data = dataset.from_tables(engagements=acts)
    >>> rows = walk_forward(data, kinds=["repost"], predictors={}, rng=np.random.default_rng(7))
    >>> rows["verdict"].item()
    'not tested: the outcomes have no times'
    """
    _check(window, origins)
    responses = find_responses(data, kinds=kinds, window=window)
    if isinstance(responses, str):
        return _untested(responses)
    rounds = _rounds(responses, origins)
    reason = _too_little(rounds, origins)
    if reason:
        return _untested(reason)
    first = _first(int(rounds[0].past.seen().sum()))
    judged = [_judge(data, one, predictors, first=first) for one in rounds]
    rows = [_question(responses, rounds, window=window)]
    rows += _compared(judged, [np.flatnonzero(one.past.seen()) for one in rounds], first=first, rng=rng)
    return pd.DataFrame(rows, columns=COLUMNS)


def next_engagers(data: Dataset, *, kinds: Sequence[str], ahead: int, window: str = "3D") -> pd.Series:
    """How many different accounts will respond to each account, in the next `ahead` outcomes.

    Past responses are summed by account, each counting less the older it is. Age is counted in outcomes, not
    hours: it is the share of all outcomes so far that came after the response, so that a burst lasts as long
    as a quiet spell. How fast responses fade (by a power of their age, or by halves), and whether an engager
    counts once or for every response, are taken from what served best at earlier moments of the past, each
    with a future as long beside its past; where nothing was clearly better than counting, all count alike.
    Where outcomes are people's own, the sum is drawn half way towards a regression on followers, posts, and
    how active followers and engagers are.

    Parameters
    ----------
    data
        All that is known. To forecast from an earlier moment, pass `data.between(start, moment)`.
    kinds, window
        As in `walk_forward`, where it is said what counts as a response.
    ahead
        How many outcomes lie ahead.

    Returns
    -------
    Expected number of accounts, 0 to infinity, indexed like the accounts; null for those that are in no
    post or act, and for all where outcomes have no times, nobody could see a post before one, or they are
    too few to judge by (fewer than ten before and after every earlier moment).

    Raises
    ------
    ValueError
        If `ahead` is below 1, or the window is no positive duration.

    References
    ----------
    Crane & Sornette (2008), Robust dynamic classes revealed by measuring the response function of a social
    system. Zhao et al. (2015), SEISMIC: a self-exciting point process model for predicting tweet popularity.

    Examples
    --------
    >>> import pandas as pd
    >>> from influgraph import dataset
    >>> acts = {"account_id": [f"person {n}" for n in range(120)], "target_id": ["ann", "ann", "ben"] * 40}
    >>> acts = pd.DataFrame(acts | {"kind": "repost", "created_at": range(120)})
    >>> data = dataset.from_tables(engagements=acts)
    >>> next_engagers(data, kinds=["repost"], ahead=30)[["ann", "ben"]].round(1).to_dict()
    {'ann': 20.5, 'ben': 10.2}
    """
    _check_window(window)
    if ahead < 1:
        raise ValueError(f"ahead: must be at least 1 outcome, received {ahead}")
    known = find_responses(data, kinds=kinds, window=window)
    if isinstance(known, str) or not model.earlier_splits(known, ahead=ahead):
        return pd.Series(np.nan, index=data.account_ids, name="next_engagers")
    expected = model.predict(known, ahead=ahead, first=_first(int(known.seen().sum())))[OURS]
    return pd.Series(np.where(known.seen(), expected, np.nan), index=data.account_ids, name="next_engagers")


@dataclass(frozen=True)
class _Round:
    """One forecast: what was known, how many outcomes lay ahead, and how many accounts then engaged."""

    past: Responses
    ahead: int
    future: Floats


def _check(window: str, origins: int) -> None:
    _check_window(window)
    if origins < 2:
        raise ValueError(f"origins: must be at least 2, received {origins}")


def _check_window(window: str) -> None:
    if not pd.Timedelta(window) > pd.Timedelta(0):
        raise ValueError(f"window: must be a duration above zero such as '3D', received {window!r}")


def _untested(reason: str) -> pd.DataFrame:
    row = ["forecast", "all accounts", np.nan, np.nan, np.nan, np.nan, f"not tested: {reason}"]
    return pd.DataFrame([row], columns=COLUMNS)


def _rounds(responses: Responses, origins: int) -> list[_Round]:
    """Cut the later outcomes into equal futures; those that begin at the same second are one."""
    outcomes = responses.outcome_time
    places = (len(outcomes) * np.linspace(EARLIEST, 1, origins + 1)[:-1]).astype(int)
    marks = np.append(np.unique(outcomes[places]), responses.now)
    starts = np.searchsorted(outcomes, marks)
    return [
        _Round(responses.before(start), int(ahead), responses.engagers_between(start, end))
        for start, end, ahead in zip(marks[:-1], marks[1:], np.diff(starts), strict=True)
    ]


def _too_little(rounds: Sequence[_Round], origins: int) -> str:
    """Say what is missing for a judgement; nothing where it can be made."""
    if len(rounds) < origins:
        return f"the outcomes fall on too few moments for {origins} forecasts"
    if min(len(one.past.time) for one in rounds) < FEWEST_ENGAGERS:
        return f"fewer than {FEWEST_ENGAGERS} responses to anybody are known before the first forecast"
    if min(int(one.past.seen().sum()) for one in rounds) < FEWEST_ACCOUNTS:
        return f"fewer than {FEWEST_ACCOUNTS} accounts could be compared at the first forecast"
    if min(one.future[one.past.seen()].sum() for one in rounds) < FEWEST_ENGAGERS:
        return f"fewer than {FEWEST_ENGAGERS} people respond to a known account after some forecast"
    return ""


def _first(accounts: int) -> int:
    """How many accounts a forecast names."""
    return 100 if accounts >= 1000 else 20 if accounts >= 200 else max(accounts // 10, 1)


def _judge(data: Dataset, one: _Round, predictors: Predictors, *, first: int) -> dict[str, Table | None]:
    """Lay each forecast beside what came, for the accounts seen by then; None where it is not known."""
    seen = one.past.seen()
    forecasts = _measured(data, one.past.now, predictors)
    forecasts |= model.predict(one.past, ahead=one.ahead, first=first)
    return {
        name: None if np.isinf(values[seen]).all() else measures.tabulate(values[seen], one.future[seen])
        for name, values in forecasts.items()
    }


def _measured(data: Dataset, origin: float, predictors: Predictors) -> dict[str, Floats]:
    """Take every measure on the dataset as it was known; what is null comes last."""
    if not predictors:
        return {}
    period = dataset.study_period(data)
    moment = pd.Timestamp(round(origin * 1e6), unit="us", tz="UTC")
    past = data.between(period[0], moment) if period else data
    forecasts = {}
    for name, measure in predictors.items():
        values = measure(past)
        if not values.index.equals(data.account_ids):
            raise ValueError(f"predictors: {name!r} must return one number per account, in their order")
        forecasts[name] = values.to_numpy(np.float64, na_value=-np.inf)
    return forecasts


def _question(responses: Responses, rounds: Sequence[_Round], *, window: str) -> list[Any]:
    """Say what was asked, of whom, from when."""
    outcome, (start, end) = " or ".join(responses.kinds), (_day(rounds[place].past.now) for place in (0, -1))
    asked = f"who will draw a {outcome} from most different accounts"
    if responses.own:
        within = length(pd.Timedelta(window).total_seconds())
        asked = f"in whose audience will most people have a {outcome} within {within} after its next posts, "
        asked += "whether or not because of them"
    words = f"asked {len(rounds)} times from {start} to {end}, from the past alone: {asked}, in the next "
    words += f"{rounds[0].ahead:,} outcomes; {CAUTION}"
    return ["forecast", "all accounts", float(len(rounds)), np.nan, np.nan, np.nan, words]


def _day(seconds: float) -> str:
    return pd.Timestamp(seconds, unit="s").strftime("%Y-%m-%d %H:%M")


def _compared(
    judged: Sequence[Mapping[str, Table | None]],
    seen: Sequence[Ints],
    *,
    first: int,
    rng: np.random.Generator,
) -> list[list[Any]]:
    """Rows of each predictor by each measure, then of ours against the best of the others."""
    names = [name for name in judged[0] if all(tables[name] is not None for tables in judged)]
    known = [{name: table for name in names if (table := tables[name]) is not None} for tables in judged]
    means = {
        name: np.mean([measures.quality(tables[name], first=first) for tables in known], axis=0)
        for name in names
    }
    draws = measures.resample(known, seen, first=first, rng=rng)
    chance = np.mean([measures.by_chance(tables[OURS], first=first) for tables in known], axis=0)
    unfaded = (
        model.FADING if np.array_equal(draws[model.FADING], draws[model.PLAIN], equal_nan=True) else None
    )
    rows = []
    for place, check in enumerate(measures.NAMES):
        rows += [
            _row(check, name, means[name][place], draws[name][:, place], chance[place], first=first)
            if name in names
            else [f"forecast: {check}", name, *[np.nan] * 4, "not known in these data"]
            for name in judged[0]
        ]
        best = max((name for name in names if name != OURS), key=lambda name: means[name][place])
        gains = draws[OURS][:, place] - draws[best][:, place]
        rows.append(_against(check, best, means[OURS][place], means[best][place], gains, first=first))
    return [[*row[:-1], f"{row[-1]}; {UNFADED}"] if row[1] == unfaded else row for row in rows]


def _row(check: str, name: str, estimate: float, draws: Floats, chance: float, *, first: int) -> list[Any]:
    low, high = _interval(estimate, draws)
    verdict = {
        "order": f"the order by {name} and the order of what came agree by {estimate:z.2f} "
        f"[{low:z.2f} to {high:z.2f}], where 1 is the same order and 0 none",
        "hits": f"of the {first} first by {name}, {estimate:.0%} [{low:.0%} to {high:.0%}] were among the "
        f"{first} who drew most people next; {chance:.0%} would be by chance",
        "share": f"the {first} first by {name} drew {estimate:.0%} [{low:.0%} to {high:.0%}] of what the "
        f"best {first} drew next; {chance:.0%} would be by chance",
    }
    return [f"forecast: {check}", name, estimate, low, high, chance, verdict[check]]


def _against(check: str, best: str, ours: float, baseline: float, gains: Floats, *, first: int) -> list[Any]:
    gain = ours - baseline
    low, high = _interval(gain, gains)
    place = (
        "ours is ahead" if low > 0 else "ours falls behind" if high < 0 else "which is better cannot be told"
    )
    others = f"{best}, the best of the others"
    verdict = {
        "order": f"the order of {OURS} agrees with the order of what came by {ours:z.2f}, the order by "
        f"{others}, by {baseline:z.2f}: {place} (difference {gain:+z.2f} [{low:+z.2f} to {high:+z.2f}])",
        "hits": f"of the {first} accounts that {OURS} names, {ours:.0%} were among the {first} who drew most "
        f"people next; of the {first} first by {others}, {baseline:.0%}: {_points(place, gain, low, high)}",
        "share": f"the {first} accounts that {OURS} names drew {ours:.0%} of what the best {first} drew; "
        f"the {first} first by {others}, {baseline:.0%}: {_points(place, gain, low, high)}",
    }
    return [f"forecast: {check}", f"{OURS} against {best}", gain, low, high, baseline, verdict[check]]


def _points(place: str, *difference: float) -> str:
    gain, low, high = (100 * value for value in difference)
    return f"{place} (difference {gain:+z.0f} points [{low:+z.0f} to {high:+z.0f}])"


def _interval(estimate: float, draws: Floats) -> tuple[float, float]:
    low, high = np.nanquantile(draws, [0.05, 0.95])
    return float(min(low, estimate)), float(max(high, estimate))
