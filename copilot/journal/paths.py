"""Containment: every file is reached from its root's descriptor, and no link is ever followed.

Each component is opened relative to its parent's descriptor with O_NOFOLLOW, and each operation on
a file goes through its folder's descriptor. A folder that is swapped for a symbolic link is then
refused, or its old self is used, but nothing outside the root is reached. Descriptors of folders
live for one operation only, since macOS allows a process 256 of them.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from copilot.errors import EditsRefused
from copilot.journal.model import Entry, Leaf
from copilot.journal.reasons import blamed, write_failed
from copilot.text import one_line

Roots = Mapping[Path, int]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
# O_NONBLOCK: a FIFO that takes the file's place in between must not stop us.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
_PIECE = 1 << 20
_HINT = "only regular files inside an open repository are written"

# Code points that HFS+ leaves out when it compares names (the list of git's core.protectHFS).
_UNSEEN = dict.fromkeys(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF]
)


def digest(leaf: Leaf | None) -> str | None:
    """Return the SHA-256 of the file's bytes in hex, None for no file."""
    return leaf.sha256 if leaf else None


def split(path: str, name: str) -> tuple[str, ...]:
    """Return the components of a repository path; EditsRefused if it is no plain relative path."""
    fault = _fault(path)
    if fault:
        raise _refusal(name, fault)
    return tuple(path.split("/"))


@contextmanager
def open_roots(roots: Collection[Path]) -> Iterator[Roots]:
    """Open each root (an absolute real path) that is there as a descriptor; raises WriteFailed."""
    with ExitStack() as stack:
        opened: dict[Path, int] = {}
        for root in roots:
            try:
                opened[root] = os.open(root, _FOLDER)
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                    continue
                raise write_failed(str(root), error) from error
            stack.callback(os.close, opened[root])
        yield opened


@contextmanager
def walk(root: int, parts: Sequence[str], name: str, *, make: bool = False) -> Iterator[int]:
    """Open the folder `parts` below the descriptor `root`; with `make`, make what is missing.

    Raises EditsRefused, in the name of the file `name`, where a component is a link or no folder,
    and FileNotFoundError where one is missing.
    """
    descriptor = os.dup(root)
    try:
        for part in parts:
            inner = _enter(descriptor, part, name, make)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def parent(roots: Roots, entry: Entry, *, make: bool = False) -> Iterator[tuple[int, str]]:
    """Open the folder of an entry; the descriptor and the file's name in it. Raises as `walk`."""
    *folder, leaf = split(entry.path, entry.name)
    if entry.root not in roots:
        raise _refusal(entry.name, "its repository is not there")
    with walk(roots[entry.root], folder, entry.name, make=make) as descriptor:
        yield descriptor, leaf


def refuse_moved(roots: Roots) -> None:
    """Raise EditsRefused where a root's path leads elsewhere than to the folder opened for it."""
    for root, descriptor in roots.items():
        try:
            there = os.path.samestat(os.lstat(root), os.fstat(descriptor))
        except OSError:
            there = False
        if not there:
            raise EditsRefused(
                f"{one_line(str(root))}: moved away or replaced meanwhile", "put it back, or retry"
            )


def look(roots: Roots, entry: Entry, *, keep: bool = False) -> Leaf | None:
    """Read the file of an entry, None if there is none; with `keep`, return its bytes too.

    Raises EditsRefused if it is no regular file, WriteFailed if the system refuses.
    """
    with (
        blamed(entry.name),
        suppress(FileNotFoundError),
        parent(roots, entry) as (folder, leaf),
    ):
        return read_leaf(folder, leaf, entry.name, keep=keep)
    return None


def read_leaf(folder: int, leaf: str, name: str, *, keep: bool = False) -> Leaf | None:
    """Read the file `leaf` in a folder, None if there is none; EditsRefused if not regular."""
    try:
        # Looked at before it is opened: to open a device may already do something.
        _refuse_irregular(os.lstat(leaf, dir_fd=folder), name)
        descriptor = os.open(leaf, _FILE, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise _refusal(name, "it is a symbolic link") from None
    try:
        status = os.fstat(descriptor)
        _refuse_irregular(status, name)
        pieces = list(_read(descriptor)) if keep else _read(descriptor)
        sha256 = hashlib.sha256()
        for piece in pieces:
            sha256.update(piece)
    finally:
        os.close(descriptor)
    data = b"".join(pieces) if keep else None
    # A set-user-id bit does not survive a change of the bytes, as with any write.
    mode, owner = status.st_mode & 0o777, (status.st_uid, status.st_gid)
    return Leaf(sha256.hexdigest(), mode, owner, data)


def _read(descriptor: int) -> Iterator[bytes]:
    return iter(lambda: os.read(descriptor, _PIECE), b"")


def missing_parents(roots: Roots, entry: Entry) -> tuple[str, ...]:
    """Return the paths of those folders above the entry's file that do not exist, topmost first."""
    folder = split(entry.path, entry.name)[:-1]
    depth = len(folder)
    with blamed(entry.name):
        while depth and not _is_there(roots[entry.root], folder[:depth], entry.name):
            depth -= 1
    return tuple("/".join(folder[: end + 1]) for end in range(depth, len(folder)))


def _is_there(root: int, parts: Sequence[str], name: str) -> bool:
    try:
        with walk(root, parts, name):
            return True
    except FileNotFoundError:
        return False


def _enter(folder: int, part: str, name: str, make: bool) -> int:
    try:
        return os.open(part, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
        with suppress(FileExistsError):
            os.mkdir(part, dir_fd=folder)
        return os.open(part, _FOLDER, dir_fd=folder)
    except OSError as error:
        if error.errno not in (errno.ENOTDIR, errno.ELOOP):
            raise
        linked = stat.S_ISLNK(os.lstat(part, dir_fd=folder).st_mode)
        fault = "is a symbolic link" if linked else "is no folder"
        raise _refusal(name, f"{one_line(part)} on its way {fault}") from None


def _refuse_irregular(status: os.stat_result, name: str) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise _refusal(name, "it is a symbolic link")
    if stat.S_ISDIR(status.st_mode):
        raise _refusal(name, "it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise _refusal(name, "it is no regular file")


@lru_cache(maxsize=4096)
def _fault(path: str) -> str:
    if not path:
        return "the path is empty"
    if path.startswith("/"):
        return "the path is absolute"
    if "\\" in path:
        return "the path holds a backslash"
    if any(unicodedata.category(character) == "Cc" for character in path):
        return "the path holds a control character"
    if any(0xD800 <= ord(c) < 0xDC80 or 0xDCFF < ord(c) <= 0xDFFF for c in path):
        return "the path is no valid text"
    return next((fault for part in path.split("/") if (fault := _part_fault(part))), "")


def _part_fault(part: str) -> str:
    if part in ("", ".", ".."):
        return "the path holds an empty component, '.' or '..'"
    return "the path leads into .git" if _is_git(part) else ""


def _is_git(part: str) -> bool:
    """Whether some file system takes `part` for .git: case, ends, streams, unseen characters."""
    plain = part.translate(_UNSEEN).split(":")[0].rstrip(". ").casefold()
    return plain in (".git", "git~1")


def _refusal(name: str, fault: str) -> EditsRefused:
    return EditsRefused(f"{one_line(name)}: {fault}", _HINT)
