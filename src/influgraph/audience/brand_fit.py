"""How well accounts, and those who listen to them, fit a brand's brief."""

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from influgraph.audience import _briefs
from influgraph.audience._briefs import Brief, Texts
from influgraph.audience._lists import (
    Cut,
    audience_of,
    nearer_half,
    read_cut,
    sizes_under,
    stated_followers,
    sums,
    trust,
)
from influgraph.audience._sampling import share_interval, unseen_share
from influgraph.audience._shares import Flags, Floats, first_reason, jeffreys, ratio
from influgraph.audience._texts import uses_any
from influgraph.dataset import Dataset

_EMPTY = "the brief names no terms, niches or markets"


def brief_matches(data: Dataset, brief: Brief, niches: pd.DataFrame) -> pd.DataFrame:
    """Say what of a brief is found in the data, and what is nearest to what is not.

    Parameters
    ----------
    data
        Texts, hashtags and bios, and the markets of its accounts.
    brief
        `terms`, `niches` and `markets`, as `settings.Brief` has them.
    niches
        `name` and `terms` by niche, as from `niches.describe_niches`; may be empty.

    Returns
    -------
    One row per thing asked for: `part` (term, niche, market), `asked`, `found`, `nearest`: names or terms
    that are most alike, else the commonest; null where it is found, or nothing is known.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from influgraph.dataset import from_tables
    >>> accounts = pd.DataFrame({"account_id": ["a", "b"], "market": ["north", "south"]})
    >>> brief = SimpleNamespace(terms=[], niches=[], markets=["nord", "south"])
    >>> brief_matches(from_tables(accounts=accounts), brief, pd.DataFrame())[["asked", "found", "nearest"]]
       asked  found nearest
    0   nord  False   north
    1  south   True     NaN
    """
    return _briefs.matches(data, brief, niches, _briefs.texts_of(data))


