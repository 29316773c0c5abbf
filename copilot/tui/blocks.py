"""Rows of the diff as plain data, and the runs of rows they are made from when somebody looks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

from copilot.edits.changes import Hunk
from copilot.edits.diff import Range
from copilot.review.slots import Pair
from copilot.text import visible
from copilot.tui.offsets import Lines

NO_NEWLINE = "\\ No newline at end of file"

# How far above a line the line that names its place is searched for, and how much of it is shown.
_SCOPE_LINES = 300
_SCOPE_CHARACTERS = 80

RowKind = Literal["file", "flag", "hunk", "line", "note", "fold", "comment", "blank"]
LineTag = Literal[" ", "-", "+"]
# " " in both files, "-" only before, "+" only after, "~" two changed lines side by side.
Tag = Literal[" ", "-", "+", "~"]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a line: its 1-based number in that file, its bytes, its index in the hunk.

    `line` is None for an unchanged line outside of the hunk.
    """

    number: int
    data: bytes
    line: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the diff.

    `file` and `hunk` are the hunk a key acts on here; `hunk` is None in a file without hunks. A
    `line` row has an `old` side, a `new` one or both; others hold safe `text`. A fold's `old` is
    its first line. `index` is a fold's gap, or a comment's index in the review.
    """

    kind: RowKind
    file: int
    hunk: int | None
    text: str = ""
    tag: Tag = " "
    old: Side | None = None
    new: Side | None = None
    index: int = 0

    @property
    def lines(self) -> tuple[int, ...]:
        """The lines of the hunk that this row shows, as indices into them."""
        sides = (side.line for side in (self.old, self.new) if side is not None)
        return tuple(sorted({line for line in sides if line is not None}))


@dataclass(frozen=True, slots=True)
class Source:
    """One file's lines before and after, and where it stands in the review."""

    file: int
    before: Lines
    after: Lines


class Block(Protocol):
    """A run of rows."""

    @property
    def height(self) -> int: ...

    def row(self, index: int) -> Row: ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """Rows that are there already."""

    rows: tuple[Row, ...]

    @property
    def height(self) -> int:
        return len(self.rows)

    def row(self, index: int) -> Row:
        return self.rows[index]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines of one kind: `old` and `new` are the 0-based numbers of the first in each file.

    `line` is the first one's index in the hunk, None outside of it.
    """

    source: Source
    hunk: int
    tag: LineTag
    old: int
    new: int
    line: int | None
    height: int

    def row(self, index: int) -> Row:
        line = None if self.line is None else self.line + index
        source, old, new = self.source, self.old + index, self.new + index
        return Row(
            "line",
            source.file,
            self.hunk,
            tag=self.tag,
            old=None if self.tag == "+" else Side(old + 1, source.before[old], line),
            new=None if self.tag == "-" else Side(new + 1, source.after[new], line),
        )

    def part(self, start: int, end: int) -> Stretch:
        line = None if self.line is None else self.line + start
        old, new = self.old + start, self.new + start
        return Stretch(self.source, self.hunk, self.tag, old, new, line, end - start)

    def line_ranges(self, first: int, last: int) -> list[tuple[int, int]]:
        """Return the hunk's lines from one row to another, as first and last index."""
        return [] if self.line is None else [(self.line + first, self.line + last)]

    def numbers(self, index: int) -> tuple[int | None, int | None]:
        """Return a row's 1-based numbers in both files."""
        old = None if self.tag == "+" else self.old + index + 1
        return old, None if self.tag == "-" else self.new + index + 1


