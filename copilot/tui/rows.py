"""The rows of the review screen as plain data: one stream over all files."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Literal

from copilot.edits.changes import EXECUTABLE_MODE, FileChange, Hunk, split_lines
from copilot.edits.flags import Flag
from copilot.edits.patch import old_mode
from copilot.review.state import FileReview, Place
from copilot.text import one_line, visible
from copilot.tui.labels import count, file_names

CONTEXT_LINES = 3
TAB_WIDTH = 4
NO_NEWLINE = "\\ No newline at end of file"
CARRIAGE_RETURN = "␍"

# How far above a hunk the line that names its place is searched for, and how much of it is shown.
_SCOPE_LINES = 300
_SCOPE_WIDTH = 80

RowKind = Literal["file", "flag", "hunk", "line", "note", "blank"]
Tag = Literal[" ", "-", "+"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the stream.

    `file` and `hunk` are the hunk a key acts on here; `hunk` is None in a file without hunks. A
    `line` row holds raw bytes in `data` with 1-based line numbers; others hold safe `text`.
    """

    kind: RowKind
    file: int
    hunk: int | None
    text: str = ""
    tag: Tag = " "
    old_number: int | None = None
    new_number: int | None = None
    data: bytes = b""


@dataclass(frozen=True)
class DiffRows:
    """All rows, and where the header rows of files and hunks stand in them.

    `files` holds one row index per file; `hunks` holds one row index per hunk, in the order of
    `places`.
    """

    rows: tuple[Row, ...]
    files: tuple[int, ...]
    hunks: tuple[int, ...]
    places: tuple[Place, ...]

    @cached_property
    def number_width(self) -> int:
        """Columns needed for the largest line number."""
        largest = max((max(r.old_number or 0, r.new_number or 0) for r in self.rows), default=0)
        return max(3, len(str(largest)))

    @cached_property
    def _index(self) -> dict[Place, int]:
        return dict(zip(self.places, self.hunks, strict=True))

    def row_of(self, place: Place) -> int:
        """Return the row of a hunk's header."""
        return self._index[place]

    def place_at(self, row: int) -> Place | None:
        """Return the hunk that a key acts on in this row."""
        found = self.rows[row]
        return None if found.hunk is None else Place(found.file, found.hunk)

    def hunk_from(self, row: int, step: Literal[-1, 1]) -> Place | None:
        """Return the hunk whose header is the nearest before or behind a row, or None."""
        near = bisect_right(self.hunks, row) if step == 1 else bisect_left(self.hunks, row) - 1
        return self.places[near] if 0 <= near < len(self.places) else None

    def find(self, text: str, after: int) -> int | None:
        """Return the first row behind `after` that holds `text`, wrapping around, or None."""
        needle = text.encode("utf-8", "surrogateescape")
        rows = self.rows
        order = chain(range(after + 1, len(rows)), range(after + 1))
        return next((i for i in order if needle in rows[i].data or text in rows[i].text), None)


def diff_rows(files: tuple[FileReview, ...]) -> DiffRows:
    """Return the rows of all files: header, flags, then each hunk with its context."""
    rows: list[Row] = []
    headers: list[int] = []
    names = file_names(files)
    for index, file in enumerate(files):
        if rows:
            rows.append(Row("blank", rows[-1].file, rows[-1].hunk))
        headers.append(len(rows))
        rows.extend(_file_rows(index, names[index], file))
    hunks = tuple(i for i, row in enumerate(rows) if row.kind == "hunk")
    places = tuple(Place(rows[i].file, rows[i].hunk or 0) for i in hunks)
    return DiffRows(tuple(rows), tuple(headers), hunks, places)


def line_text(data: bytes, limit: int) -> str:
    """Return the first `limit` characters of a line as they are shown.

    Tabs are expanded, a carriage return at the end is ␍, and every byte that is no UTF-8 or could
    steer a terminal is an escape. The cost depends on `limit`, not on the length of the line.
    """
    body = data.removesuffix(b"\n")
    end = CARRIAGE_RETURN if body.endswith(b"\r") else ""
    body = body.removesuffix(b"\r")
    # A character has at most 4 bytes in UTF-8.
    start = body[: 4 * limit].decode("utf-8", "surrogateescape")[:limit]
    return (visible(start).expandtabs(TAB_WIDTH) + end)[:limit]


