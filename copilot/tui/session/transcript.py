"""The conversation in one widget: it draws the rows on the screen, however long the rest is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Click, Key, Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from copilot.assist.session.protocol import Turn
from copilot.tui.keys import bindings
from copilot.tui.session.conversation import CodeBlock, Conversation
from copilot.tui.session.keys import TRANSCRIPT
from copilot.tui.session.lines import Line
from copilot.tui.session.wrapping import Row, plain, rows

_EDGE = 2
_CACHED_LINES = 500
# Lines at the end that may still change: a table's, and the one that has only begun.
_OPEN_LINES = 512
_STEP_SECONDS = 0.01
# Kinds of lines with a ground of their own.
_GROUNDED = {"user": "user", "code": "code", "fence": "fence"}


class Transcript(ScrollView, can_focus=True):
    """Shows turns, and the one that streams.

    It follows the end as long as the end is in sight. `block` is the code block that keys act on.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(TRANSCRIPT)
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "said--added", "said--code", "said--comment", "said--definition", "said--edge",
        "said--emphasis", "said--error", "said--fence", "said--figure", "said--heading",
        "said--inline-code", "said--keyword", "said--lead", "said--link", "said--marker",
        "said--note", "said--number", "said--outcome", "said--quote", "said--removed",
        "said--rule", "said--string", "said--strong", "said--struck", "said--table", "said--text",
        "said--turn", "said--user",
    }  # fmt: skip
    DEFAULT_CSS = """
    Transcript {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        .said--user { background: $boost; text-style: bold; }
        .said--heading { color: $text-primary; text-style: bold; }
        .said--strong { text-style: bold; }
        .said--emphasis { text-style: italic; }
        .said--struck { text-style: strike; }
        .said--inline-code { color: $text-accent; background: $boost; }
        .said--link { text-style: underline; }
        .said--quote { color: $text-muted; text-style: italic; }
        .said--code { background: $surface; }
        .said--fence { background: $panel; color: $text-muted; }
        .said--marker { color: $text-muted; }
        .said--removed { color: $text-error; }
        .said--added { color: $text-success; }
        .said--lead { color: $text-muted; }
        .said--rule { color: $text-muted; }
        .said--note { color: $text-muted; }
        .said--turn { color: $text-muted; text-style: italic; }
        .said--outcome { color: $text-accent; text-style: bold; }
        .said--error { color: $text-error; text-style: bold; }
        .said--edge { color: $accent; text-style: bold; }
        .said--comment { color: $text-muted; text-style: italic; }
        .said--definition { color: $text-warning; }
        .said--keyword { color: $text-primary; text-style: bold; }
        .said--number { color: $text-accent; }
        .said--string { color: $text-success; }
    }
    Transcript:ansi, Transcript:nocolor {
        .said--user, .said--code, .said--inline-code { background: transparent; }
        .said--fence { background: transparent; text-style: underline; }
    }
    """

    class BlockWanted(Message):
        """A person wants a code block in the clipboard, or in a file."""

        def __init__(self, block: CodeBlock, *, saved: bool) -> None:
            super().__init__()
            self.block = block
            self.saved = saved

    class AnswerWanted(Message):
        """A person wants a turn's answer in the clipboard; `index` is that in the log."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self) -> None:
        super().__init__(id="transcript")
        self.block = 0
        self.said = Conversation()
        # Whether the end is in sight; then what comes scrolls it along.
        self.is_following = True
        self._typed = ""
        self._rows: dict[int, list[Row]] = {}

    # --- what is shown

    def show(self, log: Sequence[Turn]) -> None:
        """Show other turns in the place of all."""
        self.block = 0
        self._change(lambda: self.said.show(log), follow=True)

    def begin(self, asked: str) -> None:
        """Show what was entered; the answer's text comes by `feed`."""
        self._change(lambda: self.said.begin(asked), follow=True)

    def feed(self, text: str) -> None:
        """Show a piece of the answer."""
        self._change(lambda: self.said.feed(text))

    def finish(self, turn: Turn) -> None:
        """Show the end of the turn that was begun."""
        self._change(lambda: self.said.finish(turn))

    def replace_last(self, turn: Turn) -> None:
        """Show a turn in the place of the last one."""
        self._change(lambda: self.said.replace_last(turn))

    def add(self, turn: Turn) -> None:
        """Show one more turn."""
        self._change(lambda: self.said.add(turn), follow=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.is_following = new_value >= self.max_scroll_y - 1

    def _change(self, change: Callable[[], None], *, follow: bool = False) -> None:
        self.is_following = self.is_following or follow
        kept = self.said.layout.count
        change()
        self._forget_rows(min(kept, self.said.layout.count))
        self._grown()

    def _forget_rows(self, kept: int) -> None:
        """Forget the rows of lines that may be others: few at the end, all where lines left."""
        for index in [index for index in self._rows if index >= kept - _OPEN_LINES]:
            del self._rows[index]

    def _grown(self) -> None:
        self.virtual_size = Size(0, self.said.layout.rows)
        if self.is_following:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
        self.refresh()

    # --- moving, and what keys do

    def action_row(self, step: int) -> None:
        self._scroll_by(step)

    def action_page(self, step: int) -> None:
        self._scroll_by(step * max(1, self.size.height - 2))

    def action_edge(self, step: int) -> None:
        self.scroll_to(y=0 if step < 0 else self.max_scroll_y, animate=False)

    def action_turn(self, step: int) -> None:
        self.scroll_to(y=self.said.turn_row(self.scroll_offset.y, step), animate=False)

    def action_block(self, step: int) -> None:
        """Go to the next code block, or the one before; at first to one in sight."""
        row = self.said.block_row(self.block)
        if row is None or not self._sees(row):
            row = self.scroll_offset.y - 1 if step > 0 else self.scroll_offset.y + self.size.height
        self._choose(self.said.block_from(row, step))

    def on_key(self, event: Key) -> None:
        """Digits choose a code block by its number."""
        if event.character is None or not event.character.isdecimal():
            self._typed = ""
            return
        event.stop()
        self._typed = (self._typed + event.character)[-4:]
        self._choose(int(self._typed))

    def action_copy_block(self) -> None:
        self._want(saved=False)

    def action_save_block(self) -> None:
        self._want(saved=True)

    def action_copy_answer(self) -> None:
        self.post_message(self.AnswerWanted(self.said.turn_at(self._last_row)))

    def on_click(self, event: Click) -> None:
        at = self.said.layout.at(self.scroll_offset.y + event.get_content_offset_capture(self).y)
        if at is not None:
            self._choose(self.said.layout.line(at[0]).block)

    @property
    def _last_row(self) -> int:
        """The last row in sight that holds something."""
        return min(self.scroll_offset.y + self.size.height, self.said.layout.rows) - 1

    def _sees(self, row: int) -> bool:
        return self.scroll_offset.y <= row < self.scroll_offset.y + self.size.height

    def _scroll_by(self, rows_down: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + rows_down, animate=False)

    def _choose(self, number: int) -> None:
        row = self.said.block_row(number)
        if row is None:
            return
        self.block = number
        if not self._sees(row):
            self.scroll_to(y=max(0, row - 1), animate=False)
        self.refresh()

    def _want(self, *, saved: bool) -> None:
        block = self.said.block(self.block or self.said.blocks)
        if block is not None:
            self.post_message(self.BlockWanted(block, saved=saved))

    # --- drawing

    def on_resize(self, _: Resize) -> None:
        width = max(8, self.scrollable_content_region.width - _EDGE)
        layout = self.said.layout
        if width != layout.width:
            top = layout.rows - self.size.height if self.is_following else self.scroll_offset.y
            index = (layout.at(max(0, top)) or (0, 0))[0]
            self._rows.clear()
            layout.set_width(width, index, self.size.height)
            self._settle(index)
        elif self.is_following:
            self._grown()

    def _settle(self, index: int) -> None:
        """Keep the line at the top where it is, or the end in sight; count more in a moment."""
        self._grown()
        if not self.is_following:
            self.scroll_to(y=self.said.layout.row(index), animate=False)
        if not self.said.layout.is_counted:
            self.set_timer(_STEP_SECONDS, self._count_more)

    def _count_more(self) -> None:
        index = (self.said.layout.at(self.scroll_offset.y) or (0, 0))[0]
        self.said.layout.step()
        self._settle(index)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.refresh()

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002
        self.refresh()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        layout = self.said.layout
        first = selection.start.y if selection.start else 0
        last = min(selection.end.y if selection.end else layout.rows, layout.rows - 1)
        chosen = (self._selected(y, selection, joined=y > first) for y in range(first, last + 1))
        return "".join(chosen), "\n"

    def _selected(self, y: int, selection: Selection, *, joined: bool) -> str:
        """Return what is selected of a row; the rows of one line make one line again."""
        at = self.said.layout.at(y)
        span = selection.get_span(y)
        if at is None or span is None or self.said.layout.line(at[0]).kind == "fence":
            return ""
        index, number = at
        found = self._line_rows(index)
        text, line = plain(found[min(number, len(found) - 1)]), self.said.layout.line(index)
        start, end = span[0] - _EDGE, len(text) if span[1] == -1 else max(0, span[1] - _EDGE)
        if line.kind == "code":
            start = max(start, len(line.lead))
        between = ("" if line.kind == "code" else " ") if number else "\n"
        return (between if joined else "") + text[max(0, start) : end]

    def render_line(self, y: int) -> Strip:
        row, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        at = self.said.layout.at(row)
        if at is None:
            return Strip.blank(width, self._ink("text", "text"))
        line = self.said.layout.line(at[0])
        ground = _GROUNDED.get(line.kind, "text")
        strip = Strip(self._marked(list(self._segments(*at, line, ground)), row))
        filled = strip.adjust_cell_length(width, self._ink("text", ground))
        return filled.apply_offsets(0, row)

    def _segments(self, index: int, number: int, line: Line, ground: str) -> Iterable[Segment]:
        current = line.block and line.block == self.block and self.has_focus
        yield Segment("▌ " if current else "  ", self._ink("edge", "text"))
        if line.kind == "rule":
            yield Segment("─" * self.said.layout.width, self._ink("rule", ground))
            return
        # While heights are counted anew, a line may have fewer rows than its height says.
        found = self._line_rows(index)
        for piece in found[min(number, len(found) - 1)]:
            yield Segment(piece.text, self._ink(piece.ink, ground))

    def _marked(self, segments: list[Segment], row: int) -> list[Segment]:
        """Return a row's segments with what the mouse selected set apart."""
        selection = self.text_selection
        span = selection.get_span(row) if selection is not None else None
        if span is None:
            return segments
        text = "".join(segment.text for segment in segments)
        start, end = span[0], len(text) if span[1] == -1 else span[1]
        cuts = [cell_len(text[:start]), cell_len(text[:end]), cell_len(text)]
        before, chosen, behind = Segment.divide(segments, cuts)
        style = self.screen.get_component_rich_style("screen--selection")
        lit = [Segment(s.text, (s.style or Style()) + style) for s in chosen]
        return [*before, *lit, *behind]

    def _line_rows(self, index: int) -> list[Row]:
        found = self._rows.get(index)
        if found is None:
            if len(self._rows) > _CACHED_LINES:
                self._rows.clear()
            line = self.said.layout.line(index)
            found = rows(line, self.said.layout.width, self.said.language(line))
            self._rows[index] = found
        return found

    def _ink(self, name: str, ground: str) -> Style:
        """Return the style of an ink on the ground of its row."""
        style = self.get_component_rich_style(f"said--{name}")
        if name == "inline-code":
            return style
        below = self.get_component_rich_style(f"said--{ground}")
        return style + Style(bgcolor=below.bgcolor)