@dataclass(frozen=True, slots=True)
class Pairs:
    """A changed run side by side: `pairs` are (old, new) indices into its old and new lines.

    None stands where a line has no counterpart; `line` is the run's first line in the hunk.
    """

    source: Source
    hunk: int
    run: Range
    line: int
    pairs: tuple[Pair, ...]

    @property
    def height(self) -> int:
        return len(self.pairs)

    def row(self, index: int) -> Row:
        (old, new), (old_line, new_line) = self.numbers(index), self.lines(index)
        left = Side(old, self.source.before[old - 1], old_line) if old else None
        right = Side(new, self.source.after[new - 1], new_line) if new else None
        tag: Tag = "~" if left and right else "-" if left else "+"
        return Row("line", self.source.file, self.hunk, tag=tag, old=left, new=right)

    def lines(self, index: int) -> tuple[int | None, int | None]:
        """Return a row's lines as indices into the hunk's."""
        i, j = self.pairs[index]
        olds = self.run.old_to - self.run.old_from
        return (
            None if i is None else self.line + i,
            None if j is None else self.line + olds + j,
        )

    def line_ranges(self, first: int, last: int) -> list[tuple[int, int]]:
        """Return the hunk's lines from one row to another, as first and last index."""
        both = [self.lines(index) for index in range(first, last + 1)]
        old = [line for line, _ in both if line is not None]
        new = [line for _, line in both if line is not None]
        return [(side[0], side[-1]) for side in (old, new) if side]

    def part(self, start: int, end: int) -> Pairs:
        return Pairs(self.source, self.hunk, self.run, self.line, self.pairs[start:end])

    def numbers(self, index: int) -> tuple[int | None, int | None]:
        """Return a row's 1-based numbers in both files."""
        i, j = self.pairs[index]
        return (
            None if i is None else self.run.old_from + i + 1,
            None if j is None else self.run.new_from + j + 1,
        )


@dataclass(frozen=True)
class Title:
    """A text hunk's header: its ranges with the lines of context shown around it, its scope."""

    source: Source
    hunk: int
    old: range
    new: range
    scope_from: int

    height = 1

    def row(self, _index: int) -> Row:
        return Row("hunk", self.source.file, self.hunk, self.text)

    @cached_property
    def text(self) -> str:
        scope = scope_above(self.source.before, self.scope_from)
        return f"@@ -{_range(self.old)} +{_range(self.new)} @@ {scope}".rstrip()


@dataclass(frozen=True)
class Fold:
    """Unchanged lines that are not shown.

    `old` are their 0-based numbers in the file before,
    `new_start` is the first one's in the file after.
    """

    source: Source
    hunk: int
    gap: int
    old: range
    new_start: int

    height = 1

    @property
    def new(self) -> range:
        return range(self.new_start, self.new_start + len(self.old))

    def row(self, _index: int) -> Row:
        first = Side(self.old.start + 1, b"", None)
        return Row("fold", self.source.file, self.hunk, self.text, old=first, index=self.gap)

    @cached_property
    def text(self) -> str:
        first = scope_above(self.source.before, self.old.start + 1)
        last = scope_above(self.source.before, self.old.stop)
        where = f" (in {last.rstrip(' :{')})" if last and last == first else ""
        return f"… {len(self.old)} unchanged lines{where}"


def scope_above(before: Lines, line: int) -> str:
    """Return the nearest line above that begins with a letter: what a line lies in, as in git."""
    above = range(line - 1, max(0, line - _SCOPE_LINES) - 1, -1)
    found = next((before[n] for n in above if opens_scope(before[n])), b"")
    start = found[: 4 * _SCOPE_CHARACTERS].decode("utf-8", "surrogateescape").rstrip()
    return visible(start.expandtabs(4)[:_SCOPE_CHARACTERS])


def opens_scope(line: bytes) -> bool:
    return line[:1].isalpha() or line[:1] in (b"_", b"$")


def run_starts(hunk: Hunk) -> list[int]:
    """Return the line of a hunk, as an index, that each of its changed runs begins at."""
    starts: list[int] = []
    line, old = 0, hunk.old_start
    for run in hunk.ranges:
        starts.append(line + run.old_from - old)
        line, old = starts[-1] + run.old_to - run.old_from + run.new_to - run.new_from, run.old_to
    return starts


def _range(numbers: range) -> str:
    """Return a range as unified diffs write it: an empty one names the line before it."""
    return f"{numbers.start + bool(numbers)},{len(numbers)}"
