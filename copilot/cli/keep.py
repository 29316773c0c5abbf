"""Files that a command writes outside the repositories: prompts, manifests, patches, replies."""

from __future__ import annotations

import os
import time
from pathlib import Path

from copilot.assist.pack import Packed
from copilot.context.manifest import manifest, to_json
from copilot.errors import UsageError


def write_file(path: Path, *parts: bytes) -> None:
    """Write a file the user asked for. Raises UsageError with the system's reason."""
    try:
        with path.open("wb") as file:
            file.writelines(parts)
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror}", "choose another place, or free some space"
        ) from error


def write_manifest(path: Path, packed: Packed, limit: int, model: str | None) -> None:
    """Write what the model saw; `limit` is the budget in force, in tokens."""
    document = manifest(packed.prompt, packed.snapshot, limit, model)
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
