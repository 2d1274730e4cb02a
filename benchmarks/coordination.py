"""Coordination at 500,000 and 5 million acts with planted squads, and on the CooRTweet Russian set.

Squads of 10 to 60 act on thirty objects within 30 seconds, each with chance .6. The Russian set is skipped
where it is not beside the project; on it, the published workflow (60 s, two joint acts, the half of the ties
with the most) is held against ours. coordination-network-toolkit 1.5.2 is timed beside where it is
installed.
"""

import contextlib
import importlib.util
import io
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from influgraph.bots import _coaction_candidates as finding
from influgraph.bots import _coaction_ground as surveying
from influgraph.bots import _coaction_search as search
from influgraph.bots import _coaction_traces as tracing
from influgraph.bots.coordination import find_coordinated_clusters
from influgraph.dataset import from_tables

RUSSIAN = Path(__file__).parents[2] / "shared" / "data" / "coortweet" / "russian_coord_tweets.csv.gz"
DAY = 86_400
Q = 0.005


def draw(accounts: int, acts: int, *, seed: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Account, object and second of each act, and which accounts are planted."""
    rng = np.random.default_rng(seed)
    objects, free = acts // 8, rng.permutation(accounts)
    planted = np.zeros(accounts, bool)
    rows = []
    for _ in range(max(5, accounts // 5000)):
        size = int(rng.integers(10, 60))
        squad, free = free[:size], free[size:]
        planted[squad] = True
        for target, start in zip(rng.integers(0, objects, 30), rng.random(30) * 14 * DAY, strict=True):
            who = squad[rng.random(size) < 0.6]
            rows.append((who, np.full(who.size, target), start + 30 * rng.random(who.size)))
    rest = acts - sum(len(row[0]) for row in rows)
    activity = np.cumsum((np.arange(accounts) + 21.0) ** -0.8)
    fame = np.cumsum((np.arange(objects) + 51.0) ** -0.7)
    who = rng.permutation(accounts)[np.searchsorted(activity, rng.random(rest) * activity[-1])]
    what = np.searchsorted(fame, rng.random(rest) * fame[-1])
    rows.append((who, what, (rng.random(objects) * 14 * DAY)[what] + rng.exponential(DAY / 2, rest)))
    account, item, second = (np.concatenate(part) for part in zip(*rows, strict=True))
    order = rng.permutation(account.size)
    return account[order], item[order], second[order], planted


def _speed(accounts: int, acts: int) -> dict[str, object]:
    """Seconds of each stage, and who is found at a p-value of .005."""
    account, item, second, planted = draw(accounts, acts)
    objects = int(item.max()) + 1
    items = pd.DataFrame({"trace": "link", "object": np.arange(objects), "author": -1, "since": np.nan})
    marks = [time.perf_counter()]
    sorted_acts = tracing.form_acts(
        account, item, second, accounts=accounts, lasting=np.zeros(objects, bool), items=items
    )
    marks.append(time.perf_counter())
    rows = np.arange(sorted_acts.unit.size)
    met, did = search.count_met(sorted_acts, 60.0, rows)
    search.find_ties(sorted_acts, 60.0, rows, met=met, did=did)
    marks.append(time.perf_counter())
    rng = np.random.default_rng(1)
    splits = finding.split(sorted_acts.trace.size, sorted_acts.unit.size, rng=rng)
    ground = surveying.survey(sorted_acts, np.empty(0, np.int64))
    candidates, _ = finding.find_candidates(ground, splits, {"60s": 60.0}, least=4, rng=rng)
    marks.append(time.perf_counter())
    found = np.zeros(accounts, bool)
    for one in finding.merge(candidates, halves=2 * len(splits)):
        found[one.members] |= one.verdict.p_value <= Q
    sort, ties, rest = np.diff(marks)
    return {
        "what": f"{acts:,} acts of {accounts:,}",
        "sort s": sort,
        "ties with p-values s": ties,
        "clusters with p-values s": rest,
        "precision": (found & planted).sum() / max(found.sum(), 1),
        "recall": (found & planted).sum() / planted.sum(),
    }


def _toolkit(accounts: int, acts: int) -> dict[str, object]:
    """Seconds of coordination-network-toolkit on the same acts, within 60 s: its database, its ties."""
    from coordination_network_toolkit.compute_networks import compute_co_retweet_parallel
    from coordination_network_toolkit.preprocess import preprocess_data

    account, item, second, _ = draw(accounts, acts)
    marks = [time.perf_counter()]
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        every = zip(account.tolist(), item.tolist(), second.tolist(), strict=True)
        rows = (
            (str(row), str(who), str(who), str(what), "", "", when, [])
            for row, (who, what, when) in enumerate(every)
        )
        preprocess_data(f"{folder}/acts.db", rows)
        marks.append(time.perf_counter())
        compute_co_retweet_parallel(f"{folder}/acts.db", 60, n_threads=1, min_edge_weight=1)
        marks.append(time.perf_counter())
    ingest, ties = np.diff(marks)
    what = f"coordination-network-toolkit, {acts:,} acts"
    return {"what": what, "ingest s": ingest, "ties s": ties}


def published_workflow(table: pd.DataFrame) -> set[str]:
    """Accounts with a tie by the published workflow: joint acts within 60 s, at or above the median."""
    names, account = np.unique(table["account_id"].to_numpy(str), return_inverse=True)
    pairs: dict[tuple[int, int], int] = {}
    for _, rows in table.assign(code=account).sort_values("timestamp_share").groupby("object_id"):
        code, second = rows["code"].to_numpy(), rows["timestamp_share"].to_numpy()
        for one in range(code.size):
            last = np.searchsorted(second, second[one] + 60, side="right")
            for other in code[one + 1 : last]:
                if other != code[one]:
                    key = (min(code[one], other), max(code[one], other))
                    pairs[key] = pairs.get(key, 0) + 1
    twice = pd.Series({key: count for key, count in pairs.items() if count >= 2})
    kept = twice[twice >= twice.median()].index
    return {str(names[code]) for pair in kept for code in pair}


def _russian() -> dict[str, object]:
    """Accounts by the published workflow, by ours, and by both."""
    table = pd.read_csv(RUSSIAN, dtype={"account_id": str, "object_id": str})
    acts = table.rename(columns={"object_id": "object", "timestamp_share": "created_at"})
    data = from_tables(engagements=acts[["account_id", "object", "created_at"]].assign(kind="share"))
    found = find_coordinated_clusters(data, rng=np.random.default_rng(7))
    theirs = published_workflow(table)
    row: dict[str, object] = {"what": "CooRTweet Russian set", "published accounts": len(theirs)}
    for p_value in (0.005, 0.05):
        names = found.clusters.index[found.clusters["p_value"] <= p_value]
        ours = set(found.members.loc[found.members["bot_cluster"].isin(names), "account_id"])
        row |= {f"clusters p<={p_value}": len(names), f"accounts p<={p_value}": len(ours)}
        row |= {f"in both p<={p_value}": len(ours & theirs)}
    return row | {"candidates": len(found.clusters)}


def run() -> list[dict[str, object]]:
    """Warm up on a small one, then measure."""
    _speed(5_000, 50_000)
    rows = [_speed(50_000, 500_000), _speed(500_000, 5_000_000)]
    if importlib.util.find_spec("coordination_network_toolkit"):
        rows.insert(1, _toolkit(50_000, 500_000))
    return [*rows, _russian()] if RUSSIAN.is_file() else rows
