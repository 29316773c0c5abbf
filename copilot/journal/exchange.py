"""Two files exchange their names in one step, or one moves where none is; never over another.

A plain rename destroys what an editor wrote after the last look at the file. With renameat2(2) of
Linux 3.15 the old file comes out under the other name, where it can still be compared.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from contextlib import suppress
from functools import cache
from typing import Any

# linux/fs.h
_NO_REPLACE = 1
_EXCHANGE = 2

# What the kernel or a file system answers that does not know the call or its flags.
_UNKNOWN = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})
# What it answers where hard links are not to be had.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EMLINK})


def exchange(folder: int, one: str, other: str) -> bool:
    """Let two files of a folder exchange their names; False where the system cannot do that.

    Raises OSError; then nothing has changed.
    """
    return _renameat2(folder, one, other, _EXCHANGE)


def move(folder: int, name: str, target: str) -> None:
    """Give a file another name in its folder; FileExistsError if that is taken, OSError else."""
    if _renameat2(folder, name, target, _NO_REPLACE):
        return
    try:
        os.link(name, target, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _move_after_a_look(folder, name, target)
    else:
        os.unlink(name, dir_fd=folder)


def _move_after_a_look(folder: int, name: str, target: str) -> None:
    with suppress(FileNotFoundError):
        os.lstat(target, dir_fd=folder)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
    os.rename(name, target, src_dir_fd=folder, dst_dir_fd=folder)


def _renameat2(folder: int, name: str, target: str, flags: int) -> bool:
    call = _system_call()
    if call is None:
        return False
    # The event that os.rename raises: a call through ctypes raises none by itself.
    sys.audit("os.rename", name, target, folder, folder)
    if call(folder, os.fsencode(name), folder, os.fsencode(target), flags) == 0:
        return True
    code = ctypes.get_errno()
    if code in _UNKNOWN:
        return False
    raise OSError(code, os.strerror(code), name, None, target)


@cache
def _system_call() -> Any:
    """Return renameat2 of the C library, None where it has none."""
    if sys.platform != "linux":
        return None
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is not None:
        call.argtypes = [
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_uint,
        ]
    return call
