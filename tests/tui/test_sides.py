"""The other state of a changed line."""

from __future__ import annotations

from collections.abc import Callable

from copilot.edits.changes import FileChange
from copilot.review.state import Review
from copilot.tui.blocks import Source
from copilot.tui.offsets import Lines
from copilot.tui.sides import Beside, differing

Make = Callable[..., Review]


def beside(review: Review) -> Beside:
    file = review.files[0]
    before, after = file.change.before or b"", file.change.after or b""
    return Beside(Source(0, Lines(before), Lines(after)), file.hunks)


def test_changed_line_knows_the_one_it_came_from(review_of: Make) -> None:
    before = b"first line here\nsame\nsecond line here\nx\n"
    after = b"first line there\nsame\nplus\nsecond line there\nx\n"
    found = beside(review_of(FileChange("app", "a", before, after)))
    # The hunk's lines: -first +first same -second +plus +second.
    assert [found.line(0, line) for line in (0, 1, 3, 4, 5)] == [
        b"first line there\n",
        b"first line here\n",
        b"second line there\n",
        None,
        b"second line here\n",
    ]


def test_lines_of_new_files_have_no_other_state(review_of: Make) -> None:
    assert beside(review_of(FileChange("app", "a", None, b"new\n"))).line(0, 0) is None


def test_words_that_differ() -> None:
    assert differing(b"a = old(1)\n", b"a = new(1)\r\n") == (((4, 7),), ((4, 7), (10, 11)))
    assert differing(b"x" * 3000, b"x" * 2999 + b"y") == ((), ())
