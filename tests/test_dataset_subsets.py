"""Fewer accounts, or less time, in all tables together."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from influgraph.dataset import Dataset, from_tables, read_dataset, resolved_engagements, write_dataset

FOLLOWS = pd.DataFrame(
    {
        "follower_id": ["ann", "bob", "cyd", "cyd", "dan", "dan"],
        "followed_id": ["bob", "cyd", "ann", "dan", "dan", "bob"],
        "followed_at": [10, None, 30, 40, 50, 60],
    }
)
POSTS = pd.DataFrame(
    {
        "post_id": ["p", "q", "r", "s", "t"],
        "author_id": ["ann", "bob", "cyd", "ann", "eve"],
        "repost_of": [None, "p", "p", None, None],
        "reply_to": ["r", None, None, "old", None],
        "created_at": [10, 20, 30, 40, 50],
    }
)
ENGAGEMENTS = pd.DataFrame(
    {
        "account_id": ["bob", "dan", "dan", "cyd", "ann", "dan"],
        "kind": ["like", "like", "buy", "quote", "like", "mention"],
        "target_id": [None, None, None, "bob", "ann", "cyd"],
        "post_id": ["p", "r", None, "p", None, None],
        "created_at": [12, 35, 36, 37, 38, None],
    }
)
ACCOUNTS = pd.DataFrame({"account_id": ["dan", "cyd", "bob", "ann"], "price": [4.0, 3.0, 2.0, 1.0]})


@pytest.fixture
def data() -> Dataset:
    return from_tables(accounts=ACCOUNTS, follows=FOLLOWS, posts=POSTS, engagements=ENGAGEMENTS)


def ids(frame: pd.DataFrame, *columns: str) -> list[list[object]]:
    texts = frame[list(columns)].astype(object)
    return texts.where(texts.notna(), None).to_numpy().tolist()


def shares_its_index(data: Dataset) -> bool:
    columns = [data.follows["follower_id"], data.follows["followed_id"], data.posts["author_id"]]
    columns += [data.engagements["account_id"], data.engagements["target_id"]]
    posts = [data.engagements["post_id"], *(data.posts[name] for name in ("repost_of", "reply_to"))]
    codes = data.posts["post_id"].cat.codes.tolist()
    return (
        all(column.cat.categories is data.accounts.index for column in columns)
        and all(column.cat.categories is data.post_ids for column in posts)
        and codes == list(range(len(data.posts)))
        and all(
            isinstance(frame.index, pd.RangeIndex) for frame in (data.follows, data.posts, data.engagements)
        )
    )


def test_the_whole_dataset_shares_its_index(data: Dataset) -> None:
    assert shares_its_index(data)
    assert list(data.account_ids) == ["dan", "cyd", "bob", "ann", "eve"]


def test_without_drops_all_that_an_account_did_or_was_done(data: Dataset) -> None:
    rest = data.without(["ann"])
    assert list(rest.account_ids) == ["dan", "cyd", "bob", "eve"]
    assert rest.accounts["price"].tolist()[:3] == [4.0, 3.0, 2.0]
    assert ids(rest.follows, "follower_id", "followed_id") == [["bob", "cyd"], ["cyd", "dan"], ["dan", "bob"]]
    assert ids(rest.posts, "post_id", "repost_of") == [["q", None], ["r", None]]
    assert ids(rest.engagements, "account_id", "kind") == [
        ["dan", "like"],
        ["dan", "buy"],
        ["dan", "mention"],
    ]
    assert list(rest.engagements["kind"].cat.categories) == ["buy", "like", "mention"]
    assert shares_its_index(rest)
    assert shares_its_index(data)
    assert len(data.accounts) == 5


def test_nothing_of_the_dropped_is_written(data: Dataset, tmp_path: Path) -> None:
    write_dataset(data.without(["ann", "dan"]), tmp_path / "d")
    written = b"".join(path.read_bytes() for path in (tmp_path / "d").iterdir())
    left = read_dataset(tmp_path / "d")
    texts = {
        str(value)
        for frame in (left.accounts.reset_index(), left.follows, left.posts, left.engagements)
        for column in frame
        for value in frame[column]
    }
    assert not {"ann", "dan", "p", "s"} & texts
    assert b"ann" not in written
    assert list(left.account_ids) == ["cyd", "bob", "eve"]


def test_without_nobody_changes_nothing(data: Dataset) -> None:
    for name in ("accounts", "follows", "posts", "engagements"):
        pd.testing.assert_frame_equal(getattr(data.without([]), name), getattr(data, name))


def test_without_one_by_one_is_without_both(data: Dataset) -> None:
    once, twice = data.without(["eve", "bob"]), data.without(["bob"]).without(["eve"])
    for name in ("accounts", "follows", "posts", "engagements"):
        pd.testing.assert_frame_equal(getattr(once, name), getattr(twice, name))


def test_without_everybody_is_empty(data: Dataset) -> None:
    nobody = data.without(data.account_ids)
    assert [len(nobody.accounts), len(nobody.follows), len(nobody.posts), len(nobody.engagements)] == [
        0,
        0,
        0,
        0,
    ]


def test_without_takes_any_list_of_ids(data: Dataset) -> None:
    for asked in (data.account_ids[3:4], pd.Series(["ann"]), {"ann"}, ("ann", "ann"), "ann"):
        assert list(data.without(asked).account_ids) == ["dan", "cyd", "bob", "eve"]


def test_without_an_unknown_account_is_refused(data: Dataset) -> None:
    with pytest.raises(ValueError, match=r"account_ids must be .*'nobody', 'ann '"):
        data.without(["ann", "nobody", "ann "])


def test_the_set_aside_goes_with_its_accounts(data: Dataset, tmp_path: Path) -> None:
    write_dataset(data.without(["eve"]), tmp_path / "d")
    assert pd.read_parquet(tmp_path / "d" / "posts.parquet")["post_id"].tolist() == ["p", "q", "r", "s"]
    write_dataset(data.without(["dan"]), tmp_path / "e")
    assert pd.read_parquet(tmp_path / "e" / "follows.parquet")["follower_id"].tolist() == [
        "ann",
        "bob",
        "cyd",
    ]


def test_between_keeps_the_window_and_all_accounts(data: Dataset) -> None:
    window = data.between("1970-01-01T00:00:20", pd.Timestamp(40, unit="s", tz="UTC"))
    assert list(window.account_ids) == list(data.account_ids)
    assert window.account_ids is data.account_ids
    assert ids(window.posts, "post_id") == [["q"], ["r"]]
    assert window.follows["followed_at"].isna().sum() == 1
    assert ids(window.follows, "follower_id", "followed_id") == [
        ["ann", "bob"],
        ["bob", "cyd"],
        ["cyd", "ann"],
    ]
    assert shares_its_index(window)


def test_acts_of_the_window_keep_their_receivers(data: Dataset) -> None:
    first, last = pd.Timestamp(20, unit="s", tz="UTC"), pd.Timestamp(40, unit="s", tz="UTC")
    everything = resolved_engagements(data)
    meant = everything[(everything["created_at"] >= first) & (everything["created_at"] < last)]
    found = resolved_engagements(data.between(first, last))
    columns = ["account_id", "receiver_id", "kind", "created_at", "weight"]
    key = ["created_at", "kind", "account_id"]
    pd.testing.assert_frame_equal(
        found[columns].astype({"kind": str}).sort_values(key, ignore_index=True),
        meant[columns].astype({"kind": str}).sort_values(key, ignore_index=True),
    )
    assert ids(found[found["kind"] == "repost"], "account_id", "receiver_id") == [
        ["bob", "ann"],
        ["cyd", "ann"],
    ]


def test_windows_part_the_timed_acts(data: Dataset) -> None:
    moments = ["1970-01-01T00:00:00Z", "1970-01-01T00:00:30+00:00", "1970-01-01T01:01:00+01:00"]
    parts = [data.between(start, end) for start, end in pairwise(moments)]
    assert sum(len(part.posts) for part in parts) == len(data.posts)
    assert sum(len(resolved_engagements(part)) for part in parts) == len(resolved_engagements(data)) - 1


def test_an_empty_window_is_refused(data: Dataset) -> None:
    with pytest.raises(ValueError, match="end must be later than start; received start='2020-01-01'"):
        data.between("2020-01-01", "2020-01-01")


def test_a_frame_may_be_replaced_by_fewer_rows(data: Dataset) -> None:
    fewer = replace(data, follows=data.follows.iloc[:1], posts=data.posts.iloc[:0])
    assert len(fewer.without(["eve"]).follows) == 1
    assert len(resolved_engagements(fewer)) == 5


def test_without_acts_leaves_out_what_an_account_did_and_keeps_what_was_done_to_it(data: Dataset) -> None:
    rest = data.without_acts(["bob"])
    assert list(rest.account_ids) == list(data.account_ids)
    assert ids(rest.follows, "follower_id", "followed_id") == [
        ["ann", "bob"], ["cyd", "ann"], ["cyd", "dan"], ["dan", "bob"]
    ]  # fmt: skip
    assert len(rest.posts) == len(data.posts)
    acts = resolved_engagements(rest)
    assert "bob" not in set(acts["account_id"])
    assert ids(acts[acts["receiver_id"] == "bob"], "account_id", "kind") == [["cyd", "quote"]]
    assert shares_its_index(rest)


def test_acts_inside_a_circle_go_and_its_follows_stay(data: Dataset) -> None:
    rest = data.without_acts([], circles=[["ann", "cyd"], ["dan", "eve"]])
    assert ids(rest.follows, "follower_id", "followed_id") == ids(data.follows, "follower_id", "followed_id")
    before, after = (
        {
            (a, b, kind)
            for a, b, kind in resolved_engagements(one)[["account_id", "receiver_id", "kind"]].to_numpy()
        }
        for one in (data, rest)
    )
    assert {act for act in before if set(act[:2]) == {"ann", "cyd"}} == before - after != set()


def test_without_acts_of_nobody_changes_nothing(data: Dataset) -> None:
    same = data.without_acts([])
    for name in ("accounts", "follows", "posts", "engagements"):
        pd.testing.assert_frame_equal(getattr(same, name), getattr(data, name))


def test_without_acts_refuses_accounts_that_are_not_there(data: Dataset) -> None:
    with pytest.raises(ValueError, match="zoe"):
        data.without_acts(["ann"], circles=[["zoe"]])
