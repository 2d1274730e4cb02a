"""Who posts the same texts or links where hardly anybody else does, and what cannot be compared."""

import numpy as np
import pandas as pd
import pytest

from influgraph.bots import _coaction_traces as tracing
from influgraph.bots.coordination import find_coordinated_clusters
from influgraph.dataset import Dataset, from_tables

DAY, START = 86_400, 1_700_000_000
PAIR = pd.DataFrame({"follower_id": ["one0"], "followed_id": ["one1"]})
WORDS = [a + b + c for a in "bdfklmnprst" for b in "aeiou" for c in ("ra", "men", "tos", "lik", "na")]


def _said(rng: np.random.Generator) -> str:
    return " ".join(rng.choice(WORDS, 10))


def _posts(rows: list[tuple[str, float, str]], trace: str) -> Dataset:
    posts = pd.DataFrame(rows, columns=["author_id", "created_at", "text"])
    posts = posts.assign(post_id=range(len(posts)), created_at=posts["created_at"].astype(int) + START)
    if trace == "link":
        posts = posts.assign(links=[[text] for text in posts["text"]]).drop(columns="text")
    return from_tables(posts=posts, follows=PAIR)


def _own_words(rng: np.random.Generator, posts: int, people: int) -> list[tuple[str, float, str]]:
    """Posts of which nobody says what another does."""
    return [(f"one{rng.integers(people)}", rng.uniform(0, 20 * DAY), _said(rng)) for _ in range(posts)]


@pytest.mark.parametrize("trace", ["text", "link"])
@pytest.mark.parametrize("masked", [0, 5])
def test_a_ring_is_found_where_nobody_else_says_the_same(trace: str, masked: int) -> None:
    """Sixteen accounts post fifteen texts, each within an hour; they may also write some of their own."""
    rng = np.random.default_rng(3)
    ring = [f"ring{n}" for n in range(16)]
    rows = _own_words(rng, 1500, 300)
    rows += [(one, rng.uniform(0, 20 * DAY), _said(rng)) for one in ring for _ in range(masked)]
    for moment in rng.uniform(0, 19 * DAY, 15):
        text = _said(rng)
        rows += [(one, moment + rng.uniform(0, 3600), text) for one in ring if rng.random() < 0.8]
    found = find_coordinated_clusters(_posts(rows, trace), windows=["30min", "3h"], rng=rng)
    count = found.clusters["p_value"] <= 1e-4
    assert set(found.members.loc[found.members["bot_cluster"].map(count), "account_id"]) == set(ring)


def test_readers_who_share_headlines_are_no_ring() -> None:
    """Sixty readers of each of five outlets share its headlines within hours, most people share nothing."""
    rng = np.random.default_rng(4)
    rows = _own_words(rng, 3000, 600)
    for _ in range(5):
        readers, keen = rng.permutation(600)[:60], rng.gamma(0.7, 0.12, 60)
        for moment in rng.uniform(0, 19 * DAY, 40):
            who, text = readers[rng.random(60) < keen], _said(rng)
            waits = rng.lognormal(6, 1, who.size)
            rows += [(f"one{n}", moment + wait, text) for n, wait in zip(who, waits, strict=True)]
    found = find_coordinated_clusters(_posts(rows, "text"), windows=["5min", "30min", "3h"], rng=rng)
    assert not (found.clusters["p_value"] <= 0.02).any()


def test_nothing_shared_is_an_answer() -> None:
    rng = np.random.default_rng(5)
    found = find_coordinated_clusters(_posts(_own_words(rng, 60, 20), "text"), rng=rng)
    assert (found.missing, len(found.clusters)) == (None, 0)


def test_a_post_that_nobody_echoes_counts_once_for_each_thing_it_carries() -> None:
    posts = pd.DataFrame(
        {
            "post_id": range(4),
            "author_id": list("abcd"),
            "created_at": range(4),
            "text": [f"{word} " * 6 for word in ("alpha", "gamma", "delta", "delta")],
            "links": [["x.example/1", "x.example/2"], ["y.example"], ["z.example"], []],
        }
    )
    data = from_tables(posts=posts, follows=PAIR)
    acts = tracing.gather_acts(data, ["text", "link"])
    alone = acts[acts["object"].isna()]
    assert sorted(zip(data.account_ids[alone["account"]], alone["trace"], strict=True)) == [
        (one, trace) for one in "ab" for trace in ("link", "text")
    ]
    assert acts["object"].count() == 2


@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        (
            {"engagements": {"kind": "purchase", "object": "CODE1"}},
            "objects of acts of kind purchase are not",
        ),
        ({"engagements": {"kind": "like", "post_id": "p1"}}, "likes of the same posts are not compared"),
        ({"posts": {"post_id": ["p1", "p2"], "hashtags": [["one"], ["one"]]}}, "single hashtags are not"),
    ],
)
def test_what_is_there_and_not_compared_is_said(tables: dict[str, dict[str, object]], reason: str) -> None:
    named = {"engagements": "account_id", "posts": "author_id"}
    frames = {
        table: pd.DataFrame({named[table]: ["a", "b"], "created_at": [1, 2], **columns})
        for table, columns in tables.items()
    }
    found = find_coordinated_clusters(from_tables(follows=PAIR, **frames), rng=np.random.default_rng(1))
    assert reason in str(found.missing)
