"""Decisions of reviews that go on, on disk after each of them: a crash takes none away."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from copilot.cli.setup import Setup
from copilot.cli.talk import say
from copilot.edits.patch import git_patch
from copilot.review.kept import key_of, proposed, resumed, told
from copilot.review.state import Review

_MOST_KEPT = 100
# A larger proposal is no model's reply; whoever has it has its file too.
_MOST_BYTES = 8_000_000


class Decisions:
    """What is decided of one proposal after another, each in a file named for what it proposes.

    A disk that refuses costs the person nothing but the copy.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._proposals: tuple[object, ...] = ()
        self._path: Path | None = None
        self._last: Review | None = None
        self._is_refused = False

    def resumed(self, begun: Review) -> Review:
        """Return a review that has just begun with what was decided of the same proposal before."""
        with suppress(OSError):
            return resumed(begun, _pieces(self._file(begun)))
        return begun

    def keep(self, review: Review) -> None:
        """Write what was decided since the last time; of another proposal, all."""
        if self._is_refused:
            return
        proposals = tuple(file.proposed for file in review.files)
        if self._path is None or not _are_same(proposals, self._proposals):
            self.forget()
            self._proposals, self._last, self._path = proposals, None, self._file(review)
        if piece := told(review, self._last):
            self._append(self._path, piece)
        self._last = review

    def forget(self) -> None:
        """Remove what was decided: it is written, or of no use."""
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
        self._path = self._last = None

    def _file(self, review: Review) -> Path:
        return self._folder / f"{key_of(proposed(review))}.jsonl"

    def _append(self, path: Path, piece: dict[str, Any]) -> None:
        line = f"{json.dumps(piece, ensure_ascii=True, separators=(',', ':'))}\n"
        try:
            if not path.exists():
                make_room(self._folder)
            descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "ab") as file:
                file.write(line.encode("ascii"))
        except OSError as error:
            self._is_refused = True
            say(f"warning: what you decide is not kept in {self._folder}: {error.strerror}")


def apply_command(setup: Setup, file: Path) -> str:
    """Return the command that takes a kept reply, wherever it is entered."""
    roots = [part for one in setup.roots for part in ("-R", f"{one.alias}={one.path}")]
    return shlex.join(["copilot", "apply", *roots, str(file)])


def patch_of(folder: Path, session: str, turn: int) -> Path:
    """Return where the proposal of a session's turn is kept until it is decided."""
    return folder / f"{session}-{turn}.patch"


def keep_patch(path: Path, review: Review) -> bool:
    """Keep a proposal as a patch that `copilot apply` takes; tell whether that could be done."""
    changes = proposed(review)
    if sum(len(c.before or b"") + len(c.after or b"") for c in changes.changes) > _MOST_BYTES:
        return False
    text = git_patch(changes, prefix_alias=True).decode("utf-8", "backslashreplace")
    try:
        make_room(path.parent)
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError:
        return False
    return True


def make_room(folder: Path) -> None:
    """Make the folder, and remove the oldest files where there are too many. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.scandir(folder) as found:
        files = sorted((entry.stat().st_mtime, entry.path) for entry in found)
    for _, name in files[:-_MOST_KEPT]:
        Path(name).unlink(missing_ok=True)


def _are_same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


def _pieces(path: Path) -> Iterator[dict[str, Any]]:
    """Yield what a file tells; a line that was cut short tells nothing."""
    with path.open("rb") as file:
        for line in file:
            with suppress(ValueError):
                piece = json.loads(line)
                if isinstance(piece, dict):
                    yield piece
