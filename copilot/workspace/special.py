"""Pipes, sockets and devices: what lies in a folder and git passes over, or waits for in vain."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from copilot.errors import UsageError
from copilot.text import one_line

_RULES = frozenset({".copilotignore", ".gitattributes", ".gitignore"})
# git holds a file of rules in memory as a whole.
MAX_RULES_BYTES = 8 * 1024 * 1024


def special_files(root: Path) -> list[str]:
    """Return the paths of all files that are neither regular nor folders nor links.

    `.git` folders are passed over, and so is a folder that cannot be opened: git names it. Raises
    UsageError for what git would read for ever, or until the memory is full: a pipe or device as
    its rules or in a `.git` folder, rules of more than 8 MiB.
    """
    found = []
    where = one_line(str(root))
    for path, entry in _walk(root):
        name = entry.name
        if name == ".git" and Path(entry).is_dir():
            refuse_pipes(Path(entry.path))
        elif _is_special(entry):
            found.append(path)
            if name in _RULES or name == ".git":
                raise UsageError(f"{one_line(path)} in {where} is no regular file", "remove it")
        elif name in _RULES and _size(entry) > MAX_RULES_BYTES:
            raise UsageError(f"{one_line(path)} in {where} is larger than 8 MiB", "shorten it")
    return found


def refuse_pipes(git_dir: Path) -> None:
    """Raise UsageError for a pipe or a device in a git folder: git would wait there for ever."""
    for path, entry in _walk(git_dir):
        if _blocks(entry):
            raise UsageError(
                f"{one_line(path)} in {one_line(str(git_dir))} is no regular file", "remove it"
            )


def _walk(top: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield all that lies below a folder, by its path; links and `.git` folders not entered."""
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(f"{top}/{folder}") as entries:
                for entry in entries:
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.name != ".git" and entry.is_dir(follow_symlinks=False):
                        folders.append(path)
                    else:
                        yield path, entry
        except OSError:
            continue


def _is_special(entry: os.DirEntry[str]) -> bool:
    regular = entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)
    return not regular and not entry.is_symlink()


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
