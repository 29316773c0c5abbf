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

# The two modes of a plain file that git tells apart.
PLAIN_MODE = 0o100644
EXECUTABLE_MODE = 0o100755

# Marks of encodings whose line feeds have more than one byte.
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


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
    rename. Paths are relative to the repository's root, with forward slashes. `old_mode` and
    `mode` are git's 0o100644 or 0o100755, both None where the mode is not touched; a new file may
    have a `mode` alone, a deleted one an `old_mode`.
    """

    repository: str
    path: str
    before: bytes | None
    after: bytes | None
    old_path: str | None = None
    old_mode: int | None = None
    mode: int | None = None

    @property
    def changes_mode(self) -> bool:
        """Tell whether a file that stays becomes executable, or ceases to be."""
        stays = self.before is not None and self.after is not None
        return stays and self.mode is not None and self.mode != self.old_mode

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
    begins and ends with a changed line. A rename or mode hunk has no lines: it is the move, or the
    new mode, itself.
    """

    kind: Literal["text", "create", "delete", "rename", "mode"]
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
    """Return the hunks of a change: one for a new or deleted file, else one per changed run.

    A move and a new mode are hunks of their own, before the text. Text in UTF-16 or UTF-32 is one
    hunk: its bytes cannot be cut at line feeds.
    """
    if change.before is None:
        return (_whole("create", change.after or b"", "+"),)
    if change.after is None:
        return (_whole("delete", change.before, "-"),)
    move = (Hunk("rename", 0, 0, ()),) if change.old_path else ()
    mode = (Hunk("mode", 0, 0, ()),) if change.changes_mode else ()
    return (*move, *mode, *_text_hunks(change.before, change.after))


def compose(change: FileChange, accepted: Collection[int]) -> FileChange | None:
    """Return the change with only the hunks at the `accepted` indices, or None if none is left."""
    hunks = change.hunks
    if not accepted:
        return None
    if len(set(accepted)) == len(hunks):
        return change
    if change.before is None or change.after is None:
        return change
    kinds = {hunks[index].kind for index in accepted}
    after = b"".join(
        _merged_lines(split_lines(change.before), [hunks[i] for i in sorted(accepted)])
    )
    composed = replace(change, after=after)
    if "mode" not in kinds:
        composed = replace(composed, old_mode=None, mode=None)
    if "rename" not in kinds:
        composed = replace(composed, path=change.old_path or change.path, old_path=None)
    return composed if kinds & {"rename", "mode"} or after != change.before else None


def with_hunk_lines(change: FileChange, index: int, lines: tuple[DiffLine, ...]) -> FileChange:
    """Return the change with one hunk's lines replaced by `lines`; the other hunks stay.

    Only text hunks and new files can be edited. The lines tagged ` ` and `-` must be the ones the
    hunk covers in the file before. Raises EditsRefused where they are not, or where a line
    without its line end would stand inside the file.
    """
    hunk = change.hunks[index]
    if hunk.kind not in ("text", "create"):
        what = "mode change" if hunk.kind == "mode" else hunk.kind
        raise EditsRefused(f"a {what} has no lines to edit", "accept or reject it")
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


def _text_hunks(old: bytes, new: bytes) -> tuple[Hunk, ...]:
    before, after = split_lines(old), split_lines(new)
    if old != new and (old.startswith(_WIDE_MARKS) or new.startswith(_WIDE_MARKS)):
        return (_hunk_of([Range(0, len(before), 0, len(after))], before, after),)
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
