"""Leads what a killed process left half-done to an end: all new, or all old."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Literal

from copilot.errors import EditsRefused, WriteFailed
from copilot.journal import store
from copilot.journal.locks import PATIENCE_SECONDS, locked
from copilot.journal.model import Status, Transaction
from copilot.journal.paths import Roots, open_roots
from copilot.journal.reasons import blamed
from copilot.journal.steps import discard_parts, finish, is_done, take_back

CONFLICT_HINT = "to have earlier contents back, copy them over the file; see also copilot log"


@dataclass(frozen=True)
class Recovery:
    """What became of an unfinished transaction; `conflicts` has a line for each file left alone."""

    transaction: Transaction
    outcome: Literal["completed", "rolled-back", "conflict"]
    conflicts: tuple[str, ...] = ()


def recover(journals: Path, roots: Collection[Path] | None = None) -> tuple[Recovery, ...]:
    """Finish every transaction that was cut off and touches one of `roots` (None: any).

    With all files at their after state it is marked committed, else every file at its after state
    gets its earlier bytes back and it is marked rolled back. A file at neither state is left alone
    and reported, once; its earlier bytes stay in the journal. Transactions of living processes are
    passed over. Raises WriteFailed if the disk refuses; the transaction then stays unfinished.
    """
    real = None if roots is None else {root.resolve() for root in roots}
    return _recover(journals, real, patience=0)


@contextmanager
def settled(
    journals: Path, roots: Collection[Path], *, patience: float = PATIENCE_SECONDS
) -> Iterator[None]:
    """Hold the locks of the real paths `roots`, with nothing unfinished left in them.

    Raises WriteFailed if another process keeps a lock for `patience` seconds, EditsRefused if an
    earlier transaction could not be led to an end without a conflict.
    """
    deadline = monotonic() + patience
    while True:
        settle(journals, roots, patience=deadline - monotonic())
        with locked(journals, roots, patience=deadline - monotonic()) as held:
            if held and not store.unfinished(journals, roots):
                yield
                return
        if monotonic() >= deadline:
            places = ", ".join(str(root) for root in sorted(roots))
            raise WriteFailed(
                f"another copilot is writing in {places}", "run the command again when it is done"
            )


def settle(journals: Path, roots: Collection[Path], *, patience: float) -> None:
    """Finish what touches `roots` and was cut off; EditsRefused, once, if that left a conflict."""
    found = _recover(journals, roots, patience=patience)
    conflicts = [line for recovery in found for line in recovery.conflicts]
    if conflicts:
        raise EditsRefused(
            f"an interrupted change was taken back but for: {'; '.join(conflicts)}",
            f"{CONFLICT_HINT}; then run the command again",
        )


def _recover(
    journals: Path, roots: Collection[Path] | None, *, patience: float
) -> tuple[Recovery, ...]:
    with blamed(f"the journal {journals}"):
        store.discard_half_written(journals)
        unfinished = store.unfinished(journals, roots)
        found = [_recover_one(journals, transaction, patience) for transaction in unfinished]
    return tuple(recovery for recovery in found if recovery)


def _recover_one(journals: Path, transaction: Transaction, patience: float) -> Recovery | None:
    """Finish one transaction, unless its process lives on or another has finished it meanwhile."""
    with locked(journals, transaction.roots, patience=patience) as held:
        if not held or store.status(journals, transaction) != "prepared":
            return None
        with open_roots(transaction.roots) as roots:
            return _lead_to_an_end(journals, transaction, roots)


def _lead_to_an_end(journals: Path, transaction: Transaction, roots: Roots) -> Recovery:
    discard_parts(transaction, roots)
    if is_done(transaction, roots):
        # Refused if an editor writes to an old file just then: it gets its place back.
        with suppress(EditsRefused):
            finish(transaction, roots)
            return Recovery(_marked(journals, transaction, "committed"), "completed")
    conflicts = take_back(journals, transaction, roots, range(len(transaction.entries)))
    rolled_back = _marked(journals, transaction, "rolled-back")
    return Recovery(rolled_back, "conflict" if conflicts else "rolled-back", conflicts)


def _marked(journals: Path, transaction: Transaction, status: Status) -> Transaction:
    store.mark(journals, transaction, status)
    return replace(transaction, status=status)
