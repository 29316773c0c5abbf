"""Words and marks for decisions and files: what they mean never depends on colour."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from copilot.review.state import Decision, FileReview
from copilot.text import one_line

MARKS = {Decision.ACCEPTED: "[x]", Decision.REJECTED: "[-]", Decision.UNDECIDED: "[ ]"}
MIXED = "[~]"

# The same of a single line, in one column; beside it, where a line comes from.
LINE_MARKS = {Decision.ACCEPTED: "x", Decision.REJECTED: "-", Decision.UNDECIDED: " "}
FRESH = "*"
BY_HAND = "e"


def file_mark(file: FileReview) -> str:
    """Return the mark that all hunks of a file share, or the mark for mixed decisions."""
    if file.shape.is_empty:
        return MARKS[Decision.UNDECIDED]
    return MIXED if file.decision is None else MARKS[file.decision]


def count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def file_names(files: tuple[FileReview, ...]) -> tuple[str, ...]:
    """Return the files' names as shown; the repository is left out where all share one."""
    shared = len({file.change.repository for file in files}) == 1
    return tuple(one_line(f.change.path if shared else f.change.name) for f in files)


def keep_end(text: str, width: int) -> str:
    """Return `text` cut at its front to `width` columns; the end of a path says most."""
    if cell_len(text) <= width:
        return text
    return "…" + set_cell_size(text[::-1], max(0, width - 1))[::-1]
