"""Suspects in a study: who is left out of what, and what the tables say of it."""

import numpy as np
import pandas as pd
import pytest

from influgraph import _study_suspects, _study_tables, study
from influgraph.bots.clusters import CLUSTERS, JOINT_ACTS, MEMBERS, BotClusters, no_clusters
from influgraph.dataset import Dataset, from_tables, resolved_engagements
from influgraph.settings import Bots, Settings
from influgraph.synthetic import World, WorldSettings, make_world


@pytest.fixture(scope="module")
def world() -> World:
    settings = WorldSettings(accounts=1500, days=42, reruns=2, squads=1, farms=1, farm_sizes=(120,), pods=1)
    return make_world(settings, rng=np.random.default_rng(77))


@pytest.fixture(scope="module")
def done(world: World) -> study.Study:
    return study.run_study(world.data, Settings(), store=study.MemoryStore())


def test_planted_clusters_are_suspected_and_innocent_groups_are_not(done: study.Study, world: World) -> None:
    suspects = set(done.bot_members["account_id"])
    assert len(suspects - set(world.bots["account_id"])) <= 0.1 * len(suspects)
    recall = world.bots["account_id"].isin(suspects).groupby(world.bots["kind"]).mean()
    assert recall["purchased_followers"] > 0.9
    assert recall["coordination"] > 0.9
    assert not suspects & set(world.benign["account_id"])


def test_tables_of_clusters_hold_together(done: study.Study) -> None:
    clusters, members = done.bot_clusters, done.bot_members
    assert list(clusters.columns) == list(CLUSTERS)
    assert (
        members.groupby("bot_cluster").size().reindex(clusters.index).equals(clusters["size"].astype("int64"))
    )
    assert clusters["q_value"].between(0, 0.05).all()
    assert set(clusters.index) == set(done.case_files.index[done.case_files["state"] == "suspected"])
    assert set(members["bot_cluster"]) == set(clusters.index)
    named = done.scores["bot_cluster"].dropna()
    assert set(named.index) == set(members["account_id"])


def test_counts_hold_everyone_and_the_counterfactual_says_who_is_left_out(
    done: study.Study, world: World
) -> None:
    table = done.counterfactual
    assert table["followers_with_suspects"].equals(done.scores["followers"])
    assert table["influence_without_suspects"].equals(done.scores["influence"])
    farm = set(world.bots.loc[world.bots["kind"] == "purchased_followers", "account_id"])
    served = world.data.follows.loc[world.data.follows["follower_id"].isin(farm), "followed_id"]
    bought = served.value_counts().index[:3]
    lost = table["followers_with_suspects"] - table["followers_without_suspects"]
    assert (lost[list(bought)] > 0.9 * len(farm)).all()
    assert (done.scores.loc[list(bought), "authentic_share"] < 0.98).all()


def _found(kind: str, members: list[str]) -> dict[str, object]:
    clusters = pd.DataFrame(
        {"kind": kind, "size": 2, "p_value": 0.0, "q_value": 0.0, "beneficiaries": "", "evidence": ""},
        index=pd.Index(["c"], name="bot_cluster"),
    )
    table = pd.DataFrame({"bot_cluster": "c", "account_id": members, "membership": 1.0}).astype(MEMBERS)
    return {"clusters": clusters, "members": table}


@pytest.fixture(scope="module")
def small() -> Dataset:
    likes = {"account_id": ["ann", "bob", "cyd"], "target_id": ["bob", "ann", "ann"], "kind": "like"}
    follows = {"follower_id": ["ann", "cyd"], "followed_id": ["cyd", "ann"]}
    return from_tables(follows=pd.DataFrame(follows), engagements=pd.DataFrame(likes))


def test_of_a_pod_only_acts_inside_are_left_out_of_others_all_acts_and_follows(small: Dataset) -> None:
    pod = _study_suspects.people(small, _found("pod", ["ann", "bob"]))
    assert (len(pod.follows), len(resolved_engagements(pod))) == (2, 1)
    squad = _study_suspects.people(small, _found("coordination", ["ann", "bob"]))
    assert (len(squad.follows), len(resolved_engagements(squad))) == (1, 1)
    assert list(squad.account_ids) == list(small.account_ids)


