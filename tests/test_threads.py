"""Work on all cores: in order, within itself, after a fork, and when a part of it fails."""

import multiprocessing
import threading

import pytest

from influgraph import _threads
from influgraph._threads import at_once, parts, slices


@pytest.fixture(autouse=True)
def _two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_threads, "cores", lambda: 2)


def doubled(items: range) -> list[int]:
    return at_once(lambda item: 2 * item, items)


def test_results_come_in_order_and_the_threads_stay() -> None:
    assert doubled(range(50)) == list(range(0, 100, 2))
    before = threading.active_count()
    for _ in range(20):
        doubled(range(50))
    assert threading.active_count() <= before + 2


def test_work_within_work_does_not_wait_for_itself() -> None:
    assert at_once(lambda item: sum(doubled(range(item))), range(20)) == [
        item * (item - 1) for item in range(20)
    ]


def test_what_fails_says_so_after_all_else_has_ended() -> None:
    running = []

    def work(item: int) -> None:
        running.append(item)
        if item == 0:
            raise ValueError("the first")
        running.remove(item)

    with pytest.raises(ValueError, match="the first"):
        at_once(work, range(30))
    assert running == [0]
    assert doubled(range(3)) == [0, 2, 4]


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_starts_threads_of_its_own() -> None:
    doubled(range(3))
    with multiprocessing.get_context("fork").Pool(1) as processes:
        assert processes.apply_async(doubled, (range(3),)).get(timeout=30) == [0, 2, 4]


@pytest.mark.parametrize("size", [0, 5, 20_000, 20_001, 100_003])
def test_parts_hold_every_row_once_and_small_work_stays_whole(size: int) -> None:
    cut = slices(size)
    assert len(cut) == parts(size) == (8 if size > 20_000 else 1)
    assert [row for part in cut for row in range(size)[part]] == list(range(size))
