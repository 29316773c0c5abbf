"""Files that an edit names, as they are on disk at this moment."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from copilot.workspace.contents import MISSING, read_file

_MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class TargetFile:
    """A named file's bytes, None if there is none; `problem` says why it must not be edited.

    `executable` is what git would note of it: whether its owner may run it.
    """

    data: bytes | None
    problem: str = ""
    executable: bool = False


def read_target(root: Path, path: str) -> TargetFile:
    """Read a file below a root without following any symbolic link."""
    contents = read_file(root, path, _MAX_BYTES)
    if contents.problem == MISSING:
        return TargetFile(None)
    runs = contents.facts is not None and bool(contents.facts.st_mode & stat.S_IXUSR)
    return TargetFile(contents.data, contents.problem, runs)
