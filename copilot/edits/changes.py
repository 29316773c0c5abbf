"""A change set: the files before and after, as bytes, and the hunks between them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

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

    @property
    def source(self) -> tuple[str, str]:
        """The repository's alias and the path the file has before the change."""
        return self.repository, self.old_path or self.path

    @cached_property
    def is_divisible(self) -> bool:
        """Tell whether the bytes may be cut at line feeds: no NUL, no mark of wide characters."""
        texts = [text for text in (self.before, self.after) if text]
        return not any(b"\0" in text or text.startswith(_WIDE_MARKS) for text in texts)

    @cached_property
    def hunks(self) -> tuple[Hunk, ...]:
        return hunks_between(self)


@dataclass(frozen=True)
class ChangeSet:
    """All changes of one proposal, over all repositories, each file at most once."""

    changes: tuple[FileChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes)


class DiffLine(NamedTuple):
    """One line of a hunk with its own line end: ` ` in both, `-` only before, `+` only after."""

    tag: Literal[" ", "-", "+"]
    data: bytes


HunkKind = Literal["text", "create", "delete", "rename", "mode"]

# The hunks of a file's text: for each the changed runs in it, in order, equal lines between them.
Layout = tuple[tuple[Range, ...], ...]


@dataclass(frozen=True, eq=False, slots=True)
class Woven:
    """A hunk's lines as slices of the two texts: `old` and `new` are byte offsets, end excluded."""

    before: bytes
    after: bytes
    old: tuple[int, int]
    new: tuple[int, int]
    ranges: tuple[Range, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Hunk:
    """A run of neighbouring changed lines.

    `old_start` and `new_start` are 0-based line numbers in the file before and after. A text hunk
    begins and ends with a changed line. A rename or mode hunk has no lines: it is the move, or the
    new mode, itself. Two hunks are equal if their lines are.
    """

    kind: HunkKind
    old_start: int
    new_start: int
    made_of: tuple[DiffLine, ...] | Woven

    @property
    def lines(self) -> tuple[DiffLine, ...]:
        """The lines, made from the two texts when asked: kept for no longer than the caller."""
        return _woven(self.made_of) if isinstance(self.made_of, Woven) else self.made_of

    @property
    def ranges(self) -> tuple[Range, ...]:
        """The changed runs, where the hunk is one of a file's; none where it has no lines."""
        return self.made_of.ranges if isinstance(self.made_of, Woven) else ()

    @property
    def old_count(self) -> int:
        if isinstance(self.made_of, Woven):
            return self.made_of.ranges[-1].old_to - self.made_of.ranges[0].old_from
        return sum(line.tag != "+" for line in self.made_of)

    @property
    def new_count(self) -> int:
        if isinstance(self.made_of, Woven):
            return self.made_of.ranges[-1].new_to - self.made_of.ranges[0].new_from
        return sum(line.tag != "-" for line in self.made_of)

    @property
    def line_counts(self) -> tuple[int, int]:
        """How many lines the hunk adds, and how many it removes."""
        if isinstance(self.made_of, Woven):
            ranges = self.made_of.ranges
            added = sum(run.new_to - run.new_from for run in ranges)
            return added, sum(run.old_to - run.old_from for run in ranges)
        tags = [line.tag for line in self.made_of]
        return tags.count("+"), tags.count("-")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hunk) and self._told() == other._told()

    def __hash__(self) -> int:
        return hash((self.kind, self.old_start, self.new_start))

    def _told(self) -> tuple[object, ...]:
        return self.kind, self.old_start, self.new_start, self.lines


def split_lines(data: bytes) -> list[bytes]:
    """Split at line feeds only, each line keeping its own end; joined again it is `data`."""
    if b"\r" not in data or data.count(b"\r") == data.count(b"\r\n"):
        return data.splitlines(keepends=True)
    lines = data.split(b"\n")
    kept = [line + b"\n" for line in lines[:-1]]
    return [*kept, lines[-1]] if lines[-1] else kept


def line_count(data: bytes) -> int:
    """Return how many lines `split_lines` makes of `data`."""
    return data.count(b"\n") + (data[-1:] not in (b"", b"\n"))


def hunks_between(change: FileChange) -> tuple[Hunk, ...]:
    """Return the hunks of a change: one for a new or deleted file, else one per changed run.

    A move and a new mode are hunks of their own, before the text. Bytes that cannot be cut at line
    feeds (binary content, UTF-16, UTF-32) are one hunk.
    """
    return hunks_of(change, layout_of(change))


