"""Unified diffs, plain or as git writes them.

The format is the one git's documentation gives under "Generating patch text with -p". Each hunk is
an edit: its old lines are searched for, and the numbers of its header place nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from copilot.edits.closing import closing_in
from copilot.edits.diff_names import NO_FILE, git_names, header_name, without_prefixes
from copilot.edits.fences import Fence, content_end
from copilot.edits.hunks import Hunk, is_file_header, is_file_start, read_hunks
from copilot.edits.lines import check_count, next_filled, refused
from copilot.edits.operations import Create, Delete, Operation, Rename, Replace, SetMode

_MODES = {"100644": False, "100755": True}
# What git writes about a file besides its names and lines, and where it is kept.
_FIELDS = {
    "old mode ": "old_mode",
    "new mode ": "new_mode",
    "new file mode ": "created_mode",
    "deleted file mode ": "deleted_mode",
    "rename from ": "renamed_from",
    "rename to ": "renamed_to",
    "index ": "blobs",
}
_IDLE = ("similarity index ", "dissimilarity index ")
_BINARY = ("Binary files ", "GIT binary patch")
_COPY = ("copy from ", "copy to ")
# Characters of a line that names files; a path of 4,096 bytes may be in octal, twice.
_LONGEST_NAMES = 40_000
# Lines of other programs that may stand before a file's part.
_SEPARATOR = re.compile(r"Index: .*|=+\s*", re.DOTALL)
# How git's names of an empty file begin, as SHA-1 and as SHA-256.
_EMPTY_BLOBS = ("e69de29", "473a0f4")


@dataclass
class _Part:
    """What a diff says of one file; "" where it does not say it."""

    start: int
    names: tuple[str, str] | None = None
    fields: dict[str, str] = field(default_factory=dict)
    hunks: list[Hunk] = field(default_factory=list)

    @property
    def line(self) -> int:
        return self.start + 1


def read_diff(lines: Sequence[str], start: int, fence: Fence | None) -> tuple[list[Operation], int]:
    """Return the operations of the diff whose first line is at `start`, and the index behind it.

    In a fence the diff fills it up to the fence's end, or to the reply's closing line. Raises
    EditsRefused where the diff is cut off or a line of it is not understood.
    """
    stop = content_end(lines, start, fence) if fence else None
    limit = len(lines) if stop is None else stop
    operations: list[Operation] = []
    index = _next_part(lines, start, stop)
    while index < limit and is_file_start(lines, index):
        part, index = _part(lines, index, stop)
        operations += _operations(part, whole=stop is not None)
        check_count(operations)
        index = _next_part(lines, index, stop)
    if stop is None:
        return operations, index
    if index < stop and closing_in(lines[index]):
        return operations, index
    if index < stop:
        raise refused(index, "a line of the diff has none of ' ', '+', '-'", lines[index])
    return operations, stop + 1


def _next_part(lines: Sequence[str], start: int, stop: int | None) -> int:
    """Return the index of the next part, else of the first line that is not of the diff."""
    index = next_filled(lines, start)
    while stop is not None and index < stop and _SEPARATOR.fullmatch(lines[index]):
        index = next_filled(lines, index + 1)
    if stop is not None:
        return min(index, stop)
    return index if index < len(lines) and is_file_start(lines, index) else start


def _part(lines: Sequence[str], start: int, stop: int | None) -> tuple[_Part, int]:
    part = _Part(start)
    index = start
    if any(len(line) > _LONGEST_NAMES for line in lines[start : start + 2]):
        raise refused(start, "the diff's names are too long", lines[start])
    if lines[start].startswith("diff --git "):
        part.names = git_names(lines[start][len("diff --git ") :])
        index = _fields(part, lines, start + 1)
    if index < len(lines) and is_file_header(lines, index):
        part.names = header_name(lines[index][4:]), header_name(lines[index + 1][4:])
        part.hunks, index = read_hunks(lines, index + 2, stop)
        if not part.hunks:
            raise refused(start, "the diff names a file and holds no hunk", lines[start])
    return part, index


def _fields(part: _Part, lines: Sequence[str], start: int) -> int:
    """Read git's lines about a file, and return the index behind them."""
    for index in range(start, len(lines)):
        line = lines[index]
        if line.startswith(_BINARY):
            raise refused(index, "a binary file cannot be changed by a reply", line)
        if line.startswith(_COPY):
            raise refused(index, "a copy is not understood; create the file", line)
        prefix = next((prefix for prefix in _FIELDS if line.startswith(prefix)), None)
        if prefix:
            part.fields[_FIELDS[prefix]] = line[len(prefix) :].strip()
        elif not line.startswith(_IDLE):
            return index
    return len(lines)


