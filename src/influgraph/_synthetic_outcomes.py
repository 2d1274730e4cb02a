"""What happens in a synthetic world, and what would have happened without an account's posts."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from influgraph._synthetic_follows import Follows
from influgraph._synthetic_people import People
from influgraph._synthetic_posts import Posts
from influgraph._synthetic_rhythm import BIN, DAY, Baseline, Rhythm
from influgraph._synthetic_settings import WorldSettings

if TYPE_CHECKING:
    from influgraph._synthetic_kernels import Keys, Reposts, Stage

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]

QUICK_SEEN, SLOW_SEEN, SLOW_SEEN_SHARE = 0.25, 2.125, 0.4  # delays until seen, as parts of their mean
SIGHTINGS_OF_TRUTH = 3e8  # beyond this many broadcasts x followers, the truth takes fewer reruns
PILOTS = 3


@dataclass(frozen=True)
class Truth:
    """Purchases each account causes: mean of the reruns and its standard error, by account code."""

    influence: Floats
    influence_se: Floats
    influence_total: Floats
    influence_total_se: Floats
    reruns: int
    caused: float
    saturation_loss: float


@dataclass(frozen=True)
class Happened:
    """The acts of one run: `kind` 0 like, 1 reply, 2 purchase (caused); reposts apart; views per post."""

    account: Ints
    kind: Ints
    post: Ints
    time: Floats
    by_repost: Ints
    reposts: "Reposts"
    repost_account: Ints
    views: Ints


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
    interest = people.interest / np.linalg.norm(people.interest, axis=1, keepdims=True)
    stage = Stage(
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
        made=np.ones(posts.author.size, bool),
        interest=interest.astype(np.float32),
        sees=people.view,
        reposts_others=reposts_others,
        persuasion=people.persuasion,
        susceptibility=people.susceptibility,
        anyway=baseline.expected(),
        clock=np.concatenate([[0.0], np.cumsum(rhythm.waking * BIN)]),
        rates=np.array(
            [settings.like_rate, settings.reply_rate, settings.repost_rate, settings.repost_again]
        ),
        seen_delay=settings.seen_hours * 3600 * np.array([QUICK_SEEN, SLOW_SEEN, 0])
        + [0, 0, SLOW_SEEN_SHARE],
        buy_delay=np.array([settings.quick_hours * 3600, settings.slow_hours * 3600, settings.slow_share]),
        match_floor=settings.match_floor,
        saturation=settings.saturation,
        saturation_seconds=settings.saturation_days * DAY,
        end=settings.days * DAY,
    )
    rates = stage.rates / np.array([1, 1, 1, _mean_liking(stage, follows)])[[3, 3, 3, 0]]
    return stage._replace(rates=rates)


def _mean_liking(stage: "Stage", follows: Follows) -> float:
    """Return the mean appeal x match over all that followers could see."""
    appeal = np.add.reduceat(
        np.append(stage.post_appeal, 0), np.minimum(stage.post_start[:-1], stage.post_time.size)
    )
    count = np.diff(stage.post_start)
    appeal[count == 0] = 0
    shown = count[follows.followed]
    seeing = stage.sees[follows.follower] > 0
    alike = np.einsum("ij,ij->i", stage.interest[follows.follower], stage.interest[follows.followed])
    return float((alike * appeal[follows.followed])[seeing].sum() / max(shown[seeing].sum(), 1)) or 1.0


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
    from influgraph._synthetic_kernels import effects

    keys = make_keys(stage, seed)
    return effects(stage, keys, spread_posts(stage, keys)[0], once_only)


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
    caused = np.mean([sums[1] for _, _, sums in _rerun_all(small, seeds, once_only=False)])
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
        caused=float(caused),
        saturation_loss=float(1 - caused / plain) if plain else 0.0,
    )


def let_happen(stage: "Stage", seed: int) -> Happened:
    """Run the world once: the one whose acts are written down."""
    from influgraph._synthetic_kernels import act

    keys = make_keys(stage, seed)
    reposts, repost_account = spread_posts(stage, keys)
    acts, views = act(stage, keys, reposts)
    order = np.lexsort((acts.time, acts.post, acts.account, acts.kind))
    kind, account, post = acts.kind[order], acts.account[order], acts.post[order]
    again = (np.diff(kind) == 0) & (np.diff(account) == 0) & (np.diff(post) == 0) & (kind[1:] < 2)
    order = order[np.append(True, ~again)[: order.size]]
    return Happened(
        account=acts.account[order],
        kind=acts.kind[order],
        post=acts.post[order],
        time=acts.time[order],
        by_repost=acts.spread[order],
        reposts=reposts,
        repost_account=repost_account,
        views=views,
    )
