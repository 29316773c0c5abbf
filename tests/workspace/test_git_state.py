"""What git is in the middle of, as git itself leaves it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.workspace.git_state import common_dir_of, doing, git_dir_of

MakeRepository = Callable[..., Path]


@pytest.fixture
def two_sides(make_repository: MakeRepository, git: Callable[..., str]) -> Path:
    """A repository whose branches `main` and `other` changed the same line."""
    root = make_repository({"a.txt": "start\n"})
    git(root, "checkout", "--quiet", "-b", "other")
    for branch, text in (("other", "theirs\n"), ("main", "ours\n")):
        git(root, "checkout", "--quiet", branch)
        (root / "a.txt").write_text(text)
        git(root, "commit", "--quiet", "--all", "--message", branch)
    return root


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (("merge", "other"), "a merge"),
        (("rebase", "other"), "a rebase"),
        (("rebase", "--apply", "other"), "a rebase or git am"),
        (("cherry-pick", "other"), "a cherry-pick"),
        (("cherry-pick", "other", "other~1"), "several picks or reverts"),
        (("bisect", "start"), "a bisection"),
    ],
)
def test_what_stopped_halfway_is_told(two_sides: Path, command: tuple[str, ...], what: str) -> None:
    git_dir = git_dir_of(two_sides, {})
    assert git_dir is not None
    assert doing(git_dir) == ""
    subprocess.run(["git", "-C", two_sides, *command], capture_output=True, check=False)
    assert doing(git_dir) == what


def test_a_revert_that_stopped_is_told(two_sides: Path, git: Callable[..., str]) -> None:
    git(two_sides, "revert", "--no-commit", "HEAD")
    assert doing(two_sides / ".git") == "a revert"


def test_each_work_tree_has_a_state_of_its_own(two_sides: Path, git: Callable[..., str]) -> None:
    git(two_sides, "worktree", "add", "--quiet", "../second", "other")
    second = two_sides.parent / "second"
    subprocess.run(["git", "-C", second, "merge", "main"], capture_output=True, check=False)
    own = git_dir_of(second, {})
    assert own is not None
    assert doing(own) == "a merge"
    assert doing(two_sides / ".git") == ""
    assert common_dir_of(own).resolve() == (two_sides / ".git").resolve()
    assert common_dir_of(two_sides / ".git") == two_sides / ".git"


def test_what_git_says_comes_first(tmp_path: Path) -> None:
    assert git_dir_of(tmp_path, {"GIT_DIR": "elsewhere"}) == tmp_path / "elsewhere"
    assert git_dir_of(tmp_path, {"GIT_DIR": os.devnull}) == Path(os.devnull)
    assert git_dir_of(tmp_path, {}) is None
