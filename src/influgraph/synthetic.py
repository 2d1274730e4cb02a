"""A world whose influence, niches and bots are known: to test measures on, and to learn with."""

import json
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph import _synthetic_circles as circling
from influgraph import _synthetic_facts as facts
from influgraph import _synthetic_tables as tables
from influgraph import _synthetic_words as words
from influgraph._synthetic_bots import Acts, add_bot_follows, copy_people, draw_farm_likes, join_acts
from influgraph._synthetic_follows import Follows, draw_follows
from influgraph._synthetic_outcomes import (
    MOST_PILOTS,
    Happened,
    Truth,
    find_truth,
    let_happen,
    list_sightings,
    reruns_for,
    scale_persuasion,
    set_stage,
)
from influgraph._synthetic_people import People, draw_people, niche_sizes
from influgraph._synthetic_posts import Posts, draw_posts
from influgraph._synthetic_rhythm import (
    DAY,
    HOUR,
    Baseline,
    Shocks,
    draw_anyway,
    draw_baseline,
    draw_rhythm,
    draw_shocks,
)
from influgraph._synthetic_settings import WorldSettings
from influgraph._synthetic_shares import Links, draw_links, draw_shares, links_of_posts
from influgraph._synthetic_squads import draw_squads
from influgraph.dataset import Dataset, from_tables, write_dataset

if TYPE_CHECKING:
    from influgraph._synthetic_kernels import Stage

