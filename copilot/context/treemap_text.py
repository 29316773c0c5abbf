"""The treemap in the terminal: boxes of characters, whose filling tells the level of detail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from unicodedata import category, east_asian_width

from copilot.context.model import Detail, SectionKind
from copilot.context.treemap import Box, Cell, Style, lay_out
from copilot.context.treemap_figures import (
    Spent,
    left_out_words,
    share,
    short,
    spent_by_detail,
    spent_by_mark,
)
from copilot.text import one_line

_STYLE = Style(
    head=1, flat_head=0, pad=0, open_width=14, open_height=4, smallest=15, thinnest=2, tall=2.0
)
_LEAST_WIDTH, _LEAST_HEIGHT = 40, 8
_FILLS = {Detail.FULL: "█", Detail.OUTLINE: "▒", Detail.PATH: "░", None: "·"}
_MARKS = {SectionKind.OVERLAY: "+", SectionKind.FOCUS: "*"}
_COLOURS = {Detail.FULL: "34", Detail.OUTLINE: "36", Detail.PATH: "33", None: "35"}
_BOLD = "1"
# The line that leads up, right, down and left, each thin (1), thick (2) or not at all (0): digits
# of a number with base three.
_LINES = " ╴╸╷┐┑╻┒┓╶─╾┌┬┭┎┰┱╺╼━┍┮┯┏┲┳╵┘┙│┤┥╽┧┪└┴┵├┼┽┟╁╅┕┶┷┝┾┿┢╆╈╹┚┛╿┦┩┃┨┫┖┸┹┞╀╃┠╂╉┗┺┻┡╄╇┣╊╋"
_UP, _RIGHT, _DOWN, _LEFT = range(4)
_LEAST_LETTERS = 3


def treemap_text(spent: Spent, width: int, height: int, *, colour: bool = False) -> str:
    """Return the map with its legend in at most `height` lines of at most `width` columns.

    Where there is too little room for boxes it is a list of the largest files. Colour only repeats
    what the filling tells.
    """
    head = [*_wrapped([_title(spent)], width)]
    legend = [*_wrapped(_legend(spent), width)]
    rows = height - len(head) - len(legend)
    if width < _LEAST_WIDTH or rows < _LEAST_HEIGHT:
        body = [*_listed(spent, width)][: max(rows, height // 2, 1)]
    else:
        body = _drawn(spent, width, rows, colour=colour)
    return "".join(f"{line}\n" for line in [*head, *body, *legend][: max(height, 1)])


def _title(spent: Spent) -> str:
    words = f"{short(spent.total_tokens)} tokens"
    if not spent.budget:
        return words
    part = share(spent.total_tokens, spent.budget)
    return f"{words}, {part} of the budget of {short(spent.budget)}"


def _legend(spent: Spent) -> Iterator[str]:
    for detail, words, _ in spent_by_detail(spent):
        yield f"{_FILLS[detail] * 2} {words}"
    for kind, words in spent_by_mark(spent):
        yield f"{_MARKS[kind]} {words}"
    if words := left_out_words(spent):
        yield words


def _wrapped(items: Sequence[str] | Iterator[str], width: int) -> Iterator[str]:
    """Yield items beside each other as far as they have room, each cut to the width."""
    line = ""
    for item in items:
        joined = f"{line}   {item}" if line else item
        if line and _columns(joined) > width:
            yield line
            joined = item
        line = _cut(joined, width)
    if line:
        yield line


def _listed(spent: Spent, width: int) -> Iterator[str]:
    """Yield the largest files, one a line, of long names the end."""
    files = sorted(spent.files, key=lambda file: (-file.tokens, file.repository, file.path))
    for file in files:
        if file.section:
            part = share(file.tokens, spent.total_tokens)
            figures = f"{short(file.tokens):>6} {part:>5} {_FILLS[file.detail]} "
            name = one_line(f"{file.repository}/{file.path}")
            yield _cut(figures + _cut(name[::-1], max(width - len(figures), 0))[::-1], width)


class _Canvas:
    """Characters in rows, each with the code of its colour, over lines that join by themselves."""

    def __init__(self, width: int, height: int) -> None:
        self._joints = [[[0, 0, 0, 0] for _ in range(width)] for _ in range(height)]
        self._characters = [[""] * width for _ in range(height)]
        self._colours = [[""] * width for _ in range(height)]

    def frame(self, box: Box, weight: int) -> None:
        """Draw a box's edges; where another box has the same edge, the thicker line stays."""
        left, top, right, bottom = _edges(box)
        for x in range(left, right):
            for y in (top, bottom):
                self._join(x, y, _RIGHT, weight)
                self._join(x + 1, y, _LEFT, weight)
        for y in range(top, bottom):
            for x in (left, right):
                self._join(x, y, _DOWN, weight)
                self._join(x, y + 1, _UP, weight)

    def fill(self, box: Box, character: str, colour: str) -> None:
        left, top, right, bottom = _edges(box)
        for y in range(top + 1, bottom):
            for x in range(left + 1, right):
                self._characters[y][x], self._colours[y][x] = character, colour

    def write(self, x: int, y: int, text: str, colour: str = "") -> None:
        """Write a text, whose wide characters take two places."""
        for character in text:
            columns = _columns(character)
            if not columns:
                self._characters[y][x - 1] += character
                continue
            self._characters[y][x : x + columns] = [character, "\0"][:columns]
            self._colours[y][x : x + columns] = [colour] * columns
            x += columns

    def lines(self, *, colour: bool) -> Iterator[str]:
        """Yield the rows, with codes for colours if these are wished."""
        for joints, characters, codes in zip(
            self._joints, self._characters, self._colours, strict=True
        ):
            line, current = "", ""
            for joint, character, code in zip(joints, characters, codes, strict=True):
                if colour and code != current:
                    line += f"\x1b[0;{code}m" if code else "\x1b[0m"
                    current = code
                line += (character or _line(joint)).replace("\0", "")
            yield f"{line}\x1b[0m" if current else line.rstrip()

    def _join(self, x: int, y: int, side: int, weight: int) -> None:
        joint = self._joints[y][x]
        joint[side] = max(joint[side], weight)


