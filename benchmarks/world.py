"""Drawing a synthetic world with its truth: 5,000 and 100,000 accounts, everything else as it comes."""

from collections.abc import Callable

import numpy as np

from benchmarks._measure import cost


def _draw(accounts: int) -> Callable[[], object]:
    from influgraph.synthetic import WorldSettings, make_world

    settings = WorldSettings(accounts=accounts)
    return lambda: make_world(settings, rng=np.random.default_rng(7))


def small() -> Callable[[], object]:
    """A world as large as the bundled demo."""
    return _draw(5_000)


def large() -> Callable[[], object]:
    """A world of about 3 million follows."""
    return _draw(100_000)


def run() -> list[dict[str, object]]:
    """Measure both."""
    cases = {"5,000 accounts, 145,000 follows": small, "100,000 accounts, 2.9 million follows": large}
    rows = [(name, *cost(case)) for name, case in cases.items()]
    return [{"what": name, "seconds": seconds, "MB": peak} for name, seconds, peak in rows]
