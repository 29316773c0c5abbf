"""Locks between processes: one writer in a repository and all that lies below and above it.

A root is locked exclusively, every folder above it is locked shared. Two roots, one of which holds
the other, so exclude each other, and neighbours do not: hierarchical locking (Gray et al.,
"Granularity of Locks", 1975) with flock(2), which the system drops when the process dies.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from copilot.journal.files import private_folder
from copilot.journal.reasons import blamed

PATIENCE_SECONDS = 10.0
_OTHERS = 0o077
_PAUSE_SECONDS = 0.02


@contextmanager
def locked(journals: Path, roots: Collection[Path], *, patience: float) -> Iterator[bool]:
    """Hold the locks of the real paths `roots`; False if not had after `patience` seconds.

    All processes take them in the same order, so none waits for another in a circle.
    """
    deadline = time.monotonic() + patience
    with ExitStack() as stack:
        files = sorted((_name(path), mode) for path, mode in _modes(roots).items())
        held = all(_take(stack, journals, name, mode, deadline) for name, mode in files)
        if not held:
            stack.close()
        yield held


@contextmanager
def preparing(journals: Path) -> Iterator[bool]:
    """Held, shared with others, while a journal is written; False if not had in time."""
    with ExitStack() as stack:
        deadline = time.monotonic() + PATIENCE_SECONDS
        yield _take(stack, journals, "preparing", fcntl.LOCK_SH, deadline)


@contextmanager
def nobody_preparing(journals: Path) -> Iterator[bool]:
    """Hold off those who want to write a journal; False if one is being written."""
    with ExitStack() as stack:
        yield _take(stack, journals, "preparing", fcntl.LOCK_EX, time.monotonic())


def _modes(roots: Collection[Path]) -> dict[Path, int]:
    above = {folder: fcntl.LOCK_SH for root in roots for folder in root.parents}
    return above | dict.fromkeys(roots, fcntl.LOCK_EX)


def _name(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()


def _take(stack: ExitStack, journals: Path, name: str, mode: int, deadline: float) -> bool:
    with blamed(f"the journal {journals}"):
        descriptor = _open(journals, name)
        stack.callback(os.close, descriptor)
        while not _try(descriptor, mode):
            if time.monotonic() >= deadline:
                return False
            time.sleep(_PAUSE_SECONDS)
        return True


def _open(journals: Path, name: str) -> int:
    folder = journals / "locks"
    private_folder(folder)
    if stat.S_IMODE(journals.stat().st_mode) & _OTHERS:
        journals.chmod(0o700)
    path = folder / f"{name}.lock"
    flags = os.O_RDWR | os.O_NOFOLLOW
    with suppress(FileNotFoundError):
        return os.open(path, flags)
    descriptor = os.open(path, flags | os.O_CREAT, 0o600)
    # A mask may have taken the owner's own bits away.
    os.fchmod(descriptor, 0o600)
    return descriptor


def _try(descriptor: int, mode: int) -> bool:
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
