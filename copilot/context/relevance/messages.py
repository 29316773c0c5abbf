"""Files that changed when something like the task was asked for: the words of earlier commits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from math import sqrt
from typing import TYPE_CHECKING

from copilot.cache import Cache
from copilot.context.relevance.index import search_texts
from copilot.context.relevance.model import Query, Signal

if TYPE_CHECKING:
    from copilot.workspace.history import Commit, History

# A commit that touches more files says little of each.
_MOST_PATHS = 50
_DIGITS = 6


def messages(
    query: Query, histories: Mapping[str, History], names: Collection[str], cache: Cache
) -> Signal:
    """Score files by the commits that touched them and whose messages are like the task.

    How alike they are says BM25; its square counts, so that the few that are most alike decide. The
    fewer files a commit touched, the more it says of each. Histories are by alias, names with it.
    """
    commits = [(alias, commit) for alias, commit in _commits(histories) if commit.message]
    hits = search_texts("messages", {commit.message for _, commit in commits}, query.task, cache)
    known = frozenset(names)
    sums: defaultdict[str, float] = defaultdict(float)
    best: dict[str, tuple[float, tuple[str, ...]]] = {}
    for alias, commit in commits:
        score, words = hits.get(commit.message, (0.0, ()))
        worth = score**2 / sqrt(len(commit.paths))
        there = (name for path in commit.paths if (name := f"{alias}/{path}") in known)
        for name in there if worth else ():
            sums[name] += worth
            best[name] = max(best.get(name, (0.0, ())), (worth, words))
    most = max(sums.values(), default=1.0)
    scaled = {name: round(sums[name] / most, _DIGITS) for name in sorted(sums)}
    scores = {name: score for name, score in scaled.items() if score}
    return Signal("messages", scores, {name: _said(best[name][1]) for name in scores})


def _said(words: tuple[str, ...]) -> str:
    return f"changed by a commit about {', '.join(words)}"


def _commits(histories: Mapping[str, History]) -> Iterator[tuple[str, Commit]]:
    for alias, history in sorted(histories.items()):
        for commit in history.commits:
            if 0 < len(commit.paths) <= _MOST_PATHS:
                yield alias, commit
