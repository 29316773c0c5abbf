"""Which change of which file is taken back: that of a transaction, or of one before it.

An undo that finds a file as it was before already has nothing to write there. What a redo of it
makes again is then what the transaction changed that it reversed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from copilot.journal import store
from copilot.journal.model import Entry, Transaction


@dataclass(frozen=True)
class Pair:
    """A file where it was and where it went: the same entry if it has not moved.

    `source` is the transaction whose journal holds the bytes.
    """

    source: Transaction
    old: Entry
    new: Entry

    @property
    def places(self) -> frozenset[tuple[Path, str]]:
        return frozenset((entry.root, entry.path) for entry in (self.old, self.new))

    def inverted(self) -> Pair:
        """Return the way back."""
        new = replace(_inverted(self.old), old_path=self.new.path)
        if self.old is self.new:
            new = replace(new, old_path=None)
            return Pair(self.source, new, new)
        return Pair(self.source, replace(_inverted(self.new), old_path=None), new)


def pairs(journals: Path, transaction: Transaction) -> tuple[Pair, ...]:
    """Return what a transaction stands for, file by file, the last one first.

    Of a file that an undo or redo left as it was, that is the inverse of what it reversed, as long
    as the journal has that. Raises WriteFailed, UsageError if the journal is damaged.
    """
    own = tuple(_own(transaction))
    idle = {place for pair in own if not pair.new.changes for place in pair.places}
    earlier = store.load(journals, transaction.reverses) if idle and transaction.reverses else None
    if earlier is None:
        return own
    instead = tuple(p.inverted() for p in pairs(journals, earlier) if p.places & idle)
    covered = {place for pair in instead for place in pair.places}
    return (*(pair for pair in own if not pair.places & covered), *instead)


def _own(transaction: Transaction) -> Iterator[Pair]:
    by_path = {(entry.root, entry.path): entry for entry in transaction.entries}
    moved = {(entry.root, entry.old_path) for entry in by_path.values() if entry.old_path}
    for (root, path), entry in reversed(by_path.items()):
        if entry.old_path:
            yield Pair(transaction, by_path[root, entry.old_path], entry)
        elif (root, path) not in moved:
            yield Pair(transaction, entry, entry)


def _inverted(entry: Entry) -> Entry:
    return replace(
        entry,
        before=entry.after,
        after=entry.before,
        mode_before=entry.mode_after,
        mode_after=entry.mode_before,
    )
