"""Worlds in which people see posts most of the time, and differ in how much they do: what is credited.

Run `python -m benchmarks.dense [SEED]`: a minute or two. 1,500 accounts follow fifteen others each, half of
these among sixty sources; sources post so often that several posts are always fresh. Nothing but niche, hour
and activity lies behind what people do anyway. Niches as detected.
"""

import sys

import numpy as np
import pandas as pd

from benchmarks.oracle import detected_niches
from influgraph.dataset import Dataset, from_tables
from influgraph.influence.attribution import incremental_actions

ACCOUNTS, SOURCES, NICHES, DAYS, PERSUASIVE = 1500, 60, 4, 60, 8
HOURS = np.array([1, 0.5, 0.3, 0.2, 0.2, 0.4, 1, 2, *[3] * 4, 4, 4, 3, 3, 3, 4, 5, 6, 7, 6, 4, 2])
START, DAY, HOUR = pd.Timestamp("2025-03-03", tz="UTC"), 86_400.0, 3600.0
DELAY, WINDOW = 6 * HOUR, "2D"
CASES = {
    "nothing": {},
    "nothing, all equally active": {"alike": True},
    "nothing, no likes": {"likes": 0.0},
    "some": {"effect": 0.02, "base": 2.0},
    "some, all equally active": {"effect": 0.02, "base": 2.0, "alike": True},
    "some, few posts": {"effect": 0.02, "base": 2.0, "posts": 6.0},
}


def make_world(
    *,
    effect: float = 0.0,
    base: float = 4.0,
    posts: float = 30.0,
    likes: float = 0.04,
    alike: bool = False,
    rng: np.random.Generator,
) -> tuple[Dataset, pd.Series]:
    """Tables, and the outcomes that each account brought about."""
    niche, fame = rng.integers(0, NICHES, ACCOUNTS), rng.pareto(1.2, SOURCES) + 0.3
    follows = _follows(niche, fame, rng)
    activity = np.ones(ACCOUNTS) if alike else rng.gamma(1.5, 1 / 1.5, ACCOUNTS)
    count = rng.poisson(np.where(np.arange(ACCOUNTS) < SOURCES, posts, 1.5))
    made = pd.DataFrame({"author": np.repeat(np.arange(ACCOUNTS), count), "at": _moments(count.sum(), rng)})
    strength = np.zeros(ACCOUNTS)
    strength[rng.choice(SOURCES, PERSUASIVE, replace=False)] = effect * rng.uniform(0.7, 1.6, PERSUASIVE)
    seen = made.reset_index(names="post").merge(follows, on="author").query("since < at")
    bought = seen[rng.random(len(seen)) < strength[seen["author"]] * activity[seen["follower"]]]
    bought = bought.assign(at=bought["at"] + rng.exponential(DELAY, len(bought))).query("at < @DAYS * @DAY")
    liked = seen[rng.random(len(seen)) < likes * activity[seen["follower"]]]
    anyway = np.repeat(np.arange(ACCOUNTS), rng.poisson(base * activity))
    outcomes = pd.DataFrame({"follower": anyway, "at": _moments(len(anyway), rng)})
    acts = [
        pd.concat([outcomes, bought])[["follower", "at"]].assign(kind="purchase", post=None),
        liked.assign(at=liked["at"] + rng.exponential(3 * HOUR, len(liked)), kind="like"),
    ]
    truth = bought["author"].value_counts().reindex(range(ACCOUNTS), fill_value=0)
    return _tables(follows, made, pd.concat(acts)), truth.set_axis([f"u{code}" for code in truth.index])


def _follows(niche: np.ndarray, fame: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Whom each account follows among sources, by fame and niche, and among its niche; and since when."""
    pairs = []
    for one in range(ACCOUNTS):
        liking = fame * np.where(niche[:SOURCES] == niche[one], 8, 1)
        some = rng.choice(SOURCES, rng.poisson(7.5) + 2, replace=False, p=liking / liking.sum())
        near = rng.choice(np.flatnonzero(niche == niche[one]), rng.poisson(7.5))
        pairs += [(one, int(other)) for other in {*some, *near} - {one}]
    table = pd.DataFrame(pairs, columns=["follower", "author"])
    late = rng.random(len(table)) < 0.1
    return table.assign(since=np.where(late, DAYS, -300) * DAY * rng.random(len(table)))


def _moments(count: int, rng: np.random.Generator) -> np.ndarray:
    """Seconds since the start, by the hours at which people are awake."""
    hour = rng.choice(24, count, p=HOURS / HOURS.sum())
    return rng.integers(0, DAYS, count) * DAY + (hour + rng.random(count)) * HOUR


def _tables(follows: pd.DataFrame, made: pd.DataFrame, acts: pd.DataFrame) -> Dataset:
    """Everything by id and time stamp."""

    def named(codes: pd.Series, letter: str = "u") -> pd.Series:
        return (letter + codes.astype("Int64").astype("str")).where(codes.notna())

    def stamped(seconds: pd.Series) -> pd.Series:
        return START + pd.to_timedelta(seconds.astype(np.int64), unit="s")

    posts = pd.DataFrame({"author_id": named(made["author"]), "created_at": stamped(made["at"])})
    posts["post_id"] = named(pd.Series(made.index), "p").to_numpy()
    return from_tables(
        accounts=pd.DataFrame({"account_id": [f"u{code}" for code in range(ACCOUNTS)]}),
        follows=pd.DataFrame(
            {
                "follower_id": named(follows["follower"]),
                "followed_id": named(follows["author"]),
                "followed_at": stamped(follows["since"]),
            }
        ),
        posts=posts,
        engagements=pd.DataFrame(
            {
                "account_id": named(acts["follower"]),
                "kind": acts["kind"],
                "post_id": named(acts["post"], "p"),
                "created_at": stamped(acts["at"]),
            }
        ),
    )


def judged(name: str, seed: int) -> dict[str, object]:
    """What is credited of what was caused, and who is told from zero."""
    data, truth = make_world(**CASES[name], rng=np.random.default_rng(seed))
    niches = detected_niches(data, np.random.default_rng(1))
    found = incremental_actions(
        data, kinds=["purchase"], niches=niches, window=WINDOW, rng=np.random.default_rng(2)
    )
    accounts = found.accounts[found.accounts["influence"].notna()].join(truth.rename("truth"))
    above = accounts["influence_low"] > 0
    return {
        "world": name,
        "outcomes": found.outcomes,
        "caused": truth.sum() / found.outcomes,
        "credited": found.credited / found.outcomes,
        "above zero": int(above.sum()),
        "of these moved nobody": int((above & (accounts["truth"] == 0)).sum()),
        "intervals that hold": accounts["truth"]
        .between(accounts["influence_low"], accounts["influence_high"])
        .mean(),
    }


if __name__ == "__main__":
    first = int(sys.argv[1]) if len(sys.argv) > 1 else 44
    print(pd.DataFrame([judged(name, first) for name in CASES]).round(2).to_string(index=False))
