"""How far a review is."""

from __future__ import annotations

from copilot.edits.changes import ChangeSet, FileChange
from copilot.review.state import (
    Decision,
    Place,
    Review,
    decide,
    decide_file,
    decide_lines,
    renewed,
    start,
    with_comment,
)
from copilot.tui.progress import fresh_hunks, progress, would_be_lost, would_be_written


def test_hunks_are_told_where_they_are_counted(many_kinds: Review) -> None:
    review = decide(many_kinds, Place(0, 0), Decision.ACCEPTED)
    review = decide(review, Place(0, 1), Decision.REJECTED)
    assert progress(review, hunks=6) == "2 of 6 hunks decided, 1 accepted"


def test_hunk_decided_line_by_line_is_decided_in_part(many_kinds: Review) -> None:
    lines = many_kinds.files[0].hunks[0].lines
    first, *rest = [n for n, line in enumerate(lines) if line.tag != " "]
    review = decide_lines(many_kinds, Place(0, 0), first, first, Decision.ACCEPTED)
    assert progress(review, hunks=6) == "0 of 6 hunks decided, 0 accepted"
    review = decide_lines(review, Place(0, 0), rest[0], rest[-1], Decision.REJECTED)
    assert progress(review, hunks=6) == "1 of 6 hunks decided, 0 accepted, 1 in part"
    assert would_be_written(review, hunks=6) == "1 hunk in 1 file"


def test_what_would_be_written_is_counted(many_kinds: Review) -> None:
    assert would_be_written(many_kinds, hunks=6) == ""
    review = decide_file(decide_file(many_kinds, 0, Decision.ACCEPTED), 1, Decision.ACCEPTED)
    hunks = len(review.files[0].hunks) + len(review.files[1].hunks)
    assert would_be_written(review, hunks=6) == f"{hunks} hunks in 2 files"
    assert would_be_written(review, hunks=None) == "2 files"


def test_comments_are_counted(many_kinds: Review) -> None:
    review = with_comment(many_kinds, Place(0, 0), 0, 0, "why?")
    assert progress(review, hunks=6) == "0 of 6 hunks decided, 0 accepted, 1 comment"


def test_files_are_told_before(many_kinds: Review) -> None:
    review = decide_file(many_kinds, 0, Decision.REJECTED)
    assert progress(review, hunks=None) == "1 of 4 files decided, 0 accepted"


def test_what_would_be_lost_is_named(many_kinds: Review) -> None:
    assert would_be_lost(many_kinds) == ""
    review = decide_file(many_kinds, 0, Decision.REJECTED)
    assert would_be_lost(review) == "decisions in 1 file"
    review = with_comment(decide_file(review, 1, Decision.ACCEPTED), Place(0, 0), 0, 0, "why?")
    assert would_be_lost(review) == "decisions in 2 files, 1 comment"


def test_fresh_hunks_are_those_the_proposal_before_had_not() -> None:
    before = b"".join(b"line %d\n" % n for n in range(20))
    first = before.replace(b"line 3\n", b"LINE 3\n")
    second = first.replace(b"line 15\n", b"line 15\nmore\n")
    review = start(ChangeSet((FileChange("app", "a", before, first),)))
    assert fresh_hunks(review) == []
    again = renewed(review, ChangeSet((FileChange("app", "a", before, second),)))
    assert fresh_hunks(again) == [(0, 1, 0)]
