"""`copilot hook stand-by`: a process that has everything loaded, and forks for each hook.

It is there only where the user's own configuration has `hook_warm_seconds`, and ends when for so
long no hook came. What it forks begins as a process of its own does: with the environment, the
folder, the streams and the settings of who asked. It holds nothing that its like would not read
from the same files; if copilot's own files change, it ends.
"""

from __future__ import annotations

import fcntl
import gc
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType

from copilot.cli.hook_process import PYTHON
from copilot.cli.standby_call import (
    GO,
    LENGTH_BYTES,
    TAKE_SECONDS,
    address,
    folder,
    name_of,
    program,
)
from copilot.errors import CopilotError, ExitCode, UsageError
from copilot.forks import can_fork, close_all_but, fork, take_streams
from copilot.workspace.git_state import git_dir_of
from copilot.workspace.inherited import take_from

_PEER = "iII"
# The folder, and three streams.
_DESCRIPTORS = 4
_MOST_BYTES, _PIECE_BYTES = 16 * 1024 * 1024, 1024 * 1024
# So long after a hook, what it began has ended.
_PAUSE_SECONDS = 1.0
# So often it looks whether its socket is there, and nobody wants it to end.
_LOOK_SECONDS = 10.0
# Another user's process, or one that sees other files or another network, is none to work for.
_SPACES = ("mnt", "net", "pid", "user")


