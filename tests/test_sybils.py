"""Sybils: little trust and few ties outwards are not enough; a language community is left alone."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from influgraph.bots import _sybils_evidence as evidence
from influgraph.bots import _sybils_regions as areas
from influgraph.bots.clusters import discoveries
from influgraph.bots.sybils import find_sybils, popular_seeds, trust
from influgraph.dataset import Dataset, from_tables
from influgraph.networks import follow_network

HONEST, APART, SYBILS = 700, 80, 60


def _world(seed: int, *, sybils: bool, facts: bool = True, returned: bool = True) -> Dataset:
    """Honest accounts in circles, a community apart, and perhaps sybils made in a week that do nothing."""
    rng = np.random.default_rng(seed)
    size = HONEST + APART + SYBILS
    circle = np.repeat(np.arange(14), HONEST // 14)
    pairs = [(a, b) for a in range(HONEST) for b in rng.choice(np.flatnonzero(circle == circle[a]), 5)]
    pairs += list(zip(rng.integers(0, HONEST, 1500), rng.integers(0, HONEST, 1500), strict=True))
    for first, count, ties in ((HONEST, APART, 8), (HONEST + APART, SYBILS, 8)):
        pairs += [(first + a, first + b) for a in range(count) for b in rng.choice(count, ties)]
        pairs += [(first + rng.integers(count), rng.integers(HONEST)) for _ in range(12)]
    ties = np.array(pairs, np.int64)
    back = ties[returned | (ties < HONEST + APART).any(axis=1), ::-1]
    ties = np.concatenate([ties, back])
    if not sybils:
        ties = ties[(ties < HONEST + APART).all(axis=1)]
    created = pd.Timestamp("2018-01-01") + pd.to_timedelta(rng.uniform(0, 2000, size), unit="D")
    created = created.to_series(index=range(size))
    week = pd.Timestamp("2023-05-01") + pd.to_timedelta(rng.uniform(0, 7, SYBILS), unit="D")
    created.iloc[HONEST + APART :] = week
    ids = np.array([f"u{number}" for number in range(size)])
    accounts = pd.DataFrame(
        {"account_id": ids, "verified": (np.arange(size) % 20 == 0) & (np.arange(size) < HONEST)}
    )
    active = rng.choice(HONEST + APART, 600, replace=False)
    likes = pd.DataFrame({"account_id": ids[active], "target_id": ids[(active + 1) % HONEST], "kind": "like"})
    return from_tables(
        accounts=accounts.assign(created_at=created.dt.floor("s").to_numpy()) if facts else accounts,
        follows=pd.DataFrame({"follower_id": ids[ties[:, 0]], "followed_id": ids[ties[:, 1]]}),
        engagements=likes if facts else None,
    )


def test_sybils_are_found_and_the_community_apart_is_not() -> None:
    data = _world(1, sybils=True)
    found = discoveries([find_sybils(data, trusted=None, rng=np.random.default_rng(7))])
    assert set(found.members["account_id"]) == {
        f"u{n}" for n in range(HONEST + APART, HONEST + APART + SYBILS)
    }
    assert found.clusters["kind"].tolist() == ["sybil"]
    assert found.members["membership"].min() > 0.5
    assert set(found.joint_acts["kind"]) == {"follow"}


def test_sybils_that_do_not_follow_back_are_found_by_their_followers() -> None:
    data = _world(1, sybils=True, returned=False)
    found = discoveries([find_sybils(data, trusted=None, rng=np.random.default_rng(7))])
    sybils = {f"u{n}" for n in range(HONEST + APART, HONEST + APART + SYBILS)}
    assert set(found.members["account_id"]) == sybils
    assert "of their followers" in found.clusters["evidence"].iloc[0]


def test_groups_that_overlap_say_no_more_than_those_that_could_stand_apart() -> None:
    rng = np.random.default_rng(2)
    usual = rng.normal(size=999)
    chances = [evidence.chance_among(usual, usual.max() + 0.1, apart=apart) for apart in (500.0, 3.0)]
    assert chances[0] == pytest.approx(0.001, abs=0.0005)
    assert chances[1] > 0.03, "a thousand draws of three groups are three groups"
    assert evidence.chance_among(usual, 60.0, apart=3.0) == pytest.approx(0.001, abs=0.0005)
    assert evidence.chance_among(usual, usual.mean(), apart=3.0) == pytest.approx(0.5, abs=0.05)


def test_a_community_apart_alone_is_none() -> None:
    for seed in (2, 3):
        data = _world(seed, sybils=False)
        assert not len(discoveries([find_sybils(data, trusted=None, rng=np.random.default_rng(7))]).clusters)


def test_ties_alone_are_too_little() -> None:
    data = _world(4, sybils=True, facts=False)
    found = find_sybils(data, trusted=None, rng=np.random.default_rng(7))
    assert not len(discoveries([found]).clusters)
    values = trust(data, trusted=None)
    sybil = values.index.isin([f"u{n}" for n in range(HONEST + APART, len(values))])
    assert values[sybil].max() < values[~sybil].median()


def _unverified(seed: int, *, sybils: bool) -> tuple[Dataset, pd.Series]:
    """The same world where nobody is verified, and its circles, the community and the sybils as niches."""
    told = _world(seed, sybils=sybils)
    data = from_tables(
        accounts=told.accounts.drop(columns="verified").reset_index(names="account_id"),
        follows=told.follows,
        engagements=told.engagements,
    )
    number = pd.Series(data.account_ids, data.account_ids).str[1:].astype("int64")
    return data, (number // 50).clip(upper=14).mask(number >= HONEST + APART, 15).astype("Int64")


def test_sybils_are_found_from_popular_accounts_where_nobody_is_trusted() -> None:
    data, niches = _unverified(1, sybils=True)
    sybils = {f"u{n}" for n in range(HONEST + APART, HONEST + APART + SYBILS)}
    seeds = popular_seeds(data, niches, suspects=[])
    assert not sybils & set(seeds)
    assert set(niches[seeds]) >= set(range(14))
    found = find_sybils(data, trusted=None, assumed=seeds, rng=np.random.default_rng(7))
    kept = discoveries([found])
    assert set(kept.members["account_id"]) == sybils
    assert "assumed" in kept.clusters["evidence"].iloc[0]
    for seed in (2, 3):
        alone, niches = _unverified(seed, sybils=False)
        seeds = popular_seeds(alone, niches, suspects=[])
        found = find_sybils(alone, trusted=None, assumed=seeds, rng=np.random.default_rng(7))
        assert not len(discoveries([found]).clusters)


def test_suspects_are_no_seeds_and_make_none() -> None:
    fans = [(f"f{n}", "star") for n in range(9)] + [(f"b{n}", "bought") for n in range(20)]
    fans += [("star", "f0"), ("bought", "b0"), ("f1", "bought")]
    data = from_tables(follows=pd.DataFrame(fans, columns=["follower_id", "followed_id"]))
    none = pd.Series(None, index=data.account_ids, dtype="Int64")
    assert popular_seeds(data, none, suspects=[])[:2] == ["bought", "star"]
    bots = [f"b{n}" for n in range(20)]
    assert popular_seeds(data, none, suspects=bots) == ["star", "f0", "bought"]
    assert popular_seeds(data, none, suspects=[*bots, "bought"]) == ["star", "f0"]
    assert popular_seeds(data, none, suspects=data.account_ids) == []


def test_trust_is_a_walk_in_networkx_terms() -> None:
    """Against the power of a dense matrix."""
    data = _world(5, sybils=False)
    ties = areas.mutual_ties(follow_network(data)).toarray()
    paid = np.maximum(ties.sum(axis=1), 1)
    step = (ties / paid[:, None]).T
    seeds = np.zeros(len(ties))
    seeds[[0, 20]] = 0.5
    expected = np.linalg.matrix_power(step, 3) @ seeds / paid * ties.sum()
    values = trust(data, trusted=["u0", "u20"], steps=3)
    known = values.notna().to_numpy()
    np.testing.assert_allclose(values[known].astype(float), expected[known])
    assert (~known == (ties.sum(axis=1) == 0)).all()


def test_rewiring_keeps_numbers_of_ties() -> None:
    ties = areas.mutual_ties(follow_network(_world(6, sybils=True)))
    drawn = areas.rewired(ties, np.random.default_rng(1))
    assert (drawn - drawn.T).nnz == 0
    assert abs(drawn.sum() - ties.sum()) < 0.05 * ties.sum()
    assert (areas.degrees(drawn) <= areas.degrees(ties)).all()


def test_bad_input_is_told() -> None:
    data = _world(7, sybils=False)
    rng = np.random.default_rng(1)
    with pytest.raises(ValueError, match="nobody"):
        trust(data, trusted=["nobody"])
    with pytest.raises(ValueError, match="steps"):
        trust(data, trusted=["u1"], steps=0)
    with pytest.raises(ValueError, match="smallest"):
        find_sybils(data, trusted=["u1"], rng=rng, smallest=1)
    one_way = from_tables(follows=pd.DataFrame({"follower_id": ["a"], "followed_id": ["b"]}))
    assert "follow each other" in str(find_sybils(one_way, trusted=["a"], rng=rng).missing)
    both = from_tables(follows=pd.DataFrame({"follower_id": ["a", "b"], "followed_id": ["b", "a"]}))
    assert "nobody is known" in str(find_sybils(both, trusted=None, rng=rng).missing)
    assert not len(find_sybils(both, trusted=["a"], rng=rng).clusters)
    assert find_sybils(both, trusted=None, assumed=["a"], rng=rng).missing is None
    with pytest.raises(ValueError, match="assumed"):
        find_sybils(both, trusted=None, assumed=["nobody"], rng=rng)
    assert areas.regions(csr_array((3, 3)), np.full(3, np.nan), 3) == []
