"""Train `bots.automation`, and judge it in and across sources: `python -m benchmarks.automation [--train]`.

The sources must be beside the project (../shared/data). Without `--train` the shipped model is judged, and
compared with what training makes now. Minutes; most of them for the nested cross-validation.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks import _automation_scores as scores
from benchmarks._automation_data import DATA, instagram, labelled
from benchmarks._automation_fit import CARDS, fit, fit_on, train, with_signs
from influgraph.bots import _automation_profile as profile
from influgraph.bots.automation import automation
from influgraph.dataset import Dataset, from_tables

Floats = npt.NDArray[np.float64]
Judge = Callable[[Floats, pd.Series, Floats], Floats]
FILE = Path(__file__).parents[1] / "src" / "influgraph" / "bots" / "automation.json"
FOLDS = 10
TAKEN_FOR = 0.037  # of people, by the published judge of Instagram followers
WORLDS = range(7_000, 7_005)  # untouched until the model was written down; developed on seed 101
READ = pd.Timestamp("2020-01-01", tz="UTC")


def run() -> list[dict[str, object]]:
    """AUC in and across sources, where the sources are beside the project."""
    if not DATA.is_dir():
        return [{"trained on": "skipped: the public datasets are not beside the project (../shared/data)"}]
    rng, sources = np.random.default_rng(7), labelled()
    return transfer(sources, CARDS[0], rng=rng) + transfer(sources, CARDS[-1], rng=rng)


def transfer(
    sources: dict[str, pd.DataFrame], signs: tuple[str, ...], *, rng: np.random.Generator
) -> list[dict[str, object]]:
    """AUC on each source, trained on one, on all others, or on all others without the verified."""
    known = with_signs(sources, signs)
    truth = {name: sources[name]["automated"] for name in known}
    rows: list[dict[str, object]] = []
    for trained in known:
        weights = fit([known[trained]], [truth[trained]])[1]
        odds = {name: one.to_numpy() @ weights for name, one in known.items()}
        odds[trained] = in_source(known[trained], truth[trained], rng=rng)
        rows.append(_row(trained, odds, truth, rng=rng))
    others = {name: known[name].to_numpy() @ fit_on(sources, signs, name)[1] for name in known}
    apart = {name: one for name, one in sources.items() if name not in ("declared bots", "bought, 2019")}
    strangers = {name: known[name].to_numpy() @ fit_on(apart, signs, name)[1] for name in known}
    rows.append(_row("all others", others, truth, rng=rng))
    rows.append(_row("others, no verified people", strangers, truth, rng=rng))
    return [{"signs": len(signs), **row} for row in rows]


def _row(
    trained: str, odds: dict[str, Floats], truth: dict[str, pd.Series], *, rng: np.random.Generator
) -> dict[str, object]:
    found = {
        name: scores.shown(scores.interval(scores.auc, one, truth[name].to_numpy(), rng=rng))
        for name, one in odds.items()
    }
    return {"trained on": trained, **found}


def folds(automated: pd.Series, count: int, *, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """A fold for each account, both classes dealt evenly."""
    fold = np.empty(len(automated), np.int64)
    for one in (0, 1):
        members = np.flatnonzero(automated == one)
        fold[rng.permutation(members)] = np.arange(len(members)) % count
    return fold


def in_source(signs: pd.DataFrame, automated: pd.Series, *, rng: np.random.Generator) -> Floats:
    """Log odds at even odds beforehand of every account, by a model of the other folds of its source."""
    fold, odds = folds(automated, FOLDS, rng=rng), np.empty(len(signs))
    for one in range(FOLDS):
        constant, weights = fit([signs[fold != one]], [automated[fold != one]])
        odds[fold == one] = constant + signs[fold == one].to_numpy() @ weights
    return odds


def calibration(sources: dict[str, pd.DataFrame], *, rng: np.random.Generator) -> pd.DataFrame:
    """Calibration error of a model of the same source (isotonic), and of all others at its base rate."""
    rows = []
    for name, one in sources.items():
        signs = next(card for card in CARDS if name in with_signs(sources, card))
        known, truth = with_signs(sources, signs)[name], one["automated"]
        own = _isotonic(known, truth, rng=rng)
        constant, weights = fit_on(sources, signs, name)
        rate = truth.mean()
        others = 1 / (1 + np.exp(-(constant + known.to_numpy() @ weights + np.log(rate / (1 - rate)))))
        rows.append({"source": name, "base rate": rate} | _calibrated(own, others, truth.to_numpy(), rng=rng))
    return pd.DataFrame(rows)


def _calibrated(
    own: Floats, others: Floats, truth: npt.NDArray[np.int64], *, rng: np.random.Generator
) -> dict[str, object]:
    return {
        "in source": scores.shown(scores.interval(scores.calibration_error, own, truth, rng=rng)),
        "by chance alone": scores.calibration_by_chance(own, rng=rng),
        "by all others": scores.shown(scores.interval(scores.calibration_error, others, truth, rng=rng)),
    }


def _isotonic(signs: pd.DataFrame, automated: pd.Series, *, rng: np.random.Generator) -> Floats:
    """Probabilities out of fold: fitted, and made isotonic, on the other folds only."""
    from sklearn.isotonic import IsotonicRegression

    fold, found = folds(automated, FOLDS, rng=rng), np.empty(len(signs))
    for one in range(FOLDS):
        seen, asked = fold != one, fold == one
        scale = IsotonicRegression(out_of_bounds="clip")
        scale.fit(in_source(signs[seen], automated[seen], rng=rng), automated[seen])
        constant, weights = fit([signs[seen]], [automated[seen]])
        found[asked] = scale.predict(constant + signs[asked].to_numpy() @ weights)
    return found


def nested(*, rng: np.random.Generator) -> pd.DataFrame:
    """Instagram followers: the shipped signs, and a larger model, by nested cross-validation.

    The threshold is the one that takes the published share of people for fakes in an inner cross-validation.
    """
    data = instagram()
    automated = data["automated"]
    rows = []
    signs = profile.signs_of(data)[list(CARDS[-1])].to_numpy(float)
    for name, values, judge in (
        ("shipped signs", signs, _logistic),
        ("larger model", _columns(data), _larger),
    ):
        odds, decided = _nested(values, automated, judge, rng=rng)
        row: dict[str, object] = {"model": name}
        row["AUC"] = scores.shown(scores.interval(scores.auc, odds, automated.to_numpy(), rng=rng))
        for figure in (scores.accuracy, scores.false_positives, scores.sensitivity):
            row[figure.__name__] = scores.shown(
                scores.interval(figure, decided, automated.to_numpy(), rng=rng)
            )
        row["calibration error"] = scores.shown(
            scores.interval(scores.calibration_error, odds, automated.to_numpy(), rng=rng)
        )
        rows.append(row)
    return pd.DataFrame(rows)


def _columns(data: pd.DataFrame) -> Floats:
    counts = np.log1p(data[["followers", "following", "posts", "handle_digits"]].to_numpy(float))
    return np.column_stack([counts, counts[:, 1] - counts[:, 0], data["handle_length"]])


def _nested(
    values: Floats, automated: pd.Series, judge: Judge, *, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    fold, found, decided = folds(automated, FOLDS, rng=rng), np.empty(len(values)), np.empty(len(values))
    for one in range(FOLDS):
        seen, asked = fold != one, fold == one
        inner = _out_of_fold(values[seen], automated[seen], judge, rng=rng)
        bound = np.quantile(inner[automated[seen] == 0], 1 - TAKEN_FOR)
        found[asked] = judge(values[seen], automated[seen], values[asked])
        decided[asked] = found[asked] > bound
    return found, decided


def _out_of_fold(values: Floats, automated: pd.Series, judge: Judge, *, rng: np.random.Generator) -> Floats:
    fold, found = folds(automated, 5, rng=rng), np.empty(len(values))
    for one in range(5):
        found[fold == one] = judge(values[fold != one], automated[fold != one], values[fold == one])
    return found


def _logistic(values: Floats, automated: pd.Series, asked: Floats) -> Floats:
    from sklearn.linear_model import LogisticRegression

    return np.asarray(LogisticRegression(max_iter=1000).fit(values, automated).predict_proba(asked)[:, 1])


def _larger(values: Floats, automated: pd.Series, asked: Floats) -> Floats:
    """Mean of three models of different kinds, put together after six kinds were tried on these accounts."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.gaussian_process import GaussianProcessClassifier
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import SplineTransformer, StandardScaler

    process = GaussianProcessClassifier(ConstantKernel(4) * RBF(2.5), optimizer=None)
    splines = SplineTransformer(6, degree=3, knots="quantile")
    models = (
        RandomForestClassifier(150, min_samples_leaf=2, max_features=3, random_state=0),
        make_pipeline(splines, StandardScaler(), LogisticRegression(C=0.05, max_iter=1000)),
        make_pipeline(StandardScaler(), process),
    )
    return np.mean([model.fit(values, automated).predict_proba(asked)[:, 1] for model in models], axis=0)


