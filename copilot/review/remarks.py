"""What a person says of lines under review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from copilot.edits.changes import DiffLine, Hunk
from copilot.edits.diff import Range, changed_ranges
from copilot.review.filereview import FileReview


@dataclass(frozen=True)
class Comment:
    """A comment on some lines; a rejection with a reason is one with `is_rejection`.

    `file` is the file's index in the review and `path` its name with alias. `old` and `new` are the
    0-based lines before and after the change that it is about, `quoted` these lines as shown.
    """

    file: int
    path: str
    old: range
    new: range
    quoted: tuple[DiffLine, ...]
    text: str
    is_rejection: bool = False


def comment_on(
    review: FileReview, file: int, hunk: int, ends: tuple[int, int], text: str, is_rejection: bool
) -> Comment:
    """Return a comment on the lines of a hunk from `ends[0]` to `ends[1]`, both included."""
    found = review.hunks[hunk]
    first, last = ends
    lines = found.lines
    old, new = _side(found, lines, first, last, "+"), _side(found, lines, first, last, "-")
    quoted = lines[first : last + 1]
    return Comment(file, review.change.name, old, new, quoted, text, is_rejection)


def kept_in_place(
    comments: tuple[Comment, ...], file: int, old: Sequence[bytes], new: Sequence[bytes]
) -> tuple[Comment, ...]:
    """Return the comments where those on one file follow its text after the change to another."""
    if not any(comment.file == file for comment in comments):
        return comments
    steps = changed_ranges(old, new)
    return tuple(
        replace(comment, new=_moved(comment.new, steps)) if comment.file == file else comment
        for comment in comments
    )


def _side(hunk: Hunk, lines: Sequence[DiffLine], first: int, last: int, other: str) -> range:
    """Return the lines of one side, that which has no lines with the tag `other`."""
    base = hunk.old_start if other == "+" else hunk.new_start
    start = base + sum(line.tag != other for line in lines[:first])
    return range(start, start + sum(line.tag != other for line in lines[first : last + 1]))


def _moved(lines: range, steps: Sequence[Range]) -> range:
    start, stop = (_moved_line(line, steps) for line in (lines.start, lines.stop))
    return range(start, max(start, stop))


def _moved_line(line: int, steps: Sequence[Range]) -> int:
    """Return where a line boundary lies after the steps; inside a changed run, nearby."""
    shift = 0
    for step in steps:
        if step.old_from >= line:
            break
        if line < step.old_to:
            return min(step.new_from + line - step.old_from, step.new_to)
        shift = step.new_to - step.old_to
    return line + shift
