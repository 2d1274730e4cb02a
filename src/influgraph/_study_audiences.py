"""Audiences in a study: those of its largest and most influential accounts, and whom a brief is meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from influgraph.audience import bonds, brand_fit, composition, drivers, overlap

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from influgraph.dataset import Dataset
    from influgraph.settings import Brief, Settings

LOOKED_AT = 20


def audience_kind(data: Dataset) -> str:
    """Who is taken to listen: followers, else who engages."""
    return "followers" if len(data.follows) else "engagers"


def looked_at(popularity: pd.DataFrame, influence: pd.Series) -> tuple[list[str], list[str]]:
    """The largest accounts by followers (of equals: by engagements), and those and the most influential."""
    by = ["followers", "engagements_received"]
    sizes = popularity[by].astype("Float64").fillna(0)
    sizes = sizes[sizes.gt(0).any(axis=1)]
    largest = sizes.sort_values(by, ascending=False, kind="stable").index[:LOOKED_AT]
    moving = influence.astype("float64").sort_values(ascending=False, kind="stable")
    both = largest.append(moving.index[moving > 0][:LOOKED_AT]).unique()
    return list(largest), list(both)


def audiences(
    data: Dataset,
    niche: pd.Series,
    accounts: tuple[Sequence[str], Sequence[str]],
    *,
    settings: Settings,
    window: str,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Who listens to these accounts, whom they share, what they reach together, what is responded to."""
    (largest, both), kind, cut = accounts, audience_kind(data), settings.missing.follows
    labels = [label for label in composition.LABELS if label == "niche" or _stated(data, label)]
    small = settings.privacy.min_cell
    options: dict[str, Any] = {"audience": kind, "cut": cut, "rng": rng}
    pairs = overlap.overlap(data, both, **options) if len(both) > 1 else pd.DataFrame(columns=PAIRS)
    return {
        "composition": composition.composition(
            data, niche, by=labels, accounts=both, cut=cut, min_cell=small
        ),
        "overlap": pairs,
        "reach": overlap.reach(data, largest, **options) if largest else pd.DataFrame(columns=REACH),
        "drivers": drivers.drivers(data, terms=settings.brief.terms, accounts=both, window=window),
        "bonds": _bonds(data, both, cut, rng),
    }


def _stated(data: Dataset, label: str) -> bool:
    return label in data.accounts and bool(data.accounts[label].notna().any())


def _bonds(data: Dataset, accounts: Sequence[str], cut: str, rng: np.random.Generator) -> pd.DataFrame:
    """How each audience holds together; reciprocity is called `followed_back`, as motives have one too."""
    back = bonds.reciprocity(data, cut=cut)
    back.columns = back.columns.str.replace("reciprocity", "followed_back")
    inside = bonds.connection_density(data, accounts=accounts, cut=cut, rng=rng)
    found = inside.rename(columns={"members": "density_members"}).join([bonds.loyalty(data), back])
    return found.rename_axis("account_id")


def fit(data: Dataset, niche: pd.Series, niches: pd.DataFrame, settings: Settings) -> dict[str, Any]:
    """Fit of every account and audience to the brief, and what of it is in the data; no rows without one."""
    brief = settings.brief
    if not asks(brief):
        return {"fit": pd.DataFrame(), "matches": pd.DataFrame()}
    options: dict[str, Any] = {"cut": settings.missing.follows, "min_cell": settings.privacy.min_cell}
    found = brand_fit.brand_fit(data, brief, niche, niches=niches, **options)
    return {
        "fit": found.rename_axis("account_id"),
        "matches": brand_fit.brief_matches(data, brief, niches),
    }


def asks(brief: Brief) -> bool:
    """Whether the brief says whom it is meant for."""
    return bool(brief.terms or brief.niches or brief.markets)


_ENDS = ("", "_low", "_high")
PAIRS = ["account_id", "other_id"]
PAIRS += [f"{name}{end}" for name in ("shared", "jaccard", "overlap_coefficient") for end in _ENDS]
REACH = ["account_id", "reach", "unique_reach", "marginal_reach"]
REACH += [f"cumulative_reach{end}" for end in _ENDS]
