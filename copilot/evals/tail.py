"""The end of a haystack: cut at a line, and filled up with short comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from msgspec import structs

from copilot.context.bodies import ended
from copilot.context.entries import Shape, foot_of, head_of
from copilot.context.tokens import count_tokens
from copilot.evals.counted import Counted, Sized
from copilot.evals.plants import comment_of
from copilot.workspace.model import SourceFile

# The room that the last file has: at least, and beside files that are needed in a short haystack.
TAIL, LEAST_TAIL = 80, 40
# So many files are looked at for one whose lines are short enough.
LOOKED_AT = 20
# What lacks less than this share of a prompt is not filled up.
_SLACK = 0.003


@dataclass
class Stream:
    """Files in the order they are taken in, which can be looked at again.

    Each comes with the number of the repository's copy that it is in.
    """

    source: Iterator[tuple[int, Sized]]
    _seen: list[tuple[int, Sized]] = field(default_factory=list)

    def after(self, number: int) -> Iterator[tuple[int, int, Sized]]:
        """Yield files from a place on, each behind its place and the copy's number."""
        while len(self._seen) > number or self._goes_on():
            yield (number, *self._seen[number])
            number += 1

    def _goes_on(self) -> bool:
        following = next(self.source, None)
        self._seen += [following] if following else []
        return following is not None


def size_of(counted: Counted, file: SourceFile) -> int:
    """Return the tokens that a file takes in a prompt."""
    head, foot = head_of(file.name, Shape.FULL, counted.frame), foot_of(counted.frame)
    return count_tokens([head + ended(file.data or b"") + foot], counted.tokenizer)[0]


def with_text(file: SourceFile, data: bytes) -> SourceFile:
    """Return a file with another text, which nothing that was known of the first is true of."""
    return structs.replace(file, data=data, content=None, blob=None, masks=())


def grown(file: SourceFile, lines: Sequence[bytes]) -> SourceFile:
    """Return a file with more lines."""
    return with_text(file, (file.data or b"") + b"".join(lines))


def lines_of(file: SourceFile) -> tuple[bytes, ...]:
    """Return a file's lines, each with its end."""
    return tuple(ended(file.data or b"").splitlines(keepends=True))


def first_lines(counted: Counted, file: SourceFile, lines: Sequence[bytes], rest: int) -> int:
    """Return how many lines can be added to a file for it to take at most `rest` tokens."""
    taken, size = 0, size_of(counted, file)
    while size < rest and taken < len(lines):
        # A line by itself takes as many tokens as among others, or a few more.
        some = lines[taken : taken + rest - size]
        counts = count_tokens(some, counted.tokenizer)
        fitting = sum(1 for total in accumulate(counts) if total <= rest - size)
        if not fitting:
            break
        taken += fitting
        size = size_of(counted, grown(file, lines[:taken]))
    while taken and size > rest:
        taken -= 1
        size = size_of(counted, grown(file, lines[:taken]))
    return taken


def filled_up(counted: Counted, file: SourceFile, rest: int) -> SourceFile:
    """Return a file with as many short comments behind it as `rest` tokens hold."""
    line = comment_of(file.path).encode() + b"\n"
    each = max(1, count_tokens([line], counted.tokenizer)[0])
    number = max(0, rest - size_of(counted, file)) // each
    while number and size_of(counted, grown(file, [line] * number)) > rest:
        number -= 1
    return grown(file, [line] * number)


@dataclass(frozen=True)
class Tail:
    """What stands behind the files that are the same for all questions of a haystack.

    `head` is the beginning of a file, which goes on with `more`; the stream follows from `start`,
    without the files that are `there` already.
    """

    counted: Counted
    room: int
    head: SourceFile
    more: tuple[bytes, ...]
    stream: Stream
    start: int
    there: frozenset[str]

    def files(self, rest: int) -> list[SourceFile]:
        """Return files that take at most `rest` tokens, and hardly less; the head must fit."""
        made: list[SourceFile] = []
        misses = 0
        for file, lines in self._parts():
            whole = grown(file, lines)
            if (size := size_of(self.counted, whole)) <= rest - TAIL:
                made.append(whole)
                rest -= size
                continue
            cut = self._cut(file, lines, rest, is_needed=not made or misses == LOOKED_AT)
            if cut is not None:
                return [*made, cut]
            misses += 1
            if misses > LOOKED_AT:
                break
        # Not even a file's marks fit behind the last one.
        *others, last = made
        return [*others, filled_up(self.counted, last, rest + size_of(self.counted, last))]

    def _cut(
        self, file: SourceFile, lines: Sequence[bytes], rest: int, *, is_needed: bool
    ) -> SourceFile | None:
        """Return the beginning of a file, filled up; None where its lines are too long."""
        taken = first_lines(self.counted, file, lines, rest)
        cut = grown(file, lines[:taken])
        size = size_of(self.counted, cut)
        if size > rest or (not is_needed and rest - size > TAIL):
            return None
        return cut if rest - size <= _SLACK * self.room else filled_up(self.counted, cut, rest)

    def _parts(self) -> Iterator[tuple[SourceFile, Sequence[bytes]]]:
        yield self.head, self.more
        for _, _, one in self.stream.after(self.start):
            if one.file.name not in self.there:
                yield with_text(one.file, b""), lines_of(one.file)
