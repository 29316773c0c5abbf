"""Answers that were recorded, given again: for tests, and for a run that is to be repeated.

The file holds one exchange a line, as JSON: `{"prompt_sha256": HEX, "events": [EVENT, …]}` with
events such as `{"type": "delta", "text": "…"}`. An exchange without `prompt_sha256` answers any
prompt. Each is given once, in the file's order, and its last for ever. A line
`{"model": NAME, "window": TOKENS}` tells the model's facts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from pathlib import Path

import msgspec

from copilot.backends.answers import kept
from copilot.backends.protocol import (
    Backend,
    Delta,
    Event,
    Finished,
    ModelFacts,
    Reading,
    Request,
    Thinking,
    Usage,
)
from copilot.errors import ModelRefused, UsageError


class _Event(msgspec.Struct, omit_defaults=True):
    type: str
    text: str = ""
    done: int = 0
    total: int = 0
    reason: str = ""
    prompt: int | None = None
    reply: int = 0
    cached: int | None = None
    cache_written: int | None = None


class _Line(msgspec.Struct, omit_defaults=True):
    prompt_sha256: str = ""
    events: list[_Event] | None = None
    model: str = ""
    window: int | None = None


class ReplayChat:
    """The exchanges of one file as a backend. Raises UsageError for a file of another shape."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = _lines(path)
        self._facts = next((line for line in lines if line.events is None), _Line())
        self._left = [line for line in lines if line.events is not None]

    def facts(self) -> ModelFacts:
        return ModelFacts(self._facts.model or self._path.stem, self._facts.window)

    def close(self) -> None:
        """Nothing is open."""

    def ask(self, request: Request) -> Generator[Event, None, None]:
        """Give the recorded answer. Raises ModelRefused if there is none for this prompt."""
        return kept(self._asked(request), self.facts().model)

    def _asked(self, request: Request) -> Generator[Event, None, None]:
        wanted = prompt_sha256(request)
        fit = [line for line in self._left if line.prompt_sha256 in {"", wanted}]
        if not fit:
            raise ModelRefused(
                f"{self._path} holds no answer to this prompt ({wanted[:12]})",
                "the prompt differs from the recorded one: see copilot runs replay",
            )
        if len(fit) > 1:
            self._left.remove(fit[0])
        for event in fit[0].events or []:
            yield _told(event, self._path)


class Recording:
    """A backend whose exchanges are appended to a file as they end, for `ReplayChat`."""

    def __init__(self, backend: Backend, path: Path) -> None:
        self._backend, self._path = backend, path

    def facts(self) -> ModelFacts:
        return self._backend.facts()

    def close(self) -> None:
        self._backend.close()

    def ask(self, request: Request) -> Iterator[Event]:
        """Stream the answer. Raises what the backend raises; a broken answer is not recorded."""
        events: list[_Event] = []
        for event in self._backend.ask(request):
            recorded = _recorded(event)
            events += [recorded] if recorded else []
            yield event
        line = msgspec.json.encode(_Line(prompt_sha256(request), events))
        with self._path.open("ab") as file:
            file.write(line + b"\n")


def prompt_sha256(request: Request) -> str:
    """Return the name of a prompt: SHA-256 over the roles and texts of its messages."""
    said = [[message.role, message.content] for message in request.messages]
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()


def _lines(path: Path) -> list[_Line]:
    try:
        lines = [line for line in path.read_bytes().split(b"\n") if line.strip()]
        return [msgspec.json.decode(line, type=_Line) for line in lines]
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(
            f"cannot read the recording {path}: {error}", "see recording in the model's table"
        ) from error


def _recorded(event: Event) -> _Event | None:
    if isinstance(event, Delta):
        return _Event("delta", _writable(event.text))
    if isinstance(event, Thinking):
        return _Event("thinking", _writable(event.text))
    if isinstance(event, Reading):
        return _Event("reading", done=event.done, total=event.total)
    if isinstance(event, Finished):
        usage = event.usage
        if usage is None:
            return _Event("finished", reason=event.reason)
        figures = (usage.prompt, usage.reply, usage.cached, usage.cache_written)
        return _Event("finished", "", 0, 0, event.reason, *figures)
    return None


def _writable(text: str) -> str:
    """Return the text without halves of characters, which no file can hold."""
    return text.encode("utf-8", "replace").decode()


def _told(event: _Event, path: Path) -> Event:
    if event.type == "delta":
        return Delta(event.text)
    if event.type == "thinking":
        return Thinking(event.text)
    if event.type == "reading":
        return Reading(event.done, event.total)
    if event.type != "finished":
        raise UsageError(f"{path} holds an event of no known type: {event.type!r}", "record anew")
    usage = None
    if event.prompt is not None:
        usage = Usage(event.prompt, event.reply, event.cached, event.cache_written)
    return Finished(event.reason, usage)
