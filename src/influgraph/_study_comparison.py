"""How much is credited at all, and how far followers and influence agree."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph.influence.attribution import Attribution
from influgraph.quadrants import lowers

Floats = npt.NDArray[np.float64]

COMPARED_DRAWS = 100
FEWEST = 2
TOP = 20
# Share of the draws that must tell accounts apart: where hardly any does, nothing is known of the order.
_DRAWS_THAT_TELL = 0.5
COLUMNS = ["check", "subject", "estimate", "low", "high", "baseline", "verdict"]
TRIAL = "trial"
CREDITED, EVERYBODY = "credited share", "all accounts"
# Standard error of what people would have done anyway, as a share of it, as in planted worlds
# (docs/validation.md).
BASELINE_ERROR = 0.045
ALLOWED = (
    "the interval allows for an error in what people would have done anyway, as large as in planted worlds"
)
_APART = "in conflict", "the trial decides: look for what was different, in people, time or counting"
_TOGETHER = "agree", "both are used"


def comparison_rows(found: Attribution, followers: Floats) -> list[list[Any]]:
    """Checks of the study: share credited, agreement with followers (of the accounts with an estimate)."""
    rows = agreement_rows(followers, found.draws[:, :COMPARED_DRAWS])
    return rows if found.kernel.empty else [*_credited(found), *rows]


def _credited(found: Attribution) -> list[list[Any]]:
    """Share credited to all accounts; where some reduce outcomes, also what they take and others bring."""
    estimated = found.accounts[found.accounts["influence"].notna()]
    below = lowers(estimated).to_numpy()
    everybody = np.ones(len(below), bool)
    parts = {EVERYBODY: everybody}
    if below.any():
        parts |= {"all other accounts": ~below, "accounts shown to reduce outcomes": below}
    return [_share_row(who, found, part) for who, part in parts.items()]


def _share_row(who: str, found: Attribution, part: npt.NDArray[np.bool_]) -> list[Any]:
    low, middle, high = share_interval(found, part)
    verdict = f"{middle:z.0%} [{low:z.0%} to {high:z.0%}] of the outcomes are credited to {who}; {ALLOWED}"
    return [CREDITED, who, middle, low, high, np.nan, verdict]


def share_interval(found: Attribution, part: npt.NDArray[np.bool_]) -> tuple[float, float, float]:
    """Low, middle and high of the share of outcomes credited to these accounts.

    Errors of the baseline do not cancel in a sum: small beside one account's own doubt, they are most of that
    of all. The low end is at least what the accounts' own low ends add up to.
    """
    low, middle, high = _spread(found.draws[part].sum(axis=0) / found.outcomes)
    reached = found.reached / found.outcomes
    systematic = 1.645 * BASELINE_ERROR * max(reached - max(middle, 0.0), 0.0)
    own = found.accounts["influence_low"].dropna().to_numpy(float)[part].sum() / found.outcomes
    lowest = max(middle - np.hypot(middle - low, systematic), min(own, middle))
    highest = min(middle + np.hypot(high - middle, systematic), max(reached, high))
    return float(lowest), middle, float(highest)


def agreement_rows(followers: Floats, draws: Floats) -> list[list[Any]]:
    """Compare the order by followers with the order by influence, in every draw of it."""
    from scipy import stats

    top = min(TOP, len(followers) // 2)
    if top < FEWEST or np.ptp(followers) == 0:
        return []
    popular, influential = stats.rankdata(followers), stats.rankdata(draws, axis=0)
    told = np.ptp(influential, axis=0) > 0
    if told.mean() < _DRAWS_THAT_TELL:
        return []
    influential = influential[:, told]
    draws_alike = np.atleast_2d(np.corrcoef(influential, rowvar=False))
    alike = np.array([np.corrcoef(popular, ranks)[0, 1] for ranks in influential.T])
    followed, first = _among_first(popular, top), _among_first(influential, top)
    by_chance = top / len(popular)
    beyond = (followed @ first / top - by_chance) / (1 - by_chance)
    draws_share = (first.T @ first / top - by_chance) / (1 - by_chance)
    return [
        _order_agreement(_unhidden(alike, draws_alike)),
        _top_agreement(by_chance + (1 - by_chance) * _unhidden(beyond, draws_share), top, by_chance),
    ]


def _among_first(ranks: Floats, top: int) -> Floats:
    """Whether each is among the first, by column; who ties for the last places has an equal part of them."""
    last = np.sort(ranks, axis=0)[-top]
    above, tied = ranks > last, ranks == last
    return np.asarray(above + tied * (top - above.sum(axis=0)) / tied.sum(axis=0))


def _unhidden(alike: Floats, draws_alike: Floats) -> Floats:
    """Low, middle and high of an agreement, up to 1, that doubt about influence hides in part.

    Draws differ from the truth as they do from one another (`draws_alike`, draws x draws), so an agreement
    with them is smaller than with the truth, by the share that draws agree among themselves if what they are
    drawn from knows nothing of it (attenuation, Spearman 1904), and not at all if it knows. The interval
    holds both, and the middle is between.
    """
    apart = ~np.eye(len(alike), dtype=bool)
    reliability = float(np.clip(draws_alike[apart].mean() if apart.any() else 1.0, 0.01, 1.0))
    ends = [*np.quantile(alike, [0.05, 0.95]), *np.quantile(alike / reliability, [0.05, 0.95])]
    middle = np.median(alike) / np.sqrt(reliability)
    return np.asarray(np.clip([min(ends), middle, max(ends)], -1.0, 1.0))


def trial_rows(found: Attribution, tried: pd.DataFrame | None) -> list[list[Any]]:
    """What trials say beside what was seen without them, or why they were not used, per account tried."""
    if tried is None:
        return []
    both = found.by_trial.set_index("account_id").to_dict("index")
    tried = tried.assign(**{name: pd.to_numeric(tried[name]) for name in ("people", "outcomes")})
    return [
        _beside(str(name), both[name], arms) if name in both else _unused(str(name), found.accounts)
        for name, arms in tried.groupby(tried["account_id"].astype("str"), sort=False)
    ]


def _beside(account_id: str, both: Mapping[Hashable, Any], arms: pd.DataFrame) -> list[Any]:
    apart = both["effect_low"] > both["seen_high"] or both["effect_high"] < both["seen_low"]
    by_trial, seen = (
        f"{both[name]:z.2f} [{both[f'{name}_low']:z.2f} to {both[f'{name}_high']:z.2f}]"
        for name in ("effect", "seen")
    )
    shown = arms["arm"].ne("control")
    with_posts, without = (arms.loc[rows, "outcomes"].sum() for rows in (shown, ~shown))
    agreement, meaning = _APART if apart else _TOGETHER
    verdict = (
        f"{agreement}: its trial ({with_posts:,.0f} outcomes with posts, {without:,.0f} without) says "
        f"{by_trial} outcomes per 1,000 exposures, what was seen without it {seen}; {meaning}"
    )
    if (arms["outcomes"] > arms["people"]).any():
        verdict += "; an arm has more outcomes than people, so some are taken to have several"
    numbers = [both[name] for name in ("effect", "effect_low", "effect_high", "seen")]
    return [TRIAL, account_id, *numbers, verdict]


def _unused(account_id: str, accounts: pd.DataFrame) -> list[Any]:
    account = accounts.loc[account_id]
    why = account["influence_missing"]
    if pd.isna(why):
        counted = account["influence_grade"] == "observed"
        why = "its outcomes are counted" if counted else "who was exposed when is inferred, not known"
    return [TRIAL, account_id, *[np.nan] * 4, f"not used: {why}"]


def _order_agreement(alike: Floats) -> list[Any]:
    low, middle, high = (float(value) for value in alike)
    verdict = (
        f"the order by followers and the order by influence agree by {middle:z.2f} "
        f"[{low:z.2f} to {high:z.2f}], where 1 is the same order and 0 none; the "
        "interval allows for agreement that doubt about influence hides"
    )
    return ["rank agreement", "followers against influence", middle, low, high, 0.0, verdict]


def _top_agreement(shared: Floats, top: int, by_chance: float) -> list[Any]:
    low, middle, high = (float(value) for value in np.clip(shared, 0.0, 1.0))
    expected = f"{by_chance:.0%}" if by_chance >= 0.005 else "less than 1%"
    verdict = (
        f"of the {top} most followed, {middle:.0%} [{low:.0%} to {high:.0%}] are among the {top} of most "
        f"influence; {expected} would be by chance"
    )
    return ["top agreement", "followers against influence", middle, low, high, by_chance, verdict]


def _spread(values: Floats) -> tuple[float, float, float]:
    """5 % quantile, median and 95 % quantile."""
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    return float(low), float(middle), float(high)
