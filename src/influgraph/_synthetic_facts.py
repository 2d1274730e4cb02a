"""How large every mechanism of a synthetic world turned out."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph import _synthetic_words as words
from influgraph._synthetic_bots import Acts
from influgraph._synthetic_circles import Circles
from influgraph._synthetic_follows import ACQUAINTANCE, FAME, INTEREST, MOTIVES, ORGANISED, PURCHASED, Follows
from influgraph._synthetic_outcomes import Happened, Truth
from influgraph._synthetic_people import People
from influgraph._synthetic_posts import Posts
from influgraph._synthetic_rhythm import DAY, HOUR, Baseline, Shocks
from influgraph._synthetic_settings import WorldSettings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
Facts = dict[str, Any]


def people_facts(settings: WorldSettings, people: People, happened: Happened, posts: Posts) -> Facts:
    """Count who lives there, and say how fame, entertainment and persuasion go together."""
    sources = people.sources
    persuasion, fame = people.persuasion[sources], people.fame[sources]
    size = np.bincount(people.niche[people.members], minlength=settings.niches)
    own = people.interest[people.members, people.niche[people.members]]
    return {
        "accounts": settings.accounts,
        "sources": int(sources.size),
        "occasional_posters": int(people.occasional.size),
        "bots": settings.bots,
        "niches": dict(zip(words.TOPICS, size.tolist(), strict=False)),
        "mean_interest_in_own_niche": _round(own.mean()),
        "share_of_sources_without_effect": _round((persuasion == 0).mean()),
        "correlation_of_fame_and_persuasion": _rank_correlation(fame, persuasion),
        "correlation_of_entertainment_and_persuasion": _rank_correlation(
            people.entertainment[sources], persuasion
        ),
        "sd_of_log_persuasion": _round(_spread(persuasion[persuasion > 0])),
        "sd_of_log_entertainment": _round(_spread(np.delete(people.entertainment, people.comedian))),
        "comedian_rank_by_acts_received": _rank_of_comedian(people, happened, posts),
    }


def _rank_of_comedian(people: People, happened: Happened, posts: Posts) -> int:
    on = np.append(happened.post[happened.kind < 2], happened.reposts.post)
    received = np.bincount(posts.author[on], minlength=people.niche.size)
    return int((received > received[people.comedian]).sum()) + 1


def follow_facts(settings: WorldSettings, people: People, follows: Follows) -> Facts:
    """Say why people follow, and how unequal they are followed."""
    human = follows.motive < PURCHASED
    motives = np.bincount(follows.motive[human], minlength=len(MOTIVES)) / max(human.sum(), 1)
    followers = np.bincount(follows.followed, minlength=settings.accounts)
    pairs = follows.follower * settings.accounts + follows.followed
    back = follows.followed * settings.accounts + follows.follower
    known = follows.motive == ACQUAINTANCE
    mutual = _mean(np.isin(back[known], pairs[known]))
    by_fame = np.bincount(follows.followed[follows.motive == FAME], minlength=settings.accounts)
    same = people.niche[follows.follower] == people.niche[follows.followed]
    return {
        "follows": int(human.sum()),
        "follows_per_person": _round(human.sum() / people.members.size),
        "share_by_fame": _round(motives[FAME]),
        "share_by_shared_interest": _round(motives[INTEREST]),
        "share_by_acquaintance": _round(motives[ACQUAINTANCE]),
        "chance_that_acquaintances_follow_back": _round(mutual / (2 - mutual)),
        "share_within_niche_by_fame": _mean(same[follows.motive == FAME]),
        "share_within_niche_by_shared_interest": _mean(same[follows.motive == INTEREST]),
        "share_made_during_study": _mean(np.isfinite(follows.since[human])),
        "followed_by_at_most": _round(followers.max() / settings.accounts),
        "tail_exponent_of_followers": _tail(followers[people.sources]),
        "tail_exponent_of_followers_by_fame": _tail(by_fame[people.sources]),
        "comedian_rank_by_followers": int((followers > followers[people.comedian]).sum()) + 1,
    }


def _tail(values: Ints) -> float:
    """Estimate a Pareto exponent from the top tenth (Hill 1975)."""
    top = np.sort(values)[::-1][: max(5, values.size // 10) + 1].astype(float)
    logs = np.log(np.maximum(top, 1))
    return _round(1 / max((logs[:-1] - logs[-1]).mean(), 1e-9))


def post_facts(settings: WorldSettings, people: People, posts: Posts, shocks: Shocks) -> Facts:
    """Say how much is posted, in what rhythm, and how much of it reacts."""
    by_source = np.bincount(posts.author, minlength=settings.accounts)[people.sources] / settings.days
    return {
        "posts": int(posts.time.size),
        "posts_per_source_and_day": _round(np.median(by_source)),
        "sd_of_log_posts_per_source": _round(_spread(by_source[by_source > 0])),
        "daily_swing_of_posts": daily_swing(posts.time[~posts.reacting]),
        "busiest_hour_of_posts": busiest_hour(posts.time[~posts.reacting]),
        "share_reacting_to_shocks": _mean(posts.reacting),
        "share_off_topic": _mean((posts.topic != people.niche[posts.author])[posts.item < 0]),
        "shocks": int(shocks.start.size),
        "mean_lift_of_shocks": _mean(shocks.lift),
        "mean_hours_of_shocks": _mean(shocks.decay / HOUR),
    }


def view_facts(people: People, follows: Follows, posts: Posts, happened: Happened) -> Facts:
    """Say how much of what followers could see they saw, liked, answered and reposted."""
    human = people.bot_cluster[follows.follower] < 0
    count = np.bincount(posts.author, minlength=people.niche.size + 1)
    start = np.cumsum(count) - count
    followed = follows.followed[human]
    width = 1e9  # more than any second of a study
    first = np.searchsorted(
        posts.author * width + posts.time, followed * width + np.maximum(follows.since[human], 0)
    )
    could = (start[followed] + count[followed] - first).sum()
    views = happened.views.sum()
    depth = happened.reposts.depth
    return {
        "views": int(views),
        "share_of_posts_seen_by_a_follower": _round(happened.followers_views / max(could, 1)),
        "mean_hours_until_seen": _round(happened.seen_hours),
        "share_of_views_by_repost": _round(1 - happened.followers_views / max(views, 1)),
        "likes_per_view": _round((happened.kind == 0).sum() / max(views, 1)),
        "replies_per_view": _round((happened.kind == 1).sum() / max(views, 1)),
        "reposts_per_view": _round(depth.size / max(views, 1)),
        "reposts": int(depth.size),
        "share_of_reposts_of_reposts": _mean(depth > 1),
        "deepest_cascade": int(depth.max(initial=0)),
    }


def purchase_facts(
    settings: WorldSettings,
    people: People,
    follows: Follows,
    buying: tuple[Baseline, Floats],
    rows: pd.DataFrame,
) -> Facts:
    """Say how much is bought anyway and why, and how much is caused and how fast."""
    baseline, pull = buying
    members = people.members
    anyway = np.log(baseline.expected()[members])
    taste = (people.interest @ pull)[members]
    unshocked = baseline.propensity.sum() * settings.days * DAY
    caused = rows[rows["caused"]]
    delay = ((caused["time"] - caused["seen"]) / HOUR).to_numpy()
    quantiles = np.quantile(delay, [0.5, 0.9, 0.99]) if delay.size else [None] * 3
    return {
        "purchases": len(rows),
        "purchases_per_person": _round(len(rows) / members.size),
        "most_purchases_of_one_person": int(rows["account"].value_counts().max()),
        "expected_anyway_per_person": _round(baseline.expected()[members].mean()),
        "sd_of_log_anyway": _round(anyway.std()),
        "homophily": _explained(taste, anyway, settings),
        "homophily_through_follows": _follow_homophily(people, follows, pull, anyway),
        "daily_swing_of_purchases_anyway": daily_swing(rows.loc[~rows["caused"], "time"].to_numpy()),
        "busiest_hour_of_purchases_anyway": busiest_hour(rows.loc[~rows["caused"], "time"].to_numpy()),
        "share_anyway_from_shocks": _round(1 - unshocked / baseline.expected().sum()),
        "share_caused": _mean(rows["caused"].to_numpy()),
        "caused": int(rows["caused"].sum()),
        **{
            f"hours_from_seen_to_caused_purchase_{name}": None if value is None else _round(value)
            for name, value in zip(("median", "p90", "p99"), quantiles, strict=True)
        },
    }


def _explained(taste: Floats, anyway: Floats, settings: WorldSettings) -> float:
    """Correlation of what members buy anyway with the part of it that their interests make."""
    return _correlation(settings.homophily * taste, anyway)


def _follow_homophily(people: People, follows: Follows, pull: Floats, anyway: Floats) -> float:
    """Correlation of what members buy anyway with the pull of the niches whose sources they chose."""
    chosen = follows.motive == INTEREST
    size = people.niche.size
    count = np.bincount(follows.follower[chosen], minlength=size)[people.members]
    weight = pull[people.niche[follows.followed[chosen]]]
    total = np.bincount(follows.follower[chosen], weight, minlength=size)[people.members]
    return _correlation((total / np.maximum(count, 1))[count > 0], anyway[count > 0])


def bot_facts(settings: WorldSettings, people: People, follows: Follows, acts: dict[str, Acts]) -> Facts:
    """Count bots, what they follow and what they do."""
    farm = (people.bot_cluster >= 0) & (people.bot_cluster < settings.farms)
    bought = (follows.motive == PURCHASED) & farm[follows.follower]
    joint = acts["joint acts"]
    return {
        "farms": settings.farms,
        "bots_in_farms": int(farm.sum()),
        "purchased_and_camouflage_follows": int(bought.sum()),
        "likes_by_farms": int(acts["likes of farms"].time.size),
        "squads": settings.squads,
        "bots_in_squads": sum(settings.squad_list),
        "reposts_by_squads": int((joint.kind == "repost").sum()),
        "shares_by_squads": int((joint.kind == "share").sum()),
        "acts_of_squads_as_cover": int(acts["cover"].time.size),
    }


def circle_facts(follows: Follows, circles: Circles, acts: dict[str, Acts]) -> Facts:
    """Count people who act together, and what they do together."""
    return {
        "pods": len(circles.pods),
        "members_of_pods": sum(pod.size for pod in circles.pods),
        "acts_inside_pods": int(acts["pods"].time.size),
        "fan_clubs": len(circles.fan_clubs),
        "fans": sum(club.size for club in circles.fan_clubs),
        "acts_of_fans": int(acts["fan clubs"].time.size),
        "newsrooms": len(circles.newsrooms),
        "accounts_of_newsrooms": sum(room.size for room in circles.newsrooms),
        "reposts_by_newsrooms": int(acts["newsrooms"].time.size),
        "follows_inside": int((follows.motive == ORGANISED).sum()),
        "links_and_hashtags_shared": int(acts["shares"].time.size),
    }


def truth_facts(truth: Truth) -> Facts:
    """Say what all accounts cause, and how sure that is."""
    caused = truth.influence[truth.influence > 0]
    error = truth.influence_se[truth.influence > 0]
    return {
        "influence_of_all": _round(truth.influence.sum()),
        "influence_total_of_all": _round(truth.influence_total.sum()),
        "share_of_effect_lost_to_saturation": _round(truth.saturation_loss),
        "reruns": truth.reruns,
        "median_relative_error": _round(np.median(error / caused)) if caused.size else 0.0,
    }


def daily_swing(seconds: Floats) -> float:
    """How far times of the day gather around one hour: 0 not at all, 1 all at once."""
    if not seconds.size:
        return 0.0
    return _round(abs(np.exp(2j * np.pi * seconds / DAY).mean()))


def busiest_hour(seconds: Floats) -> int | None:
    """Hour of the day, 0 to 23 UTC, in which most happened."""
    hours = (seconds // HOUR % 24).astype(np.int64)
    return int(np.bincount(hours).argmax()) if hours.size else None


def _rank_correlation(first: Floats, second: Floats) -> float:
    return _correlation(pd.Series(first).rank().to_numpy(float), pd.Series(second).rank().to_numpy(float))


def _correlation(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> float:
    """Pearson correlation; 0 where one does not vary."""
    if first.size < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return _round(np.corrcoef(first, second)[0, 1])


def _spread(values: Floats) -> float:
    return float(np.log(values).std()) if values.size else 0.0


def _mean(values: Any) -> float:  # noqa: ANN401 (flags or numbers)
    return _round(np.mean(values)) if len(values) else 0.0


def _round(value: float | np.floating[Any]) -> float:
    """Round to four digits, enough to read and the same on any machine."""
    return float(f"{float(value):.4g}")
