"""Lines by number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.edits.changes import split_lines
from copilot.tui.offsets import Lines


@given(st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b"bc"])).map(b"".join))
def test_lines_are_those_of_the_change(data: bytes) -> None:
    lines = Lines(data)
    assert [lines[index] for index in range(len(lines))] == split_lines(data)
    assert len(lines) == len(split_lines(data))
    for byte in range(len(data)):
        assert lines.start(lines.at(byte)) <= byte < lines.start(lines.at(byte) + 1)


def test_no_line_behind_the_last_or_before_the_first() -> None:
    with pytest.raises(IndexError):
        Lines(b"a\n")[1]
    with pytest.raises(IndexError):
        Lines(b"a\n")[-1]