def brand_fit(
    data: Dataset,
    brief: Brief,
    niche: pd.Series | pd.DataFrame,
    *,
    niches: pd.DataFrame,
    authentic: pd.Series | None = None,
    cut: str = "complete",
    min_cell: int = 10,
) -> pd.DataFrame:
    """How many of an account's followers a brief is meant for, and how well the account itself fits it.

    A follower is on target if it is in a fitting niche or writes one of the terms, and is in one of the
    markets; what the brief does not name is not asked. A niche fits if the brief names it, or if its name or
    terms have one of the brief's terms. Those of whom this is not known (no niche and no texts; no market)
    are left out of the share. The account fits by the mean of two parts, as far as they are asked and known:
    the share of its posts and bio with one of the terms, and its niche; times 0 in another market.

    Parameters
    ----------
    data
        Follows (without them, who engages stands for who follows), texts, bios, hashtags, markets.
    brief
        `terms`, `niches` and `markets`, as `settings.Brief` has them.
    niche
        Niche by account, null = none; or shares in several niches: account_id, niche, share.
    niches
        `name` and `terms` by niche, as from `niches.describe_niches`; may be empty.
    authentic
        How sure it is that an account is authentic, by account: true or false, or from 0 to 1. Who is not
        is off target; those of whom nothing is known (null) count whole.
    cut
        How lists of followers were cut, as for `composition.composition`.
    min_cell
        Numbers on or off target below this are not told apart from one another; 0 tells all.

    Returns
    -------
    One row per account:

    - `audience`: whom the rest is about, `followers` or `engagers`; `followers`: how many there are of them
      (also unseen ones; null: unknown); `audience_known`: of how many it is known whether they are on target
    - `on_target_share`, `on_target_share_low`, `on_target_share_high`: from 0 to 1, 90 % interval,
      widened where lists are cut; `off_target_share`: the rest
    - `on_target_followers` with `_low`, `_high`: the same in followers
    - `account_fit`, `account_fit_low`, `account_fit_high`: from 0 to 1
    - `fit_grade`: `observed` where markets alone are asked for and known of a whole list, else `estimated`
    - `audience_fit_missing`, `account_fit_missing`: why there is none, with what is nearest to a brief that
      matches nothing; null where there is one

    Raises
    ------
    ValueError
        If the cut is unknown, `min_cell` is below 0, or niches and authenticity are out of range.

    Notes
    -----
    To fit is not to be moved: see `influence`. Terms are found as whole words, not by meaning.

    References
    ----------
    Brown, Cai & DasGupta (2001), Interval estimation for a binomial proportion.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from influgraph.dataset import from_tables
    >>> data = from_tables(follows=pd.DataFrame({"follower_id": list("bcdef"), "followed_id": "a"}))
    >>> niche = pd.Series([0, 1, 1, 1, 1], index=list("bcdef"), dtype="Int64")
    >>> niches = pd.DataFrame({"name": ["trail", "bread"], "terms": ["trail;run", "bread;flour"]})
    >>> brief = SimpleNamespace(terms=["run"], niches=[], markets=[])
    >>> found = brand_fit(data, brief, niche, niches=niches, min_cell=0)
    >>> found.loc["a", ["followers", "on_target_share", "off_target_share"]].tolist()
    [5.0, 0.2, 0.8]
    """
    if min_cell < 0:
        raise ValueError(f"min_cell must be 0 or more, received {min_cell}")
    texts, scheme = _briefs.texts_of(data), read_cut(cut)
    uses = uses_any(texts.text, brief.terms)
    fitting = niches.index[
        _briefs.niches_named(niches, brief.niches) | _briefs.niches_about(niches, brief.terms)
    ]
    by_niche = _briefs.in_niches(data, niche, fitting)
    market = _briefs.in_markets(data, brief.markets) if brief.markets else np.ones(len(by_niche))
    nothing = _matches_nothing(_briefs.matches(data, brief, niches, texts))
    audience = "followers" if len(data.follows) else "engagers"
    members = audience_of(data, audience)
    listener = _listener_fit(brief, texts, uses, by_niche, market)
    found = _on_target(data, members, listener * trust(authentic, data), scheme, min_cell)
    found.insert(0, "audience", audience)
    found[["account_fit", "account_fit_low", "account_fit_high"]] = _account_fit(
        brief, texts, uses, by_niche, market
    )
    return _graded(found, brief, sums(members), nothing, scheme)


def _matches_nothing(matched: pd.DataFrame) -> str:
    """Why nobody can fit, where nothing of the topic or of the markets asked for is found; else empty."""
    if matched.empty:
        return _EMPTY
    for part in (["term", "niche"], ["market"]):
        asked = matched[matched["part"].isin(part)]
        if len(asked) and not asked["found"].any():
            known = asked["nearest"].dropna().unique()
            nearest = f"; nearest known: {', '.join(known)}" if len(known) else "; none is known"
            return f"no {' or '.join(part)} of the brief is in the data{nearest}"
    return ""


def _listener_fit(brief: Brief, texts: Texts, uses: Flags, by_niche: Floats, market: Floats) -> Floats:
    """Fit of each account as a listener; 0 where one part is surely not, NaN where one is unknown."""
    topic = np.ones(len(market))
    if brief.terms or brief.niches:
        wrote = texts.count(np.ones(len(uses), bool), len(market))
        used = np.where(texts.count(uses, len(market)) > 0, 1.0, np.where(wrote > 0, 0.0, np.nan))
        topic = np.fmax(used if brief.terms else np.nan, by_niche)
    return np.where((topic == 0) | (market == 0), 0.0, topic * market)


