"""What a decision is about, and the step that makes it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from copilot.edits.changes import ChangeSet, FileChange
from copilot.review.state import Decision, Place, Review, accepted, start, undo, with_comment
from copilot.tui.targets import Files, Lines, OneHunk, as_one_step, decided, decision_of, toggled

Make = Callable[..., Review]

ACCEPTED, REJECTED, UNDECIDED = Decision.ACCEPTED, Decision.REJECTED, Decision.UNDECIDED


def hunks(review: Review, file: int = 0) -> list[Decision | None]:
    return [review.files[file].hunk_decision(n) for n in range(len(review.files[file].hunks))]


def test_range_over_two_hunks_is_one_step(review_of: Make, two_hunks: FileChange) -> None:
    begun = review_of(two_hunks)
    target = Lines(((Place(0, 0), 1, 1), (Place(0, 1), 0, 0)))
    review = decided(begun, target, ACCEPTED)
    (change,) = accepted(review).changes
    assert change.after == (two_hunks.before or b"").replace(
        b"line 3\n", b"line 3\nLINE 3\n"
    ).replace(b"line 15\n", b"")
    assert undo(review).files == begun.files
    assert undo(undo(review)).past is None


def test_folder_is_decided_at_once(many_kinds: Review) -> None:
    review = decided(many_kinds, Files((0, 2)), REJECTED)
    assert [file.decision for file in review.files] == [REJECTED, UNDECIDED, REJECTED, UNDECIDED]
    assert undo(review).files == many_kinds.files


def test_toggle_goes_through_the_three_decisions(review_of: Make, two_hunks: FileChange) -> None:
    review, seen = review_of(two_hunks), []
    for _ in range(3):
        review = toggled(review, OneHunk(Place(0, 1)))
        seen.append(hunks(review))
    assert seen == [[UNDECIDED, ACCEPTED], [UNDECIDED, REJECTED], [UNDECIDED, UNDECIDED]]


@pytest.mark.parametrize(
    "target", [Files((0,)), OneHunk(Place(0, 0)), Lines(((Place(0, 0), 0, 1),))]
)
def test_what_is_mixed_is_accepted_by_a_toggle(
    review_of: Make, two_hunks: FileChange, target: Files | OneHunk | Lines
) -> None:
    review = decided(review_of(two_hunks), Lines(((Place(0, 0), 0, 0),)), REJECTED)
    assert decision_of(review, target) is None
    assert decision_of(toggled(review, target), target) is ACCEPTED


def test_context_in_a_range_counts_for_nothing() -> None:
    change = FileChange("app", "a", b"a\nb\nc\n", b"A\nb\nC\n")
    review = start(ChangeSet((change,)))
    assert decision_of(review, Lines(((Place(0, 0), 2, 2),))) is None
    assert decision_of(review, Lines(((Place(0, 0), 0, 4),))) is UNDECIDED


def test_steps_that_change_nothing_are_none(review_of: Make, two_hunks: FileChange) -> None:
    begun = review_of(two_hunks)
    assert as_one_step(begun, begun) is begun


def test_comments_are_part_of_a_step(review_of: Make, two_hunks: FileChange) -> None:
    begun = review_of(two_hunks)
    more = with_comment(with_comment(begun, Place(0, 0), 0, 0, "a"), Place(0, 1), 0, 0, "b")
    step = as_one_step(begun, more)
    assert len(step.comments) == 2
    assert undo(step).comments == ()
