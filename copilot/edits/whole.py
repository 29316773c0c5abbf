"""Whole files: a path line, and directly below it a fence with the file's full content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from copilot.edits.fences import Fence, content_end
from copilot.edits.lines import is_blank, joined, next_filled, refused
from copilot.edits.markers import LENGTHS, marker_in
from copilot.edits.operations import Write
from copilot.edits.path_lines import clear_path_in

# Kinds of files that hold fences of their own.
_FENCED_KINDS = (".md", ".markdown", ".mdx", ".mdc", ".qmd", ".rmd", ".rst", ".txt", ".adoc")
_PATCH_KINDS = (".diff", ".patch")
_MARKS = frozenset("<>")


@dataclass(frozen=True)
class Doubt:
    """A whole file that has ended, if the fence that closed it was none of the file's own lines.

    If it was, then a further fence without info string, at least as long, is the file's end.
    """

    line: int
    opening: Fence
    holds_fences: bool

    def check(self, lines: Sequence[str], index: int, fence: Fence, *, is_file: bool) -> None:
        """Refuse the fence at `index` that leaves the end of the file above uncertain."""
        apart = index >= 2 and is_blank(lines[index - 2])
        clear = is_file and apart and not self.holds_fences
        if clear or not self.opening.is_closed_by(fence):
            return
        raise refused(index, f"this fence may be content of line {self.line}'s; use longer fences")


def holds_fences(path: str) -> bool:
    """Tell whether files of this kind usually hold fences."""
    return path.lower().endswith(_FENCED_KINDS)


def is_patch_file(path: str) -> bool:
    """Tell whether the path is that of a patch, whose content is a diff."""
    return path.lower().endswith(_PATCH_KINDS)


def may_be_file(above: Sequence[str], fence: Fence) -> bool:
    """Tell whether a file seems to be named in the lines above an example, or behind its fence."""
    named = [line.partition(" (")[0] for line in above] + fence.info.replace(":", " ").split()
    return any(clear_path_in(text) for text in named)


def read_whole(
    lines: Sequence[str], start: int, fence: Fence, path: str
) -> tuple[Write, int, Doubt]:
    """Return the file whose fence opens at index `start`, the index behind it, and what is unsure.

    Raises EditsRefused where the fence is indented or never closed, and where edits stand in it.
    """
    if fence.indent:
        raise refused(start, "the file's fence is indented: it is not sure what its lines are")
    end = content_end(lines, start + 1, fence)
    first = next_filled(lines, start + 1)
    if lines[first].startswith("@@"):
        raise refused(first, "a hunk stands where a whole file should", lines[first])
    for index in range(start + 1, end):
        mark = marker_in(lines[index]) if lines[index][:1] in _MARKS else None
        if mark and mark.length in LENGTHS:
            raise refused(index, "a marker stands in a whole file", lines[index])
    operation = Write(path, joined(lines[start + 1 : end]), start)
    return operation, end + 1, Doubt(start, fence, holds_fences(path))
