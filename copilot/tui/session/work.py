"""What runs for the session: one blocking call at a time, its events, its questions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic
from typing import Any, TypeVar

from textual.app import App

from copilot.backends.protocol import Delta, Event
from copilot.text import one_line
from copilot.tui.clock import Clock
from copilot.tui.dialogs import Question
from copilot.tui.session.amounts import seconds_text
from copilot.tui.session.threads import in_thread

T = TypeVar("T")


class Work:
    """Runs blocking calls of the engine; what they tell is kept until the screen draws it.

    `hear` and `answer` are for the engine, and called from its threads; so is what `run` is given
    as `show`.
    """

    def __init__(self) -> None:
        self._app: App[Any] | None = None
        self._events: deque[Event] = deque()
        self._heard: deque[str] = deque()
        self._questions: set[Future[bool]] = set()
        self._clock: Clock | None = None
        self._expected: float | None = None
        self._last_heard = ""
        self._is_stopping = False
        self.doing = ""

    def open(self, app: App[Any]) -> None:
        """Begin to put questions to the person, in this app."""
        self._app = app

    @property
    def is_busy(self) -> bool:
        return bool(self.doing)

    async def run(
        self,
        doing: str,
        call: Callable[[Callable[[Event], None]], T],
        expected: float | None = None,
    ) -> T:
        """Run a call in a thread and return its result.

        `doing` says what it is until the model's first event; `expected` is how many seconds the
        first token may take.
        """
        self.doing, self._expected = doing, expected
        self._is_stopping, self._last_heard = False, ""
        self._clock = Clock(monotonic())
        self._events.clear()
        try:
            return await in_thread(lambda: call(self._events.append))
        finally:
            self.doing, self._clock = "", None

    def hear(self, line: str) -> None:
        """Take a line that the engine says."""
        self._heard.append(line)

    def answer(self, question: str) -> bool:
        """Put a question to the person, and wait for the answer; no if the screen goes away."""
        app = self._app
        if app is None:
            return False
        answered: Future[bool] = Future()
        self._questions.add(answered)

        def take(yes: bool | None) -> None:
            if not answered.done():
                answered.set_result(bool(yes))

        app.call_from_thread(app.push_screen, Question(one_line(question)), take)
        try:
            return answered.result()
        finally:
            self._questions.discard(answered)

    def stopping(self) -> None:
        """Say that the person wants it to stop."""
        self._is_stopping = True

    def close(self) -> None:
        """Answer every open question with no, and all to come: the screen goes away."""
        self._app = None
        for question in list(self._questions):
            if not question.done():
                question.set_result(False)

    def taken(self) -> str:
        """Return the answer's text that came since the last time, and hear the rest."""
        texts: list[str] = []
        now = monotonic()
        while self._events:
            event = self._events.popleft()
            if self._clock is not None:
                self._clock.hear(event, now)
                self._expected = None
            if isinstance(event, Delta):
                texts.append(event.text)
        return "".join(texts)

    def said(self) -> list[str]:
        """Return the lines that were said since the last time."""
        lines = [self._heard.popleft() for _ in range(len(self._heard))]
        if lines:
            self._last_heard = lines[-1]
        return lines

    def line(self) -> str:
        """Return what is done, for how long, how far, and how to stop it."""
        if self._clock is None:
            return ""
        parts = [self._clock.line(monotonic())]
        if self._expected is not None:
            parts.append(f"first words after about {seconds_text(self._expected)}")
        parts.append("stopping …" if self._is_stopping else "esc stops")
        if self._last_heard:
            parts.append(one_line(self._last_heard))
        return " · ".join(parts)
