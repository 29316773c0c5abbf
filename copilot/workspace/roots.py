"""The folders a person names, checked: they exist, have an alias each, and do not overlap."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from copilot.errors import UsageError
from copilot.workspace.git import GitFailed, run_git, toplevel
from copilot.workspace.model import Root

_ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def find_roots(named: Sequence[str], here: Path) -> tuple[Root, ...]:
    """Return the roots of `--root` values (`PATH` or `alias=PATH`), relative to `here`.

    With none named: the work tree around `here`, or `here` itself outside git. Raises UsageError.
    """
    if not named and (top := toplevel(here)) is not None:
        return (Root(_free_alias(top, ()), top, is_git=True),)
    named = named or [str(here)]
    roots: list[Root] = []
    for value in named:
        alias, path = _split(value)
        roots.append(_root(alias, here, Path(path), [root.alias for root in roots]))
    for one, other in combinations(roots, 2):
        _refuse_overlap(one, other)
    return tuple(roots)


def _split(value: str) -> tuple[str | None, str]:
    if not value or value.endswith("="):
        raise UsageError("the path after --root is empty", "name a folder; . is this one")
    alias, equals, path = value.partition("=")
    if not equals or "/" in alias:
        return None, value
    if not _ALIAS.fullmatch(alias):
        raise UsageError(f"not an alias: {alias!r}", "use letters, digits, dot, dash, underscore")
    return alias, path


def _root(alias: str | None, here: Path, path: Path, taken: Sequence[str]) -> Root:
    try:
        real = (here / path.expanduser()).resolve(strict=True)
    except FileNotFoundError as error:
        raise UsageError(f"no folder at {path}", "check the path after --root") from error
    except (OSError, RuntimeError) as error:
        raise UsageError(f"cannot open {path}: {error}", "check the path after --root") from error
    if not real.is_dir():
        raise UsageError(f"not a folder: {path}", "name the folder that holds the repository")
    if not os.access(real, os.R_OK | os.X_OK):
        raise UsageError(f"no permission to read {path}", "check its permissions")
    if alias in taken:
        raise UsageError(f"two roots are named {alias}", "give each its own alias=PATH")
    return Root(alias or _free_alias(real, taken), real, _is_git(real))


def _is_git(folder: Path) -> bool:
    """Tell whether git lists this folder: not one that its repository ignores as a whole."""
    top = toplevel(folder)
    if top is None or top == folder:
        return top is not None
    try:
        # check-ignore takes every path literally, but not the option that says so.
        run_git(folder, "--no-literal-pathspecs", "check-ignore", "--quiet", ".")
    except GitFailed as failure:
        if failure.status == 1:
            return True
        raise
    return bool(run_git(folder, "ls-files", "--cached"))


def _free_alias(path: Path, taken: Sequence[str]) -> str:
    """Return the folder's name as an alias, numbered if it is taken."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.name).strip("-._") or "root"
    numbered = (name if n == 1 else f"{name}-{n}" for n in range(1, len(taken) + 2))
    return next(alias for alias in numbered if alias not in taken)


def _refuse_overlap(one: Root, other: Root) -> None:
    if one.path == other.path:
        raise UsageError(f"{one.path} is named twice", "name each root once")
    if one.path in other.path.parents or other.path in one.path.parents:
        raise UsageError(
            f"{one.path} and {other.path} overlap", "name the outer one, or two that are apart"
        )
