"""Comments as boxes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from copilot.review.state import Comment
from copilot.tui.boxes import boxed, wrapped


def box(text: str, width: int = 40, *, is_rejection: bool = False) -> tuple[str, ...]:
    return boxed(Comment(0, "app/a", range(1), range(1), (), text, is_rejection), width)


def test_box_is_as_wide_as_its_text() -> None:
    assert box("why?", is_rejection=True) == (
        "╭─ rejected ──╮",
        "│ why?        │",
        "╰─────────────╯",
    )


def test_lines_are_cut_between_words() -> None:
    assert list(wrapped("one two three", 8)) == ["one two", "three"]
    assert list(wrapped("abcdefghij kl", 4)) == ["abcd", "efgh", "ij", "kl"]
    assert list(wrapped("", 8)) == [""]


@given(st.text("ab 漢\t\x1b\u202e\n", max_size=120), st.integers(10, 60))
def test_no_box_is_wider_than_asked(text: str, width: int) -> None:
    rows = box(text, width)
    assert len({cell_len(row) for row in rows}) == 1
    assert cell_len(rows[0]) <= max(20, width)
    assert not any(c in row for row in rows for c in "\x1b\u202e\n\t")
