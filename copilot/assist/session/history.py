"""What a person entered, in all sessions: one JSON string a line, the newest last.

Several sessions append to the file at once; each sees what the others entered when it begins.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MOST = 2_000
_MOST_BYTES = 4_000_000
# A pasted file is no line that anybody looks for.
_MOST_CHARACTERS = 20_000


class History:
    """The texts of one file, the oldest first; without a file, of this process alone.

    What cannot be read or kept is as never entered.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._entries = _loaded(file) if file else []

    @property
    def entries(self) -> tuple[str, ...]:
        return tuple(self._entries)

    def add(self, text: str) -> None:
        """Keep a text; one that is entered again moves to the end."""
        if not text.strip() or len(text) > _MOST_CHARACTERS:
            return
        with suppress(ValueError):
            self._entries.remove(text)
        self._entries = [*self._entries, text][-MOST:]
        if self._file:
            with suppress(OSError):
                _append(self._file, text)

    def search(self, wanted: str) -> tuple[str, ...]:
        """Return the texts that hold all words of `wanted`, the newest first."""
        words = wanted.casefold().split()
        return tuple(
            text for text in reversed(self._entries) if all(w in text.casefold() for w in words)
        )


def _loaded(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return _newest(lines)


def _newest(lines: list[str]) -> list[str]:
    """Return the texts of these lines, each where it was entered last."""
    texts: dict[str, None] = {}
    for line in lines:
        with suppress(ValueError):
            text = json.loads(line)
            if isinstance(text, str):
                texts.pop(text, None)
                texts[text] = None
    return list(texts)[-MOST:]


def _append(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(file):
        descriptor = os.open(file, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as stream:
            size = stream.tell()
            is_cut = bool(size) and os.pread(descriptor, 1, size - 1) != b"\n"
            line = f"{json.dumps(text)}\n".encode("ascii")
            stream.write(b"\n" + line if is_cut else line)
        if file.stat().st_size > _MOST_BYTES:
            _shorten(file)


def _shorten(file: Path) -> None:
    part = file.with_name(f"{file.name}.part")
    kept = _loaded(file)[-MOST // 2 :]
    with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as stream:
        stream.writelines(f"{json.dumps(text)}\n".encode("ascii") for text in kept)
    part.replace(file)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold what other sessions hold too while they write."""
    lock = os.open(file.with_name(f"{file.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
