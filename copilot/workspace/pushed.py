"""What a push sends, as git tells its pre-push hook (githooks(5))."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from copilot.workspace.git import GitFailed, run_git

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_BRANCHES = "refs/heads/"


@dataclass(frozen=True)
class Pushed:
    """A branch that is sent: its commit here, and its commit there as full ids, None if it is new.

    `ref` is its full name there.
    """

    ref: str
    local: str
    remote: str | None


def read_pushed(data: bytes) -> tuple[Pushed, ...]:
    """Return the branches of `LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID` lines.

    Tags, other refs, and branches that are deleted are passed over.
    """
    found = []
    # Names of refs may hold what Python takes for the end of a line.
    for line in os.fsdecode(data).split("\n"):
        fields = line.split(" ")
        if len(fields) != 4 or not all(map(_COMMIT.fullmatch, (fields[1], fields[3]))):
            continue
        _, local, ref, remote = fields
        if ref.startswith(_BRANCHES) and local.strip("0"):
            found.append(Pushed(ref, local, remote if remote.strip("0") else None))
    return tuple(found)


def base_of_push(top: Path, remote: str, pushed: Pushed) -> str | None:
    """Return the commit since which what is pushed is new to the remote, None if nothing tells.

    That is what the branch is there, as far as it is known here; else where it left the remote's
    default branch, as the last fetch saw that.
    """
    if pushed.remote and _is_here(top, pushed.remote):
        return pushed.remote
    named = (f"refs/remotes/{remote}/{name}" for name in ("HEAD", "main", "master"))
    for default in named:
        try:
            printed = run_git(top, "merge-base", "--end-of-options", default, pushed.local)
        except GitFailed:
            continue
        return printed.decode("ascii").split()[0]
    return None


def _is_here(top: Path, commit: str) -> bool:
    try:
        run_git(top, "cat-file", "-e", f"{commit}^{{commit}}")
    except GitFailed:
        return False
    return True
