"""Thoughts that a model writes in tags before its answer, where its server does not set them apart.

Servers do so if they are told how the model thinks (vLLM and SGLang: `--reasoning-parser`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from copilot.backends.protocol import Delta, Event, Finished, Thinking

_OPENING = ("<think>", "<thinking>", "<reasoning>")
# More blanks than any answer begins with.
_MOST_BLANKS = 1_000


def thoughts_apart(events: Iterator[Event]) -> Iterator[Event]:
    """Turn what stands in tags at the very begin of an answer into Thinking.

    Tags that come later are part of the answer: it may be about them.
    """
    beginning = _Beginning()
    for event in events:
        if isinstance(event, Delta) and not beginning.is_over:
            yield from beginning.take(event.text)
        elif isinstance(event, Finished):
            yield from beginning.rest()
            yield event
        else:
            yield event


class _Beginning:
    """The begin of an answer, until its first word; what may become a tag is held back."""

    def __init__(self) -> None:
        self.is_over = False
        self._held = ""
        self._closing: re.Pattern[str] | None = None
        self._tag = ""
        self._is_behind = False

    def take(self, text: str) -> Iterator[Event]:
        self._held += text
        if self._closing is None and not self._is_behind:
            self._look_for_opening()
        if self._closing is not None:
            yield from self._thoughts(self._closing)
        if self._is_behind:
            self._held = self._held.lstrip("\r\n")
            self.is_over = bool(self._held)
        if self.is_over:
            yield from self.rest()

    def rest(self) -> Iterator[Event]:
        """Pass on what waits, at the end of the answer or behind its thoughts."""
        text, self._held = self._held, ""
        if text:
            yield Thinking(text) if self._closing else Delta(text)

    def _look_for_opening(self) -> None:
        begun = self._held[: _MOST_BLANKS * 2].lstrip().lower()
        self._tag = next((tag for tag in _OPENING if begun.startswith(tag)), "")
        if self._tag:
            self._held = self._held.lstrip()[len(self._tag) :]
            self._closing = re.compile(re.escape(f"</{self._tag[1:]}"), re.IGNORECASE | re.ASCII)
        elif len(self._held) > _MOST_BLANKS or not any(t.startswith(begun) for t in _OPENING):
            self.is_over = True

    def _thoughts(self, closing: re.Pattern[str]) -> Iterator[Event]:
        end = closing.search(self._held)
        # The end of a piece may be the begin of the closing tag, which is one sign longer.
        stop = end.start() if end else max(0, len(self._held) - len(self._tag))
        thought, self._held = self._held[:stop], self._held[end.end() if end else stop :]
        if end:
            self._closing, self._is_behind = None, True
        if thought:
            yield Thinking(thought)
