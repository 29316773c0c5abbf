"""What part of the stream is on the screen, where the cursor is, and the range it spans.

All are spots, so that nothing on the screen jumps when the height of a file becomes known.
"""

from __future__ import annotations

from typing import NamedTuple

from copilot.review.state import Place
from copilot.tui.blocks import Row
from copilot.tui.stream import Spot, Stream

# Rows kept above a hunk's header after a jump.
_ROWS_ABOVE = 3


class Kept(NamedTuple):
    """The cursor's row, how many rows stood above it on the screen, and the range's other end."""

    cursor: Row
    above: int
    anchor: Row | None


class Viewport:
    """The rows from `top` on, as many as `height`; the cursor is always one of them."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.height = 1
        self.top = Spot(0, 0)
        self.cursor = Spot(0, 0)
        self.anchor: Spot | None = None

    @property
    def spots(self) -> list[Spot]:
        """The rows on the screen, fewer than its height where there are no more."""
        return self.stream.from_spot(self.top, self.height)

    @property
    def row(self) -> Row:
        """The row the cursor is on."""
        return self.stream.row(self.cursor)

    def resize(self, height: int) -> None:
        self.height = max(1, height)
        self.put(self.cursor)

    def put(self, spot: Spot) -> None:
        """Move the cursor to a spot, and the screen as little as it takes to show it."""
        if self.anchor is not None and spot.file != self.anchor.file:
            edge = 0 if spot < self.anchor else self.stream.layout(self.anchor.file).height - 1
            spot = Spot(self.anchor.file, edge)
        self.cursor = spot
        if spot < self.top:
            self.top = spot
        elif spot > self.stream.moved(self.top, self.height - 1):
            self.top = self.stream.moved(spot, 1 - self.height)
        self._fill()

    def move(self, rows: int) -> None:
        self.put(self.stream.moved(self.cursor, rows))

    def to_edge(self, side: int) -> None:
        """Move the cursor to the first row with -1, or the last with 1; in a range, of its file."""
        if self.anchor is not None:
            last = self.stream.layout(self.anchor.file).height - 1
            self.put(Spot(self.anchor.file, 0 if side < 0 else last))
        else:
            self.put(Spot(0, 0) if side < 0 else self.stream.last())

    def scroll(self, rows: int) -> None:
        """Move the screen, and the cursor as little as it takes to stay on it."""
        self.top = self.stream.moved(self.top, rows)
        self._take_cursor_along()

    def scroll_to(self, row: int) -> None:
        """Move the screen to about so many rows below the top of everything."""
        self.top = self.stream.at(row)
        self._take_cursor_along()

    def go_to_hunk(self, place: Place) -> None:
        """Move the cursor to a hunk's header, with as much of the hunk in sight as fits.

        A range goes on to there in its file, and ends where the hunk is in another.
        """
        if self.anchor is not None and self.anchor.file != place.file:
            self.anchor = None
        header = self.stream.header(place)
        headers = self.stream.layout(place.file).hunks
        is_last = place.hunk + 1 == len(headers)
        layout = self.stream.layout(place.file)
        end = Spot(place.file, (layout.height if is_last else headers[place.hunk + 1]) - 1)
        if header < self.top or end > self.stream.moved(self.top, self.height - 1):
            above = min(header.row, _ROWS_ABOVE)
            self.top = Spot(place.file, header.row - above)
        self.put(header)

    def go_to_file(self, file: int) -> None:
        """Move the cursor to a file's first hunk, with the file's header at the top."""
        self.anchor = None
        headers = self.stream.layout(file).hunks
        self.top = Spot(file, 0)
        self.put(Spot(file, headers[0] if headers else 0))

    def go_to(self, spot: Spot) -> None:
        """Move the cursor to a spot, in the middle of the screen if it is not in sight."""
        self.anchor = None
        if not self.top <= spot <= self.stream.moved(self.top, self.height - 1):
            self.top = self.stream.moved(spot, -(self.height // 2))
        self.put(spot)

    def span(self) -> tuple[Spot, Spot]:
        """Return the first and last row of the range, or the cursor's twice."""
        other = self.cursor if self.anchor is None else self.anchor
        return min(self.cursor, other), max(self.cursor, other)

    def selected(self) -> list[tuple[Place, int, int]]:
        """Return the range's lines: each hunk with its first and last line; none without range."""
        if self.anchor is None:
            return []
        first, last = self.span()
        layout = self.stream.layout(first.file)
        found = layout.lines_between(first.row, last.row)
        return [(Place(first.file, hunk), start, end) for hunk, start, end in found]

    def kept(self) -> Kept:
        """Return what is needed to find the same rows again after files were laid out anew."""
        shown = self.spots
        above = shown.index(self.cursor) if self.cursor in shown else 0
        anchor = None if self.anchor is None else self.stream.row(self.anchor)
        return Kept(self.row, above, anchor)

    def restore(self, kept: Kept, stream: Stream | None = None) -> None:
        """Show the rows that were on the screen, the cursor's as far from the top as it was."""
        self.stream = stream or self.stream
        self.cursor = self.stream.found_again(kept.cursor)
        self.anchor = None if kept.anchor is None else self.stream.found_again(kept.anchor)
        self.top = self.stream.moved(self.cursor, -kept.above)
        self.put(self.cursor)

    def _take_cursor_along(self) -> None:
        self._fill()
        last = self.stream.moved(self.top, self.height - 1)
        self.cursor = min(max(self.cursor, self.top), last)
        if self.anchor is not None and self.anchor.file != self.cursor.file:
            self.anchor = None

    def _fill(self) -> None:
        """Leave no empty rows below the last one while there are rows above."""
        shown = self.spots
        if len(shown) < self.height and self.top > Spot(0, 0):
            self.top = self.stream.moved(self.stream.last(), 1 - self.height)
