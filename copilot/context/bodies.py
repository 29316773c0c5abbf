"""What the prompt needs to know of each file's text before it can be framed, kept by content.

The frame is chosen when all texts are known, so its own tokens are counted apart. Only what a
tokenizer might join with the line before it, the lead, is counted together with that line.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from copilot.cache import Cache, key_of
from copilot.context.counting import Counter, Promise
from copilot.context.frame import Marks, marks_in
from copilot.workspace.model import SourceFile

# Every tokenizer splits before one of these at the beginning of a line (see `tokens`).
_SPLITS_BEFORE = re.compile(rb"(?:\A|\n)(?=[!-.0-~])")
_MOST_BEGUN = 64


class Body(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The lead, the tokens of all that follows it, and the marks that are taken."""

    rest_tokens: int
    marks: Marks
    lead: bytes = b""


UNKNOWN = Body(10**9, Marks())
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Body)


class Bodies:
    """The bodies of texts that are added one after another, counted while others are read."""

    def __init__(self, counter: Counter, tokenizer: str, cache: Cache) -> None:
        self._counter = counter
        self._tokenizer = tokenizer
        self._cache = cache
        self._made: dict[bytes, Body] = {}
        self._begun: deque[_Begun] = deque()

    def add(self, files: Sequence[SourceFile]) -> list[bytes]:
        """Take files and return the keys of their bodies; one without its text must be known."""
        keys = self._looked_up(files)
        missing = {
            key: ended(file.data or b"")
            for key, file in zip(keys, files, strict=True)
            if self._made.get(key, UNKNOWN) == UNKNOWN and file.data is not None
        }
        # Nobody can tell how long a text is that is neither here nor known.
        self._made |= {key: UNKNOWN for key in keys if key not in self._made.keys() | missing}
        if missing:
            texts = [(data, len(lead_of(data))) for data in missing.values()]
            heads = [(marks_in(data), lead_of(data)) for data in missing.values()]
            counts = self._counter.begin(texts, self._cache.folder)
            self._begun.append(_Begun(list(missing), heads, counts))
        while len(self._begun) > _MOST_BEGUN:
            self._finish_one()
        return keys

    def known(self, files: Sequence[SourceFile]) -> list[bool]:
        """Tell of each file whether its body is known without its text."""
        keys = self._looked_up(files)
        return [self._made.get(key, UNKNOWN) != UNKNOWN for key in keys]

    def _looked_up(self, files: Sequence[SourceFile]) -> list[bytes]:
        """Return the keys of the files' bodies, with what the cache holds of these taken."""
        keys = [_key(file, self._tokenizer) for file in files]
        kept = self._cache.get([key for key in keys if key not in self._made])
        self._made |= {key: _DECODER.decode(body) for key, body in kept.items()}
        return keys

    def know(self, bodies: Mapping[bytes, Body]) -> None:
        """Take bodies as `all` returned them before."""
        self._made |= bodies

    def all(self) -> dict[bytes, Body]:
        """Return the bodies of all files by their keys."""
        while self._begun:
            self._finish_one()
        return self._made

    def _finish_one(self) -> None:
        begun = self._begun.popleft()
        counts = self._counter.end(begun.counts)
        made = {
            key: Body(count, *head)
            for key, count, head in zip(begun.keys, counts, begun.heads, strict=True)
        }
        self._cache.put({key: _ENCODER.encode(body) for key, body in made.items()})
        self._made |= made


@dataclass(frozen=True)
class _Begun:
    """Texts that are being counted, by the keys of their bodies."""

    keys: list[bytes]
    heads: list[tuple[Marks, bytes]]
    counts: Promise


def count_kept(texts: Sequence[bytes], counter: Counter, tokenizer: str, cache: Cache) -> list[int]:
    """Return the tokens of each text, from the cache where it was counted before."""
    keys = [key_of("tokens", tokenizer, text.decode()) for text in texts]
    kept = cache.get(keys)
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in kept}
    if missing:
        begun = counter.begin([(text, 0) for text in missing.values()], cache.folder)
        counts = counter.end(begun)
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
    return key_of("body 2", tokenizer, content)
