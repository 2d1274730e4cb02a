"""Audiences: composition, bonds, overlap and reach, drivers, standing inside niches."""

from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from influgraph.audience import bonds, composition, drivers, in_niches, overlap
from influgraph.dataset import Dataset, from_tables

RNG_SEED = 11


def rng() -> np.random.Generator:
    return np.random.default_rng(RNG_SEED)


def followers_of(lists: dict[str, list[str]], **columns: object) -> pd.DataFrame:
    pairs = [(member, name) for name, members in lists.items() for member in members]
    return pd.DataFrame(pairs, columns=["follower_id", "followed_id"]).assign(**columns)


def random_lists(*, accounts: int, members: int, share: float) -> tuple[Dataset, np.ndarray]:
    held = rng().random((accounts, members)) < share
    held[:, 0] = True
    stars, people = [f"s{i}" for i in range(accounts)], [f"m{i}" for i in range(members)]
    lists = {star: [people[i] for i in np.flatnonzero(row)] for star, row in zip(stars, held, strict=True)}
    return from_tables(follows=followers_of(lists)), held


def niche_of(data: Dataset, values: dict[str, int]) -> pd.Series:
    return pd.Series(values, dtype="Int64").reindex(data.account_ids)


# composition


def five_in_three_groups() -> tuple[Dataset, pd.Series]:
    people = [f"p{i}" for i in range(47)]
    data = from_tables(follows=followers_of({"a": people}))
    return data, niche_of(data, {p: 0 if i < 30 else 1 if i < 42 else 2 for i, p in enumerate(people)})


def test_shares_are_counts_over_all_members() -> None:
    data, niche = five_in_three_groups()
    found = composition.composition(data, niche, by=["niche"], min_cell=0).set_index("group")
    assert found["count"].to_dict() == {"0": 30, "1": 12, "2": 5}
    assert found["share"].sum() == pytest.approx(1)
    assert (found["share_low"] < found["share"]).all()
    assert (found["share"] < found["share_high"]).all()


def test_small_group_takes_the_next_with_it_so_that_nothing_is_left_by_subtraction() -> None:
    data, niche = five_in_three_groups()
    found = composition.composition(data, niche, by=["niche"], min_cell=10)
    assert found["group"].fillna("-").tolist() == ["0", "-"]
    assert found["count"].tolist() == [30, 17]
    assert found["pooled"].tolist() == [False, True]


@pytest.mark.parametrize("min_cell", [2, 5, 10])
def test_nothing_shown_is_smaller_than_allowed_nor_pooled_alone(min_cell: int) -> None:
    generator = rng()
    data, _ = random_lists(accounts=30, members=60, share=0.4)
    niche = pd.Series(generator.choice(6, len(data.account_ids)), data.account_ids, dtype="Int64")
    shown = composition.composition(data, niche, by=["niche"], min_cell=min_cell)
    whole = composition.composition(data, niche, by=["niche"], min_cell=0)
    assert shown["count"].dropna().min() >= min_cell
    hidden = whole.groupby("account_id").size() - shown[~shown["pooled"]].groupby("account_id").size()
    assert not (hidden == 1).any()
    kept = shown.dropna(subset="count").groupby("account_id")["count"].sum()
    some_hidden = shown.groupby("account_id")["count"].apply(lambda count: count.isna().any())
    assert (kept[~some_hidden.reindex(kept.index)] == whole.groupby("account_id")["count"].sum()).all()


def test_authentic_members_count_by_their_authenticity() -> None:
    data = from_tables(follows=followers_of({"a": ["b", "c", "d"]}))
    authentic = pd.Series({"b": 0.0, "c": 0.5})
    niche = niche_of(data, {"b": 0, "c": 0, "d": 1})
    found = composition.composition(data, niche, by=["niche"], authentic=authentic, min_cell=0)
    assert found["count"].tolist() == [0.5, 1.0]
    assert found["size"].tolist() == [1.5, 1.5]


def test_shares_in_several_niches_count_in_parts() -> None:
    data = from_tables(follows=followers_of({"a": ["b", "c"]}))
    shares = pd.DataFrame({"account_id": ["b", "b", "c"], "niche": [0, 1, 1], "share": [0.5, 0.5, 0.6]})
    found = composition.composition(data, shares, by=["niche"], min_cell=0)
    assert found.set_index(found["group"].fillna("none"))["count"].to_dict() == pytest.approx(
        {"0": 0.5, "1": 1.1, "none": 0.4}
    )


