"""Numbers and findings in words."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from influgraph.quadrants import influential_above
from influgraph.report.privacy import printable
from influgraph.study import Study

NAMED, HALF = 2, 0.5
_DOUBTS = {"failed": ("failed", "failed"), "doubtful": ("leaves a doubt", "leave a doubt")}
PLURALS = {"repost": "reposts", "reply": "replies", "quote": "quotes", "mention": "mentions", "like": "likes"}
PLURALS |= {"comment": "comments", "click": "clicks", "purchase": "purchases", "share": "shares"}


def number(value: float | None) -> str:
    """Write a number for readers: about three digits, the whole part in full.

    Parameters
    ----------
    value
        The number.

    Returns
    -------
    The number with thousands separated; a dash for null.

    Examples
    --------
    >>> number(1234.5), number(12.34), number(0.1234), number(0.0123), number(7), number(None)
    ('1,234', '12.3', '0.12', '0.012', '7', '-')
    """
    if value is None or pd.isna(value):
        return "-"
    if float(value).is_integer():
        return f"{value:,.0f}"
    places = sum(abs(value) < bound for bound in (100, 10, 0.1))
    return f"{value:z,.{places}f}"


def interval(row: Mapping[Any, Any], name: str, *, low: str = "", high: str = "") -> str:
    """Write an estimate with its 90 % interval.

    Parameters
    ----------
    row
        Holds the estimate and its bounds.
    name
        The estimate.
    low, high
        Its bounds; by default `name_low` and `name_high`.

    Returns
    -------
    The estimate, then its interval in brackets where it has one; a dash without an estimate.

    Examples
    --------
    >>> interval({"x": 2.5, "x_low": 1, "x_high": 4.04}, "x")
    '2.50 [1 to 4.04]'
    """
    if pd.isna(row[name]):
        return "-"
    ends = row[low or f"{name}_low"], row[high or f"{name}_high"]
    if pd.isna(ends[0]):
        return number(row[name])
    return f"{number(row[name])} [{number(ends[0])} to {number(ends[1])}]"


def counted(count: float, noun: str, *, nouns: str = "") -> str:
    """Say how many there are.

    Parameters
    ----------
    count
        How many.
    noun, nouns
        What one is called, and what several are; by default the noun with an s.

    Returns
    -------
    The number and the noun.

    Examples
    --------
    >>> counted(1, "account"), counted(2000, "account"), counted(1, "reply", nouns="replies")
    ('1 account', '2,000 accounts', '1 reply')
    """
    return f"{number(count)} {noun if count == 1 else nouns or noun + 's'}"


def outcome_words(kinds: Iterable[str], *, count: float = 2) -> str:
    """Name the outcomes, in the plural unless there is one.

    Parameters
    ----------
    kinds
        Kinds of engagement.
    count
        How many there are.

    Returns
    -------
    The words; `outcomes` where there is no kind.

    Examples
    --------
    >>> outcome_words(["purchase", "reply"])
    'purchases and replies'
    >>> outcome_words(["purchase", "reply"], count=1)
    'purchase or reply'
    """
    if count == 1:
        named = (kind if kind in PLURALS else f"act of kind “{printable(kind)}”" for kind in kinds)
        return " or ".join(named) or "outcome"
    named = (PLURALS.get(kind, f"acts of kind “{printable(kind)}”") for kind in kinds)
    return " and ".join(named) or "outcomes"


def reasons(study: Study) -> list[tuple[str, int]]:
    """Count why accounts have no estimate of influence.

    Parameters
    ----------
    study
        A finished study.

    Returns
    -------
    Each reason with its number of accounts, the most frequent first.
    """
    counts = study.scores["influence_missing"].value_counts()
    return sorted(
        ((str(reason), int(count)) for reason, count in counts.items()), key=lambda one: (-one[1], one[0])
    )


def deed(study: Study) -> str:
    """Say what an account of influence is known to do, as strongly as the evidence allows.

    Parameters
    ----------
    study
        A finished study.

    Returns
    -------
    Words that follow "is".
    """
    grades = set(study.scores["influence_grade"].dropna())
    verbs = {"observed": "seen to draw most", "estimated": "estimated to bring about"}
    verb = verbs[grades.pop()] if len(grades) == 1 and grades <= set(verbs) else "shown to bring about"
    return f"{verb} {outcome_words(study.kinds)}"


def opposite(study: Study) -> str:
    """Say what an account is known to do whose whole interval lies below zero.

    Parameters
    ----------
    study
        A finished study.

    Returns
    -------
    Words that follow "is".
    """
    estimated = set(study.scores["influence_grade"].dropna()) == {"estimated"}
    return f"{'estimated' if estimated else 'shown'} to reduce {outcome_words(study.kinds)}"


def standard(study: Study) -> str:
    """Say what the interval of an account of influence lies above.

    Parameters
    ----------
    study
        A finished study.

    Returns
    -------
    Words that follow "above".
    """
    bound = influential_above(study.scores[study.scores["quadrant"].notna()])
    return f"what nine in ten accounts draw ({number(bound)})" if bound > 0 else "zero"


def trust(study: Study) -> str:
    """Say how often intervals hold the truth; less often where times, follows or posts are missing.

    Parameters
    ----------
    study
        A finished study.

    Returns
    -------
    Words that follow "90 % intervals".
    """
    if study.scores["influence_grade"].eq("estimated").any():
        return (
            " of the data as they are: those of influence are too narrow for what is missing here, and "
            "larger effects lie above them more often than one time in twenty"
        )
    return ": the true value lies in them nine times out of ten, if the model is right"


def doubt(study: Study) -> str:
    """Say the worst verdict among the placebo tests of the model.

    Parameters
    ----------
    study
        A finished study.

    Returns
    -------
    Words that follow the finding; none where the model had nothing to test.
    """
    checks = study.validation
    verdicts = _verdicts(checks)
    tested, total = verdicts.notna(), int(verdicts.notna().sum())
    for verdict, words in _DOUBTS.items():
        found = checks.loc[tested & (verdicts == verdict), "check"].tolist()
        if found:
            named = ", ".join(f"“{name}”" for name in found[:NAMED]) + " and others" * (len(found) > NAMED)
            said = f"{len(found)} of {counted(total, 'check')} of the model {words[len(found) > 1]} ({named})"
            more = int((verdicts == "doubtful").sum()) if verdict == "failed" else 0
            return f"{said}, {more} more {_DOUBTS['doubtful'][more > 1]}" if more else said
    return f"{'the one check' if total == 1 else f'all {total} checks'} of the model passed" if total else ""


def _verdicts(checks: pd.DataFrame) -> pd.Series:
    """The verdict of each check in one word; null where nothing was tested."""
    verdicts: pd.Series = checks["verdict"].str.extract(r"^(failed|doubtful|passed):")[0]
    return verdicts


def headline(study: Study) -> str:
    """Say the main finding, and what the checks of the model leave of it.

    Parameters
    ----------
    study
        A finished study.

    Returns
    -------
    A sentence without a full stop; where more than half of the checks failed, that nothing can be told.
    """
    doubts = doubt(study)
    if _verdicts(study.validation).dropna().eq("failed").mean() > HALF:
        return f"Influence cannot be told here: {doubts}, so what is credited below is not to be believed"
    return f"{finding(study)}; {doubts}" if doubts else finding(study)


def finding(study: Study) -> str:
    """Say the main finding in one sentence.

    Parameters
    ----------
    study
        A finished study.

    Returns
    -------
    A sentence with its numbers, without a full stop.
    """
    kinds = study.scores["quadrant"].value_counts()
    hidden, star, hollow = (
        int(kinds.get(kind, 0)) for kind in ("hidden influencer", "star", "hollow celebrity")
    )
    if kinds.empty and study.scores["influence"].notna().any():
        return "Influence cannot be set against popularity here: nobody's followers are known"
    if kinds.empty:
        why = reasons(study)[0][0] if reasons(study) else "there is nothing to judge by"
        return f"Influence cannot be told apart from popularity here: {why}"
    act = deed(study)
    if not hidden + star:
        return f"None of the {kinds.sum():,} accounts that could be judged is {act}"
    judged = " that could be judged" if _more_followed_unjudged(study) else ""
    these = "one is" if hidden == 1 else "ones are"
    others = f"{hidden:,} less followed {these}" if hidden else "no less followed one is"
    alone = hollow + star == 1
    if hollow:
        some = (
            f"{hollow:,} of the {hollow + star:,} most followed accounts{judged} "
            f"{'is' if hollow == 1 else 'are'} not"
        )
        some = some if star else f"None of the {hollow:,} most followed accounts{judged} is"
        return f"{f'The most followed account{judged} is not' if alone else some} {act}; {others}"
    every = f"All of the {star:,} most followed accounts{judged} are"
    return f"{f'The most followed account{judged} is' if alone else every} {act}, and {others}"


def _more_followed_unjudged(study: Study) -> bool:
    """Whether anybody without an estimate has more followers than one of the most followed that have one."""
    followers = study.scores["followers"].astype("Float64")
    famous = study.scores["quadrant"].isin(["star", "hollow celebrity"])
    return bool((followers[study.scores["quadrant"].isna()] > followers[famous].min()).any())
