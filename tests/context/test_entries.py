from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.context.entries import (
    Entry,
    Shape,
    foot_of,
    head_of,
    latest,
    mark_line,
    pieces_of,
    superseded,
)
from copilot.context.frame import is_taken, marks_in
from copilot.context.model import Frame

FRAME = Frame("file-2", 7)


@pytest.mark.parametrize(
    ("shape", "line"),
    [
        (Shape.FULL, '<file-2 path="app/a b.py">\n'),
        (Shape.OUTLINE, '<file-2 path="app/a b.py" detail="outline">\n'),
        (Shape.PATH, '<file-2 path="app/a b.py" detail="path"/>\n'),
        (Shape.DELETED, '<file-2 path="app/a b.py" detail="deleted"/>\n'),
    ],
)
def test_a_first_line_says_what_follows(shape: Shape, line: str) -> None:
    assert head_of("app/a b.py", shape, FRAME) == line.encode()


@pytest.mark.parametrize(
    ("data", "between"), [(b"", b""), (b"x\n", b"x\n"), (b"x", b"x\n"), (b"\n", b"\n")]
)
def test_a_file_ends_its_last_line(data: bytes, between: bytes) -> None:
    head = head_of("app/a", Shape.FULL, FRAME)
    assert b"".join(pieces_of(head, data, FRAME)) == head + between + foot_of(FRAME)


def test_a_mark_is_no_boundary_of_any_frame() -> None:
    line = mark_line("bafodi", FRAME)
    assert line == b"<file-2-mark bafodi>\n"
    assert not any(is_taken(Frame(tag), marks_in(line)) for tag in ("file", "file-2"))


@pytest.mark.parametrize(
    ("shape", "is_full", "shows_text"),
    [
        (Shape.FULL, True, True),
        (Shape.OUTLINE, False, True),
        (Shape.PATH, False, False),
        (Shape.DELETED, False, False),
        (Shape.MARK, False, False),
    ],
)
def test_what_an_entry_shows(shape: Shape, is_full: bool, shows_text: bool) -> None:
    entry = Entry(b"app/a", shape, "", 1, 1)
    assert (entry.is_full, entry.shows_text) == (is_full, shows_text)


def test_a_name_that_is_no_utf_8_stays_what_it_is() -> None:
    assert Entry(b"app/\xff", Shape.FULL, "", 1, 1).name == "app/\udcff"


_ENTRIES = st.lists(
    st.builds(
        Entry,
        st.sampled_from([b"", b"a", b"b", b"c"]),
        st.sampled_from([Shape.FULL, Shape.PATH, Shape.DELETED]),
        st.sampled_from(["1", "2"]),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    max_size=8,
)


@given(entries=_ENTRIES)
def test_an_entry_counts_or_is_superseded(entries: list[Entry]) -> None:
    # The same entry may stand in several places, but is another one each time.
    entries = [Entry(e.path, e.shape, str(n), e.tokens, e.size) for n, e in enumerate(entries)]
    files = [entry for entry in entries if entry.path]
    counting = [e for e in latest(entries).values() if e.shape is not Shape.DELETED]
    idle = superseded(entries)
    assert sorted([*counting, *idle], key=lambda e: int(e.source)) == files
    for path in {entry.path for entry in files}:
        assert latest(entries)[path] is [entry for entry in files if entry.path == path][-1]
