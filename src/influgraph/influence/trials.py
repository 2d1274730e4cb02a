"""Trials: what randomised or coded outcomes say about the effect of an account's posts."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph.dataset import Breach, DatasetError
from influgraph.influence._arrays import Flags, Floats

ARMS = ("treated", "control", "code")
REDEMPTION, ANYWAY = 0.3, 0.05
_REQUIRED = ("account_id", "arm", "people", "posts", "outcomes")
_OPTIONAL: dict[str, str | float] = {
    "trial": "1",
    "weeks": 1.0,
    "overdispersion": np.nan,
    "redemption": REDEMPTION,
    "anyway": ANYWAY,
}
# Redemption is judgement: half or twice as much is quite possible (nodes and weights of Gauss and Hermite).
_REDEMPTION_SPREAD = 0.5
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
_FEWEST_RESIDUALS = 3
# The grid of rates is laid anew over those whose log-likelihood is above this.
_STEPS, _ZOOMS, _HARDLY = 401, 3, -12.0


def check_trials(trials: pd.DataFrame, account_ids: pd.Index, *, once: bool = False) -> pd.DataFrame:
    """Check a table of trials, and fill in what is optional.

    One row per arm of a trial, or several where it was counted in parts (weeks):

    - `account_id`: whose posts were tried.
    - `arm`: `treated`, those who were shown the posts; `control`, those who were not, or the same people in
      weeks without posts; `code`, outcomes that carry the account's promo code, by those shown the posts.
    - `people`: how many were watched; `posts`: how many posts each was shown (control: 0 or empty);
      `outcomes`: how many outcomes they had.
    - `trial`: a name, where an account has several; what people do anyway is taken as equal within a trial.
    - `weeks`: how long they were watched; 1 where it is not given, for arms equally long.
    - `overdispersion`: variance of the outcomes over their mean; else as the rows show, else 1.
    - `redemption`: share of caused outcomes that carry the code (0.3); `anyway`: share of the outcomes had
      anyway that carry it too (0.05). Both are assumptions.

    Parameters
    ----------
    trials
        The table.
    account_ids
        The accounts of the dataset.
    once
        Whether nobody has the outcome twice, so that an arm cannot have more outcomes than people.

    Returns
    -------
    The same rows with every column, numbers as floats.

    Raises
    ------
    DatasetError
        With all that is wrong at once: missing columns, unknown accounts or arms, numbers out of range,
        trials without a control or with nothing but one.

    Examples
    --------
    >>> arms = {"account_id": "ann", "arm": ["treated", "control"], "people": 500, "posts": [8, 0]}
    >>> check_trials(pd.DataFrame({**arms, "outcomes": [19, 9]}), pd.Index(["ann", "ben"]))["weeks"].tolist()
    [1.0, 1.0]
    """
    absent = [name for name in _REQUIRED if name not in trials]
    if absent:
        repair = f"Columns are {', '.join(_REQUIRED)}; optional: {', '.join(_OPTIONAL)}."
        raise DatasetError(
            "trials", [Breach("trials", name, 1, "missing required column", (), repair) for name in absent]
        )
    frame = trials.copy()
    for name, default in _OPTIONAL.items():
        frame[name] = frame[name].fillna(default) if name in frame else default
    text = {name: frame[name].astype("str") for name in ("account_id", "arm", "trial")}
    names = [name for name in (*_REQUIRED, *_OPTIONAL) if name not in text]
    numbers = {name: pd.to_numeric(frame[name], errors="coerce").astype("float64") for name in names}
    clean = frame.assign(**text, **numbers)
    clean["posts"] = clean["posts"].mask(clean["arm"].eq("control") & frame["posts"].isna(), 0.0)
    rows = trials.reset_index(drop=True), clean.reset_index(drop=True)
    breaches = [*_breaches(*rows, account_ids), *(_too_many(*rows) if once else ())]
    if breaches:
        raise DatasetError("trials", breaches)
    return clean


def _breaches(given: pd.DataFrame, clean: pd.DataFrame, account_ids: pd.Index) -> Iterator[Breach]:
    arm, posts = clean["arm"], clean["posts"]
    known, control = arm.isin(ARMS), arm.eq("control")
    stated = given.get("overdispersion", pd.Series(np.nan, given.index)).notna()
    rules = {
        ("account_id", "no account of the dataset", "Use ids of the accounts."): ~clean["account_id"].isin(
            account_ids.astype("str")
        ),
        ("arm", "no arm", f"Use one of {', '.join(ARMS)}."): ~known,
        ("people", "must be a number above 0", "Say how many were watched."): ~_finite(clean["people"], 0.0),
        ("outcomes", "must be a number from 0 up", "Count the outcomes."): ~_finite(clean["outcomes"]),
        ("posts", "must be a number above 0 where posts were shown", "Say how many each was shown."): known
        & ~control
        & ~_finite(posts, 0.0),
        ("posts", "must be 0 or empty in a control arm", "Who was shown posts is treated."): control
        & posts.ne(0),
        ("weeks", "must be a number above 0", "Say how long they were watched."): ~_finite(
            clean["weeks"], 0.0
        ),
        ("overdispersion", "must be a number from 1 up", "1 is the variance of chance alone."): stated
        & ~clean["overdispersion"].between(1, 1e9),
        ("redemption", "must be a share above 0, at most 1", "0.3 is assumed without it."): ~clean[
            "redemption"
        ].between(1e-9, 1),
        ("anyway", "must be a share from 0 to 1", "0.05 is assumed without it."): ~clean["anyway"].between(
            0, 1
        ),
    }
    for (column, problem, repair), wrong in rules.items():
        if wrong.any():
            yield _breach(given, column, wrong.to_numpy(), problem, repair)
    yield from _one_sided(given, clean)


def _finite(values: pd.Series, above: float = -1e-300) -> pd.Series:
    return values.gt(above) & values.lt(np.inf)


def _breach(given: pd.DataFrame, column: str, wrong: Flags, problem: str, repair: str) -> Breach:
    values = given[column].tolist() if column in given else [None] * len(given)
    rows = np.flatnonzero(wrong)
    examples = tuple(f"row {row + 1}: {values[row]!r}" for row in rows[:3])
    return Breach("trials", column, len(rows), problem, examples, repair)


def _one_sided(given: pd.DataFrame, clean: pd.DataFrame) -> Iterator[Breach]:
    """Trials in which nothing can be compared."""
    same = [clean["account_id"], clean["trial"]]
    control = clean["arm"].eq("control")
    only = control.groupby(same).transform("all").to_numpy()
    never = ~control.groupby(same).transform("any").to_numpy()
    if never.any():
        repair = "Add what people did who were not shown the posts, or in weeks without."
        yield _breach(given, "arm", never, "a trial without a control arm", repair)
    if only.any():
        repair = "Add the arm that was shown the posts, or drop the trial."
        yield _breach(given, "arm", only, "a trial with nothing but control arms", repair)


def _too_many(given: pd.DataFrame, clean: pd.DataFrame) -> Iterator[Breach]:
    """Arms with more outcomes than people, where everybody has one at most."""
    above = clean["outcomes"] > clean["people"]
    if above.any():
        repair = "In the data nobody has this outcome twice: count each person once, or correct the people."
        yield _breach(given, "outcomes", above.to_numpy(), "more outcomes than people", repair)


def trial_effects(trials: pd.DataFrame, account_ids: pd.Index) -> pd.DataFrame:
    """Estimate what trials alone say of the effect of each account's posts.

    Parameters
    ----------
    trials
        As `check_trials` takes it.
    account_ids
        The accounts of the dataset.

    Returns
    -------
    One row per account with a trial, in the order of `account_ids`: `effect, effect_low, effect_high`,
    outcomes per 1,000 exposures (one post shown to one person); the likeliest, and the middle 90 % of the
    likelihood (widened to the likeliest where it lies beyond). Below zero where those shown the posts did
    less. No row where there is no trial.

    Raises
    ------
    DatasetError
        As in `check_trials`.

    Examples
    --------
    >>> arms = {"account_id": "ann", "arm": ["treated", "control"], "people": 500, "posts": [8, 0]}
    >>> trials = pd.DataFrame({**arms, "outcomes": [49, 9]})
    >>> trial_effects(trials, pd.Index(["ann", "ben"])).round(0).loc["ann"].tolist()
    [10.0, 7.0, 13.0]
    """
    checked = check_trials(trials, account_ids)
    by_account = {name: _middle(rows) for name, rows in checked.groupby("account_id")}
    found = pd.DataFrame.from_dict(by_account, "index", columns=["effect", "effect_low", "effect_high"])
    order = [name for name in account_ids.astype("str") if name in by_account]
    return 1000 * found.loc[order].rename_axis("account_id")


def _middle(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Likeliest rate of one account's trials, and the ends of the middle 90 % of its likelihood."""
    most = rows["outcomes"].sum() + 10 * np.sqrt(rows["outcomes"].sum() + 1)
    least_shown = (rows["people"] * rows["posts"])[rows["posts"] > 0].min()
    end = most / (least_shown * rows["redemption"].min())
    start = -end
    for _ in range(_ZOOMS):
        rates = np.linspace(start, end, _STEPS)
        log = _account_likelihood(rows, rates)
        shown = np.flatnonzero(log > _HARDLY)
        start, end = rates[max(shown[0] - 1, 0)], rates[min(shown[-1] + 1, _STEPS - 1)]
    below = np.exp(log).cumsum()
    low, high = rates[np.searchsorted(below / below[-1], [0.05, 0.95])]
    best = float(rates[log.argmax()])
    return best, min(float(low), best), max(float(high), best)


