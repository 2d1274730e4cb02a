"""Chance on loan: engines that draw from a global generator draw from ours instead, for a while."""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np


@contextmanager
def lent_to_igraph(rng: np.random.Generator) -> Iterator[None]:
    """Let igraph draw from `rng` within the ``with`` block, and from its default, Python's `random`, after.

    igraph asks for one number at a time, at which a numpy generator is slow: it gets a generator of
    `random` that is seeded by one draw from `rng`. Neither `random`'s nor numpy's global state is
    touched. igraph has one generator per process: not for several threads at once.

    Examples
    --------
    >>> import igraph, numpy as np
    >>> def shuffled() -> list[int]:
    ...     with lent_to_igraph(np.random.default_rng(7)):
    ...         return igraph.Graph.Erdos_Renyi(n=9, m=9).degree()
    >>> shuffled() == shuffled()
    True
    """
    import igraph

    igraph.set_random_number_generator(random.Random(int(rng.integers(2**63))))  # noqa: S311 - not a secret
    try:
        yield
    finally:
        igraph.set_random_number_generator(random)
