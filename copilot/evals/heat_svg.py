"""The heat map as SVG: no script, no font, no network; the same input gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator

from copilot.evals.heat import Heat, colour, is_dark, label, short
from copilot.evals.statistics import Mean
from copilot.evals.svg import INK, QUIET, document, text

_WIDTH = 900
_LEFT, _TOP, _RIGHT = 76, 64, 24
_CELL_HEIGHT = 56
_LARGEST_CELL = 130
_NOTHING = "#e4e7eb"
_STEPS = 5


def heat_svg(heat: Heat, title: str) -> str:
    """Return the picture: columns are lengths, rows are depths."""
    width = min(_LARGEST_CELL, (_WIDTH - _LEFT - _RIGHT) / len(heat.lengths))
    bottom = _TOP + _CELL_HEIGHT * len(heat.depths)
    lines = [
        text(_LEFT, 28, title, 18, weight=600),
        text(_LEFT, 50, "per cent of the full score, by length and depth of the needle", 13),
        *_rows(heat, width),
        *_axes(heat, width, bottom),
        *_legend(bottom + 62),
    ]
    return document(_WIDTH, bottom + 96, lines)


def _rows(heat: Heat, width: float) -> Iterator[str]:
    for row, cells in enumerate(heat.cells):
        for column, cell in enumerate(cells):
            yield from _cell(_LEFT + column * width, _TOP + row * _CELL_HEIGHT, width, cell)


def _cell(x: float, y: float, width: float, cell: Mean | None) -> Iterator[str]:
    value, count = label(cell)
    filled = colour(cell.value) if cell else None
    look = "#{:02x}{:02x}{:02x}".format(*filled) if filled else _NOTHING
    ink = "#ffffff" if filled and is_dark(filled) else INK
    yield (
        f'<rect x="{x:.1f}" y="{y}" width="{width - 2:.1f}" height="{_CELL_HEIGHT - 2}" '
        f'fill="{look}"/>\n'
    )
    middle = x + (width - 2) / 2
    size = 18 if width >= 52 else 13
    yield text(middle, y + (26 if count else 33), value, size, ink=ink, anchor="middle")
    if count:
        yield text(middle, y + 44, count, 11, ink=ink, anchor="middle")


def _axes(heat: Heat, width: float, bottom: float) -> Iterator[str]:
    for row, depth in enumerate(heat.depths):
        y = _TOP + row * _CELL_HEIGHT + _CELL_HEIGHT / 2 + 4
        yield text(_LEFT - 10, y, f"{depth:.0%}", 13, anchor="end")
    turn = _TOP + _CELL_HEIGHT * len(heat.depths) / 2
    yield (
        f'<text x="18" y="{turn:.0f}" transform="rotate(-90 18 {turn:.0f})" font-size="13" '
        'fill="#52606d" text-anchor="middle">depth</text>\n'
    )
    for column, tokens in enumerate(heat.lengths):
        x = _LEFT + column * width + (width - 2) / 2
        yield text(x, bottom + 20, short(tokens), 13, anchor="middle")
    middle = _LEFT + width * len(heat.lengths) / 2
    about = "length in the model's tokens"
    yield text(max(middle, _LEFT + 80), bottom + 40, about, 13, ink=QUIET, anchor="middle")


def _legend(y: float) -> Iterator[str]:
    """Yield what the colours stand for."""
    for step in range(_STEPS):
        value = step / (_STEPS - 1)
        x = _LEFT + step * 64
        look = "#{:02x}{:02x}{:02x}".format(*colour(value))
        yield f'<rect x="{x}" y="{y}" width="16" height="16" fill="{look}"/>\n'
        yield text(x + 22, y + 13, f"{value * 100:.0f}", 12)
    x = _LEFT + _STEPS * 64
    yield f'<rect x="{x}" y="{y}" width="16" height="16" fill="{_NOTHING}"/>\n'
    yield text(x + 22, y + 13, "not asked; n is the number of answers", 12)
