"""Oddities: kept on disk, ignored in every measure, counted as a warning; and who is done what, once."""

from pathlib import Path

import pandas as pd
import pytest

from influgraph.dataset import (
    Dataset,
    DatasetError,
    from_tables,
    read_dataset,
    resolved_engagements,
    write_dataset,
)

START = 1_700_000_000


def table(*rows: tuple[object, ...], columns: str) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split(), dtype=object)


def follows(*rows: tuple[object, ...]) -> pd.DataFrame:
    frame = table(*rows, columns="follower_id followed_id followed_at")
    return frame.assign(followed_at=frame["followed_at"] + START)


def engagements(*rows: tuple[object, ...]) -> pd.DataFrame:
    return table(*rows, columns="account_id kind target_id post_id")


def acts(data: Dataset) -> list[tuple[object, ...]]:
    """Return account, kind, receiver and post of the resolved engagements, None for null."""
    frame = resolved_engagements(data)[["account_id", "kind", "receiver_id", "post_id"]].astype(object)
    return [
        tuple(None if pd.isna(value) else value for value in row) for row in frame.itertuples(index=False)
    ]


ACCOUNTS = table(("ann",), ("bob",), ("cyd",), columns="account_id")
POSTS = table(("p", "ann"), ("q", "bob"), columns="post_id author_id")


def kept(data: Dataset, folder: Path) -> dict[str, pd.DataFrame]:
    """Write a dataset and return its tables as they are on disk."""
    write_dataset(data, folder)
    return {path.stem: pd.read_parquet(path) for path in folder.iterdir()}


def test_self_follows_are_kept_on_disk_only(tmp_path: Path) -> None:
    data = from_tables(follows=follows(("ann", "ann", None), ("ann", "bob", None), ("cyd", "cyd", 5)))
    assert data.follows[["follower_id", "followed_id"]].astype(str).to_numpy().tolist() == [["ann", "bob"]]
    assert data.warnings == ("follows: self-follows, ignored: 2",)
    assert list(data.account_ids) == ["ann", "cyd", "bob"]
    disk = kept(data, tmp_path / "d")["follows"]
    assert disk["follower_id"].tolist() == ["ann", "ann", "cyd"]
    assert disk["followed_id"].tolist() == ["ann", "bob", "cyd"]


def test_repeats_of_a_follow_are_used_once_from_the_earliest_time_on(tmp_path: Path) -> None:
    rows = [
        ("a", "b", 9),
        ("a", "b", 5),
        ("b", "a", 3),
        ("a", "b", 5),
        ("c", "b", 1),
        ("c", "b", None),
        ("a", "c", 2),
    ]
    data = from_tables(follows=follows(*rows))
    used = data.follows.astype({"follower_id": object, "followed_id": object})
    seconds = used["followed_at"].map(lambda moment: moment.timestamp() - START, na_action="ignore")
    assert used["follower_id"].tolist() == ["a", "b", "c", "a"]
    assert seconds.tolist()[:2] == [5, 3]
    assert seconds.isna().tolist() == [False, False, True, False]
    assert data.warnings == ("follows: repeats of a follow, used once, from its earliest time on: 3",)
    assert kept(data, tmp_path / "d")["follows"]["follower_id"].tolist() == [row[0] for row in rows]


def test_repeated_self_follows_are_self_follows() -> None:
    data = from_tables(follows=follows(("a", "a", 1), ("a", "a", 1), ("a", "b", 1)))
    assert data.warnings == ("follows: self-follows, ignored: 2",)


def test_self_engagements_by_target_or_by_own_post(tmp_path: Path) -> None:
    listed = engagements(
        ("ann", "like", "ann", None),
        ("ann", "like", None, "p"),
        ("bob", "like", None, "p"),
        ("ann", "buy", None, None),
    )
    data = from_tables(accounts=ACCOUNTS, posts=POSTS, engagements=listed)
    assert data.engagements["account_id"].tolist() == ["bob", "ann"]
    assert data.warnings == ("engagements: self-engagements, ignored: 2",)
    assert acts(data) == [("bob", "like", "ann", "p"), ("ann", "buy", None, None)]
    assert kept(data, tmp_path / "d")["engagements"]["account_id"].tolist() == ["ann", "ann", "bob", "ann"]


