"""Errors of the operating system in words for people."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from copilot.errors import WriteFailed
from copilot.text import one_line

_SPACE = "free some space, then try again"
_RIGHTS = "check who owns the file and its folder and who may write there"
_IN_THE_WAY = "move what is in the way, then try again"

# errno -> what happened, what to do next.
_WORDS = {
    errno.ENOSPC: ("the disk is full", _SPACE),
    errno.EDQUOT: ("your disk quota is used up", _SPACE),
    errno.EFBIG: ("the file is larger than the system allows", "raise the file size limit"),
    errno.EACCES: ("permission denied", _RIGHTS),
    errno.EPERM: ("the system does not permit it", _RIGHTS),
    errno.EROFS: ("the file system is read-only", "mount it writable, then try again"),
    errno.EISDIR: ("a folder is in the way", _IN_THE_WAY),
    errno.ENOTDIR: ("a file is in the way of a folder", _IN_THE_WAY),
    errno.ENOENT: ("its folder is gone", "put the folder back, then try again"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter name"),
    errno.EMFILE: ("too many files are open", "raise the limit of open files (ulimit -n)"),
    errno.EIO: ("the disk reported an error", "check the disk"),
}


@contextmanager
def blamed(name: str) -> Iterator[None]:
    """Turn an OSError inside into a WriteFailed that names the file."""
    try:
        yield
    except OSError as error:
        raise write_failed(name, error) from error


def write_failed(name: str, error: OSError) -> WriteFailed:
    """Return the error that says of the file `name` why it cannot be written."""
    reason, hint = _words(error)
    return WriteFailed(f"{one_line(name)} cannot be written: {reason}", hint)


def _words(error: OSError) -> tuple[str, str]:
    code = error.errno or 0
    return _WORDS.get(code, (os.strerror(code).lower(), "remove the cause, then try again"))
