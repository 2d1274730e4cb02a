"""The search for dense blocks: views of the follows, candidates in each, and how unlikely each of them is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from influgraph.bots import _blocks as blocks
from influgraph.bots._blocks_edge import ends_sharply
from influgraph.bots._blocks_evidence import Traits, trait_odds, trait_p_values
from influgraph.bots._blocks_null import Chance, chance_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from influgraph.bots._blocks import Block, Codes, Fans, Follows, Numbers

PATIENCE = 40  # seeds in a row that lead to nothing before a view is left
MOST_BLOCKS = 60
WORTH = np.log(0.01)  # log p-value below which a block is taken out before others are looked for
AUDIENCE = 20_000  # followers beside whom those of a block are compared


@dataclass(frozen=True, eq=False)
class Candidate:
    """A block by account codes, with its evidence; `log_p` includes the choice among views and tests.

    `null` says in words what else would explain its follows.
    """

    rows: Codes
    membership: Numbers
    columns: Codes
    log_p: float
    chance: Chance
    traits: dict[str, float]
    null: str


@dataclass(frozen=True, eq=False)
class Scene:
    """What the search looks at: follows, niches (0: none), who has few followers, and traits.

    `sharp`: only blocks that end sharply are looked for.
    """

    follows: Follows
    groups: Codes
    poor: NDArray[np.bool_]
    traits: Traits
    least: int
    sharp: bool = False


def set_scene(follows: Follows, groups: Codes, traits: Traits, least: int) -> Scene:
    """Tell who has hardly any followers, and give niches up that consist of such accounts.

    Where that is so of more than half of all who follow, it tells nothing, and nobody counts as such.
    """
    active = np.diff(follows.indptr) > 0
    bound = np.quantile(traits.followers[active], 0.1) if active.any() else 0
    poor = active & (traits.followers <= bound)
    if poor.sum() > active.sum() / 2:
        poor = np.zeros_like(poor)
    mostly = np.bincount(groups, poor) > 0.5 * np.maximum(np.bincount(groups), 1)
    return Scene(follows, np.where(mostly[groups], 0, groups).astype(np.int32), poor, traits, least)


def without_niches(scene: Scene) -> Scene:
    """The same scene for blocks that may have been taken for niches: those that end sharply."""
    return replace(scene, groups=np.zeros_like(scene.groups), sharp=True)


def find_blocks(scene: Scene, *, rng: np.random.Generator) -> list[Candidate] | None:
    """Search every view in turn, taking out what is found; None where no view holds enough follows."""
    found: list[Candidate] = []
    enough = False
    for name in ("all", "timed", "poor"):
        before = -1
        while before < len(found) < MOST_BLOCKS:
            before = len(found)
            fans = _view(scene, name)
            if fans is None:
                break
            enough = True
            scene, news = _search(scene, fans, found, rng)
            found += news
            if not any(one.log_p <= WORTH for one in news):
                break
    return found if enough else None


def _view(scene: Scene, name: str) -> Fans | None:
    """Follows of acquaintances left out: all, those with a time, or those by accounts with few followers."""
    chosen = scene.follows.lone
    if name == "timed":
        if scene.traits.since is None:
            return None
        chosen = chosen & ~np.isnan(scene.traits.since)
    elif name == "poor":
        if not scene.poor.any():
            return None
        chosen = chosen & np.repeat(scene.poor, np.diff(scene.follows.indptr))
    return blocks.fans_among(scene.follows, chosen, scene.groups, ~scene.poor, least=scene.least)


def _search(
    scene: Scene, fans: Fans, known: list[Candidate], rng: np.random.Generator
) -> tuple[Scene, list[Candidate]]:
    """Grow and judge the seeds of one view, and take out what is unlikely."""
    news: list[Candidate] = []
    seen: list[set[int]] = []
    failed = 0
    for seed in blocks.seeds(fans, scene.least):
        if failed >= PATIENCE or len(known) + len(news) >= MOST_BLOCKS:
            break
        if any(seed[0] in one and seed[1] in one for one in seen):
            continue
        block = blocks.grow(fans, seed, scene.least)
        if block is None or any(set(block.columns.tolist()) <= one for one in seen):
            failed += 1
            continue
        seen.append(set(block.columns.tolist()))
        if scene.sharp and not ends_sharply(fans, block):
            failed += 1
            continue
        candidate = _judged(scene, fans, block, rng)
        news.append(candidate)
        failed = 0 if candidate.log_p <= WORTH else failed + 5
        if candidate.log_p <= WORTH:
            scene = _without(scene, candidate)
    return scene, news


def _judged(scene: Scene, fans: Fans, block: Block, rng: np.random.Generator) -> Candidate:
    """Say how unlikely a block is, and who belongs to it by all that is known.

    Either it stands out beyond shared tastes too, or beyond degrees and niches and by a trait. Without
    niches every niche's core stands out, so there a trait must speak, where any is known.
    """
    chance = chance_of(fans, block, np.empty(0, np.int64), rng=rng)
    sure = block.odds > 0
    rows, columns = fans.rows[block.rows[sure]], fans.columns[block.columns]
    traits = trait_p_values(scene.traits, rows, columns, _audience(fans, block))
    log_p = chance.log_p
    if traits:
        least = min(np.log(max(min(traits.values()) * len(traits), 1e-300)), 0.0)
        both = max(chance.log_p_plain, least)
        log_p = min(log_p, both) + np.log(2) if scene.groups.any() else both
    log_p += np.log(1 + (scene.traits.since is not None) + scene.poor.any()) + np.log(1 + scene.sharp)
    members, membership, columns = _settle(scene, fans, block)
    log_p, null = min(float(log_p), 0.0), _null_words(scene)
    return Candidate(members, membership, columns, log_p, chance, traits, null)


def _null_words(scene: Scene) -> str:
    if scene.sharp:
        return "their degrees alone (no niche: hardly anybody follows part of these)"
    return "their degrees and niches" if scene.groups.any() else "degrees alone (no niches are known)"


def _audience(fans: Fans, block: Block) -> Codes:
    """Other accounts that follow a column of the block."""
    spans = [fans.column_rows[fans.column_indptr[c] : fans.column_indptr[c + 1]] for c in block.columns]
    others = np.setdiff1d(np.concatenate(spans), block.rows[block.odds > 0])
    return fans.rows[others[:: max(1, others.size // AUDIENCE)]]


def _settle(scene: Scene, fans: Fans, block: Block) -> tuple[Codes, Numbers, Codes]:
    """Weigh who belongs, and whom they follow, by follows and traits together, until both agree."""
    for _ in range(4):
        rows, columns = fans.rows[block.rows], fans.columns[block.columns]
        odds = block.odds + trait_odds(scene.traits, rows, columns, block.membership)
        block = replace(block, odds=odds)
        weight = block.membership
        again = blocks.regrown(fans, block.rows[weight > 0.01], weight[weight > 0.01], paid=block.columns)
        if again is None:
            break
        settled = np.array_equal(again.columns, block.columns)
        rows, columns = fans.rows[again.rows], fans.columns[again.columns]
        member = np.zeros(fans.rows.size)
        member[block.rows] = weight
        traits = trait_odds(scene.traits, rows, columns, member[again.rows])
        block = replace(again, odds=again.odds + traits)
        if settled:
            break
    return fans.rows[block.rows], block.membership, fans.columns[block.columns]


def _without(scene: Scene, candidate: Candidate) -> Scene:
    """Take the follows of a block out."""
    size = len(scene.groups)
    inside, paid = np.zeros(size, bool), np.zeros(size, bool)
    inside[candidate.rows[candidate.membership >= 0.5]] = True
    paid[candidate.columns] = True
    follows = scene.follows
    gone = np.repeat(inside, np.diff(follows.indptr)) & paid[follows.indices]
    return replace(scene, follows=replace(follows, lone=follows.lone & ~gone))
