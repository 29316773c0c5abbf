"""Asking again after a failure that passes by itself, as long as nothing was shown yet."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress

from copilot.backends.protocol import Backend, Delta, Event, ModelFacts, Request, Thinking, Waiting
from copilot.errors import ModelBusy, ModelError

DEFAULT_RETRIES = 2
LONGEST_WAIT_SECONDS = 120.0
# Hundreds of gigabytes take minutes to be read from a disk.
LONGEST_LOADING_SECONDS = 1_800
_LOADING_STEP_SECONDS = 1
_HEARTBEAT_SECONDS = 10
_LOADING = "loading model"
_FIRST_SECONDS = 0.5
_MOST_SECONDS = 8.0
_JITTER = 0.25


class Retrying:
    """A backend that asks again: after rate limits, overload, server errors, lost connections.

    It waits as long as the server asks, else exponentially longer, with jitter so that many clients
    do not come back at once. It gives up at once where the server asks for more than two minutes
    or a day's quota is used up. `draw` returns a number of 0 to 1; closing ends a wait.
    While a server loads its model, its facts are waited for; `tell` hears of that now and then.
    """

    def __init__(
        self,
        backend: Backend,
        sleep: Callable[[float], object] | None = None,
        draw: Callable[[], float] = random.random,
        retries: int = DEFAULT_RETRIES,
        tell: Callable[[str], object] = lambda _said: None,
    ) -> None:
        self.backend = backend
        self._closed = threading.Event()
        self._sleep = sleep or self._closed.wait
        self._draw = draw
        self._retries = retries
        self._tell = tell

    def facts(self) -> ModelFacts:
        """Return the backend's facts, as soon as its server has loaded the model.

        Raises ModelError; ModelBusy also where loading takes longer than half an hour.
        """
        for seconds in range(0, LONGEST_LOADING_SECONDS, _LOADING_STEP_SECONDS):
            try:
                return self.backend.facts()
            except ModelBusy as error:
                if _LOADING not in error.message.lower() or self._closed.is_set():
                    raise
            if seconds % _HEARTBEAT_SECONDS == 0:
                self._tell(f"the server is loading its model: {seconds} s; Ctrl-C ends the wait")
            self._sleep(_LOADING_STEP_SECONDS)
        return self.backend.facts()

    def close(self) -> None:
        self._closed.set()
        self.backend.close()

    def ask(self, request: Request) -> Generator[Event, None, None]:
        """Stream the answer; Waiting stands for each try that failed. Raises ModelError."""
        for attempt in range(self._retries + 1):
            shown = False
            events = self.backend.ask(request)
            try:
                for event in events:
                    shown = shown or isinstance(event, Delta | Thinking)
                    yield event
                return
            except ModelError as error:
                wait = self._wait(error, attempt)
                if shown or wait is None:
                    raise
                why = error.message
            finally:
                _close(events)
            yield Waiting(wait, why)
            self._sleep(wait)

    def _wait(self, error: ModelError, attempt: int) -> float | None:
        """Return the seconds until the next try, None if there is none."""
        if attempt >= self._retries or not error.passing or self._closed.is_set():
            return None
        asked = error.retry_after if isinstance(error, ModelBusy) else None
        backoff: float = min(_FIRST_SECONDS * 2**attempt, _MOST_SECONDS)
        if asked is None or asked <= 0:
            return backoff * (1 - _JITTER * self._draw())
        if asked > LONGEST_WAIT_SECONDS:
            return None
        # Never sooner than asked: the jitter only adds.
        return asked + _JITTER * backoff * self._draw()


def _close(events: Iterator[Event]) -> None:
    """End a stream that is a generator, and so its request."""
    with suppress(AttributeError):
        events.close()  # type: ignore[attr-defined]
