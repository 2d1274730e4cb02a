"""How often 90 % intervals of audiences hold what was planted, and how long large audiences take.

Run with `python -m benchmarks audiences`. No seed used here was looked at while the measures were made.
"""

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph.audience import bonds, composition, drivers, in_niches, overlap
from influgraph.dataset import Dataset, from_tables

SEED = 31_415
STARS, PEOPLE, WORLDS = 12, 2_000, 20

Flags = npt.NDArray[np.bool_]


def _follows(held: Flags) -> pd.DataFrame:
    """Follows of accounts s0, s1, ... by p0, p1, ...; one row of `held` per account."""
    star, person = np.nonzero(held)
    columns = {
        "follower_id": [f"p{number}" for number in person],
        "followed_id": [f"s{number}" for number in star],
    }
    return pd.DataFrame(columns)


def _audiences(rng: np.random.Generator) -> Flags:
    """Who follows whom: people unequally eager, accounts unequally followed."""
    eager, fame = rng.beta(0.5, 3, PEOPLE), rng.uniform(0.3, 1, STARS)
    return rng.random((STARS, PEOPLE)) < fame[:, None] * eager


def _holds(found: pd.DataFrame, name: str, truth: npt.ArrayLike) -> float:
    """Share of the intervals that hold the truth, of those there are."""
    known = found[f"{name}_low"].notna() & found[f"{name}_high"].notna()
    held = (found[f"{name}_low"] <= truth) & (found[f"{name}_high"] >= truth)
    return float(held[known].mean())


