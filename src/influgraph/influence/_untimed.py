"""Effects without times: who is followed by people that do more than people like them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special
from scipy.sparse import csr_array

from influgraph.influence import _expected
from influgraph.influence._arrays import Flags, Floats, Ints

DRAWS = 200
FEWEST_OUTCOMES, FEWEST_PEOPLE = 20, 50
CAUSED = 0.05
# Six in ten accounts move nobody; effects of the others are half-normal, of these scales (pooled rate: 1).
_SCALES = np.array([2.0, 8.0, 32.0, 128.0])
_WEIGHTS = np.array([0.6, 0.22, 0.11, 0.05, 0.02])
_STRENGTH = 30.0
_LEAST_LEFT = 0.02


@dataclass(frozen=True)
class Excess:
    """Draws of the effect per unit of exposure of each source (sources x draws), and whose can be told."""

    draws: Floats
    told: Flags


def excess_effects(
    counts: Floats, exposure: csr_array, known: pd.DataFrame, *, rng: np.random.Generator
) -> Excess:
    """Compare people exposed to a source with people alike in all that is known of them.

    `counts` are outcomes per person, `exposure` is people x sources. What is usual for a person is a negative
    binomial regression; what a source adds is the weighted sum of its people's excess over it, after what the
    covariates explain of its exposure is taken out. Sources whose people fall short cannot be influence: as
    far as they scatter more than by chance, so may all, and all are trusted less (an empirical null). The
    prior is assumed, and moved by the data as far as these are many.
    """
    usual = _expected.usual_counts(counts, known)
    weight = 1 / (usual.expected + usual.expected**2 / usual.shape)
    slopes = np.column_stack([np.ones(len(known)), known.to_numpy()]) * usual.expected[:, None]
    weighted = slopes * weight[:, None]
    across = exposure.T @ weighted
    explained = across @ np.linalg.pinv(slopes.T @ weighted)
    information = exposure.power(2).T @ weight
    left = information - (explained * across).sum(axis=1)
    residual = counts - usual.expected
    score = exposure.T @ (weight * residual) - explained @ (weighted.T @ residual)
    told = left > _LEAST_LEFT * information
    effect = score[told] / left[told]
    z = score[told] / np.sqrt(left[told])
    noise = max(float((z[z < 0] ** 2).mean()), 1.0) if (z < 0).any() else 1.0
    pooled = CAUSED * counts.sum() / max(float(exposure.sum()), 1e-12)
    return Excess(_posterior_draws(effect, noise / left[told], pooled, rng), told)


def _posterior_draws(effect: Floats, variance: Floats, scale: float, rng: np.random.Generator) -> Floats:
    """Draws of effects from 0 up, given estimates with normal errors: zero, or one of the half-normals."""
    wide = (scale * _SCALES) ** 2
    total = variance[:, None] + wide
    middle = effect[:, None] * wide / total
    spread = np.sqrt(wide * variance[:, None] / total)
    positive = special.ndtr(middle / spread)
    likelihood = np.column_stack(
        [_density(effect, variance), 2 * _density(effect[:, None], total) * positive]
    )
    likelihood /= np.maximum(likelihood.max(axis=1, keepdims=True), 1e-300)
    weights = _WEIGHTS
    for _ in range(30):
        share = likelihood * weights
        share /= share.sum(axis=1, keepdims=True)
        weights = (share.sum(axis=0) + _STRENGTH * _WEIGHTS) / (len(share) + _STRENGTH)
    uniform, draws = rng.random((len(effect), DRAWS)), np.zeros((len(effect), DRAWS))
    part = sum((uniform > bound[:, None]).astype(np.int64) for bound in share.cumsum(axis=1)[:, :-1].T)
    row, column = np.nonzero(part)
    centre, error = (values[row, part[row, column] - 1] for values in (middle, spread))
    # Drawn by the upper tail, which stays exact where the centre is far below zero.
    tail = special.ndtr(centre / error) * rng.random(len(row))
    draws[row, column] = np.maximum(centre - error * special.ndtri(np.maximum(tail, 1e-300)), 0)
    return draws


def _density(value: Floats, variance: Floats) -> Floats:
    return np.asarray(np.exp(-(value**2) / (2 * variance)) / np.sqrt(variance))


def people_alike(exposure: csr_array, follows: Ints, acts: Ints, niche: pd.Series) -> pd.DataFrame:
    """What is known of each person: niche, follows, acts; how many sources reach it, and how often."""
    large = niche.map(niche.value_counts()).ge(_expected.SMALLEST_NICHE).fillna(value=False)
    logs = {
        "follows": np.log1p(follows),
        "acts": np.log1p(acts),
        "sources": np.log1p(np.diff(exposure.indptr)),
        "exposures": np.log1p(exposure.sum(axis=1)),
    }
    squares = {f"{name} squared": values**2 for name, values in list(logs.items())[:2]}
    niches = pd.get_dummies(niche.where(large), dtype=np.float64, drop_first=True).add_prefix("niche ")
    known = pd.DataFrame({**logs, **squares}, niche.index).join(niches)
    known = known.loc[:, np.ptp(known.to_numpy(), axis=0) > 1e-9]
    standard: pd.DataFrame = (known - known.mean()) / known.std(ddof=0)
    return standard
