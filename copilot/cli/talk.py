"""What is said to the person: always on stderr, always harmless, colour only beside words."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from copilot.errors import CopilotError
from copilot.text import visible

if TYPE_CHECKING:
    from rich.progress import Progress


@dataclass
class Voice:
    """How much is said; set once from the command line."""

    quiet: bool = False
    verbose: bool = False
    color: bool = True


voice = Voice()


def say(text: str) -> None:
    """Say something unless --quiet."""
    if not voice.quiet:
        print(visible(text), file=sys.stderr, flush=True)


def detail(text: str) -> None:
    """Say something only with --verbose."""
    if voice.verbose:
        say(text)


def stream(text: str) -> None:
    """Show a piece of a running text, without ending its line."""
    if not voice.quiet:
        print(visible(text), end="", file=sys.stderr, flush=True)


def complain(error: CopilotError) -> None:
    """Say what went wrong and what to do next."""
    print(f"copilot: {visible(error.message)}", file=sys.stderr)
    if error.hint:
        print(f"hint: {visible(error.hint)}", file=sys.stderr)


def is_terminal() -> bool:
    """Tell whether a person sits before stdin and stderr."""
    return sys.stdin.isatty() and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class Bar(Protocol):
    """Shows how far something is."""

    def __call__(self, done: int, total: int, label: str = "") -> None: ...


@contextmanager
def progress_bar(title: str, *, unit_bytes: bool = False) -> Iterator[Bar]:
    """Show a bar on stderr while the block runs; silent where stderr is no terminal."""
    if voice.quiet or not sys.stderr.isatty():
        yield _silent
        return
    with ExitStack() as stack:
        begun: list[Progress] = []

        def show(done: int, total: int, label: str = "") -> None:
            # Its thread starts with the first step: what forks before that is alone.
            if not begun:
                begun.append(stack.enter_context(_rich_progress(unit_bytes)))
                begun[0].add_task(title, total=None)
            text = f"{title} ({label})" if label else title
            task = begun[0].task_ids[0]
            begun[0].update(task, completed=done, total=total, description=text)

        yield show


def _silent(done: int, total: int, label: str = "") -> None:
    """Show nothing."""


def _rich_progress(unit_bytes: bool) -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    amount = DownloadColumn() if unit_bytes else MofNCompleteColumn()
    console = Console(stderr=True, no_color=not voice.color)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), amount)
    return Progress(
        *columns,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
