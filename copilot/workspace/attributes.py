"""What `.gitattributes` tells of files, as git itself reads it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from copilot.workspace.git import run_git

ATTRIBUTES = ".gitattributes"
_ASKED = ("linguist-generated", "linguist-vendored", "diff")
_YES, _NO = {b"set", b"true"}, {b"unset", b"false"}


@dataclass(frozen=True)
class Told:
    """What attributes tell of a file; None where they tell nothing.

    `binary`: git shows no differences of it, by `-diff` or `binary`.
    """

    generated: bool | None = None
    vendored: bool | None = None
    binary: bool = False


NOTHING_TOLD = Told()


# `binary` stands for `-diff`; what else may stand for it names it where it is defined.
_MATTERING = tuple(name.encode() for name in (*_ASKED, "binary"))


def may_tell(data: bytes) -> bool:
    """Tell whether a file of attributes may set one that is asked for."""
    return any(name in data for name in _MATTERING)


def read_attributes(
    root: Path,
    paths: Iterable[str],
    *as_if: str,
    is_bare: bool = False,
    is_cached: bool = False,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Told]:
    """Return what a work tree's attributes tell, by path; a path of which they tell nothing is not
    there. No parent folder of a path may be a symbolic link: git would follow it. Raises GitFailed.

    A machine's own attributes do not count, so that the same files are the same everywhere. With
    `is_bare`, `root` is a bare repository, and its index is asked; with `is_cached`, the index is
    asked of any. `as_if` are flags that make git take a folder for a work tree.
    """
    asked = b"".join(os.fsencode(path) + b"\0" for path in paths)
    if not asked:
        return {}
    where = (f"--git-dir={root}",) if is_bare else as_if
    flags = ("-z", "--stdin", *(("--cached",) if is_bare or is_cached else ()))
    command = (*where, "-c", "core.attributesFile=/dev/null", "check-attr", *flags, *_ASKED)
    printed = run_git(root, *command, stdin=asked, environment=environment).split(b"\0")
    told: dict[str, Told] = {}
    # Three fields for each path and attribute: path, attribute, value.
    for number, value in enumerate(printed[2::3]):
        if value != b"unspecified":
            path = os.fsdecode(printed[3 * number])
            attribute = printed[3 * number + 1]
            told[path] = _with(told.get(path, NOTHING_TOLD), attribute, value)
    return told


def _with(told: Told, attribute: bytes, value: bytes) -> Told:
    if attribute == b"diff":
        return replace(told, binary=value == b"unset")
    answer = True if value in _YES else False if value in _NO else None
    if attribute == b"linguist-generated":
        return replace(told, generated=answer)
    return replace(told, vendored=answer)
