"""Rows of the diff as segments: what a review says of a row, in the styles of the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style

from copilot.review.filereview import FileReview
from copilot.review.state import Decision
from copilot.review.words import Spans
from copilot.tui.blocks import Row, Side
from copilot.tui.cells import decoded
from copilot.tui.labels import BY_HAND, FRESH, LINE_MARKS, MARKS, MIXED, file_mark
from copilot.tui.layout import Layout
from copilot.tui.search import Needle
from copilot.tui.sides import differing
from copilot.tui.strips import Frame, Ink, Line, header_segments, line_segments
from copilot.tui.syntax import Colours
from copilot.tui.syntax import Spans as ColourSpans

_GROUNDS = {"+": "added", "-": "removed", " ": "context"}
# The grounds of rows that are not named as their kind is.
_KIND_GROUNDS = {"line": "context", "comment": "remark"}
_BEFORE = {"flag": "! ", "fold": "  ", "comment": "  "}
# Longer lines are not searched for what is marked in them.
_MOST_SEARCHED = 4000


class Over(NamedTuple):
    """What is drawn over a row: that the cursor is on it, that it is in the range."""

    is_cursor: bool = False
    is_selected: bool = False


@dataclass(frozen=True)
class Scene:
    """What rows of one file are drawn from."""

    file: FileReview
    layout: Layout
    frame: Frame


class Painter:
    """Draws rows; `style` returns the style of a name, with the second argument only its own part.

    Styles are looked up once, until `forget_styles`.
    """

    def __init__(self, style: Callable[[str, bool], Style]) -> None:
        self.colours = Colours()
        self.needle: Needle | None = None
        self._style = style
        self._inks: dict[tuple[str, bool, Over, tuple[str, ...]], Style] = {}

    def forget_styles(self) -> None:
        self._inks.clear()

    def segments(self, row: Row, scene: Scene, over: Over) -> Iterator[Segment]:
        """Return a row's segments, as many cells as the frame is wide."""
        if row.kind != "line":
            return self._header(row, scene, over)
        return (self._two if scene.frame.is_split else self._one)(row, scene, over)

    def ink(self, row: Row, over: Over) -> Ink:
        """Return the inks for what is no text of a line."""
        return partial(self._ink, _KIND_GROUNDS.get(row.kind, row.kind), False, over)

    def _ink(self, ground: str, is_dim: bool, over: Over, *names: str) -> Style:
        key = ground, is_dim, over, names
        if key not in self._inks:
            self._inks[key] = self._mixed(*key)
        return self._inks[key]

    def _mixed(self, ground: str, is_dim: bool, over: Over, names: tuple[str, ...]) -> Style:
        mixed = self._style(ground, False)
        for name in filter(None, names):
            mixed += self._style(name, True)
        for name, wanted in (("selected", over.is_selected), ("cursor", over.is_cursor)):
            if wanted:
                style = self._style(name, False)
                mixed += Style(bgcolor=style.bgcolor, reverse=style.reverse)
        return mixed + Style(dim=True) if is_dim else mixed

    def _header(self, row: Row, scene: Scene, over: Over) -> Iterator[Segment]:
        ink = self.ink(row, over)
        if row.kind == "file":
            mark = file_mark(scene.file)
            yield from header_segments(row.text, scene.frame, ink, mark=mark)
        elif row.kind == "hunk" and row.hunk is not None:
            decision = scene.file.hunk_decision(row.hunk)
            mark, word = (MARKS[decision], decision.value) if decision else (MIXED, "mixed")
            yield from header_segments(row.text, scene.frame, ink, mark=mark, word=word)
        else:
            before = " " * scene.frame.gutter if row.kind == "note" else _BEFORE.get(row.kind, "")
            yield from header_segments(row.text, scene.frame, ink, before=before)

    def _one(self, row: Row, scene: Scene, over: Over) -> Iterator[Segment]:
        side = row.new or row.old
        if side is not None:
            old, new = (shown.number if shown else None for shown in (row.old, row.new))
            line = self._line(row, side, row.tag, scene)
            yield from self._drawn(
                replace(line, numbers=(old, new)), scene, over, scene.frame.width
            )

    def _two(self, row: Row, scene: Scene, over: Over) -> Iterator[Segment]:
        frame = scene.frame
        yield from self._half(row, row.old, "-", scene, over, frame.half)
        yield Segment("│", self.ink(row, over)("line-number"))
        yield from self._half(row, row.new, "+", scene, over, frame.width - frame.half - 1)

    def _half(
        self, row: Row, side: Side | None, tag: str, scene: Scene, over: Over, width: int
    ) -> Iterator[Segment]:
        if side is None:
            yield Segment(" " * width, self._ink("absent", False, over))
            return
        line = self._line(row, side, " " if row.tag == " " else tag, scene)
        yield from self._drawn(line, scene, over, width)

    def _drawn(self, line: Line, scene: Scene, over: Over, width: int) -> Iterator[Segment]:
        is_dim = line.mark == LINE_MARKS[Decision.REJECTED]
        ink = partial(self._ink, _GROUNDS[line.tag], is_dim, over)
        return line_segments(line, scene.frame, width, ink)

    def _line(self, row: Row, side: Side, tag: str, scene: Scene) -> Line:
        file, hunk = scene.file, row.hunk
        line = Line(side.data, tag, (side.number,), hits=self._hits(side.data))
        line = replace(line, colours=self._colours(side, side is row.old, scene))
        if tag == " " or side.line is None or hunk is None:
            return line
        decision = file.line_decision(hunk, side.line)
        return replace(
            line,
            mark=LINE_MARKS[decision] if decision else " ",
            origin=_origin(file, hunk, side.line),
            words=_words(scene.layout, hunk, side, tag),
        )

    def _colours(self, side: Side, is_old: bool, scene: Scene) -> ColourSpans:
        source = scene.layout.source
        text = source.before if is_old else source.after
        return self.colours.line(scene.file.change.path, text.data, side.number, side.data)

    def _hits(self, data: bytes) -> Spans:
        if self.needle is None or len(data) > _MOST_SEARCHED:
            return ()
        return self.needle.spans(decoded(data))


def _origin(file: FileReview, hunk: int, line: int) -> str:
    if file.by_hand(hunk, line):
        return BY_HAND
    return FRESH if file.fresh(hunk, line) else " "


def _words(layout: Layout, hunk: int, side: Side, tag: str) -> Spans:
    if side.line is None:
        return ()
    other = layout.beside.line(hunk, side.line)
    if other is None:
        return ()
    return differing(side.data, other)[0] if tag == "-" else differing(other, side.data)[1]
