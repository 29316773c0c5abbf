"""Committing what was applied, one commit per repository."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from copilot.edits.changes import ChangeSet, FileChange
from copilot.workspace.commit import changed_paths, commit_paths
from copilot.workspace.model import Root


def commit_changes(
    changes: ChangeSet, roots: Sequence[Root], message: str
) -> Iterator[tuple[str, str]]:
    """Commit the changed files and yield each repository's alias and new revision."""
    for root in roots:
        paths = [p for c in changes.changes if c.repository == root.alias for p in _paths(c)]
        if paths and root.is_git:
            yield root.alias, commit_paths(root.path, paths, message)


def uncommitted(changes: ChangeSet, roots: Sequence[Root]) -> tuple[str, ...]:
    """Return the names of the files to change that differ from their commit already."""
    names = []
    for root in roots:
        paths = [p for c in changes.changes if c.repository == root.alias for p in _paths(c)]
        if paths and root.is_git:
            names += [f"{root.alias}/{path}" for path in changed_paths(root.path, paths)]
    return tuple(names)


def _paths(change: FileChange) -> tuple[str, ...]:
    return (change.path, change.old_path) if change.old_path else (change.path,)
