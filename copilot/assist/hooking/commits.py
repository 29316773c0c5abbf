"""How long git was kept waiting for one commit already, from one of its hooks to the next."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import msgspec

from copilot.assist.hooking.kept import folder_of
from copilot.settings.paths import StatePaths
from copilot.workspace.git_state import common_dir_of

_FILE = "commit"
# A process that has the same number after that long is another one.
_MOST_SECONDS = 2 * 3600.0


class Spent(msgspec.Struct, frozen=True):
    """What the hooks of one commit took, in seconds; `in_vain` if there was no review in time.

    `process` is git's, `when` the end in seconds since 1970.
    """

    process: int = 0
    when: float = 0.0
    seconds: float = 0.0
    in_vain: bool = False


def spend(paths: StatePaths, git_dir: Path, spent: Spent) -> None:
    """Say for the next hook of the same commit what this one took."""
    folder = folder_of(common_dir_of(git_dir), paths)
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / _FILE).write_bytes(msgspec.json.encode(spent))


def spent(paths: StatePaths, git_dir: Path, process: int) -> Spent:
    """Return what the earlier hooks of the commit took that git's `process` makes."""
    folder = folder_of(common_dir_of(git_dir), paths)
    try:
        found = msgspec.json.decode((folder / _FILE).read_bytes(), type=Spent)
    except (OSError, msgspec.DecodeError):
        return Spent()
    is_same = found.process == process and 0 <= time.time() - found.when < _MOST_SECONDS
    return found if is_same else Spent()
