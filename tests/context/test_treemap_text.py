"""The map in the terminal: as wide and as high as asked, and readable without colour."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from copilot.context.model import Detail, PackedFile, SectionKind
from copilot.context.treemap_figures import Spent
from copilot.context.treemap_text import treemap_text

_CODES = re.compile("\x1b\\[[0-9;]*m")


def _file(
    path: str,
    tokens: int,
    detail: Detail = Detail.FULL,
    section: SectionKind = SectionKind.BASE,
) -> PackedFile:
    left_out = detail is Detail.OMITTED
    kind = None if left_out else section
    return PackedFile("repo", path, None, kind, detail, 0 if left_out else tokens, "binary")


def _spent(files: Sequence[PackedFile], budget: int | None = None) -> Spent:
    total = sum(file.tokens for file in files) + 300
    return Spent(tuple(files), total, budget, {"rules": 300})


SMALL = _spent(
    [
        _file("src/app.py", 5200),
        _file("src/view.py", 2600, section=SectionKind.OVERLAY),
        _file("tests/test_app.py", 1900, Detail.OUTLINE),
        _file("tests/test_view.py", 800, section=SectionKind.FOCUS),
        _file("docs/guide.md", 700, Detail.PATH),
        _file("logo.png", 0, Detail.OMITTED),
    ],
    20_000,
)
PICTURE = """\
11.5k tokens, 58% of the budget of 20k
┏━ repo/  11.2k 97% ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┱─┐
┣━ src/  7.8k 68% ━━━━━━━━━┯━━━━━━━━━━━━┳━ tests/ 2.7k ━━┫·│
┃app.py 5.2k███████████████│+view.py████┃test_app.py│*te…┃·│
┃██████████████████████████│2.6k████████┃1.9k▒▒▒▒▒▒▒│800█┃·│
┃██████████████████████████│████████████┃▒▒▒▒▒▒▒▒▒▒▒│████┃·│
┃██████████████████████████│████████████┃▒▒▒▒▒▒▒▒▒▒▒│████┃·│
┃██████████████████████████│████████████┃▒▒▒▒▒▒▒▒▒▒▒│████┃·│
┃██████████████████████████│████████████┃▒▒▒▒▒▒▒▒▒▒▒│████┃·│
┃██████████████████████████│████████████┣━━━━━━━━━━━┷━━━━┫·│
┃██████████████████████████│████████████┃docs/guide.md░░░┃·│
┗━━━━━━━━━━━━━━━━━━━━━━━━━━┷━━━━━━━━━━━━┻━━━━━━━━━━━━━━━━┹─┘
██ full: 3 files, 8.6k, 75%   ▒▒ outline: 1 file, 1.9k, 17%
░░ path only: 1 file, 700, 6.1%   ·· rules 300
+ overlay: 1 file, 2.6k   * focus: 1 file, 800
left out: 1 file (1 binary)
"""
_NAMES = st.text(st.sampled_from("abc_.名é\u0301\u202e\x1b\x00\n\ud800"), max_size=30)
_FILES = st.lists(
    st.builds(_file, _NAMES, st.integers(0, 9000), st.sampled_from(Detail)), max_size=30
)


def _large() -> Spent:
    details = [Detail.FULL, Detail.FULL, Detail.OUTLINE, Detail.PATH]
    return _spent(
        [
            _file(
                f"{'src' if n % 3 else 'tests'}/part_{n % 11}/{n}.py",
                10**6 // (n + 9),
                details[n % 4],
            )
            for n in range(1500)
        ]
    )


def test_it_looks_like_this() -> None:
    assert treemap_text(SMALL, 60, 16) == PICTURE


def test_colour_repeats_what_the_filling_tells() -> None:
    coloured = treemap_text(SMALL, 60, 16, colour=True)
    assert _CODES.sub("", coloured) == treemap_text(SMALL, 60, 16)
    assert "\x1b[0;34m█" in coloured
    assert "\x1b[0;36m▒" in coloured
    assert "\x1b[0;33m░" in coloured
    for line in coloured.splitlines():
        assert (_CODES.findall(line) or ["\x1b[0m"])[-1] == "\x1b[0m"


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (200, 50), (40, 14)])
def test_it_fills_the_terminal_it_is_given(width: int, height: int) -> None:
    lines = treemap_text(_large(), width, height).splitlines()
    assert len(lines) == height
    boxes = [line for line in lines if line[0] in "┏┣┠┡┃┗│├"]
    assert len(boxes) >= height - 6
    assert {len(line) for line in boxes} == {width}
    assert boxes[0].startswith("┏━ repo/ ")


def test_more_room_shows_more_names() -> None:
    names = [
        len(re.findall(r"\.py|part_", treemap_text(_large(), *size)))
        for size in ((80, 24), (120, 40), (200, 50))
    ]
    assert 0 < names[0] < names[1] < names[2]


def test_with_too_little_room_it_is_a_list() -> None:
    assert treemap_text(SMALL, 38, 12).splitlines()[:4] == [
        "11.5k tokens, 58% of the budget of 20k",
        "  5.2k   45% █ repo/src/app.py",
        "  2.6k   23% █ repo/src/view.py",
        "  1.9k   17% ▒ repo/tests/test_app.py",
    ]
    assert "   700  6.1% ░ …s/guide.md\n" in treemap_text(SMALL, 26, 40)


@settings(deadline=None)
@given(_FILES, st.integers(1, 90), st.integers(1, 30), st.booleans())
def test_it_stays_within_its_columns_and_lines(
    files: list[PackedFile], width: int, height: int, colour: bool
) -> None:
    text = treemap_text(_spent(files, 9999), width, height, colour=colour)
    plain = _CODES.sub("", text)
    assert len(plain.splitlines()) <= height
    assert re.findall("[\x00-\x09\x0b-\x1f\u202e\ud800]", plain) == []
    if width >= 4:
        assert all(cell_len(line) <= width for line in plain.splitlines())


def test_wide_letters_take_two_columns() -> None:
    lines = treemap_text(_spent([_file("名前" * 9, 900), _file("e\u0301.py", 900)]), 60, 16)
    boxes = [line for line in lines.splitlines() if line[0] in "┏┣┠┃┗"]
    assert {cell_len(line) for line in boxes} == {60}
    assert "名前名前" in lines
    assert "e\u0301.py" in lines


def test_an_empty_prompt_has_a_map() -> None:
    assert treemap_text(Spent((), 0), 80, 24).startswith("0 tokens\n")
