"""Bytes in, rows out."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from copilot.edits.changes import (
    EXECUTABLE_MODE,
    PLAIN_MODE,
    ChangeSet,
    FileChange,
    split_lines,
)
from copilot.edits.flags import Flag, FlagKind
from copilot.review.state import Place, Review, start
from copilot.text import visible
from copilot.tui.rows import NO_NEWLINE, DiffRows, diff_rows, line_text

Make = Callable[..., Review]

FEW_LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n"]), max_size=30).map(b"".join)
TEXTS = st.tuples(FEW_LINES, st.sampled_from([b"", b"end"])).map(b"".join)
LINES = st.one_of(
    st.binary(max_size=60),
    st.text("aé漢😀\t\r\x1b\u202e\xad", max_size=60).map(str.encode),
)


def rows_of(before: bytes | None, after: bytes | None, old_path: str | None = None) -> DiffRows:
    change = FileChange("app", "a.txt", before, after, old_path)
    return diff_rows(start(ChangeSet((change,))).files)


def shown(rows: DiffRows) -> list[str]:
    """Write the rows down as `kind old new tag text`."""
    return [
        f"{r.old_number or '.'} {r.new_number or '.'} {r.tag}{line_text(r.data, 80)}"
        if r.kind == "line"
        else f"{r.kind}: {r.text}"
        for r in rows.rows
    ]


def test_hunk_with_three_lines_of_context() -> None:
    before = b"".join(b"%d\n" % number for number in range(1, 11))
    rows = rows_of(before, before.replace(b"5\n", b"five\nplus\n"))
    assert shown(rows) == [
        "file: a.txt",
        "hunk: @@ -2,7 +2,8 @@",
        "2 2  2",
        "3 3  3",
        "4 4  4",
        "5 . -5",
        ". 5 +five",
        ". 6 +plus",
        "6 7  6",
        "7 8  7",
        "8 9  8",
    ]


def test_neighbouring_hunks_share_the_lines_between_them() -> None:
    before = b"1\n2\n3\n4\n5\n6\n"
    rows = rows_of(before, b"one\n2\n3\n4\n5\nsix\n")
    assert shown(rows) == [
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


def test_hunk_header_names_the_definition_it_lies_in() -> None:
    before = b"import os\n\ndef f():\n    a\n\n    b\n    c\n    d\n    e\n"
    assert rows_of(before, before.replace(b"e\n", b"x\n")).rows[1].text.endswith("@@ def f():")
    assert rows_of(before, before.replace(b"def f", b"def g")).rows[1].text == "@@ -1,6 +1,6 @@"


def test_missing_newline_at_the_end_is_told_for_each_side() -> None:
    assert shown(rows_of(b"a\nb", b"a\nc\n"))[3:] == ["2 . -b", f"note: {NO_NEWLINE}", ". 2 +c"]
    assert shown(rows_of(b"a\nb\n", b"a\nc"))[3:] == ["2 . -b", ". 2 +c", f"note: {NO_NEWLINE}"]
    assert shown(rows_of(b"a\nb", b"c\nb"))[4:] == ["2 2  b", f"note: {NO_NEWLINE}"]


def test_created_deleted_and_renamed_files_say_so() -> None:
    assert shown(rows_of(None, b"a\n"))[1:] == ["hunk: new file, 1 line", ". 1 +a"]
    assert shown(rows_of(None, b""))[1:] == ["hunk: new file, empty"]
    assert shown(rows_of(b"a\nb\n", None))[1:2] == ["hunk: delete the file, 2 lines"]
    moved = shown(rows_of(b"a\n", b"b\n", "old.txt"))
    assert moved[1:3] == ["hunk: rename old.txt → a.txt", "hunk: @@ -1,1 +1,1 @@"]


def test_modes_have_rows_of_their_own() -> None:
    moded = FileChange("app", "a", b"x\n", b"y\n", None, PLAIN_MODE, EXECUTABLE_MODE)
    created = FileChange("app", "b", None, b"#!\n", mode=EXECUTABLE_MODE)
    rows = shown(diff_rows(start(ChangeSet((moded, created))).files))
    assert "hunk: mode 100644 → 100755" in rows
    assert "hunk: new executable file, 1 line" in rows


def test_change_that_changes_nothing_has_no_hunk() -> None:
    rows = rows_of(b"a\n", b"a\n")
    assert shown(rows) == ["file: a.txt", "note: no change"]
    assert rows.place_at(0) is None


def test_flags_stand_under_the_file_on_one_line(review_of: Make, two_hunks: FileChange) -> None:
    review = review_of(
        two_hunks, flags={"app/src/a.txt": (Flag(FlagKind.STALE, "line 1\nline 2\x1b[2J"),)}
    )
    assert diff_rows(review.files).rows[1].text == "line 1\\nline 2\\x1b[2J"


def test_names_of_files_cannot_steer_the_terminal() -> None:
    change = FileChange("app", "a\x1b]0;\udcff\n.py", b"a\n", b"b\n", "old\u202e.py")
    rows = diff_rows(start(ChangeSet((change,))).files)
    assert rows.rows[0].text == "a\\x1b]0;\\xff\\n.py"
    assert rows.rows[1].text == "rename old\\u202e.py → a\\x1b]0;\\xff\\n.py"


def test_every_row_leads_to_a_hunk(review_of: Make, two_hunks: FileChange) -> None:
    other = FileChange("app", "b.txt", None, b"new\n")
    rows = diff_rows(review_of(two_hunks, other).files)
    first, second, third = rows.hunks
    assert rows.places == (Place(0, 0), Place(0, 1), Place(1, 0))
    assert [rows.place_at(row) for row in (0, first + 2, second, third - 1)] == [
        Place(0, 0),
        Place(0, 0),
        Place(0, 1),
        Place(1, 0),
    ]
    assert rows.row_of(Place(1, 0)) == third


def test_next_and_previous_hunk(review_of: Make, two_hunks: FileChange) -> None:
    rows = diff_rows(review_of(two_hunks).files)
    first, second = rows.hunks
    assert rows.hunk_from(0, 1) == Place(0, 0)
    assert rows.hunk_from(first, 1) == rows.hunk_from(second + 1, -1) == Place(0, 1)
    assert rows.hunk_from(first, -1) is rows.hunk_from(second, 1) is None


def test_search_goes_on_behind_the_row_and_wraps(review_of: Make, two_hunks: FileChange) -> None:
    rows = diff_rows(review_of(two_hunks).files)
    found = rows.find("LINE", 0)
    assert found is not None
    assert rows.rows[found].data == b"LINE 3\n"
    last = rows.find("LINE", found)
    assert last is not None
    assert rows.rows[last].data == b"LINE 15\n"
    assert rows.find("LINE", last) == found
    assert rows.find("nowhere", 0) is None


@given(TEXTS, TEXTS)
def test_rows_hold_every_changed_line_once_with_its_numbers(before: bytes, after: bytes) -> None:
    change = FileChange("app", "a.txt", before, after)
    rows = [row for row in rows_of(before, after).rows if row.kind == "line"]
    old, new = split_lines(before), split_lines(after)
    numbers = [(row.old_number, row.new_number) for row in rows]
    assert len(set(numbers)) == len(numbers)
    assert all(old[row.old_number - 1] == row.data for row in rows if row.old_number)
    assert all(new[row.new_number - 1] == row.data for row in rows if row.new_number)
    changed = [(line.tag, line.data) for hunk in change.hunks for line in hunk.lines]
    changed = [line for line in changed if line[0] != " "]
    assert [(row.tag, row.data) for row in rows if row.tag != " "] == changed


@given(TEXTS, TEXTS)
def test_hunk_headers_count_the_rows_below_them(before: bytes, after: bytes) -> None:
    stream = rows_of(before, after)
    for place, start_row in zip(stream.places, stream.hunks, strict=True):
        below = [row for row in stream.rows if row.kind == "line" and row.hunk == place.hunk]
        old = [row.old_number for row in below if row.old_number]
        new = [row.new_number for row in below if row.new_number]
        title = stream.rows[start_row].text.split()
        assert title[1].rpartition(",")[2] == str(len(old))
        assert title[2].rpartition(",")[2] == str(len(new))
        assert not old or title[1] == f"-{old[0]},{len(old)}"
        assert not new or title[2] == f"+{new[0]},{len(new)}"


def test_hostile_text_is_shown_as_escapes() -> None:
    assert line_text(b"\x1b[2J\x00\x07\n", 80) == "\\x1b[2J\\x00\\x07"
    assert line_text("a\u202eb\u200bc\x85\n".encode(), 80) == "a\\u202eb\\u200bc\\x85"
    assert line_text(b"caf\xe9 \xc3\xa9\n", 80) == "caf\\xe9 é"


def test_tabs_and_carriage_returns_are_seen() -> None:
    assert line_text(b"\ta\tb\n", 80) == "    a   b"
    assert line_text(b"dos\r\n", 80) == "dos␍"
    assert line_text(b"in\rside\r\r\n", 80) == "in\\x0dside\\x0d␍"


def test_line_of_a_megabyte_is_read_no_further_than_shown() -> None:
    assert line_text("😀".encode() * 250_000, 5) == "😀" * 5


@given(LINES, st.integers(1, 90))
def test_limit_cuts_and_changes_nothing_else(data: bytes, limit: int) -> None:
    whole = line_text(data.replace(b"\n", b""), 1000)
    assert line_text(data.replace(b"\n", b""), limit) == whole[:limit]
    assert visible(whole) == whole
    assert "\t" not in whole
