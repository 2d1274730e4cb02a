"""What speaks for a study's findings, laid out for readers: checks, forecasts, claims, sums, tests."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from influgraph._study_comparison import EVERYBODY, TRIAL
from influgraph.influence.forecast import UNFADED
from influgraph.report.privacy import Labels
from influgraph.report.words import counted, interval, number
from influgraph.study import Study

FORECAST = "forecast"
MEASURES = ("order", "hits", "share")
AGAINST = "followers against influence"
MOTIVES = {
    "reciprocity": "return a follow",
    "shared_neighbours": "go to whom friends follow",
    "shared_niche": "go to a niche that the follower cares for",
    "preferential_attachment": "go to who is followed most anyway",
    "chance": "go by none of these",
}
PARTS = ("outcomes_after", "had_anyway", "due_to_others", "shrinkage", "through_reposts", "influence")


def placebo_rows(study: Study) -> list[dict[str, str]]:
    """List checks of the influence model itself.

    Parameters
    ----------
    study
        A finished study.

    Returns
    -------
    check, estimate with interval, baseline and verdict, in words.
    """
    checks = study.validation
    other = checks["check"].str.startswith(FORECAST) | checks["subject"].eq(AGAINST)
    other |= checks["check"].eq(TRIAL) | _claims(checks)
    return [_row(check) for check in checks[~other].to_dict("records")]


def claim_rows(study: Study) -> list[dict[str, str]]:
    """List what is said of small and large accounts, and whether it holds here.

    Parameters
    ----------
    study
        A finished study.

    Returns
    -------
    As `placebo_rows`.
    """
    return [_row(check) for check in study.validation[_claims(study.validation)].to_dict("records")]


def _claims(checks: pd.DataFrame) -> pd.Series:
    return checks["verdict"].str.match("supported|contradicted|cannot be told")


def _row(check: Mapping[Any, Any]) -> dict[str, str]:
    everybody = check["subject"] == EVERYBODY
    return {
        "check": check["check"] if everybody else f"{check['check']}, {check['subject']}",
        "estimate": interval(check, "estimate", low="low", high="high"),
        "baseline": number(check["baseline"]),
        "verdict": check["verdict"],
    }


def forecast_table(study: Study) -> dict[str, Any]:
    """Lay out how well the past foretold who drew most people next.

    Parameters
    ----------
    study
        A finished study.

    Returns
    -------
    `asked`: what was asked, or why nothing was. `rows`: by predictor, order, hits and share with intervals;
    `verdicts`: our forecast against the best of the others.
    """
    checks = study.validation[study.validation["check"].str.startswith(FORECAST)]
    asked = checks.loc[checks["check"] == FORECAST, "verdict"]
    ours = checks["subject"].str.contains(" against ")
    cells = {
        (row["subject"], measure): interval(row, "estimate", low="low", high="high")
        for measure in MEASURES
        for row in checks[(checks["check"] == f"{FORECAST}: {measure}") & ~ours].to_dict("records")
    }
    names = list(dict.fromkeys(subject for subject, _ in cells))
    unfaded = set(checks.loc[checks["verdict"].str.endswith(UNFADED), "subject"])
    rows = [
        {"name": name + f": {UNFADED}" * (name in unfaded)}
        | {measure: cells.get((name, measure), "-") for measure in MEASURES}
        for name in names
    ]
    return {"asked": list(asked), "rows": rows, "verdicts": list(checks.loc[ours, "verdict"])}


def explanations(chosen: pd.DataFrame, influence: pd.Series, labels: Labels) -> list[dict[str, str]]:
    """Show how the influence of accounts adds up, and what would change their ranks.

    Parameters
    ----------
    chosen
        Rows of the scores.
    influence
        That of every account, shown or not.
    labels
        The name under which each account is shown.

    Returns
    -------
    One row per account with the parts in words, and what it is short of the next in the whole ranking; none
    where outcomes are counted.
    """
    modelled = chosen[chosen["outcomes_after"].notna()]
    ranked = influence.dropna().sort_values(ascending=False, kind="stable")
    above = (ranked.shift(1) - ranked).to_dict()
    return [
        {"account": labels[str(account_id)], **{part: number(row[part]) for part in PARTS}}
        | {"band": number(row["band"]), "short": number(above[account_id])}
        for account_id, row in modelled.to_dict("index").items()
    ]


def trial_rows(study: Study, labels: Labels) -> list[dict[str, str]]:
    """List the trials that were given, whether they were used, and whether they agree with what was seen.

    Parameters
    ----------
    study
        A finished study.
    labels
        The name under which each account is shown.

    Returns
    -------
    account, estimate by trial with interval, what was seen without it, and verdict, in words.
    """
    checks = study.validation[study.validation["check"].eq(TRIAL)]
    return [{**_row(row), "check": labels[row["subject"]]} for row in checks.to_dict("records")]


def followed_why(study: Study) -> str:
    """Say in one sentence why people follow here.

    Parameters
    ----------
    study
        A finished study.

    Returns
    -------
    A sentence; empty where follows are too few.
    """
    if study.motives.empty or study.motives["share"].isna().any():
        return ""
    shares = (
        f"{row['share']:.0%} [{row['share_low']:.0%} to {row['share_high']:.0%}] {MOTIVES[str(motive)]}"
        for motive, row in study.motives.iterrows()
    )
    return f"Of all follows, as estimated, {'; '.join(shares)}."


def no_test_settles(study: Study) -> str:
    """Say in one sentence that no planned test settles the doubt.

    Parameters
    ----------
    study
        A finished study.

    Returns
    -------
    A sentence; empty where there is no plan, or one that settles it.
    """
    plans = study.planned_tests
    if plans.empty or plans["weeks"].notna().any():
        return ""
    reasons = plans["verdict"].unique()
    if len(reasons) == 1:
        return f"{reasons[0][0].upper()}{reasons[0][1:]}."
    doubtful = counted(plans["account_id"].nunique(), "account")
    return (
        f"No test of a year would settle it for {doubtful}: planned_tests.csv says what would show by then."
    )


def planned_tests(study: Study, labels: Labels) -> list[dict[str, str]]:
    """List what tests would settle the doubt about popular accounts.

    Parameters
    ----------
    study
        A finished study.
    labels
        The name under which each account is shown.

    Returns
    -------
    account, design, weeks, posts, people and verdict, in words.
    """
    return [
        {
            "account": labels[row["account_id"]],
            "design": row["design"],
            **{name: number(row[name]) for name in ("weeks", "posts", "people")},
            "verdict": row["verdict"],
        }
        for row in study.planned_tests.to_dict("records")
    ]
