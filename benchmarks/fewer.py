"""How often accounts after whose posts people act less are found, and others taken for such.

In worlds of 4,000 people, drawn by `synthetic` and by another hand (`_plain_world`), half to four fifths of
the purchases that followers make in the days after the posts of some accounts are taken away. The truth about
an account is what it alone took. Run with `python -m benchmarks.fewer` (a quarter of an hour).
"""

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._plain_world import PlainSettings, make_plain_world
from influgraph import dataset, networks, niches
from influgraph.dataset import Dataset
from influgraph.influence.attribution import incremental_actions
from influgraph.synthetic import WorldSettings, make_world

FIRST_SEED, WORLDS, FEWEST_FOLLOWERS, POSTS = 5101, 12, 60, (8, 60)
LOST = [0.5, 0.65, 0.8]
CASES: dict[str, dict[str, Any]] = {
    "no influence": {"caused_share": 0.0},
    "influence": {"caused_share": 0.2},
    "no influence, five take": {"caused_share": 0.0, "takers": 5},
    "influence, two take": {"caused_share": 0.2, "takers": 2},
    "no influence, five take for a day": {"caused_share": 0.0, "takers": 5, "days": 1},
}


def draw(family: str, seed: int, caused_share: float) -> Dataset:
    """Draw a world of this family."""
    rng = np.random.default_rng(seed)
    if family == "synthetic":
        return make_world(WorldSettings(accounts=4000, reruns=2, caused_share=caused_share), rng=rng).data
    settings = PlainSettings(members=4000, sources=150, niches=8, follows=50_000, purchases=6000)
    return make_plain_world(replace(settings, caused_share=caused_share), rng=rng).data


def take(data: Dataset, *, takers: int, days: float, lost: float, seed: int) -> tuple[Dataset, pd.Series]:
    """Take away part of what followers buy after posts; and how much each taker alone took, below zero."""
    rng, acts = np.random.default_rng(seed), data.engagements
    posts = data.posts if "repost_of" not in data.posts else data.posts[data.posts["repost_of"].isna()]
    followers, posted = data.follows["followed_id"].value_counts(), posts["author_id"].value_counts()
    fit = followers.index[followers >= FEWEST_FOLLOWERS].intersection(posted.index[posted.between(*POSTS)])
    chosen = rng.choice(np.sort(fit.astype(str)), takers, replace=False)
    taken = np.zeros((len(acts), takers), bool)
    for column, account in enumerate(chosen):
        fans = data.follows.loc[data.follows["followed_id"] == account, "follower_id"]
        times = posts.loc[posts["author_id"] == account, "created_at"].sort_values().to_numpy()
        bought = acts["created_at"].to_numpy()
        last = np.searchsorted(times, bought) - 1
        after = (last >= 0) & (bought - times[np.maximum(last, 0)] < pd.Timedelta(days=days))
        taken[:, column] = after & (acts["kind"] == "purchase") & acts["account_id"].isin(fans)
        taken[:, column] &= rng.random(len(acts)) < lost
    alone = taken[taken.sum(axis=1) == 1].sum(axis=0)
    left = dataset.from_tables(
        accounts=data.accounts.rename_axis("account_id").reset_index(),
        follows=data.follows,
        posts=data.posts,
        engagements=acts[~taken.any(axis=1)],
    )
    return left, pd.Series(-alone, chosen)


def judge(family: str, seed: int, *, caused_share: float, takers: int = 0, days: float = 3) -> pd.DataFrame:
    """Accounts said to have influence below zero, or that have it, with the truth."""
    data, truth = draw(family, seed, caused_share), pd.Series(dtype="float64")
    if takers:
        data, truth = take(data, takers=takers, days=days, lost=LOST[seed % len(LOST)], seed=seed)
    rng = np.random.default_rng(seed)
    found = niches.find_niches(networks.follow_network(data), rng=rng)["niche"]
    accounts = incremental_actions(data, kinds=["purchase"], niches=found, rng=rng).accounts
    accounts = accounts.assign(truth=truth.reindex(accounts.index), said=accounts["influence_high"] < 0)
    return accounts[accounts["said"] | accounts["truth"].notna()].assign(seed=seed)


def summary(accounts: pd.DataFrame) -> dict[str, float]:
    """Count what is right and wrong; sizes and coverage of those found."""
    false, right = accounts[accounts["truth"].isna()], accounts[accounts["said"] & accounts["truth"].notna()]
    covered = right["influence_low"].le(right["truth"]) & right["influence_high"].ge(right["truth"])
    return {
        "worlds with a false alarm": false["seed"].nunique(),
        "false alarms": len(false),
        "found": len(right),
        "of": accounts["truth"].notna().sum(),
        "size / truth": right["influence"].sum() / right["truth"].sum() if len(right) else np.nan,
        "intervals that hold": covered.mean(),
    }


if __name__ == "__main__":
    families = sys.argv[1:] or ["plain", "synthetic"]
    for family in families:
        for name, case in CASES.items():
            seeds = range(FIRST_SEED, FIRST_SEED + WORLDS)
            told = summary(pd.concat([judge(family, seed, **case) for seed in seeds]))
            words = ", ".join(f"{what} {number:.3g}" for what, number in told.items())
            print(f"{family}, {name}: {WORLDS} worlds, {words}", flush=True)