def test_posts_by_unlisted_authors_are_kept_on_disk_only(tmp_path: Path) -> None:
    posts = table(("x", "eve"), ("p", "ann"), ("y", "eve"), columns="post_id author_id")
    listed = engagements(("bob", "like", None, "x"), ("bob", "like", "cyd", "y"))
    data = from_tables(accounts=ACCOUNTS, posts=posts, engagements=listed)
    assert data.posts["post_id"].tolist() == ["p"]
    assert data.post_ids[0] == "p"
    assert list(data.account_ids) == ["ann", "bob", "cyd", "eve"]
    assert data.warnings == (
        "posts: by authors that are not in accounts, ignored: 2",
        "engagements: on unknown posts and without target_id, so received by nobody: 1",
    )
    assert acts(data) == [("bob", "like", None, "x"), ("bob", "like", "cyd", "y")]
    disk = kept(data, tmp_path / "d")
    assert disk["posts"]["post_id"].tolist() == ["x", "p", "y"]
    assert disk["accounts"]["account_id"].tolist() == ["ann", "bob", "cyd"]


@pytest.mark.parametrize("accounts", [None, ACCOUNTS.iloc[:0]], ids=["no table", "empty table"])
def test_without_an_accounts_table_every_author_is_known(accounts: pd.DataFrame | None) -> None:
    data = from_tables(accounts=accounts, posts=POSTS, engagements=engagements(("cyd", "like", None, "p")))
    assert data.warnings == ()
    assert acts(data) == [("cyd", "like", "ann", "p")]


def test_a_target_that_is_not_the_author_wins_and_is_told() -> None:
    listed = engagements(("cyd", "like", "bob", "p"), ("cyd", "like", "ann", "p"))
    data = from_tables(accounts=ACCOUNTS, posts=POSTS, engagements=listed)
    assert acts(data) == [("cyd", "like", "bob", "p"), ("cyd", "like", "ann", "p")]
    assert data.warnings == ("engagements: target_id is not the post's author, target_id used: 1",)


def test_duplicate_engagements_are_separate_acts() -> None:
    data = from_tables(engagements=engagements(*[("ann", "like", "bob", None)] * 3))
    assert len(data.engagements) == 3
    assert data.warnings == ()


def test_warnings_are_the_same_when_read_back(tmp_path: Path) -> None:
    listed = engagements(("cyd", "like", "bob", "p"), ("ann", "like", None, "p"), ("ann", "like", None, "?"))
    posts = table(("x", "eve"), ("p", "ann"), columns="post_id author_id")
    pairs = follows(("a", "a", None), ("a", "b", 1), ("a", "b", 1))
    data = from_tables(accounts=ACCOUNTS, follows=pairs, posts=posts, engagements=listed)
    assert len(data.warnings) == 6
    write_dataset(data, tmp_path / "d")
    assert read_dataset(tmp_path / "d").warnings == data.warnings


# --- resolved engagements --------------------------------------------------------------------------------


def posts_with(*rows: tuple[object, ...]) -> pd.DataFrame:
    frame = table(*rows, columns="post_id author_id repost_of reply_to created_at")
    return frame.assign(created_at=frame["created_at"] + START)


def test_reposts_and_replies_are_implied_by_posts() -> None:
    posts = posts_with(
        ("p", "ann", None, None, 1),
        ("q", "bob", "p", None, 2),
        ("r", "cyd", None, "q", 3),
        ("s", "cyd", "p", "q", 4),
    )
    data = from_tables(accounts=ACCOUNTS, posts=posts, engagements=engagements(("bob", "like", None, "r")))
    assert acts(data) == [
        ("bob", "like", "cyd", "r"),
        ("bob", "repost", "ann", "p"),
        ("cyd", "repost", "ann", "p"),
        ("cyd", "reply", "bob", "q"),
        ("cyd", "reply", "bob", "q"),
    ]
    resolved = resolved_engagements(data)
    assert [moment.timestamp() - START for moment in resolved["created_at"][1:]] == [2, 4, 3, 4]
    assert resolved["weight"].tolist() == [1.0] * 5
    assert resolved["receiver_id"].cat.categories is data.account_ids
    assert "object" not in resolved


def test_what_is_listed_is_not_implied_again() -> None:
    posts = posts_with(("p", "ann", None, None, 1), ("q", "bob", "p", None, 2), ("r", "bob", None, "p", 2))
    same = engagements(
        ("bob", "repost", "ann", "p"), ("cyd", "reply", None, "p"), ("bob", "reply", "ann", None)
    )
    assert acts(from_tables(accounts=ACCOUNTS, posts=posts, engagements=same)) == [
        ("bob", "repost", "ann", "p"),
        ("cyd", "reply", "ann", "p"),
        ("bob", "reply", "ann", None),
        ("bob", "reply", "ann", "p"),
    ]


