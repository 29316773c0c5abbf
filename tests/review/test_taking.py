from __future__ import annotations

import pytest

from copilot.edits.changes import EXECUTABLE_MODE, PLAIN_MODE, ChangeSet, FileChange
from copilot.review.state import (
    Decision,
    Place,
    Review,
    accepted,
    choose_lines,
    decide,
    decide_lines,
    start,
)

_A = Decision.ACCEPTED
_HERE = Place(0, 0)


def _review(
    before: bytes | None, after: bytes | None, old: int | None = None, new: int | None = None
) -> Review:
    return start(ChangeSet((FileChange("main", "f", before, after, None, old, new),)))


@pytest.mark.parametrize(
    ("before", "after", "chosen", "taken"),
    [
        # Of -a -b +A +B, one line's old and new state alone.
        (b"a\nb\n", b"A\nB\n", [0, 2], b"A\nb\n"),
        (b"a\nb\n", b"A\nB\n", [1, 3], b"a\nB\n"),
        (b"a\nb\n", b"A\nB\n", [2], b"a\nA\nb\n"),
        (b"a\nb\n", b"A\nB\n", [0], b"b\n"),
        (b"a\nb\n", b"A\nB\n", [1, 2, 3], b"a\nA\nB\n"),
        # A line that stands alone keeps its place between its neighbours.
        (b"x = 1\ny = 2\n", b"new\ny = 3\n", [2], b"x = 1\nnew\ny = 2\n"),
        # The last line has no line end until another follows.
        (b"a", b"a\nb\n", [2], b"a\nb\n"),
        (b"a", b"a\nb\n", [0, 1], b"a\n"),
        (b"a\nb", b"A\nB\nc", [3, 4], b"a\nb\nB\nc"),
        (b"x\r\na", b"x\r\na\r\nb", [2], b"x\r\na\r\nb"),
        (b"a\n", b"a\nb", [0], b"a\nb"),
        # Line ends are changes like others.
        (b"a\nb\n", b"a\r\nb\r\n", [0, 2], b"a\r\nb\n"),
    ],
)
def test_some_lines_of_a_hunk(before: bytes, after: bytes, chosen: list[int], taken: bytes) -> None:
    (change,) = accepted(choose_lines(_review(before, after), _HERE, chosen)).changes
    assert change.after == taken


def test_some_lines_of_a_new_file_are_a_file_and_none_is_none() -> None:
    review = _review(None, b"a\nb\nc", None, EXECUTABLE_MODE)
    (change,) = accepted(choose_lines(review, _HERE, [0, 2])).changes
    assert change == FileChange("main", "f", None, b"a\nc", mode=EXECUTABLE_MODE)
    assert not accepted(choose_lines(review, _HERE, []))


def test_a_file_is_deleted_only_if_all_of_it_is() -> None:
    review = _review(b"a\nb\n", None, PLAIN_MODE)
    assert accepted(choose_lines(review, _HERE, [0])).changes == (
        FileChange("main", "f", b"a\nb\n", b"b\n"),
    )
    assert accepted(choose_lines(review, _HERE, [0, 1])) == ChangeSet((review.files[0].change,))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\n\0b\n", b"A\n\0B\n"),
        ("a\nb\n".encode("utf-16"), "A\nB\n".encode("utf-16")),
        (None, b"a\0\nb\n"),
        (b"a\0\nb\n", None),
        (None, b""),
        (b"", None),
    ],
)
def test_what_cannot_be_cut_is_taken_as_a_whole(before: bytes | None, after: bytes | None) -> None:
    review = _review(before, after)
    assert len(review.files[0].hunks) == 1
    assert accepted(decide_lines(review, _HERE, 0, 0, _A)).changes == (review.files[0].change,)
    assert not accepted(decide(review, _HERE, Decision.REJECTED))


def test_lines_beside_a_move_and_a_mode() -> None:
    change = FileChange("main", "f", b"a\nb\n", b"A\nB\n", "g", PLAIN_MODE, EXECUTABLE_MODE)
    review = choose_lines(start(ChangeSet((change,))), Place(0, 2), [0, 2])
    assert accepted(review).changes == (FileChange("main", "g", b"a\nb\n", b"A\nb\n"),)
    moved = decide(review, Place(0, 0), _A)
    assert accepted(moved).changes == (FileChange("main", "f", b"a\nb\n", b"A\nb\n", "g"),)
