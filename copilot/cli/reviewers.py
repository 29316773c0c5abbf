"""Which reviewer a person gets: the full screen, or the line mode where there is none."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from copilot.cli.talk import say
from copilot.errors import UsageError
from copilot.review.linemode import review_lines
from copilot.review.state import Decision, Review, decide_all


def review(begun: Review, title: str, *, plain: bool) -> Review:
    """Let a person decide; leaving the review rejects everything."""
    if sys.stdin.isatty() and not sys.stderr.isatty():
        raise UsageError(
            "the review cannot be seen: stderr is no terminal", "use --yes, or --patch"
        )
    if plain or not has_full_terminal():
        return review_lines(begun, _read, _write, _edit if sys.stdin.isatty() else None)
    from copilot.tui.review_app import review_in_terminal

    return review_in_terminal(begun, title) or decide_all(begun, Decision.REJECTED)


def can_review(*, plain: bool) -> bool:
    """Tell whether a person is there to decide; `plain` is their word that stdin answers."""
    return plain or (sys.stdin.isatty() and sys.stderr.isatty())


def has_full_terminal() -> bool:
    """Tell whether stdin and stderr, where the screen is drawn, are a terminal that can show it."""
    return sys.stdin.isatty() and sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _read(prompt: str) -> str | None:
    print(prompt, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        say("")
        return None
    return line.rstrip("\r\n")


def _write(text: str) -> None:
    print(text, file=sys.stderr)


def _edit(data: bytes, suffix: str) -> bytes | None:
    """Open the user's editor on `data`; None if it failed or the file was emptied."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="copilot-") as folder:
        path = Path(folder) / f"hunk{suffix}"
        path.write_bytes(data)
        try:
            status = subprocess.run([*shlex.split(editor), str(path)], check=False).returncode
        except OSError as error:
            say(f"cannot start the editor {editor}: {error.strerror}; set EDITOR")
            return None
        return path.read_bytes() if status == 0 else None
