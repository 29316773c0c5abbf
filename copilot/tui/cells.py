"""A line of a file as it is drawn: in cells, with a visible mark for whatever could do harm.

Marks are drawn in a style of their own, so that a file that holds the text of a mark is told from
one that holds what the mark stands for.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from rich.cells import get_character_cell_size

from copilot.text import is_harmful

TAB_WIDTH = 4
CUT_LEFT = "‹"
CUT_RIGHT = "›"

# Longer lines are read in pieces of this many bytes, and the start of each piece is remembered.
_PIECE_BYTES = 4096
# Combining marks drawn on one character; further ones are written out.
_MAX_COMBINING = 4

# Printable ASCII and other characters of one cell each, tabs, and everything else one by one.
_TOKENS = re.compile("([ -~\xa1-\xac\xae-\u02ff\u0386-\u0482]+)|(.)", re.DOTALL)


class Run(NamedTuple):
    """Characters `start` to `end` (excluded) of a line, drawn as `text` from cell `column` on.

    Every character of a run that is no mark and has as many cells as characters is one cell wide;
    any other run is a single character. `width` is in cells; combining marks have none.
    """

    text: str
    start: int
    end: int
    column: int
    width: int
    is_mark: bool = False


class _Point(NamedTuple):
    """Where reading a line can begin: byte, character, cell, and combining marks just before."""

    byte: int = 0
    character: int = 0
    column: int = 0
    combining: int = _MAX_COMBINING


def decoded(data: bytes) -> str:
    """Return a line's characters without its line feed; bytes that are no UTF-8 as surrogates."""
    return data.removesuffix(b"\n").decode("utf-8", "surrogateescape")


def window(data: bytes, left: int, width: int) -> list[Run]:
    """Return the runs of a line that are drawn in the cells from `left` on; ‹ and › mark a cut.

    The cost depends on `width`, and once for every 4 KiB in front of it.
    """
    if width < 1:
        return []
    runs = _clipped(_runs_from(data, left), left, left + width + 1)
    if left and data.rstrip(b"\n"):
        runs = _cut_front(runs, left)
    if runs and max(run.column + run.width for run in runs) > left + width:
        end = left + width - 1
        runs = [*_clipped(iter(runs), left, end), Run(CUT_RIGHT, *_edge(runs), end, 1, True)]
    return runs


def line_width(data: bytes) -> int:
    """Return how many cells a line has."""
    if len(data) > _PIECE_BYTES:
        return _long_line(data).width
    return _after(decoded(data), _Point()).column


def _edge(runs: list[Run]) -> tuple[int, int]:
    return runs[-1].end, runs[-1].end


def _cut_front(runs: list[Run], left: int) -> list[Run]:
    rest = _clipped(iter(runs), left + 1, left + 2**31)
    start = rest[0].start if rest else 0
    return [Run(CUT_LEFT, start, start, left, 1, True), *rest]


def _clipped(runs: Iterator[Run], left: int, right: int) -> list[Run]:
    """Return the runs within the cells from `left` to `right`; cut wide ones become spaces."""
    kept = []
    for run in runs:
        end = run.column + run.width
        if run.column >= right and (run.width or run.column > right):
            break
        if end > left and (run.width or run.column > left):
            kept.append(run if left <= run.column and end <= right else _cut(run, left, right))
    return kept


def _cut(run: Run, left: int, right: int) -> Run:
    first, last = max(left, run.column), min(right, run.column + run.width)
    if len(run.text) != run.width:
        return run._replace(text=" " * (last - first), column=first, width=last - first)
    text = run.text[first - run.column : last - run.column]
    start, end = run.start, run.end
    if end - start == run.width:
        start, end = start + first - run.column, start + last - run.column
    return Run(text, start, end, first, last - first, run.is_mark)


def _runs_from(data: bytes, left: int) -> Iterator[Run]:
    """Yield the runs from some place at or before the cell `left` to the end of the line."""
    if len(data) <= _PIECE_BYTES:
        yield from _runs(decoded(data), _Point())
        return
    line = _long_line(data)
    for text, point in line.pieces_from(left):
        yield from _runs(text, point)


