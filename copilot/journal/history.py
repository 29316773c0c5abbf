"""What was written, and the way back and forth again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from copilot.edits.changes import ChangeSet, FileChange
from copilot.errors import EditsRefused, UsageError
from copilot.journal import store
from copilot.journal.locks import PATIENCE_SECONDS
from copilot.journal.model import Entry, Kind, Transaction, is_executable
from copilot.journal.pairs import pairs
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
    """Return what `undo` or `redo` would write, without an id, and as changes; raises as they."""
    chosen = _choose(journals, root, kind, transaction_id)
    with open_roots(chosen.roots) as roots:
        back = reversal(journals, chosen, roots)
    planned = Transaction("", chosen.label, "", "prepared", kind, chosen.id, back.entries)
    return planned, _changes(planned, back)


def outcomes(journals: Path, transaction: Transaction) -> tuple[FileOutcome, ...]:
    """Return what an undo or redo did or would do, one for each of its `files`, in that order."""
    reversed_ = store.load(journals, transaction.reverses) if transaction.reverses else None
    taken_back = pairs(journals, reversed_) if reversed_ else ()
    were = {(pair.old.root, pair.old.path): pair.old.before for pair in taken_back}
    return tuple(
        FileOutcome(e.alias, e.root, e.path, _outcome(e, were), e.moved_from)
        for e in transaction.files
    )


def reversers(transactions: Iterable[Transaction]) -> dict[str, Transaction]:
    """Return those that are committed and reverse another one, by the id of that."""
    return {one.reverses: one for one in transactions if one.reverses and one.status == "committed"}


def last_reverser(id_: str, by: Mapping[str, Transaction]) -> Transaction | None:
    """Return the last in the line of those that reversed it, then each other; None if none did.

    If that is an undo, the change is undone, if it is a redo, it is in force.
    """
    found = None
    while id_ in by:
        found = by[id_]
        id_ = found.id
    return found


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
        if _chosen(journals, root, kind, transaction_id) != chosen:
            raise EditsRefused(
                "another copilot wrote there at the same moment",
                "look at copilot log, then run the command again",
            )
        yield chosen, roots


def _chosen(
    journals: Path, root: Path, kind: Kind, transaction_id: str | None
) -> Transaction | None:
    with suppress(UsageError):
        return _choose(journals, root, kind, transaction_id)
    return None


def _choose(journals: Path, root: Path, kind: Kind, transaction_id: str | None) -> Transaction:
    by: dict[str, Transaction] = {}
    why = "copilot log shows what was written"
    for one in _touching(journals, root):
        if transaction_id in (None, one.id) and one.status == "committed":
            standing = _standing(one, by)
            if standing.kind in _REVERSED_BY[kind] and standing.id not in by:
                return standing
        if transaction_id == one.id:
            why = _why_not(one, by)
            break
        by |= reversers([one])
    named = f" with the id {transaction_id}" if transaction_id else ""
    raise UsageError(one_line(f"nothing to {kind} in {root}{named}"), why)


def _standing(transaction: Transaction, by: Mapping[str, Transaction]) -> Transaction:
    """Return which stands for it: the last redo of a change that was undone, or undo of an undo."""
    while transaction.id in by and by[transaction.id].id in by:
        transaction = by[by[transaction.id].id]
    return transaction


def _why_not(transaction: Transaction, by: Mapping[str, Transaction]) -> str:
    if transaction.status != "committed":
        return "that one was interrupted; nothing of it is in force"
    last = last_reverser(transaction.id, by) or transaction
    if last is transaction and last.kind != "undo":
        return f"it is in force; to take it back: copilot undo {last.id}"
    if last.kind == "undo":
        return f"it was taken back already, by {last.id}; to make it again: copilot redo {last.id}"
    return f"it was made again already, by {last.id}; to take it back: copilot undo {last.id}"


def _changes(planned: Transaction, back: Reversal) -> ChangeSet:
    """Return the change set of entries and their contents."""
    by_path = {(entry.root, entry.path): entry for entry in planned.entries}
    return ChangeSet(
        tuple(
            _change(by_path.get((entry.root, entry.old_path or ""), entry), entry, back)
            for entry in planned.files
            if entry.changes
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
