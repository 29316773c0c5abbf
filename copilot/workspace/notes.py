"""Reviews kept in the repository itself, as notes under refs/notes/copilot."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from copilot.workspace.git import BegunGit, GitFailed, run_git
from copilot.workspace.git_state import common_dir_of

_REF = "refs/notes/copilot"
_MOST_BYTES = 1024 * 1024
_OBJECT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def begin_tree_of_index(git_dir: Path, index: Path) -> Callable[[], str | None]:
    """Have git tell the tree that a commit of this index has; what is returned ends that.

    It is None where conflicts are left in it. It is written below `git_dir`, which may borrow
    objects of another; the index must be a copy.
    """
    environment = {"GIT_INDEX_FILE": os.fspath(index)}
    try:
        begun = BegunGit(git_dir, *_where(git_dir), "write-tree", environment=environment)
    except GitFailed:
        return lambda: None

    def end() -> str | None:
        try:
            return begun.end().decode("ascii").strip()
        except GitFailed:
            return None

    return end


def tree_of_head(top: Path) -> str | None:
    """Return the tree of the commit that is checked out, None before the first one."""
    return _id_of(top, "HEAD^{tree}")


def commit_of_head(top: Path) -> str | None:
    """Return the commit that is checked out, None before the first one."""
    return _id_of(top, "HEAD^{commit}")


def _id_of(top: Path, name: str) -> str | None:
    try:
        printed = run_git(top, "rev-parse", "--verify", "--quiet", name)
    except GitFailed:
        return None
    found = printed.decode("ascii", "replace").strip()
    return found if _OBJECT.fullmatch(found) else None


def write_note(git_dir: Path, name: str, text: str) -> bool:
    """Keep a text as the note on an object, in the place of an earlier one; False if git refuses.

    The object need not be there yet, if `name` is its full id. No hook runs, nothing else changes.
    """
    data = text.encode("utf-8", "replace")
    command = ("notes", f"--ref={_REF}", "add", "--force", "--file=-", name)
    with suppress(GitFailed, OSError):
        if len(data) <= _MOST_BYTES and not _is_another_name(git_dir):
            with _one_at_a_time(git_dir):
                run_git(git_dir, *_where(git_dir), *command, stdin=data)
            return True
    return False


@contextmanager
def _one_at_a_time(git_dir: Path) -> Iterator[None]:
    """Hold a lock in the block: of two notes written at once, git loses one and says nothing."""
    handle = os.open(common_dir_of(git_dir), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Not every network's file system has locks.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _is_another_name(git_dir: Path) -> bool:
    """Tell whether the ref of the notes stands for another ref: git would write into that one."""
    try:
        run_git(git_dir, *_where(git_dir), "symbolic-ref", "--quiet", _REF)
    except GitFailed as failure:
        if failure.status == 1:
            return False
        raise
    return True


def _where(git_dir: Path) -> tuple[str, ...]:
    return (f"--git-dir={git_dir}",)