def test_engagers_are_those_who_did_more_than_view() -> None:
    acts = pd.DataFrame({"account_id": list("bbc"), "kind": ["like", "view", "view"], "target_id": "a"})
    data = from_tables(engagements=acts)
    found = composition.composition(data, niche_of(data, {"b": 0, "c": 0}), by=["niche"], min_cell=0)
    assert found[["audience", "size"]].to_numpy().tolist() == [["engagers", 1.0]]


def cut_in_time(*, early: int, late: int, stated: int | None = None) -> tuple[Dataset, pd.Series]:
    people = [f"p{i}" for i in range(early + late)]
    follows = followers_of({"a": people}, followed_at=range(early + late))
    accounts = pd.DataFrame(
        {"account_id": ["a", *people], "followers_stated": [stated] + [None] * len(people)}
    )
    data = from_tables(accounts=accounts, follows=follows)
    return data, niche_of(data, {p: int(i >= early) for i, p in enumerate(people)})


def test_lists_cut_to_the_latest_widen_by_how_far_their_halves_differ() -> None:
    steady, niche = cut_in_time(early=0, late=200, stated=1000)
    mixed = pd.Series(np.arange(len(niche)) % 2, niche.index, dtype="Int64")
    options = {"by": ["niche"], "cut": "latest:200"}
    whole = composition.composition(steady, mixed, by=["niche"]).iloc[0]
    alike = composition.composition(steady, mixed, **options).iloc[0]
    drifting = composition.composition(*cut_in_time(early=100, late=100, stated=1000), **options).iloc[0]
    width = [row["share_high"] - row["share_low"] for row in (whole, alike, drifting)]
    assert width[0] < width[1] < 0.5 < width[2]


def test_of_latest_followers_without_times_the_unseen_may_be_anything() -> None:
    data, niche = cut_in_time(early=50, late=50, stated=1000)
    untimed = from_tables(
        accounts=data.accounts.reset_index(), follows=data.follows.drop(columns="followed_at")
    )
    found = composition.composition(untimed, niche, by=["niche"], cut="latest:100").iloc[0]
    assert found["share_low"] <= 0.05
    assert found["share_high"] >= 0.95
    shorter = composition.composition(untimed, niche, by=["niche"], cut="latest:101").iloc[0]
    assert shorter["share_high"] < 0.6


def test_intervals_of_lists_cut_at_random_hold_the_whole_share() -> None:
    generator = rng()
    people = [f"p{i}" for i in range(400)]
    lists = {f"a{i:02d}": people for i in range(60)}
    whole = followers_of(lists)
    niche = {person: int(i < 120) for i, person in enumerate(people)}
    data = from_tables(follows=whole[generator.random(len(whole)) < 0.2])
    found = composition.composition(data, niche_of(data, niche), by=["niche"], cut="random:0.2")
    ones = found[found["group"] == "1"]
    held = ((ones["share_low"] <= 0.3) & (ones["share_high"] >= 0.3)).mean()
    assert 0.85 <= held <= 1
    assert (ones["share_high"] - ones["share_low"]).mean() < 0.25


def test_unknown_labels_and_accounts_are_refused() -> None:
    data, niche = five_in_three_groups()
    with pytest.raises(ValueError, match="'colour'"):
        composition.composition(data, niche, by=["colour"])
    with pytest.raises(ValueError, match="'nobody'"):
        composition.composition(data, niche, accounts=["nobody"])
    with pytest.raises(ValueError, match="'random:2'"):
        composition.composition(data, niche, cut="random:2")
    with pytest.raises(ValueError, match="authentic"):
        composition.composition(data, niche, authentic=pd.Series({"a": 2.0}))
    with pytest.raises(ValueError, match="niche must be indexed"):
        composition.composition(data, pd.Series({"nobody": 1}))


def test_without_follows_and_engagements_there_are_no_rows() -> None:
    data = from_tables(accounts=pd.DataFrame({"account_id": ["a"]}))
    assert composition.composition(data, niche_of(data, {})).empty


# bonds


