"""Blocking calls in threads of their own, that never keep the program from ending."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")


class _Passed(Generic[T]):
    """Passes whatever is raised inside on to who waits for a future, who would wait for ever."""

    def __init__(self, future: Future[T]) -> None:
        self._future = future

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> bool:
        if error is not None:
            self._future.set_exception(error)
        return True


async def in_thread(call: Callable[[], T]) -> T:
    """Return what `call` returns, or raise what it raises; it goes on if nobody waits for it."""
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        with _Passed(future):
            future.set_result(call())

    Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(future)
