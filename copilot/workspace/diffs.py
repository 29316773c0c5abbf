"""What a diff is made of: files, hunks, lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Sign: TypeAlias = Literal["+", "-", " "]
Status: TypeAlias = Literal[
    "added", "modified", "deleted", "renamed", "copied", "mode", "submodule", "unmerged"
]


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line without its line feed; bytes that are no UTF-8 are surrogates (PEP 383).

    `old` and `new` are its numbers, counted from 1, on the sides where it stands. `ended` is False
    for the last line of a file that does not end in a line feed.
    """

    sign: Sign
    text: str
    old: int | None
    new: int | None
    ended: bool = True


@dataclass(frozen=True, slots=True)
class DiffHunk:
    """Lines that changed, with some around them; `section` is the heading that git found above.

    A side without lines starts at the line before, 0 at the beginning of the file.
    """

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: tuple[DiffLine, ...]
    section: str = ""


@dataclass(frozen=True, slots=True)
class DiffFile:
    """A changed file; `path` is its name afterwards, or before if it is deleted.

    `old_path` is set where the file was renamed or copied. Modes are git's (`100644`), "" where
    there is no file on that side or nothing tells; so are blobs, full object ids or None. A file
    that became a link, or the reverse, is modified, by a hunk that removes and one that adds.
    What `is_large` is text, as it seems, but too much of it to be compared.
    """

    path: str
    old_path: str | None
    status: Status
    old_mode: str
    mode: str
    is_binary: bool
    old_blob: str | None
    blob: str | None
    hunks: tuple[DiffHunk, ...]
    is_large: bool = False

    @property
    def has_lines(self) -> bool:
        """Whether lines of a text changed; of a submodule git shows which commit it is at."""
        return bool(self.hunks) and self.status != "submodule"


@dataclass(frozen=True, slots=True)
class Diff:
    """Changed files in git's order.

    `key` names the contents that are compared. `revision` is the commit that is checked out; of a
    range, its newer end. `description` says in a few words what is compared with what.
    """

    files: tuple[DiffFile, ...]
    key: str
    revision: str | None
    description: str
