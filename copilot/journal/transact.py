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
from copilot.journal.model import Entry, Folder, Kind, Transaction
from copilot.journal.paths import Roots, digest, look, missing_parents, open_roots
from copilot.journal.recover import settled
from copilot.journal.steps import CHANGED_HINT, carry_out, take_back
from copilot.text import one_line

_NAMES_SHOWN = 10


@dataclass(frozen=True)
class Draft:
    """A transaction that has not been compared with the disk yet.

    `contents` maps each SHA-256 that an entry names to its bytes. `refusal` and `hint` say what is
    wrong with a file that is not at its before state, and what to do.
    """

    label: str
    kind: Kind
    entries: tuple[Entry, ...]
    contents: Mapping[str, bytes]
    refusal: str
    hint: str
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
        fresh = _mode_of_new_files()
        entries = (
            entry
            for change in changes.changes
            for entry in _entries(change, _root_of(change, real), opened, fresh)
        )
        draft = Draft(
            label=" ".join(label.split()),
            kind="apply",
            entries=tuple(entries),
            contents=_contents(changes.changes),
            refusal="changed on disk since it was read",
            hint=CHANGED_HINT,
        )
        return execute(journals, draft, opened)


def execute(journals: Path, draft: Draft, roots: Roots) -> Transaction:
    """Check a draft against the disk and carry it out; the caller holds the locks of its roots."""
    transaction = store.stamped(journals, _checked(draft, roots))
    store.prepare(journals, transaction, draft.contents)
    replaced: list[int] = []
    try:
        carry_out(journals, transaction, roots, replaced)
        store.mark(journals, transaction, "committed")
    except (CopilotError, KeyboardInterrupt) as cause:
        said = str(cause) or "interrupted"
        conflicts = _take_back(journals, transaction, roots, replaced, said)
        if conflicts:
            raise WriteFailed("; ".join([said, *conflicts]), "look at these files") from cause
        raise
    return replace(transaction, status="committed")


def _checked(draft: Draft, roots: Roots) -> Transaction:
    """Return the transaction with modes as on disk; EditsRefused if a file is not as expected."""
    _refuse_twice(draft.entries)
    found = [(entry, look(roots, entry)) for entry in draft.entries]
    differing = [entry.name for entry, leaf in found if digest(leaf) != entry.before]
    if differing:
        raise EditsRefused(f"{_listed(differing)}: {draft.refusal}", draft.hint)
    entries = tuple(replace(entry, mode=leaf.mode) if leaf else entry for entry, leaf in found)
    return Transaction(
        id="",
        label=draft.label,
        created="",
        status="prepared",
        kind=draft.kind,
        reverses=draft.reverses,
        entries=entries,
        made_dirs=_folders_to_make(entries, roots),
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


def _entries(change: FileChange, root: Path, roots: Roots, fresh: int) -> tuple[Entry, ...]:
    before, after = _sha256(change.before), _sha256(change.after)
    if change.kind is not ChangeKind.RENAME or change.old_path is None:
        return (Entry(change.repository, root, change.path, before, after, fresh),)
    old = Entry(change.repository, root, change.old_path, before, None, fresh)
    leaf = look(roots, old)
    mode = leaf.mode if leaf else fresh
    # New before old, so that at no moment the file is in neither place.
    return (Entry(change.repository, root, change.path, None, after, mode), old)


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


def _folders_to_make(entries: Iterable[Entry], roots: Roots) -> tuple[Folder, ...]:
    made = {
        Folder(entry.root, path): None
        for entry in entries
        if entry.after is not None
        for path in missing_parents(roots, entry)
    }
    return tuple(made)


def _listed(names: list[str]) -> str:
    shown = ", ".join(one_line(name) for name in names[:_NAMES_SHOWN])
    rest = len(names) - _NAMES_SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown
