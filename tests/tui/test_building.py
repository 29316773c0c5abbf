"""Bytes in, rows out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.edits.changes import EXECUTABLE_MODE, PLAIN_MODE, ChangeSet, FileChange, split_lines
from copilot.edits.flags import Flag, FlagKind
from copilot.review.state import FileReview, Place, Review, split, start
from copilot.tui.blocks import NO_NEWLINE, Row
from copilot.tui.building import Box, Plan, laid_out
from copilot.tui.cells import decoded
from copilot.tui.folds import Folds
from copilot.tui.layout import Layout

Make = Callable[..., Review]

FEW_LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n"]), max_size=30).map(b"".join)
TEXTS = st.tuples(FEW_LINES, st.sampled_from([b"", b"end"])).map(b"".join)
FOLDS = st.sampled_from([Folds(), Folds(is_whole=True), Folds().more(0), Folds().opened(1)])
TEN = b"".join(b"%d\n" % number for number in range(1, 11))


def file_of(before: bytes, after: bytes) -> FileReview:
    return start(ChangeSet((FileChange("app", "a.txt", before, after),))).files[0]


def plan_of(file: FileReview, folds: Folds | None = None, *, is_split: bool = False) -> Plan:
    return Plan(0, file, "a.txt", folds or Folds(), is_split)


def rows_of(layout: Layout) -> list[Row]:
    return [layout.row(index) for index in range(layout.height)]


def shown(layout: Layout) -> list[str]:
    """Write the rows down as `old new tag text`, others as `kind: text`."""
    return [_shown(row) for row in rows_of(layout)]


def _shown(row: Row) -> str:
    if row.kind != "line":
        return f"{row.kind}: {row.text}"
    old, new = (side.number if side else "." for side in (row.old, row.new))
    texts = [decoded(side.data) for side in (row.old, row.new) if side]
    return f"{old} {new} {row.tag}{'|'.join(dict.fromkeys(texts))}"


@pytest.fixture
def shown_change(review_of: Make) -> Callable[..., list[str]]:
    def show(
        before: bytes | None,
        after: bytes | None,
        old_path: str | None = None,
        *,
        is_split: bool = False,
    ) -> list[str]:
        change = FileChange("app", "a.txt", before, after, old_path)
        return shown(laid_out(plan_of(review_of(change).files[0], is_split=is_split)))

    return show


def test_hunk_with_three_lines_of_context(shown_change: Callable[..., list[str]]) -> None:
    before = b"0\n" + TEN + b"11\n"
    assert shown_change(before, before.replace(b"\n5\n", b"\nfive\nplus\n")) == [
        "file: a.txt",
        "fold: … 2 unchanged lines",
        "hunk: @@ -3,7 +3,8 @@",
        "3 3  2",
        "4 4  3",
        "5 5  4",
        "6 . -5",
        ". 6 +five",
        ". 7 +plus",
        "7 8  6",
        "8 9  7",
        "9 10  8",
        "fold: … 3 unchanged lines",
    ]


def test_changed_lines_side_by_side(shown_change: Callable[..., list[str]]) -> None:
    before = b"a\nthe old line\ngone\nb\n"
    rows = shown_change(before, b"a\nplus\nthe new line\nb\n", is_split=True)
    assert rows[2:] == [
        "1 1  a",
        ". 2 +plus",
        "2 3 ~the old line|the new line",
        "3 . -gone",
        "4 4  b",
    ]


def test_a_single_hidden_line_is_shown_instead_of_a_fold(
    shown_change: Callable[..., list[str]],
) -> None:
    rows = shown_change(TEN, TEN.replace(b"\n5\n", b"\nfive\n"))
    assert rows[1:3] == ["hunk: @@ -1,8 +1,8 @@", "1 1  1"]
    assert rows[-1] == "fold: … 2 unchanged lines"


def test_neighbouring_hunks_share_the_lines_between_them(
    shown_change: Callable[..., list[str]],
) -> None:
    assert shown_change(b"1\n2\n3\n4\n5\n6\n", b"one\n2\n3\n4\n5\nsix\n") == [
        "file: a.txt",
        "hunk: @@ -1,4 +1,4 @@",
        "1 . -1",
        ". 1 +one",
        "2 2  2",
        "3 3  3",
        "4 4  4",
        "hunk: @@ -5,2 +5,2 @@",
        "5 5  5",
        "6 . -6",
        ". 6 +six",
    ]


def test_headers_and_folds_name_the_definition_they_lie_in(
    shown_change: Callable[..., list[str]],
) -> None:
    body = b"".join(b"    step(%d)\n" % number for number in range(20))
    before = b"import os\n\ndef f():\n" + body
    changed = before.replace(b"step(2)", b"STEP(2)").replace(b"step(17)", b"STEP(17)")
    rows = shown_change(before, changed)
    assert rows[2].endswith("@@ def f():")
    assert "fold: … 8 unchanged lines (in def f())" in rows
    assert shown_change(before, before.replace(b"def f", b"def g"))[1] == "hunk: @@ -1,6 +1,6 @@"


def test_missing_newline_at_the_end_is_told_for_each_side(
    shown_change: Callable[..., list[str]],
) -> None:
    note = f"note: {NO_NEWLINE}"
    assert shown_change(b"a\nb", b"a\nc\n")[3:] == ["2 . -b", note, ". 2 +c"]
    assert shown_change(b"a\nb\n", b"a\nc")[3:] == ["2 . -b", ". 2 +c", note]
    assert shown_change(b"a\nb", b"c\nb")[4:] == ["2 2  b", note]
    both = shown_change(b"a\nold line", b"a\nnew line", is_split=True)
    assert both[3:] == ["2 2 ~old line|new line", note, note]


def test_created_deleted_and_renamed_files_say_so(shown_change: Callable[..., list[str]]) -> None:
    assert shown_change(None, b"a\n")[1:] == ["hunk: new file, 1 line", ". 1 +a"]
    assert shown_change(None, b"")[1:] == ["hunk: new file, empty"]
    assert shown_change(b"a\nb\n", None)[1:] == [
        "hunk: delete the file, 2 lines", "1 . -a", "2 . -b",
    ]  # fmt: skip
    moved = shown_change(b"a\n", b"b\n", "old.txt")
    assert moved[1:3] == ["hunk: rename old.txt → a.txt", "hunk: @@ -1,1 +1,1 @@"]


def test_modes_have_rows_of_their_own(review_of: Make) -> None:
    moded = FileChange("app", "a", b"x\n", b"y\n", None, PLAIN_MODE, EXECUTABLE_MODE)
    created = FileChange("app", "b", None, b"#!\n", mode=EXECUTABLE_MODE)
    first, second = (shown(laid_out(plan_of(f))) for f in review_of(moded, created).files)
    assert "hunk: mode 100644 → 100755" in first
    assert "hunk: new executable file, 1 line" in second


def test_change_that_changes_nothing_has_no_hunk(review_of: Make) -> None:
    layout = laid_out(plan_of(review_of(FileChange("app", "a", b"a\n", b"a\n")).files[0]))
    assert shown(layout) == ["file: a.txt", "note: no change"]
    assert layout.hunks == ()
    assert layout.row(0).hunk is None


def test_folded_file_is_its_header(review_of: Make, two_hunks: FileChange) -> None:
    layout = laid_out(plan_of(review_of(two_hunks).files[0], Folds(is_folded=True)))
    assert shown(layout) == ["file: a.txt (folded, 2 hunks)"]
    assert layout.hunks == (0, 0)


def test_flags_stand_under_the_file_on_one_line(review_of: Make, two_hunks: FileChange) -> None:
    about_file = Flag(FlagKind.STALE, "line 1\nline 2\x1b[2J")
    about_hunk = Flag(FlagKind.INDENT, "moved by 4", old_line=14)
    review = review_of(two_hunks, flags={"app/src/a.txt": (about_file, about_hunk)})
    rows = shown(laid_out(plan_of(review.files[0])))
    assert rows[1] == "flag: line 1\\nline 2\\x1b[2J"
    second = [index for index, row in enumerate(rows) if row.startswith("hunk")][1]
    assert rows[second + 1] == "flag: moved by 4"


def test_names_cannot_steer_the_terminal(review_of: Make) -> None:
    change = FileChange("app", "a\x1b]0;\udcff\n.py", b"a\n", b"b\n", "old\u202e.py")
    rows = shown(laid_out(plan_of(review_of(change).files[0])))
    assert rows[1] == "hunk: rename old\\u202e.py → a\\x1b]0;\\xff\\n.py"


def test_context_grows_until_the_whole_file_is_shown(
    review_of: Make, two_hunks: FileChange
) -> None:
    file = review_of(two_hunks).files[0]
    usual = laid_out(plan_of(file))
    more = laid_out(plan_of(file, Folds().more(0, 2)))
    whole = laid_out(plan_of(file, Folds(is_whole=True)))
    assert [row for row in shown(usual) if row.startswith("fold")] == [
        "fold: … 5 unchanged lines", "fold: … 2 unchanged lines",
    ]  # fmt: skip
    assert [row for row in shown(more) if row.startswith("fold")] == [
        "fold: … 3 unchanged lines", "fold: … 2 unchanged lines",
    ]  # fmt: skip
    lines = [row for row in rows_of(whole) if row.kind == "line"]
    assert [row.new.number for row in lines if row.new] == list(range(1, 21))


def test_comments_stand_under_the_line_they_are_about(
    review_of: Make, two_hunks: FileChange
) -> None:
    file = review_of(two_hunks).files[0]
    boxes = (Box(0, ("why?",), None, 3), Box(1, ("keep",), 15, None), Box(2, ("lost",), None, 99))
    plan = Plan(0, file, "a.txt", boxes=boxes)
    rows = shown(laid_out(plan))
    assert rows[1] == "comment: lost"
    assert rows[rows.index(". 3 +LINE 3") + 1] == "comment: why?"
    assert rows[rows.index("15 . -line 15") + 1] == "comment: keep"
    layout = laid_out(plan)
    assert [shown(layout)[row].split(" ")[0] for row in layout.hunks] == ["hunk:", "hunk:"]


def test_hunk_that_was_split_has_two_headers(review_of: Make) -> None:
    change = FileChange("app", "a", b"a\nb\nc\n", b"A\nb\nC\n")
    review = split(review_of(change), Place(0, 0))
    assert shown(laid_out(plan_of(review.files[0])))[1:] == [
        "hunk: @@ -1,2 +1,2 @@",
        "1 . -a",
        ". 1 +A",
        "2 2  b",
        "hunk: @@ -3,1 +3,1 @@",
        "3 . -c",
        ". 3 +C",
    ]


def test_binary_bytes_are_one_hunk(review_of: Make) -> None:
    change = FileChange("app", "a", b"a\0\nb\n", b"a\0\nc\n")
    lines = rows_of(laid_out(plan_of(review_of(change).files[0])))[2:]
    assert [row.lines for row in lines] == [(0,), (1,), (2,), (3,)]


@given(TEXTS, TEXTS, FOLDS, st.booleans())
def test_rows_hold_every_changed_line_once_with_its_numbers(
    before: bytes, after: bytes, folds: Folds, is_split: bool
) -> None:
    file = file_of(before, after)
    layout = laid_out(plan_of(file, folds, is_split=is_split))
    rows = [row for row in rows_of(layout) if row.kind == "line"]
    old, new = split_lines(before), split_lines(after)
    for sides, lines in (([r.old for r in rows], old), ([r.new for r in rows], new)):
        numbers = [side.number for side in sides if side]
        assert numbers == sorted(set(numbers))
        assert all(lines[side.number - 1] == side.data for side in sides if side)
        if folds.is_whole and file.hunks:
            assert numbers == [*range(1, len(lines) + 1)]
    for number, hunk in enumerate(file.hunks):
        indices = [line for row in rows if row.hunk == number for line in row.lines]
        assert sorted(indices) == [*range(len(hunk.lines))]
        for row in (row for row in rows if row.hunk == number):
            for side, tag in ((row.old, "-"), (row.new, "+")):
                if side and side.line is not None:
                    expected = hunk.lines[side.line]
                    assert expected.data == side.data
                    assert expected.tag in (tag, " ")


@given(TEXTS, TEXTS, st.booleans())
def test_every_row_is_found_again(before: bytes, after: bytes, is_split: bool) -> None:
    file = file_of(before, after)
    layout = laid_out(plan_of(file, is_split=is_split))
    other = laid_out(plan_of(file, is_split=not is_split))
    for index, row in enumerate(rows_of(layout)):
        if row.kind == "line":
            assert layout.row_like(row) == index
            assert other.row_like(row) is not None
        assert all(layout.row_of_line(row.hunk or 0, line) == index for line in row.lines)
    assert [layout.row(row).kind for row in layout.hunks] == ["hunk"] * len(file.hunks)


@given(TEXTS, TEXTS)
def test_hunk_headers_count_the_rows_below_them(before: bytes, after: bytes) -> None:
    layout = laid_out(plan_of(file_of(before, after)))
    for number, header in enumerate(layout.hunks):
        below = [row for row in rows_of(layout) if row.kind == "line" and row.hunk == number]
        old = [row.old.number for row in below if row.old]
        new = [row.new.number for row in below if row.new]
        title = layout.row(header).text.split()
        assert title[1].rpartition(",")[2] == str(len(old))
        assert title[2].rpartition(",")[2] == str(len(new))
        assert not old or title[1] == f"-{old[0]},{len(old)}"
        assert not new or title[2] == f"+{new[0]},{len(new)}"