def _operations(part: _Part, *, whole: bool) -> list[Operation]:
    """Return what a part asks for; `whole`: it was surely not cut off behind its header."""
    if part.names is None and "renamed_from" not in part.fields:
        raise refused(part.start, "the names in the diff cannot be told apart")
    old, new = without_prefixes(*(part.names or ("", "")))
    if "created_mode" in part.fields or old == NO_FILE:
        return [_created(part, old, new, whole=whole)]
    if "deleted_mode" in part.fields or new == NO_FILE:
        return [_deleted(part, old, new)]
    return _updated(part, old, new)


def _created(part: _Part, old: str, new: str, *, whole: bool) -> Create:
    if part.hunks and old != NO_FILE:
        raise refused(part.start, "the diff makes a new file, and names an old one")
    if len(part.hunks) > 1 or any(hunk.search() for hunk in part.hunks):
        raise refused(part.start, "the diff makes a new file, and holds lines of an old one")
    if not part.hunks and not whole and not _makes_empty_file(part):
        raise refused(part.start, "the new file's lines are missing: the reply was cut off")
    executable = _is_executable(part, part.fields.get("created_mode", "100644"))
    text = part.hunks[0].new_text() if part.hunks else ""
    return Create(_file(part, new), text, part.line, executable)


def _makes_empty_file(part: _Part) -> bool:
    _, _, blob = part.fields.get("blobs", "").partition("..")
    return blob.startswith(_EMPTY_BLOBS)


def _deleted(part: _Part, old: str, new: str) -> Delete:
    if part.hunks and new != NO_FILE:
        raise refused(part.start, "the diff deletes a file, and names a new one")
    if any(hunk.replace() for hunk in part.hunks):
        raise refused(part.start, "the diff deletes a file, and leaves lines of it")
    text = "".join(hunk.search() for hunk in part.hunks) if part.hunks else None
    return Delete(_file(part, old), part.line, text)


def _updated(part: _Part, old: str, new: str) -> list[Operation]:
    operations: list[Operation] = []
    fields = part.fields.get("renamed_from", ""), part.fields.get("renamed_to", "")
    renamed = header_name(fields[0]), header_name(fields[1])
    if any(renamed):
        _check_renamed(part, renamed, (old, new))
        old, new = renamed
        operations.append(Rename(old, new, part.line))
    elif old != new:
        raise refused(part.start, "the diff names two files, and renames none", f"{old}, {new}")
    path = _file(part, new)
    operations += _mode(part, path)
    if not operations and len(part.hunks) == 1 and part.hunks[0].is_creation:
        return [Create(path, part.hunks[0].new_text(), part.line)]
    operations += [_replace(hunk, path) for hunk in part.hunks]
    if not operations:
        raise refused(part.start, "the diff names a file and holds no change")
    return operations


def _check_renamed(part: _Part, renamed: tuple[str, str], names: tuple[str, str]) -> None:
    if not all(renamed):
        raise refused(part.start, "the rename lacks one of its paths")
    if part.hunks and renamed != names:
        raise refused(part.start, "the diff names other files than it renames")


def _mode(part: _Part, path: str) -> list[SetMode]:
    old, new = part.fields.get("old_mode"), part.fields.get("new_mode")
    if old is None and new is None:
        return []
    if old is None or new is None:
        raise refused(part.start, "the change of mode lacks a mode: the reply was cut off")
    was, will_be = _is_executable(part, old), _is_executable(part, new)
    return [SetMode(path, will_be, part.line)] if was != will_be else []


def _is_executable(part: _Part, mode: str) -> bool:
    if mode not in _MODES:
        raise refused(part.start, "a mode is neither a plain file's nor a program's", mode or "?")
    return _MODES[mode]


def _file(part: _Part, name: str) -> str:
    if not name or name == NO_FILE:
        raise refused(part.start, "the diff names no file")
    return name


def _replace(hunk: Hunk, path: str) -> Replace:
    search = hunk.search()
    if not search:
        raise refused(hunk.start, "the hunk adds lines, but no line of the file says where")
    return Replace(path, search, hunk.replace(), hunk.line)
