from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.edits.changes import ChangeSet, DiffLine, FileChange
from copilot.edits.flags import Flag, FlagKind
from copilot.errors import EditsRefused
from copilot.review.state import (
    Decision,
    FileReview,
    Place,
    Review,
    accepted,
    decide,
    decide_all,
    decide_file,
    decide_rest,
    next_undecided,
    places,
    redo,
    start,
    undo,
    with_edited_hunk,
)

_U, _A, _R = Decision.UNDECIDED, Decision.ACCEPTED, Decision.REJECTED

_NUMBERED = b"".join(b"%d\n" % number for number in range(30))
_THREE_HUNKS = (
    _NUMBERED.replace(b"\n3\n", b"\nx\n").replace(b"\n13\n", b"\ny\n").replace(b"\n23\n", b"\nz\n")
)
_CHANGES = ChangeSet(
    (
        FileChange("main", "a", _NUMBERED, _THREE_HUNKS),
        FileChange("main", "b", None, b"new\n"),
        FileChange("lib", "d", b"old\n", b"new\n", "c"),
    )
)
_NEW = Flag(FlagKind.UNSEEN, "a new file")


def _review() -> Review:
    return start(_CHANGES, {"main/b": (_NEW,)})


def _decisions(review: Review) -> list[tuple[Decision | None, ...]]:
    return [_of_file(file) for file in review.files]


def _of_file(file: FileReview) -> tuple[Decision | None, ...]:
    return tuple(file.hunk_decision(hunk) for hunk in range(len(file.hunks)))


def test_a_review_starts_undecided_and_with_its_flags() -> None:
    review = _review()
    assert _decisions(review) == [(_U, _U, _U), (_U,), (_U, _U)]
    assert [file.flags for file in review.files] == [(), (_NEW,), ()]
    assert review.count(_U) == 6
    assert not accepted(review)


def test_whole_files_are_decided_without_a_look_at_their_lines() -> None:
    review = decide_file(decide_all(_fresh(), _A), 0, _R)
    assert accepted(review).changes == _CHANGES.changes[1:]
    assert redo(undo(review)) == review
    assert review.is_decided
    assert [file.decision for file in review.files] == [_R, _A, _A]
    assert not any("hunks" in vars(file.change) for file in review.files)


def _fresh() -> Review:
    """A review of changes whose hunks nobody has asked for yet."""
    return start(ChangeSet(tuple(replace(change) for change in _CHANGES.changes)))


def test_places_are_in_the_order_shown() -> None:
    assert places(_review()) == (
        Place(0, 0),
        Place(0, 1),
        Place(0, 2),
        Place(1, 0),
        Place(2, 0),
        Place(2, 1),
    )


def test_next_undecided_wraps_around_and_ends() -> None:
    review = decide(_review(), Place(1, 0), _A)
    assert next_undecided(review) == Place(0, 0)
    assert next_undecided(review, Place(0, 2)) == Place(2, 0)
    assert next_undecided(review, Place(2, 1)) == Place(0, 0)
    assert next_undecided(decide_all(review, _R)) is None


def test_decisions_on_a_file() -> None:
    review = decide(_review(), Place(0, 1), _R)
    assert review.files[0].decision is None
    assert _of_file(decide_file(review, 0, _A, only_undecided=True).files[0]) == (_A, _R, _A)
    whole = decide_file(review, 0, _A)
    assert whole.files[0].decision is _A
    assert whole.files[1:] == review.files[1:]


def test_deciding_the_rest_leaves_earlier_hunks_and_decided_ones() -> None:
    review = decide(_review(), Place(0, 2), _R)
    assert _of_file(decide_rest(review, Place(0, 1), _A).files[0]) == (_U, _A, _R)
    assert _of_file(decide_rest(review, Place(0, 2), _A).files[0]) == (_U, _U, _A)


def test_accepted_holds_exactly_the_accepted_hunks() -> None:
    review = decide(decide(_review(), Place(0, 1), _A), Place(2, 0), _A)
    assert accepted(review) == ChangeSet(
        (
            FileChange("main", "a", _NUMBERED, _NUMBERED.replace(b"\n13\n", b"\ny\n")),
            FileChange("lib", "d", b"old\n", b"old\n", "c"),
        )
    )
    assert accepted(decide_all(review, _A)) == _CHANGES


_STEPS = st.one_of(
    st.builds(
        lambda place, decision: lambda review: decide(review, place, decision),
        st.sampled_from(places(_review())),
        st.sampled_from(Decision),
    ),
    st.builds(
        lambda place, decision: lambda review: decide_rest(review, place, decision),
        st.sampled_from(places(_review())),
        st.sampled_from(Decision),
    ),
    st.builds(
        lambda decision, only: lambda review: decide_all(review, decision, only_undecided=only),
        st.sampled_from(Decision),
        st.booleans(),
    ),
    st.builds(
        lambda index, decision: lambda review: decide_file(review, index, decision),
        st.integers(0, 2),
        st.sampled_from(Decision),
    ),
)


