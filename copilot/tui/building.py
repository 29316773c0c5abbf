"""A file under review laid out: header, flags, then each hunk with its context and comments.

The cost is that of the file's hunks, not of its lines; side by side, of its changed lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from copilot.edits.changes import EXECUTABLE_MODE, Hunk
from copilot.edits.diff import Range
from copilot.edits.patch import old_mode
from copilot.review.filereview import FileReview
from copilot.text import one_line
from copilot.tui.blocks import (
    NO_NEWLINE,
    Block,
    Fixed,
    Fold,
    Pairs,
    Row,
    RowKind,
    Source,
    Stretch,
    Tag,
    Title,
    opens_scope,
    run_starts,
)
from copilot.tui.folds import Folds, Shown
from copilot.tui.labels import count
from copilot.tui.layout import Layout, row_of_number
from copilot.tui.offsets import Lines
from copilot.tui.sides import Beside, run_pairs


@dataclass(frozen=True, slots=True)
class Box:
    """A comment as it is shown: rows of safe text under a line, given by its 1-based number.

    Where `new` is None the line is one of the file before. `index` is that of the comment.
    """

    index: int
    texts: tuple[str, ...]
    old: int | None
    new: int | None


@dataclass(frozen=True)
class Plan:
    """Everything a file's rows depend on; `index` is the file's in the review."""

    index: int
    file: FileReview
    name: str
    folds: Folds = field(default_factory=Folds)
    is_split: bool = False
    is_last: bool = True
    boxes: tuple[Box, ...] = ()


def laid_out(plan: Plan) -> Layout:
    """Return a file's rows; finds its hunks."""
    change = plan.file.change
    source = Source(plan.index, Lines(change.before or b""), Lines(change.after or b""))
    return _Builder(plan, source).build()


