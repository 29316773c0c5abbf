"""All files' rows, laid out only where somebody looks."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.edits.changes import ChangeSet, FileChange
from copilot.review.state import (
    Decision,
    Place,
    Review,
    decide_file,
    start,
    with_comment,
    with_edited_file,
)
from copilot.tui.stream import Spot, Stream

Make = Callable[..., Review]

TEXT = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n"]), max_size=20).map(b"".join)
SIDE = st.none() | TEXT
CHANGES = st.lists(st.tuples(SIDE, SIDE).filter(lambda pair: pair != (None, None)), min_size=1,
                   max_size=6)  # fmt: skip


def review_of_texts(texts: list[tuple[bytes | None, bytes | None]]) -> Review:
    changes = (FileChange("app", f"{n}.txt", *pair) for n, pair in enumerate(texts))
    return start(ChangeSet(tuple(changes)))


def is_found(review: Review, file: int) -> bool:
    """Tell whether somebody asked for a file's hunks."""
    return "hunks" in review.files[file].change.__dict__


def many_files(count: int) -> Review:
    before = b"".join(b"%d\n" % number for number in range(60))
    after = before.replace(b"7\n", b"seven\n")
    return review_of_texts([(before, after)] * count)


def lines_shown(stream: Stream, review: Review) -> list[tuple[int, int, int]]:
    """Return file, hunk and line of each changed line from the first row to the last."""
    spots = stream.from_spot(Spot(0, 0), 10_000)
    rows = [stream.row(spot) for spot in spots]
    shown = [(row.file, row.hunk, line) for row in rows for line in row.lines]
    return [(f, h, n) for f, h, n in shown if h is not None and _is_changed(review, f, h, n)]


def _is_changed(review: Review, file: int, hunk: int, line: int) -> bool:
    return review.files[file].line_decision(hunk, line) is not None


@given(CHANGES, st.lists(st.integers(0, 5), max_size=6), st.booleans())
@settings(max_examples=60)
def test_every_changed_line_is_shown_once_whichever_file_is_looked_at_first(
    texts: list[tuple[bytes | None, bytes | None]], order: list[int], is_split: bool
) -> None:
    review = review_of_texts(texts)
    stream = Stream(review, is_split=is_split)
    for file in order:
        stream.layout(file % len(texts))
    shown = lines_shown(stream, review)
    expected = [
        (f, h, n)
        for f, file in enumerate(review.files)
        for h, hunk in enumerate(file.hunks)
        for n in range(len(hunk.lines))
        if _is_changed(review, f, h, n)
    ]
    assert sorted(shown) == expected
    assert [line[:2] for line in shown] == [line[:2] for line in expected]
    assert is_split or shown == expected
    assert stream.height == len(stream.from_spot(Spot(0, 0), 10_000))


@given(CHANGES, st.integers(-60, 60), st.integers(0, 5))
@settings(max_examples=60)
def test_steps_go_through_the_rows_one_by_one(
    texts: list[tuple[bytes | None, bytes | None]], rows: int, file: int
) -> None:
    stream = Stream(review_of_texts(texts))
    begun = Spot(file % len(texts), 0)
    moved = stream.moved(begun, rows)
    every = stream.from_spot(Spot(0, 0), 10_000)
    wanted = min(max(0, every.index(begun) + rows), len(every) - 1)
    assert moved == every[wanted]
    assert stream.at(stream.top_of(moved)) == moved
    assert stream.last() == every[-1]


def test_only_files_that_are_looked_at_are_laid_out() -> None:
    review = many_files(100)
    stream = Stream(review)
    assert stream.height > 100
    assert not any(is_found(review, file) for file in range(100))
    stream.from_spot(Spot(50, 0), 20)
    stream.last()
    assert [file for file in range(100) if is_found(review, file)] == [50, 99]


def test_height_becomes_right_as_files_are_looked_at() -> None:
    stream = Stream(many_files(10))
    for file in range(10):
        stream.layout(file)
    assert stream.height == len(stream.from_spot(Spot(0, 0), 10_000))
    assert stream.top_of(Spot(3, 1)) == 3 * stream.layout(0).height + 1


def test_decisions_cost_no_layout(review_of: Make, two_hunks: FileChange) -> None:
    review = review_of(two_hunks)
    stream = Stream(review)
    layout = stream.layout(0)
    decided = decide_file(review, 0, Decision.ACCEPTED)
    assert not stream.show(decided)
    assert stream.layout(0) is layout
    assert stream.show(with_edited_file(decided, 0, b"other\n"))
    assert stream.layout(0) is not layout


def test_comment_is_a_box_under_its_line(review_of: Make, two_hunks: FileChange) -> None:
    review = review_of(two_hunks)
    stream = Stream(review)
    height = stream.layout(0).height
    assert stream.show(with_comment(review, Place(0, 0), 0, 1, "why\x1b[2J\nnot?"))
    rows = [stream.row(spot) for spot in stream.from_spot(Spot(0, 0), 100)]
    box = [row.text for row in rows if row.kind == "comment"]
    assert box == [
        "╭─ comment ──╮",
        "│ why\\x1b[2J │",
        "│ not?       │",
        "╰────────────╯",
    ]
    first = next(index for index, row in enumerate(rows) if row.kind == "comment")
    assert rows[first - 1].tag == "+"
    assert stream.layout(0).height == height + 4


def test_hunks_are_found_across_files(review_of: Make, two_hunks: FileChange) -> None:
    same = FileChange("app", "same.txt", b"x\n", b"x\n")
    other = FileChange("app", "other.txt", None, b"new\n")
    stream = Stream(review_of(two_hunks, same, other))
    second = stream.header(Place(0, 1))
    assert stream.hunk_after(Spot(0, 0)) == Place(0, 0)
    assert stream.hunk_after(second) == Place(2, 0)
    assert stream.hunk_after(stream.header(Place(2, 0))) is None
    assert stream.hunk_before(stream.header(Place(2, 0))) == Place(0, 1)
    assert stream.hunk_before(stream.header(Place(0, 0))) is None


def test_row_is_found_again_side_by_side(review_of: Make, two_hunks: FileChange) -> None:
    stream = Stream(review_of(two_hunks))
    rows = [stream.row(spot) for spot in stream.from_spot(Spot(0, 0), 100)]
    assert stream.arrange(is_split=True, box_width=70)
    for row in rows:
        again = stream.row(stream.found_again(row))
        sides = (again.old, again.new)
        assert row.kind == again.kind
        assert row.kind != "line" or (row.new or row.old) in sides or row.tag == "-"