def layout_of(change: FileChange) -> Layout:
    """Return the changed runs of a change's text, grouped to hunks."""
    before, after = change.before or b"", change.after or b""
    if before == after:
        return ()
    if change.before is None or change.after is None or not change.is_divisible:
        return ((Range(0, line_count(before), 0, line_count(after)),),)
    return grouped(changed_ranges(split_lines(before), split_lines(after)))


def grouped(ranges: Iterable[Range]) -> Layout:
    """Group changed runs to hunks: those with few equal lines between them are one."""
    groups: list[list[Range]] = []
    for current in ranges:
        if groups and current.old_from - groups[-1][-1].old_to <= JOIN_GAP_LINES:
            groups[-1].append(current)
        else:
            groups.append([current])
    return tuple(tuple(group) for group in groups)


def hunks_of(change: FileChange, layout: Layout) -> tuple[Hunk, ...]:
    """Return the hunks of a change whose text is laid out so; move and mode come before them."""
    kind: HunkKind = (
        "create" if change.before is None else "delete" if change.after is None else "text"
    )
    if kind != "text" and not layout:
        return (Hunk(kind, 0, 0, ()),)
    move = (Hunk("rename", 0, 0, ()),) if kind == "text" and change.old_path else ()
    mode = (Hunk("mode", 0, 0, ()),) if change.changes_mode else ()
    return (*move, *mode, *_text_hunks(change, kind, layout))


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


def with_hunk_lines(change: FileChange, hunk: Hunk, lines: Sequence[DiffLine]) -> FileChange:
    """Return the change with one of its hunks' lines replaced by `lines`; the other hunks stay.

    Only text hunks and new files can be edited. The lines tagged ` ` and `-` must be the ones the
    hunk covers in the file before. Raises EditsRefused where they are not, or where a line
    without its line end would stand inside the file.
    """
    if hunk.kind not in ("text", "create"):
        what = "mode change" if hunk.kind == "mode" else hunk.kind
        raise EditsRefused(f"a {what} has no lines to edit", "accept or reject it")
    if _old_side(lines) != _old_side(hunk.lines):
        raise EditsRefused(
            "the edited hunk's old lines are not the file's",
            "keep every line that begins with a space or '-', or turn '-' into a space",
        )
    after = split_lines(change.after or b"")
    new = [line.data for line in lines if line.tag != "-"]
    after[hunk.new_start : hunk.new_start + hunk.new_count] = new
    if any(not line.endswith(b"\n") for line in after[:-1]):
        raise EditsRefused("a line without line end stands inside the file", "end each line")
    return replace(change, after=b"".join(after))


def _old_side(lines: Iterable[DiffLine]) -> list[bytes]:
    return [line.data for line in lines if line.tag != "+"]


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


def _text_hunks(change: FileChange, kind: HunkKind, layout: Layout) -> tuple[Hunk, ...]:
    before, after = change.before or b"", change.after or b""
    if kind != "text" and len(layout) == 1:
        old, new = (0, len(before)), (0, len(after))
        return (Hunk(kind, 0, 0, Woven(before, after, old, new, layout[0])),)
    old_lines, new_lines = split_lines(before), split_lines(after)
    old = new = (0, 0)
    old_to = new_to = 0
    hunks: list[Hunk] = []
    for group in layout:
        first, last = group[0], group[-1]
        old = _stretch(old_lines, old[1], old_to, first.old_from, last.old_to)
        new = _stretch(new_lines, new[1], new_to, first.new_from, last.new_to)
        old_to, new_to = last.old_to, last.new_to
        woven = Woven(before, after, old, new, group)
        hunks.append(Hunk(kind, first.old_from, first.new_from, woven))
    return tuple(hunks)


def _stretch(lines: list[bytes], offset: int, at: int, start: int, stop: int) -> tuple[int, int]:
    """Return the byte offsets of lines `start` to `stop`, where line `at` begins at `offset`."""
    begins = offset + sum(map(len, lines[at:start]))
    return begins, begins + sum(map(len, lines[start:stop]))


# A caller that asks for one line after the other makes the hunk's lines once.
@lru_cache(maxsize=4)
def _woven(woven: Woven) -> tuple[DiffLine, ...]:
    old, new = (
        split_lines(woven.before[slice(*woven.old)]),
        split_lines(woven.after[slice(*woven.new)]),
    )
    first_old, _, first_new, _ = woven.ranges[0]
    lines: list[DiffLine] = []
    position = first_old
    for old_from, old_to, new_from, new_to in woven.ranges:
        lines += [DiffLine(" ", line) for line in old[position - first_old : old_from - first_old]]
        lines += [DiffLine("-", line) for line in old[old_from - first_old : old_to - first_old]]
        lines += [DiffLine("+", line) for line in new[new_from - first_new : new_to - first_new]]
        position = old_to
    return tuple(lines)
