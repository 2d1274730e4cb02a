"""`report.privacy`: who is shown by name, and who by a pseudonym."""

import pandas as pd
import pytest

from influgraph.dataset import Dataset, from_tables
from influgraph.report.privacy import Labels, printable, pseudonym_key
from influgraph.settings import Privacy

KEY = pseudonym_key({"follows.csv": "ab"}, "")


@pytest.fixture
def data() -> Dataset:
    accounts = pd.DataFrame(
        {
            "account_id": ["ann", "ben", "cem", "dia", "eva;2"],
            "handle": ["Ann A", "Ben\nB", None, " ", "Eva E"],
            "name": [None, None, "Cem Cem", None, None],
            "verified": [False, True, True, None, False],
            "followers_stated": [5, 5, None, 200_000, 99_999],
        }
    )
    return from_tables(accounts=accounts)


def labels(data: Dataset, *, key: bytes = KEY, privacy: Privacy | None = None, followers: int = 0) -> Labels:
    counted = pd.Series(followers, data.account_ids, dtype="Int64")
    return Labels(data, counted, privacy or Privacy(), key=key)


def test_verified_and_much_followed_accounts_show_their_handle_else_their_id(data: Dataset) -> None:
    shown = labels(data)
    assert shown["ben"] == "Ben B"
    assert shown["cem"] == "cem"
    assert shown["dia"] == "dia"


@pytest.mark.parametrize("private", ["ann", "eva;2"])
def test_everyone_else_is_a_pseudonym_of_eight_digits(data: Dataset, private: str) -> None:
    label = labels(data)[private]
    assert label.startswith("account ")
    assert len(label) == len("account ") + 8
    assert private not in label
    assert int(label.removeprefix("account "), 16) >= 0


def test_counted_followers_decide_only_where_none_are_stated(data: Dataset) -> None:
    shown = labels(data, followers=500_000)
    assert shown["ann"].startswith("account ")  # five are stated
    unstated = from_tables(accounts=pd.DataFrame({"account_id": ["ann"]}))
    assert labels(unstated, followers=500_000)["ann"] == "ann"


def test_the_threshold_is_a_setting(data: Dataset) -> None:
    assert labels(data, privacy=Privacy(public_from=99_999))["eva;2"] == "Eva E"


def test_without_pseudonyms_everyone_shows_a_handle(data: Dataset) -> None:
    shown = labels(data, privacy=Privacy(pseudonyms=False))
    assert [shown[account_id] for account_id in data.account_ids] == ["Ann A", "Ben B", "cem", "dia", "Eva E"]


def test_pseudonyms_depend_on_the_input_and_on_the_secret_alone(data: Dataset) -> None:
    again = pseudonym_key({"follows.csv": "ab"}, "")
    other_input, secret = (
        pseudonym_key({"follows.csv": "cd"}, ""),
        pseudonym_key({"follows.csv": "ab"}, "s3cret"),
    )
    assert labels(data)["ann"] == labels(data, key=again)["ann"]
    assert len({labels(data, key=key)["ann"] for key in (KEY, other_input, secret)}) == 3


def test_the_order_of_the_input_files_does_not_matter() -> None:
    assert pseudonym_key({"a": "1", "b": "2"}, "") == pseudonym_key({"b": "2", "a": "1"}, "")


def test_private_names_are_known_whatever_their_case(data: Dataset) -> None:
    shown = labels(data)
    assert all(shown.is_private(term) for term in ("ANN", "@ann a", "#eva;2", "Eva E"))
    assert not any(shown.is_private(term) for term in ("ben", "Cem Cem", "running"))


def test_joined_ids_are_taken_apart_even_when_they_hold_semicolons(data: Dataset) -> None:
    assert labels(data).split("eva;2;ann;cem") == ["eva;2", "ann", "cem"]
    assert labels(data).split("") == []


def test_what_is_printed_is_one_short_line_without_hidden_characters() -> None:
    assert printable("a\nb\tc") == "a b c"
    assert printable("left\u202eright\u200b\x00") == "leftright"
    assert len(printable("x" * 99)) == 40
    assert printable("😀 ok") == "😀 ok"
