"""How well bot clusters are found in worlds where they are planted, and how often where there are none.

`python -m benchmarks.bots quality` judges worlds with farms of 100 to 5,000 accounts, plain or copying
people, quick, slow and rotating squads of 10 to 100, and pods of 6 to 50, beside a fan club and a newsroom;
`python -m benchmarks.bots organic` worlds with nothing but these two. Each takes a first seed, if another one
is wanted; the first seeds that stand here are for judging, not for developing.
`python -m benchmarks.bots judge RESULTS TRUTH` holds the tables of a finished study against the `truth/` of
its world.
"""

import argparse
import importlib
import importlib.util
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from influgraph import niche_names, niches
from influgraph._study_networks import attention_layers
from influgraph._study_suspects import assumed_people
from influgraph.bots import casefile, growth
from influgraph.bots.clusters import BotClusters, discoveries, only
from influgraph.dataset import Dataset
from influgraph.settings import Bots
from influgraph.synthetic import World, WorldSettings, make_world

FIRST_SEED = {"quality": 5101, "organic": 5201}
Q, ORGANIC_WORLDS, LEVELS = 0.05, 20, (0.01, 0.05, 0.1, 0.2)
PLANTED: tuple[dict[str, Any], ...] = (
    {"accounts": 5000, "farm_sizes": (100, 300), "squad_sizes": (10, 30), "squad_styles": ("quick",)}
    | {"pod_sizes": (6, 12), "farm_adaptive": 0},
    {"accounts": 5000, "farm_sizes": (100, 400), "squad_sizes": (20, 10), "squad_styles": ("slow",)}
    | {"pod_sizes": (10, 20), "farm_adaptive": 0.5, "squad_raids": 40},
    {"accounts": 10_000, "farm_sizes": (200, 1000), "squad_sizes": (50, 15), "squad_styles": ("rotating",)}
    | {"pod_sizes": (8, 50), "farm_adaptive": 0.8, "farm_drip_days": 20, "squad_raids": 60},
    {"accounts": 10_000, "farm_sizes": (500,), "squad_sizes": (100, 10), "squad_styles": ("quick", "slow")}
    | {"pod_sizes": (30,), "farm_adaptive": 0, "farm_drip_days": 40, "farm_created_days": 30},
    {"accounts": 15_000, "farm_sizes": (150, 600, 1500), "squad_sizes": (10, 25, 60)}
    | {"squad_styles": ("quick", "slow", "rotating"), "pod_sizes": (6, 15, 40), "farm_likes": 0.2},
    {"accounts": 20_000, "farm_sizes": (2000,), "squad_sizes": (40, 40), "squad_styles": ("slow", "rotating")}
    | {"pod_sizes": (25, 25), "farm_adaptive": 1, "farm_likes": 0, "squad_hours": 16, "squad_raids": 60},
    {"accounts": 30_000, "farm_sizes": (5000, 100), "squad_sizes": (100, 20), "squad_styles": ("quick",)}
    | {"pod_sizes": (50, 10), "farm_adaptive": 0.5, "squad_popular": 0.5},
    {"accounts": 8000, "farm_sizes": (250, 250), "squad_sizes": (12, 12, 12), "squad_links": 1}
    | {"squad_styles": ("quick", "slow", "rotating"), "pod_sizes": (7, 20), "squad_raids": 40},
    {"accounts": 5000, "farm_sizes": (120,), "squad_sizes": (25,), "squad_styles": ("slow",)}
    | {"pod_sizes": (9, 9, 9), "squad_popular": 0.8, "pod_chance": 0.4, "pod_minutes": 60, "squad_raids": 50},
    {"accounts": 20_000, "farm_sizes": (300, 3000), "squad_sizes": (15, 80), "squad_cover": 20}
    | {
        "squad_styles": ("rotating", "quick"),
        "pod_sizes": (12, 35),
        "farm_adaptive": 0.3,
        "squad_links": 0.5,
    },
)
NOTHING = {"farms": 0, "squads": 0, "pods": 0, "accounts": 5000}
ORGANIC: tuple[dict[str, Any], ...] = (
    {},
    {"fame_tail": 1.2, "fan_club_size": 80},
    {"follows_per_account": 60, "newsroom_size": 15},
    {"niches": 16, "interest_focus": 0.9, "interest_follows": 0.8},
    {"repost_rate": 0.03, "repost_again": 6, "shares_per_member": 3},
)


