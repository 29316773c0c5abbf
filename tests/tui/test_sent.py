"""What will be told to a model, in lines."""

from __future__ import annotations

from collections.abc import Callable

from copilot.edits.changes import FileChange
from copilot.review.feedback import feedback
from copilot.review.state import Decision, Place, Review, decide, with_comment, with_edited_file
from copilot.tui.sent import sent_lines

Make = Callable[..., Review]


def test_files_reasons_comments_and_edits(review_of: Make, two_hunks: FileChange) -> None:
    review = decide(review_of(two_hunks), Place(0, 0), Decision.ACCEPTED)
    review = with_comment(review, Place(0, 0), 1, 1, "shout\nless\x1b[2J")
    review = with_comment(review, Place(0, 1), 0, 1, "wrong line", is_rejection=True)
    assert sent_lines(feedback(review)) == (
        "app/src/a.txt: 1 part accepted, 1 part rejected, 1 comment",
        "  rejected line 15: wrong line",
        "  line 3: shout\\nless\\x1b[2J",
    )


def test_own_edits_are_named(review_of: Make, two_hunks: FileChange) -> None:
    review = with_edited_file(review_of(two_hunks), 0, b"all new\n")
    (line,) = sent_lines(feedback(review))
    assert line.endswith("edited by you")


def test_nothing_said_is_nothing_sent(many_kinds: Review) -> None:
    assert sent_lines(feedback(many_kinds)) == ()
