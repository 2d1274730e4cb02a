"""Expertise: by hand on five accounts, on a planted niche of experts and a comedian, and its calibration."""

import numpy as np
import pandas as pd
import pytest

from influgraph import dataset
from influgraph.influence.expertise import expertise

EXPERTS, FRIENDS, MASS = 40, 200, 3000
STARS = 12


def _found(acts: list[tuple[str, str]], *, seed: int = 7, **options: object) -> pd.DataFrame:
    """Expertise of accounts a to e where each of these mentions is made once."""
    givers, targets = zip(*acts, strict=True)
    accounts = pd.DataFrame({"account_id": list("abcde")})
    table = pd.DataFrame({"account_id": givers, "kind": "mention", "target_id": targets})
    data = dataset.from_tables(accounts=accounts, engagements=table)
    counts = pd.DataFrame({"followers": 5, "posts": 1}, index=data.account_ids)
    niches = pd.Series(0, index=data.account_ids)
    return expertise(data, counts, niches, rng=np.random.default_rng(seed), **options)  # type: ignore[arg-type]


def test_a_reference_counts_by_how_much_of_a_peer_makes_it() -> None:
    found = _found([("b", "a"), ("c", "b"), ("d", "b"), ("e", "b"), ("e", "a")])["peer_references"]
    assert found.tolist() == [3 / 5, 0, 0, 0, 0]  # three refer to b, two to a, nobody to c, d, e


def test_what_is_exchanged_counts_nothing_and_what_is_said_more_counts_in_part() -> None:
    base = [("c", "b"), ("d", "b"), ("e", "b")]
    assert _found([*base, ("b", "a"), ("a", "b")])["peer_references"].sum() == 0
    more = _found([*base, *[("b", "a")] * 4, ("a", "b")])["peer_references"]
    assert more["a"] == pytest.approx(0.75 * 3 / 3.75)
    assert _found([*base, *[("b", "a")] * 9])["peer_references"]["a"] == 3 / 4  # once per referrer


def test_other_niches_other_kinds_and_oneself_do_not_count() -> None:
    acts = [("b", "a"), ("c", "b"), ("d", "b"), ("e", "b"), ("a", "a")]
    table = pd.DataFrame(acts, columns=["account_id", "target_id"]).assign(kind="mention")
    data = dataset.from_tables(engagements=table)
    counts = pd.DataFrame({"followers": 5, "posts": 1}, index=data.account_ids)
    niches = pd.Series([1, 0, 0, 0, 0], index=list("abcde")).reindex(data.account_ids)
    rng = np.random.default_rng(1)
    assert expertise(data, counts, niches, rng=rng)["peer_references"].sum() == 0
    found = expertise(data, counts, niches * 0, kinds=["reply"], rng=rng)
    assert (found["expertise_missing"] == "no reply in the data").all()


def _niche(seed: int, *, ring: int = 0) -> tuple[dataset.Dataset, pd.DataFrame, pd.Series]:
    """Experts whom practitioners and each other refer to; stars and a comedian, account 0, of the mass.

    Followers: the comedian 2,000, stars about 400, experts and practitioners 20 to 80,
    the mass few. The last `ring` of the
    mass mention each other, both ways.
    """
    rng = np.random.default_rng(seed)
    experts = 1 + STARS + np.arange(EXPERTS)
    practitioners = experts[-1] + 1 + np.arange(FRIENDS)
    mass = practitioners[-1] + 1 + np.arange(MASS)
    pairs = [(giver, rng.choice(experts)) for giver in np.repeat(practitioners, 4)]
    pairs += [(giver, rng.choice(experts)) for giver in np.repeat(experts, 8)]
    pairs += [(rng.choice(practitioners), giver) for giver in rng.choice(practitioners, 500)]
    pairs += [(giver, 0) for giver in rng.choice(mass, 1500)]
    pairs += [(giver, rng.integers(1, 1 + STARS)) for giver in rng.choice(mass, 2000)]
    pairs += [(giver, rng.choice(mass)) for giver in rng.choice(mass, 1500)]
    last = mass[len(mass) - ring :]
    pairs += [(giver, other) for giver in last for other in last if giver != other]
    table = pd.DataFrame(pairs, columns=["account_id", "target_id"]).assign(kind="mention")
    size = mass[-1] + 1
    ids = pd.Index([f"a{number}" for number in range(size)])
    table[["account_id", "target_id"]] = table[["account_id", "target_id"]].map(ids.__getitem__)
    followers = rng.poisson(3, size)
    followers[0], followers[1 : 1 + STARS] = 2000, rng.poisson(400, STARS)
    modest = np.concatenate([experts, practitioners])
    followers[modest] = rng.integers(20, 80, len(modest))
    data = dataset.from_tables(accounts=pd.DataFrame({"account_id": ids}), engagements=table)
    counts = pd.DataFrame({"followers": followers, "posts": 5}, index=data.account_ids)
    return data, counts, pd.Series(0, index=data.account_ids)


