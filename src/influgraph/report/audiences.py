"""Who listens, laid out for readers: whom the largest accounts reach and share, and whom a brief fits."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from influgraph import plots
from influgraph.audience.drivers import tell_drivers
from influgraph.dataset import Dataset
from influgraph.report.privacy import Labels, printable
from influgraph.report.words import counted, interval, number
from influgraph.study import Study

ROWS = 8
TOGETHER = 10
FITTED = 12
ENDS = "cumulative_reach_low", "cumulative_reach_high"
CHANGES = {
    "continued": "went on",
    "grown": "grew",
    "shrunk": "shrank",
    "merged": "merged",
    "split": "split",
    "born": "new",
    "died": "gone",
}


def who_listens(
    study: Study, data: Dataset, labels: Labels, *, names: Mapping[Hashable, str], min_cell: int
) -> dict[str, Any]:
    """Lay out whom the largest accounts reach.

    Parameters
    ----------
    study
        A finished study.
    data
        The dataset it was made from.
    labels
        The name under which each account is shown.
    names
        A name for each niche.
    min_cell
        Fewer members of an audience than this are not told.

    Returns
    -------
    `audience`: followers or engagers. `rows`: by account, in words: `size`, the `common` niche of its
    audience, its `own` niche, whom it is `shared` with, `only` its own, who `return`. `together`: a sentence.
    `driven`: by account, what goes with more response; `undriven`: the accounts of which nothing can be told.
    """
    kind = "followers" if len(data.follows) else "engagers"
    largest = study.audience_reach.head(ROWS)
    told = tell_drivers(data, _public_traits(study.audience_drivers, labels))[largest["account_id"]]
    driven = told[told.str.startswith("posts ")]
    return {
        "audience": kind,
        "rows": [
            {"account": labels[row["account_id"]], **_row(row, study, kind, (names, labels, min_cell))}
            for row in largest.to_dict("records")
        ],
        "together": _together(study.audience_reach, kind),
        "driven": [(labels[str(account)], sentence) for account, sentence in driven.items()],
        "undriven": len(told) - len(driven),
    }


def _public_traits(found: pd.DataFrame, labels: Labels) -> pd.DataFrame:
    """Drivers without those that name a person who is not public, in one line each."""
    private = [
        labels.is_private(trait) or labels.is_private("".join(trait.split())) for trait in found["trait"]
    ]
    shown = found[~pd.Series(private, found.index, dtype=bool)]
    return shown.assign(trait=shown["trait"].map(printable))


def _row(
    reached: Mapping[Any, Any], study: Study, kind: str, shown: tuple[Mapping[Hashable, str], Labels, int]
) -> dict[str, str]:
    names, labels, min_cell = shown
    account_id, size = reached["account_id"], reached["reach"]
    cells = study.audience
    cells = cells[cells["account_id"].eq(account_id) & cells["audience"].eq(kind) & cells["by"].eq("niche")]
    told = cells[~cells["pooled"] & cells["group"].notna()].sort_values(
        "share", ascending=False, kind="stable"
    )
    own = study.scores["niche"][account_id]
    return {
        "size": number(size),
        "common": "-" if told.empty else _niche_share(told.to_dict("records")[0], names),
        "own": "-" if pd.isna(own) else _own_share(told[told["group"] == str(own)], min_cell),
        "shared": _most_shared(study.audience_overlap, reached, labels, min_cell=min_cell),
        "only": _part(reached["unique_reach"], size, min_cell),
        "returning": _returning(study.audience_bonds.loc[account_id], min_cell),
    }


def _niche_share(cell: Mapping[Any, Any], names: Mapping[Hashable, str]) -> str:
    return f"{names[int(cell['group'])]}: {_percent(cell, 'share')}"


def _own_share(cells: pd.DataFrame, min_cell: int) -> str:
    return (
        f"fewer than {min_cell}, or not told apart"
        if cells.empty
        else _percent(cells.iloc[0].to_dict(), "share")
    )


def _returning(bonds: Mapping[Any, Any], min_cell: int) -> str:
    few = bonds["engagers"] < max(min_cell, 1)
    return "-" if few or pd.isna(bonds["loyalty"]) else _percent(bonds, "loyalty")


def _percent(row: Mapping[Any, Any], name: str) -> str:
    """Write a share with its interval in per cent."""
    return f"{row[name]:.0%} [{row[f'{name}_low']:.0%} to {row[f'{name}_high']:.0%}]"


def _most_shared(pairs: pd.DataFrame, reached: Mapping[Any, Any], labels: Labels, *, min_cell: int) -> str:
    """With whom most of an audience is shared."""
    account_id = reached["account_id"]
    one, other = pairs["account_id"] == account_id, pairs["other_id"] == account_id
    shared = pairs[(one | other) & pairs["shared"].notna()]
    if shared.empty:
        return "-"
    most = shared.sort_values("shared", ascending=False, kind="stable").iloc[0].to_dict()
    if most["shared"] < max(min_cell, 1):
        return f"fewer than {max(min_cell, 1)} with anybody"
    with_whom = most["other_id"] if most["account_id"] == account_id else most["account_id"]
    counted_all = most["shared_low"] == most["shared_high"]
    much = number(most["shared"]) if counted_all else interval(most, "shared")
    if reached["reach"] - most["shared"] < min_cell:
        much = f"all but fewer than {min_cell}"
    return f"{much} with {labels[with_whom]}"


def _part(count: float, size: float, min_cell: int) -> str:
    """Write a part of an audience as a share, unless it or what is left of it is small."""
    if pd.isna(count) or pd.isna(size) or size < max(min_cell, 1):
        return "-"
    if count < min_cell:
        return f"fewer than {min_cell}"
    return f"all but fewer than {min_cell}" if size - count < min_cell else f"{count / size:.0%}"


def _together(reached: pd.DataFrame, kind: str) -> str:
    """Say how many follow the largest accounts, and how many of those are the same; empty for one alone."""
    first = reached.head(TOGETHER)
    if len(first) < 2:
        return ""
    last = first.iloc[-1].to_dict()
    several = f"The {len(first)} largest accounts"
    if pd.isna(last["cumulative_reach"]):
        return f"{several} reach at least {counted(last['cumulative_reach_low'], 'account')}: lists are cut."
    last = {name: round(last[name]) for name in ("cumulative_reach", *ENDS)}
    known = last[ENDS[0]] == last[ENDS[1]]
    reach = number(last["cumulative_reach"]) if known else interval(last, "cumulative_reach")
    followers = number(round(first["reach"].sum()))
    return f"{several} have {followers} {kind} together and reach {reach} different accounts."


def brief_fit(study: Study, labels: Labels) -> dict[str, Any]:
    """Show whom a brief fits.

    Parameters
    ----------
    study
        A finished study.
    labels
        The name under which each account is shown.

    Returns
    -------
    `sentences`: what is found, and what of the brief is not in the data; none without a brief. `picture`: of
    followers on target and off; empty where nothing is known of them.
    """
    if study.brand_fit.empty:
        return {"sentences": [], "picture": ""}
    known = study.brand_fit.dropna(subset=["followers", "on_target_followers"])
    first = known.sort_values("followers", ascending=False, kind="stable").head(FITTED)
    names = {str(account_id): labels[str(account_id)] for account_id in first.index}
    picture = plots.as_svg(
        lambda ax: plots.plot_brand_fit(first, names=names, count=FITTED, ax=ax),
        height=1.4 + 0.3 * len(first),
        name="fit",
    )
    found = _fit_told(first, names) if len(first) else _no_fit(study.brand_fit)
    return {"sentences": [found, *_not_found(study.brief_matches, labels)], "picture": picture * bool(names)}


def _fit_told(first: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Whom most of the largest audience is not, and who has most on target."""
    largest = first.iloc[0]
    best = first.sort_values("on_target_followers", ascending=False, kind="stable").iloc[0]
    most = f"{number(round(best['on_target_followers']))} of {number(best['followers'])}"
    ends = "on_target_followers_low", "on_target_followers_high"
    between = " to ".join(number(round(best[end])) for end in ends)
    off = f"[{1 - largest['on_target_share_high']:.0%} to {1 - largest['on_target_share_low']:.0%}]"
    return (
        f"{names[str(largest.name)]} has {number(largest['followers'])} {largest['audience']}, "
        f"{largest['off_target_share']:.0%} {off} of them off target. Of the {len(first)} most followed, "
        f"{names[str(best.name)]} has most on target: {most} [{between}]."
    )


