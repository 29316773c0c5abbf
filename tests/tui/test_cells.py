"""Lines in cells."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from copilot.text import is_harmful
from copilot.tui.cells import Run, decoded, line_width, mark, window

TEXTS = st.text("ab 漢😀é\u0301\u0e31\t\x1b\u202e\u200d\xa0\r[]אب", max_size=40)
BYTES = st.one_of(TEXTS.map(lambda text: text.encode()), st.binary(max_size=40))


def drawn(data: bytes, left: int = 0, width: int = 80) -> str:
    return "".join(run.text for run in window(data, left, width))


def marks(data: bytes) -> list[str]:
    return [run.text for run in window(data, 0, 80) if run.is_mark]


def test_control_characters_are_drawn_as_marks() -> None:
    assert drawn(b"\x1b[31mred\x1b[0m\x00\x7f\n") == "␛[31mred␛[0m␀␡"
    assert marks(b"\x1b[31mred\x1b[0m\x00\x7f\n") == ["␛", "␛", "␀", "␡"]
    assert drawn(b"dos\r\n") == "dos␍"
    assert marks(b"a\x85b") == ["⟨85⟩"]


def test_characters_nobody_sees_are_named() -> None:
    assert drawn("a\u202eb\u200bc\ufeff".encode()) == "a⟨U+202E⟩b⟨U+200B⟩c⟨U+FEFF⟩"
    assert drawn("\U000e0041".encode()) == "⟨U+E0041⟩"


def test_text_of_a_mark_in_a_file_is_no_mark() -> None:
    assert drawn("⟨U+202E⟩ ␛".encode()) == "⟨U+202E⟩ ␛"
    assert marks("⟨U+202E⟩ ␛".encode()) == []


def test_brackets_and_right_to_left_letters_stay_as_they_are() -> None:
    assert drawn(b"[red]x[/] [@click=quit]") == "[red]x[/] [@click=quit]"
    assert drawn('s = "שלום"'.encode()) == 's = "שלום"'


def test_tabs_go_to_the_next_stop_from_the_start_of_the_line() -> None:
    assert drawn(b"\ta\tbcd\te") == "    a   bcd e"
    assert drawn("漢\tx".encode()) == "漢  x"
    assert drawn(b"\x1b\tx") == "␛   x"
    assert drawn(b"ab\tcd\tef", 3, 20) == "‹cd  ef"


def test_wide_characters_are_cut_at_cells() -> None:
    assert drawn("漢字漢字".encode(), 0, 5) == "漢字›"
    assert drawn("漢字漢字".encode(), 0, 4) == "漢 ›"
    assert drawn("漢字漢字".encode(), 1, 20) == "‹字漢字"
    assert drawn("漢字漢字".encode(), 2, 20) == "‹ 漢字"


def test_combining_marks_stay_with_their_letter() -> None:
    text = "e\u0301a"
    assert drawn(text.encode()) == text
    assert drawn(text.encode(), 0, 2) == text
    assert line_width(text.encode()) == 2


def test_a_heap_of_combining_marks_is_written_out() -> None:
    heap = "e" + "\u0301" * 6
    assert drawn(heap.encode()) == "e" + "\u0301" * 4 + "⟨U+0301⟩" * 2
    assert drawn("\u0301e".encode()) == "⟨U+0301⟩e"


def test_window_of_a_line_of_a_megabyte() -> None:
    line = b"0123456789" * 100_000
    assert line_width(line) == 1_000_000
    assert drawn(line, 500_000, 8) == "‹123456›"
    assert drawn(line, 999_995, 20) == "‹6789"
    wide = "漢字".encode() * 200_000
    assert line_width(wide) == 800_000
    assert drawn(wide, 400_000, 8) == "‹ 字漢 ›"


def test_hostile_megabytes_fill_the_window() -> None:
    lines = [
        b"\x1b[31m" * 200_000,
        "\u0301".encode() * 500_000,
        b"\t" * 1_000_000,
        b"\xff" * 1_000_000,
        "a\u202e".encode() * 250_000,
    ]
    for line in lines:
        assert cell_len(drawn(line)) == 80


@given(BYTES, st.integers(0, 60), st.integers(1, 50))
def test_window_is_the_line_cut_to_cells(data: bytes, left: int, width: int) -> None:
    data = data.replace(b"\n", b"")
    whole = window(data, 0, 10_000)
    runs = window(data, left, width)
    assert cell_len("".join(run.text for run in runs)) <= width
    assert line_width(data) == sum(run.width for run in whole)
    assert _inner(runs, left, width).items() <= _glyphs([r for r in whole if r.width]).items()
    if left == 0 and line_width(data) <= width:
        assert runs == whole


@given(BYTES)
def test_runs_tell_which_characters_they_draw(data: bytes) -> None:
    data = data.replace(b"\n", b"")
    text, runs = decoded(data), window(data, 0, 10_000)
    assert [run.start for run in runs] == [0, *(run.end for run in runs)][:-1]
    assert not runs or runs[-1].end == len(text)
    for run in runs:
        assert not any(is_harmful(c) for c in run.text)
        if run.is_mark:
            assert run.text == mark(text[run.start])
        elif "\t" not in text[run.start : run.end]:
            assert run.text == text[run.start : run.end]


@given(st.text("ab漢é\u0301\t\x1b", min_size=1, max_size=9), st.integers(1, 6000))
@settings(max_examples=25)
def test_long_line_is_the_same_from_any_place(part: str, left: int) -> None:
    line = part.encode() * (5000 // len(part.encode()) + 1)
    whole = window(line, 0, 100_000)
    assert [run.start for run in whole] == [0, *(run.end for run in whole)][:-1]
    assert whole[-1].end == len(decoded(line))
    assert line_width(line) == sum(run.width for run in whole)
    assert (
        _inner(window(line, left, 30), left, 30).items()
        <= _glyphs([r for r in whole if r.width]).items()
    )


def _glyphs(runs: list[Run]) -> dict[int, str]:
    """Return what is drawn in each cell; a wide character in its first one."""
    glyphs: dict[int, str] = {}
    for run in runs:
        for index, text in enumerate(run.text if len(run.text) == run.width else [run.text]):
            glyphs[run.column + index] = text
    return glyphs


def _inner(runs: list[Run], left: int, width: int) -> dict[int, str]:
    """Return what is drawn in the cells of a window, but for those a cut may have changed."""
    drawn = _glyphs([run for run in runs if run.width])
    return {column: drawn[column] for column in drawn if left + 3 <= column < left + width - 3}
