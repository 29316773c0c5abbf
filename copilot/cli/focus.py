"""`--focus`: files and folders as a person names them, turned into names with alias."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from copilot.errors import UsageError
from copilot.workspace.model import Root


def named_in_focus(
    focus: Sequence[str], roots: Sequence[Root], read_only: Sequence[str], folder: Path
) -> tuple[str, ...]:
    """Return the names; a folder's ends in `/`. Raises UsageError for what lies in no root.

    A path is one below `folder`, or begins with the alias of what is read.
    """
    return tuple(_name(path, roots, read_only, folder) for path in focus)


def _name(path: str, roots: Sequence[Root], read_only: Sequence[str], folder: Path) -> str:
    place = (folder / path).resolve()
    for root in roots:
        if place.exists() and place.is_relative_to(root.path):
            below = place.relative_to(root.path).as_posix()
            end = "/" if place.is_dir() else ""
            return f"{root.alias}/" if below == "." else f"{root.alias}/{below}{end}"
    alias, _, below = path.partition("/")
    of_alias = next((root for root in roots if root.alias == alias), None)
    if of_alias is not None and (of_alias.path / below).exists():
        is_folder = (of_alias.path / below).is_dir() and not path.endswith("/")
        return f"{path}/" if is_folder else path
    if alias in read_only:
        return path
    raise UsageError(
        f"--focus {path}: no such file or folder in what is read",
        "name it as it lies below this folder, or beginning with a repository's alias",
    )