def sampled_lists(share: float, rng: np.random.Generator) -> dict[str, float]:
    """Overlap and reach of lists of which a share at random is seen."""
    held, stars = _audiences(rng), [f"s{number}" for number in range(STARS)]
    seen = from_tables(follows=_follows(held & (rng.random(held.shape) < share)))
    one, other = np.triu_indices(STARS, 1)
    both = (held[one] & held[other]).sum(axis=1)
    pairs = overlap.overlap(seen, stars, cut=f"random:{share}", rng=rng)
    union = overlap.reach(seen, stars, cut=f"random:{share}", rng=rng)
    reached = [held[: number + 1].any(axis=0).sum() for number in range(STARS)]
    niche = pd.Series(np.arange(PEOPLE) % 5 // 2, [f"p{number}" for number in range(PEOPLE)], dtype="Int64")
    parts = composition.composition(
        seen, niche.reindex(seen.account_ids), by=["niche"], cut=f"random:{share}", min_cell=0
    )
    group = np.arange(PEOPLE) % 5 // 2
    truth = [
        (held[int(row[0][1:])] & (group == int(row[1]))).sum() / held[int(row[0][1:])].sum()
        for row in parts[["account_id", "group"]].to_numpy()
    ]
    return {
        "shared audience": _holds(pairs, "shared", both),
        "jaccard": _holds(pairs, "jaccard", both / (held[one] | held[other]).sum(axis=1)),
        "reach": _holds(union, "cumulative_reach", reached),
        "share of a niche": _holds(parts, "share", truth),
    }


def whole_lists(rng: np.random.Generator) -> dict[str, float]:
    """Shares, participation and density over whom accounts may attract, in whole lists of 40 followers."""
    size, part = 40, np.array([0.6, 0.3, 0.1])
    people = np.array([f"p{number}" for number in range(600)])
    group = rng.choice(3, 600, p=part)
    real = np.bincount(group, minlength=3) / 600
    act = rng.lognormal(0, 0.7, 600)
    ties = rng.random((600, 600)) < np.minimum(0.02 * np.outer(act, act), 1) * (1 - np.eye(600))
    lists = [
        (person, f"s{number}") for number in range(100) for person in rng.choice(people, size, replace=False)
    ]
    inner = [(people[one], people[other]) for one, other in zip(*np.nonzero(ties), strict=True)]
    data = from_tables(follows=pd.DataFrame(lists + inner, columns=["follower_id", "followed_id"]))
    niche, stars = pd.Series(group, people, dtype="Int64"), [f"s{number}" for number in range(100)]
    shares = composition.composition(data, niche, by=["niche"], accounts=stars, min_cell=0)
    spread = in_niches.participation(data, niche).loc[stars]
    dense = bonds.connection_density(data, accounts=stars, rng=rng)
    return {
        "share of a niche": _holds(shares, "share", real[shares["group"].astype(int)]),
        "participation": _holds(spread, "participation", 1 - (real**2).sum()),
        "density": _holds(dense, "density", ties.sum() / (600 * 599)),
    }


def planted_drivers(rng: np.random.Generator) -> dict[str, float]:
    """Ratios of response to a format, of a tenfold range over accounts; and what is told of idle hashtags."""
    accounts, posts = 40, 60
    size, clip = accounts * posts, rng.random(accounts * posts) < 0.5
    effect = rng.lognormal(0, 0.5, accounts)
    mean = np.repeat(rng.lognormal(1.5, 0.5, accounts), posts) * np.where(clip, np.repeat(effect, posts), 1)
    count = rng.negative_binomial(1.5, 1.5 / (1.5 + mean))
    table = pd.DataFrame(
        {"post_id": range(size), "author_id": np.repeat([f"a{n:02d}" for n in range(accounts)], posts)}
    )
    table["format"] = np.where(clip, "clip", "text")
    table["hashtags"] = [[f"tag{number}"] for number in rng.integers(0, 4, size)]
    acts = pd.DataFrame({"account_id": "fan", "kind": "like", "post_id": np.repeat(range(size), count)})
    found = drivers.drivers(from_tables(posts=table, engagements=acts))
    clips = found[found["trait"] == "clip"].set_index("account_id")
    truth = pd.Series(effect, [f"a{number:02d}" for number in range(accounts)]).reindex(clips.index)
    told = found[found["told"]]
    return {
        "driver ratio": _holds(clips, "ratio", truth.to_numpy()),
        "false among drivers told": float((told["kind"] == "topic").mean()),
    }


def _large(rng: np.random.Generator) -> Dataset:
    """200,000 accounts, about 5 million follows, followers as unequal as they are on platforms."""
    fame = rng.pareto(1.1, 200_000) + 0.02
    followed = rng.choice(200_000, 6_250_000, p=fame / fame.sum())
    pairs = np.unique(rng.integers(0, 200_000, followed.size) * 200_000 + followed)
    some = rng.choice(pairs, min(5_000_000, pairs.size), replace=False)
    return from_tables(follows=pd.DataFrame({"follower_id": some // 200_000, "followed_id": some % 200_000}))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def large_audiences(rng: np.random.Generator) -> dict[str, float]:
    """Seconds, once everything is loaded."""
    data = _large(rng)
    top = list(data.follows["followed_id"].value_counts().index[:200])
    niche = pd.Series(rng.integers(0, 60, len(data.account_ids)), data.account_ids, dtype="Int64")
    overlap.overlap(data, top[:2], rng=rng)
    return {
        "overlap of 200 accounts": _seconds(lambda: overlap.overlap(data, top, rng=rng)),
        "greedy reach of 200": _seconds(lambda: overlap.reach(data, top, greedy=True, rng=rng)),
        "composition of all by niche": _seconds(lambda: composition.composition(data, niche, by=["niche"])),
        "density of 200": _seconds(lambda: bonds.connection_density(data, accounts=top, rng=rng)),
    }


def run() -> list[dict[str, object]]:
    """One row per setting and measure: share of intervals that hold the truth, or seconds."""
    rows: list[dict[str, object]] = []
    settings: dict[str, Callable[[np.random.Generator], dict[str, float]]] = {
        "lists sampled at 0.5": lambda rng: sampled_lists(0.5, rng),
        "lists sampled at 0.1": lambda rng: sampled_lists(0.1, rng),
        "whole lists of 40": whole_lists,
        "40 accounts of 60 posts": planted_drivers,
    }
    for setting, measure in settings.items():
        worlds = [measure(np.random.default_rng([SEED, number])) for number in range(WORLDS)]
        means = pd.DataFrame(worlds).mean()
        rows += [{"setting": setting, "what": what, "value": value} for what, value in means.items()]
    seconds = large_audiences(np.random.default_rng(SEED))
    return rows + [
        {"setting": "5 M follows, s", "what": what, "value": value} for what, value in seconds.items()
    ]
