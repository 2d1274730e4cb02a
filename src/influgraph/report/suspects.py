"""The section on who is real: case files, and whose standing changes without the suspects."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from influgraph import plots
from influgraph.report.privacy import Labels, printable
from influgraph.report.words import counted, interval, number
from influgraph.study import Study

SHOWN = 6
SERVED = 5
MOVED = 5
LEAST_FOLLOWED = 30
KINDS = {
    "coordination": "act on the same things at the same time",
    "purchased_followers": "follow the same accounts in bulk",
    "pod": "engage with one another by arrangement",
    "sybil": "are tied to one another and hardly to anybody else",
}
SEARCHED = {
    "coordination": "accounts that act together",
    "purchased_followers": "purchased followers",
    "pod": "pods, which engage with one another by arrangement",
    "sybil": "sybils, false accounts that are tied to one another",
}
_SPEAKS = {"for": "for it", "against": "against it", "unknown": "not known"}


def who_is_real(study: Study, labels: Labels) -> dict[str, Any]:
    """Lay out bot clusters for readers, in neutral words.

    Parameters
    ----------
    study
        A finished study.
    labels
        The name under which each account is shown.

    Returns
    -------
    `summary`, what was found and what could not be checked; `cases`, the largest suspected and cleared ones,
    each with its evidence, what was tested and a picture; `left`, how many more are in
    case_files.csv; `moved`, who falls and rises without the suspects; `unmoved`, that nobody does; `shares`,
    accounts of which the largest share of followers is suspected.
    """
    order = study.case_files["state"].map({"suspected": 0, "cleared": 1}).fillna(2)
    cases = study.case_files.assign(order=order).sort_values(
        ["order", "size"], ascending=[True, False], kind="stable"
    )
    cleared = cases[cases["order"] > 0].head(SHOWN // 3)
    shown = pd.concat([cases[cases["order"] == 0].head(SHOWN - len(cleared)), cleared])
    return {
        "summary": _summary(study),
        "cases": [_case(name, row, study, labels) for name, row in shown.to_dict("index").items()],
        "left": len(cases) - len(shown),
        **_changes(study.counterfactual, labels),
        "shares": _shares(study.scores, labels),
    }


def _summary(study: Study) -> str:
    """How many are suspected or cleared, or that nothing stood out; and what was not checked."""
    states = study.case_files["state"].value_counts()
    accounts, clusters = study.bot_members["account_id"].nunique(), int(states.get("suspected", 0))
    cleared, untold = int(states.get("cleared", 0)), int(states.get("too little data", 0))
    other = ""
    if cleared:
        other = f" {counted(cleared, 'cluster')} {'has' if cleared == 1 else 'have'} an innocent explanation."
    if untold:
        other += f" Data are too few to suspect or clear {counted(untold, 'cluster')}."
    other += _not_searched(study.not_searched)
    if len(study.not_searched) == len(SEARCHED):
        return f"Whether a group of accounts acts as one is not known.{other}"
    if not accounts:
        found = "No group of accounts is suspected of acting as one"
        far = ", as far as could be checked" if study.not_searched else ""
        return f"{found}{far}.{_not_compared(study)}{other}"
    return (
        f"{counted(accounts, 'account')} in {counted(clusters, 'cluster')} "
        f"{'is' if accounts == 1 else 'are'} suspected of acting as one.{other}"
    )


def _not_compared(study: Study) -> str:
    """Say how far apart acts were compared, where any were."""
    if "coordination" in dict(study.not_searched) or study.coordination_windows.empty:
        return ""
    hours = pd.to_timedelta(study.coordination_windows.index).max() / pd.Timedelta(hours=1)
    return (
        f" Acts on the same things were compared where they lie up to {hours:g} hours apart: "
        "who acts together more slowly is not seen."
    )


def _not_searched(kinds: Sequence[tuple[str, str]]) -> str:
    """Say which clusters could not be looked for, and why; nothing where all could."""
    if not kinds:
        return ""
    told = [
        f"{SEARCHED[kind]} ({reason.removeprefix('coordination: ').partition(', so ')[0]})"
        for kind, reason in kinds
    ]
    return f" Not checked: {'; '.join(told)}."


def _case(name: Hashable, row: Mapping[Any, Any], study: Study, labels: Labels) -> dict[str, Any]:
    """One case file."""
    tested = study.case_explanations
    served = [labels[one] for one in labels.split(row["beneficiaries"])]
    left = len(served) - SERVED
    acts = study.joint_acts[study.joint_acts["bot_cluster"] == name]
    return {
        "name": str(name),
        "title": f"{counted(row['size'], 'account')} that {KINDS[row['kind']]}",
        "state": row["state"],
        "evidence": printable_sentence(row["evidence"]),
        "why": printable_sentence(row["why"]),
        "when": "" if pd.isna(row["first"]) else f"{row['first']:%Y-%m-%d} to {row['last']:%Y-%m-%d}",
        "acts": f"{counted(row['acts'], 'act')} on {counted(row['objects'], 'object')}",
        "q": "0.001" if row["q_value"] < 0.001 else number(row["q_value"]),
        "served": ", ".join(served[:SERVED]) + (f" and {left} more" if left > 0 else ""),
        "tested": [
            {
                "explanation": one["explanation"],
                "measured": printable_sentence(one["measured"]),
                "value": number(one["value"]),
                "usual": number(one["usual"]),
                "bound": number(one["bound"]),
                "speaks": _SPEAKS[one["speaks"]],
                "cost": one["cost"],
            }
            for one in tested[tested["bot_cluster"] == name].to_dict("records")
        ],
        "picture": _picture(str(name), acts),
    }


def printable_sentence(text: str) -> str:
    """Drop what could disturb a page from a sentence that may quote data, without cutting it.

    Parameters
    ----------
    text
        A sentence.

    Returns
    -------
    The sentence in one line; not yet escaped for HTML.
    """
    return " ".join(printable(word) for word in str(text).split())


def _picture(name: str, acts: pd.DataFrame) -> str:
    """What members did together in time; none without times."""
    if acts["created_at"].notna().sum() < 2:
        return ""
    return plots.as_svg(lambda ax: plots.plot_joint_acts(acts, ax=ax), height=3.4, name=f"case-{name}")


def _falls(changes: pd.DataFrame) -> pd.DataFrame:
    """By how many ranks accounts fall without the suspects, as `fall`, where their rank changes."""
    fall = changes["rank_without_suspects"] - changes["rank_with_suspects"]
    return changes.assign(fall=fall)[fall.ne(0).fillna(value=False)]


def _told_apart(changes: pd.DataFrame) -> pd.Series:
    """Whose interval lies on one side of zero, with the suspects or without them."""
    sides = [
        changes[f"influence_{end}_{how}_suspects"].astype("float64") * sign > 0
        for how in ("with", "without")
        for end, sign in (("low", 1), ("high", -1))
    ]
    return pd.concat(sides, axis=1).any(axis=1)


def _changes(changes: pd.DataFrame, labels: Labels) -> dict[str, Any]:
    """Who falls and rises of those told apart from zero, or, where all are not, words that say so."""
    falls = _falls(changes)
    moved = falls[_told_apart(falls)]
    unmoved = (
        f"Ranks of {counted(len(falls), 'account')} change, but of none of them is influence told apart from "
        "zero, with the suspects or without: they change by chance."
    )
    return {"moved": _moved(moved, labels), "unmoved": unmoved if len(falls) and moved.empty else ""}


def _moved(moved: pd.DataFrame, labels: Labels) -> list[dict[str, str]]:
    """Who falls most and who rises most in rank without the suspects."""
    ends = pd.concat(
        [moved[moved["fall"] > 0].nlargest(MOVED, "fall"), moved[moved["fall"] < 0].nsmallest(MOVED, "fall")]
    )
    return [
        {
            "account": labels[str(account_id)],
            "way": "falls" if row["fall"] > 0 else "rises",
            **{
                f"{name}_{how}": number(row[f"{name}_{how}_suspects"])
                for name in ("rank", "influence", "followers")
                for how in ("with", "without")
            },
        }
        for account_id, row in ends.to_dict("index").items()
    ]


def _shares(scores: pd.DataFrame, labels: Labels) -> list[dict[str, str]]:
    """Accounts whose followers are surely not all authentic, the most doubtful first."""
    followed = scores["followers"].ge(LEAST_FOLLOWED).fillna(value=False)
    doubtful = scores[scores["authentic_share_high"].lt(1).fillna(value=False) & followed]
    return [
        {
            "account": labels[str(account_id)],
            "followers": number(row["followers"]),
            "share": interval(row, "authentic_share"),
        }
        for account_id, row in doubtful.nsmallest(MOVED, "authentic_share").to_dict("index").items()
    ]
