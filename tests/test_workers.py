from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from multiprocessing.util import Finalize
from pathlib import Path

import pytest

from copilot.workers import Workers

_FOREVER = 600


def _work(items: Sequence[int]) -> list[int]:
    """Double the numbers; 13 ends the process, 99 takes for ever."""
    for item in items:
        if item == 13:
            os.kill(os.getpid(), signal.SIGSEGV)
        if item == 99:
            time.sleep(_FOREVER)
    return [item * 2 for item in items]


@pytest.mark.parametrize("processes", [1, 3])
def test_each_item_gets_its_result(processes: int) -> None:
    with Workers(_work, processes) as workers:
        tasks = [workers.submit([n, n + 100]) for n in range(10)]
        found = [workers.wait_for(task) for task in reversed(tasks)]
    assert found == [[2 * n, 2 * n + 200] for n in reversed(range(10))]


def test_what_ends_a_process_has_no_result_and_harms_no_other() -> None:
    with Workers(_work, 2) as workers:
        tasks = [workers.submit(items) for items in ([1, 2], [3, 13, 4], [13], [5], [6, 13, 13])]
        found = [workers.wait_for(task) for task in tasks]
    assert found == [[2, 4], [6, None, 8], [None], [10], [12, None, None]]


def test_tasks_sent_ahead_get_their_own_results() -> None:
    with Workers(_work, 1, ahead=3) as workers:
        tasks = [workers.submit(items) for items in ([1], [], [2, 3], [4], [13], [5, 6], [13, 7])]
        found = [workers.wait_for(task) for task in tasks]
        assert workers.is_idle()
    assert found == [[2], [], [4, 6], [8], [None], [10, 12], [None, 14]]


def test_what_takes_too_long_has_no_result() -> None:
    with Workers(_work, 2, most_seconds=1.0) as workers:
        tasks = [workers.submit(items) for items in ([1, 99, 2], [3])]
        assert [workers.wait_for(task) for task in tasks] == [[2, None, 4], [6]]


def test_large_items_go_through() -> None:
    with Workers(len_of, 2) as workers:
        tasks = [workers.submit([bytes(5_000_000)] * 2) for _ in range(4)]
        assert [workers.wait_for(task) for task in tasks] == [[5_000_000] * 2] * 4


def len_of(items: Sequence[bytes]) -> list[int]:
    return [len(item) for item in items]


def test_a_process_is_given_more_before_it_is_through() -> None:
    with Workers(_work, 2, ahead=3) as workers:
        tasks = [workers.submit([n]) for n in range(10)]
        tasks += [workers.submit_for(_work, [n, 13]) for n in range(3)]
        found = [workers.wait_for(task) for task in tasks]
    assert found == [*([2 * n] for n in range(10)), *([2 * n, None] for n in range(3))]


def test_large_items_go_through_ahead() -> None:
    with Workers(len_of, 1, ahead=3) as workers:
        tasks = [workers.submit([bytes(size)] * 2) for size in (5_000_000, 10, 3_000_000) * 2]
        found = [workers.wait_for(task) for task in tasks]
    assert found == [[size] * 2 for size in (5_000_000, 10, 3_000_000) * 2]


def test_work_may_be_given_with_the_items() -> None:
    with Workers(_work, 1) as workers:
        lengths, doubled = workers.submit_for(len_of, [b"four"]), workers.submit([21])
        assert workers.wait_for(lengths) == [4]
        assert workers.wait_for(doubled) == [42]


_prepared: list[int] = []


def _prepare() -> None:
    _prepared.append(os.getpid())


def _who(items: Sequence[int]) -> list[tuple[int, int]]:
    """Return which process prepared, and which one works."""
    if 13 in items:
        os.kill(os.getpid(), signal.SIGKILL)
    return [(_prepared[0], os.getpid())] * len(items)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
def test_one_process_prepares_for_all() -> None:
    before = multiprocessing.active_children()
    with Workers(_who, 3, prepare=_prepare) as workers:
        tasks = [workers.submit([n]) for n in range(12)]
        found = {who for task in tasks for who in workers.wait_for(task) if who}
    assert len({preparing for preparing, _ in found}) == 1
    assert len({working for _, working in found}) > 1
    assert multiprocessing.active_children() == before


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
def test_a_process_that_ends_is_replaced_by_one_that_prepares() -> None:
    with Workers(_who, 2, ahead=2, prepare=_prepare) as workers:
        tasks = [workers.submit([n]) for n in (1, 13, 13, 2, 13, 3)]
        found = [workers.wait_for(task) for task in tasks]
    assert [who == [None] for who in found] == [False, True, True, False, True, False]


def test_no_process_is_left_behind() -> None:
    before = multiprocessing.active_children()
    with Workers(_work, 2, most_seconds=_FOREVER) as workers:
        workers.submit([99])
        workers.submit([13, 1])
    assert multiprocessing.active_children() == before


def _say_at_the_end(paths: Sequence[Path]) -> list[None]:
    for path in paths:
        Finalize(None, path.touch, exitpriority=1)
    return [None for _ in paths]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
def test_processes_end_although_others_were_forked_since(tmp_path: Path) -> None:
    with ExitStack() as later:
        with Workers(_say_at_the_end, 1) as workers:
            workers.wait_for(workers.submit([tmp_path / "end"]))
            # These hold what was open when they were forked.
            later.enter_context(Workers(_work, 2))
        # One that is killed says nothing.
        assert (tmp_path / "end").exists()
