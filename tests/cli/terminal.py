"""A terminal that a process of a test runs in."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
from contextlib import suppress

_PATIENCE_SECONDS = 60


class Terminal:
    """A process in a terminal of its own, of 24 rows and 80 columns."""

    def __init__(self, arguments: list[str]) -> None:
        """Start Python with these arguments."""
        self._terminal, inner = pty.openpty()
        termios.tcsetwinsize(inner, (24, 80))
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
            preexec_fn=_take_terminal,
            env={**os.environ, "TERM": "xterm-256color"},
        )
        os.close(inner)
        self.seen = b""

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def wait_for(self, text: str) -> str:
        """Return what was shown up to and with this text."""
        while text.encode() not in self.seen:
            read = self._read()
            assert read, f"it ended before {text!r}: {self.seen!r}"
            self.seen += read
        before, _, self.seen = self.seen.partition(text.encode())
        return before.decode() + text

    def end(self) -> int:
        """Return its exit code, once it has ended."""
        while read := self._read():
            self.seen += read
        code = self.process.wait(_PATIENCE_SECONDS)
        os.close(self._terminal)
        return code

    def _read(self) -> bytes:
        """Return what it said next, nothing at its end."""
        ready, _, _ = select.select([self._terminal], [], [], _PATIENCE_SECONDS)
        assert ready, self.seen
        with suppress(OSError):
            return os.read(self._terminal, 4096)
        return b""


def _take_terminal() -> None:
    """Make the terminal that of the new session, so that ctrl-c reaches it.

    A shell that starts the tests in the background has them ignore interrupts.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
