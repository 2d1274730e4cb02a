"""Compiled loops on all cores: the work is cut in parts that do not depend on how many cores there are."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

S = TypeVar("S")
T = TypeVar("T")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def at_once(work: Callable[[S], T], items: Iterable[S]) -> list[T]:
    """Results of work that holds no lock, in order; nothing is started for one item or on one core."""
    waiting = list(items)
    if len(waiting) < 2 or cores() < 2:
        return [work(item) for item in waiting]
    with ThreadPoolExecutor(cores()) as threads:
        return list(threads.map(work, waiting))


def cuts(starts: NDArray[np.int64], parts: int) -> list[tuple[int, int]]:
    """First row and end of each of so many parts of a matrix, about equal in entries and rows."""
    work = starts + np.arange(len(starts))
    ends = np.searchsorted(work, np.linspace(0, work[-1], parts + 1)[1:-1])
    bounds = [0, *ends.tolist(), len(starts) - 1]
    return list(pairwise(bounds))
