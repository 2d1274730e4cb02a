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

from influgraph import _synthetic_tables as tables
from influgraph import _synthetic_words as words
from influgraph._synthetic_bots import add_bot_follows, draw_squads
from influgraph._synthetic_follows import Follows, draw_follows
from influgraph._synthetic_outcomes import (
    find_truth,
    let_happen,
    make_keys,
    reruns_for,
    scale_persuasion,
    set_stage,
    spread_posts,
)
from influgraph._synthetic_people import People, draw_people, niche_sizes
from influgraph._synthetic_posts import Posts, draw_posts
from influgraph._synthetic_rhythm import (
    Baseline,
    Rhythm,
    Shocks,
    draw_anyway,
    draw_baseline,
    draw_rhythm,
    draw_shocks,
)
from influgraph._synthetic_settings import WorldSettings
from influgraph.dataset import Dataset, from_tables, write_dataset

if TYPE_CHECKING:
    from influgraph._synthetic_kernels import Stage

__all__ = ["World", "WorldSettings", "make_world", "write_world"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class _Plan:
    """The hidden parts of a world."""

    people: People
    follows: Follows
    posts: Posts
    rhythm: Rhythm
    shocks: Shocks
    baseline: Baseline
    stage: "Stage"
    place: Ints
    seed: int


@dataclass(frozen=True, eq=False)
class World:
    """A dataset, the truth behind it, and what only its maker can know."""

    data: Dataset
    sources: pd.DataFrame
    members: pd.DataFrame
    bots: pd.DataFrame
    realised: dict[str, Any]
    settings: WorldSettings
    _plan: _Plan = field(repr=False)

    @cached_property
    def exposures(self) -> pd.DataFrame:
        """Everything that was seen: codes of member, source (author) and exposer, post row, when, and its effect."""
        from influgraph._synthetic_kernels import act, sightings

        stage = self._plan.stage
        keys = make_keys(stage, self._plan.seed)
        reposts, _ = spread_posts(stage, keys)
        count = int(act(stage, keys, reposts)[1].sum())
        viewer, post, exposer, seconds, response = sightings(stage, keys, reposts, count)
        author = stage.post_author[post]
        return pd.DataFrame(
            {
                "member": viewer,
                "source": author.astype(np.int32),
                "exposer": exposer,
                "post": self._plan.place[post],
                "posted": stage.post_time[post],
                "seen": seconds,
                "via_repost": exposer != author,
                "response": response,
            }
        )

    @property
    def persuasion(self) -> Floats:
        """Chance that a first sighting of an account's post makes a member buy who is as susceptible as the mean."""
        return self._plan.stage.persuasion

    @property
    def interest(self) -> Floats:
        """Interest of every account in every niche; rows add up to 1."""
        return self._plan.people.interest

    def baseline_rate(self, member_codes: Ints, seconds: Floats) -> Floats:
        """Purchases per second that members make anyway, at seconds since the start."""
        return self._plan.baseline.rate(member_codes, seconds)

    def awake_seconds(self, seconds: Floats) -> Floats:
        """Waking seconds from the start until these seconds since the start."""
        clock = self._plan.stage.clock
        week, inside = np.divmod(np.asarray(seconds, float), 7 * 86_400)
        return week * clock[-1] + np.interp(inside, np.arange(clock.size) * 900.0, clock)

    def delay_density(self, awake_seconds: Floats) -> Floats:
        """Density of the waking seconds between a sighting and the purchase that it causes."""
        quick, slow, share = self._plan.stage.buy_delay
        waited = np.asarray(awake_seconds, float)
        density = (1 - share) / quick * np.exp(-waited / quick) + share / slow * np.exp(-waited / slow)
        return np.where(waited < 0, 0.0, density)

    def response_density(self, seen: Floats, bought: Floats) -> Floats:
        """Density, per second, of buying then because of what was seen at these seconds, if it causes a purchase."""
        clock = self._plan.stage.clock
        waking = (np.diff(clock) / 900.0)[(np.asarray(bought) // 900).astype(np.int64) % 672]
        return self.delay_density(self.awake_seconds(bought) - self.awake_seconds(seen)) * waking


def make_world(settings: WorldSettings, *, rng: np.random.Generator) -> World:
    """Draw a world."""
    rngs = [np.random.default_rng(seed) for seed in rng.integers(0, 2**63, 8)]
    seeds = rng.integers(0, 2**63, settings.reruns + 4)
    rhythm = draw_rhythm(settings)
    people = draw_people(settings, rngs[0])
    follows, serves = add_bot_follows(settings, people, draw_follows(settings, people, rngs[1]), rngs[2])
    shocks = draw_shocks(settings, niche_sizes(settings), rngs[3])
    posts = draw_posts(settings, people, rhythm, shocks, rngs[3])
    baseline, pull = draw_baseline(settings, rhythm, shocks, people, rngs[4])
    stage = set_stage(settings, people, follows, posts, rhythm, baseline)
    stage = scale_persuasion(stage, settings, seeds[1:4])
    happened = let_happen(stage, int(seeds[0]))
    truth = find_truth(stage, settings, seeds[4 : 4 + reruns_for(stage, settings)])
    squads = draw_squads(settings, people, posts, serves, rngs[5])
    ids = tables.draw_ids("a", settings.accounts, rngs[6])
    post_frame, place = tables.post_table(settings, posts, happened.views, ids, rngs[6])
    acts, caused = tables.gather_acts(
        happened, squads, place, draw_anyway(baseline, rngs[4]), once_only=settings.once_only
    )
    data = from_tables(
        accounts=tables.account_table(settings, people, follows, posts, ids, rngs[6]),
        follows=tables.follow_table(follows, ids),
        posts=post_frame,
        engagements=tables.engagement_table(acts, ids, pd.Index(post_frame["post_id"]), rngs[7]),
    )
    plan = _Plan(people, follows, posts, rhythm, shocks, baseline, stage, place, int(seeds[0]))
    return World(
        data=data,
        sources=tables.source_table(people, follows, posts, truth, ids),
        members=pd.DataFrame({"account_id": ids[people.members], "niche": people.niche[people.members]}),
        bots=tables.bot_table(settings, people, ids),
        realised={"caused_share": float(caused.mean()), "saturation_loss": truth.saturation_loss},
        settings=settings,
        _plan=plan,
    )


def write_world(world: World, folder: str | Path) -> None:
    """Write a world as a dataset folder with its `study.toml`, and its truth in `truth/` inside it.

    Raises
    ------
    FileExistsError
        If the folder is there already and holds anything.
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
        for name in ("sources", "members", "bots"):
            getattr(world, name).to_csv(truth / f"{name}.csv", index=False, lineterminator="\n")
        (truth / "world.json").write_text(
            json.dumps(world.realised, indent=2, ensure_ascii=False) + "\n", "utf-8"
        )
        (new / "study.toml").write_text(_study(world.settings), "utf-8")
        new.replace(folder)


def _study(settings: WorldSettings) -> str:
    """Write a study's settings to the scale of a world."""
    steps = [max(1, round(settings.accounts * part, -1)) for part in (0.02, 0.1, 0.2, 0.4)]
    names = ("micro", "mid", "macro", "mega")
    tiers = "\n".join(f"{name} = {bound}" for name, bound in zip(names, steps, strict=True))
    topic = words.TOPICS[0]
    return f"""seed = 7

[outcome]
kinds = ["purchase"]
window = "3d"

[tiers]
nano = 0
{tiers}

[brief]
terms = ["{topic}", "{words.NICHES[topic][2]}"]
budget = 20000
"""