def begin_standby(top: Path, environment: Mapping[str, str]) -> None:
    """Start a process that stands by for a repository, if none does. Raises OSError."""
    git_dir = git_dir_of(top, {})
    if sys.platform != "linux" or git_dir is None or _Place.of(git_dir).is_taken:
        return
    subprocess.Popen(
        [*PYTHON, "hook", "stand-by", os.fspath(top)],
        cwd="/",
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def stand_by(arguments: Sequence[str]) -> int:
    """Run hooks for those who ask, until none comes: `TOP`. Raises CopilotError, OSError."""
    git_dir = git_dir_of(Path(arguments[0]), {}) if len(arguments) == 1 else None
    if git_dir is None:
        raise UsageError("hook stand-by is for copilot itself", "copilot hook --help")
    place = _Place.of(git_dir)
    with place.taken() as is_held:
        if is_held:
            _Standby(Path(arguments[0]), place, is_held).serve()
    return ExitCode.OK


@dataclass(frozen=True)
class _Place:
    """Where a repository's process that stands by is reached."""

    folder: Path
    name: str

    @classmethod
    def of(cls, git_dir: Path) -> _Place:
        """Raises OSError."""
        return cls(Path(folder()), name_of(os.fspath(git_dir)))

    @property
    def socket_file(self) -> Path:
        return self.folder / f"{self.name}.socket"

    @property
    def _lock(self) -> Path:
        return self.folder / f"{self.name}.lock"

    @property
    def is_taken(self) -> bool:
        """Whether a process stands by there, or is about to."""
        try:
            with self._lock.open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    @contextmanager
    def taken(self) -> Iterator[Callable[[], bool] | None]:
        """Hold the place; yield what tells whether it is held still, None if it was not free.

        Who removes the lock's file ends that. Raises OSError.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock.open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
                return
            held = os.fstat(lock.fileno()).st_ino
            yield lambda: _inode(self._lock) == held

    @contextmanager
    def listening(self) -> Iterator[socket.socket]:
        """Yield a socket on which only this user is heard. Raises OSError."""
        file = self.socket_file
        file.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            opened, before = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY), os.umask(0o177)
            try:
                listener.bind(address(opened, self.name))
            finally:
                os.umask(before)
                os.close(opened)
            listener.listen()
            bound = _inode(file)
            try:
                yield listener
            finally:
                if _inode(file) == bound:
                    file.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Asked:
    """A hook to be run; `began` is on the monotonic clock, `process` git's number.

    `git_dir` is the real path of the work tree's state, "" where this process is to end.
    """

    program: str
    git_dir: str
    began: float
    process: int
    umask: int
    arguments: tuple[str, ...]
    environment: Mapping[str, str]

    @classmethod
    def decoded(cls, data: bytes) -> _Asked:
        """Return what standby_call sends. Raises ValueError."""
        of, git_dir, began, process, umask, count, *texts = map(os.fsdecode, data.split(b"\0"))
        arguments, variables = texts[: int(count)], texts[int(count) :]
        return cls(
            program=of,
            git_dir=git_dir,
            began=float(began),
            process=int(process),
            umask=int(umask),
            arguments=tuple(arguments),
            environment={name: value for name, _, value in (v.partition("=") for v in variables)},
        )


def _inode(file: Path) -> int | None:
    try:
        return file.stat().st_ino
    except OSError:
        return None


def _files() -> tuple[str, ...]:
    """Return the files of all code that is imported."""
    found = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    return tuple(file for file in found if file)


def _written(files: Iterable[str]) -> list[tuple[int, int]]:
    """Return when files were written, and their sizes."""
    found = []
    for file in files:
        try:
            # Each time that a hook comes: Path.stat would take five times as long.
            facts = os.stat(file)  # noqa: PTH116
            found.append((facts.st_mtime_ns, facts.st_size))
        except OSError:
            found.append((0, 0))
    return found


class _Standby:
    """What stands by for the hooks of a repository, of which `top` is one work tree."""

    def __init__(self, top: Path, place: _Place, is_held: Callable[[], bool]) -> None:
        self._top = top
        self._place = place
        self._is_held = is_held
        self._running: list[int] = []
        self._seconds = self._made_ready()
        # What the files of all code were soon after it was imported.
        self._files = _files()
        self._written = _written(self._files)

    def serve(self) -> None:
        """Fork for each that asks, until none does any more, or copilot's own files change.

        Raises CopilotError, OSError.
        """
        with self._place.listening() as listener:
            last = time.monotonic()
            while self._is_of_use() and (left := last + self._seconds - time.monotonic()) > 0:
                listener.settimeout(min(left, _PAUSE_SECONDS if self._running else _LOOK_SECONDS))
                try:
                    line, _ = listener.accept()
                except TimeoutError:
                    self._refresh()
                    continue
                with line:
                    line.settimeout(TAKE_SECONDS)
                    if not self._is_taken(line):
                        return
                last = time.monotonic()

    def _is_of_use(self) -> bool:
        return can_fork() and self._is_held() and self._place.socket_file.exists()

    def _refresh(self) -> None:
        """Once all hooks have ended, read what they left to be read."""
        running = [pid for pid in self._running if os.waitpid(pid, os.WNOHANG) == (0, 0)]
        if self._running and not running:
            self._seconds = self._made_ready()
        self._running = running

    def _made_ready(self) -> int:
        # Its imports are what takes long; who only begins a process that stands by needs none.
        from copilot.cli.standby_ready import get_ready

        gc.unfreeze()
        seconds = get_ready(self._top)
        gc.collect()
        # Else each process that is forked would write into all that it has in common with this.
        gc.freeze()
        return seconds

    def _is_taken(self, line: socket.socket) -> bool:
        """Have a process of its own do what is asked; False if this one is of no use any more."""
        try:
            asked = _received(line) if _is_alike(line) else None
        except (OSError, ValueError):
            return True
        if asked is None:
            return True
        if not asked.git_dir or _written(self._files) != self._written:
            return False
        if asked.program == program() and self._is_mine(asked):
            self._running.append(fork(partial(_run, line, asked)))
        return True

    def _is_mine(self, asked: _Asked) -> bool:
        return _Place.of(Path(asked.git_dir)).name == self._place.name


def _is_alike(line: socket.socket) -> bool:
    """Tell whether the other end is this user's, and sees the same files and networks."""
    size = struct.calcsize(_PEER)
    pid, user, _ = struct.unpack(
        _PEER, line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    )
    own, its = (Path(f"/proc/{one}/ns") for one in ("self", pid))
    return user == os.getuid() and all(
        (own / space).readlink() == (its / space).readlink() for space in _SPACES
    )


def _received(line: socket.socket) -> _Asked:
    """Return what is asked. Raises OSError, ValueError."""
    size = int.from_bytes(_bytes(line, LENGTH_BYTES))
    if size > _MOST_BYTES:
        raise ValueError("too long")
    return _Asked.decoded(_bytes(line, size))


def _bytes(line: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = line.recv(min(size, _PIECE_BYTES))
        if not part:
            raise ValueError("broken off")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _end_with(line: socket.socket) -> None:
    """End this process as soon as the other end is closed: who asked is gone."""

    def look(_signal: int, _frame: FrameType | None) -> None:
        with suppress(BlockingIOError):
            if not line.recv(1, socket.MSG_PEEK):
                os.kill(os.getpid(), signal.SIGKILL)

    line.setblocking(False)
    signal.signal(signal.SIGIO, look)
    fcntl.fcntl(line, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(line, fcntl.F_SETFL, fcntl.fcntl(line, fcntl.F_GETFL) | os.O_ASYNC)
    look(signal.SIGIO, None)


def _run(line: socket.socket, asked: _Asked) -> int:
    """Be the hook that is asked for, and tell its exit code."""
    line.sendall(os.getpid().to_bytes(LENGTH_BYTES))
    go, descriptors, _, _ = socket.recv_fds(line, 1, _DESCRIPTORS)
    if go != GO or len(descriptors) != _DESCRIPTORS:
        return ExitCode.USAGE
    # The socket that is listened on, and the lock, are not this process's to hold.
    close_all_but({line.fileno(), *descriptors})
    folder, stdin, stdout, stderr = descriptors
    os.fchdir(folder)
    take_streams(stdin, stdout, stderr, {line.fileno()})
    # A review that is forked closes what is inheritable: who asked waits for this process alone.
    line.set_inheritable(True)
    _end_with(line)
    os.umask(asked.umask)
    os.environ.clear()
    os.environ.update(asked.environment)
    take_from(os.environ)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from copilot.cli.hook_run import run
    from copilot.cli.talk import complain

    try:
        code = run(asked.arguments, asked.began, asked.process)
    except CopilotError as error:
        complain(error)
        code = error.exit_code
    sys.stdout.flush()
    sys.stderr.flush()
    with suppress(OSError):
        line.sendall(bytes([code]))
    return code
