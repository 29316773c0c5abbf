"""What all providers' answers have in common: they are bounded, and a broken one is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any, TypeVar

import msgspec

from copilot.backends.faults import error_text, parsed, refusal
from copilot.backends.protocol import Delta, Event, Finished, Thinking
from copilot.backends.thoughts import thoughts_apart
from copilot.errors import (
    BudgetExceeded,
    CopilotError,
    ModelError,
    ModelRefused,
    ModelUnreachable,
    ReplyIncomplete,
)

T = TypeVar("T")

# Ten times what a model with the largest reply writes.
MOST_BYTES = 64 * 1024 * 1024
_BROKE_OFF = "{} broke off in the middle of its answer"
_TRY_AGAIN = "try again; see the server's log"
_NO_STREAM = "check base_url, and that the server can stream"
# No window is as large; what is more is no count.
_MOST_TOKENS = 10**12
_HALF = re.compile("[\ud800-\udfff]")
_HIGH = ("\ud800", "\udbff")


def kept(events: Generator[Event, None, None], model: str) -> Generator[Event, None, None]:
    """Pass events on; what breaks after the first piece raises ReplyIncomplete with all pieces.

    Halves of a character that come in two pieces are joined, and thoughts in tags set apart.
    Closing this closes `events`.
    """
    # Of small pieces, a list or a StringIO would take ten times the room.
    text = bytearray()
    shown = False
    try:
        with closing(events):
            for event in thoughts_apart(_joined(events)):
                if isinstance(event, Delta | Thinking):
                    shown = True
                if isinstance(event, Delta):
                    text += event.text.encode("utf-8", "surrogatepass")
                    _check_size(len(text), model)
                yield event
    except (ModelError, BudgetExceeded) as error:
        if not shown:
            raise
        broke, why = _BROKE_OFF.format(model), error.message
        raise ReplyIncomplete(
            why if why == broke else f"{broke}: {why}",
            "try again",
            text.decode("utf-8", "surrogatepass"),
        ) from error


def broke_off(model: str) -> ModelUnreachable:
    """Return the error for a stream that ends without saying so."""
    error = ModelUnreachable(_BROKE_OFF.format(model), _TRY_AGAIN)
    error.passing = True
    return error


def unfinished(model: str, stray: bytes, *, is_begun: bool) -> CopilotError:
    """Return the error for a stream without an end; `stray` is what belonged to none of its events.

    Some servers send an error as plain JSON, in a list of one; a wrong address a page of HTML.
    """
    document = parsed(stray) if stray else None
    first = document[0] if isinstance(document, list) and document else document
    if isinstance(first, dict) and first.get("error"):
        return refusal(200, stray, model)
    if is_begun:
        return broke_off(model)
    if stray:
        said = error_text(stray)
        return ModelRefused(f"{model} sent no stream of events: {said}", _NO_STREAM)
    silent = ModelUnreachable(f"{model} ended before the first word of its answer", _TRY_AGAIN)
    silent.passing = True
    return silent


def figure(told: Any, name: str) -> int | None:
    """Return a count of tokens that a server tells under a name, None for what is no count."""
    value = told.get(name) if isinstance(told, dict) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= _MOST_TOKENS else None


def decoded(data: bytes, shape: type[T], model: str) -> T:
    """Parse one event; an error may come after the status said success. Raises CopilotError."""
    try:
        document = json.loads(data)
        if isinstance(document, dict) and document.get("error"):
            raise refusal(200, data, model)
        return msgspec.convert(document, shape)
    except (ValueError, RecursionError) as error:
        raise nonsense(model, error_text(data)) from error


def nonsense(model: str, said: str) -> ModelError:
    """Return the error for an event of a shape that no answer has."""
    return ModelError(f"{model} sent what is no chat completion: {said}", _TRY_AGAIN)


def _check_size(size: int, model: str) -> None:
    if size > MOST_BYTES:
        raise ModelError(f"{model} does not stop writing", "see the server's log")


def _joined(events: Iterator[Event]) -> Iterator[Event]:
    """Hold back the first half of a surrogate pair until the second comes, and join them."""
    half = ""
    for event in events:
        if not isinstance(event, Delta):
            if half and isinstance(event, Finished):
                yield Delta(half)
            yield event
            continue
        text = half + event.text
        half = text[-1:] if _HIGH[0] <= text[-1:] <= _HIGH[1] else ""
        text = text[: len(text) - len(half)]
        if _HALF.search(text):
            # Two halves become one character; half a one stays, so that it can be seen and refused.
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        if text:
            yield Delta(text)
