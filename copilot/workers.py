"""Other processes to work in: on all cores, and so that what breaks a parser breaks only one.

Grammars are C; some of them end or stall their process on texts made for that.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkContext, SpawnContext
from multiprocessing.process import BaseProcess
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# Some hundred times what ordinary texts take.
MOST_SECONDS = 30.0


@dataclass(eq=False)
class Task(Generic[Item, Result]):
    """Items and, once they are there, a result for each: None for one that cannot be done."""

    items: Sequence[Item]
    results: list[Result | None] | None = None
    singles: list[Task[Item, Result]] = field(default_factory=list)

    def is_done(self) -> bool:
        return self.results is not None or bool(self.singles and all(map(_is_done, self.singles)))

    def found(self) -> list[Result | None]:
        """Return the results of a task that is done."""
        if self.results is not None:
            return self.results
        return [result for single in self.singles for result in single.found()]


def _is_done(task: Task[Item, Result]) -> bool:
    return task.is_done()


@dataclass(eq=False)
class _Worker(Generic[Item, Result]):
    """A process, the pipe to it, and what it does, which has time until `deadline`."""

    process: BaseProcess
    pipe: Connection
    tasks: list[Task[Item, Result]] = field(default_factory=list)
    deadline: float = 0.0


class Workers(Generic[Item, Result]):
    """Applies a function to lists of items, which gives back a list of the same length.

    An item whose work ends its process, or takes longer than `most_seconds`, has no result. A
    process that is free is given as many as `at_once` of the lists that wait. To be entered before
    threads start: processes are forked then, where the system can.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Result]],
        processes: int | None = None,
        most_seconds: float = MOST_SECONDS,
        at_once: int = 1,
    ) -> None:
        self._work = work
        self._count = processes or os.cpu_count() or 1
        self._most_seconds = most_seconds
        self._at_once = at_once
        self._workers: list[_Worker[Item, Result]] = []
        self._waiting: deque[Task[Item, Result]] = deque()

    def __enter__(self) -> Self:
        for _ in range(self._count):
            self._start()
        return self

    def __exit__(self, *_: object) -> None:
        while self._workers:
            self._end(self._workers[0])

    def submit(self, items: Sequence[Item]) -> Task[Item, Result]:
        """Give items to the next process that is free."""
        task: Task[Item, Result] = Task(items)
        self._waiting.append(task)
        self._turn(0)
        return task

    def wait_for(self, task: Task[Item, Result]) -> list[Result | None]:
        """Return a task's results as soon as they are there."""
        while not task.is_done():
            self._turn(self._most_seconds)
        return task.found()

    def _turn(self, seconds: float) -> None:
        """Take what is finished, end what is late, and give out what waits."""
        self._give()
        busy = {worker.pipe: worker for worker in self._workers if worker.tasks}
        now = time.monotonic()
        left = min((worker.deadline - now for worker in busy.values()), default=0)
        for pipe in wait(list(busy), max(0, min(seconds, left))):
            self._take(busy[pipe])  # type: ignore[index]
        for worker in busy.values():
            if worker.tasks and worker.deadline <= time.monotonic():
                self._fail(worker)
        self._give()

    def _give(self) -> None:
        for worker in list(self._workers):
            if not worker.tasks and self._waiting:
                count = min(self._at_once, len(self._waiting))
                worker.tasks = [self._waiting.popleft() for _ in range(count)]
                worker.deadline = time.monotonic() + self._most_seconds
                try:
                    worker.pipe.send([item for task in worker.tasks for item in task.items])
                except OSError:
                    self._fail(worker)

    def _take(self, worker: _Worker[Item, Result]) -> None:
        try:
            results = worker.pipe.recv()
        except (EOFError, OSError):
            self._fail(worker)
            return
        start = 0
        for task in worker.tasks:
            task.results = results[start : start + len(task.items)]
            start += len(task.items)
        worker.tasks = []

    def _fail(self, worker: _Worker[Item, Result]) -> None:
        """Replace a process; what it did is done again one by one, to know what it was."""
        self._end(worker)
        self._start()
        # Else what breaks a process would be given out together with others again and again.
        self._at_once = 1
        if len(worker.tasks) == 1 and len(worker.tasks[0].items) == 1:
            worker.tasks[0].results = [None]
            return
        for task in reversed(worker.tasks):
            task.singles = [Task([item]) for item in task.items]
            self._waiting.extendleft(reversed(task.singles))

    def _start(self) -> None:
        alone = can_fork()
        context: ForkContext | SpawnContext = (
            multiprocessing.get_context("fork") if alone else multiprocessing.get_context("spawn")
        )
        ours, theirs = context.Pipe()
        # A forked process must not hold the pipes of others open, or it would outlive us.
        inherited = [ours, *(worker.pipe for worker in self._workers)] if alone else []
        process = context.Process(target=_serve, args=(self._work, theirs, inherited), daemon=True)
        process.start()
        theirs.close()
        self._workers.append(_Worker(process, ours))

    def _end(self, worker: _Worker[Item, Result]) -> None:
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.kill()
        worker.process.join()
        worker.process.close()


def can_fork() -> bool:
    """Tell whether a process may be forked: no thread of ours may hold a lock meanwhile."""
    return threading.active_count() == 1 and sys.platform == "linux"


def _serve(
    work: Callable[[Sequence[Item]], Sequence[Result]],
    pipe: Connection,
    inherited: Sequence[Connection],
) -> None:
    """Work until nobody is at the other end, where interrupts are heard and failures seen."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    for other in inherited:
        other.close()
    with suppress(EOFError, OSError):
        while True:
            pipe.send(list(work(pipe.recv())))