@settings(deadline=None)
@given(st.lists(_STEPS, max_size=8), st.integers(0, 8))
def test_undo_and_redo_walk_the_same_way(
    steps: list[Callable[[Review], Review]], back: int
) -> None:
    reviews = [_review()]
    for step in steps:
        review = step(reviews[-1])
        reviews += [review] if review is not reviews[-1] else []
    review = reviews[-1]
    back = min(back, len(reviews) - 1)
    for earlier in reviews[::-1][1 : back + 1]:
        review = undo(review)
        assert review.files == earlier.files
    for later in reviews[len(reviews) - back :]:
        review = redo(review)
        assert review.files == later.files
    assert review == reviews[-1]


@given(st.lists(_STEPS, min_size=1, max_size=4), _STEPS)
def test_a_new_decision_forgets_what_was_taken_back(
    steps: list[Callable[[Review], Review]], other: Callable[[Review], Review]
) -> None:
    review = _review()
    for step in steps:
        review = step(review)
    back = undo(review)
    other_way = other(back)
    assert other_way is back or redo(other_way) is other_way


def test_undo_and_redo_with_nothing_to_do() -> None:
    assert undo(_review()) == _review()
    assert redo(_review()) == _review()


def _lines(*tagged: str) -> tuple[DiffLine, ...]:
    tags: dict[str, Literal[" ", "-", "+"]] = {" ": " ", "-": "-", "+": "+"}
    return tuple(DiffLine(tags[line[0]], f"{line[1:]}\n".encode()) for line in tagged)


def test_an_edited_hunk_is_undecided_and_the_others_keep_their_decisions() -> None:
    review = decide(decide(decide_all(_review(), _A), Place(0, 0), _R), Place(0, 1), _A)
    edited = with_edited_hunk(review, Place(0, 1), _lines("-13", "+edited", "+more"))
    assert _of_file(edited.files[0]) == (_R, _U, _A)
    assert edited.files[0].change.after == _THREE_HUNKS.replace(b"y\n", b"edited\nmore\n")
    assert edited.files[1:] == review.files[1:]
    assert undo(edited).files == review.files
    assert redo(undo(edited)) == edited


def test_a_hunk_edited_away_takes_its_decision_with_it() -> None:
    review = decide(decide(_review(), Place(0, 0), _R), Place(0, 2), _A)
    edited = with_edited_hunk(review, Place(0, 1), _lines(" 13"))
    assert _of_file(edited.files[0]) == (_R, _A)


def test_a_hunk_edited_into_two_leaves_both_undecided() -> None:
    before = b"1\n2\n3\n4\n5\n6\n"
    change = FileChange("main", "a", before, b"x\n")
    review = decide_all(start(ChangeSet((change,))), _A)
    edited = with_edited_hunk(
        review, Place(0, 0), _lines("-1", "+x", " 2", " 3", " 4", " 5", "-6", "+y")
    )
    assert _of_file(edited.files[0]) == (_U, _U)
    assert next_undecided(edited, Place(0, 0)) == Place(0, 1)


def test_a_file_whose_last_change_is_edited_away_changes_nothing() -> None:
    review = start(ChangeSet((FileChange("main", "a", b"1\n", b"2\n"),)))
    edited = with_edited_hunk(review, Place(0, 0), _lines(" 1"))
    assert edited.files[0].change == FileChange("main", "a", b"1\n", b"1\n")
    assert edited.files[0].decision is None
    assert places(edited) == ()
    assert not accepted(decide_all(edited, _A))


def test_a_renamed_file_keeps_the_decision_on_the_move() -> None:
    review = decide(_review(), Place(2, 0), _A)
    edited = with_edited_hunk(review, Place(2, 1), _lines("-old", "+newer"))
    assert _of_file(edited.files[2]) == (_A, _U)


def test_an_edit_that_does_not_fit_changes_nothing() -> None:
    with pytest.raises(EditsRefused):
        with_edited_hunk(_review(), Place(0, 1), _lines("-14", "+edited"))


@settings(deadline=None)
@given(st.lists(st.sampled_from([_A, _R]), min_size=3, max_size=3), st.integers(0, 2), st.data())
def test_whatever_is_edited_the_other_accepted_hunks_land(
    decisions: list[Decision], index: int, data: st.DataObject
) -> None:
    review = _review()
    for hunk, decision in enumerate(decisions):
        review = decide(review, Place(0, hunk), decision)
    old, new = ("3", "13", "23")[index], data.draw(st.lists(st.sampled_from(["n", "4", ""])))
    lines = _lines(f"-{old}", *(f"+{line}" for line in new))
    edited = decide_all(with_edited_hunk(review, Place(0, index), lines), _A, only_undecided=True)
    expected = _NUMBERED.split(b"\n")
    for hunk, (number, letter) in enumerate(((3, b"x"), (13, b"y"), (23, b"z"))):
        if hunk == index:
            expected[number] = "\n".join(new).encode() if new else b"\0"
        elif decisions[hunk] is _A:
            expected[number] = letter
    text = b"\n".join(expected).replace(b"\0\n", b"")
    (change,) = (c for c in accepted(edited).changes if c.path == "a")
    assert change.after == text
