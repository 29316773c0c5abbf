"""The text of a patch, as git and diff write it (git: Documentation/diff-generate-patch.txt)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from copilot.errors import UsageError
from copilot.text import one_line
from copilot.workspace.diffs import DiffHunk, DiffLine, Sign

# What git is to write, whatever the settings are.
HUNK_OPTIONS = (
    *("--unified=3", "--inter-hunk-context=0", "--diff-algorithm=myers", "--indent-heuristic"),
    *("--no-color", "--no-ext-diff", "--no-textconv"),
)
_NO_FILE = "/dev/null"
_GIT = b"diff --git "
_HUNK = re.compile(rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@ ?(.*)", re.DOTALL)
_MERGE = (b"diff --cc ", b"diff --combined ", b"@@@ ")
_BINARY = (b"Binary files ", b"GIT binary patch")
_NO_NEWLINE = b"\\"
_FIELDS = {
    b"old mode ": "old_mode",
    b"new mode ": "mode",
    b"new file mode ": "created_mode",
    b"deleted file mode ": "deleted_mode",
    b"rename from ": "renamed_from",
    b"rename to ": "renamed_to",
    b"copy from ": "copied_from",
    b"copy to ": "copied_to",
    b"index ": "index",
}
_IDLE = (b"similarity index ", b"dissimilarity index ")
_SIGNS: dict[bytes, Sign] = {b"+": "+", b"-": "-", b" ": " "}
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPED = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13}
# `a/` and `b/`, or what diff.mnemonicPrefix makes of them.
_PREFIX = re.compile(r"^[abciow12]/")


@dataclass
class PatchPart:
    """What a patch says of one file: `fields` by the name of each line, the hunks.

    `old` and `new` are its names, None where the patch says that there is no such file. Of one
    that `is_large`, the hunks were not read.
    """

    old: str | None = None
    new: str | None = None
    fields: dict[str, str] = field(default_factory=dict)
    is_binary: bool = False
    hunks: list[DiffHunk] = field(default_factory=list)
    has_prefixes: bool = True
    has_sides: bool = False
    has_all_fields: bool = False
    is_large: bool = False

    @property
    def name(self) -> str:
        """The file's name afterwards, or before if it is gone."""
        named = self.fields.get("renamed_to") or self.fields.get("copied_to")
        return named or self.new or self.old or ""


def read_patch(data: bytes) -> list[PatchPart]:
    """Return the parts of a patch, in their order; text around them is passed over.

    Raises UsageError where a hunk is cut off or damaged, or for the diff of a merge.
    """
    return list(_parts(data.split(b"\n")))


def _parts(lines: list[bytes]) -> Iterator[PatchPart]:
    part: PatchPart | None = None
    at = 0
    while at < len(lines):
        line = lines[at]
        begun = _begun(lines, at, part)
        if begun:
            if part:
                yield part
            part = begun
        if part and not part.has_sides and _is_head(lines, at):
            _name_sides(part, line, lines[at + 1])
            at += 2
        elif part and part.has_sides and line.startswith(b"@@ "):
            hunk, at = _read_hunk(lines, at)
            part.hunks.append(hunk)
        else:
            if part and not part.has_all_fields:
                _note(part, line)
            at += 1
    if part:
        yield part


def _begun(lines: list[bytes], at: int, part: PatchPart | None) -> PatchPart | None:
    """Return the part that begins at a line, if one does. Raises UsageError for a merge's."""
    line = lines[at]
    if line.startswith(_MERGE):
        raise UsageError("this is the diff of a merge", "compare with one parent: A..B")
    if line.startswith(_GIT):
        return _git_part(line.removeprefix(_GIT).rstrip(b"\r"))
    is_free = part is None or part.has_sides or part.has_all_fields
    return PatchPart() if is_free and _is_head(lines, at) else None


def _is_head(lines: list[bytes], at: int) -> bool:
    """Tell whether two lines name a file: a hunk follows them."""
    if not lines[at].startswith(b"--- ") or at + 2 >= len(lines):
        return False
    return lines[at + 1].startswith(b"+++ ") and lines[at + 2].startswith(b"@@ ")


