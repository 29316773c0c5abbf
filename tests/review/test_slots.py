from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.edits.changes import DiffLine
from copilot.review.slots import Pair, aligned, pairs

_TAG = st.sampled_from([" ", "-", "+"])
_LINES = st.lists(st.builds(DiffLine, _TAG, st.sampled_from([b"a b c\n", b"a b d\n", b"x\n", b""])))


def _lines(*tagged: str) -> tuple[DiffLine, ...]:
    tags: dict[str, Literal[" ", "-", "+"]] = {" ": " ", "-": "-", "+": "+"}
    return tuple(DiffLine(tags[line[0]], f"{line[1:]}\n".encode()) for line in tagged)


@pytest.mark.parametrize(
    ("old", "new", "rows"),
    [
        ([b"a", b"b"], [b"A", b"B"], [(0, 0), (1, 1)]),
        ([b"a", b"b"], [b"A"], [(0, 0), (1, None)]),
        ([], [b"A", b"B"], [(None, 0), (None, 1)]),
        ([b"return x"], [b"if not x:", b"    raise Nothing", b"return x + 1"], None),
        ([b"import os", b"x = 1", b"y = 2"], [b"y = 3"], [(0, None), (1, None), (2, 0)]),
    ],
)
def test_lines_that_are_alike_stand_side_by_side(
    old: list[bytes], new: list[bytes], rows: list[Pair] | None
) -> None:
    assert aligned(old, new) == tuple(rows or [(None, 0), (None, 1), (0, 2)])


def test_a_hunk_is_rows_of_two_columns() -> None:
    lines = _lines("-a", "+A", " both", "-b", "-c", " more", "+d")
    assert pairs(lines) == ((0, 1), (2, 2), (3, None), (4, None), (5, 5), (None, 6))


def test_old_lines_behind_new_ones_begin_another_run() -> None:
    assert pairs(_lines("-a", "+A", "-b", "+B")) == ((0, 1), (2, 3))
    assert pairs(_lines("+A", "-b")) == ((None, 0), (1, None))


@given(_LINES)
def test_every_line_stands_once_and_both_columns_rise(lines: list[DiffLine]) -> None:
    rows = pairs(lines)
    for column, other in ((0, "+"), (1, "-")):
        shown = [row[column] for row in rows if row[column] is not None]
        assert shown == [index for index, line in enumerate(lines) if line.tag != other]
    assert all((old == new) == (lines[old].tag == " ") for old, new in rows if old is not None)


def test_too_many_lines_to_compare_stand_one_by_one() -> None:
    old, new = [b"%d x y" % n for n in range(100)], [b"%d x y" % n for n in range(1, 100)]
    assert aligned(old, new) == (*((n, n) for n in range(99)), (99, None))
