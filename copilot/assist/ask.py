"""Asking: one request, its answer collected while it streams."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from copilot.assist.pack import Packed, messages
from copilot.backends.protocol import (
    Backend,
    Delta,
    Event,
    Finished,
    Message,
    Request,
    Usage,
)
from copilot.edits.grammar import edit_grammar


@dataclass(frozen=True)
class Answer:
    """What the model said; `reason` is the server's word for why it stopped, `seconds` its time.

    `started` is when it was asked, in UTC; `first_token_seconds` the time from there to the first
    piece of the answer, None if there was none.
    """

    started: datetime
    text: str
    reason: str
    usage: Usage | None
    seconds: float
    first_token_seconds: float | None = None

    @property
    def cut_off(self) -> bool:
        """Whether the reply ran into its limit of tokens."""
        return self.reason == "length"


@dataclass(frozen=True)
class Limits:
    """How long and how freely the model may answer; `max_reply_tokens` in tokens."""

    max_reply_tokens: int
    temperature: float | None = None


def ask(
    backend: Backend,
    packed: Packed,
    limits: Limits,
    show: Callable[[Event], None],
    grammar: str | None = None,
    turns: tuple[Message, ...] = (),
) -> Answer:
    """Send the prompt and return the whole answer; `show` sees each event as it comes.

    `turns` are what was said since the prompt. Raises ModelError.
    """
    said = (*messages(packed.prompt), *turns)
    request = Request(said, limits.max_reply_tokens, limits.temperature, grammar)
    started, clock = datetime.now(UTC), time.monotonic()
    pieces: list[str] = []
    first: float | None = None
    finished = Finished("", None)
    for event in backend.ask(request):
        if first is None and isinstance(event, Delta) and event.text:
            first = time.monotonic() - clock
        show(event)
        if isinstance(event, Delta):
            pieces.append(event.text)
        elif isinstance(event, Finished):
            finished = event
    seconds = time.monotonic() - clock
    return Answer(started, "".join(pieces), finished.reason, finished.usage, seconds, first)


def grammar_for(packed: Packed) -> str | None:
    """Return the grammar that holds a reply to edits of the packed files in the roots."""
    return edit_grammar(packed.editable_texts, packed.prompt.frame.marker)
