"""Outlines of whole repositories: on all cores, and each content only once."""

from __future__ import annotations

import os
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Self

from copilot.batches import batches
from copilot.cache import Cache, key_of
from copilot.structure.grammars import grammar_of, is_installed
from copilot.structure.outline import outline
from copilot.structure.workers import MOST_SECONDS, Task, Workers
from copilot.workspace.model import Part, SourceFile

# Raised with every change of the queries or of what an outline keeps.
OUTLINE_VERSION = "2"
_BATCH_BYTES = 256 * 1024
_TASKS_AHEAD = 8
# An outline that is hardly shorter may well take more tokens.
_WORTH_IT = 0.9
# What is kept of a text that ended or stalled its parser.
_BROKEN = b""

_Source = tuple[str, bytes]


@dataclass(frozen=True)
class OutlinedPart:
    """A part whose files hold outlines where `names` has their name, because they are shorter."""

    part: Part
    names: frozenset[str]


class Outliner(AbstractContextManager["Outliner"]):
    """Makes outlines in other processes. To be entered before threads start: see `Workers`."""

    def __init__(
        self, cache: Cache, processes: int | None = None, most_seconds: float = MOST_SECONDS
    ) -> None:
        self._cache = cache
        self._ahead = (processes or os.cpu_count() or 1) * _TASKS_AHEAD
        self._workers: Workers[_Source, bytes] = Workers(packed_outlines, processes, most_seconds)

    def __enter__(self) -> Self:
        self._workers.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._workers.__exit__()

    def outlined(self, parts: Iterable[Part]) -> Iterator[OutlinedPart]:
        """Put an outline in the place of each text that a grammar reads, in the order given.

        A text that breaks its grammar stays whole, and its reason says so.
        """
        begun: deque[_Begun] = deque()
        for part in parts:
            begun.append(self._begin(part))
            while begun and (begun[0].is_done() or self._is_busy(begun)):
                yield self._finish(begun.popleft())
        while begun:
            yield self._finish(begun.popleft())

    def _is_busy(self, begun: Iterable[_Begun]) -> bool:
        """Say whether enough is under way: what waits here takes memory."""
        return sum(len(one.tasks) for one in begun) > self._ahead

    def _begin(self, part: Part) -> _Begun:
        keys = [_key(file) for file in part.files]
        kept = self._cache.get([key for key in keys if key])
        missing = {
            key: (file.path, file.data or b"")
            for key, file in zip(keys, part.files, strict=True)
            if key and key not in kept
        }
        tasks = [
            ([key for key, _ in some], self._workers.submit([source for _, source in some]))
            for some in batches(missing.items(), _size, _BATCH_BYTES)
        ]
        return _Begun(part, keys, kept, tasks)

    def _finish(self, begun: _Begun) -> OutlinedPart:
        made: dict[bytes, bytes] = {}
        for keys, task in begun.tasks:
            found = self._workers.wait_for(task)
            made |= {key: one or _BROKEN for key, one in zip(keys, found, strict=True)}
        self._cache.put(made)
        texts = begun.kept | made
        files = tuple(
            _outlined(file, key, texts[key]) if key else file
            for file, key in zip(begun.part.files, begun.keys, strict=True)
        )
        pairs = zip(files, begun.part.files, strict=True)
        names = frozenset(file.name for file, whole in pairs if file.data is not whole.data)
        return OutlinedPart(replace(begun.part, files=files), names)


def _size(missing: tuple[bytes, _Source]) -> int:
    return len(missing[1][1])


@dataclass(frozen=True)
class _Begun:
    """A part of which some outlines are known and some are being made; no key, no outline."""

    part: Part
    keys: list[bytes | None]
    kept: dict[bytes, bytes]
    tasks: list[tuple[list[bytes], Task[_Source, bytes]]]

    def is_done(self) -> bool:
        return all(task.is_done() for _, task in self.tasks)


def packed_outlines(sources: Sequence[_Source]) -> list[bytes]:
    """Return the outline of each text, compressed; a grammar reads all of them."""
    return [zlib.compress(_outline(path, data), 1) for path, data in sources]


def _outline(path: str, data: bytes) -> bytes:
    made = outline(path, data.decode())
    return data if made is None else made.text.encode()


def _outlined(file: SourceFile, key: bytes, packed: bytes) -> SourceFile:
    if packed == _BROKEN:
        return replace(file, reason=f"{file.reason}; in full: its grammar cannot read it")
    data = zlib.decompress(packed)
    if len(data) > _WORTH_IT * len(file.data or b""):
        return file
    masks = tuple(mask for mask in file.masks if mask.placeholder.encode() in data)
    return replace(file, data=data, content=f"outline {key.hex()}", masks=masks)


def _key(file: SourceFile) -> bytes | None:
    """Return what names a file's outline, None if no installed grammar reads the file."""
    grammar = grammar_of(file.path)
    if file.data is None or grammar is None or not is_installed(grammar):
        return None
    suffix = file.path.rpartition("/")[2].rpartition(".")[2]
    content = file.content or key_of(file.data.decode()).hex()
    return key_of("outline", OUTLINE_VERSION, grammar.language, suffix, content)
