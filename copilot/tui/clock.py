"""How far a model is with an answer, in one line: what it does, how much, for how long."""

from __future__ import annotations

from copilot.backends.protocol import Delta, Event, Finished, Reading, Thinking, Waiting

_BAR_COLUMNS = 20


class Clock:
    """Hears the events of an answer and says how far it is.

    Before the first event it says that the prompt is being read: servers that do not tell their
    progress are silent until the first word.
    """

    def __init__(self, started: float) -> None:
        self._started = started
        self._doing = "reading the prompt"
        self._reading: Reading | None = None
        self._read_from: tuple[float, int] | None = None

    def hear(self, event: Event, now: float) -> None:
        """Take an event; `now` is in seconds, as the start was."""
        if isinstance(event, Reading):
            self._doing, self._reading = "reading the prompt", event
            self._read_from = self._read_from or (now, event.done)
            return
        self._reading = None
        if isinstance(event, Waiting):
            self._doing = str(event)
        elif isinstance(event, Thinking):
            self._doing = "thinking"
        elif isinstance(event, Delta):
            self._doing = "answering"
        elif isinstance(event, Finished):
            self._doing = "placing the edits"

    def line(self, now: float) -> str:
        """Return the line, with the time gone and, where the server tells, the time left."""
        parts = [f"{_minutes(now - self._started)} {self._doing}"]
        reading = self._reading
        if reading and reading.total > 0:
            share = min(1.0, reading.done / reading.total)
            bar = "#" * round(share * _BAR_COLUMNS)
            parts.append(f"[{bar.ljust(_BAR_COLUMNS, '.')}] {share:.0%}")
            parts.append(f"{reading.done:,} of {reading.total:,} tokens")
            left = self._left(reading, now)
            if left is not None:
                parts.append(f"{_minutes(left)} left")
        return " · ".join(parts)

    def _left(self, reading: Reading, now: float) -> float | None:
        if self._read_from is None:
            return None
        seconds, tokens = now - self._read_from[0], reading.done - self._read_from[1]
        if seconds <= 0 or tokens <= 0:
            return None
        return seconds * (reading.total - reading.done) / tokens


def _minutes(seconds: float) -> str:
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02}"
