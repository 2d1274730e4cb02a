"""Compiled loops on all cores: the work is cut in parts that do not depend on how many cores there are."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from itertools import pairwise
from threading import local
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_PARTS, _FEW_ROWS = 8, 20_000
S = TypeVar("S")
T = TypeVar("T")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_worker = local()


@cache
def _threads(count: int) -> ThreadPoolExecutor:
    """Threads that stay: starting two takes as long as a step over a million pairs."""
    return ThreadPoolExecutor(count, initializer=lambda: setattr(_worker, "busy", True))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.cache_clear)  # a child has none of its parent's threads


def at_once(work: Callable[[S], T], items: Iterable[S]) -> list[T]:
    """Results of work that holds no lock, in order; within such work, one after the other."""
    waiting = list(items)
    if len(waiting) < 2 or cores() < 2 or hasattr(_worker, "busy"):
        return [work(item) for item in waiting]
    begun = [_threads(cores()).submit(work, item) for item in waiting]
    try:
        return [one.result() for one in begun]
    finally:
        for one in begun:
            one.cancel()
        wait(begun)


def parts(size: int) -> int:
    """In how many parts to cut so many rows: one where threads take longer to start than the work takes."""
    return _PARTS if size > _FEW_ROWS else 1


def slices(size: int, count: int | None = None) -> list[slice]:
    """So many rows in `parts`, or in so many parts."""
    count = count or parts(size)
    if count == 1:
        return [slice(0, size)]
    ends = np.linspace(0, size, count + 1).astype(int).tolist()
    return [slice(*both) for both in pairwise(ends)]


def cuts(starts: NDArray[np.int64], parts: int) -> list[tuple[int, int]]:
    """First row and end of each of so many parts of a matrix, about equal in entries and rows."""
    if parts == 1:
        return [(0, len(starts) - 1)]
    work = starts + np.arange(len(starts))
    ends = np.searchsorted(work, np.linspace(0, work[-1], parts + 1)[1:-1])
    bounds = [0, *ends.tolist(), len(starts) - 1]
    return list(pairwise(bounds))
