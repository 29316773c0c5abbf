"""Heat maps of length by depth: where in its window a model finds what it is asked for.

Numbers stand in all cells, so that colours and shades only help.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from copilot.evals.model import Measure
from copilot.evals.rows import Row
from copilot.evals.statistics import Mean, depth_of, mean_of

# Where needles stand at drawn depths, they are gathered at so many.
_DEPTHS = 5
_OF_DEPTH = frozenset({Measure.ALL, Measure.PART, Measure.FUNCTION})
_SHADES = "░▒▓█"
_CELL = 7
_LABEL = 8
_WIDTH = 80


@dataclass(frozen=True)
class Heat:
    """Mean scores by depth (0 the first line, 1 the last) and length in the model's tokens.

    `cells` has a row for each depth; None where nothing was asked.
    """

    lengths: tuple[int, ...]
    depths: tuple[float, ...]
    cells: tuple[tuple[Mean | None, ...], ...]


def heat_of(rows: Iterable[Row]) -> Heat | None:
    """Return the scores of samples with one needle each, None if there are none."""
    placed = placed_at(rows)
    if not placed:
        return None
    groups: dict[tuple[float, int], list[Row]] = {}
    for row, depth in placed:
        groups.setdefault((depth, row.recipe.tokens), []).append(row)
    depths, lengths = (tuple(sorted(set(of))) for of in zip(*groups, strict=True))
    cells = tuple(
        tuple(mean_of(groups[at, n]) if (at, n) in groups else None for n in lengths)
        for at in depths
    )
    return Heat(tuple(map(int, lengths)), depths, cells)


def placed_at(rows: Iterable[Row]) -> list[tuple[Row, float]]:
    """Return the samples with one needle each, and its depth: as asked for, else one of five.

    Of those alone whose failure tells of depth: a stale value is an answer from elsewhere.
    """
    placed = [
        (row, depth)
        for row in rows
        if row.measure in _OF_DEPTH and (depth := depth_of(row)) is not None
    ]
    if any(row.recipe.depth is not None for row, _ in placed):
        return [(row, depth) for row, depth in placed if row.recipe.depth is not None]
    last = _DEPTHS - 1
    return [(row, round(depth * last) / last) for row, depth in placed]


def heat_text(heat: Heat) -> Iterator[str]:
    """Yield lines of at most 80 columns; the shades are those of quarters."""
    width = max(_CELL, 2 + max(len(short(tokens)) for tokens in heat.lengths))
    columns = (_WIDTH - _LABEL) // width
    for start in range(0, len(heat.lengths), columns):
        some = slice(start, start + columns)
        head = "".join(f"{short(tokens):>{width - 2}}  " for tokens in heat.lengths[some])
        yield f"{'depth':<{_LABEL}}{head}".rstrip()
        for depth, cells in zip(heat.depths, heat.cells, strict=True):
            shown = "".join(f"{_cell_text(cell):>{width - 1}} " for cell in cells[some])
            yield f"{depth:>5.0%}{' ' * (_LABEL - 5)}{shown}".rstrip()


def _cell_text(cell: Mean | None) -> str:
    if cell is None:
        return "- "
    shade = _SHADES[min(len(_SHADES) - 1, int(cell.value * len(_SHADES)))]
    return f"{cell.value * 100:.0f}{shade}"


def short(tokens: int) -> str:
    """Return a length as people write it: 4k, 1M, else all its digits."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if tokens % size == 0:
            return f"{tokens // size}{letter}"
    return str(tokens)


# From low to high by lightness, so that they differ in grey and to people who see no red or green.
_COLOURS = ((38, 33, 66), (44, 88, 135), (55, 149, 157), (139, 205, 152), (246, 241, 181))


def colour(value: float) -> tuple[int, int, int]:
    """Return the colour of a score from 0 to 1, in red, green and blue of 0 to 255."""
    place = max(0.0, min(1.0, value)) * (len(_COLOURS) - 1)
    below = min(int(place), len(_COLOURS) - 2)
    share = place - below
    pairs = zip(_COLOURS[below], _COLOURS[below + 1], strict=True)
    red, green, blue = (round(low + (high - low) * share) for low, high in pairs)
    return red, green, blue


def is_dark(of: tuple[int, int, int]) -> bool:
    """Tell whether white letters are read better on a colour than black ones (WCAG 2)."""
    shares = [channel / 255 for channel in of]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return luminance < 0.179


def label(cell: Mean | None) -> tuple[str, str]:
    """Return what stands in a cell of a picture: the score in per cent, and how many answers."""
    return ("–", "") if cell is None else (f"{cell.value * 100:.0f}", f"n {cell.count}")
