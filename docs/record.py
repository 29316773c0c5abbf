"""Record docs/images/session-*.svg: a whole session in tmux, with the embedded model.

    python docs/record.py [--models-dir DIR]

The bundled repository is copied to a fresh folder, `copilot` is started there with an empty HOME,
and keys are sent to it: a question, an edit, single lines of it accepted, a comment and the second
proposal, applied, undone, left and resumed. The pictures are what the terminal held, and what the
model says is what it said: the keys fit what the 1.5B model says to this.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from rich.color_triplet import ColorTriplet
from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME, TerminalTheme
from rich.text import Text

from copilot.assist.demo import make_demo
from copilot.tui.themes import THEMES

IMAGES = Path(__file__).parent / "images"
COLUMNS, ROWS = 116, 32
QUESTION = "Where is the discount rounded, and how?"
EDIT = (
    "/edit with_discount must raise ValueError if percent is below 0, and another ValueError "
    "if it is over 100, each with its own message."
)
COMMENT = "Say in the message which percent was given."
_SECONDS = 600
_LOOK_EVERY = 0.5
# A note is shown as long.
_NOTE_SECONDS = 6


@dataclass(frozen=True)
class Terminal:
    """A tmux server of its own, with one window."""

    name: str

    def run(self, *command: str) -> str:
        done = subprocess.run(self._command(*command), check=True, capture_output=True, text=True)
        return done.stdout

    def _command(self, *command: str) -> list[str]:
        return ["tmux", "-L", self.name, *command]

    def start(self, folder: Path, home: Path, models: Path, options: Sequence[str]) -> None:
        """Start copilot in a new window, in a folder and with a HOME."""
        command = (sys.executable, "-m", "copilot", *options)
        settings = {"HOME": home, "COPILOT_MODELS_DIR": models, "COLORTERM": "truecolor"}
        given = [f"{name}={value}" for name, value in settings.items()]
        size = ("-x", str(COLUMNS), "-y", str(ROWS))
        self.run("new-session", "-d", *size, "-c", str(folder), "env", *given, *command)

    def type(self, text: str) -> None:
        self.run("send-keys", "-l", text)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.run("send-keys", key)
            time.sleep(_LOOK_EVERY)

    def enter(self, text: str) -> None:
        self.type(text)
        time.sleep(_LOOK_EVERY)
        self.press("Enter")

    def shown(self) -> str:
        return self.run("capture-pane", "-p")

    def wait(self, pattern: str) -> None:
        """Wait until the terminal shows what the pattern says. Exits if it never does."""
        end = time.monotonic() + _SECONDS
        while not re.search(pattern, self.shown()):
            if time.monotonic() > end:
                sys.exit(f"the terminal never showed {pattern!r}, but\n{self.shown()}")
            time.sleep(_LOOK_EVERY)
        time.sleep(2 * _LOOK_EVERY)

    def wait_for_end(self) -> None:
        """Wait until what was started has ended, and the server with it."""
        asked = self._command("has-session")
        while not subprocess.run(asked, check=False, capture_output=True).returncode:
            time.sleep(_LOOK_EVERY)

    def end(self) -> None:
        subprocess.run(self._command("kill-server"), check=False, capture_output=True)

    def picture(self, name: str, title: str) -> None:
        """Write what the terminal shows as an SVG, when its notes are gone."""
        time.sleep(_NOTE_SECONDS)
        console = Console(width=COLUMNS, record=True, file=StringIO())
        for line in self.run("capture-pane", "-p", "-e", "-N").splitlines():
            console.print(Text.from_ansi(line), no_wrap=True, crop=True)
        drawn = console.export_svg(title=title, theme=_theme(), unique_id=name)
        # Not every program that draws an SVG keeps its blanks otherwise.
        drawn = drawn.replace("<svg ", '<svg xml:space="preserve" ', 1)
        (IMAGES / f"session-{name}.svg").write_text(drawn)
        sys.stderr.write(f"session-{name}.svg\n")


def _theme() -> TerminalTheme:
    """Return Rich's colours on the background of our dark theme, which tmux does not tell."""
    theme = copy(SVG_EXPORT_THEME)
    theme.background_color = ColorTriplet(*bytes.fromhex((THEMES["dark"].background or "")[1:]))
    return theme


def record(terminal: Terminal, folder: Path, home: Path, models: Path) -> None:
    """Go through a session, and take the pictures."""
    terminal.start(folder, home, models, ())
    terminal.wait("context: 8 files")
    terminal.enter(QUESTION)
    terminal.wait(r"written · \d")
    terminal.picture("question", QUESTION)
    terminal.enter(EDIT)
    terminal.wait("the changes are ready")
    terminal.picture("edit", "The edits, each in a place that there is")
    terminal.press("Enter")
    terminal.wait("hunk 1 of 1")
    _decide(terminal)
    terminal.press("a", "w")
    terminal.wait("Apply 2 hunks")
    terminal.press("Enter")
    terminal.wait("applied 1 file")
    terminal.enter("/undo")
    terminal.wait("as it was before")
    terminal.press("C-q")
    terminal.wait_for_end()
    terminal.start(folder, home, models, ("--resume", "last"))
    terminal.wait("as it was before")
    terminal.picture("resumed", "copilot --resume last: applied, undone, left, and gone on with")


def _decide(terminal: Terminal) -> None:
    """Accept the first two lines, comment on the two others, and ask again."""
    terminal.press("j", "j", "j", "j", "l", "j", "l")
    terminal.wait(r"x +6 \+ (?s:.*)x +7 \+ ")
    terminal.press("j", "V", "j", "c")
    terminal.wait("Comment · ")
    terminal.type(COMMENT)
    terminal.press("C-s")
    terminal.wait("1 comment")
    terminal.picture("comment", "Two lines accepted, a comment on the two others")
    terminal.press("g")
    terminal.wait("Ask the model again")
    terminal.press("Enter")
    terminal.wait("1 of 2 hunks decided")
    terminal.picture("again", "The next proposal: what was accepted stands, what is new is marked")


def main(arguments: Sequence[str] | None = None) -> int:
    """Record the session in folders that are removed afterwards."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--models-dir", type=Path, default=Path.home() / "models")
    models = options.parse_args(arguments).models_dir.absolute()
    work = Path(tempfile.mkdtemp(prefix="copilot-"))
    terminal = Terminal(work.name)
    (work / "home").mkdir()
    make_demo(work / "shop")
    try:
        record(terminal, work / "shop", work / "home", models)
    finally:
        terminal.end()
        shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
