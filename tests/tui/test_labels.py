"""Marks and words."""

from __future__ import annotations

from collections.abc import Callable

from copilot.edits.changes import FileChange
from copilot.review.state import Decision, Place, Review, decide, decide_all
from copilot.tui.labels import file_mark, file_names, keep_end

Make = Callable[..., Review]


def test_mark_of_a_file(review_of: Make, two_hunks: FileChange) -> None:
    review = review_of(two_hunks)
    assert file_mark(review.files[0]) == "[ ]"
    assert file_mark(decide(review, Place(0, 0), Decision.ACCEPTED).files[0]) == "[~]"
    assert file_mark(decide_all(review, Decision.ACCEPTED).files[0]) == "[x]"
    assert file_mark(decide_all(review, Decision.REJECTED).files[0]) == "[-]"
    assert file_mark(review_of(FileChange("app", "a", b"", b"")).files[0]) == "[ ]"


def test_repository_is_named_only_where_there_are_several(
    review_of: Make, two_hunks: FileChange
) -> None:
    other = FileChange("lib", "b\x1b.py", None, b"")
    assert file_names(review_of(two_hunks).files) == ("src/a.txt",)
    assert file_names(review_of(two_hunks, other).files) == ("app/src/a.txt", "lib/b\\x1b.py")


def test_end_of_a_path_stays() -> None:
    assert keep_end("src/app/pagination.py", 14) == "…pagination.py"
    assert keep_end("漢字漢字.py", 6) == "…字.py"
    assert keep_end("short.py", 14) == "short.py"
