from __future__ import annotations

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from copilot.edits.match import TextFile, given, is_blank, text_file
from copilot.edits.rungs import Found, Rung, Shift, climb


def _file(text: str) -> TextFile:
    file = text_file(text.encode())
    assert file is not None
    return file


def _climb(text: str, search: str, *, at_end: bool = False) -> Found:
    return climb(_file(text), given(search), 9, at_end=at_end)


@pytest.mark.parametrize(
    ("text", "search", "rung", "starts"),
    [
        ("a\nb\na\n", "a\n", Rung.EXACT, [0, 2]),
        ("a\r\nb\r\n", "a\nb\n", Rung.EXACT, [0]),
        ("a\nb", "b\n", Rung.EXACT, [1]),
        ("ab\nb a\n", "a\n", Rung.INDENT, []),
        ("\n\n\n", "\n\n", Rung.EXACT, [0, 1]),
        ("", "\n", Rung.EXACT, []),
        ("\ufeffa\n", "a\n", Rung.EXACT, [0]),
        ("a  \nb\n", "a\n", Rung.TRAILING, [0]),
        ("a\nb\n", "a \t\nb\n", Rung.TRAILING, [0]),
        ("x\n  \na\n", "\na\n", Rung.TRAILING, [1]),
        ("x\na\n", "\n\na\n\n", Rung.TRAILING, [1]),
        ("a \na\n", "a\n", Rung.EXACT, [1]),
        ("a \na\t\n", "a\n", Rung.TRAILING, [0, 1]),
        ("  \n", "\n", Rung.EXACT, []),
        ("    a\n      b\n", "a\n  b\n", Rung.INDENT, [0]),
        ("a\n\n  b\n", "    a\n\n      b\n", Rung.INDENT, [0]),
        ("\ta\n\t\tb\n", "a\n\tb\n", Rung.INDENT, [0]),
        ("\ta\n\t\tb\n", "    a\n        b\n", Rung.INDENT, []),
        ("  a\n   b\n", "a\n  b\n", Rung.INDENT, []),
        ("    a\n", "a\n", Rung.INDENT, []),
        ("    a\n    b\n  a\n  b\n", "a\nb\n", Rung.INDENT, [0, 2]),
        ("    a\n    b\n\n  a\n  b\n", "\na\nb\n\n", Rung.INDENT, [0, 3]),
        ("    a \n    b\n", "a\nb \n", Rung.INDENT, [0]),
        ("x = 1\n", "x  =  1\n", Rung.INDENT, []),
        ("A\nB\n", "a\nb\n", Rung.INDENT, []),
    ],
)
def test_the_first_rung_that_finds_anything(
    text: str, search: str, rung: Rung, starts: list[int]
) -> None:
    found = _climb(text, search)
    assert (found.rung, found.starts) == (rung, starts)


def test_a_candidate_tells_what_was_dropped_and_shifted() -> None:
    found = _climb("x\n    a\n\n    b\n", "\n\na\n\nb\n\n")
    assert (found.starts, found.count, found.head, found.tail) == ([1], 3, 2, 1)
    assert found.shift == Shift(added=b"    ")
    assert str(found.shift) == "4 spaces more in front of each line"
    assert str(Shift(removed=b" \t")) == "1 space and 1 tab fewer in front of each line"


def test_only_the_end_of_the_file_counts_where_it_must() -> None:
    assert _climb("a\nb\na", "a", at_end=True).starts == [2]
    assert _climb("a\nb\na\nb\n", "a", at_end=True).starts == []
    assert _climb("a \nb\na ", "a", at_end=True).starts == [2]
    assert _climb("  a\n  b\n  a\n  b", "a\nb", at_end=True).starts == [2]


def test_a_shift_is_taken_from_lines_that_have_it() -> None:
    less = Shift(removed=b"  ")
    assert [less.applied(line) for line in (b"  a", b"   a", b" a", b"", b"   ")] == [
        b"a",
        b" a",
        None,
        b"",
        b" ",
    ]
    assert Shift(added=b"\t").applied(b"a") == b"\ta"
    assert Shift(added=b"\t").applied(b"") == b""


_LINES = st.lists(
    st.builds(
        lambda indent, text, behind: indent + text + behind,
        st.sampled_from(["", " ", "  ", "\t"]),
        st.sampled_from(["a", "b", ""]),
        st.sampled_from(["", "", " ", "\t"]),
    ),
    max_size=8,
)


def _naive(lines: list[bytes], search: list[bytes]) -> tuple[Rung, list[int]]:
    """Climb by trying every place."""
    starts = range(len(lines) - len(search) + 1)
    exact = [s for s in starts if lines[s : s + len(search)] == search]
    if exact or all(is_blank(line) for line in search):
        return Rung.EXACT, exact
    bare = [line.rstrip(b" \t\r") for line in lines]
    wanted = [line.rstrip(b" \t\r") for line in search]
    for _ in range(2):
        found = [
            s for s in range(len(bare) - len(wanted) + 1) if bare[s : s + len(wanted)] == wanted
        ]
        if found:
            return Rung.TRAILING, found
        while not wanted[0]:
            wanted = wanted[1:]
        while not wanted[-1]:
            wanted = wanted[:-1]
    filled = sum(map(bool, wanted))
    places = range(len(bare) - len(wanted) + 1)
    return Rung.INDENT, [s for s in places if filled > 1 and _is_shifted(bare[s:], wanted)]


def _is_shifted(lines: list[bytes], wanted: list[bytes]) -> bool:
    shifts = set()
    for line, want in zip(lines, wanted, strict=False):
        if not line or not want:
            if line or want:
                return False
        elif line.endswith(want) and not line[: -len(want)].strip():
            shifts.add((line[: -len(want)], b""))
        elif want.endswith(line) and not want[: -len(line)].strip():
            shifts.add((b"", want[: -len(line)]))
        else:
            return False
    return len(shifts) == 1


@settings(max_examples=400)
@drawn(_LINES, st.data())
def test_the_ladder_finds_what_trying_every_place_finds(
    lines: list[str], data: st.DataObject
) -> None:
    is_part: bool = data.draw(st.booleans())
    if lines and is_part:
        start = data.draw(st.integers(0, len(lines) - 1))
        part = lines[start : start + data.draw(st.integers(1, 4))]
        shift = data.draw(st.sampled_from(["", "  ", "\t"]))
        search = [shift + line if line.strip() else line for line in part]
    else:
        search = data.draw(_LINES.filter(lambda lines: len(lines) > 0))
    found = _climb("".join(f"{line}\n" for line in lines), "".join(f"{s}\n" for s in search))
    wanted = _naive([line.encode() for line in lines], [line.encode() for line in search])
    assert (found.rung, found.starts) == wanted


def test_equal_lines_in_great_number_do_not_blow_up() -> None:
    file = _file("  x\n" * 50_000 + "y\n")
    for search in ("  x\n" * 1000 + "z\n", "  x\n" * 1000 + "  y\n", " x\n" * 999 + "  x\n"):
        assert climb(file, given(search), 9).starts == []
    assert climb(file, given("x\n" * 1000), 3).starts == [0, 1, 2]
