"""How likely an account is run by a machine or made to be sold, as far as its profile can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from influgraph.bots import _automation_profile as profile
from influgraph.bots import _automation_timing as timing

if TYPE_CHECKING:
    from influgraph.dataset import Dataset

NO_COUNTS = "followers, following and posts are not all stated"
NEGATIVE = "a stated count is below zero"
TOO_LITTLE = "it has never posted: too little to tell a quiet person from a machine"
UNLIKE = "its counts are unlike those of any account the model was trained on"
DISAGREE = "the sources the model was trained on disagree about accounts like it"
WIDEST = 0.8  # an interval wider than this says next to nothing


def automation(
    data: Dataset, *, base_rate: float = 0.1, observed_at: str | pd.Timestamp | None = None
) -> pd.DataFrame:
    """Probability that an account is automated or made to be sold as a follower, as its profile shows it.

    A sum of a few signs on the scale of log odds, fitted to labelled accounts of five sources (followers
    found to be fake, followers that were bought, bots that say they are, accounts that repost for others),
    each counting alike: that it follows more than follow it, follows next to nobody, has hardly posted, is
    young, has no bio. The last two are used where known. No sign but these: digits in a handle, or lists an
    account is on, point this way in one source and that way in another.

    It is suspicion, not proof, and abstains where it cannot know: where counts are not stated (counts made
    of an incomplete list of follows are not what a profile states), nothing was ever posted, the counts are
    unlike any seen in training, or the sources disagree. A machine with the profile of a person is
    not seen at all. `docs/studies/automation.md` says how well it does on sources it was not fitted to.

    Parameters
    ----------
    data
        Of accounts: ``followers_stated``, ``following_stated``, ``posts_stated``, ``created_at``, ``bio``.
    base_rate
        Share of automated accounts among those like the ones studied, above 0 and below 1. Every
        probability depends on it; state it wherever one is shown. One in ten is what two raters found among
        followers of Instagram influencers, and within the 9-15 % that Varol et al. give for Twitter.
    observed_at
        When profiles were read (naive: UTC); by default the end of the study. An account made later has no
        known age.

    Returns
    -------
    One row per account: ``automation``, from 0 to 1; ``automation_low``, ``automation_high``, the 90 %
    interval over sources (what others than these five would have said, by leaving out one at a time); all
    three null where it abstains, and ``automation_missing`` says why, null elsewhere.

    Raises
    ------
    ValueError
        If the base rate is not between 0 and 1, or the time is none.

    References
    ----------
    Yang, Varol, Hui & Menczer (2020), Scalable and generalizable social bot detection through data
    selection. Hays et al. (2023), Simplistic collection and labeling practices limit the utility of
    benchmark datasets for Twitter bot detection. Saerens, Latinne & Decaestecker (2002), Adjusting the
    outputs of a classifier to new a priori probabilities. Varol et al. (2017), Online human-bot interactions.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> accounts = pd.DataFrame({"account_id": ["ann", "ben", "cem"], "followers_stated": [420, 18, 3]})
    >>> accounts = accounts.assign(following_stated=[390, 2100, 40], posts_stated=[900, 4, 0])
    >>> judged = automation(from_tables(accounts=accounts))
    >>> (judged["automation"] > 0.5).tolist()
    [False, True, <NA>]
    >>> judged.loc["cem", "automation_missing"]
    'it has never posted: too little to tell a quiet person from a machine'
    """
    table = _profiles(data, observed_at)
    signs, model = profile.signs_of(table), profile.shipped_model()
    odds = profile.contributions(signs, model).sum(axis=1, skipna=False) + _prior(base_rate)
    errors = profile.standard_errors(signs, model)
    judged = _probabilities(odds, errors)
    missing = _reasons(table, judged, profile.is_supported(table, model))
    judged = judged.mask(missing.notna()).astype("Float64")
    return judged.assign(automation_missing=missing)


def explain_automation(
    data: Dataset, *, base_rate: float = 0.1, observed_at: str | pd.Timestamp | None = None
) -> pd.DataFrame:
    """What each sign adds to the log odds of `automation`; a row adds up to them.

    Parameters
    ----------
    data, base_rate, observed_at
        As in `automation`.

    Returns
    -------
    One row per account: ``base_rate``, the log odds before its profile is seen; ``usual``, what an account
    with the usual signs adds to them; ``follows_more``, ``follows_few``, ``posts_few``, ``age``, ``no_bio``,
    what it adds by being otherwise (0 where that sign is not known). Null where `automation` is.

    Raises
    ------
    ValueError
        As `automation`.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> accounts = pd.DataFrame({"account_id": ["ben"], "followers_stated": 18, "following_stated": 2100})
    >>> data = from_tables(accounts=accounts.assign(posts_stated=4))
    >>> parts = explain_automation(data)
    >>> odds = np.exp(parts.loc["ben"].sum())
    >>> bool(np.isclose(odds / (1 + odds), automation(data).loc["ben", "automation"]))
    True
    >>> parts.loc["ben"].astype(float).idxmax()
    'follows_more'
    """
    judged = automation(data, base_rate=base_rate, observed_at=observed_at)
    signs = profile.signs_of(_profiles(data, observed_at))
    parts = profile.contributions(signs, profile.shipped_model())
    parts.insert(0, "base_rate", _prior(base_rate))
    return parts.mask(judged["automation"].isna()).astype("Float64")


def automation_evidence(data: Dataset, *, fewest: int = 50, q: float = 0.05) -> pd.DataFrame:
    """Habits of an account's acts that people rarely have; evidence to look at, no probability.

    No labelled accounts with acts are at hand to say how often machines and people have such habits, so that
    these are told beside `automation` and do not enter it. Whoever plans posts ahead (a newsroom) keeps
    such hours too.

    Parameters
    ----------
    data
        Its posts and engagements with a time; for `followed_back` its follows.
    fewest
        So many acts (gaps, delays) are needed to say anything, at least 10.
    q
        Share of false ones accepted, on average, among the accounts told to have one habit; above 0, below 1.

    Returns
    -------
    One row per account, null where too little is known:

    - ``timed_acts``: posts and engagements with a time
    - ``day_rhythm``: from 0, all hours of the day alike, to 1, always the same hour; 7 days or more
    - ``burstiness``: of the gaps between acts: -1 all equal, 0 at random, towards 1 in bursts as people
    - ``on_the_minute``: share of acts in the first second of a minute; null if that is usual in this study
    - ``same_gaps``, ``same_delays``: pairs of gaps between own acts, and of delays from a post to its own
      act on it, that are equal to the second, per pair that would be so by chance (a minute or longer only)
    - ``followed_back``: share of those it follows, and who follow anybody, that follow it
    - ``automation_evidence``: in words, those of the habits that stand out (Benjamini & Hochberg at `q`, one
      habit at a time): the first two against the bulk of this study's own accounts, the next three against
      chance; null where none can be judged, "" where none stands out

    Raises
    ------
    ValueError
        If an option is out of range.

    References
    ----------
    Goh & Barabasi (2008), Burstiness and memory in complex systems. Efron (2004), Large-scale simultaneous
    hypothesis testing: the choice of a null hypothesis. Chavoshi, Hamooni & Mueen (2016), DeBot.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> hourly = pd.date_range("2024-01-01", periods=240, freq="h")
    >>> posts = pd.DataFrame({"post_id": range(240), "author_id": "ann", "created_at": hourly})
    >>> accounts = pd.DataFrame({"account_id": ["ann"]})
    >>> found = automation_evidence(from_tables(accounts=accounts, posts=posts))
    >>> found.loc["ann", ["timed_acts", "day_rhythm", "burstiness"]].tolist()
    [240.0, 0.0, -1.0]
    """
    if not fewest >= 10:
        raise ValueError(f"fewest must be at least 10, received {fewest!r}")
    if not 0 < q < 1:
        raise ValueError(f"q must be above 0 and below 1, received {q!r}")
    return timing.evidence(data, fewest, q)


def _profiles(data: Dataset, observed_at: str | pd.Timestamp | None) -> pd.DataFrame:
    if observed_at is None:
        return profile.profiles(data, None)
    moment = pd.Timestamp(observed_at)
    if pd.isna(moment):
        raise ValueError(f"observed_at must be a time, received {observed_at!r}")
    if moment.tzinfo is None:
        moment = moment.tz_localize("UTC")
    return profile.profiles(data, moment)


def _prior(base_rate: float) -> float:
    if not 0 < base_rate < 1:
        raise ValueError(f"base_rate must be above 0 and below 1, received {base_rate!r}")
    return float(np.log(base_rate / (1 - base_rate)))


def _probabilities(odds: pd.Series, errors: pd.DataFrame) -> pd.DataFrame:
    """The probability and its 90 % interval, from log odds with their standard errors over sources."""
    from scipy.special import expit, stdtrit

    reach = stdtrit(errors["degrees"].to_numpy(), 0.95) * errors["error"].to_numpy()
    middle = odds.to_numpy(float)
    columns = {"automation": middle, "automation_low": middle - reach, "automation_high": middle + reach}
    return pd.DataFrame({name: expit(values) for name, values in columns.items()}, odds.index)


def _reasons(table: pd.DataFrame, judged: pd.DataFrame, supported: profile.Bools) -> pd.Series:
    """Why each account is not judged; the first reason that applies, null for none."""
    counts = table[list(profile.COUNTS)]
    width = judged["automation_high"] - judged["automation_low"]
    applies = {
        NEGATIVE: (counts < 0).any(axis=1),
        NO_COUNTS: counts.isna().any(axis=1),
        TOO_LITTLE: counts["posts"] == 0,
        UNLIKE: ~supported,
        DISAGREE: width > WIDEST,
    }
    missing = pd.Series(None, table.index, "str")
    for reason, where in reversed(applies.items()):
        missing = missing.mask(np.asarray(where, bool), reason)
    return missing
