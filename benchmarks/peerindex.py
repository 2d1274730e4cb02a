"""Human judgement: which of two people is more influential, by counts of their accounts (PeerIndex pairs).

Persons recur across pairs, so that each pair is judged by a model that has seen neither of its persons:
persons are dealt into ten hands, and pairs between two hands are judged from the pairs that touch neither.
Intervals resample persons; a pair counts as often as both of its persons are drawn, which is on the wide
side (Owen 2007, The pigeonhole bootstrap). Run with `python -m benchmarks.peerindex`.
"""

from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

FILE = Path(__file__).parents[2] / "shared" / "data" / "peerindex_pairs" / "pairs.csv.gz"
HANDS = 10
DRAWS = 2000
FEATURES = (
    *("follower_count", "following_count", "listed_count", "mentions_received", "retweets_received"),
    *(
        "mentions_sent",
        "retweets_sent",
        "posts",
        "network_feature_1",
        "network_feature_2",
        "network_feature_3",
    ),
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def log_ratios(pairs: pd.DataFrame) -> pd.DataFrame:
    """Logarithm of what A has over what B has, by feature; one is added to every count."""
    first, second = (pairs[[f"{side}_{name}" for name in FEATURES]].to_numpy(float) for side in "AB")
    return pd.DataFrame(np.log1p(first) - np.log1p(second), pairs.index, FEATURES)


def persons(pairs: pd.DataFrame) -> Ints:
    """Which person A is, and B (pairs x 2): people with the same eleven numbers are one."""
    sides = [pairs[[f"{side}_{name}" for name in FEATURES]].set_axis(FEATURES, axis=1) for side in "AB"]
    codes = pd.concat(sides).groupby(list(FEATURES), sort=False).ngroup().to_numpy(np.int64)
    return codes.reshape(2, -1).T


def unseen(ratios: pd.DataFrame, chosen: Ints, who: Ints, *, rng: np.random.Generator) -> Floats:
    """Log odds for A of every pair, by a model fitted without either of its persons."""
    hand = rng.permutation(np.arange(who.max() + 1) % HANDS)[who]
    odds = np.full(len(ratios), np.nan)
    for one, other in combinations_with_replacement(range(HANDS), 2):
        held = (np.sort(hand, axis=1) == [one, other]).all(axis=1)
        if held.any():
            seen = ~np.isin(hand, [one, other]).any(axis=1)
            odds[held] = _fitted(ratios[seen], chosen[seen], ratios[held])
    return odds


def dealt(ratios: pd.DataFrame, chosen: Ints, *, share: float, rng: np.random.Generator) -> Floats:
    """Log odds for A of every pair, by folds that let persons recur, fitted on this share of the pairs."""
    fold = rng.permutation(np.arange(len(ratios)) % HANDS)
    odds = np.full(len(ratios), np.nan)
    for one in range(HANDS):
        seen = rng.permutation(np.flatnonzero(fold != one))[: round(share * len(ratios))]
        odds[fold == one] = _fitted(ratios.iloc[seen], chosen[seen], ratios[fold == one])
    return odds


def _fitted(ratios: pd.DataFrame, chosen: Ints, wanted: pd.DataFrame) -> Floats:
    """Logistic regression with the usual ridge; no intercept, since A and B could be swapped."""
    from sklearn.linear_model import LogisticRegression

    scale = ratios.std().to_numpy()
    model = LogisticRegression(C=1.0, fit_intercept=False).fit(ratios.to_numpy() / scale, chosen)
    return np.asarray(model.decision_function(wanted.to_numpy() / scale), float)


def auc(score: Floats, chosen: Ints, weights: Floats) -> Floats:
    """Area under the curve of a score, for each column of weights (pairs x draws)."""
    order = np.argsort(score, kind="stable")
    tied = np.unique(score[order], return_inverse=True)[1]
    starts = np.flatnonzero(np.diff(tied, prepend=-1))
    won, lost = (
        np.add.reduceat(weights[order] * (chosen[order] == side)[:, None], starts) for side in (1, 0)
    )
    below = lost.cumsum(axis=0) - lost / 2
    return np.asarray((won * below).sum(axis=0) / (won.sum(axis=0) * lost.sum(axis=0)))


def judge(pairs: pd.DataFrame, *, rng: np.random.Generator) -> pd.DataFrame:
    """AUC of every way to decide with its 90 % interval, and what it is ahead of the ratio of followers."""
    ratios, chosen, who = log_ratios(pairs), pairs["Choice"].to_numpy(np.int64), persons(pairs)
    counts = rng.multinomial(who.max() + 1, np.full(who.max() + 1, 1 / (who.max() + 1)), DRAWS).T
    weights = np.column_stack([np.ones(len(pairs)), counts[who[:, 0]] * counts[who[:, 1]]]).astype(float)
    scores = {
        "followers": ratios["follower_count"].to_numpy(),
        "listed": ratios["listed_count"].to_numpy(),
        "model, persons unseen": unseen(ratios, chosen, who, rng=rng),
        "model, persons recur": dealt(ratios, chosen, share=1.0, rng=rng),
        "the same on as few pairs": dealt(ratios, chosen, share=(1 - 2 / HANDS) ** 2, rng=rng),
    }
    areas = {name: auc(score, chosen, weights) for name, score in scores.items()}
    rows = []
    for name, area in areas.items():
        row: dict[str, object] = {"by": name} | _summary("auc", area)
        for other in ("followers", "listed"):
            row |= _summary(f"ahead of {other}", area - areas[other]) if name != other else {}
        rows.append(row)
    return pd.DataFrame(rows)


def _summary(name: str, area: Floats) -> dict[str, float]:
    """The figure itself, and its interval over the draws."""
    low, high = np.quantile(area[1:], [0.05, 0.95])
    return {name: float(area[0]), f"{name}, low": float(low), f"{name}, high": float(high)}


def run() -> list[dict[str, object]]:
    """Judge the shipped pairs, where they are beside the project."""
    if not FILE.exists():
        return [{"by": "skipped: the public datasets are not beside the project (../shared/data)"}]
    return judge(pd.read_csv(FILE), rng=np.random.default_rng(7)).to_dict("records")


if __name__ == "__main__":
    print(pd.DataFrame(run()).round(3).T.to_string(header=False))
