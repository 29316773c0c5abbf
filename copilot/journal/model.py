"""What a transaction is, and how it lies on disk.

On-disk format, version 1
-------------------------
::

    JOURNALS/                        mode 0700
      locks/<sha256 of a path>.lock  one per root and per folder above a root; empty, never deleted
      locks/preparing.lock           held shared while a journal is being written
      <transaction id>/              mode 0700
        <sha256>                     the bytes of one file before or after, named by their digest
        plan.tmp                     a plan that is still being written
        prepared.json                the plan; its name is the status. Renamed to
        committed.json               when every file is at its after state, or to
        rolled-back.json             when every file is at its before state

The plan is JSON: `{"version": 1, ...}` with the fields of `Transaction` but its status; entries and
folders are objects with the fields of `Entry` and `Folder`. Bytes of a file name that are no UTF-8
are lone surrogates, written as `\\udcNN`.

The order of steps, and what a kill between any two of them leaves:

1. Contents are written and flushed, then `plan.tmp`, then the folder. Killed here: a folder without
   a plan. The repositories are untouched and `recover` deletes the folder.
2. `plan.tmp` is renamed to `prepared.json`, the folder and JOURNALS are flushed. From here on,
   every state of the repositories can be led back to the old one or on to the new one.
3. Folders for new files are made. The new bytes of entry N are written and flushed to
   `.copilot-<transaction id>-<N>` beside the file. A full disk shows here, before any file has
   changed. Killed: `recover` deletes these files, whose names follow from the plan.
4. File by file: the bytes on disk are compared with `before` once more, then the new file is
   renamed over the old one, or the old one is unlinked. Killed: every file is at `before` or
   `after`.
5. Folders in `removed_dirs` are removed where empty, and all folders concerned are flushed.
6. `prepared.json` is renamed to `committed.json`, and the folder is flushed. Killed before that
   with every file at `after`: `recover` repeats 5 and 6. Otherwise it restores `before` from the
   contents, by the same write, flush and rename, and renames the plan to `rolled-back.json`.
   Every step of that may be repeated, so `recover` may be killed too.

A file that is at neither state was changed by somebody else and stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Status = Literal["prepared", "committed", "rolled-back"]
Kind = Literal["apply", "undo", "redo"]


@dataclass(frozen=True)
class Entry:
    """One file of a transaction, before and after.

    `root` is the absolute real path of the repository, `path` is relative to it with '/'. `before`
    and `after` are the SHA-256 in hex of the file's bytes, None where there is no file. `mode` is
    the permission bits that the file has or gets; an existing file keeps its own.
    """

    alias: str
    root: Path
    path: str
    before: str | None
    after: str | None
    mode: int

    @property
    def name(self) -> str:
        """The path with its repository's alias, as shown to people."""
        return f"{self.alias}/{self.path}"


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

    @property
    def roots(self) -> frozenset[Path]:
        return frozenset(entry.root for entry in self.entries)

    def touches(self, root: Path) -> bool:
        """Whether a root of this transaction is `root`, or lies below or above it."""
        return any(own.is_relative_to(root) or root.is_relative_to(own) for own in self.roots)
