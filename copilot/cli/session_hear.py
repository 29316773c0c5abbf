"""What is heard of answers in a session: each piece is on disk before it is shown."""

from __future__ import annotations

from copilot.assist.session import record
from copilot.assist.session.protocol import Show
from copilot.backends.protocol import Delta, Event, Finished, Waiting
from copilot.cli.session_store import Kept
from copilot.cli.talk import say

# A model may write half a character as an escape.
_HALVES = "surrogatepass"


class Heard:
    """What is heard of one answer after another; `text` is that of the last."""

    def __init__(self, kept: Kept, show: Show) -> None:
        self._kept = kept
        self._show = show
        # Of small pieces, a list or a StringIO would take ten times the room.
        self._text = bytearray()
        self._is_finished = False
        self.earlier: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self._text.decode("utf-8", _HALVES)

    def listen(self, event: Event) -> None:
        """Take an event; the first piece after an end begins another answer."""
        if isinstance(event, Delta):
            if self._is_finished:
                self._begin_again()
            self._kept.store(record.piece(event.text))
            self._text += event.text.encode("utf-8", _HALVES)
        elif isinstance(event, Finished):
            self._is_finished = True
        elif isinstance(event, Waiting):
            say(str(event))
        self._show(event)

    def _begin_again(self) -> None:
        if self.text:
            self._kept.store(record.AGAIN)
            self.earlier = (*self.earlier, self.text)
        self._text = bytearray()
        self._is_finished = False
