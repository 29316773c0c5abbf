"""Whole files: a path line, and directly below it a fence with the file's full content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from copilot.edits.fences import Fence, content_end
from copilot.edits.lines import is_blank, joined, next_filled, refused
from copilot.edits.markers import LENGTHS, marker_in
from copilot.edits.operations import Write
from copilot.edits.path_lines import clear_path_in, info_path, speaks_of_part, sure_path_in

# Kinds of files that hold fences of their own.
_FENCED_KINDS = (".md", ".markdown", ".mdx", ".mdc", ".qmd", ".rmd", ".rst", ".txt", ".adoc")
_PATCH_KINDS = (".diff", ".patch")
_MARKS = frozenset("<>")
# What a fence below a path often holds instead of the file: calls of it, and what it prints.
_USES = frozenset(
    {"bash", "bat", "cmd", "console", "log", "output", "powershell", "ps1", "pwsh", "sh", "shell"}
    | {"shell-session", "terminal", "zsh"}
)
_SCRIPTS = (".bash", ".bat", ".cmd", ".log", ".ps1", ".sh", ".zsh")


@dataclass(frozen=True)
class Doubt:
    """A whole file that has ended, if the fence that closed it was none of the file's own lines.

    If it was, then a further fence without info string, at least as long, is the file's end.
    """

    line: int
    opening: Fence
    holds_fences: bool

    def check(self, lines: Sequence[str], index: int, fence: Fence, top: int | None = None) -> None:
        """Refuse the fence at `index` that leaves the end of the file above uncertain.

        `top` is the index of the line that names the file of this fence, None for an example.
        """
        apart = top is not None and top >= 1 and is_blank(lines[top - 1])
        clear = apart and not self.holds_fences
        if clear or not self.opening.is_closed_by(fence):
            return
        raise refused(index, f"this fence may be content of line {self.line}'s; use longer fences")


def holds_fences(path: str) -> bool:
    """Tell whether files of this kind usually hold fences."""
    return path.lower().endswith(_FENCED_KINDS)


def is_patch_file(path: str) -> bool:
    """Tell whether the path is that of a patch, whose content is a diff."""
    return path.lower().endswith(_PATCH_KINDS)


@dataclass(frozen=True)
class Named:
    """A file that is named for a fence, at the index `top`; `loose`: not by the line above it."""

    path: str
    top: int
    loose: bool


def named_file(
    lines: Sequence[str], start: int, index: int, fence: Fence, *, loosely: bool
) -> Named | None:
    """Return the file whose whole content the fence at `index` holds, where one is named.

    Nothing before `start` counts. `loosely` the fence itself may name it, or a path line above
    blank lines that stands apart. Raises EditsRefused where both do, and do not agree.
    """
    above = lines[index - 1] if index > start else ""
    path = clear_path_in(above)
    direct = None if path is None or speaks_of_part(above) else Named(path, index - 1, loose=False)
    if not loosely:
        return direct
    near = direct or _named_apart(lines, start, index, fence)
    path = info_path(fence.info)
    if path is None or near is None:
        return Named(path, index, loose=True) if path else near
    if f"/{path}".endswith(f"/{near.path}"):
        return replace(near, path=path)
    if f"/{near.path}".endswith(f"/{path}"):
        return near
    raise refused(index, "the fence names another file than the line above it", lines[index])


def _named_apart(lines: Sequence[str], start: int, index: int, fence: Fence) -> Named | None:
    """Return the file of a path line above one blank line or two, that is surely one."""
    top = index - 1
    while top > max(start, index - 3) and is_blank(lines[top]):
        top -= 1
    if top < start or top == index - 1:
        return None
    apart = top == start or is_blank(lines[top - 1]) or lines[top].startswith("#")
    path = sure_path_in(lines[top]) if apart else None
    return Named(path, top, loose=True) if path and not _shows_use(fence, path) else None


def _shows_use(fence: Fence, path: str) -> bool:
    """Tell whether a fence holds what is typed, or printed, rather than this file."""
    name = path.rpartition("/")[2]
    return fence.language in _USES and not name.startswith(".") and not name.endswith(_SCRIPTS)


def may_be_file(above: Sequence[str], fence: Fence) -> bool:
    """Tell whether a file seems to be named in the lines above an example, or behind its fence."""
    named = [line.partition(" (")[0] for line in above] + fence.info.replace(":", " ").split()
    return any(clear_path_in(text) for text in named)


def read_whole(
    lines: Sequence[str], start: int, fence: Fence, path: str, line: int
) -> tuple[Write, int, Doubt]:
    """Return the file whose fence opens at index `start`, the index behind it, and what is unsure.

    `line` is the 1-based line that names the file.
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
    operation = Write(path, joined(lines[start + 1 : end]), line)
    return operation, end + 1, Doubt(line, fence, holds_fences(path))
