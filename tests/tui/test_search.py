"""Search over all files under review."""

from __future__ import annotations

from collections.abc import Callable

from copilot.edits.changes import ChangeSet, FileChange
from copilot.review.state import Review, start
from copilot.tui.blocks import Row
from copilot.tui.folds import Folds
from copilot.tui.search import Needle, find
from copilot.tui.stream import Spot, Stream

Make = Callable[..., Review]

BODY = b"".join(b"line %d\n" % number for number in range(1, 41))
CHANGED = BODY.replace(b"line 5\n", b"LINE 5\n")


def two_files() -> tuple[Stream, Review]:
    other = FileChange("app", "other.txt", None, b"new\nfar away\n")
    review = start(ChangeSet((FileChange("app", "a.txt", BODY, CHANGED), other)))
    return Stream(review), review


def found(stream: Stream, review: Review, text: str, spot: Spot, step: int = 1) -> Row | None:
    at = find(stream, review.files, text, spot, step)
    return None if at is None else stream.row(at)


def test_search_goes_on_in_other_files_and_comes_round() -> None:
    stream, review = two_files()
    first = find(stream, review.files, "LINE 5", Spot(1, 0), 1)
    assert first is not None
    row = stream.row(first)
    assert row.new is not None
    assert row.new.data == b"LINE 5\n"
    assert find(stream, review.files, "LINE 5", first, 1) == first
    assert find(stream, review.files, "nowhere", first, 1) is None


def test_small_letters_find_capitals_too() -> None:
    stream, review = two_files()
    first = find(stream, review.files, "line 5", Spot(0, 0), 1)
    assert first is not None
    second = find(stream, review.files, "line 5", first, 1)
    assert second is not None
    assert [stream.row(spot).tag for spot in (first, second)] == ["-", "+"]
    assert find(stream, review.files, "line 5", second, -1) == first
    assert Needle("LiNe").spans("line LiNe") == ((5, 9),)
    assert Needle("line").spans("line LiNe") == ((0, 4), (5, 9))


def test_folded_lines_are_unfolded_where_the_text_is() -> None:
    stream, review = two_files()
    row = found(stream, review, "line 30", Spot(0, 0))
    assert row is not None
    assert row.kind == "line"
    assert (row.old, row.tag) != (None, "-")
    assert row.new is not None
    assert row.new.number == 30


def test_folded_files_are_unfolded_where_the_text_is() -> None:
    stream, review = two_files()
    stream.fold(0, Folds(is_folded=True))
    row = found(stream, review, "line 4\n".strip(), Spot(1, 0))
    assert row is not None
    assert row.kind == "line"


def test_names_of_files_are_found() -> None:
    stream, review = two_files()
    assert find(stream, review.files, "other", Spot(0, 3), 1) == Spot(1, 0)
    assert find(stream, review.files, "a.txt", Spot(0, 3), -1) == Spot(0, 0)


def test_files_without_the_text_are_not_laid_out() -> None:
    changes = tuple(FileChange("app", f"{n}.txt", BODY, CHANGED) for n in range(50))
    last = FileChange("app", "last.txt", BODY, BODY + b"needle\n")
    review = start(ChangeSet((*changes, last)))
    assert found(Stream(review), review, "needle", Spot(0, 0)) is not None
    opened = [n for n, file in enumerate(review.files) if "hunks" in file.change.__dict__]
    assert opened == [50]
