"""What changed since a base was frozen: appended behind it, or reasons for a new base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from copilot.context.entries import Entry, Shape, latest, paths_of, superseded
from copilot.context.frozen import Frozen, Head
from copilot.workspace.contents import MISSING
from copilot.workspace.kinds import Kind
from copilot.workspace.model import Repository, SourceFile
from copilot.workspace.vendored import folders_above

# A prompt may be a quarter larger than a fresh one (measured: reference, 5.9).
_MOST_GROWTH = 1.25


@dataclass(frozen=True)
class Due:
    """What is to be appended: files at the level that the base holds them at, and names gone."""

    changed: tuple[tuple[SourceFile, Shape], ...] = ()
    gone: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changed or self.gone)


def what_is_due(frozen: Frozen, files: Sequence[SourceFile]) -> Due:
    """Return what the prompt lacks to tell how the files are."""
    last = latest(frozen.entries)
    over = set(frozen.record.over)
    texts = _texts(files)
    others = [
        (file, entry)
        for path, file in texts.items()
        if not ((entry := last.get(path)) and entry.source == file.content) and path not in over
    ]
    changed = [(file, shape) for file, entry in others if (shape := _shape_due(file, entry))]
    gone = [
        entry.name
        for path, entry in last.items()
        if path not in texts and entry.shape is not Shape.DELETED
    ]
    return Due(tuple(changed), tuple(sorted(gone)))


def left_out(frozen: Frozen, files: Sequence[SourceFile]) -> str | None:
    """Return a file that the base shows and that must not be shown any longer, or None.

    Nothing that is appended could take it back. One that was renamed to what a secret is called is
    such a file too.
    """
    texts = _texts(files)
    unread = [entry for entry in frozen.entries if entry.path and entry.path not in texts]
    if not unread:
        return None
    unshown = {f.name for f in files if not f.is_text and not f.reason.startswith(MISSING)}
    secrets = {file.blob for file in files if file.kind is Kind.SECRET and file.blob}
    for entry in unread:
        name = entry.name
        if entry.blob in secrets or name in unshown or not unshown.isdisjoint(folders_above(name)):
            return name
    return None


def has_outgrown(frozen: Frozen) -> bool:
    """Tell whether a new base would be much smaller than this one with all that was appended."""
    idle = sum(entry.tokens for entry in superseded(frozen.entries))
    whole = frozen.tokens - frozen.record.rules_tokens
    return whole > _MOST_GROWTH * (whole - idle)


def has_jumped(before: Sequence[Head], repositories: Sequence[Repository]) -> str | None:
    """Return a repository in which another branch with another commit is checked out, or None."""
    now = {repository.alias: repository for repository in repositories}
    for head in before:
        one = now.get(head.alias)
        if one and one.branch != head.branch and one.revision != head.revision:
            return head.alias
    return None


def heads_of(repositories: Sequence[Repository]) -> tuple[Head, ...]:
    return tuple(Head(one.alias, one.revision, one.branch) for one in repositories)


def _texts(files: Sequence[SourceFile]) -> dict[bytes, SourceFile]:
    texts = [file for file in files if file.is_text]
    return dict(zip(paths_of(texts), texts, strict=True))


def _shape_due(file: SourceFile, entry: Entry | None) -> Shape | None:
    """Return the level at which a file must be shown anew, None if it stands there as it is."""
    if entry is None or entry.shape is Shape.DELETED:
        return Shape.FULL
    if entry.shape is Shape.PATH or entry.source == file.content:
        return None
    return entry.shape
