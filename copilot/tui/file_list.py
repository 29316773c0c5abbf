"""The list of files under review; like the diff it draws only what is on the screen."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from copilot.review.state import Review
from copilot.tui.keys import FILE_KEYS
from copilot.tui.labels import file_mark, file_names, keep_end, line_counts


class FileList(ScrollView, can_focus=True):
    """One row per file: mark, path, `!` where it is flagged, lines added and removed."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [*FILE_KEYS]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "files--added", "files--flag", "files--removed", "files--row", "files--selected",
    }  # fmt: skip
    DEFAULT_CSS = """
    FileList {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        .files--selected { background: $primary 45%; text-style: bold; }
        .files--added { color: $text-success; }
        .files--removed { color: $text-error; }
        .files--flag { color: $text-warning; text-style: bold; }
    }
    FileList:ansi .files--selected { background: transparent; text-style: reverse; }
    """

    class Clicked(Message):
        """A person clicked the file with this index."""

        def __init__(self, file: int) -> None:
            super().__init__()
            self.file = file

    def __init__(self, review: Review) -> None:
        super().__init__(id="files")
        self._review = review
        self._names = file_names(review.files)
        self._counts = tuple(line_counts(file.change) for file in review.files)
        self._selected = 0
        self.virtual_size = Size(0, len(review.files))
        self.border_title = "1 file" if len(review.files) == 1 else f"{len(review.files)} files"

    def show(self, review: Review) -> None:
        """Show other decisions on the same files."""
        self._review = review
        self.refresh()

    def select(self, file: int) -> None:
        """Mark a file as the one the diff's cursor is in, and scroll it into sight."""
        if file == self._selected:
            return
        self._selected = file
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if not top <= file < top + height:
            self.scroll_to(y=file - height // 2, animate=False)
        self.refresh()

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        row = -1 if offset is None else self.scroll_offset.y + offset.y
        if 0 <= row < len(self._names):
            self.post_message(self.Clicked(row))

    def render_line(self, y: int) -> Strip:
        file, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        if file >= len(self._names):
            return Strip.blank(width, self.rich_style)
        row = "selected" if file == self._selected else "row"
        base = self._style(row)
        ground = Style(bgcolor=base.bgcolor, reverse=base.reverse)
        segments = [
            Segment(text, self._style(name) + ground if name else base)
            for text, name in self._segments(file, width)
        ]
        return Strip(segments).adjust_cell_length(width, base)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"files--{name}")

    def _segments(self, file: int, width: int) -> list[tuple[str, str]]:
        """Return the texts of a row, each with the name of its style or none."""
        added, removed = (f" {sign}{n}" for sign, n in zip("+-", self._counts[file], strict=True))
        flag = " !" if self._review.files[file].flags else ""
        edge = ">" if file == self._selected else " "
        start = f"{edge}{file_mark(self._review.files[file])} "
        room = max(1, width - cell_len(start + flag + added + removed))
        name = set_cell_size(keep_end(self._names[file], room), room)
        return [(start + name, ""), (flag, "flag"), (added, "added"), (removed, "removed")]
