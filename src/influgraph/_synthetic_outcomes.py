"""What happens in a synthetic world, and what would have happened without an account's posts."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph._synthetic_follows import Follows
from influgraph._synthetic_people import People
from influgraph._synthetic_posts import Posts
from influgraph._synthetic_rhythm import DAY, HOUR, Baseline, Rhythm
from influgraph._synthetic_settings import WorldSettings

if TYPE_CHECKING:
    from influgraph._synthetic_kernels import Keys, Reposts, Stage

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]

QUICK_SEEN, SLOW_SEEN, SLOW_SEEN_SHARE = 0.25, 2.125, 0.4  # delays until seen, as parts of their mean
SIGHTINGS_OF_TRUTH = 3e8  # beyond this many broadcasts x followers, the truth takes fewer reruns
PILOT_MEMBERS = 20_000  # seen over all pilots, that scale persuasion
MOST_PILOTS = 8


@dataclass(frozen=True)
class Truth:
    """Purchases each account causes: mean of the reruns and its standard error, by account code."""

    influence: Floats
    influence_se: Floats
    influence_total: Floats
    influence_total_se: Floats
    reruns: int
    saturation_loss: float


@dataclass(frozen=True)
class Happened:
    """The acts of one run: `kind` 0 like, 1 reply, 2 purchase that a post caused; reposts; views per post.

    `followers_views` counts views by followers of the author, `seen_hours` is their mean delay.
    """

    account: Ints
    kind: Ints
    post: Ints
    exposer: Ints
    time: Floats
    seen: Floats
    reposts: "Reposts"
    repost_account: Ints
    views: Ints
    followers_views: int
    seen_hours: float


def set_stage(
    settings: WorldSettings,
    people: People,
    follows: Follows,
    posts: Posts,
    rhythm: Rhythm,
    baseline: Baseline,
) -> "Stage":
    """Lay out all that stays the same from run to run, with persuasion as drawn."""
    from influgraph._synthetic_kernels import Stage

    by_followed = np.lexsort((follows.follower, follows.followed))
    codes = np.arange(settings.accounts + 1)
    reposts_others = people.bot_cluster < 0
    reposts_others[people.sources] = False
    attention = 0.7 + 0.3 * rhythm.waking
    attention /= np.mean(attention * rhythm.posting.reshape(-1, 4).mean(axis=1))
    rates = np.array([settings.like_rate, settings.reply_rate, settings.repost_rate]) / _mean_liking(
        people, follows, posts
    )
    seen = settings.seen_hours * HOUR
    return Stage(
        out_start=np.searchsorted(follows.follower, codes),
        out_followed=follows.followed.astype(np.int32),
        out_since=follows.since,
        in_start=np.searchsorted(follows.followed[by_followed], codes),
        in_follower=follows.follower[by_followed].astype(np.int32),
        in_since=follows.since[by_followed],
        post_start=np.searchsorted(posts.author, codes),
        post_author=posts.author,
        post_time=posts.time,
        post_appeal=posts.appeal,
        post_attention=attention[(posts.time // HOUR).astype(np.int64) % attention.size],
        interest=_unit(people.interest),
        sees=people.view,
        reposts_others=reposts_others,
        persuasion=people.persuasion,
        susceptibility=people.susceptibility,
        anyway=baseline.expected(),
        clock=np.concatenate([[0.0], np.cumsum(rhythm.waking * HOUR)]),
        attention=attention,
        rates=np.append(rates, settings.repost_again),
        seen_delay=np.array([QUICK_SEEN * seen, SLOW_SEEN * seen, SLOW_SEEN_SHARE]),
        buy_delay=np.array([settings.quick_hours * HOUR, settings.slow_hours * HOUR, settings.slow_share]),
        match_floor=settings.match_floor,
        freshness=(1 - settings.saturation) ** np.arange(1000.0),
        saturation_seconds=settings.saturation_days * DAY,
        settled=_settled(settings, rhythm),
        end=settings.days * DAY,
    )


def _settled(settings: WorldSettings, rhythm: Rhythm) -> float:
    """Return the hour, in seconds, up to which whatever is seen has had its effect when the study ends."""
    awake = np.cumsum(np.resize(rhythm.waking, settings.days * 24)) * HOUR
    longest = 20 * max(settings.quick_hours, settings.slow_hours) * HOUR
    return float(np.searchsorted(awake, awake[-1] - longest) * HOUR)


def _mean_liking(people: People, follows: Follows, posts: Posts) -> float:
    """Return the mean appeal x match over all that people who follow could see."""
    human = people.bot_cluster[follows.follower] < 0
    follower, followed = follows.follower[human], follows.followed[human]
    appeal = np.bincount(posts.author, posts.appeal, minlength=people.niche.size)[followed]
    count = np.bincount(posts.author, minlength=people.niche.size)[followed]
    unit = _unit(people.interest)
    alike = np.einsum("ij,ij->i", unit[follower], unit[followed])
    return float((alike * appeal).sum() / max(count.sum(), 1)) or 1.0


def _unit(interest: Floats) -> npt.NDArray[np.float32]:
    """Return interests of length 1, whose products are their cosines."""
    return np.asarray(interest / np.sqrt((interest**2).sum(axis=1, keepdims=True)), np.float32)


def make_keys(stage: "Stage", seed: int) -> "Keys":
    """Hash every account and post for one run."""
    from influgraph._synthetic_kernels import Keys, hashes

    seeds = np.random.SeedSequence(seed).generate_state(3, np.uint64)
    sizes = (stage.sees.size, stage.sees.size, stage.post_time.size)
    return Keys(*(hashes(s, size) for s, size in zip(seeds, sizes, strict=True)))


def spread_posts(stage: "Stage", keys: "Keys") -> tuple["Reposts", Ints]:
    """Let posts be reposted; also the account of each repost."""
    from influgraph._synthetic_kernels import Reposts, spread

    account, post, time, depth = spread(stage, keys)
    order = np.lexsort((time, account))
    start = np.searchsorted(account[order], np.arange(stage.sees.size + 1))
    return Reposts(start, post[order], time[order], depth[order]), account[order]


def _rerun(stage: "Stage", seed: int, *, once_only: bool) -> tuple[Floats, Floats, Floats]:
    from influgraph._synthetic_effect_kernels import effects

    keys = make_keys(stage, seed)
    return effects(stage, keys, spread_posts(stage, keys)[0], int(once_only))


def _rerun_all(stage: "Stage", seeds: Ints, *, once_only: bool) -> list[tuple[Floats, Floats, Floats]]:
    """Run several times; in threads, but the results come in the order of the seeds."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda seed: _rerun(stage, int(seed), once_only=once_only), seeds))


