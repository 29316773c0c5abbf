"""Pipes, sockets and devices: what lies in a folder and git passes over in silence."""

from __future__ import annotations

import os
from pathlib import Path

from copilot.errors import UsageError
from copilot.text import one_line

_RULES = frozenset({".copilotignore", ".gitattributes", ".gitignore"})


def special_files(root: Path) -> list[str]:
    """Return the paths of all files that are neither regular nor folders nor links.

    `.git` is not looked into. A folder that cannot be opened is passed over: git names it. Raises
    UsageError for one that git would read its rules from, because it would wait there for ever.
    """
    found = _special_files(root)
    for path in found:
        if path.rpartition("/")[2] in _RULES:
            raise UsageError(f"{one_line(path)} in {root} is no regular file", "remove it")
    return found


def _special_files(root: Path) -> list[str]:
    found: list[str] = []
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(f"{root}/{folder}") as entries:
                for entry in entries:
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name != ".git":
                            folders.append(path)
                    elif not entry.is_file(follow_symlinks=False) and not entry.is_symlink():
                        found.append(path)
        except OSError:
            continue
    return found
