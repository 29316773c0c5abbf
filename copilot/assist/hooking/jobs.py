"""A review on its way: a folder of its own, and a lock that its process holds while it lives."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import msgspec

from copilot.errors import UsageError

_LATE = "late"
_OLD_SECONDS = 24 * 3600
# An embedded model takes all processors for each.
_MOST_AT_ONCE = 2


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a review's process is to do.

    `arguments` are those of `copilot`, `variables` the environment in which git reads what is
    reviewed; `git_dir` is the repository's own, `index` the copy of what is staged (None: a range).
    """

    key: str
    asked: str
    hook: str
    top: str
    git_dir: str
    arguments: tuple[str, ...]
    variables: dict[str, str] = {}
    index: str | None = None
    commit: str | None = None


@dataclass(frozen=True)
class Place:
    """Where the review of a key is on its way, in the folder of its repository."""

    folder: Path
    key: str

    @property
    def path(self) -> Path:
        return self.folder / f"{self.key}.job"

    @property
    def lock(self) -> Path:
        return self.folder / f"{self.key}.lock"

    @property
    def output(self) -> Path:
        return self.path / "output"

    @property
    def said(self) -> Path:
        return self.path / "said"

    def read(self) -> Job | None:
        """Return what is being done there, None if nothing is."""
        try:
            # msgspec takes no lone surrogates, which paths that are no UTF-8 have.
            return msgspec.convert(json.loads((self.path / "job.json").read_bytes()), Job)
        except (OSError, ValueError):
            return None

    def write(self, job: Job) -> None:
        """Say what is to be done. Raises OSError."""
        (self.path / "job.json").write_text(json.dumps(msgspec.structs.asdict(job)))

    def mark_late(self) -> None:
        """Say that nobody waits any more. Raises OSError."""
        (self.path / _LATE).touch()

    @property
    def is_late(self) -> bool:
        return (self.path / _LATE).exists()

    def clear(self) -> None:
        """Remove all that the job left but its lock."""
        shutil.rmtree(self.path, ignore_errors=True)


def take(place: Place) -> int | None:
    """Return a descriptor that holds the lock, for a process to inherit; None if one does it.

    What an earlier job left is cleared away, of other keys too. Raises OSError, UsageError if as
    many others as may are on their way.
    """
    place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    held = _lock(place.lock)
    if held is None:
        return None
    others = (Place(place.folder, lock.stem) for lock in place.folder.glob("*.lock"))
    alive = [other for other in others if other != place and not _clear_dead(other)]
    if len(alive) >= _MOST_AT_ONCE:
        os.close(held)
        raise UsageError(
            f"{len(alive)} reviews of earlier commits are still on their way",
            "wait for them: copilot review --last",
        )
    place.clear()
    place.path.mkdir(mode=0o700)
    return held


def is_running(place: Place) -> bool:
    """Tell whether the job's process lives."""
    held = _lock(place.lock)
    if held is None:
        return True
    os.close(held)
    return False


def new_name() -> str:
    """Return a name for one request."""
    return uuid.uuid4().hex


def _clear_dead(other: Place) -> bool:
    """Clear what a job left that was killed or came to its end; False if its process lives."""
    held = _lock(other.lock)
    if held is None:
        return False
    other.clear()
    # Who is about to lock a file that is gone would lock nothing.
    if time.time() - os.fstat(held).st_mtime > _OLD_SECONDS:
        other.lock.unlink(missing_ok=True)
    os.close(held)
    return True


def _lock(path: Path) -> int | None:
    """Return a descriptor with the lock on a file, None where another has it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle
