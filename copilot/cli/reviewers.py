"""Which reviewer a person gets: the full screen, or the line mode where there is none."""

from __future__ import annotations

import os
import sys

from copilot.cli.ready import agrees
from copilot.cli.reviewing import Reviewing, edit
from copilot.cli.talk import heard_by, say
from copilot.errors import UsageError
from copilot.review.linemode import review_lines
from copilot.review.state import Decision, Review, decide_all
from copilot.settings.config import Config

_ALL_DECIDED = "all of it is decided; go on with that? Else it is asked again [y/N] "


def review(begun: Review, title: str, config: Config, outside: Reviewing, *, plain: bool) -> Review:
    """Let a person decide; leaving the review rejects everything."""
    if sys.stdin.isatty() and not sys.stderr.isatty():
        raise UsageError(
            "the review cannot be seen: stderr is no terminal", "use --yes, or --patch"
        )
    begun = outside.begin(begun)
    is_taken_up, outside.is_taken_up = outside.is_taken_up, False
    if is_plain(plain=plain):
        # Line by line, what is decided is not shown: it is not to be written unseen.
        if is_taken_up and begun.is_decided and not agrees(_ALL_DECIDED, usually=False):
            begun = decide_all(begun, Decision.UNDECIDED)
        return review_lines(begun, _read, _write, edit if sys.stdin.isatty() else None, outside)
    from copilot.tui.review_app import review_in_terminal

    title = f"as you left it: {title}" if is_taken_up else title
    heard: list[str] = []
    try:
        # Who has the model asked again has agreed to what the same prompt cost before.
        with heard_by(heard.append, lambda _question: True):
            decided = review_in_terminal(begun, title, outside, config.keys, config.theme)
    finally:
        for line in heard:
            say(line)
    return decided or decide_all(outside.latest or begun, Decision.REJECTED)


def check_keys(config: Config, *, plain: bool) -> None:
    """Raise UsageError where a full screen would refuse the person's own keys."""
    if config.keys and not is_plain(plain=plain):
        from copilot.tui.keymap import keymap

        keymap(config.keys)


def is_plain(*, plain: bool) -> bool:
    """Tell whether the review goes line by line, because that is wished or there is no screen."""
    return plain or not has_full_terminal()


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
