"""The way back of a transaction, merged with what was changed since.

Each file is a three-way merge: the base is what the transaction wrote, one side what was there
before it, the other what is on disk. Where nothing was changed since, that is what was there
before, byte for byte.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

from copilot.edits.merge import Conflict, merge3
from copilot.errors import EditsRefused
from copilot.journal import store
from copilot.journal.model import Entry, Leaf, Transaction, is_executable, with_execution
from copilot.journal.pairs import pairs
from copilot.journal.paths import Roots, look
from copilot.text import one_line

_PLACES_SHOWN = 5
_FILES_SHOWN = 20
_HINT = "take the later changes out first, or make this one by hand"


@dataclass(frozen=True)
class Reversal:
    """Entries that lead back, with the bytes of their contents by SHA-256."""

    entries: tuple[Entry, ...]
    contents: dict[str, bytes] = field(repr=False)


class _Collides(Exception):
    """A file that cannot be led back, and why."""


def reversal(journals: Path, transaction: Transaction, roots: Roots) -> Reversal:
    """Return what takes a transaction back, every file as it is on disk at this moment.

    A file that is as before already gets an entry that changes nothing. EditsRefused, naming every
    file and the lines, where later changes collide; WriteFailed if the journal is damaged.
    """
    contents: dict[str, bytes] = {}
    entries: list[Entry] = []
    refused: list[str] = []
    for pair in pairs(journals, transaction):
        try:
            entries += _Way(journals, pair.source, roots, contents).back(pair.old, pair.new)
        except _Collides as fault:
            refused.append(f"{one_line(pair.new.name)}: {fault}")
    if refused:
        raise _refusal(refused)
    return Reversal(tuple(entries), contents)


@dataclass(frozen=True)
class _Way:
    journals: Path
    transaction: Transaction
    roots: Roots
    contents: dict[str, bytes]

    def back(self, old: Entry, new: Entry) -> tuple[Entry, ...]:
        """Return the entries that lead one file back. Raises _Collides."""
        if not new.changes:
            raise _Collides("it was so already, and the change before that is out of the journal")
        leaf = look(self.roots, new, keep=True)
        if old is not new:
            return self._moved_back(old, new, leaf)
        if old.before is None:
            return (self._removed(old, leaf),)
        if old.after is None:
            return (self._made_again(old, leaf),)
        if leaf is None:
            raise _Collides("it is gone since")
        return (self._entry(old, leaf, self._led_back(old, old, leaf)),)

    def _removed(self, entry: Entry, leaf: Leaf | None) -> Entry:
        if leaf and leaf.sha256 != entry.after:
            raise _Collides("edited since, and to take this back would delete it; do that by hand")
        return self._entry(entry, leaf, None)

    def _made_again(self, entry: Entry, leaf: Leaf | None) -> Entry:
        if leaf is None:
            data = self._content(entry.before)
            return self._entry(entry, None, _leaf(data, entry.mode_before or 0))
        if leaf.sha256 != entry.before:
            raise _Collides("the path is taken again; move away what is there")
        return self._entry(entry, leaf, leaf)

    def _moved_back(self, old: Entry, new: Entry, leaf: Leaf | None) -> tuple[Entry, ...]:
        taken = look(self.roots, old, keep=True)
        if taken and leaf is None and taken.sha256 == old.before:
            there = replace(self._entry(old, taken, taken), old_path=new.path)
            return there, self._entry(new, None, None)
        if taken:
            raise _Collides(f"its old path {one_line(old.name)} is taken; move away what is there")
        if leaf is None:
            raise _Collides("it is gone since")
        there = self._entry(old, None, self._led_back(old, new, leaf))
        return replace(there, old_path=new.path), self._entry(new, leaf, None)

    def _led_back(self, old: Entry, new: Entry, leaf: Leaf) -> Leaf:
        """Return the file as it was at `old` before it became `new`, with what came since."""
        modes = old.mode_before or 0, new.mode_after or 0
        was, became = map(is_executable, modes)
        touched = was != became and is_executable(leaf.mode) == became
        return _leaf(
            self._merged(old.before, new.after, leaf),
            with_execution(leaf.mode, was) if touched else leaf.mode,
        )

    def _merged(self, before: str | None, after: str | None, leaf: Leaf) -> bytes:
        data = leaf.data or b""
        if leaf.sha256 == before or before == after:
            return data
        ours = self._content(before)
        if leaf.sha256 == after:
            return ours
        base = self._content(after)
        if any(b"\0" in text for text in (base, ours, data)):
            raise _Collides("it is binary and was changed since")
        merged = merge3(base, ours, data)
        if merged.data is None:
            raise _Collides(_places(merged.conflicts))
        return merged.data

    def _content(self, sha256: str | None) -> bytes:
        return store.content(self.journals, self.transaction, sha256 or "")

    def _entry(self, entry: Entry, now: Leaf | None, wanted: Leaf | None) -> Entry:
        """Return the entry from what is on disk to what is wanted; keep the bytes of both."""
        made = Entry(
            entry.alias,
            entry.root,
            entry.path,
            before=now.sha256 if now else None,
            after=wanted.sha256 if wanted else None,
            mode_before=now.mode if now else None,
            mode_after=wanted.mode if wanted else None,
        )
        for leaf in (now, wanted) if made.changes else ():
            if leaf:
                self.contents[leaf.sha256] = leaf.data or b""
        return made


def _leaf(data: bytes, mode: int) -> Leaf:
    return Leaf(hashlib.sha256(data).hexdigest(), mode, (-1, -1), data)


def _places(conflicts: tuple[Conflict, ...]) -> str:
    """Return the lines on disk that collide, counted from 1."""
    shown = ", ".join(_place(one) for one in conflicts[:_PLACES_SHOWN])
    more = f" and {len(conflicts) - _PLACES_SHOWN} more" if len(conflicts) > _PLACES_SHOWN else ""
    plural = len(conflicts) > 1 or len(conflicts[0].theirs) > 1
    return f"line{'s' if plural else ''} {shown}{more} changed since it was written"


def _place(conflict: Conflict) -> str:
    first, last = conflict.theirs_start + 1, conflict.theirs_start + len(conflict.theirs)
    if last < first:
        return f"{first} (taken out)"
    return f"{first}" if first == last else f"{first}-{last}"


def _refusal(refused: list[str]) -> EditsRefused:
    if len(refused) == 1:
        return EditsRefused(refused[0], _HINT)
    listed = [f"  {line}" for line in refused[:_FILES_SHOWN]]
    if len(refused) > _FILES_SHOWN:
        listed.append(f"  and {len(refused) - _FILES_SHOWN} more")
    head = f"{len(refused)} files were changed since they were written, and nothing was touched:"
    return EditsRefused("\n".join([head, *listed]), _HINT)
