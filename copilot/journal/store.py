"""The journals on disk, as the docstring of `model` lays them down."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import get_args

from copilot.errors import WriteFailed
from copilot.journal.files import flush_folder, private_folder, write_new
from copilot.journal.locks import nobody_preparing, preparing
from copilot.journal.model import Status, Transaction
from copilot.journal.plans import DAMAGED_HINT, decoded, encoded
from copilot.journal.reasons import blamed
from copilot.journal.stops import Stopped

_CONTENTS = "contents"
_STAMP = "%Y%m%dT%H%M%S.%fZ"
_ID = re.compile(r"(\d{8}T\d{6}\.\d{6}Z)-[0-9a-f]{8}")
_STATUSES: tuple[Status, ...] = get_args(Status)


def stamped(journals: Path, transaction: Transaction) -> Transaction:
    """Return the transaction with an id and a time later than those of all others."""
    now = datetime.now(UTC)
    taken = ids(journals)
    if taken:
        # The clock may have been set back; the newest transaction still has to sort last.
        now = max(now, time_of(taken[-1]) + timedelta(microseconds=1))
    id_ = f"{now.strftime(_STAMP)}-{secrets.token_hex(4)}"
    return replace(transaction, id=id_, created=now.isoformat())


def prepare(journals: Path, transaction: Transaction, contents: Mapping[str, bytes]) -> Transaction:
    """Write the journal, durably; afterwards the status is "prepared".

    `contents` maps each SHA-256 that an entry names to its bytes. Returned is the transaction that
    knows where they are. WriteFailed if the disk refuses; no journal is left then.
    """
    transaction = replace(transaction, packed=_places(contents))
    journal = journals / transaction.id
    with blamed(f"the journal {journal}"), preparing(journals) as held:
        if not held:
            raise WriteFailed("another copilot keeps the journals locked", "run the command again")
        try:
            _write(journal, transaction, contents)
        except (OSError, KeyboardInterrupt, Stopped):
            shutil.rmtree(journal, ignore_errors=True)
            raise
    return transaction


def mark(journals: Path, transaction: Transaction, wanted: Status) -> None:
    """Set the status, durably. Raises WriteFailed."""
    journal = journals / transaction.id
    with blamed(f"the journal {journal}"):
        (journal / f"{_status(journal)}.json").rename(journal / f"{wanted}.json")
        flush_folder(journal)


def content(journals: Path, transaction: Transaction, sha256: str) -> bytes:
    """Return the bytes of that digest; WriteFailed if the journal has lost or changed them."""
    place = transaction.packed.get(sha256)
    path = journals / transaction.id / (_CONTENTS if place else sha256)
    try:
        data = _piece(path, *place) if place else path.read_bytes()
    except OSError as error:
        raise WriteFailed(f"the journal {path} cannot be read", DAMAGED_HINT) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise WriteFailed(f"the journal {path} is damaged", DAMAGED_HINT)
    return data


def extract(journals: Path, transaction: Transaction, sha256: str) -> Path:
    """Put the bytes of that digest into a file of their own in the journal; return its path.

    Raises OSError, WriteFailed.
    """
    path = journals / transaction.id / sha256
    with suppress(FileExistsError):
        write_new(path, content(journals, transaction, sha256), 0o600)
    return path


def status(journals: Path, transaction: Transaction) -> Status | None:
    """Return the transaction's status as it is on disk; None without a plan."""
    return _status(journals / transaction.id)


def newest_first(journals: Path) -> Iterator[Transaction]:
    """Read the transactions that have a plan, one after the other."""
    found = (_load(journals / id_) for id_ in reversed(ids(journals)))
    return (transaction for transaction in found if transaction)


def unfinished(journals: Path, roots: Collection[Path] | None = None) -> tuple[Transaction, ...]:
    """Return the prepared transactions that touch one of the real paths `roots` (None: all)."""
    open_ids = [id_ for id_ in ids(journals) if (journals / id_ / "prepared.json").exists()]
    found = (_load(journals / id_) for id_ in open_ids)
    return tuple(
        transaction
        for transaction in found
        if transaction
        and transaction.status == "prepared"
        and (roots is None or any(transaction.touches(root) for root in roots))
    )


def load(journals: Path, id_: str) -> Transaction | None:
    """Read one transaction, None where it has no plan. Raises WriteFailed, UsageError."""
    return _load(journals / id_)


def time_of(id_: str) -> datetime:
    """Return the moment that a transaction's id begins with."""
    return datetime.strptime(id_.split("-")[0], _STAMP).replace(tzinfo=UTC)


def size(journals: Path, id_: str) -> int:
    """Return how many bytes a journal holds. Raises OSError."""
    return sum(path.lstat().st_size for path in (journals / id_).iterdir())


def delete(journals: Path, id_: str) -> None:
    """Delete a journal that is not needed, the plan first: the rest alone counts for nothing."""
    journal = journals / id_
    found = _status(journal)
    if found:
        (journal / f"{found}.json").unlink()
    shutil.rmtree(journal)


def discard_half_written(journals: Path) -> None:
    """Delete the journals whose writer was killed before their plan was in place."""
    halves = [journals / id_ for id_ in ids(journals) if not _status(journals / id_)]
    if not halves:
        return
    with nobody_preparing(journals) as alone:
        for journal in halves if alone else []:
            if not _status(journal):
                shutil.rmtree(journal, ignore_errors=True)


def _piece(path: Path, offset: int, length: int) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        pieces = []
        while length and (piece := os.pread(descriptor, length, offset)):
            pieces.append(piece)
            offset, length = offset + len(piece), length - len(piece)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def _places(contents: Mapping[str, bytes]) -> dict[str, tuple[int, int]]:
    ends = accumulate(len(data) for data in contents.values())
    return {
        sha256: (end - len(data), len(data))
        for (sha256, data), end in zip(contents.items(), ends, strict=True)
    }


def _write(journal: Path, transaction: Transaction, contents: Mapping[str, bytes]) -> None:
    private_folder(journal)
    write_new(journal / _CONTENTS, b"".join(contents.values()), 0o600)
    write_new(journal / "plan.tmp", encoded(transaction), 0o600)
    flush_folder(journal)
    (journal / "plan.tmp").rename(journal / "prepared.json")
    flush_folder(journal)
    flush_folder(journal.parent)


def ids(journals: Path) -> list[str]:
    """Return the ids of all journals, oldest first, half-written ones among them."""
    try:
        return sorted(path.name for path in journals.iterdir() if _ID.fullmatch(path.name))
    except FileNotFoundError:
        return []


def _status(journal: Path) -> Status | None:
    return next((name for name in _STATUSES if (journal / f"{name}.json").exists()), None)


def _load(journal: Path) -> Transaction | None:
    for name in _STATUSES:
        with suppress(FileNotFoundError):
            return decoded(journal, name, (journal / f"{name}.json").read_bytes())
    return None
