"""Rows on lines, for any width."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from copilot.tui.session.layout import Layout
from copilot.tui.session.lines import Line
from copilot.tui.session.wrapping import height

_LINES = st.lists(st.text(alphabet="ab ", max_size=60).map(lambda t: Line("text", t)), max_size=600)


def expected(lines: list[Line], width: int) -> list[tuple[int, int]]:
    return [(n, row) for n, line in enumerate(lines) for row in range(height(line, width))]


def found(layout: Layout) -> list[tuple[int, int] | None]:
    return [layout.at(row) for row in range(layout.rows)]


@given(_LINES, st.integers(0, 600), st.integers(4, 40), st.integers(4, 40))
def test_rows_are_those_of_the_lines(lines: list[Line], kept: int, old: int, new: int) -> None:
    layout = Layout(old)
    layout.append(lines)
    layout.cut(min(kept, len(lines)))
    layout.append(lines[kept:])
    assert found(layout) == expected(lines, old)
    layout.set_width(new, 0, 10)
    layout.append([Line("text", "a b c d e f g h")])
    while layout.step():
        pass
    assert layout.is_counted
    whole = [*lines, Line("text", "a b c d e f g h")]
    assert found(layout) == expected(whole, new)
    assert [layout.row(n) for n in range(len(whole) + 1)] == [
        *(row for row, (_, inside) in enumerate(expected(whole, new)) if not inside),
        layout.rows,
    ]
    assert list(layout.lines()) == whole


def test_change_of_width_counts_what_is_in_sight_at_once() -> None:
    layout = Layout(80)
    layout.append(Line("text", "word " * 10) for _ in range(2000))
    layout.set_width(25, 1000, 30)
    assert not layout.is_counted
    top = layout.row(1000)
    assert [layout.at(top + n) for n in range(3)] == [(1000, 0), (1000, 1), (1001, 0)]
