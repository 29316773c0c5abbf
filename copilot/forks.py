"""Forking: when it is safe, and what a forked process needs to be one by itself."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TextIO

_FIRST_OF_OTHERS = 3
_FAILED = 70


def can_fork() -> bool:
    """Tell whether a process may be forked: no thread of ours may hold a lock meanwhile."""
    return threading.active_count() == 1 and sys.platform == "linux"


def fork(work: Callable[[], int]) -> int:
    """Fork a process that does this work and ends with the code it returns; return its number.

    Nothing of what the parent is in the middle of is done in it. Raises OSError, RuntimeError if
    threads of ours run, or the system is one where processes must not be forked.
    """
    if not can_fork():
        raise RuntimeError("threads run, or this is no Linux")
    _flush()
    pid = os.fork()
    if pid:
        return pid
    code = _FAILED
    try:
        code = work()
    finally:
        _flush()
        os._exit(code)


def take_streams(stdin: int, stdout: int, stderr: int, kept: Collection[int] = ()) -> None:
    """Take these for the standard streams, and close what others left open for this process.

    A pipe that a caller reads to its end would stay open as long as this process lives. What is
    `kept` stays, as does all that was opened here.
    """
    for number, stream in enumerate((stdin, stdout, stderr)):
        os.dup2(stream, number)
    for number in _open_ones():
        with suppress(OSError):
            if number not in kept and os.get_inheritable(number):
                os.close(number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout, sys.stderr = _writer(1), _writer(2)


def close_all_but(kept: Collection[int]) -> None:
    """Close whatever is open in this process but the standard streams and what is `kept`."""
    for number in _open_ones():
        if number not in kept:
            with suppress(OSError):
                os.close(number)


def _open_ones() -> list[int]:
    return [int(one) for one in os.listdir("/proc/self/fd") if int(one) >= _FIRST_OF_OTHERS]  # noqa: PTH208


def _writer(number: int) -> TextIO:
    # Text from names that are no UTF-8 has lone surrogates.
    return open(
        number,
        "w",
        encoding="utf-8",
        errors="backslashreplace",
        buffering=1 if number == 2 or os.isatty(number) else -1,
        closefd=False,
    )


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
