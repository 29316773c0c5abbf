"""Hunks cut into smaller ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from copilot.edits.diff import Range
from copilot.review.filereview import FileReview
from copilot.review.marks import packed
from copilot.review.slots import aligned


def cut(file: FileReview, hunk: int, at: int | None) -> FileReview:
    """Return the file with a hunk cut before line `at`, or without it at all unchanged lines.

    The same file where nothing can be cut.
    """
    if not file.shape.is_divisible(hunk):
        return file
    runs = file.hunks[hunk].ranges
    if at is None:
        return file if len(runs) == 1 else _laid_out(file, hunk, [(run,) for run in runs])
    for index, (start, stop) in enumerate(_spans(runs)):
        if at <= start:
            return file if index == 0 else _laid_out(file, hunk, [runs[:index], runs[index:]])
        if at < stop:
            return _inside(file, hunk, index, at - start)
    return file


def _spans(runs: Sequence[Range]) -> list[tuple[int, int]]:
    """Return the lines of the hunk that each run fills, end excluded."""
    spans: list[tuple[int, int]] = []
    line, position = 0, runs[0].old_from
    for run in runs:
        line += run.old_from - position
        spans.append((line, line + run.size))
        line, position = line + run.size, run.old_to
    return spans


def _inside(file: FileReview, hunk: int, index: int, line: int) -> FileReview:
    """Cut a changed run before the slot that its `line` is in."""
    runs = file.hunks[hunk].ranges
    run = runs[index]
    old, new = _slot_ends(file, hunk, index, line)
    if not old and not new:
        return file if index == 0 else _laid_out(file, hunk, [runs[:index], runs[index:]])
    middle = run.old_from + old, run.new_from + new
    first = Range(run.old_from, middle[0], run.new_from, middle[1])
    second = Range(middle[0], run.old_to, middle[1], run.new_to)
    groups = [(*runs[:index], first), (second, *runs[index + 1 :])]
    units = _units_before(file, hunk, index), run.old_to - run.old_from, (old, new)
    return _laid_out(_reordered(file, *units), hunk, groups)


def _slot_ends(file: FileReview, hunk: int, index: int, line: int) -> tuple[int, int]:
    """Return how many old and new lines of a run stand before the slot of a line of it."""
    lines = file.hunks[hunk].lines
    start = _spans(file.hunks[hunk].ranges)[index][0]
    run = file.hunks[hunk].ranges[index]
    olds = run.old_to - run.old_from
    data = [changed.data for changed in lines[start : start + run.size]]
    old = new = 0
    for i, j in aligned(data[:olds], data[olds:]):
        if line == i or (j is not None and line == olds + j):
            break
        old, new = old + (i is not None), new + (j is not None)
    return old, new


def _units_before(file: FileReview, hunk: int, index: int) -> int:
    runs = file.hunks[hunk].ranges[:index]
    return file.shape.units(hunk).start + sum(run.size for run in runs)


def _reordered(file: FileReview, at: int, olds: int, ends: tuple[int, int]) -> FileReview:
    """Return the file with a run's units, from `at` on, in the order of its two parts."""
    (old, new), shape = ends, file.shape

    def turned(data: bytes) -> bytes:
        run = data[at:]
        first = run[:old] + run[olds : olds + new]
        return data[:at] + first + run[old:olds] + run[olds + new :]

    origins = turned(shape.origins) if isinstance(shape.origins, bytes) else shape.origins
    marks = packed(turned(file.marks)) if isinstance(file.marks, bytes) else file.marks
    return FileReview(replace(shape, origins=origins), marks)


def _laid_out(file: FileReview, hunk: int, groups: Sequence[Sequence[Range]]) -> FileReview:
    """Return the file with one hunk's runs grouped otherwise."""
    layout = [found.ranges for found in file.hunks if found.ranges]
    at = hunk - sum(not found.ranges for found in file.hunks[:hunk])
    layout[at : at + 1] = [tuple(group) for group in groups]
    return FileReview(replace(file.shape, layout=tuple(layout)), file.marks)
