"""What was written, and the way back and forth again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from copilot.edits.changes import ChangeSet, FileChange
from copilot.errors import EditsRefused, UsageError
from copilot.journal import store
from copilot.journal.locks import PATIENCE_SECONDS
from copilot.journal.model import Entry, Kind, Transaction, is_executable
from copilot.journal.paths import Roots, open_roots
from copilot.journal.recover import settle, settled
from copilot.journal.reverse import Reversal, reversal
from copilot.journal.transact import Draft, execute
from copilot.text import one_line

Outcome = Literal["restored", "merged", "removed", "unchanged"]

_REVERSED_BY: dict[Kind, tuple[Kind, ...]] = {"undo": ("apply", "redo"), "redo": ("undo",)}
_PLAIN, _EXECUTABLE = 0o100644, 0o100755


@dataclass(frozen=True)
class FileOutcome:
    """What an undo or redo did with one file.

    "restored": it is as it was, byte for byte; "merged": it is, but for later changes that were
    kept; "removed": there was no such file; "unchanged": it was so already. `moved_from` is the
    path from where it was moved back.
    """

    alias: str
    root: Path
    path: str
    outcome: Outcome
    moved_from: str | None = None


def log(journals: Path, root: Path | None = None) -> tuple[Transaction, ...]:
    """Return the transactions, newest first; with `root`, those in it or in one below or above."""
    return tuple(_touching(journals, root))


def undo(journals: Path, root: Path, *, transaction_id: str | None = None) -> Transaction:
    """Take back the newest committed transaction that touches `root`, or the one of that id.

    Changes made since elsewhere in its files are kept. Where they collide, EditsRefused names the
    files and lines, and nothing is touched. UsageError if there is nothing to undo, WriteFailed as
    for `commit`.
    """
    return _reverse(journals, root, "undo", transaction_id)


def redo(journals: Path, root: Path, *, transaction_id: str | None = None) -> Transaction:
    """Make again what was undone last in `root`, or by the undo of that id; raises as `undo`."""
    return _reverse(journals, root, "redo", transaction_id)


def preview(
    journals: Path, root: Path, kind: Kind, *, transaction_id: str | None = None
) -> tuple[Transaction, ChangeSet]:
    """Return what `undo` or `redo` would reverse, and what that would change; raises as they."""
    chosen = _choose(journals, root, kind, transaction_id)
    with open_roots(chosen.roots) as roots:
        return chosen, _changes(reversal(journals, chosen, roots))


def outcomes(journals: Path, transaction: Transaction) -> tuple[FileOutcome, ...]:
    """Return what a committed undo or redo did, file by file."""
    reversed_ = store.load(journals, transaction.reverses) if transaction.reverses else None
    were = {(e.root, e.path): e.before for e in (reversed_.entries if reversed_ else ())}
    moved = _moved(transaction.entries)
    return tuple(
        FileOutcome(e.alias, e.root, e.path, _outcome(e, were), e.old_path)
        for e in transaction.entries
        if (e.root, e.path) not in moved
    )


def _outcome(entry: Entry, were: dict[tuple[Path, str], str | None]) -> Outcome:
    if not entry.changes:
        return "unchanged"
    if entry.after is None:
        return "removed"
    as_it_was = were.get((entry.root, entry.path), entry.after) == entry.after
    return "restored" if as_it_was else "merged"


def _touching(journals: Path, root: Path | None) -> Iterator[Transaction]:
    real = root.resolve() if root else None
    found = store.newest_first(journals)
    return (one for one in found if real is None or one.touches(real))


def _reverse(journals: Path, root: Path, kind: Kind, transaction_id: str | None) -> Transaction:
    settle(journals, [root.resolve()], patience=PATIENCE_SECONDS)
    with _held(journals, root, kind, transaction_id) as (chosen, roots):
        back = reversal(journals, chosen, roots)
        draft = Draft(
            label=chosen.label,
            kind=kind,
            reverses=chosen.id,
            entries=back.entries,
            contents=back.contents,
            removed_dirs=chosen.made_dirs,
        )
        return execute(journals, draft, roots)


@contextmanager
def _held(
    journals: Path, root: Path, kind: Kind, transaction_id: str | None
) -> Iterator[tuple[Transaction, Roots]]:
    """Choose what to reverse, and hold its locks."""
    chosen = _choose(journals, root, kind, transaction_id)
    with settled(journals, chosen.roots), open_roots(chosen.roots) as roots:
        if _choose(journals, root, kind, transaction_id) != chosen:
            raise EditsRefused(
                "another copilot wrote there at the same moment", "look at copilot log, then retry"
            )
        yield chosen, roots


def _choose(journals: Path, root: Path, kind: Kind, transaction_id: str | None) -> Transaction:
    reversed_ids: set[str | None] = set()
    why = "copilot log shows what was written"
    for one in _touching(journals, root):
        if one.status != "committed":
            continue
        reversible = one.kind in _REVERSED_BY[kind] and one.id not in reversed_ids
        if reversible and transaction_id in (None, one.id):
            return one
        if transaction_id == one.id:
            why = _why_not(one, reversed_ids)
        reversed_ids.add(one.reverses)
    named = f" with the id {transaction_id}" if transaction_id else ""
    raise UsageError(one_line(f"nothing to {kind} in {root}{named}"), why)


def _why_not(transaction: Transaction, reversed_ids: set[str | None]) -> str:
    if transaction.id in reversed_ids:
        return "it was taken back already; copilot log shows by which"
    return f"that one is of the kind {transaction.kind}; see copilot log"


def _moved(entries: tuple[Entry, ...]) -> set[tuple[Path, str | None]]:
    """Return the paths that files were moved away from."""
    return {(entry.root, entry.old_path) for entry in entries if entry.old_path}


def _changes(back: Reversal) -> ChangeSet:
    """Return the change set of entries and their contents."""
    by_path = {(entry.root, entry.path): entry for entry in back.entries}
    moved = _moved(back.entries)
    return ChangeSet(
        tuple(
            _change(by_path.get((entry.root, entry.old_path or ""), entry), entry, back)
            for place, entry in by_path.items()
            if entry.changes and place not in moved
        )
    )


def _change(old: Entry, new: Entry, back: Reversal) -> FileChange:
    before, after = (
        None if sha256 is None else back.contents[sha256] for sha256 in (old.before, new.after)
    )
    modes = _git_mode(old.mode_before), _git_mode(new.mode_after)
    touched = None not in modes and modes[0] != modes[1]
    new_mode = modes[1] if touched or (before is None and modes[1] == _EXECUTABLE) else None
    return FileChange(
        new.alias,
        new.path,
        before,
        after,
        new.old_path,
        old_mode=modes[0] if touched or after is None else None,
        mode=new_mode,
    )


def _git_mode(mode: int | None) -> int | None:
    if mode is None:
        return None
    return _EXECUTABLE if is_executable(mode) else _PLAIN