def find_bots(data: Dataset, *, seed: int) -> dict[str, BotClusters]:
    """Candidates of every search there is, by name."""
    rng = np.random.default_rng(seed)
    layers, terms = attention_layers(data), niche_names.term_uses(data)
    niche = niches.find_niches(layers, terms=terms, rng=rng).accounts["niche"]
    searches: dict[str, tuple[str, list[Any], dict[str, Any]]] = {
        "coordination": ("find_coordinated_clusters", [], {}),
        "followers": ("find_purchased_followers", [niche], {}),
        "pods": ("find_pods", [niche], {}),
        "sybils": ("find_sybils", [], {"trusted": None}),
    }
    found: dict[str, BotClusters] = {}
    for module, (function, more, options) in searches.items():
        if module == "sybils":
            grown = growth.growth_anomalies(data, rng=np.random.default_rng(seed))
            options |= {
                "assumed": assumed_people(data, niche, [*found.values()], growth=grown, settings=Bots())
            }
        name = f"influgraph.bots.{module}"
        if importlib.util.find_spec(name):
            search = getattr(importlib.import_module(name), function)
            found[module] = search(data, *more, rng=np.random.default_rng([seed, len(found)]), **options)
    return found


def suspected(data: Dataset, found: dict[str, BotClusters], *, seed: int) -> BotClusters:
    """Discoveries that no innocent explanation accounts for, as a study takes them."""
    kept = discoveries(list(found.values()), q=Q)
    state = casefile.case_files(data, kept, rng=np.random.default_rng(seed)).cases["state"]
    return only(kept, kept.clusters.index[(state == casefile.SUSPECTED).to_numpy()])


def judge(
    members: pd.DataFrame, kinds: pd.Series, bots: pd.DataFrame, benign: pd.DataFrame
) -> dict[str, float]:
    """Hold suspects (`bot_cluster`, `account_id`), and the kind of each cluster, against the truth.

    Recall counts accounts that are suspected of anything; `right kind` is the share of rightly suspected ones
    that are, among others, in a cluster of their own kind; a cluster is false if most of it is not planted.
    """
    suspects = set(members["account_id"])
    planted = bots.groupby("kind")["account_id"].agg(set)
    right = members["account_id"].isin(bots["account_id"])
    said = members.assign(kind=members["bot_cluster"].map(kinds))[["account_id", "kind"]]
    agreed = said.merge(bots[["account_id", "kind"]])["account_id"].nunique()
    figures = {
        "suspects": len(suspects),
        "precision": members.loc[right, "account_id"].nunique() / len(suspects) if suspects else np.nan,
    }
    for title, kind in (("farms", "purchased_followers"), ("squads", "coordination"), ("pods", "pod")):
        theirs = planted.get(kind, set())
        figures[f"recall {title}"] = len(theirs & suspects) / len(theirs) if theirs else np.nan
    figures["right kind"] = agreed / members.loc[right, "account_id"].nunique() if right.any() else np.nan
    for kind in ("fan_club", "newsroom"):
        theirs = set(benign.loc[benign["kind"] == kind, "account_id"])
        figures[f"{kind} flagged"] = len(theirs & suspects) / len(theirs) if theirs else np.nan
    figures["clusters"] = members["bot_cluster"].nunique()
    figures["false clusters"] = int((right.groupby(members["bot_cluster"]).mean() < 0.5).sum())
    return figures


def recall_by_cluster(members: pd.DataFrame, bots: pd.DataFrame) -> pd.Series:
    """Share of every planted cluster that is suspected."""
    return bots["account_id"].isin(members["account_id"]).groupby(bots["bot_cluster"]).mean()