def test_returning_takes_a_week_and_the_time_for_it() -> None:
    days = {"b": [1, 3, 9], "c": [1, 7], "d": [10, 25], "e": [24]}
    rows = [(who, "like", "a", f"2024-01-{day:02d}") for who, some in days.items() for day in some]
    acts = pd.DataFrame(rows, columns=["account_id", "kind", "target_id", "created_at"])
    found = bonds.loyalty(from_tables(engagements=acts)).loc["a"]
    assert found[["engagers", "returning"]].tolist() == [3, 2]  # e came a day before the end
    assert found["loyalty_low"] < found["loyalty"] < found["loyalty_high"]


def test_planted_loyalty_is_covered() -> None:
    generator = rng()
    truth = generator.beta(2, 6, 150)
    engagers = generator.integers(1, 40, 150)
    rows = []
    for account, (share, count) in enumerate(zip(truth, engagers, strict=True)):
        for person in range(count):
            rows.append((f"p{person}", f"a{account}", 0))
            if generator.random() < share:
                rows.append((f"p{person}", f"a{account}", 20))
    acts = pd.DataFrame(rows, columns=["account_id", "target_id", "day"])
    acts["created_at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(acts.pop("day"), unit="D")
    found = bonds.loyalty(from_tables(engagements=acts.assign(kind="like")))
    found = found.loc[[f"a{account}" for account in range(150)]]
    assert 0.85 <= ((found["loyalty_low"] <= truth) & (truth <= found["loyalty_high"])).mean() <= 0.96


def test_reciprocity_agrees_with_networkx() -> None:
    graph = nx.gnp_random_graph(40, 0.2, seed=3, directed=True)
    follows = pd.DataFrame([(f"{a}", f"{b}") for a, b in graph.edges], columns=["follower_id", "followed_id"])
    found = bonds.reciprocity(from_tables(follows=follows))["reciprocity"]
    for account in graph:
        fans = set(graph.predecessors(account))
        assert found[str(account)] == pytest.approx(len(fans & set(graph.successors(account))) / len(fans))


def test_reciprocity_of_lists_cut_at_random_is_seen_through_the_cut() -> None:
    people = [f"p{i}" for i in range(800)]
    both_ways = pd.concat([followers_of({"a": people}), followers_of({p: ["a"] for p in people[:400]})])
    seen = both_ways[rng().random(len(both_ways)) < 0.5]
    found = bonds.reciprocity(from_tables(follows=seen), cut="random:0.5").loc["a"]
    assert found["reciprocity_low"] <= 0.5 <= found["reciprocity_high"]
    assert found["reciprocity"] == pytest.approx(0.5, abs=0.1)


def test_density_agrees_with_networkx() -> None:
    graph = nx.gnp_random_graph(40, 0.3, seed=4, directed=True)
    follows = pd.DataFrame([(f"{a}", f"{b}") for a, b in graph.edges], columns=["follower_id", "followed_id"])
    found = bonds.connection_density(from_tables(follows=follows), rng=rng())
    for account in graph:
        fans = graph.subgraph(graph.predecessors(account))
        assert found.loc[str(account), "density"] == pytest.approx(nx.density(fans))
    assert found["density_ratio"].median() == pytest.approx(1, abs=0.1)
    assert (found["density_ratio_low"] < found["density_ratio"]).all()


def test_density_of_a_close_audience_stands_out_and_few_followers_have_none() -> None:
    circle = [f"c{i}" for i in range(10)]
    strangers = [f"s{i}" for i in range(10)]
    among = {member: [other for other in circle if other != member] for member in circle}
    apart = {f"x{i}": [f"s{i}", f"y{i}"] for i in range(10)}
    lists = {"close": circle, "loose": strangers, "few": circle[:2], **among, **apart}
    found = bonds.connection_density(
        from_tables(follows=followers_of(lists)), accounts=["close", "loose", "few"], rng=rng()
    )
    assert found.loc["close", "density"] == 1
    assert found.loc["close", "density_ratio_low"] > 1
    assert found.loc["loose", "density"] == 0
    assert found.loc["loose", "density_high"] > 0
    assert found.loc["few", "density_missing"].startswith("fewer than 5")


def test_large_audiences_are_sampled_with_error(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = nx.gnp_random_graph(300, 0.2, seed=5, directed=True)
    edges = [(f"{a}", f"{b}") for a, b in graph.edges] + [(f"{a}", "star") for a in graph]
    data = from_tables(follows=pd.DataFrame(edges, columns=["follower_id", "followed_id"]))
    exact = bonds.connection_density(data, accounts=["star"], rng=rng()).loc["star"]
    monkeypatch.setattr(bonds, "MOST_TIES", 5000)
    sampled = bonds.connection_density(data, accounts=["star"], rng=rng()).loc["star"]
    assert exact["members"] == 300 > sampled["members"]
    assert sampled["density_low"] <= exact["density"] <= sampled["density_high"]


# overlap and reach


def test_overlap_agrees_with_sets() -> None:
    data, held = random_lists(accounts=6, members=200, share=0.3)
    found = overlap.overlap(data, [f"s{i}" for i in range(6)], rng=rng())
    for row, (one, other) in zip(found.itertuples(), combinations(range(6), 2), strict=True):
        both, either = (held[one] & held[other]).sum(), (held[one] | held[other]).sum()
        assert row.shared == row.shared_low == row.shared_high == both
        assert row.jaccard == pytest.approx(both / either)
        assert row.overlap_coefficient == pytest.approx(both / min(held[one].sum(), held[other].sum()))


@pytest.mark.parametrize("share", [0.5, 0.2])
def test_overlap_and_reach_are_seen_through_lists_cut_at_random(share: float) -> None:
    data, held = random_lists(accounts=8, members=3000, share=0.25)
    whole = data.follows
    one, other = np.triu_indices(8, 1)
    both = (held[one] & held[other]).sum(axis=1)
    jaccard = both / (held[one] | held[other]).sum(axis=1)
    reached = np.array([held[: i + 1].any(axis=0).sum() for i in range(8)])
    stars, generator = [f"s{i}" for i in range(8)], rng()
    shared, alike, union, error = [], [], [], []
    for _ in range(24):
        seen = from_tables(follows=whole[generator.random(len(whole)) < share])
        found = overlap.overlap(seen, stars, cut=f"random:{share}", rng=generator)
        shared.append(found["shared_low"].le(both) & found["shared_high"].ge(both))
        alike.append(found["jaccard_low"].le(jaccard) & found["jaccard_high"].ge(jaccard))
        error.append(found["shared"] / both - 1)
        total = overlap.reach(seen, stars, cut=f"random:{share}", rng=generator)
        union.append(total["cumulative_reach_low"].le(reached) & total["cumulative_reach_high"].ge(reached))
    assert 0.82 <= np.mean(shared) <= 0.98
    assert 0.82 <= np.mean(alike) <= 1
    assert np.mean(union) >= 0.75
    assert abs(np.mean(error)) < 0.05


def test_lists_too_long_to_compare_are_sampled_with_error(monkeypatch: pytest.MonkeyPatch) -> None:
    data, held = random_lists(accounts=3, members=2000, share=0.3)
    monkeypatch.setattr(overlap, "MOST_PAIRS", 500)
    found = overlap.overlap(data, ["s0", "s1"], rng=rng()).iloc[0]
    both = (held[0] & held[1]).sum()
    assert found["shared_low"] < both < found["shared_high"]


def test_of_latest_followers_only_ends_are_known() -> None:
    data, held = random_lists(accounts=2, members=200, share=0.4)
    latest = overlap.overlap(data, ["s0", "s1"], cut=f"latest:{held[0].sum()}", rng=rng()).iloc[0]
    assert pd.isna(latest["shared"])
    assert latest["shared_low"] == (held[0] & held[1]).sum()
    whole = overlap.overlap(data, ["s0", "s1"], cut="latest:1000", rng=rng()).iloc[0]
    assert whole["shared"] == latest["shared_low"]


def test_reach_counts_each_member_once() -> None:
    data, held = random_lists(accounts=7, members=300, share=0.2)
    found = overlap.reach(data, [f"s{i}" for i in range(7)], rng=rng())
    assert found["cumulative_reach"].tolist() == [held[: i + 1].any(axis=0).sum() for i in range(7)]
    assert found["marginal_reach"].sum() == held.any(axis=0).sum()
    assert found["unique_reach"].tolist() == ((held.sum(axis=0) == 1) & held).sum(axis=1).tolist()


def test_greedy_order_is_that_of_counting_all_anew() -> None:
    data, held = random_lists(accounts=12, members=300, share=0.15)
    found = overlap.reach(data, [f"s{i}" for i in range(12)], greedy=True, rng=rng())
    covered, left = np.zeros(300, bool), list(range(12))
    for name in found["account_id"]:
        best = max(left, key=lambda i: (held[i] & ~covered).sum())
        assert (held[int(name[1:])] & ~covered).sum() == (held[best] & ~covered).sum()
        covered |= held[int(name[1:])]
        left.remove(int(name[1:]))
    assert found["marginal_reach"].is_monotonic_decreasing


def test_account_without_audience_shares_nothing_and_unknown_ones_are_refused() -> None:
    data = from_tables(follows=followers_of({"a": ["b", "c"]}))
    found = overlap.overlap(data, ["b", "c"], rng=rng()).iloc[0]
    assert found["shared"] == 0
    assert pd.isna(found["jaccard"])
    with pytest.raises(ValueError, match="'x'"):
        overlap.overlap(data, ["a", "x"], rng=rng())
    with pytest.raises(ValueError, match="two or more"):
        overlap.overlap(data, ["a"], rng=rng())
    with pytest.raises(ValueError, match="at least one"):
        overlap.reach(data, [], rng=rng())


# drivers


def answered(effect: float, *, accounts: int = 30, posts: int = 60) -> Dataset:
    """Posts of which every other is a clip, which gets `effect` times the response; heavy tails."""
    generator = rng()
    size = accounts * posts
    clip = generator.random(size) < 0.5
    mean = np.repeat(generator.lognormal(1, 0.5, accounts), posts) * np.where(clip, effect, 1.0)
    count = generator.negative_binomial(1.0, 1 / (1 + mean))
    frame = pd.DataFrame(
        {"post_id": np.arange(size), "author_id": [f"a{i // posts:02d}" for i in range(size)]}
    )
    frame["format"] = np.where(clip, "clip", "text")
    frame["hashtags"] = [[["sun", "rain", "snow"][i]] for i in generator.integers(0, 3, size)]
    acts = pd.DataFrame({"account_id": "fan", "kind": "like", "post_id": np.repeat(np.arange(size), count)})
    return from_tables(posts=frame, engagements=acts)


def test_planted_format_is_found_with_its_size_and_nothing_else() -> None:
    found = drivers.drivers(answered(2.5))
    clips = found[found["trait"] == "clip"]
    assert len(clips) == 30
    assert clips["told"].mean() > 0.6
    assert ((clips["ratio_low"] <= 2.5) & (clips["ratio_high"] >= 2.5)).mean() >= 0.8
    assert found[found["kind"] == "topic"]["told"].mean() < 0.05


def test_where_nothing_matters_nothing_is_told() -> None:
    data = answered(1.0)
    found = drivers.drivers(data)
    assert found["told"].mean() < 0.03
    told = drivers.tell_drivers(data, found)
    assert told["a00"] == "No topic, format or hour goes with a difference that could be told."
    assert told["fan"].startswith("Too few posts")


def test_a_sentence_names_the_trait_its_size_and_interval() -> None:
    data = answered(4.0, accounts=5)
    sentence = drivers.tell_drivers(data, drivers.drivers(data))["a00"]
    assert "posts of format clip get " in sentence
    assert " times (" in sentence


def test_terms_in_texts_are_topics_too_and_young_posts_are_left_out() -> None:
    days = pd.date_range("2024-01-01", periods=30, freq="D")
    texts = ["I run, always", "runner"] * 15
    posts = pd.DataFrame({"post_id": range(30), "author_id": "a", "created_at": days, "text": texts})
    posts["hashtags"] = [[] for _ in range(30)]
    acts = pd.DataFrame(
        {"account_id": "b", "kind": "like", "post_id": [0, 2, 4, 1], "created_at": days[[0, 2, 29, 1]]}
    )
    found = drivers.drivers(from_tables(posts=posts, engagements=acts), terms=["run"])
    row = found[found["trait"] == "run"].iloc[0]
    assert row["posts"] + row["others"] == 27
    assert row["response_with"] == pytest.approx(2 / row["posts"])  # the third came weeks after its post


def test_no_posts_and_no_answers_give_no_rows() -> None:
    data = from_tables(accounts=pd.DataFrame({"account_id": ["a"]}))
    assert drivers.drivers(data).empty
    posts = pd.DataFrame({"post_id": range(20), "author_id": "a", "format": ["x", "y"] * 10})
    assert drivers.drivers(from_tables(accounts=data.accounts.reset_index(), posts=posts)).empty


# inside niches


def test_ranks_in_niches_are_ranks_of_each_niche_alone() -> None:
    generator = rng()
    score = pd.Series(generator.normal(size=40), [f"a{i}" for i in range(40)])
    niche = pd.Series(generator.choice([0, 1, 2], 40), score.index, dtype="Int64").mask(score > 1.2)
    draws = score.to_numpy()[:, None] + generator.normal(size=(40, 100)) * 0.5
    found = in_niches.rank_in_niche(score, niche, draws=draws)
    assert found["niche_rank"].isna().equals(niche.isna())
    for number in (0, 1, 2):
        some = score[niche.eq(number).fillna(value=False)]
        assert found.loc[some.sort_values(ascending=False).index, "niche_rank"].tolist() == list(
            range(1, len(some) + 1)
        )
    assert (found["niche_rank_low"] <= found["niche_rank"]).all()
    assert found["niche_rank_high"].max() <= found["niche_ranked"].max()


def test_participation_does_not_depend_on_how_many_are_seen() -> None:
    people = [f"p{i}" for i in range(3000)]
    niche = {person: i % 4 for i, person in enumerate(people)}
    generator = rng()
    lists = {f"a{i}": list(generator.choice(people, 6, replace=False)) for i in range(300)}
    data = from_tables(follows=followers_of({"all": people, **lists}))
    found = in_niches.participation(data, niche_of(data, niche))
    assert found.loc["all", "participation"] == pytest.approx(0.75, abs=0.001)
    assert found.loc[list(lists), "participation"].mean() == pytest.approx(0.75, abs=0.02)
    held = found.loc[list(lists)]
    assert ((held["participation_low"] <= 0.75) & (held["participation_high"] >= 0.75)).mean() > 0.85


def test_participation_of_one_niche_is_none_and_of_one_follower_unknown() -> None:
    data = from_tables(follows=followers_of({"a": ["b", "c", "d"], "e": ["b"]}))
    found = in_niches.participation(data, niche_of(data, dict.fromkeys("bcd", 0) | {"e": 1}))
    assert found.loc["a", "participation"] == 0 < found.loc["a", "participation_high"]
    assert found["participation_missing"].tolist()[:2] != [None, None]
    assert found.loc["e", "participation_missing"] == "fewer than two of its audience are in a niche"
    assert found.loc["b", "participation_missing"] == "no audience of it is known"


def test_response_on_topic_is_told_from_that_off_topic() -> None:
    generator = rng()
    on = generator.random(200) < 0.5
    texts = np.where(on, "Đường chạy #TRAIL", "bread")
    posts = pd.DataFrame({"post_id": range(200), "author_id": "a", "text": texts})
    count = generator.poisson(np.where(on, 6, 2))
    acts = pd.DataFrame({"account_id": "b", "kind": "like", "post_id": np.repeat(np.arange(200), count)})
    data = from_tables(posts=posts, engagements=acts)
    terms = pd.DataFrame({"niche": [0, 1], "term": ["trail", "bread"]})
    found = in_niches.topic_response(data, niche_of(data, {"a": 0}), terms)
    row = found.loc["a"]
    assert row["on_topic"] == on.sum()
    assert row["response_on_topic"] == pytest.approx(count[on].mean())
    assert row["topic_ratio_low"] < 3 < row["topic_ratio_high"]
    assert row["topic_q_value"] < 0.01
    assert found.loc["b", "topic_ratio_missing"] == "it is in no niche"


# a zoo of small datasets through everything


ZOO = {
    "accounts alone": {"accounts": pd.DataFrame({"account_id": ["a", "b"]})},
    "two accounts": {"follows": pd.DataFrame({"follower_id": ["a"], "followed_id": ["b"]})},
    "a star": {"follows": followers_of({"s": [f"p{i}" for i in range(30)]})},
    "acts on nobody and on unknown posts": {
        "engagements": pd.DataFrame(
            {
                "account_id": list("aab"),
                "kind": "like",
                "post_id": [None, "x", "y"],
                "target_id": ["b", None, None],
            }
        ),
        "posts": pd.DataFrame({"post_id": ["y"], "author_id": ["a"]}),
    },
    "a clique": {
        "follows": followers_of({f"c{i}": [f"c{j}" for j in range(12) if j != i] for i in range(12)})
    },
}


def test_a_post_is_about_the_niche_whose_terms_it_uses_most() -> None:
    texts = ["run", "bread and yeast on a run", "run with bread", "run with bread", "hello", None]
    posts = pd.DataFrame({"post_id": range(6), "author_id": [*"aaabba"], "text": texts})
    data = from_tables(accounts=pd.DataFrame({"account_id": [*"ab"]}), posts=posts)
    terms = pd.DataFrame({"niche": [4, 7, 7], "term": ["run", "bread", "yeast"]})
    found = in_niches.post_topics(data, niche_of(data, {"a": 4, "b": 7}), terms)
    assert found.fillna(-1).tolist() == [4, 7, 4, 7, -1, -1], "of equals, the author's own"
    assert in_niches.post_topics(data, niche_of(data, {"a": 4}), terms.iloc[:0]).isna().all()
    with pytest.raises(ValueError, match=r"terms must have columns niche and term; .*\['term'\]"):
        in_niches.post_topics(data, niche_of(data, {"a": 4}), terms[["niche"]])


@pytest.mark.parametrize("tables", ZOO.values(), ids=ZOO)
@pytest.mark.parametrize("cut", ["complete", "random:0.5", "latest:3", "prefix"])
@pytest.mark.parametrize("alone", [True, False])
def test_small_datasets_give_states_and_shares_within_bounds(
    tables: dict[str, pd.DataFrame], cut: str, *, alone: bool
) -> None:
    data = from_tables(**tables)
    values = [pd.NA] * len(data.account_ids) if alone else range(len(data.account_ids))
    niche = pd.Series(values, data.account_ids, dtype="Int64")
    ids = list(data.account_ids[:3])
    terms = pd.DataFrame({"niche": pd.Series([0], dtype="Int64"), "term": ["x"]})
    shares = [
        composition.composition(data, niche, cut=cut).filter(like="share"),
        bonds.loyalty(data).filter(regex="^loyalty(_low|_high)?$"),
        bonds.reciprocity(data, cut=cut).filter(regex="^reciprocity(_low|_high)?$"),
        bonds.connection_density(data, cut=cut, rng=rng()).filter(regex="^density(_low|_high)?$"),
        overlap.overlap(data, ids, cut=cut, rng=rng()).filter(regex="jaccard|coefficient"),
        in_niches.participation(data, niche).filter(regex="^participation(_low|_high)?$"),
    ]
    for frame in shares:
        known = frame.astype(float).dropna()
        assert known.ge(0).all(axis=None)
        assert known.le(1 + 1e-9).all(axis=None)
        if len(frame.columns) == 3:
            assert (known.iloc[:, 1] <= known.iloc[:, 0] + 1e-9).all()
            assert (known.iloc[:, 0] <= known.iloc[:, 2] + 1e-9).all()
    assert overlap.reach(data, ids, cut=cut, greedy=True, rng=rng())["account_id"].tolist()
    assert in_niches.topic_response(data, niche, terms)["topic_ratio_missing"].notna().all()
    assert drivers.tell_drivers(data, drivers.drivers(data, terms=["x"])).notna().all()


def test_order_of_rows_and_chance_change_nothing() -> None:
    data, _ = random_lists(accounts=5, members=60, share=0.5)
    niche = pd.Series(np.arange(len(data.account_ids)) % 3, data.account_ids, dtype="Int64")
    turned = from_tables(accounts=data.accounts.reset_index(), follows=data.follows.iloc[::-1])
    for measure in (
        lambda some: composition.composition(some, niche),
        bonds.reciprocity,
        lambda some: bonds.connection_density(some, rng=rng()),
        lambda some: overlap.overlap(some, ["s0", "s1", "s2"], rng=rng()),
        lambda some: overlap.reach(some, ["s0", "s1", "s2"], cut="random:0.5", rng=rng()),
        lambda some: in_niches.participation(some, niche),
    ):
        pd.testing.assert_frame_equal(measure(data), measure(turned))
