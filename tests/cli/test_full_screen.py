"""The review in a real terminal, from the command line to the files."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Words = Callable[..., str]


class Terminal:
    """A terminal of 80 by 24 with a command in it, whose keys are typed and whose text is read."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.child = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.shown = b""

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def wait_for(self, text: bytes) -> None:
        """Read on until a text is shown that was not there before."""
        start = len(self.shown)
        while text not in self.shown[start:]:
            assert self.child.poll() is None, self.shown[-2000:]
            self._read()

    def press_until(self, keys: str, text: bytes) -> None:
        """Press keys until a text is shown: a screen does not hear those of its first moment."""
        start = len(self.shown)
        while text not in self.shown[start:] and self.child.poll() is None:
            self.press(keys)
            self._read()

    def ended(self) -> int:
        """Read to the end and return the exit code."""
        while self.child.poll() is None:
            self._read()
        return self.child.returncode

    def close(self) -> None:
        self.child.kill()
        self.child.wait()
        os.close(self._ours)

    def _read(self) -> None:
        if not select.select([self._ours], [], [], 0.1)[0]:
            return
        try:
            self.shown += os.read(self._ours, 65_536)
        except OSError:  # on Linux: the last writer has left
            assert self.child.wait(60) is not None


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"a.txt": "a\nsame\n", "b.txt": "b\n"}, "app")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "HOME": str(tmp_path / "home"), "TERM": "xterm-256color"}


@pytest.fixture
def terminal(
    block: Words, reply: Words, root: Path, tmp_path: Path, environment: dict[str, str]
) -> Iterator[Terminal]:
    """`copilot apply` at work on edits of two files."""
    answer = tmp_path / "reply.txt"
    edits = block("app/a.txt", "a\n", "A\n"), block("app/b.txt", "b\n", "B\n")
    answer.write_text(reply(*edits, files=2))
    command = [sys.executable, "-m", "copilot", "apply", str(answer)]
    shown = Terminal(command, root, environment)
    yield shown
    shown.close()


def test_accepted_file_is_written_and_the_other_is_not(terminal: Terminal, root: Path) -> None:
    terminal.wait_for(b"undecided")
    terminal.press_until("f", b"1 accepted")
    terminal.press(".r")
    terminal.wait_for(b"rejected")
    terminal.press("w")
    terminal.wait_for(b"Apply 1 hunk in 1 file?")
    terminal.press("y")
    assert terminal.ended() == 1
    assert (root / "a.txt").read_text() == "A\nsame\n"
    assert (root / "b.txt").read_text() == "b\n"
    assert b"applied 1 file" in terminal.shown


def test_quitting_writes_nothing(terminal: Terminal, root: Path) -> None:
    terminal.wait_for(b"undecided")
    terminal.press_until("q", b"nothing was written")
    assert terminal.ended() == 1
    assert (root / "a.txt").read_text() == "a\nsame\n"
    after = terminal.shown[terminal.shown.rfind(b"\x1b[?1049l") :]
    assert b"nothing was accepted, nothing was written" in after


def test_wrong_keys_are_refused_before_a_model_is_asked(
    root: Path,
    tmp_path: Path,
    environment: dict[str, str],
    model: Callable[..., str],
    asked: list[dict[str, Any]],
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[keys]\naccept = "r"\n')
    command = [sys.executable, "-m", "copilot", "edit", "task", "--config", str(config)]
    shown = Terminal([*command, "--base-url", model("never asked")], root, environment)
    assert shown.ended() == 2
    shown.close()
    assert b"keys: r would mean both accept and reject" in shown.shown
    assert not asked