def _no_fit(fit: pd.DataFrame) -> str:
    reason = str(fit["audience_fit_missing"].dropna().mode().iloc[0]).partition(";")[0]
    return f"It cannot be told who is on target: {reason}."


def _not_found(matches: pd.DataFrame, labels: Labels) -> list[str]:
    """What the brief asks for and the data do not have, with what is nearest to it and public."""
    sentences = []
    for row in matches[~matches["found"].astype(bool)].to_dict("records"):
        names = [] if pd.isna(row["nearest"]) else row["nearest"].split(", ")
        near = ", ".join(printable(name) for name in names if not labels.is_private(name))
        known = f"; nearest to it: {near}" if near else ""
        sentences.append(
            f"The {row['part']} “{printable(row['asked'])}” of the brief is not in the data{known}."
        )
    return sentences


def niches_over_time(study: Study) -> str:
    """Say in one sentence what became of niches within the period.

    Parameters
    ----------
    study
        A finished study.

    Returns
    -------
    A sentence; empty where nothing is known of it.
    """
    changes = study.niche_changes
    if changes.empty:
        return ""
    later = changes["niche_before"].isna()
    sides = changes["niche_before"].mask(later, changes["niche_after"])
    once = changes.assign(side=sides, later=later).drop_duplicates(["window_after", "later", "side"])
    counts = once["event"].value_counts()
    parts = [f"{counts[event]} {words}" for event, words in CHANGES.items() if event in counts]
    return f"Niches from the first half of the period to the second: {', '.join(parts)}." if parts else ""
