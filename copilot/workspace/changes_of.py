"""What changed in a repository: staged, in a range of commits, on disk, or as a patch says.

Whatever its configuration and attributes are, git starts no program for it and writes nothing, not
even to refresh its index.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from copilot.errors import UsageError
from copilot.text import one_line
from copilot.workspace.compared import Comparison, Place, compare
from copilot.workspace.diffs import Diff, DiffFile, DiffHunk, DiffLine
from copilot.workspace.git import BegunGit, GitFailed, run_git
from copilot.workspace.inherited import index_of
from copilot.workspace.model import Root
from copilot.workspace.patch_files import files_of
from copilot.workspace.patch_text import read_patch

__all__ = ["Changes", "Diff", "DiffFile", "DiffHunk", "DiffLine", "What", "range_of", "read_diff"]


class What(Enum):
    """What is compared: the index with HEAD, two commits, HEAD with the work tree, or a patch."""

    STAGED = "staged"
    RANGE = "range"
    WORK_TREE = "worktree"
    PATCH = "patch"


@dataclass(frozen=True)
class Changes:
    """What to read the diff of; `old` and `new` are the ends of a range, `patch` a patch's bytes.

    With `from_base` a range begins where its ends part; without an `old`, everything in it is new.
    """

    what: What
    old: str | None = None
    new: str | None = None
    patch: bytes = b""
    from_base: bool = False


_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT = 12


def range_of(text: str) -> Changes:
    """Return the range that `A..B`, `A...B` or `A` (up to HEAD) names. Raises UsageError."""
    dots = "..." if "..." in text else ".."
    old, _, new = text.partition(dots)
    if not (old or new) or old.startswith("-") or new.startswith(("-", ".")):
        raise UsageError(f"not a range: {one_line(text)}", "write it as A..B")
    return Changes(What.RANGE, old or "HEAD", new or "HEAD", from_base=dots == "...")


def read_diff(root: Root, changes: Changes) -> Diff:
    """Return what changed below a root. Raises GitFailed, or UsageError for a range or a patch."""
    if changes.what is What.PATCH:
        return _of_patch(changes.patch)
    if not root.is_git:
        raise UsageError(f"{one_line(str(root.path))} is no git repository", "name one with --root")
    if changes.what is What.RANGE:
        return _of_range(root.path, changes)
    if changes.what is What.WORK_TREE:
        return _of_work_tree(root.path)
    return _of_index(root.path)


def _of_index(root: Path) -> Diff:
    environment = index_of(root)
    listed = BegunGit(root, "ls-files", "--stage", "-z", environment=environment)
    place, commit, tree = _head(root)
    ends = (tree or _empty_tree(root),)
    files = compare(Comparison(place, ("diff-index", "--cached"), ends, environment))
    key = _key("staged", tree or "", listed.end())
    return Diff(tuple(files), key, commit, f"what is staged, against {_short(commit)}")


def _of_range(root: Path, changes: Changes) -> Diff:
    new = _commit(root, changes.new or "HEAD")
    old = _commit(root, changes.old) if changes.old is not None else None
    if old and changes.from_base:
        old = _merge_base(root, old, new)
    trees = (_tree(root, old), _tree(root, new))
    files = compare(Comparison(_head(root)[0], ("diff-tree", "-r"), trees))
    said = f"{_short(old)}..{_short(new)}"
    return Diff(tuple(files), _key("range", *trees), new, said)


def _of_work_tree(root: Path) -> Diff:
    place, commit, tree = _head(root)
    ends = (tree or _empty_tree(root),)
    files = tuple(compare(Comparison(place, ("diff-index",), ends, on_disk=True)))
    key = _key("worktree", tree or "", repr(files))
    return Diff(files, key, commit, f"tracked files on disk, against {_short(commit)}")


def _of_patch(patch: bytes) -> Diff:
    files = tuple(files_of(read_patch(patch)))
    if not files and patch.strip():
        raise UsageError("no diff in what was given", "give the output of git diff")
    return Diff(files, _key("patch", patch), None, "a patch")


def _short(commit: str | None) -> str:
    return commit[:_SHORT] if commit else "nothing"


def _head(root: Path) -> tuple[Place, str | None, str | None]:
    """Return where a root is, the commit checked out and its tree, None before the first one."""
    asked = ("--absolute-git-dir", "--show-prefix", "--revs-only", "HEAD", "HEAD^{tree}")
    printed = os.fsdecode(run_git(root, "rev-parse", *asked).removesuffix(b"\n"))
    # A folder's name may hold line feeds, and a prefix ends in a slash or is empty.
    lines = printed.split("\n")
    has_commit = bool(_COMMIT.fullmatch(lines[-1]))
    place = lines[:-2] if has_commit else lines
    commit, tree = lines[-2:] if has_commit else (None, None)
    return Place(root, "\n".join(place[:-1]), place[-1]), commit, tree


def _commit(root: Path, name: str) -> str:
    """Return the full id of a commit. Raises UsageError."""
    try:
        printed = run_git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    except GitFailed:
        printed = b""
    found = printed.decode("ascii", "replace").strip()
    # git repeats what it takes for an option.
    if not _COMMIT.fullmatch(found):
        raise UsageError(f"no commit {one_line(name)}", "name one that git log shows")
    return found


def _tree(root: Path, commit: str | None) -> str:
    if commit is None:
        return _empty_tree(root)
    return run_git(root, "rev-parse", "--verify", f"{commit}^{{tree}}").decode("ascii").strip()


def _merge_base(root: Path, one: str, other: str) -> str:
    try:
        printed = run_git(root, "merge-base", one, other)
    except GitFailed as failure:
        if failure.status != 1:
            raise
        said = f"{_short(one)} and {_short(other)} have nothing in common"
        raise UsageError(said, "compare them with two dots") from failure
    return printed.decode("ascii").split()[0]


def _empty_tree(root: Path) -> str:
    return run_git(root, "hash-object", "-t", "tree", os.devnull).decode("ascii").strip()


def _key(*parts: str | bytes) -> str:
    made = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        made.update(b"%d:" % len(data))
        made.update(data)
    return made.hexdigest()
