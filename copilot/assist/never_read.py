"""Files that no prompt of ours ever holds: whoever edits one has not seen it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from copilot.edits.operations import Target
from copilot.workspace.git import run_git
from copilot.workspace.kinds import is_secret_file
from copilot.workspace.model import Root

_SECRET = "holds secrets by its name: no model is shown it"  # noqa: S105
_IGNORED = "is ignored by git: no model is shown it"


@dataclass(frozen=True)
class NeverRead:
    """What is known of edits whose prompt nobody knows: which files no prompt holds."""

    roots: tuple[Root, ...]

    def unseen(self, targets: Collection[Target]) -> dict[str, str]:
        """Return those of the files that no model is shown, by name with alias, and why.

        Raises GitFailed.
        """
        found = {target.name: _SECRET for target in targets if is_secret_file(target.path)}
        for root in self.roots:
            own = [target.path for target in targets if target.repository == root.alias]
            ignored = _ignored(root, own) if root.is_git and own else ()
            found |= {f"{root.alias}/{path}": _IGNORED for path in ignored}
        return found

    def stale(self, _files: Collection[Target]) -> frozenset[Target]:
        """Return no file: when it was read nobody knows."""
        return frozenset()


def _ignored(root: Root, paths: Iterable[str]) -> list[str]:
    """Return those of the paths that git ignores and does not track."""
    asked = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--", *paths)
    return [os.fsdecode(name) for name in run_git(root.path, *asked).split(b"\0") if name]