def _file_rows(index: int, name: str, file: FileReview) -> Iterator[Row]:
    change = file.change
    first = 0 if change.hunks else None
    yield Row("file", index, first, name)
    for flag in file.file_flags:
        yield Row("flag", index, first, one_line(flag.text))
    if not change.hunks:
        yield Row("note", index, None, "no change")
    before = split_lines(change.before or b"")
    ends = [*(hunk.old_start for hunk in change.hunks[1:]), len(before)]
    shown_to = 0
    for number, (hunk, end) in enumerate(zip(change.hunks, ends, strict=False)):
        flags = file.hunk_flags(number) if file.flags else ()
        block = _Block(change, Place(index, number), hunk, before, shown_to, end, flags)
        yield from block.rows()
        shown_to = block.context_to


@dataclass(frozen=True)
class _Block:
    """A hunk and the lines around it that no neighbour shows: old lines `floor` to `ceiling`."""

    change: FileChange
    place: Place
    hunk: Hunk
    before: list[bytes]
    floor: int
    ceiling: int
    flags: tuple[Flag, ...]

    @property
    def context_from(self) -> int:
        return max(self.floor, self.hunk.old_start - CONTEXT_LINES)

    @property
    def old_end(self) -> int:
        return self.hunk.old_start + self.hunk.old_count

    @property
    def context_to(self) -> int:
        if self.hunk.kind != "text":
            return self.floor
        return min(self.ceiling, self.old_end + CONTEXT_LINES)

    def rows(self) -> Iterator[Row]:
        yield Row("hunk", self.place.file, self.place.hunk, self.title())
        for flag in self.flags:
            yield Row("flag", self.place.file, self.place.hunk, one_line(flag.text))
        old, new = self.hunk.old_start, self.hunk.new_start
        if self.hunk.kind == "text":
            for number in range(self.context_from, old):
                yield from self._line(" ", self.before[number], number, new - old + number)
        for line in self.hunk.lines:
            yield from self._line(line.tag, line.data, old, new)
            old += line.tag != "+"
            new += line.tag != "-"
        for number in range(old, self.context_to):
            yield from self._line(" ", self.before[number], number, new - old + number)

    def title(self) -> str:
        hunk = self.hunk
        if hunk.kind == "create":
            executable = "executable " if self.change.mode == EXECUTABLE_MODE else ""
            return f"new {executable}file, {_lines(hunk.new_count)}"
        if hunk.kind == "delete":
            return f"delete the file, {_lines(hunk.old_count)}"
        if hunk.kind == "rename":
            return f"rename {one_line(self.change.old_path or '')} → {one_line(self.change.path)}"
        if hunk.kind == "mode":
            return f"mode {old_mode(self.change):o} → {self.change.mode:o}"
        context = hunk.old_start - self.context_from + self.context_to - self.old_end
        start = self.context_from - hunk.old_start
        old = _range(hunk.old_start + start, hunk.old_count + context)
        new = _range(hunk.new_start + start, hunk.new_count + context)
        return f"@@ -{old} +{new} @@ {_scope(self.before, hunk)}".rstrip()

    def _line(self, tag: Tag, data: bytes, old: int, new: int) -> Iterator[Row]:
        old_number = None if tag == "+" else old + 1
        new_number = None if tag == "-" else new + 1
        file, hunk = self.place.file, self.place.hunk
        yield Row("line", file, hunk, "", tag, old_number, new_number, data)
        if not data.endswith(b"\n"):
            yield Row("note", file, hunk, NO_NEWLINE, tag)


def _lines(number: int) -> str:
    return count(number, "line") if number else "empty"


def _range(start: int, count: int) -> str:
    """Return a range as unified diffs write it: an empty one names the line before it."""
    return f"{start + (count > 0)},{count}"


def _scope(before: list[bytes], hunk: Hunk) -> str:
    """Return the nearest line above that begins with a letter: what the hunk lies in, as in git."""
    if _opens_scope(hunk.lines[0].data):
        return ""
    above = range(hunk.old_start - 1, max(0, hunk.old_start - _SCOPE_LINES) - 1, -1)
    line = next((before[number] for number in above if _opens_scope(before[number])), b"")
    return line_text(line.rstrip(), _SCOPE_WIDTH)


def _opens_scope(line: bytes) -> bool:
    return line[:1].isalpha() or line[:1] in (b"_", b"$")
