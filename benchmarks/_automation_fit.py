"""Fit the cards of `bots.automation`, and write them as plain numbers."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks._automation_data import SOURCES
from influgraph.bots import _automation_profile as profile

Floats = npt.NDArray[np.float64]
COUNT_SIGNS = ("follows_more", "follows_few", "posts_few")
CARDS = ((*COUNT_SIGNS, "age", "no_bio"), (*COUNT_SIGNS, "no_bio"), (*COUNT_SIGNS, "age"), COUNT_SIGNS)


def train(sources: dict[str, pd.DataFrame]) -> dict[str, object]:
    """Cards with their fits on all sources and without each, and the clouds of training accounts."""
    return {
        "about": "Signs of automated accounts: weights of a logistic regression in which sources and classes "
        "count alike. Made by python -m benchmarks.automation --train; aggregates only. Offered under "
        "CC BY-SA 4.0 too, for the part that the first source has in it.",
        "sources": [
            {
                "name": name,
                "what": SOURCES[name],
                "accounts": len(one),
                "automated": int(one["automated"].sum()),
            }
            for name, one in sources.items()
        ],
        "cards": [_card(sources, signs) for signs in CARDS],
        "support": _support(sources),
    }


def with_signs(sources: dict[str, pd.DataFrame], signs: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """Signs of the accounts of each source that tells them all."""
    found = {name: profile.signs_of(one)[list(signs)] for name, one in sources.items()}
    return {name: one for name, one in found.items() if one.notna().all(axis=None)}


def fit(signs: list[pd.DataFrame], automated: list[pd.Series]) -> tuple[float, Floats]:
    """Constant and weights of a ridge logistic regression in which sources and classes count alike."""
    from sklearn.linear_model import LogisticRegression

    values, labels = pd.concat(signs).to_numpy(float), pd.concat(automated).to_numpy(int)
    counts = [np.where(one == 1, one.sum(), (1 - one).sum()) for one in automated]
    weights = len(labels) / (2 * len(signs)) / np.concatenate(counts)
    scale = values.std(axis=0)
    scale[scale == 0] = 1.0  # a sign that nobody here shows
    model = LogisticRegression(C=1.0, max_iter=1000).fit(values / scale, labels, sample_weight=weights)
    return float(model.intercept_[0]), np.asarray(model.coef_[0] / scale)


def fit_on(
    sources: dict[str, pd.DataFrame], signs: tuple[str, ...], without: str = ""
) -> tuple[float, Floats]:
    """Fit on every source that tells these signs, but one."""
    known = {name: one for name, one in with_signs(sources, signs).items() if name != without}
    return fit(list(known.values()), [sources[name]["automated"] for name in known])


def _card(sources: dict[str, pd.DataFrame], signs: tuple[str, ...]) -> dict[str, object]:
    known = with_signs(sources, signs)
    usual = np.mean([_middle(one, sources[name]["automated"]) for name, one in known.items()], axis=0)
    fits = [fit_on(sources, signs, name) for name in ("", *known)]
    return {
        "signs": list(signs),
        "sources": list(known),
        "usual": _plain(usual),
        "constant": _plain([constant + weights @ usual for constant, weights in fits]),
        "weights": [_plain(weights) for _, weights in fits],
    }


def _middle(signs: pd.DataFrame, automated: pd.Series) -> Floats:
    """Mean signs of a source in which both classes count alike."""
    return np.asarray(signs.groupby(automated.to_numpy()).mean().mean().to_numpy(float))


def _support(sources: dict[str, pd.DataFrame]) -> list[dict[str, object]]:
    groups = []
    for name, one in sources.items():
        for automated, part in one.groupby("automated"):
            counts = np.log1p(part[list(profile.COUNTS)].to_numpy(float))
            spread = np.cov(counts.T)
            groups.append(
                {
                    "source": name,
                    "automated": bool(automated),
                    "centre": _plain(counts.mean(axis=0)),
                    "spread": [_plain(row) for row in spread],
                }
            )
    return groups


def _plain(values: Floats | list[float]) -> list[float]:
    return [float(f"{value:.5g}") for value in values]
