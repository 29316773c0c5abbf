"""What a transaction is, and how it lies on disk.

On-disk format, version 2
-------------------------
::

    JOURNALS/                        mode 0700
      locks/<sha256 of a path>.lock  one per root and per folder above a root; empty, never deleted
      locks/preparing.lock           held shared while a journal is being written
      <transaction id>/              mode 0700
        contents                     the bytes of all files before and after, one after the other
        plan.tmp                     a plan that is still being written
        prepared.json                the plan; its name is the status. Renamed to
        committed.json               when every file is at its after state, or to
        rolled-back.json             when every file is at its before state
        <sha256>                     the bytes of a file that was left alone, for a person to take

The plan is JSON: `{"version": 2, ...}` with the fields of `Transaction` but its status; entries and
folders are objects with the fields of `Entry` and `Folder`; `packed` maps the SHA-256 of each
content to its offset and length in `contents`. Bytes of a file name that are no UTF-8 are lone
surrogates, written as `\\udcNN`. Every file has mode 0600.

Version 1 differs in this: each content is a file of its own, named by its SHA-256; an entry has one
`mode` for both states and no `old_path`; the file beside the target has its final name from the
start, may be half-written, and never holds anything but new bytes. It is still read and led to an
end.

The order of steps, and what a kill between any two of them leaves:

1. `contents` and `plan.tmp` are written and flushed, then the folder. Killed here: a folder without
   a plan. The repositories are untouched and `recover` deletes the folder.
2. `plan.tmp` is renamed to `prepared.json`, the folder and JOURNALS are flushed. From here on,
   every state of the repositories can be led back to the old one or on to the new one.
3. Folders for new files are made. The new bytes of entry N are written and flushed to
   `.copilot-<transaction id>-<N>.part` beside the file, which is then renamed to
   `.copilot-<transaction id>-<N>`. A full disk shows here, before any file has changed. Killed:
   `recover` deletes these files, whose names follow from the plan.
4. File by file: the bytes on disk are compared with `before`, then the new file and the old one
   exchange their names in one step (`exchange`), and what came out is compared once more: what an
   editor wrote in between is exchanged back. A file to delete is moved to that name, a new one is
   moved from it and never over another. Killed: every file is at `before` or `after`, and whatever
   stands under the name beside it is whole: `before`, `after`, or an editor's.
5. The old files, compared a last time, are unlinked.
6. Folders in `removed_dirs` are removed where empty, and all folders concerned are flushed.
7. `prepared.json` is renamed to `committed.json`, and the folder is flushed. Killed before that
   with every file at `after`: `recover` repeats 5 to 7. Otherwise it leads every file back to
   `before`, with the old file where it still stands beside its place (which takes no room on a
   full disk), else from `contents` by the steps 3 to 5; bytes of an editor get their place back. It
   then renames the plan to `rolled-back.json`. Every step of that may be repeated, so `recover` may
   be killed too.
8. Journals beyond the bounds of `prune` are deleted, the plan first: what a kill leaves is a folder
   without a plan, as in 1.

A file that is at neither state was changed by somebody else and stays as it is. Two windows remain
that no program can close: an editor that has held a file open since before step 4, and writes to it
after step 5, writes to a file that has no name any more; and where the system cannot exchange two
names, what is written between the last look of step 4 and the rename is replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Status = Literal["prepared", "committed", "rolled-back"]
Kind = Literal["apply", "undo", "redo"]

VERSION = 2

_EXECUTABLE = 0o111


@dataclass(frozen=True)
class Leaf:
    """A regular file as it lies on disk; `owner` is (user id, group id), `data` if asked for."""

    sha256: str
    mode: int
    owner: tuple[int, int]
    data: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Entry:
    """One file of a transaction, before and after.

    `root` is the absolute real path of the repository, `path` is relative to it with '/'. `before`
    and `after` are the SHA-256 in hex of the file's bytes, `mode_before` and `mode_after` its
    permission bits, each None where there is no file. A transaction changes no bit but those of
    execution. `old_path` is where the file of a rename was before: that path has an entry too.
    """

    alias: str
    root: Path
    path: str
    before: str | None = None
    after: str | None = None
    mode_before: int | None = None
    mode_after: int | None = None
    old_path: str | None = None

    @property
    def name(self) -> str:
        """The path with its repository's alias, as shown to people."""
        return f"{self.alias}/{self.path}"

    @property
    def changes_mode(self) -> bool:
        if self.mode_before is None or self.mode_after is None:
            return False
        return is_executable(self.mode_before) != is_executable(self.mode_after)

    @property
    def changes(self) -> bool:
        """Whether before and after differ; an undo has entries that find all done already."""
        return self.before != self.after or self.changes_mode

    @property
    def moved_from(self) -> str | None:
        """The path from where this transaction moved the file, None if it did not."""
        return self.old_path if self.changes else None

    def is_before(self, leaf: Leaf | None) -> bool:
        """Whether the file is at its before state."""
        return self._is(leaf, self.before, self.mode_before)

    def is_after(self, leaf: Leaf | None) -> bool:
        """Whether the file is at its after state."""
        return self._is(leaf, self.after, self.mode_after)

    def _is(self, leaf: Leaf | None, sha256: str | None, mode: int | None) -> bool:
        if leaf is None or sha256 is None or mode is None:
            return leaf is None and sha256 is None
        # Other bits are the user's own, who may change them at any time.
        as_executable = is_executable(leaf.mode) == is_executable(mode)
        return leaf.sha256 == sha256 and (as_executable or not self.changes_mode)


@dataclass(frozen=True)
class Folder:
    """A folder inside a repository; `path` is relative to `root` with '/'."""

    root: Path
    path: str


@dataclass(frozen=True)
class Transaction:
    """A set of file replacements that happens as a whole or not at all.

    `id` sorts by time. `label` says what the user asked, on one line. `created` is ISO 8601 in UTC.
    `reverses` is the id of the transaction that an undo or redo takes back. `made_dirs` are the
    folders made for new files; `removed_dirs` those that go with the files removed, if empty.
    `packed` tells offset and length of each content in the journal.
    """

    id: str
    label: str
    created: str
    status: Status
    kind: Kind
    reverses: str | None
    entries: tuple[Entry, ...]
    made_dirs: tuple[Folder, ...] = ()
    removed_dirs: tuple[Folder, ...] = ()
    version: int = VERSION
    packed: Mapping[str, tuple[int, int]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def files(self) -> tuple[Entry, ...]:
        """One entry for each file: that of a move is the one of where it went."""
        left = {(entry.root, entry.old_path) for entry in self.entries if entry.old_path}
        return tuple(entry for entry in self.entries if (entry.root, entry.path) not in left)

    @property
    def roots(self) -> frozenset[Path]:
        return frozenset(entry.root for entry in self.entries)

    def touches(self, root: Path) -> bool:
        """Whether a root of this transaction is `root`, or lies below or above it."""
        return any(own.is_relative_to(root) or root.is_relative_to(own) for own in self.roots)


def is_executable(mode: int) -> bool:
    """Whether git would call these permission bits executable."""
    return bool(mode & 0o100)


def with_execution(mode: int, executable: bool) -> int:
    """Return permission bits with or without execution, for everybody who may read the file."""
    bare = mode & ~_EXECUTABLE
    return bare | (bare & 0o444) >> 2 if executable else bare
