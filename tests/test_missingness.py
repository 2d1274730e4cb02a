"""Cut lists of followers: each way to cut by hand, counts and ranks against those of the complete lists."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from influgraph import dataset, networks, niches, synthetic, uncertainty
from influgraph.dataset import Dataset
from influgraph.influence import attribution, missingness
from influgraph.influence.attribution import Attribution
from influgraph.synthetic import WorldSettings


def _rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def _unstated(data: Dataset) -> Dataset:
    return replace(data, accounts=data.accounts.drop(columns="followers_stated"))


@pytest.fixture(scope="module")
def complete() -> Dataset:
    settings = WorldSettings(accounts=2000, reruns=2, caused_share=0.2, purchases_per_member=3)
    return synthetic.make_world(settings, rng=_rng(501)).data


# --- the cuts ---------------------------------------------------------------------------------------------


def _small() -> Dataset:
    return dataset.from_tables(
        accounts=pd.DataFrame({"account_id": list("abcde")}),
        follows=pd.DataFrame(
            {
                "follower_id": list("bcdeace"),
                "followed_id": list("aaaabbb"),
                "followed_at": [10, 40, None, 20, 5, None, 7],
            }
        ),
    )


@pytest.mark.parametrize(
    ("cut", "left"),
    [
        ("latest:2", {"ca", "ea", "ab", "eb"}),
        ("latest:3", {"ba", "ca", "ea", "ab", "cb", "eb"}),
        ("latest:9", {"ba", "ca", "da", "ea", "ab", "cb", "eb"}),
        ("prefix:0.5", {"ab", "ba", "ca", "cb"}),
        ("prefix:1", {"ba", "ca", "da", "ea", "ab", "cb", "eb"}),
        ("random:1", {"ba", "ca", "da", "ea", "ab", "cb", "eb"}),
    ],
)
def test_who_is_left_by_hand(cut: str, left: set[str]) -> None:
    follows = missingness.cut_follows(_small(), cut, rng=_rng()).follows
    assert set(follows["follower_id"].astype(str) + follows["followed_id"].astype(str)) == left


def test_a_share_at_random_is_left(complete: Dataset) -> None:
    follows = missingness.cut_follows(complete, "random:0.3", rng=_rng()).follows
    assert len(follows) / len(complete.follows) == pytest.approx(0.3, abs=0.01)
    again = missingness.cut_follows(complete, "random:0.3", rng=_rng()).follows
    pd.testing.assert_frame_equal(follows, again)
    assert follows["followed_id"].cat.categories.equals(complete.account_ids)


@pytest.mark.parametrize(
    "cut", ["complete", "random:0", "random:1.5", "random", "latest:0", "latest:.5", "head:3", "deleted:2"]
)
def test_other_cuts_are_refused(cut: str) -> None:
    ways = "'random:SHARE', 'latest:COUNT', 'prefix' or 'deleted:SHARE'"
    with pytest.raises(ValueError, match=f"{ways}, received '{cut}'"):
        missingness.cut_follows(_small(), cut, rng=_rng())


def test_of_deleted_accounts_nothing_is_left(complete: Dataset) -> None:
    left = missingness.cut_follows(complete, "deleted:0.7", rng=_rng())
    assert len(left.account_ids) / len(complete.account_ids) == pytest.approx(0.7, abs=0.03)
    both = complete.follows["follower_id"].isin(left.account_ids) & complete.follows["followed_id"].isin(
        left.account_ids
    )
    assert len(left.follows) == both.sum()
    assert complete.engagements["account_id"].isin(left.account_ids).sum() >= len(left.engagements) > 0


# --- how many followers there are -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cut", "named"), [("random:0.5", "random:0.5"), ("random:0.1", "random:0.1"), ("prefix:0.3", "prefix")]
)
def test_followers_not_seen_are_within_the_intervals(complete: Dataset, cut: str, named: str) -> None:
    truth = complete.follows["followed_id"].value_counts().reindex(complete.account_ids).fillna(0)
    data = _unstated(missingness.cut_follows(complete, cut, rng=_rng()))
    found = missingness.followers_under(data, cut=named)
    seen = data.follows["followed_id"].value_counts().reindex(data.account_ids).fillna(0)
    covered = found["followers_low"].le(truth) & found["followers_high"].ge(truth)
    assert covered.mean() > 0.86
    assert covered[truth >= 100].mean() > 0.8
    assert found["followers_estimated"].sum() == pytest.approx(truth.sum(), rel=0.05)
    assert (found["followers_low"] >= seen).all()
    assert (found["followers_high"] >= found["followers_estimated"].round()).all()


def test_a_list_as_long_as_the_cut_may_be_any_longer(complete: Dataset) -> None:
    truth = complete.follows["followed_id"].value_counts().reindex(complete.account_ids).fillna(0)
    data = missingness.cut_follows(complete, "latest:100", rng=_rng())
    found = missingness.followers_under(_unstated(data), cut="latest:100")
    short = truth < 100
    for column in found:
        np.testing.assert_array_equal(found.loc[short, column], truth[short])
    assert (found.loc[~short, "followers_low"] == 100).all()
    assert found.loc[~short, ["followers_estimated", "followers_high"]].isna().all(axis=None)
    stated = missingness.followers_under(data, cut="latest:100")
    known = complete.accounts["followers_stated"].notna()
    assert (stated.loc[known, "followers_low"] == stated.loc[known, "followers_high"]).all()
    assert stated.loc[known & ~short, "followers_estimated"].gt(100).mean() > 0.9


def test_the_prefix_of_higgs_tells_how_long_the_list_is(shared_data: Path) -> None:
    """The published graph has 14.9 million follows; the prefix holds 355,061 of them."""
    file = shared_data / "higgs_twitter" / "higgs-social_network.first355075.edgelist.gz"
    pairs = pd.read_csv(file, sep=" ", names=["follower_id", "followed_id"], dtype="str")
    data = dataset.from_tables(follows=pairs)
    found = missingness.followers_under(data, cut="prefix")
    seen = data.follows["followed_id"].value_counts().reindex(data.account_ids).fillna(0)
    assert (found["followers_low"] == seen).all()
    assert 3e6 < found["followers_estimated"].sum() < 15e6
    assert found["followers_high"].gt(found["followers_estimated"]).mean() > 0.99


# --- ranks ------------------------------------------------------------------------------------------------


def _attribute(data: Dataset) -> tuple[Attribution, pd.Series]:
    found = niches.find_niches(networks.follow_network(data), rng=_rng()).accounts["niche"]
    return attribution.incremental_actions(data, kinds=["purchase"], niches=found, rng=_rng()), found


def _ranks(found: Attribution) -> pd.DataFrame:
    return uncertainty.rank_intervals(found.accounts["influence"].dropna(), found.draws)


@pytest.fixture(scope="module")
def true_ranks(complete: Dataset) -> pd.Series:
    return _ranks(_attribute(complete)[0])["rank"].astype("float64")


@pytest.mark.parametrize(
    ("cut", "named"),
    [
        ("random:0.2", "random:0.2"),
        ("latest:150", "latest:150"),
        ("prefix:0.3", "prefix"),
        ("deleted:0.7", "deleted:0.7"),
    ],
)
def test_intervals_hold_the_ranks_of_the_complete_lists(
    complete: Dataset, true_ranks: pd.Series, cut: str, named: str
) -> None:
    data = missingness.cut_follows(complete, cut, rng=_rng())
    found, niche = _attribute(data)
    options = {"cut": named, "kinds": ["purchase"], "niches": niche}
    wide = missingness.ranks_under(data, found, **options, rng=_rng())
    assert wide.index.equals(data.account_ids)
    ranks = wide.dropna().astype("float64")
    truth = true_ranks.reindex(ranks.index)
    known = truth.notna()
    covered = (ranks["rank_low"] <= truth) & (truth <= ranks["rank_high"])
    assert covered[known].mean() >= 0.86
    plain = _ranks(found).astype("float64")
    pd.testing.assert_series_equal(plain["rank"], ranks["rank"])
    assert (ranks["rank_low"] >= 1).all()
    assert (ranks["rank_low"] <= ranks["rank"]).all()
    assert (ranks["rank_high"] >= ranks["rank"]).all()
    width, before = (frame["rank_high"] - frame["rank_low"] for frame in (ranks, plain))
    assert width.mean() > before.mean()
    assert width.mean() < 0.97 * len(true_ranks), "an interval that holds every rank says nothing"
    if named.startswith("random"):
        again = missingness.ranks_under(data, found, **options, rng=_rng())
        pd.testing.assert_frame_equal(wide, again)


@pytest.mark.parametrize("cut", ["random:0.3", "random:0.1"])
def test_intervals_reach_as_far_as_followers_unseen_may_be_moved(cut: str) -> None:
    settings = WorldSettings(accounts=4000, reruns=6, caused_share=0.15, purchases_per_member=3)
    world = synthetic.make_world(settings, rng=_rng(503))
    truth = world.sources.set_index("account_id")["influence"]
    data = missingness.cut_follows(world.data, cut, rng=_rng())
    found, _ = _attribute(data)
    wide = missingness.with_unseen_followers(data, found, cut=cut, rng=_rng())
    pd.testing.assert_series_equal(wide.accounts["influence"], found.accounts["influence"])
    shares = []
    for accounts in (found.accounts, wide.accounts):
        known = accounts[accounts["influence"].notna()].join(truth.rename("truth"), how="inner")
        known = known[known["truth"] >= 5]
        shares.append(known["truth"].between(known["influence_low"], known["influence_high"]).mean())
    assert shares[0] < 0.8
    assert shares[1] >= 0.86


def test_where_follows_do_not_enter_ranks_stay_as_they_are() -> None:
    rng = _rng()
    acts = pd.DataFrame(
        {
            "account_id": [f"m{i}" for i in range(300)],
            "kind": "repost",
            "target_id": rng.choice(list("abcdef"), 300),
        }
    )
    data = dataset.from_tables(
        engagements=acts, follows=pd.DataFrame({"follower_id": ["m1", "m2"], "followed_id": ["a", "b"]})
    )
    nowhere = pd.Series(pd.NA, data.account_ids, dtype="Int64")
    options = {"kinds": ["repost"], "niches": nowhere}
    found = attribution.incremental_actions(data, **options, rng=rng)
    wide = missingness.ranks_under(data, found, cut="prefix", **options, rng=rng)
    pd.testing.assert_frame_equal(wide.dropna(), _ranks(found))


def test_nothing_estimated_stays_null(complete: Dataset) -> None:
    options = {"kinds": ["click"], "niches": pd.Series(0, complete.account_ids)}
    found = attribution.incremental_actions(complete, **options, rng=_rng())
    assert (
        missingness.ranks_under(complete, found, cut="random:0.5", **options, rng=_rng())
        .isna()
        .all(axis=None)
    )