def abstention(sources: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """What the shipped function says at its default base rate: it was fitted to all but the worlds."""
    rows = []
    for name, one in sources.items():
        judged = automation(_dataset(one), observed_at=READ)
        rows.append({"accounts": name} | _said(judged, one["automated"].to_numpy()))
    return pd.DataFrame(rows + [_world(seed) for seed in WORLDS])


def _said(judged: pd.DataFrame, automated: npt.NDArray[np.int64]) -> dict[str, object]:
    known = judged["automation"].notna().to_numpy()
    high = (judged["automation"] > 0.5).to_numpy(bool, na_value=False)
    row: dict[str, object] = {}
    for name, one in (("people", automated == 0), ("automated", automated == 1)):
        row[f"{name}, judged"] = known[one].mean()
        row[f"{name}, above .5"] = scores.exact(int(high[one].sum()), int(one.sum()))
    return row


def _dataset(one: pd.DataFrame) -> Dataset:
    table = pd.DataFrame({"account_id": range(len(one))})
    for name in profile.COUNTS:
        table[f"{name}_stated"] = one[name].astype(int)
    if one["age_days"].notna().all():
        table["created_at"] = READ - pd.to_timedelta(one["age_days"], unit="D")
        table["bio"] = np.where(one["no_bio"] == 1, None, "words")
    return from_tables(accounts=table)


def _world(seed: int) -> dict[str, object]:
    from influgraph.synthetic import WorldSettings, make_world

    world = make_world(WorldSettings(accounts=3000, reruns=2), rng=np.random.default_rng(seed))
    judged = automation(world.data)
    bots = judged.index.isin(world.bots["account_id"]).astype(int)
    return {"accounts": f"synthetic world, seed {seed}"} | _said(judged, bots)


def is_reproduced(sources: dict[str, pd.DataFrame]) -> bool:
    """Tell whether training makes the shipped numbers again, to three digits."""
    shipped, made = (profile.model_of(one) for one in (json.loads(FILE.read_text("utf-8")), train(sources)))
    pairs = zip(shipped.cards, made.cards, strict=True)
    return all(np.allclose(one.weights, other.weights, rtol=1e-3, atol=1e-3) for one, other in pairs)


def main() -> None:
    """Print every figure of docs/studies/automation.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.automation", description=__doc__)
    parser.add_argument("--train", action="store_true", help="write the model anew, then judge it")
    sources, rng = labelled(), np.random.default_rng(7)
    if parser.parse_args().train:
        FILE.write_text(json.dumps(train(sources), indent=1) + "\n", "utf-8")
        profile.shipped_model.cache_clear()
    print("training makes the shipped numbers:", is_reproduced(sources))
    tables = {
        "AUC": pd.DataFrame(run()).T,
        "calibration error, ten bins of as many accounts each": calibration(sources, rng=rng).T,
        "what the shipped function says at a base rate of .1": abstention(sources).T,
        "Instagram followers, nested cross-validation": nested(rng=rng).T,
    }
    for title, table in tables.items():
        print(f"\n{title}\n{table.to_string(header=False, float_format='{:.3f}'.format)}", flush=True)


if __name__ == "__main__":
    main()
