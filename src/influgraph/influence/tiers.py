"""What is claimed of influencer tiers, put to the test on the data at hand."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from influgraph.influence._arrays import Flags, Floats

COLUMNS = ["check", "subject", "estimate", "low", "high", "baseline", "verdict"]
FEWEST = 8
FEWEST_ON_LINE = 20
FEWEST_RESPONSES = 10
WIDEST = 1000.0
MICRO = "micro"
MATCH = 0.8
_COUNTS = ("followers", "tier", "posts", "engagements_received")
_INFLUENCE = ("influence", "influence_grade")
_ABOUT = 1.5
_AROUND = 4.0
_MAX_DRAWS = 100
_ROUNDS = 6


def tier_claims(
    popularity: pd.DataFrame,
    influence: pd.DataFrame,
    draws: Floats,
    *,
    bounds: Mapping[str, int],
    price: pd.Series | None = None,
    sizes: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """Test three claims about tiers, by engagements received (counted) and by influence (caused).

    - `micros get more response per follower`: tier `micro` against all larger ones, per follower and post.
    - `a small account matches a star`: response per post at 50,000 followers against that at a million.
      Matched is what reaches 80 %. Where fewer than 8 accounts are about as large as either (within a factor
      of 1.5), the response is read off a log-log line through all accounts from a quarter of the smaller size
      to four times the larger; nothing is said of sizes that lie beyond all accounts.
    - `ordinary influencers are the most cost-effective`: micro and what is below it against all larger tiers,
      per post and unit of price.

    What is compared is the response expected of an account of either kind, not a sum in which the largest
    account decides: each counts as far as its rate is known. Accounts without a follower or a post say
    nothing and are left out; where no posts are known at all, "per post" is dropped.

    Parameters
    ----------
    popularity
        `followers`, `tier`, `posts` and `engagements_received`, one row per account.
    influence
        `influence`, null without estimate, and `influence_grade`; same index.
    draws
        Draws of the influence of the accounts that have one, in order: accounts x draws.
    bounds
        The least number of followers of each tier, smallest tier first.
    price
        What one post of the account costs, same index; null: unknown.
    sizes
        Followers of the small account and of the star; by default the lower bound of the tier above micro
        and that of the largest tier.

    Returns
    -------
    Six rows: `check`, `subject` (what counts as response, with its grade), `estimate` (a ratio) with its 90 %
    interval `low`, `high`, `baseline` (the ratio if tiers did not matter), and a `verdict`: supported,
    contradicted, or cannot be told, with the numbers or the reason. Null where the interval spans more than a
    factor of 1,000.

    Raises
    ------
    ValueError
        If a column is missing, or `draws` has not one row per account with influence.

    Notes
    -----
    A negative binomial regression with a robust variance over accounts (HC2, Satterthwaite's degrees of
    freedom); the draws enter as imputations (Rubin 1987). Accounts are taken as a sample of their tier: the
    interval is for others like them too. Influence is drawn towards what is usual, which understates how
    tiers differ. What field studies found: 1.88 million purchases brought 0.265 euros per follower
    of nano against 0.049 of macro influencers (Beichert et al. 2024); ordinary influencers are often the most
    cost-effective, under most assumptions on cost (Bakshy et al. 2011); engagement grows with follower count
    at decreasing rates (Leung et al. 2022). That micros get "1.5 times" the interest is
    folklore: the study named for it reports other figures.

    References
    ----------
    Beichert, Bayerl, Goldenberg & Lanz (2024), Revenue generation through influencer marketing. Bakshy,
    Hofman, Mason & Watts (2011), Everyone's an influencer. Leung, Gu, Li, Zhang & Palmatier (2022),
    Influencer marketing effectiveness. Bell & McCaffrey (2002), Bias reduction in standard errors for
    linear regression.

    Examples
    --------
    >>> counts = pd.DataFrame({"followers": [900, 300], "tier": "nano", "posts": 2})
    >>> counts["engagements_received"] = [5, 7]
    >>> nobody = pd.DataFrame({"influence": [None, None], "influence_grade": None}, dtype=object)
    >>> rows = tier_claims(counts, nobody, np.zeros((0, 9)), bounds={"nano": 0, "micro": 10_000})
    >>> rows.loc[0, "verdict"]
    'cannot be told: all accounts are in one tier (nano)'
    """
    _check(popularity, influence, draws)
    estimated = influence["influence"].notna().to_numpy()
    accounts = _Accounts.of(popularity, price, bounds)
    received = popularity["engagements_received"].to_numpy(np.float64, na_value=np.nan)
    caused = np.full((len(popularity), min(draws.shape[1], _MAX_DRAWS)), np.nan)
    few = draws[:, np.linspace(0, draws.shape[1] - 1, caused.shape[1]).astype(int)]
    level = influence["influence"].to_numpy(np.float64, na_value=np.nan)[estimated]
    caused[estimated] = few + (level - few.mean(axis=1))[:, None]
    grades = influence["influence_grade"].dropna().unique().tolist()
    responses = {
        "engagements (observed)": received[:, None],
        f"influence ({', '.join(grades) or 'no estimate'})": caused,
    }
    small, large = sizes or _sizes(bounds)
    rows = [
        [check, subject, *claim]
        for subject, response in responses.items()
        for check, claim in {
            "micros get more response per follower": _per_follower(accounts, response),
            f"a {small:,.0f} account matches a {large:,.0f} star": _match(accounts, response, small, large),
            "ordinary influencers are the most cost-effective": _per_money(accounts, response),
        }.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _check(popularity: pd.DataFrame, influence: pd.DataFrame, draws: Floats) -> None:
    for name, frame, needed in (("popularity", popularity, _COUNTS), ("influence", influence, _INFLUENCE)):
        missing = [column for column in needed if column not in frame]
        if missing:
            repair = "; join it from popularity.tier(...)" if missing == ["tier"] else ""
            raise ValueError(
                f"{name}: must have the columns {', '.join(needed)}; {', '.join(missing)} is missing{repair}"
            )
    estimated = influence["influence"].notna().sum()
    if draws.shape[:1] != (estimated,):
        raise ValueError(
            f"draws must have {estimated} rows, one per account with influence, received {draws.shape}"
        )


@dataclass(frozen=True)
class _Accounts:
    """Followers, posts (1 where none are known at all) and price; whose tier is micro, below, or above."""

    followers: Floats
    posts: Floats
    price: Floats
    place: Floats
    tiers: tuple[str, ...]
    named: bool
    per_post: bool

    @classmethod
    def of(cls, popularity: pd.DataFrame, price: pd.Series | None, bounds: Mapping[str, int]) -> "_Accounts":
        """Take what is needed; `place` is -1 below micro, 0 micro, 1 above, null elsewhere."""
        followers, posts = (
            popularity[column].to_numpy(np.float64, na_value=np.nan) for column in ("followers", "posts")
        )
        per_post = bool(np.nansum(posts) > 0)
        names = list(bounds)
        micro = names.index(MICRO) if MICRO in names else np.nan
        order = {name: float(np.sign(number - micro)) for number, name in enumerate(names)}
        tier = popularity["tier"].astype(object)
        costs = np.full(len(followers), np.nan)
        if price is not None:
            costs = price.to_numpy(np.float64, na_value=np.nan)
        return cls(
            followers=followers,
            posts=posts if per_post else np.ones_like(posts),
            price=costs,
            place=np.asarray(tier.map(order), dtype=np.float64),
            tiers=tuple(tier.dropna().unique()),
            named=MICRO in names,
            per_post=per_post,
        )


def _sizes(bounds: Mapping[str, int]) -> tuple[float, float]:
    """Where micro ends, and where the largest tier begins."""
    names = list(bounds)
    above = names[names.index(MICRO) + 1 :] if MICRO in names else []
    return (float(bounds[above[0]]), float(bounds[above[-1]])) if len(above) > 1 else (50_000.0, 1_000_000.0)


def _per_follower(accounts: _Accounts, response: Floats) -> list[object]:
    reason = _no_tiers(accounts)
    if reason:
        return _untold(reason)
    unit = "per follower" + (" and post" if accounts.per_post else "")
    exposure = accounts.followers * accounts.posts
    return _compared(exposure, response, accounts.place == 0, accounts.place == 1, ("micro", "larger"), unit)


def _per_money(accounts: _Accounts, response: Floats) -> list[object]:
    reason = _no_tiers(accounts)
    if reason or np.isnan(accounts.price).all():
        return _untold(reason or "no account states a price (accounts.price)")
    unit = "per unit of price" + (" and post" if accounts.per_post else "")
    exposure = np.where(accounts.followers > 0, accounts.price * accounts.posts, np.nan)
    names = ("micro or smaller", "larger")
    return _compared(exposure, response, accounts.place <= 0, accounts.place == 1, names, unit)


def _match(accounts: _Accounts, response: Floats, small: float, large: float) -> list[object]:
    usable = _usable(accounts.posts, response) & (accounts.followers > 0)
    log_size, step = np.log(np.where(usable, accounts.followers, 1.0)), small / large
    about = [usable & (abs(log_size - np.log(size)) <= np.log(_ABOUT)) for size in (small, large)]
    unit = " per post" if accounts.per_post else ""
    words = f"an account of {small:,.0f} followers gets %s of the response{unit} of one of {large:,.0f} "
    words += f"(matched from {MATCH:.2f} on; in proportion to followers {step:.2f}); "
    if min(one.sum() for one in about) >= FEWEST:
        words += f"compared by the {about[0].sum()} and {about[1].sum()} accounts of about these sizes"
        contrast = _Contrast(accounts.posts, response, about[0] | about[1], about[0].astype(np.float64), 1.0)
        return _row(contrast, baseline=step, bound=MATCH, words=words)
    local = usable & (accounts.followers >= small / _AROUND) & (accounts.followers <= large * _AROUND)
    reason = _too_short(log_size[local], small, large)
    if reason:
        return _untold(reason, step)
    words += f"too few accounts are of these sizes: read off a line through {local.sum()} accounts"
    contrast = _Contrast(accounts.posts, response, local, log_size, float(np.log(step)))
    return _row(contrast, baseline=step, bound=MATCH, words=words)


def _no_tiers(accounts: _Accounts) -> str:
    if len(accounts.tiers) == 1:
        return f"all accounts are in one tier ({accounts.tiers[0]})"
    if not accounts.tiers:
        return "nobody's followers are known"
    return "" if accounts.named else "no tier is called micro"


def _too_short(log_size: Floats, small: float, large: float) -> str:
    if len(log_size) < FEWEST_ON_LINE:
        return (
            f"only {len(log_size)} accounts that post have between a quarter of {small:,.0f} and four times "
            f"{large:,.0f} followers; {FEWEST_ON_LINE} are needed"
        )
    least, most = np.exp([log_size.min(), log_size.max()])
    if least > small * 1.01 or most < large / 1.01:
        return f"the accounts that post have {least:,.0f} to {most:,.0f} followers, so that no line reaches"
    return ""


def _compared(
    exposure: Floats, response: Floats, ours: Flags, theirs: Flags, names: tuple[str, str], unit: str
) -> list[object]:
    usable = _usable(exposure, response)
    ours, theirs = ours & usable, theirs & usable
    for group, name in zip((ours, theirs), names, strict=True):
        if group.sum() < FEWEST:
            return _untold(f"{group.sum()} {name} accounts can be compared {unit}; {FEWEST} are needed")
    words = f"{names[0]} accounts get %s times the response {unit} of {names[1]} ones"
    words += f" ({ours.sum()} against {theirs.sum()} accounts)"
    contrast = _Contrast(exposure, response, ours | theirs, ours.astype(np.float64), 1.0)
    return _row(contrast, baseline=1.0, bound=1.0, words=words)


def _untold(reason: str, baseline: float = 1.0) -> list[object]:
    return [np.nan, np.nan, np.nan, baseline, f"cannot be told: {reason}"]


@dataclass(frozen=True)
class _Contrast:
    """Response (accounts x draws) per exposure of some rows, where `column` is `step` higher."""

    exposure: Floats
    response: Floats
    rows: Flags
    column: Floats
    step: float


def _row(contrast: _Contrast, *, baseline: float, bound: float, words: str) -> list[object]:
    """Numbers and verdict; `words` has a place for the numbers."""
    total = contrast.response[contrast.rows].sum() / contrast.response.shape[1]
    if total < FEWEST_RESPONSES:
        return _untold(f"only {total:.1f} responses in all, {FEWEST_RESPONSES} are needed", baseline)
    low, estimate, high = _ratio(contrast)
    if high > WIDEST * low:
        reason = f"too few responses: the ratio is known to no better than a factor of {WIDEST:,.0f}"
        return _untold(reason, baseline)
    verdict = "supported" if low > bound else "contradicted" if high < bound else "cannot be told"
    words = words % f"{estimate:.2f} [{low:.2f} to {high:.2f}]"
    return [estimate, low, high, baseline, f"{verdict}: {words}"]


def _usable(exposure: Floats, response: Floats) -> Flags:
    known = np.isfinite(response).all(axis=1) if response.shape[1] else np.zeros(len(response), bool)
    return np.asarray((exposure > 0) & known)


def _ratio(contrast: _Contrast) -> tuple[float, float, float]:
    """Low end, estimate and high end of the ratio of responses."""
    from scipy import stats

    rows, step = contrast.rows, contrast.step
    design = np.column_stack([np.ones(rows.sum()), contrast.column[rows]])
    drawn = contrast.response[rows] + 0.5 / rows.sum()  # so that nothing at all is little, not nothing
    slope, pull, expected, spread = _fit(design, contrast.exposure[rows], drawn.mean(axis=1))
    within = (pull[:, None] * (drawn - expected[:, None])) ** 2
    between = np.var(pull @ drawn, ddof=1) * (1 + 1 / drawn.shape[1]) if drawn.shape[1] > 1 else 0.0
    variance = max(within.sum(axis=0).mean(), (pull**2 * expected).sum()) + between
    parts = pull**2 * spread
    freedom = max(parts.sum() ** 2 / (parts**2).sum() - 1, 1.0)
    reach = abs(step) * stats.t.ppf(0.95, freedom) * np.sqrt(variance)
    low, estimate, high = np.exp(np.clip(step * slope + np.array([-reach, 0, reach]), -50, 50))
    return float(low), float(estimate), float(high)


def _fit(design: Floats, exposure: Floats, response: Floats) -> tuple[float, Floats, Floats, Floats]:
    """Slope; how each response pulls at it (HC2); expected responses, and their variances.

    Quasi-likelihood by hand: effects may be negative, which counts may not.
    """
    coefficients = np.array([np.log(response.sum() / exposure.sum()), 0.0])
    for _ in range(_ROUNDS):
        expected = exposure * np.exp(np.clip(design @ coefficients, -50, 50))
        spread = _spread(response, expected)
        for _ in range(_ROUNDS):
            expected = exposure * np.exp(np.clip(design @ coefficients, -50, 50))
            weight = 1 / (1 + spread * expected)
            information = (design * (weight * expected)[:, None]).T @ design
            step = np.linalg.solve(information, design.T @ (weight * (response - expected)))
            coefficients = coefficients + np.clip(step, -1, 1)
    weight = expected / (1 + spread * expected)
    inverse = np.linalg.inv((design * weight[:, None]).T @ design)
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design) * weight
    pull = (design @ inverse[:, 1]) * weight / expected / np.sqrt(np.maximum(1 - leverage, 0.01))
    return float(coefficients[1]), pull, expected, expected + spread * expected**2


def _spread(response: Floats, expected: Floats) -> float:
    """Variance of accounts' rates, relative to their mean, that accounts for Pearson's residuals."""
    from scipy import optimize

    def excess(log_spread: float) -> float:
        variance = expected + np.exp(log_spread) * expected**2
        return float(((response - expected) ** 2 / variance).sum() - (len(response) - 2))

    ends = (-10.0, 8.0)
    if excess(ends[0]) <= 0 or excess(ends[1]) >= 0:
        return float(np.exp(ends[0] if excess(ends[0]) <= 0 else ends[1]))
    return float(np.exp(optimize.brentq(excess, *ends, xtol=1e-4)))
