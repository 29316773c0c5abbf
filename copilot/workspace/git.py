"""git, called so that a hostile repository can start nothing (reference: threats, part 3)."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from copilot.errors import UsageError
from copilot.text import one_line
from copilot.workspace.special import is_endless, refuse_pipes

if TYPE_CHECKING:
    from git.cmd import Git
    from git.exc import GitCommandNotFound
else:
    from copilot.workspace.gitpython import Git, GitCommandNotFound

_SAFE_SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "diff.external=",
    "protocol.ext.allow=never",
    "safe.bareRepository=explicit",
)
_FLAGS = (
    "--no-optional-locks",
    "--no-pager",
    "--literal-pathspecs",
    *(part for setting in _SAFE_SETTINGS for part in ("-c", setting)),
)
_ENVIRONMENT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
# A partial clone fetches an object it lacks, by the command or URL that its configuration names;
# a replaced object would not be the one that the revision stands for.
_READING = {
    **_ENVIRONMENT,
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
}

# What git started may outlive it for a moment.
_END_SECONDS = 2.0
# Settings that name a file for git to read; where no such word stands, git need not be asked.
_MOST_SEARCHED = 1024 * 1024
_NAMES_FILES = re.compile(rb"include|excludesfile", re.IGNORECASE)
_FILE_KEYS = r"^include\.path$|^includeif\..*\.path$|^core\.excludesfile$"


class GitFailed(UsageError):
    """git refused; `status` is its exit code, `complaint` all that it said."""

    def __init__(self, message: str, hint: str, status: int, complaint: str = "") -> None:
        super().__init__(message, hint)
        self.status = status
        self.complaint = complaint


def run_git(
    folder: Path,
    *arguments: str,
    with_hooks: bool = False,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    most_status: int = 0,
) -> bytes:
    """Return what `git ARGUMENTS` prints when run in `folder`. Raises GitFailed.

    `with_hooks` is for a commit the user asked for: their own hooks run as they do by hand.
    `environment` is set besides, and goes before what git is otherwise given; git reads `stdin`.
    An exit code up to `most_status` is no failure: some commands answer with it.
    """
    return run_git_warned(
        folder,
        *arguments,
        with_hooks=with_hooks,
        environment=environment,
        stdin=stdin,
        most_status=most_status,
    )[0]


def run_git_warned(
    folder: Path,
    *arguments: str,
    with_hooks: bool = False,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    most_status: int = 0,
) -> tuple[bytes, str]:
    """Return what git prints, and what it warned of. Raises GitFailed."""
    flags = ("--no-pager", "--literal-pathspecs") if with_hooks else _FLAGS
    given = _ENVIRONMENT if with_hooks else _READING
    command = ["git", *flags, *arguments]
    try:
        with _input(stdin) as handed:
            status, output, complaint = Git(str(folder)).execute(
                command,
                istream=handed,
                env={**given, **(environment or {})},
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
            )
    except GitCommandNotFound as error:
        raise _no_git() from error
    # Below zero it was ended by a signal.
    if not 0 <= int(status) <= most_status:
        raise _failure(folder, str(complaint), int(status))
    return bytes(output), str(complaint)


@contextmanager
def _input(data: bytes) -> Iterator[BinaryIO | None]:
    """Yield a nameless file that holds the data, None for none; GitPython takes files, no bytes."""
    if not data:
        yield None
        return
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield cast("BinaryIO", file)


class BegunGit:
    """A call of git that runs while other things are done; dropped before its end, it is ended."""

    def __init__(
        self, folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start `git ARGUMENTS` in `folder`, as `run_git` does. Raises GitFailed."""
        self._folder = folder
        # Files, so that git never waits until somebody reads.
        self._output = tempfile.TemporaryFile()  # noqa: SIM115
        self._complaint = tempfile.TemporaryFile()  # noqa: SIM115
        files = (self._output, self._complaint)
        try:
            self._process = subprocess.Popen(
                ["git", *_FLAGS, *arguments],  # noqa: S607  (as the user's PATH has it)
                cwd=folder,
                env={**os.environ, **_READING, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._complaint,
            )
        except FileNotFoundError as error:
            _close(files)
            raise _no_git() from error
        self._parent = os.getpid()
        self._drop = weakref.finalize(self, _end, self._process, files, self._parent)

    def end(self) -> bytes:
        """Wait, and return what git printed; to be called once. Raises GitFailed."""
        is_own = os.getpid() == self._parent
        status = self._process.wait() if is_own else _await_others(self._process.pid)
        self._output.seek(0)
        self._complaint.seek(0)
        output, complaint = self._output.read(), self._complaint.read()
        self._drop()
        # How another's process ended, only that one learns.
        if status or not (is_own or output):
            raise _failure(self._folder, complaint.decode("utf-8", "replace"), status or 1)
        return output


def _end(process: subprocess.Popen[bytes], files: Sequence[BinaryIO], parent: int) -> None:
    """End a process that nobody waits for any longer; in a fork it is another's."""
    if os.getpid() == parent and process.returncode is None:
        process.kill()
        process.wait()
    _close(files)


def _await_others(pid: int) -> int:
    """Wait for a process that was begun before this one was forked."""
    with suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        select.select([handle], [], [])
        os.close(handle)
    return 0


def _close(files: Sequence[BinaryIO]) -> None:
    for file in files:
        file.close()


@contextmanager
def talking_git(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start `git ARGUMENTS` with pipes to and from it; it is ended when the block is left."""
    with subprocess.Popen(
        ["git", *_FLAGS, *arguments],  # noqa: S607  (as the user's PATH has it)
        cwd=folder,
        env={**os.environ, **_READING},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def network_git(
    folder: Path, *arguments: str, environment: Mapping[str, str], held: int
) -> Iterator[subprocess.Popen[bytes]]:
    """Start `git ARGUMENTS` with pipes from it; it and all it started end with the block.

    In a session of its own it has no terminal to ask on. The descriptor `held` stays open while any
    of its processes lives, whatever becomes of this one. Raises GitFailed.
    """
    try:
        process = subprocess.Popen(
            ["git", *_FLAGS, *arguments],  # noqa: S607  (as the user's PATH has it)
            cwd=folder,
            env={**os.environ, **_ENVIRONMENT, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(held,),
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise _no_git() from error
    with process:
        try:
            yield process
        finally:
            # Once it has been waited for, its number may be another's.
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                with suppress(subprocess.TimeoutExpired):
                    process.communicate(timeout=_END_SECONDS)


def _no_git() -> GitFailed:
    return GitFailed("git is not installed", "install git 2.35 or newer", 127)


def toplevel(folder: Path) -> Path | None:
    """Return the root of the work tree that holds `folder` (absolute), or None outside git.

    A root that a hostile `core.worktree` points to, away from the `.git` it is set in, is none.
    Raises GitFailed, or UsageError where git would wait for ever.
    """
    nearest = next((p for p in (folder, *folder.parents) if (p / ".git").exists()), None)
    if nearest is not None:
        refuse_pipes(nearest / ".git")
        _refuse_pipes_named(nearest / ".git" / "config", nearest)
    try:
        printed = run_git(folder, "rev-parse", "--show-toplevel")
    except GitFailed as failure:
        if failure.status == 128 and "not a git repository" in failure.message:
            return None
        raise
    top = Path(os.fsdecode(printed.removesuffix(b"\n")))
    return top if nearest is not None and nearest.resolve() == top else None


def _refuse_pipes_named(config: Path, folder: Path, depth: int = 10) -> None:
    """Raise UsageError if a configuration makes git read a pipe or a device, as this may not end.

    `folder` is what `core.excludesFile` is relative to; included files are relative to their own.
    """
    if not config.is_file() or not depth:
        return
    with config.open("rb") as file:
        if not _NAMES_FILES.search(file.read(_MOST_SEARCHED)):
            return
    command = ("config", "--file", str(config), "--no-includes", "-z", "--get-regexp", _FILE_KEYS)
    with suppress(GitFailed):
        for entry in run_git(Path("/"), *command).split(b"\0")[:-1]:
            key, _, value = entry.partition(b"\n")
            is_rules = key == b"core.excludesfile"
            # Path.expanduser would raise for a user whom nobody knows.
            path = os.path.expanduser(os.fsdecode(value))  # noqa: PTH111
            named = (folder if is_rules else config.parent) / path
            if is_endless(named):
                said = one_line(f"{config} names {named}, which is no file")
                raise UsageError(said, "take it out there")
            if not is_rules:
                _refuse_pipes_named(named, folder, depth - 1)


def _failure(folder: Path, complaint: str, status: int) -> GitFailed:
    last = complaint.strip().splitlines()[0] if complaint.strip() else f"exit code {status}"
    hint = "run the same with git to see more"
    if "dubious ownership" in complaint:
        hint = f"if you trust it: git config --global --add safe.directory {one_line(str(folder))}"
    message = f"git cannot read {one_line(str(folder))}: {last.removeprefix('fatal: ')}"
    if "cannot use bare repository" in complaint:
        message = f"{one_line(str(folder))} is a bare repository: no files are checked out there"
        hint = "go to a work tree of it: git worktree list"
    return GitFailed(message, hint, status, complaint)
