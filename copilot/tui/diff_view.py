"""The diff of all files in one widget that draws only the rows on the screen."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.content import Content
from textual.events import Click, Resize
from textual.geometry import Size, clamp
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from copilot.review.state import Decision, Place, Review, decision_at
from copilot.tui.keys import DIFF_KEYS
from copilot.tui.labels import MARKS, file_mark, file_names
from copilot.tui.paint import Frame, Ink, header_segments, line_segments, row_text
from copilot.tui.rows import Row, diff_rows

# Rows kept above a hunk's header after a jump.
_ROWS_ABOVE = 3

_TAG_GROUNDS = {"+": "added", "-": "removed", " ": "context"}


class DiffView(ScrollView, can_focus=True):
    """All rows of a review, with a cursor; keys act on the hunk the cursor is in.

    Drawing and moving cost time for the rows on the screen, not for all rows.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [*DIFF_KEYS]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "diff--accepted", "diff--added", "diff--blank", "diff--comment", "diff--context",
        "diff--cursor", "diff--definition", "diff--edge", "diff--file", "diff--flag", "diff--hunk",
        "diff--keyword", "diff--line-number", "diff--minus", "diff--note", "diff--number",
        "diff--plus", "diff--rejected", "diff--removed", "diff--string", "diff--undecided",
    }  # fmt: skip
    DEFAULT_CSS = """
    DiffView {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        .diff--accepted { color: $text-success; text-style: bold; }
        .diff--rejected { color: $text-error; text-style: bold; }
        .diff--undecided { text-style: bold; }
        .diff--added { background: $success 16%; }
        .diff--removed { background: $error 18%; }
        .diff--cursor { background: $primary 45%; }
        .diff--edge { color: $accent; text-style: bold; }
        .diff--file { background: $panel; text-style: bold; }
        .diff--hunk { background: $primary 16%; color: $text-primary; }
        .diff--flag { color: $text-warning; text-style: bold; }
        .diff--note { color: $text-muted; text-style: italic; }
        .diff--plus { color: $text-success; text-style: bold; }
        .diff--minus { color: $text-error; text-style: bold; }
        .diff--line-number { color: $text-muted; }
        .diff--comment { color: $text-muted; text-style: italic; }
        .diff--definition { color: $text-warning; }
        .diff--keyword { color: $text-primary; text-style: bold; }
        .diff--number { color: $text-accent; }
        .diff--string { color: $text-success; }
    }
    DiffView:ansi {
        .diff--added, .diff--removed, .diff--hunk { background: transparent; }
        .diff--cursor { background: transparent; text-style: reverse; }
    }
    """

    class Moved(Message):
        """The cursor has moved; `file` is the index of the file it is in."""

        def __init__(self, file: int) -> None:
            super().__init__()
            self.file = file

    def __init__(self, review: Review) -> None:
        super().__init__(id="diff")
        self._stream = diff_rows(review.files)
        self._names = file_names(review.files)
        self._review = review
        self._left = 0
        self._cursor = self._stream.hunks[0] if self._stream.hunks else 0
        self.virtual_size = Size(0, len(self._stream.rows))

    @property
    def place(self) -> Place | None:
        """The hunk the cursor is in, or None in a file without hunks."""
        return self._stream.place_at(self._cursor)

    @property
    def file(self) -> int:
        """The index of the file the cursor is in."""
        return self._stream.rows[self._cursor].file

    def on_mount(self) -> None:
        self._announce()

    def show(self, review: Review) -> None:
        """Show other decisions on the same files."""
        self._review = review
        self._announce()
        self.refresh()

    def go_to(self, place: Place) -> None:
        """Move the cursor to a hunk's header, with as much of the hunk in sight as fits."""
        row, file_row = self._stream.row_of(place), self._stream.files[place.file]
        behind = self._stream.hunk_from(row, 1)
        end = self._stream.row_of(behind) if behind else len(self._stream.rows)
        top = self.scroll_offset.y
        if row < top or end > top + self.size.height:
            above = min(row - file_row, _ROWS_ABOVE)
            self.scroll_to(y=row - above, animate=False)
        self._move(row)

    def go_to_hunk(self, step: int) -> None:
        """Move the cursor to the next hunk's header, or with -1 to the one before."""
        place = self._stream.hunk_from(self._cursor, 1 if step > 0 else -1)
        if place is not None:
            self.go_to(place)

    def go_to_file(self, file: int) -> None:
        """Move the cursor to a file's first hunk, with the file's header at the top."""
        row = self._stream.files[file]
        first = self._stream.hunk_from(row, 1)
        self.scroll_to(y=row, animate=False)
        self._move(self._stream.row_of(first) if first and first.file == file else row)

    def find(self, text: str) -> bool:
        """Move the cursor to the next row that holds `text`; False if there is none."""
        row = self._stream.find(text, self._cursor)
        if row is not None:
            self._move(row)
        return row is not None

    def action_row(self, step: int) -> None:
        self._move(self._cursor + step)

    def action_page(self, step: int) -> None:
        self._move(self._cursor + step * max(1, self.size.height - 2))

    def action_edge(self, side: int) -> None:
        self._move(0 if side < 0 else len(self._stream.rows))

    def action_shift(self, columns: int) -> None:
        self._shift_to(self._left + columns)

    def action_line_start(self) -> None:
        self._shift_to(0)

    def action_line_end(self) -> None:
        row = self._stream.rows[self._cursor]
        self._shift_to(len(row_text(row, sys.maxsize)) - self._frame.text_width + 1)

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None:
            self._move(self.scroll_offset.y + offset.y)

    def on_resize(self, _event: Resize) -> None:
        self._move(self._cursor)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Keep the cursor on the screen: no key may act on a hunk that is out of sight."""
        super().watch_scroll_y(old_value, new_value)
        top = round(new_value)
        self._set_cursor(clamp(self._cursor, top, top + max(0, self.size.height - 1)))

    def render_line(self, y: int) -> Strip:
        index, width = y + self.scroll_offset.y, self._width
        if index >= len(self._stream.rows):
            return Strip.blank(width, self.rich_style)
        row = self._stream.rows[index]
        base = self._row_style(row, index)
        ground = Style(bgcolor=base.bgcolor, dim=base.dim, reverse=base.reverse)

        def ink(name: str) -> Style:
            return self._style(name) + ground if name else base

        segments = [Segment(self._edge(row, index), ink("edge")), *self._segments(row, ink)]
        return Strip(segments).adjust_cell_length(width, base)

    @property
    def _width(self) -> int:
        """Columns inside border and scroll bar."""
        return self.scrollable_content_region.width

    @property
    def _frame(self) -> Frame:
        # The first column is the edge.
        return Frame(max(1, self._width - 1), self._left, self._stream.number_width)

    def _segments(self, row: Row, ink: Ink) -> Iterable[Segment]:
        file = self._review.files[row.file]
        if row.kind == "line":
            return line_segments(row, file.change.path, self._frame, ink)
        if row.kind == "file":
            return header_segments(row, file_mark(file), "", self._frame, ink)
        decision = self._decision(row)
        if row.kind == "hunk" and decision is not None:
            return header_segments(row, MARKS[decision], decision.value, self._frame, ink)
        return header_segments(row, "", "", self._frame, ink)

    def _edge(self, row: Row, index: int) -> str:
        """Return the glyph of the first column: the cursor, or that this is the cursor's hunk."""
        if index == self._cursor:
            return ">"
        current = self._stream.rows[self._cursor]
        inside = row.kind in ("hunk", "line", "note")
        return "▌" if inside and (row.file, row.hunk) == (current.file, current.hunk) else " "

    def _row_style(self, row: Row, index: int) -> Style:
        style = self._style(_TAG_GROUNDS[row.tag] if row.kind == "line" else row.kind)
        if row.kind in ("line", "note") and self._decision(row) is Decision.REJECTED:
            style += Style(dim=True)
        if index == self._cursor:
            cursor = self._style("cursor")
            style += Style(bgcolor=cursor.bgcolor, reverse=cursor.reverse)
        return style

    def _decision(self, row: Row) -> Decision | None:
        if row.hunk is None:
            return None
        return decision_at(self._review, Place(row.file, row.hunk))

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"diff--{name}")

    def _move(self, row: int) -> None:
        """Put the cursor on the nearest row there is, and scroll it into sight."""
        self._set_cursor(row)
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if not top <= self._cursor < top + height:
            above = self._cursor < top
            self.scroll_to(y=self._cursor if above else self._cursor - height + 1, animate=False)

    def _set_cursor(self, row: int) -> None:
        row = clamp(row, 0, len(self._stream.rows) - 1)
        if row != self._cursor:
            self._cursor = row
            self._announce()
            self.refresh()

    def _announce(self) -> None:
        """Say in the title and to the app where the cursor is."""
        place, title = self.place, self._names[self.file]
        if place is not None:
            decision = decision_at(self._review, place)
            total = len(self._review.files[place.file].decisions)
            title += f" · hunk {place.hunk + 1} of {total} {MARKS[decision]} {decision.value}"
        self.border_title = Content(title)
        self.post_message(self.Moved(self.file))

    def _shift_to(self, left: int) -> None:
        """Scroll sideways, at most to the end of the longest row on the screen."""
        wanted, width = max(0, left), self._frame.text_width
        top = self.scroll_offset.y
        shown = self._stream.rows[top : top + self.size.height]
        longest = max((len(row_text(row, wanted + width)) for row in shown), default=0)
        self._left = min(wanted, max(0, longest - width + 1))
        self.refresh()
