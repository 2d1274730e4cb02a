"""Case files: what speaks for and against each group of a planted world, and what is said of poor data."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from influgraph.bots import casefile
from influgraph.bots._casefile_explanations import _organisation
from influgraph.bots._casefile_facts import Facts
from influgraph.bots.clusters import JOINT_ACTS, MEMBERS, BotClusters, no_clusters
from influgraph.dataset import Dataset, from_tables, resolved_engagements
from influgraph.synthetic import World, WorldSettings, make_world

Groups = dict[str, tuple[str, list[str]]]
RARE = "a word that others seldom use"


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(WorldSettings(accounts=2500, reruns=2), rng=np.random.default_rng(412))


def clusters(data: Dataset, groups: Groups, explained: str | None = None) -> BotClusters:
    """Groups as if they had been found, with what two or more members did alike."""
    acts = resolved_engagements(data).astype({"account_id": "str", "receiver_id": "str", "post_id": "str"})
    follows = data.follows.astype({"follower_id": "str", "followed_id": "str"})
    cases, members, joint = [], [], []
    for name, (kind, ids) in groups.items():
        if kind == "purchased_followers":
            theirs = follows[follows["follower_id"].isin(ids)]
            served = theirs["followed_id"].value_counts().index[:3]
            some = theirs[theirs["followed_id"].isin(served)].assign(kind="follow")
            some = some.set_axis(["account_id", "object", "created_at", "kind"], axis=1)
        else:
            theirs = acts[
                acts["account_id"].isin(ids) & acts["kind"].eq("like" if kind == "pod" else "repost")
            ]
            some = theirs[theirs.duplicated("post_id", keep=False)].assign(object=lambda one: one["post_id"])
            served = some["receiver_id"].value_counts().index[:2]
        joint.append(some.assign(bot_cluster=name)[list(JOINT_ACTS)])
        members.append(pd.DataFrame({"bot_cluster": name, "account_id": ids, "membership": 1.0}))
        cases.append((name, kind, len(ids), 0.001, 0.01, tuple(served), "a finding"))
    columns = ["bot_cluster", "kind", "size", "p_value", "q_value", "beneficiaries", "evidence"]
    found = pd.DataFrame(cases, columns=columns).set_index("bot_cluster")
    return BotClusters(
        found if explained is None else found.assign(explained=explained),
        pd.concat(members).astype(MEMBERS),
        pd.concat(joint).astype(JOINT_ACTS),
    )


def planted(table: pd.DataFrame, name: str) -> Groups:
    return {
        str(group): (kind, list(rows["account_id"])) for (group, kind), rows in table.groupby([name, "kind"])
    }


def filed(data: Dataset, found: BotClusters) -> casefile.CaseFiles:
    return casefile.case_files(data, found, rng=np.random.default_rng(5))


def test_planted_clusters_are_suspected(world: World) -> None:
    groups = planted(world.bots, "bot_cluster")
    files = filed(world.data, clusters(world.data, groups))
    assert len(files.cases) == len(groups) >= 5
    assert files.cases["state"].eq("suspected").all()
    assert files.cases["note"].eq("").all()


def test_a_fan_club_and_a_newsroom_are_cleared_each_by_its_own_explanation(world: World) -> None:
    benign = planted(world.benign, "group")
    groups = {name: ("coordination", ids) for name, (_, ids) in benign.items()}
    files = filed(world.data, clusters(world.data, groups))
    assert files.cases["state"].eq("cleared").all()
    for name, (kind, _) in benign.items():
        why = {"fan_club": "a fan club", "newsroom": "an organisation"}[kind]
        assert str(files.cases.loc[name, "why"]).startswith(why)


def test_what_a_search_explained_is_cleared_in_its_words(world: World) -> None:
    groups = planted(world.bots, "bot_cluster")
    files = filed(world.data, clusters(world.data, groups, explained="a choir"))
    assert files.cases["state"].eq("cleared").all()
    assert files.cases["why"].eq("a choir").all()


def test_how_far_members_act_on_one_another_is_told(world: World) -> None:
    groups = {"a": ("coordination", list(world.bots["account_id"][:6]))}
    found = clusters(world.data, groups)
    told = replace(found, clusters=found.clusters.assign(own_objects=0.9, own_returned=0.1))
    rows = filed(world.data, told).explanations.query("explanation == 'acquaintances'")
    assert rows["value"].tolist() == [0.9, 0.1]
    assert rows["speaks"].tolist() == ["for", "against"]


def test_a_case_counts_what_was_done_together(world: World) -> None:
    groups = planted(world.bots, "bot_cluster")
    found = clusters(world.data, groups)
    case = filed(world.data, found).cases.iloc[0]
    acts = found.joint_acts[found.joint_acts["bot_cluster"] == found.clusters.index[0]]
    assert (case["acts"], case["objects"]) == (len(acts), acts["object"].nunique())
    assert (case["first"], case["last"]) == (acts["created_at"].min(), acts["created_at"].max())


def test_without_follows_profiles_and_times_nothing_can_be_tested() -> None:
    acts = [(one, post) for one in "abcd" for post in ("p", "q", "r")]
    engagements = pd.DataFrame(acts, columns=["account_id", "post_id"]).assign(kind="repost")
    posts = pd.DataFrame({"post_id": ["p", "q", "r"], "author_id": "z"})
    data = from_tables(posts=posts, engagements=engagements)
    found = clusters(data, {"c": ("coordination", list("abcd"))})
    files = filed(data, found)
    assert files.cases.loc["c", "state"] == "too little data"
    known = files.explanations.dropna(subset="value")
    assert set(known["measured"]) <= {
        "follows, acts and posts beside, median member",
        "share of joint acts on posts of one account",
    }


def test_by_the_clock_without_follows_is_too_little_to_tell_bots_from_a_newsroom(world: World) -> None:
    news = planted(world.benign, "group")
    group = {name: case for name, case in news.items() if case[0] == "newsroom"}
    tables = {"accounts": world.data.accounts, "posts": world.data.posts}
    data = from_tables(**tables, engagements=world.data.engagements)
    found = clusters(data, {name: ("coordination", ids) for name, (_, ids) in group.items()})
    case = filed(data, found).cases.iloc[0]
    assert case["state"] == casefile.TOO_LITTLE
    assert "newsrooms" in case["why"]


def _ring(shares: list[float], *, follow: bool, posts_of_each: int = 20) -> Dataset:
    """Eight accounts that like so much of one another's posts, by pair, with ten followers each."""
    rng, ids = np.random.default_rng(4), [f"one{n}" for n in range(8)]
    posts = [(f"{one}-{n}", one) for one in [*ids, "star"] for n in range(posts_of_each)]
    pairs = [(a, b, shares[(7 * i + j) % len(shares)]) for i, a in enumerate(ids) for j, b in enumerate(ids)]
    likes = [
        (a, f"{b}-{n}")
        for a, b, share in pairs
        for n in range(posts_of_each)
        if a != b and rng.random() < share
    ]
    follows = [(a, b) for a in ids for b in ids if a != b] + [
        (f"fan{n}", one) for n in range(10) for one in ids
    ]
    likes += [(f"fan{n}", f"star-{n % posts_of_each}") for n in range(10)]
    edges = pd.DataFrame(follows, columns=["follower_id", "followed_id"])
    return from_tables(
        posts=pd.DataFrame(posts, columns=["post_id", "author_id"]),
        engagements=pd.DataFrame(likes, columns=["account_id", "post_id"]).assign(kind="like"),
        **({"follows": edges} if follow else {}),
    )


