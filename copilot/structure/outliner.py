"""Outlines of whole repositories: on all cores, and each content only once."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from multiprocessing.pool import AsyncResult, Pool
from pathlib import PurePosixPath
from types import TracebackType
from typing import Self

from copilot.cache import Cache, key_of
from copilot.structure.grammars import grammar_of, is_installed
from copilot.structure.outline import outline
from copilot.workspace.model import Part, SourceFile

# Raised with every change of the queries or of what an outline keeps.
OUTLINE_VERSION = "1"
# Fewer bytes are outlined before other processes have begun to.
_WORTH_PROCESSES = 256 * 1024
_TASK_BYTES = 512 * 1024
_TASKS_AHEAD = 4

_Source = tuple[str, bytes]


@dataclass(frozen=True)
class OutlinedPart:
    """A part whose files hold outlines where `names` has their name, because they are shorter."""

    part: Part
    names: frozenset[str]


class Outliner(AbstractContextManager["Outliner"]):
    """Makes outlines. To be entered before threads start, since it forks where the system can."""

    def __init__(self, cache: Cache, processes: int | None = None) -> None:
        self._cache = cache
        self._processes = processes or os.cpu_count() or 1
        self._pool: Pool | None = None

    def __enter__(self) -> Self:
        if self._processes > 1:
            alone = threading.active_count() == 1 and sys.platform == "linux"
            context = multiprocessing.get_context("fork" if alone else "spawn")
            self._pool = context.Pool(self._processes)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool:
            self._pool.terminate()
            self._pool.join()
            self._pool = None

    def outlined(self, parts: Iterable[Part]) -> Iterator[OutlinedPart]:
        """Put an outline in the place of each text that a grammar reads, in the order given."""
        begun: deque[_Begun] = deque()
        for part in parts:
            begun.append(self._begin(part))
            while begun and (begun[0].is_ready() or self._is_busy(begun)):
                yield self._finish(begun.popleft())
        while begun:
            yield self._finish(begun.popleft())

    def _is_busy(self, begun: Iterable[_Begun]) -> bool:
        """Say whether enough is under way: what waits here takes memory."""
        return sum(len(one.tasks) for one in begun) > self._processes * _TASKS_AHEAD

    def _begin(self, part: Part) -> _Begun:
        keys = {_key(file): file for file in part.files if _can_be_outlined(file)}
        kept = self._cache.get(list(keys))
        missing = [
            (key, (file.path, file.data or b"")) for key, file in keys.items() if key not in kept
        ]
        tasks = [self._task(some) for some in _tasks(missing)]
        return _Begun(part, kept, tasks)

    def _task(self, some: Sequence[tuple[bytes, _Source]]) -> _Task:
        keys, sources = zip(*some, strict=True)
        size = sum(len(data) for _, data in sources)
        if self._pool and size > _WORTH_PROCESSES:
            return _Task(keys, self._pool.apply_async(packed_outlines, (sources,)))
        return _Task(keys, packed_outlines(sources))

    def _finish(self, begun: _Begun) -> OutlinedPart:
        made: dict[bytes, bytes] = {}
        for task in begun.tasks:
            made |= dict(zip(task.keys, task.values(), strict=True))
        self._cache.put(made)
        texts = begun.kept | made
        files = tuple(_outlined(file, texts) for file in begun.part.files)
        pairs = zip(files, begun.part.files, strict=True)
        names = frozenset(file.name for file, whole in pairs if file.data != whole.data)
        return OutlinedPart(replace(begun.part, files=files), names)


@dataclass(frozen=True)
class _Task:
    """Packed outlines, or the promise of them."""

    keys: tuple[bytes, ...]
    result: AsyncResult[list[bytes]] | list[bytes]

    def is_ready(self) -> bool:
        return isinstance(self.result, list) or self.result.ready()

    def values(self) -> list[bytes]:
        return self.result if isinstance(self.result, list) else self.result.get()


@dataclass(frozen=True)
class _Begun:
    """A part of which some outlines are known and some are being made."""

    part: Part
    kept: dict[bytes, bytes]
    tasks: list[_Task]

    def is_ready(self) -> bool:
        return all(task.is_ready() for task in self.tasks)


def packed_outlines(sources: Sequence[_Source]) -> list[bytes]:
    """Return the outline of each text, compressed; a grammar reads all of them."""
    return [zlib.compress(_outline(path, data), 1) for path, data in sources]


def _outline(path: str, data: bytes) -> bytes:
    made = outline(path, data.decode())
    return data if made is None else made.text.encode()


def _outlined(file: SourceFile, texts: Mapping[bytes, bytes]) -> SourceFile:
    if not _can_be_outlined(file):
        return file
    data = zlib.decompress(texts[_key(file)])
    return file if data == file.data else replace(file, data=data, content=None)


def _can_be_outlined(file: SourceFile) -> bool:
    grammar = grammar_of(file.path)
    return file.data is not None and grammar is not None and is_installed(grammar)


def _key(file: SourceFile) -> bytes:
    name = PurePosixPath(file.path)
    content = file.content or key_of((file.data or b"").decode()).hex()
    return key_of("outline", OUTLINE_VERSION, name.suffix or name.name, content)


def _tasks(
    missing: Iterable[tuple[bytes, _Source]],
) -> Iterator[list[tuple[bytes, _Source]]]:
    task: list[tuple[bytes, _Source]] = []
    size = 0
    for key, source in missing:
        task.append((key, source))
        size += len(source[1])
        if size > _TASK_BYTES:
            yield task
            task, size = [], 0
    if task:
        yield task
