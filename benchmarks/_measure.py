"""Seconds and memory of one function, in a process of its own."""

import ctypes
import gc
import importlib.util
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

Case = Callable[[], Callable[[], object]]
# What `python -m benchmarks --large` sets: by environment, as each case runs in a process of its own.
LARGE = "INFLUGRAPH_LARGE_BENCHMARKS"
ENOUGH_SECONDS = 3.0
MOST_REPEATS = 9


class Row(NamedTuple):
    """One comparison."""

    name: str
    ours_seconds: float
    peer: str
    peer_seconds: float
    ratio: float
    peak_mb: float
    peer_peak_mb: float


def compare(name: str, ours: Case, **peers: Case) -> list[dict[str, object]]:
    """Measure ours, before and after the peers, and each peer that is installed.

    A case prepares its input and returns what is to be measured.
    """
    installed = {peer: case for peer, case in peers.items() if importlib.util.find_spec(peer)}
    before = cost(ours)
    costs = {peer: cost(case) for peer, case in installed.items()}
    seconds, peak = min(before, cost(ours))
    return [
        Row(name, seconds, peer, peer_seconds, peer_seconds / seconds, peak, peer_peak)._asdict()
        for peer, (peer_seconds, peer_peak) in costs.items()
    ]


def cost(case: Case) -> tuple[float, float]:
    """Seconds of the fastest warm call, and the most megabytes that a call held beyond its input."""
    command = [sys.executable, "-m", "benchmarks._measure", case.__module__, case.__name__]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    seconds, peak = json.loads(done.stdout.splitlines()[-1])
    return seconds, peak


def measure(call: Callable[[], object]) -> tuple[float, float]:
    """Call once to warm up, then again until it is enough."""
    call()
    seconds, peaks = [], []
    while sum(seconds) < ENOUGH_SECONDS and len(seconds) < MOST_REPEATS:
        _start_afresh()
        before, start = _memory("VmRSS"), time.perf_counter()
        result = call()
        seconds.append(time.perf_counter() - start)
        peaks.append(_memory("VmHWM") - before)
        del result
    return min(seconds), max(peaks)


def _start_afresh() -> None:
    """Give freed memory back, and let the peak that Linux remembers start anew."""
    gc.collect()
    if Path("/proc/self/clear_refs").exists():
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _memory(field: str) -> float:
    """Megabytes that Linux states for this process; unknown elsewhere."""
    if not Path("/proc/self/status").exists():
        return math.nan
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


if __name__ == "__main__":
    module, function = sys.argv[1:]
    print(json.dumps(measure(getattr(importlib.import_module(module), function)())))
