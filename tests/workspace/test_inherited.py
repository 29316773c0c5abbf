"""What a hook is told by git itself: real commits, whose hook reads what is being committed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from copilot.workspace import inherited
from copilot.workspace.changes_of import Changes, What, read_diff
from copilot.workspace.model import Root

MakeRepository = Callable[..., Path]
Git = Callable[..., str]
Commit = Callable[..., dict[str, list[str]]]

SCRIPT = """
import json, os
from dataclasses import replace
from pathlib import Path
from copilot.workspace.inherited import take_from
take_from(os.environ)
from copilot.workspace.changes_of import Changes, What, read_diff
from copilot.workspace.choose import Chooser, Selection
from copilot.workspace.roots import find_roots
from copilot.workspace.snapshot import gathered, read_parts
(root,) = find_roots([], Path.cwd())
files = gathered(read_parts([replace(root, state="index")], Chooser(Selection()))).files
print(json.dumps({
    "changed": [file.path for file in read_diff(root, Changes(What.STAGED)).files],
    "texts": [file.text for file in files],
}))
"""


@pytest.fixture
def commit(tmp_path: Path) -> Commit:
    """Commit in a folder with a hook that says what it sees, and stops the commit."""
    told = tmp_path / "told"
    script = tmp_path / "hook.py"
    script.write_text(SCRIPT)

    def run(root: Path, folder: Path, *arguments: str, stdin: str = "") -> dict[str, list[str]]:
        hook = root / ".git/hooks/pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f'#!/bin/sh\n"{sys.executable}" "{script}" > "{told}"\nexit 1\n')
        hook.chmod(0o755)
        command = ["git", "commit", "--quiet", "--message", "x", *arguments]
        path = str(Path(inherited.__file__).parents[2])
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            input=stdin,
            check=False,
        )
        assert done.returncode == 1, done.stderr
        seen: dict[str, list[str]] = json.loads(told.read_text())
        return seen

    return run


@pytest.fixture
def root(make_repository: MakeRepository, git: Git) -> Path:
    """One file is staged, another changed on disk alone."""
    root = make_repository({"sub/a.txt": "a\n", "sub/b.txt": "b\n"})
    (root / "sub/a.txt").write_text("staged\n")
    git(root, "add", "--all")
    (root / "sub/b.txt").write_text("on disk\n")
    return root


@pytest.mark.parametrize("folder", [".", "sub"])
def test_each_way_to_commit_shows_what_it_commits(root: Path, commit: Commit, folder: str) -> None:
    at = root / folder
    assert commit(root, at) == {"changed": ["sub/a.txt"], "texts": ["staged\n", "b\n"]}
    everything = {"changed": ["sub/a.txt", "sub/b.txt"], "texts": ["staged\n", "on disk\n"]}
    assert commit(root, at, "--all") == everything
    path = os.path.relpath(root / "sub/b.txt", at)
    assert commit(root, at, "--include", path) == everything
    assert commit(root, at, path) == {"changed": ["sub/b.txt"], "texts": ["a\n", "on disk\n"]}
    assert commit(root, at, "--amend")["changed"] == ["sub/a.txt"]
    assert commit(root, at, "--patch", stdin="y\n") == everything


def test_a_commit_in_a_linked_work_tree(
    root: Path, commit: Commit, git: Git, tmp_path: Path
) -> None:
    linked = tmp_path / "linked"
    git(root, "worktree", "add", "--quiet", str(linked))
    (linked / "sub/b.txt").write_text("linked\n")
    for folder in (linked, linked / "sub"):
        seen = commit(root, folder, "--all")
        assert seen == {"changed": ["sub/b.txt"], "texts": ["a\n", "linked\n"]}


def test_variables_are_taken_out_even_where_the_folder_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    environment = dict.fromkeys(inherited.VARIABLES, "x")
    inherited.take_from(environment)
    assert environment == {}
    assert inherited.index_of(root) == {}


def _staged(root: Path) -> set[str]:
    diff = read_diff(Root("r", root, is_git=True), Changes(What.STAGED))
    return {file.path for file in diff.files}


@pytest.fixture
def told() -> Iterator[Callable[[dict[str, str]], None]]:
    """Tell the process what git tells a hook."""

    def tell(environment: dict[str, str]) -> None:
        inherited.take_from(environment)
        assert not environment

    yield tell
    inherited.take_from({})


HOOK = """#!/bin/sh
cp "$GIT_INDEX_FILE" "{copy}" && printf '%s' "$GIT_INDEX_FILE" > "{named}"
exit 1
"""


@pytest.mark.parametrize("arguments", [("--all",), ("--", "b.txt")])
def test_the_index_that_a_commit_keeps_apart_is_read(
    make_repository: MakeRepository,
    git: Git,
    tmp_path: Path,
    told: Callable[[dict[str, str]], None],
    arguments: tuple[str, ...],
) -> None:
    """`git commit --all` and `git commit PATH` tell their hooks of another index."""
    root = make_repository({"a.txt": "a\n", "b.txt": "b\n"})
    (root / "a.txt").write_text("staged\n")
    git(root, "add", "--all")
    (root / "b.txt").write_text("not staged\n")
    copy, named = tmp_path / "copy", tmp_path / "named"
    hook = root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK.format(copy=copy, named=named))
    hook.chmod(0o755)
    command = ["git", "-C", str(root), "commit", "--message", "x", *arguments]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
    assert (root / named.read_text()).name != "index"
    wanted = {"a.txt", "b.txt"} if arguments == ("--all",) else {"b.txt"}
    for git_dir in ({"GIT_DIR": f"{root}/.git"}, {"GIT_DIR": os.path.relpath(root / ".git")}):
        told({"GIT_INDEX_FILE": str(copy), "GIT_PREFIX": "", **git_dir})
        assert _staged(root) == wanted
    # That of another repository means nothing here.
    other = make_repository({"c.txt": "c\n"}, "other")
    told({"GIT_INDEX_FILE": str(copy), "GIT_DIR": f"{other}/.git"})
    assert _staged(root) == {"a.txt"}
    told({"GIT_INDEX_FILE": str(copy), "GIT_DIR": f"{tmp_path}/nowhere"})
    assert _staged(root) == {"a.txt"}


def test_without_a_git_folder_the_index_is_that_of_the_repository_here(
    make_repository: MakeRepository,
    git: Git,
    told: Callable[[dict[str, str]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = make_repository({"sub/a.txt": "a\n"})
    (root / "sub/a.txt").write_text("b\n")
    git(root, "add", "--all")
    (root / ".git/index").rename(root / ".git/apart")
    git(root, "read-tree", "HEAD")
    monkeypatch.chdir(root)
    told({"GIT_INDEX_FILE": ".git/apart"})
    assert _staged(root) == {"sub/a.txt"}
    other = make_repository({"c.txt": "c\n"}, "other")
    assert _staged(other) == set()
