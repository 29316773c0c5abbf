"""The comparison as SVG: scores by length, a line for each model, with their intervals.

Lines differ by their marks and dashes too, and each is named at its end, so that no colour is
needed. Lengths stand at even distances, as in a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from copilot.evals.compare import Comparison, letter_of
from copilot.evals.heat import short
from copilot.evals.report_model import Series
from copilot.evals.report_table import called
from copilot.evals.rows import Identity
from copilot.evals.statistics import RULER_THRESHOLD, Mean
from copilot.evals.svg import QUIET, document, stroke, text

_WIDTH, _HEIGHT = 900, 480
_LEFT, _TOP, _RIGHT, _BOTTOM = 64, 76, 220, 64
# After Okabe and Ito (2008), which people who see no red or green can tell apart.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#000000")
_DASHES = ("", "7 4", "2 3", "10 3 2 3")
_STEPS = (0, 20, 40, 60, 80, 100)
# Marks of models at the same length stand side by side.
_ASIDE = 7
_LINE = 16
_MOST_LETTERS = 26


@dataclass(frozen=True)
class _Point:
    x: float
    y: float
    low: float
    high: float


def curves_svg(comparison: Comparison) -> str:
    """Return the picture of one suite."""
    lengths = sorted({tokens for one in comparison.series for tokens in one.scores})
    is_ruler = any(one.is_whole_ruler for one in comparison.series)
    about = "average of the tasks in per cent, with 95% intervals"
    about += f"; dashed: RULER's threshold of {RULER_THRESHOLD}" if is_ruler else ""
    lines = [
        text(_LEFT, 30, comparison.title, 18, weight=600),
        text(_LEFT, 52, about, 13),
        *_grid(lengths, is_ruler=is_ruler),
    ]
    curves = [
        _curve(one, number, lengths, len(comparison.series))
        for number, one in enumerate(comparison.series)
    ]
    for number, points in enumerate(curves):
        lines += _drawn(points, number)
    lines += _names(comparison.series, curves)
    return document(_WIDTH, _HEIGHT, lines)


def _grid(lengths: Sequence[int], *, is_ruler: bool) -> Iterator[str]:
    right = _WIDTH - _RIGHT
    for step in _STEPS:
        y = _height(step / 100)
        yield stroke(_LEFT, y, right, y, "#d5dae0", 1)
        yield text(_LEFT - 10, y + 4, str(step), 12, anchor="end")
    for at, tokens in enumerate(lengths):
        x = _place(at, len(lengths))
        yield text(x, _HEIGHT - _BOTTOM + 22, short(tokens), 13, anchor="middle")
    middle = (_LEFT + right) / 2
    about = "length in the model's tokens"
    yield text(middle, _HEIGHT - _BOTTOM + 44, about, 13, ink=QUIET, anchor="middle")
    if is_ruler:
        y = _height(RULER_THRESHOLD / 100)
        yield stroke(_LEFT, y, right, y, QUIET, 1, "4 3")


def _curve(series: Series, number: int, lengths: Sequence[int], count: int) -> list[_Point]:
    means = {one.tokens: one.average for one in series.complete}
    aside = (number - (count - 1) / 2) * _ASIDE
    points = ((_place(at, len(lengths)) + aside, means.get(n)) for at, n in enumerate(lengths))
    return [_point(x, mean) for x, mean in points if mean is not None]


def _point(x: float, mean: Mean) -> _Point:
    return _Point(x, _height(mean.value), _height(mean.low), _height(mean.high))


def _drawn(points: Sequence[_Point], number: int) -> Iterator[str]:
    look, dash = _COLOURS[number % len(_COLOURS)], _DASHES[number % len(_DASHES)]
    for point in points:
        yield stroke(point.x, point.low, point.x, point.high, look, 1.5)
        for end in (point.low, point.high):
            yield stroke(point.x - 3, end, point.x + 3, end, look, 1.5)
    path = " ".join(f"{point.x:.1f},{point.y:.1f}" for point in points)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    yield f'<polyline points="{path}" fill="none" stroke="{look}" stroke-width="2"{dashed}/>\n'
    for point in points:
        yield _mark(point.x, point.y, number)


def _mark(x: float, y: float, number: int) -> str:
    """Return a circle, square, diamond or triangle."""
    look = _COLOURS[number % len(_COLOURS)]
    kind = number % 4
    if kind == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{look}"/>\n'
    shapes = {
        1: ((-4, -4), (4, -4), (4, 4), (-4, 4)),
        2: ((0, -6), (6, 0), (0, 6), (-6, 0)),
        3: ((0, -6), (5.5, 4), (-5.5, 4)),
    }
    corners = " ".join(f"{x + right:.1f},{y + down:.1f}" for right, down in shapes[kind])
    return f'<polygon points="{corners}" fill="{look}"/>\n'


def _names(series: Sequence[Series], curves: Sequence[Sequence[_Point]]) -> Iterator[str]:
    """Yield each model's name beside the end of its line, none upon another."""
    ends = [(points[-1].y if points else _HEIGHT - _BOTTOM) for points in curves]
    order = sorted(range(len(series)), key=lambda number: (ends[number], number))
    # What does not fit below the last is moved up together.
    y = min(ends[order[0]], _HEIGHT - _BOTTOM - _LINE * (len(order) - 1)) if order else 0.0
    x = _WIDTH - _RIGHT + 24
    names = _apart([one.model for one in series])
    for number in order:
        y = max(y, min(ends[number], float(_HEIGHT - _BOTTOM)))
        yield _mark(x, y, number)
        yield text(x + 12, y + 4, names[number], 12)
        y += _LINE


def _apart(models: Sequence[Identity]) -> list[str]:
    """Return names for models, short enough, those that are the same with the table's letters."""
    cut = [_cut(called(model)) for model in models]
    return [
        name if cut.count(name) == 1 else _cut(f"{letter_of(at)}: {name}")
        for at, name in enumerate(cut)
    ]


def _cut(name: str) -> str:
    return name if len(name) <= _MOST_LETTERS else f"{name[: _MOST_LETTERS - 1]}…"


def _place(at: int, count: int) -> float:
    width = _WIDTH - _LEFT - _RIGHT
    return _LEFT + width * (at + 0.5) / count


def _height(share: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - share)
