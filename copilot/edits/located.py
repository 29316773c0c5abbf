"""One SEARCH against one file: its place, or that its result is there already, or why neither."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from copilot.edits.anchors import Block, anchored, blocks_of, holds
from copilot.edits.lineindex import LineIndex
from copilot.edits.match import Given, TextFile, given, is_blank, trailing_keys
from copilot.edits.nearest import around, nearest
from copilot.edits.operations import Replace
from copilot.edits.rungs import Found, Rung, climb
from copilot.edits.splice import Swap, spliced

# Places of an ambiguous SEARCH that are counted and named, and those that are quoted.
_NAMED_PLACES = 10
_QUOTED_PLACES = 3
# Words of which a line may be made and still say nothing of where it comes from.
_TRIVIAL_WORDS = frozenset(
    b"pass return break continue else try finally do then end begin fi done esac endif default "
    b"None null nil undefined true false True False self this super void".split()
)
_WORD = re.compile(rb"\w+")


@dataclass(frozen=True)
class Edit:
    """`count` lines of the file from `start` on (0-based) make room for `lines`, in its bytes."""

    start: int
    count: int
    lines: list[bytes] = field(repr=False)
    rung: Rung = Rung.WHOLE
    note: str = ""


@dataclass(frozen=True)
class Standing:
    """The file holds already what the operation would make, from line `start` (0-based) on."""

    start: int


@dataclass(frozen=True)
class Unplaced:
    """Why there is no place, what helps to see it, and the 0-based lines that were candidates."""

    reason: str
    detail: str = ""
    candidates: tuple[int, ...] = ()


Located: TypeAlias = Edit | Standing | Unplaced


def locate(file: TextFile, operation: Replace, *, is_stale: bool = False) -> Located:
    """Find the one place of a SEARCH, or of an insertion.

    In a stale file only what stands there exactly, and once, counts. Raises UnicodeEncodeError for
    text that the file's encoding cannot hold.
    """
    search, new = given(operation.search, file), given(operation.replace, file)
    if search == new:
        empty = "SEARCH is empty" if not search.lines else "changes nothing"
        return Unplaced(f"{empty}: SEARCH and REPLACE are equal" if search.lines else empty)
    if not search.lines:
        return _inserted(file, operation, new, is_stale)
    return _Seeker(file, operation, search, new, is_stale).located()


def overwritten(file: TextFile, text: str) -> Edit | Standing:
    """Return the edit that gives the whole file another text."""
    new = given(text, file)
    old = Given(file.lines, file.ends)
    swap = Swap(0, old, new, shows_ends=new.shows_ends)
    lines = spliced(file, swap)
    return Standing(0) if lines == file.raw else Edit(0, len(file.raw), lines)


def _inserted(file: TextFile, operation: Replace, new: Given, is_stale: bool) -> Located:
    """Place lines that have no SEARCH: below their anchor, or at the file's end."""
    if not operation.anchors and not operation.at_end:
        return Unplaced("SEARCH is empty")
    block = anchored(file, operation.anchors)
    if isinstance(block, str):
        return Unplaced(block, "an insertion needs an anchor that stands in the file once")
    rung = Rung.ANCHOR if operation.anchors else Rung.EXACT
    if is_stale and rung is Rung.ANCHOR:
        return Unplaced("the file changed since the model saw it, and no old line says the place")
    at = len(file.lines) if operation.at_end else block.line + 1
    if new.is_open and at != len(file.lines):
        return Unplaced("ends without a line end, but its place is not the file's end")
    standing = _standing_at(file, new, at, at_end=operation.at_end)
    if standing is not None:
        return Standing(standing)
    return _insertion(file, at, new, rung)


def _standing_at(file: TextFile, new: Given, at: int, *, at_end: bool) -> int | None:
    start = at - len(new.lines) if at_end else at
    there = start >= 0 and file.lines[start : start + len(new.lines)] == new.lines
    return start if there and says_something(new.lines) else None


def _insertion(file: TextFile, at: int, new: Given, rung: Rung) -> Edit:
    """Return the edit of an insertion; behind a last line without end, it takes that line along."""
    if at == len(file.lines) and file.unterminated:
        last = Given(file.lines[-1:], [b"\n"])
        joined = Given(last.lines + new.lines, last.ends + new.ends)
        return Edit(at - 1, 1, spliced(file, Swap(at - 1, last, joined)), rung)
    return Edit(at, 0, spliced(file, Swap(at, Given([], []), new)), rung)