@pytest.mark.parametrize(
    ("shares", "follow", "state"),
    [([0.6], True, "suspected"), ([0.2, 0.9, 0.5], True, "cleared"), ([0.6], False, "suspected")],
)
def test_friends_prefer_some_and_a_pod_is_even(shares: list[float], state: str, *, follow: bool) -> None:
    data = _ring(shares, follow=follow)
    groups: Groups = {"c": ("pod", [f"one{n}" for n in range(8)])}
    assert filed(data, clusters(data, groups)).cases["state"].tolist() == [state]


def test_of_few_posts_it_cannot_be_told_whether_friends_prefer_some() -> None:
    data = _ring([0.2, 0.9, 0.5], follow=True, posts_of_each=3)
    case = filed(data, clusters(data, {"c": ("pod", [f"one{n}" for n in range(8)])})).cases.loc["c"]
    assert (case["state"], "too few" in case["why"]) == (casefile.TOO_LITTLE, True)


def test_who_shares_links_is_no_fan_club_for_a_few_reposts_of_those_they_follow() -> None:
    ids = [f"one{n}" for n in range(6)]
    acts = pd.DataFrame(
        [(one, f"link{n}") for one in ids for n in range(9)], columns=["account_id", "object"]
    )
    post = pd.DataFrame({"account_id": ids, "object": "p"})
    data = from_tables(
        posts=pd.DataFrame({"post_id": ["p"], "author_id": "star"}),
        engagements=acts.assign(kind="share"),
        follows=pd.DataFrame({"follower_id": ids, "followed_id": "star"}),
    )
    joint = pd.concat([acts, post]).assign(bot_cluster="c", kind="share")
    joint["created_at"] = pd.Timestamp("2026-01-01", tz="UTC")
    found = clusters(data, {"c": ("coordination", ids)})
    rows = filed(data, replace(found, joint_acts=joint.astype(JOINT_ACTS))).explanations
    assert rows.loc[rows["measured"].str.contains("followers of the author"), "value"].tolist() == [0.1]


@pytest.mark.parametrize(
    ("bios", "value", "word"),
    [
        (["with"] * 6 + ["but"] * 2 + [""] * 2, 0.0, ""),  # everybody's word; what a few share by chance
        (["with ridgeline"] * 8 + ["with"] * 2, 0.8, "ridgeline"),
        ([""] * 10, 0.0, ""),
    ],
)
def test_only_words_that_tell_members_from_others_speak_for_an_organisation(
    bios: list[str], value: float, word: str
) -> None:
    others = ["with"] * 60 + ["but"] * 8 + ["just this one time"] * 132
    ids = [f"a{number}" for number in range(len(bios) + len(others))]
    accounts = pd.DataFrame({"account_id": ids, "bio": bios + others})
    follows = pd.DataFrame({"follower_id": ids, "followed_id": np.roll(ids, 1)})
    data, group = from_tables(accounts=accounts, follows=follows), np.arange(len(bios))
    facts = Facts(data, group, rng=np.random.default_rng(1))
    measured, which = facts.shared_word(group)
    assert (measured.value, which) == (value, word)
    asked = _organisation(facts, group)[1]
    assert (
        asked.measured == f"share of members with {f'the word {word!r}' if word else RARE} in their profiles"
    )
    assert asked.speaks == ("for" if word else "against")


def test_no_clusters_make_no_cases(world: World) -> None:
    files = filed(world.data, no_clusters())
    assert files.cases.empty
    assert list(files.explanations.columns) == list(casefile.EXPLANATIONS)