def _runs(text: str, point: _Point) -> Iterator[Run]:
    column, combining = point.column, point.combining
    for match in _TOKENS.finditer(text):
        start, end = match.start() + point.character, match.end() + point.character
        plain = match.group(1)
        if plain is not None:
            run = Run(plain, start, end, column, end - start)
        else:
            run = _single(match.group(), start, column, combining)
        column += run.width
        combining = _combining(run, combining)
        yield run


def _single(character: str, start: int, column: int, combining: int) -> Run:
    if character == "\t":
        width = TAB_WIDTH - column % TAB_WIDTH
        return Run(" " * width, start, start + 1, column, width)
    width = _cells(character)
    if is_harmful(character) or (width == 0 and combining >= _MAX_COMBINING):
        text = mark(character)
        return Run(text, start, start + 1, column, len(text), True)
    return Run(character, start, start + 1, column, width)


def _combining(run: Run, before: int) -> int:
    """Return how many combining marks stand at the end of a run: a mark can take no more."""
    if run.is_mark:
        return _MAX_COMBINING
    return 0 if run.width else before + 1


def mark(character: str) -> str:
    """Return what is drawn for a character that must not reach the terminal, in one-cell glyphs."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0xDC80 <= code <= 0xDCFF:
        return f"⟨{code - 0xDC00:02X}⟩"
    return f"⟨U+{code:04X}⟩"


@lru_cache(maxsize=4096)
def _cells(character: str) -> int:
    return get_character_cell_size(character)


def _after(text: str, point: _Point) -> _Point:
    """Return the place behind `text`, which begins at `point`; its byte is left as it is."""
    character, column, combining = point.character, point.column, point.combining
    if text.isascii() and text.isprintable():
        column, combining = column + len(text), 0 if text else combining
    elif _combines(text):
        for run in _runs(text, point):
            column, combining = run.column + run.width, _combining(run, combining)
    else:
        for number, part in enumerate(text.split("\t")):
            column += TAB_WIDTH - column % TAB_WIDTH if number else 0
            column += sum(_drawn(c) * count for c, count in Counter(part).items())
        combining = _MAX_COMBINING if is_harmful(text[-1:]) else 0
    return _Point(point.byte, character + len(text), column, combining)


def _combines(text: str) -> bool:
    """Tell whether `text` has combining marks: how they are drawn depends on their neighbours."""
    return any(_cells(c) == 0 and not is_harmful(c) for c in set(text))


@lru_cache(maxsize=4096)
def _drawn(character: str) -> int:
    return len(mark(character)) if is_harmful(character) else _cells(character)


class _LongLine:
    """A line with the places its pieces begin at, found as far as somebody looked."""

    def __init__(self, data: bytes) -> None:
        self._data = data.removesuffix(b"\n")
        self._points = [_Point()]
        self._is_read = False

    @property
    def width(self) -> int:
        self._read_to(2**62)
        return self._points[-1].column

    def pieces_from(self, left: int) -> Iterator[tuple[str, _Point]]:
        """Yield the pieces' text from the one the cell `left` is in."""
        self._read_to(left)
        index = max(0, bisect_right(self._points, left, key=lambda point: point.column) - 1)
        while index + 1 < len(self._points) or not self._is_read:
            point = self._points[index]
            text, _ = self._piece(point.byte)
            yield text, point
            index += 1
            self._read_to(point.column + 1)

    def _read_to(self, column: int) -> None:
        while not self._is_read and self._points[-1].column <= column:
            last = self._points[-1]
            text, byte = self._piece(last.byte)
            if text:
                self._points.append(_after(text, last)._replace(byte=byte))
            self._is_read = byte >= len(self._data)

    def _piece(self, start: int) -> tuple[str, int]:
        """Return the text of a piece, cut between two characters, and the byte behind it."""
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        raw = self._data[start : start + _PIECE_BYTES]
        end = start + len(raw)
        text = decoder.decode(raw, end >= len(self._data))
        return text, end - len(decoder.getstate()[0])


@lru_cache(maxsize=32)
def _long_line(data: bytes) -> _LongLine:
    return _LongLine(data)
