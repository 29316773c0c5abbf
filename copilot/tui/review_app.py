"""The review screen: files at the left, the diff at the right, a decision for every hunk."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Footer, Input, Static

from copilot.review.state import (
    Decision,
    Review,
    decide,
    decide_all,
    decide_file,
    decision_at,
    next_undecided,
    places,
    redo,
    undo,
)
from copilot.text import one_line
from copilot.tui.dialogs import Help, Question
from copilot.tui.diff_view import DiffView
from copilot.tui.file_list import FileList
from copilot.tui.keys import DECIDE_KEYS, END_KEYS, MOVE_KEYS
from copilot.tui.labels import count, decided_count, progress

_AFTER_TOGGLE = {
    Decision.UNDECIDED: Decision.ACCEPTED,
    Decision.ACCEPTED: Decision.REJECTED,
    Decision.REJECTED: Decision.UNDECIDED,
}


def review_in_terminal(review: Review, title: str) -> Review | None:
    """Let a person decide on every hunk, and return the decided review.

    `title` is the task, shown above the diff. None means that the person quit: nothing may be
    written. A review without hunks comes back at once. The caller makes sure that stdin and
    stderr are terminals; Textual does not.
    """
    return ReviewApp(review, title).run() if places(review) else review


class SearchInput(Input):
    """The line a person types a search into; escape leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Find"),
        Binding("escape", "app.end_search", "Cancel"),
    ]


class ReviewApp(App[Review | None]):
    """Shows a review and returns the decided one; None where the person quits.

    Undo goes back to the decisions the screen began with, and no further: earlier steps of the
    review may hold other changes than those on the screen.
    """

    TITLE = "repo-copilot"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [*DECIDE_KEYS, *MOVE_KEYS, *END_KEYS]
    HORIZONTAL_BREAKPOINTS = [(0, "-stacked"), (100, "-wide")]  # noqa: RUF012
    CSS = """
    #head { height: 1; background: $panel; padding: 0 1; }
    #title { width: 1fr; height: 1; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis; }
    #progress { width: auto; padding-left: 2; }
    FileList, DiffView { border: round $panel-lighten-2; border-title-color: $text-muted; }
    FileList:focus, DiffView:focus { border: round $primary; border-title-color: $text; }
    .-wide FileList { width: 30%; min-width: 38; max-width: 60; }
    #panes { height: 1fr; }
    .-stacked #panes { layout: vertical; }
    .-stacked FileList { height: auto; max-height: 6; }
    DiffView { width: 1fr; height: 1fr; }
    SearchInput { display: none; height: 1; border: none; padding: 0 1; }
    """

    def __init__(self, review: Review, title: str) -> None:
        super().__init__()
        self.review = Review(review.files)
        self._heading = title
        self._needle = ""

    def compose(self) -> ComposeResult:
        with Horizontal(id="head"):
            yield Static(Content(one_line(self._heading)), id="title")
            yield Static(id="progress")
        if self.review.files:
            with Horizontal(id="panes"):
                yield FileList(self.review)
                yield DiffView(self.review)
        yield SearchInput(placeholder="search")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        if not places(self.review):
            self.exit(self.review)
            return
        self._diff.focus()
        self._show_progress()

    @property
    def _diff(self) -> DiffView:
        return self.query_one(DiffView)

    def on_diff_view_moved(self, message: DiffView.Moved) -> None:
        self.query_one(FileList).select(message.file)

    def on_file_list_clicked(self, message: FileList.Clicked) -> None:
        self._diff.go_to_file(message.file)

    def action_toggle_hunk(self) -> None:
        place = self._diff.place
        if place is not None:
            now = decision_at(self.review, place)
            self._change(decide(self.review, place, _AFTER_TOGGLE[now]))

    def action_decide(self, decision: str) -> None:
        place = self._diff.place
        if place is not None:
            self._change(decide(self.review, place, Decision(decision)))

    def action_accept_and_advance(self) -> None:
        place = self._diff.place
        self.action_decide("accepted")
        following = next_undecided(self.review, place)
        if following is not None:
            self._diff.go_to(following)

    def action_decide_file(self, decision: str) -> None:
        self._change(decide_file(self.review, self._diff.file, Decision(decision)))

    def action_decide_rest(self, decision: str) -> None:
        self._change(decide_all(self.review, Decision(decision), only_undecided=True))

    def action_undo(self) -> None:
        self._change_back(undo(self.review))

    def action_redo(self) -> None:
        self._change_back(redo(self.review))

    def action_hunk(self, step: int) -> None:
        self._diff.go_to_hunk(step)

    def action_file(self, step: int) -> None:
        file = self._diff.file + step
        if 0 <= file < len(self.review.files):
            self._diff.go_to_file(file)

    def action_search(self) -> None:
        line = self.query_one(SearchInput)
        line.display = True
        line.focus()

    def action_end_search(self) -> None:
        self.query_one(SearchInput).display = False
        self._diff.focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        self._needle = message.value
        self.action_end_search()
        self.action_search_next()

    def action_search_next(self) -> None:
        if self._needle and not self._diff.find(self._needle):
            self.notify(f"no match for {one_line(self._needle)}", markup=False)

    def action_help(self) -> None:
        self.push_screen(Help())

    def action_apply(self) -> None:
        """Leave with the review; hunks left undecided count as rejected, after a question."""
        undecided = self.review.count(Decision.UNDECIDED)
        if not undecided:
            self.exit(self.review)
            return
        decided = decide_all(self.review, Decision.REJECTED, only_undecided=True)
        accepted = count(self.review.count(Decision.ACCEPTED), "accepted hunk")
        text = f"Apply {accepted}? {count(undecided, 'undecided hunk')} will count as rejected."
        self.push_screen(Question(text), lambda yes: self.exit(decided) if yes else None)

    async def action_quit(self) -> None:
        """Leave without a result, after a question where decisions would be lost."""
        lost = decided_count(self.review)
        if not lost:
            self.exit(None)
            return
        text = f"Quit without applying? {count(lost, 'decision')} will be lost."
        self.push_screen(Question(text), lambda yes: self.exit(None) if yes else None)

    def _change(self, review: Review) -> None:
        """Take a step that can be undone; a step that decides nothing is none."""
        if review.files != self.review.files:
            self._show(review)

    def _change_back(self, review: Review) -> None:
        """Take a step through the history, and go where it changed something."""
        changed = [
            place
            for place in places(review)
            if decision_at(review, place) is not decision_at(self.review, place)
        ]
        self._show(review)
        if changed and self._diff.place not in changed:
            self._diff.go_to(changed[0])

    def _show(self, review: Review) -> None:
        self.review = review
        self._diff.show(review)
        self.query_one(FileList).show(review)
        self._show_progress()

    def _show_progress(self) -> None:
        self.query_one("#progress", Static).update(Content(progress(self.review)))
