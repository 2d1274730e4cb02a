"""Brand fit: briefs found in the data, shares on target, states of what cannot be told."""

import numpy as np
import pandas as pd
import pytest

from influgraph import plots
from influgraph.audience import brand_fit
from influgraph.audience._texts import spaced, uses_any
from influgraph.dataset import Dataset, from_tables
from influgraph.settings import Brief

NICHES = pd.DataFrame({"name": ["trail · hill", "bread · oven"], "terms": ["trail;hill;run", "bread;oven"]})


def world(*, on: int, off: int, unknown: int = 0, **columns: object) -> tuple[Dataset, pd.Series]:
    """Account `star` and its followers: in the running niche, in the baking niche, in none."""
    people = [f"p{i}" for i in range(on + off + unknown)]
    accounts = pd.DataFrame({"account_id": ["star", *people]}).assign(**columns)
    follows = pd.DataFrame({"follower_id": people, "followed_id": "star"})
    niche = pd.Series([0] * on + [1] * off + [None] * unknown, people, dtype="Int64")
    return from_tables(accounts=accounts, follows=follows), niche


def fit_of(data: Dataset, niche: pd.Series, brief: Brief, **options: object) -> pd.DataFrame:
    return brand_fit.brand_fit(data, brief, niche, niches=NICHES, **options)


def test_share_on_target_is_seen_at_once() -> None:
    row = fit_of(*world(on=100, off=900, unknown=50), Brief(terms=("running", "trail"))).loc["star"]
    assert row[["followers", "audience_known"]].tolist() == [1050, 1000]
    assert row["on_target_share"] == pytest.approx(0.1)
    assert row["off_target_share"] == pytest.approx(0.9)
    assert row["on_target_share_low"] < 0.1 < row["on_target_share_high"] < 0.12
    assert row["on_target_followers"] == pytest.approx(105)
    assert row["fit_grade"] == "estimated"


@pytest.mark.parametrize("asked", ["trail · hill", "TRAIL · hill", "0"])
def test_niches_are_asked_for_by_name_or_number(asked: str) -> None:
    row = fit_of(*world(on=30, off=70), Brief(niches=(asked,))).loc["star"]
    assert row["on_target_share"] == pytest.approx(0.3)


def test_markets_are_asked_for_on_top_and_alone_are_observed() -> None:
    markets = ["north"] + ["north", "south"] * 50
    data, niche = world(on=50, off=50, market=markets)
    alone = fit_of(data, niche, Brief(markets=("North",))).loc["star"]
    assert alone["on_target_share"] == pytest.approx(0.5)
    assert alone["fit_grade"] == "observed"
    assert alone["account_fit"] == 1
    both = fit_of(data, niche, Brief(markets=("north",), terms=("trail",))).loc["star"]
    assert both["on_target_share"] == pytest.approx(0.25)


def test_who_writes_the_terms_is_on_target_in_any_niche() -> None:
    data, niche = world(on=0, off=60, bio=["star"] + ["loves to run"] * 20 + ["bakes"] * 40)
    row = fit_of(data, niche, Brief(terms=("run",))).loc["star"]
    assert row["on_target_share"] == pytest.approx(1 / 3)


def test_account_fits_by_what_it_writes_and_where_it_belongs() -> None:
    posts = pd.DataFrame({"post_id": range(10), "author_id": "a", "text": ["trail"] * 4 + ["cake"] * 6})
    data = from_tables(accounts=pd.DataFrame({"account_id": ["a", "b"], "market": ["x", None]}), posts=posts)
    niche = pd.Series({"a": 0}, dtype="Int64")
    found = fit_of(data, niche, Brief(terms=("trail",)))
    assert found.loc["a", "account_fit"] == pytest.approx((0.4 + 1) / 2)
    assert found.loc["a", "account_fit_low"] < 0.7 < found.loc["a", "account_fit_high"]
    assert found.loc["b", "account_fit_missing"] == "its niche, texts or market are unknown"
    assert fit_of(data, niche, Brief(terms=("trail",), markets=("x",))).loc["b", "account_fit_missing"]


def test_members_of_several_niches_are_on_target_in_part() -> None:
    data, _ = world(on=20, off=20)
    shares = pd.DataFrame({"account_id": [f"p{i}" for i in range(40)], "niche": 0, "share": 0.25})
    shares = pd.concat([shares, shares.assign(niche=1, share=0.75)])
    assert fit_of(data, shares, Brief(terms=("trail",))).loc["star", "on_target_share"] == pytest.approx(0.25)


def test_suspects_are_off_target() -> None:
    data, niche = world(on=100, off=100)
    authentic = pd.Series([False] * 50 + [True] * 20, [f"p{i}" for i in range(70)], dtype="boolean")
    row = fit_of(data, niche, Brief(terms=("trail",)), authentic=authentic).loc["star"]
    assert row["on_target_share"] == pytest.approx(0.25)


def test_numbers_too_small_to_show_are_not_told_apart() -> None:
    one, three = (fit_of(*world(on=on, off=500 - on), Brief(terms=("trail",))).loc["star"] for on in (1, 3))
    ends = ["on_target_share", "on_target_share_low", "on_target_share_high", "on_target_followers"]
    assert one[ends].tolist() == three[ends].tolist()
    assert one["on_target_share_low"] == 0
    assert one["on_target_share_high"] < 0.04
    few = fit_of(*world(on=4, off=5), Brief(terms=("trail",))).loc["star"]
    assert pd.isna(few["on_target_share"])
    assert "too few" in few["audience_fit_missing"]


