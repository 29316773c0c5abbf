from __future__ import annotations

from typing import Literal

from copilot.edits.changes import PLAIN_MODE, ChangeSet, DiffLine, FileChange
from copilot.edits.flags import Flag, FlagKind
from copilot.review.state import (
    Decision,
    FileReview,
    Place,
    Review,
    accepted,
    choose_lines,
    decide,
    decide_all,
    decide_lines,
    renewed,
    split,
    start,
    with_edited_file,
    with_edited_hunk,
)

_A, _R, _U = Decision.ACCEPTED, Decision.REJECTED, Decision.UNDECIDED
_NUMBERED = b"".join(b"%d\n" % number for number in range(30))
_HERE = Place(0, 0)


def _changed(*steps: tuple[bytes, bytes], before: bytes = _NUMBERED) -> FileChange:
    after = before
    for old, new in steps:
        after = after.replace(b"\n" + old + b"\n", b"\n" + new + b"\n")
    return FileChange("main", "f", before, after)


def _review(*changes: FileChange) -> Review:
    return start(ChangeSet(changes))


def _told(file: FileReview) -> list[str]:
    """Return the changed lines with tag, text, decision, and whether fresh or by hand."""
    told: list[str] = []
    for hunk in range(len(file.hunks)):
        for index, line in enumerate(file.hunks[hunk].lines):
            decision = file.line_decision(hunk, index)
            if decision is not None:
                marks = "*" * file.fresh(hunk, index) + "e" * file.by_hand(hunk, index)
                told.append(f"{line.tag}{line.data.decode().strip()} {decision.value[0]}{marks}")
    return told


def _lines(*tagged: str) -> tuple[DiffLine, ...]:
    tags: dict[str, Literal[" ", "-", "+"]] = {" ": " ", "-": "-", "+": "+"}
    return tuple(DiffLine(tags[line[0]], f"{line[1:]}\n".encode()) for line in tagged)


def test_a_first_proposal_has_nothing_fresh() -> None:
    assert _told(_review(_changed((b"3", b"x"))).files[0]) == ["-3 u", "+x u"]


def test_the_next_proposal_keeps_what_stands_and_marks_what_is_new() -> None:
    review = decide(_review(_changed((b"3", b"x"), (b"13", b"y"))), _HERE, _A)
    again = renewed(review, ChangeSet((_changed((b"3", b"x"), (b"13", b"z"), (b"23", b"w")),)))
    assert _told(again.files[0]) == ["-3 a", "+x a", "-13 u", "+z u*", "-23 u*", "+w u*"]
    assert again.round == 2
    assert not again.comments


def test_a_line_added_below_an_accepted_one_leaves_it_accepted() -> None:
    review = decide(_review(_changed((b"3", b"x"))), _HERE, _A)
    again = renewed(review, ChangeSet((_changed((b"3", b"x\nx2")),)))
    assert _told(again.files[0]) == ["-3 a", "+x a", "+x2 u*"]
    assert len(again.files[0].hunks) == 2


def test_an_accepted_line_that_the_model_changes_is_undecided_again() -> None:
    review = decide(_review(_changed((b"3", b"x"), (b"4", b"y"))), _HERE, _A)
    again = renewed(review, ChangeSet((_changed((b"3", b"x"), (b"4", b"z")),)))
    assert _told(again.files[0]) == ["-3 a", "+x a", "-4 u", "+z u*"]
    assert accepted(again).changes[0].after == _changed((b"3", b"x")).after


def test_what_was_rejected_and_comes_again_stays_rejected() -> None:
    review = decide(_review(_changed((b"3", b"x"), (b"13", b"y"))), Place(0, 1), _R)
    again = renewed(review, ChangeSet((_changed((b"13", b"y"), (b"23", b"z")),)))
    assert _told(again.files[0]) == ["-13 r", "+y r", "-23 u*", "+z u*"]


def test_accepted_lines_of_a_run_stay_when_the_rest_of_it_comes_otherwise() -> None:
    review = choose_lines(_review(_changed((b"3\n4\n5", b"x\ny\nz"))), _HERE, [0, 3])
    again = renewed(review, ChangeSet((_changed((b"3\n4\n5", b"x\ny2\n5")),)))
    assert _told(again.files[0]) == ["-3 a", "+x a", "-4 u", "+y2 u*"]
    assert accepted(again) == accepted(review)


