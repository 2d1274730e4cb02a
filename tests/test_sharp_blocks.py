"""Farms that pass for niches where only follows are known: their sharp edge tells them."""

import numpy as np
import pandas as pd

from influgraph.bots.clusters import discoveries
from influgraph.bots.followers import find_purchased_followers
from influgraph.dataset import Dataset, from_tables
from influgraph.networks import follow_network
from influgraph.niches import find_niches
from influgraph.synthetic import WorldSettings, make_world


def _drawn(weight: np.ndarray, size: int, draw: np.random.Generator) -> np.ndarray:
    return np.searchsorted(weight.cumsum(), draw.random(size) * weight.sum())


def _dataset(follower: np.ndarray, followed: np.ndarray) -> Dataset:
    pairs = pd.DataFrame({"follower_id": follower, "followed_id": followed}).drop_duplicates()
    names = {"follower_id": "f" + pairs["follower_id"].astype(str)}
    return from_tables(follows=pairs.assign(**names, followed_id="t" + pairs["followed_id"].astype(str)))


def test_farms_that_were_found_as_niches_are_found_as_farms() -> None:
    draw, fame = np.random.default_rng(451), (np.arange(1500) + 20.0) ** -0.8
    follower, followed = [draw.integers(0, 6000, 60_000)], [_drawn(fame, 60_000, draw)]
    for first, members, customers, density in ((0, 200, 20, 0.5), (200, 400, 15, 0.4), (600, 80, 10, 0.8)):
        row, column = np.nonzero(draw.random((members, customers)) < density)
        follower += [first + row, first + draw.integers(0, members, len(row))]
        followed += [1000 + first // 2 + column, _drawn(fame, len(row), draw)]
    data = _dataset(np.concatenate(follower), np.concatenate(followed))
    bots = {f"f{number}" for number in range(680)}
    niche = find_niches(follow_network(data), rng=np.random.default_rng(1)).accounts["niche"]
    sizes = niche.value_counts()
    homes = niche[niche.index.isin(bots)].value_counts()
    assert (homes.head(3) > 0.8 * sizes.reindex(homes.index[:3])).all(), "the farms are niches of their own"
    kept = discoveries([find_purchased_followers(data, niche, rng=np.random.default_rng(1))])
    found = set(kept.members["account_id"])
    assert len(found & bots) >= 0.97 * len(bots)
    assert len(found & bots) >= 0.97 * len(found)


def test_a_block_with_strays_in_its_niche_is_found() -> None:
    draw = np.random.default_rng(454)
    row, column = np.nonzero(draw.random((20, 20)) < 0.8)
    follower = np.concatenate([draw.integers(0, 500, 3000), row])
    followed = np.concatenate([draw.integers(0, 500, 3000), column])
    data = _dataset(follower, followed)
    bots = {f"f{number}" for number in range(20)}
    niche = pd.Series(np.where(data.account_ids.isin(bots), 0, 1), data.account_ids)
    niche[
        niche.index.isin([f"t{number}" for number in range(30)] + [f"f{number}" for number in range(20, 35)])
    ] = 0
    kept = discoveries([find_purchased_followers(data, niche, rng=np.random.default_rng(1))])
    assert set(kept.members["account_id"]) == bots


def test_what_people_follow_in_a_world_shades_off() -> None:
    world = make_world(WorldSettings(accounts=3000, reruns=2), rng=np.random.default_rng(452))
    data = from_tables(follows=world.data.follows[["follower_id", "followed_id"]])
    niche = world.members.set_index("account_id")["niche"].reindex(data.account_ids)
    assert niche.nunique() > 5
    found = find_purchased_followers(data, niche, rng=np.random.default_rng(1))
    assert not found.clusters["evidence"].str.contains("no niche:").any()


def test_niches_of_people_of_whom_only_follows_are_known_hold_no_farm() -> None:
    draw, niches, authors = np.random.default_rng(453), 6, 40
    keen = draw.gamma(2.0, 8.0, 3000)
    follower = np.repeat(np.arange(3000), draw.poisson(keen))
    home = np.where(
        draw.random(len(follower)) < 0.75, follower % niches, draw.integers(0, niches, len(follower))
    )
    followed = home * authors + _drawn((np.arange(authors) + 2.0) ** -0.8, len(follower), draw)
    data = _dataset(follower, followed)
    ids = data.account_ids.astype(str)
    number = ids.str[1:].astype(int)
    niche = pd.Series(np.where(ids.str[0] == "f", number % niches, number // authors), data.account_ids)
    found = find_purchased_followers(data, niche, rng=np.random.default_rng(1))
    assert len(discoveries([found]).clusters) == 0
