"""Lines cut into rows, measured in cells."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from copilot.tui.session.lines import Kind, Line
from copilot.tui.session.wrapping import expanded, height, plain, rows

_TEXTS = st.text(alphabet="ab \t日é*`", max_size=80)
_KINDS: st.SearchStrategy[Kind] = st.sampled_from(["text", "code", "note", "heading", "added"])


@given(_KINDS, _TEXTS, st.sampled_from(["", "  • ", "│ "]), st.integers(12, 40))
def test_rows_fit_and_are_as_many_as_the_height(
    kind: Kind, text: str, lead: str, width: int
) -> None:
    line = Line(kind, text, lead)
    shown = rows(line, width)
    assert len(shown) == height(line, width)
    assert all(cell_len(plain(row).rstrip()) <= width for row in shown)


@given(_TEXTS, st.integers(12, 40))
def test_code_loses_no_character(text: str, width: int) -> None:
    shown = rows(Line("code", text, "│ "), width)
    assert "".join(plain(row).removeprefix("│ ") for row in shown) == expanded(text)


@given(_TEXTS, st.integers(12, 40))
def test_prose_loses_nothing_but_blanks(text: str, width: int) -> None:
    shown = "".join(plain(row) for row in rows(Line("note", text), width))
    assert shown.replace(" ", "") == expanded(text).replace(" ", "")


def test_rows_behind_the_first_hang_below_the_text() -> None:
    shown = rows(Line("text", "one two three four", "  • "), 14)
    assert [plain(row) for row in shown] == ["  • one two", "    three four"]


def test_code_is_coloured_and_unknown_languages_are_not() -> None:
    (row,) = rows(Line("code", "def f(): pass", "│ ", 1), 40, "python")
    assert ("def", "keyword") in row
    (row,) = rows(Line("code", "def f(): pass", "│ ", 1), 40, "no-such-language")
    assert [piece.ink for piece in row] == ["lead", "code"]


def test_code_header_names_language_and_number() -> None:
    assert plain(rows(Line("fence", "rust", "", 3), 40)[0]) == "rust [3]"
    assert plain(rows(Line("fence", "", "", 4), 40)[0]) == "text [4]"


def test_tabs_stop_at_cells() -> None:
    assert expanded("日\tx") == "日  x"
