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
    """A whole file that has ended, if its closing fence was none of the file's own lines.

    A fence without info string further down tells that it may have been one.
    """

    line: int
    holds_fences: bool

    def check(self, lines: Sequence[str], index: int, fence: Fence, *, is_file: bool) -> None:
        """Refuse the fence at `index` that leaves the end of the file above uncertain."""
        apart = index >= 2 and is_blank(lines[index - 2])
        if fence.info or (is_file and apart and not self.holds_fences):
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

    What indents the fence, as in a list, indents each line. Raises EditsRefused where the fence is
    never closed, where a line lacks its indentation, and where edits stand in it.
    """
    end = content_end(lines, start + 1, fence)
    first = next_filled(lines, start + 1)
    if lines[first].lstrip().startswith("@@"):
        raise refused(first, "a hunk stands where a whole file should", lines[first])
    for index in range(start + 1, end):
        mark = marker_in(lines[index]) if lines[index][:1] in _MARKS else None
        if mark and mark.length in LENGTHS:
            raise refused(index, "a marker stands in a whole file", lines[index])
    content = lines[start + 1 : end]
    if fence.indent:
        content = [_dedented(index, lines[index], fence) for index in range(start + 1, end)]
    operation = Write(path, joined(content), start)
    return operation, end + 1, Doubt(start, holds_fences(path))


def _dedented(index: int, line: str, fence: Fence) -> str:
    if line.startswith(fence.indent) or is_blank(line):
        return line.removeprefix(fence.indent)
    raise refused(index, "the line is not indented as the file's fence is indented", line)
