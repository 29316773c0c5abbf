"""Lines that a person enters: edited, completed and remembered where there is a terminal."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from copilot.assist.session.complete import Completer
from copilot.assist.session.names import Names
from copilot.cli.show import put

ASKS = "> "
_GOES_ON = "... "
_LOOK_SECONDS = 0.2


class Lines:
    """Reads what a person enters; a line that ends in a backslash goes on with the next."""

    def __init__(self, entered_before: Iterable[str], names: Callable[[], Names]) -> None:
        self._names = names
        self._is_edited = sys.stdin.isatty() and sys.stdout.isatty()
        self._completer: Completer | None = None
        self._found: list[str] = []
        if self._is_edited:
            self._begin(entered_before)

    def read(self) -> str | None:
        """Return what was entered, None at the end of input. Raises KeyboardInterrupt."""
        lines: list[str] = []
        while True:
            line = self._line(_GOES_ON if lines else ASKS)
            if line is None:
                return "\n".join(lines) if lines else None
            if not line.endswith("\\"):
                return "\n".join([*lines, line])
            lines.append(line[:-1])

    def _line(self, prompt: str) -> str | None:
        if self._is_edited:
            try:
                with _looking_for_interrupts():
                    return input(prompt)
            except EOFError:
                put("\n")
                return None
        print(prompt, end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        return line.rstrip("\r\n") if line else None

    def _begin(self, entered_before: Iterable[str]) -> None:
        """Let the line be edited, with what was entered before and with completion."""
        try:
            import readline
        except ImportError:
            return
        readline.clear_history()
        for text in entered_before:
            if "\n" not in text:
                readline.add_history(text)
        readline.set_completer_delims(" \t\n")
        readline.set_completer(self._complete)
        readline.parse_and_bind("tab: complete")

    def _complete(self, _word: str, number: int) -> str | None:
        import readline

        if number == 0:
            self._found = list(self._suggestions(readline.get_line_buffer(), readline.get_endidx()))
        return self._found[number] if number < len(self._found) else None

    def _suggestions(self, line: str, cursor: int) -> Iterator[str]:
        names = self._names()
        if self._completer is None or self._completer.names is not names:
            self._completer = Completer(names)
        return (one.text for one in self._completer.complete(line, cursor).items)


@contextmanager
def _looking_for_interrupts() -> Iterator[None]:
    """Have `input` look for Ctrl-C now and then, not only where it comes while it waits.

    CPython's readline asks for signals when its wait is interrupted: one that came while the
    terminal was being set up would otherwise be seen with the next key only.
    """
    before = signal.signal(signal.SIGALRM, lambda _signal, _frame: None)
    signal.setitimer(signal.ITIMER_REAL, _LOOK_SECONDS, _LOOK_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
