"""What the actions of the review screen stand on: its parts, the review, and steps of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Key
from textual.screen import Screen
from textual.widgets import Footer, Static

from copilot.edits.flags import Flag
from copilot.review.outside import Outside
from copilot.review.state import Place, Review
from copilot.text import one_line
from copilot.tui.dialogs import Question
from copilot.tui.diff_view import DiffView
from copilot.tui.line_input import LineInput
from copilot.tui.progress import progress
from copilot.tui.targets import Files, Lines, OneHunk, Target
from copilot.tui.tree_view import TreeView


class ReviewBase(Screen[Review | None]):
    """The screen's widgets and the review they show.

    Undo goes back to the decisions the screen began with, and no further. Keys that are typed
    within `unheard_seconds` of what is new on the screen do nothing.
    """

    unheard_seconds: ClassVar[float] = 0.5
    _seen_at: float | None = None
    AUTO_FOCUS = "DiffView"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-stacked"), (100, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (16, "-high")]  # noqa: RUF012
    DEFAULT_CSS = """
    ReviewBase {
        #head { height: 1; background: $panel; padding: 0 1; }
        #title {
            width: 1fr; height: 1; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis;
        }
        #progress {
            width: auto; height: 1; padding-left: 2; text-wrap: nowrap; text-overflow: ellipsis;
        }
        #bar { display: none; height: 1; background: $warning; color: $background; padding: 0 1; }
        #why { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        TreeView, DiffView { border: round $foreground 30%; border-title-color: $text-muted; }
        TreeView:focus, DiffView:focus { border: round $primary; border-title-color: $text; }
        TreeView:focus:nocolor, DiffView:focus:nocolor { border: heavy $primary; }
        #panes { height: 1fr; }
        DiffView { width: 1fr; height: 1fr; }
    }
    ReviewBase.-wide TreeView { width: 30%; min-width: 38; max-width: 60; }
    ReviewBase.-stacked #panes, ReviewBase.-narrow #panes { layout: vertical; }
    ReviewBase.-stacked TreeView, ReviewBase.-narrow TreeView { height: auto; max-height: 7; }
    ReviewBase.-narrow #title { display: none; }
    ReviewBase.-narrow #progress { width: 1fr; padding: 0; }
    ReviewBase.-flat TreeView, ReviewBase.-flat DiffView { border: none; }
    ReviewBase.-flat TreeView, ReviewBase.-flat #why { display: none; }
    ReviewBase.-no-tree TreeView { display: none; }
    ReviewBase.-tree TreeView { display: block; }
    ReviewBase.-flat.-tree TreeView { height: 4; }
    """

    def __init__(self, review: Review, title: str, outside: Outside | None = None) -> None:
        super().__init__()
        self.review = replace(review, past=None, future=None)
        self.outside = outside
        self._heading = title

    def compose(self) -> ComposeResult:
        with Horizontal(id="head"):
            yield Static(Content(one_line(self._heading)), id="title")
            yield Static(id="progress")
        yield Static(id="bar")
        if self.review.files:
            with Horizontal(id="panes"):
                yield TreeView(self.review)
                yield DiffView(self.review)
        yield Static(id="why")
        yield LineInput()
        yield Footer(compact=True)

    @property
    def diff(self) -> DiffView:
        return self.query_one(DiffView)

    @property
    def tree_view(self) -> TreeView:
        return self.query_one(TreeView)

    def target(self) -> Target | None:
        """What a decision is about: the tree's row, the range, or the hunk the cursor is in."""
        if self.tree_view.has_focus:
            return Files(self.tree_view.files) if self.tree_view.files else None
        selected = self.diff.selection()
        if selected:
            return Lines(tuple(selected))
        place = self.diff.place
        return Files((self.diff.file,)) if place is None else OneHunk(place)

    def change(self, review: Review) -> bool:
        """Take a step that can be undone; one that changes nothing is none."""
        if review.files == self.review.files and review.comments == self.review.comments:
            return False
        self.show(review)
        return True

    def show(self, review: Review) -> None:
        """Show another review, wherever it comes from."""
        self.review = review
        if self.outside is not None:
            self.outside.keep(review)
        self.diff.show(review)
        self.tree_view.show(review)
        self.show_progress()

    def show_progress(self) -> None:
        self._say("#progress", progress(self.review, self.tree_view.hunks))
        self.show_why()

    def show_why(self) -> None:
        """Say at the bottom why what the cursor is on is flagged."""
        flags = self._flags_here()
        text = " · ".join(f"! {one_line(flag.text)}" for flag in flags)
        self._say("#why", text)

    def _say(self, name: str, text: str) -> None:
        """Put a text into a line; the screen is laid out anew only where its width changes."""
        line = self.query_one(name, Static)
        before = str(line.content)
        if text != before:
            line.update(Content(text), layout=len(text) != len(before))

    def ask(self, question: Question, then: Callable[[], None]) -> None:
        """Ask a question; yes goes on."""
        self.app.push_screen(question, lambda yes: then() if yes else None)

    def settle(self) -> None:
        """Take no key until what is shown could be seen for a moment."""
        self._seen_at = None
        self.call_after_refresh(self._be_seen)

    def on_key(self, event: Key) -> None:
        # A key of the first moment was meant for what stood here before.
        if is_too_soon(event.time, self._seen_at, self.unheard_seconds):
            event.stop()

    def _be_seen(self) -> None:
        self._seen_at = monotonic()

    def tell(self, text: str, *, wrong: bool = False) -> None:
        """Say something for a moment."""
        self.notify(one_line(text), severity="warning" if wrong else "information", markup=False)

    def _flags_here(self) -> tuple[Flag, ...]:
        file, place = self.review.files[self.diff.file], self.diff.place
        if place is None:
            return file.file_flags
        flags = file.hunk_flags(place.hunk)
        old = old_line(self.review, place, self.diff.line)
        return tuple(flag for flag in flags if flag.old_line == old) or flags or file.file_flags


def is_too_soon(typed: float, seen: float | None, wanted: float) -> bool:
    """Tell whether a key was typed before a screen was seen for the wanted seconds.

    Times are seconds of the monotonic clock; `seen` is None before the screen is drawn.
    """
    return wanted > 0 and (seen is None or typed - seen < wanted)


def old_line(review: Review, place: Place, line: int | None) -> int | None:
    """Return the 0-based line of the file before at a line of a hunk; None without a line."""
    if line is None:
        return None
    hunk = review.files[place.file].hunks[place.hunk]
    return hunk.old_start + sum(one.tag != "+" for one in hunk.lines[:line])
