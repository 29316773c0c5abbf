"""A model whose answer can be stopped from another thread, as Ctrl-C stops it in its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

from copilot.backends.protocol import Backend, Event, ModelFacts, Request
from copilot.errors import CopilotError


class Stopped(KeyboardInterrupt):
    """The answer was stopped from another thread."""


class Stoppable:
    """A backend that `stop` makes hang up; it can be asked on after `begin`.

    One without a method `hang_up` is closed, and opened anew with the next question. Raises what
    `opener` raises.
    """

    def __init__(self, opener: Callable[[], Backend]) -> None:
        self._opener = opener
        self._prepare: Callable[[Backend], None] = lambda _backend: None
        self._backend: Backend | None = opener()
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def prepare(self, prepare: Callable[[Backend], None]) -> None:
        """Do something to the backend, and to each that takes its place."""
        self._prepare = prepare
        prepare(self._open())

    def facts(self) -> ModelFacts:
        return self._open().facts()

    def begin(self) -> None:
        """Forget that it was stopped."""
        self._stopped.clear()

    def stop(self) -> None:
        """End what is being answered, and what is asked before the next `begin`; on the server too.

        Whoever listens gets Stopped.
        """
        self._stopped.set()
        with self._lock:
            backend = self._backend
            hang_up = getattr(backend, "hang_up", None)
            if hang_up is None:
                self._backend = None
        if hang_up is not None:
            hang_up()
        elif backend is not None:
            backend.close()

    def ask(self, request: Request) -> Generator[Event, None, None]:
        """Stream the answer. Raises Stopped, ModelError."""
        self.check()
        try:
            with _closed_after(self._open().ask(request)) as events:
                for event in events:
                    self.check()
                    yield event
        # What is closed under its reader fails in many ways.
        except (CopilotError, OSError, RuntimeError, ValueError) as error:
            if self._stopped.is_set():
                raise Stopped from error
            raise
        self.check()

    def close(self) -> None:
        with self._lock:
            backend, self._backend = self._backend, None
        if backend is not None:
            backend.close()

    def check(self) -> None:
        """Raise Stopped if it was stopped since the last `begin`."""
        if self._stopped.is_set():
            raise Stopped

    def _open(self) -> Backend:
        with self._lock:
            if self._backend is None:
                self._backend = self._opener()
                self._prepare(self._backend)
                # Some learn from the server's list how to ask it.
                self._backend.facts()
            return self._backend


@contextmanager
def _closed_after(events: Iterator[Event]) -> Iterator[Iterator[Event]]:
    try:
        yield events
    finally:
        if isinstance(events, Generator):
            events.close()