def trial_likelihood(trials: pd.DataFrame, account_ids: pd.Index, rates: npt.NDArray[np.floating]) -> Floats:
    """How well each rate of an account's effect agrees with its trials.

    In every arm outcomes are Poisson about *people x weeks x what they do anyway + people x posts x rate*;
    what they do anyway is unknown, one number per trial, and averaged over (Jeffreys prior). A variance
    larger than the mean by a factor makes the log-likelihood smaller by that factor; where the factor had to
    be learnt from few rows, tails are those of Student's t.

    Parameters
    ----------
    trials
        As `check_trials` takes it.
    account_ids
        The accounts of the dataset.
    rates
        Outcomes per exposure (one post shown to one person): one row for all accounts, or accounts x rates.

    Returns
    -------
    Accounts x rates, the log-likelihood less that of the best rate: at most 0, and 0 throughout where there
    is no trial. Minus infinity where a negative rate is impossible.

    Raises
    ------
    DatasetError
        As in `check_trials`.
    ValueError
        If `rates` has another number of rows than there are accounts.

    References
    ----------
    McCullagh (1983), Quasi-likelihood functions. Aral & Walker (2011), Creating social contagion through
    viral product design: a randomized trial of peer influence in networks.

    Examples
    --------
    >>> arms = {"account_id": "ann", "arm": ["treated", "control"], "people": 500, "posts": [8, 0]}
    >>> trials = pd.DataFrame({**arms, "outcomes": [49, 9]})
    >>> trial_likelihood(trials, pd.Index(["ann", "ben"]), np.array([0, 0.01, 0.02])).round(1)
    array([[-15.4,   0. , -10.2],
           [  0. ,   0. ,   0. ]])
    """
    rates = np.asarray(rates, np.float64)
    if rates.ndim not in {1, 2} or (rates.ndim == 2 and len(rates) != len(account_ids)):
        raise ValueError(
            f"rates: one row, or one for each of the {len(account_ids)} accounts, received {rates.shape}"
        )
    result = np.zeros((len(account_ids), rates.shape[-1]))
    checked, every = check_trials(trials, account_ids), np.broadcast_to(rates, result.shape)
    place = pd.Series(np.arange(len(account_ids)), account_ids.astype("str"))
    for account_id, rows in checked.groupby("account_id"):
        own = int(place[account_id])
        result[own] = _account_likelihood(rows, every[own])
    return result


