"""Asking the model again: what will be sent, the wait, and what comes."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from time import monotonic
from typing import ClassVar

from rich.cells import chop_cells
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from copilot.backends.protocol import Delta, Event
from copilot.errors import CopilotError
from copilot.review.outside import Outside
from copilot.review.state import Review
from copilot.text import one_line, visible
from copilot.tui.clock import Clock

# Seconds between looks at what has come.
_LOOK_EVERY = 0.1
# Characters of the answer that are shown: its end.
_TAIL = 4_000


class AskAgain(ModalScreen[Review | None]):
    """Shows what will be sent; enter sends it; the answer is the renewed review.

    None where the person leaves, cancels, or the model's answer leads to nothing: the review
    stays as it was.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send"),
        Binding("escape,q", "leave", "Cancel"),
    ]
    DEFAULT_CSS = """
    AskAgain { align: center middle; }
    AskAgain > Vertical {
        width: 90%;
        max-width: 110;
        height: auto;
        max-height: 100%;
        border: round $accent;
        background: $surface;
        padding: 0 1;
    }
    AskAgain VerticalScroll { height: auto; max-height: 1fr; scrollbar-size-vertical: 1; }
    AskAgain #sent { height: auto; }
    AskAgain #clock { height: auto; text-style: bold; }
    AskAgain #answer { height: 10; }
    AskAgain #trouble { height: auto; color: $text-error; }
    """

    def __init__(self, review: Review, outside: Outside, sent: Sequence[str]) -> None:
        super().__init__()
        self._review = review
        self._outside = outside
        self._sent = sent
        self._heard: list[Event] = []
        self._lock = Lock()
        self._clock: Clock | None = None
        self._tail = ""
        self._is_cancelled = False

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Ask the model again, with this"
            with VerticalScroll():
                yield Static(Content("\n".join(self._sent)), id="sent")
            yield Static(id="clock")
            yield Static(id="answer")
            yield Static(id="trouble")

    def on_mount(self) -> None:
        self._say("enter sends · esc leaves")
        for name in ("#clock", "#answer", "#trouble"):
            self.query_one(name).display = False
        self._looking = self.set_interval(_LOOK_EVERY, self._look, pause=True)
        self.query_one(VerticalScroll).focus()

    def action_send(self) -> None:
        if self._clock is not None:
            return
        self._clock, self._tail, self._is_cancelled = Clock(monotonic()), "", False
        self._say("esc cancels; the review stays as it is")
        self.query_one("#trouble").display = False
        for name in ("#clock", "#answer"):
            self.query_one(name).display = True
        self._look()
        self._looking.resume()
        self.run_worker(self._ask, thread=True, name="ask again")

    def action_leave(self) -> None:
        """Leave; while the model works cancel first, and leave at the second time."""
        if self._clock is None or self._is_cancelled:
            self.dismiss(None)
            return
        self._is_cancelled = True
        self._say("cancelling · esc leaves at once")
        self.run_worker(self._outside.cancel, thread=True, name="cancel")

    def _ask(self) -> None:
        """Ask, in a thread; whatever comes of it is taken in the app's own."""
        try:
            renewed = self._outside.asked_again(self._review, self._hear)
        except CopilotError as error:
            self._report(error)
        except KeyboardInterrupt:
            self.app.call_from_thread(self._end, None)
        else:
            self.app.call_from_thread(self._end, renewed)

    def _report(self, error: CopilotError) -> None:
        self.app.call_from_thread(self._fail, error)

    def _hear(self, event: object) -> None:
        if isinstance(event, Event):
            with self._lock:
                self._heard.append(event)

    def _look(self) -> None:
        """Show what has come since the last look."""
        with self._lock:
            heard, self._heard = self._heard, []
        if self._clock is None:
            return
        now = monotonic()
        for event in heard:
            self._clock.hear(event, now)
        new = "".join(event.text for event in heard if isinstance(event, Delta))
        self.query_one("#clock", Static).update(Content(self._clock.line(now)))
        if new:
            self._tail = (self._tail + new)[-_TAIL:]
            self.query_one("#answer", Static).update(Content(self._last_lines()))

    def _last_lines(self) -> str:
        answer = self.query_one("#answer")
        width, height = max(1, answer.size.width), max(1, answer.size.height)
        lines = visible(self._tail).expandtabs(4).split("\n")
        cut = [part for line in lines for part in (chop_cells(line, width) or [""])]
        return "\n".join(cut[-height:])

    def _fail(self, error: CopilotError) -> None:
        """Show why nothing came of it; the person may send again."""
        if not self.is_attached:
            return
        self._stop()
        if self._is_cancelled:
            self.dismiss(None)
            return
        trouble = self.query_one("#trouble", Static)
        trouble.display = True
        hint = f"\n{one_line(error.hint)}" if error.hint else ""
        trouble.update(Content(f"{one_line(error.message)}{hint}\nthe review is as it was"))
        self._say("enter sends again · esc leaves")

    def _end(self, renewed: Review | None) -> None:
        if self.is_attached:
            self._stop()
            self.dismiss(None if self._is_cancelled else renewed)

    def _stop(self) -> None:
        self._look()
        self._looking.pause()
        self._clock = None

    def _say(self, hint: str) -> None:
        self.query_one(Vertical).border_subtitle = hint
