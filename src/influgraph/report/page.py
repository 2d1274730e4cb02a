"""The strategist's page: one file that asks nobody for anything, readable in five minutes."""

import json
from collections.abc import Hashable, Mapping
from typing import Any

import jinja2
import pandas as pd

from influgraph import plots, quadrants
from influgraph._study_comparison import ALLOWED, CREDITED, EVERYBODY
from influgraph.dataset import Dataset
from influgraph.influence import placebo
from influgraph.report import audiences, evidence, suspects
from influgraph.report.niches_section import niche_names, niches_section
from influgraph.report.privacy import Labels
from influgraph.report.words import (
    counted,
    deed,
    headline,
    interval,
    number,
    opposite,
    outcome_words,
    reasons,
    standard,
    trust,
)
from influgraph.study import Study

ROWS = 12
NAMED = 3
DIVISIONS = {"market": "influence_by_market", "platform": "influence_by_platform"}


def render(study: Study, data: Dataset, labels: Labels, *, described: Mapping[str, Any]) -> str:
    """Write the page.

    Parameters
    ----------
    study
        A finished study.
    data
        The dataset it was made from.
    labels
        The name under which each account is shown.
    described
        The study's manifest, for settings and versions.

    Returns
    -------
    HTML; the same text for the same study.
    """
    names = niche_names(study.niches, labels)
    return _template().render(
        finding=headline(study),
        outcomes=outcome_words(study.kinds),
        deed=deed(study),
        standard=standard(study),
        trust=trust(study),
        sizes={name: len(getattr(data, name)) for name in ("accounts", "follows", "posts", "engagements")},
        period=[f"{time:%Y-%m-%d}" for time in study.period or ()],
        grades=sorted(study.scores["influence_grade"].dropna().unique()),
        facts=_facts(study),
        popular=number(quadrants.popular_from(study.scores["followers"][study.scores["quadrant"].notna()])),
        lowering=_lowering(study, labels, names),
        movers=_accounts(_moving(study).head(ROWS), labels, names),
        followed=_accounts(_followed(study), labels, names),
        agreement=_agreement(study),
        checks=evidence.placebo_rows(study),
        tolerated=f"{placebo.TOLERATED:.0%}",
        left=f"{placebo.LEFT_BY_INFLUENCE:.0%}",
        claims=evidence.claim_rows(study),
        forecast=evidence.forecast_table(study),
        sums=evidence.explanations(_moving(study).head(ROWS), study.scores["influence"], labels),
        planned=evidence.planned_tests(study, labels),
        unsettled=evidence.no_test_settles(study),
        tried=evidence.trial_rows(study, labels),
        followed_why=evidence.followed_why(study),
        divisions=divisions(data),
        listeners=audiences.who_listens(
            study, data, labels, names=names, min_cell=described["settings"]["privacy"]["min_cell"]
        ),
        fit=audiences.brief_fit(study, labels),
        over_time=audiences.niches_over_time(study),
        niches=niches_section(study, data, labels, names=names),
        real=suspects.who_is_real(study, labels),
        reasons=reasons(study),
        missing=study.missing,
        cut=described["settings"]["missing"]["follows"],
        warnings=data.warnings,
        pictures=_pictures(study, labels),
        settings=_settings(described["settings"]),
        versions=described["versions"],
        inputs=described["inputs"],
        min_cell=described["settings"]["privacy"]["min_cell"],
        public_from=described["settings"]["privacy"]["public_from"],
        pseudonyms=described["settings"]["privacy"]["pseudonyms"],
    )


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("influgraph.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"number": number, "counted": counted}
    return environment.get_template("report.html.j2")


def divisions(data: Dataset) -> list[str]:
    """Name the tables that divide influence by what accounts state of the people moved.

    Parameters
    ----------
    data
        The dataset.

    Returns
    -------
    Names of tables of the study; none where no account states a market or platform.
    """
    return [
        name
        for column, name in DIVISIONS.items()
        if column in data.accounts and data.accounts[column].notna().any()
    ]


def _moving(study: Study) -> pd.DataFrame:
    """Accounts whose interval shows influence, by rank."""
    scores = study.scores
    above = quadrants.influential_above(scores[scores["quadrant"].notna()])
    return scores[scores["influence_low"].fillna(0) > above].sort_values("rank", kind="stable")


def _followed(study: Study) -> pd.DataFrame:
    scores = study.scores
    hollow = scores[(scores["quadrant"] == "hollow celebrity") & ~quadrants.lowers(scores)]
    return hollow.sort_values("followers", ascending=False, kind="stable").head(ROWS)


def _lowering(study: Study, labels: Labels, names: Mapping[Hashable, str]) -> dict[str, Any]:
    """Accounts whose interval shows fewer outcomes, the strongest first; empty where there are none."""
    scores = study.scores
    below = scores[quadrants.lowers(scores)].sort_values("influence", kind="stable")
    if below.empty:
        return {}
    first = ", ".join(labels[str(account_id)] for account_id in below.index[:NAMED])
    more = f" and {len(below) - NAMED:,} more" if len(below) > NAMED else ""
    are = "account is" if len(below) == 1 else "accounts are"
    return {
        "sentence": f"{len(below):,} {are} {opposite(study)}: {first}{more}",
        "deed": opposite(study),
        "rows": _accounts(below.head(ROWS), labels, names),
        "left": max(len(below) - ROWS, 0),
    }


def _accounts(chosen: pd.DataFrame, labels: Labels, names: Mapping[Hashable, str]) -> list[dict[str, str]]:
    """Rows of a table of accounts, in words."""
    return [
        {
            "account": labels[str(account_id)],
            "followers": number(row["followers"]),
            "influence": interval(row, "influence"),
            "grade": _evidence(row),
            "rank": interval(row, "rank"),
            "band": number(row["band"]),
            "beyond": interval(row, "beyond_popularity"),
            "niche": "-" if pd.isna(row["niche"]) else names[row["niche"]],
        }
        for account_id, row in chosen.to_dict("index").items()
    ]


def _evidence(row: Mapping[Any, Any]) -> str:
    """The grade of an account's influence, and that it is below zero where that is shown."""
    grade = str(row["influence_grade"])
    if not row["influence_high"] < 0:
        return grade
    return f"{grade}; {'seems' if grade == 'estimated' else 'shown'} to reduce"


def _facts(study: Study) -> list[dict[str, str]]:
    """Key figures, each with its grade."""
    scores = study.scores
    judged, moving = int(scores["influence"].notna().sum()), len(_moving(study))
    grade = "; ".join(sorted(scores["influence_grade"].dropna().unique())) or "none"
    facts = [
        _fact(len(scores), "account", "accounts"),
        _fact(study.outcomes, outcome_words(study.kinds, count=1), outcome_words(study.kinds)),
        _fact(judged, "account that could be judged", "accounts that could be judged"),
        {**_fact(moving, *[f"whose whole interval lies above {standard(study)}"] * 2), "grade": grade},
    ]
    if below := int(quadrants.lowers(scores).sum()):
        facts.append({**_fact(below, *["whose whole interval lies below zero"] * 2), "grade": grade})
    for check in study.validation.to_dict("records"):
        if check["check"] == CREDITED:
            facts.append(_credited(check, study, grade))
        if check["check"] == "rank agreement":
            value = interval(check, "estimate", low="low", high="high")
            facts.append(
                {
                    "value": value,
                    "name": "agreement of followers and influence (1: same order)",
                    "grade": "estimated",
                }
            )
    return facts


def _credited(check: Mapping[Any, Any], study: Study, grade: str) -> dict[str, str]:
    """The share of outcomes credited, what its interval allows for, and what it leaves out."""
    beyond, most = ALLOWED, study.scores["influence_high"].max()
    if check["subject"] == EVERYBODY and most > check["high"] * study.outcomes:
        beyond += f"; a single account may have up to {number(most)} outcomes, which it leaves out"
    net = ", net" if check["subject"] == EVERYBODY and quadrants.lowers(study.scores).any() else ""
    return {
        "value": f"{check['estimate']:z.0%} [{check['low']:z.0%} to {check['high']:z.0%}]",
        "name": f"of the outcomes credited to {check['subject']}{net}",
        "grade": f"{grade}; {beyond}",
    }


def _fact(count: float, noun: str, nouns: str) -> dict[str, str]:
    """One figure that was counted."""
    return {"value": number(count), "name": noun if count == 1 else nouns, "grade": "observed"}


def _agreement(study: Study) -> list[str]:
    """What is said on followers against influence."""
    agreed = study.validation["check"].isin(["rank agreement", "top agreement"])
    return [sentence[0].upper() + sentence[1:] for sentence in study.validation.loc[agreed, "verdict"]]


def _pictures(study: Study, labels: Labels) -> dict[str, str]:
    """Every picture that the study has something to show in."""
    scores, pictures = study.scores, {}
    if scores["quadrant"].notna().any():
        few = {account_id: labels[account_id] for account_id in _named(scores)}
        pictures["scatter"] = plots.as_svg(
            lambda ax: plots.plot_popularity_against_influence(scores, names=few, deed=deed(study), ax=ax),
            height=5.2,
            name="scatter",
        )
    if scores["influence"].notna().any():
        first = {
            account_id: labels[account_id]
            for account_id in scores["rank"].sort_values(kind="stable").index[:ROWS]
        }
        pictures["intervals"] = plots.as_svg(
            lambda ax: plots.plot_influence_intervals(scores, names=first, count=ROWS, ax=ax),
            height=4.2,
            name="intervals",
        )
    return pictures


def _named(scores: pd.DataFrame) -> list[str]:
    """The accounts that are named in the picture: some of every kind but the quiet, and below zero."""
    by_rank, by_followers = (scores.sort_values(by, kind="stable") for by in ("rank", "followers"))
    chosen = [by_rank.index[by_rank["quadrant"] == kind][:NAMED] for kind in ("hidden influencer", "star")]
    below = by_rank.index[quadrants.lowers(by_rank)][-NAMED:]
    hollow = by_followers.index[by_followers["quadrant"] == "hollow celebrity"].difference(below, sort=False)
    return [account_id for some in (*chosen, hollow[-NAMED:], below) for account_id in some]


def _settings(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Settings in one column of names and one of values; what may hold account ids is only counted."""
    rows = []
    for table, values in settings.items():
        for key, value in values.items() if isinstance(values, Mapping) else [("", values)]:
            name = f"{table}.{key}" if key else table
            hidden = name in {"organisation.accounts", "brief.niches", "trials"}
            rows.append((name, f"{len(value)} given" if hidden else json.dumps(value, ensure_ascii=False)))
    return rows