def _drawn(spent: Spent, width: int, rows: int, *, colour: bool) -> list[str]:
    canvas = _Canvas(width, rows)
    cells = lay_out(spent, Box(0, 0, width - 1, rows - 1), _STYLE)
    for cell in cells:
        canvas.frame(cell.box, 2 if cell.is_open else 1)
        if not cell.is_open:
            canvas.fill(cell.box, _FILLS[cell.detail], _COLOURS[cell.detail])
    for cell in cells:
        _write_head(canvas, cell, spent.total_tokens) if cell.is_open else _write_label(
            canvas, cell
        )
    return [*canvas.lines(colour=colour)]


def _write_head(canvas: _Canvas, cell: Cell, total: int) -> None:
    """Write a folder's name and figures on its upper edge."""
    left, top, right, _ = _edges(cell.box)
    room = right - left - 5
    tokens = short(cell.tokens)
    labels = (f"{cell.name}  {tokens} {share(cell.tokens, total)}", f"{cell.name} {tokens}")
    label = next((one for one in labels if _columns(one) <= room), _cut(cell.name, room))
    if label:
        canvas.write(left + 2, top, f" {label} ", _BOLD)


def _write_label(canvas: _Canvas, cell: Cell) -> None:
    """Write a name, and its tokens below or beside it, over the filling."""
    left, top, right, bottom = _edges(cell.box)
    room = right - left - 1
    figure = short(cell.tokens)
    name = _cut(f"{_MARKS[cell.mark] if cell.mark else ''}{cell.name}", room)
    if not name:
        return
    if _columns(f"{name} {figure}") <= room:
        canvas.write(left + 1, top + 1, f"{name} {figure}")
    else:
        canvas.write(left + 1, top + 1, name)
        if bottom - top > 2 and len(figure) <= room:
            canvas.write(left + 1, top + 2, figure)


def _edges(box: Box) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom."""
    return int(box.x), int(box.y), int(box.x + box.width), int(box.y + box.height)


def _line(joint: Sequence[int]) -> str:
    up, right, down, left = joint
    return _LINES[27 * up + 9 * right + 3 * down + left]


def _cut(text: str, room: int) -> str:
    """Return as much of a text as has room, with a mark where it is cut; nothing of too little."""
    if _columns(text) <= room:
        return text
    end, used = 0, 1
    while end < len(text) and used + _columns(text[end]) <= room:
        used += _columns(text[end])
        end += 1
    return f"{text[:end]}…" if end >= _LEAST_LETTERS else ""


def _columns(text: str) -> int:
    """Return how many columns a text takes in a terminal."""
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if category(character) in {"Mn", "Me"}:
        return 0
    return 2 if east_asian_width(character) in {"W", "F"} else 1
