"""How likely chance alone brings a value as great, going by the greatest values that it brought."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

EULER = 0.5772156649015329
LEAST = 1e-12


def chances(values: Floats, greatest: Floats, *, least_spread: float) -> Floats:
    """How likely chance brings at least these values anywhere, from the greatest ones of many draws of it.

    Counted where chance brought as much; beyond, by the Gumbel law that fits those draws (Abrams, Kulldorff &
    Kleinman 2010), whose standard deviation is taken to be at least `least_spread`.
    """
    draws = len(greatest)
    counted = (1 + (greatest[None] >= values[:, None]).sum(axis=1)) / (1 + draws)
    scale = max(float(greatest.std(ddof=1)), least_spread) * np.sqrt(6) / np.pi
    middle = greatest.mean() - EULER * scale
    law = -np.expm1(-np.exp(-(values - middle) / scale))
    return np.asarray(np.where(values > greatest.max(), np.minimum(law.clip(LEAST), counted), counted))
