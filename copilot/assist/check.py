"""Running the user's own command on the result, in a scratch copy, before anything is written."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from copilot.assist.pack import Packed
from copilot.edits.changes import ChangeSet
from copilot.errors import UsageError

_SECONDS = 600
_SECRET_ENDINGS = ("_API_KEY", "_TOKEN", "_SECRET", "_PASSWORD")


@dataclass(frozen=True)
class Check:
    """What the command said; `passed` is whether it ended with 0 in time."""

    passed: bool
    output: str


def check_in_copy(
    packed: Packed, changes: ChangeSet, command: str, environment: Mapping[str, str]
) -> Check:
    """Copy the roots without ignored files, apply the changes there, and run the command.

    It runs in the copy of the only root, or in the folder that holds a copy of each. The
    environment loses our settings and everything named like a key. Raises UsageError.
    """
    with tempfile.TemporaryDirectory(prefix="copilot-check-") as name:
        folder = Path(name).resolve()
        try:
            _copy(packed, folder)
            _apply(changes, folder)
        except OSError as error:
            raise UsageError(
                f"cannot copy the files to check: {error}", "free some space"
            ) from error
        only = folder / packed.roots[0].alias if len(packed.roots) == 1 else folder
        return _run(command, only, environment)


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without our settings and what is named like a key."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith("COPILOT_") and not name.upper().endswith(_SECRET_ENDINGS)
    }


def _copy(packed: Packed, folder: Path) -> None:
    roots = {root.alias: root.path for root in packed.roots}
    for file in packed.snapshot.files:
        if file.repository not in roots:
            continue
        source = roots[file.repository] / file.path
        if not source.is_file() or source.is_symlink() or file.reason.startswith("ignored"):
            continue
        target = folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def _apply(changes: ChangeSet, folder: Path) -> None:
    for change in changes.changes:
        if change.old_path:
            (folder / change.repository / change.old_path).unlink()
        target = folder / change.name
        if change.after is None:
            target.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(change.after)


def _run(command: str, folder: Path, environment: Mapping[str, str]) -> Check:
    try:
        done = subprocess.run(  # noqa: S602  (the user wrote it, for their own shell)
            command,
            shell=True,
            cwd=folder,
            env=without_secrets(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Check(False, f"no end after {_SECONDS} seconds{os.linesep}")
    return Check(done.returncode == 0, done.stdout.decode("utf-8", "replace"))
