"""What a profile shows, and what a fitted model makes of it: a sum on the scale of log odds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph.dataset import study_period

if TYPE_CHECKING:
    from collections.abc import Iterator

    from influgraph.dataset import Dataset

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

COUNTS = ("followers", "following", "posts")
SIGNS = ("follows_more", "follows_few", "posts_few", "age", "no_bio")
FEW_FOLLOWED, FEW_POSTS = 30, 20  # below which following, and posting, count as little
SUPPORT = 16.27  # squared distance within which 99.9 % of a normal cloud in three dimensions lie


@dataclass(frozen=True)
class Card:
    """A fitted model of some signs: rows of `weights` are the fit, then the fits without one source each."""

    signs: tuple[str, ...]
    usual: Floats
    constant: Floats
    weights: Floats


@dataclass(frozen=True)
class Model:
    """Cards from the one that asks for most to the one that asks for least, and where they were trained.

    `centres` (groups x 3) and `spreads` (groups x 3 x 3) describe the logarithms of the three counts in every
    group of training accounts: a source's people, or its automated accounts.
    """

    cards: tuple[Card, ...]
    centres: Floats
    spreads: Floats


def model_of(content: dict[str, Any]) -> Model:
    """Return the model that a training report states in plain numbers."""
    cards = [
        Card(
            tuple(one["signs"]),
            *(np.array(one[name], float) for name in ("usual", "constant", "weights")),
        )
        for one in content["cards"]
    ]
    groups = content["support"]
    centres, spreads = (np.array([one[name] for one in groups], float) for name in ("centre", "spread"))
    return Model(tuple(cards), centres, spreads)


@cache
def shipped_model() -> Model:
    """Return the model that `python -m benchmarks.automation --train` wrote."""
    text = resources.files("influgraph.bots").joinpath("automation.json").read_text("utf-8")
    return model_of(json.loads(text))


def profiles(data: Dataset, observed_at: pd.Timestamp | None) -> pd.DataFrame:
    """Followers, following, posts, age in days and lack of a bio, as stated; null where unknown."""
    accounts = data.accounts
    table = {name: _stated(accounts, f"{name}_stated") for name in COUNTS}
    table["age_days"] = _age(data, observed_at)
    table["no_bio"] = _no_bio(accounts)
    return pd.DataFrame(table, accounts.index)


def _stated(accounts: pd.DataFrame, column: str) -> Floats:
    if column not in accounts:
        return np.full(len(accounts), np.nan)
    return accounts[column].to_numpy(float, na_value=np.nan)


def _age(data: Dataset, observed_at: pd.Timestamp | None) -> Floats:
    """Days from the making of each account to when it was seen; null if it was made later than that."""
    period = study_period(data)
    seen = observed_at if observed_at is not None else (period[1] if period else None)
    if seen is None or "created_at" not in data.accounts:
        return np.full(len(data.accounts), np.nan)
    days = (seen - data.accounts["created_at"]).dt.total_seconds().to_numpy(float) / 86_400
    return np.where(days >= 0, days, np.nan)


def _no_bio(accounts: pd.DataFrame) -> Floats:
    """1 without a bio, else 0; unknown for all if most have none, since then nobody may have asked for it."""
    if "bio" not in accounts:
        return np.full(len(accounts), np.nan)
    bio = accounts["bio"]
    silent = np.asarray(bio.isna() | (bio.astype("str").str.strip() == ""), float)
    return silent if silent.sum() * 2 < len(silent) else np.full(len(accounts), np.nan)


def signs_of(table: pd.DataFrame) -> pd.DataFrame:
    """What a model weighs, by account; null where the profile does not tell.

    - ``follows_more``: logarithm of following / followers (one added to both), 0 where it follows fewer
    - ``follows_few``, ``posts_few``: how far, in logarithms, below 30 followed and 20 posts; 0 above
    - ``age``: logarithm of the days since it was made
    - ``no_bio``: 1 without a bio
    """
    followers, following, posts = _log_counts(table).T
    signs = {
        "follows_more": np.maximum(0, following - followers),
        "follows_few": np.maximum(0, np.log(FEW_FOLLOWED) - following),
        "posts_few": np.maximum(0, np.log(FEW_POSTS) - posts),
        "age": np.log1p(table["age_days"].to_numpy(float)),
        "no_bio": table["no_bio"].to_numpy(float),
    }
    return pd.DataFrame(signs, table.index)


def _log_counts(table: pd.DataFrame) -> Floats:
    """Logarithms of one more than the counts (accounts x 3); those below zero count as zero."""
    return np.asarray(np.log1p(np.maximum(table[list(COUNTS)].to_numpy(float), 0)))


def cards_for(signs: pd.DataFrame, model: Model) -> Iterator[tuple[Card, Bools]]:
    """Each card with the accounts it judges: those of which it asks no more than is known, most first."""
    known, left = signs.notna(), np.ones(len(signs), bool)
    for card in model.cards:
        fits = left & known[list(card.signs)].all(axis=1).to_numpy()
        left &= ~fits
        yield card, fits


def contributions(signs: pd.DataFrame, model: Model) -> pd.DataFrame:
    """Log odds at even odds beforehand, in parts: the usual account, and what each sign adds to it.

    ``usual`` is 0 for nobody; a sign that is not known adds 0; accounts that no card fits are null.
    """
    parts = pd.DataFrame(np.nan, signs.index, ["usual", *SIGNS])
    for card, fits in cards_for(signs, model):
        values = signs.loc[fits, list(card.signs)].to_numpy(float)
        added = np.zeros((int(fits.sum()), len(SIGNS)))
        added[:, [SIGNS.index(sign) for sign in card.signs]] = (values - card.usual) * card.weights[0]
        parts.loc[fits] = np.column_stack([np.full(len(added), card.constant[0]), added])
    return parts


def standard_errors(signs: pd.DataFrame, model: Model) -> pd.DataFrame:
    """How far log odds would move with other sources: delete-one-source jackknife, and its degrees."""
    errors = pd.DataFrame(np.nan, signs.index, ["error", "degrees"])
    for card, fits in cards_for(signs, model):
        values = signs.loc[fits, list(card.signs)].to_numpy(float) - card.usual
        without = card.constant[1:] + values @ card.weights[1:].T
        sources = without.shape[1]
        error = np.sqrt((sources - 1) * without.var(axis=1))
        errors.loc[fits] = np.column_stack([error, np.full(len(error), sources - 1.0)])
    return errors


def is_supported(table: pd.DataFrame, model: Model) -> Bools:
    """Tell whose counts lie in the cloud of some group of accounts that the model was trained on."""
    counts = _log_counts(table)
    nearest = np.full(len(counts), np.inf)
    for centre, spread in zip(model.centres, model.spreads, strict=True):
        away = counts - centre
        nearest = np.fmin(nearest, ((away @ np.linalg.inv(spread)) * away).sum(axis=1))
    return nearest <= SUPPORT
