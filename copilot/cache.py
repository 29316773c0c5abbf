"""What was derived from contents, kept for the next time: one SQLite file that processes share.

A cache may forget, never err: keys name contents and the rules they were read by, so that an entry
is right for ever. Whatever goes wrong with the file, it is a miss.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self
from zlib import crc32

_SCHEMA_VERSION = 3
_SCHEMA = (
    "PRAGMA journal_mode = WAL",
    "CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, day INTEGER, value BLOB) WITHOUT ROWID",
    f"PRAGMA user_version = {_SCHEMA_VERSION}",
)
_KEYS_AT_ONCE = 500
_KEY_BYTES = 16
_MOST_WAITING = 20_000
_SEAL_BYTES = 4
_SECONDS_A_DAY = 86_400
# Another process writes for milliseconds; a cache is not worth a longer wait.
_WAIT_SECONDS = 0.25
DEFAULT_MAX_BYTES = 1024**3


def key_of(*parts: str) -> bytes:
    """Return the key for what these parts name; no two lists of parts have the same."""
    joined = "".join([f"{len(part)}:{part}" for part in parts])
    return hashlib.blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()


class Cache:
    """Values of a few bytes to some hundred kilobytes by key. Without a file it keeps nothing."""

    def __init__(self, file: Path | None = None, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self._file = file
        self._max_bytes = max_bytes
        self._database: sqlite3.Connection | None = None
        # All keys there are in a file that this process made; None where nobody knows.
        self._put: set[bytes] | None = None
        self._waiting: dict[bytes, bytes] = {}

    @property
    def folder(self) -> Path | None:
        """Where the file lies; None without one."""
        return self._file.parent if self._file else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self.flush()
        self._forget()

    def _forget(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
            self._put = None

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the values there are."""
        waiting = {key: self._waiting[key] for key in keys if key in self._waiting}
        found: dict[bytes, bytes] = {}
        with self._tolerant() as database:
            if database is not None:
                for some in _runs(self._there(keys)):
                    found.update(_select(database, some))
        sound = ((key, _opened(key, sealed)) for key, sealed in found.items())
        return {key: value for key, value in sound if value is not None} | waiting

    def put(self, values: Mapping[bytes, bytes], *, soon: bool = True) -> None:
        """Keep values; what was used least lately goes if the file has grown too large.

        Many values take less time together: those not `soon` wait for more of them, or for the end.
        """
        if self._file is None or not values:
            return
        self._waiting.update(values)
        if soon or len(self._waiting) >= _MOST_WAITING:
            self.flush()

    def flush(self) -> None:
        """Write what waits, where there is time for that."""
        if not self._waiting:
            return
        day = _today()
        # In their order, which is that of the file's pages.
        ordered = sorted(self._waiting.items())
        rows = [(key, day, _seal(key, value) + value) for key, value in ordered]
        with self._tolerant() as database:
            if database is not None:
                with database:
                    database.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", rows)
                if self._put is not None:
                    self._put.update(self._waiting)
                _shrink(database, self._max_bytes)
        self._waiting.clear()

    def _there(self, keys: Sequence[bytes]) -> Sequence[bytes]:
        """Return the keys that may be there; what another process puts meanwhile may be missed."""
        return keys if self._put is None else [key for key in keys if key in self._put]

    @contextmanager
    def _tolerant(self) -> Iterator[sqlite3.Connection | None]:
        """Yield the database, None if there is none; a damaged file is removed."""
        try:
            yield self._database or self._connect()
        except sqlite3.OperationalError:
            # Locked, full or not writable: as good as empty, this time.
            self._forget()
        except sqlite3.DatabaseError:
            self._remove()

    def _connect(self) -> sqlite3.Connection | None:
        if self._file is None:
            return None
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            is_new = not self._file.exists()
            self._database = _connected(self._file)
            if is_new:
                self._put = set()
        except OSError:
            self._file = None
        except sqlite3.OperationalError:
            # Others may be about to make it: there is none this time.
            return None
        except sqlite3.DatabaseError:
            self._remove()
            with suppress(sqlite3.Error):
                self._database = _connected(self._file)
        return self._database

    def _remove(self) -> None:
        self._forget()
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                Path(f"{self._file}{suffix}").unlink(missing_ok=True)


def _connected(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, timeout=_WAIT_SECONDS, check_same_thread=False)
    try:
        # What a power cut damages is removed and made anew.
        database.execute("PRAGMA synchronous = OFF")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in _SCHEMA:
                database.execute(statement)
        elif version != _SCHEMA_VERSION:
            raise sqlite3.DatabaseError("another version's file")
    except sqlite3.Error:
        database.close()
        raise
    return database


def _select(database: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    blanks = ",".join("?" * len(keys))
    query = f"SELECT key, value, day FROM kept WHERE key IN ({blanks})"  # noqa: S608
    rows = database.execute(query, keys).fetchall()
    today = _today()
    old = [(today, key) for key, _, day in rows if day != today]
    if old:
        with suppress(sqlite3.OperationalError), database:
            database.executemany("UPDATE kept SET day = ? WHERE key = ?", old)
    return {key: value for key, value, _ in rows}


def _shrink(database: sqlite3.Connection, max_bytes: int) -> None:
    """Remove the half that was used least lately, if the file is too large."""
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    (size,) = database.execute("PRAGMA page_size").fetchone()
    if pages * size <= max_bytes:
        return
    (count,) = database.execute("SELECT count(*) FROM kept").fetchone()
    half = "SELECT key FROM kept ORDER BY day, key LIMIT ?"
    with database:
        database.execute(f"DELETE FROM kept WHERE key IN ({half})", (count // 2 + 1,))  # noqa: S608
    database.execute("VACUUM")


def _opened(key: bytes, sealed: bytes) -> bytes | None:
    value = sealed[_SEAL_BYTES:]
    return value if sealed.startswith(_seal(key, value)) else None


def _seal(key: bytes, value: bytes) -> bytes:
    """Return what tells whether a value is still that key's: disks do flip bits."""
    return crc32(value, crc32(key)).to_bytes(_SEAL_BYTES, "little")


def _runs(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        yield keys[start : start + _KEYS_AT_ONCE]


def _today() -> int:
    return int(time.time() // _SECONDS_A_DAY)
