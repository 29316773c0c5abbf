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


class Range(NamedTuple):
    """A changed run: 0-based line numbers in the old and new text, ends excluded."""

    old_from: int
    old_to: int
    new_from: int
    new_to: int


def changed_ranges(before: Sequence[bytes], after: Sequence[bytes]) -> list[Range]:
    """Return the changed runs in order; what lies between them is equal.

    Large texts are first cut at lines that occur once in both (Bram Cohen's patience diff). A run
    that is still too large for difflib is returned whole, as one change.
    """
    whole = _trimmed(before, after, Range(0, len(before), 0, len(after)))
    if _is_small(whole):
        return _by_difflib(before, after, whole)
    ranges: list[Range] = []
    for gap in _gaps(before, after, whole):
        trimmed = _trimmed(before, after, gap)
        ranges += _by_difflib(before, after, trimmed) if _is_small(trimmed) else [trimmed]
    return ranges


def _is_small(part: Range) -> bool:
    return (part.old_to - part.old_from) * (part.new_to - part.new_from) <= _DIFFLIB_LIMIT


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


def _gaps(before: Sequence[bytes], after: Sequence[bytes], part: Range) -> Iterator[Range]:
    """Yield the parts between neighbouring anchors that are not empty on both sides."""
    inner = _anchors(before, after, part)
    fixed = [(part.old_from - 1, part.new_from - 1), *inner, (part.old_to, part.new_to)]
    for (old_from, new_from), (old_to, new_to) in pairwise(fixed):
        if old_from + 1 < old_to or new_from + 1 < new_to:
            yield Range(old_from + 1, old_to, new_from + 1, new_to)


def _anchors(before: Sequence[bytes], after: Sequence[bytes], part: Range) -> list[tuple[int, int]]:
    """Return the longest rising sequence of (old, new) positions of lines that occur once."""
    old = _once(before, part.old_from, part.old_to)
    new = _once(after, part.new_from, part.new_to)
    return _longest_rising([(i, new[line]) for line, i in old.items() if line in new])


def _once(lines: Sequence[bytes], start: int, stop: int) -> dict[bytes, int]:
    counts = Counter(lines[start:stop])
    return {lines[i]: i for i in range(start, stop) if counts[lines[i]] == 1}


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
