"""Counting beside reading: a vocabulary takes as long to load as a repository to read.

That loading holds up every thread of a process, so it is done in another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from copilot.batches import batches
from copilot.context.tokens import DEFAULT_TOKENIZER, count_tokens, is_loaded, load

if TYPE_CHECKING:
    from copilot.context.few import FewTokens
    from copilot.workers import Task, Workers

# The bytes of a text, and how many of them at its beginning are not counted.
Text: TypeAlias = tuple[bytes, int]
Promise: TypeAlias = "list[int] | Task[Text, int]"
# Texts gather while it loads the vocabulary, and while nobody looks whether it is free.
_TASKS_AT_ONCE = 4
# A crowd of texts takes as long as it takes: only a process that ended is given up.
_MOST_SECONDS = 3600.0
# The counter holds the tokens of all that it is given at once.
_BATCH_BYTES = 4 * 1024 * 1024


@cache
def counter_of(tokenizer: str) -> Counter:
    """Return the one counter of a tokenizer; it ends with this process."""
    return Counter(tokenizer)


def start_if_new(folder: Path, tokenizer: str = DEFAULT_TOKENIZER) -> None:
    """Begin to load the vocabulary where nothing was counted yet: a prompt will need it."""
    from copilot.context.few import keeps_few

    if not keeps_few(tokenizer, folder):
        counter_of(tokenizer).start(folder)


class Counter:
    """Counts the tokens of texts, in this process where it has the vocabulary already.

    `folder` is where is kept what counts a few texts without the vocabulary; None for nowhere.
    """

    def __init__(self, tokenizer: str) -> None:
        self._tokenizer = tokenizer
        self._workers: Workers[Text, int] | None = None
        self._few: FewTokens | None = None

    def start(self, folder: Path | None = None) -> None:
        """Begin to load the vocabulary. Raises UsageError for a tokenizer that is none."""
        if self._workers is None and not is_loaded(self._tokenizer):
            from copilot.workers import Workers

            work = partial(_counted_elsewhere, self._tokenizer, folder)
            self._workers = Workers(work, 1, _MOST_SECONDS, _TASKS_AT_ONCE)
            self._workers.__enter__()
            self._workers.submit([])

    def can_count_few(self, folder: Path | None) -> bool:
        """Tell whether a few texts can be counted at once. Raises UsageError."""
        if folder and self._few is None and not is_loaded(self._tokenizer):
            from copilot.context.few import load_few

            self._few = load_few(self._tokenizer, folder)
        return self._few is not None

    def begin(self, texts: Sequence[Text], folder: Path | None = None) -> Promise:
        """Have texts counted; `end` returns their tokens."""
        is_idle = self._workers is None and not is_loaded(self._tokenizer)
        if is_idle and self.can_count_few(folder) and self._few:
            counts = self._few.count([data[start:] for data, start in texts])
            if counts is not None:
                return counts
        self.start(folder)
        return self._workers.submit(texts) if self._workers else counted(self._tokenizer, texts)

    def end(self, promise: Promise) -> list[int]:
        """Return the tokens of each text."""
        if isinstance(promise, list):
            return promise
        found = self._workers.wait_for(promise) if self._workers else []
        if len(found) != len(promise.items) or None in found:
            return counted(self._tokenizer, promise.items)
        return [count for count in found if count is not None]

    def close(self) -> None:
        if self._workers is not None:
            self._workers.__exit__()
            self._workers = None


def _counted_elsewhere(tokenizer: str, folder: Path | None, texts: Sequence[Text]) -> list[int]:
    if folder:
        _keep_few(tokenizer, folder)
    return counted(tokenizer, texts)


@cache
def _keep_few(tokenizer: str, folder: Path) -> None:
    from copilot.context.few import keep_few

    keep_few(tokenizer, folder)


def counted(tokenizer: str, texts: Sequence[Text]) -> list[int]:
    """Return the tokens of each text without its beginning."""
    load(tokenizer)
    ends = (data[start:] if start else data for data, start in texts)
    some = batches(ends, len, _BATCH_BYTES)
    return [count for batch in some for count in count_tokens(batch, tokenizer)]
