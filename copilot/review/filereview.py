"""One file under review, with what was decided of it."""

from __future__ import annotations

from dataclasses import dataclass

from copilot.edits.changes import FileChange, Hunk
from copilot.edits.flags import Flag
from copilot.review.marks import Decision, Marks, decision_of, holds, shared_decision
from copilot.review.shape import Origin, Shape


@dataclass(frozen=True, slots=True)
class FileReview:
    """A file's change and the decisions on it: one for all, or one for each changed line.

    `shape` is all but the decisions, and stays the same object while only these change.
    """

    shape: Shape
    marks: Marks = Decision.UNDECIDED

    @property
    def change(self) -> FileChange:
        """What is under review, with the person's own edits in it."""
        return self.shape.change

    @property
    def proposed(self) -> FileChange:
        """The change as the model gave it."""
        return self.shape.proposed

    @property
    def flags(self) -> tuple[Flag, ...]:
        return self.shape.flags

    @property
    def hunks(self) -> tuple[Hunk, ...]:
        """The hunks, cut further by splits; found out when first asked for."""
        return self.shape.hunks

    @property
    def is_edited(self) -> bool:
        """Tell whether the person has changed the proposal by hand."""
        return self.change is not self.proposed and self.change != self.proposed

    @property
    def decision(self) -> Decision | None:
        """The decision that all of the file shares, or None: mixed, or no change is left."""
        if isinstance(self.marks, Decision) and not self.shape.is_empty:
            return self.marks
        return None

    def hunk_decision(self, hunk: int) -> Decision | None:
        """Return the decision that all of a hunk shares, or None where it is mixed."""
        if isinstance(self.marks, Decision):
            return self.marks
        return shared_decision(self.marks, self.shape.units(hunk))

    def holds(self, hunk: int, decision: Decision) -> bool:
        """Tell whether some of a hunk is decided so."""
        return holds(self.marks, decision, self.shape.units(hunk))

    def line_decision(self, hunk: int, line: int) -> Decision | None:
        """Return the decision on one line, an index into the hunk's lines; None: unchanged."""
        unit = self.shape.unit_at(hunk, line)
        return None if unit is None else decision_of(self.marks, unit)

    def line_decisions(self, hunk: int) -> tuple[Decision | None, ...]:
        """Return the decision on each of a hunk's lines; None for unchanged ones."""
        units = self.shape.lines_of(hunk)
        return tuple(None if unit is None else decision_of(self.marks, unit) for unit in units)

    def fresh(self, hunk: int, line: int) -> bool:
        """Tell whether a changed line is not in the proposal before this one."""
        return self._origin(hunk, line) is Origin.FRESH

    @property
    def fresh_hunks(self) -> tuple[int, ...]:
        """The hunks that hold something that is not in the proposal before this one."""
        origins = self.shape.origins
        if isinstance(origins, Origin):
            return tuple(range(len(self.hunks))) if origins is Origin.FRESH else ()
        units = (self.shape.units(hunk) for hunk in range(len(self.hunks)))
        return tuple(
            n for n, own in enumerate(units) if Origin.FRESH in origins[own.start : own.stop]
        )

    def by_hand(self, hunk: int, line: int) -> bool:
        """Tell whether the person typed a changed line, or struck it out, in place of the model."""
        return self._origin(hunk, line) is Origin.BY_HAND

    @property
    def file_flags(self) -> tuple[Flag, ...]:
        """The flags that are about the whole file, or about lines that no hunk covers."""
        if not self.flags:
            return ()
        placed = {flag for index in range(len(self.hunks)) for flag in self.hunk_flags(index)}
        return tuple(flag for flag in self.flags if flag not in placed)

    def hunk_flags(self, hunk: int) -> tuple[Flag, ...]:
        """Return the flags that are about the lines of one hunk."""
        found = self.hunks[hunk]
        if not self.flags or found.kind not in ("text", "create", "delete"):
            return ()
        lines = range(found.old_start, found.old_start + max(found.old_count, 1))
        return tuple(flag for flag in self.flags if flag.old_line in lines)

    def _origin(self, hunk: int, line: int) -> Origin | None:
        unit = self.shape.unit_at(hunk, line)
        return None if unit is None else self.shape.origin(unit)
