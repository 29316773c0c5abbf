"""How lately and how often files changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from math import sqrt
from typing import TYPE_CHECKING

from copilot.context.relevance.model import Signal

if TYPE_CHECKING:
    from copilot.workspace.history import History

# Age counts in commits: their times may be anything, and a project that rests does not forget.
_HALF_LIFE = 100
_DIGITS = 6


def weight_of_age(ago: int, half_life: float = _HALF_LIFE) -> float:
    """Return what a commit counts that is followed by `ago` others: from 1 down to 0."""
    return float(0.5 ** (ago / half_life))


def recency(histories: Mapping[str, History], names: Collection[str]) -> Signal:
    """Score files by their changes, the newer the more; histories by alias, names with it.

    A commit that touches many files says little of each.
    """
    known = frozenset(names)
    sums: defaultdict[str, float] = defaultdict(float)
    latest: dict[str, int] = {}
    for alias, history in sorted(histories.items()):
        for ago, commit in enumerate(history.commits):
            worth = weight_of_age(ago) / sqrt(len(commit.paths) or 1)
            for path in commit.paths:
                if (name := f"{alias}/{path}") in known:
                    sums[name] += worth
                    latest.setdefault(name, ago)
    best = max(sums.values(), default=1.0)
    scores = {name: round(sqrt(sums[name] / best), _DIGITS) for name in sorted(sums)}
    return Signal("recency", scores, {name: _said(latest[name]) for name in scores})


def _said(ago: int) -> str:
    return "changed in the last commit" if ago == 0 else f"changed {ago + 1} commits ago"