def scale_persuasion(stage: "Stage", settings: WorldSettings, seeds: Ints) -> "Stage":
    """Scale persuasion so that the expected share of purchases caused is the one asked for."""
    wanted = settings.caused_share * settings.purchases_per_member * int((stage.sees > 0).sum())
    if wanted == 0 or not stage.persuasion.any():
        return stage._replace(persuasion=np.zeros_like(stage.persuasion))
    small = stage._replace(persuasion=stage.persuasion * 1e-6)
    pilots = int(np.clip(PILOT_MEMBERS // settings.accounts, 1, MOST_PILOTS))
    caused = np.mean([sums[1] for _, _, sums in _rerun_all(small, seeds[:pilots], once_only=False)])
    if caused == 0:
        raise ValueError(
            "caused_share: 0, as nobody sees a persuasive post in this world, received "
            f"{settings.caused_share:g}"
        )
    return stage._replace(persuasion=small.persuasion * (wanted / caused))


def reruns_for(stage: "Stage", settings: WorldSettings) -> int:
    """Return the reruns asked for, or as many as keep the work within bounds, at least 4."""
    shown = np.diff(stage.post_start)[stage.out_followed].sum()
    return int(min(settings.reruns, max(4, SIGHTINGS_OF_TRUTH // max(shown, 1))))


def find_truth(stage: "Stage", settings: WorldSettings, seeds: Ints) -> Truth:
    """Measure what each account causes, over paired reruns with common random numbers."""
    runs = _rerun_all(stage, seeds, once_only=settings.once_only)
    direct = np.array([run[0] for run in runs])
    total = np.array([run[1] for run in runs])
    plain, caused = np.mean([run[2] for run in runs], axis=0)
    root = len(runs) ** 0.5
    return Truth(
        influence=direct.mean(axis=0),
        influence_se=direct.std(axis=0, ddof=1) / root,
        influence_total=total.mean(axis=0),
        influence_total_se=total.std(axis=0, ddof=1) / root,
        reruns=len(runs),
        saturation_loss=float(1 - caused / plain) if plain else 0.0,
    )


def let_happen(stage: "Stage", seed: int) -> Happened:
    """Run the world once, to write down its acts; an account likes or answers a post at most once."""
    from influgraph._synthetic_effect_kernels import act

    keys = make_keys(stage, seed)
    reposts, repost_account = spread_posts(stage, keys)
    acts, views, (seen, delay) = act(stage, keys, reposts)
    order = np.lexsort((acts.time, acts.post, acts.account, acts.kind))
    kind, account, post = acts.kind[order], acts.account[order], acts.post[order]
    again = (np.diff(kind) == 0) & (np.diff(account) == 0) & (np.diff(post) == 0) & (kind[1:] < 2)
    first = np.append(True, ~again)[: order.size]
    return Happened(
        account=account[first],
        kind=kind[first],
        post=post[first],
        exposer=acts.exposer[order][first],
        time=acts.time[order][first],
        seen=acts.seen[order][first],
        reposts=reposts,
        repost_account=repost_account,
        views=views,
        followers_views=int(seen),
        seen_hours=float(delay / max(seen, 1) / HOUR),
    )


def list_sightings(stage: "Stage", seed: int) -> pd.DataFrame:
    """List what everyone sees in a run, by member, author, and time; `response` leaves persuasion out."""
    from influgraph._synthetic_effect_kernels import act, sightings

    keys = make_keys(stage, seed)
    reposts, _ = spread_posts(stage, keys)
    count = int(act(stage, keys, reposts)[1].sum())
    viewer, post, exposer, seen, response = sightings(stage, keys, reposts, count)
    author = stage.post_author[post].astype(np.int32)
    return pd.DataFrame(
        {
            "member": viewer,
            "source": author,
            "exposer": exposer,
            "post": post,
            "posted": stage.post_time[post],
            "seen": seen,
            "via_repost": exposer != author,
            "response": response,
        }
    )