@dataclass(frozen=True)
class _Seeker:
    """One SEARCH that is being placed."""

    file: TextFile
    operation: Replace
    search: Given
    new: Given
    is_stale: bool

    def located(self) -> Located:
        if self.search.is_open and not self.file.unterminated:
            return self._standing_last() or Unplaced(
                "SEARCH ends without a line end, but the file's last line has one"
            )
        found = climb(self.file, self.search, _NAMED_PLACES + 1, at_end=self.search.is_open)
        if not found.starts:
            return self._nowhere()
        if self.is_stale and found.rung is not Rung.EXACT:
            return Unplaced(
                "the file changed since the model saw it, and SEARCH stands there only with other "
                "white space",
                around(self.file, found.starts[0], found.count),
            )
        if len(found.starts) == 1:
            return self._contradiction(found) or self._placed(found)
        return self._picked(found)

    def _placed(self, found: Found) -> Located:
        new = self._shifted(found)
        if isinstance(new, Unplaced):
            return new
        start = found.starts[0]
        if new.is_open and start + found.count != len(self.file.lines):
            return Unplaced("REPLACE ends without a line end, but it is not at the file's end")
        if self._stands_around(found, new):
            return Standing(start)
        swap = self._swap(found, new)
        lines = spliced(self.file, swap)
        if lines == self.file.raw[start : swap.stop]:
            return Standing(start)
        note = str(found.shift) if found.rung is Rung.INDENT else ""
        return Edit(start, found.count, lines, found.rung, note)

    def _swap(self, found: Found, new: Given) -> Swap:
        """Return what is put where; the old lines are SEARCH as the file's white space has it."""
        start, stop = found.head, found.head + found.count
        lines, ends = self.search.lines[start:stop], self.search.ends[start:stop]
        if found.rung is Rung.INDENT:
            lines = [found.shift.applied(line) or b"" for line in lines]
        shows_ends = self.search.shows_ends or self.new.shows_ends
        loose = found.rung in (Rung.TRAILING, Rung.INDENT)
        old = Given(lines, ends)
        return Swap(found.starts[0], old, new, loose, shows_ends, self.search.is_open)

    def _shifted(self, found: Found) -> Given | Unplaced:
        """Return REPLACE without the blank lines that SEARCH lost, shifted as SEARCH was."""
        new = _without_edges(self.new, found.head, found.tail)
        if found.rung is not Rung.INDENT:
            return new
        shifted = [found.shift.applied(line) for line in new.lines]
        lines = [line for line in shifted if line is not None]
        if len(lines) < len(shifted):
            number = shifted.index(None)
            return Unplaced(
                f"SEARCH stands in the file with {found.shift}, and line {number + 1} of REPLACE "
                "has no such white space to lose",
                around(self.file, found.starts[0], found.count),
            )
        return Given(lines, new.ends)

    def _stands_around(self, found: Found, new: Given) -> bool:
        """Tell whether REPLACE holds SEARCH, and stands there around it already."""
        swap = self._swap(found, new)
        if len(new.lines) <= found.count:
            return False
        if found.rung is Rung.EXACT:
            wanted, old, index = new.lines, swap.old.lines, self.file.exact
        else:
            wanted, old = trailing_keys(new.lines), trailing_keys(swap.old.lines)
            index = self.file.trailing
        return bool(LineIndex(wanted).find(old, 1) and index.find(wanted, 1))

    def _standing_last(self) -> Standing | None:
        """Return where REPLACE stands as the file's end, if it does."""
        start = len(self.file.lines) - len(self.new.lines)
        there = start >= 0 and self.file.lines[start:] == self.new.lines
        applied = there and not self.new.is_open and says_something(self.new.lines)
        return Standing(start) if applied else None

    def _nowhere(self) -> Standing | Unplaced:
        places = self.file.exact.find(self.new.lines, _NAMED_PLACES)
        old = set(self.search.lines)
        shown = [line for line in self.new.lines if line not in old]
        at_end = not self.new.is_open or (
            self.file.unterminated and places[-1:] == [len(self.file.lines) - len(self.new.lines)]
        )
        says = says_something(shown) if shown else self._closes_a_gap()
        if len(places) == 1 and at_end and says:
            return Standing(places[0])
        there = f"REPLACE stands at {_lines(places)} already" if places else ""
        near = nearest(self.file, self.search.lines)
        return Unplaced("SEARCH occurs nowhere in the file", "\n".join(filter(None, (there, near))))

    def _closes_a_gap(self) -> bool:
        """Tell whether lines are removed between others: only then does the rest show that."""
        old, new = self.search.lines, self.new.lines
        inside = len(new) > 1 and (new[0], new[-1]) == (old[0], old[-1])
        return inside and says_something(new)

    def _contradiction(self, found: Found) -> Unplaced | None:
        """Refuse the only candidate where the reply's anchor says that it is elsewhere."""
        if not self.operation.anchors:
            return None
        blocks = blocks_of(self.file, self.operation.anchors[-1])
        if any(_may_hold(block, found.starts[0]) for block in blocks):
            return None
        anchor = f"its anchor `{self.operation.anchors[-1].strip()[:80]}`"
        why = f"which is not below {anchor}" if blocks else f"but {anchor} stands nowhere"
        return Unplaced(
            f"SEARCH stands at line {found.starts[0] + 1}, {why}",
            around(self.file, found.starts[0], found.count),
            tuple(found.starts),
        )

    def _picked(self, found: Found) -> Located:
        """Let anchors, or that it ends the file, choose among several exact candidates."""
        picked = self._by_hints() if found.rung is Rung.EXACT and not self.is_stale else []
        if isinstance(picked, Unplaced):
            return picked
        if len(picked) != 1:
            return self._ambiguous(found)
        placed = self._placed(replace(found, starts=picked))
        return replace(placed, rung=Rung.ANCHOR) if isinstance(placed, Edit) else placed

    def _by_hints(self) -> list[int] | Unplaced:
        if not self.operation.anchors and not self.operation.at_end:
            return []
        block = anchored(self.file, self.operation.anchors)
        if isinstance(block, str):
            return Unplaced(f"{block}, and SEARCH stands at several places")
        count = len(self.search.lines)
        first = block.line + 1
        stop = max(block.stop - 1, first) + count
        if self.operation.at_end:
            first, stop = max(first, len(self.file.lines) - count), len(self.file.lines)
        found = self.file.exact.find(self.search.lines, 2, first, stop)
        return [start for start in found if holds(block, start)]

    def _ambiguous(self, found: Found) -> Unplaced:
        places = found.starts
        quoted = [around(self.file, start, found.count) for start in places[:_QUOTED_PLACES]]
        looser = {
            Rung.TRAILING: ", white space behind lines aside",
            Rung.INDENT: ", with other white space in front of its lines",
        }.get(found.rung, "")
        return Unplaced(
            f"SEARCH occurs {_times(places)}{looser}",
            "\n".join(["it must stand at one place only", *quoted]),
            tuple(places[:_NAMED_PLACES]),
        )


def says_something(lines: list[bytes]) -> bool:
    """Tell whether lines are more than brackets and words that stand in every file."""
    return any(set(_WORD.findall(line)) - _TRIVIAL_WORDS for line in lines)


def _may_hold(block: Block, start: int) -> bool:
    """Tell whether lines at `start` may be meant by an anchor; one without a body heads nothing."""
    return holds(block, start) if block.has_body else block.line < start


def _without_edges(new: Given, head: int, tail: int) -> Given:
    start, stop = 0, len(new.lines)
    while start < min(head, stop) and is_blank(new.lines[start]):
        start += 1
    while len(new.lines) - stop < tail and stop > start and is_blank(new.lines[stop - 1]):
        stop -= 1
    return Given(new.lines[start:stop], new.ends[start:stop])


def _lines(places: list[int]) -> str:
    return ("line " if len(places) == 1 else "lines ") + ", ".join(str(p + 1) for p in places)


def _times(places: list[int]) -> str:
    named = _lines(places[:_NAMED_PLACES])
    if len(places) > _NAMED_PLACES:
        return f"more than {_NAMED_PLACES} times, first at {named}"
    return f"{len(places)} times, at {named}"
