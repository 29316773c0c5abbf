"""What is derived from texts by a grammar: in other processes, and from each content only once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Self

from copilot.batches import batches
from copilot.cache import Cache, key_of
from copilot.structure.grammars import grammar_of, is_installed
from copilot.workers import MOST_SECONDS, Task, Workers
from copilot.workspace.model import SourceFile

_BATCH_BYTES = 256 * 1024
_TASKS_AHEAD = 8
# What is kept of a text that ended or stalled its parser.
BROKEN = b""

# A path, for its grammar, and a text.
Source = tuple[str, bytes]
# Gives for each text a result for each of the rules.
Work = Callable[[Sequence[Source]], Sequence[tuple[bytes, ...]]]
Keys = tuple[bytes, ...]


@dataclass(frozen=True, eq=False)
class Begun:
    """Files of which some results are known and some are being made; no key, no result."""

    files: Sequence[SourceFile]
    keys: list[Keys | None]
    kept: dict[bytes, bytes]
    tasks: list[tuple[list[Keys], Task[Source, tuple[bytes, ...]]]]

    def is_done(self) -> bool:
        return all(task.is_done() for _, task in self.tasks)

    def unknown(self) -> list[SourceFile]:
        """Return the files of which nothing is known and that have no text here to know it from."""
        given = zip(self.files, self.keys, strict=True)
        lacking = (file for file, keys in given if keys and _lacks(self.kept, keys))
        return [file for file in lacking if file.data is None]


class Derived(AbstractContextManager["Derived"]):
    """Applies `work` to texts. To be entered before threads start: see `Workers`.

    `rules` names what the work makes, each with the version of its rules, for the cache.
    """

    def __init__(
        self,
        work: Work,
        rules: Sequence[tuple[str, str]],
        cache: Cache,
        processes: int | None = None,
        most_seconds: float = MOST_SECONDS,
    ) -> None:
        self._rules = rules
        self._cache = cache
        self._ahead = (processes or os.cpu_count() or 1) * _TASKS_AHEAD
        self._workers: Workers[Source, tuple[bytes, ...]] = Workers(work, processes, most_seconds)

    def __enter__(self) -> Self:
        self._workers.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._workers.__exit__()

    def is_busy(self, begun: Iterable[Begun]) -> bool:
        """Say whether enough is under way: what waits here takes memory."""
        return sum(len(one.tasks) for one in begun) > self._ahead

    def begin(self, files: Sequence[SourceFile]) -> Begun:
        """Look up what is known of the files, and give out the rest."""
        keys = [self._keys(file) for file in files]
        kept = self._cache.get([key for some in keys if some for key in some])
        missing = {
            some: (file.path, file.data)
            for some, file in zip(keys, files, strict=True)
            if some and file.data is not None and _lacks(kept, some)
        }
        tasks = [
            ([keys for keys, _ in some], self._workers.submit([source for _, source in some]))
            for some in batches(missing.items(), _size, _BATCH_BYTES)
        ]
        return Begun(files, keys, kept, tasks)

    def finish(self, begun: Begun) -> list[tuple[bytes, ...] | None]:
        """Wait, and return each file's results: `BROKEN` for one that breaks its grammar.

        None stands for what no installed grammar reads, or what has no text and is not known.
        """
        made: dict[bytes, bytes] = {}
        for keys, task in begun.tasks:
            found = self._workers.wait_for(task)
            for some, results in zip(keys, found, strict=True):
                made.update(zip(some, results or [BROKEN] * len(some), strict=True))
        self._cache.put(made)
        known = begun.kept | made
        return [
            None if some is None or _lacks(known, some) else tuple(known[key] for key in some)
            for some in begun.keys
        ]

    def _keys(self, file: SourceFile) -> Keys | None:
        """Return what names a file's results, None if it has none."""
        grammar = grammar_of(file.path)
        if grammar is None or not is_installed(grammar):
            return None
        if file.content is None and file.data is None:
            return None
        suffix = file.path.rpartition("/")[2].rpartition(".")[2]
        content = file.content or key_of((file.data or b"").decode()).hex()
        return tuple(key_of(*rules, grammar.language, suffix, content) for rules in self._rules)


def _lacks(known: Mapping[bytes, bytes], keys: Keys) -> bool:
    return any(key not in known for key in keys)


def _size(missing: tuple[Keys, Source]) -> int:
    return len(missing[1][1])
