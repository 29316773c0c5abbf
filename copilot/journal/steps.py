"""The steps that change files, forwards and backwards; every one may be repeated after a kill."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from copilot.errors import EditsRefused, WriteFailed
from copilot.journal.files import flush_folder
from copilot.journal.model import Entry, Folder, Leaf, Transaction, is_executable, with_execution
from copilot.journal.paths import Roots, look, parent, read_leaf, refuse_moved, walk
from copilot.journal.reasons import blamed
from copilot.journal.staging import (
    drop,
    drop_part,
    look_beside,
    name_beside,
    read_any,
    stage,
    stage_old,
    switch,
)
from copilot.journal.store import extract
from copilot.text import one_line

CHANGED_HINT = "run the command again: it goes by what the file holds then"


def carry_out(journals: Path, transaction: Transaction, roots: Roots, replaced: list[int]) -> None:
    """Bring every file to its after state; `replaced` gets the index of each entry changed.

    Raises WriteFailed or EditsRefused, naming the file, with some files changed and others not.
    """
    stage(journals, transaction, roots)
    refuse_moved(roots)
    for number, entry in _changing(transaction):
        with blamed(entry.name):
            _replace(transaction, number, roots, replaced)
    refuse_moved(roots)
    finish(transaction, roots)


def finish(transaction: Transaction, roots: Roots) -> None:
    """Remove the old files and the folders that the after state lacks; put all names on the disk.

    Raises EditsRefused where an old file was written to after it was compared.
    """
    for number, entry in _changing(transaction):
        with blamed(entry.name), suppress(FileNotFoundError), parent(roots, entry) as (folder, _):
            old = look_beside(transaction, number, folder)
            if _is_foreign(entry, old):
                raise _changed(entry)
            drop(transaction, number, folder)
    _remove_empty(transaction.removed_dirs, roots)
    _flush(transaction, roots)


def is_done(transaction: Transaction, roots: Roots) -> bool:
    """Whether every file is at its after state, and nobody else's bytes stand beside one."""
    return all(_is_done(transaction, number, roots) for number, _ in _changing(transaction))


def take_back(
    journals: Path, transaction: Transaction, roots: Roots, numbers: Collection[int]
) -> tuple[str, ...]:
    """Bring the entries with these indices back to their before state; remove what was made.

    A file at neither state is left alone; returned is one line for each. Raises WriteFailed.
    """
    discard_parts(transaction, roots)
    lines: list[str] = []
    for number, entry in _changing(transaction):
        with blamed(entry.name):
            lines += _take_back_one(journals, transaction, roots, number, number in numbers)
    _remove_empty(transaction.made_dirs, roots)
    _flush(transaction, roots)
    return tuple(lines)


def discard_parts(transaction: Transaction, roots: Roots) -> None:
    """Delete what was being written when the process was killed."""
    for number, entry in _changing(transaction):
        with (
            blamed(entry.name),
            suppress(FileNotFoundError, EditsRefused),
            parent(roots, entry) as (folder, _),
        ):
            drop_part(transaction, number, folder)
            if transaction.version == 1:
                drop(transaction, number, folder)


def _changing(transaction: Transaction) -> Iterator[tuple[int, Entry]]:
    return ((n, entry) for n, entry in enumerate(transaction.entries) if entry.changes)


def _is_done(transaction: Transaction, number: int, roots: Roots) -> bool:
    entry = transaction.entries[number]
    with blamed(entry.name), suppress(EditsRefused):
        beside = _beside(transaction, number, roots)
        return entry.is_after(look(roots, entry)) and not _is_foreign(entry, beside)
    return False


def _replace(transaction: Transaction, number: int, roots: Roots, replaced: list[int]) -> None:
    entry = transaction.entries[number]
    with parent(roots, entry) as (folder, leaf):
        if not entry.is_before(read_leaf(folder, leaf, entry.name)):
            raise _changed(entry)
        replaced.append(number)
        try:
            _switch(transaction, number, folder, leaf, forwards=True)
        except EditsRefused:
            # Nothing changed, or it was changed back. After an OSError the file may be replaced.
            replaced.pop()
            raise


def _switch(
    transaction: Transaction, number: int, folder: int, leaf: str, *, forwards: bool
) -> None:
    """Let a file take the place of the other state's; what an editor wrote meanwhile goes back.

    Raises EditsRefused in that case, OSError if the system refuses.
    """
    entry = transaction.entries[number]
    states = (entry.before is not None, entry.after is not None)
    had, gets = states if forwards else states[::-1]
    try:
        switch(transaction, number, folder, leaf, had=had, gets=gets)
        came_out = look_beside(transaction, number, folder) if had else None
        if _is_expected(entry, came_out, forwards=forwards):
            return
        switch(transaction, number, folder, leaf, had=gets, gets=had)
    except FileExistsError as error:
        # A link or a folder is told as such.
        read_leaf(folder, leaf, entry.name)
        raise _changed(entry) from error
    raise _changed(entry)


