"""Each member its own control: truth found, likeness not mistaken for influence, reasons and refusals."""

import numpy as np
import pandas as pd
import pytest

from influgraph import dataset
from influgraph.influence.self_controlled import NAMES, self_controlled
from small_world import SOURCES, small_tables


def _found(tables: dict[str, pd.DataFrame], **changes: object) -> pd.DataFrame:
    data = dataset.from_tables(**tables)
    nowhere = pd.Series(pd.NA, index=data.account_ids, dtype="Int64")
    return self_controlled(data, **{"kinds": ["purchase"], "niches": nowhere, **changes})


def _names(numbers: range) -> list[str]:
    return [f"private-{number}" for number in numbers]


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    return _found(small_tables())


def test_those_who_move_people_come_first(found: pd.DataFrame) -> None:
    assert len(set(found["self_controlled"].nlargest(5).index) & set(_names(range(5)))) >= 4


def test_intervals_hold_their_estimates(found: pd.DataFrame) -> None:
    low, high = found["self_controlled_low"].dropna(), found["self_controlled_high"].dropna()
    assert (low <= found["self_controlled"].dropna()).all()
    assert (high >= found["self_controlled"].dropna()).all()
    assert (low >= 0).all()


def test_an_account_has_an_estimate_or_a_reason(found: pd.DataFrame) -> None:
    assert (found["self_controlled"].isna() == found["self_controlled_missing"].notna()).all()
    assert found["self_controlled"].notna().sum() == SOURCES


def test_estimates_are_outcomes_and_never_more_than_there_are(found: pd.DataFrame) -> None:
    outcomes = (small_tables()["engagements"]["kind"] == "purchase").sum()
    assert 0 < found["self_controlled"].sum() < outcomes


def test_followers_who_do_more_at_any_time_are_not_taken_for_influence() -> None:
    tables = small_tables()
    rng = np.random.default_rng(1)
    follows = tables["follows"]
    fans = follows.loc[follows["followed_id"].isin(_names(range(10, 20))), "follower_id"]
    acts = tables["engagements"]
    more = pd.DataFrame(
        {
            "account_id": rng.choice(fans, 600),
            "kind": "purchase",
            "created_at": rng.choice(acts.loc[acts["kind"] == "purchase", "created_at"].to_numpy(), 600),
        }
    )
    more["created_at"] = pd.to_datetime(more["created_at"], utc=True)
    found = _found({**tables, "engagements": pd.concat([acts, more], ignore_index=True)})
    share = found.loc[_names(range(10, 20)), "self_controlled"].sum() / 600
    assert share < 0.1


def test_what_cannot_be_estimated_says_why() -> None:
    found = _found(small_tables(), kinds=["share"])
    assert found[NAMES].isna().all(axis=None)
    assert found["self_controlled_missing"].str.startswith("no outcome of kind share").all()


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="window: must be a duration"):
        _found(small_tables(), window="abc")
    with pytest.raises(ValueError, match="kinds: must be a list"):
        _found(small_tables(), kinds="purchase")
