"""Writing a new file so that it is on the disk, whole, when the call returns."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


def write_new(
    name: str | Path,
    data: bytes,
    mode: int,
    *,
    folder: int | None = None,
    owner: tuple[int, int] | None = None,
) -> None:
    """Write a file that does not exist yet, with its mode and, where allowed, its owner.

    `name` is relative to the descriptor `folder` if one is given. Raises OSError.
    """
    descriptor = os.open(name, _NEW, 0o600, dir_fd=folder)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if owner:
            _give(descriptor, *owner)
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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


def _give(descriptor: int, user: int, group: int) -> None:
    # Group first and apart: a member of it may give that, while only root may give away a file.
    for ids in ((-1, group), (user, -1)):
        with suppress(PermissionError):
            os.fchown(descriptor, *ids)
