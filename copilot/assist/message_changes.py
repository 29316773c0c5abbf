"""What a model is shown of the changes that a message is wanted for: masked, and cut to fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from copilot.assist.read import Read
from copilot.assist.scope import Scope
from copilot.text import one_line, visible
from copilot.workspace.changes_of import Diff, DiffFile, DiffHunk, DiffLine
from copilot.workspace.encodings import read_text
from copilot.workspace.kinds import is_secret_file
from copilot.workspace.masker import Masker
from copilot.workspace.model import Root, SourceFile
from copilot.workspace.objects import read_blobs
from copilot.workspace.snapshot import Progress

# The lines of so many files are shown at most, those with the fewest first.
_MOST_SHOWN = 300
_MOST_FOLDERS = 20
_MOST_IN_A_LINE = 500
# With less of a file than this, its lines say nothing.
_LEAST_SHARE = 200
_HEAD_MARK = "=== "


@dataclass(frozen=True)
class Change:
    """A changed file as it is told: its headline, and the lines of its hunks, masked.

    `folder` is the first part of its path, ended by a slash; empty at the top. Each line begins
    with `@`, `+`, `-` or a space, so that none can pass for a headline.
    """

    head: str
    lines: tuple[str, ...] = ()
    folder: str = ""

    @property
    def size(self) -> int:
        """The characters of its lines."""
        return sum(len(line) + 1 for line in self.lines)


@dataclass(frozen=True)
class Staged:
    """What is staged, as it is told; `files` are those of the index that can be shown."""

    changes: tuple[Change, ...]
    files: tuple[SourceFile, ...]
    read: Read


def read_staged(scope: Scope, root: Root, diff: Diff, progress: Progress) -> Staged:
    """Read what is needed to tell a diff of the index by the rules for all files.

    A file that no prompt may hold is named, with the reason. Raises GitFailed, ReadIncomplete.
    """
    staged = (replace(root, state="index"),)
    index = replace(scope, roots=staged, submodules=(), kept=(), examples=0, style=())
    read = Read.of(index.parts(progress, skip=True))
    files = {file.path: file for file in read.files}
    hidden = {file.path: why for file in diff.files if (why := _why_hidden(file, files))}
    open_files = [file for file in diff.files if file.hunks and file.path not in hidden]
    shown = sorted(open_files, key=_size)[:_MOST_SHOWN]
    sides = _sides(root, shown, scope.masker)
    changes = tuple(_change(file, hidden.get(file.path, ""), sides) for file in diff.files)
    return Staged(changes, tuple(files[f.path] for f in shown if f.path in files), read)


def told(changes: Sequence[Change], room: int) -> str:
    """Return the changes in at most about `room` characters: heads, then lines as they fit.

    Heads take half of it at most. Room is shared evenly: a small change is told whole before a
    large one is.
    """
    named = changes[: _named(changes, room // 2)]
    room -= sum(len(change.head) + 1 for change in named)
    shares = _shares([change.size for change in named], max(room, 0))
    lines = [
        line
        for change, share in zip(named, shares, strict=True)
        for line in (f"{_HEAD_MARK}{change.head}", *_cut(change, share))
    ]
    if len(changes) > len(named):
        lines.append(f"{_HEAD_MARK}{_counted(changes[len(named) :])}")
    return "\n".join(lines)


def _named(changes: Sequence[Change], room: int) -> int:
    """Return how many of the changes are named; one always is."""
    sizes = accumulate(len(change.head) + 1 for change in changes)
    return max(1, sum(size <= room for size in sizes))


def _counted(changes: Sequence[Change]) -> str:
    """Return how many files there are besides, and in which folders most of them lie."""
    folders = Counter(change.folder for change in changes if change.folder)
    most = "; ".join(f"{name} {count:,}" for name, count in folders.most_common(_MOST_FOLDERS))
    return f"and {len(changes):,} files more{': ' if most else ''}{most}"


def _why_hidden(file: DiffFile, files: Mapping[str, SourceFile]) -> str:
    """Return why a file's lines are not shown, or nothing."""
    if file.is_large:
        return "too large"
    if file.status == "deleted" or file.is_binary or not file.hunks:
        return "binary" if file.is_binary else ""
    if file.old_path and is_secret_file(file.old_path):
        return "held secrets by its name"
    found = files.get(file.path)
    return "" if found and found.is_text else (found.reason if found else "not in the index")


