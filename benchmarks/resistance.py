"""What it costs to move up a ranking: by followers, PageRank, engagement rate and influence.

Bots are bought for middling sources of synthetic worlds, and what the rankings hang on is done anew:
`python -m benchmarks.resistance [SEED] [--worlds N] [--rows FILE] [--picture FILE]`, two worlds from that
seed on. A shift is how many places the account moves up among all that have influence estimated, as a share
of them; `moved`, the same either way. `cost` is at assumed prices (`_attacks.Prices`). Bots for nobody, who
follow famous accounts alone, show how far ranks move because the study is done anew. For bots bought for a
rival, its influence and `beyond_popularity` stand beside those before. With `--rows`, rows are kept in a
file, and read from it if it is there.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks._attacks import ATTACKS, Prices, cost
from benchmarks._attacks_picture import draw
from influgraph._study_steps import Steps
from influgraph.centrality import pagerank
from influgraph.dataset import Dataset
from influgraph.settings import Outcome, Settings
from influgraph.study import MemoryStore
from influgraph.synthetic import WorldSettings, make_world

FIRST_SEED, WORLDS, TARGETS, ACCOUNTS = 5301, 2, 3, 2500
WORLD = WorldSettings(
    accounts=ACCOUNTS,
    purchases_per_member=25.0,
    caused_share=0.6,
    zero_share=0.1,
    hollow_celebrities=0.3,
    reruns=2,
)
SIZES = (25, 100, 400)
RANKED = ("followers", "pagerank", "engagement_rate", "influence")


class Ranking(Steps):
    """What the rankings hang on: the steps of a study without subniches and the rest of its tables."""

    def _niches_of_people(self, data: Dataset, everyones: dict[str, Any]) -> dict[str, Any]:
        return self._niches(data, like=everyones) if self.any_suspects else everyones

    def table(self) -> pd.DataFrame:
        """Scores as the study has them: without the acts and follows of suspects, where it looks for any."""
        counts, found = self.popularity, self.attribution.accounts
        rate = counts["engagements_received"] / counts["followers"].replace(0, pd.NA)
        parts = [counts, pagerank(self.network), found, self.ranks, self.beyond_popularity]
        columns = {"engagement_rate": rate.astype("Float64"), "suspected": self.bot_cluster.notna()}
        return pd.concat(parts, axis=1).assign(**columns)


def scores_of(data: Dataset) -> pd.DataFrame:
    """Popularity, centrality, influence and who is suspected."""
    settings = Settings(outcome=Outcome(kinds=("purchase",)))
    with threadpool_limits(limits=1, user_api="blas"):
        return Ranking(data, settings, MemoryStore()).table()


def targets_of(scores: pd.DataFrame, *, rng: np.random.Generator) -> list[str]:
    """Draw accounts that have room to move, by influence and by followers, and a rank that is known.

    Where the interval of a rank spans most places, the estimate is noise, and so is a shift of it: targets
    have an interval of at most half of the places.
    """
    known = scores[scores["influence"].notna() & scores["posts"].ge(10)]
    place = known[["influence", "followers"]].rank(pct=True)
    room = place["influence"].between(0.4, 0.9) & place["followers"].between(0.25, 0.75)
    sure = (known["rank_high"] - known["rank_low"]).le(len(known) / 2)
    middle = known.index[room & sure].astype(str)
    return rng.choice(np.sort(middle), min(TARGETS, len(middle)), replace=False).tolist()


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
    bots = scores.index.difference(before.index)
    return {
        "attack": attack,
        "size": size,
        "cost": cost(data, after, target, prices=Prices()),
        "suspected": float(scores.loc[bots, "suspected"].mean()),
        **{f"shift by {name}": first[name] - last[name] for name in RANKED},
        **{f"moved by {name}": abs(first[name] - last[name]) for name in RANKED},
        **{f"{name} before": before.loc[target, name] for name in columns},
        **{f"{name} after": scores.loc[target, name] for name in columns},
    }


def run(first: int, *, worlds: int = WORLDS, sizes: tuple[int, ...] = SIZES) -> pd.DataFrame:
    """Every attack of every size on the targets of every world."""
    rows = []
    for seed in range(first, first + worlds):
        rng = np.random.default_rng(seed)
        data = make_world(WORLD, rng=rng).data
        before = scores_of(data)
        for target in targets_of(before, rng=rng):
            for attack in ATTACKS:
                for size in sizes:
                    row = attacked(data, before, target, attack, size)
                    rows.append({"seed": seed, "target": target, **row})
                    told = {name: str(value)[:6] for name, value in row.items() if name != "attack"}
                    print(seed, target, attack, told, file=sys.stderr, flush=True)
    return pd.DataFrame(rows)


def ratios(rows: pd.DataFrame) -> pd.DataFrame:
    """Median shifts by influence over those by followers: upwards, and either way."""
    medians = rows.groupby("attack", sort=False).median(numeric_only=True)
    return pd.DataFrame(
        {
            word: medians[f"{word} by influence"] / medians[f"{word} by followers"].replace(0, np.nan)
            for word in ("shift", "moved")
        }
    )


def main() -> None:
    """Print medians by attack and size, and how the shift by influence stands beside that by followers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", nargs="?", type=int, default=FIRST_SEED)
    parser.add_argument("--worlds", type=int, default=WORLDS)
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--picture", type=Path)
    asked = parser.parse_args()
    if asked.rows is not None and asked.rows.exists():
        rows = pd.read_csv(asked.rows)
    else:
        rows = run(asked.seed, worlds=asked.worlds)
    if asked.rows is not None:
        rows.to_csv(asked.rows, index=False)
    medians = rows.groupby(["attack", "size"], sort=False).median(numeric_only=True).drop(columns="seed")
    print(medians.astype("float64").round(3).T.to_string())
    print("\nMedian shift by influence over that by followers (target: at most .1)")
    print(ratios(rows).round(3).to_string())
    if asked.picture is not None:
        draw(rows, asked.picture)


if __name__ == "__main__":
    main()
