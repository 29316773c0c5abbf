"""Committing what was applied, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.assist.commit import commit_changes
from copilot.edits.changes import ChangeSet, FileChange
from copilot.errors import UsageError
from copilot.workspace.model import Root

Git = Callable[..., str]
MakeRepository = Callable[..., Path]


def test_only_the_changed_paths_are_committed(make_repository: MakeRepository, git: Git) -> None:
    root = make_repository({"a.txt": "1\n", "old.txt": "o\n", "gone.txt": "g\n", "mine.txt": "m\n"})
    (root / "a.txt").write_text("2\n")
    (root / "old.txt").rename(root / "new*.txt")
    (root / "gone.txt").unlink()
    (root / "mine.txt").write_text("staged\n")
    git(root, "add", "mine.txt")
    changes = ChangeSet(
        (
            FileChange("app", "a.txt", b"1\n", b"2\n"),
            FileChange("app", "new*.txt", b"o\n", b"o\n", "old.txt"),
            FileChange("app", "gone.txt", b"g\n", None),
        )
    )
    made = list(commit_changes(changes, [Root("app", root, True)], "-do it"))
    assert made == [("app", git(root, "rev-parse", "HEAD").strip())]
    assert git(root, "log", "-1", "--format=%s") == "-do it\n"
    shown = git(root, "show", "--format=", "--name-status", "--no-renames").splitlines()
    assert sorted(shown) == ["A\tnew*.txt", "D\tgone.txt", "D\told.txt", "M\ta.txt"]
    assert git(root, "status", "--porcelain") == "M  mine.txt\n"


def test_each_repository_has_its_own_commit_and_a_plain_folder_none(
    make_repository: MakeRepository, tmp_path: Path
) -> None:
    roots = [Root(name, make_repository({"a": "1\n"}, name), True) for name in ("api", "web")]
    plain = tmp_path / "plain"
    plain.mkdir()
    roots += [Root("plain", plain, False), Root("idle", make_repository({}, "idle"), True)]
    for root in roots[:3]:
        (root.path / "a").write_text("2\n")
    changes = ChangeSet(tuple(FileChange(r.alias, "a", b"1\n", b"2\n") for r in roots[:3]))
    assert [alias for alias, _ in commit_changes(changes, roots, "both")] == ["api", "web"]


def test_the_users_hook_may_refuse(make_repository: MakeRepository, git: Git) -> None:
    root = make_repository({"a.txt": "1\n"})
    hook = root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    hook.chmod(0o755)
    (root / "a.txt").write_text("2\n")
    changes = ChangeSet((FileChange("app", "a.txt", b"1\n", b"2\n"),))
    with pytest.raises(UsageError, match="not today"):
        list(commit_changes(changes, [Root("app", root, True)], "do it"))
    assert git(root, "log", "--format=%s") == "start\n"
