"""The context beside the conversation: a tree that draws only what is on the screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.content import Content
from textual.events import Click
from textual.geometry import Size, clamp
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from copilot.assist.session.protocol import ContextView, Wish
from copilot.context.model import Detail
from copilot.text import one_line
from copilot.tui.keys import bindings
from copilot.tui.labels import count
from copilot.tui.session.amounts import tokens_text
from copilot.tui.session.context_rows import (
    DETAIL_SIGNS,
    WISH_SIGNS,
    WISH_WORDS,
    ContextRow,
    Folder,
    opened_at_first,
    rows_of,
    tree_of,
)
from copilot.tui.session.keys import CONTEXT

_TOKEN_COLUMNS = 6


class ContextTree(ScrollView, can_focus=True):
    """Folders and files with tokens, detail and what the person wishes of them."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = bindings(CONTEXT)
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "context--detail", "context--folder", "context--less", "context--row",
        "context--selected", "context--tokens", "context--wish",
    }  # fmt: skip
    DEFAULT_CSS = """
    ContextTree {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        .context--selected { background: $primary 45%; text-style: bold; }
        .context--folder { color: $text-primary; }
        .context--less { color: $text-muted; }
        .context--tokens { color: $text-muted; }
        .context--detail { color: $text-accent; }
        .context--wish { color: $text-warning; text-style: bold; }
    }
    ContextTree:ansi, ContextTree:nocolor {
        .context--selected { background: transparent; text-style: reverse; }
    }
    """

    class Wished(Message):
        """A person wishes something of a file, or of all below a folder."""

        def __init__(self, name: str, wish: Wish | None) -> None:
            super().__init__()
            self.name = name
            self.wish = wish

    class Named(Message):
        """A person wants to name a file in what he writes."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class FilterWanted(Message):
        """A person wants to type what the names must hold."""

    def __init__(self) -> None:
        super().__init__(id="context")
        self._view = ContextView()
        self._root = Folder()
        self._opened: set[str] | None = None
        self._rows: list[ContextRow] = []
        # What was wished since the view was made.
        self._wished: dict[str, Wish | None] = {}
        self._wanted = ""
        self._instead = "reading the repository …"
        self._cursor = 0
        self.border_title = "context"

    @property
    def row(self) -> ContextRow | None:
        """The row the cursor is on."""
        return self._rows[self._cursor] if self._rows else None

    def show(self, view: ContextView) -> None:
        """Show another state of the context; the cursor stays on its name."""
        self._view, self._wished, self._instead = view, {}, "no file"
        self._root = tree_of(view.files, self._wanted)
        if self._opened is None and view.files:
            self._opened = opened_at_first(self._root)
        self._arrange()

    def fail(self, why: str) -> None:
        """Say why there is nothing to show."""
        self._instead = one_line(why)
        self.refresh()

    def filter(self, wanted: str) -> None:
        """Show only files whose names hold these words."""
        self._wanted = wanted
        self._root = tree_of(self._view.files, wanted)
        self._arrange()

    def action_row(self, step: int) -> None:
        self._go(self._cursor + step)

    def action_page(self, step: int) -> None:
        self._go(self._cursor + step * max(1, self.size.height - 1))

    def action_edge(self, side: int) -> None:
        self._go(0 if side < 0 else len(self._rows))

    def action_open(self) -> None:
        self._fold(opened=True)

    def action_close(self) -> None:
        """Close the folder, or go up to the one the cursor is in."""
        row = self.row
        if row is None:
            return
        if row.is_open:
            self._fold(opened=False)
            return
        above = [n for n in range(self._cursor) if self._rows[n].depth < row.depth]
        if above:
            self._go(above[-1])

    def action_name(self) -> None:
        row = self.row
        if row is None:
            return
        if row.file is None:
            self._fold(opened=not row.is_open)
        else:
            self.post_message(self.Named(row.key))

    def action_wish(self, wanted: str) -> None:
        """Wish something; the same wish once more takes it back."""
        row = self.row
        if row is None:
            return
        wish = Wish(wanted) if wanted else None
        if wish is self._wish_of(row):
            wish = None
        self._wished[row.key] = wish
        self.refresh()
        self.post_message(self.Wished(row.key, wish))

    def action_filter(self) -> None:
        self.post_message(self.FilterWanted())

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self._show_title()

    def on_click(self, event: Click) -> None:
        self._go(self.scroll_offset.y + event.get_content_offset_capture(self).y)
        if event.chain > 1:
            self.action_name()

    def render_line(self, y: int) -> Strip:
        index, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        if index >= len(self._rows):
            text = self._instead[y * width : (y + 1) * width] if not self._rows else ""
            return Strip([Segment(set_cell_size(text, width), self._ink("less"))])
        ground = Style()
        if index == self._cursor and self.has_focus:
            selected = self._ink("selected")
            ground = Style(bgcolor=selected.bgcolor, bold=selected.bold, reverse=selected.reverse)
        segments = [
            Segment(s.text, (s.style or Style()) + ground)
            for s in self._segments(self._rows[index], index, width)
        ]
        return Strip(segments).adjust_cell_length(width, self._ink("row") + ground)

    def _segments(self, row: ContextRow, index: int, width: int) -> Iterator[Segment]:
        wish = self._wish_of(row)
        edge = ">" if index == self._cursor and self.has_focus else " "
        sign = WISH_SIGNS[wish] if wish else " "
        due = "*" if row.file is not None and row.file.is_due else " "
        yield Segment(f"{edge}{sign}{due}", self._ink("wish"))
        name, ink = self._named(row)
        room = max(4, width - 4 - _TOKEN_COLUMNS)
        yield Segment(set_cell_size(_fitted(name, room), room), ink)
        yield Segment(tokens_text(row.tokens).rjust(_TOKEN_COLUMNS), self._ink("tokens"))

    def _named(self, row: ContextRow) -> tuple[str, Style]:
        indent = "  " * min(row.depth, 12)
        if row.file is None:
            return f"{indent}{'▾' if row.is_open else '▸'} {row.shown}", self._ink("folder")
        less = row.file.detail in (Detail.PATH, Detail.OMITTED)
        name = f"{indent}{DETAIL_SIGNS[row.file.detail]} {row.shown}"
        return name, self._ink("less" if less else "row")

    def _wish_of(self, row: ContextRow) -> Wish | None:
        if row.key in self._wished:
            return self._wished[row.key]
        return row.file.wish if row.file is not None else None

    def _fold(self, *, opened: bool) -> None:
        row = self.row
        if row is not None and row.file is None and self._opened is not None:
            (self._opened.add if opened else self._opened.discard)(row.key)
            self._arrange()

    def _arrange(self) -> None:
        kept = self.row.key if self.row else ""
        self._rows = rows_of(self._root, self._opened or (), all_open=bool(self._wanted))
        self.virtual_size = Size(0, len(self._rows))
        found = (number for number, row in enumerate(self._rows) if row.key == kept)
        self._go(next(found, self._cursor))
        self.border_subtitle = "█ full ▒ outline ░ path"

    def _go(self, row: int) -> None:
        self._cursor = clamp(row, 0, max(0, len(self._rows) - 1))
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if not top <= self._cursor < top + height:
            above = self._cursor < top
            self.scroll_to(y=self._cursor if above else self._cursor - height + 1, animate=False)
        self._show_title()
        self.refresh()

    def _show_title(self) -> None:
        self.border_title = Content(self._title())

    def _title(self) -> str:
        """Return what the row under the cursor is, in words."""
        row = self.row
        if row is None or not self.has_focus:
            return f"context: {count(len(self._view.files), 'file')}"
        if row.file is None:
            return count(row.files, "file")
        reason = f": {one_line(row.file.reason)}" if row.file.reason else ""
        wish = self._wish_of(row)
        return f"{row.file.detail.value}{reason}{f' · {WISH_WORDS[wish]}' if wish else ''}"

    def _ink(self, name: str) -> Style:
        return self.get_component_rich_style(f"context--{name}")


def _fitted(name: str, room: int) -> str:
    if cell_len(name) <= room:
        return name
    return set_cell_size(name, max(0, room - 1)) + "…"
