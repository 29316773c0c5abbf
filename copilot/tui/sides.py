"""Which line stands beside a changed one, and the words that differ between the two."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache

from copilot.edits.changes import Hunk
from copilot.edits.diff import Range
from copilot.review.slots import Pair, aligned
from copilot.review.words import Spans, word_spans
from copilot.tui.blocks import Source, run_starts
from copilot.tui.cells import decoded

# Longer lines are shown without their differing words: they are data rather than code.
_MOST_CHARACTERS = 2000


def run_pairs(source: Source, run: Range) -> tuple[Pair, ...]:
    """Return a changed run's lines side by side, as indices into its old and its new lines."""
    before, after = source.before, source.after
    old = [before[number] for number in range(run.old_from, run.old_to)]
    return aligned(old, [after[number] for number in range(run.new_from, run.new_to)])


class Beside:
    """Finds the other state of the changed lines of one file; a run is aligned once."""

    def __init__(self, source: Source, hunks: tuple[Hunk, ...]) -> None:
        self.source = source
        self._hunks = hunks
        self._starts: dict[int, list[int]] = {}
        self._others: dict[tuple[int, int], dict[int, int]] = {}

    def line(self, hunk: int, line: int) -> bytes | None:
        """Return the text of the line that stands beside a changed one, given by its index."""
        runs = self._hunks[hunk].ranges
        if hunk not in self._starts:
            self._starts[hunk] = run_starts(self._hunks[hunk])
        index = bisect_right(self._starts[hunk], line) - 1
        run, at = runs[index], line - self._starts[hunk][index]
        if (hunk, index) not in self._others:
            self._others[hunk, index] = self._paired(run)
        other = self._others[hunk, index].get(at)
        olds = run.old_to - run.old_from
        if other is None:
            return None
        if other < olds:
            return self.source.before[run.old_from + other]
        return self.source.after[run.new_from + other - olds]

    def _paired(self, run: Range) -> dict[int, int]:
        olds = run.old_to - run.old_from
        if not olds or run.new_from == run.new_to:
            return {}
        found = run_pairs(self.source, run)
        both = [(i, olds + j) for i, j in found if i is not None and j is not None]
        return {one: other for i, j in both for one, other in ((i, j), (j, i))}


@lru_cache(maxsize=1024)
def differing(old: bytes, new: bytes) -> tuple[Spans, Spans]:
    """Return the characters of two states of a line that the other does not have."""
    if len(old) + len(new) > _MOST_CHARACTERS:
        return (), ()
    return word_spans(decoded(old), decoded(new))
