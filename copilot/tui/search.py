"""Text found in the files under review: in their bytes first, rows are made only for a match."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from copilot.review.state import FileReview
from copilot.tui.layout import Layout
from copilot.tui.offsets import Lines
from copilot.tui.stream import Spot, Stream

_BELOW_ALL = 2**62


@dataclass(frozen=True)
class Needle:
    """What is searched for; small letters find capitals too (A to Z only)."""

    text: str

    @property
    def is_exact(self) -> bool:
        return self.text != self.text.lower()

    def data(self, data: bytes) -> bytes:
        """Return what of a file is searched."""
        return data if self.is_exact else data.lower()

    @property
    def encoded(self) -> bytes:
        return self.text.encode("utf-8", "surrogateescape")

    def is_in(self, text: str) -> bool:
        return self.text in (text if self.is_exact else text.lower())

    def is_in_bytes(self, data: bytes) -> bool:
        return self.encoded in self.data(data)

    def spans(self, text: str) -> tuple[tuple[int, int], ...]:
        """Return where in a line it stands, in characters."""
        wanted = re.escape(self.text) if self.text else "(?!)"
        flags = re.NOFLAG if self.is_exact else re.IGNORECASE | re.ASCII
        return tuple(match.span() for match in re.finditer(wanted, text, flags))

    def lines_of(self, lines: Lines) -> list[int]:
        """Return the 1-based numbers of the lines that hold it."""
        data, needle = self.data(lines.data), self.encoded
        numbers: list[int] = []
        at = data.find(needle)
        while at >= 0:
            numbers.append(lines.at(at) + 1)
            at = data.find(needle, lines.start(numbers[-1]))
        return numbers


def find(
    stream: Stream, files: Sequence[FileReview], text: str, spot: Spot, step: int
) -> Spot | None:
    """Return the next row below a spot that holds `text`, or with -1 above it, or None.

    The search goes on at the other end. Lines that were folded away are unfolded where it is in.
    """
    needle = Needle(text)
    for turn in range(len(files) + 1):
        file = (spot.file + step * turn) % len(files)
        if not _may_be_in(stream, files, file, needle):
            continue
        past = spot.row if turn == 0 else -1 if step > 0 else _BELOW_ALL
        row = _in_file(stream, file, needle, past, step)
        if row is not None:
            return Spot(file, row)
    return None


def _may_be_in(stream: Stream, files: Sequence[FileReview], file: int, needle: Needle) -> bool:
    change = files[file].change
    texts = (text for text in (change.after, change.before) if text is not None)
    return needle.is_in(stream.names[file]) or any(needle.is_in_bytes(text) for text in texts)


def _in_file(stream: Stream, file: int, needle: Needle, past: int, step: int) -> int | None:
    """Return the nearest row behind `past` in the direction of `step` that holds the needle."""
    folds = stream.folds(file)
    if folds.is_folded:
        stream.fold(file, folds.with_folded(False))
    layout = stream.layout(file)
    rows = {0: (0, 0)} if needle.is_in(stream.names[file]) and past * step < 0 else {}
    source = layout.source
    for side, lines in enumerate((source.before, source.after)):
        number = _nearest(layout, needle.lines_of(lines), side, past, step)
        if number is not None:
            ends = (number, 0) if side == 0 else (0, number)
            rows[_row(layout, side, number)] = ends
    if not rows:
        return None
    best = min(rows) if step > 0 else max(rows)
    row = layout.row(best)
    if row.kind != "fold":
        return best
    stream.fold(file, stream.folds(file).opened(row.index))
    return stream.layout(file).row_of_number(*rows[best])


def _nearest(layout: Layout, numbers: list[int], side: int, past: int, step: int) -> int | None:
    """Return of the numbers of lines the one whose row is nearest behind `past`."""

    def row_of(number: int) -> int:
        return _row(layout, side, number)

    if step > 0:
        index = bisect_right(numbers, past, key=row_of)
        return numbers[index] if index < len(numbers) else None
    index = bisect_left(numbers, past, key=row_of) - 1
    return numbers[index] if index >= 0 else None


def _row(layout: Layout, side: int, number: int) -> int:
    ends = (number, None) if side == 0 else (None, number)
    return layout.row_of_number(*ends) or 0
