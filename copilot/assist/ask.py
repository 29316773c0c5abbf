"""Asking: one request, its answer collected while it streams."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from copilot.backends.protocol import (
    BROKEN_OFF,
    CUT_OFF,
    TOOL_CALLED,
    Backend,
    Delta,
    Event,
    Finished,
    Message,
    Request,
    Usage,
)
from copilot.context.model import Prompt, SectionKind
from copilot.errors import ModelRefused, ReplyIncomplete

if TYPE_CHECKING:
    from copilot.assist.pack import Packed

_ASK_AGAIN = "ask again, or another model; its server's log may say why"
# Of text about code, at least.
_CHARACTERS_A_TOKEN = 4
_KEY_CHARACTERS = 32
# A model may write half a character as an escape.
_HALVES = "surrogatepass"


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
        """Whether the reply ran into its limit of tokens, or the end of the window."""
        return self.reason in CUT_OFF

    @property
    def outcome(self) -> str:
        """What the runs file calls it."""
        return "cut off" if self.cut_off else "answered"


class Interrupted(KeyboardInterrupt):
    """The person stopped the answer; `partial` is what had arrived."""

    def __init__(self, partial: str) -> None:
        super().__init__()
        self.partial = partial


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

    `turns` are what was said since the prompt. Raises ModelError, BudgetExceeded with the model's
    real limit, ReplyIncomplete with what arrived if the answer breaks off, Interrupted if the
    person stops it.
    """
    request = request_for(packed, limits, grammar, turns)
    started, clock = datetime.now(UTC), time.monotonic()
    # Of small pieces, a list or a StringIO would take ten times the room.
    text = bytearray()
    first: float | None = None
    finished = Finished("", None)
    try:
        with _closed_after(backend.ask(request)) as events:
            for event in events:
                if first is None and isinstance(event, Delta) and event.text:
                    first = time.monotonic() - clock
                show(event)
                if isinstance(event, Delta):
                    text += event.text.encode("utf-8", _HALVES)
                elif isinstance(event, Finished):
                    finished = event
    except KeyboardInterrupt as stop:
        raise Interrupted(text.decode("utf-8", _HALVES)) from stop
    seconds = time.monotonic() - clock
    said = text.decode("utf-8", _HALVES)
    return Answer(started, said, finished.reason, finished.usage, seconds, first)


def check_said(answer: Answer, model: str) -> None:
    """Raise ModelRefused or ReplyIncomplete for what is no answer, or the beginning of one.

    A server's filter and a model's own refusal count alike; thoughts alone are no answer.
    """
    if answer.reason == "refused":
        if answer.text.strip():
            why = f"{model}, or a filter of its server, broke its answer off"
            raise ReplyIncomplete(why, "word it otherwise, or ask another model", answer.text)
        why = f"{model}, or a filter of its server, refused to answer"
        raise ModelRefused(why, "word it otherwise, or ask another model")
    if answer.reason in BROKEN_OFF:
        why = f"{model} broke its answer off, in its own words: {answer.reason}"
        raise ReplyIncomplete(why, _ASK_AGAIN, answer.text)
    if answer.reason in TOOL_CALLED and answer.text.strip():
        why = f"{model} called a tool in the middle of its answer"
        raise ReplyIncomplete(why, _ASK_AGAIN, answer.text)
    if answer.text.strip() or answer.cut_off:
        return
    if answer.reason in TOOL_CALLED:
        raise ModelRefused(f"{model} called a tool in place of an answer", _ASK_AGAIN)
    raise ModelRefused(f"{model} ended without a word of an answer", _ASK_AGAIN)


def request_for(
    packed: Packed,
    limits: Limits,
    grammar: str | None = None,
    turns: tuple[Message, ...] = (),
) -> Request:
    """Return what is sent: the prompt, what was said since, and the name of its stable part."""
    prompt = packed.prompt
    said = sum(len(turn.content) for turn in turns) // _CHARACTERS_A_TOKEN
    return Request(
        _taking_turns((*packed.messages, *turns)),
        limits.max_reply_tokens,
        limits.temperature,
        grammar,
        cache_key=_cache_key(prompt),
        prompt_tokens=prompt.total_tokens + said,
    )


def _taking_turns(sent: tuple[Message, ...]) -> tuple[Message, ...]:
    """Join what one side says in a row: many servers want the sides to take turns."""
    joined: list[Message] = []
    for message in sent:
        if joined and joined[-1].role == message.role:
            last = joined.pop()
            message = replace(last, content=f"{last.content}\n{message.content}")
        joined.append(message)
    return tuple(joined)


def _cache_key(prompt: Prompt) -> str:
    """Name rules and base, which many requests begin with; empty where there is no base."""
    stable = [s for s in prompt.sections if s.kind in {SectionKind.RULES, SectionKind.BASE}]
    if not any(section.kind is SectionKind.BASE for section in stable):
        return ""
    digest = hashlib.sha256("".join(section.sha256 for section in stable).encode())
    return digest.hexdigest()[:_KEY_CHARACTERS]


@contextmanager
def _closed_after(events: Iterator[Event]) -> Iterator[Iterator[Event]]:
    """End the request, on the server too, whatever ends the listening."""
    try:
        yield events
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()
