from __future__ import annotations

from copilot.edits.changes import ChangeSet, DiffLine, FileChange
from copilot.review.state import (
    Decision,
    Place,
    Review,
    start,
    undo,
    with_comment,
    with_edited_file,
    with_edited_hunk,
    without_comment,
)

_NUMBERED = b"".join(b"%d\n" % number for number in range(30))
_CHANGED = _NUMBERED.replace(b"\n3\n", b"\nx\n").replace(b"\n13\n14\n", b"\ny\n14\nz\n")


def _review() -> Review:
    moved = FileChange("lib", "new", b"", b"", "old")
    return start(ChangeSet((FileChange("main", "f", _NUMBERED, _CHANGED), moved)))


def test_a_comment_says_where_it_stands_on_both_sides_and_quotes_the_lines() -> None:
    review = with_comment(_review(), Place(0, 1), 1, 2, "why?")
    (comment,) = review.comments
    assert (comment.file, comment.path, comment.text) == (0, "main/f", "why?")
    assert (comment.old, comment.new) == (range(14, 15), range(13, 15))
    assert comment.quoted == (DiffLine("+", b"y\n"), DiffLine(" ", b"14\n"))
    assert review.files == _review().files


def test_a_comment_on_a_move_has_no_lines() -> None:
    (comment,) = with_comment(_review(), Place(1, 0), 0, 0, "why?").comments
    assert (comment.path, comment.old, comment.new) == ("lib/new", range(0), range(0))


def test_a_rejection_with_its_reason_is_one_step() -> None:
    review = with_comment(_review(), Place(0, 1), 0, 0, "no", is_rejection=True)
    assert review.files[0].line_decisions(1) == (
        Decision.REJECTED,
        Decision.UNDECIDED,
        None,
        Decision.UNDECIDED,
    )
    assert review.comments[0].is_rejection
    assert undo(review) == _review()


def test_a_comment_follows_its_lines_when_others_are_edited() -> None:
    review = with_comment(_review(), Place(0, 1), 1, 1, "why?")
    lines = (DiffLine("-", b"3\n"), DiffLine("+", b"x\n"), DiffLine("+", b"more\n"))
    edited = with_edited_hunk(review, Place(0, 0), lines)
    assert (edited.comments[0].old, edited.comments[0].new) == (range(14, 14), range(14, 15))
    shorter = with_edited_file(review, 0, _CHANGED.removeprefix(b"0\n1\n"))
    assert shorter.comments[0].new == range(11, 12)
    assert undo(edited).comments == review.comments


def test_a_comment_on_lines_that_are_edited_stays_near() -> None:
    review = with_comment(_review(), Place(0, 1), 1, 3, "why?")
    edited = with_edited_file(review, 0, _CHANGED.replace(b"\ny\n14\nz\n", b"\nw\n"))
    assert edited.comments[0].new == range(13, 14)
    assert edited.comments[0].quoted == review.comments[0].quoted


def test_a_comment_taken_away_comes_back_by_undo() -> None:
    review = with_comment(with_comment(_review(), Place(0, 0), 0, 0, "a"), Place(0, 1), 0, 0, "b")
    without = without_comment(review, 0)
    assert [comment.text for comment in without.comments] == ["b"]
    assert undo(without) == review
