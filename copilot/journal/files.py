"""Writing new files so that they are on the disk, whole, when the call returns."""

from __future__ import annotations

import errno
import os
from contextlib import ExitStack, suppress
from pathlib import Path

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_PRIVATE_FOLDER = 0o700


def write_new(name: str | Path, data: bytes, mode: int, *, folder: int | None = None) -> None:
    """Write a file that does not exist yet, with its mode, and flush it.

    `name` is relative to the descriptor `folder` if one is given. Raises OSError.
    """
    descriptor = begin_new(name, data, mode, folder=folder)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def begin_new(
    name: str | Path,
    data: bytes,
    mode: int,
    *,
    folder: int | None = None,
    owner: tuple[int, int] | None = None,
) -> int:
    """Write a file that does not exist yet; return its descriptor, to be flushed and closed.

    It gets its mode and, where allowed, its owner. Raises OSError.
    """
    descriptor = os.open(name, _NEW, 0o600, dir_fd=folder)
    with ExitStack() as stack:
        stack.callback(os.close, descriptor)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if owner and owner != _owner(descriptor):
            _give(descriptor, *owner)
        # Also against a mask that takes the owner's own bits away.
        os.fchmod(descriptor, mode)
        _start_writing(descriptor)
        stack.pop_all()
    return descriptor


def flush_folder(folder: int | Path) -> None:
    """Put a folder's names on the disk."""
    descriptor = os.dup(folder) if isinstance(folder, int) else os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot flush a folder and keep its names safe by themselves.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def private_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, for its owner only. Raises OSError."""
    if path.exists():
        return
    private_folder(path.parent)
    try:
        path.mkdir(mode=_PRIVATE_FOLDER)
    except FileExistsError:
        return
    # A mask may have taken the owner's own bits away.
    path.chmod(_PRIVATE_FOLDER)


def _start_writing(descriptor: int) -> None:
    # Linux begins to write such pages out at once: many files then reach the disk side by side.
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _owner(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_uid, status.st_gid


def _give(descriptor: int, user: int, group: int) -> None:
    # Group first and apart: a member of it may give that, while only root may give away a file.
    for ids in ((-1, group), (user, -1)):
        with suppress(PermissionError):
            os.fchown(descriptor, *ids)
