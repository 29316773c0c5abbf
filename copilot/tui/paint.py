"""Rows cut to the screen's width as styled segments; the styles themselves come from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from copilot.tui.rows import Row, line_text
from copilot.tui.syntax import Span, spans

CUT_LEFT = "‹"
CUT_RIGHT = "›"

# Maps the name of an ink to the style that it has on the row's ground; "" is plain text.
Ink = Callable[[str], Style]

_TAG_INKS = {"+": "plus", "-": "minus", " ": ""}


@dataclass(frozen=True)
class Frame:
    """What part of the rows is on the screen: `width` columns, text from character `left` on."""

    width: int
    left: int
    number_width: int

    @property
    def gutter(self) -> int:
        """Columns of a line's two numbers."""
        return 2 * self.number_width + 2

    @property
    def text_width(self) -> int:
        """Columns of a line's text, behind numbers and tag."""
        return max(1, self.width - self.gutter - 2)


def row_text(row: Row, limit: int) -> str:
    """Return at most the first `limit` characters of a row's text, safe to show."""
    return line_text(row.data, limit) if row.kind == "line" else row.text[:limit]


def line_segments(row: Row, path: str, frame: Frame, ink: Ink) -> Iterator[Segment]:
    """Return a line of a file: its numbers, its tag, its text."""
    old, new = (str(n or "").rjust(frame.number_width) for n in (row.old_number, row.new_number))
    yield Segment(f"{old} {new} ", ink("line-number"))
    yield Segment(f"{row.tag} ", ink(_TAG_INKS[row.tag]))
    text = row_text(row, frame.left + frame.text_width + 1)
    yield from code_segments(text, frame.left, frame.text_width, spans(path, row.data), ink)


def header_segments(row: Row, mark: str, word: str, frame: Frame, ink: Ink) -> Iterator[Segment]:
    """Return a row that is no line of a file: the mark, its text, the decision at the right.

    It scrolls sideways only as far as its own text needs.
    """
    prefix = _prefix(row, mark, frame)
    room = max(1, frame.width - len(prefix) - len(word) - 1)
    left = min(frame.left, max(0, cell_len(row.text) - room + 1))
    yield Segment(prefix, ink(word))
    yield Segment(set_cell_size(window(row.text, left, room), room + 1), ink(""))
    yield Segment(word, ink(word))


def _prefix(row: Row, mark: str, frame: Frame) -> str:
    if row.kind == "note":
        return " " * frame.gutter
    return "! " if row.kind == "flag" else f"{mark} "


def code_segments(
    text: str, left: int, width: int, coloured: tuple[Span, ...], ink: Ink
) -> Iterator[Segment]:
    """Return the window of a line of code in the inks of its spans."""
    shown = window(text, left, width)
    position = 0
    for span in coloured:
        start, end = max(span.start - left, position), min(span.end - left, len(shown))
        if start < end:
            yield Segment(shown[position:start], ink(""))
            yield Segment(shown[start:end], ink(span.kind))
            position = end
    yield Segment(shown[position:], ink(""))


def window(text: str, left: int, width: int) -> str:
    """Return what fits into `width` columns from character `left` on; ‹ and › mark a cut."""
    shown = text[left : left + width + 1]
    if left and text:
        shown = CUT_LEFT + shown[1:]
    if len(shown) > width or cell_len(shown) > width:
        shown = set_cell_size(shown, max(0, width - 1)) + CUT_RIGHT
    return shown
