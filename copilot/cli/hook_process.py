"""Starting a review's process: forked where that is safe, so that what is loaded serves it too."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from copilot.assist.hooking.jobs import Place
from copilot.forks import can_fork, fork, take_streams
from copilot.workspace.inherited import take_from

_POLL_SECONDS = 0.01
_END_SECONDS = 1.0
# -P: no module is imported from the folder that it runs in.
PYTHON = (sys.executable, "-P", "-X", "utf8", "-m", "copilot")


class Process(Protocol):
    """A process of ours, as subprocess.Popen is one."""

    pid: int

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code. Raises subprocess.TimeoutExpired after so many seconds."""


@dataclass(frozen=True)
class Review:
    """A review's process, and a pipe that ends once its answer is kept, or it is gone."""

    process: Process
    told: int

    def wait(self, seconds: float) -> None:
        """Wait for the answer, at most so long."""
        select.select([self.told], [], [], max(seconds, 0))

    def stop(self) -> None:
        """End it, and all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def let_go(self) -> None:
        """Hear no more of it; it goes on."""
        os.close(self.told)


def start_review(top: Path, place: Place, held: int, finish: Callable[[list[str]], int]) -> Review:
    """Start the review of the job at a place, in a session of its own, which holds the lock `held`.

    `finish` does what `copilot hook finish` does. Raises OSError.
    """
    told, tells = os.pipe()
    arguments = [os.fspath(place.folder), place.key, f"{held}", f"{tells}"]
    try:
        with place.output.open("wb") as output, place.said.open("wb") as said:
            streams = (output.fileno(), said.fileno())
            if can_fork():
                return Review(_forked(finish, arguments, top, streams, (held, tells)), told)
            return Review(_spawned(arguments, top, streams, (held, tells)), told)
    except OSError:
        os.close(told)
        raise
    finally:
        os.close(tells)


def _spawned(
    arguments: list[str], top: Path, streams: tuple[int, int], kept: tuple[int, ...]
) -> Process:
    return subprocess.Popen(
        [*PYTHON, "hook", "finish", *arguments],
        cwd=top,
        stdin=subprocess.DEVNULL,
        stdout=streams[0],
        stderr=streams[1],
        pass_fds=kept,
        start_new_session=True,
    )


def _forked(
    finish: Callable[[list[str]], int],
    arguments: list[str],
    top: Path,
    streams: tuple[int, int],
    kept: tuple[int, ...],
) -> Process:
    def work() -> int:
        from copilot.cli.main import run_work

        os.setsid()
        os.chdir(top)
        take_streams(os.open(os.devnull, os.O_RDONLY), *streams, kept)
        # The index that git named for the hook is set aside with the rest.
        take_from({})
        return run_work(lambda: finish(arguments), ["hook", "finish", *arguments])

    return _Forked(fork(work))


class _Forked:
    """A forked process; see Process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        until = None if timeout is None else time.monotonic() + timeout
        while self._code is None:
            ended, status = os.waitpid(self.pid, 0 if until is None else os.WNOHANG)
            if ended:
                self._code = os.waitstatus_to_exitcode(status)
            elif until is not None and time.monotonic() >= until:
                raise subprocess.TimeoutExpired("copilot", timeout or 0)
            else:
                time.sleep(_POLL_SECONDS)
        return self._code
