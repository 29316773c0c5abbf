"""Folders that several processes use: held while they are read, removed only when nobody does.

Who uses a folder holds a shared flock(2) on it, which the system drops when the last process that
has it open ends; who removes one must have it alone.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import weakref
from contextlib import suppress
from pathlib import Path

GONE = ".gone-"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Lease:
    """A folder that is held until this object is let go."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._end = weakref.finalize(self, os.close, descriptor)

    def end(self) -> None:
        """Let the folder go at once."""
        self._end()


def lease(folder: Path) -> Lease | None:
    """Hold a folder; None if it is not there, or is being removed."""
    try:
        descriptor = os.open(folder, _FOLDER)
    except OSError:
        return None
    held = Lease(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        there = os.path.samestat(os.fstat(descriptor), folder.lstat())
    except OSError:
        there = False
    if there:
        return held
    held.end()
    return None


def discard(folder: Path) -> bool:
    """Remove a folder, which is never seen in part; False if a process holds it."""
    try:
        descriptor = os.open(folder, _FOLDER)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        gone = folder
        if not folder.name.startswith(GONE):
            gone = folder.with_name(f"{GONE}{secrets.token_hex(8)}")
            folder.rename(gone)
        with suppress(FileNotFoundError):
            shutil.rmtree(gone)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
