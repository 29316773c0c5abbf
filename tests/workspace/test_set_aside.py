"""What is staged stays readable, whatever becomes of the repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from copilot.workspace.git_state import git_dir_of
from copilot.workspace.notes import begin_tree_of_index, commit_of_head, tree_of_head, write_note
from copilot.workspace.set_aside import SetAside, set_aside

MakeRepository = Callable[..., Path]


def _read(apart: SetAside, *arguments: str) -> str:
    environment = {**os.environ, **apart.variables}
    return subprocess.run(
        ["git", *arguments],
        cwd=apart.top,
        env=environment,
        capture_output=True,
        check=True,
        text=True,
    ).stdout


def _apart(root: Path, folder: Path, index: Path | None = None) -> SetAside:
    git_dir = git_dir_of(root, {})
    assert git_dir is not None
    return set_aside(root, git_dir.resolve(), index, folder, commit_of_head(root))


def test_a_commit_meanwhile_changes_nothing(
    make_repository: MakeRepository, git: Callable[..., str], tmp_path: Path
) -> None:
    root = make_repository({"a.txt": "one\n"})
    (root / "a.txt").write_text("two\n")
    git(root, "add", "a.txt")
    before = git(root, "rev-parse", "HEAD")
    apart = _apart(root, tmp_path / "apart")
    git(root, "commit", "--quiet", "--message", "second")
    (root / "a.txt").write_text("three\n")
    git(root, "add", "a.txt")
    assert _read(apart, "rev-parse", "HEAD") == before
    assert _read(apart, "symbolic-ref", "HEAD") == "refs/heads/main\n"
    assert _read(apart, "show", ":a.txt") == "two\n"
    assert "+two" in _read(apart, "diff", "--cached")


def test_before_the_first_commit_all_is_new(git: Callable[..., str], tmp_path: Path) -> None:
    root = tmp_path / "new"
    root.mkdir()
    git(root, "init", "--quiet")
    (root / "a.txt").write_text("one\n")
    git(root, "add", "a.txt")
    apart = _apart(root, tmp_path / "apart")
    git(root, "commit", "--quiet", "--message", "first")
    assert _read(apart, "status", "--porcelain") == "A  a.txt\n"


def test_a_detached_head_stays_detached(
    make_repository: MakeRepository, git: Callable[..., str], tmp_path: Path
) -> None:
    root = make_repository({"a.txt": "one\n"})
    git(root, "checkout", "--quiet", "--detach")
    before = git(root, "rev-parse", "HEAD")
    apart = _apart(root, tmp_path / "apart")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "second")
    assert _read(apart, "rev-parse", "HEAD") == before


@pytest.mark.parametrize("is_split", [False, True])
def test_a_linked_work_tree_has_its_own(
    make_repository: MakeRepository, git: Callable[..., str], tmp_path: Path, is_split: bool
) -> None:
    root = make_repository({"a.txt": "one\n", "b.txt": "one\n"})
    git(root, "worktree", "add", "--quiet", "-b", "a/branch", "../second")
    second = root.parent / "second"
    if is_split:
        git(second, "update-index", "--split-index")
    (second / "a.txt").write_text("two\n")
    git(second, "add", "a.txt")
    apart = _apart(second, tmp_path / "apart")
    git(second, "commit", "--quiet", "--message", "second")
    assert _read(apart, "symbolic-ref", "HEAD") == "refs/heads/a/branch\n"
    assert _read(apart, "diff", "--cached", "--name-only") == "a.txt\n"
    assert _read(apart, "show", ":b.txt") == "one\n"


def test_an_index_apart_is_taken(
    make_repository: MakeRepository, git: Callable[..., str], tmp_path: Path
) -> None:
    root = make_repository({"a.txt": "one\n"})
    (root / "a.txt").write_text("two\n")
    other = tmp_path / "index"
    other.write_bytes((root / ".git/index").read_bytes())
    environment = {**os.environ, "GIT_INDEX_FILE": str(other)}
    subprocess.run(["git", "-C", root, "add", "a.txt"], env=environment, check=True)
    apart = _apart(root, tmp_path / "apart", other)
    assert _read(apart, "show", ":a.txt") == "two\n"


def test_nothing_in_the_repository_is_changed(
    make_repository: MakeRepository, git: Callable[..., str], tmp_path: Path
) -> None:
    root = make_repository({"a.txt": "one\n"})
    (root / "a.txt").write_text("two\n")
    git(root, "add", "a.txt")
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    apart = _apart(root, tmp_path / "apart")
    tree = begin_tree_of_index(apart.folder, apart.folder / "index")()
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before
    git(root, "commit", "--quiet", "--message", "second")
    assert tree == tree_of_head(root)


def test_a_note_is_on_the_tree_before_it_is_committed(
    make_repository: MakeRepository, git: Callable[..., str], tmp_path: Path
) -> None:
    root = make_repository({"a.txt": "one\n"})
    (root / "a.txt").write_text("two\n")
    git(root, "add", "a.txt")
    apart = _apart(root, tmp_path / "apart")
    index = (root / ".git/index").read_bytes()
    tree = begin_tree_of_index(apart.folder, apart.folder / "index")()
    assert tree is not None
    assert write_note(root / ".git", tree, "first\n")
    assert write_note(root / ".git", tree, "said\n")
    assert (root / ".git/index").read_bytes() == index
    git(root, "commit", "--quiet", "--message", "second")
    assert git(root, "notes", "--ref=copilot", "show", "HEAD^{tree}") == "said\n"
    assert not write_note(root / ".git", "no-such-name", "of nothing\n")


def test_no_tree_of_conflicts(
    make_repository: MakeRepository, git: Callable[..., str], tmp_path: Path
) -> None:
    root = make_repository({"a.txt": "one\n"})
    blob = git(root, "rev-parse", "HEAD:a.txt").strip()
    entry = f"100644 {blob} 2\ta.txt\n"
    subprocess.run(
        ["git", "-C", root, "update-index", "--index-info"], input=entry, text=True, check=True
    )
    apart = _apart(root, tmp_path / "apart")
    assert begin_tree_of_index(apart.folder, apart.folder / "index")() is None


def test_no_tree_before_the_first_commit(git: Callable[..., str], tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    assert tree_of_head(tmp_path) is None


def test_a_ref_that_stands_for_a_branch_gets_no_note(
    make_repository: MakeRepository, git: Callable[..., str]
) -> None:
    root = make_repository({"a.txt": "one\n"})
    before = git(root, "rev-parse", "main")
    git(root, "symbolic-ref", "refs/notes/copilot", "refs/heads/main")
    tree = git(root, "rev-parse", "HEAD^{tree}").strip()
    assert not write_note(root / ".git", tree, "said\n")
    assert git(root, "rev-parse", "main") == before


def test_notes_written_at_once_are_all_kept(
    make_repository: MakeRepository, git: Callable[..., str]
) -> None:
    root = make_repository({"a.txt": "one\n"})
    names = [f"{number:040x}" for number in range(1, 17)]
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda name: write_note(root / ".git", name, "said\n"), names))
    listed = git(root, "notes", "--ref=copilot", "list").splitlines()
    assert sorted(line.split()[1] for line in listed) == names


def test_a_folder_may_have_any_name(git: Callable[..., str], tmp_path: Path) -> None:
    root = tmp_path / 'a\n"b\\'
    root.mkdir()
    git(root, "init", "--quiet")
    (root / "a.txt").write_text("one\n")
    git(root, "add", "a.txt")
    assert _read(_apart(root, tmp_path / "apart"), "show", ":a.txt") == "one\n"
