"""The review screen's actions that write: edits in the person's editor, comments, reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from textual.app import SuspendNotSupported

from copilot.edits.changes import DiffLine
from copilot.errors import CopilotError, EditsRefused
from copilot.review.hunktext import from_text, to_text
from copilot.review.state import (
    Comment,
    Decision,
    Place,
    Review,
    with_comment,
    with_edited_file,
    with_edited_hunk,
    without_comment,
)
from copilot.text import one_line, suffix_of, visible
from copilot.tui.dialogs import Listed, Question, TextDialog
from copilot.tui.labels import count
from copilot.tui.review_base import ReviewBase
from copilot.tui.targets import as_one_step

# How much of what a comment is about is shown beside it.
_MOST_QUOTED = 6
_MOST_CHARACTERS = 200

Parts = Sequence[tuple[Place, int, int]]


class TextActions(ReviewBase):
    """Edit a hunk or a whole file; comment; reject with a reason."""

    def action_edit_hunk(self) -> None:
        place = self.diff.place
        if place is None:
            self.tell("there is no hunk here", wrong=True)
            return
        hunk = self.review.files[place.file].hunks[place.hunk]
        if hunk.kind not in ("text", "create"):
            self.tell(f"a {hunk.kind} has no lines to edit", wrong=True)
            return
        self._edit_hunk(place, to_text(hunk))

    def action_edit_file(self) -> None:
        """Edit the whole file as it will be."""
        index = self.diff.file
        change = self.review.files[index].change
        data = change.before if change.after is None else change.after

        def take(typed: bytes) -> None:
            if typed == change.after:
                self.tell("the file is as it was")
                return
            try:
                if self.change(with_edited_file(self.review, index, typed)):
                    self._tell_open(index)
            except EditsRefused as refusal:
                self._complain(refusal)

        self._have_edited(data or b"", suffix_of(change.path), take)

    def _tell_open(self, index: int) -> None:
        """Say how much of an edited file is to be decided; what was not touched is as it was."""
        file = self.review.files[index]
        left = sum(file.holds(hunk, Decision.UNDECIDED) for hunk in range(len(file.hunks)))
        if left:
            self.tell(f"decisions on lines that you left stand; to decide: {count(left, 'hunk')}")

    def action_comment(self) -> None:
        """Comment on what the cursor is on; on a comment, change it."""
        if self.diff.comment is None:
            self._write("Comment", is_rejection=False)
        else:
            self._edit_comment(self.diff.comment)

    def action_reject_because(self) -> None:
        self._write("Reject, because", is_rejection=True)

    def action_comments(self) -> None:
        """List the comments; go to one, change it, or delete it."""
        if not self.review.comments:
            self.tell("there are no comments")
            return
        items = [_told(comment) for comment in self.review.comments]
        listed = Listed("Comments", items, "enter goes there · e edits · d deletes · esc")
        self.app.push_screen(listed, self._with_listed)

    def _edit_hunk(self, place: Place, text: bytes) -> None:
        """Have a hunk edited; what cannot be taken may be typed on."""

        def take(typed: bytes) -> None:
            try:
                lines = from_text(typed)
                if not lines or lines == self.review.files[place.file].hunks[place.hunk].lines:
                    self.tell("the hunk is as it was")
                else:
                    self.change(with_edited_hunk(self.review, place, lines))
            except EditsRefused as refusal:
                why = f"{one_line(refusal.message)}; {one_line(refusal.hint)}"
                question = Question(f"{why}\n\nGo back to what you typed?")
                self.ask(question, lambda: self._edit_hunk(place, typed))

        self._have_edited(text, ".diff", take)

    def _have_edited(self, data: bytes, suffix: str, take: Callable[[bytes], None]) -> None:
        """Leave the screen to the person's editor, and give what he typed to `take`.

        In a browser there is no terminal to leave: a dialog serves for plain text.
        """
        if self.outside is None:
            self.tell("there is no editor here", wrong=True)
            return
        try:
            with self.app.suspend():
                typed = self.outside.edit(data, suffix)
        except SuspendNotSupported:
            self._edit_in_dialog(data, take)
        except CopilotError as error:
            self._complain(error)
        else:
            if typed is None:
                self.tell("the edit was given up")
            else:
                take(typed)

    def _edit_in_dialog(self, data: bytes, take: Callable[[bytes], None]) -> None:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = "\0"
        if visible(text) != text or "\r" in text:
            self.tell("this text needs an editor, and that a terminal of its own", wrong=True)
            return
        dialog = TextDialog("Edit", text=text, is_exact=True)
        self.app.push_screen(dialog, lambda typed: take(typed.encode()) if typed else None)

    def _write(self, title: str, *, is_rejection: bool) -> None:
        parts = self._parts()
        if not parts:
            self.tell("there are no changed lines here", wrong=True)
            return

        def add(text: str | None) -> None:
            if not text:
                return
            review = self.review
            for place, first, last in parts:
                review = with_comment(review, place, first, last, text, is_rejection=is_rejection)
            self.change(as_one_step(self.review, review))
            self.diff.end_selection()

        about = _quoted([line for part in parts for line in self._lines_of(*part)])
        self.app.push_screen(TextDialog(f"{title} · {self._where(parts)}", about), add)

    def _parts(self) -> Parts:
        """What a comment is about: the range, the line, or the whole hunk."""
        selected = self.diff.selection()
        if selected:
            return selected
        place, line = self.diff.place, self.diff.line
        if place is None:
            return []
        if line is not None:
            return [(place, line, line)]
        last = len(self.review.files[place.file].hunks[place.hunk].lines) - 1
        return [(place, 0, max(0, last))]

    def _lines_of(self, place: Place, first: int, last: int) -> Sequence[DiffLine]:
        return self.review.files[place.file].hunks[place.hunk].lines[first : last + 1]

    def _where(self, parts: Parts) -> str:
        path = one_line(self.review.files[parts[0][0].file].change.path)
        lines = sum(last - first + 1 for _, first, last in parts)
        return f"{path}, {count(lines, 'line')}"

    def _with_listed(self, answer: tuple[str, int] | None) -> None:
        if answer is None:
            return
        verb, index = answer
        comment = self.review.comments[index]
        if verb == "delete":
            self.change(without_comment(self.review, index))
        elif verb == "edit":
            self._edit_comment(index)
        else:
            place = place_of(self.review, comment)
            if place is not None:
                self.diff.go_to(place)

    def _edit_comment(self, index: int) -> None:
        """Let a comment be worded anew; without words it is deleted."""
        comment = self.review.comments[index]

        def reword(text: str | None) -> None:
            if text:
                self.change(with_text(self.review, index, text))
            elif text is not None:
                self.change(without_comment(self.review, index))

        title = f"Comment · {one_line(comment.path)}"
        self.app.push_screen(TextDialog(title, _quoted(comment.quoted), comment.text), reword)

    def _complain(self, error: CopilotError) -> None:
        self.tell(f"{error.message}; {error.hint}" if error.hint else error.message, wrong=True)


def with_text(review: Review, index: int, text: str) -> Review:
    """Return the review with other words in one comment, as a step of its own."""
    comments = [*review.comments]
    comments[index] = replace(comments[index], text=text)
    return as_one_step(review, replace(review, comments=tuple(comments)))


def place_of(review: Review, comment: Comment) -> Place | None:
    """Return the hunk that a comment is about, or the file's first; None without hunks."""
    hunks = review.files[comment.file].hunks
    for number, hunk in enumerate(hunks):
        old = range(hunk.old_start, hunk.old_start + hunk.old_count)
        new = range(hunk.new_start, hunk.new_start + hunk.new_count)
        if _meet(old, comment.old) or _meet(new, comment.new):
            return Place(comment.file, number)
    return Place(comment.file, 0) if hunks else None


def _meet(one: range, other: range) -> bool:
    return max(one.start, other.start) < min(one.stop, other.stop)


def _quoted(lines: Sequence[DiffLine]) -> str:
    shown = [_shown(line) for line in lines[:_MOST_QUOTED]]
    rest = len(lines) - len(shown)
    return "\n".join([*shown, f"… {count(rest, 'more line')}"] if rest else shown)


def _shown(line: DiffLine) -> str:
    text = line.data[: 4 * _MOST_CHARACTERS].decode("utf-8", "surrogateescape")
    return f"{line.tag} {visible(text[:_MOST_CHARACTERS].rstrip()).expandtabs(4)}"


def _told(comment: Comment) -> str:
    at = comment.new.start if comment.new else comment.old.start
    verb = "rejected, because" if comment.is_rejection else "comment"
    return f"{one_line(comment.path)}:{at + 1} · {verb}\n  {one_line(comment.text)}"
