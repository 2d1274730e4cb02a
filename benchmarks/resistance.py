"""What it costs to move up a ranking: by followers, PageRank, engagement rate and influence.

Bots are bought for middling sources of synthetic worlds, and the study is made anew: `python -m
benchmarks.resistance [SEED]`, two worlds from that seed on. A shift is how many places the account moves up
among all that have influence estimated, as a share of them; `cost` is at assumed prices (`_attacks.Prices`).
For bots bought for a rival, its influence and `beyond_popularity` stand beside those before.
"""

import sys
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks._attacks import ATTACKS, Prices, cost
from influgraph._study_steps import Steps
from influgraph.dataset import Dataset
from influgraph.settings import Outcome, Settings
from influgraph.study import MemoryStore
from influgraph.synthetic import WorldSettings, make_world

FIRST_SEED, WORLDS, TARGETS, ACCOUNTS = 5301, 2, 3, 2500
SIZES = (25, 50, 100, 200, 400)
RANKED = ("followers", "pagerank", "engagement_rate", "influence")


def scores_of(data: Dataset) -> pd.DataFrame:
    """Scores as the study has them: without the acts and follows of suspects, where it looks for any."""
    settings = Settings(outcome=Outcome(kinds=("purchase",)))
    with threadpool_limits(limits=1, user_api="blas"):
        scores = Steps(data, settings, MemoryStore()).scores
    rate = scores["engagements_received"] / scores["followers"].replace(0, pd.NA)
    return scores.assign(engagement_rate=rate.astype("Float64"))


def targets_of(scores: pd.DataFrame, *, rng: np.random.Generator) -> list[str]:
    """Draw accounts from the middle by influence, neither tiny nor famous."""
    known = scores[scores["influence"].notna() & scores["posts"].ge(10)]
    middle = known[known[["influence", "followers"]].rank(pct=True).sub(0.5).abs().lt(0.25).all(axis=1)]
    return rng.choice(np.sort(middle.index.astype(str)), TARGETS, replace=False).tolist()


def places(scores: pd.DataFrame, among: pd.Index, account: str) -> dict[str, float]:
    """Place of an account by each measure, as the share of others that are above it."""
    shown = scores.loc[among, list(RANKED)].astype("float64").fillna(-np.inf)
    return {name: float((shown[name] > shown.loc[account, name]).mean()) for name in RANKED}


def attacked(data: Dataset, before: pd.DataFrame, target: str, attack: str, size: int) -> dict[str, Any]:
    """Make one attack and say what it cost and moved."""
    after = ATTACKS[attack](data, target, size, rng=np.random.default_rng(size))
    scores, among = scores_of(after), before.index[before["influence"].notna()]
    first, last = places(before, among, target), places(scores, among, target)
    columns = ["influence", "beyond_popularity"]
    return {
        "attack": attack,
        "size": size,
        "cost": cost(data, after, target, prices=Prices()),
        **{f"shift by {name}": first[name] - last[name] for name in RANKED},
        **{f"{name} before": before.loc[target, name] for name in columns},
        **{f"{name} after": scores.loc[target, name] for name in columns},
    }


def run(first: int, *, sizes: tuple[int, ...] = SIZES) -> pd.DataFrame:
    """Every attack of every size on the targets of every world."""
    rows = []
    for seed in range(first, first + WORLDS):
        rng = np.random.default_rng(seed)
        data = make_world(WorldSettings(accounts=ACCOUNTS, reruns=2), rng=rng).data
        before = scores_of(data)
        for target in targets_of(before, rng=rng):
            for attack in ATTACKS:
                for size in sizes:
                    row = attacked(data, before, target, attack, size)
                    rows.append({"seed": seed, "target": target, **row})
                    told = {name: str(value)[:6] for name, value in rows[-1].items() if name != "attack"}
                    print(attack, told, file=sys.stderr, flush=True)
    return pd.DataFrame(rows)


def main() -> None:
    """Print medians by attack and size, and how the shift by influence stands beside that by followers."""
    rows = run(int(sys.argv[1]) if len(sys.argv) > 1 else FIRST_SEED)
    medians = rows.groupby(["attack", "size"], sort=False).median(numeric_only=True).drop(columns="seed")
    print(medians.astype("float64").round(3).to_string())
    shifts = rows.groupby("attack", sort=False)[["shift by influence", "shift by followers"]].median()
    ratio = shifts["shift by influence"] / shifts["shift by followers"]
    print(
        "\nMedian shift by influence over that by followers (target: at most .1)\n",
        ratio.round(3).to_string(),
    )


if __name__ == "__main__":
    main()
