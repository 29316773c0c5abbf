"""A conversation's text as lines that know what they are; read while it streams."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from rich.cells import cell_len

from copilot.text import visible
from copilot.tui.session.inline import inline

Kind = Literal[
    "text", "heading", "quote", "rule", "table", "fence", "code", "marker", "removed", "added",
    "user", "note", "figure", "error", "outcome", "turn",
]  # fmt: skip

# A longer line is cut into pieces, so that no step costs more than a piece.
PIECE = 4000
# Columns up to which a table's cells are filled; longer ones stand out.
_CELL = 32
# A longer table is shown as it came behind this many rows.
_MOST_ROWS = 256
_MOST_COLUMNS = 40

_FENCE = re.compile(r"^(\s{0,12})(`{3,}+|~{3,}+)\s*+([^`\s]*+)[^`]*+$")
_HEADING = re.compile(r"^ {0,3}(#{1,6})(?=\s|$)")
_RULE = re.compile(r"^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_ITEM = re.compile(r"^(\s{0,40})([-*+]|\d{1,9}[.)])(\s+)(\[[ xX]\] )?")
_QUOTE = re.compile(r"^ {0,3}((?:> ?){1,9})")
_TABLE_RULE = re.compile(r"^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
# More marks than these on one character are told by their number.
_MOST_MARKS = 4
_PILE = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{5,}+)"
)
_BAR = re.compile(r"(?<!\\)\|")
_EDIT = re.compile(r"^(<{5,}) ?(SEARCH|CREATE|OVERWRITE|DELETE|RENAME)\s*$")


@dataclass(frozen=True, slots=True)
class Line:
    """A line before it is wrapped.

    `lead` stands before its first row. `block` is the number of the code block it belongs to, or
    0. `level` is that of a heading. A line with `goes_on` is joined by the next one.
    """

    kind: Kind
    text: str
    lead: str = ""
    block: int = 0
    level: int = 0
    goes_on: bool = False

    @property
    def follow(self) -> str:
        """What stands before the rows behind the first."""
        if self.kind in ("quote", "code", "removed", "added"):
            return self.lead
        return " " * cell_len(self.lead)


def harmless(text: str) -> str:
    """Return a text as it may be drawn: nothing hidden, and no pile of marks on a character."""
    shown = visible(text)
    return shown if shown.isascii() else _PILE.sub(_counted, shown)


def _counted(pile: re.Match[str]) -> str:
    return f"{pile[0][:_MOST_MARKS]}⟨+{len(pile[0]) - _MOST_MARKS} marks⟩"


@dataclass
class Numbers:
    """Counts the code blocks of a conversation."""

    last: int = 0

    def next(self) -> int:
        self.last += 1
        return self.last


@dataclass
class MarkdownReader:
    """Reads Markdown line by line; what it gave out is final.

    It keeps line ends as they are, never reads HTML, and shows what it does not know as it came.
    """

    numbers: Numbers
    _begun: str = ""
    _goes_on: Line | None = None
    _fence: str = ""
    _language: str = ""
    _lead: str = ""
    _block: int = 0
    _edit: str = ""
    _edit_kind: Kind = "removed"
    _table: list[str] = field(default_factory=list)

    def feed(self, text: str) -> list[Line]:
        """Take a piece of the text, and return the lines that it ended."""
        *ended, self._begun = (self._begun + text).split("\n")
        out: list[Line] = []
        for line in ended:
            out += self._long(harmless(line.removesuffix("\r")), ended=True)
        if len(self._begun) > PIECE:
            held = self._begun
            self._begun = ""
            out += self._long(harmless(held), ended=False)
        return out

    def begun(self) -> list[Line]:
        """Return what is not yet ended as it would be if it ended here."""
        rows = [Line("table", row) for row in self._table]
        text = harmless(self._begun.removesuffix("\r"))
        if not text:
            return rows
        if self._goes_on is not None:
            return [*rows, _like(self._goes_on, text, goes_on=False)]
        return [*rows, self._plain(text)]

    def end(self) -> list[Line]:
        """Return what is left: the text is whole."""
        is_open = bool(self._begun) or self._goes_on is not None
        out = self._long(harmless(self._begun), ended=True) if is_open else []
        self._begun = ""
        return out + self._end_table()

    def _long(self, line: str, *, ended: bool) -> list[Line]:
        """Read a line, or a piece of one, in pieces that are not too long."""
        out: list[Line] = []
        while len(line) > PIECE:
            out += self._piece(line[:PIECE], ended=False)
            line = line[PIECE:]
        return out + self._piece(line, ended=ended) if line or ended else out

    def _piece(self, text: str, *, ended: bool) -> list[Line]:
        if self._goes_on is not None:
            line = _like(self._goes_on, text, goes_on=not ended)
            self._goes_on = None if ended else line
            return [line]
        if ended:
            return self._read(text)
        line = _like(self._plain(text), goes_on=True)
        self._goes_on = line
        return [*self._end_table(), line]

    def _read(self, text: str) -> list[Line]:
        if self._fence:
            return self._in_fence(text)
        if self._edit:
            return [self._in_edit(text)]
        if self._in_table(text):
            return []
        return [*self._end_table(), *self._outside(text)]

    def _outside(self, text: str) -> list[Line]:
        fence = _FENCE.match(text)
        if fence is not None:
            return [self._open_fence(fence)]
        edit = _EDIT.match(text)
        if edit is not None:
            self._edit = edit[1]
            self._edit_kind = "removed" if edit[2] == "SEARCH" else "added"
            return [Line("marker", text)]
        return [self._plain(text)]

    def _plain(self, text: str) -> Line:
        """Return a line by itself, without a change of what the next ones are."""
        if self._fence:
            return Line("code", self._inside(text), self._lead, self._block)
        if self._edit:
            return Line(self._edit_kind, text, _EDIT_LEADS[self._edit_kind])
        return _prose(text)

    def _open_fence(self, match: re.Match[str]) -> Line:
        self._fence, self._language = match[2], match[3]
        self._lead = match[1].expandtabs(4) + "│ "
        self._block = self.numbers.next()
        return Line("fence", self._language, match[1].expandtabs(4), self._block)

    def _in_fence(self, text: str) -> list[Line]:
        stripped = text.strip()
        if stripped.startswith(self._fence) and not stripped.strip(self._fence[0]):
            self._fence = ""
            return []
        return [self._plain(text)]

    def _inside(self, text: str) -> str:
        """Return a line of code without the indentation that its fence has."""
        indent = len(self._lead) - len("│ ")
        return text[min(indent, len(text) - len(text.lstrip(" "))) :]

    def _in_edit(self, text: str) -> Line:
        width = len(self._edit)
        if text.startswith("=" * width) and not text.strip("=").strip():
            self._edit_kind = "added"
            return Line("marker", text)
        if text.startswith(">" * width):
            self._edit = ""
            return Line("marker", text)
        return self._plain(text)

    def _in_table(self, text: str) -> bool:
        """Hold a line back if it may belong to a table."""
        if (
            "|" not in text
            or len(self._table) == _MOST_ROWS
            or (not self._table and not text.lstrip().startswith("|"))
        ):
            return False
        if len(self._table) == 1 and not _TABLE_RULE.match(text):
            return False
        self._table.append(text)
        return True

    def _end_table(self) -> list[Line]:
        rows, self._table = self._table, []
        if len(rows) < 2:
            return [_prose(row) for row in rows]
        cells = [_cells(row) for row in (rows[0], *rows[2:])]
        if max(map(len, cells)) > _MOST_COLUMNS:
            return [Line("table", row) for row in rows]
        lines = [Line("table", text) for text in _aligned(cells)]
        return [lines[0], Line("table", "─" * min(_shown_width(lines[0].text), 200)), *lines[1:]]


_EDIT_LEADS: dict[Kind, str] = {"removed": "- ", "added": "+ "}


def _like(line: Line, text: str | None = None, *, goes_on: bool) -> Line:
    """Return a line of the same kind that goes on, or the next piece of it."""
    if text is None:
        return Line(line.kind, line.text, line.lead, line.block, line.level, goes_on)
    return Line(line.kind, text, line.follow, line.block, line.level, goes_on)


def _prose(text: str) -> Line:
    heading = _HEADING.match(text)
    if heading is not None:
        return Line("heading", _heading_text(text[heading.end() :]), level=len(heading[1]))
    if _RULE.match(text):
        return Line("rule", "")
    quote = _QUOTE.match(text)
    if quote is not None:
        return Line("quote", text[quote.end() :], "▌ " * quote[1].count(">"))
    item = _ITEM.match(text)
    if item is not None:
        return Line("text", text[item.end() :], _item_lead(item))
    stripped = text.lstrip(" \t")
    return Line("text", stripped, text[: len(text) - len(stripped)].expandtabs(4)[:40])


def _heading_text(text: str) -> str:
    """Return a heading without the marks that may close it."""
    text = text.strip()
    bare = text.rstrip("#")
    return bare.rstrip() if not bare or bare.endswith((" ", "\t")) else text


def _item_lead(item: re.Match[str]) -> str:
    mark = "•" if item[2] in "-*+" else item[2]
    box = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}.get(item[4] or "", "")
    return f"{item[1].expandtabs(4)}{mark} {box}"


def _cells(row: str) -> list[str]:
    inner = row.strip().removeprefix("|").removesuffix("|")
    return [cell.strip() for cell in _BAR.split(inner)]


def _aligned(rows: list[list[str]]) -> list[str]:
    """Return a table's rows with cells of one width, as far as they are not too long."""
    count = max(len(row) for row in rows)
    widths = [max(_width(row, index) for row in rows) for index in range(count)]
    return [
        " │ ".join(
            _filled(row[index] if index < len(row) else "", width)
            for index, width in enumerate(widths)
        ).rstrip()
        for row in rows
    ]


def _width(row: list[str], index: int) -> int:
    return min(_shown_width(row[index]), _CELL) if index < len(row) else 0


def _filled(cell: str, width: int) -> str:
    return cell + " " * max(0, width - _shown_width(cell))


def _shown_width(cell: str) -> int:
    return cell_len(inline(cell).text)
