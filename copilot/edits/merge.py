"""Two versions of a text merged over the one both come from, line by line and byte for byte.

The chunks are those of diff3 as S. Khanna, K. Kunal and B. C. Pierce define them ("A Formal
Investigation of Diff3", 2007), with one rule more, which `git merge-file` has too: changes of the
two sides with no unchanged line between them count as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from copilot.edits.changes import split_lines
from copilot.edits.diff import Range, changed_ranges


@dataclass(frozen=True)
class Conflict:
    """Lines that both sides changed, or that touch, each to something else.

    `base_start` and `base_end` are 0-based lines of the base, end excluded; `ours` and `theirs` are
    the lines there, and `ours_start` and `theirs_start` the 0-based lines where they stand in their
    texts.
    """

    base_start: int
    base_end: int
    ours: tuple[bytes, ...] = field(repr=False)
    theirs: tuple[bytes, ...] = field(repr=False)
    ours_start: int
    theirs_start: int


@dataclass(frozen=True)
class Merged:
    """The merged text, or None and the conflicts that stand in its way."""

    data: bytes | None = field(repr=False)
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True)
class _Region:
    """Changes that touch: from the first changed line of the base to behind the last."""

    base_start: int
    base_end: int
    ours: tuple[Range, ...]
    theirs: tuple[Range, ...]


def merge3(base: bytes, ours: bytes, theirs: bytes) -> Merged:
    """Merge what `ours` and `theirs` made of `base`; a change both made alike is taken once.

    Lines end at line feeds, and a final line without one is another line than the same with one.
    """
    sides = [split_lines(text) for text in (base, ours, theirs)]
    base_lines, our_lines, their_lines = sides
    merged: list[bytes] = []
    conflicts: list[Conflict] = []
    position = our_shift = their_shift = 0
    for region in _regions(
        changed_ranges(base_lines, our_lines), changed_ranges(base_lines, their_lines)
    ):
        start, end = region.base_start, region.base_end
        our_start, their_start = start + our_shift, start + their_shift
        our_shift += _growth(region.ours)
        their_shift += _growth(region.theirs)
        our_part = our_lines[our_start : end + our_shift]
        their_part = their_lines[their_start : end + their_shift]
        merged += base_lines[position:start]
        merged += our_part if region.ours else their_part
        position = end
        if region.ours and region.theirs and our_part != their_part:
            parts = tuple(our_part), tuple(their_part)
            conflicts.append(Conflict(start, end, *parts, our_start, their_start))
    merged += base_lines[position:]
    return Merged(None if conflicts else b"".join(merged), tuple(conflicts))


def _growth(ranges: Sequence[Range]) -> int:
    """Return how many lines longer the changes make the text."""
    return sum((r.new_to - r.new_from) - (r.old_to - r.old_from) for r in ranges)


def _regions(ours: Sequence[Range], theirs: Sequence[Range]) -> Iterator[_Region]:
    """Yield the changes of both sides in order, those that touch as one."""
    marked = sorted([*((r, True) for r in ours), *((r, False) for r in theirs)])
    group: list[tuple[Range, bool]] = []
    end = 0
    for change, is_ours in marked:
        if group and change.old_from > end:
            yield _region(group, end)
            group = []
        end = max(end, change.old_to) if group else change.old_to
        group.append((change, is_ours))
    if group:
        yield _region(group, end)


def _region(group: Sequence[tuple[Range, bool]], end: int) -> _Region:
    ours = tuple(change for change, is_ours in group if is_ours)
    theirs = tuple(change for change, is_ours in group if not is_ours)
    return _Region(group[0][0].old_from, end, ours, theirs)
