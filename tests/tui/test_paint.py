"""Rows cut to the screen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from copilot.tui.paint import Frame, code_segments, header_segments, line_segments, window
from copilot.tui.rows import Row
from copilot.tui.syntax import Span

FRAME = Frame(width=30, left=0, number_width=3)


def no_ink(_name: str) -> Style:
    return Style()


def named_ink(name: str) -> Style:
    return Style(link=name or "plain")


def test_line_shows_both_numbers_the_tag_and_the_text() -> None:
    row = Row("line", 0, 0, "", "+", None, 12, b"new\ttext\n")
    assert "".join(s.text for s in line_segments(row, "a.txt", FRAME, no_ink)) == (
        "     12 + new text"
    )


def test_line_scrolled_sideways_marks_what_is_cut() -> None:
    row = Row("line", 0, 0, "", " ", 1, 1, b"0123456789" * 100)
    frame = Frame(width=30, left=50, number_width=3)
    text = "".join(s.text for s in line_segments(row, "a.txt", frame, no_ink))
    assert text == "  1   1   ‹123456789012345678›"


def test_header_shows_mark_and_decision() -> None:
    row = Row("hunk", 0, 0, "@@ -1 +1 @@ a long name")
    text = "".join(s.text for s in header_segments(row, "[x]", "accepted", FRAME, no_ink))
    assert text == "[x] @@ -1 +1 @@ a lo› accepted"


def test_spans_are_drawn_in_their_ink_also_when_scrolled() -> None:
    coloured = (Span(0, 3, "keyword"), Span(4, 7, "definition"))
    parts = [(s.text, s.style) for s in code_segments("def abc():", 2, 20, coloured, named_ink)]
    drawn = [(text, style.link) for text, style in parts if text and style is not None]
    assert drawn == [("‹", "keyword"), (" ", "plain"), ("abc", "definition"), ("():", "plain")]


@given(st.text("ab漢😀é\u0301", max_size=40), st.integers(0, 45), st.integers(1, 30))
def test_window_never_exceeds_its_width(text: str, left: int, width: int) -> None:
    shown = window(text, left, width)
    assert cell_len(shown) <= width
    if left == 0 and len(text) <= width and cell_len(text) <= width:
        assert shown == text
    else:
        assert not text[left:] or set("‹›") & set(shown)
