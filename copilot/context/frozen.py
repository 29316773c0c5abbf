"""The frozen base of a prompt: its bytes and what stands in them, kept for later processes.

Each base is a file named by the SHA-256 of its bytes; a record per scope names the base, and holds
what was appended since. A record is replaced as a whole, and what is damaged is as if it was never
kept: then a new base is made.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from threading import Thread

import msgspec
from filelock import FileLock, Timeout

from copilot.batches import batches
from copilot.context.entries import Entry, Shape
from copilot.context.model import Frame

RECORD_VERSION = 1
_MOST_RECORDS = 64
_MOST_BYTES = 1024**3
# Others freeze a base in seconds; who waits longer goes on without keeping one.
_PATIENCE_SECONDS = 120.0
_SECONDS_A_DAY = 86_400
_SEAL_BYTES = 16
# Pieces that Linux takes in one call (IOV_MAX).
_MOST_AT_ONCE = 1024


class Head(msgspec.Struct, frozen=True, array_like=True):
    """A repository as it was when the base was frozen."""

    alias: str
    revision: str | None
    branch: str | None


class Record(msgspec.Struct, frozen=True):
    """What was frozen. `over` are the paths of texts that the budget did not hold.

    `base_sha256` is that of the rules and the base together, `rules_size` the bytes of the rules in
    it; `overlay_data` are the bytes behind it.
    """

    version: int
    file_tag: str
    marker: int
    words: tuple[str, ...]
    over: tuple[bytes, ...]
    heads: tuple[Head, ...]
    rules_size: int
    rules_tokens: int
    base: tuple[Entry, ...]
    base_sha256: str
    overlay: tuple[Entry, ...] = ()
    overlay_data: bytes = b""

    @property
    def frame(self) -> Frame:
        return Frame(self.file_tag, self.marker)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What stands in base and overlay."""
        return (*self.base, *self.overlay)

    @property
    def tokens(self) -> int:
        """The tokens of rules, base and overlay."""
        return self.rules_tokens + sum([entry.tokens for entry in self.entries])

    @property
    def before_middle(self) -> bytes:
        """The path of the file before the mark in the middle of the base, or nothing."""
        pairs = pairwise(self.base)
        return next((one.path for one, mark in pairs if mark.shape is Shape.MARK and one.path), b"")


@dataclass(frozen=True)
class Frozen:
    """A record with the bytes of its rules, the first piece, and of its base, all others."""

    record: Record
    pieces: tuple[bytes | memoryview, ...]

    @classmethod
    def of(cls, record: Record, data: bytes) -> Frozen:
        """Return a record with all its bytes in one."""
        view = memoryview(data)
        return cls(record, (view[: record.rules_size], view[record.rules_size :]))

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """What stands in base and overlay."""
        return self.record.entries

    @cached_property
    def tokens(self) -> int:
        """The tokens of rules, base and overlay."""
        return self.record.tokens


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Record)


class FrozenStore:
    """All frozen bases of a user. Without a folder nothing is kept."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    @contextmanager
    def held(self, key: str) -> Iterator[Slot]:
        """Hold one scope's base, so that of several processes one freezes and the others follow."""
        if self._folder is None:
            yield Slot(None)
            return
        lock = FileLock(self._folder / f"{key}.lock", timeout=_PATIENCE_SECONDS)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock.acquire()
        except (OSError, Timeout):
            yield Slot(None)
            return
        try:
            yield Slot(self._folder / f"{key}.record")
        finally:
            lock.release()


class Slot:
    """The place of one scope's base, held by this process."""

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def load(self) -> Frozen | None:
        """Return what was frozen, None if there is nothing or it is damaged."""
        loading = self.begin()
        return loading.end() if loading else None

    def begin(self, most: int | None = None) -> Loading | None:
        """Begin to read what was frozen.

        None if there is nothing, its record is damaged, or it has more than `most` tokens.
        """
        if self._file is None:
            return None
        try:
            record = _DECODER.decode(_opened(self._file.read_bytes()))
        except (OSError, msgspec.DecodeError):
            return None
        is_too_large = most is not None and record.tokens > most
        return None if is_too_large else Loading(record, self._file)

    def save(self, frozen: Frozen, *, is_kept: bool = False) -> None:
        """Keep a base; where the disk refuses, the next process makes its own.

        `is_kept` says that its bytes were loaded from here, and only the record is another.
        """
        if self._file is None:
            return
        with suppress(OSError):
            base = _base_file(self._file, frozen.record)
            is_new = not (is_kept or _is_whole(base, frozen.record))
            if is_new:
                _write(base, frozen.pieces)
            _write(self._file, [_sealed(_ENCODER.encode(frozen.record))])
            if is_new:
                _shrink(self._file.parent)


