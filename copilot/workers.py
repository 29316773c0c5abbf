"""Other processes to work in: on all cores, and so that what breaks a parser breaks only one.

Grammars are C; some of them end or stall their process on texts made for that.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkContext, SpawnContext
from multiprocessing.process import BaseProcess
from typing import Any, Generic, Self, TypeAlias, TypeVar

from copilot.forks import can_fork
from copilot.lanes import MOST_SENT_AHEAD, Lane

Item = TypeVar("Item")
Result = TypeVar("Result")
OtherItem = TypeVar("OtherItem")
OtherResult = TypeVar("OtherResult")
Work: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]

# Some hundred times what ordinary texts take.
MOST_SECONDS = 30.0
# What has nothing left to do ends at once.
_END_SECONDS = 1.0


@dataclass(eq=False)
class Task(Generic[Item, Result]):
    """Items and, once they are there, a result for each: None for one that cannot be done.

    `work` is what is done with them, None for what these workers do anyway.
    """

    items: Sequence[Item]
    results: list[Result | None] | None = None
    singles: list[Task[Item, Result]] = field(default_factory=list)
    work: Work | None = None

    def is_done(self) -> bool:
        return self.results is not None or bool(self.singles and all(map(_is_done, self.singles)))

    def found(self) -> list[Result | None]:
        """Return the results of a task that is done."""
        if self.results is not None:
            return self.results
        return [result for single in self.singles for result in single.found()]


def _is_done(task: Task[Any, Any]) -> bool:
    return task.is_done()


@dataclass(eq=False)
class _Worker:
    """A process, the pipe to it, and the tasks it was sent, the first one with its deadline.

    A process that was forked from another one of ours has no `process`.
    """

    pipe: Connection
    lane: Lane
    process: BaseProcess | None = None
    sent: deque[Task[Any, Any]] = field(default_factory=deque)
    deadline: float = 0.0


class Workers(Generic[Item, Result]):
    """Applies a function to lists of items, which gives back a list of the same length.

    An item whose work ends its process, or takes longer than `most_seconds`, has no result. A
    process is given as many as `ahead` lists before it is through with the first of them. What is
    prepared takes long: where the system can fork, one process does it for all. To be entered
    before threads start.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Result]],
        processes: int | None = None,
        most_seconds: float = MOST_SECONDS,
        ahead: int = 1,
        prepare: Callable[[], object] | None = None,
    ) -> None:
        self._work = work
        self._count = processes or os.cpu_count() or 1
        self._most_seconds = most_seconds
        self._ahead = ahead
        self._prepare = prepare
        self._workers: list[_Worker] = []
        self._waiting: deque[Task[Any, Any]] = deque()

    def __enter__(self) -> Self:
        if self._prepare and can_fork():
            self._start(self._count)
            return self
        for _ in range(self._count):
            self._start()
        return self

    def __exit__(self, *_: object) -> None:
        busy = {worker for worker in self._workers if worker.sent}
        for worker in self._workers:
            _hang_up(worker.pipe)
        for worker in self._workers:
            _end(worker.process, 0 if worker in busy else _END_SECONDS)
        self._workers = []

    def submit(self, items: Sequence[Item]) -> Task[Item, Result]:
        """Give items to the next process that is free."""
        return self._submitted(Task(items))

    def submit_for(
        self,
        work: Callable[[Sequence[OtherItem]], Sequence[OtherResult]],
        items: Sequence[OtherItem],
    ) -> Task[OtherItem, OtherResult]:
        """Give items to it for other work than usual."""
        return self._submitted(Task(items, work=work))

    def _submitted(self, task: Task[OtherItem, OtherResult]) -> Task[OtherItem, OtherResult]:
        self._waiting.append(task)
        self._turn(0)
        return task

    def wait_for(self, task: Task[OtherItem, OtherResult]) -> list[OtherResult | None]:
        """Return a task's results as soon as they are there."""
        while not task.is_done():
            self._turn(self._most_seconds)
        return task.found()

    def is_idle(self) -> bool:
        """Tell whether nothing is under way."""
        return not self._waiting and not any(worker.sent for worker in self._workers)

    def _turn(self, seconds: float) -> None:
        """Take what is finished, end what is late, and give out what waits."""
        self._give()
        busy = {worker.pipe: worker for worker in self._workers if worker.sent}
        now = time.monotonic()
        left = min((worker.deadline - now for worker in busy.values()), default=0)
        for pipe in wait(list(busy), max(0, min(seconds, left))):
            self._take(busy[pipe])  # type: ignore[index]
        for worker in busy.values():
            if worker.sent and worker.deadline <= time.monotonic():
                self._fail(worker)
        self._give()

    def _give(self) -> None:
        """Give out what waits, first to those who have the least to do."""
        for depth in range(self._ahead):
            for worker in list(self._workers):
                if len(worker.sent) == depth and self._waiting and worker in self._workers:
                    self._send(worker)

    def _send(self, worker: _Worker) -> None:
        task = self._waiting.popleft()
        packed = worker.lane.packed((task.work, list(task.items)))
        if worker.sent and len(packed) > MOST_SENT_AHEAD:
            # Each side might wait for the other one to read.
            self._waiting.appendleft(task)
            return
        if not worker.sent:
            worker.deadline = time.monotonic() + self._most_seconds
        worker.sent.append(task)
        try:
            worker.lane.send(worker.pipe, packed)
        except OSError:
            self._fail(worker)

    def _take(self, worker: _Worker) -> None:
        try:
            results = worker.pipe.recv()
        except (EOFError, OSError):
            self._fail(worker)
            return
        worker.sent.popleft().results = results
        worker.deadline = time.monotonic() + self._most_seconds

    def _fail(self, worker: _Worker) -> None:
        """Replace a process; what it did is done again one by one, to know what it was."""
        self._workers.remove(worker)
        worker.pipe.close()
        _end(worker.process, 0)
        self._start()
        # Else what breaks a process would be given out together with others again and again.
        self._ahead = 1
        if len(worker.sent) == 1 and len(worker.sent[0].items) == 1:
            worker.sent[0].results = [None]
            return
        for task in reversed(worker.sent):
            task.results = None if task.items else []
            task.singles = [Task([item], work=task.work) for item in task.items]
            self._waiting.extendleft(reversed(task.singles))

    def _start(self, count: int = 1) -> None:
        """Start a process, and from it so many that there are `count`."""
        alone = can_fork()
        context: ForkContext | SpawnContext = (
            multiprocessing.get_context("fork") if alone else multiprocessing.get_context("spawn")
        )
        # A forked process must not hold the pipes of others open, or it would outlive us.
        inherited = [worker.pipe for worker in self._workers] if alone else []
        places = []
        for _ in range(count):
            (ours, theirs), lane = context.Pipe(), Lane(self._ahead, is_shared=alone)
            inherited += [ours] if alone else []
            places.append((theirs, lane))
            self._workers.append(_Worker(ours, lane))
        about = (self._prepare, self._work, places, inherited)
        process = context.Process(target=_serve_all, args=about, daemon=True)
        process.start()
        self._workers[-count].process = process
        for theirs, _ in places:
            theirs.close()


