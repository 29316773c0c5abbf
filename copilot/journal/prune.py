"""The journals stay within bounds: the oldest are deleted after each commit."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from copilot.errors import CopilotError
from copilot.journal import store
from copilot.journal.locks import nobody_preparing
from copilot.journal.model import Transaction


@dataclass(frozen=True)
class Bounds:
    """How much is kept: so many transactions, not older than that, in so many bytes."""

    transactions: int
    age: timedelta
    size: int


# A person takes back what was done today or this week. Two hundred are more than a week of busy
# work; a month leaves time to find a mistake, and no file that was deleted lives on for ever; half
# a gigabyte is ten transactions of 1,000 files of 25 kB, before and after.
BOUNDS = Bounds(transactions=200, age=timedelta(days=30), size=512 * 1024**2)


def prune(journals: Path, bounds: Bounds = BOUNDS) -> None:
    """Delete the journals beyond the bounds, the oldest first.

    Kept in any case are unfinished transactions, and of every root its newest committed one. What
    cannot be deleted stays: the work itself is done, and the next call tries again.
    """
    with suppress(OSError, CopilotError), nobody_preparing(journals) as alone:
        if alone:
            newest_first = store.ids(journals)[::-1]
            beyond = newest_first[_kept(journals, newest_first, bounds) :]
            for id_ in _dispensable(journals, newest_first, frozenset(beyond)):
                store.delete(journals, id_)


def _kept(journals: Path, newest_first: Sequence[str], bounds: Bounds) -> int:
    """Return how many of the newest are within the bounds."""
    oldest = datetime.now(UTC) - bounds.age
    size = 0
    for count, id_ in enumerate(newest_first[: bounds.transactions]):
        size += store.size(journals, id_)
        # The newest is kept however large it is.
        if count and (size > bounds.size or store.time_of(id_) < oldest):
            return count
    return min(len(newest_first), bounds.transactions)


def _dispensable(
    journals: Path, newest_first: Sequence[str], beyond: Collection[str]
) -> Iterator[str]:
    """Yield those of `beyond` that no root needs."""
    seen: set[Path] = set()
    waiting = set(beyond)
    for id_ in newest_first:
        if not waiting:
            return
        waiting.discard(id_)
        # A damaged plan is left for a person to look at.
        with suppress(CopilotError):
            transaction = store.load(journals, id_)
            if transaction and id_ in beyond and not _is_needed(transaction, seen):
                yield id_
            if transaction and transaction.status == "committed":
                seen |= transaction.roots


def _is_needed(transaction: Transaction, seen: Collection[Path]) -> bool:
    if transaction.status == "committed":
        return not all(root in seen for root in transaction.roots)
    return transaction.status == "prepared"
