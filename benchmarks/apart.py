"""How the project fares in worlds of generators written apart from its own code, from its documents alone.

`python -m benchmarks.apart influence` judges the attribution in worlds of `_apart_influence`, with niches as
detected, beside an oracle that knows all but persuasion; `python -m benchmarks.apart bots` all searches for
bots in worlds of `_apart_bots`. Each takes names of worlds, all of them without, and `--seed` for others of
these kinds: the first has this seed, those after it the next ones. The worlds pass through files.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import _apart_bots, _apart_influence, _apart_settings, bots, oracle
from benchmarks.__main__ import show_markdown
from benchmarks._apart_oracle import apart_oracle
from influgraph import dataset, popularity
from influgraph.dataset import Dataset
from influgraph.influence import attribution

METHOD_SEED = 7
CREDITED_OF_NONE = "credited of outcomes, where none is caused"
INFLUENCE = {
    "world": "world",
    "outcomes": "outcomes",
    "caused": "caused",
    "credited / true": "credited / true",
    CREDITED_OF_NONE: CREDITED_OF_NONE,
    "ours rank": "rank",
    "oracle rank": "rank of the oracle",
    "ours hits": "hits",
    "ours share": "share",
    "covered from 5": "hold from 5 on",
    "covered": "hold",
    "exclude zero": "above zero",
    "sum held": "interval of the sum holds",
}
KINDS = {"farm": "purchased_followers", "squad": "coordination", "pod": "pod", "sybil": "sybil"}
INNOCENT = {"fanclub": "fan_club", "newsroom": "newsroom", "friends": "friends"}
LARGEST_IS_WORST = (CREDITED_OF_NONE, "flagged", "false clusters", "seconds")
COUNTS = ("outcomes", "accounts", "suspects")
NOT_JUDGED = (*COUNTS, "caused", "clusters", "above zero")


def read_back(tables: dict[str, pd.DataFrame]) -> Dataset:
    """Write tables as files of the contract, and read them."""
    with tempfile.TemporaryDirectory() as folder:
        for name, table in tables.items():
            table.to_csv(Path(folder) / f"{name}.csv", index=False)
        return dataset.read_dataset(folder)


def judge_influence(name: str, changes: dict[str, int]) -> dict[str, object]:
    """One world: what is credited, the order of authors, and intervals."""
    world = _apart_influence.make_apart_world(name, **changes)
    data, truth, begun = read_back(world.tables), world.truth, time.perf_counter()
    rng = np.random.default_rng(METHOD_SEED)
    found = oracle.detected_niches(data, rng)
    kinds = list(world.settings.kinds)
    result = attribution.incremental_actions(data, kinds=kinds, niches=found, rng=rng)
    seconds = time.perf_counter() - begun
    estimates = result.accounts.reindex(truth.index)
    followers = popularity.popularity(data)["followers"].reindex(truth.index)
    rankings = {"ours": estimates["influence"], "oracle": apart_oracle(world, rng=rng)}
    row: dict[str, object] = {"world": name, "outcomes": len(world.acts)}
    row["caused"] = (world.acts["source"] >= 0).mean()
    credited = result.accounts["influence"].sum()
    row["credited / true"] = credited / (truth.sum() or np.nan)
    row[CREDITED_OF_NONE] = np.nan if truth.sum() else credited / result.outcomes
    for ranking, estimate in rankings.items():
        figures = oracle.judge_ranking(estimate.astype(float), truth)
        row |= {f"{ranking} {figure}": value for figure, value in figures.items()}
    row |= oracle.judge_intervals(estimates, truth, followers)
    row["sum held"] = oracle.holds_sum(result, truth.sum())
    return {title: row[figure] for figure, title in INFLUENCE.items()} | {"seconds": seconds}


def judge_bots(name: str, changes: dict[str, int]) -> dict[str, object]:
    """One world: who is suspected rightly, which groups are found, and who is flagged wrongly."""
    world = _apart_bots.make_bot_world(name, **changes)
    data, begun = read_back(world.tables), time.perf_counter()
    kept = bots.suspected(data, bots.find_bots(data, seed=METHOD_SEED), seed=METHOD_SEED)
    seconds = time.perf_counter() - begun
    planted = world.members[world.members["kind"].isin(list(KINDS))]
    planted = planted.assign(kind=planted["kind"].map(KINDS)).rename(columns={"group": "bot_cluster"})
    innocent = world.members[world.members["kind"].isin(list(INNOCENT))]
    innocent = innocent.assign(kind=innocent["kind"].map(INNOCENT))
    innocent = innocent[~innocent["account_id"].isin(planted["account_id"])]
    figures: dict[str, object] = {**bots.judge(kept.members, kept.clusters["kind"], planted, innocent)}
    suspects, found = set(kept.members["account_id"]), bots.recall_by_cluster(kept.members, planted) >= 0.5
    friends = innocent.loc[innocent["kind"] == "friends", "account_id"]
    figures["friends flagged"] = friends.isin(suspects).mean()
    kind = planted.groupby("bot_cluster")["kind"].first()
    for title, one in (("squads", "coordination"), ("pods", "pod"), ("sybils", "sybil")):
        theirs = found[kind == one]
        figures[f"{title} found"] = f"{theirs.sum()} of {len(theirs)}" if len(theirs) else np.nan
    return {"world": name, "accounts": len(data.accounts), **figures, "seconds": seconds}


FAMILIES: dict[str, tuple[Callable[[str, dict[str, int]], dict[str, object]], list[str]]] = {
    "influence": (judge_influence, list(_apart_settings.WORLDS)),
    "bots": (judge_bots, list(_apart_bots.WORLDS)),
}


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Median and worst of each figure that is better or worse."""
    numbers = table.select_dtypes("number")
    median, worst = numbers.median(), numbers.min()
    for figure in map(str, numbers):
        if any(part in figure for part in LARGEST_IS_WORST):
            worst[figure] = numbers[figure].max()
    known = numbers.get("credited / true", pd.Series(dtype=float)).dropna()
    if len(known):
        worst["credited / true"] = known.loc[np.log(known.clip(lower=1e-9)).abs().idxmax()]
    worst = worst.drop([figure for figure in NOT_JUDGED if figure in worst])
    return pd.DataFrame({"median": median, "worst": worst}).T.rename_axis("world").reset_index()


def run(family: str, names: list[str], *, seed: int | None = None) -> pd.DataFrame:
    """One row for each world, then median and worst."""
    judge, rows = FAMILIES[family][0], []
    for number, name in enumerate(names):
        rows.append(judge(name, {} if seed is None else {"seed": seed + number}))
        print(f"{rows[-1]['seconds']:.0f} s: {family}, {name}", file=sys.stderr, flush=True)
    table = pd.DataFrame(rows)
    return pd.concat([table, summary(table)], ignore_index=True)


def main() -> None:
    """Judge what is asked for, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.apart", description=__doc__)
    parser.add_argument("family", choices=list(FAMILIES))
    parser.add_argument("names", nargs="*", default=["all"], help="worlds; default: all")
    parser.add_argument("--seed", type=int, help="of the first world; default: each its own")
    options = parser.parse_args()
    known = FAMILIES[options.family][1]
    unknown = sorted(set(options.names) - {*known, "all"})
    if unknown:
        parser.error(f"names must be among {', '.join(known)}; received {', '.join(unknown)}")
    names = known if "all" in options.names else options.names
    table = run(options.family, names, seed=options.seed)
    told = table.astype(object).where(table.notna(), "-")
    for count in told.columns.intersection(list(COUNTS)):
        told[count] = [f"{number:,.0f}" if number != "-" else number for number in told[count]]
    show_markdown(f"{options.family}, worlds written apart", told)


if __name__ == "__main__":
    main()
