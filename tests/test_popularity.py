"""Popularity: counted by hand, stated where nothing can be counted; tiers at their bounds."""

import pandas as pd
import pytest

from influgraph.dataset import from_tables
from influgraph.popularity import popularity, tier

ACCOUNTS = pd.DataFrame({"account_id": ["ann", "ben", "cem", "dia", "eva"]})
FOLLOWS = pd.DataFrame(
    {
        "follower_id": ["ben", "cem", "cem", "ben", "ann", "dia"],
        "followed_id": ["ann", "ann", "ann", "cem", "ann", "ben"],
    }
)
POSTS = pd.DataFrame(
    {
        "post_id": ["p1", "p2", "p3", "p4"],
        "author_id": ["ann", "ann", "ben", "cem"],
        "repost_of": [None, None, "p1", None],
        "reply_to": [None, "p1", None, "p3"],
    }
)
ENGAGEMENTS = pd.DataFrame(
    {
        "account_id": ["ben", "ben", "cem", "ann", "dia", "eva"],
        "kind": ["like", "like", "repost", "like", "mention", "purchase"],
        "post_id": ["p1", "p1", "p1", "p1", None, None],
        "target_id": [None, None, None, None, "eva", None],
    }
)


def test_counts_by_hand() -> None:
    data = from_tables(accounts=ACCOUNTS, follows=FOLLOWS, posts=POSTS, engagements=ENGAGEMENTS)
    counted = popularity(data)
    assert counted.index.tolist() == ["ann", "ben", "cem", "dia", "eva"]
    assert counted["followers"].tolist() == [2, 1, 1, 0, 0]  # neither the repeated nor the self-follow
    assert counted["following"].tolist() == [0, 2, 1, 1, 0]
    assert counted["posts"].tolist() == [2, 1, 1, 0, 0]
    # ann: two likes and a repost of p1, and ben's repost in posts; ben: cem's reply; eva: the mention
    assert counted["engagements_received"].tolist() == [4, 1, 0, 0, 1]
    assert counted["followers_stated"].isna().all()
    assert set(counted.dtypes) == {pd.Int64Dtype()}


def test_what_cannot_be_counted_is_as_stated_or_null() -> None:
    stated = {"followers_stated": [10, None], "following_stated": [1, 2], "posts_stated": [None, 3]}
    counted = popularity(from_tables(accounts=pd.DataFrame({"account_id": ["ann", "ben"], **stated})))
    assert counted["followers"].tolist() == counted["followers_stated"].tolist() == [10, pd.NA]
    assert counted["following"].tolist() == [1, 2]
    assert counted["posts"].tolist() == [pd.NA, 3]
    assert counted["engagements_received"].isna().all()


def test_counted_goes_before_stated() -> None:
    accounts = ACCOUNTS.assign(followers_stated=1_000_000)
    assert popularity(from_tables(accounts=accounts, follows=FOLLOWS))["followers"].tolist() == [
        2,
        1,
        1,
        0,
        0,
    ]


def test_acts_towards_nobody_are_received_by_nobody() -> None:
    acts = pd.DataFrame(
        {"account_id": ["ann", "ann"], "kind": ["purchase", "like"], "target_id": [None, "ben"]}
    )
    assert popularity(from_tables(engagements=acts))["engagements_received"].tolist() == [0, 1]


@pytest.mark.parametrize("named", [{}, {"post_id": ["p1"]}])
def test_what_nobody_is_known_to_have_received_is_null(named: dict[str, list[str]]) -> None:
    acts = pd.DataFrame({"account_id": ["ann"], "kind": ["like"], **named})
    counted = popularity(from_tables(engagements=acts))
    assert counted[["engagements_received", "posts"]].isna().all(axis=None)


def test_tiers_at_their_bounds() -> None:
    counts = pd.DataFrame(
        {"followers_stated": [None, None, 49_999, 50_000, 9], "followers": [10, None, 1, 1, 90_000]},
        index=ACCOUNTS["account_id"],
        dtype="Int64",
    )
    tiers = tier(counts, bounds={"nano": 10, "micro": 10_000, "mid": 50_000})
    assert tiers.name == "tier"
    assert tiers.index.equals(counts.index)
    assert tiers.astype(object).where(tiers.notna(), None).tolist() == ["nano", None, "micro", "mid", None]
    assert tiers.cat.ordered
    assert (tiers > "nano").tolist() == [False, False, True, True, False]


@pytest.mark.parametrize("bounds", [{}, {"nano": -1}, {"a": 5, "b": 5}, {"a": 5, "b": 4}])
def test_bad_bounds_are_refused(bounds: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="bounds must be at least one, not negative and increasing"):
        tier(pd.DataFrame({"followers_stated": [1], "followers": [1]}, dtype="Int64"), bounds=bounds)
