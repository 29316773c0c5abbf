"""Submodules that are checked out: each a repository of its own, read where it lies, never changed.

git's index says which folders they are. `.gitmodules` is not looked at, so that whatever it holds
(URLs, commands, names that lead outside) means nothing; nothing is fetched or checked out.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from copilot.errors import UsageError
from copilot.text import one_line
from copilot.workspace.contents import FileReader, read_file
from copilot.workspace.git import run_git, toplevel
from copilot.workspace.listing import SUBMODULE, submodule_paths
from copilot.workspace.model import Root

_POINTER = b"gitdir: "
_LONGEST_POINTER = 16 * 1024
_ABSENT = "not checked out"
_OUTSIDE = "not read: its .git leads out of the repository that holds it"


def with_submodules(
    roots: Sequence[Root], taken: Collection[str] = ()
) -> tuple[tuple[Root, ...], tuple[Root, ...]]:
    """Return the roots, each with what becomes of its submodules, and a root for each of those.

    Submodules of submodules are found too. Their aliases begin with the alias of the root that
    holds them; `taken` are aliases in use besides. Raises GitFailed.
    """
    aliases = {*taken, *(root.alias for root in roots)}
    told, found = [], []
    for root in roots:
        outer, inner = _explored(root, aliases)
        told.append(outer)
        found += inner
    return tuple(told), tuple(found)


def _explored(root: Root, aliases: set[str]) -> tuple[Root, list[Root]]:
    reasons: dict[str, str] = {}
    found: list[Root] = []
    for path in submodule_paths(root.path) if root.is_git else ():
        problem = _problem(root, path)
        if problem:
            reasons[path] = f"{SUBMODULE}{problem}"
            continue
        alias = _free_alias(root.alias, path, aliases)
        aliases.add(alias)
        reasons[path] = f"{SUBMODULE}read as {alias}"
        submodule, inner = _explored(Root(alias, root.path / path, is_git=True), aliases)
        found += [submodule, *inner]
    return replace(root, submodules=reasons), found


def _free_alias(outer: str, path: str, taken: Collection[str]) -> str:
    """Return `outer.some-path` for `some/path`, numbered if it is taken."""
    inner = re.sub(r"[^A-Za-z0-9._-]+", "-", path).strip("-._") or "submodule"
    name = f"{outer}.{inner}"
    numbered = (name if n == 1 else f"{name}-{n}" for n in range(1, len(taken) + 2))
    return next(alias for alias in numbered if alias not in taken)


def _problem(root: Root, path: str) -> str | None:
    """Return why a submodule cannot be read, or None."""
    folder = root.path / path
    if {"", ".", "..", ".git"} & set(path.split("/")):
        return "not read: no path below the root"
    with FileReader(root.path) as reader:
        if not reader.is_inside(path):
            return "not read: a symbolic link lies on its path"
    try:
        git_dir = _git_dir(folder)
        if git_dir is None:
            return _ABSENT
        return _problem_of(root, folder, git_dir)
    except UsageError as failure:
        return f"not read: {one_line(failure.message)}"
    except (OSError, RuntimeError, ValueError) as error:
        return f"not read: {one_line(str(error))}"


def _git_dir(folder: Path) -> Path | None:
    """Return where a submodule's `.git` says that its repository is, None if there is none."""
    try:
        mode = (folder / ".git").lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISDIR(mode):
        return folder / ".git"
    pointer = read_file(folder, ".git", _LONGEST_POINTER)
    if pointer.data is None or not pointer.data.startswith(_POINTER):
        raise ValueError(f"its .git is neither a folder nor a pointer to one {pointer.problem}")
    target = folder / os.fsdecode(pointer.data.removeprefix(_POINTER).rstrip(b"\r\n"))
    if not target.is_dir():
        raise ValueError("its .git points to no folder")
    return target.resolve(strict=True)


def _problem_of(root: Root, folder: Path, git_dir: Path) -> str | None:
    """Check that nothing outside is taken for the submodule's repository or its work tree."""
    allowed = [folder, *(place / "modules" for place in _git_dirs(root.path))]
    if not _is_below(git_dir, allowed):
        return _OUTSIDE
    found = _git_dirs(folder)
    if found[0] != git_dir or not all(_is_below(place, allowed) for place in found):
        return _OUTSIDE
    if toplevel(folder) != folder:
        return "not read: its work tree is set to lie elsewhere"
    return None


def _is_below(path: Path, places: Sequence[Path]) -> bool:
    return any(place in path.parents for place in places)


def _git_dirs(folder: Path) -> list[Path]:
    """Return the real paths of the git folder and of the one it shares with other work trees."""
    asked = ("rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir")
    printed = os.fsdecode(run_git(folder, *asked)).splitlines()
    return [Path(line).resolve() for line in printed]
