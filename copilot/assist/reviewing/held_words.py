"""Which texts hold a word, known in memory: for a process that reviews one repository again.

Texts count by what they hold, so that nothing here is ever out of date; one that is not known is
looked at.
"""

from __future__ import annotations

import os
import re
import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

from copilot.assist.read import read_texts
from copilot.assist.scope import Scope
from copilot.batches import batches
from copilot.forks import can_fork, fork
from copilot.workspace.model import SourceFile

_WORD = re.compile(rb"\w+")
_NUMBER_BITS = 24
_NUMBERS = 2**_NUMBER_BITS - 1
_HASHES = 2**40 - 1
_AT_ONCE = 500
# All texts together: more take too long, and too much memory.
_MOST_BYTES = 64 * 1024 * 1024
# With more texts that are not known, it is worth to begin anew.
_MOST_UNKNOWN = 50
# More texts than this are searched by git in less time.
_MOST_READ = 150


@dataclass
class _Held:
    """Texts by what they hold, numbered, and sorted pairs of a word's hash and a text's number."""

    numbers: dict[str, int] = field(default_factory=dict)
    pairs: array[int] = field(default_factory=lambda: array("Q"))

    def texts_with(self, words: Collection[str]) -> set[int]:
        """Return the texts that hold one of the words, and by chance a few that do not."""
        found: set[int] = set()
        for word in words:
            wanted = _hash(word.encode())
            at = bisect_left(self.pairs, wanted << _NUMBER_BITS)
            while at < len(self.pairs) and self.pairs[at] >> _NUMBER_BITS == wanted:
                found.add(self.pairs[at] & _NUMBERS)
                at += 1
        return found


_held = _Held()


def hold_words(files: Sequence[SourceFile], scope: Scope) -> None:
    """Have the words of these texts known, unless they are too many. Raises OSError."""
    texts = {file.content: file for file in files if file.is_text and file.content}
    if sum(content not in _held.numbers for content in texts) <= _MOST_UNKNOWN:
        return
    _held.numbers, _held.pairs = {}, array("Q")
    if len(texts) > _NUMBERS or not can_fork():
        return
    with tempfile.TemporaryFile() as file:
        # In a process of its own, so that the memory that it takes is given back.
        made = fork(partial(_write_pairs, tuple(texts.values()), scope, file))
        if os.waitpid(made, 0)[1] == 0:
            file.seek(0)
            _held.pairs.frombytes(file.read())
            _held.numbers = {content: number for number, content in enumerate(texts)}


def _write_pairs(texts: Sequence[SourceFile], scope: Scope, file: BinaryIO) -> int:
    """Write the pairs of these texts; return 0, or 1 if they are too many.

    Raises ReadIncomplete.
    """
    pairs: list[int] = []
    size = number = 0
    for some in batches(texts, lambda _file: 1, _AT_ONCE):
        for read in read_texts(some, scope):
            data = read.data or b""
            pairs += [_hash(word) << _NUMBER_BITS | number for word in set(_WORD.findall(data))]
            size += len(data)
            number += 1
        if size > _MOST_BYTES:
            return 1
    pairs.sort()
    array("Q", pairs).tofile(file)
    file.flush()
    return 0


def holds_words() -> bool:
    """Tell whether the words of a repository are known here."""
    return bool(_held.numbers)


def texts_with(words: Collection[str], texts: Mapping[str, SourceFile]) -> list[SourceFile] | None:
    """Return those of the texts that may hold one of the words; None where git knows sooner."""
    if not holds_words():
        return None
    found = _held.texts_with(words)
    numbers = ((file, _held.numbers.get(file.content or "")) for file in texts.values())
    some = [file for file, number in numbers if number is None or number in found]
    return some if len(some) <= _MOST_READ else None


def _hash(word: bytes) -> int:
    # The same in this process and those that are forked from it.
    return hash(word) & _HASHES
