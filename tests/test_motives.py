"""Why people follow: planted motives found again, each likelihood against its definition, and the edges."""

import numpy as np
import pandas as pd
import pytest

from influgraph import dataset, networks, niche_names, niches, synthetic
from influgraph.influence import _motives_kernels
from influgraph.influence import motives as module
from influgraph.influence.motives import MOTIVES, Motives, motives

PURE = {"fame": (1.0, 0.0, 0.0), "interest": (0.0, 1.0, 0.0), "acquaintance": (0.0, 0.0, 1.0)}
MIXED = [(0.35, 0.4, 0.25), (0.8, 0.2, 0.0), (0.2, 0.8, 0.0), (0.6, 0.0, 0.4), (0.1, 0.4, 0.5)]


def _world(seed: int, planted: tuple[float, float, float]) -> tuple[Motives, np.ndarray]:
    """What is found where people follow by fame, interest, acquaintance; follows by account and motive."""
    rng = np.random.default_rng(seed)
    fame, interest, acquaintance = planted
    settings = synthetic.WorldSettings(
        accounts=2000, source_share=0.06, days=14, reruns=2, farms=0, squads=0, purchases_per_member=0.1,
        fame_follows=fame, interest_follows=interest, acquaintance_follows=acquaintance,
    )  # fmt: skip
    world = synthetic.make_world(settings, rng=rng)
    layers = {
        "follow": networks.follow_network(world.data),
        "engagement": networks.engagement_network(world.data),
    }
    terms = niche_names.term_uses(world.data)
    niche = niches.find_niches(layers, terms=terms, rng=rng).accounts["niche"]
    follows = world._hidden.follows
    truth = [np.bincount(follows.followed[follows.motive == one], minlength=2000) for one in range(3)]
    return motives(world.data, niche, rng=rng), np.column_stack(truth)


def _as_planted(found: pd.DataFrame) -> np.ndarray:
    """Fame, interest, acquaintance; ties are reciprocity and shared neighbours."""
    ties = found["reciprocity"] + found["shared_neighbours"]
    return np.column_stack([found["preferential_attachment"], found["shared_niche"], ties])


@pytest.mark.parametrize("pure", PURE)
@pytest.mark.parametrize("seed", [11, 12])
def test_pure_worlds_are_recognised(pure: str, seed: int) -> None:
    found, _ = _world(seed, PURE[pure])
    shares = _as_planted(found.overall["share"].to_frame().T)[0]
    assert shares.argmax() == list(PURE).index(pure)
    assert shares.max() > 0.8


def test_shares_in_mixed_worlds_follow_what_was_planted() -> None:
    planted, shares, covered, alike = [], [], [], []
    for seed, mix in enumerate(MIXED, start=61):
        found, truth = _world(seed, mix)
        planted.append(truth.sum(axis=0) / truth.sum())
        shares.append(_as_planted(found.overall["share"].to_frame().T)[0])
        much = truth.sum(axis=1) >= 30
        share = truth[much] / truth[much].sum(axis=1, keepdims=True)
        accounts = found.accounts[much]
        for column, name in enumerate(("preferential_attachment", "shared_niche")):
            low, high = accounts[f"{name}_low"] - 0.01, accounts[f"{name}_high"] + 0.01
            covered.append(((low <= share[:, column]) & (share[:, column] <= high)).mean())
        if mix[0] and mix[1]:
            alike.append(np.corrcoef(_as_planted(accounts)[:, 0], share[:, 0])[0, 1])
    planted, shares = np.array(planted), np.array(shares)
    assert [np.corrcoef(planted[:, one], shares[:, one])[0, 1] > 0.9 for one in range(3)] == [True] * 3
    assert abs(planted - shares).max() < 0.25
    assert (shares[:, 1] < planted[:, 1] + 0.05).all()  # niches are never made much of
    assert np.mean(covered) > 0.75
    assert min(covered[:2]) > 0.85  # where motives are mixed evenly
    assert np.median(alike) > 0.75


def test_shares_add_up_and_intervals_hold_them() -> None:
    found, truth = _world(31, (0.35, 0.4, 0.25))
    followed = truth.sum(axis=1) > 0
    shares = found.accounts[list(MOTIVES)].to_numpy()
    assert shares[followed].sum(axis=1) == pytest.approx(1)
    assert found.overall["share"].sum() == pytest.approx(1)
    for name in MOTIVES:
        ends = found.accounts.loc[followed, [f"{name}_low", name, f"{name}_high"]].to_numpy()
        assert (np.diff(ends, axis=1) >= 0).all()
        assert (ends >= 0).all()
        assert (ends <= 1).all()
    assert np.isnan(shares[~followed]).all()
    assert (found.accounts.loc[~followed, "motives_missing"] == "no follower").all()
    assert found.accounts.loc[followed, "motives_missing"].isna().all()