def test_an_account_in_several_clusters_is_named_by_the_surest() -> None:
    found = _found("pod", ["ann", "bob"])
    more = pd.DataFrame({"bot_cluster": "d", "account_id": ["ann"], "membership": 0.5})
    clusters = found["clusters"]
    assert isinstance(clusters, pd.DataFrame)
    both = pd.concat([clusters.assign(q_value=0.01), clusters.rename({"c": "d"})])
    members = pd.concat([found["members"], more])  # type: ignore[list-item]
    of_each = _study_suspects.cluster_of_each({"clusters": both, "members": members})
    assert of_each.to_dict() == {"ann": "d", "bob": "c"}


def test_popular_accounts_are_taken_for_people_where_nobody_is_known_to_be_one() -> None:
    stars = ["star", "squad", "served", "burst"]
    pairs = [(f"f{n}", star) for star in stars for n in range(9)] + [(star, "f0") for star in stars]
    follows = pd.DataFrame(pairs, columns=["follower_id", "followed_id"])
    data = from_tables(follows=follows)
    cluster = {"kind": "coordination", "size": 1, "p_value": 0.001, "q_value": 0.001}
    index = pd.Index(["c"], name="bot_cluster")
    clusters = pd.DataFrame([{**cluster, "beneficiaries": ("served",), "evidence": ""}], index=index)
    members = pd.DataFrame({"bot_cluster": "c", "account_id": ["squad"], "membership": 1.0})
    searches = [BotClusters(clusters, members, no_clusters().joint_acts)]
    growth = pd.DataFrame({"growth_q": pd.array([0.001], "Float64")}, index=["burst"])
    none = pd.Series(None, index=data.account_ids, dtype="Int64")

    def assumed(data: Dataset, settings: Bots) -> list[str]:
        return _study_suspects.assumed_people(data, none, searches, growth=growth, settings=settings)

    assert assumed(data, Bots()) == ["star", "f0"]
    assert assumed(data, Bots(trusted=("f1",))) == []
    verified = pd.DataFrame({"account_id": data.account_ids, "verified": data.account_ids == "f1"})
    assert assumed(from_tables(accounts=verified, follows=follows), Bots()) == []


def test_what_a_search_explained_is_told_beside_what_stands_out() -> None:
    cluster = {"kind": "coordination", "size": 1, "p_value": 1.0, "q_value": 1.0}
    clusters = pd.DataFrame(
        [
            {**cluster, "beneficiaries": (), "evidence": "", "explained": explained}
            for explained in ("office", None)
        ],
        index=pd.Index(["a", "b"], name="bot_cluster"),
    )
    members = pd.DataFrame({"bot_cluster": ["a", "b"], "account_id": ["x", "y"], "membership": 1.0})
    search = BotClusters(clusters, members, no_clusters().joint_acts)
    told = _study_suspects.with_explained(no_clusters(), [search])
    assert list(told.clusters.index) == ["a"]
    assert list(told.members["account_id"]) == ["x"]
    assert list(told.joint_acts.columns) == list(JOINT_ACTS)


def test_niches_with_suspects_go_by_the_numbers_of_those_without() -> None:
    ids = pd.Index([f"a{number}" for number in range(8)], name="account_id")
    before = pd.Series([1, 1, 1, 0, 0, 2, pd.NA, 2], ids, dtype="Int64")
    known = pd.Series([0, 0, 0, 1, 1, pd.NA, 1, pd.NA], ids, dtype="Int64")
    renumbered = _study_tables._renumbered(before, known)
    assert renumbered.tolist() == [0, 0, 0, 1, 1, 2, pd.NA, 2]
    nowhere = pd.Series(pd.NA, ids, dtype="Int64")
    assert _study_tables._renumbered(nowhere, known).isna().all()
    assert _study_tables._renumbered(before, nowhere).nunique() == 3
