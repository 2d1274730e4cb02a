"""Names of niches: by hand, in any script, and of a planted world."""

import numpy as np
import pandas as pd
import pytest

from influgraph.dataset import Dataset, from_tables
from influgraph.networks import follow_network, network_from_pairs
from influgraph.niche_names import _words, describe_niches
from influgraph.synthetic import WorldSettings, make_world


def runners_and_bakers() -> tuple[Dataset, pd.DataFrame]:
    """Return two niches of three who say what they are about, in bios, texts and hashtags; and one apart."""
    accounts = pd.DataFrame(
        {
            "account_id": ["ann", "ben", "cem", "dia", "eva", "fay", "gus"],
            "bio": [
                "the trail is mine",
                "the trail!",
                None,
                "the bread",
                "the bread",
                "the best: 日本語",
                "the sea",
            ],
        }
    )
    posts = pd.DataFrame(
        {
            "post_id": ["p1", "p2", "p3", "p4", "p5", "p6"],
            "author_id": ["ann", "ben", "cem", "dia", "fay", "fay"],
            "text": ["spam spam spam", "https://x.y/trail @dia", "the trail", None, "日本語 Rye", None],
            "hashtags": [["ultra"], ["Ultra"], None, ["rye", "2024"], None, ["rye"]],
        }
    )
    follows = [("ben", "ann"), ("cem", "ann"), ("ann", "cem"), ("eva", "dia"), ("fay", "dia"), ("gus", "dia")]
    data = from_tables(
        accounts=accounts, posts=posts, follows=pd.DataFrame(follows, columns=["follower_id", "followed_id"])
    )
    niche = pd.DataFrame(
        {
            "niche": pd.array([0, 0, 0, 1, 1, 1, None], dtype="Int64"),
            "niche_confidence": [1, 0.5, 0, 1, 1, 1, np.nan],
        },
        index=data.account_ids,
    )
    return data, niche


def test_niches_are_described_by_what_sets_them_apart() -> None:
    data, niche = runners_and_bakers()
    described = describe_niches(data, niche, follow_network(data))
    assert described.index.name == "niche"
    assert described.index.tolist() == [0, 1]
    assert described.columns.tolist() == ["size", "name", "terms", "central_accounts", "stability"]
    assert described["size"].tolist() == [3, 3]
    # "the" is everyone's, "spam" and 日本語 one member's, links, handles and numbers nobody's
    assert described["terms"].tolist() == ["trail;ultra", "bread;rye"]
    assert described["name"].tolist() == ["trail · ultra", "bread · rye"]
    assert described["central_accounts"].tolist() == ["ann;cem", "dia"]
    assert described["stability"].tolist() == [0.5, 1.0]


def test_a_series_has_no_stability_and_no_text_no_terms() -> None:
    data, niche = runners_and_bakers()
    silent = from_tables(follows=data.follows[["follower_id", "followed_id"]].astype(str))
    labels = niche["niche"].reindex(silent.account_ids)
    described = describe_niches(silent, labels, follow_network(silent))
    assert described["stability"].isna().all()
    assert described["terms"].tolist() == ["", ""]
    assert described["name"].tolist() == ["around ann, cem", "around dia"]


def test_no_niches_are_described_by_no_rows() -> None:
    data, niche = runners_and_bakers()
    nobody = niche.assign(niche=pd.array([None] * 7, dtype="Int64"))
    described = describe_niches(data, nobody, follow_network(data))
    assert described.empty
    assert described.columns.tolist() == ["size", "name", "terms", "central_accounts", "stability"]


def test_equal_names_are_told_apart() -> None:
    data, niche = runners_and_bakers()
    same = from_tables(accounts=data.accounts.assign(bio=None).reset_index())
    nowhere = network_from_pairs([], [], account_ids=data.account_ids)
    assert describe_niches(same, niche, nowhere)["name"].tolist() == ["unnamed (0)", "unnamed (1)"]


def test_describing_refuses_other_accounts() -> None:
    data, niche = runners_and_bakers()
    with pytest.raises(ValueError, match="same accounts in the same order"):
        describe_niches(data, niche[::-1], follow_network(data))


def test_words_of_any_script() -> None:
    text = "Running at #TrailRun हिन्दी 東京 خانه‌ها 2024 @bob https://x.y/z CAFÉ a_b I 🎉"  # noqa: RUF001 - Persian
    assert _words(text) == ["running", "at", "trailrun", "हिन्दी", "東京", "خانه‌ها", "café", "a_b"]  # noqa: RUF001


def test_the_niches_of_a_planted_world_are_named_by_their_words() -> None:
    world = make_world(WorldSettings(accounts=1_200, reruns=2), rng=np.random.default_rng(1))
    network = follow_network(world.data)
    truth = world.members.set_index("account_id")["niche"].reindex(world.data.account_ids)
    described = describe_niches(world.data, truth, network)
    assert described["name"].is_unique
    assert not described["name"].str.contains("around").any()
