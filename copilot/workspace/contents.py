"""One file's bytes, read without leaving the root, and what they are."""

from __future__ import annotations

import codecs
import errno
import hashlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from copilot.workspace.special import Signature, signature_of

MAX_FILE_BYTES = 8 * 1024 * 1024
_SNIFF_BYTES = 8000
_PIECE_BYTES = 1024 * 1024
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
_MOST_OPEN = 100
# The problem of a file that is not there.
MISSING = "deleted on disk"


@dataclass(frozen=True)
class Contents:
    """A file's bytes, or the reason why there are none; `denied` if the system refused them.

    `facts` are what the system told of the file before it was read; `signature` tells these bytes
    from others.
    """

    data: bytes | None
    problem: str = ""
    denied: bool = False
    facts: os.stat_result | None = field(default=None, compare=False)
    signature: Signature | None = field(default=None, compare=False)


class FileReader:
    """Reads files below one root. No symbolic link is followed, in no component of a path.

    Folders are opened one in the other and stay open while their files are read, so that one that
    is replaced by a link meanwhile leads nowhere. Read in sorted order, each is opened once.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._inside = {"": True}
        self._folder: str | None = None
        self._open: list[tuple[str, int]] = []
        # Whether the outermost folders are closed again, because there are too many.
        self._has_gap = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close_below(0)

    def read(self, path: str, max_bytes: int = MAX_FILE_BYTES) -> Contents:
        """Return the bytes of `path` (relative, `/`), unless it is special, linked or too large."""
        folder, _, name = path.rpartition("/")
        try:
            inside = self._entered(folder)
            descriptor = os.open(name, _FILE_FLAGS, dir_fd=inside)
        except _Linked:
            return Contents(None, "a parent folder is a symbolic link")
        except OSError as error:
            return _not_opened(error)
        # Not os.fdopen: that raises for a folder and leaves the descriptor open.
        try:
            return _read_open(descriptor, max_bytes)
        finally:
            os.close(descriptor)

    def is_inside(self, folder: str) -> bool:
        """Tell whether no part of this folder's path is a symbolic link now; `""` is the root."""
        unknown = []
        while folder not in self._inside:
            unknown.append(folder)
            folder = folder.rpartition("/")[0]
        inside = self._inside[folder]
        for below in reversed(unknown):
            inside = inside and not os.path.islink(f"{self._root}/{below}")  # noqa: PTH114
            self._inside[below] = inside
        return inside

    def _entered(self, folder: str) -> int:
        """Return the descriptor of a folder, opened from those that are open. Raises OSError."""
        if folder == self._folder:
            return self._open[-1][1]
        self._folder = None
        parts = [self._root, *folder.split("/")] if folder else [self._root]
        shared = 0 if self._has_gap else _shared(self._open, parts)
        self._close_below(shared)
        for part in parts[shared:]:
            above = self._open[-1][1] if self._open else None
            self._open.append((part, _open_folder(part, above)))
            if len(self._open) > _MOST_OPEN:
                self._has_gap = True
                os.close(self._open.pop(0)[1])
        self._folder = folder
        return self._open[-1][1]

    def _close_below(self, depth: int) -> None:
        while len(self._open) > depth:
            os.close(self._open.pop()[1])
        self._has_gap = self._has_gap and depth > 0
        self._folder = None


class _Linked(OSError):
    """A parent folder is a symbolic link."""


def _shared(opened: Sequence[tuple[str, int]], parts: Sequence[str]) -> int:
    """Return how many folders on the way are open already."""
    pairs = zip(opened, parts, strict=False)
    shared = min(len(opened), len(parts))
    return next((n for n, (one, part) in enumerate(pairs) if one[0] != part), shared)


def _open_folder(name: str, above: int | None) -> int:
    if above is None:
        return os.open(name, _FOLDER_FLAGS & ~os.O_NOFOLLOW)
    try:
        return os.open(name, _FOLDER_FLAGS, dir_fd=above)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR} and _is_link(name, above):
            raise _Linked from error
        raise


def _is_link(name: str, above: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode)
    except OSError:
        return False


def read_file(root: Path, path: str, max_bytes: int = MAX_FILE_BYTES) -> Contents:
    """Read one file below a root; see `FileReader.read`."""
    with FileReader(root) as reader:
        return reader.read(path, max_bytes)


def _read_open(descriptor: int, max_bytes: int) -> Contents:
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        return Contents(None, "not a regular file")
    if facts.st_size > max_bytes:
        return Contents(None, f"larger than {max_bytes // (1024 * 1024)} MiB")
    try:
        data = _read_all(descriptor, facts.st_size, max_bytes)
        return Contents(data, facts=facts, signature=signature_of(facts))
    except OSError as error:
        return Contents(None, f"cannot be read: {error.strerror}", denied=True)


def _read_all(descriptor: int, expected: int, max_bytes: int) -> bytes:
    """Read to the end, or to the limit if the file grows meanwhile; nearly always in one piece."""
    data = os.read(descriptor, expected + 1)
    if len(data) == expected:
        return data
    while len(data) < max_bytes and (more := os.read(descriptor, _PIECE_BYTES)):
        data += more
    return data[:max_bytes]


def _not_opened(error: OSError) -> Contents:
    if error.errno == errno.ELOOP:
        return Contents(None, "symbolic link, not followed")
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return Contents(None, MISSING)
    if error.errno == errno.ENXIO:
        return Contents(None, "not a regular file")
    return Contents(None, f"cannot be read: {error.strerror}", denied=True)


def blob_id(data: bytes, hex_length: int = 40) -> str:
    """Return git's object id of a blob with these bytes (SHA-1, or SHA-256 for 64 digits)."""
    digest = hashlib.sha256 if hex_length == 64 else hashlib.sha1
    made = digest(b"blob %d\0" % len(data), usedforsecurity=False)
    made.update(data)
    return made.hexdigest()


def decode(data: bytes) -> str | None:
    """Return UTF-8 text with line feeds only and no byte order mark, or None if it is no text."""
    if b"\0" in data[:_SNIFF_BYTES]:
        return None
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text.replace("\r\n", "\n") if "\r" in text else text
