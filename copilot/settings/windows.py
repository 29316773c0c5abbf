"""Windows as they were found to be, where a model claims more: one small file of the user's."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path


def found_window(file: Path, name: str) -> int | None:
    """Return the window in tokens that was found for a model, None if none or unreadable."""
    tokens = _read(file).get(name)
    return tokens if isinstance(tokens, int) and tokens > 0 else None


def keep_window(file: Path, name: str, tokens: int) -> None:
    """Keep a window for later commands; a disk that refuses costs only that."""
    windows = {**_read(file), name: tokens}
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, part = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            json.dump(windows, stream, indent=1, sort_keys=True)
        Path(part).replace(file)


def _read(file: Path) -> dict[str, object]:
    try:
        windows = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return windows if isinstance(windows, dict) else {}
