"""Attribution: by hand, against brute force, by law, on planted truth, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from influgraph import dataset, networks, niches, popularity, synthetic, uncertainty
from influgraph.dataset import Dataset
from influgraph.influence import _chain, _clock, _exposure, _kernels, _result, _window_kernels, attribution
from influgraph.synthetic import World, WorldSettings

TABLES = ("follows", "posts", "engagements")
NO_FOLLOWS = pd.DataFrame({"follower_id": [], "followed_id": []}, dtype=str)
NO_POSTS = pd.DataFrame({"post_id": [], "author_id": []}, dtype=str)


def _rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def _nowhere(data: Dataset) -> pd.Series:
    return pd.Series(pd.NA, index=data.account_ids, dtype="Int64")


def _attribute(data: Dataset, found: pd.Series | None = None, *, seed: int = 7) -> attribution.Attribution:
    found = _nowhere(data) if found is None else found
    return attribution.incremental_actions(data, kinds=["purchase"], niches=found, rng=_rng(seed))


def _world(**changes: object) -> tuple[World, pd.Series]:
    """A world of 6,000 accounts, and the niches that can be detected in it."""
    world = synthetic.make_world(WorldSettings(**{"accounts": 6000, "reruns": 6, **changes}), rng=_rng(8))
    return world, niches.find_niches(networks.follow_network(world.data), rng=_rng()).accounts["niche"]


@pytest.fixture(scope="module")
def planted() -> tuple[World, pd.Series]:
    return _world()


@pytest.fixture(scope="module")
def result(planted: tuple[World, pd.Series]) -> attribution.Attribution:
    world, found = planted
    return _attribute(world.data, found)


@pytest.fixture(scope="module")
def small() -> tuple[World, pd.Series]:
    """A world of 2,000 accounts, where more would only take longer."""
    return _world(accounts=2000)


@pytest.fixture(scope="module")
def small_result(small: tuple[World, pd.Series]) -> attribution.Attribution:
    return _attribute(small[0].data, small[1])


@pytest.fixture
def shop() -> Dataset:
    """`a` and `b` post once a day at any hour, c and d follow both and buy an hour after posts of `a`."""
    days = pd.date_range("2026-01-05", periods=56, freq="D", tz="UTC")
    hours = pd.to_timedelta(_rng().integers(0, 22, 112), unit="h")
    posts = pd.DataFrame(
        {
            "post_id": [f"p{i}" for i in range(112)],
            "author_id": ["a"] * 56 + ["b"] * 56,
            "created_at": [*(days + hours[:56]), *(days + hours[56:])],
        }
    )
    follows = pd.DataFrame({"follower_id": list("cdecde"), "followed_id": list("aaabbb")})
    bought = pd.DataFrame(
        {
            "account_id": ["c", "d"] * 28,
            "kind": "purchase",
            "created_at": days + hours[:56] + pd.Timedelta("1h"),
        }
    )
    return dataset.from_tables(follows=follows, posts=posts, engagements=bought)


def test_outcomes_done_to_an_account_are_counted() -> None:
    acts = pd.DataFrame(
        {"account_id": list("abcda"), "kind": "repost", "target_id": list("eeeae"), "weight": [1, 1, 1, 5, 2]}
    )
    data = dataset.from_tables(engagements=acts)
    found = attribution.incremental_actions(data, kinds=["repost"], niches=_nowhere(data), rng=_rng())
    accounts = found.accounts
    assert accounts["influence"].dropna().to_dict() == {"a": 5.0, "e": 5.0}
    assert accounts.loc["a", "influence_grade"] == "observed"
    assert (accounts["influence_low"].dropna() <= accounts["influence"].dropna()).all()
    assert accounts.loc["a", "influence_high"] > accounts.loc["e", "influence_high"], (
        "one actor is less certain"
    )
    assert accounts.loc["b", "influence_missing"] == "no post, or nobody to see it"
    assert found.outcomes == found.credited == 10


def test_purchases_an_hour_after_every_post_are_credited(shop: Dataset) -> None:
    accounts = _attribute(shop).accounts
    assert accounts.loc["a", "influence"] > 10 * accounts.loc["b", "influence"]
    assert accounts.loc["a", "influence_low"] > 5
    assert accounts.loc["b", "influence_low"] == 0
    assert (accounts.loc[["a", "b"], "influence_grade"] == "causal under assumptions").all()
    rate = 1000 * accounts.loc["a", "influence"] / (3 * 56)
    assert accounts.loc["a", "influence_rate"] == pytest.approx(rate)
    assert accounts.loc[["c", "d", "e"], "influence"].isna().all()
    assert accounts.loc["c", "influence_missing"] == "no post"


def _brute_pairs(scene: _exposure.Scene, window: float) -> set[tuple[int, int]]:
    follows, posts = scene.attention, scene.broadcasts
    pairs = set()
    for outcome, (account, time) in enumerate(
        zip(scene.outcomes.account, scene.outcomes.waking, strict=True)
    ):
        for f in range(follows.start[account], follows.start[account + 1]):
            exposer = follows.exposers[f]
            for b in range(posts.start[exposer], posts.start[exposer + 1]):
                if posts.time[b] >= follows.since[f] and time - window <= posts.time[b] < time:
                    pairs.add((outcome, b))
    return pairs


def _strata(niche: np.ndarray, table: np.ndarray) -> _exposure.Strata:
    return _exposure.Strata(niche, table, 3, sparse.csr_array(np.eye(2)[niche]), niche % 2)


def _random_scene(rng: np.random.Generator) -> _exposure.Scene:
    accounts, follows, posts, outcomes = 12, 40, 60, 30
    pairs = np.unique(rng.integers(0, accounts, (follows, 2)), axis=0)
    since = np.where(rng.random(len(pairs)) < 0.5, -np.inf, rng.random(len(pairs)) * 1e5)
    exposer, time = rng.integers(0, accounts, posts), rng.random(posts) * 1e5
    broadcasts = _exposure._sorted_broadcasts(
        exposer, exposer, time, np.ones(posts, bool), np.arange(posts), accounts
    )
    when = rng.random(outcomes) * 1e5
    return _exposure.Scene(
        outcomes=_exposure.Outcomes(rng.integers(0, accounts, outcomes), when, when, np.ones(outcomes, int)),
        pause=0.0,
        tempo=np.ones(outcomes),
        attention=_exposure.Attention(_exposure.row_starts(pairs[:, 0], accounts), pairs[:, 1], since),
        broadcasts=broadcasts,
        sights=np.ones(1),
        strata=_strata(rng.integers(0, 2, accounts), rng.integers(0, 3, (accounts, 2))),
        traits=(),
        period=1e5,
        waking_period=1e5,
        clock=_clock.Clock(np.ones(168), 0.0),
    )


@pytest.mark.parametrize("seed", range(5))
def test_pairs_and_seconds_are_those_of_brute_force(seed: int) -> None:
    scene, window = _random_scene(_rng(seed)), 2e4
    exposure = _exposure.expose(scene, window=window)
    posts, follows = scene.broadcasts, scene.attention
    wanted = _brute_pairs(scene, window)
    assert len(exposure.pair_outcome) == len(wanted)
    named = sorted((outcome, int(posts.author[b])) for outcome, b in wanted)
    ours = zip(exposure.pair_outcome, exposure.authors[exposure.pair_author], strict=True)
    assert sorted((int(outcome), int(author)) for outcome, author in ours) == named
    seconds = dict.fromkeys(exposure.authors.tolist(), 0.0)
    for account in range(12):
        for f in range(follows.start[account], follows.start[account + 1]):
            exposer = int(follows.exposers[f])
            for time in posts.time[posts.start[exposer] : posts.start[exposer + 1]]:
                if time >= follows.since[f]:
                    seconds[exposer] += min(window, scene.period - time)
    assert dict(
        zip(exposure.authors.tolist(), exposure.windows.by_author(np.ones(12))[0].sum(axis=1), strict=True)
    ) == pytest.approx(seconds)


def test_posts_side_by_side_keep_their_own_authors_and_strata() -> None:
    both = [_exposure.expose(_random_scene(_rng(seed)), window=2e4) for seed in (3, 4)]
    weight = _rng().random(12)
    kernels = [_rng(seed).random(one.strata * len(one.widths)) for seed, one in enumerate(both)]
    joint = _exposure.compete(*both)
    together = joint.windows.by_author(weight)
    for side in (0, 1):
        apart = [one.windows.by_author(weight)[side] for one in both]
        wanted = np.concatenate([part @ kernel for part, kernel in zip(apart, kernels, strict=True)])
        np.testing.assert_allclose(together[side] @ np.concatenate(kernels), wanted)
    theta = _rng().random(len(joint.authors))
    mass = joint.windows.masses(np.concatenate(kernels), accounts=12)
    by_account = joint.windows.by_account(theta, np.concatenate(kernels), accounts=12)
    np.testing.assert_allclose(mass @ theta, by_account)
    np.testing.assert_allclose(mass.T @ weight, together[1] @ np.concatenate(kernels))


def test_who_has_adopted_leaves_the_risk_set() -> None:
    account, time = np.arange(20), np.full(20, 4e4)
    once = _exposure.risk_ends(account, time, accounts=30, period=1e5)
    assert (once == np.where(np.arange(30) < 20, 4e4, 1e5)).all()
    for too_few_or_twice in (account[:5], np.r_[account, 3]):
        time = np.full(len(too_few_or_twice), 4e4)
        assert (_exposure.risk_ends(too_few_or_twice, time, accounts=30, period=1e5) == 1e5).all()


def _seconds(scene: _exposure.Scene, risk_end: np.ndarray) -> np.ndarray:
    """Follower-seconds after each of 60 broadcasts until risk ends."""
    posts = scene.broadcasts.start, scene.broadcasts.time
    listed = _window_kernels.list_windows(
        *vars(scene.attention).values(),
        risk_end,
        *posts,
        np.zeros(60, int),
        np.arange(60),
        60,
        np.zeros(60, int),
        2,
        np.zeros((12, 1), int),
        1e5,
        2e4,
    )
    windows = _exposure.Windows(*listed, authors=60, strata=1, edges=np.array([0, 2e4]))
    return windows.by_author(np.ones(12))[1][:, 0]


def test_nobody_is_exposed_after_leaving_the_risk_set() -> None:
    scene, early = _random_scene(_rng(3)), np.full(12, 4e4)
    counted = [_seconds(scene, risk_end) for risk_end in (early, np.full(12, 1e5))]
    left, stayed = counted
    assert (left <= stayed).all()
    assert (left[scene.broadcasts.time >= 4e4] == 0).all()
    before = scene.broadcasts.time + 2e4 <= 4e4
    np.testing.assert_allclose(left[before], stayed[before])


def test_an_author_alone_is_drawn_from_the_posterior_that_can_be_written_down() -> None:
    outcomes, exposed, rng = 30, 10.0, _rng()
    added, baseline = np.full(outcomes, 1e-5, np.float32), rng.uniform(1e-5, 4e-5, outcomes)
    rates = _chain.GRID
    prior = np.exp(-rates)[None]
    log = np.log1p(rates[:, None] * added / baseline).sum(axis=1) - rates * exposed
    posterior = np.exp(log - log.max()) * prior[0]
    posterior /= posterior.sum()
    current, likelihood, drawn = np.array([5]), np.empty((1, len(rates))), []
    intensity = (baseline + rates[5] * added).astype(np.float32)
    start, outcome = np.array([0, outcomes]), np.arange(outcomes)
    for uniform in (np.arange(400) + 0.5) / 400:
        _kernels.sample_rates(
            start, outcome, added, np.array([exposed]), np.ones(1), np.ones(1), rates, prior, np.zeros(1),
            np.array([uniform]), intensity, rates[current], current, likelihood,
        )  # fmt: skip
        drawn.append(rates[current[0]])
        np.testing.assert_allclose(intensity, baseline + drawn[-1] * added, rtol=1e-4)
    ours = likelihood[0] * prior[0]
    np.testing.assert_allclose(ours / ours.sum(), posterior, atol=0.01)
    assert np.mean(drawn) == pytest.approx(posterior @ rates, rel=0.03)


def test_the_truth_is_found(planted: tuple[World, pd.Series], result: attribution.Attribution) -> None:
    world, _ = planted
    truth = world.sources.set_index("account_id")["influence"]
    found = result.accounts.reindex(truth.index)
    followers = popularity.popularity(world.data)["followers"].reindex(truth.index)
    best = truth.nlargest(20).sum()
    # Worlds of seeds 8 and 1 to 5: sums 1.2 to 1.6 without views; .8 to 1.1 in others (docs/choices.md).
    assert truth[found["influence"].nlargest(20).index].sum() / best > 0.6
    assert truth[found["influence"].nlargest(20).index].sum() > 2 * truth[followers.nlargest(20).index].sum()
    assert 0.6 < found["influence"].sum() / truth.sum() < 1.7
    covered = found["influence_low"].le(truth) & found["influence_high"].ge(truth)
    assert covered.mean() > 0.86  # .98 or more in these worlds
    assert found["influence"].notna().mean() > 0.98
    assert (found["influence_total"].dropna() >= found["influence"].dropna()).all()


def test_the_comedian_is_popular_and_moves_nobody(
    planted: tuple[World, pd.Series], result: attribution.Attribution
) -> None:
    world, _ = planted
    comedian = world.sources.set_index("account_id")["is_comedian"].idxmax()
    counts = popularity.popularity(world.data)
    assert counts["followers"].rank(pct=True)[comedian] > 0.99
    assert counts["engagements_received"].rank(pct=True)[comedian] > 0.99
    assert result.accounts.loc[comedian, "influence_low"] == 0


@pytest.mark.parametrize("shocks", [0, 40])
def test_nothing_is_credited_where_nobody_has_influence(shocks: int) -> None:
    world, found = _world(caused_share=0.0, shocks=shocks, reacting_share=0.2 if shocks else 0.0)
    result = _attribute(world.data, found)
    assert result.credited / result.outcomes < 0.05
    assert (result.accounts["influence_low"].dropna() > 0).mean() < 0.08


def test_parts_add_up_to_the_estimate(result: attribution.Attribution) -> None:
    found = result.accounts.dropna(subset="influence")
    total = found["outcomes_after"] - found["had_anyway"] - found["due_to_others"] + found["shrinkage"]
    np.testing.assert_allclose(total, found["influence_total"], atol=1e-9)
    np.testing.assert_allclose(total - found["through_reposts"], found["influence"], atol=1e-9)
    assert (found[["outcomes_after", "had_anyway", "due_to_others"]] >= -1e-9).all().all()
    assert found["influence_information"].between(0, 1).all()
    by_niche = result.by_niche.groupby("account_id")["influence"].sum()
    np.testing.assert_allclose(by_niche.reindex(found.index).fillna(0), found["influence"], atol=1e-6)


def test_influence_lies_in_the_niche_of_those_who_are_moved(
    planted: tuple[World, pd.Series], result: attribution.Attribution
) -> None:
    found = planted[1]
    home = result.by_niche["account_id"].map(found)
    at_home = result.by_niche.loc[home == result.by_niche["niche"], "influence"].sum()
    assert at_home / result.by_niche["influence"].sum() > 0.5


def test_influence_divides_by_whatever_labels_the_people_moved(
    planted: tuple[World, pd.Series], result: attribution.Attribution
) -> None:
    found = result.accounts["influence"].dropna()
    for part, label in ((result.by_market, "market"), (result.by_platform, "platform")):
        assert part.columns.tolist() == ["account_id", label, *_result.INTERVAL]
        assert set(part[label]) <= set(planted[0].data.accounts[label])
        whole = part.groupby("account_id")["influence"].sum().reindex(found.index).fillna(0)
        np.testing.assert_allclose(whole, found, atol=1e-6)
        assert part["influence"].between(part["influence_low"], part["influence_high"]).all()


def test_influence_lies_in_the_market_of_those_who_buy(shop: Dataset) -> None:
    """`c` and `d` buy after posts of `a`; `e` sees the same posts and does not; sources state no market."""
    markets = ["north", "north", "south", None, None]
    accounts = pd.DataFrame({"account_id": list("cdeab"), "market": markets})
    tables = {name: getattr(shop, name) for name in TABLES}
    part = _attribute(dataset.from_tables(accounts=accounts, **tables)).by_market
    of_a = part[part["account_id"] == "a"].set_index("market")["influence"]
    assert of_a.index.tolist() == ["north", "south"]
    assert of_a["north"] > 10 * of_a["south"]
    everywhere = _attribute(dataset.from_tables(accounts=accounts.assign(market="north"), **tables))
    whole = everywhere.accounts["influence"].dropna()
    alone = everywhere.by_market.set_index("account_id")["influence"]
    np.testing.assert_allclose(alone, whole[alone.index])
    unstated = _attribute(dataset.from_tables(accounts=accounts.assign(market=None), **tables))
    assert unstated.by_market.empty
    assert _attribute(shop).by_platform.empty


def test_a_trial_settles_a_doubt(
    small: tuple[World, pd.Series], small_result: attribution.Attribution
) -> None:
    (world, found), result = small, small_result
    unsure = result.accounts[result.accounts["influence_low"] == 0]
    exposures = unsure["influence"] / unsure["influence_rate"]
    doubtful = unsure.loc[exposures > exposures.median(), "influence_rate"].idxmax()
    results = pd.DataFrame(
        {
            "account_id": doubtful,
            "arm": ["treated", "control"],
            "people": [20_000, 20_000],
            "posts": [10, 0],
            "outcomes": [900, 100],
        }
    )
    tried = attribution.incremental_actions(
        world.data, kinds=["purchase"], niches=found, trial_results=results, rng=_rng()
    )
    assert tried.accounts.loc[doubtful, "influence_low"] > 0
    assert tried.accounts.loc[doubtful, "influence"] > 2 * result.accounts.loc[doubtful, "influence"]
    # 800 more in 20,000 people x 10 posts: four per 1,000 exposures, whatever was seen without the trial.
    assert 3 < tried.accounts.loc[doubtful, "influence_rate"] < 5
    both = tried.by_trial.set_index("account_id").loc[doubtful]
    assert both["effect"] == pytest.approx(4, abs=0.1)
    alone = result.accounts.loc[doubtful]
    width = (alone["influence_high"] - alone["influence_low"]) * alone["influence_rate"] / alone["influence"]
    # Another chain: four of them find .96 to 1.40 for this account, in an interval from 0 to 3.5.
    assert both["seen"] == pytest.approx(alone["influence_rate"], abs=width / 5)
    assert both["seen_low"] < both["seen"] / 4  # Next to zero: rounding differs between processors.
    results["outcomes"] = [100, 100]
    settled = attribution.incremental_actions(
        world.data, kinds=["purchase"], niches=found, trial_results=results, rng=_rng()
    )
    assert settled.accounts.loc[doubtful, "influence_high"] < result.accounts.loc[doubtful, "influence_high"]


def test_influence_lies_with_the_topic_that_moves_people() -> None:
    """Half of every source's posts are about bread, and one in fifty of those who may see them buys."""
    rng, sources, people, days = _rng(3), 30, 1500, 28
    member = np.repeat(np.arange(people), 4)
    source = rng.integers(0, sources, len(member))
    author = np.repeat(np.arange(sources), 12)
    hour, bread = rng.integers(0, 24 * days - 80, len(author)), np.arange(len(author)) % 2 == 0
    post, row = np.nonzero((source == author[:, None]) & bread[:, None])
    bought = rng.random(len(post)) < 0.02
    anyway = rng.integers(0, people, 1000)
    buyer = np.concatenate([member[row[bought]], anyway])
    time = np.concatenate(
        [hour[post[bought]] + rng.exponential(6, bought.sum()), rng.uniform(0, 24 * days, 1000)]
    )
    begin, topic = pd.Timestamp("2024-01-01", tz="UTC"), pd.Series(np.where(bread, 4, 7)).astype("Int64")
    data = dataset.from_tables(
        follows=pd.DataFrame(
            {"follower_id": [f"m{u}" for u in member], "followed_id": [f"s{c}" for c in source]}
        ),
        posts=pd.DataFrame(
            {
                "post_id": [f"p{number}" for number in range(len(author))],
                "author_id": [f"s{number}" for number in author],
                "created_at": begin + pd.to_timedelta(hour, unit="h"),
            }
        ),
        engagements=pd.DataFrame(
            {
                "account_id": [f"m{u}" for u in buyer],
                "kind": "purchase",
                "created_at": begin + pd.to_timedelta(time, unit="h"),
            }
        ),
    )
    nowhere = pd.Series(pd.NA, index=data.account_ids, dtype="Int64")
    question = {"kinds": ["purchase"], "niches": nowhere}
    found = attribution.incremental_actions(
        data, **question, topics=topic.mask(bread & (author == 0)), rng=_rng()
    )
    shares = (
        found.by_topic.groupby("topic", dropna=False)["influence"].sum() / found.by_topic["influence"].sum()
    )
    assert shares[4] > 3 * shares[7]
    whole = found.by_topic.groupby("account_id")["influence"].sum()
    pd.testing.assert_series_equal(
        whole, found.accounts["influence"].reindex(whole.index), check_names=False, rtol=1e-9
    )
    assert set(found.by_topic.loc[found.by_topic["account_id"] == "s0", "topic"].fillna(-1)) == {-1, 7}
    assert found.by_topic["influence_low"].le(found.by_topic["influence"]).all()
    assert attribution.incremental_actions(data, **question, rng=_rng()).by_topic.empty
    with pytest.raises(ValueError, match="topics: must be indexed by the dataset's posts"):
        attribution.incremental_actions(data, **question, topics=topic.iloc[1:], rng=_rng())