def test_implied_acts_towards_oneself_or_unknown_posts() -> None:
    posts = posts_with(("p", "ann", None, None, 1), ("q", "ann", "p", None, 2), ("r", "bob", None, "gone", 3))
    data = from_tables(accounts=ACCOUNTS, posts=posts)
    assert acts(data) == [("bob", "reply", None, "gone")]
    assert data.warnings == ()


def test_resolved_engagements_keep_what_is_given_and_can_be_changed_freely() -> None:
    listed = engagements(("ann", "buy", None, None)).assign(value=[12.5], object=["code"], own=["x"])
    data = from_tables(engagements=listed)
    resolved = resolved_engagements(data)
    assert resolved[["value", "object"]].to_numpy().tolist() == [[12.5, "code"]]
    assert "own" not in resolved
    resolved["weight"] = 7.0
    assert resolved_engagements(data)["weight"].tolist() == [1.0]
    assert data.engagements["weight"].tolist() == [1.0]


def test_columns_of_nearly_a_known_name_are_told() -> None:
    follows = pd.DataFrame({"follower_id": ["ann"], "followed_id": ["bob"], "followedat": ["2024-01-01"]})
    acts = pd.DataFrame({"account_id": ["ann"], "kind": ["like"], "target": ["bob"], "colour": ["red"]})
    assert from_tables(follows=follows, engagements=acts).warnings == (
        "follows: column 'followedat' is not read; is followed_at meant?",
        "engagements: column 'target' is not read; is target_id meant?",
    )
    named = follows.rename(columns={"followedat": "followed_at"}).assign(followed_ats="x")
    assert from_tables(follows=named).warnings == ()


@pytest.mark.parametrize("stray", ["2099-01-01T00:00:00Z", "1990-05-01T00:00:00Z"])
def test_times_decades_from_all_others_are_refused(stray: str) -> None:
    when = pd.date_range("2025-03-01", periods=40, freq="h").strftime("%Y-%m-%dT%H:%M:%SZ").tolist()
    posts = pd.DataFrame({"post_id": [f"p{i}" for i in range(40)], "author_id": "ann", "created_at": when})
    acts = pd.DataFrame(
        {"account_id": "bob", "kind": "like", "post_id": posts["post_id"], "created_at": when}
    )
    assert len(from_tables(posts=posts, engagements=acts).posts) == 40
    acts.loc[6, "created_at"] = stray
    with pytest.raises(DatasetError, match=rf"engagements, column created_at: .*row 7: {stray[:10]}.*Mend"):
        from_tables(posts=posts, engagements=acts)
    acts.loc[6, "created_at"] = None
    posts.loc[3, "created_at"] = "2015-01-01"  # an old post is none
    assert len(from_tables(posts=posts, engagements=acts).posts) == 40


def test_times_before_there_were_social_networks_are_told() -> None:
    accounts = pd.DataFrame({"account_id": ["ann", "bob"], "created_at": ["1969-05-01", "2012-01-01"]})
    acts = {"account_id": "ann", "target_id": "bob", "kind": "like", "created_at": [0, 5, 946684800, None]}
    told = "{} before the year 2000, such as {} 00:00:00, used; leave it empty where unknown: {}"
    assert from_tables(accounts=accounts, engagements=pd.DataFrame(acts)).warnings == (
        told.format("accounts: created_at", "1969-05-01", 1),
        told.format("engagements: created_at", "1970-01-01", 2),
    )


def test_acts_before_their_post_are_told_of() -> None:
    hour = 3600
    posts = POSTS.assign(created_at=[START + 10 * hour, START + 10 * hour])
    acted = [START + 5 * hour, START + 11 * hour, START + 9.5 * hour, START - START % 86400, None]
    likes = engagements(*[("cyd", "like", None, "p")] * 5).assign(created_at=acted)
    told = from_tables(accounts=ACCOUNTS, posts=posts, engagements=likes).warnings
    assert told == ("engagements: before the post they are on, used; are all times of one zone?: 1",)


def test_acts_that_are_listed_twice_are_told_of() -> None:
    likes = engagements(*[("cyd", "like", None, "p"), ("bob", "like", None, "p")] * 2)
    once = likes.assign(created_at=[START, START, START + 1, START + 1])
    assert from_tables(accounts=ACCOUNTS, posts=POSTS, engagements=once).warnings == ()
    twice = likes.assign(created_at=START)
    told = from_tables(accounts=ACCOUNTS, posts=POSTS, engagements=twice).warnings
    assert told == ("engagements: there again with the same time, used; are they listed twice?: 2",)
    unknown = likes.assign(created_at=None)
    assert from_tables(accounts=ACCOUNTS, posts=POSTS, engagements=unknown).warnings == ()