__all__ = ["World", "WorldSettings", "make_world", "write_world"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class _Hidden:
    """What a world is made of, by account code and post number; `place` is a post's row in the table."""

    people: People
    follows: Follows
    serves: dict[int, Ints]
    circles: circling.Circles
    posts: Posts
    links: Links
    place: Ints
    shocks: Shocks
    baseline: Baseline
    pull: Floats
    stage: "Stage"
    seed: int


@dataclass(frozen=True, eq=False)
class World:
    """A dataset, the truth about it, and what only its maker can know.

    Attributes
    ----------
    data
        The four tables.
    sources
        Everyone with a post and a follower: `account_id`; `influence`, purchases in the study that would
        not have been made without its posts, through those who follow it; `influence_total`, those through
        reposts besides; `niche`; `is_comedian`; their standard errors `influence_se` and
        `influence_total_se`; `persuasive`, false where influence is 0 by nature.
    members
        All people: `account_id`, `niche`, the one that interests them most (0 is the one drawn to be
        largest).
    bots
        All bots, and members of pods, who are people: `bot_cluster`, `kind` (purchased_followers,
        coordination, pod), `account_id`.
    benign
        Who acts together for good reasons: `group`, `kind` (fan_club, newsroom), `account_id`.
    realised
        How large every mechanism turned out, by theme and name.
    settings
        What the world was drawn from.
    """

    data: Dataset
    sources: pd.DataFrame
    members: pd.DataFrame
    bots: pd.DataFrame
    benign: pd.DataFrame
    realised: dict[str, Any]
    settings: WorldSettings
    _hidden: _Hidden = field(repr=False)

    @cached_property
    def exposures(self) -> pd.DataFrame:
        """All that was seen in the study, by member, then source, then time, in seconds since the start.

        `member`, `source` (the author) and `exposer` (it, or who reposted it) are account codes, `post` is
        the row in the posts; `posted`, `seen`; `via_repost`; `response`: susceptibility x match of
        interests x what earlier sightings leave. The chance that it causes a purchase is `persuasion` of
        the source x `response`.
        """
        seen = list_sightings(self._hidden.stage, self._hidden.seed)
        return seen.assign(post=self._hidden.place[seen["post"]])

    @property
    def persuasion(self) -> Floats:
        """Chance that a post makes an average, like-minded member buy who sees the account anew, by code."""
        return self._hidden.stage.persuasion

    @property
    def interest(self) -> Floats:
        """Interest of every account in every niche; rows add up to 1."""
        return self._hidden.people.interest

    def baseline_rate(self, member_codes: Ints, seconds: Floats) -> Floats:
        """Purchases per second that these members make anyway at these seconds since the start."""
        return self._hidden.baseline.rate(member_codes, seconds)

    def awake_seconds(self, seconds: Floats) -> Floats:
        """Waking seconds from the start until these seconds since the start."""
        clock = self._hidden.stage.clock
        week, inside = np.divmod(np.asarray(seconds, float), 7 * DAY)
        return np.asarray(week * clock[-1] + np.interp(inside, np.arange(clock.size) * HOUR, clock))

    def delay_density(self, awake_seconds: Floats) -> Floats:
        """Density of the waking seconds between a sighting and the purchase that it causes."""
        quick, slow, share = self._hidden.stage.buy_delay
        waited = np.asarray(awake_seconds, float)
        density = (1 - share) / quick * np.exp(-waited / quick) + share / slow * np.exp(-waited / slow)
        return np.where(waited < 0, 0.0, density)

    def response_density(self, seen: Floats, bought: Floats) -> Floats:
        """Density per second of buying then, given that what was seen at these seconds causes a purchase."""
        waking = np.diff(self._hidden.stage.clock) / HOUR
        hour = (np.asarray(bought) // HOUR).astype(np.int64) % waking.size
        return self.delay_density(self.awake_seconds(bought) - self.awake_seconds(seen)) * waking[hour]


def make_world(settings: WorldSettings, *, rng: np.random.Generator) -> World:
    """Draw a world whose influence, niches and bots are known.

    Members follow sources because these are famous or share an interest, and each other because they are
    acquainted. They see some of the posts, late; like, answer and repost what entertains them; buy anyway,
    by the hours of the week, their interests and shocks; and buy because of what they saw. Who entertains,
    who is famous and who persuades are drawn apart; the comedian is the most famous of all, entertains
    most, and persuades nobody.

    Besides, bots follow, like, repost and share for others, pods like and answer one another, fans cheer
    their star, and newsrooms publish by schedule. What these do is in the tables, but outside of the truth:
    bots have no followers to see it, likes and replies are not seen, and stars and newsrooms persuade nobody.

    Parameters
    ----------
    settings
        Every mechanism with its strength.
    rng
        Source of all chance; the same state gives the same world, with any number of threads.

    Returns
    -------
    The world. Its truth is the mean of paired reruns: who sees and reposts what is drawn again, with and
    without the account's posts, all else left as it was; given that, the difference in purchases is
    computed, not drawn. So it is exactly 0 where persuasion is. Where broadcasts x followers x reruns
    exceed 300 million, reruns are fewer, but at least 4; `realised` says how many, and the standard errors
    how much that matters.

    Raises
    ------
    ValueError
        If posts are to cause purchases, but nobody who is persuasive is seen.

    Examples
    --------
    >>> world = make_world(WorldSettings(accounts=300, reruns=2), rng=np.random.default_rng(7))
    >>> len(world.data.account_ids), int(world.sources["is_comedian"].sum())
    (300, 1)
    >>> world.sources.loc[world.sources["is_comedian"], "influence"].item()
    0.0
    """
    rngs = [np.random.default_rng(seed) for seed in rng.integers(0, 2**63, 4)]
    seeds = rng.integers(0, 2**63, 1 + MOST_PILOTS + settings.reruns)
    more = [np.random.default_rng(seed) for seed in rng.integers(0, 2**63, 3)]
    hidden = _draw_hidden(settings, rngs[0], more[0], seeds)
    ids = tables.draw_ids("a", settings.accounts, rngs[1])
    happened = let_happen(hidden.stage, hidden.seed)
    seeds = seeds[1 + MOST_PILOTS :][: reruns_for(hidden.stage, settings)]
    truth = find_truth(hidden.stage, settings, seeds)
    besides = _draw_besides(settings, hidden, happened, more[1])
    anyway = draw_anyway(hidden.baseline, rngs[2])
    purchases = tables.purchase_table(happened, anyway, once_only=settings.once_only)
    people = hidden.people
    return World(
        data=_make_tables(settings, hidden, happened, (besides, purchases), ids, (rngs[3], more[2])),
        sources=tables.source_table(people, hidden.follows, hidden.posts, truth, ids),
        members=pd.DataFrame({"account_id": ids[people.members], "niche": people.niche[people.members]}),
        bots=tables.bot_table(settings, people, hidden.circles, ids),
        benign=tables.benign_table(hidden.circles, ids),
        realised=_realised(settings, hidden, happened, truth, (besides, purchases)),
        settings=settings,
        _hidden=hidden,
    )


def _draw_hidden(
    settings: WorldSettings, rng: np.random.Generator, more: np.random.Generator, seeds: Ints
) -> _Hidden:
    """Draw what a world is made of; `more` draws what bots and circles add, and leaves all else as it is."""
    people = draw_people(settings, rng)
    follows = draw_follows(settings, people, rng)
    follows, serves = add_bot_follows(settings, people, follows, rng)
    rhythm = draw_rhythm(settings)
    shocks = draw_shocks(settings, niche_sizes(settings), rng)
    posts = draw_posts(settings, people, rhythm, shocks, rng)
    baseline, pull = draw_baseline(settings, rhythm, shocks, people, rng)
    follows = copy_people(settings, people, follows, serves, more)
    circles = circling.draw_circles(settings, people, follows, posts, serves, more)
    follows = circling.add_circle_follows(follows, circles, more)
    posts = circling.publish_by_schedule(settings, posts, circles, rhythm, more)
    people = circling.sell_nothing(people, circles)
    stage = set_stage(settings, people, follows, posts, rhythm, baseline)
    return _Hidden(
        people=people,
        follows=follows,
        serves=serves,
        circles=circles,
        posts=posts,
        links=draw_links(settings, rhythm, more),
        place=np.argsort(np.argsort(posts.time, kind="stable"), kind="stable"),
        shocks=shocks,
        baseline=baseline,
        pull=pull,
        stage=scale_persuasion(stage, settings, seeds[1:]),
        seed=int(seeds[0]),
    )


def _draw_besides(
    settings: WorldSettings, hidden: _Hidden, happened: Happened, rng: np.random.Generator
) -> dict[str, Acts]:
    """Draw what is done besides what sightings make people do, by who does it."""
    people, posts, circles = hidden.people, hidden.posts, hidden.circles
    clock = hidden.stage.clock
    reposted = np.bincount(happened.reposts.post, minlength=posts.time.size)
    joint, cover = draw_squads(settings, people, posts, hidden.serves, (reposted, hidden.links), rng)
    drawn = {
        "likes of farms": draw_farm_likes(settings, people, hidden.follows, posts, hidden.serves, rng),
        "joint acts": joint,
        "cover": cover,
        "pods": circling.draw_pod_acts(settings, posts, circles, clock, rng),
        "fan clubs": circling.draw_fan_acts(settings, posts, circles, clock, rng),
        "newsrooms": circling.draw_newsroom_acts(settings, posts, circles, rng),
        "shares": draw_shares(settings, people, hidden.links, clock, rng),
    }
    return {name: tables.unless_done(acts, happened) for name, acts in drawn.items()}


def _make_tables(
    settings: WorldSettings,
    hidden: _Hidden,
    happened: Happened,
    extra: tuple[dict[str, Acts], pd.DataFrame],
    ids: pd.Index,
    rngs: tuple[np.random.Generator, np.random.Generator],
) -> Dataset:
    besides, purchases = extra
    acts = tables.gather_acts(happened, join_acts(list(besides.values())), purchases, hidden.place)
    if settings.views:
        seen = list_sightings(hidden.stage, hidden.seed)
        views = {
            "account": seen["member"],
            "kind": "view",
            "post": hidden.place[seen["post"]],
            "time": seen["seen"],
            "object": "",
        }
        acts = pd.concat([acts, pd.DataFrame(views)], ignore_index=True)
    people, posts, circles = hidden.people, hidden.posts, hidden.circles
    links = links_of_posts(settings, posts, hidden.links, circles.newsrooms, rngs[1])
    accounts = tables.account_table(settings, people, hidden.follows, posts, ids, rngs[0])
    posted = tables.post_table(settings, posts, happened.views, links, ids, rngs[0])
    return from_tables(
        accounts=tables.introduce(accounts, people, circles),
        follows=tables.follow_table(hidden.follows, ids),
        posts=posted,
        engagements=tables.engagement_table(acts, ids, pd.Index(posted["post_id"]), rngs[0]),
    )


def _realised(
    settings: WorldSettings,
    hidden: _Hidden,
    happened: Happened,
    truth: Truth,
    extra: tuple[dict[str, Acts], pd.DataFrame],
) -> dict[str, Any]:
    people, follows, posts = hidden.people, hidden.follows, hidden.posts
    besides, purchases = extra
    return {
        "accounts": facts.people_facts(settings, people, happened, posts),
        "follows": facts.follow_facts(settings, people, follows),
        "posts": facts.post_facts(settings, people, posts, hidden.shocks),
        "views": facts.view_facts(people, follows, posts, happened),
        "purchases": facts.purchase_facts(
            settings, people, follows, (hidden.baseline, hidden.pull), purchases
        ),
        "bots": facts.bot_facts(settings, people, follows, besides),
        "circles": facts.circle_facts(follows, hidden.circles, besides),
        "truth": facts.truth_facts(truth),
    }


def write_world(world: World, folder: str | Path) -> None:
    """Write a world as a dataset folder with its `study.toml`, and its truth in `truth/` inside it.

    Raises
    ------
    FileExistsError
        If the folder is there already and holds anything.

    Examples
    --------
    >>> world = make_world(WorldSettings(accounts=300, reruns=2), rng=np.random.default_rng(7))
    >>> with tempfile.TemporaryDirectory() as scratch:
    ...     write_world(world, Path(scratch) / "world")
    ...     sorted(path.name for path in Path(scratch, "world", "truth").iterdir())
    ['benign.csv', 'bots.csv', 'members.csv', 'sources.csv', 'world.json']
    """
    folder = Path(folder)
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise FileExistsError(f"{folder} is there already; name a new folder for the world")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as scratch:
        new = Path(scratch) / "world"
        write_dataset(world.data, new)
        truth = new / "truth"
        truth.mkdir()
        for name in ("sources", "members", "bots", "benign"):
            path = truth / f"{name}.csv"
            getattr(world, name).to_csv(path, index=False, lineterminator="\n", float_format="%.6g")
        (truth / "world.json").write_text(
            json.dumps(world.realised, indent=2, ensure_ascii=False) + "\n", "utf-8"
        )
        (new / "study.toml").write_text(_study(world.settings), "utf-8")
        new.replace(folder)


def _study(settings: WorldSettings) -> str:
    """Write a study's settings to the scale of a world."""
    steps = [settings.accounts * part // 100 for part in (2, 10, 20, 40)]
    names = ("micro", "mid", "macro", "mega")
    tiers = "\n".join(f"{name} = {bound}" for name, bound in zip(names, steps, strict=True))
    topic = words.TOPICS[0]
    return f"""# A synthetic world: what is true of it stands in truth/, which no study reads.
seed = 7

[outcome]
kinds = ["purchase"]
window = "3d"

[tiers]
nano = 0
{tiers}

[brief]
terms = ["{topic}", "{words.NICHES[topic][2]}"]
budget = {settings.accounts * 4}
"""