def test_who_follows_more_and_buys_more_is_not_moved_by_it() -> None:
    """No influence; half of the accounts follow four times as many others, and buy four times as much."""
    rng = _rng(11)
    sources, people, days = 60, 6000, 28
    keen = np.arange(people) % 2 == 0
    pairs = [(m, s) for m in range(people) for s in rng.choice(sources, 12 if keen[m] else 3, replace=False)]
    member, source = np.array(pairs).T
    buyer = rng.choice(people, 9000, p=np.where(keen, 4, 1) / np.where(keen, 4, 1).sum())
    begin, ids = pd.Timestamp("2024-01-01", tz="UTC"), np.array([f"m{number}" for number in range(people)])
    author = np.repeat(np.arange(sources), 6)
    data = dataset.from_tables(
        follows=pd.DataFrame(
            {"follower_id": ids[member], "followed_id": [f"s{number}" for number in source]}
        ),
        posts=pd.DataFrame(
            {
                "post_id": [f"p{number}" for number in range(len(author))],
                "author_id": [f"s{number}" for number in author],
                "created_at": begin + pd.to_timedelta(rng.uniform(0, days, len(author)), unit="D"),
            }
        ),
        engagements=pd.DataFrame(
            {
                "account_id": ids[buyer],
                "kind": "purchase",
                "created_at": begin + pd.to_timedelta(rng.uniform(0, days, len(buyer)), unit="D"),
            }
        ),
    )
    nowhere = pd.Series(pd.NA, index=data.account_ids, dtype="Int64")
    found = attribution.incremental_actions(data, kinds=["purchase"], niches=nowhere, rng=_rng())
    assert found.credited / found.outcomes < 0.03
    assert found.accounts["influence_low"].gt(0).mean() < 0.08


def test_views_are_the_exposures_where_they_are_listed() -> None:
    world, found = _world(views=True, accounts=2000, caused_share=0.3)
    truth = world.sources.set_index("account_id")["influence"]
    unlisted = dataset.from_tables(
        accounts=pd.DataFrame({"account_id": world.data.account_ids}),
        follows=world.data.follows,
        posts=world.data.posts,
        engagements=world.data.engagements[world.data.engagements["kind"] != "view"],
    )
    seen, unseen = (
        _attribute(data, found).accounts["influence"].reindex(truth.index).corr(truth, method="spearman")
        for data in (world.data, unlisted)
    )
    assert seen > unseen


def test_whole_weeks_and_the_order_of_rows_do_not_matter(
    small: tuple[World, pd.Series], small_result: attribution.Attribution
) -> None:
    data, found = small[0].data, small[1]
    expected = small_result.accounts["influence"]
    later = {
        name: getattr(data, name).assign(**{column: getattr(data, name)[column] + pd.Timedelta("70D")})
        for name, column in (
            ("follows", "followed_at"),
            ("posts", "created_at"),
            ("engagements", "created_at"),
        )
    }
    shuffled = {name: table.sample(frac=1, random_state=3) for name, table in later.items()}
    moved = dataset.from_tables(accounts=pd.DataFrame({"account_id": data.account_ids}), **shuffled)
    np.testing.assert_allclose(_attribute(moved, found).accounts["influence"], expected, rtol=0.05, atol=0.5)


def test_same_chance_same_numbers(shop: Dataset) -> None:
    pd.testing.assert_frame_equal(_attribute(shop).accounts, _attribute(shop).accounts)


@pytest.mark.parametrize(
    ("dropped", "reason"),
    [
        ({"follows": NO_FOLLOWS}, "follows (or views) are missing"),
        ({"posts": NO_POSTS}, "posts with times are missing"),
        ({"engagements": pd.DataFrame({"account_id": ["c"], "kind": ["purchase"]})}, "no times"),
        (
            {"engagements": pd.DataFrame({"account_id": ["c"], "kind": ["click"]})},
            "no outcome of kind purchase; kinds in the data: click",
        ),
    ],
)
def test_what_is_missing_is_said(shop: Dataset, dropped: dict[str, pd.DataFrame], reason: str) -> None:
    tables = {name: getattr(shop, name) for name in TABLES} | dropped
    accounts = _attribute(dataset.from_tables(**tables)).accounts
    assert accounts["influence"].isna().all()
    assert accounts["influence_missing"].str.contains(reason, regex=False).all()


def test_bad_options_are_refused(shop: Dataset) -> None:
    with pytest.raises(ValueError, match="window: must be a duration above zero"):
        attribution.incremental_actions(
            shop, kinds=["purchase"], niches=_nowhere(shop), window="0D", rng=_rng()
        )
    with pytest.raises(ValueError, match="niches: must be indexed by the dataset's accounts"):
        attribution.incremental_actions(shop, kinds=["purchase"], niches=_nowhere(shop).iloc[1:], rng=_rng())


@pytest.mark.parametrize("when", [["2025-12-31"] * 3, ["2026-01-20T12:00:00"] * 3, ["2026-01-20"]])
def test_outcomes_before_any_post_all_at_once_or_alone_are_too_little(shop: Dataset, when: list[str]) -> None:
    acts = pd.DataFrame({"account_id": list("cde")[: len(when)], "kind": "purchase", "created_at": when})
    data = dataset.from_tables(follows=shop.follows, posts=shop.posts, engagements=acts)
    found = _attribute(data)
    assert found.accounts["influence"].isna().all()
    assert found.accounts["influence_missing"].str.len().gt(10).all()
    assert found.outcomes == len(when)


def test_counting_exposures_needs_no_times(shop: Dataset) -> None:
    untimed = shop.posts.drop(columns="created_at")
    data = dataset.from_tables(follows=shop.follows, posts=untimed, engagements=shop.engagements)
    assert _result.count_exposures(data)[data.account_ids.get_loc("a")] == 3 * 56


def test_no_effect_found_is_not_no_effect_for_certain() -> None:
    """Three hundred purchases by chance: upper bounds stay above zero, and ranks are not known."""
    rng = _rng(11)
    people, days = [f"m{number}" for number in range(90)], pd.Timestamp("2026-01-05", tz="UTC")
    follows = pd.DataFrame(
        {"follower_id": np.repeat(people, 3), "followed_id": rng.choice(list("abcdefgh"), 270)}
    ).drop_duplicates()
    hours = pd.to_timedelta(rng.uniform(0, 24 * 28, 380), unit="h").floor("s")
    posts = pd.DataFrame(
        {
            "post_id": [f"p{i}" for i in range(80)],
            "author_id": rng.choice(list("abcdefgh"), 80),
            "created_at": days + hours[:80],
        }
    )
    bought = pd.DataFrame(
        {"account_id": rng.choice(people, 300), "kind": "purchase", "created_at": days + hours[80:]}
    )
    result = _attribute(dataset.from_tables(follows=follows, posts=posts, engagements=bought))
    estimated = result.accounts.dropna(subset="influence")
    assert (estimated["influence_high"] > 1).all()
    assert (estimated["influence_low"] == 0).all()
    ranks = uncertainty.rank_intervals(estimated["influence"], result.draws)
    assert (ranks["rank_high"] - ranks["rank_low"]).median() >= len(ranks) / 2


def test_a_trial_counts_people_once_where_the_data_do() -> None:
    ids = [f"m{number}" for number in range(40)]
    acts = pd.DataFrame({"account_id": ids, "kind": "purchase", "created_at": "2026-01-05"})
    arms = {
        "account_id": "m0",
        "arm": ["treated", "control"],
        "people": 5,
        "posts": [8, 0],
        "outcomes": [9, 1],
    }
    for again, refused in (([], True), (["m0"], False)):
        data = dataset.from_tables(engagements=pd.concat([acts, acts[acts["account_id"].isin(again)]]))
        options = {"kinds": ["purchase"], "niches": _nowhere(data), "trial_results": pd.DataFrame(arms)}
        if refused:
            with pytest.raises(dataset.DatasetError, match="more outcomes than people"):
                attribution.incremental_actions(data, **options, rng=_rng())
        else:
            attribution.incremental_actions(data, **options, rng=_rng())
