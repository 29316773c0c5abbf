"""Counting beside reading: a vocabulary takes as long to load as a repository to read.

That loading holds up every thread of a process, so it is done in another one, from which those are
forked that count besides.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from copilot.batches import batches
from copilot.context.tokens import DEFAULT_TOKENIZER, count_tokens, is_loaded, load

if TYPE_CHECKING:
    from copilot.context.few import FewTokens
    from copilot.workers import Task, Workers

Made = TypeVar("Made")
# Returns the tokens of each text.
Count: TypeAlias = Callable[[Sequence[bytes]], list[int]]
# What is made of each of some texts by counting; it is done in another process, too.
Making: TypeAlias = Callable[[Count, Sequence[bytes]], list[Made]]
# A process is never without something to count while nobody looks whether it is.
_TASKS_AHEAD = 3
_MOST_PROCESSES = 4
# A crowd of texts takes as long as it takes: only a process that ended is given up.
_MOST_SECONDS = 3600.0
# The counter holds the tokens of all that it is given at once.
_BATCH_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Promise(Generic[Made]):
    """What was made of texts, or who is making it."""

    making: Making[Made]
    made: list[Made] | Task[bytes, Made]


@cache
def counter_of(tokenizer: str) -> Counter:
    """Return the one counter of a tokenizer; it ends with this process."""
    return Counter(tokenizer)


def start_if_new(folder: Path, tokenizer: str = DEFAULT_TOKENIZER) -> None:
    """Begin to load the vocabulary where nothing was counted yet: a prompt will need it."""
    from copilot.context.few import keeps_few

    if not keeps_few(tokenizer, folder):
        counter_of(tokenizer).start(folder)


def tokens_of(count: Count, texts: Sequence[bytes]) -> list[int]:
    """Return the tokens of each text."""
    return count(texts)


class Counter:
    """Counts the tokens of texts, in this process where it has the vocabulary already.

    `folder` is where is kept what counts a few texts without the vocabulary; None for nowhere.
    """

    def __init__(self, tokenizer: str) -> None:
        self._tokenizer = tokenizer
        self._workers: Workers[bytes, Any] | None = None
        self._few: FewTokens | None = None
        self._folder: Path | None = None
        self._keeping: Task[bytes, Any] | None = None

    def start(self, folder: Path | None = None) -> None:
        """Begin to load the vocabulary. Raises UsageError for a tokenizer that is none."""
        if self._workers is None and not is_loaded(self._tokenizer):
            from copilot.forks import can_fork
            from copilot.workers import Workers

            self._folder = folder
            self._workers = Workers(
                partial(counted, self._tokenizer),
                _processes() if can_fork() else 1,
                _MOST_SECONDS,
                ahead=_TASKS_AHEAD,
                prepare=partial(load, self._tokenizer),
            )
            self._workers.__enter__()

    def can_count_few(self, folder: Path | None) -> bool:
        """Tell whether a few texts can be counted at once. Raises UsageError."""
        if folder and self._few is None and not is_loaded(self._tokenizer):
            from copilot.context.few import load_few

            self._few = load_few(self._tokenizer, folder)
        return self._few is not None

    def begin(self, texts: Sequence[bytes], folder: Path | None = None) -> Promise[int]:
        """Have texts counted; `end` returns their tokens."""
        return self.begin_making(tokens_of, texts, folder)

    def begin_making(
        self, making: Making[Made], texts: Sequence[bytes], folder: Path | None = None
    ) -> Promise[Made]:
        """Have something made of each text by counting; `end` returns it."""
        is_idle = self._workers is None and not is_loaded(self._tokenizer)
        if is_idle and self.can_count_few(folder):
            with suppress(_TooMany):
                return Promise(making, making(self._few_counts, texts))
        self.start(folder)
        if self._workers is None:
            return Promise(making, making(partial(counted, self._tokenizer), texts))
        work = partial(_made, self._tokenizer, making)
        return Promise(making, self._workers.submit_for(work, texts))

    def end(self, promise: Promise[Made]) -> list[Made]:
        """Return what was made of each text."""
        if isinstance(promise.made, list):
            return promise.made
        task = promise.made
        found: list[Made | None] = []
        if self._workers:
            found = self._workers.wait_for(task)
            self._keep_few(self._workers)
        if len(found) != len(task.items) or None in found:
            return promise.making(partial(counted, self._tokenizer), task.items)
        return [made for made in found if made is not None]

    def close(self) -> None:
        if self._workers is not None:
            if self._keeping:
                self._workers.wait_for(self._keeping)
            self._workers.__exit__()
            self._workers = self._keeping = None

    def _keep_few(self, workers: Workers[bytes, Any]) -> None:
        """Have kept what counts a few texts, where nobody has anything else to do."""
        if self._folder and self._keeping is None and workers.is_idle():
            work = partial(_kept_few, self._tokenizer, self._folder)
            self._keeping = workers.submit_for(work, [b""])

    def _few_counts(self, texts: Sequence[bytes]) -> list[int]:
        counts = self._few.count(texts) if self._few else None
        if counts is None:
            raise _TooMany
        return counts


def _processes() -> int:
    """Return how many processes count: to read and to judge takes as much as that."""
    return min(max((os.cpu_count() or 1) // 2, 1), _MOST_PROCESSES)


class _TooMany(Exception):
    """What is to be counted is not for those to count who lack the vocabulary."""


def counted(tokenizer: str, texts: Sequence[bytes]) -> list[int]:
    """Return the tokens of each text."""
    load(tokenizer)
    some = batches(texts, len, _BATCH_BYTES)
    return [count for batch in some for count in count_tokens(batch, tokenizer)]


def _made(tokenizer: str, making: Making[Made], texts: Sequence[bytes]) -> list[Made]:
    return making(partial(counted, tokenizer), texts)


def _kept_few(tokenizer: str, folder: Path, texts: Sequence[bytes]) -> list[bytes]:
    from copilot.context.few import keep_few

    keep_few(tokenizer, folder)
    return list(texts)
