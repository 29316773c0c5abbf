from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from copilot.edits.lineindex import LineIndex

_KEYS = st.lists(st.integers(0, 3), max_size=12)


@given(_KEYS, st.lists(st.integers(0, 4), max_size=4), st.integers(0, 3), st.integers(0, 12))
def test_runs_are_found_where_they_stand(
    lines: list[int], run: list[int], start: int, stop: int
) -> None:
    wanted = [
        place
        for place in range(start, min(stop, len(lines)) - len(run) + 1)
        if run and lines[place : place + len(run)] == run
    ]
    index = LineIndex(lines)
    assert index.find(run, 99, start, stop) == wanted
    assert index.find(run, 1, start, stop) == wanted[:1]


def test_many_distinct_lines_stay_apart() -> None:
    index = LineIndex(range(40_000))
    assert all(index.find([n, n + 1], 2) == [n] for n in range(0, 39_999, 777))
    assert index.find([1, 0], 2) == []