def _on_target(data: Dataset, members: csr_array, fit: Floats, cut: Cut, min_cell: int) -> pd.DataFrame:
    """Share and number of each audience on target, with interval."""
    lists = [members]
    if len(data.follows):
        half = nearer_half(data, members, cut)
        lists += [half] if half is not None else []
    else:
        cut = Cut("complete")
    known, on = np.isfinite(fit).astype(np.float64), np.nan_to_num(fit)
    count, size = members @ on, members @ known
    nearer = (lists[1] @ on, lists[1] @ known) if len(lists) > 1 else None
    share = _told_from(count, size, min_cell, unseen_share(data, members, cut), nearer)
    seen = sums(members)
    total = sizes_under(data, seen, cut) if seen.any() else stated_followers(data)
    found = pd.DataFrame({"followers": total, "audience_known": size}, data.account_ids)
    names = ["on_target_share", "on_target_share_low", "on_target_share_high"]
    found[names] = share
    found["off_target_share"] = 1 - share[:, 0]
    found[[name.replace("share", "followers") for name in names]] = share * total[:, None]
    return found


def _told_from(
    count: Floats, size: Floats, min_cell: int, unseen: Floats, nearer: tuple[Floats, Floats] | None
) -> Floats:
    """Share and its ends; numbers below `min_cell` are told as the same, and none of so few."""
    few, few_left = count < min_cell, size - count < min_cell
    least = np.where(few_left, np.maximum(size - min_cell + 1, 0), count)
    most = np.where(few, np.minimum(min_cell - 1, size), count)
    middle = np.where(few, (min_cell - 1) / 2, np.where(few_left, size - (min_cell - 1) / 2, count))
    middle = np.where(few & few_left, size / 2, middle)
    low = share_interval(least, size, unseen, nearer)[0]
    high = share_interval(most, size, unseen, nearer)[1]
    share = np.column_stack([ratio(middle, size), np.where(few, 0.0, low), np.where(few_left, 1.0, high)])
    return np.where((size >= max(min_cell, 1))[:, None], share, np.nan)


def _account_fit(brief: Brief, texts: Texts, uses: Flags, by_niche: Floats, market: Floats) -> Floats:
    """Fit of each account by what it writes and where it belongs, and its ends."""
    wrote = texts.count(np.ones(len(uses), bool), len(market))
    used = texts.count(uses, len(market))
    parts = []
    if brief.terms:
        parts.append(np.column_stack([ratio(used, wrote), *jeffreys(used, wrote)]))
    if brief.terms or brief.niches:
        parts.append(np.repeat(by_niche[:, None], 3, axis=1))
    if not parts:
        return np.repeat(market[:, None], 3, axis=1)
    known = np.isfinite(parts)
    topic = ratio(np.where(known, parts, 0.0).sum(axis=0), known.sum(axis=0))
    return np.where(market[:, None] == 0, 0.0, topic * market[:, None])


def _graded(found: pd.DataFrame, brief: Brief, seen: Floats, nothing: str, cut: Cut) -> pd.DataFrame:
    """Return what is found, with its grade, and why there is none where there is none."""
    if nothing:
        found.loc[:, found.columns.str.contains("target|account_fit")] = np.nan
    stop = np.full(len(found), bool(nothing))
    whole = (found["audience_known"] == seen) & (cut.kind == "complete") & (found["audience"] == "followers")
    observed = whole & (not brief.terms) & (not brief.niches)
    grade = pd.Series(np.where(observed, "observed", "estimated"), found.index, dtype="str")
    found["fit_grade"] = grade.where(found[["on_target_share", "account_fit"]].notna().any(axis=1))
    reasons = {
        nothing or "-": stop,
        f"no {found['audience'].iloc[0]} of it are known": seen == 0,
        "of too few of its audience is it known whether they are on target": np.ones(len(found), bool),
    }
    reason = first_reason(reasons, found.index)
    found["audience_fit_missing"] = reason.mask(found["on_target_share"].notna())
    reasons = {nothing or "-": stop, "its niche, texts or market are unknown": ~stop}
    reason = first_reason(reasons, found.index)
    return found.assign(account_fit_missing=reason.mask(found["account_fit"].notna()))
