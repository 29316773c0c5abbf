"""A change is carried over to a changed file where each hunk has one place, or not at all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from copilot.edits.changes import EXECUTABLE_MODE, PLAIN_MODE, FileChange
from copilot.edits.merge import merge3
from copilot.edits.moved import Moved, moved

LINES = [f"line {n}\n".encode() for n in range(20)]
TEXT = b"".join(LINES)


def _change(before: bytes | None, after: bytes | None) -> FileChange:
    return FileChange("app", "a.txt", before, after)


def _done(result: Moved | str) -> bytes | None:
    assert isinstance(result, Moved)
    assert result.change
    return result.change.after


def test_hunks_go_along_with_their_lines() -> None:
    change = _change(TEXT, TEXT.replace(b"line 3\n", b"LINE 3\n").replace(b"line 15\n", b""))
    now = b"first\n" + TEXT.replace(b"line 9\n", b"9\n9\n")
    found = moved(change, now)
    assert _done(found) == now.replace(b"line 3\n", b"LINE 3\n").replace(b"line 15\n", b"")
    assert isinstance(found, Moved)
    assert [found.line(n) for n in (3, 15, 17)] == [4, 17, 19]


def test_a_changed_neighbour_does_no_harm() -> None:
    change = _change(TEXT, TEXT.replace(b"line 3\n", b"LINE 3\n"))
    assert _done(moved(change, TEXT.replace(b"line 2\n", b"two\n"))) == (
        TEXT.replace(b"line 2\nline 3\n", b"two\nLINE 3\n")
    )


def test_changed_lines_are_no_place() -> None:
    change = _change(TEXT, TEXT.replace(b"line 3\n", b"LINE 3\n"))
    assert moved(change, TEXT.replace(b"line 3\n", b"three\n")) == "line 4: its lines were changed"


def test_two_places_are_none() -> None:
    change = _change(b"a\nb\nc\nd\n", b"a\nb\nc\nD\n")
    assert moved(change, b"a\nb\nc\nd\na\nb\nc\nd\n") == "line 4: its lines stand at 2 places"


def test_another_order_is_none() -> None:
    change = _change(TEXT, TEXT.replace(b"line 3\n", b"3\n").replace(b"line 15\n", b"15\n"))
    turned = b"".join([*LINES[10:], *LINES[:10]])
    assert moved(change, turned) == "line 16: its lines stand in another order"


def test_what_is_there_already_is_left_out() -> None:
    after = TEXT.replace(b"line 3\n", b"LINE 3\n")
    both = after.replace(b"line 15\n", b"LINE 15\n")
    found = moved(_change(TEXT, both), after)
    assert isinstance(found, Moved)
    assert found.change == _change(after, both)
    assert moved(_change(TEXT, both), both) == Moved(None, ((3, 3), (15, 15)))


def test_lines_that_were_put_there_already_are_not_put_there_twice() -> None:
    for after in (b"new\n" + TEXT, TEXT + b"new\n", TEXT.replace(b"line 9\n", b"line 9\nnew\n")):
        found = moved(_change(TEXT, after), after.replace(b"line 15\n", b"15\n"))
        assert isinstance(found, Moved)
        assert found.change is None


def test_whole_files() -> None:
    assert moved(_change(None, b"x\n"), b"x\n") == Moved(None)
    assert moved(_change(None, b"x\n"), b"y\n") == "there is such a file"
    assert moved(_change(b"x\n", None), None) == Moved(None)
    assert "lose that" in str(moved(_change(b"x\n", None), b"y\n"))
    assert moved(_change(b"x\n", b"y\n"), None) == "the file is gone"


def test_an_end_without_a_line_feed_stays_the_end() -> None:
    change = _change(b"a\nb\n", b"a\nb\nc")
    assert "without a line end" in str(moved(change, b"a\nb\nx\n"))


def test_a_move_and_a_mode_go_along() -> None:
    change = FileChange("app", "b.txt", b"a\n", b"a\n", "a.txt", PLAIN_MODE, EXECUTABLE_MODE)
    found = moved(change, b"b\n")
    assert isinstance(found, Moved)
    assert found.change == FileChange(
        "app", "b.txt", b"b\n", b"b\n", "a.txt", PLAIN_MODE, EXECUTABLE_MODE
    )


_SOME = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n"]), max_size=8).map(b"".join)


@given(_SOME, _SOME)
def test_on_the_same_bytes_it_is_the_same(before: bytes, after: bytes) -> None:
    found = moved(_change(before, after), before)
    assert isinstance(found, Moved)
    assert found.change == _change(before, after)


_CHANGED = st.dictionaries(st.integers(0, 19), st.sampled_from([b"", b"x\n", b"y\nz\n"]))


@given(_CHANGED, _CHANGED)
def test_what_it_finds_is_what_a_merge_finds(
    mine: dict[int, bytes], theirs: dict[int, bytes]
) -> None:
    """Where each line is another, there is one way to merge; more may be refused, never less."""
    ours, now = (
        b"".join(changed.get(n, line) for n, line in enumerate(LINES)) for changed in (mine, theirs)
    )
    found = moved(_change(TEXT, ours), now)
    if isinstance(found, str):
        return
    done = found.change.after if found.change else now
    assert done is not None
    merged = merge3(TEXT, ours, now)
    if not merged.conflicts:
        assert done == merged.data
