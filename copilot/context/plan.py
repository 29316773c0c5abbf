"""Which file is shown in how much detail: the most value that a budget holds.

A file has up to three levels: its path, its outline, its full text. Each step up is worth something
and costs tokens; the steps are taken by value per token, as in the greedy solution of the
multiple-choice knapsack problem on the convex hull (Sinha and Zoltners, 1979). Where a step does
not fit, a smaller one of the same file may.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from copilot.context.entries import Shape

# What a level is worth of the file's whole value.
_WORTH = {Shape.PATH: 0.05, Shape.OUTLINE: 0.6, Shape.FULL: 1.0}


@dataclass(frozen=True, slots=True)
class Option:
    """A file's value, and the tokens it takes at each level; None where there is no such level."""

    name: str
    value: float
    path: int
    outline: int | None
    full: int | None


@dataclass(frozen=True, slots=True)
class _Step:
    """From what is shown of a file to more of it."""

    shape: Shape
    tokens: int
    density: float


def choose_shapes(options: Sequence[Option], budget: int) -> dict[str, Shape]:
    """Return the level of each file that is shown at all; their tokens are within `budget`.

    The same options give the same answer in any order; files of equal worth go by their names.
    """
    named = {option.name: option for option in options}
    queue: list[tuple[float, str, _Step]] = []
    for option in options:
        _push(queue, option, None, inf)
    chosen: dict[str, Shape] = {}
    left = budget
    while queue:
        _, name, step = heapq.heappop(queue)
        if step.tokens <= left:
            left -= step.tokens
            chosen[name] = step.shape
            _push(queue, named[name], step.shape, inf)
        else:
            # Less of the file may fit, or something of another one.
            _push(queue, named[name], chosen.get(name), left)
    return chosen


def _push(
    queue: list[tuple[float, str, _Step]], option: Option, shown: Shape | None, most: float
) -> None:
    """Add the step up from what is shown with the most value per token, of at most `most`."""
    levels = {Shape.PATH: option.path, Shape.OUTLINE: option.outline, Shape.FULL: option.full}
    spent, worth = (levels[shown] or 0, _WORTH[shown]) if shown else (0, 0.0)
    steps = [
        _Step(shape, cost - spent, _density(option.value * (_WORTH[shape] - worth), cost - spent))
        for shape, cost in levels.items()
        if cost is not None and cost - spent <= most and _WORTH[shape] > worth
    ]
    if steps:
        best = max(steps, key=lambda step: (step.density, _WORTH[step.shape]))
        heapq.heappush(queue, (-best.density, option.name, best))


def _density(worth: float, tokens: int) -> float:
    """Return the worth per token; what costs nothing more comes first."""
    return worth / tokens if tokens > 0 else worth * 1e9
