"""Suggested changes on what is staged: placed, kept to be taken back, and taken back."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import msgspec

from copilot.assist.propose import Ground
from copilot.assist.standing import Standing
from copilot.edits.changes import ChangeSet
from copilot.edits.operations import Target
from copilot.errors import EditsRefused, UsageError, WriteFailed
from copilot.workspace.contents import blob_id
from copilot.workspace.model import Root
from copilot.workspace.objects import read_blobs
from copilot.workspace.stage import StagedFile, stage, staged_files
from copilot.workspace.targets import TargetFile

_EXECUTABLE = "100755"


@dataclass(frozen=True)
class StagedFiles(Standing):
    """The files of one root as they are staged."""

    @cached_property
    def entries(self) -> Mapping[str, StagedFile]:
        return staged_files(self.roots[0])

    def read_disk(self, target: Target) -> TargetFile:
        """Return a file as it is staged."""
        entry = self.entries.get(target.path)
        if entry is None:
            return TargetFile(None)
        if entry.problem:
            return TargetFile(None, entry.problem)
        data = dict(read_blobs(self.roots[0].path, [entry.blob])).get(entry.blob)
        why = "" if data is not None else "too large, or not among git's objects"
        return TargetFile(data, why, entry.mode == _EXECUTABLE)


@dataclass(frozen=True)
class StagedGround(Ground):
    """What edits are placed on if they are to change what is staged in the one root."""

    @cached_property
    def files(self) -> StagedFiles:
        return StagedFiles(self.roots, self.standing)


class _Undo(msgspec.Struct, frozen=True):
    """How files were staged before a fix, and the blobs they had after it; bytes in base64."""

    root: str
    label: str
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)


def fix_staged(root: Root, changes: ChangeSet, files: StagedFiles, kept: Path, label: str) -> None:
    """Put accepted changes into the index; what was staged is kept in the folder `kept`.

    Each must be of the content of a file that stays. Raises EditsRefused, GitFailed, WriteFailed.
    """
    contents: dict[str, bytes] = {}
    before: dict[str, bytes] = {}
    for change in changes.changes:
        if change.before is None or change.after is None or change.old_path or change.changes_mode:
            raise EditsRefused(
                f"{change.name}: only what a file holds can be changed in the index",
                "edit it there",
            )
        contents[change.path], before[change.path] = change.after, change.before
    sizes = {path: len(entry.blob) for path, entry in files.entries.items()}
    # What a change was made from, not what is staged by now.
    blobs = {path: blob_id(data, sizes.get(path, 40)) for path, data in before.items()}
    encoded = {path: base64.b64encode(data).decode("ascii") for path, data in before.items()}
    after = {path: blob_id(data, len(blobs[path])) for path, data in contents.items()}
    file = _file(root, kept)
    earlier = file.read_bytes() if file.is_file() else None
    _write(file, msgspec.json.encode(_Undo(str(root.path), label, encoded, after)))
    is_done = False
    try:
        stage(root, blobs, contents)
        is_done = True
    finally:
        if not is_done and earlier is not None:
            _write(file, earlier)
        elif not is_done:
            file.unlink(missing_ok=True)


def unfix_staged(root: Root, kept: Path) -> tuple[str, ...]:
    """Stage again what was staged before the last fix; return the paths.

    Raises UsageError if there was none, EditsRefused if one is staged otherwise since.
    """
    file = _file(root, kept)
    try:
        undo = msgspec.json.decode(file.read_bytes(), type=_Undo)
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(
            "no fix of what is staged is kept here", "copilot undo takes back what was written"
        ) from error
    contents = {path: base64.b64decode(data) for path, data in undo.before.items()}
    stage(root, undo.after, contents)
    file.unlink(missing_ok=True)
    return tuple(contents)


def _file(root: Root, kept: Path) -> Path:
    return kept / f"{hashlib.sha256(os.fsencode(root.path)).hexdigest()[:24]}.json"


def _write(file: Path, data: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, part = tempfile.mkstemp(prefix=".part-", dir=file.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(part).replace(file)
    except OSError as error:
        raise WriteFailed(
            f"what is staged cannot be kept in {file.parent}: {error.strerror}",
            "free some space, or mend the folder's permissions",
        ) from error
