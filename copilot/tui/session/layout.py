"""Where the lines of a conversation stand: rows on lines, for any width, in small steps."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from copilot.tui.session.lines import Line
from copilot.tui.session.wrapping import height

_CHUNK = 256


@dataclass
class _Chunk:
    """Some lines in a row, the rows each takes, and the width these were counted at."""

    width: int
    lines: list[Line] = field(default_factory=list)
    ends: array[int] = field(default_factory=lambda: array("q"))

    @property
    def rows(self) -> int:
        return self.ends[-1] if self.ends else 0

    def add(self, line: Line) -> None:
        self.lines.append(line)
        self.ends.append(self.rows + height(line, self.width))

    def count(self, width: int) -> None:
        self.width = width
        self.ends = array("q", accumulate(height(line, width) for line in self.lines))


class Layout:
    """Lines and their rows.

    After a change of width, heights are those of the old width until they are counted anew: what is
    on the screen at once, the rest in steps.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self._chunks: list[_Chunk] = []
        self._starts: list[int] = []
        self._rows = 0

    @property
    def rows(self) -> int:
        return self._rows

    @property
    def count(self) -> int:
        """The number of lines."""
        return _CHUNK * (len(self._chunks) - 1) + len(self._chunks[-1].lines) if self._chunks else 0

    def line(self, index: int) -> Line:
        return self._chunks[index // _CHUNK].lines[index % _CHUNK]

    def lines(self, first: int = 0) -> Iterator[Line]:
        """Return the lines from number `first` on."""
        for number in range(first // _CHUNK, len(self._chunks)):
            skipped = first % _CHUNK if number == first // _CHUNK else 0
            yield from self._chunks[number].lines[skipped:]

    def append(self, lines: Iterable[Line]) -> None:
        for line in lines:
            if not self._chunks or len(self._chunks[-1].lines) == _CHUNK:
                self._chunks.append(_Chunk(self.width))
                self._starts.append(self._rows)
            chunk = self._chunks[-1]
            if chunk.width != self.width:
                self._count(len(self._chunks) - 1)
            chunk.add(line)
            self._rows = self._starts[-1] + chunk.rows

    def cut(self, count: int) -> None:
        """Keep the first `count` lines."""
        chunks, left = divmod(count, _CHUNK)
        if left:
            chunk = self._chunks[chunks]
            del chunk.lines[left:], chunk.ends[left:]
        keep = chunks + bool(left)
        del self._chunks[keep:], self._starts[keep:]
        self._rows = self._starts[-1] + self._chunks[-1].rows if self._chunks else 0

    def at(self, row: int) -> tuple[int, int] | None:
        """Return the line that a row belongs to, and which of its rows it is."""
        if not 0 <= row < self._rows:
            return None
        number = bisect_right(self._starts, row) - 1
        inside = row - self._starts[number]
        ends = self._chunks[number].ends
        index = bisect_right(ends, inside)
        return number * _CHUNK + index, inside - (ends[index - 1] if index else 0)

    def row(self, index: int) -> int:
        """Return the first row of a line; the number of rows for the line behind the last."""
        number, inside = divmod(index, _CHUNK)
        if number >= len(self._chunks):
            return self._rows
        ends = self._chunks[number].ends
        return self._starts[number] + (ends[inside - 1] if inside else 0)

    def set_width(self, width: int, index: int, rows: int) -> None:
        """Take another width, and count the lines of `rows` rows from line `index` on at once."""
        self.width = width
        number, counted = index // _CHUNK, 0
        while number < len(self._chunks) and counted < rows:
            self._count(number)
            counted += self._chunks[number].rows
            number += 1

    @property
    def is_counted(self) -> bool:
        return all(chunk.width == self.width for chunk in self._chunks)

    def step(self) -> bool:
        """Count some lines anew, the last ones first; tell whether there were any."""
        for number in range(len(self._chunks) - 1, -1, -1):
            if self._chunks[number].width != self.width:
                self._count(number)
                return True
        return False

    def _count(self, number: int) -> None:
        chunk = self._chunks[number]
        if chunk.width == self.width:
            return
        before = chunk.rows
        chunk.count(self.width)
        grown = chunk.rows - before
        for later in range(number + 1, len(self._starts)):
            self._starts[later] += grown
        self._rows += grown
