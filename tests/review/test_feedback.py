from __future__ import annotations

from typing import Literal

from copilot.edits.changes import ChangeSet, DiffLine, FileChange
from copilot.review.feedback import Part, feedback
from copilot.review.state import (
    Decision,
    Place,
    Review,
    choose_lines,
    decide,
    decide_all,
    decide_file,
    start,
    with_comment,
    with_edited_hunk,
)

_A, _R = Decision.ACCEPTED, Decision.REJECTED
_NUMBERED = b"".join(b"%d\n" % number for number in range(30))
_CHANGED = _NUMBERED.replace(b"\n3\n4\n", b"\nx\ny\n").replace(b"\n13\n", b"\nz\n")
_CHANGES = ChangeSet(
    (
        FileChange("main", "a", _NUMBERED, _CHANGED),
        FileChange("main", "b", b"a\n", b"a\n", "c"),
        FileChange("main", "d", b"1\n", b"2\n"),
    )
)
_HERE = Place(0, 0)


def _review() -> Review:
    return start(_CHANGES)


def _lines(*tagged: str) -> tuple[DiffLine, ...]:
    tags: dict[str, Literal[" ", "-", "+"]] = {" ": " ", "-": "-", "+": "+"}
    return tuple(DiffLine(tags[line[0]], f"{line[1:]}\n".encode()) for line in tagged)


def test_nothing_said_and_all_accepted_need_no_answer() -> None:
    assert feedback(_review()).files == ()
    accepted = feedback(decide_all(_review(), _A))
    assert accepted.is_empty
    assert [file.name for file in accepted.files] == ["main/a", "main/b", "main/d"]


def test_the_parts_of_a_hunk_are_told_apart() -> None:
    (file,) = feedback(choose_lines(_review(), _HERE, [0, 2])).files
    assert file.accepted == (Part(0, "text", range(3, 4), range(3, 4), _lines("-3", "+x")),)
    assert file.rejected == (Part(0, "text", range(4, 5), range(4, 5), _lines("-4", "+y")),)
    assert [part.hunk for part in file.undecided] == [1]
    assert file.taken is not None
    assert file.taken.after == _NUMBERED.replace(b"\n3\n", b"\nx\n")


def test_a_rejection_has_its_reason_and_a_comment_stands_apart() -> None:
    review = with_comment(_review(), _HERE, 0, 3, "too short", is_rejection=True)
    review = with_comment(review, Place(0, 1), 1, 1, "why z?")
    (file,) = feedback(review).files
    (rejected,) = file.rejected
    assert (rejected.lines, rejected.reasons) == (_lines("-3", "-4", "+x", "+y"), ("too short",))
    assert [comment.text for comment in file.comments] == ["why z?"]
    assert not feedback(review).is_empty


def test_a_reason_for_what_is_not_rejected_any_more_is_a_comment() -> None:
    review = with_comment(_review(), _HERE, 0, 3, "too short", is_rejection=True)
    (file,) = feedback(decide(review, _HERE, _A)).files
    assert [comment.text for comment in file.comments] == ["too short"]


def test_a_rejected_move_has_no_lines_and_its_reason() -> None:
    review = with_comment(_review(), Place(1, 0), 0, 0, "keep the name", is_rejection=True)
    (file,) = feedback(review).files
    assert file.rejected == (Part(0, "rename", range(0), range(0), (), ("keep the name",)),)


def test_a_reason_for_lines_is_none_for_the_move() -> None:
    moved = FileChange("main", "f", b"1\n", b"2\n", "g")
    review = decide_all(start(ChangeSet((moved,))), _R)
    review = with_comment(review, Place(0, 1), 0, 1, "no", is_rejection=True)
    (file,) = feedback(review).files
    assert [part.reasons for part in file.rejected] == [(), ("no",)]


def test_unchanged_lines_within_a_part_are_in_it() -> None:
    change = FileChange("main", "f", b"1\n2\n3\n4\n5\n", b"a\n2\nb\n4\nc\n")
    review = choose_lines(start(ChangeSet((change,))), Place(0, 0), [0, 1, 3, 4])
    (file,) = feedback(review).files
    (accepted,), (rejected,) = file.accepted, file.rejected
    assert accepted.lines == _lines("-1", "+a", " 2", "-3", "+b")
    assert (accepted.old, accepted.new) == (range(3), range(3))
    assert (rejected.lines, rejected.old, rejected.new) == (
        _lines("-5", "+c"),
        range(4, 5),
        range(4, 5),
    )


def test_an_edit_by_hand_is_told_as_a_step_from_the_proposal() -> None:
    review = with_edited_hunk(_review(), Place(2, 0), _lines("-1", "+3"))
    (file,) = feedback(review).files
    assert file.edited == FileChange("main", "d", b"2\n", b"3\n")
    assert not feedback(decide_file(review, 2, _A)).is_empty
