"""Purchased followers: planted farms, organic worlds, refusals, odd inputs. Seeds below 5000."""

import numpy as np
import pandas as pd
import pytest

from influgraph.bots._blocks import with_unseen
from influgraph.bots._blocks_evidence import BINS, _odds
from influgraph.bots.clusters import BotClusters, discoveries, no_clusters
from influgraph.bots.followers import authentic_share, find_purchased_followers
from influgraph.bots.growth import COLUMNS, growth_anomalies
from influgraph.dataset import Dataset, from_tables
from influgraph.synthetic import World, WorldSettings, make_world


def _found(follows: pd.DataFrame) -> tuple[Dataset, BotClusters]:
    data = from_tables(
        accounts=pd.DataFrame({"account_id": pd.unique(follows.to_numpy().ravel())}), follows=follows
    )
    none = pd.Series(None, index=data.account_ids, dtype="Int64")
    return data, find_purchased_followers(data, none, rng=np.random.default_rng(1))


def _pairs(pairs: list[tuple[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["follower_id", "followed_id"])


def _world(seed: int, **settings: float) -> tuple[World, BotClusters]:
    world = make_world(WorldSettings(accounts=3000, reruns=2, **settings), rng=np.random.default_rng(seed))
    niches = world.members.set_index("account_id")["niche"].reindex(world.data.account_ids)
    return world, find_purchased_followers(world.data, niches, rng=np.random.default_rng(1))


def test_a_planted_block_is_found_exactly() -> None:
    rng = np.random.default_rng(3)
    noise = [(f"r{i}", f"c{j}") for i, j in rng.integers(0, 500, (3000, 2))]
    block = [(f"r{i}", f"c{j}") for i in range(20) for j in range(20)]
    _, found = _found(_pairs([*block, *noise]).drop_duplicates())
    kept = discoveries([found])
    assert set(kept.members["account_id"]) == {f"r{i}" for i in range(20)}
    assert set(kept.clusters["beneficiaries"].iloc[0]) == {f"c{j}" for j in range(20)}
    assert len(kept.joint_acts) == 400


def test_a_block_that_is_half_of_all_follows_is_found() -> None:
    for seed in (441, 442):
        noise = [(f"r{i}", f"c{j}") for i, j in np.random.default_rng(seed).integers(0, 500, (500, 2))]
        block = [(f"r{i}", f"c{j}") for i in range(20) for j in range(20)]
        kept = discoveries([_found(_pairs([*block, *noise]).drop_duplicates())[1]])
        assert set(kept.members["account_id"]) == {f"r{i}" for i in range(20)}


def test_a_farm_that_is_a_large_part_of_all_accounts_is_found() -> None:
    rng = np.random.default_rng(443)
    people = {
        (f"p{i}", f"s{j}") for i, j in zip(rng.integers(0, 800, 9000), rng.integers(0, 60, 9000), strict=True)
    }
    friends = {(f"p{i}", f"p{j}") for i, j in rng.integers(0, 800, (4000, 2)) if i != j}
    bots = {(f"b{i}", f"s{j}") for i in range(300) for j in (3, 4, 5, *rng.integers(6, 60, 6))}
    kept = discoveries([_found(_pairs(sorted(people | friends | bots)))[1]])
    suspects = set(kept.members["account_id"])
    assert len(suspects & {f"b{i}" for i in range(300)}) >= 285
    assert len(suspects) <= 310
    assert set(kept.clusters["beneficiaries"].iloc[0]) == {"s3", "s4", "s5"}


def _friends(rng: np.random.Generator, *, one_sided: int) -> pd.DataFrame:
    """Friendships of 3,000 people, returned but for a few, and 40 newcomers who follow whom another does."""
    fame = (np.arange(3000) + 10.0) ** -0.7
    ends = rng.choice(3000, (30_000, 2), p=fame / fame.sum())
    ends = ends[ends[:, 0] != ends[:, 1]]
    returned = np.concatenate([ends, ends[:-one_sided, ::-1] if one_sided else ends[:, ::-1]])
    copied = rng.choice(3000, 40, replace=False)
    newcomers = [
        np.stack([np.full(len(whom), 3000 + place), whom], axis=1)
        for place, one in enumerate(copied)
        for whom in [returned[returned[:, 0] == one, 1]]
    ]
    pairs = np.unique(np.concatenate([returned, *newcomers]), axis=0)
    names = np.char.add("a", np.arange(3040).astype(str))
    return _pairs(list(zip(names[pairs[:, 0]], names[pairs[:, 1]], strict=True)))


@pytest.mark.parametrize("one_sided", [0, 40])
def test_a_farm_among_people_who_follow_back_is_found(one_sided: int) -> None:
    rng = np.random.default_rng(445)
    follows = _friends(rng, one_sided=one_sided)
    assert len(discoveries([_found(follows)[1]]).clusters) == 0
    customers = [f"a{code}" for code in rng.choice(np.arange(100, 1000), 6, replace=False)]
    bought = _pairs([(f"a{3000 + bot}", one) for bot in range(40) for one in customers if rng.random() < 0.8])
    kept = discoveries([_found(pd.concat([follows, bought]).drop_duplicates())[1]])
    assert set(kept.members["account_id"]) == {f"a{code}" for code in range(3000, 3040)}
    assert set(kept.clusters["beneficiaries"].iloc[0]) == set(customers)


def test_thin_farms_of_a_world_are_found() -> None:
    world, found = _world(1, farm_share=0.03)
    kept = discoveries([found])
    bots = set(world.bots.loc[world.bots["kind"] == "purchased_followers", "account_id"])
    suspects = set(kept.members["account_id"])
    assert len(suspects & bots) >= 0.95 * len(bots)
    assert len(suspects & bots) >= 0.97 * len(suspects)
    shares = authentic_share(world.data, kept)
    assert shares.loc[kept.clusters["beneficiaries"].iloc[0][0], "authentic_share"] < 0.9
    valid = shares.dropna()
    assert (valid["authentic_share_low"] <= valid["authentic_share"]).all()
    assert (valid["authentic_share"] <= valid["authentic_share_high"]).all()


def _aged_farm(seed: int, *, chance: float) -> Dataset:
    """Accounts f0 to f119 that differ from others only in following three customers, each by chance."""
    rng = np.random.default_rng(seed)
    names = np.array([*(f"p{i}" for i in range(1500)), *(f"f{i}" for i in range(120))])
    fame = 1 / (np.arange(1500) + 20.0)
    rows = [(name, f"p{i}") for name in names for i in rng.choice(1500, 25, p=fame / fame.sum())]
    bought = rng.random((120, 3)) < chance
    rows += [(f"f{i}", f"c{j}") for i, j in np.argwhere(bought)]
    rows += [(f"p{i}", f"c{j}") for j in range(3) for i in rng.choice(1500, 50, replace=False)]
    follows = _pairs(rows).drop_duplicates(["follower_id", "followed_id"])
    paid = (follows["followed_id"].str[0] == "c") & (follows["follower_id"].str[0] == "f")
    days = np.where(paid, rng.uniform(300, 390, len(follows)), rng.uniform(0, 700, len(follows)))
    follows["followed_at"] = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(days, unit="D")
    return from_tables(follows=follows)


@pytest.mark.parametrize("chance", [0.5, 0.8])
def test_members_who_follow_some_customers_are_found_and_the_others_counted(chance: float) -> None:
    data = _aged_farm(7, chance=chance)
    niches = pd.Series(0, index=data.account_ids)
    kept = discoveries([find_purchased_followers(data, niches, rng=np.random.default_rng(1))])
    paid = data.follows[data.follows["followed_id"].astype(str).isin(["c0", "c1", "c2"])]
    count = paid.groupby(paid["follower_id"].astype(str)).size()
    seen = {name for name in count.index[count > 1] if name[0] == "f"}
    suspects = set(kept.members["account_id"])
    assert len(suspects & seen) >= 0.9 * len(seen)
    assert len(suspects & seen) >= 0.95 * len(suspects)
    shares = authentic_share(data, kept).loc[["c0", "c1", "c2"]]
    farm = paid["follower_id"].astype(str).str[0] == "f"
    truth = 1 - farm.groupby(paid["followed_id"].astype(str)).mean()
    assert (shares["authentic_share_low"] < truth + 0.02).all()
    assert (truth < shares["authentic_share_high"]).all()


def test_members_unseen_are_inferred_from_those_seen() -> None:
    rates = np.array([0.2, 0.4, 0.6])
    follows = np.random.default_rng(1).random((100_000, 3)) < rates
    hits = follows.sum(axis=1)
    seen = follows[hits > 1]
    found, size, alone = with_unseen(seen.mean(axis=0), float(len(seen)))
    assert found == pytest.approx(rates, rel=0.05)
    assert size == pytest.approx(100_000, rel=0.05)
    assert alone == pytest.approx(follows[hits == 1].sum(axis=0), rel=0.1)
    assert with_unseen(np.ones(2), 40.0)[1:] == (
        pytest.approx(40.0, rel=1e-3),
        pytest.approx([0, 0], abs=0.1),
    )
    assert with_unseen(np.full(3, 0.1), 40.0)[1] == 160.0  # not more than so many times


def test_a_trait_that_is_spread_among_members_like_among_others_says_nothing() -> None:
    rng = np.random.default_rng(1)
    usual = np.append(np.full(BINS, 1 / BINS), 0.0)
    spread = rng.integers(0, BINS, 40).astype(np.int32)
    assert np.abs(_odds(spread, np.ones(40), usual)).mean() < 0.2
    for wide, least in ((2, 3.0), (64, 1.0)):
        together = (100 + rng.integers(0, wide, 40)).astype(np.int32)
        assert np.median(_odds(together, np.ones(40), usual)) > least


def test_organic_worlds_hold_nothing() -> None:
    for seed in (11, 12):
        _, found = _world(seed, farms=0)
        assert discoveries([found]).clusters.empty


@pytest.mark.parametrize(
    "pairs",
    [
        [(f"f{i}", "star") for i in range(100)],
        [("all", f"t{j}") for j in range(100)],
        [(f"p{i}", f"p{j}") for i in range(30) for j in range(30) if i != j],
        [("ann", "bob")],
    ],
    ids=["star", "follows everybody", "everyone follows everyone", "two accounts"],
)
def test_odd_follows_hold_nothing(pairs: list[tuple[str, str]]) -> None:
    _, found = _found(_pairs(pairs))
    assert found.missing is not None
    assert found.clusters.empty


def test_identical_accounts_that_are_all_there_is_are_no_block() -> None:
    _, found = _found(_pairs([(f"f{i}", f"t{j}") for i in range(50) for j in range(5)]))
    assert discoveries([found]).clusters.empty


def test_what_cannot_be_looked_for_is_said() -> None:
    data = from_tables(accounts=pd.DataFrame({"account_id": ["ann", "bob"]}))
    niches = pd.Series([0, 0], index=data.account_ids)
    assert find_purchased_followers(data, niches, rng=np.random.default_rng(1)).missing is not None
    with pytest.raises(ValueError, match="smallest"):
        find_purchased_followers(data, niches, smallest=2, rng=np.random.default_rng(1))
    with pytest.raises(ValueError, match="niches"):
        find_purchased_followers(data, niches.iloc[:1], rng=np.random.default_rng(1))


def test_a_share_is_unknown_without_followers_and_vague_with_few() -> None:
    data = from_tables(follows=_pairs([("ann", "cyd"), ("bob", "cyd")]))
    shares = authentic_share(data, no_clusters())
    assert shares.loc["ann"].isna().all()
    assert shares.loc["cyd", "authentic_share_low"] < 0.6
    assert authentic_share(data, no_clusters("no follows")).isna().all(axis=None)


def _suspects(names: list[str]) -> BotClusters:
    cluster = {"kind": "coordination", "size": len(names), "p_value": 0.0, "q_value": 0.0}
    index = pd.Index(["c"], name="bot_cluster")
    clusters = pd.DataFrame([{**cluster, "beneficiaries": (), "evidence": ""}], index=index)
    members = pd.DataFrame({"bot_cluster": "c", "account_id": names, "membership": 1.0})
    return BotClusters(clusters, members, no_clusters().joint_acts)


def test_followers_of_a_burst_are_suspected_and_named_ones_among_them_count_once() -> None:
    day, early, burst = pd.Timedelta("1D"), pd.Timestamp("2025-01-01"), pd.Timestamp("2025-02-01")
    follows = _pairs([(f"f{i}", "cyd") for i in range(20)])
    follows["followed_at"] = [early] * 8 + [burst] * 12
    data, found = from_tables(follows=follows), _suspects(["f0", "f9"])  # before the burst, and in it
    growth = pd.DataFrame(index=data.account_ids, columns=list(COLUMNS)).astype(COLUMNS)
    rounded = burst.tz_localize("UTC") + pd.Timedelta("1us")  # an end is reckoned from numbers of bins
    growth.loc["cyd", ["burst_start", "burst_end"]] = [rounded, rounded + day]
    growth.loc["cyd", ["burst_followers", "burst_expected", "growth_q"]] = [12, 2.0, 0.01]
    without = authentic_share(data, found)
    counted = authentic_share(data, found, growth=growth)
    assert without.loc["cyd", "authentic_share"] == 0.9
    assert counted.loc["cyd", "authentic_share"] == pytest.approx(1 - (2 + 12 - 2 - 1) / 20)
    assert counted.loc["cyd", "authentic_share_high"] == without.loc["cyd", "authentic_share_high"]
    assert counted.loc["cyd", "authentic_share_low"] < 0.4
    named = _suspects([f"f{i}" for i in range(8, 20)])
    assert authentic_share(data, named, growth=growth).equals(authentic_share(data, named))
    usual = growth.assign(growth_q=growth["growth_q"] + 0.05)
    assert authentic_share(data, found, growth=usual).equals(without)
    unseen = authentic_share(data, no_clusters("no niches"), growth=growth)
    assert unseen.loc["cyd", ["authentic_share", "authentic_share_high"]].tolist() == [0.5, 1.0]


def test_a_share_without_times_of_follows_is_what_it_was() -> None:
    data = from_tables(follows=_pairs([(f"f{i}", "cyd") for i in range(20)]))
    growth = growth_anomalies(data, rng=np.random.default_rng(1))
    found = _suspects(["f3"])
    assert authentic_share(data, found, growth=growth).equals(authentic_share(data, found))
