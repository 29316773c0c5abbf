"""Carries out a set of file changes over several repositories: all of it, or nothing."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from copilot.edits.changes import ChangeKind, ChangeSet, FileChange
from copilot.errors import CopilotError, EditsRefused, UsageError, WriteFailed
from copilot.journal import store
from copilot.journal.model import (
    Entry,
    Folder,
    Kind,
    Leaf,
    Transaction,
    is_executable,
    with_execution,
)
from copilot.journal.paths import Roots, digest, look, missing_parents, open_roots
from copilot.journal.prune import prune
from copilot.journal.recover import CONFLICT_HINT, settled
from copilot.journal.steps import CHANGED_HINT, carry_out, take_back
from copilot.journal.stops import Stopped, stops_raise
from copilot.text import one_line

_NAMES_SHOWN = 10
# A label is there to know a change by; a task of many pages is not.
_LABEL_LENGTH = 200
_WRITE = 0o222


@dataclass(frozen=True)
class Draft:
    """A transaction without an id, its entries as the disk is at this moment.

    `contents` maps each SHA-256 that an entry names to its bytes.
    """

    label: str
    kind: Kind
    entries: tuple[Entry, ...]
    contents: Mapping[str, bytes]
    reverses: str | None = None
    removed_dirs: tuple[Folder, ...] = ()


def commit(
    changes: ChangeSet, roots: Mapping[str, Path], journals: Path, *, label: str
) -> Transaction:
    """Write all changes, or none; `roots` maps each alias to its repository's folder.

    EditsRefused if a path is unsafe or a file differs from what the change was made from,
    WriteFailed if the disk refuses or another copilot is writing there. Nothing is written then.
    """
    if not changes:
        raise UsageError("there is nothing to write", "accept at least one change")
    real = {alias: _real(root) for alias, root in roots.items()}
    used = {_root_of(change, real) for change in changes.changes}
    with settled(journals, used), open_roots(used) as opened:
        draft = Draft(
            label=one_line(" ".join(label.split()))[:_LABEL_LENGTH],
            kind="apply",
            entries=_all_entries(changes, real, opened),
            contents=_contents(changes.changes),
        )
        return execute(journals, draft, opened)


def execute(journals: Path, draft: Draft, roots: Roots) -> Transaction:
    """Carry a draft out; the caller holds the locks of its roots. Raises as `commit`.

    KeyboardInterrupt, and Stopped at SIGTERM or SIGHUP, with everything taken back.
    """
    transaction = store.stamped(journals, _transaction(draft, roots))
    with stops_raise():
        transaction = store.prepare(journals, transaction, draft.contents)
        _all_or_nothing(journals, transaction, roots)
    prune(journals)
    return replace(transaction, status="committed")


def _all_or_nothing(journals: Path, transaction: Transaction, roots: Roots) -> None:
    replaced: list[int] = []
    try:
        carry_out(journals, transaction, roots, replaced)
        store.mark(journals, transaction, "committed")
    except (CopilotError, KeyboardInterrupt, Stopped) as cause:
        said = str(cause) or "interrupted"
        conflicts = _take_back(journals, transaction, roots, replaced, said)
        if conflicts:
            raise WriteFailed("; ".join([said, *conflicts]), CONFLICT_HINT) from cause
        raise


def _transaction(draft: Draft, roots: Roots) -> Transaction:
    _refuse_twice(draft.entries)
    _refuse_read_only(draft.entries)
    return Transaction(
        id="",
        label=draft.label,
        created="",
        status="prepared",
        kind=draft.kind,
        reverses=draft.reverses,
        entries=draft.entries,
        made_dirs=_folders_to_make(draft.entries, roots),
        removed_dirs=draft.removed_dirs,
    )


def _take_back(
    journals: Path, transaction: Transaction, roots: Roots, replaced: list[int], said: str
) -> tuple[str, ...]:
    try:
        if store.status(journals, transaction) == "committed":
            # Only the flush of the mark has failed; a kill from here on must not find it.
            store.mark(journals, transaction, "prepared")
        conflicts = take_back(journals, transaction, roots, replaced)
        store.mark(journals, transaction, "rolled-back")
    except WriteFailed as second:
        raise WriteFailed(
            f"{said}; then taking it back failed: {second}",
            "remove the cause, then run copilot recover",
        ) from second
    return conflicts


def _real(root: Path) -> Path:
    try:
        return root.resolve(strict=True)
    except OSError as error:
        raise UsageError(f"{one_line(str(root))} is not there", "name a folder that is") from error


def _root_of(change: FileChange, roots: Mapping[str, Path]) -> Path:
    if change.repository not in roots:
        raise EditsRefused(
            f"{one_line(change.name)}: no repository of that name is open for writing",
            "name the repository with --root",
        )
    return roots[change.repository]


def _all_entries(changes: ChangeSet, real: Mapping[str, Path], roots: Roots) -> tuple[Entry, ...]:
    """Return the entries of all changes; EditsRefused, naming every file that is not as read."""
    fresh = _mode_of_new_files()
    entries: list[Entry] = []
    differing: list[str] = []
    for change in changes.changes:
        old, new = _places(change, _root_of(change, real))
        leaf = look(roots, old)
        if not _is_as_read(change, leaf):
            differing.append(old.name)
        elif old.path != new.path and look(roots, new) is not None:
            differing.append(new.name)
        else:
            entries += _entries(change, old, new, leaf, fresh)
    if differing:
        raise EditsRefused(f"{_listed(differing)}: changed on disk since it was read", CHANGED_HINT)
    return tuple(entries)


def _places(change: FileChange, root: Path) -> tuple[Entry, Entry]:
    """Return the bare entries of the path before and the path after."""
    new = Entry(change.repository, root, change.path)
    if change.kind is not ChangeKind.RENAME or change.old_path is None:
        return new, new
    return replace(new, path=change.old_path), new


def _is_as_read(change: FileChange, leaf: Leaf | None) -> bool:
    if digest(leaf) != _sha256(change.before):
        return False
    if leaf is None or change.old_mode is None:
        return True
    return is_executable(leaf.mode) == is_executable(change.old_mode)


def _entries(
    change: FileChange, old: Entry, new: Entry, leaf: Leaf | None, fresh: int
) -> tuple[Entry, ...]:
    before, after = _sha256(change.before), _sha256(change.after)
    mode = leaf.mode if leaf else fresh
    wanted = mode if change.mode is None else with_execution(mode, is_executable(change.mode))
    mode_before, mode_after = leaf.mode if leaf else None, None if after is None else wanted
    if old.path == new.path:
        return (
            replace(
                new, before=before, after=after, mode_before=mode_before, mode_after=mode_after
            ),
        )
    # New before old, so that at no moment the file is in neither place.
    return (
        replace(new, after=after, mode_after=mode_after, old_path=old.path),
        replace(old, before=before, mode_before=mode_before),
    )


def _sha256(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()


def _contents(changes: Iterable[FileChange]) -> dict[str, bytes]:
    all_data = [data for change in changes for data in (change.before, change.after)]
    return {hashlib.sha256(data).hexdigest(): data for data in all_data if data is not None}


def _mode_of_new_files() -> int:
    # The mask can only be read by setting it: for that moment files of other threads are private.
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def _refuse_twice(entries: Iterable[Entry]) -> None:
    names = Counter(entry.root / entry.path for entry in entries)
    twice = [str(path) for path, count in names.items() if count > 1]
    if twice:
        raise EditsRefused(f"{_listed(twice)}: changed twice in one go", "make it one change")


def _refuse_read_only(entries: Iterable[Entry]) -> None:
    # A file may be replaced whatever its own bits say; somebody has set them for a reason.
    names = [
        entry.name
        for entry in entries
        if entry.changes and entry.mode_before is not None and not entry.mode_before & _WRITE
    ]
    if names:
        raise WriteFailed(
            f"{_listed(names)} cannot be written: read-only", "make it writable, then try again"
        )


def _folders_to_make(entries: Iterable[Entry], roots: Roots) -> tuple[Folder, ...]:
    made = {
        Folder(entry.root, path): None
        for entry in entries
        if entry.after is not None and entry.before is None
        for path in missing_parents(roots, entry)
    }
    return tuple(made)


def _listed(names: list[str]) -> str:
    shown = ", ".join(one_line(name) for name in names[:_NAMES_SHOWN])
    rest = len(names) - _NAMES_SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown
