"""Heat maps: the numbers stand in every form, narrow enough, and the same input gives the same."""

from __future__ import annotations

import re
import struct
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.errors import UsageError
from copilot.evals.heat import Heat, colour, heat_of, heat_text, is_dark, short
from copilot.evals.heat_png import heat_png
from copilot.evals.heat_svg import heat_svg
from copilot.evals.model import Measure, Recipe, Score
from copilot.evals.rows import Calibration, Row, identity_of
from copilot.evals.statistics import Mean

_DEPTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
_SHARES = st.floats(0, 1)


def _row(
    value: float, tokens: int, depth: float | None = None, positions: tuple[int, ...] = ()
) -> Row:
    return Row(
        Recipe("needle", "single", tokens, tokens, 0, 42, "o200k_base", "s", depth),
        identity_of("m", "m", "openai", ""),
        prompt_sha256="",
        haystack="",
        positions=positions,
        references=("a",),
        forbidden=(),
        measure=Measure.ALL,
        reply_tokens=1,
        own_tokens=1000,
        calibration=Calibration(0, 1.0),
        started="",
        score=Score(value),
    )


def _heat(lengths: int = 3) -> Heat:
    def cell(row: int, column: int) -> Mean | None:
        value = (row * lengths + column) / (5 * lengths)
        return None if (row, column) == (2, 1) else Mean(value, 0, 1, 20)

    cells = tuple(tuple(cell(row, column) for column in range(lengths)) for row in range(5))
    return Heat(tuple(4000 * 2**n for n in range(lengths)), _DEPTHS, cells)


def test_scores_are_gathered_by_the_depths_that_were_asked() -> None:
    rows = [_row(v, t, d) for t in (4000, 8000) for d in (0.0, 0.5) for v in (1.0, 0.0, 0.0)]
    # A needle whose depth was drawn is no cell of its own beside these.
    heat = heat_of([*rows, _row(1.0, 4000, None, (17,)), _row(1.0, 8000, 1.0)])
    assert heat is not None
    assert (heat.lengths, heat.depths) == ((4000, 8000), (0.0, 0.5, 1.0))
    first = heat.cells[0][0]
    assert first is not None
    assert (round(first.value, 3), first.count) == (0.333, 3)
    assert heat.cells[2][0] is None


def test_drawn_depths_are_gathered_at_five() -> None:
    rows = [_row(1.0, 4000, None, (at,)) for at in (0, 100, 130, 499, 990)]
    heat = heat_of([*rows, _row(1.0, 4000, None, (1, 2)), _row(1.0, 4000)])
    assert heat is not None
    assert heat.depths == (0.0, 0.25, 0.5, 1.0)
    assert [cells[0].count for cells in heat.cells if cells[0]] == [2, 1, 1, 1]
    assert heat_of([_row(1.0, 4000), _row(1.0, 4000, None, (1, 2))]) is None


@given(st.integers(1, 25))
def test_the_terminal_gets_every_number_in_eighty_columns(lengths: int) -> None:
    heat = _heat(lengths)
    lines = list(heat_text(heat))
    assert all(len(line) <= 80 for line in lines)
    body = [line for line in lines if not line.startswith("depth")]
    numbers = [found for line in body for found in re.findall(r"(\d+)[░▒▓█]", line)]
    cells = [cell for row in heat.cells for cell in row if cell]
    assert sorted(numbers) == sorted(f"{cell.value * 100:.0f}" for cell in cells)
    labels = [word for line in lines if line.startswith("depth") for word in line.split()[1:]]
    assert labels == [short(tokens) for tokens in heat.lengths]


def test_shades_rise_with_the_score() -> None:
    heat = Heat((4000,), (0.0,), ((Mean(0.0, 0, 1, 1),),))
    shades = []
    for value in (0.0, 0.3, 0.6, 1.0):
        cell = Mean(value, 0, 1, 1)
        shades.append(list(heat_text(Heat(heat.lengths, heat.depths, ((cell,),))))[1][-1])
    assert shades == ["░", "▒", "▓", "█"]


@pytest.mark.parametrize(
    ("tokens", "said"),
    [(4000, "4k"), (1_000_000, "1M"), (4096, "4096"), (1500, "1500"), (128_000, "128k")],
)
def test_lengths_are_short(tokens: int, said: str) -> None:
    assert short(tokens) == said


@given(_SHARES, _SHARES)
def test_higher_scores_are_lighter(one: float, other: float) -> None:
    def lightness(value: float) -> float:
        red, green, blue = colour(value)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((one, other))
    # Channels are rounded.
    assert lightness(low) <= lightness(high) + 1


@given(_SHARES)
def test_letters_have_a_contrast_that_can_be_read(value: float) -> None:
    def luminance(of: tuple[int, int, int]) -> float:
        shares = [c / 255 for c in of]
        red, green, blue = (
            s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    ground = colour(value)
    ink = (255, 255, 255) if is_dark(ground) else (0x17, 0x21, 0x2B)
    lighter, darker = sorted((luminance(ground), luminance(ink)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) > 3.5


@pytest.mark.parametrize("lengths", [1, 3, 9, 20])
def test_the_svg_holds_every_number_inside_its_edges(lengths: int) -> None:
    heat = _heat(lengths)
    picture = heat_svg(heat, "a <model> & more \x1b\uffff")
    root = ElementTree.fromstring(picture)  # noqa: S314 - our own
    texts = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
    for cell in (cell for row in heat.cells for cell in row if cell):
        assert f"{cell.value * 100:.0f}" in texts
    assert {short(tokens) for tokens in heat.lengths} <= set(texts)
    assert {"0%", "25%", "50%", "75%", "100%"} <= set(texts)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for box in root.iter("{http://www.w3.org/2000/svg}rect"):
        assert float(box.get("x", 0)) + float(box.attrib["width"]) <= width
        assert float(box.get("y", 0)) + float(box.attrib["height"]) <= height
    assert picture == heat_svg(heat, "a <model> & more \x1b\uffff")


def test_the_png_is_drawn_by_matplotlib() -> None:
    pytest.importorskip("matplotlib")
    picture = heat_png(_heat(), "a $model$ & more")
    assert picture.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", picture[16:24])
    assert min(width, height) > 300
    assert picture == heat_png(_heat(), "a $model$ & more")


def test_without_matplotlib_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    missing: Any = None
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", missing)
    with pytest.raises(UsageError, match="matplotlib") as failed:
        heat_png(_heat(), "m")
    assert "pictures" in failed.value.hint
