"""Showing an answer as it comes: the wait for it, the server's progress, then the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from copilot.backends.protocol import Delta, Event, Reading, Thinking, Waiting
from copilot.cli.talk import can_draw, detail, say, stream, voice
from copilot.text import one_line

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_READING = "reading the prompt"


@contextmanager
def streaming(write: Callable[[str], None] = stream) -> Iterator[Callable[[Event], None]]:
    """Show an answer as it comes: a clock or a bar while the server reads, then the text."""
    with ExitStack() as stack:
        clock = _Clock(stack)
        clock.start()

        def show(event: Event) -> None:
            if isinstance(event, Reading):
                clock.show(_READING, event.done, event.total)
            elif isinstance(event, Thinking):
                clock.show("thinking")
                detail(one_line(event.text))
            elif isinstance(event, Waiting):
                say(str(event))
            elif isinstance(event, Delta):
                # The clock must be gone before the text takes its line.
                stack.close()
                write(event.text)

        yield show


class _Clock:
    """What stands on the last line of a terminal while nothing else comes; else nothing."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def start(self) -> None:
        if not can_draw():
            return
        self._progress = self._stack.enter_context(_heartbeat())
        self._task = self._progress.add_task(_READING, total=None)

    def show(self, doing: str, done: int | None = None, total: int | None = None) -> None:
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, description=doing, completed=done, total=total)


def _heartbeat() -> Progress:
    """Return a line with a sign of life, the time gone and, where the server tells, the rest."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        SpinnerColumn("line"),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=Console(stderr=True, no_color=not voice.color),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
