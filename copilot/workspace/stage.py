"""The one way in which copilot changes an index: file contents that the person accepted for it.

The work tree is not looked at. Each file must be staged as it was when the change was made from it,
and all are changed in one step of git's, or none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from copilot.errors import EditsRefused, WriteFailed
from copilot.text import one_line
from copilot.workspace.compared import without_filters
from copilot.workspace.git import GitFailed, run_git
from copilot.workspace.inherited import index_of
from copilot.workspace.model import Root

_FILES = ("100644", "100755")


@dataclass(frozen=True)
class StagedFile:
    """An entry of the index: git's mode, its blob, and whether it is to be on disk."""

    mode: str
    blob: str
    sparse: bool = False

    @property
    def problem(self) -> str:
        """Why it must not be edited, "" if it may."""
        if self.mode not in _FILES:
            return "not a regular file"
        return "outside the sparse checkout" if self.sparse else ""


def staged_files(root: Root) -> dict[str, StagedFile]:
    """Return what is staged below a root by path; what is in conflict is left out.

    Raises GitFailed.
    """
    asked = ("ls-files", "--cached", "--stage", "-t", "-z")
    printed = run_git(root.path, *asked, environment=index_of(root.path))
    return dict(_entries(printed))


def _entries(printed: bytes) -> Iterator[tuple[str, StagedFile]]:
    for entry in printed.split(b"\0"):
        facts, _, name = entry.partition(b"\t")
        if name:
            tag, mode, blob, stage = facts.decode("ascii").split(" ")
            if stage == "0":
                yield os.fsdecode(name), StagedFile(mode, blob, sparse=tag == "S")


def stage(
    root: Root, before: Mapping[str, str], contents: Mapping[str, bytes]
) -> dict[str, StagedFile]:
    """Give files that are staged with the blobs `before` these contents; return their new entries.

    Raises EditsRefused if one is staged otherwise, GitFailed, WriteFailed; nothing is changed then.
    """
    here = staged_files(root)
    changed = [p for p in contents if p not in here or here[p].blob != before.get(p)]
    if changed:
        names = ", ".join(one_line(path) for path in changed)
        raise EditsRefused(
            f"staged otherwise by now: {names}; nothing was changed", "review what is staged anew"
        )
    bad = [f"{one_line(path)}: {why}" for path in contents if (why := here[path].problem)]
    if bad:
        raise EditsRefused(f"cannot be changed in the index: {'; '.join(bad)}", "edit it by hand")
    made = {path: StagedFile(here[path].mode, _kept(root, contents[path])) for path in contents}
    top = run_git(root.path, "rev-parse", "--show-prefix").removesuffix(b"\n")
    lines = (
        f"{one.mode} {one.blob}\t".encode("ascii") + top + os.fsencode(path) + b"\0"
        for path, one in made.items()
    )
    asked = ("update-index", "-z", "--index-info")
    # Of files that changed a moment ago, git looks at the contents when it writes an index.
    environment = {**without_filters(root.path), **index_of(root.path)}
    try:
        run_git(root.path, *asked, environment=environment, stdin=b"".join(lines))
    except GitFailed as failure:
        raise _not_written(failure) from failure
    return made


def _not_written(failure: GitFailed) -> WriteFailed:
    """Return the error for an index that git does not write; nothing of it is changed then."""
    said = one_line(failure.complaint.strip().partition("\n")[0].removeprefix("fatal: "))
    hint = "free some space, or mend the permissions, then try again"
    if "index.lock" in failure.complaint:
        hint = "wait for the git that runs here; if none does, remove its index.lock"
    return WriteFailed(f"git cannot write the index: {said}", hint)


def _kept(root: Root, data: bytes) -> str:
    """Put a file's bytes among git's objects, by no filter, and return their id."""
    if not data:
        # Without input, git would read its own.
        return _run(root, "hash-object", "-w", "-t", "blob", os.devnull)
    return _run(root, "hash-object", "-w", "-t", "blob", "--stdin", stdin=data)


def _run(root: Root, *arguments: str, stdin: bytes = b"") -> str:
    return run_git(root.path, *arguments, stdin=stdin).decode("ascii").strip()
