"""What was written, and the way back and forth again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from copilot.errors import EditsRefused, UsageError
from copilot.journal import store
from copilot.journal.locks import PATIENCE_SECONDS
from copilot.journal.model import Entry, Kind, Transaction
from copilot.journal.paths import open_roots
from copilot.journal.recover import settle, settled
from copilot.journal.transact import Draft, execute
from copilot.text import one_line

_REVERSED_BY: dict[Kind, tuple[Kind, ...]] = {"undo": ("apply", "redo"), "redo": ("undo",)}


def log(journals: Path, root: Path | None = None) -> tuple[Transaction, ...]:
    """Return the transactions, newest first; with `root`, those in it or in one below or above."""
    return tuple(_touching(journals, root))


def undo(journals: Path, root: Path, *, transaction_id: str | None = None) -> Transaction:
    """Take back the newest committed transaction that touches `root`, or the one of that id.

    Every file must still hold the bytes that were written, else EditsRefused and nothing is
    touched. UsageError if there is nothing to undo, WriteFailed as for `commit`.
    """
    return _reverse(journals, root, "undo", transaction_id)


def redo(journals: Path, root: Path) -> Transaction:
    """Make again what was undone last in `root`; raises as `undo`."""
    return _reverse(journals, root, "redo", None)


def _touching(journals: Path, root: Path | None) -> Iterator[Transaction]:
    real = root.resolve() if root else None
    found = store.newest_first(journals)
    return (one for one in found if real is None or one.touches(real))


def _reverse(journals: Path, root: Path, kind: Kind, transaction_id: str | None) -> Transaction:
    settle(journals, [root.resolve()], patience=PATIENCE_SECONDS)
    chosen = _choose(journals, root, kind, transaction_id)
    with settled(journals, chosen.roots), open_roots(chosen.roots) as roots:
        if _choose(journals, root, kind, transaction_id) != chosen:
            raise EditsRefused(
                "another copilot wrote there at the same moment", "look at copilot log, then retry"
            )
        return execute(journals, _reversal(journals, chosen, kind), roots)


def _choose(journals: Path, root: Path, kind: Kind, transaction_id: str | None) -> Transaction:
    reversed_ids: set[str | None] = set()
    for one in _touching(journals, root):
        if one.status != "committed":
            continue
        reversible = one.kind in _REVERSED_BY[kind] and one.id not in reversed_ids
        if reversible and transaction_id in (None, one.id):
            return one
        reversed_ids.add(one.reverses)
    named = f" with the id {transaction_id}" if transaction_id else ""
    raise UsageError(
        one_line(f"nothing to {kind} in {root}{named}"), "copilot log shows what was written"
    )


def _reversal(journals: Path, transaction: Transaction, kind: Kind) -> Draft:
    return Draft(
        label=transaction.label,
        kind=kind,
        reverses=transaction.id,
        entries=tuple(_reversed(entry) for entry in reversed(transaction.entries)),
        contents=_contents(journals, transaction),
        refusal="changed since it was written",
        hint="take the later changes out first, or make this one by hand",
        removed_dirs=transaction.made_dirs,
    )


def _reversed(entry: Entry) -> Entry:
    return Entry(
        entry.alias, entry.root, entry.path, before=entry.after, after=entry.before, mode=entry.mode
    )


def _contents(journals: Path, transaction: Transaction) -> dict[str, bytes]:
    named = {sha256 for entry in transaction.entries for sha256 in (entry.before, entry.after)}
    return {one: store.content(journals, transaction, one) for one in named if one}
