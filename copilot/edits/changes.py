"""A change set: the files before and after, as bytes, and the hunks between them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from itertools import pairwise
from typing import Literal

from copilot.edits.diff import Range, changed_ranges
from copilot.errors import EditsRefused

# Changed runs with at most this many equal lines between them are one hunk.
JOIN_GAP_LINES = 3


class ChangeKind(Enum):
    """What happens to a file as a whole."""

    UPDATE = "update"
    CREATE = "create"
    DELETE = "delete"
    RENAME = "rename"


@dataclass(frozen=True)
class FileChange:
    """One file before and after.

    `before` is None for a new file, `after` is None for a deleted one, `old_path` is set for a
    rename. Paths are relative to the repository's root, with forward slashes.
    """

    repository: str
    path: str
    before: bytes | None
    after: bytes | None
    old_path: str | None = None

    @property
    def kind(self) -> ChangeKind:
        if self.before is None:
            return ChangeKind.CREATE
        if self.after is None:
            return ChangeKind.DELETE
        return ChangeKind.RENAME if self.old_path else ChangeKind.UPDATE

    @property
    def name(self) -> str:
        """The path with its repository's alias, as shown to people and models."""
        return f"{self.repository}/{self.path}"

    @cached_property
    def hunks(self) -> tuple[Hunk, ...]:
        return hunks_between(self)


@dataclass(frozen=True)
class ChangeSet:
    """All changes of one proposal, over all repositories, each file at most once."""

    changes: tuple[FileChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes)


@dataclass(frozen=True)
class DiffLine:
    """One line of a hunk with its own line end: ` ` in both, `-` only before, `+` only after."""

    tag: Literal[" ", "-", "+"]
    data: bytes


@dataclass(frozen=True)
class Hunk:
    """A run of neighbouring changed lines.

    `old_start` and `new_start` are 0-based line numbers in the file before and after. A text hunk
    begins and ends with a changed line. A rename hunk has no lines: it is the move itself.
    """

    kind: Literal["text", "create", "delete", "rename"]
    old_start: int
    new_start: int
    lines: tuple[DiffLine, ...] = field(repr=False)

    @property
    def old_count(self) -> int:
        return sum(line.tag != "+" for line in self.lines)

    @property
    def new_count(self) -> int:
        return sum(line.tag != "-" for line in self.lines)


def split_lines(data: bytes) -> list[bytes]:
    """Split at line feeds only, each line keeping its own end; joined again it is `data`."""
    lines = data.split(b"\n")
    kept = [line + b"\n" for line in lines[:-1]]
    return [*kept, lines[-1]] if lines[-1] else kept


def hunks_between(change: FileChange) -> tuple[Hunk, ...]:
    """Return the hunks of a change: one for a new or deleted file, else one per changed run."""
    if change.before is None:
        return (_whole("create", change.after or b"", "+"),)
    if change.after is None:
        return (_whole("delete", change.before, "-"),)
    move = (Hunk("rename", 0, 0, ()),) if change.old_path else ()
    return (*move, *_text_hunks(split_lines(change.before), split_lines(change.after)))


def compose(change: FileChange, accepted: Collection[int]) -> FileChange | None:
    """Return the change with only the hunks at the `accepted` indices, or None if none is left."""
    hunks = change.hunks
    if not accepted:
        return None
    if len(set(accepted)) == len(hunks):
        return change
    if change.before is None or change.after is None:
        return change
    moved = any(hunks[index].kind == "rename" for index in accepted)
    after = b"".join(
        _merged_lines(split_lines(change.before), [hunks[i] for i in sorted(accepted)])
    )
    if not moved and after == change.before:
        return None
    path = change.path if moved or not change.old_path else change.old_path
    old_path = change.old_path if moved else None
    return FileChange(change.repository, path, change.before, after, old_path)


def with_hunk_lines(change: FileChange, index: int, lines: tuple[DiffLine, ...]) -> FileChange:
    """Return the change with one hunk's lines replaced by `lines`; the other hunks stay.

    Only text hunks and new files can be edited. The lines tagged ` ` and `-` must be the ones the
    hunk covers in the file before. Raises EditsRefused where they are not, or where a line
    without its line end would stand inside the file.
    """
    hunk = change.hunks[index]
    if hunk.kind not in ("text", "create"):
        raise EditsRefused(f"a {hunk.kind} has no lines to edit", "accept or reject it")
    if _old_side(lines) != _old_side(hunk.lines):
        raise EditsRefused(
            "the edited hunk's old lines are not the file's",
            "keep every line that begins with a space or '-', or turn '-' into a space",
        )
    hunks = [*change.hunks]
    hunks[index] = replace(hunk, kind="text", lines=lines)
    before = split_lines(change.before or b"")
    new_lines = _merged_lines(before, hunks)
    if any(not line.endswith(b"\n") for line in new_lines[:-1]):
        raise EditsRefused("a line without line end stands inside the file", "end each line")
    return replace(change, after=b"".join(new_lines))


def _old_side(lines: tuple[DiffLine, ...]) -> list[bytes]:
    return [line.data for line in lines if line.tag != "+"]


def _whole(kind: Literal["create", "delete"], data: bytes, tag: Literal["-", "+"]) -> Hunk:
    return Hunk(kind, 0, 0, tuple(DiffLine(tag, line) for line in split_lines(data)))


def _merged_lines(before: list[bytes], hunks: list[Hunk]) -> list[bytes]:
    merged: list[bytes] = []
    position = 0
    for hunk in hunks:
        if hunk.kind != "text":
            continue
        merged += before[position : hunk.old_start]
        merged += [line.data for line in hunk.lines if line.tag != "-"]
        position = hunk.old_start + hunk.old_count
    return merged + before[position:]


def _text_hunks(before: list[bytes], after: list[bytes]) -> tuple[Hunk, ...]:
    changed = changed_ranges(before, after)
    groups: list[list[Range]] = [changed[:1]] if changed else []
    for previous, current in pairwise(changed):
        if current[0] - previous[1] <= JOIN_GAP_LINES:
            groups[-1].append(current)
        else:
            groups.append([current])
    return tuple(_hunk_of(group, before, after) for group in groups)


def _hunk_of(group: list[Range], before: list[bytes], after: list[bytes]) -> Hunk:
    lines: list[DiffLine] = []
    position = group[0][0]
    for old_from, old_to, new_from, new_to in group:
        lines += [DiffLine(" ", line) for line in before[position:old_from]]
        lines += [DiffLine("-", line) for line in before[old_from:old_to]]
        lines += [DiffLine("+", line) for line in after[new_from:new_to]]
        position = old_to
    return Hunk("text", group[0][0], group[0][2], tuple(lines))
