"""What happened: one row per request to a model, in one SQLite file that many processes share."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from copilot.errors import UsageError

SCHEMA_VERSION = 2


@dataclass(frozen=True)
class Run:
    """One request: times in seconds, counts in tokens (None where the server told none).

    `started` is ISO 8601 in UTC; `outcome` is `answered`, `applied`, `nothing applied`, `refused`
    or `failed`. `read_only` names what was read besides the roots: `alias=place@commit`, with
    spaces between them.
    """

    started: str
    command: str
    task: str
    roots: str
    model: str
    prompt_sha256: str
    prompt_tokens: int
    reply_tokens: int | None
    cached_tokens: int | None
    seconds: float
    outcome: str
    read_only: str = ""


_COLUMNS = ", ".join(field.name for field in fields(Run))
_BLANKS = ", ".join("?" for _ in fields(Run))


def record_run(file: Path, run: Run) -> None:
    """Append a run. Raises UsageError if the file cannot be written."""
    with _open(file) as database, database:
        database.execute(f"INSERT INTO runs ({_COLUMNS}) VALUES ({_BLANKS})", astuple(run))  # noqa: S608


def list_runs(file: Path, limit: int = 20) -> tuple[Run, ...]:
    """Return the newest runs, newest first."""
    if not file.exists():
        return ()
    with _open(file) as database:
        query = f"SELECT {_COLUMNS} FROM runs ORDER BY id DESC LIMIT ?"  # noqa: S608
        return tuple(Run(*row) for row in database.execute(query, (limit,)))


@contextmanager
def _open(file: Path) -> Iterator[sqlite3.Connection]:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with closing(sqlite3.connect(file, timeout=10)) as database:
            _prepare(database)
            yield database
    except (OSError, sqlite3.Error) as error:
        raise UsageError(
            f"cannot use the runs file {file}: {error}", "free some space, or remove the file"
        ) from error


def _prepare(database: sqlite3.Connection) -> None:
    """Make the table, or bring it to our version. Raises sqlite3.Error for a newer one."""
    if _version(database) == SCHEMA_VERSION:
        return
    with database:
        # Another process may be doing the same.
        database.execute("BEGIN IMMEDIATE")
        version = _version(database)
        if version == 0:
            columns = ", ".join(f"{field.name} NOT NULL" for field in fields(Run))
            columns = columns.replace("_tokens NOT NULL", "_tokens")
            database.execute(f"CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, {columns})")
        elif version == 1:
            database.execute("ALTER TABLE runs ADD COLUMN read_only NOT NULL DEFAULT ''")
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _version(database: sqlite3.Connection) -> int:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if not 0 <= version <= SCHEMA_VERSION:
        raise sqlite3.DatabaseError(
            f"it has version {version}, this copilot knows {SCHEMA_VERSION}"
        )
    return int(version)
