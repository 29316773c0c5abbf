"""What happened: one row per request to a model, in one SQLite file that many processes share.

The manifests of the newest runs lie beside the rows; those of older ones are dropped.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from typing import Any

import msgspec

from copilot.errors import UsageError

SCHEMA_VERSION = 5
KEPT_MANIFESTS = 50
KEPT_MANIFEST_BYTES = 200_000_000
# SQLite counts no further.
_MOST = 2**63 - 1


@dataclass(frozen=True)
class Run:
    """One request: times in seconds, counts in tokens (None where the server told none).

    `started` is ISO 8601 in UTC; `outcome` is `answered`, `cut off` (at its limit), `broke off`,
    `stopped` (by the person), `applied`, `nothing applied`, `refused`, `sent back` (to the model,
    to mend) or `failed`. `read_only` names what was read besides the
    roots: `alias=place@commit`, with spaces between them. `mode` says how files were chosen:
    `whole`, `select` or `rank`. `asked_tokens` are the prompt's by our own count,
    `expected_cached_tokens` what the provider's cache should have held of them; `cached_tokens`
    came from there, `cache_written_tokens` were put there. `cost` is in `currency`. Of a reply that
    was reviewed, how many hunks (as a whole) and changed lines were accepted and rejected, how
    many files were edited by hand, and the `rounds` of proposals up to this one are told, else
    None. `id` is given by the file.
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
    mode: str = "whole"
    asked_tokens: int | None = None
    expected_cached_tokens: int | None = None
    first_token_seconds: float | None = None
    cost: float | None = None
    currency: str = "USD"
    cache_written_tokens: int | None = None
    accepted_hunks: int | None = None
    rejected_hunks: int | None = None
    accepted_lines: int | None = None
    rejected_lines: int | None = None
    edited_files: int | None = None
    rounds: int | None = None
    id: int = field(default=0, compare=False, kw_only=True)


_NAMES = [field.name for field in fields(Run) if field.name != "id"]
_COLUMNS = ", ".join(_NAMES)
_BLANKS = ", ".join("?" for _ in _NAMES)
# What each version brought: a new file is made by the same steps as an old one is brought to ours.
_STEPS = {
    1: [
        "CREATE TABLE runs (id INTEGER PRIMARY KEY, started NOT NULL, command NOT NULL,"
        " task NOT NULL, roots NOT NULL, model NOT NULL, prompt_sha256 NOT NULL, prompt_tokens,"
        " reply_tokens, cached_tokens, seconds NOT NULL, outcome NOT NULL)"
    ],
    2: ["ALTER TABLE runs ADD COLUMN read_only NOT NULL DEFAULT ''"],
    3: [
        "ALTER TABLE runs ADD COLUMN mode NOT NULL DEFAULT 'whole'",
        "ALTER TABLE runs ADD COLUMN asked_tokens",
        "ALTER TABLE runs ADD COLUMN expected_cached_tokens",
        "ALTER TABLE runs ADD COLUMN first_token_seconds",
        "ALTER TABLE runs ADD COLUMN cost",
        "ALTER TABLE runs ADD COLUMN currency NOT NULL DEFAULT 'USD'",
        "CREATE TABLE manifests (run INTEGER PRIMARY KEY, document BLOB NOT NULL)",
    ],
    4: ["ALTER TABLE runs ADD COLUMN cache_written_tokens"],
    5: [
        "ALTER TABLE runs ADD COLUMN accepted_hunks",
        "ALTER TABLE runs ADD COLUMN rejected_hunks",
        "ALTER TABLE runs ADD COLUMN accepted_lines",
        "ALTER TABLE runs ADD COLUMN rejected_lines",
        "ALTER TABLE runs ADD COLUMN edited_files",
        "ALTER TABLE runs ADD COLUMN rounds",
    ],
}
# The newest stay, as long as neither their number nor the sum of their bytes is too large.
_DROP_OLD_MANIFESTS = """
    DELETE FROM manifests WHERE run NOT IN (
        SELECT run FROM (
            SELECT run, row_number() OVER newest AS place, sum(length(document)) OVER newest AS size
            FROM manifests WINDOW newest AS (ORDER BY run DESC)
        ) WHERE place <= ? AND size <= ?
    )
"""


