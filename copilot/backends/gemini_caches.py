"""Gemini's explicit caches: the prompt's stable part is put there once, and asked with by name.

Such a cache costs money for as long as it is kept, so that it is made only where the user's
configuration asks for it. Its name is noted in a folder, under a hash of what it holds, for the
next process; without one, a process forgets. What goes wrong with a cache costs its discount, never
an answer.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from copilot.backends.faults import parsed
from copilot.backends.protocol import Message
from copilot.backends.server import Server
from copilot.errors import ModelError

# Fewer tokens are refused (4,096 by the larger models); of a token, about four characters.
LEAST_CHARACTERS = 4 * 4096
_NAME = re.compile(r"cachedContents/[A-Za-z0-9_-]{1,200}")
_ENDING = ".gemini"
# Before its end, a cache is as good as gone: a long prompt takes a while to be sent.
_MARGIN_SECONDS = 60


@dataclass(frozen=True)
class StablePart:
    """What of a request is cached: its system texts, and the begin of its first turn.

    `turns` are those that are still to be sent.
    """

    system: tuple[str, ...]
    text: str
    turns: tuple[Message, ...]


@dataclass(frozen=True)
class Held:
    """A cache by its name, empty for none; `written` are its tokens if it was made just now."""

    name: str = ""
    written: int | None = None


@dataclass
class GeminiCaches:
    """The caches of one model, each kept for `ttl` seconds from its last use.

    `clock` tells Unix time. A cache that this process made goes as soon as another takes its place.
    """

    server: Server
    model: str
    ttl: int
    notes: Path | None = None
    clock: Callable[[], float] = time.time
    _known: dict[str, tuple[str, float]] = field(default_factory=dict)
    _refused: set[str] = field(default_factory=set)
    _made: str = ""

    def held(self, part: StablePart) -> Held:
        """Return the cache that holds a part; it is made, or its time is prolonged, if need be."""
        key = self._key(part)
        if key in self._refused:
            return Held()
        name, end = self._noted(key)
        left = end - self.clock()
        if left > self.ttl / 2 or (left > _MARGIN_SECONDS and self._prolong(key, name)):
            return Held(name)
        return self._create(key, part)

    def lost(self, part: StablePart) -> None:
        """Forget a cache that the server does not know, and make it no more."""
        key = self._key(part)
        self._forget(key)
        self._refused.add(key)

    def _create(self, key: str, part: StablePart) -> Held:
        body: dict[str, Any] = {
            "model": f"models/{self.model}",
            "contents": [{"role": "user", "parts": [{"text": part.text}]}],
            "ttl": f"{self.ttl}s",
        }
        if part.system:
            body["systemInstruction"] = {"parts": [{"text": text} for text in part.system]}
        made = self._sent("POST", "/cachedContents", body)
        name = made.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            self._refused.add(key)
            return Held()
        self._drop_last(key)
        self._note(key, name)
        usage = made.get("usageMetadata")
        written = usage.get("totalTokenCount") if isinstance(usage, dict) else None
        return Held(name, written if isinstance(written, int) else None)

    def _drop_last(self, key: str) -> None:
        """Delete what this process made before: its base is not asked with again."""
        name, _ = self._known.get(self._made, ("", 0.0))
        if name:
            self._sent("DELETE", f"/{name}")
            self._forget(self._made)
        self._made = key

    def _forget(self, key: str) -> None:
        self._known.pop(key, None)
        if self.notes:
            (self.notes / f"{key}{_ENDING}").unlink(missing_ok=True)

    def _prolong(self, key: str, name: str) -> bool:
        told = self._sent("PATCH", f"/{name}?updateMask=ttl", {"ttl": f"{self.ttl}s"})
        if told.get("name") != name:
            return False
        self._note(key, name)
        return True

    def _sent(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the object that the server answers with, empty for a refusal."""
        try:
            status, said = self.server.fetch(method, path, self.model, body, patient=True)
        except ModelError:
            return {}
        document = parsed(said) if status == 200 else None
        return document if isinstance(document, dict) else {}

    def _noted(self, key: str) -> tuple[str, float]:
        """Return a cache's name and its end, from this process or from the last."""
        if key not in self._known and self.notes:
            with suppress(OSError, ValueError, TypeError):
                name, end = json.loads((self.notes / f"{key}{_ENDING}").read_text())
                if _NAME.fullmatch(name):
                    self._known[key] = name, float(end)
        return self._known.get(key, ("", 0.0))

    def _note(self, key: str, name: str) -> None:
        end = self.clock() + self.ttl
        self._known[key] = name, end
        if self.notes is None:
            return
        with suppress(OSError):
            self.notes.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._sweep(self.notes)
            (self.notes / f"{key}{_ENDING}").write_text(json.dumps([name, end]))

    def _sweep(self, notes: Path) -> None:
        """Remove the notes of caches that are gone: nothing is kept longer than it was meant to."""
        for path in notes.glob(f"*{_ENDING}"):
            if path.stat().st_mtime < self.clock() - self.ttl:
                path.unlink(missing_ok=True)

    def _key(self, part: StablePart) -> str:
        text = "\0".join([self.server.base_url, self.model, *part.system, part.text])
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def stable_part(messages: Sequence[Message]) -> StablePart | None:
    """Return the part of a prompt that stays the same, None where it is too short or there is none.

    It is what stands before the first cut of the first turn, which is where the base ends.
    """
    system = tuple(m.content for m in messages if m.role == "system" and m.content)
    turns = tuple(message for message in messages if message.role != "system")
    cut = turns[0].cuts[0] if turns and turns[0].role == "user" and turns[0].cuts else 0
    if cut < LEAST_CHARACTERS:
        return None
    first = turns[0]
    rest = Message("user", first.content[cut:])
    left = (rest, *turns[1:]) if rest.content else turns[1:]
    return StablePart(system, first.content[:cut], left) if left else None
