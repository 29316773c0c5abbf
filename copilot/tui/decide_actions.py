"""The review screen's actions that decide, and those that take decisions back."""

from __future__ import annotations

from copilot.review.state import (
    Decision,
    Place,
    Review,
    decide_all,
    next_undecided,
    redo,
    split,
    undo,
)
from copilot.tui.diff_view import DiffView
from copilot.tui.review_base import ReviewBase
from copilot.tui.targets import Files, Lines, OneHunk, Target, decided, toggled


class DecideActions(ReviewBase):
    """Accept, reject, undecide; toggle; undo and redo."""

    def action_decide(self, decision: str) -> None:
        target = self.target()
        if target is not None:
            self.change(decided(self.review, target, Decision(decision)))
            self.diff.end_selection()

    def action_decide_line(self, decision: str) -> None:
        """Decide the line the cursor is on, or the range."""
        lines = self._lines()
        if lines is None:
            self.tell("the cursor is on no changed line", wrong=True)
            return
        self.change(decided(self.review, lines, Decision(decision)))
        self.diff.end_selection()

    def action_decide_file(self, decision: str) -> None:
        files = self.tree_view.files if self.tree_view.has_focus else (self.diff.file,)
        self.change(decided(self.review, Files(files), Decision(decision)))

    def action_decide_rest(self, decision: str) -> None:
        self.change(decide_all(self.review, Decision(decision), only_undecided=True))

    def action_toggle_here(self) -> None:
        target = self._pointed_at()
        if target is not None:
            self.change(toggled(self.review, target))
            self.diff.end_selection()

    def action_toggle_next(self) -> None:
        """Toggle, then go on: from a line to the next row, else to the next undecided hunk."""
        if self.diff.on == "fold":
            self.diff.action_open_fold()
            return
        target = self._pointed_at()
        if target is None:
            return
        self.action_toggle_here()
        if isinstance(target, Lines):
            self.diff.action_row(1)
        else:
            following = next_undecided(self.review, self.diff.place)
            if following is not None:
                self.diff.go_to(following)

    def on_diff_view_mark_clicked(self, message: DiffView.MarkClicked) -> None:
        """Toggle the line, hunk or file whose mark was clicked."""
        target: Target = Files((message.file,))
        if message.place and message.lines:
            target = Lines(tuple((message.place, line, line) for line in message.lines))
        elif message.place:
            target = OneHunk(message.place)
        self.change(toggled(self.review, target))

    def action_undecided(self, step: int) -> None:
        """Go to the next hunk of which something is undecided, or to the one before."""
        place = next_undecided(self.review, self.diff.place, step=step)
        if place is None:
            self.tell("nothing is undecided")
        else:
            self.diff.go_to(place)

    def action_split(self) -> None:
        """Cut the hunk before the cursor's line; from its header, wherever lines are unchanged."""
        place = self.diff.place
        if place is None:
            return
        line = self.diff.line if self.diff.on == "line" else None
        if not self.change(split(self.review, place, line or None)):
            self.tell("the hunk cannot be cut here", wrong=True)

    def action_undo(self) -> None:
        self._change_back(undo(self.review))

    def action_redo(self) -> None:
        self._change_back(redo(self.review))

    def _pointed_at(self) -> Target | None:
        """What the cursor is on: a line, a hunk's or a file's header, a row of the tree."""
        if self.tree_view.has_focus:
            return self.target()
        if self.diff.on == "file":
            return Files((self.diff.file,))
        return self._lines() or self.target()

    def _lines(self) -> Lines | None:
        """The range, or the changed line the cursor is on; side by side perhaps two."""
        selected = self.diff.selection()
        if selected:
            return Lines(tuple(selected))
        place = self.diff.place
        if place is None:
            return None
        file = self.review.files[place.file]
        changed = [n for n in self.diff.lines if file.line_decision(place.hunk, n) is not None]
        return Lines(tuple((place, n, n) for n in changed)) if changed else None

    def _change_back(self, review: Review) -> None:
        """Take a step through the history, and go where it changed something."""
        before = self.review
        if not self.change(review):
            return
        changed = changed_places(before, review)
        if changed and self.diff.place not in changed:
            self.diff.go_to(changed[0])


def changed_places(before: Review, after: Review) -> list[Place]:
    """Return the hunks, as they are after, of the first file on which a step changed something."""
    pairs = enumerate(zip(before.files, after.files, strict=True))
    found = next(((n, old, new) for n, (old, new) in pairs if old is not new), None)
    if found is None:
        return []
    index, old, new = found
    every = [*range(len(new.hunks))]
    if old.shape is new.shape:
        every = [n for n in every if old.line_decisions(n) != new.line_decisions(n)]
    return [Place(index, n) for n in every]
