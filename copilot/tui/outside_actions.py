"""The review screen's actions that reach the world: the model again, and the disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual.app import ComposeResult
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from copilot.errors import CopilotError
from copilot.review.feedback import feedback
from copilot.review.outside import Outside
from copilot.review.state import Place, Review
from copilot.text import one_line, visible
from copilot.tui.ask_again import AskAgain
from copilot.tui.dialogs import Listed, keys_in_force
from copilot.tui.keys import END, shown_keys
from copilot.tui.labels import count
from copilot.tui.progress import fresh_hunks
from copilot.tui.review_base import ReviewBase
from copilot.tui.sent import sent_lines

# Seconds between looks at the files on disk.
_LOOK_EVERY = 2.0
_MOST_NAMED = 3


class Busy(ModalScreen[None]):
    """Says what goes on, while no key may change what it is about."""

    DEFAULT_CSS = """
    Busy { align: center middle; }
    Busy > Static {
        width: auto; padding: 1 3; border: round $accent; background: $surface;
    }
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        yield Static(Content(self._text))


class OutsideActions(ReviewBase):
    """Ask the model again; watch the files on disk and place the change on them anew."""

    stale: tuple[int, ...] = ()
    _is_looking = False

    def watch_disk(self) -> None:
        """Look at the files from time to time, in a thread."""
        if self.outside is not None:
            self.set_interval(_LOOK_EVERY, self.look_at_disk)
            self.call_after_refresh(self.look_at_disk)

    def action_ask_again(self) -> None:
        """Show what would be sent to the model, and send it at a word."""
        if self.outside is None or not self.outside.can_ask:
            self.tell("there is no model to ask here", wrong=True)
            return
        outside, review = self.outside, self.review
        self.run_worker(lambda: self._gather(outside, review), thread=True, name="gather")

    def action_place_again(self) -> None:
        """Place the same change on the files as they are now."""
        outside = self.outside
        if outside is None:
            self.tell("the files cannot be looked at here")
            return
        busy = Busy("placing the change on the files as they are")
        self.app.push_screen(busy)
        self.run_worker(lambda: self._place_again(outside, busy), thread=True, name="place again")

    def show_bar(self) -> None:
        """Say which files have changed on disk."""
        bar = self.query_one("#bar", Static)
        bar.display = bool(self.stale)
        names = [one_line(self.review.files[i].change.name) for i in self.stale[:_MOST_NAMED]]
        more = f" and {count(len(self.stale) - len(names), 'other')}"
        rest = more if len(self.stale) > len(names) else ""
        key = next(key for key in END if key.action == "place_again")
        again = shown_keys(keys_in_force(self.app, key), 1)
        bar.update(Content(f"changed on disk: {', '.join(names)}{rest} · {again} places again"))

    def _gather(self, outside: Outside, review: Review) -> None:
        said = feedback(review)
        lines = () if said.is_empty else sent_lines(said)
        if lines and (request := outside.request(review)):
            about = outside.expected(request)
            lines = (*lines, "", *([about] if about else ()), "All of it, word for word:", "")
            lines = (*lines, *visible(request).expandtabs(4).split("\n"))
        self.app.call_from_thread(self._offer, outside, review, lines)

    def _offer(self, outside: Outside, review: Review, lines: Sequence[str]) -> None:
        """Show what would be sent, unless the person has gone on meanwhile."""
        if review is not self.review or not self.is_current:
            return
        if not lines:
            self.tell("say something first: a comment, a rejection, an edit of your own")
            return
        dialog = AskAgain(review, outside, lines)
        self.app.push_screen(dialog, lambda renewed: self._take(renewed) if renewed else None)

    def _take(self, review: Review) -> None:
        """Show the next proposal, and what is new in it."""
        self.stale = ()
        self.show(replace(review, past=None, future=None))
        self.settle()
        self.show_bar()
        fresh = fresh_hunks(review)
        self.tell(f"{count(len(fresh), 'hunk')} {'is' if len(fresh) == 1 else 'are'} new")
        if fresh:
            file, hunk, line = fresh[0]
            self.diff.go_to_line(Place(file, hunk), line)

    def _place_again(self, outside: Outside, busy: Busy) -> None:
        try:
            stale = outside.changed_on_disk(self.review)
            placed = outside.placed_again(self.review) if stale else None
        except CopilotError as error:
            self.app.call_from_thread(self._placed, busy, None, error)
        else:
            self.app.call_from_thread(self._placed, busy, placed, None)

    def _placed(self, busy: Busy, review: Review | None, error: CopilotError | None) -> None:
        busy.dismiss()
        if error is not None:
            lines = [one_line(line) for line in (*error.message.split("\n"), error.hint) if line]
            self.app.push_screen(Listed("not placed; the review is as it was", lines, "esc closes"))
            self.look_at_disk()
            return
        self.stale = ()
        if review is None:
            self.tell("no file has changed on disk")
        else:
            self.show(replace(review, past=None, future=None))
            self.settle()
            self.tell("the change stands on the files as they are on disk: look at it again")
        self.show_bar()

    def look_at_disk(self) -> None:
        if not self._is_looking and self.is_current:
            self._is_looking = True
            self.run_worker(self._compare, thread=True, name="look at the disk")

    def _compare(self) -> None:
        review, outside = self.review, self.outside
        found = outside.changed_on_disk(review) if outside is not None else ()
        self.app.call_from_thread(self._compared, review, found)

    def _compared(self, review: Review, found: tuple[int, ...]) -> None:
        self._is_looking = False
        if not self.is_attached:
            return
        if found != self.stale and len(review.files) == len(self.review.files):
            self.stale = found
            self.show_bar()
