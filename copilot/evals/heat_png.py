"""The heat map as a PNG, drawn by matplotlib where it is installed."""

from __future__ import annotations

from importlib import import_module
from io import BytesIO
from typing import Any

from copilot.errors import UsageError
from copilot.evals.heat import Heat, colour, is_dark, label, short
from copilot.text import one_line

_NOTHING = (228, 231, 235)
_DOTS_PER_INCH = 150


def heat_png(heat: Heat, title: str) -> bytes:
    """Return the picture. Raises UsageError where matplotlib is not installed."""
    try:
        agg: Any = import_module("matplotlib.backends.backend_agg")
        figures: Any = import_module("matplotlib.figure")
    except ImportError as error:
        raise UsageError(
            "a PNG needs matplotlib, which is not installed",
            "pip install 'repo-copilot[pictures]', or take --svg",
        ) from error
    columns, rows = len(heat.lengths), len(heat.depths)
    size = (max(4.2, 1.4 + columns * 0.9), 1.5 + rows * 0.55)
    figure = figures.Figure(figsize=size, layout="constrained")
    agg.FigureCanvasAgg(figure)
    axes = figure.subplots()
    shown = [[colour(cell.value) if cell else _NOTHING for cell in row] for row in heat.cells]
    axes.imshow(shown, aspect="auto")
    _write(axes, heat)
    axes.set_title(_plain(title), fontsize=11, loc="left")
    axes.set_xticks(range(columns), [short(tokens) for tokens in heat.lengths])
    axes.set_yticks(range(rows), [f"{depth:.0%}" for depth in heat.depths])
    axes.set_xlabel("length in the model's tokens")
    axes.set_ylabel("depth")
    out = BytesIO()
    figure.savefig(out, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    return out.getvalue()


def _write(axes: Any, heat: Heat) -> None:
    for row, cells in enumerate(heat.cells):
        for column, cell in enumerate(cells):
            value, count = label(cell)
            ink = "white" if cell and is_dark(colour(cell.value)) else "black"
            words = f"{value}\n{count}" if count else value
            axes.text(column, row, words, ha="center", va="center", color=ink, fontsize=9)


def _plain(title: str) -> str:
    # matplotlib takes what stands between dollar signs for a formula.
    return one_line(title).replace("$", r"\$")
