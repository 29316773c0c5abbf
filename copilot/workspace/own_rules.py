"""What `.copilotignore` files leave out, where they lie in git's objects and not on a disk."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterable, Mapping, Set
from pathlib import Path

from copilot.workspace.listing import matched_by_own_rules


def matched_by_texts(
    git_dir: Path | str,
    texts: Iterable[tuple[str, bytes]],
    environment: Mapping[str, str] | None = None,
) -> Set[str]:
    """Return the names in a repository's index that rules leave out, given by path and contents.

    git reads such files from a work tree only: it gets one that holds nothing else. Raises
    GitFailed.
    """
    with tempfile.TemporaryDirectory(prefix="copilot-") as name:
        folder = Path(name)
        for path, data in texts:
            _put(folder / path, data)
        as_if = (f"--git-dir={git_dir}", f"--work-tree={folder}")
        return matched_by_own_rules(folder, *as_if, environment=environment)


def _put(file: Path, data: bytes) -> None:
    """Write a file, unless no disk could hold one of that name beside the others."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    except OSError as error:
        if error.errno not in {errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG}:
            raise