def _account_likelihood(rows: pd.DataFrame, rates: Floats) -> Floats:
    """All trials of one account, averaged over what share of caused outcomes carries the code."""
    spread, freedom = _spread(rows, rates)
    coded = rows["arm"].eq("code").to_numpy()
    factors = np.exp(_REDEMPTION_SPREAD * _NODES) if coded.any() else np.ones(1)
    weights = _WEIGHTS / _WEIGHTS.sum() if coded.any() else np.ones(1)
    log = np.stack([_all_trials(rows, rates, spread, factor) for factor in factors])
    with np.errstate(divide="ignore"):
        total = np.logaddexp.reduce(log + np.log(weights)[:, None], axis=0)
    total -= total.max()
    if np.isfinite(freedom):
        total = -(freedom + 1) / 2 * np.log1p(-2 * total / freedom)
    return np.asarray(total)


def _all_trials(rows: pd.DataFrame, rates: Floats, spread: Floats, factor: float = 1.0) -> Floats:
    trial = rows["trial"].to_numpy()
    parts = [trial == name for name in pd.unique(trial)]
    return np.asarray(np.sum([_one_trial(rows[part], rates, spread[part], factor) for part in parts], axis=0))


def _coefficients(rows: pd.DataFrame, factor: float) -> tuple[Floats, Floats]:
    """What each row's mean gains per unit of the anyway rate, and per unit of the effect."""
    coded = rows["arm"].eq("code")
    share = (factor * rows["redemption"]).clip(upper=1.0).where(coded, 1.0)
    base = rows["people"] * rows["weeks"] * rows["anyway"].where(coded, 1.0)
    return base.to_numpy(), (rows["people"] * rows["posts"] * share).to_numpy()


