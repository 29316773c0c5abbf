"""What is said to the person: on stderr, or to the screen that hears it; always harmless."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
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


@dataclass(eq=False)
class Listener:
    """Who hears what is said, line by line, and answers questions with yes or no, if anybody.

    One with `own_figures` shows tokens and seconds by itself.
    """

    hear: Callable[[str], None]
    answer: Callable[[str], bool] | None
    own_figures: bool


_listeners: list[Listener] = []
_lock = threading.Lock()


@contextmanager
def heard_by(
    hear: Callable[[str], None],
    answer: Callable[[str], bool] | None = None,
    *,
    own_figures: bool = False,
) -> Iterator[None]:
    """Let `hear` get all that any thread says while the block runs, made harmless.

    A full screen needs that: nothing may be written to the terminal beneath it. `hear` is called
    from the thread that speaks, without the line end. `answer` gets the questions that a terminal
    would be asked; without it, each is answered with no. Running texts and bars are not heard:
    a screen gets the events behind them; one with `own_figures` does not hear of those either.
    """
    begun = Listener(hear, answer, own_figures)
    with _lock:
        _listeners.append(begun)
    try:
        yield
    finally:
        with _lock:
            _listeners.remove(begun)


def listener() -> Listener | None:
    """Return who hears at present, the last who began; None where the terminal does."""
    with _lock:
        return _listeners[-1] if _listeners else None


def say(text: str) -> None:
    """Say something unless --quiet."""
    if not voice.quiet:
        say_always(text)


def say_always(text: str) -> None:
    """Say what a person must know, with --quiet too."""
    if hearing := listener():
        hearing.hear(visible(text))
    else:
        print(visible(text), file=sys.stderr, flush=True)


def say_figures(text: str) -> None:
    """Say what a request is going to take, or has taken, where nothing else shows it."""
    hearing = listener()
    if hearing is None or not hearing.own_figures:
        say(text)


def detail(text: str) -> None:
    """Say something only with --verbose."""
    if voice.verbose:
        say(text)


def stream(text: str) -> None:
    """Show a piece of a running text, without ending its line."""
    if not voice.quiet and listener() is None:
        print(visible(text), end="", file=sys.stderr, flush=True)


def complain(error: CopilotError) -> None:
    """Say what went wrong and what to do next."""
    print(f"copilot: {visible(error.message)}", file=sys.stderr)
    if error.hint:
        print(f"hint: {visible(error.hint)}", file=sys.stderr)


def is_terminal() -> bool:
    """Tell whether a person sits before stdin and stderr, with no screen over them."""
    has_both = sys.stdin.isatty() and sys.stderr.isatty()
    return listener() is None and has_both and os.environ.get("TERM") != "dumb"


def can_agree() -> bool:
    """Tell whether a person is there to answer a question."""
    hearing = listener()
    return is_terminal() if hearing is None else hearing.answer is not None


def can_draw() -> bool:
    """Tell whether a bar may be drawn on stderr."""
    return not voice.quiet and sys.stderr.isatty() and listener() is None


class Bar(Protocol):
    """Shows how far something is."""

    def __call__(self, done: int, total: int, label: str = "") -> None: ...


@contextmanager
def progress_bar(title: str, *, unit_bytes: bool = False) -> Iterator[Bar]:
    """Show a bar on stderr while the block runs; silent where stderr is no terminal."""
    if not can_draw():
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
