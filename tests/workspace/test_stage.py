"""The index is changed all at once, or not at all; nothing else is."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.errors import EditsRefused, WriteFailed
from copilot.workspace.model import Root
from copilot.workspace.roots import find_roots
from copilot.workspace.stage import stage, staged_files

Git = Callable[..., str]


@pytest.fixture
def root(make_repository: Callable[..., Path], git: Git) -> Root:
    folder = make_repository({"a.py": "a\n", "sub/run.sh": "x\n", "b.py": "b\n"})
    git(folder, "update-index", "--chmod=+x", "sub/run.sh")
    (folder / "a.py").write_text("staged\n")
    git(folder, "add", "a.py")
    (folder / "a.py").write_text("unstaged\n")
    return find_roots([str(folder)], Path("/"))[0]


def blob(root: Root, path: str) -> str:
    return staged_files(root)[path].blob


def test_contents_are_staged_and_modes_stay(root: Root, git: Git) -> None:
    before = {path: blob(root, path) for path in ("a.py", "sub/run.sh")}
    stage(root, before, {"a.py": b"fixed\r\n", "sub/run.sh": b""})
    assert git(root.path, "cat-file", "-s", ":a.py") == "7\n"
    assert git(root.path, "cat-file", "-s", ":sub/run.sh") == "0\n"
    assert git(root.path, "ls-files", "-s", "sub/run.sh").startswith("100755 ")
    assert (root.path / "a.py").read_text() == "unstaged\n"
    assert git(root.path, "diff", "--name-only").split() == ["a.py", "sub/run.sh"]


def test_below_a_root(root: Root, git: Git) -> None:
    inner = find_roots([str(root.path / "sub")], Path("/"))[0]
    stage(inner, {"run.sh": blob(inner, "run.sh")}, {"run.sh": b"y\n"})
    assert git(root.path, "show", ":sub/run.sh") == "y\n"


@pytest.mark.parametrize("path", ["a.py", "lost.py"])
def test_what_is_staged_otherwise_is_refused(root: Root, path: str) -> None:
    index = root.path / ".git/index"
    kept = index.read_bytes()
    before = {"b.py": blob(root, "b.py"), path: "0" * 40}
    with pytest.raises(EditsRefused, match=path):
        stage(root, before, {"b.py": b"new\n", path: b"new\n"})
    assert index.read_bytes() == kept


def test_an_index_that_another_git_holds_stays_as_it_is(root: Root) -> None:
    kept = (root.path / ".git/index").read_bytes()
    (root.path / ".git/index.lock").touch()
    with pytest.raises(WriteFailed, match="git cannot write the index: Unable to create") as failed:
        stage(root, {"a.py": blob(root, "a.py")}, {"a.py": b"new\n"})
    assert "remove its index.lock" in failed.value.hint
    assert (root.path / ".git/index").read_bytes() == kept


def test_links_and_what_a_sparse_checkout_leaves_out(root: Root, git: Git) -> None:
    (root.path / "link").symlink_to("a.py")
    git(root.path, "add", "link")
    git(root.path, "update-index", "--skip-worktree", "b.py")
    for path in ("link", "b.py"):
        with pytest.raises(EditsRefused, match="cannot be changed in the index"):
            stage(root, {path: blob(root, path)}, {path: b"x\n"})


def test_conflicts_are_no_entries(root: Root, git: Git) -> None:
    one = blob(root, "b.py")
    git(root.path, "update-index", "--force-remove", "b.py")
    lines = "".join(f"100644 {one} {n}\tb.py\n" for n in (1, 2, 3))
    command = ["git", "update-index", "--index-info"]
    subprocess.run(command, cwd=root.path, input=lines.encode(), check=True)
    assert "b.py" not in staged_files(root)
