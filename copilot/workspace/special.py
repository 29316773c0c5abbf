"""Pipes, sockets and devices: what lies in a folder and git passes over, or waits for in vain."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from copilot.errors import UsageError
from copilot.text import one_line

_RULES = frozenset({".copilotignore", ".gitattributes", ".gitignore"})
_CHECKED = _RULES | {".git"}
# git holds a file of rules in memory as a whole.
MAX_RULES_BYTES = 8 * 1024 * 1024
# Times of the last change of contents and of the inode in nanoseconds, size in bytes, inode.
Signature: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True)
class Found:
    """What lies below a folder: files and links by their paths, and the paths of what is neither.

    Each file has its signature if that was asked for, None else, as a link has. `is_plain` if there
    is nothing else: no folder that is empty or cannot be opened, no repository.
    """

    files: Mapping[str, Signature | None]
    special: tuple[str, ...]
    is_plain: bool


def look_around(root: Path, *, signed: bool = False) -> Found:
    """Return what lies below a folder, whose own `.git` was looked into.

    `.git` folders are passed over, and so is a folder that cannot be opened: git names it. Raises
    UsageError for what git would read for ever, or until the memory is full: a pipe or device as
    its rules or in a `.git` folder, rules of more than 8 MiB.
    """
    files: dict[str, Signature | None] = {}
    special: list[str] = []
    is_plain = True
    for path, entry in _walk(root):
        if entry is None:
            is_plain = False
        elif entry.name == ".git" and Path(entry).is_dir():
            if path != ".git":
                is_plain = False
                refuse_pipes(Path(entry.path))
        else:
            if entry.name in _CHECKED:
                _check_rules(path, entry, root)
            if entry.is_file(follow_symlinks=False):
                files[path] = _signature(entry) if signed else None
            elif entry.is_symlink() or entry.is_dir(follow_symlinks=False):
                files[path] = None
            else:
                special.append(path)
    return Found(files, tuple(special), is_plain)


def signature_of(facts: os.stat_result) -> Signature:
    return facts.st_mtime_ns, facts.st_ctime_ns, facts.st_size, facts.st_ino


# Of one reading and the next, most are the same.
@lru_cache(maxsize=100_000)
def blob_signature(blob: str) -> Signature:
    """Return what tells a blob from others, where a file on disk has its times and its size.

    These are pieces of its id, each small enough for the time of a change long ago.
    """
    one, two = int(blob[:14] or "0", 16), int(blob[14:28] or "0", 16)
    return one, two, int(blob[28:42] or "0", 16), int(blob[42:56] or "0", 16)


def _signature(entry: os.DirEntry[str]) -> Signature | None:
    try:
        return signature_of(entry.stat(follow_symlinks=False))
    except OSError:
        return None


def _check_rules(path: str, entry: os.DirEntry[str], root: Path) -> None:
    """Raise UsageError for rules that git could not read."""
    where = one_line(str(root))
    if _is_special(entry):
        raise UsageError(f"{one_line(path)} in {where} is no regular file", "remove it")
    if entry.name in _RULES and _size(entry) > MAX_RULES_BYTES:
        raise UsageError(f"{one_line(path)} in {where} is larger than 8 MiB", "shorten it")


def refuse_pipes(git_dir: Path) -> None:
    """Raise UsageError for a pipe or a device in a git folder: git would wait there for ever."""
    for path, entry in _walk(git_dir):
        if entry and _blocks(entry):
            raise UsageError(
                f"{one_line(path)} in {one_line(str(git_dir))} is no regular file", "remove it"
            )


def _walk(top: Path) -> Iterator[tuple[str, os.DirEntry[str] | None]]:
    """Yield all that lies below a folder, by its path; links and `.git` folders not entered.

    None stands for what lies in a folder that is empty or cannot be opened.
    """
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(f"{top}/{folder}") as opened:
                entries = list(opened)
        except OSError:
            entries = []
        if not entries:
            yield folder, None
        above = f"{folder}/" if folder else ""
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and entry.name != ".git":
                folders.append(above + entry.name)
            else:
                yield above + entry.name, entry


def _is_special(entry: os.DirEntry[str]) -> bool:
    return not (
        entry.is_file(follow_symlinks=False)
        or entry.is_symlink()
        or entry.is_dir(follow_symlinks=False)
    )


def _blocks(entry: os.DirEntry[str]) -> bool:
    """Tell whether opening or reading this may never end; a socket is refused at once."""
    return not entry.is_file(follow_symlinks=False) and is_endless(entry)


def is_endless(path: os.PathLike[str]) -> bool:
    """Tell whether a path leads to a pipe, or to a device other than the null device."""
    try:
        facts = Path(path).stat()
    except OSError:
        return False
    if stat.S_ISCHR(facts.st_mode):
        return facts.st_rdev != Path(os.devnull).stat().st_rdev
    return stat.S_ISFIFO(facts.st_mode)


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:
        return 0
