"""Handing a hook over to a process that stands by with everything loaded, where there is one.

git waits for what is imported here, so this does without most of what the rest of copilot is
written with. See copilot.cli.standby for the other end.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time

import copilot

LENGTH_BYTES = 8
GO = b"g"
# Who stands by answers at once, or is no help.
TAKE_SECONDS = 1.0
FAILED, INTERRUPTED = 70, 130
_END_SECONDS = 2.0


def run_by_standby(arguments: list[str]) -> int | None:
    """Return the exit code of a hook that a process standing by ran; None where none did."""
    began = time.monotonic()
    git_dir = git_dir_here()
    if sys.platform != "linux" or not git_dir:
        return None
    try:
        with connected(git_dir) as line:
            mask = os.umask(0o077)
            os.umask(mask)
            numbers = (repr(began), str(os.getppid()), str(mask), str(len(arguments)))
            variables = (f"{name}={value}" for name, value in os.environ.items())
            texts = (program(), os.path.realpath(git_dir), *numbers, *arguments, *variables)
            runner = _handed_over(line, texts)
            if runner is None:
                return None
            code = _awaited(line, runner)
            # What git says of a push can be read only once: to begin anew would find nothing.
            return FAILED if code is None and arguments[:1] == ["pre-push"] else code
    except OSError:
        return None


def end_standby(git_dir: str) -> None:
    """Have the process that stands by for a repository end, or that is about to."""
    try:
        os.unlink(os.path.join(folder(), f"{name_of(git_dir)}.lock"))
        with connected(git_dir) as line:
            _handed_over(line, (program(), "", "0", "0", "0", "0"))
    except OSError:
        return


def git_dir_here() -> str:
    """Return where the state of the work tree lies whose top this is, "" if it is none's."""
    if os.path.isdir(".git"):
        return ".git"
    try:
        with open(".git", "rb") as file:
            return os.fsdecode(file.read()).removeprefix("gitdir:").strip()
    except OSError:
        return ""


def folder() -> str:
    """Return where those who stand by are reached: a folder in the user's own state."""
    home = os.environ.get("XDG_STATE_HOME", "").strip() or os.path.expanduser("~/.local/state")
    return os.path.join(home, "repo-copilot", "standby")


def name_of(git_dir: str) -> str:
    """Return what a repository is called there: all its work trees have the same.

    Raises OSError.
    """
    common = git_dir
    try:
        with open(os.path.join(git_dir, "commondir"), "rb") as file:
            common = os.path.join(git_dir, os.fsdecode(file.read()).strip())
    except OSError:
        pass
    facts = os.stat(common)
    return f"{facts.st_dev:x}-{facts.st_ino:x}"


def address(opened: int, name: str) -> str:
    """Return a socket's path by its folder's descriptor: sockets take none that is long."""
    return f"/proc/self/fd/{opened}/{name}.socket"


def program() -> str:
    """Return what tells this program from another, or another version of it."""
    return f"{copilot.__version__} {sys.executable} {copilot.__file__}"


def connected(git_dir: str) -> socket.socket:
    """Return a line to the process that stands by for a repository. Raises OSError."""
    opened = os.open(folder(), os.O_RDONLY | os.O_DIRECTORY)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(TAKE_SECONDS)
        line.connect(address(opened, name_of(git_dir)))
    except OSError:
        line.close()
        raise
    finally:
        os.close(opened)
    return line


def _handed_over(line: socket.socket, texts: tuple[str, ...]) -> int | None:
    """Hand a hook over; return the process that runs it, None if there is none.

    None of the texts can hold a NUL.
    """
    data = b"\0".join(map(os.fsencode, texts))
    line.sendall(len(data).to_bytes(LENGTH_BYTES) + data)
    runner = line.recv(LENGTH_BYTES)
    if not runner:
        return None
    # Only to who answers: whoever reads these streams to their end would wait for it.
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        socket.send_fds(line, [GO], [here, 0, 1, 2])
    finally:
        os.close(here)
    line.settimeout(None)
    return int.from_bytes(runner)


def _awaited(line: socket.socket, runner: int) -> int | None:
    """Return the exit code as it comes; None if the process ended without one."""
    try:
        code = line.recv(1)
    except ConnectionError:
        return None
    except KeyboardInterrupt:
        os.kill(runner, signal.SIGINT)
        line.settimeout(_END_SECONDS)
        line.recv(1)
        return INTERRUPTED
    return code[0] if code else None
