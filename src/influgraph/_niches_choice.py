"""Which resolution niches are looked for at, what say each layer has, and whether there are any."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from influgraph import _niches_ensemble as ensemble
from influgraph._niches_ensemble import Trial
from influgraph._niches_layers import Numbers, Scene

_BEYOND_CHANCE = 4.0  # standard errors


@dataclass(frozen=True, eq=False)
class Choice:
    """Trials at all resolutions, the chosen one, and the share each layer has in the say."""

    trials: list[Trial]
    best: Trial
    shares: Numbers


def choose(scene: Scene, resolution: float | None, runs: int, rng: np.random.Generator) -> Choice:
    """Learn what say each layer has, and try resolutions, or the one that is given."""
    shares = np.full(len(scene.layers), 1 / len(scene.layers))
    looked: dict[int, Trial] = {}
    if len(shares) > 1:
        several = _ensemble(scene, shares, rng)
        looked = several.look() if resolution is None else {0: several.trial(resolution, runs=2)}
        told = _say(_best(looked, shares))
        if not told.any() and resolution is None:
            # One layer may drown what another tells.
            told, looked = _most_telling(scene, rng)
        shares = told if told.any() else shares
    several = _ensemble(scene, shares, rng)
    trials = several.scan(runs, looked) if resolution is None else [several.trial(resolution, runs=runs)]
    return Choice(trials, ensemble.simplest(trials, shares), shares)


def _most_telling(scene: Scene, rng: np.random.Generator) -> tuple[Numbers, dict[int, Trial]]:
    """All say for the layer whose niches tell most of its ties left out, and where they were found."""
    alone = np.eye(len(scene.layers))
    looks = [_ensemble(scene, say, rng).look() for say in alone]
    scores = [_best(looked, say).score(say) for looked, say in zip(looks, alone, strict=True)]
    most = int(np.argmax(scores))
    return alone[most], looks[most]


def _best(looked: Mapping[int, Trial], shares: Numbers) -> Trial:
    return max(looked.values(), key=lambda trial: trial.score(shares))


def _ensemble(scene: Scene, shares: Numbers, rng: np.random.Generator) -> ensemble.Ensemble:
    return ensemble.Ensemble(scene.layers, shares, size=scene.size, accounts=len(scene.place), rng=rng)


def _say(trial: Trial) -> Numbers:
    """Share of each layer: the log odds that its ties left out fall inside of niches, beside chance.

    Times the root of how many ties' worth there is: more ties tell more, but not each tie anew.
    """
    chance = np.clip(trial.chance, 1e-9, 1 - 1e-9)
    inside = np.clip(chance + np.maximum(trial.excess - 2 * trial.error, 0), 1e-9, 1 - 1e-9)
    odds = np.log(inside / (1 - inside)) - np.log(chance / (1 - chance))
    odds = odds * np.sqrt(trial.worth.mean(axis=0))
    return np.asarray(odds / odds.sum() if odds.any() else odds)


def beyond_chance(scene: Scene, found: Choice, runs: int, rng: np.random.Generator) -> str | None:
    """Why there are no niches, in words; None where there are some."""
    usual = ensemble.chance_excess(
        scene.layers, found.shares, resolution=found.best.resolution, size=scene.size, runs=runs, rng=rng
    )
    gain = float((found.best.excess - usual.excess) @ found.shares)
    error = float(np.sqrt(((found.best.error**2 + usual.error**2) * found.shares**2).sum()))
    if gain > max(_BEYOND_CHANCE * error, 1e-6):
        return None
    inside, chance = (float(trial.excess @ found.shares) for trial in (found.best, usual))
    return (
        f"no niches: of ties left out, {inside:.1%} more than expected lie inside of niches, "
        f"and {chance:.1%} where the same accounts are tied at random; that could be chance"
    )
