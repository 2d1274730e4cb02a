"""Popularity against influence: which of four kinds of account each one is."""

import pandas as pd

QUADRANTS = ("star", "hidden influencer", "hollow celebrity", "quiet")


def popular_from(followers: pd.Series, *, share: float = 0.1) -> float:
    """Find the number of followers from which an account is among the most followed.

    Parameters
    ----------
    followers
        One row per account that is compared; null is left out.
    share
        The share of accounts that is to be called popular, between 0 and 1.

    Returns
    -------
    The lower bound, in followers; NaN without accounts.

    Examples
    --------
    >>> popular_from(pd.Series([1, 2, 3, 4, 500]), share=0.2)
    500.0
    """
    counts = followers.astype("Float64").dropna()
    return float(counts.quantile(1 - share, interpolation="higher")) if len(counts) else float("nan")


def influential_above(influence: pd.DataFrame, *, share: float = 0.1) -> float:
    """Find the influence above which the whole interval of an influential account lies.

    Zero, where outcomes can be had without the account: any effect shown is news. Where they are acts done
    to the account itself (grade `observed`), one act shows one; then it is what all but this share have.

    Parameters
    ----------
    influence
        Columns influence and, where known, influence_grade; one row per account.
    share
        The share of accounts that may have more, between 0 and 1.

    Returns
    -------
    The bound, in outcomes.

    Examples
    --------
    >>> counted = pd.DataFrame({"influence": [1.0, 2.0, 30.0], "influence_grade": "observed"})
    >>> influential_above(counted, share=0.5)
    2.0
    """
    estimated = influence[influence["influence"].notna()]
    if "influence_grade" not in estimated or not estimated["influence_grade"].eq("observed").any():
        return 0.0
    return float(estimated["influence"].quantile(1 - share, interpolation="lower"))


def lowers(influence: pd.DataFrame) -> pd.Series:
    """Say whose whole interval lies below zero: who is shown to reduce outcomes.

    Parameters
    ----------
    influence
        Column influence_high, one row per account.

    Returns
    -------
    True or false by account; false without an estimate.

    Examples
    --------
    >>> lowers(pd.DataFrame({"influence_high": [-1.0, 0.0, None]})).tolist()
    [True, False, False]
    """
    return (influence["influence_high"].astype("Float64").fillna(0) < 0).astype(bool)


def quadrant(followers: pd.Series, influence: pd.DataFrame, *, share: float = 0.1) -> pd.Series:
    """Say on which side of popularity and influence each account stands.

    An account is popular when it is among the most followed of those with an estimate, and is shown to move
    people when the whole 90 % interval of its influence lies above zero, or, where outcomes are acts done to
    the accounts themselves, above what all but a `share` have. A hollow celebrity is popular and
    not shown to move people, which is not the same as shown to move nobody: look at its interval. Who is
    shown to reduce outcomes (see `lowers`) is one of these or quiet by this measure, and moves people too.

    Parameters
    ----------
    followers
        Followers by account.
    influence
        Columns influence, influence_low and, where known, influence_grade, same index.
    share
        The share of the accounts with an estimate that is called popular.

    Returns
    -------
    `star`, `hidden influencer`, `hollow celebrity` or `quiet`; null without an estimate of
    influence, and where the followers are unknown.

    Examples
    --------
    >>> influence = pd.DataFrame({"influence": [9.0, 0.0, 5.0, 0.1], "influence_low": [4.0, -1.0, 2.0, 0.0]})
    >>> quadrant(pd.Series([90, 95, 3, 4]), influence, share=0.5).tolist()
    ['star', 'hollow celebrity', 'hidden influencer', 'quiet']
    """
    estimated = influence["influence"].notna() & followers.notna()
    bound = popular_from(followers[estimated], share=share)
    popular = (followers.astype("Float64").fillna(0) >= bound).astype(bool)
    above = influential_above(influence[estimated], share=share)
    moves = (influence["influence_low"].astype("Float64").fillna(0) > above).astype(bool)
    names = pd.Series("quiet", index=influence.index, dtype="string", name="quadrant")
    names[popular & moves] = "star"
    names[~popular & moves] = "hidden influencer"
    names[popular & ~moves] = "hollow celebrity"
    return names.where(estimated)
