"""The review screen: files and diff, a decision for every line, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.binding import ActiveBinding, BindingType
from textual.dom import DOMNode
from textual.widgets import Input

from copilot.review.outside import Outside
from copilot.review.state import Decision, Place, Review, decide_all
from copilot.tui.decide_actions import DecideActions
from copilot.tui.dialogs import Confirm, Help, Question, key_rows, keys_in_force
from copilot.tui.diff_view import DiffView
from copilot.tui.keys import DIFF, END, SCREEN, TABLES, Key, bindings, shown_keys
from copilot.tui.labels import BY_HAND, FRESH, MARKS, MIXED
from copilot.tui.line_input import LineInput
from copilot.tui.outside_actions import OutsideActions
from copilot.tui.progress import fresh_hunks, progress, would_be_lost, would_be_written
from copilot.tui.text_actions import TextActions
from copilot.tui.tree_view import TreeView

_SEARCH = "search the diff"
_FILTER = "show only files whose names hold"

# What the footer shows first: a narrow one has no room for more.
_FOOTER = ("accept", "reject", "apply", "quit", "help", "toggle", "comment", "undo", "ask-again")
_SIGNS = [
    *((mark, decision.value) for decision, mark in MARKS.items()),
    (MIXED, "partly, or mixed"),
    ("!", "flagged: the line at the bottom says why"),
    ("x -", "before a line: accepted, rejected"),
    (FRESH, "new in this proposal"),
    (BY_HAND, "typed by you"),
    ("A D R", "new file, deleted, renamed"),
    ("+x -x", "becomes executable, ceases to be"),
]


class ReviewScreen(DecideActions, TextActions, OutsideActions, inherit_bindings=False):
    """Shows a review and is dismissed with the decided one; None where the person quits.

    `outside` is what the review may ask of disk, model and editor; None: nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(SCREEN)

    def __init__(self, review: Review, title: str, outside: Outside | None = None) -> None:
        super().__init__(review, title, outside)
        self._needle = ""

    def on_mount(self) -> None:
        if all(file.shape.is_empty for file in self.review.files):
            self.dismiss(self.review)
            return
        self.diff.go_to_file(0)
        self.show_progress()
        self.watch_disk()
        self.settle()

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """The bindings in the order in which the footer shows them, whatever their keys."""
        order = {name: place for place, name in enumerate(_FOOTER)}
        found = super().active_bindings.items()
        return dict(sorted(found, key=lambda item: order.get(item[1].binding.id or "", len(order))))

    def commands(self) -> Iterator[tuple[Key, DOMNode]]:
        """All that can be done here, for the palette."""
        yield from ((key, self) for key in SCREEN if self.check_action(key.action, ()))
        yield from ((key, self.diff) for key in DIFF)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to ask the model only where there is one."""
        if action == "ask_again":
            return self.outside is not None and self.outside.can_ask
        return super().check_action(action, parameters)

    def on_diff_view_moved(self, message: DiffView.Moved) -> None:
        self.tree_view.select(message.file)
        self.show_why()

    def on_tree_view_chosen(self, message: TreeView.Chosen) -> None:
        self.diff.go_to_file(message.file)
        if message.leaves:
            self.set_focus(self.diff)

    def on_tree_view_counted(self, _message: TreeView.Counted) -> None:
        self.show_progress()

    def action_hunk(self, step: int) -> None:
        self.diff.go_to_hunk(step)

    def action_file(self, step: int) -> None:
        file = self.diff.file + step
        if 0 <= file < len(self.review.files):
            self.diff.go_to_file(file)

    def action_fresh(self) -> None:
        """Go to the next hunk that the proposal before had not."""
        found = fresh_hunks(self.review)
        if not found:
            self.tell("nothing is new against the last proposal")
            return
        here = (self.diff.file, self.diff.place.hunk if self.diff.place else -1)
        behind = [one for one in found if one[:2] > here]
        file, hunk, line = (behind or found)[0]
        self.diff.go_to_line(Place(file, hunk), line)

    def action_other_pane(self) -> None:
        if self.tree_view.has_focus:
            self.set_focus(self.diff)
        else:
            self._show_tree(True)
            self.set_focus(self.tree_view)

    def action_tree(self) -> None:
        """Show or hide the tree."""
        self._show_tree(not self.tree_view.display)

    def action_search(self) -> None:
        """Search the diff; in the tree show only some files."""
        purpose = _FILTER if self.tree_view.has_focus else _SEARCH
        self.query_one(LineInput).open(purpose, self.tree_view.wanted if purpose == _FILTER else "")

    def action_search_next(self, step: int) -> None:
        if not self._needle:
            self.action_search()
        elif not self.diff.find(self._needle, step):
            self.tell(f"no match for {self._needle}")

    def on_input_changed(self, message: Input.Changed) -> None:
        if self.query_one(LineInput).purpose == _FILTER:
            self.tree_view.filter(message.value)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        self._close_line()
        if self.query_one(LineInput).purpose == _SEARCH:
            self._needle = message.value
            if self._needle:
                self.action_search_next(1)

    def on_line_input_left(self, _message: LineInput.Left) -> None:
        if self.query_one(LineInput).purpose == _FILTER:
            self.tree_view.filter("")
        self._close_line()

    def action_help(self) -> None:
        remapped = getattr(self.app, "remapped", {})
        sections = [(title, key_rows(keys, remapped)) for title, keys in TABLES.items()]
        self.app.push_screen(Help([*sections, ("Marks", _SIGNS)]))

    def action_apply(self) -> None:
        """Say what will be written, and leave with the review; what is undecided is rejected."""
        if self.stale:
            self.action_place_again()
            return
        hunks = self.tree_view.hunks
        decided = decide_all(self.review, Decision.REJECTED, only_undecided=True)
        written = would_be_written(decided, hunks)
        text = f"Apply {written}?" if written else "Nothing is accepted. End without writing?"
        if not self.review.is_decided:
            text += f" {progress(self.review, hunks)}. What is undecided will count as rejected."
        self.ask(Confirm(text), lambda: self._end(decided))

    def action_leave(self) -> None:
        """Leave without a result, after a question where something would be lost."""
        lost = would_be_lost(self.review)
        if lost:
            question = Question(f"Quit without applying? Lost would be: {lost}.")
            self.ask(question, lambda: self._end(None))
        else:
            self._end(None)

    def action_back(self) -> None:
        """End the range, then the filter; the review has a key of its own to leave it."""
        if self.diff.selection():
            self.diff.end_selection()
        elif self.tree_view.wanted:
            self.tree_view.filter("")
        else:
            key = next(key for key in END if key.action == "leave")
            self.tell(f"{shown_keys(keys_in_force(self.app, key), 1)} quits")

    def _end(self, review: Review | None) -> None:
        self.dismiss(review)

    def _show_tree(self, wanted: bool) -> None:
        self.set_class(wanted, "-tree")
        self.set_class(not wanted, "-no-tree")
        if not wanted and self.tree_view.has_focus:
            self.set_focus(self.diff)

    def _close_line(self) -> None:
        line = self.query_one(LineInput)
        line.close()
        self.set_focus(self.tree_view if line.purpose == _FILTER else self.diff)
