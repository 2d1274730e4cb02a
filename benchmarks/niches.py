"""Niches beside groups that are known, beside other methods, and beside themselves; and their speed.

`python -m benchmarks.niches quality [TABLE ...]` takes about twenty minutes, `... speed` ten.
Tables: known, lfr, scan, planted, sparser, circles, nothing.
"""

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from benchmarks import _niche_cases as cases
from benchmarks import _niche_scores as judge
from benchmarks import _niche_speed as speed
from benchmarks.__main__ import machine, show_markdown
from influgraph.networks import Network
from influgraph.niches import Niches, find_niches

Row = dict[str, object]
WORLDS = range(721, 726)
SPARSER_WORLDS = range(711, 716)
EGO_SEEDS = range(1, 6)
WITHOUT = range(801, 821)


def find(case: cases.Case, seed: int = 1, **options: float) -> Niches:
    """Our niches of a case, nothing but its layers and terms being known."""
    return find_niches(case.layers, terms=case.terms, rng=np.random.default_rng(seed), **options)


def mean(case: str, method: str, runs: Iterable[dict[str, float]], seconds: float) -> Row:
    """One row of a table: means over seeds."""
    given = list(runs)
    return {"case": case, "method": method, **pd.DataFrame(given).mean().to_dict(), "s": seconds / len(given)}


def known() -> pd.DataFrame:
    """Accounts whose groups are known: ours, and the others at their defaults."""
    drawn: list[Callable[[], cases.Case]] = [
        cases.email,
        *(lambda case=case: case for case in cases.timme()),
        cases.facebook,
        lambda: cases.twitch(games=False),
        lambda: cases.twitch(games=True),
    ]
    return pd.DataFrame([row for make in drawn for row in _rows(make())])


def lfr() -> pd.DataFrame:
    """100,000 accounts in 335 planted groups."""
    return pd.DataFrame(_rows(cases.lfr())).drop(columns=["low", "high"])


def _rows(case: cases.Case) -> list[Row]:
    """Ours and others, each as often as the case has seeds."""
    seeds, interval = range(1, case.seeds + 1), case.name.startswith("MUSAE")
    start = time.perf_counter()
    ours = [find(case, seed) for seed in seeds]
    taken = time.perf_counter() - start
    _tell_stability(case.name, ours[0])
    judged = [judge.scores(case.truth, found.accounts["niche"], interval=interval) for found in ours]
    rows = [mean(case.name, "influgraph", judged, taken)]
    for name, method in judge.peers(list(case.layers.values())).items() if case.terms is None else ():
        start = time.perf_counter()
        labels = [method(seed) for seed in seeds]
        taken = time.perf_counter() - start
        judged = [judge.scores(case.truth, label, interval=interval) for label in labels]
        rows.append(mean(case.name, name, judged, taken))
    return rows


def _tell_stability(name: str, found: Niches) -> None:
    """Print how stable each niche is; of many niches the range."""
    stable = found.stability
    each = " ".join(f"{value:.2f}" for value in stable[:20])
    print(f"stability, {name}: {each}{' ...' if len(stable) > 20 else ''}", end="; ")
    print(f"median {stable.median():.2f}, least {stable.min():.2f}. {found.missing or ''}", flush=True)


def scan() -> pd.DataFrame:
    """email-Eu-core at every resolution of the scan, and what was chosen without the truth."""
    case = cases.email()
    rows = []
    for seed in range(1, case.seeds + 1):
        chosen = find(case, seed)
        for tried in chosen.scan.itertuples():
            found = find(case, seed, resolution=tried.resolution)
            told = judge.scores(case.truth, found.accounts["niche"])
            rows.append(
                {"resolution": tried.resolution, "score": tried.score, **told, "chosen": tried.chosen}
            )
    return pd.DataFrame(rows).drop(columns=["low", "high"]).groupby("resolution").mean().reset_index()


def planted() -> pd.DataFrame:
    """Worlds of uneven niches: all layers, each layer, another seed, and one tie of twenty dropped."""
    rows = [row for seed in WORLDS for row in _planted_rows(cases.planted(seed))]
    return pd.DataFrame(rows).drop(columns=["low", "high"])


