"""Files that changed in the same commits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from math import fsum
from typing import TYPE_CHECKING

from copilot.context.relevance.model import Signal
from copilot.context.relevance.recency import weight_of_age
from copilot.context.relevance.seeds import best_seeds

if TYPE_CHECKING:
    from copilot.workspace.history import History

# A commit that touches more files joins what has nothing to do with one another.
_MOST_PATHS = 50
_HALF_LIFE = 300
_MOST_SEEDS = 20
_DIGITS = 6


def together(histories: Mapping[str, History], seeds: Mapping[str, float]) -> Signal:
    """Score files by the commits they share with the seeds: histories by alias, seeds by name.

    Of the seeds the best count. The smaller and newer a commit, the more it is worth. A seed is
    scored by the others alone.
    """
    joined: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    best = best_seeds(seeds.items(), _MOST_SEEDS)
    for names, worth in _commits(histories):
        for seed in best.keys() & set(names):
            for name in names:
                if name != seed:
                    joined[name][seed] += worth * best[seed]
    # Rounded once, so that no order of adding matters.
    sums = {name: fsum(joined[name].values()) for name in sorted(joined)}
    most = max(sums.values(), default=1.0)
    scaled = {name: round(worth / most, _DIGITS) for name, worth in sums.items()}
    scores = {name: score for name, score in scaled.items() if score}
    return Signal("together", scores, {name: _said(joined[name]) for name in scores})


def _commits(histories: Mapping[str, History]) -> Iterator[tuple[list[str], float]]:
    """Yield the names that each commit joins, and how much that is worth."""
    for alias, history in sorted(histories.items()):
        for ago, commit in enumerate(history.commits):
            if 1 < len(commit.paths) <= _MOST_PATHS:
                names = [f"{alias}/{path}" for path in commit.paths]
                yield names, weight_of_age(ago, _HALF_LIFE) / len(names)


def _said(partners: Mapping[str, float]) -> str:
    nearest = max(sorted(partners), key=lambda seed: partners[seed])
    return f"changes together with {nearest}"
