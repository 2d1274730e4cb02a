"""What is left of influence where lists of followers are cut: sums, intervals, ranks of the complete lists.

Worlds of `synthetic` without views, each cut in every way that `study.toml` can state. Run with
`python -m benchmarks.missing`, or with seeds of other worlds after it.
"""

import sys
import time

import numpy as np
import pandas as pd

from benchmarks import oracle
from benchmarks.__main__ import show_markdown
from influgraph import networks, niches, synthetic, uncertainty
from influgraph.dataset import Dataset
from influgraph.influence import attribution, missingness
from influgraph.influence.attribution import Attribution

FIRST_SEEDS = (7001, 7002)
WORLD = synthetic.WorldSettings(accounts=5000, reruns=6, caused_share=0.15, purchases_per_member=3)
# What is cut, and what a dataset that is so cut can state of it.
CUTS = {
    "random:0.5": "random:0.5",
    "random:0.3": "random:0.3",
    "random:0.1": "random:0.1",
    "deleted:0.7": "deleted:0.7",
    "prefix:0.3": "prefix",
    "latest:100": "latest:100",
}
CREDITED, HELD, RANKS, WIDTH = (
    "credited / true",
    "intervals that hold from 5 on, of listed followers -> of all",
    "ranks of complete lists held, by ranks of listed followers -> of all",
    "mean width of these, share of the ranks",
)


def attribute(data: Dataset, seed: int) -> tuple[Attribution, pd.Series]:
    """Influence, and niches as detected."""
    found = niches.find_niches(networks.follow_network(data), rng=np.random.default_rng(seed))
    niche = found.accounts["niche"]
    options = {"kinds": ["purchase"], "niches": niche, "rng": np.random.default_rng(seed)}
    return attribution.incremental_actions(data, **options), niche


def rank_intervals(found: Attribution) -> pd.DataFrame:
    """Rank intervals as if lists were complete."""
    known = found.accounts["influence"].dropna()
    return uncertainty.rank_intervals(known, found.draws).astype("float64")


def hold_truth(found: Attribution, truth: pd.Series) -> float:
    """Share of intervals that hold the true effect, where it is 5 or more."""
    accounts = found.accounts.reindex(truth.index[truth >= 5]).dropna(subset=["influence"])
    true = truth[accounts.index]
    return float(true.between(accounts["influence_low"], accounts["influence_high"]).mean())


def hold_ranks(ranks: pd.DataFrame, complete: pd.Series) -> float:
    """Share of rank intervals that hold the rank by complete lists."""
    true = complete.reindex(ranks.index).dropna()
    return float(true.between(ranks["rank_low"][true.index], ranks["rank_high"][true.index]).mean())


def judge(data: Dataset, truth: pd.Series, cut: str, complete: pd.Series, *, seed: int) -> dict[str, float]:
    """One world, cut once."""
    left = missingness.cut_follows(data, cut, rng=np.random.default_rng(seed))
    found, niche = attribute(left, seed)
    stated, rng = CUTS[cut], np.random.default_rng(seed)
    wide = missingness.with_unseen_followers(left, found, cut=stated, rng=rng)
    ranks = missingness.ranks_under(left, found, cut=stated, kinds=["purchase"], niches=niche, rng=rng)
    ranks = ranks.dropna().astype("float64")
    width = (ranks["rank_high"] - ranks["rank_low"]).mean() / len(complete)
    before = hold_truth(found, truth), hold_ranks(rank_intervals(found), complete)
    after = hold_truth(wide, truth), hold_ranks(ranks, complete)
    return {
        CREDITED: found.accounts["influence"].sum() / truth.sum(),
        "held before": before[0],
        "held": after[0],
        "ranks before": before[1],
        "ranks": after[1],
        WIDTH: width,
    }


def run(seeds: tuple[int, ...] = FIRST_SEEDS) -> pd.DataFrame:
    """One row per cut, with a figure for each world."""
    figures: dict[str, list[dict[str, float]]] = {cut: [] for cut in CUTS}
    begun = time.perf_counter()
    for seed in seeds:
        world = synthetic.make_world(WORLD, rng=np.random.default_rng(seed))
        truth, data = world.sources.set_index("account_id")["influence"], oracle.without_views(world.data)
        complete = rank_intervals(attribute(data, seed)[0])["rank"]
        for cut in CUTS:
            figures[cut].append(judge(data, truth, cut, complete, seed=seed))
            print(f"{time.perf_counter() - begun:.0f} s: {seed}, {cut}", file=sys.stderr, flush=True)
    return pd.DataFrame([{"cut": cut} | tell(pd.DataFrame(rows)) for cut, rows in figures.items()])


def tell(rows: pd.DataFrame) -> dict[str, str]:
    """Figures of all worlds, side by side."""

    def every(figure: str) -> str:
        return ", ".join(f"{value:.2f}" for value in rows[figure])

    return {
        CREDITED: every(CREDITED),
        HELD: f"{every('held before')} -> {every('held')}",
        RANKS: f"{every('ranks before')} -> {every('ranks')}",
        WIDTH: every(WIDTH),
    }


if __name__ == "__main__":
    show_markdown("Followers that are not listed", run(tuple(map(int, sys.argv[1:])) or FIRST_SEEDS))