def _one_trial(rows: pd.DataFrame, rates: Floats, spread: Floats, factor: float) -> Floats:
    """Log-likelihood of the rates, the anyway rate integrated out on a grid of its square root."""
    base, exposed = _coefficients(rows, factor)
    counts, control = rows["outcomes"].to_numpy(), rows["arm"].eq("control").to_numpy()
    anyway = _root_grid(base, counts, spread, control) ** 2
    log = np.zeros((len(rates), len(anyway)))
    for count, per_base, per_exposure, excess in zip(counts, base, exposed, spread, strict=True):
        mean = per_base * anyway + per_exposure * rates[:, None]
        possible = (mean > 0) | ((mean == 0) & (count == 0))
        mean = np.where(mean > 0, mean, 1.0 if count else 0.0)
        log += np.where(possible, (count * np.log(np.maximum(mean, 1e-300)) - mean) / excess, -np.inf)
    return np.asarray(np.logaddexp.reduce(log, axis=1))


def _root_grid(base: Floats, counts: Floats, spread: Floats, control: Flags) -> Floats:
    """Square roots of anyway rates, wide enough for the control rows alone and for all rows together."""
    error = np.sqrt((base / spread).sum() ** -1 / 4), np.sqrt((base / spread)[control].sum() ** -1 / 4)
    middle = [np.sqrt(counts[rows].sum() / base[rows].sum()) for rows in (control, np.ones_like(control))]
    low, high = max(min(middle) - 6 * error[1], 0.0), max(middle) + 6 * error[1]
    steps = int(np.clip(np.ceil((high - low) / (error[0] / 4)), 50, 4000))
    return np.asarray(low + (np.arange(steps) + 0.5) / steps * (high - low))


def _spread(rows: pd.DataFrame, rates: Floats) -> tuple[Floats, float]:
    """Variance over mean of every row: as given, else as the rows scatter about their fit, else 1.

    And the degrees of freedom it was learnt from; infinite where nothing was learnt.
    """
    stated = rows["overdispersion"].to_numpy()
    freedom = len(rows) - rows["trial"].nunique() - 1
    if not np.isnan(stated).any() or freedom < _FEWEST_RESIDUALS:
        return np.where(np.isnan(stated), 1.0, stated), np.inf
    best = rates[np.argmax(_all_trials(rows, rates, np.ones(len(rows))))]
    misfit = 0.0
    for _, part in rows.groupby("trial"):
        base, exposed = _coefficients(part, 1.0)
        counts = part["outcomes"].to_numpy()
        anyway = max((counts.sum() - best * exposed.sum()) / base.sum(), 1e-12)
        mean = np.maximum(base * anyway + exposed * best, 1e-9)
        misfit += float(((counts - mean) ** 2 / mean).sum())
    learnt = max(misfit / freedom, 1.0)
    return np.where(np.isnan(stated), learnt, stated), float(freedom)
