"""What a repository is in the middle of, told by plain files: no process, nothing large imported.

The names are git's own (wt-status.c, sequencer.h).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

# Below the folder of a work tree's own state.
DOING = {
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase or git am",
    "sequencer": "several picks or reverts",
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "BISECT_LOG": "a bisection",
}


def doing(git_dir: Path) -> str:
    """Return what git is in the middle of there, "" for nothing."""
    return next((what for name, what in DOING.items() if os.path.lexists(git_dir / name)), "")


def git_dir_of(top: Path, environment: Mapping[str, str]) -> Path | None:
    """Return where the state of the work tree at `top` lies: as git says in a hook, else there."""
    if given := environment.get("GIT_DIR"):
        return top / given
    inside = top / ".git"
    if inside.is_dir():
        return inside
    try:
        said = inside.read_bytes()
    except OSError:
        return None
    path = os.fsdecode(said).removeprefix("gitdir:").strip()
    return top / path if path else None


def common_dir_of(git_dir: Path) -> Path:
    """Return what all work trees of a repository share, by the state's folder of one of them."""
    try:
        said = (git_dir / "commondir").read_bytes()
    except OSError:
        return git_dir
    return git_dir / os.fsdecode(said).strip()
