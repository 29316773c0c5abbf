"""A change set as a git patch, and the same text made safe for people.

The format is the one git's own documentation gives under "Generating patch text with -p" and, for
binary content, the one that `git diff --binary` writes and base85.c of git encodes.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence

from copilot.edits.changes import (
    EXECUTABLE_MODE,
    PLAIN_MODE,
    ChangeKind,
    ChangeSet,
    DiffLine,
    FileChange,
    Hunk,
    split_lines,
)
from copilot.text import visible

CONTEXT_LINES = 3

_NO_BLOB = b"0" * 40
_ESCAPES = dict(zip(b'\a\b\t\n\v\f\r"\\', b'abtnvfr"\\', strict=True))
# Bytes that one line of a binary patch holds; its first letter says how many they are.
_BINARY_LINE = 52
_LENGTH_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

# Writes what stands for a file's content that holds NUL bytes.
_Binary = Callable[[FileChange, bytes, bytes], Iterator[bytes]]


def git_patch(
    changes: ChangeSet, *, context: int = CONTEXT_LINES, prefix_alias: bool = False
) -> bytes:
    """Return a patch that `git apply` takes in the repository's root.

    With `prefix_alias` every path begins with its repository's alias, for a folder that holds
    several. New files get mode 100644 unless they say another. `context` is the number of
    unchanged lines around hunks.
    """
    files = (_file(c, context, prefix_alias, _git_binary) for c in changes.changes)
    return b"".join(piece for file in files for piece in file)


def shown_diff(
    changes: ChangeSet, *, context: int = CONTEXT_LINES, prefix_alias: bool = False
) -> str:
    """Return the diff for people: control characters and broken bytes visible."""
    files = (_file(c, context, prefix_alias, _differs) for c in changes.changes)
    return visible(b"".join(piece for file in files for piece in file).decode("utf-8", "replace"))


def in_context(change: FileChange, hunks: Sequence[Hunk], context: int) -> tuple[Hunk, ...]:
    """Return text hunks of the change with unchanged lines around them.

    Hunks whose context would touch or overlap become one.
    """
    before = split_lines(change.before or b"")
    groups: list[list[Hunk]] = []
    for hunk in hunks:
        if groups and hunk.old_start - _old_end(groups[-1][-1]) <= 2 * context:
            groups[-1].append(hunk)
        else:
            groups.append([hunk])
    return tuple(_joined(group, before, context) for group in groups)


def _joined(group: list[Hunk], before: list[bytes], context: int) -> Hunk:
    lead = min(context, group[0].old_start)
    position = group[0].old_start - lead
    lines: list[DiffLine] = []
    for hunk in group:
        lines += [DiffLine(" ", line) for line in before[position : hunk.old_start]]
        lines += hunk.lines
        position = _old_end(hunk)
    lines += [DiffLine(" ", line) for line in before[position : position + context]]
    return Hunk("text", group[0].old_start - lead, group[0].new_start - lead, tuple(lines))


def _old_end(hunk: Hunk) -> int:
    return hunk.old_start + hunk.old_count


def _file(change: FileChange, context: int, prefix_alias: bool, binary: _Binary) -> Iterator[bytes]:
    if change.kind is ChangeKind.UPDATE and not change.hunks:
        return
    prefix = f"{change.repository}/" if prefix_alias else ""
    old = f"{prefix}{change.old_path or change.path}".encode("utf-8", "surrogateescape")
    new = f"{prefix}{change.path}".encode("utf-8", "surrogateescape")
    yield b"diff --git %s %s\n" % (_quoted(b"a/" + old), _quoted(b"b/" + new))
    yield from _header(change, old, new)
    if change.before == change.after:
        return
    yield b"index %s..%s\n" % (_blob(change.before), _blob(change.after))
    if b"\0" in (change.before or b"") + (change.after or b""):
        yield from binary(change, old, new)
    else:
        yield from _text(change, old, new, context)


def _header(change: FileChange, old: bytes, new: bytes) -> Iterator[bytes]:
    if change.kind is ChangeKind.CREATE:
        yield b"new file mode %o\n" % (change.mode or PLAIN_MODE)
    elif change.kind is ChangeKind.DELETE:
        yield b"deleted file mode %o\n" % (change.old_mode or PLAIN_MODE)
    if change.changes_mode and change.mode:
        yield b"old mode %o\nnew mode %o\n" % (old_mode(change), change.mode)
    if change.kind is ChangeKind.RENAME:
        yield b"similarity index %d%%\n" % _similarity(change)
        yield b"rename from %s\nrename to %s\n" % (_quoted(old), _quoted(new))


def old_mode(change: FileChange) -> int:
    """Return the mode before a change of mode: the one told, else the other of the two."""
    other = PLAIN_MODE if change.mode == EXECUTABLE_MODE else EXECUTABLE_MODE
    return change.old_mode or other


def _similarity(change: FileChange) -> int:
    """Return how much of the larger file is the same in both, in percent, 100 only if all is."""
    before, after = change.before or b"", change.after or b""
    if before == after:
        return 100
    lines = (line for hunk in change.hunks for line in hunk.lines)
    removed = sum(len(line.data) for line in lines if line.tag == "-")
    return min(99, 100 * (len(before) - removed) // max(len(before), len(after)))


def _text(change: FileChange, old: bytes, new: bytes, context: int) -> Iterator[bytes]:
    whole = change.before is None or change.after is None
    text_hunks = [hunk for hunk in change.hunks if hunk.kind not in ("rename", "mode")]
    hunks = text_hunks if whole else in_context(change, text_hunks, context)
    if any(hunk.lines for hunk in hunks):
        yield b"--- %s\n" % _side(b"a/" + old, change.before)
        yield b"+++ %s\n" % _side(b"b/" + new, change.after)
        for hunk in hunks:
            yield _hunk_header(hunk)
            yield from (_line(line) for line in hunk.lines)


def _side(name: bytes, content: bytes | None) -> bytes:
    """Return a name behind `---` or `+++`; a tab ends one that has spaces."""
    if content is None:
        return b"/dev/null"
    return _quoted(name) + (b"\t" if b" " in name else b"")


def _hunk_header(hunk: Hunk) -> bytes:
    """Return the `@@` line; a side without lines is given as the line before it."""
    old, new = hunk.old_count, hunk.new_count
    old_line, new_line = hunk.old_start + bool(old), hunk.new_start + bool(new)
    return b"@@ -%d,%d +%d,%d @@\n" % (old_line, old, new_line, new)


def _line(line: DiffLine) -> bytes:
    end = b"" if line.data.endswith(b"\n") else b"\n\\ No newline at end of file\n"
    return line.tag.encode() + line.data + end


def _quoted(name: bytes) -> bytes:
    """Return the name as git writes it: in quotes with C escapes where it has special bytes."""
    escaped = b"".join(_escaped(byte) for byte in name)
    return name if escaped == name else b'"%s"' % escaped


def _escaped(byte: int) -> bytes:
    if byte in _ESCAPES:
        return b"\\%c" % _ESCAPES[byte]
    return b"%c" % byte if 0x20 <= byte < 0x7F else b"\\%03o" % byte


def _blob(content: bytes | None) -> bytes:
    """Return git's SHA-1 name of the content."""
    if content is None:
        return _NO_BLOB
    data = b"blob %d\0" % len(content) + content
    return hashlib.sha1(data, usedforsecurity=False).hexdigest().encode()


def _differs(_change: FileChange, old: bytes, new: bytes) -> Iterator[bytes]:
    yield b"Binary files %s and %s differ\n" % (_quoted(b"a/" + old), _quoted(b"b/" + new))


def _git_binary(change: FileChange, _old: bytes, _new: bytes) -> Iterator[bytes]:
    yield b"GIT binary patch\n"
    yield from _literal(change.after or b"")
    yield from _literal(change.before or b"")


def _literal(content: bytes) -> Iterator[bytes]:
    yield b"literal %d\n" % len(content)
    packed = zlib.compress(content)
    for start in range(0, len(packed), _BINARY_LINE):
        part = packed[start : start + _BINARY_LINE]
        yield b"%c%s\n" % (_LENGTH_LETTERS[len(part) - 1], base64.b85encode(part, pad=True))
    yield b"\n"