def _planted_rows(case: cases.Case) -> list[Row]:
    start = time.perf_counter()
    found = find(case)
    taken = time.perf_counter() - start
    _tell_stability(case.name, found)
    whole = found.accounts["niche"]
    rows = [mean(case.name, "influgraph, all layers", [judge.scores(case.truth, whole)], taken)]
    parts = {
        f"influgraph, {name}": cases.Case("", {name: layer}, case.truth)
        for name, layer in case.layers.items()
    }
    for name, part in parts.items():
        start = time.perf_counter()
        niche = find(part).accounts["niche"]
        rows.append(mean(case.name, name, [judge.scores(case.truth, niche)], time.perf_counter() - start))
    for name, layers in {"follow": [case.layers["follow"]], "sum": list(case.layers.values())}.items():
        leiden = judge.peers(layers)["igraph Leiden"](1)
        rows.append(mean(case.name, f"igraph Leiden, {name}", [judge.scores(case.truth, leiden)], np.nan))
    again = [find(case, seed).accounts["niche"] for seed in (2, 3)]
    less = [find(_thinned(case, seed), seed).accounts["niche"] for seed in (4, 5)]
    alike = np.mean([judge.likeness(*two) for two in combinations([whole, *again], 2)])
    rows.append({"case": case.name, "method": "seed to seed", "AMI": alike})
    kept = np.mean([judge.likeness(whole, other) for other in less])
    rows.append({"case": case.name, "method": "5 % of ties dropped", "AMI": kept})
    return rows


def sparser() -> pd.DataFrame:
    """Other worlds with fewer follows, where Leiden on follows finds less."""
    rows = []
    for seed in SPARSER_WORLDS:
        case = cases.planted(seed, follows=30.0)
        leiden = judge.peers([case.layers["follow"]])["igraph Leiden"](1)
        for method, niche in {
            "influgraph": find(case).accounts["niche"],
            "igraph Leiden, follow": leiden,
        }.items():
            rows.append({"case": case.name, "method": method, **judge.scores(case.truth, niche)})
    return pd.DataFrame(rows).drop(columns=["low", "high"])


def _thinned(case: cases.Case, seed: int) -> cases.Case:
    """One pair of twenty is dropped from each layer, one use of twenty from the terms."""
    rng = np.random.default_rng(seed)
    layers = {
        name: Network(layer.account_ids, _dropped(layer.weights, rng)) for name, layer in case.layers.items()
    }
    return cases.Case(
        case.name, layers, case.truth, None if case.terms is None else _dropped(case.terms, rng)
    )


def _dropped(pairs: csr_array, rng: np.random.Generator) -> csr_array:
    fewer = pairs.copy()
    fewer.data = np.where(rng.random(fewer.nnz) < 0.05, 0.0, fewer.data)
    fewer.eliminate_zeros()
    return fewer


def circles() -> pd.DataFrame:
    """Overlapping circles of the friends of five people, mean over seeds."""
    rows = []
    for name in cases.EGOS:
        network, truth, terms = cases.ego(name)
        size = len(network.account_ids)
        groupings = [each for seed in EGO_SEEDS for each in _groupings(network, terms, seed)]
        for method, groups in groupings:
            large = [group for group in groups if len(group) > 2]
            told = {"F1": judge.best_match(truth, large), "omega": judge.omega(truth, large, size)}
            rows.append({"ego": name, "method": method, **told, "groups": len(large)})
    table = pd.DataFrame(rows)
    f1 = table.pivot_table("F1", "method", "ego", sort=False).add_prefix("F1, ego ")
    means = table.groupby("method", sort=False)[["F1", "omega", "groups"]].mean()
    return means.join(f1).reset_index()


def _groupings(network: Network, terms: csr_array, seed: int) -> Iterable[tuple[str, list[set[int]]]]:
    for name, given in {"influgraph": None, "influgraph, features as terms": terms}.items():
        found = find_niches(network, terms=given, rng=np.random.default_rng(seed))
        place = pd.Series(range(len(network.account_ids)), network.account_ids)
        shares = found.shares
        yield f"{name}, shares", _sets(place[shares["account_id"]].to_numpy(), shares["niche"])
        niche = found.accounts["niche"]
        yield f"{name}, niche", _sets(np.arange(len(niche)), niche)
    for name, method in judge.peers([network]).items():
        labels = method(seed)
        yield name, _sets(np.arange(len(labels)), pd.Series(labels))


def _sets(account: Sequence[int], group: pd.Series) -> list[set[int]]:
    return [set(members) for _, members in pd.Series(account).groupby(group.to_numpy())]


def nothing() -> pd.DataFrame:
    """Networks with unequal followers and no niches: what is said of them."""
    rows = []
    for seed in WITHOUT:
        network = cases.without_niches(seed)
        found = find_niches(network, rng=np.random.default_rng(seed))
        told = {"accounts": len(network.account_ids), "follows": network.weights.nnz}
        rows.append({**told, "says none": found.missing is not None, "niches": found.stability.size})
    return pd.DataFrame(rows)


TABLES = {
    "known": known,
    "lfr": lfr,
    "scan": scan,
    "planted": planted,
    "sparser": sparser,
    "circles": circles,
    "nothing": nothing,
}


def main(what: str, *wanted: str) -> None:
    """Print the tables that are named, or all."""
    print(machine())
    tables = {"speed": speed.table} if what == "speed" else {name: TABLES[name] for name in wanted or TABLES}
    for name, table in tables.items():
        show_markdown(name, table())
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
