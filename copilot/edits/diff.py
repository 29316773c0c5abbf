"""Where two lists of lines differ, in a time that no input can blow up."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

# Product of the line counts up to which difflib is asked; its worst case here is half a second.
_DIFFLIB_LIMIT = 4_000_000
# Sum of these products up to which it is asked for one pair of texts.
_DIFFLIB_TOTAL = 20_000_000
# Lines in the runs that large texts are cut at, one kind after the other.
_WIDTHS = (1, 8)


class Range(NamedTuple):
    """A changed run: 0-based line numbers in the old and new text, ends excluded."""

    old_from: int
    old_to: int
    new_from: int
    new_to: int


def changed_ranges(before: Sequence[bytes], after: Sequence[bytes]) -> list[Range]:
    """Return the changed runs in order; what lies between them is equal.

    Large texts are first cut at lines that occur once in both (Bram Cohen's patience diff), and
    what is still large at runs of lines that do. A part that is too large for difflib even then,
    or comes when difflib had enough, is returned whole, as one change.
    """
    whole = _trimmed(before, after, Range(0, len(before), 0, len(after)))
    ranges: list[Range] = []
    left = _DIFFLIB_TOTAL
    for part in _parts(before, after, whole, _WIDTHS):
        cost = _cost(part)
        if cost <= min(left, _DIFFLIB_LIMIT):
            left -= cost
            ranges += _by_difflib(before, after, part)
        else:
            ranges.append(part)
    return ranges


def _parts(
    before: Sequence[bytes], after: Sequence[bytes], part: Range, widths: Sequence[int]
) -> Iterator[Range]:
    """Yield what is left of a run, cut at lines that stand once, then at longer runs of lines."""
    if _cost(part) <= _DIFFLIB_LIMIT or not widths:
        yield part
        return
    for gap in _gaps(before, after, part, widths[0]):
        yield from _parts(before, after, _trimmed(before, after, gap), widths[1:])


def _cost(part: Range) -> int:
    return (part.old_to - part.old_from) * (part.new_to - part.new_from)


def _by_difflib(before: Sequence[bytes], after: Sequence[bytes], part: Range) -> list[Range]:
    old, new = before[part.old_from : part.old_to], after[part.new_from : part.new_to]
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return [
        Range(part.old_from + i1, part.old_from + i2, part.new_from + j1, part.new_from + j2)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    ]


def _trimmed(before: Sequence[bytes], after: Sequence[bytes], part: Range) -> Range:
    old_from, old_to, new_from, new_to = part
    while old_from < old_to and new_from < new_to and before[old_from] == after[new_from]:
        old_from, new_from = old_from + 1, new_from + 1
    while old_from < old_to and new_from < new_to and before[old_to - 1] == after[new_to - 1]:
        old_to, new_to = old_to - 1, new_to - 1
    return Range(old_from, old_to, new_from, new_to)


def _gaps(
    before: Sequence[bytes], after: Sequence[bytes], part: Range, width: int
) -> Iterator[Range]:
    """Yield the parts between neighbouring anchors that are not empty on both sides."""
    inner = _anchors(before, after, part, width)
    fixed = [(part.old_from - 1, part.new_from - 1), *inner, (part.old_to, part.new_to)]
    for (old_from, new_from), (old_to, new_to) in pairwise(fixed):
        if old_from + 1 < old_to or new_from + 1 < new_to:
            yield Range(old_from + 1, old_to, new_from + 1, new_to)


def _anchors(
    before: Sequence[bytes], after: Sequence[bytes], part: Range, width: int
) -> list[tuple[int, int]]:
    """Return the longest rising sequence of (old, new) positions of runs that occur once.

    A run is `width` lines long, and its first line is the anchor.
    """
    old = _once(before, part.old_from, part.old_to, width)
    new = _once(after, part.new_from, part.new_to, width)
    return _longest_rising([(i, new[run]) for run, i in old.items() if run in new])


def _once(
    lines: Sequence[bytes], start: int, stop: int, width: int
) -> dict[tuple[bytes, ...], int]:
    shifted = (lines[start + offset : stop] for offset in range(width))
    runs = [*zip(*shifted, strict=False)]
    counts = Counter(runs)
    return {run: start + index for index, run in enumerate(runs) if counts[run] == 1}


def _longest_rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest subsequence whose second numbers rise (patience sorting)."""
    ends: list[int] = []
    end_indices: list[int] = []
    previous: list[int] = []
    for index, (_, new) in enumerate(pairs):
        pile = bisect_left(ends, new)
        previous.append(end_indices[pile - 1] if pile else -1)
        ends[pile : pile + 1] = [new]
        end_indices[pile : pile + 1] = [index]
    rising: list[tuple[int, int]] = []
    index = end_indices[-1] if end_indices else -1
    while index >= 0:
        rising.append(pairs[index])
        index = previous[index]
    return rising[::-1]
