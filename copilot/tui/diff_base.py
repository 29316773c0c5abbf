"""The diff's widget without keys and mouse: what it shows, and how it is drawn."""

from __future__ import annotations

import gc
from typing import Literal

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.events import Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from copilot.edits.changes import line_count
from copilot.review.state import Place, Review
from copilot.tui.blocks import Row, RowKind
from copilot.tui.cells import line_width
from copilot.tui.folds import Folds
from copilot.tui.labels import MARKS, MIXED
from copilot.tui.painter import Over, Painter, Scene
from copilot.tui.search import Needle, find
from copilot.tui.stream import Spot, Stream
from copilot.tui.strips import Frame
from copilot.tui.viewport import Viewport

Sides = Literal["auto", "unified", "split"]

# From this width on, both sides fit beside each other.
SPLIT_WIDTH = 130
# The pause between two steps of colouring in the background, in seconds.
_PAUSE = 0.03
_WIDEST_BOX = 80
# Rows of the screen before its size is known.
_USUAL_HEIGHT = 24


class DiffBase(ScrollView, can_focus=True):
    """Shows the rows of a review around a cursor."""

    ALLOW_SELECT = False

    class Moved(Message, namespace="diff_view"):
        """The cursor has moved; `file` is the index of the file it is in."""

        def __init__(self, file: int) -> None:
            super().__init__()
            self.file = file

    class MarkClicked(Message, namespace="diff_view"):
        """A person clicked the mark of a file, of a hunk, or of some lines of it.

        `place` is None for a file; `lines` are indices into the hunk's lines, None for all of it.
        """

        def __init__(self, file: int, place: Place | None, lines: tuple[int, ...] | None) -> None:
            super().__init__()
            self.file = file
            self.place = place
            self.lines = lines

    def __init__(self, review: Review, *, sides: Sides = "auto") -> None:
        super().__init__(id="diff")
        self.sides: Sides = sides
        self._needle = ""
        self._left = 0
        self._is_syncing = False
        self._is_colouring = False
        self._painter = Painter(self._style)
        self._open(review)

    def _open(self, review: Review) -> None:
        self._review = review
        self._view = Viewport(Stream(review))
        self._view.height = _USUAL_HEIGHT
        headers = self._view.stream.layout(0).hunks
        self._view.cursor = Spot(0, headers[0] if headers else 0)
        self._spots: list[Spot] = []
        self._drawn_cursor = Spot(0, 0)
        self._drawn_hunk: tuple[int, int | None] | None = None
        changes = (file.change for file in review.files)
        counts = (line_count(text or b"") for c in changes for text in (c.before, c.after))
        self._number_width = max(3, len(str(max(counts, default=0))))

    @property
    def place(self) -> Place | None:
        """The hunk the cursor is in, or None in a file without hunks."""
        row = self._view.row
        return None if row.hunk is None else Place(row.file, row.hunk)

    @property
    def file(self) -> int:
        """The index of the file the cursor is in."""
        return self._view.cursor.file

    @property
    def on(self) -> RowKind:
        """The kind of row the cursor is on."""
        return self._view.row.kind

    @property
    def lines(self) -> tuple[int, ...]:
        """The lines the cursor is on, as indices into the hunk's lines; two side by side."""
        return self._view.row.lines

    @property
    def line(self) -> int | None:
        """The line the cursor is on, the new one of a pair; None outside of a hunk's lines."""
        return max(self.lines, default=None)

    @property
    def comment(self) -> int | None:
        """The index of the comment the cursor is on."""
        row = self._view.row
        return row.index if row.kind == "comment" else None

    @property
    def is_selecting(self) -> bool:
        """Tell whether a range is begun."""
        return self._view.anchor is not None

    @property
    def is_split(self) -> bool:
        """Tell whether both sides are beside each other."""
        return self._view.stream.is_split

    def selection(self) -> list[tuple[Place, int, int]]:
        """Return the range's lines: each hunk with its first and last line; none without range."""
        return self._view.selected()

    def end_selection(self) -> None:
        self._view.anchor = None
        self._update(changed=True)

    def on_mount(self) -> None:
        # A full collection would look at all that is there now, again and again, and hold up keys.
        gc.freeze()
        self._announce()

    def on_unmount(self) -> None:
        gc.unfreeze()

    def on_resize(self, _event: Resize) -> None:
        self._arrange()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._painter.forget_styles()

    def show(self, review: Review) -> None:
        """Show other decisions, edits and comments, or another change set."""
        kept = self._view.kept()
        before, self._review = self._review, review
        if not _is_same_set(before, review):
            name = before.files[kept.cursor.file].change.name
            self._open(review)
            files = (n for n, file in enumerate(review.files) if file.change.name == name)
            self._arrange()
            self._view.go_to_file(next(files, 0))
        elif self._view.stream.show(review):
            self._view.restore(kept)
        self._update(changed=True)

    def go_to(self, place: Place) -> None:
        """Move the cursor to a hunk's header, with as much of the hunk in sight as fits."""
        self._view.go_to_hunk(place)
        self._update()

    def go_to_line(self, place: Place, line: int) -> None:
        """Move the cursor to a line of a hunk, an index into its lines."""
        row = self._view.stream.layout(place.file).row_of_line(place.hunk, line)
        if row is None:
            self.go_to(place)
        else:
            self._view.go_to(Spot(place.file, row))
            self._update()

    def go_to_file(self, file: int) -> None:
        """Move the cursor to a file's first hunk, with the file's header at the top."""
        self._view.go_to_file(file)
        self._update()

    def go_to_hunk(self, step: int) -> None:
        """Move the cursor to the next hunk's header, or with -1 to the one before."""
        stream, cursor = self._view.stream, self._view.cursor
        place = stream.hunk_after(cursor) if step > 0 else stream.hunk_before(cursor)
        if place is not None:
            self.go_to(place)

    def find(self, text: str, step: int = 1) -> bool:
        """Move the cursor to the next row that holds `text`, or with -1 to the one before.

        What is found stays marked. False if it is nowhere.
        """
        self._needle = text
        self._painter.needle = Needle(text) if text else None
        kept, stream = self._view.kept(), self._view.stream
        spot = find(stream, self._review.files, text, self._view.cursor, step) if text else None
        if spot is None:
            self._view.restore(kept)
        else:
            self._view.go_to(spot)
        self._update(changed=True)
        return spot is not None

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if not self._is_syncing and round(old_value) != round(new_value):
            self._view.scroll_to(round(new_value))
            self._update()

    def render_line(self, y: int) -> Strip:
        width = self._width
        if y >= len(self._spots):
            return Strip.blank(width, self.rich_style)
        spot = self._spots[y]
        stream = self._view.stream
        row, layout = stream.row(spot), stream.layout(spot.file)
        first, last = self._view.span()
        over = Over(spot == self._view.cursor, self.is_selecting and first <= spot <= last)
        scene = Scene(self._review.files[spot.file], layout, self._frame)
        ink = self._painter.ink(row, over)
        edge = Segment(self._edge(row, over), ink("edge"))
        segments = [edge, *self._painter.segments(row, scene, over)]
        return Strip(segments).adjust_cell_length(width, ink())

    @property
    def _width(self) -> int:
        """Columns inside border and scroll bar."""
        return self.scrollable_content_region.width

    @property
    def _frame(self) -> Frame:
        # The first column is the edge.
        return Frame(max(1, self._width - 1), self._left, self._number_width, self.is_split)

    def _edge(self, row: Row, over: Over) -> str:
        """Return the glyph of the first column: cursor, range, or the hunk the cursor is in."""
        if over.is_cursor:
            return ">"
        if over.is_selected:
            return "┃"
        inside = row.kind in ("hunk", "line", "note", "comment")
        return "▌" if inside and (row.file, row.hunk) == self._drawn_hunk else " "

    def _style(self, name: str, is_partial: bool) -> Style:
        return self.get_component_rich_style(f"diff--{name}", partial=is_partial)

    def _arrange(self) -> None:
        """Fit the rows to the widget's size."""
        width, view = self._width, self._view
        is_split = self.sides == "split" or (self.sides == "auto" and width >= SPLIT_WIDTH)
        kept = view.kept()
        view.height = max(1, self.scrollable_content_region.height)
        box_width = min(_WIDEST_BOX, max(1, width - 4))
        if view.stream.arrange(is_split=is_split, box_width=box_width):
            view.restore(kept)
        view.put(view.cursor)
        self._update(changed=True)

    def _fold(self, folds: Folds) -> None:
        kept = self._view.kept()
        self._view.stream.fold(self.file, folds)
        self._view.restore(kept)
        self._update(changed=True)

    def _update(self, *, changed: bool = False) -> None:
        """Draw what has moved; with `changed`, all that is on the screen."""
        view, before, cursor, hunk = self._view, self._spots, self._drawn_cursor, self._drawn_hunk
        self._spots, self._drawn_cursor = view.spots, view.cursor
        row = view.row
        self._drawn_hunk = row.file, row.hunk
        self._scroll_along()
        if changed or self._spots != before or self._drawn_hunk != hunk or self.is_selecting:
            self.refresh()
        elif view.cursor != cursor:
            lines = (self._spots.index(spot) for spot in (cursor, view.cursor) if spot in before)
            self.refresh(*(Region(0, y, self.size.width, 1) for y in lines))
        if changed or view.cursor != cursor:
            self._announce()
        self.call_after_refresh(self._colour_on)

    def _scroll_along(self) -> None:
        """Put the scroll bar where the rows on the screen stand among all."""
        size = Size(0, self._view.stream.height)
        self._is_syncing = True
        if size != self.virtual_size:
            # Nothing else depends on this size: the screen need not be laid out for it.
            self.set_reactive(Widget.virtual_size, size)
            self.vertical_scrollbar.window_virtual_size = size.height
        self.scroll_target_y = self.scroll_y = self._view.stream.top_of(self._view.top)
        self._is_syncing = False

    def _announce(self) -> None:
        """Say in the title and to the screen where the cursor is."""
        place, title = self.place, self._view.stream.names[self.file]
        if place is not None:
            file = self._review.files[place.file]
            decision = file.hunk_decision(place.hunk)
            mark, word = (MARKS[decision], decision.value) if decision else (MIXED, "mixed")
            title += f" · hunk {place.hunk + 1} of {len(file.hunks)} {mark} {word}"
        self.border_title = Content(title)
        self.post_message(self.Moved(self.file))

    def _shift_to(self, left: int) -> None:
        """Scroll sideways, at most to the end of the longest row on the screen."""
        rows = [self._view.stream.row(spot) for spot in self._spots]
        texts = [side.data for row in rows for side in (row.old, row.new) if side]
        longest = max(map(line_width, texts), default=0)
        self._left = min(max(0, left), max(0, longest - self._frame.text_width))
        self.refresh()

    def _colour_on(self) -> None:
        """Colour the files on the screen little by little, between the keys."""
        if not self._is_colouring and not self._painter.colours.is_done:
            self._is_colouring = True
            self.set_timer(_PAUSE, self._colour_step)

    def _colour_step(self) -> None:
        self._is_colouring = False
        if self._painter.colours.step():
            self.refresh()
        self._colour_on()


def _is_same_set(before: Review, after: Review) -> bool:
    """Tell whether two reviews are of the same files."""
    return len(before.files) == len(after.files) and all(
        old is new or old.change.name == new.change.name
        for old, new in zip(before.files, after.files, strict=True)
    )
