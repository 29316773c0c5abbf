"""SIGTERM and SIGHUP in the middle of a write: an exception, so that it can be taken back."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NUMBERS = (signal.SIGTERM, signal.SIGHUP)


class Stopped(SystemExit):
    """The process was told to end; its exit code is what a shell makes of the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)

    def __str__(self) -> str:
        return "stopped by a signal"


@contextmanager
def stops_raise() -> Iterator[None]:
    """Inside, the first SIGTERM or SIGHUP raises Stopped, and further ones do nothing.

    A signal that is ignored (nohup) or has a handler of its own keeps it. Only the main thread can
    do this; in another one nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = [number for number in _NUMBERS if signal.getsignal(number) is signal.SIG_DFL]
    raised: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        if not raised:
            raised.append(number)
            raise Stopped(number)

    try:
        for number in ours:
            signal.signal(number, stop)
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
