from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.workspace.commit import commit_paths, create_repository
from copilot.workspace.git import GitFailed


def test_only_the_named_paths_are_committed(
    make_repository: Callable[..., Path], git: Callable[..., str]
) -> None:
    root = make_repository({"a.txt": "a\n", "b.txt": "b\n", "gone.txt": "g\n", "[x].txt": "x\n"})
    for name in ("a.txt", "b.txt", "new.txt", "[x].txt", "x.txt", "staged.txt"):
        (root / name).write_text("changed\n")
    (root / "gone.txt").unlink()
    git(root, "add", "staged.txt")
    revision = commit_paths(root, ["a.txt", "new.txt", "gone.txt", "[x].txt"], "-m of mine")
    assert revision == git(root, "rev-parse", "HEAD").strip()
    assert git(root, "show", "--name-status", "--format=%s").split("\n") == [
        *("-m of mine", "", "M\t[x].txt", "M\ta.txt", "D\tgone.txt", "A\tnew.txt", ""),
    ]
    assert git(root, "status", "--porcelain").splitlines() == [
        " M b.txt",
        "A  staged.txt",
        "?? x.txt",
    ]


def _hook(root: Path, text: str) -> None:
    hook = root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{text}\n")
    hook.chmod(0o755)


def test_the_users_hooks_run(make_repository: Callable[..., Path], git: Callable[..., str]) -> None:
    root = make_repository({"a.txt": "a\n"})
    _hook(root, "echo ran > .git/ran")
    (root / "a.txt").write_text("changed\n")
    commit_paths(root, ["a.txt"], "change")
    assert (root / ".git" / "ran").read_text() == "ran\n"


def test_a_hook_may_refuse(make_repository: Callable[..., Path], git: Callable[..., str]) -> None:
    root = make_repository({"a.txt": "a\n"})
    before = git(root, "rev-parse", "HEAD")
    _hook(root, "echo 'not like this' >&2; exit 1")
    (root / "a.txt").write_text("changed\n")
    with pytest.raises(GitFailed, match="not like this"):
        commit_paths(root, ["a.txt"], "change")
    assert git(root, "rev-parse", "HEAD") == before


def test_a_new_repository_holds_all_files_in_one_commit(
    tmp_path: Path, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{role}_NAME")
        monkeypatch.delenv(f"GIT_{role}_EMAIL")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.txt").write_text("a\n")
    create_repository(tmp_path, "start")
    assert git(tmp_path, "log", "--format=%s by %an on %D").strip() == (
        "start by copilot demo on HEAD -> main"
    )
    assert git(tmp_path, "ls-files").split() == ["src/a.txt"]
    assert git(tmp_path, "status", "--porcelain") == ""
