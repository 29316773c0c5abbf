"""Which old line stands beside which new one in a changed run.

One alignment for all: what is taken of a run keeps this order, and two columns show it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from copilot.edits.changes import DiffLine
from copilot.edits.diff import Range

# An old line's index and that of the new line beside it; None where there is none.
Pair = tuple[int | None, int | None]

# Product of the numbers of old and new lines up to which lines are compared with one another.
_MOST_COMPARED = 2_500
# Share of words that two lines must have in common to be taken for two states of one line.
_ALIKE = 0.5
# Characters of a line that are looked at.
_MOST_LOOKED_AT = 400

_WORD = re.compile(rb"\w+|[^\w\s]")


def pairs(lines: Sequence[DiffLine]) -> tuple[Pair, ...]:
    """Return a hunk's lines as rows of two columns, as indices into `lines`.

    Both columns rise. An unchanged line stands in both, a changed one beside its other state or
    alone.
    """
    return tuple(_pairs(lines))


def aligned(old: Sequence[bytes], new: Sequence[bytes]) -> tuple[Pair, ...]:
    """Return the old and new lines of one changed run, side by side, as indices into each.

    Lines that are alike stand beside each other; those between them do so one by one. Where there
    are too many to compare, all do.
    """
    rows: list[Pair] = []
    at, beside = 0, 0
    for i, j in [*_alike(old, new), (len(old), len(new))]:
        rows += _side_by_side(range(at, i), range(beside, j))
        if i < len(old):
            rows.append((i, j))
        at, beside = i + 1, j + 1
    return tuple(rows)


def slots_of(
    run: Range, before: Sequence[bytes], after: Sequence[bytes]
) -> Iterator[tuple[Range, tuple[int, ...]]]:
    """Yield each slot of a changed run: where it stands, and which of the run's lines are in it.

    The lines of a run are counted as a hunk shows them, the old ones first.
    """
    old, new = before[run.old_from : run.old_to], after[run.new_from : run.new_to]
    at, beside = run.old_from, run.new_from
    for i, j in aligned(old, new):
        ends = at + (i is not None), beside + (j is not None)
        own = (() if i is None else (i,)) + (() if j is None else (len(old) + j,))
        yield Range(at, ends[0], beside, ends[1]), own
        at, beside = ends


def _pairs(lines: Sequence[DiffLine]) -> Iterator[Pair]:
    index = 0
    for run in _runs(lines):
        if run[0].tag == " ":
            yield from ((at, at) for at in range(index, index + len(run)))
        else:
            old = [line.data for line in run if line.tag == "-"]
            new = [line.data for line in run if line.tag == "+"]
            shift = index + len(old)
            for i, j in aligned(old, new):
                yield None if i is None else index + i, None if j is None else shift + j
        index += len(run)


def _runs(lines: Sequence[DiffLine]) -> Iterator[list[DiffLine]]:
    """Yield the unchanged and the changed runs; a changed one has its old lines first."""
    before: list[DiffLine] = []
    for tag, group in groupby(lines, lambda line: line.tag):
        run = [*group]
        if tag == "+":
            yield before + run
            before = []
            continue
        if before:
            yield before
        before = run if tag == "-" else []
        if tag == " ":
            yield run
    if before:
        yield before


def _side_by_side(old: range, new: range) -> Iterator[Pair]:
    shared = min(len(old), len(new))
    yield from zip(old[:shared], new[:shared], strict=True)
    yield from ((i, None) for i in old[shared:])
    yield from ((None, j) for j in new[shared:])


def _alike(old: Sequence[bytes], new: Sequence[bytes]) -> list[tuple[int, int]]:
    """Return the pairs of lines that are alike: the rising sequence with most in common."""
    if len(old) * len(new) in (0, 1) or len(old) * len(new) > _MOST_COMPARED:
        return []
    new_words = [_words(line) for line in new]
    # best[j]: what the old lines so far have in common with the new lines from j on, walked back.
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    likeness = [[_likeness(_words(line), words) for words in new_words] for line in old]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            both = likeness[i][j] + best[i + 1][j + 1] if likeness[i][j] else 0.0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], both)
    return [*_walked(best, likeness)]


def _walked(best: list[list[float]], likeness: list[list[float]]) -> Iterator[tuple[int, int]]:
    i = j = 0
    while i < len(likeness) and j < len(likeness[0]):
        if likeness[i][j] and best[i][j] == likeness[i][j] + best[i + 1][j + 1]:
            yield i, j
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1


def _words(line: bytes) -> frozenset[bytes]:
    return frozenset(_WORD.findall(line[:_MOST_LOOKED_AT]))


def _likeness(old: frozenset[bytes], new: frozenset[bytes]) -> float:
    """Return the share of words in common (Dice's coefficient), 0 where it is too small."""
    both = len(old) + len(new)
    share = 2 * len(old & new) / both if both else 1.0
    return share if share >= _ALIKE else 0.0
