"""The files beside the targets: new bytes before they take their place, old ones after.

The name beside a target holds whole files only: what is being written has a name of its own.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from copilot.errors import EditsRefused
from copilot.journal.exchange import exchange, move
from copilot.journal.files import begin_new
from copilot.journal.model import Leaf, Transaction
from copilot.journal.paths import Roots, parent, read_leaf
from copilot.journal.reasons import blamed
from copilot.journal.store import content

# Files written before the first of them is flushed, so that the disk takes them side by side; two
# descriptors each, and macOS allows a process 256.
_AT_ONCE = 64


def name_beside(transaction: Transaction, number: int) -> str:
    """Return the name of the file beside the target of that entry."""
    return f".copilot-{transaction.id}-{number}"


def part_name(transaction: Transaction, number: int) -> str:
    """Return the name that this file has while it is being written."""
    return f"{name_beside(transaction, number)}.part"


def stage(journals: Path, transaction: Transaction, roots: Roots) -> None:
    """Write the new bytes of all entries beside their targets, durably.

    Raises WriteFailed or EditsRefused, naming the file.
    """
    numbers = [
        number
        for number, entry in enumerate(transaction.entries)
        if entry.changes and entry.after is not None
    ]
    for start in range(0, len(numbers), _AT_ONCE):
        _stage_some(journals, transaction, roots, numbers[start : start + _AT_ONCE])


def stage_old(
    journals: Path, transaction: Transaction, number: int, folder: int, mode: int, leaf: str
) -> None:
    """Write the old bytes of one entry beside its target, durably. Raises OSError, WriteFailed."""
    entry = transaction.entries[number]
    data = content(journals, transaction, entry.before or "")
    descriptor = begin_new(
        part_name(transaction, number), data, mode, folder=folder, owner=_owner(folder, leaf)
    )
    try:
        _settle(_Part(number, descriptor, folder), transaction)
    finally:
        os.close(descriptor)


def look_beside(transaction: Transaction, number: int, folder: int) -> Leaf | None:
    """Read the file beside the target, None if there is none. Raises OSError."""
    return read_any(folder, name_beside(transaction, number))


def read_any(folder: int, leaf: str) -> Leaf | None:
    """Read a file, None if there is none; a link or a folder equals no state of any entry."""
    try:
        return read_leaf(folder, leaf, leaf)
    except EditsRefused:
        return Leaf("", 0, (-1, -1))


def drop(transaction: Transaction, number: int, folder: int) -> None:
    """Unlink the file beside the target, if there is one. Raises OSError."""
    with suppress(FileNotFoundError):
        os.unlink(name_beside(transaction, number), dir_fd=folder)


def drop_part(transaction: Transaction, number: int, folder: int) -> None:
    """Unlink the half-written file beside the target, if there is one. Raises OSError."""
    with suppress(FileNotFoundError):
        os.unlink(part_name(transaction, number), dir_fd=folder)


def switch(
    transaction: Transaction, number: int, folder: int, leaf: str, *, had: bool, gets: bool
) -> None:
    """Let the target and the file beside it change places, in one step.

    `had` tells whether there is a file at the target, `gets` whether one comes there. Where the
    system cannot exchange two names, the file at the target is replaced for good and nothing comes
    out. Raises OSError: FileExistsError if a file stands where none is awaited.
    """
    beside = name_beside(transaction, number)
    if had and gets:
        if not exchange(folder, beside, leaf):
            os.rename(beside, leaf, src_dir_fd=folder, dst_dir_fd=folder)
    elif gets:
        move(folder, beside, leaf)
    elif had:
        move(folder, leaf, beside)


@dataclass(frozen=True)
class _Part:
    """A file that is written and not yet flushed, and its folder's descriptor."""

    number: int
    descriptor: int
    folder: int


def _stage_some(
    journals: Path, transaction: Transaction, roots: Roots, numbers: Sequence[int]
) -> None:
    with ExitStack() as stack:
        parts = [_begin(journals, transaction, roots, number, stack) for number in numbers]
        for part in parts:
            with blamed(transaction.entries[part.number].name):
                _settle(part, transaction)


def _begin(
    journals: Path, transaction: Transaction, roots: Roots, number: int, stack: ExitStack
) -> _Part:
    entry = transaction.entries[number]
    data = content(journals, transaction, entry.after or "")
    with blamed(entry.name):
        folder, leaf = stack.enter_context(parent(roots, entry, make=True))
        descriptor = begin_new(
            part_name(transaction, number),
            data,
            entry.mode_after or 0,
            folder=folder,
            owner=_owner(folder, leaf),
        )
    stack.callback(os.close, descriptor)
    return _Part(number, descriptor, folder)


def _settle(part: _Part, transaction: Transaction) -> None:
    os.fsync(part.descriptor)
    written, beside = part_name(transaction, part.number), name_beside(transaction, part.number)
    os.rename(written, beside, src_dir_fd=part.folder, dst_dir_fd=part.folder)


def _owner(folder: int, leaf: str) -> tuple[int, int] | None:
    with suppress(FileNotFoundError):
        status = os.lstat(leaf, dir_fd=folder)
        return status.st_uid, status.st_gid
    return None
