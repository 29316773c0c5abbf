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
from itertools import islice, pairwise
from zlib import crc32

import msgspec

from copilot.cache import Cache, key_of
from copilot.context.counting import Count, Counter, Promise
from copilot.context.frame import Marks, marks_in
from copilot.workspace.model import SourceFile

# Every tokenizer splits before one of these at the beginning of a line (see `tokens`).
_SPLITS_BEFORE = re.compile(rb"(?:\A|\n)(?=[!-.0-~])")
_MOST_BEGUN = 64
# So many texts are kept in runs.
_CROWD, _MEAN_RUN = 256, 100


class Body(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The lead, the tokens of all that follows it, and the marks that are taken."""

    rest_tokens: int
    marks: Marks
    lead: bytes = b""


UNKNOWN = Body(10**9, Marks())
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Body)
_COUNTS = msgspec.msgpack.Decoder(list[int])


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
        self._made |= {key: UNKNOWN for key in keys if key not in self._made and key not in missing}
        if missing:
            texts, folder = list(missing.values()), self._cache.folder
            begun = self._counter.begin_making(packed_bodies, texts, folder)
            self._begun.append(_Begun(list(missing), begun))
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
        made = dict(zip(begun.keys, self._counter.end(begun.bodies), strict=True))
        self._cache.put(made, soon=False)
        self._made |= {key: _DECODER.decode(body) for key, body in made.items()}


@dataclass(frozen=True)
class _Begun:
    """Texts that are being counted, by the keys of their bodies, which are as they are kept."""

    keys: list[bytes]
    bodies: Promise[bytes]


def packed_bodies(count: Count, texts: Sequence[bytes]) -> list[bytes]:
    """Return the bodies of texts, whose last lines end, as they are kept."""
    leads = list(map(lead_of, texts))
    counts = count([text[len(lead) :] for text, lead in zip(texts, leads, strict=True)])
    bodies = map(Body, counts, map(marks_in, texts), leads)
    return list(map(_ENCODER.encode, bodies))


def count_kept(texts: Sequence[bytes], counter: Counter, tokenizer: str, cache: Cache) -> list[int]:
    """Return the tokens of each text, from the cache where it was counted before.

    Many texts are kept some at a time, so that one more of them has only those near it counted.
    """
    runs = _runs(texts)
    keys = [key_of("tokens 2", tokenizer, *(text.decode() for text in run)) for run in runs]
    kept = {key: _COUNTS.decode(counts) for key, counts in cache.get(keys).items()}
    missing = {key: run for key, run in zip(keys, runs, strict=True) if key not in kept}
    if missing:
        begun = counter.begin([text for run in missing.values() for text in run], cache.folder)
        counts = iter(counter.end(begun))
        fresh = {key: list(islice(counts, len(run))) for key, run in missing.items()}
        cache.put({key: _ENCODER.encode(some) for key, some in fresh.items()}, soon=False)
        kept |= fresh
    return [count for key in keys for count in kept[key]]


def _runs(texts: Sequence[bytes]) -> list[Sequence[bytes]]:
    """Cut texts into runs of about a hundred, at places that only the text there decides on."""
    if len(texts) < _CROWD:
        return [[text] for text in texts]
    cuts = [at for at, text in enumerate(texts) if crc32(text) % _MEAN_RUN == 0]
    return [texts[start:end] for start, end in pairwise((0, *cuts, len(texts))) if start < end]


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
