"""Lines of a conversation cut into rows of a given width, measured in cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from rich.cells import cell_len, chop_cells

from copilot.tui.session.highlight import code_spans
from copilot.tui.session.inline import inline
from copilot.tui.session.lines import Kind, Line

TAB = 4
_INLINE: frozenset[Kind] = frozenset({"text", "heading", "quote", "table"})
_CHOPPED: frozenset[Kind] = frozenset({"code", "removed", "added", "marker"})
_WORD = re.compile(r"\S+|\s+")


class Piece(NamedTuple):
    """Text in one ink; the ink's name is a Kind, an InlineKind or that of a syntax colour."""

    text: str
    ink: str


Row = tuple[Piece, ...]


def height(line: Line, width: int) -> int:
    """Return how many rows a line takes, without making them where that can be seen at once."""
    text = line.text
    if len(text) + len(line.lead) <= width and text.isascii() and "\t" not in text:
        return 1
    return max(1, len(_cuts(line, _shown(line)[0], width)))


def rows(line: Line, width: int, language: str = "") -> list[Row]:
    """Return a line's rows; `language` names the lexer of a line of code."""
    text, spans = _shown(line)
    if line.kind == "code":
        spans = tuple(code_spans(language, text))
    cuts = _cuts(line, text, width) or [(0, 0)]
    return [
        (*_lead(line, first=number == 0), *_pieces(text, start, end, spans, line.kind))
        for number, (start, end) in enumerate(cuts)
    ]


def plain(row: Row) -> str:
    return "".join(piece.text for piece in row)


def expanded(text: str) -> str:
    """Return `text` with tabs as spaces, at stops counted in cells."""
    if "\t" not in text:
        return text
    out, cells = [], 0
    for part in re.split("(\t)", text):
        shown = " " * (TAB - cells % TAB) if part == "\t" else part
        cells += cell_len(shown)
        out.append(shown)
    return "".join(out)


def _shown(line: Line) -> tuple[str, tuple[tuple[int, int, str], ...]]:
    if line.kind in _INLINE:
        return inline(expanded(line.text))
    if line.kind == "fence":
        return f"{line.text or 'text'} [{line.block}]", ()
    return expanded(line.text), ()


def _lead(line: Line, *, first: bool) -> Iterator[Piece]:
    lead = line.lead if first else line.follow
    if lead:
        yield Piece(lead, "lead")


def _cuts(line: Line, text: str, width: int) -> list[tuple[int, int]]:
    """Return where the rows of a text begin and end, in characters; a figure is never cut."""
    if line.kind == "figure":
        return [(0, len(text))]
    room = max(4, width - cell_len(line.lead))
    if line.kind in _CHOPPED:
        return list(_chopped(text, room))
    return list(_wrapped(text, room))


def _chopped(text: str, room: int) -> Iterator[tuple[int, int]]:
    start = 0
    for part in chop_cells(text, room):
        yield start, start + len(part)
        start += len(part)


def _wrapped(text: str, room: int) -> Iterator[tuple[int, int]]:
    """Cut between words; a word longer than a row is cut anywhere."""
    if cell_len(text) <= room:
        yield 0, len(text)
        return
    start, used, end = 0, 0, 0
    for match in _WORD.finditer(text):
        word = match[0]
        cells = cell_len(word)
        if word.isspace():
            used += cells
            continue
        if used + cells > room:
            if end > start:
                yield start, end
            start, used = match.start(), cells
            if cells > room:
                *full, last = chop_cells(word, room)
                for part in full:
                    yield start, start + len(part)
                    start += len(part)
                used = cell_len(last)
        else:
            used += cells
        end = match.end()
    if end > start:
        yield start, end


def _pieces(
    text: str, start: int, end: int, spans: Iterable[tuple[int, int, str]], ink: str
) -> Iterator[Piece]:
    """Return a row's text in the inks of its spans; where spans nest, the later one shows."""
    inner = [(max(s, start), min(e, end), kind) for s, e, kind in spans if s < end and e > start]
    if not inner:
        yield Piece(text[start:end], ink)
        return
    edges = sorted({start, end, *(edge for s, e, _ in inner for edge in (s, e))})
    for left, right in pairwise(edges):
        kinds = [kind for s, e, kind in inner if s <= left and e >= right]
        yield Piece(text[left:right], kinds[-1] if kinds else ink)
