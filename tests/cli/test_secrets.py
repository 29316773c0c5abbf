"""`copilot secrets`: what is staged is searched, and no value is ever shown."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Git = Callable[..., str]

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"a.py": "one = 1\n", "sub/b.py": "two = 2\n"})


def _stage(git: Git, root: Path, path: str, text: str | bytes) -> None:
    file = root / path
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    git(root, "add", "--force", path)


def test_secrets_are_told_by_place_and_kind_alone(copilot: Copilot, git: Git, root: Path) -> None:
    pem = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEow" * 10 + "\n" + "abcd" * 16
    _stage(git, root, "a.py", f'one = 1\nkey = "{TOKEN}"\n')
    _stage(git, root, "sub/b.py", f"x = '''\n{pem}\n-----END RSA PRIVATE KEY-----\n'''\n")
    (root / "a.py").write_text("one = 1\n")
    done = copilot("secrets", cwd=root)
    assert (done.returncode, done.stdout) == (1, "a.py:2 github-token\nsub/b.py:3 private-key\n")
    assert TOKEN not in done.stdout + done.stderr
    named = copilot("secrets", "b.py", "../a.py", cwd=root / "sub")
    assert (named.returncode, named.stdout) == (done.returncode, done.stdout)
    assert copilot("secrets", root / "sub" / "b.py", cwd=root).stdout == "sub/b.py:3 private-key\n"


@pytest.mark.parametrize("folder", ["sub", ".", "sub/.."])
def test_a_folder_is_none_of_the_files(copilot: Copilot, root: Path, folder: str) -> None:
    done = copilot("secrets", folder, cwd=root)
    assert done.returncode == 2
    assert f"{folder} is a folder" in done.stderr


def test_nothing_found_says_nothing(copilot: Copilot, git: Git, root: Path) -> None:
    _stage(git, root, "picture.png", b"\x89PNG\0" + TOKEN.encode())
    _stage(git, root, "latin.txt", "grün\n".encode("latin-1") * 9)
    (root / "link").symlink_to("a.py")
    git(root, "add", "link")
    git(root, "rm", "--quiet", "sub/b.py")
    done = copilot("secrets", cwd=root)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = copilot("secrets", "a.py", "link", "picture.png", cwd=root)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_is_not_looked_at_is_no_pass(copilot: Copilot, git: Git, root: Path) -> None:
    (root / "new\x1b.py").write_text(f'key = "{TOKEN}"\n')
    done = copilot("secrets", "new\x1b.py", "a.py", cwd=root)
    assert (done.returncode, done.stdout) == (7, "")
    assert done.stderr == "new\\x1b.py: not looked at: not staged\n"
    _stage(git, root, "large.txt", "word\n" * 2_000_000)
    done = copilot("secrets", cwd=root)
    assert done.returncode == 7
    assert "large.txt: not looked at: larger than" in done.stderr


def test_what_git_commits_apart_is_searched(copilot: Copilot, git: Git, root: Path) -> None:
    """As in a hook of `git commit --all`, which has an index of its own."""
    (root / "a.py").write_text(f'key = "{TOKEN}"\n')
    index = root / ".git" / "apart"
    environment = {**os.environ, "GIT_INDEX_FILE": str(index)}
    command = ["git", "-C", str(root), "add", "a.py"]
    subprocess.run(command, env=environment, check=True)
    assert copilot("secrets", "a.py", cwd=root).returncode == 0
    done = copilot("secrets", "a.py", cwd=root, environment={"GIT_INDEX_FILE": str(index)})
    assert (done.returncode, done.stdout) == (1, "a.py:1 github-token\n")


def test_files_of_others_are_refused(fails: Callable[..., str], root: Path, tmp_path: Path) -> None:
    assert "lies outside" in fails(2, "secrets", "../a.py", cwd=root)
    assert "is no git repository" in fails(2, "secrets", cwd=tmp_path)
