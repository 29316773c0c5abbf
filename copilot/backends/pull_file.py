"""The model file while it is fetched: every part is proven by its SHA-256 as soon as it is whole.

The .part file is always a beginning of the model, so whatever it holds can be gone on with by
any source, and nothing about the download has to be remembered elsewhere.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from copilot.backends.catalogue import EmbeddedModel

BLOCK_BYTES = 1 << 20

# Called after every block, with where it came from.
Report = Callable[[str], None]


class SourceFailed(Exception):
    """One source could not give the model; the message says why, in one line."""


class PartFile:
    """The .part file of a model, open for appending: proven parts, then a piece of the next one.

    Opening reads what is there: proven parts stay, so does a piece behind them, a part whose
    SHA-256 is wrong goes with all that follows. `offset` is the number of bytes held.
    """

    def __init__(self, path: Path, model: EmbeddedModel) -> None:
        self.path = path
        self.offset = 0
        self._model = model
        self._finished = 0
        self._digest = hashlib.sha256()
        self._stream = path.open("a+b")
        self._replay()

    def close(self) -> None:
        """Close the file; an empty one is removed."""
        self._stream.close()
        if not self.offset:
            self.path.unlink(missing_ok=True)

    @property
    def finished_parts(self) -> int:
        """The number of proven parts."""
        return self._finished

    def write(self, data: bytes) -> None:
        """Append `data`. Raises SourceFailed on a wrong or surplus part, which is then dropped."""
        rest = memoryview(data)
        while rest:
            room = self._room()
            if not room:
                raise SourceFailed(f"more than the expected {self._model.size_bytes} bytes arrived")
            self._stream.write(rest[:room])
            self._account(rest[:room])
            rest = rest[room:]

    def rewind(self) -> None:
        """Drop the piece behind the last proven part."""
        self.offset = self._model.part_end(self._finished)
        self._digest = hashlib.sha256()
        self._stream.truncate(self.offset)

    def restart(self) -> None:
        """Drop everything."""
        self._finished = 0
        self.rewind()

    def commit(self, final: Path) -> None:
        """Make the whole file durable under its final name.

        Raises SourceFailed, and drops everything, if the file as read back is not the model.
        """
        self._stream.flush()
        os.fsync(self._stream.fileno())
        if file_sha256(self.path) != self._model.sha256:
            self.restart()
            raise SourceFailed("the bytes have the wrong SHA-256")
        self._stream.close()
        self.path.replace(final)
        _sync_folder(final.parent)

    def _room(self) -> int:
        return self._model.part_end(self._finished + 1) - self.offset

    def _account(self, block: bytes | memoryview) -> None:
        self._digest.update(block)
        self.offset += len(block)
        if self._room():
            return
        if self._digest.hexdigest() != self._model.part_sha256[self._finished]:
            self.rewind()
            number, count = self._finished + 1, self._model.part_count
            raise SourceFailed(f"part {number} of {count} has the wrong SHA-256")
        self._finished += 1
        self._digest = hashlib.sha256()

    def _replay(self) -> None:
        self._stream.seek(0)
        with suppress(SourceFailed):
            while block := self._stream.read(min(BLOCK_BYTES, self._room())):
                self._account(block)
        self._stream.truncate(self.offset)
        self._stream.seek(0, os.SEEK_END)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
