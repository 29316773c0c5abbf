"""How much of what was wanted a ranking brings into a budget, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BUDGETS = (16_000, 64_000, 256_000)
_RESAMPLES = 10_000
_SEED = 20_240_601
_LOWER, _UPPER = 2.5, 97.5
# As in `rank.chosen_full`.
_LEAST_TOKENS = 32

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Scene:
    """A task with the files there were: of each its tokens, what signals say, and if it is wanted.

    `values` has a row for each file, sorted by name, and a column for each signal.
    """

    repository: str
    revision: str
    signals: tuple[str, ...]
    names: tuple[str, ...]
    tokens: NDArray[np.int64]
    wanted: NDArray[np.bool_]
    values: NDArray[np.float32]


def order(scores: Numbers, tokens: NDArray[np.int64], exponent: float) -> Places:
    """Return the places of files, best value first; equal ones stay in the order of their names."""
    worth = scores / np.power(np.maximum(tokens, _LEAST_TOKENS), exponent)
    return np.argsort(-worth, kind="stable")


def taken(places: Places, tokens: NDArray[np.int64], budget: int) -> Places:
    """Return the places that go in, in their order: each that still fits when its turn comes."""
    left, parts = budget, []
    waiting = places[tokens[places] <= left]
    while waiting.size:
        ends = np.cumsum(tokens[waiting])
        count = int(np.searchsorted(ends, left, side="right"))
        parts.append(waiting[:count])
        left -= int(ends[count - 1]) if count else 0
        rest = waiting[count:]
        waiting = rest[tokens[rest] <= left]
    return np.concatenate(parts) if parts else places[:0]


def share(scene: Scene, places: Places, budget: int) -> float:
    """Return the part of the wanted files that goes in."""
    there = scene.wanted[taken(places, scene.tokens, budget)]
    return float(np.count_nonzero(there)) / float(np.count_nonzero(scene.wanted))


def shares(scene: Scene, scores: Numbers, exponent: float, budgets: Sequence[int]) -> list[float]:
    """Return that part for each budget."""
    places = order(scores, scene.tokens, exponent)
    return [share(scene, places, budget) for budget in budgets]


def most_possible(scene: Scene, budget: int) -> float:
    """Return the part that any ranking can bring in at most: the smallest wanted files first."""
    sizes = np.sort(scene.tokens[scene.wanted])
    return float(np.searchsorted(np.cumsum(sizes), budget, side="right")) / float(sizes.size)


@dataclass(frozen=True)
class Interval:
    """A mean and the 95 % interval of it over resamples of the commits (percentile bootstrap)."""

    mean: float
    low: float
    high: float


def interval(groups: Mapping[str, Numbers]) -> Interval:
    """Return the mean over all values, resampled within each repository, with a fixed seed.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8 and 13.
    """
    random = np.random.default_rng(_SEED)
    total = sum(values.size for values in groups.values())
    sums = np.zeros(_RESAMPLES)
    for name in sorted(groups):
        values = groups[name]
        drawn = random.integers(0, values.size, (_RESAMPLES, values.size))
        sums += values[drawn].sum(axis=1)
    low, high = np.percentile(sums / total, (_LOWER, _UPPER))
    mean = sum(float(values.sum()) for values in groups.values()) / total
    return Interval(round(mean, 4), round(float(low), 4), round(float(high), 4))
