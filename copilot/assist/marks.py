"""Whether the model was given all of the prompt: it repeats words that stand here and there."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# A prompt of fewer tokens fits the smallest window that a server cuts to in silence.
LEAST_TOKENS = 2_000
# A server that read less than this share of our count, with whatever tokenizer, did not read all.
_LEAST_READ = 0.6
_LINE = re.compile(r"^[*_` \t]*MARKS:[ \t]*([^\n]*)$", re.IGNORECASE | re.MULTILINE)
_BEGINS = "marks:"


@dataclass(frozen=True)
class Marked:
    """A reply without its line of marks, and the words that it should have repeated but did not."""

    text: str
    missing: tuple[str, ...]


def without_marks(reply: str, words: Sequence[str]) -> Marked:
    """Take the line of marks out of a reply."""
    lines = list(_LINE.finditer(reply))
    told = " ".join(match[1].lower() for match in lines)
    named = set(re.findall(r"[a-z]+", told))
    missing = tuple(word for word in words if word not in named)
    if not lines:
        return Marked(reply, missing)
    last = lines[-1]
    return Marked(reply[: last.start()] + reply[last.end() :].removeprefix("\n"), missing)


def seems_cut(read_tokens: int | None, total_tokens: int) -> bool:
    """Tell whether a server says that it read much less than it was sent."""
    if read_tokens is None or total_tokens < LEAST_TOKENS:
        return False
    return read_tokens < _LEAST_READ * total_tokens


class Hiding:
    """Passes a running text on, but for its line of marks."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._line = ""
        self._is_begun = False

    def write(self, text: str) -> None:
        """Take a piece of the text; the begin of a line that may become one of marks waits."""
        for piece in text.splitlines(keepends=True):
            self._line += piece
            if self._is_begun or self._line.endswith("\n") or not self._may_be_marks():
                self.flush()

    def flush(self) -> None:
        """Pass on what waits, unless it is the line of marks."""
        line, self._line = self._line, ""
        if line and (self._is_begun or not _LINE.fullmatch(line.rstrip("\n"))):
            self._show(line)
        self._is_begun = bool(line) and not line.endswith("\n")

    def _may_be_marks(self) -> bool:
        begun = self._line.lstrip("*_` \t").lower()
        return begun.startswith(_BEGINS) or _BEGINS.startswith(begun)
