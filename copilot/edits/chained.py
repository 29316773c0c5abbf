"""One change set after another, told as one from where the first begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from copilot.edits.changes import EXECUTABLE_MODE, PLAIN_MODE, ChangeSet, FileChange
from copilot.edits.operations import Target


def chained(first: ChangeSet, second: ChangeSet) -> ChangeSet:
    """Return what `first` and then `second` do, as one; `second` begins where `first` ends.

    What both together leave as it was is not in it. A file that takes the path of another that
    goes is an update of that path.
    """
    chain = _Chain()
    for change in (*first.changes, *second.changes):
        chain.add(change)
    return ChangeSet(tuple(chain.changes()))


@dataclass(frozen=True)
class _Content:
    """A file's bytes (None: there is none), its mode as far as told, and where it came from."""

    data: bytes | None
    mode: int | None = None
    origin: Target | None = None


@dataclass
class _Chain:
    """What each touched path held at first, and holds at present."""

    was: dict[Target, _Content] = field(default_factory=dict)
    now: dict[Target, _Content] = field(default_factory=dict)

    def add(self, change: FileChange) -> None:
        target = Target(change.repository, change.path)
        source = Target(change.repository, change.old_path or change.path)
        held = _Content(None) if change.before is None else self._taken(source, change)
        self.was.setdefault(target, _Content(None))
        if change.after is not None:
            mode = held.mode if change.mode is None else change.mode
            self.now[target] = _Content(change.after, mode, held.origin)

    def _taken(self, source: Target, change: FileChange) -> _Content:
        """Take away what a path holds, to be changed."""
        self.was.setdefault(source, _Content(change.before, change.old_mode, source))
        held = self.now.pop(source, self.was[source])
        if held.origin and held.mode is None and self.was[held.origin].mode is None:
            # That nobody told the mode before means that nobody has changed it.
            told = replace(self.was[held.origin], mode=change.old_mode)
            self.was[held.origin] = told
        return held

    def changes(self) -> Iterator[FileChange]:
        moved = {
            held.origin: target
            for target, held in self.now.items()
            if held.origin and held.origin not in self.now and self.was[target].data is None
        }
        for target, before in self.was.items():
            held = self.now.get(target)
            if held is not None and held.origin in moved:
                yield self._updated(target, held, held.origin)
            elif held is not None and before.data is None:
                yield self._created(target, held)
            elif held is not None:
                change = self._updated(target, held, target)
                if change.before != change.after or change.changes_mode:
                    yield change
            elif before.data is not None and target not in moved:
                mode = before.mode
                yield FileChange(target.repository, target.path, before.data, None, old_mode=mode)

    def _created(self, target: Target, held: _Content) -> FileChange:
        mode = EXECUTABLE_MODE if self._mode(held) == EXECUTABLE_MODE else None
        return FileChange(target.repository, target.path, None, held.data, mode=mode)

    def _updated(self, target: Target, held: _Content, source: Target) -> FileChange:
        """Return the change of what stood at `source` to what stands at `target`."""
        before = self.was[source]
        wanted = held.mode
        if held.origin != source:
            wanted = self._mode(held) or (PLAIN_MODE if before.mode else None)
        touched = wanted is not None and wanted != before.mode
        return FileChange(
            target.repository,
            target.path,
            before.data,
            held.data,
            source.path if source != target else None,
            before.mode if touched else None,
            wanted if touched else None,
        )

    def _mode(self, held: _Content) -> int | None:
        told = self.was[held.origin].mode if held.origin else None
        return told if held.mode is None else held.mode
