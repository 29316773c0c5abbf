"""Files that a command writes outside the repositories: prompts, manifests, patches, replies."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from copilot.assist.pack import Packed
from copilot.context.manifest import manifest, to_json
from copilot.errors import UsageError
from copilot.workspace.masker import Masker


def write_file(path: Path, *parts: bytes | memoryview) -> None:
    """Write a file the user asked for, whole or not at all. Raises UsageError with the reason."""
    try:
        # What stands in /dev may lead to a file that others write to as well.
        if path.is_relative_to("/dev") or (path.exists() and not path.is_file()):
            with path.open("wb") as stream:
                stream.writelines(parts)
        else:
            _replace(path.resolve(), parts)
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror}", "choose another place, or free some space"
        ) from error


def _replace(path: Path, parts: Sequence[bytes | memoryview]) -> None:
    """Write beside and rename, so that a full disk leaves what was there."""
    mode = path.stat().st_mode if path.exists() else 0o666 & ~_umask()
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:50]}.", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(parts)
        part.chmod(mode & 0o777)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def manifest_of(
    packed: Packed, limit: int, model: str | None, masker: Masker | None
) -> dict[str, Any]:
    """Return what the model saw; `limit` is the budget in force, in tokens."""
    mode = str(packed.mode)
    return manifest(packed.prompt, packed.snapshot, limit, model, mode=mode, masker=masker)


def write_manifest(
    path: Path, packed: Packed, limit: int, model: str | None, masker: Masker | None
) -> None:
    """Write what the model saw; `limit` is the budget in force, in tokens."""
    document = manifest_of(packed, limit, model, masker)
    write_file(path, to_json(document).encode("ascii"))


def keep_reply(folder: Path, text: str) -> Path:
    """Keep a reply in the user's state folder and return its path."""
    path = folder / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(f"cannot keep the reply in {folder}: {error.strerror}") from error
    return path
