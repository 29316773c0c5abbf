"""Files from which scores spread to others."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

# What is less is as good as nothing, and would be lost among rounding errors.
NOISE = 1e-9


def best_seeds(seeds: Iterable[tuple[str, float]], most: int) -> dict[str, float]:
    """Return the names with the best scores, best first, equal ones by name.

    Many weak seeds together lead to what everything rests on, whatever the task.
    """
    scored = ((-score, name) for name, score in seeds if score > NOISE)
    return {name: -score for score, name in heapq.nsmallest(most, scored)}
