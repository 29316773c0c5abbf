"""Which states of slots are kept, and which may be read back: llama.cpp dies of half a file."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 2_000_000_000
_DIGEST_CHARACTERS = 32
_ENDING = ".slot"
_NOTE = ".saved"


@dataclass(frozen=True)
class EngineStates:
    """A folder for the states of an engine of ours; beyond `most_bytes`, what is unused goes.

    A state's name holds a digest of its bytes. `weights` tells models apart that go by the same
    name.
    """

    path: Path
    weights: str = ""
    most_bytes: int = MOST_BYTES

    def prepare(self) -> bool:
        """Make the folder, for this user alone. Return whether there is room to keep a state."""
        return _made(self.path) and shutil.disk_usage(self.path).free > self.most_bytes

    def found(self, name: str) -> str:
        """Return the file to read back, empty if there is none that is whole."""
        with suppress(OSError):
            for file in self.path.glob(f"{name}.*{_ENDING}"):
                if file.name == f"{name}.{_digest(file)}{_ENDING}":
                    os.utime(file)
                    return file.name
                file.unlink(missing_ok=True)
        return ""

    def begun(self, name: str) -> str:
        """Return the file to write a state to."""
        return f"{name}.{os.getpid()}.part"

    def kept(self, name: str) -> None:
        """Keep the state that was written, instead of an older one, and drop what is too much."""
        with suppress(OSError):
            part = self.path / self.begun(name)
            final = self.path / f"{name}.{_digest(part)}{_ENDING}"
            for older in self.path.glob(f"{name}.*{_ENDING}"):
                older.unlink(missing_ok=True)
            part.replace(final)
        self._shrink()

    def spoilt(self, name: str) -> None:
        """Forget a state that could not be written or read back."""
        with suppress(OSError):
            for file in self.path.glob(f"{name}.*"):
                file.unlink(missing_ok=True)

    def _shrink(self) -> None:
        with suppress(OSError):
            found = [(path.stat(), path) for path in self.path.iterdir() if path.is_file()]
            left = sum(stat.st_size for stat, _ in found)
            for stat, path in sorted(found, key=lambda one: one[0].st_mtime_ns):
                if left <= self.most_bytes:
                    return
                path.unlink(missing_ok=True)
                left -= stat.st_size


@dataclass(frozen=True)
class ServerStates:
    """Notes of the states that a server said it has written whole, in a folder of its own."""

    path: Path
    weights: str = ""

    def prepare(self) -> bool:
        """Make the folder for the notes."""
        return _made(self.path)

    def found(self, name: str) -> str:
        """Return the file to have read back, empty if the server never wrote one."""
        return f"{name}{_ENDING}" if (self.path / f"{name}{_NOTE}").is_file() else ""

    def begun(self, name: str) -> str:
        """Return the file to have a state written to; it counts as spoilt until it is kept."""
        self.spoilt(name)
        return f"{name}{_ENDING}"

    def kept(self, name: str) -> None:
        """Note that the server has written the state."""
        with suppress(OSError):
            (self.path / f"{name}{_NOTE}").touch()

    def spoilt(self, name: str) -> None:
        """Forget a state that could not be written or read back."""
        with suppress(OSError):
            (self.path / f"{name}{_NOTE}").unlink(missing_ok=True)


def _made(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    return True


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:_DIGEST_CHARACTERS]