class Loading:
    """A record, and its bytes as they are read and checked in a thread of their own."""

    def __init__(self, record: Record, file: Path) -> None:
        self.record = record
        self._file = file
        self._data: bytes | None = None
        self._thread = Thread(target=self._read)
        self._thread.start()

    def end(self) -> Frozen | None:
        """Return what was frozen, None if it is damaged."""
        self._thread.join()
        if self._data is None:
            return None
        with suppress(OSError):
            # Its time says when it was used last.
            os.utime(self._file)
        return Frozen.of(self.record, self._data)

    def _read(self) -> None:
        with suppress(OSError):
            data = _base_file(self._file, self.record).read_bytes()
            self._data = data if is_sound(self.record, data) else None


def shows_all(record: Record) -> bool:
    """Tell whether a base shows all texts in full, none of them shorter or not at all."""
    shorter = {Shape.OUTLINE, Shape.PATH}
    return not record.over and all(entry.shape not in shorter for entry in record.entries)


def is_sound(record: Record, data: bytes) -> bool:
    """Tell whether a record fits its bytes."""
    sizes = record.rules_size + sum(entry.size for entry in record.base)
    overlay = sum(entry.size for entry in record.overlay)
    return (
        record.version == RECORD_VERSION
        and sizes == len(data)
        and overlay == len(record.overlay_data)
        and hashlib.sha256(data).hexdigest() == record.base_sha256
    )


def _is_whole(base: Path, record: Record) -> bool:
    """Tell whether a base's file is there and undamaged."""
    if not base.is_file():
        return False
    with base.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == record.base_sha256


def _sealed(data: bytes) -> bytes:
    """Return a record with what tells whether it is as it was written."""
    return hashlib.blake2b(data, digest_size=_SEAL_BYTES).digest() + data


def _opened(sealed: bytes) -> bytes:
    """Return what was sealed, nothing if it is damaged."""
    data = sealed[_SEAL_BYTES:]
    return data if _sealed(data) == sealed else b""


def _base_file(record_file: Path, record: Record) -> Path:
    digest = record.base_sha256 if record.base_sha256.isalnum() else "none"
    return record_file.with_name(f"{digest}.base")


def _write(file: Path, pieces: Sequence[bytes | memoryview]) -> None:
    descriptor, part = tempfile.mkstemp(prefix=".part.", dir=file.parent)
    try:
        try:
            for some in batches(pieces, lambda _piece: 1, _MOST_AT_ONCE - 1):
                _write_some(descriptor, some)
        finally:
            os.close(descriptor)
        Path(part).replace(file)
    except OSError:
        Path(part).unlink(missing_ok=True)
        raise


def _write_some(descriptor: int, pieces: Sequence[bytes | memoryview]) -> None:
    """Write pieces in one call, while other threads may run. Raises OSError."""
    written = os.writev(descriptor, pieces)
    if written < sum(map(len, pieces)):
        rest = memoryview(b"".join(pieces))[written:]
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def _shrink(folder: Path) -> None:
    """Remove the records used least lately beyond the bounds, and old bases that no record names.

    A young one may be another process's whose record comes next; and what a base replaced tells for
    a while why a prompt's bytes are others.
    """
    records = sorted(folder.glob("*.record"), key=_age, reverse=True)
    used: set[str] = set()
    size = 0
    for number, file in enumerate(records):
        base = _named_by(file)
        size += base.stat().st_size if base and base.is_file() and base.name not in used else 0
        if number and (number >= _MOST_RECORDS or size > _MOST_BYTES):
            file.unlink(missing_ok=True)
        elif base:
            used.add(base.name)
    for base in folder.glob("*.base"):
        if base.name not in used and _age(base) < time.time() - _SECONDS_A_DAY:
            base.unlink(missing_ok=True)


def _age(file: Path) -> float:
    return file.stat().st_mtime


def _named_by(file: Path) -> Path | None:
    try:
        return _base_file(file, _DECODER.decode(_opened(file.read_bytes())))
    except (OSError, msgspec.DecodeError):
        return None
