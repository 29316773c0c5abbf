from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.edits.changes import DiffLine, FileChange
from copilot.errors import EditsRefused
from copilot.review.hunktext import from_text, to_text

_TEXTS = st.lists(
    st.sampled_from([b"a\n", b"b\r\n", b"\n", b"# no comment\n", b"\\ odd\n", b"+\n"]), max_size=8
).flatmap(lambda lines: st.sampled_from([b"".join(lines), b"".join(lines) + b"end"]))


@settings(deadline=None)
@given(_TEXTS | st.none(), _TEXTS)
def test_an_unchanged_text_is_the_same_hunk(before: bytes | None, after: bytes) -> None:
    for hunk in FileChange("main", "f", before, after).hunks:
        assert from_text(to_text(hunk)) == hunk.lines


def test_lines_have_their_tags_in_front_and_the_help_ends_as_they_do() -> None:
    (hunk,) = FileChange("main", "f", b"a\r\n", b"b\r\n").hunks
    text = to_text(hunk)
    assert text.startswith(b"-a\r\n+b\r\n#")
    assert text.count(b"\n") == text.count(b"\r\n")


def test_a_missing_newline_is_marked() -> None:
    (hunk,) = FileChange("main", "f", b"a", b"b\n").hunks
    assert to_text(hunk).startswith(b"-a\n\\ No newline at end of file\n+b\n#")


def test_an_empty_line_is_an_empty_unchanged_one() -> None:
    assert from_text(b"-a\n\n+b") == (
        DiffLine("-", b"a\n"),
        DiffLine(" ", b"\n"),
        DiffLine("+", b"b\n"),
    )


@pytest.mark.parametrize("text", [b"", b"\n\n", b"# only\n# help\n", b"\r\n"])
def test_everything_deleted_is_no_lines(text: bytes) -> None:
    assert from_text(text) == ()


def test_a_line_without_tag_is_refused() -> None:
    with pytest.raises(EditsRefused, match="begins with no tag"):
        from_text(b"-a\nb\n")