def _is_expected(entry: Entry, came_out: Leaf | None, *, forwards: bool) -> bool:
    # Nothing comes out where the system cannot exchange two names.
    if came_out is None:
        return True
    return entry.is_before(came_out) if forwards else entry.is_after(came_out)


def _changed(entry: Entry) -> EditsRefused:
    return EditsRefused(f"{one_line(entry.name)}: changed on disk meanwhile", CHANGED_HINT)


def _beside(transaction: Transaction, number: int, roots: Roots) -> Leaf | None:
    with suppress(FileNotFoundError), parent(roots, transaction.entries[number]) as (folder, _):
        return look_beside(transaction, number, folder)
    return None


def _is_foreign(entry: Entry, beside: Leaf | None) -> bool:
    return beside is not None and not entry.is_before(beside) and not entry.is_after(beside)


def _take_back_one(
    journals: Path, transaction: Transaction, roots: Roots, number: int, replaced: bool
) -> list[str]:
    """Bring one file back; return what to say if it is at neither state."""
    entry = transaction.entries[number]
    try:
        leaf, beside = _seen(roots, entry), _beside(transaction, number, roots)
        if _is_foreign(entry, beside):
            return [_put_foreign_back(journals, transaction, roots, number, leaf)]
        if entry.is_after(leaf) and replaced and not entry.is_before(leaf):
            _put_back(journals, transaction, roots, number, leaf, beside)
            beside = _beside(transaction, number, roots)
        if _is_foreign(entry, beside):
            return [_kept_beside(journals, transaction, number)]
        with suppress(FileNotFoundError), parent(roots, entry) as (folder, _):
            drop(transaction, number, folder)
        left_alone = replaced and not entry.is_before(_seen(roots, entry))
    except EditsRefused:
        left_alone = replaced
    return [_conflict(journals, transaction, number)] if left_alone else []


def _seen(roots: Roots, entry: Entry) -> Leaf | None:
    """Read the file; what is no regular file equals no state of it."""
    with blamed(entry.name), suppress(FileNotFoundError), parent(roots, entry) as (folder, leaf):
        return read_any(folder, leaf)
    return None


def _put_back(
    journals: Path,
    transaction: Transaction,
    roots: Roots,
    number: int,
    leaf: Leaf | None,
    beside: Leaf | None,
) -> None:
    """Lead a file from its after to its before state, by the old file itself if it is there.

    What an editor wrote meanwhile keeps its place.
    """
    entry = transaction.entries[number]
    with parent(roots, entry, make=True) as (folder, name):
        old_is_there = beside is not None and entry.is_before(beside)
        if not old_is_there:
            drop(transaction, number, folder)
        if entry.before is not None and not old_is_there:
            stage_old(journals, transaction, number, folder, _old_mode(entry, leaf), name)
        with suppress(EditsRefused):
            _switch(transaction, number, folder, name, forwards=False)


def _old_mode(entry: Entry, leaf: Leaf | None) -> int:
    mode = entry.mode_before or 0
    if leaf is None:
        return mode
    return with_execution(leaf.mode, is_executable(mode)) if entry.changes_mode else leaf.mode


def _put_foreign_back(
    journals: Path, transaction: Transaction, roots: Roots, number: int, leaf: Leaf | None
) -> str:
    """Give an editor's bytes their place back, which a kill left beside it; say what became."""
    entry = transaction.entries[number]
    with parent(roots, entry) as (folder, name):
        if entry.is_before(leaf) or entry.is_after(leaf):
            switch(transaction, number, folder, name, had=leaf is not None, gets=True)
            ours = look_beside(transaction, number, folder)
            if not _is_foreign(entry, ours):
                drop(transaction, number, folder)
                return _conflict(journals, transaction, number)
        return _kept_beside(journals, transaction, number)


def _kept_beside(journals: Path, transaction: Transaction, number: int) -> str:
    kept = f"another state of it is in {one_line(name_beside(transaction, number))} beside it"
    return f"{_conflict(journals, transaction, number)}; {kept}"


def _conflict(journals: Path, transaction: Transaction, number: int) -> str:
    entry = transaction.entries[number]
    kept = "there was no such file before"
    if entry.before:
        place = journals / transaction.id
        # The disk may be full; then the bytes are in that folder all the same.
        with suppress(OSError, WriteFailed):
            place = extract(journals, transaction, entry.before)
        kept = f"its earlier contents are in {place}"
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
