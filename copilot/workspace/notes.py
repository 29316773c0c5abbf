"""Reviews kept in the repository itself, as notes under refs/notes/copilot."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from copilot.workspace.git import GitFailed, run_git

_REF = "--ref=refs/notes/copilot"
_MOST_BYTES = 1024 * 1024
_OBJECT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def tree_of_index(git_dir: Path, index: Path) -> str | None:
    """Return the tree that a commit of this index has, None where conflicts are left in it.

    It is written below `git_dir`, which may borrow objects of another; the index must be a copy.
    """
    environment = {"GIT_INDEX_FILE": os.fspath(index)}
    try:
        printed = run_git(git_dir, *_where(git_dir), "write-tree", environment=environment)
    except GitFailed:
        return None
    return printed.decode("ascii").strip()


def tree_of_head(top: Path) -> str | None:
    """Return the tree of the commit that is checked out, None before the first one."""
    try:
        printed = run_git(top, "rev-parse", "--verify", "--quiet", "HEAD^{tree}")
    except GitFailed:
        return None
    found = printed.decode("ascii", "replace").strip()
    return found if _OBJECT.fullmatch(found) else None


def write_note(git_dir: Path, name: str, text: str) -> bool:
    """Keep a text as the note on an object, in the place of an earlier one; False if git refuses.

    The object need not be there yet, if `name` is its full id. No hook runs, nothing else changes.
    """
    data = text.encode("utf-8", "replace")
    command = ("notes", _REF, "add", "--force", "--file=-", name)
    with suppress(GitFailed):
        if len(data) <= _MOST_BYTES:
            run_git(git_dir, *_where(git_dir), *command, stdin=data)
            return True
    return False


def _where(git_dir: Path) -> tuple[str, ...]:
    return (f"--git-dir={git_dir}",)
