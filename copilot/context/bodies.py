"""What the prompt needs to know of each file's text before it can be framed, kept by content.

The frame is chosen when all texts are known, so its own tokens are counted apart. Only what a
tokenizer might join with the line before it, the lead, is counted together with that line.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from copilot.cache import Cache, key_of
from copilot.context.counting import Counter, Promise
from copilot.context.frame import Marks, marks_in
from copilot.workspace.model import SourceFile

# Every tokenizer splits before one of these at the beginning of a line (see `tokens`).
_SPLITS_BEFORE = re.compile(rb"(?:\A|\n)(?=[!-.0-~])")
_MOST_BEGUN = 64


class Body(msgspec.Struct, frozen=True, array_like=True):
    """The tokens of all that follows the lead, and the marks that are taken."""

    rest_tokens: int
    marks: Marks


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Body)


class Bodies:
    """The bodies of texts that are added one after another, counted while others are read."""

    def __init__(self, counter: Counter, tokenizer: str, cache: Cache) -> None:
        self._counter = counter
        self._tokenizer = tokenizer
        self._cache = cache
        self._found: list[Body | bytes] = []
        self._made: dict[bytes, Body] = {}
        self._begun: deque[_Begun] = deque()

    def add(self, files: Sequence[SourceFile]) -> None:
        """Take files, all of which have a text."""
        keys = [_key(file, self._tokenizer) for file in files]
        kept = self._cache.get(keys)
        self._found += [_DECODER.decode(kept[key]) if key in kept else key for key in keys]
        missing = {
            key: ended(file.data or b"")
            for key, file in zip(keys, files, strict=True)
            if key not in kept
        }
        if missing:
            texts = [(data, len(lead_of(data))) for data in missing.values()]
            marks = [marks_in(data) for data in missing.values()]
            self._begun.append(_Begun(list(missing), marks, self._counter.begin(texts)))
        while len(self._begun) > _MOST_BEGUN:
            self._finish_one()

    def all(self) -> list[Body]:
        """Return the bodies of all files in their order."""
        while self._begun:
            self._finish_one()
        return [self._made[one] if isinstance(one, bytes) else one for one in self._found]

    def _finish_one(self) -> None:
        begun = self._begun.popleft()
        counts = self._counter.end(begun.counts)
        made = {
            key: Body(count, marks)
            for key, count, marks in zip(begun.keys, counts, begun.marks, strict=True)
        }
        self._cache.put({key: _ENCODER.encode(body) for key, body in made.items()})
        self._made |= made


@dataclass(frozen=True)
class _Begun:
    """Texts that are being counted, by the keys of their bodies."""

    keys: list[bytes]
    marks: list[Marks]
    counts: Promise


def count_kept(texts: Sequence[bytes], counter: Counter, tokenizer: str, cache: Cache) -> list[int]:
    """Return the tokens of each text, from the cache where it was counted before."""
    keys = [key_of("tokens", tokenizer, text.decode()) for text in texts]
    kept = cache.get(keys)
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in kept}
    if missing:
        counts = counter.end(counter.begin([(text, 0) for text in missing.values()]))
        fresh = {key: b"%d" % count for key, count in zip(missing, counts, strict=True)}
        cache.put(fresh)
        kept |= fresh
    return [int(kept[key]) for key in keys]


def lead_of(data: bytes) -> bytes:
    """Return what a tokenizer might join with the line before a text: nothing of most texts."""
    match = _SPLITS_BEFORE.search(data)
    return data[: match.end()] if match else ended(data)


def ended(data: bytes) -> bytes:
    """Return a text whose last line ends, if it has one."""
    return data + b"\n" if data and not data.endswith(b"\n") else data


def _key(file: SourceFile, tokenizer: str) -> bytes:
    content = file.content or hashlib.sha1(file.data or b"", usedforsecurity=False).hexdigest()
    return key_of("body", tokenizer, content)
