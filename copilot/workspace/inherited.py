"""What git told this process of the repository that it runs a hook for."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path

# git rev-parse --local-env-vars; they would make git read that repository instead of the roots.
VARIABLES = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)
_INDEX, _GIT_DIR, _HERE = "index", "git dir", "here"
_taken: dict[str, Path] = {}


def take_from(environment: MutableMapping[str, str]) -> None:
    """Take git's variables out of an environment; the index that they name is remembered."""
    _taken.clear()
    given = {name: environment.pop(name) for name in VARIABLES if name in environment}
    if not given.get("GIT_INDEX_FILE"):
        return
    # Its folder may have been removed meanwhile.
    with suppress(FileNotFoundError):
        here = Path.cwd()
        _taken.update({_HERE: here, _INDEX: here / given["GIT_INDEX_FILE"]})
        if given.get("GIT_DIR"):
            _taken[_GIT_DIR] = here / given["GIT_DIR"]


def index_of(root: Path) -> dict[str, str]:
    """Return the variable with which git reads the index it meant, none where it meant its own.

    `git commit -a` and `git commit PATH` keep what they commit in an index apart. It counts for
    the repository that it was named for, and for no other. Raises GitFailed.
    """
    if not _taken:
        return {}
    from copilot.workspace.git import GitFailed, run_git

    asked = ("rev-parse", "--absolute-git-dir")
    named = _taken.get(_GIT_DIR)
    where = (f"--git-dir={named}",) if named else ()
    try:
        meant = run_git(_taken[_HERE], *where, *asked)
    except GitFailed:
        return {}
    if Path(os.fsdecode(meant)).resolve() != Path(os.fsdecode(run_git(root, *asked))).resolve():
        return {}
    return {"GIT_INDEX_FILE": os.fspath(_taken[_INDEX])}
