"""The files under review as a tree: repositories, folders, files, in rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from copilot.edits.changes import EXECUTABLE_MODE, PLAIN_MODE, ChangeKind, FileChange
from copilot.text import one_line

# Folders below that are part of the names of what is in them.
_MOST_LEVELS = 64
_LETTERS = {
    ChangeKind.CREATE: "A",
    ChangeKind.DELETE: "D",
    ChangeKind.RENAME: "R",
    ChangeKind.UPDATE: "",
}


@dataclass(frozen=True, slots=True)
class Node:
    """One row: a repository, a folder (chains of single folders are one), or a file.

    `files` are the indices of the files at or below it; `key` is unique in the tree.
    """

    key: str
    name: str
    depth: int
    files: tuple[int, ...]
    is_file: bool = False


@dataclass
class _Folder:
    """A folder while the tree is built; its items keep the order in which files come."""

    items: dict[str, _Folder | int] = field(default_factory=dict)
    files: list[int] = field(default_factory=list)


def rows_of(
    changes: Sequence[FileChange], closed: Collection[str] = (), wanted: str = ""
) -> tuple[Node, ...]:
    """Return the rows in the order of the tree.

    What is below the keys in `closed` is left out. `wanted` are words that a file's name must
    hold, in any case of letters; what they leave is shown whether closed or not.
    """
    words = wanted.casefold().split()
    root = _Folder()
    several = len({change.repository for change in changes}) > 1
    for index, change in enumerate(changes):
        name = change.name.casefold()
        if all(word in name for word in words):
            parts = change.path.split("/", _MOST_LEVELS)
            _place(root, [change.repository, *parts] if several else parts, index)
    return tuple(_rows(root, "", 0, () if words else closed))


def kind_letters(change: FileChange) -> str:
    """Return what happens to a file as a whole: A new, D deleted, R renamed, +x executable."""
    letters = [_LETTERS[change.kind]]
    if change.changes_mode or change.before is None:
        letters += ["+x"] if change.mode == EXECUTABLE_MODE else []
        letters += ["-x"] if change.changes_mode and change.mode == PLAIN_MODE else []
    return " ".join(filter(None, letters))


def _place(folder: _Folder, parts: Sequence[str], index: int) -> None:
    for part in parts[:-1]:
        below = folder.items.setdefault(f"{part}/", _Folder())
        assert isinstance(below, _Folder)  # noqa: S101  (only folders' names end with /)
        folder = below
        folder.files.append(index)
    folder.items[parts[-1]] = index


def _rows(folder: _Folder, above: str, depth: int, closed: Collection[str]) -> Iterator[Node]:
    for name, item in folder.items.items():
        if isinstance(item, int):
            yield Node(above + name, one_line(name), depth, (item,), is_file=True)
            continue
        joined, inner = _joined(name, item)
        key = above + joined
        yield Node(key, one_line(joined), depth, tuple(inner.files))
        if key not in closed:
            yield from _rows(inner, key, depth + 1, closed)


def _joined(name: str, folder: _Folder) -> tuple[str, _Folder]:
    """Return a chain of folders that hold nothing but the next one as one."""
    while len(folder.items) == 1:
        ((below, inner),) = folder.items.items()
        if isinstance(inner, int):
            break
        name, folder = name + below, inner
    return name, folder
