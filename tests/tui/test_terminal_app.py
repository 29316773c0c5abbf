"""The terminal after a screen: restored, whatever happened inside."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.app import App

from copilot.errors import UsageError
from copilot.review.state import Review
from copilot.tui.review_app import ReviewApp
from copilot.tui.terminal_app import TerminalApp
from copilot.tui.themes import THEMES

_ALTERNATE = (b"\x1b[?1049h", b"\x1b[?1049l")
_CURSOR = (b"\x1b[?25l", b"\x1b[?25h")
_MOUSE = (b"\x1b[?1000h", b"\x1b[?1000l")
# The colours of the window that is drawn around a picture.
_FRAME = {"#c5c8c6", "#ff5f57", "#febc2e", "#28c840"}

# A review whose look at the disk does what the test says.
_CHILD = """
import sys
from copilot.cli import main
from copilot.edits.changes import ChangeSet, FileChange
from copilot.review.state import start
from copilot.tui.review_app import review_in_terminal

class World:
    can_ask = False

    def changed_on_disk(self, review):
        {trouble}

def command(arguments):
    review = start(ChangeSet((FileChange("app", "a", b"a\\n", b"b\\n"),)))
    review_in_terminal(review, "task", World())
    return 0

main._command = command
sys.exit(main._run([]))
"""


def run_in_terminal(code: str, home: Path) -> tuple[int, bytes, bool]:
    """Run Python in a terminal of its own.

    Returns the exit code, the output, and whether the terminal's modes are as before.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    before = termios.tcgetattr(theirs)
    environment = {**os.environ, "HOME": str(home), "TERM": "xterm-256color"}
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True,
    )  # fmt: skip
    output = b""
    os.set_blocking(ours, False)
    while child.poll() is None:
        output += _read(ours)
    output += _read(ours)
    after = termios.tcgetattr(theirs)
    os.close(ours)
    os.close(theirs)
    return child.returncode, output, after == before


def _read(terminal: int) -> bytes:
    ready, _, _ = select.select([terminal], [], [], 0.1)
    return os.read(terminal, 65_536) if ready else b""


@pytest.mark.parametrize(
    ("trouble", "exit_code", "said"),
    [
        ("raise RuntimeError('out of cheese')", 70, b"RuntimeError: out of cheese"),
        ("import os; os.kill(os.getpid(), 2)", 130, b"interrupted"),
        ("import os; os.kill(os.getpid(), 15)", 130, b"interrupted"),
    ],
)
def test_crash_leaves_the_terminal_as_it_was(
    tmp_path: Path, trouble: str, exit_code: int, said: bytes
) -> None:
    code, output, restored = run_in_terminal(_CHILD.format(trouble=trouble), tmp_path)
    assert code == exit_code
    for on, off in (_ALTERNATE, _CURSOR, _MOUSE):
        assert on in output
        assert output.rfind(on) < output.rfind(off)
    assert said in output[output.rfind(_ALTERNATE[1]) :]
    assert restored


def test_an_app_ends_with_its_terminal(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD.format(trouble="return ()")],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**os.environ, "HOME": str(tmp_path), "TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(theirs)
    output = b""
    while _ALTERNATE[0] not in output:
        output += _read(ours)
    # It is no controlling terminal: there is no signal.
    os.close(ours)
    assert child.wait(60) != 0


def test_wrong_keys_and_themes_are_refused_before_the_screen_opens(
    review_of: Callable[..., Review],
) -> None:
    with pytest.raises(UsageError, match="nothing is named acept"):
        ReviewApp(review_of(), "task", keys={"acept": "y"})
    with pytest.raises(UsageError, match="no theme pink"):
        ReviewApp(review_of(), "task", theme="pink")


async def test_themes_go_round() -> None:
    app: TerminalApp[None] = TerminalApp(theme="light")
    async with app.run_test():
        seen = []
        for _ in THEMES:
            seen.append(app.theme)
            app.action_next_theme()
        assert seen == ["copilot-light", "copilot-high-contrast", "copilot-dark"]
        assert app.theme == seen[0]


async def test_without_colour_only_grey_is_drawn(
    monkeypatch: pytest.MonkeyPatch, many_kinds: Review
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = ReviewApp(many_kinds, "task")
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        assert _colours(app) == set()


def _colours(app: App[Review | None]) -> set[str]:
    """Return the colours in the picture that are not shades of grey."""
    found = set(re.findall(r"fill(?:=\"|: )(#[0-9a-f]{6})", app.export_screenshot())) - _FRAME
    return {colour for colour in found if len({colour[1:3], colour[3:5], colour[5:7]}) > 1}
