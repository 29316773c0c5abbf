"""git, called so that a hostile repository can start nothing (reference: threats, part 3)."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from copilot.errors import UsageError

# GitPython refuses to be imported where git is missing, unless told so.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
from git.cmd import Git
from git.exc import GitCommandNotFound

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
) -> bytes:
    """Return what `git ARGUMENTS` prints when run in `folder`. Raises GitFailed.

    `with_hooks` is for a commit the user asked for: their own hooks run as they do by hand.
    `environment` is set besides, and goes before what git is otherwise given; git reads `stdin`.
    """
    return run_git_warned(
        folder, *arguments, with_hooks=with_hooks, environment=environment, stdin=stdin
    )[0]


def run_git_warned(
    folder: Path,
    *arguments: str,
    with_hooks: bool = False,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
) -> tuple[bytes, str]:
    """Return what git prints, and what it warned of. Raises GitFailed."""
    flags = ("--no-pager", "--literal-pathspecs") if with_hooks else _FLAGS
    command = ["git", *flags, *arguments]
    try:
        with _input(stdin) as handed:
            status, output, complaint = Git(str(folder)).execute(
                command,
                istream=handed,
                env={**_ENVIRONMENT, **(environment or {})},
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
            )
    except GitCommandNotFound as error:
        raise GitFailed("git is not installed", "install git 2.35 or newer", 127) from error
    if status:
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


@contextmanager
def talking_git(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start `git ARGUMENTS` with pipes to and from it; it is ended when the block is left."""
    with subprocess.Popen(
        ["git", *_FLAGS, *arguments],  # noqa: S607  (as the user's PATH has it)
        cwd=folder,
        env={**os.environ, **_ENVIRONMENT},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def toplevel(folder: Path) -> Path | None:
    """Return the root of the work tree that holds `folder` (absolute), or None outside git.

    A root that a hostile `core.worktree` points to, away from the `.git` it is set in, is none.
    """
    try:
        printed = run_git(folder, "rev-parse", "--show-toplevel")
    except GitFailed as failure:
        if failure.status == 128 and "not a git repository" in failure.message:
            return None
        raise
    top = Path(os.fsdecode(printed.removesuffix(b"\n")))
    nearest = next((p for p in (folder, *folder.parents) if (p / ".git").exists()), None)
    return top if nearest is not None and nearest.resolve() == top else None


def _failure(folder: Path, complaint: str, status: int) -> GitFailed:
    last = complaint.strip().splitlines()[0] if complaint.strip() else f"exit code {status}"
    hint = "run the same with git to see more"
    if "dubious ownership" in complaint:
        hint = f"if you trust it: git config --global --add safe.directory {folder}"
    message = f"git cannot read {folder}: {last.removeprefix('fatal: ')}"
    return GitFailed(message, hint, status, complaint)
