"""The few git commands that change a repository, each only when the user asks for it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from copilot.workspace.git import GitFailed, run_git


def commit_paths(root: Path, paths: Sequence[str], message: str) -> str:
    """Commit these paths alone, as the user and with their hooks; return the new revision.

    Whatever else is staged stays staged. Raises GitFailed.
    """
    run_git(root, "add", "--all", "--", *paths, with_hooks=True)
    run_git(root, "commit", "--quiet", "--message", message, "--", *paths, with_hooks=True)
    return run_git(root, "rev-parse", "HEAD").decode("ascii").strip()


def commit_staged(root: Path, message: str) -> str:
    """Commit what is staged, as the user and with their hooks; return the new revision.

    The message is taken as it is. Raises GitFailed.
    """
    options = ("--quiet", "--cleanup=whitespace", "--file=-")
    data = message.encode("utf-8", "surrogateescape")
    run_git(root, "commit", *options, with_hooks=True, stdin=data)
    return run_git(root, "rev-parse", "HEAD").decode("ascii").strip()


def changed_paths(root: Path, paths: Sequence[str]) -> tuple[str, ...]:
    """Return those of the paths whose file or index entry differs from the commit."""
    options = ("--name-only", "-z", "--no-ext-diff", "--no-textconv", "--relative")
    try:
        printed = run_git(root, "diff", *options, "HEAD", "--", *paths)
    except GitFailed:
        # Before the first commit everything is new.
        return ()
    return tuple(os.fsdecode(name) for name in printed.split(b"\0") if name)


def create_repository(folder: Path, message: str) -> None:
    """Make a folder a repository whose one commit holds all its files. Raises GitFailed."""
    author = ("-c", "user.name=copilot demo", "-c", "user.email=demo@localhost")
    run_git(folder, "init", "--quiet", "--initial-branch=main")
    run_git(folder, "add", "--all")
    run_git(folder, *author, "-c", "commit.gpgSign=false", "commit", "--quiet", "-m", message)
