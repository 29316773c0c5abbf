"""Watching git while it talks to a server: how far it is, and when it is enough."""

from __future__ import annotations

import os
import re
import selectors
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from copilot.workspace.git import network_git

# Called with what was done, what there is to do, and a word for it.
Progress = Callable[[int, int, str], None]

_PIECE_BYTES = 64 * 1024
_LONGEST_PHASE = 60
_LOOK_SECONDS = 0.25
_KEPT_COMPLAINT_BYTES = 64 * 1024
# git's own lines alone: it puts `remote: ` before each line that a server sends.
_PHASES = {b"Receiving objects": "receiving", b"Resolving deltas": "resolving"}
_PHASE = re.compile(
    rb"[\r\n](Receiving objects|Resolving deltas): +\d{1,3}% \((\d{1,12})/(\d{1,12})\)"
)


@dataclass(frozen=True)
class Bounds:
    """When a server is given up: `fetched` bytes on disk, `said` bytes in answers and messages,
    `names` bytes of a commit's names, `silent` seconds without a sign of life.
    """

    fetched: int = 4 * 1024**3
    said: int = 64 * 1024**2
    names: int = 256 * 1024**2
    silent: float = 120.0


USUAL = Bounds()


class GivenUp(Exception):
    """The server went beyond a bound; `silent` if it was by saying nothing."""

    def __init__(self, reason: str, *, silent: bool = False) -> None:
        super().__init__(reason)
        self.silent = silent


@dataclass(frozen=True)
class Outcome:
    """How git ended: `output` is its stdout, `complaint` the end of its stderr."""

    status: int
    output: bytes
    complaint: str


@dataclass
class _Heard:
    """What git has said so far."""

    progress: Progress | None
    output: bytearray = field(default_factory=bytearray)
    complaint: bytearray = field(default_factory=lambda: bytearray(b"\n"))
    said: int = 0

    def take(self, piece: bytes, *, is_output: bool) -> None:
        self.said += len(piece)
        if is_output:
            self.output += piece
            return
        self.complaint += piece
        del self.complaint[:-_KEPT_COMPLAINT_BYTES]
        phases = _PHASE.findall(self.complaint[-len(piece) - _LONGEST_PHASE :])
        if phases and self.progress:
            name, done, total = phases[-1]
            self.progress(int(done), int(total), _PHASES[name])


def run_watched(
    git_dir: Path,
    *arguments: str,
    environment: Mapping[str, str],
    held: int,
    bounds: Bounds,
    progress: Progress | None = None,
) -> Outcome:
    """Run `git ARGUMENTS` on a bare repository that it may fill. Raises GivenUp, or GitFailed.

    The descriptor `held` is open as long as any process of git's.
    """
    where = f"--git-dir={git_dir}"
    with network_git(git_dir, where, *arguments, environment=environment, held=held) as git:
        heard = _listen(git, git_dir, bounds, progress)
        status = git.wait()
    complaint = heard.complaint.decode("utf-8", "replace")
    return Outcome(status, bytes(heard.output), complaint)


def _listen(
    git: subprocess.Popen[bytes], git_dir: Path, bounds: Bounds, progress: Progress | None
) -> _Heard:
    heard = _Heard(progress)
    size, alive = 0, time.monotonic()
    with selectors.DefaultSelector() as pipes:
        for pipe in (git.stdout, git.stderr):
            if pipe is not None:
                pipes.register(pipe, selectors.EVENT_READ)
        while pipes.get_map():
            # Whom git leaves behind, such as a connection of ssh's to share, may hold the pipes.
            ended = git.poll() is not None
            ready = [key.fileobj for key, _ in pipes.select(0 if ended else _LOOK_SECONDS)]
            if ended and not ready:
                break
            for pipe in (git.stdout, git.stderr):
                if pipe in ready and not _take(pipe, heard, is_output=pipe is git.stdout):
                    pipes.unregister(pipe)
            now, before, size = time.monotonic(), size, bytes_below(git_dir)
            alive = now if ready or size != before else alive
            _check(heard.said, size, now - alive, bounds)
    return heard


def _take(pipe: IO[bytes], heard: _Heard, *, is_output: bool) -> bool:
    """Take what is there; False at the pipe's end."""
    piece = os.read(pipe.fileno(), _PIECE_BYTES)
    heard.take(piece, is_output=is_output)
    return bool(piece)


def _check(said: int, size: int, silence: float, bounds: Bounds) -> None:
    if size > bounds.fetched:
        raise GivenUp(f"it sends more than {bounds.fetched:,} bytes")
    if said > bounds.said:
        raise GivenUp(f"it says more than {bounds.said:,} bytes")
    if silence > bounds.silent:
        raise GivenUp(f"nothing came for {bounds.silent:.0f} seconds", silent=True)


def bytes_below(folder: Path) -> int:
    """Return the size of all files; one that goes meanwhile counts for nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118
    return total
