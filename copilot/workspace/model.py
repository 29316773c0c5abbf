"""What the workspace hands on: repositories and their files, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from copilot.workspace.kinds import Kind

if TYPE_CHECKING:
    from copilot.workspace.masks.placeholders import Mask


@dataclass(frozen=True)
class Root:
    """A folder the user named; `path` is absolute with links resolved, `is_git` if git knows it.

    `submodules` says of each submodule, by its path, where it is read or why not; it is empty where
    nobody asked for them. `state` is what is read: None for the work tree, "index" for what is
    staged, else a full commit id.
    """

    alias: str
    path: Path
    is_git: bool
    submodules: Mapping[str, str] = field(default_factory=dict, compare=False)
    state: str | None = None


@dataclass(frozen=True)
class Repository:
    """A root as it was read: its commit (None outside git or before the first commit).

    `dirty` tells whether what was read differs from that commit. `url` is set for a repository
    elsewhere, which is read-only; `root` is then where its commit is kept. `branch` is the full
    name of the ref that is checked out, None where that is a commit. `commits_of` is the alias of
    the root whose earlier commits the files are examples of, None for every other repository.
    """

    alias: str
    root: Path
    revision: str | None
    dirty: bool
    url: str | None = None
    branch: str | None = None
    commits_of: str | None = None


class SourceFile(msgspec.Struct, frozen=True, gc=False):
    """A file with its text, or left out with the reason.

    `path` is relative to the root, with `/`; bytes of a name that are no UTF-8 are surrogates (PEP
    383); a folder left out as a whole ends in `/`. `data` is the text as UTF-8, with line feeds
    only, no byte order mark, and masks in the place of secrets; it is None for a file left out.
    `blob` is git's object id of the bytes on disk. `denied` says that the system refused to open
    it. `kind` is None where neither name nor contents tell it; `encoding` is the Python codec of
    the bytes on disk. `content` names the data for caches, None where it must be hashed. `unread`
    says that the file is a text that is as it was when it was read before; its data is None then.
    """

    repository: str
    path: str
    blob: str | None
    reason: str
    data: bytes | None = None
    denied: bool = False
    kind: Kind | None = None
    encoding: str = "utf-8"
    content: str | None = None
    masks: tuple[Mask, ...] = ()
    unread: bool = False

    @property
    def is_text(self) -> bool:
        """Whether a prompt may show the file."""
        return self.data is not None or self.unread

    @property
    def name(self) -> str:
        return f"{self.repository}/{self.path}"

    def without_data(self) -> SourceFile:
        """Return a file that was read without what was read."""
        # Many times faster than dataclasses.replace, for each of many thousand files.
        about = (self.repository, self.path, self.blob, self.reason, None, self.denied, self.kind)
        return SourceFile(*about, self.encoding, self.content, self.masks, unread=True)

    @property
    def text(self) -> str | None:
        return None if self.data is None else self.data.decode()


@dataclass(frozen=True)
class Part:
    """Some files of one repository, in their order; the last part of each names the repository."""

    files: tuple[SourceFile, ...]
    repository: Repository | None = None


@dataclass(frozen=True)
class Snapshot:
    """All repositories and files of one reading, sorted by alias (as given) and path."""

    repositories: tuple[Repository, ...]
    files: tuple[SourceFile, ...]
