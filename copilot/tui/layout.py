"""The rows of one file under review, found by their index and made when asked for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from copilot.tui.blocks import Block, Fold, Pairs, Row, RowKind, Source, Stretch
from copilot.tui.sides import Beside


class Layout:
    """The rows of one file; `hunks` are the rows of its hunks' headers."""

    def __init__(self, blocks: Sequence[Block], headers: Sequence[int], beside: Beside) -> None:
        self.beside = beside
        self._blocks = blocks
        self._starts = [*accumulate((block.height for block in blocks), initial=0)]
        self.height = self._starts[-1]
        self.hunks = tuple(self._starts[block] for block in headers)

    @property
    def source(self) -> Source:
        return self.beside.source

    def row(self, index: int) -> Row:
        block = bisect_right(self._starts, index) - 1
        return self._blocks[block].row(index - self._starts[block])

    def row_of_line(self, hunk: int, line: int) -> int | None:
        """Return the row that shows a line of a hunk, an index into its lines."""
        for start, block in zip(self._starts, self._blocks, strict=False):
            if isinstance(block, Stretch | Pairs) and block.hunk == hunk:
                row = _row_of_line(block, line)
                if row is not None:
                    return start + row
        return None

    def row_of_number(self, old: int | None, new: int | None) -> int | None:
        """Return the row of the line with a 1-based number in either file, or the fold it is in."""
        for start, block in zip(self._starts, self._blocks, strict=False):
            row = row_of_number(block, old, new)
            if row is not None:
                return start + row
        return None

    def lines_between(self, first: int, last: int) -> list[tuple[int, int, int]]:
        """Return what rows show of the hunks: each hunk with its first and last line, in order.

        A hunk comes more than once where lines between are not shown there.
        """
        found: list[tuple[int, int, int]] = []
        for start, block in zip(self._starts, self._blocks, strict=False):
            low, high = max(first - start, 0), min(last - start, block.height - 1)
            if low <= high and isinstance(block, Stretch | Pairs):
                found += ((block.hunk, *ends) for ends in block.line_ranges(low, high))
        return _joined(sorted(found))

    def row_like(self, row: Row) -> int | None:
        """Return where a row of another layout of the file stands in this one."""
        found = None if row.kind == "line" else self._first_row(row.kind, row.hunk, row.index)
        if found is not None:
            return found
        old, new = (side.number if side else None for side in (row.old, row.new))
        found = self.row_of_number(None, new) if new else None
        return self.row_of_number(old, None) if found is None else found

    def _first_row(self, kind: RowKind, hunk: int | None, index: int) -> int | None:
        for start, block in zip(self._starts, self._blocks, strict=False):
            if block.height and not isinstance(block, Stretch | Pairs):
                row = block.row(0)
                if (row.kind, row.hunk, row.index) == (kind, hunk, index):
                    return start
        return None


def _joined(found: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    joined: list[tuple[int, int, int]] = []
    for hunk, first, last in found:
        if joined and joined[-1][0] == hunk and first <= joined[-1][2] + 1:
            joined[-1] = (hunk, joined[-1][1], max(last, joined[-1][2]))
        else:
            joined.append((hunk, first, last))
    return joined


def _row_of_line(block: Stretch | Pairs, line: int) -> int | None:
    if isinstance(block, Stretch):
        inside = block.line is not None and block.line <= line < block.line + block.height
        return line - block.line if inside and block.line is not None else None
    return next((i for i in range(block.height) if line in block.lines(i)), None)


def row_of_number(block: Block, old: int | None, new: int | None) -> int | None:
    """Return a block's row with the line of a 1-based number in either file."""
    if isinstance(block, Fold):
        return 0 if (old or 0) - 1 in block.old or (new or 0) - 1 in block.new else None
    if isinstance(block, Stretch):
        first_old, first_new = block.numbers(0)
        for number, first in ((old, first_old), (new, first_new)):
            if number and first and first <= number < first + block.height:
                return number - first
    if isinstance(block, Pairs):
        for index in range(block.height):
            old_number, new_number = block.numbers(index)
            if (old and old == old_number) or (new and new == new_number):
                return index
    return None
