"""A small dataset for tests of whole studies: 30 sources, 150 followers, a month of posts and purchases."""

from pathlib import Path

import numpy as np
import pandas as pd

SOURCES, PEOPLE = 30, 150
START = pd.Timestamp("2024-01-01", tz="UTC")


def small_tables(*, seed: int = 4) -> dict[str, pd.DataFrame]:
    """Sources 0-4 move people, 5-9 are the most followed, everybody buys something anyway."""
    rng = np.random.default_rng(seed)
    ids = np.array([f"private-{number}" for number in range(SOURCES + PEOPLE)])
    fame = np.ones(SOURCES)
    fame[5:10] = 30
    pairs = [
        (person, source)
        for person in range(SOURCES, SOURCES + PEOPLE)
        for source in rng.choice(SOURCES, size=6, replace=False, p=fame / fame.sum())
    ]
    follower, followed = np.array(pairs).T
    author = np.repeat(np.arange(SOURCES), 12)
    hours = rng.uniform(0, 30 * 24, len(author))
    caused = [
        (person, hours[post] + rng.exponential(8))
        for post in range(len(author))
        for person in follower[followed == author[post]]
        if author[post] < 5 and rng.random() < 0.15
    ]
    anyway = [(person, rng.uniform(0, 30 * 24)) for person in rng.integers(SOURCES, SOURCES + PEOPLE, 150)]
    buyer, bought = np.array(caused + anyway).T
    liked = rng.integers(0, len(author), 400)
    liker = rng.integers(SOURCES, SOURCES + PEOPLE, 400)
    posts = np.array([f"post-{number}" for number in range(len(author))])
    purchases = {"account_id": ids[buyer.astype(int)], "kind": "purchase", "created_at": _times(bought)}
    likes = {
        "account_id": ids[liker],
        "kind": "like",
        "post_id": posts[liked],
        "created_at": _times(hours[liked]),
    }
    return {
        "accounts": pd.DataFrame({"account_id": ids, "handle": [f"Handle {name}" for name in ids]}),
        "follows": pd.DataFrame({"follower_id": ids[follower], "followed_id": ids[followed]}),
        "posts": pd.DataFrame({"post_id": posts, "author_id": ids[author], "created_at": _times(hours)}),
        "engagements": pd.concat([pd.DataFrame(purchases), pd.DataFrame(likes)], ignore_index=True),
    }


def _times(hours: np.ndarray) -> pd.DatetimeIndex:
    return (START + pd.to_timedelta(hours, unit="h")).floor("s")


def write_tables(tables: dict[str, pd.DataFrame], folder: Path) -> Path:
    """Write tables as CSV into a new folder."""
    folder.mkdir()
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder
