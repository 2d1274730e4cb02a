"""The synthetic world: its truth against brute force, its mechanisms against what was asked for."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from influgraph import _synthetic_outcomes as outcomes
from influgraph import settings as study_settings
from influgraph.dataset import read_dataset
from influgraph.synthetic import World, WorldSettings, make_world, write_world

TINY: dict[str, Any] = {"accounts": 200, "days": 14, "farms": 0, "squads": 0, "reruns": 2, "niches": 3}
TINY |= {"pods": 0, "fan_clubs": 0, "newsrooms": 0}
START = pd.Timestamp("2024-01-01", tz="UTC")
DEMO = Path(__file__).parents[1] / "data" / "demo"


def draw(seed: int = 7, **settings: Any) -> World:  # noqa: ANN401 (as the settings are)
    """Draw a world, by default of 1,000 accounts and two reruns."""
    return make_world(
        WorldSettings(**{"accounts": 1000, "reruns": 2, **settings}), rng=np.random.default_rng(seed)
    )


@pytest.fixture(scope="module")
def world() -> World:
    return draw()


def by_code(world: World, column: str) -> np.ndarray:
    """Return a column of the truth by account code, 0 where there is none."""
    return world.sources.set_index("account_id")[column].reindex(world.data.account_ids).fillna(0).to_numpy()


# --- the truth -------------------------------------------------------------------------------------------


def expected_by_hand(world: World, seen: pd.DataFrame, *, once_only: bool) -> tuple[np.ndarray, np.ndarray]:
    """Compute direct and total effects of every account from what was seen, one sighting at a time."""
    settings, hidden = world.settings, world._hidden
    quick, slow, share = hidden.stage.buy_delay
    end = settings.days * 86_400.0

    def none_left(times: list[float], force: float) -> tuple[float, float]:
        """Return expected purchases of sightings in order, and the chance that there is none."""
        expected, none = 0.0, 1.0
        for time in times:
            earlier = sum(time - settings.saturation_days * 86_400 <= t < time for t in times)
            wait = float(world.awake_seconds(end) - world.awake_seconds(time))
            in_time = 1 - (1 - share) * np.exp(-wait / quick) - share * np.exp(-wait / slow)
            chance = force * (1 - settings.saturation) ** earlier * in_time
            expected += chance
            none *= 1 - chance
        return expected, none

    direct, total = np.zeros(settings.accounts), np.zeros(settings.accounts)
    for member, rows in seen.groupby("member"):
        parts = {}
        for source, own in rows.groupby("source"):
            alike = hidden.stage.interest[member].astype(float) @ hidden.stage.interest[source]
            alike = settings.match_floor + (1 - settings.match_floor) * alike
            force = world.persuasion[source] * hidden.people.susceptibility[member] * alike
            everything = none_left(own["seen"].tolist(), force)
            parts[source] = everything, none_left(own.loc[own["via_repost"], "seen"].tolist(), force)
        for source, (everything, reposted) in parts.items():
            if once_only:
                others = [none for other, ((_, none), _) in parts.items() if other != source]
                nothing_else = np.exp(-hidden.baseline.expected()[member]) * np.prod(others)
                total[source] += nothing_else * (1 - everything[1])
                direct[source] += nothing_else * (reposted[1] - everything[1])
            else:
                total[source] += everything[0]
                direct[source] += everything[0] - reposted[0]
    return direct, total


@pytest.mark.parametrize("once_only", [False, True])
def test_effects_of_a_run_are_those_computed_by_hand(once_only: bool) -> None:  # noqa: FBT001 (pytest's)
    world = draw(**TINY, once_only=once_only, repost_rate=0.1, saturation=0.5)
    stage = world._hidden.stage
    direct, total, _ = outcomes._rerun(stage, 99, once_only=once_only)
    by_hand = expected_by_hand(world, outcomes.list_sightings(stage, 99), once_only=once_only)
    assert total.sum() > direct.sum() > 1
    np.testing.assert_allclose(direct, by_hand[0], atol=1e-6)
    np.testing.assert_allclose(total, by_hand[1], atol=1e-6)


def purchases(world: World, seed: int, *, without: int | None = None) -> pd.DataFrame:
    """Run a whole world once, with all its chance, perhaps without the posts of one account."""
    stage = world._hidden.stage
    if without is not None:
        made = stage.post_author != without
        stage = stage._replace(post_attention=np.where(made, stage.post_attention, 0))
    happened = outcomes.let_happen(stage, seed)
    bought = happened.kind == 2
    return pd.DataFrame(
        {
            "account": happened.account[bought],
            "post": happened.post[bought],
            "time": happened.time[bought],
        }
    )


@pytest.mark.parametrize("once_only", [False, True])
def test_truth_is_what_reruns_of_the_whole_world_say(once_only: bool) -> None:  # noqa: FBT001 (pytest's)
    world = draw(**TINY | {"reruns": 100}, once_only=once_only, caused_share=0.5)
    best = int(np.argmax(by_code(world, "influence_total")))
    chance = np.random.default_rng(1)
    anyway = chance.random((250, world.settings.accounts)) < np.exp(-world._hidden.baseline.expected())
    differences = []
    for seed in range(250):
        whole, less = purchases(world, seed), purchases(world, seed, without=best)
        if once_only:  # who buys anyway buys either way
            differences.append(anyway[seed][whole["account"].unique()].sum())
            differences[-1] -= anyway[seed][less["account"].unique()].sum()
        else:
            differences.append(len(whole) - len(less))
    truth, own_error = (by_code(world, name)[best] for name in ("influence_total", "influence_total_se"))
    error = np.hypot(np.std(differences) / 250**0.5, own_error)
    assert truth > 8 * error
    assert abs(np.mean(differences) - truth) < 3.5 * error


def test_without_an_account_everything_else_stays_as_it_was() -> None:
    world = draw(**TINY, caused_share=0.5, repost_rate=0.1)
    best = int(np.argmax(by_code(world, "influence_total")))
    whole, less = purchases(world, 3), purchases(world, 3, without=best)
    others = whole[world._hidden.stage.post_author[whole["post"]] != best]
    assert 0 < len(others) < len(whole)
    pd.testing.assert_frame_equal(others.reset_index(drop=True), less)


def test_the_planted_intensity_explains_the_purchases() -> None:
    """Credit by the true intensity adds up to what was caused, and what was bought anyway to its rate."""
    world = draw(accounts=3000)
    seen, data = world.exposures, world.data.engagements
    bought = data[data["kind"] == "purchase"]
    buyer = bought["account_id"].cat.codes.to_numpy()
    time = (bought["created_at"] - pd.Timestamp("2024-01-01", tz="UTC")).dt.total_seconds().to_numpy() + 0.5
    width = 1e8
    key = seen["member"].to_numpy() * width + seen["seen"].to_numpy()
    last = np.searchsorted(key[(order := np.argsort(key))], buyer * width + time)
    first = np.searchsorted(key[order], buyer * width + np.maximum(time - 6 * 86_400, 0))
    event = np.repeat(np.arange(buyer.size), last - first)
    sighting = order[np.concatenate([np.arange(f, e) for f, e in zip(first, last, strict=True)])]
    strength = world.persuasion[seen["source"]] * seen["response"]
    density = world.response_density(seen["seen"].to_numpy()[sighting], time[event])
    caused = np.bincount(event, strength.to_numpy()[sighting] * density, minlength=buyer.size)
    credit = caused / (caused + world.baseline_rate(buyer, time))
    assert credit.sum() == pytest.approx(world.realised["purchases"]["caused"], rel=0.1)
    expected = world._hidden.baseline.expected().sum()
    assert (1 - credit).sum() == pytest.approx(expected, abs=4 * expected**0.5)


def test_who_persuades_nobody_has_exactly_no_influence(world: World) -> None:
    nobody = ~world.sources["persuasive"]
    assert 0.2 < nobody.mean() < 0.6
    zero = world.sources[["influence", "influence_total", "influence_se"]] == 0
    assert zero[nobody].all(axis=None)
    assert zero.loc[~nobody, "influence_total"].mean() < 0.05  # nobody saw them
    assert (world.sources["influence"] <= world.sources["influence_total"]).all()


def test_truth_lists_everyone_with_a_post_and_a_follower(world: World) -> None:
    data = world.data
    listed = set(data.posts["author_id"].astype(str)) & set(data.follows["followed_id"].astype(str))
    assert set(world.sources["account_id"]) == listed
    assert list(world.sources.columns[:5]) == [
        "account_id",
        "influence",
        "influence_total",
        "niche",
        "is_comedian",
    ]
    assert set(world.members["account_id"]) | set(world.bots["account_id"]) == set(data.account_ids)


# --- what is asked for is what comes out -----------------------------------------------------------------

ASKED = [
    ("follows", "share_by_fame", 0.35, 0.03),
    ("follows", "share_by_shared_interest", 0.4, 0.03),
    ("follows", "share_by_acquaintance", 0.25, 0.03),
    ("follows", "follows_per_person", 30, 2),
    ("follows", "chance_that_acquaintances_follow_back", 0.85, 0.03),
    ("follows", "share_made_during_study", 0.1, 0.01),
    ("posts", "share_reacting_to_shocks", 0.1, 0.03),
    ("posts", "share_off_topic", 0.15, 0.02),
    ("posts", "mean_lift_of_shocks", 6, 2),
    ("views", "share_of_posts_seen_by_a_follower", 0.35, 0.02),
    ("views", "likes_per_view", 0.03, 0.006),
    ("views", "replies_per_view", 0.004, 0.001),
    ("views", "mean_hours_until_seen", 1.5, 0.4),
    ("purchases", "purchases_per_person", 1.3, 0.1),
    ("purchases", "share_caused", 0.15, 0.025),
    ("accounts", "mean_interest_in_own_niche", 0.7, 0.08),
    ("accounts", "share_of_sources_without_effect", 0.27, 0.1),
]


@pytest.fixture(scope="module")
def larger_world() -> World:
    return draw(accounts=4000)


@pytest.mark.parametrize(("theme", "name", "asked", "within"), ASKED)
def test_mechanisms_have_the_size_asked_for(
    larger_world: World, theme: str, name: str, asked: float, within: float
) -> None:
    assert larger_world.realised[theme][name] == pytest.approx(asked, abs=within)


OFF: list[tuple[dict[str, Any], str, str]] = [
    ({"fame_follows": 0}, "follows", "share_by_fame"),
    ({"interest_follows": 0}, "follows", "share_by_shared_interest"),
    ({"acquaintance_follows": 0}, "follows", "share_by_acquaintance"),
    ({"followed_during": 0}, "follows", "share_made_during_study"),
    ({"shocks": 0}, "posts", "shocks"),
    ({"shocks": 0}, "posts", "share_reacting_to_shocks"),
    ({"shocks": 0}, "purchases", "share_anyway_from_shocks"),
    ({"reacting_share": 0}, "posts", "share_reacting_to_shocks"),
    ({"offtopic_share": 0}, "posts", "share_off_topic"),
    ({"posts_spread": 0, "posts_per_day": 10, "accounts": 300}, "posts", "sd_of_log_posts_per_source"),
    ({"rhythm": 0}, "posts", "daily_swing_of_posts"),
    ({"rhythm": 0}, "purchases", "daily_swing_of_purchases_anyway"),
    ({"like_rate": 0}, "views", "likes_per_view"),
    ({"reply_rate": 0}, "views", "replies_per_view"),
    ({"repost_rate": 0}, "views", "reposts_per_view"),
    ({"repost_rate": 0}, "views", "share_of_views_by_repost"),
    ({"repost_again": 0}, "views", "share_of_reposts_of_reposts"),
    ({"entertainment_spread": 0}, "accounts", "sd_of_log_entertainment"),
    ({"propensity_spread": 0, "homophily": 0, "shocks": 0}, "purchases", "sd_of_log_anyway"),
    ({"homophily": 0}, "purchases", "homophily"),
    ({"homophily": 0}, "purchases", "homophily_through_follows"),
    ({"caused_share": 0}, "purchases", "share_caused"),
    ({"caused_share": 0}, "truth", "influence_total_of_all"),
    ({"persuasion_spread": 0}, "accounts", "sd_of_log_persuasion"),
    ({"saturation": 0}, "truth", "share_of_effect_lost_to_saturation"),
    ({"farms": 0}, "bots", "bots_in_farms"),
    ({"farm_likes": 0}, "bots", "likes_by_farms"),
    ({"squads": 0}, "bots", "reposts_by_squads"),
    ({"squad_links": 0}, "bots", "shares_by_squads"),
    ({"squad_links": 1}, "bots", "reposts_by_squads"),
    ({"squad_cover": 0}, "bots", "acts_of_squads_as_cover"),
    ({"pods": 0}, "circles", "acts_inside_pods"),
    ({"pod_chance": 0}, "circles", "acts_inside_pods"),
    ({"fan_clubs": 0}, "circles", "acts_of_fans"),
    ({"newsrooms": 0}, "circles", "reposts_by_newsrooms"),
    ({"pods": 0, "fan_clubs": 0, "newsrooms": 0}, "circles", "follows_inside"),
    ({"shares_per_member": 0}, "circles", "links_and_hashtags_shared"),
]


@pytest.mark.parametrize(("settings", "theme", "name"), OFF)
def test_each_mechanism_can_be_switched_off(
    world: World, settings: dict[str, Any], theme: str, name: str
) -> None:
    assert draw(**settings).realised[theme][name] == pytest.approx(0, abs=0.06)
    assert world.realised[theme][name] > 0


@pytest.mark.parametrize("settings", [{"caused_share": 0}, {"zero_share": 1}])
def test_no_influence_anywhere(settings: dict[str, Any]) -> None:
    world = draw(**settings)
    assert (world.sources[["influence", "influence_total"]] == 0).all(axis=None)
    assert world.realised["purchases"]["caused"] == 0
    assert world.realised["purchases"]["purchases"] > 500


def test_a_member_buys_at_most_once_where_asked() -> None:
    assert draw(once_only=True).realised["purchases"]["most_purchases_of_one_person"] == 1
    assert draw().realised["purchases"]["most_purchases_of_one_person"] > 1


def test_views_and_impressions_are_listed_where_asked() -> None:
    shown, hidden = draw(views=True), draw(impressions=False)
    engagements = shown.data.engagements
    views = engagements.loc[engagements["kind"] == "view", "post_id"].cat.codes
    assert (np.bincount(views, minlength=len(shown.data.posts)) == shown.data.posts["impressions"]).all()
    assert "impressions" not in hidden.data.posts
    assert "view" not in set(hidden.data.engagements["kind"])


def test_nights_hold_up_what_is_seen_and_caused() -> None:
    """Asleep, people neither see nor buy for what they saw; without nights they do at any hour."""

    def at_night(world: World) -> float:
        return float((world.exposures["seen"] // 3600 % 24).between(1, 4).mean())

    assert at_night(draw(awake=1, rhythm=0)) < 0.04
    assert at_night(draw(awake=0, rhythm=0)) == pytest.approx(4 / 24, abs=0.01)


# --- it is a hard world, and a true one ------------------------------------------------------------------


def test_popularity_says_little_about_influence(larger_world: World) -> None:
    followers = larger_world.data.accounts["followers_stated"].reindex(larger_world.sources["account_id"])
    influence = larger_world.sources["influence"]
    assert abs(influence.corr(followers.reset_index(drop=True).astype(float), method="spearman")) < 0.35
    assert abs(larger_world.realised["accounts"]["correlation_of_fame_and_persuasion"]) < 0.25
    assert 0.3 < larger_world.realised["follows"]["followed_by_at_most"] < 0.6


@pytest.mark.parametrize(("accounts", "seed"), [(300, 1), (1000, 2), (1000, 3)])
def test_there_is_always_one_comedian(accounts: int, seed: int) -> None:
    world = draw(seed, accounts=accounts)
    comedian = world.sources[world.sources["is_comedian"]]
    assert comedian["influence"].tolist() == [0.0]
    top = max(1, accounts // 100)
    assert world.realised["follows"]["comedian_rank_by_followers"] <= top
    assert world.realised["accounts"]["comedian_rank_by_acts_received"] <= top


def test_purchases_gather_after_posts_without_any_influence() -> None:
    """Rhythm and shocks make followers buy after posts more than before; without either they do not."""

    def after_to_before(**settings: Any) -> float:  # noqa: ANN401 (as the settings are)
        world = draw(accounts=2000, caused_share=0, purchases_per_member=5, **settings)
        data = world.data
        bought = data.engagements[data.engagements["kind"] == "purchase"]
        events = np.sort(
            bought["account_id"].cat.codes.to_numpy() * 1e10
            + bought["created_at"].astype("int64").to_numpy() / 1e6
        )
        seen = world.exposures.drop_duplicates(["member", "post"])
        posted = data.posts["created_at"].astype("int64").to_numpy()[seen["post"]] / 1e6
        at = np.searchsorted(events, seen["member"].to_numpy() * 1e10 + posted)
        after = np.searchsorted(events, seen["member"].to_numpy() * 1e10 + posted + 6 * 3600) - at
        before = at - np.searchsorted(events, seen["member"].to_numpy() * 1e10 + posted - 6 * 3600)
        return float(after.sum() / before.sum())

    assert after_to_before(reacting_share=0.3) > 1.15
    assert after_to_before(rhythm=0, shocks=0) == pytest.approx(1, abs=0.05)


def test_only_followers_at_the_time_see_posts_and_reposts(world: World) -> None:
    seen, data = world.exposures, world.data
    follows = data.follows.assign(
        member=data.follows["follower_id"].cat.codes, exposer=data.follows["followed_id"].cat.codes
    )
    seen = seen.merge(follows[["member", "exposer", "followed_at"]], how="left", on=["member", "exposer"])
    start = pd.Timestamp("2024-01-01", tz="UTC")
    since = (seen["followed_at"] - start).dt.total_seconds().fillna(-np.inf)
    assert (seen["posted"] <= seen["seen"]).all()
    assert len(seen) == len(world.exposures)
    assert (since <= np.where(seen["via_repost"], seen["seen"], seen["posted"])).all()
    acts = data.engagements
    reposts = acts[acts["kind"] == "repost"]
    known = set(zip(reposts["account_id"].cat.codes, reposts["post_id"].cat.codes, strict=True))
    again = seen.loc[seen["via_repost"], ["exposer", "post"]].drop_duplicates()
    assert len(again) > 50
    assert set(again.itertuples(index=False, name=None)) <= known
    assert (seen["member"] != seen["source"]).all()


def test_ids_and_order_tell_nothing(larger_world: World) -> None:
    accounts = larger_world.data.accounts
    followers = accounts["followers_stated"].astype(float)
    number = accounts.index.str[1:].astype(int)
    for order in (np.arange(len(accounts)), number):
        rank = pd.Series(order, index=accounts.index).astype(float)
        assert abs(rank.corr(followers, method="spearman")) < 0.06


def test_farms_follow_whom_they_were_bought_for(world: World) -> None:
    data, bots = world.data, world.bots
    acts = data.engagements.assign(account=data.engagements["account_id"].astype(str))
    people = set(world.members["account_id"])
    assert set(acts.loc[acts["kind"] == "purchase", "account"]) <= people
    farm = bots.loc[bots["bot_cluster"] == "farm-1", "account_id"]
    theirs = data.follows[data.follows["follower_id"].isin(farm)]
    bought = theirs.groupby("followed_id", observed=True)["followed_at"].agg(["size", np.ptp, "count"])
    served = bought[(bought["count"] == len(farm)) & (bought[np.ptp.__name__] < pd.Timedelta("2D"))]
    assert len(served) == 3
    assert len(bought) > 10
    assert data.accounts.loc[farm, "created_at"].agg(np.ptp) < pd.Timedelta("10D")
    assert not data.follows["followed_id"].isin(bots.loc[bots["kind"] != "pod", "account_id"]).any()
    likes = acts[acts["account"].isin(farm) & (acts["kind"] == "like")]
    authors = data.posts.set_index("post_id")["author_id"].reindex(likes["post_id"]).astype(str)
    assert set(authors) <= set(served.index.astype(str))


def joint_acts(world: World, squad: str) -> pd.DataFrame:
    """How many of a squad acted on each post, link or hashtag, and how many hours apart."""
    bots = world.bots.loc[world.bots["bot_cluster"] == squad, "account_id"]
    acts = world.data.engagements
    acts = acts[acts["account_id"].isin(bots)]
    on = acts["post_id"].astype("str").fillna(acts["object"])
    each = acts.groupby(on)["created_at"].agg(["size", np.ptp]).set_axis(["size", "apart"], axis=1)
    return each.assign(hours=each.pop("apart").dt.total_seconds() / 3600)


def test_squads_act_together_quickly_slowly_or_in_turns() -> None:
    world = draw(squad_sizes=(10, 40, 30), squad_styles=("quick", "slow", "rotating"), squad_popular=0.5)
    assert world.bots.value_counts("bot_cluster")[["squad-1", "squad-2", "squad-3"]].tolist() == [10, 40, 30]
    quick, slow, rotating = (joint_acts(world, f"squad-{n}") for n in (1, 2, 3))
    together = quick[quick["size"] >= 5]
    assert len(together) >= 15
    assert (together["hours"] <= 1 / 60).mean() > 0.6  # some join in on their own
    together = slow[slow["size"] >= 20]
    assert len(together) >= 15
    assert together["hours"].between(5, 24).mean() > 0.8
    assert rotating["size"].nlargest(15).between(4, 18).all()
    kinds = world.data.engagements
    kinds = kinds[
        kinds["account_id"].isin(world.bots.loc[world.bots["kind"] == "coordination", "account_id"])
    ]
    assert kinds["kind"].value_counts(normalize=True)["share"] > 0.1
    shared = world.data.engagements.loc[world.data.engagements["kind"] == "share"]
    assert shared["object"].notna().all()
    assert shared["object"].str.startswith("#").any()


def test_farms_have_the_sizes_asked_for_and_hide_as_asked() -> None:
    world = draw(
        accounts=3000, farm_sizes=(100, 500), farm_adaptive=1, farm_drip_days=20, farm_created_days=200
    )
    assert world.settings.farms == 2
    assert world.bots.value_counts("bot_cluster")[["farm-2", "farm-1"]].tolist() == [500, 100]
    bots = world.bots.loc[world.bots["bot_cluster"] == "farm-2", "account_id"]
    assert world.data.accounts.loc[bots, "created_at"].agg(np.ptp) > pd.Timedelta("300D")
    theirs = world.data.follows[world.data.follows["follower_id"].isin(bots)]
    size = theirs.value_counts("followed_id")
    bought = theirs[theirs["followed_id"] == size.index[0]]
    assert bought["followed_at"].quantile(0.9) - bought["followed_at"].quantile(0.1) > pd.Timedelta("10D")
    own = world.members.set_index("account_id")["niche"]
    niche = theirs.assign(niche=theirs["followed_id"].astype(str).map(own))
    niche = niche[~niche["followed_id"].isin(size.index[:3])]
    alike = niche.groupby("follower_id", observed=True)["niche"].agg(
        lambda n: n.value_counts(normalize=True).iloc[0]
    )
    assert len(niche) / len(bots) == pytest.approx(world.realised["follows"]["follows_per_person"], rel=0.15)
    assert alike.mean() > 0.4  # as people: a few niches more than others


def test_pods_answer_one_another_soon(world: World) -> None:
    pods = world.bots[world.bots["kind"] == "pod"]
    assert pods.value_counts("bot_cluster").tolist() == [8, 8]
    assert set(pods["account_id"]) <= set(world.members["account_id"])
    pod = pods.loc[pods["bot_cluster"] == "pod-1", "account_id"]
    posts = world.data.posts[world.data.posts["author_id"].isin(pod)]
    acts = world.data.engagements[world.data.engagements["account_id"].isin(pod)]
    inside = acts.merge(posts[["post_id", "author_id", "created_at"]], on="post_id", suffixes=("", "_post"))
    assert len(inside.drop_duplicates(["account_id", "post_id"])) == pytest.approx(
        0.6 * 7 * len(posts), rel=0.1
    )
    late = inside["created_at"] - inside["created_at_post"]
    assert late.min() >= pd.Timedelta(0)
    assert late.median() < pd.Timedelta("45min")
    assert inside["kind"].isin(["like", "reply", "repost"]).all()
    pairs = set(zip(inside["account_id"], inside["author_id"], strict=True))
    assert len(pairs & {(b, a) for a, b in pairs}) > 30
    assert len(acts) > len(inside)


def test_fans_are_people_who_cheer_a_star_that_persuades_nobody(world: World) -> None:
    fans = world.benign.loc[world.benign["kind"] == "fan_club", "account_id"]
    assert len(fans) == 30
    acts = world.data.engagements[world.data.engagements["account_id"].isin(fans)]
    author = world.data.posts.set_index("post_id")["author_id"].reindex(acts["post_id"])
    star = author.value_counts().index[0]
    theirs = acts[(author == star).to_numpy()]
    posts = world.data.posts[world.data.posts["author_id"] == star]
    cheered = theirs.drop_duplicates(["account_id", "post_id"]).value_counts("account_id")
    assert cheered.loc[fans].mean() == pytest.approx(0.8 * len(posts), rel=0.1)
    posted = posts.set_index("post_id")["created_at"].reindex(theirs["post_id"])
    assert (theirs["created_at"].reset_index(drop=True) - posted.reset_index(drop=True)).median() < (
        pd.Timedelta("30min")
    )
    follows = world.data.follows
    assert follows["follower_id"][follows["followed_id"] == star].isin(fans).sum() == 30
    assert not world.sources.set_index("account_id").loc[star, "persuasive"]
    assert (acts["kind"] == "purchase").sum() > 10
    inside = follows["follower_id"].isin(fans) & follows["followed_id"].isin(fans)
    assert 0.05 < inside.sum() / (30 * 29) < 0.3


def test_newsrooms_publish_the_same_items_by_schedule(world: World) -> None:
    room = world.benign.loc[world.benign["kind"] == "newsroom", "account_id"]
    assert len(room) == 8
    posts = world.data.posts[world.data.posts["author_id"].isin(room)]
    seconds = (posts["created_at"] - START).dt.total_seconds()
    assert (seconds % 3600 < 20).all()
    said = pd.DataFrame(
        {"hour": seconds // 3600, "text": posts["text"], "link": [*map("".join, posts["links"])]}
    )
    assert len(said.drop_duplicates()) == said["hour"].nunique()
    assert said.value_counts("hour").max() == 8
    assert not world.sources.set_index("account_id").loc[room, "persuasive"].any()
    assert world.data.accounts.loc[room, "bio"].str.contains("newsroom").all()
    assert not world.benign["account_id"].isin(world.bots["account_id"]).any()


def test_circles_leave_the_rest_of_the_world_as_it_was() -> None:
    """What others post, follow and share of their own accord does not hang on who is in a circle."""
    whole, less = draw(), draw(pods=0, fan_clubs=0, newsrooms=0)
    circles = {*whole.benign["account_id"], *whole.bots.loc[whole.bots["kind"] == "pod", "account_id"]}
    for one, other, who in ((whole.data.posts, less.data.posts, "author_id"),
                            (whole.data.follows, less.data.follows, "follower_id")):  # fmt: skip
        times = [c for c in one if str(c).endswith("_at")]
        kept = [
            frame[~frame[who].isin(circles)][[who, *times]].sort_values([who, *times])
            for frame in (one, other)
        ]
        pd.testing.assert_frame_equal(*(frame.reset_index(drop=True) for frame in kept))


# --- refusals, files, repetition -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"accounts": 20}, "accounts: a whole number from 200 to 1,000,000, received 20"),
        ({"accounts": 1000.0}, "accounts: a whole number"),
        ({"accounts": True}, "accounts: a whole number"),
        ({"caused_share": 1.2}, r"caused_share: a number from 0 to 0.9, received 1.2"),
        ({"caused_share": float("nan")}, "caused_share: a number"),
        ({"rhythm": "full"}, "rhythm: a number from 0 to 1, received 'full'"),
        ({"once_only": 1}, "once_only: True or False, received 1"),
        ({"fame_follows": 0, "interest_follows": 0, "acquaintance_follows": 0}, "one must be above 0"),
        ({"accounts": 200, "squads": 20}, "at most 66 bots in all"),
        ({"accounts": 200, "pods": 4}, "at most 30 accounts in all"),
        ({"farm_sizes": (100, 2)}, r"farm_sizes: whole numbers from 5 to 100,000, received \(100, 2\)"),
        ({"pod_sizes": 8}, "pod_sizes: whole numbers"),
        ({"squad_styles": ("loud",)}, "squad_styles: one or more of quick, slow, rotating"),
    ],
)
def test_settings_that_cannot_be_drawn_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        WorldSettings(**settings)


def test_influence_that_nobody_could_have_is_refused() -> None:
    nobody = WorldSettings(accounts=200, zero_share=1, hollow_celebrities=1, caused_share=0)
    make_world(nobody, rng=np.random.default_rng(1))
    unseen = WorldSettings(accounts=200, view_probability=0.001, posts_per_day=0.01, days=14, reruns=2)
    with pytest.raises(ValueError, match="caused_share"):
        make_world(unseen, rng=np.random.default_rng(1))


def files(folder: Path) -> dict[str, str]:
    """Return the checksum of every file below a folder, by its path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_world(draw(accounts=400), tmp_path / "one")
    monkeypatch.setattr(outcomes, "ThreadPoolExecutor", lambda _: ThreadPoolExecutor(1))
    write_world(draw(accounts=400), tmp_path / "two")
    write_world(draw(8, accounts=400), tmp_path / "other")
    assert files(tmp_path / "one") == files(tmp_path / "two")
    other = files(tmp_path / "other")
    assert not [
        name
        for name, digest in files(tmp_path / "one").items()
        if "parquet" in name and digest == other[name]
    ]


def test_a_world_on_disk_is_a_dataset_with_settings_and_truth(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "world"
    write_world(world, folder)
    data = read_dataset(folder)
    assert data.warnings == ()
    pd.testing.assert_frame_equal(data.follows, world.data.follows)
    parsed = study_settings.parse_settings((folder / "study.toml").read_text("utf-8"))
    assert parsed.outcome.kinds == ("purchase",)
    assert list(parsed.tiers.values()) == [0, 20, 100, 200, 400]
    assert json.loads((folder / "truth" / "world.json").read_text("utf-8")) == world.realised
    truth = pd.read_csv(folder / "truth" / "sources.csv", dtype={"account_id": "str"})
    np.testing.assert_allclose(truth["influence"], world.sources["influence"], rtol=1e-5)
    assert list(pd.read_csv(folder / "truth" / "members.csv").columns) == ["account_id", "niche"]
    assert list(pd.read_csv(folder / "truth" / "bots.csv").columns) == ["bot_cluster", "kind", "account_id"]
    assert list(pd.read_csv(folder / "truth" / "benign.csv").columns) == ["group", "kind", "account_id"]


def test_nothing_that_is_there_is_overwritten(world: World, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="name a new folder"):
        write_world(world, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_the_bundled_demo_is_drawn_again_to_the_same_bytes(tmp_path: Path) -> None:
    write_world(make_world(WorldSettings(), rng=np.random.default_rng(7)), tmp_path / "demo")
    drawn = files(tmp_path / "demo")
    assert drawn == files(DEMO)
    stated = dict(
        reversed(line.split("  ", 1))
        for line in (DEMO.parent / "README.md").read_text("utf-8").splitlines()
        if "  demo/" in line
    )
    assert stated == {f"demo/{name}": digest for name, digest in drawn.items()}
    assert sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file()) < 3_000_000
