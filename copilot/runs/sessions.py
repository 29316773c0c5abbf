"""Sessions on disk: a file of JSON lines for each, written as things happen, only ever appended to.

A line that a crash cut short is passed over, and so is one that is no JSON. Each file is locked by
the copilot that has it open, so that two never write one session.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from copilot.errors import UsageError

VERSION = 1
_SUFFIX = ".jsonl"
_ID = re.compile(r"[0-9]{8}T[0-9]{6}-[0-9a-f]{6}")
Event = Mapping[str, Any]


@dataclass(frozen=True)
class StoredSession:
    """A session as it lies on disk; `is_open` if a copilot that runs has it."""

    id: str
    events: tuple[dict[str, Any], ...]
    changed: datetime
    is_open: bool


class SessionFile:
    """A session that this process has open. Each event is with the system once it is appended."""

    def __init__(self, id: str, descriptor: int, path: Path) -> None:  # noqa: A002
        self.id = id
        self.path = path
        self._descriptor = descriptor

    def append(self, event: Event, *, safe: bool = False) -> None:
        """Append an event; `safe` waits until the disk has it. Raises UsageError."""
        line = f"{json.dumps(event, ensure_ascii=True, separators=(',', ':'))}\n".encode("ascii")
        try:
            while line:
                line = line[os.write(self._descriptor, line) :]
            if safe:
                os.fsync(self._descriptor)
        except OSError as error:
            raise _refused(self.path, error) from error

    def close(self) -> None:
        """Let others open the session."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


def create_session(folder: Path, about: Event) -> SessionFile:
    """Begin a session; `about` is what it begins with. Raises UsageError."""
    now = datetime.now(UTC)
    number = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    path = folder / f"{number}{_SUFFIX}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise _refused(path, error) from error
    file = SessionFile(number, descriptor, path)
    started = now.isoformat(timespec="seconds")
    file.append({"type": "session", "version": VERSION, "started": started, **about})
    return file


def open_session(folder: Path, id: str) -> tuple[SessionFile, tuple[dict[str, Any], ...]]:  # noqa: A002
    """Open a kept session to go on with it, and return its events. Raises UsageError."""
    path = _path(folder, id)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
    except OSError as error:
        raise _refused(path, error) from error
    with ExitStack() as unless_open:
        unless_open.callback(os.close, descriptor)
        _lock(descriptor, id)
        events = tuple(_events(path))
        _end_last_line(descriptor)
        unless_open.pop_all()
    return SessionFile(id, descriptor, path), events


def read_session(
    folder: Path,
    id: str,  # noqa: A002
    *,
    without: bytes = b"",
) -> StoredSession:
    """Read a session, open or not, but for the lines that begin `without`. Raises UsageError."""
    path = _path(folder, id)
    try:
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return StoredSession(id, tuple(_events(path, without)), changed, _is_open(path))
    except OSError as error:
        raise _refused(path, error) from error


def list_sessions(folder: Path, *, without: bytes = b"") -> Iterator[StoredSession]:
    """Yield all sessions, the last begun first; what cannot be read is passed over.

    Lines that begin `without` are left out: nearly all of a session is the pieces of its answers.
    """
    names = sorted((path.stem for path in folder.glob(f"*{_SUFFIX}")), reverse=True)
    for name in names:
        if _ID.fullmatch(name):
            with suppress(UsageError):
                yield read_session(folder, name, without=without)


def find_session(folder: Path, wanted: str) -> str:
    """Return the id of the session whose id holds `wanted`. Raises UsageError for none, or many."""
    names = sorted(path.stem for path in folder.glob(f"*{_SUFFIX}"))
    found = [name for name in names if _ID.fullmatch(name) and wanted and wanted in name]
    if wanted in found:
        return wanted
    if not found:
        raise UsageError(f"there is no session {wanted!r}", "copilot sessions list shows them")
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} sessions have {wanted!r} in their id", f"such as {', '.join(found[:3])}"
        )
    return found[0]


def fork_session(
    folder: Path,
    id: str,  # noqa: A002
    about: Event,
    kept: Callable[[tuple[dict[str, Any], ...]], tuple[dict[str, Any], ...]],
) -> SessionFile:
    """Begin a session with those events of another that `kept` returns. Raises UsageError."""
    events = kept(read_session(folder, id).events)
    file = create_session(folder, {**about, "forked_from": id})
    for event in events:
        if event.get("type") != "session":
            file.append(event)
    return file


def remove_session(folder: Path, id: str) -> None:  # noqa: A002
    """Remove a session that nobody has open. Raises UsageError."""
    file, _ = open_session(folder, id)
    try:
        file.path.unlink()
    except OSError as error:
        raise _refused(file.path, error) from error
    finally:
        file.close()


def _path(folder: Path, id: str) -> Path:  # noqa: A002
    path = folder / f"{id}{_SUFFIX}"
    if not _ID.fullmatch(id) or not path.is_file():
        raise UsageError(f"there is no session {id!r}", "copilot sessions list shows them")
    return path


def _events(path: Path, without: bytes = b"") -> Iterator[dict[str, Any]]:
    with path.open("rb") as stream:
        for line in stream:
            if not line.endswith(b"\n"):
                return
            if without and line.startswith(without):
                continue
            with suppress(ValueError, RecursionError):
                event = json.loads(line)
                if isinstance(event, dict):
                    yield event


def _end_last_line(descriptor: int) -> None:
    """End a line that was cut, so that the next one is a line of its own."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        os.write(descriptor, b"\n")


def _lock(descriptor: int, id: str) -> None:  # noqa: A002
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UsageError(
            f"the session {id} is open in another copilot",
            f"close it there, or take a copy: copilot sessions fork {id}",
        ) from error


def _is_open(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _refused(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"cannot use the session file {path}: {error.strerror or error}",
        "free some space, or mend the permissions",
    )
