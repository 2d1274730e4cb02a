"""Follows as they look in life: few are followed by many, and the rows come in no order."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._measure import LARGE

SIZE, PAIRS = (1_000_000, 20_000_000) if os.environ.get(LARGE) else (200_000, 5_000_000)
MILLIONS = f"{PAIRS // 10**6} M"
FOLDER = Path(__file__).parents[1] / "build" / "benchmarks"


def follows(accounts: int = SIZE, pairs: int = PAIRS, *, seed: int = 7) -> tuple[NDArray[np.int32], ...]:
    """Codes of followers and followed, each pair once, drawn once and then kept under build/."""
    file = FOLDER / f"follows-{accounts}-{pairs}-{seed}.npy"
    if not file.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        np.save(file, _draw(accounts, pairs, np.random.default_rng(seed)))
    sources, targets = np.load(file)
    return sources, targets


def _draw(accounts: int, pairs: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """Draw both ends by power laws (activity 1.4, fame 1.1) until there are enough different pairs."""
    ranks = np.arange(1, accounts + 1) + 10.0
    ends = [(rng.permutation(accounts), np.cumsum(ranks ** (-1 / power))) for power in (1.4, 1.1)]
    found = np.empty(0, np.int64)
    while len(found) < pairs:
        source, target = (who[np.searchsorted(mass, rng.random(pairs) * mass[-1])] for who, mass in ends)
        drawn = (source * accounts + target)[source != target]
        found = np.unique(np.concatenate([found, drawn]))
    found = rng.permutation(found)[:pairs]
    return np.stack([found // accounts, found % accounts]).astype(np.int32)
