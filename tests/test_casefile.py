"""Case files: fan clubs, newsrooms and bursts are cleared, those who have no life of their own are not."""

import numpy as np
import pandas as pd
import pytest

from influgraph import plots
from influgraph.bots.casefile import CaseFiles, case_files
from influgraph.bots.clusters import CLUSTERS, JOINT_ACTS, MEMBERS, BotClusters
from influgraph.dataset import Dataset, from_tables
from influgraph.networks import follow_network

START = pd.Timestamp("2024-01-01", tz="UTC")
PEOPLE, GROUP, POSTS = 120, 12, 15


def _scene(what: str) -> tuple[Dataset, BotClusters]:
    """A group that reposts a star's posts (or its own) among people with friends."""
    rng = np.random.default_rng(3)
    people = [f"p{n}" for n in range(PEOPLE)]
    group = [f"g{n}" for n in range(GROUP)]
    author = group[0] if what == "office" else "star"
    pairs = [(one, people[(k + s) % PEOPLE]) for k, one in enumerate(people) for s in (1, 2, -1, -2)]
    pairs += [(one, "star") for one in group]
    if what in {"fans", "burst"}:
        pairs += [pair for k, one in enumerate(group) for pair in ((one, people[k]), (people[k], one))]
    if what == "office":
        pairs += [(one, other) for one in group for other in group if one != other]
    bios = [rng.choice(["runs far", "bakes bread", "likes rain"]) for _ in people]
    bios += ["the Harbour Gazette" if what == "office" else "hello"] * GROUP
    hours = np.arange(POSTS) * 30.0
    posts = pd.DataFrame({"post_id": [f"s{k}" for k in range(POSTS)], "author_id": author})
    acts = [
        (one, f"s{k}", hours[k] + rng.uniform(0.1, 0.2))
        for one in group
        for k in range(POSTS)
        if one != author
    ]
    if what == "burst":
        acts += [(one, f"s{k}", hours[k] + rng.uniform(0.1, 0.6)) for one in people for k in range(POSTS)]
    table = pd.DataFrame(acts, columns=["account_id", "post_id", "hour"])
    table["created_at"] = (START + pd.to_timedelta(table.pop("hour"), unit="h")).dt.floor("s")
    data = from_tables(
        accounts=pd.DataFrame({"account_id": [*people, *group, "star"], "bio": [*bios, ""]}),
        follows=pd.DataFrame(pairs, columns=["follower_id", "followed_id"]) if what != "no follows" else None,
        posts=posts.assign(created_at=(START + pd.to_timedelta(hours, unit="h"))),
        engagements=table.assign(kind="repost"),
    )
    joint = table[table["account_id"].isin(group)].rename(columns={"post_id": "object"})
    joint = joint.assign(bot_cluster="c", kind="repost")[list(JOINT_ACTS)].astype(JOINT_ACTS)
    cluster = {"kind": "coordination", "size": GROUP, "p_value": 1e-4, "q_value": 1e-3}
    cluster |= {"beneficiaries": ("star",), "evidence": "12 accounts reposted the same 15 posts"}
    clusters = pd.DataFrame([cluster], index=pd.Index(["c"], name="bot_cluster")).astype(CLUSTERS)
    members = pd.DataFrame({"bot_cluster": "c", "account_id": group, "membership": 1.0}).astype(MEMBERS)
    return data, BotClusters(clusters, members, joint)


def _files(what: str) -> CaseFiles:
    return case_files(*_scene(what), rng=np.random.default_rng(7))


@pytest.mark.parametrize(
    ("what", "state", "explanation"),
    [
        ("fans", "cleared", "fan club"),
        ("office", "cleared", "organisation"),
        ("burst", "cleared", "fan club"),
        ("squad", "suspected", ""),
        ("no follows", "suspected", ""),
    ],
)
def test_states(what: str, state: str, explanation: str) -> None:
    case = _files(what).cases.loc["c"]
    assert (case["state"], case["explanation"]) == (state, explanation)
    assert case["review"] == ""
    assert case["sentence"].startswith("12 accounts reposted the same 15 posts. By chance")
    assert case["objects"] == POSTS


def test_measurements_say_for_whom_they_speak() -> None:
    rows = _files("squad").explanations.set_index(["explanation", "measured"])
    lives = rows.loc[("fan club", "members whom somebody outside follows back")]
    assert lives[["value", "usual", "speaks"]].tolist() == [0.0, pytest.approx(120 / 121), "against"]
    burst = _files("burst").explanations
    assert (burst.loc[burst["explanation"] == "burst", "speaks"] == "for").all()
    unknown = _files("no follows").explanations
    assert "not known" in set(unknown["speaks"])


def test_pods_are_cleared_only_as_slow_friends() -> None:
    data, found = _scene("office")
    pod = BotClusters(found.clusters.assign(kind="pod"), found.members, found.joint_acts)
    case = case_files(data, pod, rng=np.random.default_rng(7)).cases.loc["c"]
    assert case["explanation"] == "friends"
    data, found = _scene("squad")
    pod = BotClusters(found.clusters.assign(kind="pod"), found.members, found.joint_acts)
    assert case_files(data, pod, rng=np.random.default_rng(7)).cases.loc["c", "state"] == "suspected"


def test_pictures_state_the_finding() -> None:
    data, found = _scene("squad")
    joint = found.joint_acts
    acts = plots.plot_joint_acts(joint)
    assert acts.get_title(loc="left").startswith("12 members acted 180 times on 15 objects")
    assert "No joint act" in plots.plot_joint_acts(joint.head(0)).get_title(loc="left")
    others = pd.DataFrame({"account_id": [f"p{n}" for n in range(GROUP)], "object": ["s0"] + [None] * 11})
    title = plots.plot_block(joint, others).get_title(loc="left").replace("\n", " ")
    assert title == "At least half of the members acted on 15 objects, of like accounts 1%"
    drawn = plots.plot_cluster(pd.Index(found.members["account_id"]), follow_network(data))
    assert drawn.get_title(loc="left") == "12 suspects pay 0% of their attention to one another"
    plots.plot_cluster(pd.Index(["g0"]), follow_network(data), count=40)
