"""What a file becomes if the accepted lines of its change are taken, and no others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from copilot.edits.changes import FileChange, Hunk, split_lines
from copilot.edits.diff import Range
from copilot.review.marks import Decision, Marks, taken_units
from copilot.review.shape import Shape
from copilot.review.slots import aligned


@dataclass
class Taken:
    """A file's lines with what is taken in them, and the changed runs that lead there.

    `origins` holds, for each run, the index of the hunk it comes from. With `is_mended` a line got
    its line end because others follow it, and `runs` do not tell of that.
    """

    lines: list[bytes] = field(default_factory=list)
    runs: list[Range] = field(default_factory=list)
    origins: list[int] = field(default_factory=list)
    is_mended: bool = False


def taken_change(shape: Shape, marks: Marks) -> FileChange | None:
    """Return the change with only the accepted units in it, or None if none is left."""
    if isinstance(marks, Decision):
        is_taken = marks is Decision.ACCEPTED and not shape.is_empty
        return shape.change if is_taken else None
    units = taken_units(marks, shape.unit_count)
    kinds = {
        hunk.kind
        for hunk, (start, stop) in zip(shape.hunks, pairwise(shape.starts), strict=True)
        if 1 in units[start:stop]
    }
    change = shape.change
    if not kinds:
        return None
    composed = replace(change, after=b"".join(taken_lines(shape, units).lines))
    if change.after is None:
        return replace(composed, old_mode=None, mode=None)
    if change.before is None:
        return composed
    if "mode" not in kinds:
        composed = replace(composed, old_mode=None, mode=None)
    if "rename" not in kinds:
        composed = replace(composed, path=change.old_path or change.path, old_path=None)
    is_left = kinds & {"rename", "mode"} or composed.after != change.before
    return composed if is_left else None


def taken_lines(shape: Shape, units: bytes) -> Taken:
    """Return the lines that stay and those that come; `units` has a byte per unit, 1 if taken.

    A run of which a part is taken keeps the order of its slots: an old line that stays comes
    before the new one beside it. A line without its end gets one if others follow.
    """
    before, after = split_lines(shape.change.before or b""), split_lines(shape.change.after or b"")
    taken = Taken()
    position = 0
    for index, hunk in enumerate(shape.hunks):
        at = shape.units(index).start
        for run in _runs_of(hunk):
            taken.lines += before[position : run.old_from]
            count = 1 if not shape.is_divisible(index) else run.size
            _take(taken, index, run, units[at : at + count], before, after)
            at, position = at + count, run.old_to
    taken.lines += before[position:]
    taken.is_mended = _end_lines(taken.lines, before or after)
    return taken


def _runs_of(hunk: Hunk) -> tuple[Range, ...]:
    return hunk.ranges if hunk.kind not in ("rename", "mode") else ()


def _take(
    taken: Taken,
    hunk: int,
    run: Range,
    units: bytes,
    before: Sequence[bytes],
    after: Sequence[bytes],
) -> None:
    """Add one changed run, of which the units that are 1 are taken."""
    old, new = before[run.old_from : run.old_to], after[run.new_from : run.new_to]
    if 1 not in units:
        taken.lines += old
        return
    if 0 not in units:
        at = len(taken.lines)
        taken.lines += new
        taken.runs.append(Range(run.old_from, run.old_to, at, len(taken.lines)))
        taken.origins.append(hunk)
        return
    for piece in _pieces(run, old, new, units, taken.lines):
        taken.runs.append(piece)
        taken.origins.append(hunk)


def _pieces(
    run: Range, old: Sequence[bytes], new: Sequence[bytes], units: bytes, lines: list[bytes]
) -> Iterator[Range]:
    """Add the lines of a run that is taken in part, and yield the changed runs within."""
    struck, added = units[: len(old)], units[len(old) :]
    at = run.old_from
    old_from, new_from = at, len(lines)
    for i, j in aligned(old, new):
        if i is not None:
            at += 1
        if i is not None and not struck[i]:
            if (at - 1, len(lines)) != (old_from, new_from):
                yield Range(old_from, at - 1, new_from, len(lines))
            lines.append(old[i])
            old_from, new_from = at, len(lines)
        if j is not None and added[j]:
            lines.append(new[j])
    if (at, len(lines)) != (old_from, new_from):
        yield Range(old_from, at, new_from, len(lines))


def _end_lines(lines: list[bytes], sample: Sequence[bytes]) -> bool:
    """Give every line but the last one a line end, of the file's own kind; tell if one had none."""
    bare = [index for index, line in enumerate(lines[:-1]) if not line.endswith(b"\n")]
    end = b"\r\n" if sample and sample[0].endswith(b"\r\n") else b"\n"
    for index in bare:
        lines[index] += end
    return bool(bare)
