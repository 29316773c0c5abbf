"""What a fence of a reply holds, told by its first lines."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from copilot.edits.closing import closing_in
from copilot.edits.fences import Fence, fence_in
from copilot.edits.hunks import is_file_start
from copilot.edits.lines import next_filled, refused, reply_lines
from copilot.edits.markers import is_nearly_marker, marker_in
from copilot.edits.path_lines import path_in
from copilot.edits.v4a import begins_patch, heredoc_word

DIFF_LANGUAGES = frozenset({"diff", "patch", "udiff"})
# In a fence of any other language a diff that does not begin it is part of an example.
_WRAPPERS = DIFF_LANGUAGES | {"", "text", "txt", "plain", "plaintext"}


class Kind(Enum):
    """Edits in one of the formats, or anything else: a whole file, or an example."""

    BLOCKS = "edit blocks"
    DIFF = "a diff"
    PATCH = "a V4A patch"
    OTHER = "anything else"


def content_kind(lines: Sequence[str], start: int) -> Kind:
    """Return what a fence holds whose first line that is not blank is at `start`."""
    if start == len(lines):
        return Kind.OTHER
    line = lines[start]
    following = next_filled(lines, start + 1)
    below = lines[following] if following < len(lines) else ""
    if begins_patch(line) or (begins_patch(below) and heredoc_word(line)):
        return Kind.PATCH
    if is_file_start(lines, start) or _is_index_line(line, below):
        return Kind.DIFF
    if _opens_block(line) or closing_in(line) or (_opens_block(below) and path_in(line)):
        return Kind.BLOCKS
    return Kind.OTHER


def unread_mark(reply: str, prose: str) -> int | None:
    """Return the 1-based line of a reply's first fence or marker, if any is left in its prose."""
    left = {line.strip() for line in prose.split("\n") if _is_mark(line)}
    lines = enumerate(reply_lines(reply) if left else [], start=1)
    return next((number for number, line in lines if line.strip() in left), None)


def _is_mark(line: str) -> bool:
    mark = marker_in(line)
    return fence_in(line) is not None or (mark is not None and mark.char != "=")


def is_example(fences: Sequence[Fence]) -> bool:
    """Tell whether a diff inside these open fences, outermost first, is part of an example."""
    return len(fences) > 1 or any(fence.language not in _WRAPPERS for fence in fences)


def check_sketch(lines: Sequence[str], start: int, path: str | None) -> None:
    """Refuse what was meant to be applied, but names its file nowhere; a sketch is prose."""
    line = lines[start] if start < len(lines) else ""
    if path or line.lstrip().startswith(("@@", "--- ", "+++ ", "diff --git ")):
        raise refused(start, "the diff has no lines that name its file", line)


def _opens_block(line: str) -> bool:
    mark = marker_in(line)
    return is_nearly_marker(line) if mark is None else mark.char == "<"


def _is_index_line(line: str, below: str) -> bool:
    """Tell whether Subversion's name of a file stands here, above its line of equals signs."""
    return line.startswith("Index: ") and below.startswith("=====")
