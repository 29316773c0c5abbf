"""Running the user's own command on the result, in a scratch copy, before anything is written."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from copilot.edits.changes import ChangeSet, FileChange
from copilot.errors import UsageError
from copilot.workspace.listing import list_root
from copilot.workspace.model import Root
from copilot.workspace.submodules import with_submodules

DEFAULT_SECONDS = 600
# Of what the command prints the end is kept: failures stand there.
_KEPT_BYTES = 200_000
_SECRET_ENDINGS = ("_API_KEY", "_TOKEN", "_SECRET", "_PASSWORD")
_EXECUTABLE = 0o111


@dataclass(frozen=True)
class Check:
    """What the command said; `passed` is whether it ended with 0 in time."""

    passed: bool
    output: str


@dataclass(frozen=True)
class CheckCommand:
    """A command of the user's, in their own shell, and how many seconds it may take.

    `hidden` are names of environment variables that hold keys, besides those that look like it.
    """

    command: str
    seconds: int = DEFAULT_SECONDS
    hidden: frozenset[str] = frozenset()


def check_in_copy(
    roots: Sequence[Root],
    changes: ChangeSet,
    check: CheckCommand,
    environment: Mapping[str, str],
) -> Check:
    """Copy the roots without ignored files, apply the changes there, and run the command.

    It runs in the copy of the only root, or in the folder that holds a copy of each. The
    environment loses our settings and everything named like a key. Raises UsageError.
    """
    with tempfile.TemporaryDirectory(prefix="copilot-check-") as name:
        folder = Path(name).resolve()
        try:
            for root in roots:
                _copy_root(root, folder / root.alias)
            for change in changes.changes:
                _apply(change, folder / change.repository)
        except OSError as error:
            raise UsageError(
                f"cannot copy the files to check: {error}", "free some space"
            ) from error
        where = folder / roots[0].alias if len(roots) == 1 else folder
        return _run(check, where, without_secrets(environment, check.hidden))


def without_secrets(environment: Mapping[str, str], hidden: Collection[str] = ()) -> dict[str, str]:
    """Return the environment without our settings and what is named like a key."""
    return {
        name: value
        for name, value in environment.items()
        if name not in hidden
        and not name.startswith("COPILOT_")
        and not name.upper().endswith(_SECRET_ENDINGS)
    }


def _copy_root(root: Root, folder: Path) -> None:
    """Copy what git would not ignore, that of checked out submodules too."""
    folder.mkdir(parents=True)
    outer, submodules = with_submodules([root])
    for one in (*outer, *submodules):
        inner = folder / one.path.relative_to(root.path)
        for path in _paths(one):
            _copy_file(one.path / path, inner / path)


def _paths(root: Root) -> Iterator[str]:
    for file in list_root(root).files:
        if file.origin != "ignored" and not file.path.endswith("/"):
            yield file.path


def _copy_file(source: Path, target: Path) -> None:
    """Copy a regular file with its mode, and a link that leads to no other place than here."""
    with suppress(FileNotFoundError, NotADirectoryError):
        mode = source.lstat().st_mode
        if stat.S_ISREG(mode):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
        elif stat.S_ISLNK(mode) and _stays_beside(source):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(source.readlink())


def _stays_beside(link: Path) -> bool:
    """Tell whether a link leads to its own folder, or below: its copy then leads into the copy."""
    target = link.readlink()
    return not target.is_absolute() and ".." not in target.parts


def _apply(change: FileChange, folder: Path) -> None:
    target = folder / change.path
    old = folder / (change.old_path or change.path)
    mode = old.stat().st_mode & 0o777 if old.exists() else 0o644
    if old.exists() and (change.old_path or change.after is None):
        old.unlink()
    if change.after is None:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    # The copy may be a file that cannot be written to, as it is in the repository.
    target.unlink(missing_ok=True)
    target.write_bytes(change.after)
    if change.mode is not None:
        mode = mode | _EXECUTABLE if change.mode & _EXECUTABLE else mode & ~_EXECUTABLE
    target.chmod(mode)


def _run(check: CheckCommand, folder: Path, environment: Mapping[str, str]) -> Check:
    # A file, and no pipe: what the command leaves running in the background may keep a pipe open.
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(  # noqa: S602  (the user wrote it, for their own shell)
            check.command,
            shell=True,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        late = ""
        try:
            process.wait(check.seconds)
        except subprocess.TimeoutExpired:
            late = f"no end after {check.seconds} seconds{os.linesep}"
        finally:
            _end(process)
        return Check(not late and process.returncode == 0, _end_of(output) + late)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop all that the command started; its own process first had its end told by `wait`."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _end_of(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _KEPT_BYTES))
    kept = output.read().decode("utf-8", "replace")
    return kept if size <= _KEPT_BYTES else f"… (the end of {size:,} bytes)\n{kept}"