def _git_part(names: bytes) -> PatchPart:
    """Return a part by its first line; where the names are equal, they have no prefixes."""
    old, new = _both_names(names)
    if old == new:
        return PatchPart(old, new, has_prefixes=False)
    return PatchPart(_PREFIX.sub("", old), _PREFIX.sub("", new))


def _both_names(names: bytes) -> tuple[str, str]:
    """Return both names of a first line; if none is quoted, they differ in a prefix at most.

    Where they differ in more, other lines of the part name the file.
    """
    if quoted := _QUOTED.match(names):
        return _unquoted(quoted[0]), _unquoted(names[quoted.end() + 1 :])
    start = names.find(b' "')
    if start > 0 and names.endswith(b'"'):
        return _unquoted(names[:start]), _unquoted(names[start + 1 :])
    half = len(names) // 2
    return os.fsdecode(names[:half]), os.fsdecode(names[half + 1 :])


def _name_sides(part: PatchPart, old: bytes, new: bytes) -> None:
    part.old, part.new = _side(part, old[4:]), _side(part, new[4:])
    part.has_sides = part.has_all_fields = True


def _side(part: PatchPart, name: bytes) -> str | None:
    """Return the name of a `---` or `+++` line; a tab and a time may stand behind it."""
    quoted = _QUOTED.match(name)
    plain = _unquoted(quoted[0] if quoted else name.rstrip(b"\r").partition(b"\t")[0])
    if plain == _NO_FILE:
        return None
    return _PREFIX.sub("", plain) if part.has_prefixes else plain


def _unquoted(name: bytes) -> str:
    """Return a name that git quotes where it holds special characters."""
    if not _QUOTED.fullmatch(name):
        return os.fsdecode(name)
    return os.fsdecode(_ESCAPE.sub(_character, name[1:-1]))


def _character(match: re.Match[bytes]) -> bytes:
    escaped = match[1]
    if len(escaped) == 3:
        return bytes([int(escaped, 8) & 0xFF])
    return bytes([_ESCAPED[escaped]]) if escaped in _ESCAPED else escaped


def _note(part: PatchPart, line: bytes) -> None:
    """Take what a line says of a file; the first that says nothing ends the lines that do."""
    if line.startswith(_BINARY):
        part.is_binary = part.has_all_fields = True
        return
    named = next((start for start in _FIELDS if line.startswith(start)), None)
    if named:
        part.fields[_FIELDS[named]] = _unquoted(line.removeprefix(named).rstrip(b"\r"))
    elif not line.startswith((_GIT, *_IDLE)):
        part.has_all_fields = True


def _read_hunk(lines: list[bytes], at: int) -> tuple[DiffHunk, int]:
    """Return the hunk that begins at a line, and the place behind it. Raises UsageError."""
    head = _HUNK.fullmatch(lines[at].rstrip(b"\r"))
    if head is None:
        raise _damaged(lines[at])
    counts = (int(head[place]) if head[place] is not None else 1 for place in (1, 2, 3, 4))
    old_start, old_count, new_start, new_count = counts
    old, new = old_start, new_start
    old_end, new_end = old_start + old_count, new_start + new_count
    read: list[DiffLine] = []
    start, at = at, at + 1
    while old < old_end or new < new_end:
        line = lines[at] if at < len(lines) else None
        sign = _sign(line)
        has_old, has_new = sign != "+", sign != "-"
        if line is None or sign is None or old + has_old > old_end or new + has_new > new_end:
            raise _damaged(lines[start])
        is_open = at + 1 < len(lines) and lines[at + 1].startswith(_NO_NEWLINE)
        text = line[1:] if line[:1] in _SIGNS else line
        numbers = (old if has_old else None, new if has_new else None)
        read.append(DiffLine(sign, _text(text), *numbers, not is_open))
        old, new = old + has_old, new + has_new
        at += 2 if is_open else 1
    lines_read = (old_start, old_count, new_start, new_count, tuple(read))
    return DiffHunk(*lines_read, _text(head[5])), at


def _sign(line: bytes | None) -> Sign | None:
    # Mail programs and editors take the space from a context line that holds nothing else.
    if line in {b"", b"\r"}:
        return " "
    return _SIGNS.get(line[:1]) if line else None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _damaged(head: bytes) -> UsageError:
    told = one_line(_text(head[:80]))
    return UsageError(f"the patch is cut off or damaged in the hunk {told}", "make it anew")