@pytest.mark.parametrize("seed", range(3))
def test_experts_stand_above_the_comedian_and_the_stars(seed: int) -> None:
    data, counts, niches = _niche(seed)
    found = expertise(data, counts, niches, rng=np.random.default_rng(seed))
    experts = found.iloc[1 + STARS : 1 + STARS + EXPERTS]
    popular = found.iloc[: 1 + STARS]
    assert experts["expertise"].notna().all()
    assert (experts["expertise_low"] > 1).mean() > 0.9
    assert experts["expertise"].min() > popular["expertise"].max()
    assert popular["expertise_low"].max() < 1
    mentioned = data.engagements["target_id"].value_counts()
    assert mentioned.idxmax() == "a0"  # by the count of mentions the comedian would be first


def test_a_ring_that_mentions_itself_gains_nothing() -> None:
    data, counts, niches = _niche(5, ring=30)
    found = expertise(data, counts, niches, rng=np.random.default_rng(5))
    ring, rest = found["peer_references"].iloc[-30:], found["peer_references"].iloc[-MASS:-30]
    assert ring.mean() < 2 * rest.mean() + 0.05
    assert data.engagements["target_id"].value_counts()[found.index[-30:]].min() >= 29


def test_intervals_cover_the_planted_regard_and_are_repeatable() -> None:
    """Accounts are referred to by peers of full standing as often as followers and a gamma regard say."""
    rng = np.random.default_rng(21)
    covered, regarded = [], []
    for _ in range(3):
        count, peers = 600, 400
        followers = np.exp(rng.normal(4, 1, count)).astype(int) + 1
        regard = rng.gamma(2, 1 / 2, count)
        referrers = rng.poisson(regard * 1.2 * (followers / 50) ** 0.5)
        pairs = [
            (f"p{giver}", f"a{number}")
            for number, many in enumerate(referrers)
            for giver in rng.choice(peers, many, replace=False)
        ]
        pairs += [(f"m{giver}", f"p{peer}") for peer in range(peers) for giver in range(peer, peer + 60)]
        acts = pd.DataFrame(pairs, columns=["account_id", "target_id"]).assign(kind="mention")
        listed = pd.DataFrame({"account_id": [f"a{number}" for number in range(count)]})
        data = dataset.from_tables(accounts=listed, engagements=acts)
        size = pd.Series(followers, index=data.account_ids[:count]).reindex(data.account_ids)
        counts = pd.DataFrame({"followers": size, "posts": 1}, index=data.account_ids)
        found = expertise(data, counts, pd.Series(0, index=data.account_ids), rng=rng)[:count]
        seen = found["expertise"].notna().to_numpy()
        assert (seen == (referrers >= 3)).all()
        covered += [
            regard[seen] >= found["expertise_low"][seen],
            regard[seen] <= found["expertise_high"][seen],
        ]
        regarded.append(np.corrcoef(regard[seen], found["expertise"][seen])[0, 1])
    held = np.concatenate(covered[::2]) & np.concatenate(covered[1::2])
    assert 0.84 < held.mean() < 0.96
    assert np.mean(regarded) > 0.5
    again = [expertise(data, counts, counts["posts"], rng=np.random.default_rng(3)) for _ in range(2)]
    pd.testing.assert_frame_equal(*again)


def test_lists_are_compared_with_what_is_usual() -> None:
    rng = np.random.default_rng(4)
    count = 300
    followers, talent = (rng.pareto(1.2, count) * 50).astype(int) + 1, rng.gamma(2, 1 / 2, count)
    accounts = pd.DataFrame({"account_id": [f"a{number}" for number in range(count)]})
    accounts["listed_stated"] = rng.poisson(talent * followers**0.7)
    data = dataset.from_tables(accounts=accounts)
    counts = pd.DataFrame({"followers": followers, "posts": 1}, index=data.account_ids)
    nowhere = pd.Series(pd.NA, index=data.account_ids, dtype="Int64")
    found = expertise(data, counts, nowhere, rng=rng)
    assert 0.85 < ((found["listed_low"] <= talent) & (talent <= found["listed_high"])).mean() < 0.95
    assert found["expertise"].isna().all()
    assert (found["expertise_missing"] == "no mention, reply, quote, share in the data").all()


def test_unknown_followers_and_too_few_accounts_are_said() -> None:
    data, counts, niches = _niche(6)
    counts["followers"] = counts["followers"].astype("Int64").mask(counts.index == "a20")
    found = expertise(data, counts, niches, rng=np.random.default_rng(1))
    assert found.loc["a20", "expertise_missing"] == "its followers are unknown"
    assert found["expertise_missing"].isna().equals(found["expertise"].notna())
    lonely = [("b", "a"), ("c", "a"), ("d", "a"), ("a", "b"), ("e", "b"), ("e", "c"), ("e", "d")]
    said = _found(lonely)
    assert said.loc["a", "expertise_missing"] == "fewer than 3 peers of its niche refer to it"
    assert _found([*lonely, ("e", "a"), ("b", "e"), ("b", "e")])["expertise"].isna().all()