def test_files_that_are_new_in_the_proposal_are_fresh() -> None:
    review = _review(_changed((b"3", b"x")))
    created = FileChange("main", "g", None, b"new\n")
    flag = Flag(FlagKind.UNSEEN, "a new file")
    again = renewed(review, ChangeSet((_changed((b"3", b"x")), created)), {"main/g": (flag,)})
    assert [_told(file) for file in again.files] == [["-3 u", "+x u"], ["+new u*"]]
    assert again.files[1].flags == (flag,)


def test_a_rejected_move_stays_rejected_and_another_is_fresh() -> None:
    moved = FileChange("main", "new", b"a\n", b"b\n", "old")
    review = decide(decide_all(_review(moved), _A), _HERE, _R)
    again = renewed(review, ChangeSet((FileChange("main", "new", b"a\n", b"b\nc\n", "old"),)))
    file = again.files[0]
    assert [file.hunk_decision(hunk) for hunk in range(3)] == [_R, _A, _U]
    elsewhere = renewed(review, ChangeSet((FileChange("main", "other", b"a\n", b"b\n", "old"),)))
    assert elsewhere.files[0].hunk_decision(0) is _U
    assert elsewhere.files[0].fresh(0, 0)


def test_decisions_follow_when_the_file_before_is_another() -> None:
    review = choose_lines(_review(_changed((b"3\n4", b"x\ny"), (b"13", b"z"))), _HERE, [0, 2])
    before = b"new\n" + _NUMBERED.replace(b"\n13\n", b"\nother\n")
    change = _changed((b"3\n4", b"x\ny"), (b"23", b"w"), before=before)
    again = renewed(review, ChangeSet((change,)))
    assert _told(again.files[0]) == ["-3 a", "-4 r", "+x a", "+y r", "-23 u*", "+w u*"]


def test_splits_stay_where_the_proposal_is_the_same() -> None:
    change = _changed((b"3\n4", b"x\ny"))
    review = split(_review(change), _HERE, 1)
    assert [hunk.new_count for hunk in renewed(review, ChangeSet((change,))).files[0].hunks] == [
        1,
        1,
    ]


def test_what_is_typed_into_a_hunk_is_by_hand_and_the_rest_is_not() -> None:
    review = decide_all(_review(_changed((b"3\n4", b"x\ny"), (b"13", b"z"))), _A)
    edited = with_edited_hunk(review, _HERE, _lines("-3", " 4", "+x", "+typed", "+y"))
    assert _told(edited.files[0]) == ["-3 u", "+x u", "+typed ue", "+y u", "-13 a", "+z a"]
    assert edited.files[0].is_edited


def test_an_edit_taken_back_by_hand_is_none() -> None:
    change = _changed((b"3", b"x"))
    edited = with_edited_hunk(_review(change), _HERE, _lines("-3", "+typed"))
    back = with_edited_hunk(edited, _HERE, _lines("-3", "+x"))
    assert _told(back.files[0]) == ["-3 u", "+x u"]
    assert not back.files[0].is_edited


def test_an_edited_file_keeps_the_decisions_on_lines_that_stay() -> None:
    change = FileChange("main", "f", None, b"one\ntwo\nthree\n")
    review = decide_lines(decide_all(_review(change), _A), _HERE, 2, 2, _R)
    edited = with_edited_file(review, 0, b"one\nTWO\nthree\nfour\n")
    assert _told(edited.files[0]) == ["+one a", "+TWO ue", "+three r", "+four ue"]
    assert accepted(edited).changes[0].after == b"one\n"


def test_a_file_edited_to_what_it_was_before_has_no_hunks() -> None:
    edited = with_edited_file(decide_all(_review(_changed((b"3", b"x"))), _A), 0, _NUMBERED)
    assert edited.files[0].hunks == ()
    assert not accepted(edited)


def test_a_deleted_file_that_is_given_a_text_is_kept() -> None:
    deleted = FileChange("main", "f", b"a\nb\n", None, None, PLAIN_MODE)
    edited = with_edited_file(decide_all(_review(deleted), _A), 0, b"a\nc\n")
    assert _told(edited.files[0]) == ["-b u", "+c ue"]
    assert edited.files[0].change == FileChange("main", "f", b"a\nb\n", b"a\nc\n")


def test_a_text_that_becomes_binary_is_decided_as_one() -> None:
    review = decide_all(_review(_changed((b"3", b"x"), (b"13", b"y"))), _A)
    edited = with_edited_file(review, 0, b"a\0\n")
    assert len(edited.files[0].hunks) == 1
    assert edited.files[0].decision is _U
