"""The journals on disk, as the docstring of `model` lays them down."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

from copilot.errors import UsageError, WriteFailed
from copilot.journal.files import flush_folder, write_new
from copilot.journal.locks import nobody_preparing, preparing
from copilot.journal.model import Entry, Folder, Status, Transaction
from copilot.journal.reasons import blamed

_VERSION = 1
_STAMP = "%Y%m%dT%H%M%S.%fZ"
_ID = re.compile(r"(\d{8}T\d{6}\.\d{6}Z)-[0-9a-f]{8}")
_STATUSES: tuple[Status, ...] = get_args(Status)
_DAMAGED_HINT = "move that folder elsewhere; the bytes of your files are in it, named by SHA-256"


def stamped(journals: Path, transaction: Transaction) -> Transaction:
    """Return the transaction with an id and a time later than those of all others."""
    now = datetime.now(UTC)
    ids = _ids(journals)
    if ids:
        # The clock may have been set back; the newest transaction still has to sort last.
        newest = datetime.strptime(ids[-1].split("-")[0], _STAMP).replace(tzinfo=UTC)
        now = max(now, newest + timedelta(microseconds=1))
    id_ = f"{now.strftime(_STAMP)}-{secrets.token_hex(4)}"
    return replace(transaction, id=id_, created=now.isoformat())


def prepare(journals: Path, transaction: Transaction, contents: Mapping[str, bytes]) -> None:
    """Write the journal, durably; afterwards the status is "prepared".

    `contents` maps each SHA-256 that an entry names to its bytes. WriteFailed if the disk refuses;
    no journal is left then.
    """
    journal = journals / transaction.id
    with blamed(f"the journal {journal}"), preparing(journals) as held:
        if not held:
            raise WriteFailed("another copilot keeps the journals locked", "try again")
        try:
            _write(journal, transaction, contents)
        except OSError:
            shutil.rmtree(journal, ignore_errors=True)
            raise


def mark(journals: Path, transaction: Transaction, wanted: Status) -> None:
    """Set the status, durably. Raises WriteFailed."""
    journal = journals / transaction.id
    with blamed(f"the journal {journal}"):
        (journal / f"{_status(journal)}.json").rename(journal / f"{wanted}.json")
        flush_folder(journal)


def content(journals: Path, transaction: Transaction, sha256: str) -> bytes:
    """Return the bytes of that digest; WriteFailed if the journal has lost or changed them."""
    path = content_path(journals, transaction, sha256)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WriteFailed(f"the journal {path} cannot be read", _DAMAGED_HINT) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise WriteFailed(f"the journal {path} is damaged", _DAMAGED_HINT)
    return data


def content_path(journals: Path, transaction: Transaction, sha256: str) -> Path:
    return journals / transaction.id / sha256


def status(journals: Path, transaction: Transaction) -> Status | None:
    """Return the transaction's status as it is on disk; None without a plan."""
    return _status(journals / transaction.id)


def newest_first(journals: Path) -> Iterator[Transaction]:
    """Read the transactions that have a plan, one after the other."""
    found = (_load(journals / id_) for id_ in reversed(_ids(journals)))
    return (transaction for transaction in found if transaction)


def unfinished(journals: Path, roots: Collection[Path] | None = None) -> tuple[Transaction, ...]:
    """Return the prepared transactions that touch one of the real paths `roots` (None: all)."""
    open_ids = [id_ for id_ in _ids(journals) if (journals / id_ / "prepared.json").exists()]
    found = (_load(journals / id_) for id_ in open_ids)
    return tuple(
        transaction
        for transaction in found
        if transaction
        and transaction.status == "prepared"
        and (roots is None or any(transaction.touches(root) for root in roots))
    )


def discard_half_written(journals: Path) -> None:
    """Delete the journals whose writer was killed before their plan was in place."""
    halves = [journals / id_ for id_ in _ids(journals) if not _status(journals / id_)]
    if not halves:
        return
    with nobody_preparing(journals) as alone:
        for journal in halves if alone else []:
            if not _status(journal):
                shutil.rmtree(journal, ignore_errors=True)


def _write(journal: Path, transaction: Transaction, contents: Mapping[str, bytes]) -> None:
    journal.mkdir(mode=0o700)
    for sha256, data in contents.items():
        write_new(journal / sha256, data, 0o600)
    write_new(journal / "plan.tmp", _encoded(transaction), 0o600)
    flush_folder(journal)
    (journal / "plan.tmp").rename(journal / "prepared.json")
    flush_folder(journal)
    flush_folder(journal.parent)


def _ids(journals: Path) -> list[str]:
    try:
        return sorted(path.name for path in journals.iterdir() if _ID.fullmatch(path.name))
    except FileNotFoundError:
        return []


def _status(journal: Path) -> Status | None:
    return next((name for name in _STATUSES if (journal / f"{name}.json").exists()), None)


def _load(journal: Path) -> Transaction | None:
    for name in _STATUSES:
        with suppress(FileNotFoundError):
            return _decoded(journal, name, (journal / f"{name}.json").read_bytes())
    return None


def _encoded(transaction: Transaction) -> bytes:
    plan = {"version": _VERSION} | asdict(transaction)
    del plan["status"]
    return json.dumps(plan, indent=1, default=str).encode("ascii")


def _decoded(journal: Path, name: Status, data: bytes) -> Transaction:
    try:
        plan = json.loads(data)
        version = plan.pop("version")
        if version != _VERSION:
            raise UsageError(
                f"the journal {journal} has format {version}", "use the copilot that wrote it"
            )
        lists = {
            "entries": tuple(Entry(**_with_root(item)) for item in plan["entries"]),
            "made_dirs": _folders(plan["made_dirs"]),
            "removed_dirs": _folders(plan["removed_dirs"]),
        }
        return Transaction(**(plan | lists | {"status": name}))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WriteFailed(f"the journal {journal} is damaged", _DAMAGED_HINT) from error


def _folders(items: list[dict[str, Any]]) -> tuple[Folder, ...]:
    return tuple(Folder(**_with_root(item)) for item in items)


def _with_root(item: dict[str, Any]) -> dict[str, Any]:
    return item | {"root": Path(item["root"])}