def _change(file: DiffFile, why: str, sides: Mapping[str, Sequence[str]]) -> Change:
    was = f"{one_line(file.old_path)} -> " if file.old_path else ""
    counted = [line.sign for hunk in file.hunks for line in hunk.lines]
    counts = f" (+{counted.count('+')} -{counted.count('-')})" if counted else ""
    note = f" [not shown: {one_line(why)}]" if why else ""
    head = f"{file.status} {was}{one_line(file.path)}{counts}{note}"
    # Of a file that is gone, the name says enough.
    is_open = not why and file.status != "deleted" and file.path in sides
    lines = sides[file.path] if is_open else ()
    folder, slash, _ = file.path.partition("/")
    return Change(head, tuple(lines), f"{one_line(folder)}/" if slash else "")


def _sides(
    root: Root, files: Sequence[DiffFile], masker: Masker | None
) -> dict[str, tuple[str, ...]]:
    """Return the lines of each file's hunks as they are told, by its path."""
    told_files = [file for file in files if file.status != "deleted"]
    ids = [blob for file in told_files for blob in (file.old_blob, file.blob) if blob]
    texts = {
        name: found.text for name, data in read_blobs(root.path, ids) if (found := read_text(data))
    }
    made = {}
    for file in told_files:
        old = _Side.of(file.old_path or file.path, texts.get(file.old_blob or ""), masker)
        new = _Side.of(file.path, texts.get(file.blob or ""), masker)
        made[file.path] = tuple(_lines(file, old, new, masker))
    return made


@dataclass(frozen=True)
class _Side:
    """A file before or after: its lines as they are, and as they are shown."""

    plain: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()

    @classmethod
    def of(cls, path: str, text: str | None, masker: Masker | None) -> _Side:
        if text is None:
            return cls()
        masked = masker.masked(path, text)[0] if masker else text
        # No mask goes beyond its line.
        return cls(tuple(text.split("\n")), tuple(masked.split("\n")))

    def line(self, number: int | None, text: str) -> str | None:
        """Return a line as it is shown, None where the number does not tell it."""
        if number is None or not 0 < number <= len(self.plain):
            return None
        return self.shown[number - 1] if self.plain[number - 1] == text.rstrip("\r") else None


def _lines(file: DiffFile, old: _Side, new: _Side, masker: Masker | None) -> Iterator[str]:
    for hunk in file.hunks:
        yield f"@@ {_masked(file.path, one_line(hunk.section), masker)}".rstrip()
        found = [_line(line, old, new) for line in hunk.lines]
        known = [text for text in found if text is not None]
        if len(known) < len(found):
            known = _by_itself(file, hunk, masker)
        for line, text in zip(hunk.lines, known, strict=True):
            yield f"{line.sign}{visible(text)[:_MOST_IN_A_LINE]}"


def _line(line: DiffLine, old: _Side, new: _Side) -> str | None:
    return old.line(line.old, line.text) if line.sign == "-" else new.line(line.new, line.text)


def _by_itself(file: DiffFile, hunk: DiffHunk, masker: Masker | None) -> list[str]:
    """Return a hunk's lines masked without the file around them, where that cannot be read."""
    plain = "\n".join(line.text.rstrip("\r") for line in hunk.lines)
    text = plain.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    masked = _masked(file.path, text, masker).split("\n")
    return masked if len(masked) == len(hunk.lines) else ["[not shown]"] * len(hunk.lines)


def _masked(path: str, text: str, masker: Masker | None) -> str:
    return masker.masked(path, text)[0] if masker else text


def _size(file: DiffFile) -> int:
    return sum(len(line.text) + 2 for hunk in file.hunks for line in hunk.lines)


def _cut(change: Change, share: int) -> Iterator[str]:
    """Yield a change's lines as far as its share reaches, and what is left out."""
    if change.size <= share:
        yield from change.lines
        return
    used = count = 0
    for line in change.lines if share >= _LEAST_SHARE else ():
        used += len(line) + 1
        if used > share:
            break
        yield line
        count += 1
    if change.lines:
        yield f"{_HEAD_MARK}{len(change.lines) - count:,} lines of it are not shown"


def _shares(sizes: Sequence[int], room: int) -> list[int]:
    """Return how much of each may be shown: an even share, what one leaves goes to the others."""
    shares = [0] * len(sizes)
    left = len(sizes)
    for index in sorted(range(len(sizes)), key=lambda one: sizes[one]):
        shares[index] = min(sizes[index], room // left)
        room -= shares[index]
        left -= 1
    return shares