def record_run(
    file: Path,
    run: Run,
    manifest: Mapping[str, Any] | None = None,
    *,
    kept_bytes: int = KEPT_MANIFEST_BYTES,
) -> int:
    """Append a run, with what its prompt was made from, and return its id.

    Manifests stay while they take no more than `kept_bytes`, compressed. Raises UsageError if the
    file cannot be written.
    """
    # Before the file is locked: it takes its time.
    document = None if manifest is None else _packed(manifest)
    with _open(file) as database, database:
        query = f"INSERT INTO runs ({_COLUMNS}) VALUES ({_BLANKS})"  # noqa: S608
        number = database.execute(query, astuple(run)[: len(_NAMES)]).lastrowid or 0
        if document is not None:
            database.execute("INSERT INTO manifests VALUES (?, ?)", (number, document))
            database.execute(_DROP_OLD_MANIFESTS, (KEPT_MANIFESTS, kept_bytes))
    return number


def list_runs(
    file: Path,
    limit: int = 20,
    *,
    model: str | None = None,
    task: str | None = None,
    since: str | None = None,
) -> tuple[Run, ...]:
    """Return the newest runs, newest first: all, a model's, or those whose task holds a text.

    Case counts for nothing in ASCII. `since` is ISO 8601 in UTC, as far as it goes. Raises
    UsageError if the file cannot be read.
    """
    where = (
        "(?1 IS NULL OR model = ?1) AND (?2 IS NULL OR instr(lower(task), lower(?2)))"
        " AND (?4 IS NULL OR started >= ?4)"
    )
    values = (model, task, min(limit, _MOST), since)
    return _select(file, f"WHERE {where} ORDER BY id DESC LIMIT ?3", values)


def read_run(file: Path, number: int) -> Run | None:
    """Return one run by its id; None if there is none. Raises UsageError."""
    return next(iter(_select(file, "WHERE id = ?", (min(number, _MOST),))), None)


def read_manifest(file: Path, number: int) -> dict[str, Any] | None:
    """Return what the prompt of a run was made from; None if that is not kept.

    Raises UsageError if the file cannot be read, or what is kept there is damaged.
    """
    if not file.exists():
        return None
    with _open(file) as database:
        query = "SELECT document FROM manifests WHERE run = ?"
        row = database.execute(query, (min(number, _MOST),)).fetchone()
    return _unpacked(row[0], number) if row else None


def _select(file: Path, rest: str, values: tuple[str | int | None, ...]) -> tuple[Run, ...]:
    if not file.exists():
        return ()
    with _open(file) as database:
        rows = database.execute(f"SELECT {_COLUMNS}, id FROM runs {rest}", values)  # noqa: S608
        return tuple(Run(*row[:-1], id=row[-1]) for row in rows)


def _packed(manifest: Mapping[str, Any]) -> bytes:
    try:
        data = msgspec.json.encode(manifest)
    except UnicodeEncodeError:
        # Bytes of names that are no UTF-8 stand in it as lone surrogates.
        data = json.dumps(manifest, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    # More than the least saves a tenth, and takes three times as long.
    return zlib.compress(data, 1)


def _unpacked(data: bytes, number: int) -> dict[str, Any]:
    try:
        return dict(json.loads(zlib.decompress(data)))
    except (TypeError, ValueError, zlib.error) as error:
        raise UsageError(
            f"the manifest of run {number} is damaged: {error}", "those of other runs may be sound"
        ) from error


@contextmanager
def _open(file: Path) -> Iterator[sqlite3.Connection]:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Tasks and manifests stand in it, which are nobody else's business.
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        file.chmod(0o600)
        with closing(sqlite3.connect(file, timeout=10)) as database:
            _prepare(database)
            yield database
    except (OSError, sqlite3.Error) as error:
        raise UsageError(
            f"cannot use the runs file {file}: {error}", "free some space, or remove the file"
        ) from error


def _prepare(database: sqlite3.Connection) -> None:
    """Make the tables, or bring them to our version. Raises sqlite3.Error for a newer one."""
    if _version(database) == SCHEMA_VERSION:
        return
    with database:
        # Another process may be doing the same.
        database.execute("BEGIN IMMEDIATE")
        for version in range(_version(database) + 1, SCHEMA_VERSION + 1):
            for step in _STEPS[version]:
                database.execute(step)
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _version(database: sqlite3.Connection) -> int:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if not 0 <= version <= SCHEMA_VERSION:
        raise sqlite3.DatabaseError(
            f"it has version {version}, this copilot knows {SCHEMA_VERSION}"
        )
    return int(version)
