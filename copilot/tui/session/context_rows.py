"""What the model sees as a tree: folders with their tokens, files with their detail. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from copilot.assist.session.protocol import ContextFile, Wish
from copilot.context.model import Detail
from copilot.text import one_line

# Folders below that are part of the names of what is in them.
_MOST_LEVELS = 64
# A tree with no more files than this is shown open.
_SHOWN_OPEN = 60

DETAIL_SIGNS = {Detail.FULL: "█", Detail.OUTLINE: "▒", Detail.PATH: "░", Detail.OMITTED: " "}
WISH_SIGNS = {Wish.RAISE: "+", Wish.LOWER: "-", Wish.PIN: "P", Wish.LEAVE_OUT: "x"}
WISH_WORDS = {
    Wish.RAISE: "raised",
    Wish.LOWER: "lowered",
    Wish.PIN: "pinned",
    Wish.LEAVE_OUT: "left out",
}


@dataclass(frozen=True, slots=True)
class ContextRow:
    """A row: a folder (its name ends in `/`, chains of single ones are one), or a file.

    `key` is the name a wish is made by.
    """

    key: str
    shown: str
    depth: int
    tokens: int
    files: int
    file: ContextFile | None = None
    is_open: bool = False


@dataclass
class Folder:
    """A folder with the sum of what is below it."""

    tokens: int = 0
    files: int = 0
    folders: dict[str, Folder] = field(default_factory=dict)
    inside: list[tuple[str, ContextFile]] = field(default_factory=list)


def tree_of(files: Sequence[ContextFile], wanted: str = "") -> Folder:
    """Return the tree of the files whose names hold the words of `wanted`."""
    words = wanted.casefold().split()
    root = Folder()
    for file in files:
        if words and not all(word in file.name.casefold() for word in words):
            continue
        *folders, name = file.name.split("/", _MOST_LEVELS)
        folder = root
        _count(folder, file)
        for part in folders:
            folder = folder.folders.setdefault(part, Folder())
            _count(folder, file)
        folder.inside.append((name, file))
    return root


def opened_at_first(root: Folder) -> set[str]:
    """Return the keys of the folders to show open: all where there are few files."""
    if root.files <= _SHOWN_OPEN:
        return set(_keys(root, ""))
    keys = [f"{name}/" for name in root.folders]
    return set(_joined_keys(root, keys)) if len(keys) == 1 else set()


def rows_of(root: Folder, opened: Collection[str], *, all_open: bool = False) -> list[ContextRow]:
    """Return the rows from the top down; what is below closed folders is left out."""
    return list(_rows(root, "", 0, opened, all_open))


def _count(folder: Folder, file: ContextFile) -> None:
    folder.files += 1
    folder.tokens += file.tokens


def _rows(
    folder: Folder, above: str, depth: int, opened: Collection[str], all_open: bool
) -> Iterator[ContextRow]:
    for name in sorted(folder.folders):
        joined, inner = _joined(name, folder.folders[name])
        key = above + joined
        is_open = all_open or key in opened
        yield ContextRow(key, one_line(joined), depth, inner.tokens, inner.files, is_open=is_open)
        if is_open:
            yield from _rows(inner, key, depth + 1, opened, all_open)
    for name, file in sorted(folder.inside, key=lambda item: item[0]):
        yield ContextRow(file.name, one_line(name), depth, file.tokens, 1, file)


def _joined(name: str, folder: Folder) -> tuple[str, Folder]:
    """Return a chain of folders that hold nothing but the next one as one."""
    name += "/"
    while len(folder.folders) == 1 and not folder.inside:
        ((below, folder),) = folder.folders.items()
        name += f"{below}/"
    return name, folder


def _keys(folder: Folder, above: str) -> Iterator[str]:
    for name, below in folder.folders.items():
        joined, inner = _joined(name, below)
        yield above + joined
        yield from _keys(inner, above + joined)


def _joined_keys(root: Folder, keys: Sequence[str]) -> Iterator[str]:
    for key in keys:
        yield _joined(key[:-1], root.folders[key[:-1]])[0]
