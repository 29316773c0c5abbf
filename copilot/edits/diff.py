"""Where two lists of lines differ, in a time that no input can blow up."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

# Product of the line counts up to which blocks are searched; the worst case is half a second.
_BLOCKS_LIMIT = 4_000_000
# Sum of these products up to which they are searched for one pair of texts.
_BLOCKS_TOTAL = 20_000_000
# Lines in the runs that large texts are cut at, one kind after the other.
_WIDTHS = (1, 8)


class Range(NamedTuple):
    """A changed run: 0-based line numbers in the old and new text, ends excluded."""

    old_from: int
    old_to: int
    new_from: int
    new_to: int

    @property
    def size(self) -> int:
        """How many lines the run has, old and new ones."""
        return self.old_to - self.old_from + self.new_to - self.new_from

    def moved(self, old: int, new: int) -> Range:
        """Return the run so many old and new lines further on."""
        old_from, old_to, new_from, new_to = self
        return Range(old_from + old, old_to + old, new_from + new, new_to + new)


def changed_ranges(before: Sequence[bytes], after: Sequence[bytes]) -> list[Range]:
    """Return the changed runs in order; what lies between them is equal.

    Large texts are first cut at lines that occur once in both (Bram Cohen's patience diff), and
    what is still large at runs of lines that do. A part that is too large even then, or comes when
    enough time went into others, is returned whole, as one change.
    """
    whole = _trimmed(before, after, Range(0, len(before), 0, len(after)))
    ranges: list[Range] = []
    left = _BLOCKS_TOTAL
    for part in _parts(before, after, whole, _WIDTHS):
        cost = _cost(part)
        if cost <= min(left, _BLOCKS_LIMIT):
            left -= cost
            ranges += _by_blocks(before, after, part)
        else:
            ranges.append(part)
    return ranges


def equal_lines(before: Sequence[bytes], after: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Yield the line numbers, old and new, of what lies between the changed runs."""
    old, new = 0, 0
    end = Range(len(before), len(before), len(after), len(after))
    for run in [*changed_ranges(before, after), end]:
        yield from zip(range(old, run.old_from), range(new, run.new_from), strict=True)
        old, new = run.old_to, run.new_to


def _parts(
    before: Sequence[bytes], after: Sequence[bytes], part: Range, widths: Sequence[int]
) -> Iterator[Range]:
    """Yield what is left of a run, cut at lines that stand once, then at longer runs of lines."""
    if _cost(part) <= _BLOCKS_LIMIT or not widths:
        yield part
        return
    for gap in _gaps(before, after, part, widths[0]):
        yield from _parts(before, after, _trimmed(before, after, gap), widths[1:])


def _cost(part: Range) -> int:
    return (part.old_to - part.old_from) * (part.new_to - part.new_from)


def _by_blocks(before: Sequence[bytes], after: Sequence[bytes], part: Range) -> list[Range]:
    """Return what lies between the matching blocks: difflib's, in a fraction of its time."""
    ranges: list[Range] = []
    old, new = part.old_from, part.new_from
    for i, j, size in [*_blocks(before, after, part), (part.old_to, part.new_to, 0)]:
        if old < i or new < j:
            ranges.append(Range(old, i, new, j))
        old, new = i + size, j + size
    return ranges


def _blocks(
    before: Sequence[bytes], after: Sequence[bytes], part: Range
) -> list[tuple[int, int, int]]:
    """Return the matching blocks (old line, new line, size) in order.

    The longest block is taken first, the earliest of several, then those on either side of it
    (Ratcliff and Obershelp, as in Python's difflib without junk).
    """
    where: dict[bytes, list[int]] = {}
    for j in range(part.new_from, part.new_to):
        where.setdefault(after[j], []).append(j)
    spots = [where.get(before[i], ()) for i in range(part.old_from, part.old_to)]
    blocks: list[tuple[int, int, int]] = []
    queue = [part]
    while queue:
        window = queue.pop()
        i, j, size = _longest_block(spots, part.old_from, window)
        if size:
            blocks.append((i, j, size))
            queue.append(Range(window.old_from, i, window.new_from, j))
            queue.append(Range(i + size, window.old_to, j + size, window.new_to))
    return sorted(blocks)


def _longest_block(
    spots: Sequence[Sequence[int]], first: int, window: Range
) -> tuple[int, int, int]:
    """Return the longest block in a window; `spots` holds the new lines equal to each old one.

    This is the innermost loop of every diff, so it is written for speed.
    """
    old_from, old_to, new_from, new_to = window
    best_i = best_j = best = 0
    # The length of the block that ends at the old line before and at this new line.
    lengths: dict[int, int] = {}
    for i in range(old_from, old_to) if new_from < new_to else ():
        spot = spots[i - first]
        if not spot:
            if lengths:
                lengths = {}
            continue
        ending: dict[int, int] = {}
        for j in spot:
            if j < new_from:
                continue
            if j >= new_to:
                break
            length = ending[j] = lengths.get(j - 1, 0) + 1
            if length > best:
                best_i, best_j, best = i, j, length
        lengths = ending
    return best_i - best + 1, best_j - best + 1, best


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
