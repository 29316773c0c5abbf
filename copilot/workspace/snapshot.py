"""Reading: every file of every root, once, with its text or the reason why it is left out."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pathspec import GitIgnoreSpec

from copilot.errors import UsageError
from copilot.workspace.contents import FileReader, blob_id, decode
from copilot.workspace.kinds import is_lock_file, is_secret_file
from copilot.workspace.listing import Listed, Listing, list_root
from copilot.workspace.model import Repository, Root, Snapshot, SourceFile

# In one name; pathspec takes exponential time in their number, and a repository may bring some.
_MOST_STARS = 3


# Called with the number of files read and of all files known so far.
Progress = Callable[[int, int], None]


def _silent(_done: int, _known: int) -> None:
    return


@dataclass(frozen=True)
class Selection:
    """Which files the user wants, as patterns in `.gitignore`'s syntax.

    A file must match each group of `include`; no group means all files.
    """

    include: tuple[tuple[str, ...], ...] = ()
    exclude: tuple[str, ...] = ()


def read_snapshot(
    roots: Sequence[Root],
    selection: Selection | None = None,
    progress: Progress = _silent,
) -> Snapshot:
    """Read all roots. Raises GitFailed, or UsageError for a pattern that is none."""
    choose = _Chooser(selection or Selection())
    repositories: list[Repository] = []
    files: list[SourceFile] = []
    for root in roots:
        listing = list_root(root)
        read = _read_root(root, listing, choose, progress)
        files += read
        dirty = root.is_git and _is_dirty(listing, read)
        repositories.append(Repository(root.alias, root.path, listing.revision, dirty))
    return Snapshot(tuple(repositories), tuple(files))


def _read_root(
    root: Root, listing: Listing, choose: _Chooser, progress: Progress
) -> list[SourceFile]:
    reader = FileReader(root.path)
    listed = sorted(listing.files, key=lambda file: os.fsencode(file.path))
    files = []
    for number, file in enumerate(listed, 1):
        files.append(_read_file(root.alias, file, reader, choose))
        progress(number, len(listed))
    return files


def _read_file(alias: str, listed: Listed, reader: FileReader, choose: _Chooser) -> SourceFile:
    unwanted = choose.left_out(listed.path)
    if listed.left_out or unwanted:
        denied = listed.denied and unwanted is None
        reason = listed.left_out or unwanted or ""
        return SourceFile(alias, listed.path, listed.index_blob, reason, denied=denied)
    contents = reader.read(listed.path)
    if contents.data is None:
        return SourceFile(alias, listed.path, None, contents.problem, denied=contents.denied)
    blob = blob_id(contents.data, len(listed.index_blob or "") or 40)
    text = decode(contents.data)
    reason = listed.origin if text is not None else "binary, or no UTF-8 text"
    return SourceFile(alias, listed.path, blob, reason, text)


def _is_dirty(listing: Listing, files: Sequence[SourceFile]) -> bool:
    """Tell whether what was read differs from the commit.

    A clean file that git converts on checkout (line ends, filters) has the index's blob only
    inside git; it counts as changed here, which errs on the safe side.
    """
    index = {f.path: f.index_blob for f in listing.files if f.index_blob is not None}
    if index != listing.committed:
        return True
    return any(index.get(file.path) != file.blob for file in files)


class _Chooser:
    """Says why the user's patterns or a file's name keep it out."""

    def __init__(self, selection: Selection) -> None:
        self._include = [_spec(group) for group in selection.include]
        self._exclude = _spec(selection.exclude)

    def left_out(self, path: str) -> str | None:
        if self._exclude.match_file(path):
            return "excluded by the user's patterns"
        if not all(group.match_file(path) for group in self._include):
            return "not among the included patterns"
        if is_secret_file(path):
            return "secret: its name says it holds keys or passwords"
        if not self._include and is_lock_file(path):
            return "lock file"
        return None


def _spec(patterns: Sequence[str]) -> GitIgnoreSpec:
    for pattern in patterns:
        if not _matches_something(pattern):
            raise UsageError(f"not a pattern: {pattern!r}", "write it as in .gitignore")
    return GitIgnoreSpec.from_lines(patterns)


def _matches_something(pattern: str) -> bool:
    names = (name for name in pattern.split("/") if name.strip("*"))
    if any(name.count("*") > _MOST_STARS for name in names):
        return False
    try:
        # `[[:alpha:]]` is git's, but not pathspec's: the warning says that it is misread.
        with warnings.catch_warnings(action="error"):
            rules = GitIgnoreSpec.from_lines([pattern]).patterns
    except (ValueError, re.error, Warning):
        return False
    return any(rule.include is not None for rule in rules)