def test_brief_that_matches_nothing_names_what_is_nearest() -> None:
    data, niche = world(on=30, off=30, market="north")
    found = fit_of(data, niche, Brief(terms=("trails",), niches=("bread",)))
    assert found["on_target_share"].isna().all()
    assert found["account_fit"].isna().all()
    assert "trail" in found.loc["star", "audience_fit_missing"]
    assert "bread · oven" in found.loc["star", "account_fit_missing"]
    found = fit_of(data, niche, Brief(terms=("trail",), markets=("mars",)))
    assert "nearest known: north" in found.loc["star", "audience_fit_missing"]
    empty = fit_of(data, niche, Brief())
    assert empty.loc["star", "audience_fit_missing"] == "the brief names no terms, niches or markets"


def test_matches_say_what_is_found() -> None:
    data, _ = world(on=5, off=5, market="north")
    found = brand_fit.brief_matches(data, Brief(terms=("trail", "🚀"), markets=("nort",)), NICHES)
    assert found["found"].tolist() == [True, False, False]
    assert found["nearest"].tolist()[1:] == ["trail, hill, run", "north"]


def test_without_follows_engagers_stand_for_followers() -> None:
    acts = pd.DataFrame({"account_id": [f"p{i}" for i in range(40)], "kind": "like", "target_id": "star"})
    niche = pd.Series([0] * 20 + [1] * 20, [f"p{i}" for i in range(40)], dtype="Int64")
    row = fit_of(from_tables(engagements=acts), niche, Brief(terms=("trail",))).loc["star"]
    assert row["audience"] == "engagers"
    assert row["on_target_share"] == pytest.approx(0.5)


def test_nothing_to_judge_by_is_a_state() -> None:
    data = from_tables(accounts=pd.DataFrame({"account_id": ["a"], "bio": "trail"}))
    nowhere = pd.Series(pd.NA, data.account_ids, dtype="Int64")
    found = brand_fit.brand_fit(data, Brief(terms=("trail",)), nowhere, niches=pd.DataFrame())
    assert found.loc["a", "audience_fit_missing"] == "no engagers of it are known"
    assert found.loc["a", "account_fit"] == 1


@pytest.mark.parametrize("cut", ["random:0.1", "latest:100", "prefix"])
def test_cut_lists_widen_and_state_followers(cut: str) -> None:
    data, niche = world(on=30, off=70, followers_stated=[1000] + [0] * 100)
    row = fit_of(data, niche, Brief(terms=("trail",)), cut=cut).loc["star"]
    whole = fit_of(data, niche, Brief(terms=("trail",))).loc["star"]
    assert row["followers"] == 1000
    assert row["on_target_followers"] == pytest.approx(300)
    assert row["on_target_share_high"] >= whole["on_target_share_high"]
    assert (row["on_target_share_high"] > whole["on_target_share_high"]) == (cut != "random:0.1")


def test_planted_shares_are_covered() -> None:
    generator = np.random.default_rng(5)
    truth = generator.uniform(0.1, 0.9, 200)
    rows, niche = [], {}
    for star, share in enumerate(truth):
        for number, fits in enumerate(generator.random(120) < share):
            rows.append((f"p{star}-{number}", f"s{star}"))
            niche[f"p{star}-{number}"] = int(not fits)
    data = from_tables(follows=pd.DataFrame(rows, columns=["follower_id", "followed_id"]))
    found = fit_of(data, pd.Series(niche, dtype="Int64"), Brief(terms=("trail",)))
    found = found.loc[[f"s{star}" for star in range(200)]]
    covered = (found["on_target_share_low"] <= truth) & (truth <= found["on_target_share_high"])
    assert 0.85 <= covered.mean() <= 0.96


@pytest.mark.parametrize(
    ("text", "term", "used"),
    [
        ("Trail-Running!", "trail", True),
        ("trailing", "trail", False),
        ("a TRAIL, running", "trail running", False),
        ("on trail running", "Trail Running", True),
        ("#Trail", "#trail", True),
        ("أحب الجري في الصباح", "الجري", True),
        ("Tôi thích chạy bộ", "chạy bộ", True),
        ("我喜欢跑步", "跑步", True),
        ("fly 🚀🚀", "🚀", True),
        ("straße", "STRASSE", True),
    ],
)
def test_terms_are_whole_words_in_any_script(text: str, term: str, *, used: bool) -> None:
    assert uses_any(pd.Series([spaced(text), None]), [term]).tolist() == [used, False]


def test_bad_options_are_refused() -> None:
    data, niche = world(on=5, off=5)
    with pytest.raises(ValueError, match="min_cell"):
        fit_of(data, niche, Brief(terms=("trail",)), min_cell=-1)
    with pytest.raises(ValueError, match="'half'"):
        fit_of(data, niche, Brief(terms=("trail",)), cut="half")


def test_picture_states_the_finding() -> None:
    data, niche = world(on=100, off=900)
    found = fit_of(data, niche, Brief(terms=("trail",)))
    ax = plots.plot_brand_fit(found, names={"star": "Star"})
    assert ax.get_title(loc="left") == "Star: 1,000 followers, 90 % off target"
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == [pytest.approx(100), pytest.approx(900)]
    nobody = fit_of(data, niche, Brief(terms=("nothing",)))
    title = plots.plot_brand_fit(nobody).get_title(loc="left")
    assert title.startswith("Nothing is known of who is on target: no term or niche")