def _hang_up(pipe: Connection) -> None:
    """Close a pipe so that the other end sees it, even if processes forked since hold ours open."""
    with suppress(OSError), socket.socket(fileno=os.dup(pipe.fileno())) as ours:
        ours.shutdown(socket.SHUT_RDWR)
    pipe.close()


def _end(process: BaseProcess | None, seconds: float) -> None:
    """End a process, which may end by itself first."""
    if process is not None:
        if seconds:
            process.join(seconds)
        process.kill()
        process.join()
        process.close()


def _serve_all(
    prepare: Callable[[], object] | None,
    work: Work,
    places: Sequence[tuple[Connection, Lane]],
    inherited: Sequence[Connection],
) -> None:
    """Prepare, fork a process for each place but the first, and serve that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    for other in inherited:
        other.close()
    if prepare:
        prepare()
    own = places[0]
    children: list[int] = []
    for place in places[1:]:
        child = os.fork()
        if not child:
            own, children = place, []
            break
        children.append(child)
    for place in places:
        if place is not own:
            place[0].close()
    _serve(work, *own)
    if own is not places[0]:
        # Not as a process of its own ends: that is for its parent to do.
        os._exit(0)
    for child in children:
        os.waitpid(child, 0)


def _serve(usual: Work, pipe: Connection, lane: Lane) -> None:
    """Work until nobody is at the other end, where interrupts are heard and failures seen."""
    with suppress(EOFError, OSError):
        while True:
            work, items = lane.receive(pipe)
            pipe.send(list((work or usual)(items)))
