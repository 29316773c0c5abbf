"""Files as they would be if changes that wait for a review were written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from copilot.edits.changes import EXECUTABLE_MODE, ChangeSet, FileChange
from copilot.edits.operations import Target
from copilot.workspace.model import Root
from copilot.workspace.targets import TargetFile, read_target


@dataclass(frozen=True)
class Standing:
    """Files below roots, with `changes` counted as made although nothing is written."""

    roots: tuple[Root, ...]
    changes: ChangeSet = field(default_factory=ChangeSet)

    def read(self, target: Target) -> TargetFile:
        """Return a file as it would be."""
        return self._files.get(target) or self.read_disk(target)

    def read_disk(self, target: Target) -> TargetFile:
        """Return a file as it is."""
        return read_target(_root_of(target, self.roots).path, target.path)

    def is_there(self, target: Target) -> bool | None:
        """Tell whether there would be such a file; None where no change says anything of it."""
        file = self._files.get(target)
        return None if file is None else file.data is not None

    def origin(self, target: Target) -> Target | None:
        """Return the file on disk that a file comes from; None for a new one."""
        change = self._by_target.get(target)
        if change is None:
            return target
        return None if change.before is None else _origin(change)

    def original_line(self, target: Target, line: int) -> int:
        """Return the line of the file on disk that a line of the file stands for, or is above."""
        change = self._by_target.get(target)
        return line if change is None else _original_line(change, line)

    @cached_property
    def _by_target(self) -> Mapping[Target, FileChange]:
        return {Target(c.repository, c.path): c for c in self.changes.changes}

    @cached_property
    def _files(self) -> Mapping[Target, TargetFile]:
        gone = {_origin(change): TargetFile(None) for change in self.changes.changes}
        return gone | {
            target: TargetFile(change.after, executable=self._runs(change))
            for target, change in self._by_target.items()
        }

    def _runs(self, change: FileChange) -> bool:
        if change.mode is not None or change.before is None or change.after is None:
            return change.mode == EXECUTABLE_MODE
        return self.read_disk(_origin(change)).executable


def _origin(change: FileChange) -> Target:
    return Target(change.repository, change.old_path or change.path)


def _root_of(target: Target, roots: Sequence[Root]) -> Root:
    return next(root for root in roots if root.alias == target.repository)


def _original_line(change: FileChange, line: int) -> int:
    shift = 0
    for hunk in change.hunks:
        if line < hunk.new_start:
            break
        if line < hunk.new_start + hunk.new_count:
            return hunk.old_start
        shift = hunk.old_start + hunk.old_count - hunk.new_start - hunk.new_count
    return line + shift
