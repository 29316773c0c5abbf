"""One file's bytes, read without leaving the root, and what they are."""

from __future__ import annotations

import codecs
import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

MAX_FILE_BYTES = 8 * 1024 * 1024
_SNIFF_BYTES = 8000
_PIECE_BYTES = 1024 * 1024
# The problem of a file that is not there.
MISSING = "deleted on disk"


@dataclass(frozen=True)
class Contents:
    """A file's bytes, or the reason why there are none; `denied` if the system refused them."""

    data: bytes | None
    problem: str = ""
    denied: bool = False


class FileReader:
    """Reads files below one root. No symbolic link is followed, in no component of a path."""

    def __init__(self, root: Path) -> None:
        # Joined as text: a Path for each file would take longer than reading it.
        self._root = f"{root}/"
        self._inside = {"": True}

    def read(self, path: str, max_bytes: int = MAX_FILE_BYTES) -> Contents:
        """Return the bytes of `path` (relative, `/`), unless it is special, linked or too large."""
        if not self.is_inside(path.rpartition("/")[0]):
            return Contents(None, "a parent folder is a symbolic link")
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(self._root + path, flags)
        except OSError as error:
            return _not_opened(error)
        # Not os.fdopen: that raises for a folder and leaves the descriptor open.
        try:
            return _read_open(descriptor, max_bytes)
        finally:
            os.close(descriptor)

    def is_inside(self, folder: str) -> bool:
        """Tell whether no part of this folder's path is a symbolic link; `""` is the root."""
        unknown = []
        while folder not in self._inside:
            unknown.append(folder)
            folder = folder.rpartition("/")[0]
        inside = self._inside[folder]
        for below in reversed(unknown):
            inside = inside and not os.path.islink(self._root + below)  # noqa: PTH114
            self._inside[below] = inside
        return inside


def _read_open(descriptor: int, max_bytes: int) -> Contents:
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        return Contents(None, "not a regular file")
    if facts.st_size > max_bytes:
        return Contents(None, f"larger than {max_bytes // (1024 * 1024)} MiB")
    try:
        return Contents(_read_all(descriptor, facts.st_size, max_bytes))
    except OSError as error:
        return Contents(None, f"cannot be read: {error.strerror}", denied=True)


def _read_all(descriptor: int, expected: int, max_bytes: int) -> bytes:
    """Read to the end, or to the limit if the file grows meanwhile; nearly always in one piece."""
    data = os.read(descriptor, expected + 1)
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
    return digest(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def decode(data: bytes) -> str | None:
    """Return UTF-8 text with line feeds only and no byte order mark, or None if it is no text."""
    if b"\0" in data[:_SNIFF_BYTES]:
        return None
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text.replace("\r\n", "\n") if "\r" in text else text