def test_walks_and_returned_follows_are_those_of_the_matrix() -> None:
    rng = np.random.default_rng(5)
    dense = np.triu(rng.random((40, 40)) < 0.2, 1)
    dense = dense | (dense.T & (rng.random((40, 40)) < 0.6)) | (rng.random((40, 40)) < 0.05)
    np.fill_diagonal(dense, val=False)
    ids = pd.Index([str(one) for one in range(40)])
    follows = networks.network_from_pairs(*np.nonzero(dense), account_ids=ids).weights
    friends = networks.network_from_pairs(*np.nonzero(dense & dense.T), account_ids=ids).weights
    pairs = np.column_stack(np.nonzero(dense))
    returned, walked = _motives_kernels.describe_follows(
        follows.indptr, follows.indices, friends.indptr, friends.indices, pairs, 1000
    )
    assert (returned == dense[pairs[:, 1], pairs[:, 0]]).all()
    for (one, other), found in zip(pairs, walked, strict=True):
        others = [friend for friend in np.flatnonzero((dense & dense.T)[one]) if friend != other]
        steps = [
            dense[friend, other] / (dense[friend].sum() - 1) for friend in others if dense[friend].sum() > 1
        ]
        assert found == pytest.approx(sum(steps) / max(len(others), 1))


def test_niche_likelihoods_leave_the_follow_itself_out() -> None:
    rng = np.random.default_rng(6)
    pairs = np.array([(0, 2), (0, 3), (1, 2), (1, 4), (5, 2), (5, 3)])
    niche = np.array([-1, -1, 0, 0, 1, -1])
    likely = module._by_niche(pairs, pairs, niche, rng)  # too few follow much: all of it may be fame
    assert likely[3] == 0  # nobody else follows account 4
    assert (module._by_niche(pairs, pairs, np.full(6, -1), rng) == 0).all()
    assert (likely <= 1).all()


def test_of_many_follows_some_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    followers = np.array([500, 40, 3, 1, 0])
    monkeypatch.setattr(module, "SAMPLED", 100)
    most = module._most_per_account(followers)
    assert np.minimum(followers, most).sum() <= 100 < np.minimum(followers, most + 1).sum()
    monkeypatch.setattr(module, "SAMPLED", 500_000)
    whole, truth = _world(41, (0.35, 0.4, 0.25))
    monkeypatch.setattr(module, "SAMPLED", 20_000)
    part, _ = _world(41, (0.35, 0.4, 0.25))
    assert truth.sum() > 40_000
    assert part.overall["share"].to_numpy() == pytest.approx(whole.overall["share"].to_numpy(), abs=0.06)


def test_too_few_follows_are_said() -> None:
    follows = pd.DataFrame({"follower_id": list("abcd"), "followed_id": list("bcde")})
    data = dataset.from_tables(follows=follows)
    found = motives(data, pd.Series(0, index=data.account_ids), rng=np.random.default_rng(1))
    assert found.accounts[list(MOTIVES)].isna().all(axis=None)
    assert found.overall.isna().all(axis=None)
    said = found.accounts["motives_missing"].to_dict()
    assert said["a"] == "no follower"
    assert said["b"] == "fewer than 100 follows in the data"


def test_same_generator_same_answer_and_niches_may_be_unknown() -> None:
    rng = np.random.default_rng(8)
    ends = rng.integers(0, 60, (500, 2))
    ends = np.unique(ends[ends[:, 0] != ends[:, 1]], axis=0)
    data = dataset.from_tables(follows=pd.DataFrame(ends, columns=["follower_id", "followed_id"]))
    nowhere = pd.Series(pd.NA, index=data.account_ids, dtype="Int64")
    first, second = (motives(data, nowhere, rng=np.random.default_rng(3)) for _ in range(2))
    pd.testing.assert_frame_equal(first.accounts, second.accounts)
    assert (first.accounts["shared_niche"].dropna() < 0.01).all()
    assert first.overall.loc[["preferential_attachment", "chance"], "share"].sum() > 0.8  # drawn at random


def test_unknown_follows_are_not_no_follower() -> None:
    data = dataset.from_tables(accounts=pd.DataFrame({"account_id": ["ann", "ben"]}))
    found = motives(data, pd.Series(0, index=data.account_ids), rng=np.random.default_rng(1))
    assert found.accounts["motives_missing"].tolist() == ["no follows are known"] * 2
