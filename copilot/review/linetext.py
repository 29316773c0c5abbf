"""Files and hunks as text that is read from the top: numbers and words, no colour."""

from __future__ import annotations

from collections.abc import Iterator

from copilot.edits.changes import (
    EXECUTABLE_MODE,
    ChangeKind,
    DiffLine,
    Hunk,
    split_lines,
)
from copilot.edits.patch import CONTEXT_LINES, old_mode
from copilot.review.filereview import FileReview
from copilot.review.marks import Decision
from copilot.review.remarks import Comment
from copilot.text import one_line, visible

_COUNTED = (Decision.ACCEPTED, Decision.REJECTED, Decision.UNDECIDED)


def file_title(file: FileReview, index: int, count: int) -> str:
    change = file.change
    executable = change.kind is ChangeKind.CREATE and change.mode == EXECUTABLE_MODE
    words = [f"{change.kind.value} {one_line(change.name)}"]
    words += ["executable"] if executable else []
    words += ["edited by hand"] if file.is_edited else []
    return f"{', '.join(words)} (file {index + 1}/{count})"


def shown_hunk(file: FileReview, index: int) -> str:
    """Return one hunk, safe to show, with lines of context.

    Each changed line has its number in the hunk in front, then what is to be said of it, then its
    old and new line number in the file, its tag and its text.
    """
    hunk, change = file.hunks[index], file.change
    if hunk.kind == "rename":
        return f"  {one_line(change.old_path or '')} -> {one_line(change.path)}"
    if hunk.kind == "mode":
        return f"  mode {old_mode(change):o} -> {change.mode:o}"
    if not hunk.lines:
        return "  (empty file)"
    if any(b"\0" in line.data for line in hunk.lines):
        return "  (binary content)"
    return "\n".join(_rows(file, index, hunk))


def decided_so_far(file: FileReview, hunk: int) -> str:
    """Return in words what was decided of a hunk; empty where nothing was."""
    decision = file.hunk_decision(hunk)
    if decision is Decision.UNDECIDED:
        return ""
    if decision is not None:
        return f"{decision.value} so far"
    decisions = file.line_decisions(hunk)
    counts = [(decisions.count(one), one.value) for one in _COUNTED]
    parts = [f"{count} {word}" for count, word in counts if count]
    return f"lines: {', '.join(parts)} so far"


def changed_lines(hunk: Hunk) -> tuple[int, ...]:
    """Return the indices, in the hunk's lines, of those that are changed."""
    return tuple(index for index, line in enumerate(hunk.lines) if line.tag != " ")


def shown_comment(comment: Comment, number: int) -> str:
    """Return a comment with its number, counted from 1."""
    what = "rejected" if comment.is_rejection else "comment"
    return f"  {what} {number}, {_where(comment)}: {one_line(comment.text)}"


def _where(comment: Comment) -> str:
    if not comment.old and not comment.new:
        return one_line(comment.path)
    side, lines = ("new", comment.new) if comment.new else ("old", comment.old)
    ends = f"{lines[0] + 1} to {lines[-1] + 1}" if len(lines) > 1 else f"{lines[0] + 1}"
    return f"{one_line(comment.path)}, {side} line{'s' if len(lines) > 1 else ''} {ends}"


def _rows(file: FileReview, index: int, hunk: Hunk) -> Iterator[str]:
    before = split_lines(file.change.before or b"") if hunk.kind == "text" else []
    above = before[max(0, hunk.old_start - CONTEXT_LINES) : hunk.old_start]
    old_end = hunk.old_start + hunk.old_count
    below = before[old_end : old_end + CONTEXT_LINES]
    lines = [
        *(DiffLine(" ", line) for line in above),
        *hunk.lines,
        *(DiffLine(" ", line) for line in below),
    ]
    said = [""] * len(above) + _said(file, index, hunk) + [""] * len(below)
    return _numbered(lines, said, hunk.old_start - len(above), hunk.new_start - len(above))


def _said(file: FileReview, index: int, hunk: Hunk) -> list[str]:
    """Return what is to be said of each line: its decision where they differ, where it is from."""
    is_mixed = file.hunk_decision(index) is None
    decisions = file.line_decisions(index)
    said: list[str] = []
    for line in range(len(hunk.lines)):
        decision = decisions[line]
        words = [decision.value] if is_mixed and decision else []
        words += ["new"] if file.fresh(index, line) else []
        words += ["by hand"] if file.by_hand(index, line) else []
        said.append(", ".join(words))
    return said


def _numbered(lines: list[DiffLine], said: list[str], old: int, new: int) -> Iterator[str]:
    hide_return = all(line.data.endswith(b"\r\n") for line in lines)
    width = max(map(len, said))
    at = 0
    for line, words in zip(lines, said, strict=True):
        at += line.tag != " "
        old += line.tag != "+"
        new += line.tag != "-"
        choice = f"{at if line.tag != ' ' else '':>4}"
        told = f" {words:<{width}}" if width else ""
        numbers = f"{old if line.tag != '+' else '':>6}{new if line.tag != '-' else '':>6}"
        yield f"{choice}{told}{numbers} {line.tag}{_text(line.data, hide_return)}"
        if not line.data.endswith(b"\n"):
            yield f"{'':>{len(choice + told + numbers)}} \\ No newline at end of file"


def _text(data: bytes, hide_return: bool) -> str:
    """Return a line's text; the `\\r` of a hunk that has it everywhere is left out."""
    bare = data.removesuffix(b"\r\n" if hide_return else b"\n")
    return visible(bare.decode("utf-8", "replace"))
