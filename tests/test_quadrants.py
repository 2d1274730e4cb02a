"""`quadrants`: who is a star, a hidden influencer, a hollow celebrity, or quiet."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from influgraph.quadrants import QUADRANTS, influential_above, popular_from, quadrant

IDS = ["ann", "ben", "cem", "dia", "eva"]


def kinds(
    followers: list[float | None], influence: list[float | None], low: list[float | None]
) -> list[object]:
    estimates = pd.DataFrame({"influence": influence, "influence_low": low}, index=IDS)
    named = quadrant(pd.Series(followers, IDS, dtype="Int64"), estimates, share=0.2)
    assert named.name == "quadrant"
    return named.astype("object").where(named.notna(), None).tolist()


def test_five_accounts_by_hand() -> None:
    assert kinds([100, 1, 2, 3, 4], [9, 9, 0, 1, 1], [5, 5, 0, 0, -1]) == [
        "star",
        "hidden influencer",
        "quiet",
        "quiet",
        "quiet",
    ]
    assert kinds([100, 1, 2, 3, 4], [9, 9, 0, 1, 1], [0, 5, 0, 0, 0])[0] == "hollow celebrity"


def test_only_accounts_with_an_estimate_are_compared() -> None:
    found = kinds([10**6, 1, 2, 3, None], [None, 9, 0, 9, 9], [None, 5, 0, 5, 5])
    assert found == [None, "hidden influencer", "quiet", "star", None]


def test_nobody_is_popular_among_none() -> None:
    assert np.isnan(popular_from(pd.Series([], dtype="Int64")))
    assert kinds([None] * 5, [1] * 5, [1] * 5) == [None] * 5


@given(st.lists(st.tuples(st.integers(0, 99), st.floats(-1, 1)), min_size=1, max_size=30))
def test_everyone_with_an_estimate_has_one_kind_and_the_most_followed_are_popular(
    rows: list[tuple[int, float]],
) -> None:
    followers, low = (pd.Series(column) for column in zip(*rows, strict=True))
    named = quadrant(followers, pd.DataFrame({"influence": low, "influence_low": low}))
    assert named.isin(QUADRANTS).all()
    most = followers == followers.max()
    assert named[most].isin(["star", "hollow celebrity"]).all()
    assert (named.isin(["star", "hidden influencer"]) == (low > 0)).all()


def test_acts_done_to_an_account_must_be_more_than_most_have() -> None:
    counted = pd.DataFrame(
        {
            "influence": [1.0, 1.0, 1.0, 1.0, 90.0, 80.0, 70.0, 1.0, 1.0, 1.0],
            "influence_low": [0.5, 0.5, 0.5, 0.5, 85.0, 75.0, 10.0, 0.5, 0.5, 0.5],
            "influence_grade": "observed",
        }
    )
    followers = pd.Series([100, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    assert influential_above(counted, share=0.3) == 1.0
    assert quadrant(followers, counted, share=0.1).value_counts().to_dict() == {
        "quiet": 8,
        "hidden influencer": 1,
        "hollow celebrity": 1,
    }
    moving = counted.assign(influence_grade="causal under assumptions")
    assert influential_above(moving) == 0.0
    assert (quadrant(followers, moving) == "hidden influencer").sum() == 9
