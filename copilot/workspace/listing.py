"""The names of a root's files, from git's index and by git's ignore rules."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from copilot.workspace.git import GitFailed, run_git, run_git_warned
from copilot.workspace.model import Root

_SYMLINK, _SUBMODULE = "120000", "160000"
_SHUT_FOLDER = re.compile(r"^warning: could not open directory '(.+)': (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Listed:
    """A name found in a root. `left_out` is the reason if it is not to be read.

    `index_blob` is the object id git's index holds for it, None if untracked; `denied` marks a
    folder that the system refused to open.
    """

    path: str
    origin: str
    index_blob: str | None = None
    left_out: str | None = None
    denied: bool = False


@dataclass(frozen=True)
class Listing:
    """The names of one root, its commit, and the object ids of that commit's files."""

    files: tuple[Listed, ...]
    revision: str | None
    committed: dict[str, str]


def list_root(root: Root) -> Listing:
    """List a root's files. Raises GitFailed."""
    return _list_git(root.path) if root.is_git else _list_folder(root.path)


def _list_git(path: Path) -> Listing:
    tracked = _tracked(path)
    revision = _head(path)
    committed = _committed(path) if revision else {}
    return Listing((*tracked.values(), *_not_tracked(path, "untracked")), revision, committed)


def _list_folder(path: Path) -> Listing:
    """List a folder outside git: all that git would not ignore, if it were a repository."""
    with tempfile.TemporaryDirectory(prefix="copilot-") as empty:
        run_git(Path(empty), "init", "--quiet")
        as_if = (f"--git-dir={empty}/.git", f"--work-tree={path}")
        return Listing(tuple(_not_tracked(path, "in folder", *as_if)), None, {})


def _not_tracked(path: Path, origin: str, *as_if: str) -> Iterator[Listed]:
    """Yield the files git does not track, ignored ones by the name of their whole folder."""
    names, warnings = run_git_warned(
        path, *as_if, "ls-files", "-z", "--others", "--exclude-standard"
    )
    for name in _split(names):
        nested = "nested repository" if name.endswith("/") else None
        yield Listed(name, origin, left_out=nested)
    for name, reason in _SHUT_FOLDER.findall(warnings):
        shut = f"cannot be opened: {reason}"
        yield Listed(f"{name.rstrip('/')}/", origin, left_out=shut, denied=True)
    ignored = ("--others", "--ignored", "--exclude-standard", "--directory")
    for name in _outermost(_split(run_git(path, *as_if, "ls-files", "-z", *ignored))):
        yield Listed(name, "ignored", left_out="ignored by git's ignore rules")


def _outermost(names: list[str]) -> Iterator[str]:
    """Yield the names that lie in no folder named too."""
    folder = None
    for name in sorted(names):
        if folder is None or not name.startswith(folder):
            folder = name if name.endswith("/") else None
            yield name


def _tracked(path: Path) -> dict[str, Listed]:
    """Return the index by path; a file in conflict has several entries and is listed once."""
    tracked: dict[str, Listed] = {}
    for entry in _split(run_git(path, "ls-files", "--cached", "--stage", "-z")):
        facts, _, name = entry.partition("\t")
        mode, blob, _stage = facts.split(" ")
        tracked[name] = Listed(name, "tracked", blob, _mode_reason(mode))
    return tracked


def _mode_reason(mode: str) -> str | None:
    if mode == _SUBMODULE:
        return "submodule: a repository of its own"
    return "symbolic link, not followed" if mode == _SYMLINK else None


def _head(path: Path) -> str | None:
    try:
        return run_git(path, "rev-parse", "--verify", "--quiet", "HEAD").decode("ascii").strip()
    except GitFailed as failure:
        if failure.status == 1:
            return None
        raise


def _committed(path: Path) -> dict[str, str]:
    blobs = {}
    for entry in _split(run_git(path, "ls-tree", "-r", "-z", "HEAD")):
        facts, _, name = entry.partition("\t")
        blobs[name] = facts.split(" ")[2]
    return blobs


def _split(output: bytes) -> list[str]:
    return [os.fsdecode(name) for name in output.split(b"\0") if name]
