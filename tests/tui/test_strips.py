"""Rows cut to the screen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from copilot.tui.strips import Frame, Line, header_segments, line_segments
from copilot.tui.syntax import Span

FRAME = Frame(width=30, left=0, number_width=3, is_split=False)


def no_ink(*_names: str) -> Style:
    return Style()


def drawn(line: Line, frame: Frame = FRAME, width: int = 30) -> str:
    return "".join(segment.text for segment in line_segments(line, frame, width, no_ink))


def test_line_shows_mark_origin_numbers_tag_and_text() -> None:
    line = Line(b"new\ttext\n", "+", (None, 12), "x", "*")
    assert drawn(line) == "x*     12 + new text          "


def test_one_side_shows_its_own_number() -> None:
    frame = Frame(width=41, left=0, number_width=3, is_split=True)
    assert drawn(Line(b"new", "+", (12,), "x"), frame, frame.half) == "x  12 + new         "


def test_line_scrolled_sideways_marks_what_is_cut() -> None:
    line = Line(b"0123456789" * 100, " ", (1, 1))
    frame = Frame(width=30, left=50, number_width=3, is_split=False)
    assert drawn(line, frame) == "    1   1   ‹1234567890123456›"


def test_header_shows_mark_and_decision() -> None:
    segments = header_segments(
        "@@ -1 +1 @@ a long name", FRAME, no_ink, mark="[x]", word="accepted"
    )
    assert "".join(segment.text for segment in segments) == "[x] @@ -1 +1 @@ a lo› accepted"


def test_colours_words_and_hits_are_drawn_in_their_ink() -> None:
    line = Line(
        b"\tdef abc(): \x1b",
        "+",
        (1, 1),
        colours=(Span(1, 4, "keyword"), Span(5, 8, "definition")),
        words=((5, 8),),
        hits=((6, 7),),
    )
    frame = Frame(width=60, left=0, number_width=3, is_split=False)

    def ink(kind: str, *more: str) -> Style:
        return Style(link=kind or None, underline="word" in more, reverse="hit" in more)

    seen = [
        (s.text, s.style.link, bool(s.style.underline), bool(s.style.reverse))
        for s in line_segments(line, frame, 40, ink)
        if s.style is not None and s.style.link in ("keyword", "definition", "mark")
    ]
    assert seen == [
        ("def", "keyword", False, False),
        ("a", "definition", True, False),
        ("b", "definition", True, True),
        ("c", "definition", True, False),
        ("␛", "mark", False, False),
    ]


@given(
    st.text("ab漢😀é\u0301\t\x1b\u202e", max_size=40),
    st.integers(0, 45),
    st.integers(20, 60),
    st.booleans(),
)
def test_line_fills_its_width_exactly(text: str, left: int, width: int, is_split: bool) -> None:
    frame = Frame(width, left, 3, is_split)
    line = Line(text.encode(), "+", (1,) if is_split else (None, 1))
    assert cell_len(drawn(line, frame, width)) == width


@given(st.text("ab漢é\t\x1b", max_size=80), st.integers(0, 45), st.integers(20, 60))
def test_header_fills_its_width_exactly(text: str, left: int, width: int) -> None:
    frame = Frame(width, left, 3, is_split=False)
    segments = header_segments(text, frame, no_ink, mark="[ ]", word="accepted")
    assert cell_len("".join(segment.text for segment in segments)) == width
