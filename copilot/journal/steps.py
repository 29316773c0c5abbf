"""The steps that change files, forwards and backwards; every one may be repeated after a kill."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from copilot.errors import EditsRefused
from copilot.journal.files import flush_folder, write_new
from copilot.journal.model import Folder, Transaction
from copilot.journal.paths import Leaf, Roots, digest, look, parent, read_leaf, walk
from copilot.journal.reasons import blamed
from copilot.journal.store import content, content_path
from copilot.text import one_line

CHANGED_HINT = "read the file again and make the change on what it holds"


def carry_out(journals: Path, transaction: Transaction, roots: Roots, replaced: list[int]) -> None:
    """Bring every file to its after state; `replaced` gets the index of each entry changed.

    Raises WriteFailed or EditsRefused, naming the file, with some files changed and others not.
    """
    for number, entry in enumerate(transaction.entries):
        if entry.after is not None:
            data = content(journals, transaction, entry.after)
            with blamed(entry.name), parent(roots, entry, make=True) as (folder, leaf):
                _stage(transaction, number, data, entry.mode, folder, leaf)
    for number, entry in enumerate(transaction.entries):
        with blamed(entry.name):
            _replace(transaction, number, roots, replaced)
    finish(transaction, roots)


def finish(transaction: Transaction, roots: Roots) -> None:
    """Remove the folders that the after state lacks, and put all names on the disk."""
    _remove_empty(transaction.removed_dirs, roots)
    _flush(transaction, roots)


def take_back(
    journals: Path, transaction: Transaction, roots: Roots, numbers: Iterable[int]
) -> tuple[str, ...]:
    """Bring the entries with these indices back to their before state; remove what was made.

    A file at neither state is left alone; returned is one line for each. Raises WriteFailed.
    """
    discard_staged(transaction, roots)
    left_alone = [
        number for number in numbers if not _restore(journals, transaction, roots, number)
    ]
    _remove_empty(transaction.made_dirs, roots)
    _flush(transaction, roots)
    return tuple(_conflict(journals, transaction, number) for number in left_alone)


def discard_staged(transaction: Transaction, roots: Roots) -> None:
    """Delete the temporary files of a transaction."""
    for number, entry in enumerate(transaction.entries):
        with (
            blamed(entry.name),
            suppress(FileNotFoundError, EditsRefused),
            parent(roots, entry) as (folder, _),
        ):
            os.unlink(_staged_name(transaction, number), dir_fd=folder)


def _staged_name(transaction: Transaction, number: int) -> str:
    return f".copilot-{transaction.id}-{number}"


def _stage(
    transaction: Transaction, number: int, data: bytes, mode: int, folder: int, leaf: str
) -> None:
    owner = None
    with suppress(FileNotFoundError):
        status = os.lstat(leaf, dir_fd=folder)
        owner = (status.st_uid, status.st_gid)
    write_new(_staged_name(transaction, number), data, mode, folder=folder, owner=owner)


def _replace(transaction: Transaction, number: int, roots: Roots, replaced: list[int]) -> None:
    entry = transaction.entries[number]
    with parent(roots, entry) as (folder, leaf):
        if digest(read_leaf(folder, leaf, entry.name)) != entry.before:
            raise EditsRefused(f"{one_line(entry.name)}: changed on disk meanwhile", CHANGED_HINT)
        replaced.append(number)
        try:
            _swap(transaction, number, entry.after, folder, leaf)
        except OSError:
            replaced.pop()
            raise


def _swap(
    transaction: Transaction, number: int, wanted: str | None, folder: int, leaf: str
) -> None:
    if wanted is None:
        os.unlink(leaf, dir_fd=folder)
    else:
        staged = _staged_name(transaction, number)
        os.rename(staged, leaf, src_dir_fd=folder, dst_dir_fd=folder)


def _restore(journals: Path, transaction: Transaction, roots: Roots, number: int) -> bool:
    """Bring one file back to its before state; False if it is at neither state."""
    entry = transaction.entries[number]
    with blamed(entry.name):
        try:
            leaf = look(roots, entry)
        except EditsRefused:
            return False
        if digest(leaf) == entry.before:
            return True
        if digest(leaf) != entry.after:
            return False
        _put_back(journals, transaction, roots, number, leaf)
        return True


def _put_back(
    journals: Path, transaction: Transaction, roots: Roots, number: int, leaf: Leaf | None
) -> None:
    entry = transaction.entries[number]
    with parent(roots, entry, make=True) as (folder, name):
        if entry.before is not None:
            data = content(journals, transaction, entry.before)
            mode = leaf.mode if leaf else entry.mode
            _stage(transaction, number, data, mode, folder, name)
        _swap(transaction, number, entry.before, folder, name)


def _conflict(journals: Path, transaction: Transaction, number: int) -> str:
    entry = transaction.entries[number]
    kept = (
        f"its earlier contents are in {content_path(journals, transaction, entry.before)}"
        if entry.before
        else "there was no such file before"
    )
    return f"{one_line(entry.name)}: changed by somebody else meanwhile and left alone; {kept}"


def _remove_empty(folders: Iterable[Folder], roots: Roots) -> None:
    """Remove folders, deepest first; one that cannot go stays."""
    for folder in sorted(folders, key=lambda one: one.path.count("/"), reverse=True):
        *above, name = folder.path.split("/")
        with (
            suppress(OSError, EditsRefused, KeyError),
            walk(roots[folder.root], above, folder.path) as descriptor,
        ):
            os.rmdir(name, dir_fd=descriptor)


def _flush(transaction: Transaction, roots: Roots) -> None:
    paths = {(one.root, one.path) for one in transaction.entries}
    paths |= {(one.root, one.path) for one in transaction.made_dirs + transaction.removed_dirs}
    for root, above in sorted({(root, tuple(path.split("/")[:-1])) for root, path in paths}):
        name = "/".join(above)
        with (
            blamed(name),
            suppress(FileNotFoundError, EditsRefused, KeyError),
            walk(roots[root], above, name) as descriptor,
        ):
            flush_folder(descriptor)