@dataclass
class _Builder:
    plan: Plan
    source: Source
    blocks: list[Block] = field(default_factory=list)
    headers: list[int] = field(default_factory=list)
    placed: set[int] = field(default_factory=set)

    def build(self) -> Layout:
        hunks = self.plan.file.hunks
        first = 0 if hunks else None
        beside = Beside(self.source, hunks)
        if self.plan.folds.is_folded:
            text = f"{self.plan.name} (folded, {count(len(hunks), 'hunk')})"
            self._fixed("file", first, text)
            return Layout(self.blocks, [0] * len(hunks), beside)
        self._fixed("file", first, self.plan.name)
        for flag in self.plan.file.file_flags:
            self._fixed("flag", first, one_line(flag.text))
        head = len(self.blocks)
        for number, hunk in enumerate(hunks):
            self._hunk(number, hunk)
        if not hunks:
            self._fixed("note", None, "no change")
        if not self.plan.is_last:
            self._fixed("blank", len(hunks) - 1 if hunks else None, "")
        lost = self._lost(first)
        self.blocks[head:head] = lost
        return Layout(self.blocks, [header + len(lost) for header in self.headers], beside)

    def _fixed(
        self, kind: RowKind, hunk: int | None, text: str, tag: Tag = " ", index: int = 0
    ) -> None:
        self.blocks.append(Fixed((Row(kind, self.plan.index, hunk, text, tag, index=index),)))

    def _hunk(self, number: int, hunk: Hunk) -> None:
        above, below = self._gap(number), self._gap(number + 1)
        new = hunk.new_start - above.bottom
        if above.hidden:
            self._fold(number, number, hunk.old_start - above.bottom, new, above.hidden)
        self.headers.append(len(self.blocks))
        self._title(number, hunk, above.bottom, below.top)
        for flag in self.plan.file.hunk_flags(number):
            self._fixed("flag", number, one_line(flag.text))
        if not hunk.ranges:
            return
        self._context(number, hunk.old_start - above.bottom, new, above.bottom)
        self._body(number, hunk)
        old, new = _ends(hunk)
        self._context(number, old, new, below.top)
        if number + 1 == len(self.plan.file.hunks) and below.hidden:
            end = old + below.top + below.hidden
            self._fold(number, number + 1, end, new + below.top + below.hidden, below.hidden)

    def _gap(self, gap: int) -> Shown:
        """Return what is shown of the unchanged lines before a hunk, or behind the last one."""
        hunks = self.plan.file.hunks
        above = hunks[gap - 1] if gap > 0 and hunks[gap - 1].kind == "text" else None
        below = hunks[gap] if gap < len(hunks) else None
        if (below or above) is None or (below is not None and below.kind != "text"):
            return Shown(0, 0, 0)
        start = _ends(above)[0] if above else 0
        length = (below.old_start if below else len(self.source.before)) - start
        return self.plan.folds.shown(
            gap, length, has_hunk_above=above is not None, has_hunk_below=below is not None
        )

    def _fold(self, hunk: int, gap: int, old_end: int, new_end: int, hidden: int) -> None:
        old = range(old_end - hidden, old_end)
        self.blocks.append(Fold(self.source, hunk, gap, old, new_end - hidden))

    def _title(self, number: int, hunk: Hunk, above: int, below: int) -> None:
        if hunk.kind != "text":
            self._fixed("hunk", number, self._whole_title(hunk))
            return
        old_end, new_end = _ends(hunk)
        old = range(hunk.old_start - above, old_end + below)
        new = range(hunk.new_start - above, new_end + below)
        first = self.source.before[hunk.old_start] if hunk.old_count else self._first_new(hunk)
        scope_from = 0 if opens_scope(first) else hunk.old_start
        self.blocks.append(Title(self.source, number, old, new, scope_from))

    def _first_new(self, hunk: Hunk) -> bytes:
        return self.source.after[hunk.new_start] if hunk.new_count else b""

    def _whole_title(self, hunk: Hunk) -> str:
        change = self.plan.file.change
        if hunk.kind == "rename":
            return f"rename {one_line(change.old_path or '')} → {one_line(change.path)}"
        if hunk.kind == "mode":
            return f"mode {old_mode(change):o} → {change.mode:o}"
        if hunk.kind == "delete":
            return f"delete the file, {_lines(hunk.old_count)}"
        executable = "executable " if change.mode == EXECUTABLE_MODE else ""
        return f"new {executable}file, {_lines(hunk.new_count)}"

    def _context(self, hunk: int, old: int, new: int, height: int) -> None:
        self._lines(Stretch(self.source, hunk, " ", old, new, None, height))

    def _body(self, number: int, hunk: Hunk) -> None:
        old, new = hunk.old_start, hunk.new_start
        for line, run in zip(run_starts(hunk), hunk.ranges, strict=True):
            height = run.old_from - old
            self._lines(Stretch(self.source, number, " ", old, new, line - height, height))
            self._run(number, run, line)
            old, new = run.old_to, run.new_to

    def _run(self, number: int, run: Range, line: int) -> None:
        olds, news = run.old_to - run.old_from, run.new_to - run.new_from
        if self.plan.is_split and olds and news:
            self._lines(Pairs(self.source, number, run, line, run_pairs(self.source, run)))
            return
        self._lines(Stretch(self.source, number, "-", run.old_from, run.new_from, line, olds))
        self._lines(Stretch(self.source, number, "+", run.old_to, run.new_from, line + olds, news))

    def _lines(self, block: Stretch | Pairs) -> None:
        """Add lines, and below each of them what belongs there."""
        start = 0
        for index in sorted(self._stops(block)):
            self.blocks.append(block.part(start, index + 1))
            self._below(block, index)
            start = index + 1
        if start < block.height:
            self.blocks.append(block.part(start, block.height) if start else block)

    def _stops(self, block: Stretch | Pairs) -> set[int]:
        """Return the rows that something stands below."""
        rows = (row_of_number(block, old, new) for old, new in self.ends)
        return {row for row in rows if row is not None}

    @cached_property
    def ends(self) -> list[tuple[int | None, int | None]]:
        """The lines that something stands below, by their number in one of the files."""
        open_ends = [(self.open_ends[0], None), (None, self.open_ends[1])]
        return [*((box.old, box.new) for box in self.plan.boxes), *(e for e in open_ends if any(e))]

    @cached_property
    def open_ends(self) -> tuple[int | None, int | None]:
        """The last line of each file, where it has no line end."""
        return _open_end(self.source.before), _open_end(self.source.after)

    def _below(self, block: Stretch | Pairs, index: int) -> None:
        old, new = block.numbers(index)
        tags: list[Tag] = []
        if old and old == self.open_ends[0]:
            tags.append("-")
        if new and new == self.open_ends[1]:
            tags.append("+")
        is_context = isinstance(block, Stretch) and block.tag == " "
        for tag in tags[-1:] if is_context else tags:
            self._fixed("note", block.hunk, NO_NEWLINE, " " if is_context else tag)
        for box in self.plan.boxes:
            if box.index not in self.placed and _is_under(box, old, new):
                self._box(block.hunk, box)

    def _box(self, hunk: int, box: Box) -> None:
        self.placed.add(box.index)
        self.blocks.append(Fixed(tuple(self._box_rows(hunk, box))))

    def _box_rows(self, hunk: int | None, box: Box) -> Iterator[Row]:
        for text in box.texts:
            yield Row("comment", self.plan.index, hunk, text, index=box.index)

    def _lost(self, hunk: int | None) -> list[Block]:
        """Return the comments on lines that are not shown; they stand below the file's header."""
        boxes = (box for box in self.plan.boxes if box.index not in self.placed)
        return [Fixed(tuple(self._box_rows(hunk, box))) for box in boxes]


def _is_under(box: Box, old: int | None, new: int | None) -> bool:
    return box.new == new if box.new is not None else box.old is not None and box.old == old


def _open_end(lines: Lines) -> int | None:
    """Return the 1-based number of a last line that has no line end."""
    return len(lines) if lines.data and not lines.data.endswith(b"\n") else None


def _ends(hunk: Hunk) -> tuple[int, int]:
    """Return the line behind a hunk in the file before and after."""
    last = hunk.ranges[-1]
    return last.old_to, last.new_to


def _lines(number: int) -> str:
    return count(number, "line") if number else "empty"
