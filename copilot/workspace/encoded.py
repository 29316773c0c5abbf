"""What changed in texts that git takes for binary, because each character has two bytes or four."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from copilot.workspace.diffs import DiffHunk
from copilot.workspace.encodings import read_text
from copilot.workspace.git import run_git
from copilot.workspace.patch_text import HUNK_OPTIONS, read_patch

_OLD, _NEW = "old", "new"
_DIFFERS = 1
_FLAGS = (
    *("-c", f"core.attributesFile={os.devnull}", "-c", "diff.suppressBlankEmpty=false"),
    *("diff", "--no-index", "--text", *HUNK_OPTIONS),
)


def hunks_of(old: bytes, new: bytes) -> tuple[DiffHunk, ...] | None:
    """Return how two files differ as texts; None if one is no text. Raises GitFailed.

    Line ends are line feeds here, as everywhere in texts that are decoded.
    """
    texts = read_text(old), read_text(new)
    if texts[0] is None or texts[1] is None:
        return None
    with tempfile.TemporaryDirectory(prefix="copilot-") as folder:
        for name, text in zip((_OLD, _NEW), texts, strict=True):
            (Path(folder) / name).write_bytes(text.text.encode() if text else b"")
        printed = run_git(Path(folder), *_FLAGS, "--", _OLD, _NEW, most_status=_DIFFERS)
    return tuple(hunk for part in read_patch(printed) for hunk in part.hunks)
