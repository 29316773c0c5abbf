"""What is under review of one file, apart from the decisions: its hunks and their units.

A unit is what is decided as one: a changed line, a move, a new mode, an empty file, or the whole
of bytes that cannot be cut into lines. Units are numbered through the file as its hunks show them.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from itertools import accumulate

from copilot.edits.changes import FileChange, Hunk, Layout, hunks_of
from copilot.edits.flags import Flag


class Origin(IntEnum):
    """Where a unit comes from: the proposal before this one too, this one only, or the person."""

    KNOWN = 0
    FRESH = 1
    BY_HAND = 2


@dataclass(frozen=True)
class Shape:
    """A file's change, how it is cut into hunks, and where each unit comes from.

    It stays the same object while only decisions change. `layout` is None for the hunks that the
    change has by itself, found when asked for; `origins` is one for all units, or a byte for each.
    """

    change: FileChange
    proposed: FileChange
    flags: tuple[Flag, ...] = ()
    layout: Layout | None = None
    origins: Origin | bytes = Origin.KNOWN

    @cached_property
    def hunks(self) -> tuple[Hunk, ...]:
        if self.layout is None:
            return self.change.hunks
        return hunks_of(self.change, self.layout)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is left to decide; finds no hunks out."""
        change = self.change
        stays = change.before is not None and change.after is not None
        moves = change.old_path is not None or change.changes_mode
        return stays and not moves and change.before == change.after

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The first unit of each hunk, and the number of all."""
        return tuple(accumulate((self._unit_count(hunk) for hunk in self.hunks), initial=0))

    @property
    def unit_count(self) -> int:
        return self.starts[-1]

    def is_divisible(self, hunk: int) -> bool:
        """Tell whether a hunk's lines can be decided one by one."""
        return bool(self.hunks[hunk].ranges) and self.change.is_divisible

    def units(self, hunk: int) -> range:
        """Return the units of a hunk."""
        return range(self.starts[hunk], self.starts[hunk + 1])

    def unit_at(self, hunk: int, line: int) -> int | None:
        """Return the unit of a line, an index into the hunk's lines; None for unchanged ones."""
        start = self.starts[hunk]
        if not self.is_divisible(hunk):
            return start
        at = start + self._changed_before(hunk, line)
        return at if at < start + self._changed_before(hunk, line + 1) else None

    def units_between(self, hunk: int, first: int, last: int) -> range:
        """Return the units of the lines from `first` to `last`, both included."""
        if not self.is_divisible(hunk):
            return self.units(hunk)
        start = self.starts[hunk]
        return range(
            start + self._changed_before(hunk, first),
            start + self._changed_before(hunk, last + 1),
        )

    def lines_of(self, hunk: int) -> tuple[int | None, ...]:
        """Return the unit of each of a hunk's lines, None for unchanged ones."""
        found = self.hunks[hunk]
        start = self.starts[hunk]
        if not self.is_divisible(hunk):
            return (start,) * len(found.lines)
        units: list[int | None] = []
        position = found.old_start
        for run in found.ranges:
            units += [None] * (run.old_from - position)
            units += range(start, start + run.size)
            start, position = start + run.size, run.old_to
        return tuple(units)

    def origin(self, unit: int) -> Origin:
        return self.origins if isinstance(self.origins, Origin) else Origin(self.origins[unit])

    def spread_origins(self) -> bytes:
        """Return the origin of each unit, one byte each."""
        if isinstance(self.origins, bytes):
            return self.origins
        return bytes([self.origins]) * self.unit_count

    def _unit_count(self, hunk: Hunk) -> int:
        if not hunk.ranges or not self.change.is_divisible:
            return 1
        return sum(run.size for run in hunk.ranges)

    def _changed_before(self, hunk: int, line: int) -> int:
        """Return how many changed lines stand before a line of the hunk."""
        starts, counts = self._tables[hunk]
        run = bisect_right(starts, line) - 1
        if run < 0:
            return 0
        return min(counts[run] + line - starts[run], counts[run + 1])

    @cached_property
    def _tables(self) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
        """Of each hunk: the line at which each changed run starts, and the changed lines so far."""
        return tuple(_table(hunk) for hunk in self.hunks)


def _table(hunk: Hunk) -> tuple[tuple[int, ...], tuple[int, ...]]:
    starts: list[int] = []
    counts = [0]
    line, position = 0, hunk.old_start
    for run in hunk.ranges:
        line += run.old_from - position
        starts.append(line)
        counts.append(counts[-1] + run.size)
        line, position = line + run.size, run.old_to
    return tuple(starts), tuple(counts)