def quality(first: int) -> None:
    """Print one column per planted world, then median and worst."""
    columns, details = {}, {}
    for number, settings in enumerate(PLANTED):
        seed = first + number
        world = _draw(settings, seed)
        begun = time.process_time()
        kept = suspected(world.data, find_bots(world.data, seed=seed), seed=seed)
        figures = judge(kept.members, kept.clusters["kind"], world.bots, world.benign)
        columns[seed] = {
            "accounts": world.settings.accounts,
            **figures,
            "CPU s": time.process_time() - begun,
        }
        details[seed] = recall_by_cluster(kept.members, world.bots)
        told = {name: round(float(value), 3) for name, value in columns[seed].items()}
        print(seed, told, file=sys.stderr, flush=True)
    table = pd.DataFrame(columns)
    worst = pd.concat([table.min(axis=1), table.max(axis=1)], axis=1, keys=["least", "most"])
    table = table.assign(median=table.median(axis=1)).join(worst)
    print(table.round(3).to_string())
    print("\nRecall of each planted cluster\n", pd.DataFrame(details).round(2).fillna("").to_string())


def organic(first: int) -> None:
    """Print false clusters in worlds where nothing is planted, and how p-values of candidates lie."""
    p_values: dict[str, list[float]] = {}
    rows = []
    for number in range(ORGANIC_WORLDS):
        seed = first + number
        world = _draw(NOTHING | ORGANIC[number % len(ORGANIC)], seed)
        found = find_bots(world.data, seed=seed)
        kept = suspected(world.data, found, seed=seed)
        row = {"seed": seed, "false clusters": len(kept.clusters), "accounts in them": len(kept.members)}
        for name, one in found.items():
            p_values.setdefault(name, []).extend(one.clusters["p_value"].astype(float))
            row[f"{name} candidates"] = len(one.clusters)
            row[f"{name} false"] = len(discoveries([one], q=Q).clusters)
        rows.append(row)
        print(row, file=sys.stderr, flush=True)
    table = pd.DataFrame(rows).set_index("seed")
    print(table.to_string())
    print(f"worlds with any false cluster: {(table['false clusters'] > 0).sum()} of {len(table)}")
    print(pd.DataFrame({name: uniformity(np.array(p)) for name, p in p_values.items()}).round(4).to_string())


def uniformity(p_values: np.ndarray) -> dict[str, float]:
    """Share of p-values at most so large, and a test of whether they are smaller than uniform ones."""
    shares = {f"at most {level}": float((p_values <= level).mean()) for level in LEVELS if p_values.size}
    if not p_values.size:
        return {"candidates": 0}
    smaller = stats.kstest(p_values, "uniform", alternative="greater").pvalue
    return {"candidates": p_values.size, **shares, "p, none smaller than uniform": float(smaller)}


def results(folder: Path, truth: Path) -> None:
    """Print how the tables of a finished study stand against the truth of its world."""
    members, clusters, bots = (
        pd.read_csv(path, dtype="str", keep_default_na=False)
        for path in (folder / "bot_members.csv", folder / "bot_clusters.csv", truth / "bots.csv")
    )
    benign = pd.DataFrame({"group": [], "kind": [], "account_id": []}, dtype="str")
    if (truth / "benign.csv").exists():
        benign = pd.read_csv(truth / "benign.csv", dtype="str", keep_default_na=False)
    figures = judge(members, clusters.set_index("bot_cluster")["kind"], bots, benign)
    print(pd.Series(figures).round(3).to_string())
    print("\nRecall of each planted cluster\n", recall_by_cluster(members, bots).round(2).to_string(), sep="")


def _draw(settings: dict[str, Any], seed: int) -> World:
    return make_world(WorldSettings(reruns=2, **settings), rng=np.random.default_rng(seed))


def main() -> None:
    """Judge what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bots", description=__doc__)
    parser.add_argument("what", choices=["quality", "organic", "judge"])
    parser.add_argument("more", nargs="*", help="the first seed; of judge: RESULTS and TRUTH")
    options = parser.parse_args()
    if options.what == "judge":
        results(*map(Path, options.more))
    else:
        seed = int(options.more[0]) if options.more else FIRST_SEED[options.what]
        {"quality": quality, "organic": organic}[options.what](seed)


if __name__ == "__main__":
    main()
